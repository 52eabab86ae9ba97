//! The views as CSV: one line a row, times in nanoseconds, a heading line (RFC 4180).

use super::slowest::SlowCall;
use super::{Answer, histogram};

/// The view that was asked for.
pub(super) fn text(answer: &Answer<'_>) -> anyhow::Result<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    match (&answer.slowest, &answer.histogram) {
        (Some(_), _) => slowest(answer, &mut csv)?,
        (None, Some(_)) => buckets(answer, &mut csv)?,
        (None, None) => rows(answer, &mut csv)?,
    }
    Ok(String::from_utf8(csv.into_inner()?)?)
}

fn rows(answer: &Answer<'_>, csv: &mut csv::Writer<Vec<u8>>) -> anyhow::Result<()> {
    let by = answer.report.by.iter().map(|dimension| dimension.name());
    let figures = [
        "calls",
        "errors",
        "wall_ns_total",
        "min_ns",
        "mean_ns",
        "p50_ns",
        "p90_ns",
        "p99_ns",
        "p999_ns",
        "max_ns",
    ];
    let transfers = answer.rows.iter().any(|figures| figures.row.transfer.is_some());
    let bytes: &[&str] = if transfers { &["read_bytes", "written_bytes"] } else { &[] };
    csv.write_record(by.chain(figures).chain(bytes.iter().copied()))?;
    for figures in &answer.rows {
        let latency = &figures.row.latency;
        let mut numbers = vec![
            latency.count().to_string(),
            figures.row.errors.to_string(),
            latency.sum_ns().to_string(),
            latency.min_ns().to_string(),
            format!("{:.1}", latency.mean_ns()),
        ];
        numbers.extend(figures.quantiles_ns.iter().map(u64::to_string));
        numbers.push(latency.max_ns().to_string());
        if let Some(transfer) = figures.row.transfer {
            numbers.extend([transfer.read_bytes, transfer.written_bytes].map(|bytes| bytes.to_string()));
        }
        csv.write_record(figures.labels.iter().chain(&numbers))?;
    }
    Ok(())
}

fn buckets(answer: &Answer<'_>, csv: &mut csv::Writer<Vec<u8>>) -> anyhow::Result<()> {
    csv.write_record(["from_ns", "to_ns", "calls"])?;
    for bucket in answer.rows.first().map(|row| histogram::buckets(&row.row.latency)).unwrap_or_default() {
        csv.write_record([bucket.from_ns, bucket.to_ns, bucket.calls].map(|number| number.to_string()))?;
    }
    Ok(())
}

fn slowest(answer: &Answer<'_>, csv: &mut csv::Writer<Vec<u8>>) -> anyhow::Result<()> {
    csv.write_record(["duration_ns", "start_ns", "pid", "tid", "name", "call", "result", "site", "trace"])?;
    for SlowCall { slow, call: words, result } in answer.slowest.iter().flatten() {
        let (call, trace) = (&slow.call, &answer.traces[slow.trace]);
        let task = trace.tasks().get(call.task);
        csv.write_record([
            call.duration_ns.to_string(),
            call.entry.time_ns.saturating_sub(trace.origin_ns()).to_string(),
            task.map_or(0, |task| task.pid).to_string(),
            task.map_or(0, |task| task.tid).to_string(),
            String::from_utf8_lossy(task.map_or(&[], |task| task.name_at(call.entry.time_ns))).into_owned(),
            words.clone(),
            result.clone(),
            format!("{:#x}", call.entry.ip),
            trace.path().display().to_string(),
        ])?;
    }
    Ok(())
}
