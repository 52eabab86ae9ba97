//! What was found as JSON. `docs/json.md` describes every field; a change that takes a field away or changes its meaning
//! raises the number in [`SCHEMA`].

use serde::Serialize;
use sysrec_analyzer::Loss;
use sysrec_format::damage::Damage;

use super::Findings;
use crate::loss_json::LossJson;
use crate::rings::RingsJson;

const SCHEMA: &str = "sysrec-verify/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    path: String,
    whole: bool,
    completeness: &'static str,
    bytes: u64,
    damages: Vec<DamageJson<'a>>,
    more_damages: u64,
    contradictions: &'a [String],
    losses: u64,
    loss_reasons: Vec<TimedLossJson>,
    rings: Option<RingsJson>,
    readable: ReadableJson,
}

#[derive(Serialize)]
struct DamageJson<'a> {
    offset: u64,
    bytes: u64,
    kind: Option<String>,
    task: Option<u32>,
    pid: Option<i32>,
    tid: Option<i32>,
    first_ns: Option<u64>,
    last_ns: Option<u64>,
    calls: Option<u64>,
    what: &'a str,
}

#[derive(Serialize)]
struct TimedLossJson {
    #[serde(flatten)]
    loss: LossJson,
    first_ns: u64,
    last_ns: u64,
}

#[derive(Serialize)]
struct ReadableJson {
    calls: u64,
    events: u64,
    chunks: usize,
    tasks: usize,
    span_ns: u64,
}

/// The whole document, indented, with a line end.
pub(super) fn text(findings: &Findings<'_>) -> anyhow::Result<String> {
    let (trace, integrity) = (findings.trace, findings.trace.integrity());
    let relative = |time_ns: u64| time_ns.saturating_sub(trace.origin_ns());
    let damage = |damage: &'_ Damage| {
        let task = damage.task.and_then(|task| trace.tasks().get(task)).filter(|task| task.origin.is_some());
        (task.map(|task| task.pid), task.map(|task| task.tid))
    };
    let damages = findings.damages.iter().map(|found| {
        let (pid, tid) = damage(found);
        DamageJson {
            offset: found.offset,
            bytes: found.bytes,
            kind: found.kind.map(|kind| kind.name().map_or_else(|| kind.0.to_string(), ToOwned::to_owned)),
            task: found.task.map(|task| task.0),
            pid,
            tid,
            first_ns: found.first_ns.map(relative),
            last_ns: found.last_ns.map(relative),
            calls: found.calls,
            what: &found.what,
        }
    });
    let loss = |loss: &Loss| TimedLossJson {
        loss: loss.into(),
        first_ns: relative(loss.first_ns),
        last_ns: relative(loss.last_ns),
    };
    let document = Document {
        schema: SCHEMA,
        path: trace.path().display().to_string(),
        whole: findings.is_whole(),
        completeness: crate::info::completeness(integrity.completeness),
        bytes: trace.layout().file_bytes(),
        damages: damages.collect(),
        more_damages: findings.more_damages,
        contradictions: &findings.contradictions,
        losses: integrity.losses.iter().fold(0, |sum: u64, loss| sum.saturating_add(loss.calls)),
        loss_reasons: integrity.losses.iter().map(loss).collect(),
        rings: integrity.rings.as_ref().map(RingsJson::from),
        readable: ReadableJson {
            calls: findings.readable.calls,
            events: findings.readable.events,
            chunks: findings.readable.chunks,
            tasks: trace.tasks().len(),
            span_ns: trace.span_ns(),
        },
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
