//! A JSON object a line for each call; `docs/json.md` describes its fields.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::slices::{Slices, process_name, task_name};
use crate::hex_json::Hex;

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
    errno: Option<Cow<'static, str>>,
    stack: Vec<String>,
}

/// Writes all lines.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let trace = slices.trace;
    slices.each(|steps, slice| {
        let task = trace.tasks().get(slice.task);
        let process = task.map(|task| trace.tasks().process_of(task));
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
            errno: slice.error(),
            stack: slice.stack(steps),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
        Ok(())
    })
}
