//! Whether recorded latencies are those of the calls: what a program measures of its own calls, bare, beside what sysrec
//! reports of the same calls.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use clap::Parser;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde::Serialize;
use sysrec_benches::comparison::{median, new_table};
use sysrec_benches::machine::Machine;
use sysrec_benches::options::{CommonArgs, Measured};
use sysrec_benches::process::{Cpus, Running, ended_well, run};
use sysrec_benches::recorded::guest;
use sysrec_benches::reported::{Report, inside_ns};
use sysrec_benches::tool::{Tool, Toolbox};
use sysrec_benches::workload::number_before;

/// What is compared: of calls that `tests/guests/times_itself.c` measures, under these names, the sum.
struct Subject {
    /// As the table shows it.
    what: &'static str,
    calls: &'static [&'static str],
    /// Whether `--check` asks for it.
    is_checked: bool,
}

const SUBJECTS: [Subject; 5] = [
    Subject { what: "getppid", calls: &["getppid"], is_checked: true },
    Subject { what: "write: a byte to another process", calls: &["write"], is_checked: false },
    Subject { what: "read: the byte that it answers", calls: &["read"], is_checked: false },
    Subject { what: "both: the round trip", calls: &["write", "read"], is_checked: true },
    Subject { what: "nanosleep: 100 µs", calls: &["nanosleep"], is_checked: true },
];
/// The backends, under the names that they have in the table.
const BACKENDS: [(&str, Tool); 2] = [("inline", Tool::Inline), ("ptrace", Tool::Ptrace)];
/// The recorded latency, less the cost that the recorder itself has measured, is off by this at most, or
const OFF_NS_MAX: f64 = 30.0;
/// by this part of the bare one. Holds for inline.
const OFF_SHARE_MAX: f64 = 0.05;

/// Latencies as a program measures them, bare, beside those that sysrec reports.
#[derive(Debug, Parser)]
struct Options {
    /// Calls of each kind in one run; a twentieth of the sleeps
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=100_000))]
    samples: u64,
    /// How often everything is run, in turn
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    #[command(flatten)]
    common: CommonArgs,
}

/// Medians of one subject in one run, nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    /// As the program measures it, less what measuring takes.
    own_ns: f64,
    /// As sysrec reports it, and what it says that durations are too long by.
    reported: Option<(f64, f64)>,
}

/// One subject under one backend. All figures are medians over the rounds of the medians (p50) of a run; of several
/// calls, of their sums.
#[derive(Debug, Serialize)]
struct Row {
    what: &'static str,
    calls: &'static [&'static str],
    #[serde(skip)]
    is_checked: bool,
    backend: &'static str,
    /// What the bare program measures.
    bare_ns: f64,
    /// What it measures while it is recorded.
    own_recorded_ns: f64,
    /// What `sysrec report` says.
    reported_ns: f64,
    /// `reported_ns` less `bare_ns`.
    reported_off_ns: f64,
    /// The recorder's own part in `reported_ns`, as it has measured it and `sysrec info` tells (`inside_ns_median`).
    inside_ns: f64,
    /// `reported_ns` less `inside_ns` less `bare_ns`.
    off_ns: f64,
    /// `off_ns` over `bare_ns`.
    off_share: f64,
}

#[derive(Debug, Serialize)]
struct Latencies {
    machine: Machine,
    rounds: usize,
    samples: u64,
    rows: Vec<Row>,
}

impl Measured for Latencies {
    fn render(&self, markdown: bool) -> String {
        let mut table = new_table(
            markdown,
            &[
                "call",
                "backend",
                "bare, by itself",
                "recorded, by itself",
                "sysrec report",
                "more than bare",
                "its own cost",
                "difference without it",
                "of bare",
            ],
        );
        let ns = |ns: f64| format!("{ns:.0} ns");
        for row in &self.rows {
            table.add_row([
                row.what.to_owned(),
                row.backend.to_owned(),
                ns(row.bare_ns),
                ns(row.own_recorded_ns),
                ns(row.reported_ns),
                ns(row.reported_off_ns),
                ns(row.inside_ns),
                format!("{:+.0} ns", row.off_ns),
                format!("{:+.1} %", row.off_share * 100.0),
            ]);
        }
        let Latencies { machine, rounds, samples, .. } = self;
        let rounds = format!("p50 of {samples} calls of each kind, medians of {rounds} interleaved rounds.");
        format!("{table}\n\n{rounds} {}\n", machine.describe())
    }

