//! Samples to figures: medians, differences to bare, ratios to strace, and the verdict on what is required.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::machine::Machine;
use crate::options::Measured;
use crate::process::Cpus;
use crate::tool::{Tool, Way};
use crate::workload::{Kind, Sample, Workload};

/// A call under sysrec adds at most this much of what one under `strace -f -o` adds, both as they come.
pub const ADDED_TO_STRACE_MAX: f64 = 0.35;
/// A call under sysrec adds less than this much of what one under strace adds with all on one CPU.
pub const ADDED_TO_PINNED_STRACE_BELOW: f64 = 1.0;

/// What was measured of one workload.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<Way, Vec<Sample>>);

impl Samples {
    /// Adds a run.
    pub fn push(&mut self, way: Way, sample: Sample) {
        self.0.entry(way).or_default().push(sample);
    }

    fn of(&self, tool: Tool, cpus: Cpus) -> &[Sample] {
        self.0.get(&Way { tool, cpus }).map_or(&[], Vec::as_slice)
    }

    /// The calls of one run: strace's count, or sysrec's where there is no strace.
    fn counted(&self) -> Option<u64> {
        let of = |tool| self.of(tool, Cpus::All).first().and_then(|sample| sample.counted);
        of(Tool::StraceCount).or_else(|| of(Tool::Sysrec))
    }

    fn call_ns(&self, way: Way) -> Vec<f64> {
        let counted = self.counted();
        let samples = self.of(way.tool, way.cpus).iter();
        samples.filter_map(|s| Some(s.inside_ns / s.inside_calls.or(counted)? as f64)).collect()
    }

    fn call_ns_median(&self, tool: Tool, cpus: Cpus) -> Option<f64> {
        median(&self.call_ns(Way { tool, cpus }))
    }

    fn added_ns(&self, tool: Tool, cpus: Cpus) -> Option<f64> {
        Some(self.call_ns_median(tool, cpus)? - self.call_ns_median(Tool::Bare, cpus)?)
    }
}

/// One workload under one tool. Times are medians over the rounds, differences and ratios those of medians.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// [`Workload::name`].
    pub workload: &'static str,
    /// [`Way::name`].
    pub tool: String,
    /// Why there are no figures.
    pub skip: Option<String>,
    /// Calls of one run.
    pub calls: Option<u64>,
    /// Wall time per call.
    pub call_ns: Option<f64>,
    /// The smallest of all rounds.
    pub call_ns_min: Option<f64>,
    /// The largest of all rounds.
    pub call_ns_max: Option<f64>,
    /// What the tool adds to a call: the difference to bare on the same CPUs.
    pub added_ns: Option<f64>,
    /// Time per call over that of bare.
    pub to_bare: Option<f64>,
    /// What is added over what `strace -f -o` adds, as they come.
    pub added_to_strace: Option<f64>,
    /// What is added over what `strace -f -o` adds with everything on one CPU.
    pub added_to_pinned_strace: Option<f64>,
    /// Size of the output over the number of calls.
    pub bytes_per_call: Option<f64>,
}

/// What it costs to start and end a tool: the wall time of `true` under it, median.
#[derive(Clone, Debug, Serialize)]
pub struct StartRow {
    /// [`Way::name`].
    pub tool: String,
    /// Milliseconds.
    pub wall_ms: f64,
}

/// The whole result.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Where.
    pub machine: Machine,
    /// How often each was run.
    pub rounds: usize,
    /// One for each workload and way.
    pub rows: Vec<Row>,
    /// One for each way.
    pub starts: Vec<StartRow>,
}

impl Comparison {
    /// Of these samples; `skips` are the tools that cannot be used, with the reason.
    pub fn new(
        machine: Machine,
        rounds: usize,
        measured: &[(Workload, Samples)],
        skips: &BTreeMap<Tool, String>,
    ) -> Comparison {
        let mut comparison = Comparison { machine, rounds, rows: Vec::new(), starts: Vec::new() };
        for (workload, samples) in measured {
            for way in Way::ALL {
                if workload.kind == Kind::Start {
                    let walls: Vec<_> =
                        samples.of(way.tool, way.cpus).iter().map(|s| s.inside_ns / 1e6).collect();
                    let wall_ms = median(&walls);
                    comparison.starts.extend(wall_ms.map(|wall_ms| StartRow { tool: way.name(), wall_ms }));
                } else {
                    comparison.rows.push(row(workload.name, samples, way, skips.get(&way.tool)));
                }
            }
        }
        comparison
    }
}

