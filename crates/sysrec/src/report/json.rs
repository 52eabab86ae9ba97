//! The report as JSON. `docs/json.md` describes every field; a change that takes a field away or changes its meaning
//! raises the number in [`SCHEMA`].

use std::collections::BTreeMap;

use serde::Serialize;
use sysrec_analyzer::metrics::{Distribution, Who};
use sysrec_analyzer::{Trace, abi_name, call_name, errno_name, error_of};

use super::rows::Figures;
use super::{Answer, QUANTILES, histogram};
use crate::loss_json::LossJson;

const SCHEMA: &str = "sysrec-report/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    traces: Vec<TraceJson>,
    by: Vec<&'static str>,
    total: Total,
    rows: Vec<RowJson>,
    unfinished: Vec<Unfinished<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    histogram: Option<Vec<BucketJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slowest: Option<Vec<SlowJson>>,
}

#[derive(Serialize)]
struct TraceJson {
    path: String,
    complete: bool,
    completeness: &'static str,
    damages: u64,
    losses: Vec<LossJson>,
    backend: Option<String>,
    overhead_ns_per_call: Option<u64>,
    filter: Option<String>,
    calls: u64,
    tasks: u64,
    span_ns: u64,
}

#[derive(Serialize)]
struct Total {
    calls: u64,
    errors: u64,
    unfinished: u64,
    losses: u64,
    wall_ns_total: u64,
    rows: u64,
}

#[derive(Serialize)]
struct RowJson {
    key: String,
    by: KeyJson,
    calls: u64,
    errors: u64,
    errors_by_name: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_bytes: Option<u64>,
    wall_ns_total: u64,
    latency_ns: Latency,
}

#[derive(Serialize)]
struct KeyJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    syscall: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<WhoJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<WhoJson>,
    // Asked for and no error is null; not asked for is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    socket: Option<String>,
    // Asked for and no descriptor is null; not asked for is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    fd: Option<Option<i32>>,
}

#[derive(Serialize)]
struct WhoJson {
    trace: usize,
    id: i32,
    name: String,
}

#[derive(Serialize)]
struct Latency {
    min: u64,
    mean: f64,
    p50: u64,
    p90: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

#[derive(Serialize)]
struct Unfinished<'a> {
    syscall: &'a str,
    calls: u64,
}

#[derive(Serialize)]
struct BucketJson {
    from_ns: u64,
    to_ns: u64,
    calls: u64,
}

#[derive(Serialize)]
struct SlowJson {
    trace: usize,
    start_ns: u64,
    duration_ns: u64,
    pid: i32,
    tid: i32,
    name: String,
    syscall: String,
    abi: String,
    nr: i32,
    // Text, since a double cannot hold every address.
    args: [String; 6],
    ret: i64,
    errno: Option<String>,
    site: String,
}

