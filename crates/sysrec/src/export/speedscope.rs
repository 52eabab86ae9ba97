//! Speedscope's own format (its `file-format-schema.json`): for each thread what was open when, as samples that take as long
//! as a call or as the time between two of them. That is as exact as a line for each function that begins and ends, and a
//! tenth of its size. The frames stand at the end of the file, since they are only known then.

use std::io::Write;

use rustc_hash::FxHashMap;
use serde_json::json;

use super::slices::{Slices, task_name};
use crate::stack_text;

/// Writes the whole file, a thread after the other. Memory grows with the distinct functions.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let schema = "https://www.speedscope.app/file-format-schema.json";
    let name = slices.trace.path().display().to_string();
    write!(out, "{{\"$schema\":{},\"name\":{},", json!(schema), json!(name))?;
    write!(out, "\"exporter\":{},\"profiles\":[", json!(concat!("sysrec ", env!("CARGO_PKG_VERSION"))))?;
    let mut names: Vec<(String, Option<(String, u32)>)> = Vec::new();
    let mut numbers = FxHashMap::default();
    let end_ns = slices.trace.span_ns();
    let mut profiles = 0;
    let tasks: Vec<_> = slices.tasks().collect();
    for (task, _) in tasks {
        // A thread without a selected call has no profile.
        let (mut samples, mut clock) = (0_u64, Clock::new(end_ns));
        slices.each_of(task.id, |steps, slice| {
            if samples == 0 {
                let label = format!("{} {}/{}", task_name(task), task.pid, task.tid);
                let comma = if profiles > 0 { "," } else { "" };
                write!(
                    out,
                    "{comma}\n{{\"type\":\"sampled\",\"name\":{},\"unit\":\"nanoseconds\",",
                    json!(label)
                )?;
                out.write_all(b"\"startValue\":0,\"samples\":[")?;
                profiles += 1;
            }
            // Between calls no frame is open.
            let between = if clock.next(slice.start_ns, slice.duration_ns).0 > 0 { "[]," } else { "" };
            write!(out, "{}{between}[", if samples > 0 { ",\n" } else { "\n" })?;
            let steps = slice.code.iter().map(|step| {
                let step = steps.get(*step);
                (stack_text::name(step), step.line.clone())
            });
            for (position, key) in steps.chain([(format!("{}()", slice.name), None)]).enumerate() {
                let number = *numbers.entry(key.clone()).or_insert_with(|| {
                    names.push(key);
                    names.len() - 1
                });
                write!(out, "{}{number}", if position > 0 { "," } else { "" })?;
            }
            out.write_all(b"]")?;
            samples += 1;
            Ok(())
        })?;
        if samples > 0 {
            out.write_all(b"\n],\"weights\":[")?;
            let (mut clock, mut comma) = (Clock::new(end_ns), "\n");
            for (start_ns, duration_ns) in slices.times_of(task.id) {
                let (between_ns, call_ns) = clock.next(start_ns, duration_ns);
                out.write_all(comma.as_bytes())?;
                if between_ns > 0 {
                    write!(out, "{between_ns},")?;
                }
                write!(out, "{call_ns}")?;
                comma = ",\n";
            }
            write!(out, "\n],\"endValue\":{}}}", clock.now_ns.max(end_ns))?;
        }
    }
    out.write_all(b"\n],\"shared\":{\"frames\":[")?;
    for (position, (name, line)) in names.into_iter().enumerate() {
        let mut frame = json!({ "name": name });
        if let Some((file, line)) = line {
            (frame["file"], frame["line"]) = (file.into(), line.into());
        }
        write!(out, "{}\n{frame}", if position > 0 { "," } else { "" })?;
    }
    out.write_all(b"\n]}}\n")?;
    Ok(())
}

/// Goes through the calls of a thread. Readers want times that never go back.
struct Clock {
    now_ns: u64,
    /// When the recording ended, and with it what did not return.
    end_ns: u64,
}

impl Clock {
    fn new(end_ns: u64) -> Self {
        Self { now_ns: 0, end_ns }
    }

    /// How long nothing was open before a call, and how long the call was.
    fn next(&mut self, start_ns: u64, duration_ns: Option<u64>) -> (u64, u64) {
        let begin_ns = start_ns.max(self.now_ns);
        let duration_ns = duration_ns.unwrap_or_else(|| self.end_ns.saturating_sub(start_ns));
        let call_end_ns = start_ns.saturating_add(duration_ns).max(begin_ns);
        let took = (begin_ns - self.now_ns, call_end_ns - begin_ns);
        self.now_ns = call_end_ns;
        took
    }
}
