//! `sysrec compare`: records two commands in turn, and ends in the comparison.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use crate::diff::{self, ViewArgs};
use crate::{progress, repeat, text};

/// Record two commands in turn, several times each, and compare them
#[derive(Debug, Args)]
#[command(after_help = "The commands are split into words as a shell does it, and started without one; \
    sh -c '...' inside the quotes has pipes and variables. What they print to standard output goes nowhere.\n\n\
    Runs are made in the order A B B A A B B A, so that a machine that becomes slower or faster meanwhile does not \
    favour a side. The recordings stay: sysrec diff --base DIR/base-*.bin --new DIR/new-*.bin\n\n\
    Exit code: as of diff; 1 where a command ends with anything but 0.")]
pub(crate) struct CompareArgs {
    /// The command to compare with
    #[arg(value_name = "CMD A", value_parser = words)]
    base: Words,

    /// The new command
    #[arg(value_name = "CMD B", value_parser = words)]
    new: Words,

    /// Runs of each command; with fewer than 4, no difference of times can be shown
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    runs: u32,

    /// Run each command so many times before, without recording, so that files are in memory and clocks are up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    warmup: u32,

    /// Write the recordings into this directory, which is made if there is none
    #[arg(short, long, value_name = "DIR", default_value = "compared")]
    output: PathBuf,

    /// Wait so long before each run, so that the one before has no part in it
    #[arg(long, value_name = "TIME", default_value = repeat::PAUSE, value_parser = text::parse_duration)]
    pause: Duration,

    #[command(flatten)]
    view: ViewArgs,
}

/// The words of a command.
#[derive(Clone, Debug)]
struct Words(Vec<String>);

fn words(command: &str) -> Result<Words, String> {
    let words = shell_words::split(command).map_err(|_| "a quotation mark in it is not closed".to_owned())?;
    if words.is_empty() { Err("there is no command in it".to_owned()) } else { Ok(Words(words)) }
}

/// Records and compares.
///
/// # Errors
/// A recording that fails, a command that does, or as [`diff::run`].
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let directory = &args.output;
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    let name = |side: &str, run| repeat::numbered(&directory.join(format!("{side}.bin")), run);
    let (mut base, mut new) = (Vec::new(), Vec::new());
    for _ in 0..args.warmup {
        warm_up(&args.base)?;
        warm_up(&args.new)?;
    }
    let mut started = 0;
    for run in 1..=args.runs {
        base.push(name("base", run));
        new.push(name("new", run));
        let mut pair = [(&args.base, name("base", run)), (&args.new, name("new", run))];
        if run % 2 == 0 {
            pair.reverse();
        }
        for (command, output) in pair {
            started += 1;
            progress::show(&format!("run {started} of {}", 2 * args.runs));
            let recorded = record(command, &output, args.pause);
            progress::clear();
            recorded?;
        }
    }
    diff::show(&args.view, &base, &new)
}

fn warm_up(command: &Words) -> anyhow::Result<()> {
    let (program, arguments) = command.0.split_first().context("a command has a first word")?;
    let started = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let status = started.with_context(|| format!("cannot start '{program}'"))?;
    succeeded(command, status)
}

fn record(command: &Words, output: &Path, pause: Duration) -> anyhow::Result<()> {
    let mut words: Vec<OsString> = ["record", "--quiet", "--output"].map(Into::into).into();
    words.push(output.into());
    words.push("--".into());
    words.extend(command.0.iter().map(Into::into));
    succeeded(command, repeat::once(&words, pause, Stdio::null())?)
}

/// A command that failed half-way is no fair side of a comparison.
fn succeeded(command: &Words, status: ExitStatus) -> anyhow::Result<()> {
    if !status.success() {
        bail!(
            "'{}' ended with {status}; a command that may fail is compared as sh -c 'COMMAND; true'",
            shell_words::join(&command.0)
        );
    }
    Ok(())
}