/// The whole answer, indented, with a line end.
pub(super) fn text(answer: &Answer<'_>) -> anyhow::Result<String> {
    let report = answer.report;
    let traces: Vec<TraceJson> = answer
        .traces
        .iter()
        .zip(&report.damages)
        .map(|(trace, found)| self::trace(trace, found.len()))
        .collect();
    let known = answer.traces.iter().map(|trace| trace.integrity().lost_calls());
    let histogram = answer.histogram.as_ref().map(|_| {
        let buckets = answer.rows.first().map(|row| histogram::buckets(&row.row.latency)).unwrap_or_default();
        let bucket = |b: histogram::Bucket| BucketJson { from_ns: b.from_ns, to_ns: b.to_ns, calls: b.calls };
        buckets.into_iter().map(bucket).collect()
    });
    let document = Document {
        schema: SCHEMA,
        traces,
        by: report.by.iter().map(|dimension| dimension.name()).collect(),
        total: Total {
            calls: report.calls(),
            errors: report.errors(),
            unfinished: report.unfinished_calls(),
            losses: known.fold(answer.damaged_calls(), u64::saturating_add),
            wall_ns_total: clamp(report.wall_ns()),
            rows: report.rows.len() as u64,
        },
        rows: answer.rows.iter().map(row).collect(),
        unfinished: report
            .unfinished
            .iter()
            .map(|(syscall, calls)| Unfinished { syscall, calls: *calls })
            .collect(),
        histogram,
        slowest: answer
            .slowest
            .as_ref()
            .map(|calls| calls.iter().map(|call| self::slow(answer, &call.slow)).collect()),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn clamp(ns: u128) -> u64 {
    u64::try_from(ns).unwrap_or(u64::MAX)
}

fn trace(trace: &Trace, damages_found: usize) -> TraceJson {
    let integrity = trace.integrity();
    TraceJson {
        path: trace.path().display().to_string(),
        complete: integrity.is_whole() && damages_found == 0,
        completeness: crate::info::completeness(integrity.completeness),
        damages: integrity.damages.len() as u64 + integrity.more_damages + damages_found as u64,
        losses: integrity.losses.iter().map(LossJson::from).collect(),
        backend: trace.session().map(|session| session.backend.clone()),
        overhead_ns_per_call: trace.overheads().first().map(|overhead| overhead.call_ns_median),
        filter: trace.session().and_then(|session| session.filter.clone()),
        calls: trace.calls(),
        tasks: trace.tasks().len() as u64,
        span_ns: trace.span_ns(),
    }
}

fn row(figures: &Figures) -> RowJson {
    let (key, latency) = (&figures.row.key, &figures.row.latency);
    let name =
        |name: &Option<Vec<u8>>| name.as_deref().map(|name| String::from_utf8_lossy(name).into_owned());
    RowJson {
        key: figures.labels.join(","),
        by: KeyJson {
            syscall: key.syscall.as_ref().map(ToString::to_string),
            process: key.process.as_ref().map(who),
            thread: key.thread.as_ref().map(who),
            errno: key.errno.map(|errno| (errno != 0).then(|| errno_name(errno).into_owned())),
            abi: key.abi.map(|abi| abi_name(abi).into_owned()),
            file: name(&key.file),
            dir: name(&key.dir),
            socket: name(&key.socket),
            fd: key.fd,
        },
        calls: latency.count(),
        errors: figures.row.errors,
        errors_by_name: figures
            .row
            .errnos
            .iter()
            .map(|(errno, calls)| (errno_name(*errno).into_owned(), *calls))
            .collect(),
        read_bytes: figures.row.transfer.map(|transfer| transfer.read_bytes),
        written_bytes: figures.row.transfer.map(|transfer| transfer.written_bytes),
        wall_ns_total: clamp(latency.sum_ns()),
        latency_ns: self::latency(latency, figures.quantiles_ns),
    }
}

fn who(who: &Who) -> WhoJson {
    WhoJson { trace: who.trace, id: who.id, name: String::from_utf8_lossy(&who.name).into_owned() }
}

fn latency(latency: &Distribution, quantiles_ns: [u64; QUANTILES.len()]) -> Latency {
    let [p50, p90, p99, p999] = quantiles_ns;
    // A tenth of a nanosecond is as fine as anybody needs, and fits into a double.
    let mean = (latency.mean_ns() * 10.0).round() / 10.0;
    Latency { min: latency.min_ns(), mean, p50, p90, p99, p999, max: latency.max_ns() }
}

fn slow(answer: &Answer<'_>, slow: &sysrec_analyzer::metrics::Slow) -> SlowJson {
    let (call, trace) = (&slow.call, &answer.traces[slow.trace]);
    let entry = &call.entry;
    let task = trace.tasks().get(call.task);
    SlowJson {
        trace: slow.trace,
        start_ns: entry.time_ns.saturating_sub(trace.origin_ns()),
        duration_ns: call.duration_ns,
        pid: task.map_or(0, |task| task.pid),
        tid: task.map_or(0, |task| task.tid),
        name: String::from_utf8_lossy(task.map_or(&[], |task| task.name_at(entry.time_ns))).into_owned(),
        syscall: call_name(entry.abi, entry.nr).into_owned(),
        abi: abi_name(entry.abi).into_owned(),
        nr: entry.nr,
        args: entry.args.map(|argument| format!("{argument:#x}")),
        ret: call.ret,
        errno: error_of(entry.abi, entry.nr, call.ret).map(|errno| errno_name(errno).into_owned()),
        site: format!("{:#x}", entry.ip),
    }
}
