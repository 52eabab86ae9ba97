//! Under which conditions the two sides were recorded: warnings where they do not agree, and a footer.

use sysrec_analyzer::Trace;
use sysrec_analyzer::diff::statistics::median;
use sysrec_analyzer::diff::{Condition, Diff, Metric, Mismatch, P99_CALLS_MIN, Recording, Row, mismatches};
use sysrec_format::layout::Completeness;

use super::{Answer, verdict};
use crate::text::{count, counted, duration, printable};

/// Rows, traces and values that are named one by one.
const NAMED_MAX: usize = 4;
/// Costs of recording that are apart by this share of the smaller one, and by the floor of a comparison, are warned of.
const COSTS_APART_SHARE: f64 = 0.25;

/// What makes the two sides hard to compare, a sentence each.
pub(super) fn warnings(
    base: &[Trace],
    new: &[Trace],
    base_recordings: &[Recording],
    new_recordings: &[Recording],
    diff: &Diff,
) -> Vec<String> {
    let mut warnings: Vec<String> = mismatches(base, new).iter().map(mismatch).collect();
    let recordings = base_recordings.iter().chain(new_recordings);
    warnings.extend(
        base.iter().chain(new).zip(recordings).filter_map(|(trace, recording)| missing(trace, recording)),
    );
    warnings.extend(costs_apart(base, new, diff));
    warnings.extend(cost_above_effect(base, new, diff));
    warnings
}

fn mismatch(mismatch: &Mismatch) -> String {
    let list = |values: &[String]| {
        let values: Vec<String> =
            values.iter().take(NAMED_MAX).map(|value| printable(value.as_bytes())).collect();
        if values.is_empty() { "not known".to_owned() } else { values.join(" and ") }
    };
    let what = mismatch.condition.name();
    let consequence = match mismatch.condition {
        Condition::Filter => "calls that one filter left out look new or gone",
        Condition::Kernel | Condition::Cpu | Condition::Host => "times differ for that reason alone",
        Condition::Backend | Condition::Registers | Condition::Recorder => {
            "what recording adds to each call may differ"
        }
    };
    format!("not the same {what}: base {}, new {}; {consequence}.", list(&mismatch.base), list(&mismatch.new))
}

/// What is missing from a trace, so that its counts are no facts.
fn missing(trace: &Trace, recording: &Recording) -> Option<String> {
    let integrity = trace.integrity();
    let damages = recording.damages.len() as u64 + recording.more_damages;
    if integrity.is_whole() && damages == 0 {
        return None;
    }
    let why = match integrity.completeness {
        Completeness::Unfinished => {
            "was not closed, and what came after its last moment is missing".to_owned()
        }
        Completeness::StoppedEarly => "ended before the program did".to_owned(),
        Completeness::Complete if integrity.losses.is_empty() => "is damaged".to_owned(),
        Completeness::Complete => "lacks calls that were lost while recording".to_owned(),
    };
    let damaged = recording.damages.iter().filter_map(|damage| damage.calls);
    let calls = damaged.fold(integrity.lost_calls(), u64::saturating_add);
    let known =
        if calls > 0 { format!(" ({} or more)", counted(calls, "call", "calls")) } else { String::new() };
    let path = printable(trace.path().as_os_str().as_encoded_bytes());
    Some(format!("{path} {why}{known}: its counts are too small."))
}

/// What recording adds inside the times of a side, as each of its recordings measured it at its start; their median,
/// nanoseconds.
fn cost_ns(side: &[Trace]) -> Option<u64> {
    let inside = |trace: &Trace| trace.overheads().first().map(|overhead| overhead.inside_ns_median as f64);
    median(&side.iter().filter_map(inside).collect::<Vec<f64>>()).map(|ns| ns.round() as u64)
}

/// Sides that were not recorded at the same cost: their times are apart for that reason alone.
fn costs_apart(base: &[Trace], new: &[Trace], diff: &Diff) -> Option<String> {
    let (base, new) = (cost_ns(base)?, cost_ns(new)?);
    let apart = base.abs_diff(new);
    if (apart as f64) < diff.options.floor_ns.max(COSTS_APART_SHARE * base.min(new) as f64) {
        return None;
    }
    Some(format!(
        "recording added about {} to the time of each call of the base, and {} of the new side: a shift of a time by \
         {} can come from that.",
        duration(base),
        duration(new),
        duration(apart)
    ))
}