impl Measured for Comparison {
    fn render(&self, markdown: bool) -> String {
        let mut table = new_table(
            markdown,
            &[
                "workload",
                "recorded by",
                "calls",
                "µs a call",
                "added µs",
                "× bare",
                "added / strace",
                "added / strace, one CPU",
                "bytes a call",
            ],
        );
        for row in &self.rows {
            let call = match &row.skip {
                // A long reason would make the column as wide.
                Some(reason) if reason.len() > 20 => "SKIP".to_owned(),
                Some(reason) => format!("SKIP: {reason}"),
                None => number(row.call_ns.map(|ns| ns / 1e3), 2),
            };
            table.add_row([
                row.workload.to_owned(),
                row.tool.clone(),
                row.calls.filter(|_| row.skip.is_none()).map_or_else(String::new, |calls| calls.to_string()),
                call,
                number(row.added_ns.map(|ns| ns / 1e3), 2),
                number(row.to_bare, 1),
                number(row.added_to_strace, 2),
                number(row.added_to_pinned_strace, 2),
                number(row.bytes_per_call, 1),
            ]);
        }
        let mut starts = new_table(markdown, &["start and end: `true` under", "ms"]);
        for start in &self.starts {
            starts.add_row([start.tool.clone(), number(Some(start.wall_ms), 1)]);
        }
        let rounds = format!("Medians of {} interleaved rounds. {}", self.rounds, self.machine.describe());
        format!("{table}\n\n{starts}\n\n{rounds}\n")
    }

    fn broken(&self) -> Vec<String> {
        let sysrec = Way { tool: Tool::Sysrec, cpus: Cpus::All }.name();
        let mut broken = Vec::new();
        for row in self.rows.iter().filter(|row| row.tool == sysrec) {
            if let Some(reason) = &row.skip {
                broken.push(format!("{}: not measured: {reason}", row.workload));
                continue;
            }
            let mut demand = |ratio: Option<f64>, holds: fn(f64) -> bool, limit: String| match ratio {
                Some(ratio) if holds(ratio) => {}
                Some(ratio) => broken.push(format!("{}: sysrec adds {ratio:.2} of {limit}", row.workload)),
                None => broken.push(format!("{}: nothing to compare with: {limit}", row.workload)),
            };
            demand(
                row.added_to_strace,
                |ratio| ratio <= ADDED_TO_STRACE_MAX,
                format!("what strace -f -o adds; at most {ADDED_TO_STRACE_MAX} is required"),
            );
            demand(
                row.added_to_pinned_strace,
                |ratio| ratio < ADDED_TO_PINNED_STRACE_BELOW,
                format!(
                    "what strace -f -o adds on one CPU; less than {ADDED_TO_PINNED_STRACE_BELOW} is required"
                ),
            );
        }
        broken
    }
}

fn row(workload: &'static str, samples: &Samples, way: Way, skip: Option<&String>) -> Row {
    let calls = samples.counted();
    let each = samples.call_ns(way);
    let call_ns = median(&each);
    let bare_ns = samples.call_ns_median(Tool::Bare, way.cpus);
    let recorded = way.tool != Tool::Bare;
    let added_ns = call_ns.zip(bare_ns).filter(|_| recorded).map(|(call, bare)| call - bare);
    // On a machine that is busy with something else, noise can be all there is; no ratio is better than a wrong one.
    let strace_ns = |cpus| samples.added_ns(Tool::Strace, cpus).filter(|added| *added > 0.0);
    let to = |cpus| Some(added_ns? / strace_ns(cpus)?);
    let outputs: Vec<_> = samples.of(way.tool, way.cpus).iter().map(|s| s.output_bytes as f64).collect();
    let bytes = median(&outputs).filter(|_| way.tool.keeps_calls());
    Row {
        workload,
        tool: way.name(),
        skip: skip.cloned(),
        calls,
        call_ns,
        call_ns_min: each.iter().copied().reduce(f64::min),
        call_ns_max: each.iter().copied().reduce(f64::max),
        added_ns,
        to_bare: call_ns.zip(bare_ns).filter(|_| recorded).map(|(call, bare)| call / bare),
        added_to_strace: to(Cpus::All),
        added_to_pinned_strace: to(Cpus::One),
        bytes_per_call: bytes.zip(calls).map(|(bytes, calls)| bytes / calls as f64),
    }
}

