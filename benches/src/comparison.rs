//! Samples to figures: medians, differences to bare, ratios to strace, and the verdict on what is required.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::machine::Machine;
use crate::options::Measured;
use crate::process::Cpus;
use crate::tool::{Capture, NO_SUCH_BACKEND, Tool, Way};
use crate::workload::{self, Kind, Sample, Workload};

/// A call under sysrec adds at most this much of what one under `strace -f -o` adds, both as they come.
pub const ADDED_TO_STRACE_MAX: f64 = 0.35;
/// A call under sysrec adds less than this much of what one under strace adds with all on one CPU.
pub const ADDED_TO_PINNED_STRACE_BELOW: f64 = 1.0;

/// What the inline backend is built for, each measured on [`workload::LOOP`] unless it says otherwise.
pub mod inline {
    /// Nanoseconds that it adds to a call.
    pub const ADDED_NS_MAX: f64 = 100.0;
    /// What it adds, over what `strace -f -o` adds.
    pub const ADDED_TO_STRACE_MAX: f64 = 0.01;
    /// What it adds, over what `perf trace record` adds.
    pub const ADDED_TO_PERF_MAX: f64 = 0.1;
    /// What it adds, over what the eBPF recorder adds.
    pub const ADDED_TO_EBPF_MAX: f64 = 1.0 / 3.0;
    /// The time of a server's request, over that of the bare server.
    pub const SERVER_TO_BARE_MAX: f64 = 1.1;
    /// What it adds to a build, over what `strace -f -o` adds.
    pub const BUILD_ADDED_TO_STRACE_MAX: f64 = 0.5;
}

/// What was measured of one workload.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<Way, Vec<Sample>>);

impl Samples {
    /// Adds a run.
    pub fn push(&mut self, way: Way, sample: Sample) {
        self.0.entry(way).or_default().push(sample);
    }

    pub(crate) fn of(&self, tool: Tool, cpus: Cpus) -> &[Sample] {
        self.0.get(&Way { tool, cpus }).map_or(&[], Vec::as_slice)
    }

    /// The calls of one run: strace's count, or that of sysrec by ptrace where there is no strace.
    fn counted(&self) -> Option<u64> {
        let of = |tool| self.of(tool, Cpus::All).first().and_then(|sample| sample.counted);
        [Tool::StraceCount, Tool::Ptrace, Tool::PtraceCapture(Capture::None)].into_iter().find_map(of)
    }

    fn call_ns(&self, way: Way) -> Vec<f64> {
        let counted = self.counted();
        let samples = self.of(way.tool, way.cpus).iter();
        samples.filter_map(|s| Some(s.inside_ns / s.inside_calls.or(counted)? as f64)).collect()
    }

    pub(crate) fn call_ns_median(&self, tool: Tool, cpus: Cpus) -> Option<f64> {
        median(&self.call_ns(Way { tool, cpus }))
    }

