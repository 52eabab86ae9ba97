//! How fast `sysrec report`, `diff` and `tree` are and how much memory they take, on traces of up to 100 million calls;
//! and the making of such a trace from a recorded one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use sysrec_benches::big_trace::Template;
use sysrec_benches::comparison::{median, new_table};
use sysrec_benches::file_storage::FileStorage;
use sysrec_benches::machine::Machine;
use sysrec_benches::options::{CommonArgs, Measured};
use sysrec_benches::process::{self, Cpus};
use sysrec_benches::recorded;

/// Calls that a core takes in a second, at least, in the longest trace.
const CALLS_PER_CORE_SECOND_MIN: f64 = 50e6;
/// A comparison of two of the longest traces takes less, seconds of wall time.
const DIFF_WALL_S_BELOW: f64 = 5.0;
/// A call tree of so many calls with stacks takes less than this, seconds of wall time.
const TREE_WALL_S_BELOW: (u64, f64) = (10_000_000, 2.0);
/// Resident memory of the report stays below.
const RSS_BYTES_BELOW: u64 = 64 << 20;
/// What the longest trace takes more than the next shorter one: how the threads share the work makes some difference.
const RSS_GROWTH_BYTES_MAX: u64 = 4 << 20;

/// Speed and memory of `sysrec report`, `sysrec diff` and `sysrec tree`.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    make: Option<Action>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a long trace from a recorded one, and do nothing else
    Make(Make),
}

#[derive(Debug, Args)]
struct Make {
    /// The trace to write; one that is there is lost
    output: PathBuf,
    /// The recorded one
    #[arg(long)]
    from: PathBuf,
    /// Its finished calls
    #[arg(long, default_value_t = 100_000_000)]
    calls: u64,
}

#[derive(Debug, Args)]
struct Measure {
    /// Sizes of the traces, in calls
    #[arg(long, value_delimiter = ',', default_value = "1000000,10000000,100000000")]
    calls: Vec<u64>,
    /// Repeat this trace, not a new recording of servers, a copy and a build
    #[arg(long)]
    from: Option<PathBuf>,
    /// How often each is reported on
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Make traces in this folder (a gigabyte for 100 million calls) [default: the temporary one]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Options for `sysrec report`, in one word: "--by thread"
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    report: String,
    /// Compare each trace with a second one of the same length, instead of reporting on it
    #[arg(long, conflicts_with = "report")]
    diff: bool,
    /// Record with stacks, and make the call tree of each trace, instead of reporting on it
    #[arg(long, conflicts_with_all = ["report", "diff"])]
    tree: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Row {
    calls: u64,
    bytes: u64,
    wall_s: f64,
    cpu_s: f64,
    calls_per_core_second: f64,
    rss_bytes_max: u64,
}

#[derive(Debug, Serialize)]
struct Speeds {
    machine: Machine,
    rounds: usize,
    /// Which subcommand: with `diff`, two traces were compared each time, and calls and bytes are those of both.
    command: &'static str,
    rows: Vec<Row>,
}

impl Measured for Speeds {
    fn render(&self, markdown: bool) -> String {
        render(self, markdown)
    }

