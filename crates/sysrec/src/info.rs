//! `sysrec info`: what was recorded, where, how, and how complete it is, without reading the calls.

mod json;

pub(crate) use json::completeness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sysrec_analyzer::{Trace, loss_reason_name};
use sysrec_format::block::{EndReason, Session};
use sysrec_format::layout::Completeness;

use crate::quote::command_line;
use crate::screen::{FAILURE, HEADING, styled};
use crate::text::{bytes, count, counted, duration, printable};
use crate::wall_clock::second;
use crate::{open, screen};

/// Columns of the names on the left.
const LABEL_WIDTH: usize = 11;

/// Show what a trace holds: command, machine, backend, size, cost, and whether it is complete
#[derive(Debug, Args)]
#[command(after_help = "Calls are not read, however many there are: 'sysrec verify' checks them.")]
pub(crate) struct InfoArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// Print JSON; docs/json.md describes it
    #[arg(long)]
    json: bool,
}

/// Prints what is known of a trace.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &InfoArgs) -> anyhow::Result<ExitCode> {
    let trace = open::trace(&args.trace)?;
    let text = if args.json { json::text(&trace)? } else { page(&trace) };
    screen::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Bytes of the file a finished call; `None` without calls.
fn bytes_per_call(trace: &Trace) -> Option<f64> {
    let calls = trace.calls();
    (calls > 0).then(|| (trace.layout().file_bytes() as f64 / calls as f64 * 100.0).round() / 100.0)
}

/// Why the recording ended; `None` for a reason that this version does not know.
fn end_reason(reason: EndReason) -> Option<&'static str> {
    Some(match reason {
        EndReason::PROCESSES_ENDED => "every process ended",
        EndReason::INTERRUPTED => "interrupted",
        EndReason::LIMIT => "a limit was reached",
        EndReason::STORAGE => "the file could not grow",
        EndReason::COMMAND_ENDED => "the command ended",
        EndReason::ERROR => "the recorder met an error",
        _ => return None,
    })
}

/// Lines of a name and what it is.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, label: &str, value: &str) {
        self.text += &styled(HEADING, &format!("{label:LABEL_WIDTH$}"));
        self.text.push_str(value);
        self.text.push('\n');
    }

    fn gap(&mut self) {
        self.text.push('\n');
    }
}

fn page(trace: &Trace) -> String {
    let mut page = Page::default();
    let (major, minor) = trace.layout().header().version;
    page.line(
        "trace",
        &format!("{}, format {major}.{minor}", printable(trace.path().as_os_str().as_encoded_bytes())),
    );
    match trace.session() {
        Some(session) => recording(&mut page, trace, session),
        None => page.line("recording", &styled(FAILURE, "how it was made is missing: that part is damaged")),
    }
    page.gap();
    amounts(&mut page, trace);
    page.gap();
    state(&mut page, trace);
    match trace.recorder_calls() {
        0 => {}
        1 => page
            .line("note", "The recorder made 1 call of its own inside the program; it is not counted above."),
        calls => page.line(
            "note",
            &format!(
                "The recorder made {} calls of its own inside the program; they are not counted above.",
                count(calls)
            ),
        ),
    }
    let session_notes = trace.session().map_or(&[][..], |session| &session.notes);
    let summary_notes = trace.summary().map_or(&[][..], |summary| &summary.notes);
    for note in session_notes.iter().chain(summary_notes) {
        page.line("note", &printable(note.as_bytes()));
    }
    page.text
}

/// Who, where, when, how.
fn recording(page: &mut Page, trace: &Trace, session: &Session) {
    if !session.command.is_empty() {
        page.line("command", &command_line(&session.command));
    }
    if !session.attached_pids.is_empty() {
        let pids: Vec<String> = session.attached_pids.iter().map(i32::to_string).collect();
        page.line("attached", &format!("to {}", pids.join(", ")));
    }
    if !session.working_directory.is_empty() {
        page.line("directory", &printable(&session.working_directory));
    }
    let host = &session.host;
    let system = [&host.system, &host.release, &host.machine].map(String::as_str).join(" ");
    let cpus = if host.cpus == 0 { String::new() } else { counted(host.cpus.into(), "CPU", "CPUs") };
    let parts = [&host.name, system.trim(), &host.cpu_model, &cpus];
    let parts: Vec<String> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| printable(part.as_bytes())).collect();
    page.line("host", &parts.join(", "));
    let started = match session.started_realtime_ns {
        0 => "at an unknown time".to_owned(),
        ns => second(ns / 1_000_000_000) + " UTC",
    };
    let recorder = printable(session.recorder.as_bytes());
    page.line("recorded", &format!("{started}, {} long, by {recorder}", duration(trace.span_ns())));
    let options: Vec<String> =
        session.backend_options.iter().map(|option| printable(option.as_bytes())).collect();
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(", ")) };
    page.line("backend", &format!("{}{options}", printable(session.backend.as_bytes())));
    match &session.filter {
        Some(filter) => {
            page.line("filter", &format!("{}; other calls were not recorded", printable(filter.as_bytes())))
        }
        None => page.line("filter", "none: every call was recorded"),
    }
    page.line(
        "registers",
        if session.all_registers { "all, at both ends" } else { "number, arguments, ip, sp, result" },
    );
}

