//! Adds up calls by root, stack or site, and call: the pass behind call trees, flame graphs and profiles.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use sysrec_format::calls::stack;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Event, TaskId};

use super::by_file;
use super::path::{Finder, Path, Root};
use super::programs::Programs;
use crate::activity::Activity;
use crate::code::Code;
use crate::metrics::Distribution;
use crate::outcome::call_name;
use crate::pass::{self, Extra, Group, Pass, SelectedChunk};
use crate::selection::Selection;
use crate::tasks::Task;
use crate::trace::Trace;

/// Bytes of distributions that one worker holds before it adds them to those of all.
const HELD_BYTES_MAX: usize = 64 << 20;
/// Significant digits of percentiles.
pub(crate) const DIGITS: u8 = 2;

/// What calls of one path did.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) activity: Activity,
    pub(crate) latency: Distribution,
}

impl Cell {
    pub(super) fn new() -> Self {
        Self { activity: Activity::default(), latency: Distribution::new(DIGITS) }
    }
}

/// All distinct paths of the selected calls of a trace.
#[derive(Debug)]
pub struct Paths<'t> {
    trace: &'t Trace,
    code: Code,
    root: Root,
    programs: Programs,
    files: Vec<Vec<u8>>,
    pub(crate) cells: Vec<(Path, Cell)>,
    /// Selected calls that did not return, by name, the most frequent first.
    pub unfinished: Vec<(String, u64)>,
    /// Chunks that could not be read, beyond what opening the trace had found; nothing of them is counted.
    pub damages: Vec<Damage>,
    /// Such chunks beyond those listed.
    pub more_damages: u64,
}

impl<'t> Paths<'t> {
    /// Adds up the selected calls of a trace.
    pub fn of(trace: &'t Trace, selection: &Selection, root: Root) -> Self {
        let (code, programs) = (Code::of(trace), Programs::of(trace.tasks()));
        let finder = Finder { root, code: &code, programs: &programs };
        let Found { cells: all, files, damages, more_damages } = match root {
            Root::File => by_file::found(trace, selection, &finder),
            Root::Program | Root::Thread => in_any_order(trace, selection, finder),
        };
        let mut unfinished: FxHashMap<String, u64> = FxHashMap::default();
        for (path, cell) in all.iter().filter(|(_, cell)| cell.activity.unfinished > 0) {
            *unfinished.entry(call_name(path.abi, path.nr).into_owned()).or_default() +=
                cell.activity.unfinished;
        }
        let mut unfinished: Vec<(String, u64)> = unfinished.into_iter().collect();
        unfinished.sort_by(|(name, calls), (other, others)| others.cmp(calls).then_with(|| name.cmp(other)));
        let mut cells: Vec<(Path, Cell)> = all.into_iter().collect();
        // Workers share the chunks as it comes; the result is the same each time.
        cells.sort_unstable_by_key(|(path, _)| *path);
        Self { trace, code, root, programs, files, cells, unfinished, damages, more_damages }
    }

    /// What the trace tells of code.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// Every path with what its calls did.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, Activity)> {
        self.cells.iter().map(|(path, cell)| (path, cell.activity))
    }

    /// What all calls did together.
    pub fn total(&self) -> Activity {
        self.iter().fold(Activity::default(), |mut total, (_, activity)| {
            total += activity;
            total
        })
    }

    /// The name of a path's root, any bytes: of the program, or of the thread.
    pub fn root_name(&self, path: &Path) -> &[u8] {
        match self.root {
            Root::Program | Root::File => self.programs.name(path.root),
            Root::Thread => self.thread(path).map_or(&[], Task::name),
        }
    }

    /// The thread that is a path's root; `None` where roots are programs.
    pub fn thread(&self, path: &Path) -> Option<&'t Task> {
        match self.root {
            Root::Program | Root::File => None,
            Root::Thread => self.trace.tasks().get(TaskId(path.root)),
        }
    }

    /// The file that a path's calls are about ([`Names::file`]), any bytes; `None` where files are not told apart.
    ///
    /// [`Names::file`]: crate::descriptors::Names::file
    pub fn file(&self, path: &Path) -> Option<&[u8]> {
        self.files.get(path.file? as usize).map(Vec::as_slice)
    }
}

/// What a pass over the calls came to.
#[derive(Default)]
pub(super) struct Found {
    pub(super) cells: Cells,
    /// Names of files, where they are told apart.
    pub(super) files: Vec<Vec<u8>>,
    pub(super) damages: Vec<Damage>,
    pub(super) more_damages: u64,
}

