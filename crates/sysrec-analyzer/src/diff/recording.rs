//! One trace, reduced to what a comparison needs of it.

use rustc_hash::FxHashMap;
use sysrec_format::damage::Damage;
use sysrec_format::event::TaskId;
use sysrec_syscalls::Filter;

use crate::call_tree::{DIGITS, Path, Paths};
use crate::metrics::{Dimension, Distribution, Key, Metrics, Who};
use crate::selection::{Outcome, Selection};
use crate::trace::Trace;

/// The figures of one key in one recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Finished calls.
    pub calls: u64,
    /// Those that returned an error.
    pub errors: u64,
    /// Durations added up, nanoseconds.
    pub wall_ns: u128,
    /// Median duration, nanoseconds.
    pub p50_ns: u64,
    /// 99th percentile of the durations, nanoseconds.
    pub p99_ns: u64,
    /// Longest duration, nanoseconds.
    pub max_ns: u64,
}

impl Figures {
    fn of(errors: u64, latency: &Distribution) -> Self {
        let [p50_ns, p99_ns] = latency.quantiles_ns([0.5, 0.99]);
        let (calls, wall_ns, max_ns) = (latency.count(), latency.sum_ns(), latency.max_ns());
        Self { calls, errors, wall_ns, p50_ns, p99_ns, max_ns }
    }
}

/// What counts and totals are given for.
#[derive(Clone, Debug)]
pub enum Unit {
    /// One recording.
    Recording,
    /// One of so many equal parts of each recording: requests that a client sent, rounds of a loop.
    Part(u64),
    /// One call that the filter selects.
    CallOf(Box<Filter>),
}

impl Unit {
    /// How many of them a recording has.
    fn of(&self, trace: &Trace, selection: &Selection) -> Result<u64, NoUnit> {
        let units = match self {
            Unit::Recording => 1,
            Unit::Part(parts) => (*parts).max(1),
            Unit::CallOf(filter) => calls_of(trace, selection, filter),
        };
        if units == 0 { Err(NoUnit) } else { Ok(units) }
    }
}

/// A recording without a single call of those that were to be the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoUnit;

/// One recording's rows.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Figures by key; keys are the same in all recordings (see [`Recording::read`]).
    pub rows: FxHashMap<Key, Figures>,
    /// How many units of work it has; 1 where the unit is the recording.
    pub units: u64,
    /// Selected calls that did not return, by name.
    pub unfinished: Vec<(String, u64)>,
    /// Whether nothing of the trace is missing. Else its numbers of calls are only known to be at least so large.
    pub whole: bool,
    /// Chunks that could not be read, beyond what opening the trace had found.
    pub damages: Vec<Damage>,
    /// Such chunks beyond those listed.
    pub more_damages: u64,
}

impl Recording {
    /// Reads the selected calls of a trace once.
    ///
    /// Process and thread ids are another program's next time: processes (and threads) of the same name are one key,
    /// with 0 for trace, task and id.
    ///
    /// # Errors
    /// When the trace has no call of those that are to be the unit.
    pub fn read(
        trace: &Trace,
        selection: &Selection,
        by: &[Dimension],
        unit: &Unit,
    ) -> Result<Recording, NoUnit> {
        let units = unit.of(trace, selection)?;
        let mut metrics = Metrics::new(by);
        metrics.add(trace, selection);
        let mut report = metrics.finish();
        let mut cells: FxHashMap<Key, (u64, Distribution)> = FxHashMap::default();
        for row in report.rows.drain(..) {
            match cells.entry(nameless(row.key)) {
                std::collections::hash_map::Entry::Occupied(mut cell) => {
                    let (errors, latency) = cell.get_mut();
                    *errors += row.errors;
                    latency.merge(&row.latency);
                }
                std::collections::hash_map::Entry::Vacant(cell) => {
                    cell.insert((row.errors, row.latency));
                }
            }
        }
        let figures =
            |(key, (errors, latency)): (Key, (u64, Distribution))| (key, Figures::of(errors, &latency));
        let damages = report.damages.pop().unwrap_or_default();
        Ok(Recording {
            rows: cells.into_iter().map(figures).collect(),
            units,
            unfinished: report.unfinished,
            whole: trace.integrity().is_whole() && damages.is_empty() && report.more_damages == 0,
            damages,
            more_damages: report.more_damages,
        })
    }

    /// The same by the code that made the calls ([`Dimension::Stack`]); `stack` says what a path is called.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_paths(
        trace: &Trace,
        selection: &Selection,
        unit: &Unit,
        paths: &Paths<'_>,
        mut stack: impl FnMut(&Path) -> String,
    ) -> Result<Recording, NoUnit> {
        let units = unit.of(trace, selection)?;
        let mut cells: FxHashMap<String, (u64, Distribution)> = FxHashMap::default();
        for (path, cell) in &paths.cells {
            let new = || (0, Distribution::new(DIGITS));
            let (errors, latency) = cells.entry(stack(path)).or_insert_with(new);
            *errors += cell.activity.errors;
            latency.merge(&cell.latency);
        }
        cells.retain(|_, (_, latency)| latency.count() > 0);
        let row = |(stack, (errors, latency)): (String, (u64, Distribution))| {
            (Key { stack: Some(stack), ..Key::default() }, Figures::of(errors, &latency))
        };
        Ok(Recording {
            rows: cells.into_iter().map(row).collect(),
            units,
            unfinished: paths.unfinished.clone(),
            whole: trace.integrity().is_whole() && paths.damages.is_empty() && paths.more_damages == 0,
            damages: paths.damages.clone(),
            more_damages: paths.more_damages,
        })
    }

    /// Finished calls of all rows.
    pub fn calls(&self) -> u64 {
        self.rows.values().map(|figures| figures.calls).sum()
    }
}

/// Calls that count as units: of the selected tasks and time, whatever else is selected.
fn calls_of(trace: &Trace, selection: &Selection, filter: &Filter) -> u64 {
    let selection = Selection {
        filters: vec![filter.clone()],
        duration_ns_min: 0,
        outcome: Outcome::Any,
        ..selection.clone()
    };
    let mut metrics = Metrics::new(&[]);
    metrics.add(trace, &selection);
    metrics.finish().calls()
}

fn nameless(key: Key) -> Key {
    let nobody = |who: Who| Who { trace: 0, task: TaskId(0), id: 0, name: who.name };
    Key { process: key.process.map(nobody), thread: key.thread.map(nobody), ..key }
}
