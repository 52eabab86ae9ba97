//! A comparison as CSV: a line for each row and figure, times in nanoseconds, a heading line (RFC 4180).

use sysrec_analyzer::diff::{Metric, Row};

use super::Answer;
use super::json::{presence_name, verdict_name, verdict_p};

/// The rows, or the ranges of the distributions.
pub(super) fn text(answer: &Answer<'_>) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    if let Some(histogram) = &answer.histogram {
        csv.write_record(["from_ns", "to_ns", "base_calls", "new_calls"])?;
        for range in histogram.ranges() {
            csv.write_record(
                [range.from_ns, range.to_ns, range.base_calls, range.new_calls].map(|n| n.to_string()),
            )?;
        }
        return Ok(String::from_utf8(csv.into_inner()?)?);
    }
    let by = answer.diff.by.iter().map(|dimension| dimension.name());
    csv.write_record(by.chain([
        "presence",
        "figure",
        "base",
        "new",
        "change",
        "change_share",
        "verdict",
        "p",
    ]))?;
    for row in &answer.rows {
        let labels: Vec<String> = answer.diff.by.iter().map(|dimension| row.label(*dimension)).collect();
        for metric in Metric::ALL {
            let figures = figures(row, metric);
            csv.write_record(labels.iter().map(String::as_str).chain(figures.iter().map(String::as_str)))?;
        }
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn figures(row: &Row, metric: Metric) -> [String; 8] {
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        presence_name(row.presence).to_owned(),
        metric.name().to_owned(),
        number(row.base_value(metric)),
        number(row.new_value(metric)),
        number(row.change(metric)),
        number(row.relative_change(metric)),
        verdict_name(row.verdict(metric)).to_owned(),
        number(verdict_p(row.verdict(metric))),
    ]
}
