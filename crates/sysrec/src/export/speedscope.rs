//! Speedscope's own format (its `file-format-schema.json`): for each thread what was open when. The frames stand at the end
//! of the file, since they are only known then.

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
        let (mut events, mut last_ns) = (0_u64, 0);
        slices.each_of(task.id, |steps, slice| {
            if events == 0 {
                let label = format!("{} {}/{}", task_name(task), task.pid, task.tid);
                let comma = if profiles > 0 { "," } else { "" };
                write!(
                    out,
                    "{comma}\n{{\"type\":\"evented\",\"name\":{},\"unit\":\"nanoseconds\",",
                    json!(label)
                )?;
                out.write_all(b"\"startValue\":0,\"events\":[")?;
                profiles += 1;
            }
            let mut open: Vec<usize> = Vec::with_capacity(slice.code.len() + 1);
            let steps = slice.code.iter().map(|step| {
                let step = steps.get(*step);
                (stack_text::name(step), step.line.clone())
            });
            for key in steps.chain([(format!("{}()", slice.name), None)]) {
                let number = *numbers.entry(key.clone()).or_insert_with(|| {
                    names.push(key);
                    names.len() - 1
                });
                open.push(number);
            }
            // Readers want times that never go back.
            let start_ns = slice.start_ns.max(last_ns);
            let duration_ns = slice.duration_ns.unwrap_or_else(|| end_ns.saturating_sub(slice.start_ns));
            last_ns = slice.start_ns.saturating_add(duration_ns).max(start_ns);
            let opened = open.iter().map(|frame| ('O', frame, start_ns));
            let closed = open.iter().rev().map(|frame| ('C', frame, last_ns));
            for (kind, frame, at) in opened.chain(closed) {
                let comma = if events > 0 { "," } else { "" };
                write!(out, "{comma}\n{{\"type\":\"{kind}\",\"frame\":{frame},\"at\":{at}}}")?;
                events += 1;
            }
            Ok(())
        })?;
        if events > 0 {
            write!(out, "\n],\"endValue\":{}}}", last_ns.max(end_ns))?;
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
