//! Calls, errors and latencies by key, over one or several traces.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Abi, Call, Event, TaskId};

use crate::metrics::by_name;
use crate::metrics::distribution::Distribution;
use crate::metrics::key::{Dimension, Key, Who};
use crate::outcome::call_name;
use crate::pass::{self, Group, Pass, SelectedChunk};
use crate::selection::Selection;
use crate::tasks::Task;
use crate::trace::Trace;

/// Bytes of distributions that all workers together hold before they hand them in.
const PARTIAL_BYTES_MAX: usize = 16 << 20;
/// The same for one worker, at least: handing in costs time.
const WORKER_BYTES_MIN: usize = 768 << 10;

/// One row of a report.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for.
    pub key: Key,
    /// Those of its calls that returned an error.
    pub errors: u64,
    /// Which errors, by number, the most frequent first.
    pub errnos: Vec<(u32, u64)>,
    /// Bytes that its calls read and wrote; counted where rows stand for files, directories, sockets or descriptors.
    pub transfer: Option<Transfer>,
    /// Its calls and their durations.
    pub latency: Distribution,
}

/// Bytes that went through descriptors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Into the program.
    pub read_bytes: u64,
    /// Out of it.
    pub written_bytes: u64,
}

/// Calls, errors and latencies by key.
#[derive(Clone, Debug)]
pub struct Report {
    /// What rows are told apart by.
    pub by: Vec<Dimension>,
    /// Rows with at least one finished call, in no order.
    pub rows: Vec<Row>,
    /// Selected calls that did not return, by name, the most frequent first.
    pub unfinished: Vec<(String, u64)>,
    /// Of each trace the chunks that could not be read, beyond what opening it had found.
    pub damages: Vec<Vec<Damage>>,
    /// Such chunks beyond those listed.
    pub more_damages: u64,
}

impl Report {
    /// Finished calls in all rows.
    pub fn calls(&self) -> u64 {
        self.rows.iter().map(|row| row.latency.count()).sum()
    }

    /// Calls in all rows that returned an error.
    pub fn errors(&self) -> u64 {
        self.rows.iter().map(|row| row.errors).sum()
    }

    /// Wall time of all calls together, nanoseconds.
    pub fn wall_ns(&self) -> u128 {
        self.rows.iter().map(|row| row.latency.sum_ns()).sum()
    }

    /// Calls that did not return.
    pub fn unfinished_calls(&self) -> u64 {
        self.unfinished.iter().map(|(_, calls)| calls).sum()
    }
}

/// Collects a [`Report`] from traces.
pub struct Metrics {
    by: Vec<Dimension>,
    digits: u8,
    rows: FxHashMap<Key, Cell>,
    unfinished: FxHashMap<String, u64>,
    damages: Vec<Vec<Damage>>,
    more_damages: u64,
}

impl Metrics {
    /// An empty report with rows by these dimensions; by none, one row for everything.
    pub fn new(by: &[Dimension]) -> Self {
        // A full histogram of three digits takes 264 KiB, of two 36: three are for when keys are few.
        let few_keys =
            by.iter().all(|dimension| matches!(dimension, Dimension::Syscall)) || by == [Dimension::Abi];
        Self {
            by: by.to_vec(),
            digits: if few_keys { 3 } else { 2 },
            rows: FxHashMap::default(),
            unfinished: FxHashMap::default(),
            damages: Vec::new(),
            more_damages: 0,
        }
    }

    /// Adds the selected calls of a trace.
    pub fn add(&mut self, trace: &Trace, selection: &Selection) {
        if self.by.iter().any(|dimension| dimension.is_of_names()) {
            return self.add_by_name(trace, selection);
        }
        let has = |dimension| self.by.contains(&dimension);
        let workers = rayon::current_num_threads().max(1);
        let pass = Counting {
            syscall: has(Dimension::Syscall),
            process: has(Dimension::Process),
            thread: has(Dimension::Thread),
            errno: has(Dimension::Errno),
            abi: has(Dimension::Abi),
            digits: self.digits,
            bytes_max: (PARTIAL_BYTES_MAX / workers).max(WORKER_BYTES_MIN),
            unfinished: selection.has_unfinished(),
            selection,
            handed_in: Mutex::new(FxHashMap::default()),
        };
        let passed = pass::run(trace, selection, &pass);
        let mut cells = pass.handed_in.into_inner().unwrap_or_else(PoisonError::into_inner);
        for partial in passed.partials {
            merge(&mut cells, partial.cells);
            for ((abi, nr), calls) in partial.unfinished {
                *self.unfinished.entry(call_name(abi, nr).into_owned()).or_default() += calls;
            }
        }
        let position = self.damages.len();
        for (raw, cell) in cells {
            let key = self.key(raw, trace, position);
            self.add_cell(key, cell);
        }
        self.damages.push(passed.damages);
        self.more_damages += passed.more_damages;
    }

