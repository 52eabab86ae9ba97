//! One task that makes calls as fast as it can, and a recorder that has to keep up: on a CPU of its own, and on the same.
//! Nothing may be missing from the trace, however long the task has to wait for room in its ring.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use serde::Serialize;
use sysrec_benches::comparison::{median, new_table};
use sysrec_benches::machine::Machine;
use sysrec_benches::options::{CommonArgs, Measured};
use sysrec_benches::process::{self, Cpus};
use sysrec_benches::recorded::guest;
use sysrec_benches::reported::Report;
use sysrec_benches::tool::{Tool, Toolbox, Way};
use sysrec_benches::workload::number_before;

/// What is run, a row each.
const WAYS: [Way; 4] = [
    Way { tool: Tool::Bare, cpus: Cpus::All },
    Way { tool: Tool::Inline, cpus: Cpus::All },
    Way { tool: Tool::Bare, cpus: Cpus::One },
    Way { tool: Tool::Inline, cpus: Cpus::One },
];

/// Calls a second of one task at full speed, and whether the recorder keeps up. Exits with 1 where a call is missing.
#[derive(Debug, Parser)]
struct Options {
    /// Calls of one run
    #[arg(long, default_value_t = 3_000_000)]
    calls: u64,
    /// How often everything is run, in turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    common: CommonArgs,
}

/// One run.
#[derive(Clone, Copy, Debug)]
struct Sample {
    calls_per_second: f64,
    off_cpu_share: f64,
    waits: f64,
    recorded: Option<Recorded>,
}

/// What the trace of one run has.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    calls: u64,
    losses: u64,
    complete: bool,
}

/// All runs of one way: medians, but for what must hold for each.
#[derive(Debug, Serialize)]
struct Row {
    tool: String,
    /// Calls made in each run.
    calls: u64,
    /// Those in the trace, of the run where they differ most from those made; `null` where nothing records.
    recorded_calls: Option<u64>,
    /// Calls known to be missing, of the run that has most of them.
    losses_max: Option<u64>,
    /// Whether every trace was closed, undamaged and without losses.
    complete: Option<bool>,
    calls_per_second: f64,
    /// `calls_per_second` over that of bare on the same CPUs.
    to_bare: Option<f64>,
    /// The part of the loop's time in which the task was not running.
    off_cpu_share: f64,
    /// How often the task gave up its CPU, in a million calls: each time that its ring was full it did.
    waits_per_million: f64,
}

#[derive(Debug, Serialize)]
struct Drained {
    machine: Machine,
    rounds: usize,
    rows: Vec<Row>,
}

impl Measured for Drained {
    fn render(&self, markdown: bool) -> String {
        let mut table = new_table(
            markdown,
            &[
                "one task at full speed",
                "calls made",
                "in the trace",
                "lost",
                "complete",
                "calls/s",
                "of bare",
                "off its CPU",
                "waits a million calls",
            ],
        );
        let or_nothing = |value: Option<String>| value.unwrap_or_default();
        for row in &self.rows {
            table.add_row([
                row.tool.clone(),
                row.calls.to_string(),
                or_nothing(row.recorded_calls.map(|calls| calls.to_string())),
                or_nothing(row.losses_max.map(|calls| calls.to_string())),
                or_nothing(row.complete.map(|complete| if complete { "yes" } else { "no" }.to_owned())),
                format!("{:.2} million", row.calls_per_second / 1e6),
                or_nothing(row.to_bare.map(|ratio| format!("{ratio:.2}"))),
                format!("{:.1} %", row.off_cpu_share * 100.0),
                format!("{:.0}", row.waits_per_million),
            ]);
        }
        format!("{table}\n\nMedians of {} interleaved rounds. {}\n", self.rounds, self.machine.describe())
    }

    fn broken(&self) -> Vec<String> {
        let broken = self.rows.iter().filter(|row| {
            row.recorded_calls.is_some_and(|calls| calls != row.calls)
                || row.losses_max.is_some_and(|calls| calls != 0)
                || row.complete == Some(false)
        });
        let text = |row: &Row| {
            let (calls, losses) = (row.recorded_calls.unwrap_or(0), row.losses_max.unwrap_or(0));
            format!("{}: {} calls made, {calls} in the trace, {losses} lost", row.tool, row.calls)
        };
        broken.map(text).collect()
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let drained = measure(&options, options.common.sysrec()?)?;
    options.common.end_strictly(&drained)
}

fn measure(options: &Options, sysrec: PathBuf) -> anyhow::Result<Drained> {
    let machine = Machine::this(&sysrec);
    machine.warn_if_busy();
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let tools = Toolbox::new(sysrec);
    let mut samples: BTreeMap<Way, Vec<Sample>> = BTreeMap::new();
    for round in 0..options.rounds.max(1) {
        for index in 0..WAYS.len() {
            let way = WAYS[(index + round) % WAYS.len()];
            let sample = run(&tools, way, options.calls, dir.path()).with_context(|| way.name())?;
            samples.entry(way).or_default().push(sample);
        }
    }
    let rows = WAYS.iter().map(|&way| row(way, &samples, options.calls)).collect();
    Ok(Drained { machine, rounds: options.rounds.max(1), rows })
}

fn run(tools: &Toolbox, way: Way, calls: u64, dir: &Path) -> anyhow::Result<Sample> {
    let output = dir.join("output");
    _ = std::fs::remove_file(&output);
    let command = tools.command(way.tool, &output, &[guest("full_speed")?, calls.to_string().into()]);
    let finished = process::run(command, way.cpus)?;
    let number = |words| number_before(&finished.stdout, words);
    let elapsed_ns = number(" ns in all")?;
    let recorded = if way.tool.writes_traces() {
        let report = Report::of(tools.sysrec(), &output)?;
        let (losses, complete) = (report.losses(), report.is_complete());
        Some(Recorded { calls: report.calls("getppid"), losses, complete })
    } else {
        None
    };
    Ok(Sample {
        calls_per_second: calls as f64 / elapsed_ns * 1e9,
        off_cpu_share: number(" ns off the CPU")? / elapsed_ns,
        waits: number(" waits")?,
        recorded,
    })
}

fn row(way: Way, samples: &BTreeMap<Way, Vec<Sample>>, calls: u64) -> Row {
    let middle = |way: Way, of: fn(&Sample) -> f64| {
        median(&samples[&way].iter().map(of).collect::<Vec<_>>()).expect("at least one round")
    };
    let speed = |way| middle(way, |sample| sample.calls_per_second);
    let recorded = || samples[&way].iter().filter_map(|sample| sample.recorded);
    let bare = speed(Way { tool: Tool::Bare, ..way });
    Row {
        tool: way.name(),
        calls,
        recorded_calls: recorded().map(|recorded| recorded.calls).max_by_key(|found| found.abs_diff(calls)),
        losses_max: recorded().map(|recorded| recorded.losses).max(),
        complete: recorded().map(|recorded| recorded.complete).reduce(|all, one| all && one),
        calls_per_second: speed(way),
        to_bare: (way.tool != Tool::Bare).then(|| speed(way) / bare),
        off_cpu_share: middle(way, |sample| sample.off_cpu_share),
        waits_per_million: middle(way, |sample| sample.waits) / calls as f64 * 1e6,
    }
}
