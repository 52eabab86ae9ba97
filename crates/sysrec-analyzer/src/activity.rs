//! What each task did: its calls, errors and wall time, without distributions, for as many tasks as there are.

use std::ops::{AddAssign, Range};

use rustc_hash::FxHashMap;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Abi, Event, TaskId};

use crate::outcome::call_name;
use crate::pass::{self, Group, Pass, SelectedChunk};
use crate::selection::Selection;
use crate::tasks::Task;
use crate::trace::Trace;

/// Selected calls of one task, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Finished calls.
    pub calls: u64,
    /// Those of them that returned an error.
    pub errors: u64,
    /// Calls that did not return.
    pub unfinished: u64,
    /// Wall time of the finished calls together, nanoseconds. Of several tasks it can be longer than the clock ran.
    pub wall_ns: u64,
}

impl Activity {
    /// What the calls at these positions of a group come to.
    pub(crate) fn of(group: &Group<'_>, calls: Range<usize>) -> Self {
        let durations = &group.durations[calls.clone()];
        Self {
            calls: durations.len() as u64,
            errors: group.errors_of(calls),
            unfinished: 0,
            wall_ns: durations.iter().fold(0, |sum, duration| sum.saturating_add(*duration)),
        }
    }
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.unfinished += other.unfinished;
        self.wall_ns = self.wall_ns.saturating_add(other.wall_ns);
    }
}

/// The activity of every task of a trace.
#[derive(Clone, Debug, Default)]
pub struct Activities {
    pub(crate) by_task: FxHashMap<TaskId, Activity>,
    /// Selected calls that did not return, by name, the most frequent first.
    pub unfinished: Vec<(String, u64)>,
    /// Chunks that could not be read, beyond what opening the trace had found; nothing of them is counted.
    pub damages: Vec<Damage>,
    /// Such chunks beyond those listed.
    pub more_damages: u64,
}

impl Activities {
    /// Counts the selected calls of a trace.
    pub fn of(trace: &Trace, selection: &Selection) -> Self {
        let passed = pass::run(trace, selection, &Counting { selection });
        let mut activities =
            Self { damages: passed.damages, more_damages: passed.more_damages, ..Self::default() };
        let mut unfinished: FxHashMap<String, u64> = FxHashMap::default();
        for partial in passed.partials {
            for (task, activity) in partial.by_task {
                *activities.by_task.entry(task).or_default() += activity;
            }
            for ((abi, nr), calls) in partial.unfinished {
                *unfinished.entry(call_name(abi, nr).into_owned()).or_default() += calls;
            }
        }
        activities.unfinished = unfinished.into_iter().collect();
        activities
            .unfinished
            .sort_by(|(name, calls), (other, others)| others.cmp(calls).then_with(|| name.cmp(other)));
        activities
    }

    /// What one task did.
    pub fn task(&self, task: TaskId) -> Activity {
        self.by_task.get(&task).copied().unwrap_or_default()
    }

    /// What all tasks did together.
    pub fn total(&self) -> Activity {
        self.by_task.values().fold(Activity::default(), |mut total, activity| {
            total += *activity;
            total
        })
    }
}

struct Counting<'a> {
    selection: &'a Selection,
}

#[derive(Default)]
struct Partial {
    by_task: FxHashMap<TaskId, Activity>,
    unfinished: FxHashMap<(Abi, i32), u64>,
}

impl Pass for Counting<'_> {
    type Partial = Partial;

    fn begin(&self) -> Partial {
        Partial::default()
    }

    fn calls(&self, partial: &mut Partial, chunk: &SelectedChunk<'_>) -> Result<(), FormatError> {
        let mut activity = Activity::default();
        for group in chunk.groups() {
            activity += Activity::of(&group, 0..group.durations.len());
        }
        *partial.by_task.entry(chunk.task.id).or_default() += activity;
        Ok(())
    }

    fn wants_events(&self) -> bool {
        self.selection.has_unfinished()
    }

    fn event(&self, partial: &mut Partial, task: Option<&Task>, event: &Event) {
        if let (Some(entry), Some(task)) = (self.selection.unfinished(event), task) {
            partial.by_task.entry(task.id).or_default().unfinished += 1;
            *partial.unfinished.entry((entry.abi, entry.nr)).or_default() += 1;
        }
    }
}