    fn broken(&self) -> Vec<String> {
        broken(&self.rows, self.command)
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if let Some(Action::Make(make)) = &options.make {
        let storage = FileStorage::create(&make.output).with_context(|| make.output.display().to_string())?;
        let (_, totals) = Template::load(&make.from)?.repeat(make.calls, storage)?;
        eprintln!("{} calls of {} tasks in {}", totals.calls, totals.tasks, make.output.display());
        return Ok(ExitCode::SUCCESS);
    }
    let options = options.measure;
    let speeds = measure(&options)?;
    options.common.end(&speeds)
}

fn measure(options: &Measure) -> anyhow::Result<Speeds> {
    let sysrec = options.common.sysrec()?;
    let machine = Machine::this(&sysrec);
    machine.warn_if_busy();
    let dir = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let dir = dir.context("a temporary folder")?;
    let from = match &options.from {
        Some(from) => from.clone(),
        None => {
            let from = dir.path().join("recorded");
            recorded::record_mixed(&sysrec, &from, options.tree)?;
            from
        }
    };
    let mut rows = Vec::new();
    for &calls in &options.calls {
        let names: &[&str] = if options.diff { &["base", "new"] } else { &["trace"] };
        let traces: Vec<PathBuf> = names.iter().map(|name| dir.path().join(name)).collect();
        traces.iter().try_for_each(|trace| make(&from, calls, trace))?;
        rows.push(row(options, &sysrec, &traces, calls * traces.len() as u64)?);
        traces.iter().try_for_each(fs::remove_file)?;
    }
    Ok(Speeds { machine, rounds: options.rounds, command: options.command(), rows })
}

impl Measure {
    /// The subcommand that is measured.
    fn command(&self) -> &'static str {
        match (self.diff, self.tree) {
            (true, _) => "diff",
            (_, true) => "tree",
            _ => "report",
        }
    }
}

/// In a process of its own: the peak of our memory would count as that of the report (see
/// [`process::Finished::rss_bytes_max`]).
fn make(from: &Path, calls: u64, trace: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("make").arg(trace).arg("--from").arg(from).args(["--calls", &calls.to_string()]);
    let status = command.status().context("cannot start ourselves")?;
    anyhow::ensure!(status.success(), "the trace of {calls} calls was not made");
    Ok(())
}

fn row(options: &Measure, sysrec: &Path, traces: &[PathBuf], calls: u64) -> anyhow::Result<Row> {
    let (mut walls, mut cpus, mut rss_bytes_max) = (Vec::new(), Vec::new(), 0);
    // The first one, which brings the file into the page cache, does not count.
    for round in 0..=options.rounds {
        let mut command = Command::new(sysrec);
        command.arg(options.command());
        command.args(options.report.split_whitespace()).args(traces);
        let finished = process::run(command, Cpus::All)?;
        // Nor does it for the memory of a tree: it reads the debug information of all programs, which depends on them.
        if round > 0 || !options.tree {
            rss_bytes_max = rss_bytes_max.max(finished.rss_bytes_max);
        }
        if round > 0 {
            walls.push(finished.wall.as_secs_f64());
            cpus.push(finished.cpu.as_secs_f64());
        }
    }
    let wall_s = median(&walls).context("no rounds")?;
    let cpu_s = median(&cpus).context("no rounds")?;
    let bytes = traces.iter().map(|trace| Ok(fs::metadata(trace)?.len())).sum::<anyhow::Result<u64>>()?;
    Ok(Row { calls, bytes, wall_s, cpu_s, calls_per_core_second: calls as f64 / cpu_s, rss_bytes_max })
}

fn render(speeds: &Speeds, markdown: bool) -> String {
    let header = [
        "calls",
        "file, MB",
        "bytes a call",
        "wall, s",
        "CPU, s",
        "M calls / s / core",
        "memory at most, MiB",
    ];
    let mut table = new_table(markdown, &header);
    for row in &speeds.rows {
        table.add_row([
            row.calls.to_string(),
            format!("{:.1}", row.bytes as f64 / 1e6),
            format!("{:.1}", row.bytes as f64 / row.calls as f64),
            format!("{:.3}", row.wall_s),
            format!("{:.3}", row.cpu_s),
            format!("{:.1}", row.calls_per_core_second / 1e6),
            format!("{:.1}", row.rss_bytes_max as f64 / f64::from(1 << 20)),
        ]);
    }
    format!("{table}\n\nMedians of {} rounds. {}\n", speeds.rounds, speeds.machine.describe())
}

fn broken(rows: &[Row], command: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for row in rows.iter().filter(|row| row.rss_bytes_max >= RSS_BYTES_BELOW) {
        broken.push(format!(
            "{} calls: {} bytes of memory, less than {RSS_BYTES_BELOW} are required",
            row.calls, row.rss_bytes_max
        ));
    }
    let mut by_length: Vec<_> = rows.iter().collect();
    by_length.sort_by_key(|row| row.calls);
    if let [.., shorter, longest] = by_length[..] {
        let growth = longest.rss_bytes_max.saturating_sub(shorter.rss_bytes_max);
        if growth > RSS_GROWTH_BYTES_MAX {
            let (from, to) = (shorter.calls, longest.calls);
            broken.push(format!(
                "from {from} to {to} calls: {growth} bytes more memory, at most {RSS_GROWTH_BYTES_MAX} are allowed"
            ));
        }
    }
    if command == "tree" {
        let (calls, wall_s) = TREE_WALL_S_BELOW;
        let slow = rows.iter().filter(|row| row.calls <= calls && row.wall_s >= wall_s);
        broken.extend(slow.map(|row| {
            format!("{} calls: a tree in {:.2} s, less than {wall_s} are required", row.calls, row.wall_s)
        }));
        return broken;
    }
    if command == "diff" {
        let slow = by_length.last().filter(|row| row.wall_s >= DIFF_WALL_S_BELOW);
        broken.extend(slow.map(|row| {
            format!(
                "{} calls: compared in {:.2} s, less than {DIFF_WALL_S_BELOW} are required",
                row.calls, row.wall_s
            )
        }));
        return broken;
    }
    // Starting a process is most of what a short trace takes.
    if let Some(row) = by_length.last()
        && row.calls_per_core_second < CALLS_PER_CORE_SECOND_MIN
    {
        let speed = row.calls_per_core_second;
        broken.push(format!(
            "{} calls: {speed:.0} calls a second a core, {CALLS_PER_CORE_SECOND_MIN} are required",
            row.calls
        ));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_trace_decides_on_speed_and_each_on_memory() {
        let row = |calls: u64, cpu_s: f64, rss_bytes_max| {
            let calls_per_core_second = calls as f64 / cpu_s;
            Row { calls, bytes: 1, wall_s: cpu_s, cpu_s, calls_per_core_second, rss_bytes_max }
        };
        let short = |rss| row(1_000_000, 1.0, rss);
        assert_eq!(
            broken(&[row(100_000_000, 2.0, 63 << 20), short(60 << 20)], "report"),
            Vec::<String>::new()
        );
        assert_eq!(broken(&[short(64 << 20), row(100_000_000, 2.1, 1 << 20)], "report").len(), 2);
        assert_eq!(broken(&[short(8 << 20), row(100_000_000, 2.0, 13 << 20)], "report").len(), 1);
        assert_eq!(broken(&[row(200_000_000, 4.9, 1 << 20)], "diff"), Vec::<String>::new());
        assert_eq!(broken(&[row(200_000_000, 5.0, 1 << 20)], "diff").len(), 1);
        assert_eq!(broken(&[row(10_000_000, 1.9, 1 << 20), row(20_000_000, 3.0, 1 << 20)], "tree").len(), 0);
        assert_eq!(broken(&[row(10_000_000, 2.0, 1 << 20)], "tree").len(), 1);
    }
}