    /// The same for dimensions of names.
    fn add_by_name(&mut self, trace: &Trace, selection: &Selection) {
        let has = |dimension| self.by.contains(&dimension);
        let (process, thread) = (has(Dimension::Process), has(Dimension::Thread));
        let position = self.damages.len();
        let key = |call: &Call, errno: u32| {
            let task = trace.tasks().get(call.task);
            let by_process = process && !thread;
            let raw = RawKey {
                nr: call.entry.nr,
                abi: call.entry.abi.0,
                task: task.map_or(0, |task| if by_process { task.process.0 } else { task.id.0 }),
                errno: errno as u16,
                process: by_process,
            };
            self.key(raw, trace, position)
        };
        let found = by_name::count(trace, selection, &self.by, self.digits, key);
        for (key, cell) in found.rows {
            self.add_cell(key, cell);
        }
        for (name, calls) in found.unfinished {
            *self.unfinished.entry(name).or_default() += calls;
        }
        self.damages.push(found.damages);
    }

    fn add_cell(&mut self, key: Key, cell: Cell) {
        match self.rows.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut row) => row.get_mut().merge(&cell),
            std::collections::hash_map::Entry::Vacant(row) => {
                row.insert(cell);
            }
        }
    }

    /// What was collected.
    pub fn finish(self) -> Report {
        let of_names = self.by.iter().any(|dimension| dimension.is_of_names());
        let row = |(key, cell): (Key, Cell)| {
            let mut errnos: Vec<(u32, u64)> =
                cell.errnos.into_iter().map(|(errno, calls)| (errno.into(), calls)).collect();
            errnos.sort_by(|(errno, calls), (other, others)| others.cmp(calls).then(errno.cmp(other)));
            let Cell { errors, latency, read_bytes, written_bytes, .. } = cell;
            let transfer = of_names.then_some(Transfer { read_bytes, written_bytes });
            Row { key, errors, errnos, transfer, latency }
        };
        let mut unfinished: Vec<(String, u64)> = self.unfinished.into_iter().collect();
        unfinished.sort_by(|(name, calls), (other, others)| others.cmp(calls).then_with(|| name.cmp(other)));
        Report {
            by: self.by,
            rows: self.rows.into_iter().map(row).collect(),
            unfinished,
            damages: self.damages,
            more_damages: self.more_damages,
        }
    }

    fn key(&self, raw: RawKey, trace: &Trace, position: usize) -> Key {
        let mut key = Key::default();
        let task = trace.tasks().get(TaskId(raw.task));
        let who = |id: fn(&Task) -> i32| Who {
            trace: position,
            task: TaskId(raw.task),
            id: task.map_or(0, id),
            name: task.map_or(Vec::new(), |task| task.name().to_vec()),
        };
        for dimension in &self.by {
            match dimension {
                Dimension::Syscall => key.syscall = Some(call_name(Abi(raw.abi), raw.nr)),
                Dimension::Process if raw.process => key.process = Some(who(|task| task.pid)),
                Dimension::Process => {
                    let process = task.map(|task| trace.tasks().process_of(task));
                    key.process = process.map(|process| Who {
                        trace: position,
                        task: process.id,
                        id: process.pid,
                        name: process.name().to_vec(),
                    });
                }
                Dimension::Thread => key.thread = Some(who(|task| task.tid)),
                Dimension::Errno => key.errno = Some(u32::from(raw.errno)),
                Dimension::Abi => key.abi = Some(Abi(raw.abi)),
                Dimension::File | Dimension::Dir | Dimension::Socket | Dimension::Fd | Dimension::Stack => {}
            }
        }
        key
    }
}

/// A row's key while counting: numbers only. Fields that were not asked for are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct RawKey {
    nr: i32,
    task: u32,
    errno: u16,
    abi: u8,
    /// Whether `task` stands for its process.
    process: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Cell {
    errors: u64,
    /// The errors by number, in order of appearance: there are few.
    errnos: Vec<(u16, u64)>,
    pub(super) read_bytes: u64,
    pub(super) written_bytes: u64,
    pub(super) latency: Distribution,
}

impl Cell {
    pub(super) fn new(latency: Distribution) -> Self {
        Cell { errors: 0, errnos: Vec::new(), read_bytes: 0, written_bytes: 0, latency }
    }

