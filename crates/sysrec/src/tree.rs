//! `sysrec tree`: who started whom, how long each lived, what it did, and how it ended.

mod branches;
mod json;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use sysrec_analyzer::{Activities, ProcessTree, Selection, Task, Trace};
use sysrec_format::event::TaskEnd;
use sysrec_syscalls::signal;

use crate::selection::SelectionArgs;
use crate::{basis, open, screen, text};

/// Show processes and threads as a tree, with life spans, calls, errors and how each ended
#[derive(Debug, Args)]
#[command(
    after_help = "START is counted from the beginning of the recording, in seconds. The figures of a process are those of all \
    its threads; IN CALLS is wall time, which threads spend at the same time. A line '=>' is a further program that the \
    process executed. Filters apply to the figures: every process is shown."
)]
pub(crate) struct TreeArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// What the tree is made of
    #[arg(long, value_enum, default_value_t = By::Process)]
    by: By,

    /// Show every thread; else those of a process with many are one line
    #[arg(long)]
    threads: bool,

    /// Show processes down to this depth, and add up those below
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    /// Show the N processes that spent the most time in calls, and those above them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,

    /// Print JSON: every process, every thread; docs/json.md describes it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: SelectionArgs,
}

/// What a tree is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Processes under those that started them
    Process,
}

/// What was asked for, answered, before it is put into a form.
struct Answer<'a> {
    trace: &'a Trace,
    selection: &'a Selection,
    activities: &'a Activities,
    tree: &'a ProcessTree,
}

/// Prints the tree.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &TreeArgs) -> anyhow::Result<ExitCode> {
    let By::Process = args.by;
    let trace = open::trace(&args.trace)?;
    let selection = args.selection.selection();
    let activities = Activities::of(&trace, &selection);
    open::warn_of_damages(&trace, &activities.damages, activities.more_damages);
    let tree = ProcessTree::new(trace.tasks(), &activities);
    let answer = Answer { trace: &trace, selection: &selection, activities: &activities, tree: &tree };
    let text = if args.json { json::text(&answer)? } else { answer.text(args, screen::width()) };
    screen::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Answer<'_> {
    /// The tree, and what it rests on.
    fn text(&self, args: &TreeArgs, width: Option<usize>) -> String {
        let shown = shown::Shown::new(self.tree, args.depth, args.top);
        let table = branches::table(self, &shown, args.threads, width);
        let taken = basis::Taken {
            calls: self.activities.total().calls,
            unfinished: self.activities.unfinished.clone(),
            selected: !self.selection.is_all(),
            damaged_calls: self.activities.damages.iter().filter_map(|damage| damage.calls).sum(),
        };
        table.text(width) + "\n" + &basis::text(std::slice::from_ref(self.trace), &taken, width)
    }
}

/// How a task ended, in a word or two: `exit 0`, `SIGSEGV, core`, `running`.
fn ending(task: &Task, end: Option<TaskEnd>) -> String {
    match end {
        Some(TaskEnd::Exited { code }) => format!("exit {code}"),
        Some(TaskEnd::Killed { signo, core_dumped }) => {
            signal::name(signo).into_owned() + if core_dumped { ", core" } else { "" }
        }
        Some(TaskEnd::Superseded) => "superseded".to_owned(),
        Some(TaskEnd::Detached) => "detached".to_owned(),
        Some(TaskEnd::Vanished) => "vanished".to_owned(),
        Some(TaskEnd::Unknown { cause, value }) => format!("cause {cause}: {value}"),
        // Nothing at all is known of a task whose events are damaged.
        None if task.origin.is_none() => "unknown".to_owned(),
        None => "running".to_owned(),
    }
}

/// A moment as seconds since the beginning of the recording: `0.001234`.
fn seconds(trace: &Trace, time_ns: u64) -> String {
    let us = time_ns.saturating_sub(trace.origin_ns()) / 1_000;
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// How long a task lived, as far as the trace tells.
fn lifetime(trace: &Trace, start_ns: Option<u64>, end_ns: Option<u64>) -> String {
    start_ns.map_or(String::new(), |start_ns| {
        text::duration(end_ns.unwrap_or(trace.last_ns()).saturating_sub(start_ns))
    })
}