    fn broken(&self) -> Vec<String> {
        let is_off = |row: &&Row| row.off_ns.abs() > OFF_NS_MAX && row.off_share.abs() > OFF_SHARE_MAX;
        let broken = self.rows.iter().filter(|row| row.is_checked && row.backend == "inline").filter(is_off);
        let text = |row: &Row| {
            let Row { what, off_ns, off_share, .. } = row;
            let percent = off_share * 100.0;
            format!(
                "{what}: recorded {off_ns:+.0} ns, {percent:+.1} %; at most {OFF_NS_MAX} ns or 5 % are required"
            )
        };
        broken.map(text).collect()
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    options.common.end(&measure(&options, options.common.sysrec()?)?)
}

/// The samples of one backend, or of bare runs, a list for each of [`SUBJECTS`].
type Samples = [Vec<Sample>; SUBJECTS.len()];

fn measure(options: &Options, sysrec: PathBuf) -> anyhow::Result<Latencies> {
    let machine = Machine::this(&sysrec);
    machine.warn_if_busy();
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let tools = Toolbox::new(sysrec);
    let programs = [("bare", Tool::Bare), BACKENDS[0], BACKENDS[1]];
    let mut samples: [Samples; 3] = Default::default();
    let rounds = options.rounds.max(1);
    for round in 0..rounds {
        for index in 0..programs.len() {
            let index = (index + round) % programs.len();
            let (name, tool) = programs[index];
            let found = sample(&tools, tool, options.samples, dir.path()).with_context(|| name.to_owned())?;
            samples[index].iter_mut().zip(found).for_each(|(samples, sample)| samples.push(sample));
        }
    }
    let [bare, recorded @ ..] = &samples;
    let each =
        (0..SUBJECTS.len()).flat_map(|subject| (0..BACKENDS.len()).map(move |backend| (subject, backend)));
    let rows = each.map(|(subject, backend)| {
        row(&SUBJECTS[subject], BACKENDS[backend].0, &bare[subject], &recorded[backend][subject])
    });
    Ok(Latencies { rows: rows.collect(), machine, rounds, samples: options.samples })
}

fn row(subject: &Subject, backend: &'static str, bare: &[Sample], recorded: &[Sample]) -> Row {
    let middle = |samples: &[Sample], of: fn(&Sample) -> f64| {
        median(&samples.iter().map(of).collect::<Vec<_>>()).expect("at least one round")
    };
    let bare_ns = middle(bare, |sample| sample.own_ns);
    let reported_ns = middle(recorded, |sample| sample.reported.map_or(f64::NAN, |(p50, _)| p50));
    let inside_ns = middle(recorded, |sample| sample.reported.map_or(f64::NAN, |(_, inside)| inside));
    let off_ns = reported_ns - inside_ns - bare_ns;
    let &Subject { what, calls, is_checked } = subject;
    Row {
        what,
        calls,
        is_checked,
        backend,
        bare_ns,
        own_recorded_ns: middle(recorded, |sample| sample.own_ns),
        reported_ns,
        reported_off_ns: reported_ns - bare_ns,
        inside_ns,
        off_ns,
        off_share: off_ns / bare_ns,
    }
}

/// Runs the program once, its other side bare beside it.
fn sample(tools: &Toolbox, tool: Tool, count: u64, dir: &Path) -> anyhow::Result<[Sample; SUBJECTS.len()]> {
    let [output, to, from] = ["output", "to", "from"].map(|name| dir.join(name));
    for path in [&output, &to, &from] {
        _ = std::fs::remove_file(path);
    }
    for pipe in [&to, &from] {
        mkfifo(pipe, Mode::S_IRUSR | Mode::S_IWUSR).with_context(|| pipe.display().to_string())?;
    }
    let program = guest("times_itself")?;
    let mut other_side = Command::new(&program);
    other_side.args([&to, &from]);
    // It goes when this is left, however that is.
    let other_side = Running::start(other_side, Cpus::All)?;
    let ends: [OsString; 2] = [to.into(), from.into()];
    let argv = [&[program, count.to_string().into()], &ends[..]].concat();
    let finished = run(tools.command(tool, &output, &argv), Cpus::All)?;
    ended_well("the other side", &other_side.finish()?)?;
    let own_ns = |name: &str| number_before(&finished.stdout, &format!(" {name}\n"));
    let empty_ns = own_ns("empty")?;
    let recorded = match tool {
        Tool::Bare => None,
        _ => {
            let report = Report::of(tools.sysrec(), &output)?;
            ensure!(report.is_complete(), "calls are missing in {}", output.display());
            Some((report, inside_ns(tools.sysrec(), &output)?))
        }
    };
    let mut samples = [Sample::default(); SUBJECTS.len()];
    for (sample, subject) in samples.iter_mut().zip(SUBJECTS) {
        for name in subject.calls {
            sample.own_ns += own_ns(name)? - empty_ns;
            if let Some((report, inside_ns)) = &recorded {
                let p50 =
                    report.p50_ns(name).with_context(|| format!("no {name} in {}", output.display()))?;
                let (reported_ns, inside_sum_ns) = sample.reported.get_or_insert_default();
                *reported_ns += p50;
                *inside_sum_ns += inside_ns;
            }
        }
    }
    Ok(samples)
}
