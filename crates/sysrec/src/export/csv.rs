//! A row a call.

use std::io::Write;

use super::slices::{Slices, process_name, task_name};

/// The columns, in order.
const COLUMNS: [&str; 17] = [
    "start_ns",
    "duration_ns",
    "pid",
    "tid",
    "process",
    "thread",
    "abi",
    "syscall",
    "arg0",
    "arg1",
    "arg2",
    "arg3",
    "arg4",
    "arg5",
    "result",
    "errno",
    "stack",
];

/// Writes all rows behind a row of headings.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(COLUMNS)?;
    let trace = slices.trace;
    slices.each(|steps, slice| {
        let task = trace.tasks().get(slice.task);
        let process = task.map(|task| trace.tasks().process_of(task));
        let mut row = vec![
            slice.start_ns.to_string(),
            slice.duration_ns.map_or(String::new(), |ns| ns.to_string()),
            task.map_or(0, |task| task.pid).to_string(),
            task.map_or(0, |task| task.tid).to_string(),
            process.map_or(String::new(), process_name),
            task.map_or(String::new(), task_name),
            sysrec_analyzer::abi_name(slice.abi).into_owned(),
            slice.name.clone(),
        ];
        row.extend(slice.entry.args.iter().map(|argument| format!("{argument:#x}")));
        row.push(slice.call.map_or(String::new(), |call| call.ret.to_string()));
        row.push(slice.error().unwrap_or_default().into_owned());
        row.push(slice.stack(steps).join(";"));
        rows.write_record(row)?;
        Ok(())
    })?;
    rows.flush()?;
    Ok(())
}
