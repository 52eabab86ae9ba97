//! The single calls that took longest.

use sysrec_analyzer::metrics::Slow;

use super::Answer;
use crate::call_text;
use crate::screen::{FAILURE, NAME};
use crate::table::{Cell, Column, Table};
use crate::text::{duration, printable};

/// One call a row.
pub(super) fn table(answer: &Answer<'_>, calls: &[Slow]) -> Table {
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
    for slow in calls {
        let (call, trace) = (&slow.call, &answer.traces[slow.trace]);
        let result = call_text::result(call);
        let result = if call_text::failed(call) { Cell::styled(result, FAILURE) } else { result.into() };
        let mut cells = vec![
            duration(call.duration_ns).into(),
            moment(call.entry.time_ns.saturating_sub(trace.origin_ns())).into(),
            who(answer, slow).into(),
            Cell::styled(call_text::call(call), NAME),
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
