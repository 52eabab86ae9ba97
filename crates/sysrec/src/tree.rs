//! `sysrec tree`: the code that makes the calls (see `call_tree`); or who started whom, how long each lived, what it did,
//! and how it ended.

mod branches;
mod json;
mod shown;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};
use sysrec_analyzer::call_tree::{Direction, Root, Shape};
use sysrec_analyzer::{Activities, ProcessTree, Selection, Task, Trace};
use sysrec_format::event::TaskEnd;
use sysrec_syscalls::signal;

use crate::call_tree::{CallTree, Question};
use crate::selection::SelectionArgs;
use crate::symbols::{SymbolArgs, Symbols};
use crate::{basis, open, screen, text};

/// Show who makes the calls as a tree: the code of each program down to its calls, or processes and threads
#[derive(Debug, Args)]
#[command(
    after_help = "TOTAL is the wall time of all calls below, OWN that of the calls that the code makes itself; threads spend it \
    at the same time. With stacks (record --stacks) the tree goes from main to the call, without them from the place \
    of each call. A line without a branch of its own is all that the line above it leads to; [N] before a name is its level, where there is no room for so many branches. (N) under CALLS \
    are calls that did not return. With --by process, START is counted from the beginning of the recording, in seconds, a line '=>' is \
    a further program that the process executed, and filters apply to the figures: every process is shown."
)]
pub(crate) struct TreeArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// What the tree is made of
    #[arg(long, value_enum, default_value_t = By::Code)]
    by: By,

    /// Begin with the calls, and go outward: who makes them
    #[arg(long)]
    bottom_up: bool,

    /// Show so many levels, and add up what is below
    #[arg(long, value_name = "N")]
    depth: Option<usize>,

    /// Leave out code with less than this share of all wall time, per cent; of a tree with no wall time, of all calls
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_share: Option<f64>,

    /// Tell lines of source apart, and not only functions
    #[arg(long)]
    lines: bool,

    /// Count a function that calls itself, by others too, as one
    #[arg(long)]
    fold_recursion: bool,

    /// Show every thread; else those of a process with many are one line (with --by process)
    #[arg(long)]
    threads: bool,

    /// Show the N processes that spent the most time in calls, and those above them (with --by process)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,

    /// Print JSON: every node; docs/json.md describes it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    symbols: SymbolArgs,
}

/// What a tree is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// The code of each program
    Code,
    /// Processes under those that started them
    Process,
    /// The code of each thread
    Thread,
    /// The code that makes each system call
    Syscall,
    /// The programs and the code that work on each file
    File,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err(format!("'{text}' is not a share; write it as 0.5 or 10%")),
    }
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
    if let Some(problem) = args.contradiction() {
        crate::Cli::command().error(ErrorKind::ArgumentConflict, problem).exit();
    }
    match args.by {
        By::Process => of_processes(args),
        _ => of_code(args),
    }
}

fn of_code(args: &TreeArgs) -> anyhow::Result<ExitCode> {
    let trace = open::trace(&args.trace)?;
    if args.by == By::File {
        open::warn_without_names(std::slice::from_ref(&trace));
    }
    let selection = args.selection.selection();
    let question = Question {
        root: match args.by {
            By::Thread => Root::Thread,
            By::File => Root::File,
            By::Code | By::Process | By::Syscall => Root::Program,
        },
        shape: Shape {
            direction: if args.bottom_up { Direction::BottomUp } else { Direction::TopDown },
            by_call: args.by == By::Syscall,
            fold_recursion: args.fold_recursion,
        },
        lines: args.lines,
        depth: args.depth,
        share_min: args.min_share.map(|percent| percent / 100.0),
    };
    let mut symbols = Symbols::new(&args.symbols, &trace);
    let answer = CallTree::new(&trace, &selection, &question, &mut symbols);
    let text = if args.json { answer.json()? } else { answer.text(screen::width(), &symbols) };
    screen::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn of_processes(args: &TreeArgs) -> anyhow::Result<ExitCode> {
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

impl TreeArgs {
    /// Options that say nothing of the tree that was asked for.
    fn contradiction(&self) -> Option<&'static str> {
        let of_code = self.bottom_up || self.min_share.is_some() || self.lines || self.fold_recursion;
        match self.by {
            By::Process if of_code => Some(
                "--bottom-up, --min-share, --lines and --fold-recursion are about code, not --by process",
            ),
            By::Process => None,
            _ if self.threads || self.top.is_some() => Some("--threads and --top go with --by process"),
            _ => None,
        }
    }
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
