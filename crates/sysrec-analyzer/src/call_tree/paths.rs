//! Adds up calls by root, stack or site, and call: the pass behind call trees, flame graphs and profiles.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use sysrec_format::calls::stack;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Abi, Event, StackId, TaskId};

use super::programs::Programs;
use crate::activity::Activity;
use crate::code::{Code, Site};
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

/// What paths begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// The program: processes that run the same one count together.
    #[default]
    Program,
    /// The thread.
    Thread,
}

/// One distinct path: all selected calls of one number, from one root, with one stack (or site, without one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    root: u32,
    /// The table that `nr` belongs to.
    pub abi: Abi,
    /// The call's number.
    pub nr: i32,
    /// The stack, where one was recorded.
    pub stack: Option<StackId>,
    /// Where the call was made; `None` where there is a stack, whose innermost frame says the same.
    pub site: Option<Site>,
}

/// What calls of one path did.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) activity: Activity,
    pub(crate) latency: Distribution,
}

/// All distinct paths of the selected calls of a trace.
#[derive(Debug)]
pub struct Paths<'t> {
    trace: &'t Trace,
    code: Code,
    root: Root,
    programs: Programs,
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
        let folding =
            Folding { selection, root, code: &code, programs: &programs, handed_in: Mutex::default() };
        let passed = pass::run(trace, selection, &folding);
        let mut all = folding.handed_in.into_inner().unwrap_or_else(PoisonError::into_inner);
        for partial in passed.partials {
            merge(&mut all, partial.cells);
        }
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
        let (damages, more_damages) = (passed.damages, passed.more_damages);
        Self { trace, code, root, programs, cells, unfinished, damages, more_damages }
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
            Root::Program => self.programs.name(path.root),
            Root::Thread => self.thread(path).map_or(&[], Task::name),
        }
    }

    /// The thread that is a path's root; `None` where roots are programs.
    pub fn thread(&self, path: &Path) -> Option<&'t Task> {
        match self.root {
            Root::Program => None,
            Root::Thread => self.trace.tasks().get(TaskId(path.root)),
        }
    }
}

type Cells = FxHashMap<Path, Cell>;

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
    root: Root,
    code: &'a Code,
    programs: &'a Programs,
    handed_in: Mutex<Cells>,
}

#[derive(Default)]
struct Partial {
    cells: Cells,
    bytes: usize,
}

impl Folding<'_> {
    fn root(&self, task: &Task, time_ns: u64) -> u32 {
        match self.root {
            Root::Program => self.programs.at(task, time_ns),
            Root::Thread => task.id.0,
        }
    }

    /// The path of a call that has no stack.
    fn site_path(&self, task: &Task, abi: Abi, nr: i32, ip: u64, time_ns: u64) -> Path {
        let site = self.code.site_at(task.process, ip, time_ns);
        Path { root: self.root(task, time_ns), abi, nr, stack: None, site: Some(site) }
    }

    /// Adds neighbouring calls that share a path in one go.
    fn group(&self, partial: &mut Partial, task: &Task, group: &Group<'_>, time_ns: u64) {
        let site = group.site;
        let path_at = |position: usize| {
            let time_ns = group.starts.get(position).copied().unwrap_or(time_ns);
            match group.stacks.get(position).and_then(|value| stack(*value)) {
                Some(stack) => {
                    let root = self.root(task, time_ns);
                    Path { root, abi: site.abi, nr: site.nr, stack: Some(stack), site: None }
                }
                None => self.site_path(task, site.abi, site.nr, site.ip, time_ns),
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
        let new = || Cell { activity: Activity::default(), latency: Distribution::new(DIGITS) };
        self.cells.entry(path).or_insert_with(new)
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
        let other_program = self.root(task, first_ns) != self.root(task, last_ns);
        let starts = other_program || self.code.changed(task.process, first_ns, last_ns);
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
            let root = self.root(task, entry.time_ns);
            let path = match entry.stack {
                Some(stack) => Path { root, abi: entry.abi, nr: entry.nr, stack: Some(stack), site: None },
                None => self.site_path(task, entry.abi, entry.nr, entry.ip, entry.time_ns),
            };
            partial.cell(path).activity.unfinished += 1;
        }
    }
}