/// On all cores.
fn in_any_order(trace: &Trace, selection: &Selection, finder: Finder<'_>) -> Found {
    let folding = Folding { selection, finder, handed_in: Mutex::default() };
    let passed = pass::run(trace, selection, &folding);
    let mut cells = folding.handed_in.into_inner().unwrap_or_else(PoisonError::into_inner);
    for partial in passed.partials {
        merge(&mut cells, partial.cells);
    }
    Found { cells, files: Vec::new(), damages: passed.damages, more_damages: passed.more_damages }
}

pub(super) type Cells = FxHashMap<Path, Cell>;

fn merge(cells: &mut Cells, others: Cells) {
    for (path, other) in others {
        match cells.get_mut(&path) {
            Some(cell) => {
                cell.activity += other.activity;
                cell.latency.merge(&other.latency);
            }
            None => {
                cells.insert(path, other);
            }
        }
    }
}

struct Folding<'a> {
    selection: &'a Selection,
    finder: Finder<'a>,
    handed_in: Mutex<Cells>,
}

#[derive(Default)]
struct Partial {
    cells: Cells,
    bytes: usize,
}

impl Folding<'_> {
    /// Adds neighbouring calls that share a path in one go.
    fn group(&self, partial: &mut Partial, task: &Task, group: &Group<'_>, time_ns: u64) {
        let (site, finder) = (group.site, &self.finder);
        let path_at = |position: usize| {
            let time_ns = group.starts.get(position).copied().unwrap_or(time_ns);
            match group.stacks.get(position).and_then(|value| stack(*value)) {
                Some(stack) => finder.stack_path(task, site.abi, site.nr, stack, time_ns),
                None => finder.site_path(task, site.abi, site.nr, site.ip, time_ns),
            }
        };
        let calls = group.durations.len();
        if group.starts.is_empty() && group.stacks.is_empty() {
            partial.add(path_at(0), group, 0..calls);
            return;
        }
        let mut begin = 0;
        while begin < calls {
            let path = path_at(begin);
            let stack_of = |position: usize| group.stacks.get(position);
            let mut end = begin + 1;
            // Where the program or its mappings change, every call is looked at for itself.
            while end < calls
                && stack_of(end) == stack_of(begin)
                && (group.starts.is_empty() || path_at(end) == path)
            {
                end += 1;
            }
            partial.add(path, group, begin..end);
            begin = end;
        }
    }
}

impl Partial {
    fn cell(&mut self, path: Path) -> &mut Cell {
        self.cells.entry(path).or_insert_with(Cell::new)
    }

    fn add(&mut self, path: Path, group: &Group<'_>, calls: std::ops::Range<usize>) {
        let cell = self.cell(path);
        let before = cell.latency.heap_bytes();
        cell.activity += Activity::of(group, calls.clone());
        cell.latency.record(&group.durations[calls]);
        let after = cell.latency.heap_bytes();
        self.bytes += after.saturating_sub(before);
    }
}

impl Pass for Folding<'_> {
    type Partial = Partial;

    fn begin(&self) -> Partial {
        Partial::default()
    }

    fn extra(&self, task: &Task, first_ns: u64, last_ns: u64) -> Extra {
        let finder = &self.finder;
        let other_program = finder.root(task, first_ns) != finder.root(task, last_ns);
        let starts = other_program || finder.code.changed(task.process, first_ns, last_ns);
        Extra { stacks: true, starts }
    }

    fn calls(&self, partial: &mut Partial, chunk: &SelectedChunk<'_>) -> Result<(), FormatError> {
        for group in chunk.groups() {
            self.group(partial, chunk.task, &group, chunk.first_ns);
        }
        if partial.bytes > HELD_BYTES_MAX {
            let cells = std::mem::take(&mut partial.cells);
            partial.bytes = 0;
            merge(&mut self.handed_in.lock().unwrap_or_else(PoisonError::into_inner), cells);
        }
        Ok(())
    }

    fn wants_events(&self) -> bool {
        self.selection.has_unfinished()
    }

    fn event(&self, partial: &mut Partial, task: Option<&Task>, event: &Event) {
        if let (Some(entry), Some(task)) = (self.selection.unfinished(event), task) {
            partial.cell(self.finder.path(task, entry)).activity.unfinished += 1;
        }
    }
}
