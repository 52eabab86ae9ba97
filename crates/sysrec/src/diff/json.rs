//! The comparison as JSON. `docs/json.md` describes every field; a change that takes a field away or changes its
//! meaning raises the number in [`SCHEMA`].

use serde::Serialize;
use sysrec_analyzer::Trace;
use sysrec_analyzer::diff::{Metric, Presence, Recording, Row, Run, Unfinished, Verdict};

use super::histogram::Range;
use super::{Answer, verdict};

const SCHEMA: &str = "sysrec-diff/1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    base: Vec<TraceJson>,
    new: Vec<TraceJson>,
    by: Vec<&'static str>,
    unit: Option<String>,
    warnings: Vec<String>,
    verdict: String,
    tests: usize,
    alpha: f64,
    floor_share: f64,
    floor_ns: f64,
    total: Counts,
    rows: Vec<RowJson>,
    unfinished: Vec<UnfinishedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Vec<Range>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Vec<BrokenJson>>,
}

#[derive(Serialize)]
struct TraceJson {
    path: String,
    complete: bool,
    calls: u64,
    units: u64,
    unfinished: Vec<NamedCalls>,
}

#[derive(Serialize)]
struct NamedCalls {
    syscall: String,
    calls: u64,
}

#[derive(Serialize)]
struct UnfinishedJson {
    syscall: String,
    base_recordings: Vec<u64>,
    new_recordings: Vec<u64>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Counts {
    calls: Counted,
    errors: Counted,
    wall_ns_total: Compared,
}

#[derive(Serialize)]
struct RowJson {
    key: String,
    by: serde_json::Map<String, serde_json::Value>,
    presence: &'static str,
    changed: bool,
    calls: Counted,
    errors: Counted,
    wall_ns_total: Timed,
    p50_ns: Timed,
    p99_ns: Timed,
    max_ns: Compared,
}

#[derive(Serialize)]
struct Compared {
    base: Option<f64>,
    new: Option<f64>,
    change: Option<f64>,
    change_share: Option<f64>,
}

#[derive(Serialize)]
struct Counted {
    #[serde(flatten)]
    compared: Compared,
    base_range: Option<(f64, f64)>,
    new_range: Option<(f64, f64)>,
    verdict: &'static str,
    p: Option<f64>,
}

#[derive(Serialize)]
struct Timed {
    #[serde(flatten)]
    compared: Compared,
    base_recordings: Vec<Option<f64>>,
    new_recordings: Vec<Option<f64>>,
    ratio_interval: Option<(f64, f64)>,
    verdict: &'static str,
    p: Option<f64>,
}

#[derive(Serialize)]
struct BrokenJson {
    rule: String,
    key: String,
    text: String,
}

/// The whole answer, indented, with a line end.
pub(super) fn text(answer: &Answer<'_>) -> anyhow::Result<String> {
    let diff = answer.diff;
    let traces = |traces: &[Trace], recordings: &[Recording]| -> Vec<TraceJson> {
        traces.iter().zip(recordings).map(|(trace, recording)| self::trace(trace, recording)).collect()
    };
    let document = Document {
        schema: SCHEMA,
        base: traces(answer.base, answer.base_recordings),
        new: traces(answer.new, answer.new_recordings),
        by: diff.by.iter().map(|dimension| dimension.name()).collect(),
        unit: answer.unit.clone(),
        warnings: answer.warnings.clone(),
        verdict: verdict::line(diff),
        tests: diff.tests,
        alpha: diff.options.alpha,
        floor_share: diff.options.floor_share,
        floor_ns: diff.options.floor_ns,
        total: Counts {
            calls: counted(&diff.total, Metric::Calls),
            errors: counted(&diff.total, Metric::Errors),
            wall_ns_total: compared(&diff.total, Metric::Wall),
        },
        rows: answer.rows.iter().map(|row| self::row(answer, row)).collect(),
        unfinished: diff.unfinished.iter().map(unfinished).collect(),
        histogram: answer.histogram.as_ref().map(super::histogram::Histogram::ranges),
        broken: answer.broken.as_ref().map(|broken| {
            let broken = broken.iter().map(|broken| BrokenJson {
                rule: broken.rule().to_owned(),
                key: key(answer, broken.row),
                text: broken.text(diff),
            });
            broken.collect()
        }),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn trace(trace: &Trace, recording: &Recording) -> TraceJson {
    let unfinished =
        |(syscall, calls): &(String, u64)| NamedCalls { syscall: syscall.clone(), calls: *calls };
    TraceJson {
        path: trace.path().display().to_string(),
        complete: trace.integrity().is_whole() && recording.damages.is_empty(),
        calls: recording.calls(),
        units: recording.units,
        unfinished: recording.unfinished.iter().map(unfinished).collect(),
    }
}

fn unfinished(unfinished: &Unfinished) -> UnfinishedJson {
    UnfinishedJson {
        syscall: unfinished.syscall.clone(),
        base_recordings: unfinished.base.clone(),
        new_recordings: unfinished.new.clone(),
        verdict: verdict_name(unfinished.verdict),
    }
}

fn key(answer: &Answer<'_>, row: &Row) -> String {
    let labels: Vec<String> = answer.diff.by.iter().map(|dimension| row.label(*dimension)).collect();
    labels.join(",")
}

fn row(answer: &Answer<'_>, row: &Row) -> RowJson {
    let value = |dimension| match row.key.errno {
        Some(0) if dimension == sysrec_analyzer::metrics::Dimension::Errno => serde_json::Value::Null,
        _ => row.label(dimension).into(),
    };
    let by = answer.diff.by.iter().map(|dimension| (dimension.name().to_owned(), value(*dimension)));
    RowJson {
        key: key(answer, row),
        by: by.collect(),
        presence: presence_name(row.presence),
        changed: row.is_change(),
        calls: counted(row, Metric::Calls),
        errors: counted(row, Metric::Errors),
        wall_ns_total: timed(row, Metric::Wall),
        p50_ns: timed(row, Metric::P50),
        p99_ns: timed(row, Metric::P99),
        max_ns: compared(row, Metric::Max),
    }
}

fn compared(row: &Row, metric: Metric) -> Compared {
    Compared {
        base: row.base_value(metric),
        new: row.new_value(metric),
        change: row.change(metric),
        change_share: row.relative_change(metric),
    }
}

fn timed(row: &Row, metric: Metric) -> Timed {
    let of = |runs: &[Run]| runs.iter().map(|run| run.value(metric)).collect();
    let verdict = row.verdict(metric);
    Timed {
        compared: compared(row, metric),
        base_recordings: of(&row.base),
        new_recordings: of(&row.new),
        ratio_interval: row.ratio_interval(metric),
        verdict: verdict_name(verdict),
        p: verdict_p(verdict),
    }
}

fn counted(row: &Row, metric: Metric) -> Counted {
    let verdict = row.verdict(metric);
    Counted {
        compared: compared(row, metric),
        base_range: row.base_range(metric),
        new_range: row.new_range(metric),
        verdict: verdict_name(verdict),
        p: verdict_p(verdict),
    }
}

/// The word for a verdict.
pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Exact => "exact",
        Verdict::Shown { .. } => "shown",
        Verdict::NotShown { .. } => "not shown",
        Verdict::Unknown => "unknown",
        Verdict::NotTested => "not tested",
    }
}

/// Its p, where there was a test.
pub(super) fn verdict_p(verdict: Verdict) -> Option<f64> {
    match verdict {
        Verdict::Shown { p } => Some(p),
        Verdict::NotShown { p } => p,
        Verdict::Same | Verdict::Exact | Verdict::Unknown | Verdict::NotTested => None,
    }
}

/// The word for where a row is.
pub(super) fn presence_name(presence: Presence) -> &'static str {
    match presence {
        Presence::New => "new",
        Presence::Gone => "gone",
        Presence::Both => "both",
    }
}
