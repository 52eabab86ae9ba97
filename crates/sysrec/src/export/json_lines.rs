//! A JSON object a line for each call; `docs/json.md` describes its fields.

use std::io::Write;

use serde::Serialize;

use super::slices::{Slices, process_name, task_name};
use crate::hex_json::Hex;
use crate::stack_text;

#[derive(Serialize)]
struct Line<'a> {
    start_ns: u64,
    duration_ns: Option<u64>,
    pid: i32,
    tid: i32,
    task: u32,
    process: String,
    thread: String,
    abi: &'a str,
    syscall: &'a str,
    args: [Hex; 6],
    call: String,
    result: Option<i64>,
    errno: Option<&'a str>,
    stack: Vec<String>,
}

/// Writes all lines.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let trace = slices.trace;
    slices.each(|steps, slice| {
        let task = trace.tasks().get(slice.task);
        let process = task.map(|task| trace.tasks().process_of(task));
        let error =
            slice.call.and_then(|call| sysrec_analyzer::error_of(slice.abi, slice.entry.nr, call.ret));
        let error = error.map(sysrec_analyzer::errno_name);
        let line = Line {
            start_ns: slice.start_ns,
            duration_ns: slice.duration_ns,
            pid: task.map_or(0, |task| task.pid),
            tid: task.map_or(0, |task| task.tid),
            task: slice.task.0,
            process: process.map_or(String::new(), process_name),
            thread: task.map_or(String::new(), task_name),
            abi: &sysrec_analyzer::abi_name(slice.abi),
            syscall: &slice.name,
            args: slice.entry.args.map(Hex),
            call: slice.arguments(),
            result: slice.call.map(|call| call.ret),
            errno: error.as_deref(),
            stack: slice.code.iter().map(|step| stack_text::name(steps.get(*step))).collect(),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
        Ok(())
    })
}