/// How much there is, and what it cost.
fn amounts(page: &mut Page, trace: &Trace) {
    let mut calls = count(trace.calls());
    if let Some(summary) = trace.summary() {
        calls += &format!(", {}", counted(summary.totals.errors, "error", "errors"));
        if summary.totals.unfinished > 0 {
            calls += &format!("; {} more did not return", count(summary.totals.unfinished));
        }
    }
    page.line("calls", &calls);
    let processes = counted(trace.tasks().processes().count() as u64, "process", "processes");
    page.line("tasks", &format!("{} in {processes}", count(trace.tasks().len() as u64)));
    mechanisms(page, trace);
    let per_call = bytes_per_call(trace).map_or(String::new(), |bytes| format!(", {bytes:.1} bytes a call"));
    page.line("size", &format!("{}{per_call}", bytes(trace.layout().file_bytes())));
    for overhead in trace.overheads() {
        let [median, p99, inside] =
            [overhead.call_ns_median, overhead.call_ns_p99, overhead.inside_ns_median].map(duration);
        let mechanism = printable(overhead.mechanism.as_bytes());
        page.line(
            "cost",
            &format!("{median} a call (p99 {p99}), {inside} of it inside its duration; {mechanism}"),
        );
    }
    if trace.overheads().is_empty() {
        page.line("cost", "not measured");
    }
    if let Some(summary) = trace.summary() {
        page.line("recorder", &format!("{} of CPU time", duration(summary.recorder_cpu_ns)));
        page.line(
            "ended",
            end_reason(summary.end_reason).unwrap_or("for a reason that this version does not know"),
        );
    }
}

/// How tasks were recorded, where that was not by the session's backend alone.
fn mechanisms(page: &mut Page, trace: &Trace) {
    if trace.tasks_recorded_otherwise() == 0 {
        return;
    }
    for way in trace.mechanisms() {
        let reason = match way.reason.as_slice() {
            [] => String::new(),
            reason => format!(": {}", printable(reason)),
        };
        let tasks = counted(way.tasks, "task", "tasks");
        page.line("mechanism", &format!("{}, {tasks}{reason}", printable(&way.name)));
    }
}

/// What is whole and what is missing.
fn state(page: &mut Page, trace: &Trace) {
    let integrity = trace.integrity();
    if integrity.is_whole() {
        return page.line("complete", "yes: closed properly, nothing lost, nothing damaged");
    }
    let no = styled(FAILURE, "no");
    page.line(
        "complete",
        &match integrity.completeness {
            Completeness::Complete => format!("{no}: closed properly, but parts are missing"),
            Completeness::StoppedEarly => format!("{no}: the file could not grow any more"),
            Completeness::Unfinished => {
                format!("{no}: not closed; it is still being recorded, or the recorder was killed")
            }
        },
    );
    if let Some(rings) = &integrity.rings {
        page.line("rings", &crate::rings::words(rings));
    }
    for loss in &integrity.losses {
        let calls = match (loss.calls, loss.counted) {
            (0, _) => "an unknown number of calls".to_owned(),
            (calls, true) => counted(calls, "call", "calls"),
            (calls, false) => format!("at least {}", counted(calls, "call", "calls")),
        };
        page.line("lost", &format!("{calls}: {}", loss_reason_name(loss.reason)));
    }
    for damage in &integrity.damages {
        page.line("damaged", &damage.to_string());
    }
    if integrity.more_damages > 0 {
        page.line("damaged", &format!("{} more", counted(integrity.more_damages, "part", "parts")));
    }
}