    /// The calls of one run under this tool: a fast one gets a longer loop than the others.
    fn calls(&self, way: Way) -> Option<u64> {
        let inside = self.of(way.tool, way.cpus).first().and_then(|sample| sample.inside_calls);
        if way.tool.is_fast() { inside.or(self.counted()) } else { self.counted() }
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
    /// What is added over what `perf trace record` adds.
    pub added_to_perf: Option<f64>,
    /// What is added over what the eBPF recorder adds.
    pub added_to_ebpf: Option<f64>,
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
    /// Of these samples; `ways` are the rows of each workload, `skips` the tools that cannot be used, with the reason.
    pub fn new(
        machine: Machine,
        rounds: usize,
        ways: &[Way],
        measured: &[(Workload, Samples)],
        skips: &BTreeMap<Tool, String>,
    ) -> Comparison {
        let mut comparison = Comparison { machine, rounds, rows: Vec::new(), starts: Vec::new() };
        for (workload, samples) in measured {
            for &way in ways {
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
                "added / eBPF",
                "bytes a call",
            ],
        );
        for row in &self.rows {
            let call = match &row.skip {
                // A long reason would make the column as wide.
                Some(reason) if reason.len() > 20 => "SKIP".to_owned(),
                Some(reason) => format!("SKIP: {reason}"),
                None => number(row.call_ns.map(|ns| ns / 1e3), 3),
            };
            table.add_row([
                row.workload.to_owned(),
                row.tool.clone(),
                row.calls.filter(|_| row.skip.is_none()).map_or_else(String::new, |calls| calls.to_string()),
                call,
                number(row.added_ns.map(|ns| ns / 1e3), 3),
                number(row.to_bare, 1),
                ratio(row.added_to_strace),
                ratio(row.added_to_pinned_strace),
                ratio(row.added_to_ebpf),
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
        let of = |tool: Tool| {
            let name = Way { tool, cpus: Cpus::All }.name();
            self.rows.iter().filter(move |row| row.tool == name)
        };
        let mut broken = Vec::new();
        for row in of(Tool::Ptrace) {
            if let Some(reason) = &row.skip {
                broken.push(format!("{}: not measured: {reason}", row.workload));
                continue;
            }
            let mut demand = Demand { row, broken: &mut broken };
            demand.at_most(row.added_to_strace, ADDED_TO_STRACE_MAX, "of what strace -f -o adds");
            demand.below(
                row.added_to_pinned_strace,
                ADDED_TO_PINNED_STRACE_BELOW,
                "of what strace -f -o adds on one CPU",
            );
        }
        for row in of(Tool::Inline) {
            match row.skip.as_deref() {
                // Nobody promised it.
                Some(NO_SUCH_BACKEND) => continue,
                Some(reason) => {
                    broken.push(format!("{}: not measured: {reason}", row.workload));
                    continue;
                }
                None => {}
            }
            let mut demand = Demand { row, broken: &mut broken };
            if row.workload == workload::LOOP {
                demand.at_most(row.added_ns, inline::ADDED_NS_MAX, "ns a call");
                demand.at_most(row.added_to_strace, inline::ADDED_TO_STRACE_MAX, "of what strace -f -o adds");
                demand.at_most(
                    row.added_to_perf,
                    inline::ADDED_TO_PERF_MAX,
                    "of what perf trace record adds",
                );
                demand.at_most(
                    row.added_to_ebpf,
                    inline::ADDED_TO_EBPF_MAX,
                    "of what the eBPF recorder adds",
                );
            }
            if row.workload.starts_with(workload::SERVER) {
                demand.at_most(row.to_bare, inline::SERVER_TO_BARE_MAX, "of the bare time in all");
            }
            if row.workload == workload::BUILD {
                let limit = inline::BUILD_ADDED_TO_STRACE_MAX;
                demand.at_most(row.added_to_strace, limit, "of what strace -f -o adds");
            }
        }
        broken
    }
}

/// Requirements of one row; those that do not hold are said.
struct Demand<'a> {
    row: &'a Row,
    broken: &'a mut Vec<String>,
}

impl Demand<'_> {
    fn at_most(&mut self, value: Option<f64>, limit: f64, what: &str) {
        self.holds(value, |value| value <= limit, &format!("{what}; at most {limit:.2} is required"));
    }

    fn below(&mut self, value: Option<f64>, limit: f64, what: &str) {
        self.holds(value, |value| value < limit, &format!("{what}; less than {limit:.2} is required"));
    }

    fn holds(&mut self, value: Option<f64>, holds: impl Fn(f64) -> bool, limit: &str) {
        let Row { workload, tool, .. } = self.row;
        match value {
            Some(value) if holds(value) => {}
            Some(value) => self.broken.push(format!("{workload}: {tool} adds {value:.2} {limit}")),
            None => self.broken.push(format!("{workload}: nothing to compare {tool} with: {limit}")),
        }
    }
}

fn row(workload: &'static str, samples: &Samples, way: Way, skip: Option<&String>) -> Row {
    let calls = samples.calls(way);
    let each = samples.call_ns(way);
    let call_ns = median(&each);
    let bare_ns = samples.call_ns_median(Tool::Bare, way.cpus);
    let recorded = way.tool != Tool::Bare;
    let added_ns = call_ns.zip(bare_ns).filter(|_| recorded).map(|(call, bare)| call - bare);
    // On a machine that is busy with something else, noise can be all there is; no ratio is better than a wrong one.
    let strace_ns = |cpus| samples.added_ns(Tool::Strace, cpus).filter(|added| *added > 0.0);
    let to = |cpus| Some(added_ns? / strace_ns(cpus)?);
    let over = |tool| {
        let added = samples.added_ns(tool, Cpus::All).filter(|added| *added > 0.0);
        Some(added_ns? / added?)
    };
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
        added_to_perf: over(Tool::PerfTrace),
        added_to_ebpf: over(Tool::Ebpf),
        bytes_per_call: bytes.zip(calls).map(|(bytes, calls)| bytes / calls as f64),
    }
}

/// A table whose columns past the first words are right-aligned.
pub fn new_table(markdown: bool, header: &[&str]) -> Table {
    let mut table = Table::new();
    let preset = if markdown { presets::ASCII_MARKDOWN } else { presets::NOTHING };
    table.load_preset(preset).set_header(header.iter().copied());
    for (index, name) in header.iter().enumerate() {
        if index > 0 && !matches!(*name, "recorded by" | "backend") {
            table.column_mut(index).expect("a column of the header").set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

pub(crate) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}

/// Two decimals, or as many as tell a small one from nothing.
fn ratio(value: Option<f64>) -> String {
    number(value, if value.is_some_and(|value| value.abs() < 0.05) { 4 } else { 2 })
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

    /// In the order of [`Way::ALL`].
    fn compare_all(times: [f64; 11], workload: &'static str) -> Comparison {
        let all = samples(&Way::ALL.into_iter().zip(times).collect::<Vec<_>>());
        let workload = Workload { name: workload, kind: Kind::Loop { calls: 100 } };
        Comparison::new(machine(), 3, &Way::ALL, &[(workload, all)], &BTreeMap::new())
    }

    fn times(inline_ns: f64, ptrace_ns: f64) -> [f64; 11] {
        let others = [20_100.0, 15_000.0, 1_100.0, 400.0, 100.0, 160.0, 4_000.0, 10_100.0];
        let mut times = [100.0; 11];
        times[1..3].copy_from_slice(&[inline_ns, ptrace_ns]);
        times[3..].copy_from_slice(&others);
        times
    }

    fn compare(ptrace_ns: f64) -> Comparison {
        compare_all(times(160.0, ptrace_ns), workload::LOOP)
    }

    #[test]
    fn figures_are_medians_and_differences_to_bare_on_the_same_cpus() {
        let comparison = compare(5_100.0);
        let row = &comparison.rows[2];
        assert_eq!((row.call_ns, row.added_ns, row.to_bare), (Some(5_100.0), Some(5_000.0), Some(51.0)));
        assert_eq!((row.added_to_strace, row.added_to_pinned_strace), (Some(0.25), Some(0.5)));
        assert_eq!((row.calls, row.bytes_per_call), (Some(100), Some(7.0)));
        assert_eq!(comparison.rows[9].added_ns, Some(3_900.0));
        assert_eq!(comparison.rows[4].bytes_per_call, None);
        let inline = &comparison.rows[1];
        assert_eq!(
            (inline.added_ns, inline.added_to_perf, inline.added_to_ebpf),
            (Some(60.0), Some(0.06), Some(0.2))
        );
        let text = comparison.render(true);
        assert!(text.contains("| getppid loop | sysrec --backend ptrace "), "{text}");
    }

    #[test]
    fn the_verdict_knows_its_limits() {
        assert_eq!(compare(100.0 + 0.35 * 20_000.0).broken(), Vec::<String>::new());
        assert_eq!(compare(7_200.0).broken().len(), 1);
        assert_eq!(compare(10_101.0).broken().len(), 2);
    }

    #[test]
    fn the_verdict_knows_the_limits_of_inline() {
        let broken = |ns, workload| compare_all(times(ns, 5_100.0), workload).broken().len();
        assert_eq!([200.0, 200.5, 300.5].map(|ns| broken(ns, workload::LOOP)), [0, 3, 4]);
        assert_eq!([109.0, 111.0].map(|ns| broken(ns, "server, threads")), [0, 1]);
        assert_eq!([10_000.0, 10_200.0].map(|ns| broken(ns, workload::BUILD)), [0, 1]);
    }

    #[test]
    fn what_was_not_measured_is_broken_and_skipped() {
        let bare = samples(&[(Way::ALL[0], 100.0)]);
        let workload = Workload { name: workload::LOOP, kind: Kind::Loop { calls: 100 } };
        let skips = |inline: &str| {
            [(Tool::Strace, "not installed".to_owned()), (Tool::Inline, inline.to_owned())].into()
        };
        let both = [(workload.clone(), bare.clone())];
        let without = Comparison::new(machine(), 3, &Way::ALL, &both, &skips(NO_SUCH_BACKEND));
        assert!(without.render(false).contains("SKIP: not installed"));
        assert_eq!(without.broken().len(), 2);
        let failing = Comparison::new(machine(), 3, &Way::ALL, &[(workload, bare)], &skips("it fails"));
        assert_eq!(failing.broken().len(), 3);
    }

    #[test]
    fn strace_that_seems_to_add_nothing_is_no_measure() {
        let mut times = times(160.0, 5_100.0);
        times[3] = 90.0;
        let comparison = compare_all(times, "loop");
        assert_eq!(comparison.rows[2].added_to_strace, None);
        assert_eq!(comparison.rows[2].added_to_pinned_strace, Some(0.5));
        assert_eq!(comparison.broken().len(), 1);
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
