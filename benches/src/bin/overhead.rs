//! The same commands bare, under sysrec, strace, perf trace and an eBPF recorder in turn; one table of what each adds to
//! a call. Or bare and under sysrec in its several ways: what stacks, or what capture, cost.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use sysrec_benches::capture_cost::CaptureCost;
use sysrec_benches::comparison::{Comparison, Samples};
use sysrec_benches::machine::Machine;
use sysrec_benches::options::CommonArgs;
use sysrec_benches::tool::{Tool, Toolbox, Way, build_ebpf_record};
use sysrec_benches::workload::{self, Programs, Workload};

/// What a recorded call costs under sysrec, strace, perf trace and eBPF, end to end.
#[derive(Debug, Parser)]
struct Options {
    /// A quarter of the work, at most three rounds, less than 40 s
    #[arg(long)]
    quick: bool,
    /// What the stacks of calls cost: under sysrec --stacks, strace -k and perf trace --call-graph dwarf instead
    #[arg(long, conflicts_with = "check")]
    stacks: bool,
    /// What capture costs: under each backend with --capture none, names and all instead, with calls that name paths
    #[arg(long, conflicts_with = "stacks")]
    capture: bool,
    /// How often everything is run, in turn [default: 9, with --quick 3]
    #[arg(long)]
    rounds: Option<usize>,
    /// Begin no round that would probably end after so many seconds [default: 270, with --quick 32]
    #[arg(long)]
    seconds_max: Option<u64>,
    /// Only workloads with this in their name
    #[arg(long)]
    only: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

/// What was measured, whatever it is put together to.
struct Run {
    machine: Machine,
    rounds: usize,
    measured: Vec<(Workload, Samples)>,
    skips: BTreeMap<Tool, String>,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let mut tools = Toolbox::new(options.common.sysrec()?);
    let ways = match (options.stacks, options.capture) {
        (true, _) => &Way::STACKS[..],
        (_, true) => &Way::CAPTURE,
        _ => &Way::ALL,
    };
    if ways.iter().any(|way| way.tool == Tool::Ebpf) {
        tools = tools.with_ebpf(build_ebpf_record()?);
    }
    let Run { machine, rounds, measured, skips } = measure(&options, &tools, ways)?;
    if options.capture {
        options.common.end(&CaptureCost::new(machine, rounds, &measured, &skips))
    } else {
        options.common.end(&Comparison::new(machine, rounds, ways, &measured, &skips))
    }
}

/// How often in a round whatever takes less than a microsecond a call is run.
const FAST_TURNS: usize = 3;

fn measure(options: &Options, tools: &Toolbox, all: &[Way]) -> anyhow::Result<Run> {
    let machine = Machine::this(tools.sysrec());
    machine.warn_if_busy();
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let mut skips = BTreeMap::new();
    let tools_of_ways: BTreeSet<Tool> = all.iter().map(|way| way.tool).collect();
    for tool in tools_of_ways.into_iter().filter(|tool| *tool != Tool::Bare) {
        if let Err(reason) = tools.probe(tool, dir.path()) {
            eprintln!("SKIP: {}: {reason}", tool.name());
            skips.insert(tool, reason);
        }
    }
    let ways: Vec<_> = all.iter().copied().filter(|way| !skips.contains_key(&way.tool)).collect();
    let workloads = if options.capture { workload::for_capture } else { workload::all };
    let mut measured: Vec<_> = workloads(if options.quick { 4 } else { 1 })
        .into_iter()
        .filter(|workload| options.only.as_ref().is_none_or(|part| workload.name.contains(part.as_str())))
        .map(|workload| (workload, Samples::default()))
        .collect();
    let programs = Programs::new(dir.path(), tools.clone());
    let rounds_max = options.rounds.unwrap_or(if options.quick { 3 } else { 9 });
    let limit = Duration::from_secs(options.seconds_max.unwrap_or(if options.quick { 32 } else { 270 }));
    // What adds little is measured more often: it is little beside what a machine adds by itself.
    let turns = if options.quick { 1 } else { FAST_TURNS };
    let (started, mut rounds, mut longest) = (Instant::now(), 0, Duration::ZERO);
    while rounds < rounds_max && (rounds == 0 || started.elapsed() + longest <= limit) {
        let round_started = Instant::now();
        for (workload, samples) in &mut measured {
            // Another one begins in each round, so that none always follows the same one.
            for turn in 0..turns {
                for index in 0..ways.len() {
                    let way = ways[(index + rounds) % ways.len()];
                    if turn == 0 || way.tool.is_fast() {
                        samples.push(way, programs.sample(workload, way)?);
                    }
                }
            }
        }
        longest = longest.max(round_started.elapsed());
        rounds += 1;
        eprintln!("round {rounds} of {rounds_max}: {:.1} s", round_started.elapsed().as_secs_f64());
    }
    Ok(Run { machine, rounds, measured, skips })
}