    /// So many calls more returned this error.
    pub(super) fn error(&mut self, errno: u32, calls: u64) {
        self.errors += calls;
        // At most 4095: the kernel's MAX_ERRNO.
        let errno = errno as u16;
        match self.errnos.iter_mut().find(|(known, _)| *known == errno) {
            Some((_, known)) => *known += calls,
            None => self.errnos.push((errno, calls)),
        }
    }

    fn merge(&mut self, other: &Cell) {
        other.errnos.iter().for_each(|&(errno, calls)| self.error(errno.into(), calls));
        self.read_bytes += other.read_bytes;
        self.written_bytes += other.written_bytes;
        self.latency.merge(&other.latency);
    }
}

type Cells = FxHashMap<RawKey, Cell>;

fn merge(cells: &mut Cells, others: Cells) {
    for (key, other) in others {
        match cells.get_mut(&key) {
            Some(cell) => cell.merge(&other),
            None => {
                cells.insert(key, other);
            }
        }
    }
}

/// The pass behind a report.
struct Counting<'a> {
    syscall: bool,
    process: bool,
    thread: bool,
    errno: bool,
    abi: bool,
    digits: u8,
    bytes_max: usize,
    unfinished: bool,
    selection: &'a Selection,
    handed_in: Mutex<Cells>,
}

#[derive(Default)]
struct Partial {
    cells: Cells,
    bytes: usize,
    unfinished: FxHashMap<(Abi, i32), u64>,
    /// Durations by error number, for one group at a time.
    by_errno: FxHashMap<u32, Vec<u64>>,
}

impl Counting<'_> {
    fn key(&self, task: &Task, abi: Abi, nr: i32) -> RawKey {
        let by_process = self.process && !self.thread;
        RawKey {
            // Names are the same on several ABIs and numbers are not: both are kept until rows are named.
            abi: if self.syscall || self.abi { abi.0 } else { 0 },
            nr: if self.syscall { nr } else { 0 },
            task: match (self.thread, by_process) {
                (true, _) => task.id.0,
                (_, true) => task.process.0,
                _ => 0,
            },
            errno: 0,
            process: by_process,
        }
    }

    fn record(
        &self,
        partial: &mut Partial,
        key: RawKey,
        durations: &[u64],
        errors: impl Iterator<Item = u32>,
    ) {
        let new = || Cell::new(Distribution::new(self.digits));
        let cell = partial.cells.entry(key).or_insert_with(new);
        let before = cell.latency.heap_bytes();
        errors.for_each(|errno| cell.error(errno, 1));
        cell.latency.record(durations);
        partial.bytes += cell.latency.heap_bytes().saturating_sub(before);
    }

    fn record_by_errno(&self, partial: &mut Partial, key: RawKey, group: &Group<'_>) {
        let mut by_errno = std::mem::take(&mut partial.by_errno);
        for (duration, errno) in group.outcomes() {
            by_errno.entry(errno).or_default().push(duration);
        }
        for (errno, durations) in by_errno.iter_mut().filter(|(_, durations)| !durations.is_empty()) {
            let errors = if *errno == 0 { 0 } else { durations.len() };
            let errors = std::iter::repeat_n(*errno, errors);
            // At most 4095: the kernel's MAX_ERRNO.
            self.record(partial, RawKey { errno: *errno as u16, ..key }, durations, errors);
            durations.clear();
        }
        partial.by_errno = by_errno;
    }
}

impl Pass for Counting<'_> {
    type Partial = Partial;

    fn begin(&self) -> Partial {
        Partial::default()
    }

    fn calls(&self, partial: &mut Partial, chunk: &SelectedChunk<'_>) -> Result<(), FormatError> {
        for group in chunk.groups() {
            let key = self.key(chunk.task, group.site.abi, group.site.nr);
            if self.errno {
                self.record_by_errno(partial, key, &group);
            } else {
                // Most groups have no error, which is quick to see.
                let outcomes = (group.errors() > 0).then(|| group.outcomes());
                let errors =
                    outcomes.into_iter().flatten().map(|(_, errno)| errno).filter(|errno| *errno != 0);
                self.record(partial, key, group.durations, errors);
            }
        }
        if partial.bytes > self.bytes_max {
            let cells = std::mem::take(&mut partial.cells);
            partial.bytes = 0;
            merge(&mut self.handed_in.lock().unwrap_or_else(PoisonError::into_inner), cells);
        }
        Ok(())
    }

    fn wants_events(&self) -> bool {
        self.unfinished
    }

    fn event(&self, partial: &mut Partial, _task: Option<&Task>, event: &Event) {
        if let Some(entry) = self.selection.unfinished(event) {
            *partial.unfinished.entry((entry.abi, entry.nr)).or_default() += 1;
        }
    }
}
