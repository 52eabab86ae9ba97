//! Who a line is about: `1201/1203 worker`.

use std::collections::HashMap;

use sysrec_analyzer::{Task, Trace};
use sysrec_format::event::TaskId;

use crate::text::printable;

/// Columns that a label takes at most; longer ones push their line to the right.
const WIDTH_MAX: usize = 32;

/// The labels of all tasks that were met, each made anew only when its task has a new name.
pub(super) struct Labels<'t> {
    trace: &'t Trace,
    width: usize,
    known: HashMap<TaskId, Label>,
    nobody: String,
}

struct Label {
    text: String,
    /// The moments that it is right for, nanoseconds on the trace's clock: first and one behind the last.
    from_ns: u64,
    to_ns: u64,
}

impl<'t> Labels<'t> {
    pub(super) fn new(trace: &'t Trace) -> Self {
        let widths = trace.tasks().iter().flat_map(|task| {
            let numbers = numbers(task).len();
            task.names.iter().map(move |name| numbers + 1 + printable(&name.comm).chars().count())
        });
        let width = widths.filter(|width| *width <= WIDTH_MAX).max().unwrap_or(1);
        Self { trace, width, known: HashMap::new(), nobody: format!("{:width$}", "-") }
    }

    /// The label of a task at a moment.
    pub(super) fn at(&mut self, task: Option<TaskId>, time_ns: u64) -> &str {
        let Some(task) = task.and_then(|task| self.trace.tasks().get(task)) else { return &self.nobody };
        let width = self.width;
        let label = self.known.entry(task.id).or_insert_with(|| label(task, time_ns, width));
        if !(label.from_ns..label.to_ns).contains(&time_ns) {
            *label = self::label(task, time_ns, width);
        }
        &label.text
    }
}

fn label(task: &Task, time_ns: u64, width: usize) -> Label {
    let later = task.names.partition_point(|name| name.from_ns <= time_ns);
    let text = format!("{} {}", numbers(task), printable(task.name_at(time_ns)));
    Label {
        text: format!("{text:width$}"),
        // The first name holds for the time before it, too.
        from_ns: if later <= 1 { 0 } else { task.names[later - 1].from_ns },
        to_ns: task.names.get(later.max(1)).map_or(u64::MAX, |name| name.from_ns),
    }
}

/// `pid/tid`; for a task whose start is missing from the trace `task 7`.
pub(super) fn numbers(task: &Task) -> String {
    if task.origin.is_none() { format!("task {}", task.id.0) } else { format!("{}/{}", task.pid, task.tid) }
}
