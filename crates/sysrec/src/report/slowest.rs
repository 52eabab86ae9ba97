//! The single calls that took longest.

use std::collections::{HashMap, HashSet};

use anstyle::Style;
use sysrec_analyzer::metrics::{Slow, slowest};
use sysrec_analyzer::{Item, NamedTimeline, Selection, Trace};
use sysrec_format::event::{Call, TaskId};
use sysrec_syscalls::{DescriptorNames, NoNames};

use super::Answer;
use crate::call_text;
use crate::open;
use crate::screen::{FAILURE, NAME};
use crate::table::{Cell, Column, Table};
use crate::text::{duration, printable};

/// One of the longest calls, in words.
pub(super) struct SlowCall {
    pub(super) slow: Slow,
    /// `read(3</etc/passwd>, 0x7ffc0010, 4096)`.
    pub(super) call: String,
    /// What it returned.
    pub(super) result: String,
}

/// The longest selected calls, the longest first, descriptors by name where the traces tell names.
///
/// For names a trace is walked through once more, up to the last of the calls that are asked for.
pub(super) fn calls(traces: &[Trace], selection: &Selection, count: usize) -> Vec<SlowCall> {
    // Damage was named before, by the first pass.
    let (found, _) = slowest(traces, selection, count);
    let mut texts: HashMap<(usize, TaskId, u64), (String, String)> = HashMap::new();
    for (position, trace) in traces.iter().enumerate().filter(|(_, trace)| open::has_names(trace)) {
        let of_trace = found.iter().filter(|slow| slow.trace == position);
        let mut wanted: HashSet<(TaskId, u64)> = of_trace.map(|slow| key(&slow.call)).collect();
        let everything = Selection::default();
        for (item, names) in NamedTimeline::new(trace, &everything) {
            if wanted.is_empty() {
                break;
            }
            if let (Item::Call(call), Some(names)) = (&item, names)
                && wanted.remove(&key(call))
            {
                let (task, start_ns) = key(call);
                texts.insert((position, task, start_ns), in_words(call, &names));
            }
        }
    }
    let shown = |slow: Slow| {
        let (task, start_ns) = key(&slow.call);
        let known = texts.remove(&(slow.trace, task, start_ns));
        let (call, result) = known.unwrap_or_else(|| in_words(&slow.call, &NoNames));
        SlowCall { slow, call, result }
    };
    found.into_iter().map(shown).collect()
}

/// What tells a call from all others of its trace: whose it is, and when it began.
fn key(call: &Call) -> (TaskId, u64) {
    (call.task, call.entry.time_ns)
}

fn in_words(call: &Call, names: &dyn DescriptorNames) -> (String, String) {
    (call_text::call(call, names), call_text::result(call, names))
}

/// One call a row.
pub(super) fn table(answer: &Answer<'_>, calls: &[SlowCall]) -> Table {
    let several = answer.traces.len() > 1;
    let mut columns = vec![
        Column::number("took"),
        Column::number("at"),
        Column::label("who").last_resort(),
        Column::label("call"),
        Column::label("result"),
        Column::number("site").gives_way(1),
    ];
    if several {
        columns.push(Column::label("trace").gives_way(2));
    }
    let mut table = Table::new(columns);
    for SlowCall { slow, call: words, result } in calls {
        let (call, trace) = (&slow.call, &answer.traces[slow.trace]);
        let result = Cell::styled(result, if call_text::failed(call) { FAILURE } else { Style::new() });
        let mut cells = vec![
            duration(call.duration_ns).into(),
            moment(call.entry.time_ns.saturating_sub(trace.origin_ns())).into(),
            who(answer, slow).into(),
            Cell::styled(words, NAME),
            result,
            format!("{:#x}", call.entry.ip).into(),
        ];
        if several {
            cells.push(printable(trace.path().as_os_str().as_encoded_bytes()).into());
        }
        table.push(cells);
    }
    table
}

/// Seconds since the start, to the microsecond.
fn moment(ns: u64) -> String {
    format!("{}.{:06} s", ns / 1_000_000_000, ns / 1_000 % 1_000_000)
}

/// `nginx 1234`, with the thread's id where it is not the first of its process: `nginx 1234/1240`.
fn who(answer: &Answer<'_>, slow: &Slow) -> String {
    let Some(task) = answer.traces[slow.trace].tasks().get(slow.call.task) else { return String::new() };
    let name = printable(task.name_at(slow.call.entry.time_ns));
    match (task.pid, task.tid) {
        (0, 0) => format!("task {}", task.id.0),
        (pid, tid) if pid == tid => format!("{name} {pid}"),
        (pid, tid) => format!("{name} {pid}/{tid}"),
    }
}
