//! `sysrec diff`: what changed from one recording, or set of recordings, to another, and whether that is more than
//! noise.

mod conditions;
mod csv;
mod figures;
mod histogram;
mod json;
mod markdown;
mod rows;
mod rule;
mod verdict;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory};
use sysrec_analyzer::call_tree::{Paths, Root, Steps};
use sysrec_analyzer::diff::{Diff, NoUnit, Options, Recording, Row, Unit, compare};
use sysrec_analyzer::metrics::Dimension;
use sysrec_analyzer::{Selection, Trace};
use sysrec_syscalls::Filter;

use crate::diff::histogram::Histogram;
use crate::diff::rule::{Broken, Rules};
use crate::form::{Form, FormArgs};
use crate::report::parse_dimension;
use crate::selection::SelectionArgs;
use crate::stack_text::{self, Renamed};
use crate::symbols::{SymbolArgs, Symbols};
use crate::{open, screen, text};

/// Compare recordings: what changed, by how much, and is it real
#[derive(Debug, Args)]
#[command(
    after_help = "Numbers of calls and errors that are the same in every recording of a side are facts, and so \
    is every change of them. Times vary from run to run: with one recording a side their shift is shown without a \
    verdict; with several (ten are plenty) they are tested, and ~ marks what could be noise.\n\n\
    Exit code: 0; 1 where a rule of --fail-on is broken or a trace cannot be read; 2 for wrong usage."
)]
pub(crate) struct DiffArgs {
    /// The recording to compare with, and the new one
    #[arg(value_names = ["BASE", "NEW"], num_args = 2, required_unless_present_any = ["base", "new"],
        conflicts_with_all = ["base", "new"])]
    traces: Vec<PathBuf>,

    /// Several recordings to compare with
    #[arg(long, value_name = "TRACE", num_args = 1.., requires = "new")]
    base: Vec<PathBuf>,

    /// Several new recordings
    #[arg(long, value_name = "TRACE", num_args = 1.., requires = "base")]
    new: Vec<PathBuf>,

    #[command(flatten)]
    view: ViewArgs,
}

/// What a comparison shows, and how.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// What a row stands for; more than one, comma-separated, for every combination. Processes and threads go by
    /// name. stack: the code that makes the calls, alone
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "syscall", value_parser = parse_by)]
    by: Vec<Dimension>,

    /// Give counts and totals for one of N units of work, such as the requests of a run
    #[arg(long, value_name = "N", value_parser = parse_parts, conflicts_with = "per_call_of")]
    per: Option<u64>,

    /// Give counts and totals for one call of NAME, such as accept4 (names as in -e)
    #[arg(long, value_name = "NAME")]
    per_call_of: Option<Filter>,

    /// Draw the latency distributions of these calls (as in -e) on both sides as bars over each other
    #[arg(long, value_name = "NAME")]
    histogram: Option<Filter>,

    /// Only rows that differ
    #[arg(long)]
    changed: bool,

    /// Exit with 1 if one of these rules is broken: 'p99(read) > +10%, calls(openat) > +0, errors > +0'
    #[arg(long, value_name = "RULES", value_parser = Rules::parse)]
    fail_on: Option<Rules>,

    /// Shifts of a time by a smaller share are never called a difference
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = parse_percent)]
    floor: f64,

    /// Shifts by less are never called a difference; of a total, by less for each call
    #[arg(long, value_name = "TIME", default_value = "500ns", value_parser = text::parse_duration)]
    floor_time: std::time::Duration,

    #[command(flatten)]
    form: FormArgs,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    symbols: SymbolArgs,
}

/// What a report can have rows for, and the code that makes the calls.
fn parse_by(name: &str) -> Result<Dimension, String> {
    match name {
        "stack" => Ok(Dimension::Stack),
        name => parse_dimension(name).map_err(|problem| problem + ", stack"),
    }
}

fn parse_parts(text: &str) -> Result<u64, String> {
    match text::parse_count(text)? {
        0 => Err("there is no unit of work in none".to_owned()),
        parts => Ok(parts),
    }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    number
        .ok()
        .filter(|percent| percent.is_finite() && *percent >= 0.0)
        .map(|percent| percent / 100.0)
        .ok_or_else(|| format!("'{text}' is not a percentage; write it as 3% or 0.5%"))
}

/// What was asked for, answered, before it is put into a form.
struct Answer<'a> {
    base: &'a [Trace],
    new: &'a [Trace],
    base_recordings: &'a [Recording],
    new_recordings: &'a [Recording],
    diff: &'a Diff,
    /// The rows that are shown.
    rows: Vec<&'a Row>,
    /// What makes the two sides hard to compare, a sentence each, the worst first.
    warnings: Vec<String>,
    broken: Option<Vec<Broken<'a>>>,
    /// What `--histogram` asks for.
    histogram: Option<Histogram>,
    /// What counts are given for: `call of accept4`; `None` for a whole recording.
    unit: Option<String>,
}

/// Prints the comparison.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (base, new) = match args.traces.as_slice() {
        [base, new] => (std::slice::from_ref(base), std::slice::from_ref(new)),
        _ => (args.base.as_slice(), args.new.as_slice()),
    };
    show(&args.view, base, new)
}