/// Differences that are called so, and are smaller than what recording adds to each call.
fn cost_above_effect(base: &[Trace], new: &[Trace], diff: &Diff) -> Option<String> {
    let cost_ns = cost_ns(base).max(cost_ns(new))?;
    let below = |row: &Row, metric| {
        row.verdict(metric).is_change()
            && row.change(metric).is_some_and(|change| change.abs() < cost_ns as f64)
    };
    let rows = diff.rows.iter().filter(|row| below(row, Metric::P50) || below(row, Metric::P99));
    let mut names: Vec<String> = rows.map(|row| verdict::name(diff, row)).collect();
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    if more > 0 {
        names.push(format!("{} more", count(more as u64)));
    }
    Some(format!(
        "recording adds about {} to the time of each call, which is more than the shift of {}: it can come from the \
         recording.",
        duration(cost_ns),
        names.join(", ")
    ))
}

/// What a comparison rests on, a paragraph each.
pub(super) fn footer(answer: &Answer<'_>) -> Vec<String> {
    let side = |name: &str, traces: &[Trace], recordings: &[Recording]| {
        let calls: u64 = recordings.iter().map(Recording::calls).sum();
        format!(
            "{name}: {} in {}: {}",
            counted(calls, "call", "calls"),
            counted(traces.len() as u64, "recording", "recordings"),
            commands(traces)
        )
    };
    let mut lines = vec![
        side("Base", answer.base, answer.base_recordings) + ".",
        side("New", answer.new, answer.new_recordings) + ".",
    ];
    if let Some(unit) = &answer.unit {
        lines.push(format!("Calls, errors and totals are for one {unit}."));
    }
    let diff = answer.diff;
    if diff.recordings.iter().any(|count| *count > 1) {
        lines.push("Each figure is the median over the recordings of its side, max the largest.".to_owned());
    }
    if diff.has_tests() {
        lines.push(format!(
            "~: no difference shown. Totals, p50 and p99 of recordings by the Mann-Whitney U test, p after Holm's \
             correction for {}, at most {}% false alarms in a comparison; shifts below {}% or {} (of a total: for each \
             call) are none. Ratios with 95% by bootstrap. Not tested: max, which is a single call, and p99 of fewer \
             than {P99_CALLS_MIN} calls.",
            counted(diff.tests as u64, "test", "tests"),
            percent(diff.options.alpha),
            percent(diff.options.floor_share),
            duration(diff.options.floor_ns as u64),
        ));
    }
    lines.extend(machine(answer));
    lines
}

/// A share in percent, to a thousandth.
fn percent(share: f64) -> f64 {
    (share * 100_000.0).round() / 1000.0
}

/// The commands of a side, each once.
fn commands(traces: &[Trace]) -> String {
    let mut commands: Vec<String> = Vec::new();
    for trace in traces {
        let words = trace.session().map(|session| session.command.join(&b' ')).unwrap_or_default();
        let path = printable(trace.path().as_os_str().as_encoded_bytes());
        let command = if words.is_empty() { path } else { printable(&words) };
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    let more = commands.len().saturating_sub(NAMED_MAX);
    commands.truncate(NAMED_MAX);
    if more > 0 {
        commands.push(format!("{more} more"));
    }
    commands.join("; ")
}

/// Where both sides were recorded, as far as they agree, and what recording cost.
fn machine(answer: &Answer<'_>) -> Option<String> {
    let traces = || answer.base.iter().chain(answer.new);
    let said = |condition: Condition| {
        let mut values: Vec<String> = traces().filter_map(|trace| condition.of(trace)).collect();
        values.dedup();
        (values.len() == 1).then(|| printable(values[0].as_bytes())).filter(|value| !value.trim().is_empty())
    };
    let conditions = [Condition::Host, Condition::Kernel, Condition::Cpu, Condition::Backend];
    let known: Vec<String> = conditions
        .into_iter()
        .filter_map(|condition| Some(format!("{} {}", condition.name(), said(condition)?)))
        .collect();
    let cost = cost_ns(answer.base).zip(cost_ns(answer.new)).map(|(base, new)| {
        format!(
            "recording adds to the time of each call about {} (base) and {} (new)",
            duration(base),
            duration(new)
        )
    });
    let parts: Vec<String> = known.into_iter().chain(cost).collect();
    (!parts.is_empty()).then(|| format!("Recorded with: {}.", parts.join("; ")))
}
