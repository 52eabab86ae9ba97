//! What every view ends with: what its figures rest on, and what they cannot show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sysrec_analyzer::{Trace, loss_reason_name};
use sysrec_format::layout::Completeness;

use crate::screen::{QUIET, styled};
use crate::table::wrap;
use crate::text::{count, counted, duration, printable};

/// Names of calls that did not return which are listed.
const UNFINISHED_NAMED: usize = 4;
/// Reasons for recording a task in another way which are listed.
const REASONS_NAMED: usize = 4;
/// Traces that are described one by one.
const TRACES_NAMED: usize = 8;

/// What a view took from its traces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    /// Finished calls that were shown or counted.
    pub(crate) calls: u64,
    /// Calls that did not return, by name.
    pub(crate) unfinished: Vec<(String, u64)>,
    /// Whether options left calls out.
    pub(crate) selected: bool,
    /// Calls in chunks that could not be read, beyond what opening the traces had found.
    pub(crate) damaged_calls: u64,
}

/// The lines under a view, for a terminal of so many columns or of any width.
pub(crate) fn text(traces: &[Trace], taken: &Taken, width: Option<usize>) -> String {
    let width = width.unwrap_or(usize::MAX);
    let mut lines = vec![scope(traces, taken)];
    lines.extend(completeness(traces, taken));
    lines.extend(cost(traces));
    lines.extend(mechanisms(traces));
    lines.push(unseen(traces));
    lines.iter().fold(String::new(), |text, line| text + &styled(QUIET, &wrap(line, width)) + "\n")
}

/// How many calls, of whom, over what time.
fn scope(traces: &[Trace], taken: &Taken) -> String {
    let mut line = counted(taken.calls, "call", "calls");
    let all: u64 = traces.iter().map(Trace::calls).sum();
    if taken.selected && taken.calls < all {
        _ = write!(line, " selected from {}", count(all));
    }
    let tasks: usize = traces.iter().map(|trace| trace.tasks().len()).sum();
    let processes: usize = traces.iter().map(|trace| trace.tasks().processes().count()).sum();
    _ = write!(line, " of {}", counted(processes as u64, "process", "processes"));
    if tasks > processes {
        _ = write!(line, " ({})", counted(tasks as u64, "thread", "threads"));
    }
    let span: u64 = traces.iter().map(Trace::span_ns).fold(0, u64::saturating_add);
    _ = write!(line, " in {}", duration(span));
    if traces.len() > 1 {
        _ = write!(line, ", from {} traces", traces.len());
    }
    let unfinished: u64 = taken.unfinished.iter().map(|(_, calls)| calls).sum();
    if unfinished > 0 {
        let named = taken.unfinished.iter().take(UNFINISHED_NAMED);
        let mut names: Vec<String> = named.map(|(name, calls)| format!("{name} {}", count(*calls))).collect();
        if taken.unfinished.len() > UNFINISHED_NAMED {
            names.push("…".to_owned());
        }
        _ = write!(line, "; {} more did not return ({})", count(unfinished), names.join(", "));
    }
    line + "."
}

/// Whether anything is missing; one line if nothing is, else one for each trace that lacks something.
fn completeness(traces: &[Trace], taken: &Taken) -> Vec<String> {
    let mut lines: Vec<String> =
        traces.iter().filter(|trace| !trace.integrity().is_whole()).map(incomplete).collect();
    if lines.len() > TRACES_NAMED {
        let rest = lines.split_off(TRACES_NAMED).len();
        lines.push(format!("{rest} more traces are not whole."));
    }
    if taken.damaged_calls > 0 {
        lines.push(format!(
            "{} in damaged chunks are missing.",
            counted(taken.damaged_calls, "call", "calls")
        ));
    }
    if lines.is_empty() {
        lines.push("Complete: nothing lost, nothing damaged.".to_owned());
    }
    lines
}

