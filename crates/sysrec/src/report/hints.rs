//! `report --hints`: what the trace shows to be wasteful, with its evidence, its threshold and what it would save.

use std::fmt::Write as _;

use serde::Serialize;
use sysrec_analyzer::Trace;
use sysrec_analyzer::hints::{BUFFER_BYTES, Hint, Rule, SHORT_SLEEP_NS, SYNC_BYTES, TINY_BYTES};

use crate::screen::{HEADING, QUIET, styled};
use crate::table::{Column, Table, wrap};
use crate::text::{self, count, counted, duration, printable};

/// Hints that are shown without `--top`.
const SHOWN: usize = 20;
/// What is said where there are none.
const NONE: &str = "Nothing that a rule calls wasteful.\n";

/// Hints as text: what, where, how much; then the rule.
pub(super) fn text(hints: &[Hint], top: Option<usize>, width: Option<usize>) -> String {
    if hints.is_empty() {
        return NONE.to_owned();
    }
    let shown = top.unwrap_or(SHOWN).min(hints.len());
    let mut text = String::new();
    for hint in &hints[..shown] {
        let subject = printable(&hint.subject);
        _ = writeln!(text, "{}", styled(HEADING, &format!("{}: {subject}", hint.rule.name())));
        let lines = [(evidence(hint), false), (rule(hint.rule), true)];
        for (line, quiet) in lines {
            for part in wrap(&line, width.unwrap_or(usize::MAX).saturating_sub(2)).lines() {
                _ = writeln!(text, "  {}", if quiet { styled(QUIET, part) } else { part.to_owned() });
            }
        }
    }
    text + &more(hints.len() - shown)
}

/// What stands for hints that are not shown.
fn more(hints: usize) -> String {
    match hints {
        0 => String::new(),
        hints => format!("{} more.\n", counted(hints as u64, "hint", "hints")),
    }
}

/// What was counted, and what it would save.
fn evidence(hint: &Hint) -> String {
    let calls = counted(hint.calls, "call", "calls");
    let (wall, spared) = (duration(hint.wall_ns), duration(hint.spared_ns));
    match hint.rule {
        Rule::TinyTransfers => format!(
            "{calls} moved {} in {wall}; buffers of {} would spare {} of them, {spared}.",
            text::bytes(hint.bytes),
            text::bytes(BUFFER_BYTES),
            count(hint.spared_calls),
        ),
        Rule::RepeatedLookups => {
            format!(
                "{calls} found it, in {wall}; asking once would spare {}, {spared}.",
                count(hint.spared_calls)
            )
        }
        Rule::MissingFiles => format!("{calls} did not find it (ENOENT), in {wall}; all could be spared."),
        Rule::ShortSleeps => format!(
            "{calls} slept less than {}, {wall} in all; one wait for the event itself would \
             spare them.",
            duration(SHORT_SLEEP_NS)
        ),
        Rule::BusyPolling => {
            format!("{calls} found nothing to do, in {wall}; waiting until there is would spare them.")
        }
        Rule::IdleFutexes => {
            format!("{calls} woke nobody or did not wait, in {wall}; they cost a call and changed nothing.")
        }
        Rule::SyncAfterLittle => format!(
            "{calls} waited {wall} for {} altogether; one for each {} would spare {}, {spared}.",
            text::bytes(hint.bytes),
            text::bytes(SYNC_BYTES),
            count(hint.spared_calls),
        ),
        Rule::ClockCalls => {
            format!("{calls} asked for the time, in {wall}; through the vDSO it takes no call.")
        }
    }
}

/// The rule with its threshold, in words.
fn rule(rule: Rule) -> String {
    let least = count(rule.calls_min());
    let what = match rule {
        Rule::TinyTransfers => format!("reads and writes of at most {TINY_BYTES} bytes, of one file or socket"),
        Rule::RepeatedLookups => "successful opens and stats of one path".to_owned(),
        Rule::MissingFiles => "opens and stats that failed with ENOENT, of one file name in any directory".to_owned(),
        Rule::ShortSleeps => format!("sleeps shorter than {}, of one process", duration(SHORT_SLEEP_NS)),
        Rule::BusyPolling => {
            "calls that returned EAGAIN, of one descriptor, or polls without a timeout that found nothing, of one process"
                .to_owned()
        }
        Rule::IdleFutexes => "futex wakes that woke nobody and waits that returned EAGAIN, of one process".to_owned(),
        Rule::SyncAfterLittle => {
            format!("fsyncs with at most {SYNC_BYTES} bytes written to the file since the one before")
        }
        Rule::ClockCalls => "clock_gettime, gettimeofday and time as real calls, of one process".to_owned(),
    };
    format!("Rule: at least {least} {what}.")
}

/// Hints as a Markdown table, for an issue: a row each, with its rule.
pub(super) fn markdown(hints: &[Hint], top: Option<usize>) -> String {
    if hints.is_empty() {
        return NONE.to_owned();
    }
    let labels = ["hint", "about", "evidence", "rule"];
    let mut table = Table::new(labels.map(Column::label).to_vec());
    let shown = top.unwrap_or(SHOWN).min(hints.len());
    for hint in &hints[..shown] {
        table.push(vec![
            hint.rule.name().into(),
            printable(&hint.subject).into(),
            evidence(hint).into(),
            rule(hint.rule).into(),
        ]);
    }
    format!("{}{}", table.render(true, None), more(hints.len() - shown))
}

/// The fields of JSON as CSV, with the path of each hint's trace; all hints, as JSON has them.
pub(super) fn csv(hints: &[(usize, Hint)], traces: &[Trace]) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "rule",
        "subject",
        "calls",
        "calls_min",
        "wall_ns",
        "bytes",
        "spared_calls",
        "spared_ns",
        "trace",
    ])?;
    for (trace, hint) in hints {
        csv.write_record([
            hint.rule.name().to_owned(),
            String::from_utf8_lossy(&hint.subject).into_owned(),
            hint.calls.to_string(),
            hint.rule.calls_min().to_string(),
            hint.wall_ns.to_string(),
            hint.bytes.to_string(),
            hint.spared_calls.to_string(),
            hint.spared_ns.to_string(),
            traces[*trace].path().display().to_string(),
        ])?;
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    hints: Vec<HintJson>,
}

#[derive(Serialize)]
struct HintJson {
    trace: usize,
    rule: &'static str,
    subject: String,
    calls: u64,
    calls_min: u64,
    wall_ns: u64,
    bytes: u64,
    spared_calls: u64,
    spared_ns: u64,
}

/// Hints as JSON; with each the position of its trace.
pub(super) fn json(hints: &[(usize, Hint)]) -> anyhow::Result<String> {
    let hint = |(trace, hint): &(usize, Hint)| HintJson {
        trace: *trace,
        rule: hint.rule.name(),
        subject: String::from_utf8_lossy(&hint.subject).into_owned(),
        calls: hint.calls,
        calls_min: hint.rule.calls_min(),
        wall_ns: hint.wall_ns,
        bytes: hint.bytes,
        spared_calls: hint.spared_calls,
        spared_ns: hint.spared_ns,
    };
    let document = Document { schema: "sysrec-hints/1", hints: hints.iter().map(hint).collect() };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
