//! What is known of a trace as JSON. `docs/json.md` describes every field; a change that takes a field away or changes
//! its meaning raises the number in [`SCHEMA`].

use serde::Serialize;
use sysrec_analyzer::{MechanismUse, Trace};
use sysrec_format::block::{Host, Overhead};
use sysrec_format::layout::Completeness;

use super::{bytes_per_call, end_reason};
use crate::loss_json::LossJson;
use crate::rings::RingsJson;

const SCHEMA: &str = "sysrec-info/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    path: String,
    format: String,
    trace_id: String,
    complete: bool,
    completeness: &'static str,
    calls: u64,
    errors: Option<u64>,
    unfinished: Option<u64>,
    events: u64,
    tasks: usize,
    processes: usize,
    chunks: usize,
    bytes: u64,
    bytes_per_call: Option<f64>,
    losses: u64,
    loss_reasons: Vec<LossJson>,
    rings: Option<RingsJson>,
    damages: Vec<String>,
    more_damages: u64,
    span_ns: u64,
    overhead_ns_per_call: Option<u64>,
    overheads: &'a [Overhead],
    mechanisms: Vec<MechanismJson>,
    recorder_calls: u64,
    recorder_cpu_ns: Option<u64>,
    end_reason: Option<&'static str>,
    #[serde(flatten)]
    recording: Option<Recording<'a>>,
    notes: Vec<&'a String>,
}

/// What the trace says of how it was made; absent where that part is damaged.
#[derive(Serialize)]
struct Recording<'a> {
    command: Vec<String>,
    attached_pids: &'a [i32],
    working_directory: String,
    environment: Option<Vec<String>>,
    started: String,
    started_realtime_ns: u64,
    recorder: &'a str,
    backend: &'a str,
    backend_options: &'a [String],
    filter: Option<&'a str>,
    all_registers: bool,
    host: &'a Host,
}

#[derive(Serialize)]
struct MechanismJson {
    mechanism: String,
    reason: Option<String>,
    tasks: u64,
}

/// The whole document, indented, with a line end.
pub(super) fn text(trace: &Trace) -> anyhow::Result<String> {
    let (layout, integrity) = (trace.layout(), trace.integrity());
    let (major, minor) = layout.header().version;
    let totals = trace.summary().map(|summary| &summary.totals);
    let mechanism = |way: &MechanismUse| MechanismJson {
        mechanism: String::from_utf8_lossy(&way.name).into_owned(),
        reason: (!way.reason.is_empty()).then(|| String::from_utf8_lossy(&way.reason).into_owned()),
        tasks: way.tasks,
    };
    let session_notes = trace.session().into_iter().flat_map(|session| &session.notes);
    let summary_notes = trace.summary().into_iter().flat_map(|summary| &summary.notes);
    let document = Document {
        schema: SCHEMA,
        path: trace.path().display().to_string(),
        format: format!("{major}.{minor}"),
        trace_id: layout.header().trace_id.iter().map(|byte| format!("{byte:02x}")).collect(),
        complete: integrity.is_whole(),
        completeness: completeness(integrity.completeness),
        calls: trace.calls(),
        errors: totals.map(|totals| totals.errors),
        unfinished: totals.map(|totals| totals.unfinished),
        events: trace.events(),
        tasks: trace.tasks().len(),
        processes: trace.tasks().processes().count(),
        chunks: layout.frame_count(),
        bytes: layout.file_bytes(),
        bytes_per_call: bytes_per_call(trace),
        losses: integrity.lost_calls(),
        loss_reasons: integrity.losses.iter().map(LossJson::from).collect(),
        rings: integrity.rings.as_ref().map(RingsJson::from),
        damages: integrity.damages.iter().map(ToString::to_string).collect(),
        more_damages: integrity.more_damages,
        span_ns: trace.span_ns(),
        overhead_ns_per_call: trace.overheads().first().map(|overhead| overhead.call_ns_median),
        overheads: trace.overheads(),
        mechanisms: trace.mechanisms().iter().map(mechanism).collect(),
        recorder_calls: trace.recorder_calls(),
        recorder_cpu_ns: trace.summary().map(|summary| summary.recorder_cpu_ns),
        end_reason: trace.summary().and_then(|summary| end_reason(summary.end_reason)),
        recording: recording(trace),
        notes: session_notes.chain(summary_notes).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The state of a trace's end, as every JSON output names it.
pub(crate) fn completeness(completeness: Completeness) -> &'static str {
    match completeness {
        Completeness::Complete => "complete",
        Completeness::StoppedEarly => "stopped early",
        Completeness::Unfinished => "unfinished",
    }
}

fn recording(trace: &Trace) -> Option<Recording<'_>> {
    let session = trace.session()?;
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let ns = session.started_realtime_ns;
    let started = crate::wall_clock::second(ns / 1_000_000_000).replace(' ', "T");
    Some(Recording {
        command: session.command.iter().map(text).collect(),
        attached_pids: &session.attached_pids,
        working_directory: text(&session.working_directory),
        environment: session.environment.as_ref().map(|variables| variables.iter().map(text).collect()),
        started: format!("{started}.{:09}Z", ns % 1_000_000_000),
        started_realtime_ns: ns,
        recorder: &session.recorder,
        backend: &session.backend,
        backend_options: &session.backend_options,
        filter: session.filter.as_deref(),
        all_registers: session.all_registers,
        host: &session.host,
    })
}
