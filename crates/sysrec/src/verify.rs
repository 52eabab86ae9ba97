//! `sysrec verify`: reads everything there is in a trace, and says what is wrong with it.

mod json;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use sysrec_analyzer::{Rings, RingsOutcome, Trace, loss_reason_name};
use sysrec_format::damage::Damage;
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Completeness, Frame, Place};

use crate::rings;
use crate::screen;
use crate::screen::{FAILURE, HEADING, NAME, styled};
use crate::text::{bytes, count, counted, duration, printable, share};

/// Check every byte of a trace, and name what is damaged or missing
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code: 0 when the trace is whole: closed properly, nothing damaged, no call lost. 1 when it is not, or cannot be \
    read."
)]
pub(crate) struct VerifyArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// Print JSON; docs/json.md describes it
    #[arg(long)]
    json: bool,
}

/// What was found.
struct Findings<'a> {
    trace: &'a Trace,
    damages: Vec<Damage>,
    /// Damages beyond those.
    more_damages: u64,
    /// What the trace's parts say of each other and is not so.
    contradictions: Vec<String>,
    readable: Readable,
}

/// What can be read all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Readable {
    calls: u64,
    events: u64,
    chunks: usize,
}

/// Checks the trace and prints what was found.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let trace = rings::open(&args.trace)?;
    let findings = Findings::of(&trace);
    let text = if args.json { json::text(&findings)? } else { findings.text() };
    match screen::print(&text) {
        // A reader that saw enough does not make the trace whole.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(if findings.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl<'a> Findings<'a> {
    fn of(trace: &'a Trace) -> Self {
        let damages = trace.layout().verify(trace.file());
        // What of the index cannot be read is among the damages.
        let frames = trace.layout().frames(trace.file()).filter_map(Result::ok);
        let good = frames.filter(|frame| !is_damaged(frame, &damages));
        let mut readable = Readable::default();
        for frame in good {
            readable.chunks += 1;
            match frame.header.kind {
                ChunkKind::CALLS => readable.calls += u64::from(frame.header.count),
                ChunkKind::EVENTS => readable.events += u64::from(frame.header.count),
                _ => {}
            }
        }
        let more_damages = trace.layout().more_damages();
        let mut findings = Self { trace, damages, more_damages, contradictions: Vec::new(), readable };
        if findings.damages.is_empty() {
            findings.contradictions = findings.contradictions();
        }
        findings
    }

    /// Where nothing is damaged, what the trace says of itself has to be so.
    fn contradictions(&self) -> Vec<String> {
        let (trace, mut found) = (self.trace, Vec::new());
        let closed = trace.integrity().completeness == Completeness::Complete;
        if trace.session().is_none() {
            found.push("there is no SESSION chunk: what was recorded is not known".to_owned());
        }
        match trace.summary() {
            Some(summary) if closed => {
                for (what, said, is) in [
                    ("calls", summary.totals.calls, self.readable.calls),
                    ("events", summary.totals.events, self.readable.events),
                    ("calls of the recorder", summary.totals.recorder_calls, trace.recorder_calls()),
                ] {
                    if said != is {
                        found.push(format!(
                            "the summary counts {} {what}, and {} are there",
                            count(said),
                            count(is)
                        ));
                    }
                }
            }
            None if closed => found.push("there is no SUMMARY chunk in a trace that was closed".to_owned()),
            _ => {}
        }
        found
    }

    fn is_whole(&self) -> bool {
        self.damages.is_empty()
            && self.more_damages == 0
            && self.contradictions.is_empty()
            && self.trace.integrity().is_whole()
    }

    fn text(&self) -> String {
        let (trace, readable) = (self.trace, &self.readable);
        let path = styled(HEADING, &printable(trace.path().as_os_str().as_encoded_bytes()));
        let checked = format!(
            "{}, {}, {}, {}",
            counted(readable.calls, "call", "calls"),
            counted(readable.events, "event", "events"),
            counted(readable.chunks as u64, "chunk", "chunks"),
            bytes(trace.layout().file_bytes())
        );
        if self.is_whole() {
            return format!("{path}: {}: {checked}\n", styled(NAME, "whole"));
        }
        let mut text = format!("{path}: {}\n", styled(FAILURE, "not whole"));
        for line in self.problems() {
            text += &format!("  {line}\n");
        }
        text + &format!("Readable: {}\n", self.share_readable(&checked))
    }

    /// What is not as it should be, a line each.
    fn problems(&self) -> Vec<String> {
        let integrity = self.trace.integrity();
        let mut lines: Vec<String> = self.damages.iter().map(|damage| self.damage(damage)).collect();
        if self.more_damages > 0 {
            lines.push(format!("damaged: {}", counted(self.more_damages, "more part", "more parts")));
        }
        lines.extend(
            self.contradictions.iter().map(|contradiction| format!("contradiction: {contradiction}")),
        );
        for loss in &integrity.losses {
            let calls = match (loss.calls, loss.counted) {
                (0, _) => "an unknown number of calls".to_owned(),
                (calls, true) => counted(calls, "call", "calls"),
                (calls, false) => format!("at least {}", counted(calls, "call", "calls")),
            };
            let between = self.between(Some(loss.first_ns), Some(loss.last_ns));
            lines.push(format!("lost while recording: {calls}{between}: {}", loss_reason_name(loss.reason)));
        }
        match integrity.completeness {
            Completeness::Complete => {}
            Completeness::StoppedEarly => {
                lines.push("closed early: the file could not grow any more, and the program went on".to_owned());
            }
            Completeness::Unfinished => lines.push(
                match &integrity.rings {
                    Some(Rings { outcome: RingsOutcome::Unread { .. }, .. }) => {
                        "not closed: it is still being recorded, or the recorder was killed"
                    }
                    _ => {
                        "not closed: it is still being recorded, or the recorder was killed; everything up to that \
                         moment is there"
                    }
                }
                    .to_owned(),
            ),
        }
        lines.extend(integrity.rings.as_ref().map(rings::words));
        lines
    }

    fn damage(&self, damage: &Damage) -> String {
        let part = match damage.kind {
            Some(kind) => kind
                .name()
                .map_or_else(|| format!("chunk of kind {}", kind.0), |name| format!("{name} chunk")),
            None => "part".to_owned(),
        };
        let mut line = format!("damaged: {part} at byte {}", damage.offset);
        if damage.bytes > 0 {
            line += &format!(", {}", counted(damage.bytes, "byte", "bytes"));
        }
        match damage.calls {
            Some(0) => {}
            Some(calls) => line += &format!(", {}", counted(calls, "call", "calls")),
            None => line += ", calls unknown",
        }
        if let Some(id) = damage.task {
            let task = self.trace.tasks().get(id).filter(|task| task.origin.is_some());
            line += &match task {
                Some(task) => format!(" of {}/{} {}", task.pid, task.tid, printable(task.name())),
                None => format!(" of task {}", id.0),
            };
        }
        line + &self.between(damage.first_ns, damage.last_ns) + ": " + &printable(damage.what.as_bytes())
    }

    /// A range of time, counted from the beginning of the recording.
    fn between(&self, first_ns: Option<u64>, last_ns: Option<u64>) -> String {
        let Some((first_ns, last_ns)) = first_ns.zip(last_ns) else { return String::new() };
        let seconds = |time_ns: u64| {
            let ns = time_ns.saturating_sub(self.trace.origin_ns());
            format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
        };
        format!(" between {} and {} s", seconds(first_ns), seconds(last_ns))
    }

    /// How much is left, of how much where that is known.
    fn share_readable(&self, checked: &str) -> String {
        let readable = self.readable.calls;
        let damaged =
            self.damages.iter().map(|damage| damage.calls).try_fold(0, |sum, calls| Some(sum + calls?));
        let span = duration(self.trace.span_ns());
        match damaged {
            Some(0) => format!("{checked}, over {span}"),
            Some(damaged) => {
                let share = share(readable as f64, readable.saturating_add(damaged) as f64);
                format!("{checked}, over {span}: {share} of the calls that the file held")
            }
            None => format!("{checked}, over {span}"),
        }
    }
}

/// Whether a frame is among the damages.
fn is_damaged(frame: &Frame, damages: &[Damage]) -> bool {
    let offset = match frame.place {
        Place::File(offset) => offset,
        Place::Memory(_) => 0,
    };
    damages.iter().any(|damage| {
        damage.offset == offset && damage.kind == Some(frame.header.kind) && damage.task == frame.header.task
    })
}