fn incomplete(trace: &Trace) -> String {
    let integrity = trace.integrity();
    let mut parts = vec![
        match integrity.completeness {
            Completeness::Complete => "closed properly",
            Completeness::StoppedEarly => "ended early",
            Completeness::Unfinished => "not closed; what came after its last moment is not known",
        }
        .to_owned(),
    ];
    parts.extend(integrity.rings.as_ref().map(crate::rings::words));
    for loss in &integrity.losses {
        let calls = match (loss.calls, loss.counted) {
            (0, _) => "an unknown number of calls".to_owned(),
            (calls, true) => counted(calls, "call", "calls"),
            (calls, false) => format!("at least {}", counted(calls, "call", "calls")),
        };
        parts.push(format!("{calls} lost: {}", loss_reason_name(loss.reason)));
    }
    let damages = integrity.damages.len() as u64 + integrity.more_damages;
    if damages > 0 {
        let calls: u64 =
            integrity.damages.iter().filter_map(|damage| damage.calls).fold(0, u64::saturating_add);
        let unknown =
            integrity.more_damages > 0 || integrity.damages.iter().any(|damage| damage.calls.is_none());
        let calls = match (calls, unknown) {
            (0, true) => "an unknown number of calls".to_owned(),
            (calls, true) => format!("at least {}", counted(calls, "call", "calls")),
            (calls, false) => counted(calls, "call", "calls"),
        };
        parts.push(format!("{} with {calls}", counted(damages, "damaged part", "damaged parts")));
    }
    format!("{}: {}.", printable(trace.path().as_os_str().as_encoded_bytes()), parts.join("; "))
}

/// What the recording itself cost; the same line only once.
fn cost(traces: &[Trace]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for trace in traces {
        let Some(session) = trace.session() else { continue };
        let backend = printable(session.backend.as_bytes());
        let line = match trace.overheads() {
            [] => format!("Recorded by {backend}; its cost was not measured."),
            [usual, rest @ ..] => {
                let at_stops = rest.last().map_or(String::new(), |stopped| {
                    let [whole, inside] = [stopped.call_ns_median, stopped.inside_ns_median].map(duration);
                    format!("; where a call stopped, {whole}, {inside} of it inside")
                });
                format!(
                    "Recorded by {backend}, which cost about {} a call, {} of it inside the times above{at_stops}.",
                    duration(usual.call_ns_median),
                    duration(usual.inside_ns_median)
                )
            }
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.truncate(TRACES_NAMED);
    lines
}

/// How many tasks were recorded in another way than by the session's backend, and why.
fn mechanisms(traces: &[Trace]) -> Option<String> {
    let tasks: u64 = traces.iter().map(Trace::tasks_recorded_otherwise).sum();
    if tasks == 0 {
        return None;
    }
    let (mut names, mut reasons) = (BTreeSet::new(), BTreeMap::<String, u64>::new());
    for trace in traces {
        let backend = trace.session().map(|session| session.backend.as_bytes());
        for way in trace.mechanisms().into_iter().filter(|way| backend.is_some_and(|name| way.name != name)) {
            names.insert(printable(&way.name));
            if !way.reason.is_empty() {
                *reasons.entry(printable(&way.reason)).or_default() += way.tasks;
            }
        }
    }
    let mut reasons: Vec<(String, u64)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, tasks)| std::cmp::Reverse(*tasks));
    let is_whole_reason = matches!(reasons.as_slice(), [(_, of)] if *of == tasks);
    let named = reasons.iter().take(REASONS_NAMED).map(|(reason, of)| match is_whole_reason {
        true => reason.clone(),
        false => format!("{reason} ({})", count(*of)),
    });
    let more = (reasons.len() > REASONS_NAMED).then(|| "…".to_owned());
    let why: Vec<String> = named.chain(more).collect();
    let all: usize = traces.iter().map(|trace| trace.tasks().len()).sum();
    let names: Vec<String> = names.into_iter().collect();
    Some(format!(
        "{} of {} {} recorded by {}{}{}.",
        count(tasks),
        counted(all as u64, "task", "tasks"),
        if tasks == 1 { "was" } else { "were" },
        names.join(" and "),
        if why.is_empty() { "" } else { ": " },
        why.join(", ")
    ))
}

/// What tracing system calls cannot see.
fn unseen(traces: &[Trace]) -> String {
    let mut line =
        "Not seen: work done by io_uring, and calls that the vDSO answers (clock_gettime)".to_owned();
    let mut filters: Vec<&str> =
        traces.iter().filter_map(Trace::session).filter_map(|session| session.filter.as_deref()).collect();
    filters.sort_unstable();
    filters.dedup();
    match filters.as_slice() {
        [] => {}
        [filter] => {
            _ = write!(
                line,
                "; calls outside of '{}', left out while recording",
                printable(filter.as_bytes())
            )
        }
        _ => line.push_str("; calls that filters left out while recording"),
    }
    line + "."
}