/// Compares the traces at these paths.
///
/// # Errors
/// As [`run`].
pub(crate) fn show(args: &ViewArgs, base: &[PathBuf], new: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let rules = args.fail_on.as_ref();
    if let Some(problem) = rules.and_then(|rules| rules.problem(&args.by)) {
        crate::Cli::command().error(ErrorKind::ValueValidation, problem).exit();
    }
    if args.by.len() > 1 && args.by.contains(&Dimension::Stack) {
        let problem = "a stack says all that there is to say: --by stack goes alone";
        crate::Cli::command().error(ErrorKind::ArgumentConflict, problem).exit();
    }
    let (base, new) = (open::traces(base)?, open::traces(new)?);
    let unit = match (&args.per, &args.per_call_of) {
        (Some(parts), _) => Unit::Part(*parts),
        (None, Some(filter)) => Unit::CallOf(Box::new(filter.clone())),
        (None, None) => Unit::Recording,
    };
    let mut selection = args.selection.selection();
    selection.filters.extend(args.histogram.clone());
    let renamed = Renamed::between(&base, &new);
    let base_recordings = read(&base, &selection, args, &unit, &renamed)?;
    let new_recordings = read(&new, &selection, args, &unit, &renamed)?;
    let options = Options {
        floor_share: args.floor,
        floor_ns: args.floor_time.as_nanos() as f64,
        ..Options::default()
    };
    let diff = compare(&args.by, &base_recordings, &new_recordings, options);
    let answer = Answer {
        warnings: conditions::warnings(&base, &new, &base_recordings, &new_recordings, &diff),
        base: &base,
        new: &new,
        base_recordings: &base_recordings,
        new_recordings: &new_recordings,
        rows: diff.rows.iter().filter(|row| !args.changed || row.is_change()).collect(),
        broken: rules.map(|rules| rules.broken(&diff)),
        diff: &diff,
        histogram: args.histogram.as_ref().map(|filter| Histogram::read(filter, &base, &new, &selection)),
        unit: match &unit {
            Unit::Recording => None,
            Unit::Part(parts) => Some(format!("of {} units of work", text::count(*parts))),
            Unit::CallOf(filter) => Some(format!("call of {filter}")),
        },
    };
    screen::print(&answer.text(args.form.form())?)?;
    for broken in answer.broken.iter().flatten() {
        screen::say(&broken.text(&diff));
    }
    let is_broken = answer.broken.as_ref().is_some_and(|broken| !broken.is_empty());
    Ok(if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(
    traces: &[Trace],
    selection: &Selection,
    args: &ViewArgs,
    unit: &Unit,
    renamed: &Renamed,
) -> anyhow::Result<Vec<Recording>> {
    let mut recordings = Vec::with_capacity(traces.len());
    for trace in traces {
        let recording = match args.by.as_slice() {
            [Dimension::Stack] => by_stack(trace, selection, &args.symbols, unit, renamed),
            by => Recording::read(trace, selection, by, unit),
        };
        let Ok(recording) = recording else {
            let Unit::CallOf(filter) = unit else { bail!("{}: has no unit of work", trace.path().display()) };
            return Err(anyhow::anyhow!(
                "there is no finished call of {filter} in it, so nothing can be given for one; take another call for \
                 --per-call-of, or leave it out"
            ))
            .with_context(|| trace.path().display().to_string());
        };
        open::warn_of_damages(trace, &recording.damages, recording.more_damages);
        recordings.push(recording);
    }
    Ok(recordings)
}

/// One recording's rows by the code that made the calls.
fn by_stack(
    trace: &Trace,
    selection: &Selection,
    symbols: &SymbolArgs,
    unit: &Unit,
    renamed: &Renamed,
) -> Result<Recording, NoUnit> {
    let paths = Paths::of(trace, selection, Root::Program);
    let mut symbols = Symbols::new(symbols, trace);
    let mut steps = Steps::new(&mut symbols, false);
    let name = |path: &_| stack_text::of_path(&paths, &mut steps, path, renamed);
    Recording::of_paths(trace, selection, unit, &paths, name)
}

impl Answer<'_> {
    fn text(&self, form: Form) -> anyhow::Result<String> {
        match form {
            Form::Json => json::text(self),
            Form::Csv => csv::text(self),
            Form::Markdown => Ok(markdown::text(self)),
            Form::Terminal => Ok(self.for_terminal(screen::width())),
        }
    }

    /// Warnings, the verdict, the rows, and what they rest on.
    fn for_terminal(&self, width: Option<usize>) -> String {
        let columns = width.unwrap_or(usize::MAX);
        let mut text = String::new();
        for warning in &self.warnings {
            let warning = crate::table::wrap(&format!("warning: {warning}"), columns);
            text.push_str(&screen::styled(screen::FAILURE, &warning));
            text.push('\n');
        }
        if !self.warnings.is_empty() {
            text.push('\n');
        }
        text.push_str(&screen::styled(
            screen::HEADING,
            &crate::table::wrap(&verdict::line(self.diff), columns),
        ));
        text.push_str("\n\n");
        if let Some(histogram) = &self.histogram {
            text.push_str(&histogram.text(false, width));
            text.push('\n');
        } else if !self.rows.is_empty() {
            text.push_str(&rows::table(self, width).text(width));
            text.push('\n');
        }
        if let Some(line) = verdict::unfinished_line(self.diff) {
            text.push_str(&crate::table::wrap(&line, columns));
            text.push_str("\n\n");
        }
        for line in conditions::footer(self) {
            text.push_str(&screen::styled(screen::QUIET, &crate::table::wrap(&line, columns)));
            text.push('\n');
        }
        text
    }
}