/// A table whose columns past the first words are right-aligned.
pub fn new_table(markdown: bool, header: &[&str]) -> Table {
    let mut table = Table::new();
    let preset = if markdown { presets::ASCII_MARKDOWN } else { presets::NOTHING };
    table.load_preset(preset).set_header(header.iter().copied());
    for (index, name) in header.iter().enumerate() {
        if index > 0 && *name != "recorded by" {
            table.column_mut(index).expect("a column of the header").set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

/// The middle one, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine::this("/nonexistent".as_ref())
    }

    /// 100 calls that take these nanoseconds each.
    fn samples(call_ns: &[(Way, f64)]) -> Samples {
        let mut samples = Samples::default();
        for &(way, call_ns) in call_ns {
            let counted = (way.tool == Tool::StraceCount).then_some(100);
            for noise in [-1.0, 50.0, 0.0] {
                let inside_ns = (call_ns + noise) * 100.0;
                samples.push(way, Sample { inside_ns, inside_calls: None, output_bytes: 700, counted });
            }
        }
        samples
    }

    fn compare(sysrec_ns: f64) -> Comparison {
        let times = [100.0, sysrec_ns, 20_100.0, 15_000.0, 1_000.0, 100.0, 4_000.0, 10_100.0];
        let all = samples(&Way::ALL.into_iter().zip(times).collect::<Vec<_>>());
        let workload = Workload { name: "loop", kind: Kind::Loop { calls: 100 } };
        Comparison::new(machine(), 3, &[(workload, all)], &BTreeMap::new())
    }

    #[test]
    fn figures_are_medians_and_differences_to_bare_on_the_same_cpus() {
        let comparison = compare(5_100.0);
        let row = &comparison.rows[1];
        assert_eq!((row.call_ns, row.added_ns, row.to_bare), (Some(5_100.0), Some(5_000.0), Some(51.0)));
        assert_eq!((row.added_to_strace, row.added_to_pinned_strace), (Some(0.25), Some(0.5)));
        assert_eq!((row.calls, row.bytes_per_call), (Some(100), Some(7.0)));
        assert_eq!(comparison.rows[6].added_ns, Some(3_900.0));
        assert_eq!(comparison.rows[3].bytes_per_call, None);
        assert!(
            comparison.render(true).contains("| loop     | sysrec record "),
            "{}",
            comparison.render(true)
        );
    }

    #[test]
    fn the_verdict_knows_its_limits() {
        assert_eq!(compare(100.0 + 0.35 * 20_000.0).broken(), Vec::<String>::new());
        assert_eq!(compare(7_200.0).broken().len(), 1);
        assert_eq!(compare(10_101.0).broken().len(), 2);
    }

    #[test]
    fn what_was_not_measured_is_broken_and_skipped() {
        let bare = samples(&[(Way::ALL[0], 100.0)]);
        let workload = Workload { name: "loop", kind: Kind::Loop { calls: 100 } };
        let skips = [(Tool::Strace, "not installed".to_owned())].into();
        let comparison = Comparison::new(machine(), 3, &[(workload, bare)], &skips);
        assert!(comparison.render(false).contains("SKIP: not installed"));
        assert_eq!(comparison.broken().len(), 2);
    }

    #[test]
    fn strace_that_seems_to_add_nothing_is_no_measure() {
        let times = [100.0, 5_100.0, 90.0, 15_000.0, 1_000.0, 100.0, 4_000.0, 10_100.0];
        let all = samples(&Way::ALL.into_iter().zip(times).collect::<Vec<_>>());
        let workload = Workload { name: "loop", kind: Kind::Loop { calls: 100 } };
        let comparison = Comparison::new(machine(), 3, &[(workload, all)], &BTreeMap::new());
        assert_eq!(comparison.rows[1].added_to_strace, None);
        assert_eq!(comparison.rows[1].added_to_pinned_strace, Some(0.5));
        assert_eq!(comparison.broken().len(), 1);
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
