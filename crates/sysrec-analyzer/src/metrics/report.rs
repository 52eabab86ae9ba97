//! Calls, errors and latencies by key, over one or several traces.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Abi, Event, EventBody, TaskId};

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
    /// Its calls and their durations.
    pub latency: Distribution,
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
            match self.rows.entry(key) {
                std::collections::hash_map::Entry::Occupied(mut row) => row.get_mut().merge(&cell),
                std::collections::hash_map::Entry::Vacant(row) => {
                    row.insert(cell);
                }
            }
        }
        self.damages.push(passed.damages);
        self.more_damages += passed.more_damages;
    }

    /// What was collected.
    pub fn finish(self) -> Report {
        let row = |(key, cell): (Key, Cell)| Row { key, errors: cell.errors, latency: cell.latency };
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
                Dimension::Stack => {}
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
struct Cell {
    errors: u64,
    latency: Distribution,
}

impl Cell {
    fn merge(&mut self, other: &Cell) {
        self.errors += other.errors;
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

    fn record(&self, partial: &mut Partial, key: RawKey, durations: &[u64], errors: u64) {
        let new = || Cell { errors: 0, latency: Distribution::new(self.digits) };
        let cell = partial.cells.entry(key).or_insert_with(new);
        let before = cell.latency.heap_bytes();
        cell.errors += errors;
        cell.latency.record(durations);
        partial.bytes += cell.latency.heap_bytes().saturating_sub(before);
    }

    fn record_by_errno(&self, partial: &mut Partial, key: RawKey, group: &Group<'_>) {
        let mut by_errno = std::mem::take(&mut partial.by_errno);
        for (duration, errno) in group.outcomes() {
            by_errno.entry(errno).or_default().push(duration);
        }
        for (errno, durations) in by_errno.iter_mut().filter(|(_, durations)| !durations.is_empty()) {
            let errors = if *errno == 0 { 0 } else { durations.len() as u64 };
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
                self.record(partial, key, group.durations, group.errors());
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
        if let EventBody::Unfinished { entry, .. } = &event.body
            && self.selection.has_number(entry.abi, entry.nr)
        {
            *partial.unfinished.entry((entry.abi, entry.nr)).or_default() += 1;
        }
    }
}
