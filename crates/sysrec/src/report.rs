//! `sysrec report`: how often, how slow, how wrong, by call or whatever else tells calls apart.

mod csv;
mod hints;
pub(crate) mod histogram;
mod json;
mod rows;
mod slowest;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use sysrec_analyzer::hints::Hint;
use sysrec_analyzer::metrics::{Dimension, Metrics, Report};
use sysrec_analyzer::{Selection, Trace};
use sysrec_syscalls::Filter;

use crate::form::{Form, FormArgs};
use crate::selection::SelectionArgs;
use crate::{basis, open, screen, text};

/// Count calls and errors, and show how their latencies are distributed
#[derive(Debug, Args)]
#[command(
    after_help = "Times are wall time from the entry of a call to its exit: a sleep of 10 s shows 10 s.\n\
    Several traces are added up."
)]
pub(crate) struct ReportArgs {
    /// The traces
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    traces: Vec<PathBuf>,

    /// What a row stands for; more than one, comma-separated, for every combination
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "syscall", value_parser = parse_dimension)]
    by: Vec<Dimension>,

    /// What rows are sorted by, the largest first (names: the first first)
    #[arg(long, value_enum, default_value_t = Sort::Total)]
    sort: Sort,

    /// Only the first so many rows
    #[arg(long, value_name = "N", value_parser = text::parse_count)]
    top: Option<u64>,

    /// Draw the latency distribution of these calls (as in -e) as bars
    #[arg(long, value_name = "NAME", conflicts_with = "slowest")]
    histogram: Option<Filter>,

    /// Say what the trace shows to be wasteful: tiny transfers, repeated lookups, busy polling and the like, each with its
    /// evidence, its threshold and what it would save
    #[arg(long, conflicts_with_all = ["histogram", "slowest"])]
    hints: bool,

    /// List the longest single calls: when, who, what, with which result, from where
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    slowest: Option<u32>,

    #[command(flatten)]
    form: FormArgs,

    #[command(flatten)]
    selection: SelectionArgs,
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Wall time of all calls together
    Total,
    /// Number of calls
    Calls,
    /// Number of errors
    Errors,
    /// Mean duration
    Mean,
    /// Median duration
    P50,
    /// 90th percentile
    P90,
    /// 99th percentile
    P99,
    /// 99.9th percentile
    #[value(name = "p99.9", alias = "p999")]
    P999,
    /// Longest duration
    Max,
    /// Name
    Name,
}

/// The percentiles that reports show.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// A word of `--by`.
pub(crate) fn parse_dimension(name: &str) -> Result<Dimension, String> {
    Dimension::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Dimension::ALL.iter().map(|dimension| dimension.name()).collect();
        format!("rows can stand for {}", names.join(", "))
    })
}

/// What was asked for, answered, before it is put into a form.
struct Answer<'a> {
    traces: &'a [Trace],
    selection: &'a Selection,
    report: &'a Report,
    /// The rows that are shown, sorted.
    rows: Vec<rows::Figures>,
    slowest: Option<Vec<slowest::SlowCall>>,
    /// What `--histogram` was given.
    histogram: Option<String>,
}

/// Prints the report.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let traces = open::traces(&args.traces)?;
    let mut selection = args.selection.selection();
    selection.filters.extend(args.histogram.clone());
    if args.hints || selection.looks_at_names() || args.by.iter().any(|dimension| dimension.is_of_names()) {
        open::warn_without_names(&traces);
    }
    if args.hints {
        return print_hints(args, &traces, &selection);
    }
    let by: &[Dimension] = if args.histogram.is_some() { &[] } else { &args.by };
    let mut metrics = Metrics::new(by);
    traces.iter().for_each(|trace| metrics.add(trace, &selection));
    let report = metrics.finish();
    for (trace, damages) in traces.iter().zip(&report.damages) {
        open::warn_of_damages(trace, damages, 0);
    }
    let top = args.top.map_or(usize::MAX, |top| usize::try_from(top).unwrap_or(usize::MAX));
    let slowest = args.slowest.map(|count| slowest::calls(&traces, &selection, count as usize));
    let answer = Answer {
        traces: &traces,
        selection: &selection,
        report: &report,
        rows: rows::sorted(&report, args.sort, top),
        slowest,
        histogram: args.histogram.as_ref().map(Filter::to_string),
    };
    screen::print(&answer.text(args.form.form())?)?;
    Ok(ExitCode::SUCCESS)
}

fn print_hints(args: &ReportArgs, traces: &[Trace], selection: &Selection) -> anyhow::Result<ExitCode> {
    let top = args.top.map(|top| usize::try_from(top).unwrap_or(usize::MAX));
    let (mut found, mut calls) = (Vec::<(usize, Hint)>::new(), 0);
    for (position, trace) in traces.iter().enumerate() {
        let of_trace = sysrec_analyzer::hints::hints(trace, selection);
        calls += of_trace.calls;
        found.extend(of_trace.hints.into_iter().map(|hint| (position, hint)));
    }
    let form = args.form.form();
    match form {
        Form::Json => {
            screen::print(&hints::json(&found)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Form::Csv => {
            screen::print(&hints::csv(&found, traces)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        Form::Markdown | Form::Terminal => {}
    }
    let width = screen::width();
    let found: Vec<Hint> = found.into_iter().map(|(_, hint)| hint).collect();
    let taken = basis::Taken { calls, selected: !selection.is_all(), ..basis::Taken::default() };
    let text = match form {
        Form::Markdown => hints::markdown(&found, top),
        _ => hints::text(&found, top, width),
    };
    screen::print(&format!("{text}\n{}", basis::text(traces, &taken, width)))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the plain report of one trace, for `record --report`.
#[allow(dead_code, reason = "for the subcommand that records")]
pub(crate) fn print(trace: &Path) -> anyhow::Result<ExitCode> {
    run(&ReportArgs {
        traces: vec![trace.to_owned()],
        by: vec![Dimension::Syscall],
        sort: Sort::Total,
        top: None,
        histogram: None,
        slowest: None,
        hints: false,
        form: FormArgs::default(),
        selection: SelectionArgs::default(),
    })
}

impl Answer<'_> {
    fn text(&self, form: Form) -> anyhow::Result<String> {
        match form {
            Form::Json => return json::text(self),
            Form::Csv => return csv::text(self),
            Form::Markdown | Form::Terminal => {}
        }
        let (markdown, width) = (form == Form::Markdown, screen::width());
        let view = match (&self.slowest, &self.histogram) {
            (Some(calls), _) if calls.is_empty() => "No finished call.\n".to_owned(),
            (Some(calls), _) => slowest::table(self, calls).render(markdown, width),
            (None, Some(name)) => histogram::text(self, name, markdown, width),
            (None, None) if self.rows.is_empty() => "No finished call.\n".to_owned(),
            (None, None) => rows::table(self).render(markdown, width),
        };
        let taken = basis::Taken {
            calls: self.report.calls(),
            unfinished: self.report.unfinished.clone(),
            selected: !self.selection.is_all(),
            damaged_calls: self.damaged_calls(),
        };
        Ok(format!("{view}\n{}", basis::text(self.traces, &taken, width)))
    }

    /// Calls in chunks that could not be read, beyond what opening the traces had found.
    fn damaged_calls(&self) -> u64 {
        let damages = self.report.damages.iter().flatten();
        damages.filter_map(|damage| damage.calls).fold(0, u64::saturating_add)
    }
}
