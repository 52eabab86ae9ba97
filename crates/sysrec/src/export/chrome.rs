//! Chrome's trace events ("Trace Event Format", as Perfetto and chrome://tracing read it): one JSON object; complete events
//! (`X`) for calls, metadata (`M`) for names, and a table of stack frames that events point into with `sf`.

use std::io::Write;

use rustc_hash::FxHashMap;
use serde::Serialize;
use sysrec_analyzer::call_tree::StepId;

use super::slices::{Slices, process_name, task_name};
use crate::stack_text;

#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    pid: i32,
    tid: i32,
    /// Microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sf: Option<u32>,
    args: Arguments,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Arguments {
    Name { name: String },
    Call { call: String, result: String },
}

/// A frame of the table: its parent's number plus one (0 for none), and its step.
type FrameKey = (u32, StepId);

/// Writes the whole object. Memory grows with the distinct stacks.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")?;
    let mut first = true;
    let mut comma = |out: &mut dyn Write| -> std::io::Result<()> {
        let between: &[u8] = if std::mem::take(&mut first) { b"" } else { b",\n" };
        out.write_all(between)
    };
    for (task, process) in slices.tasks() {
        let names = [("process_name", task.is_process().then(|| process_name(process)))];
        for (name, value) in names.into_iter().chain([("thread_name", Some(task_name(task)))]) {
            let Some(value) = value else { continue };
            comma(out)?;
            let args = Arguments::Name { name: value };
            let (pid, tid) = (process.pid, task.tid);
            let event = Event { name, ph: "M", cat: None, pid, tid, ts: None, dur: None, sf: None, args };
            serde_json::to_writer(&mut *out, &event)?;
        }
    }
    let trace = slices.trace;
    let mut frames: FxHashMap<FrameKey, u32> = FxHashMap::default();
    slices.each(|_, slice| {
        comma(out)?;
        let mut frame = 0;
        for step in slice.code {
            let next = frames.len() as u32 + 1;
            frame = *frames.entry((frame, *step)).or_insert(next);
        }
        let task = trace.tasks().get(slice.task);
        let event = Event {
            name: &slice.name,
            // A call that did not return begins and has no end.
            ph: if slice.duration_ns.is_some() { "X" } else { "B" },
            cat: Some("syscall"),
            pid: task.map_or(0, |task| task.pid),
            tid: task.map_or(0, |task| task.tid),
            ts: Some(slice.start_ns as f64 / 1000.0),
            dur: slice.duration_ns.map(|ns| ns as f64 / 1000.0),
            sf: (frame > 0).then_some(frame),
            args: Arguments::Call { call: slice.arguments(), result: slice.result() },
        };
        serde_json::to_writer(&mut *out, &event)?;
        Ok(())
    })?;
    out.write_all(b"\n],\"stackFrames\":{")?;
    let mut frames: Vec<(FrameKey, u32)> = frames.into_iter().collect();
    frames.sort_unstable_by_key(|(_, number)| *number);
    for (position, ((parent, step), number)) in frames.into_iter().enumerate() {
        let step = slices.step(step);
        let mut frame = serde_json::json!({ "category": step.module, "name": stack_text::name(step) });
        if parent > 0 {
            frame["parent"] = parent.to_string().into();
        }
        write!(out, "{}\n\"{number}\":{frame}", if position > 0 { "," } else { "" })?;
    }
    out.write_all(b"\n}}\n")?;
    Ok(())
}
