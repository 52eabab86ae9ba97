//! `sysrec replay`: everything that happened, a line each, in order of time.

mod event_text;
mod json;
mod label;
mod lines;
mod names;
mod registers;
mod signal_code;
mod value_json;

use std::collections::HashMap;
use std::io::{self, StdoutLock, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use sysrec_analyzer::{Item, Selection, Timeline, Trace, call_name};
use sysrec_format::event::{Abi, EventBody};
use sysrec_syscalls::{DescriptorNames, NoNames};

use names::Follower;

use crate::basis::{self, Taken};
use crate::call_text::Arguments;
use crate::selection::SelectionArgs;
use crate::wall_clock::WallClock;
use crate::{open, screen};

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 64 << 10;

/// Show every call and event in order of time, a line each
#[derive(Debug, Args)]
#[command(
    after_help = "A call stands at the moment when it began, with its result and how long it took, on one line. Flags and \
    numbers stand there by name, memory as far as it was captured, and as its address where it was not. '= ?' is a call \
    that did not return, why, and after what time; '= ? ERESTARTSYS' one that a signal interrupted, before the kernel \
    restarts it.\n\n\
    Other lines: '+++' a task begins or ends, '---' something happens to it, '***' something is missing. \
    With conditions on calls (-e, -z, -Z, --min-duration), code, descriptors, names and clocks are left out."
)]
pub(crate) struct ReplayArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// One task after another instead of all together; descriptors then have no names
    #[arg(long)]
    by_task: bool,

    /// Show moments on the wall clock (UTC) instead of seconds since the beginning of the recording
    #[arg(long, conflicts_with = "json")]
    absolute: bool,

    /// Show calls alone, and nothing that happened between them
    #[arg(long)]
    calls: bool,

    /// Show the name of each argument
    #[arg(long, conflicts_with_all = ["json", "raw"])]
    names: bool,

    /// Show registers: all six arguments, instruction and stack pointer, and the whole set where it was recorded; and
    /// the calls that the recorder made in the program for its own ends
    #[arg(long)]
    raw: bool,

    /// Print JSON, an object a line; docs/json.md describes it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: SelectionArgs,
}

/// What turns items into lines.
trait Form {
    /// What stands in front of everything; with `--by-task`, in front of a task's items.
    fn heading(&mut self, text: &mut Vec<u8>, task: Option<&sysrec_analyzer::Task>) -> anyhow::Result<()>;
    /// One item as one or several lines.
    fn item(&mut self, text: &mut Vec<u8>, item: &Item, names: &dyn DescriptorNames) -> anyhow::Result<()>;
    /// What stands behind everything.
    fn end(&mut self, text: &mut Vec<u8>, taken: &Taken) -> anyhow::Result<()>;
}

/// Prints the replay.
///
/// # Errors
/// A trace that cannot be opened, or an output that cannot be written.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<ExitCode> {
    let trace = open::trace(&args.trace)?;
    let selection = args.selection.selection();
    let mut form: Box<dyn Form + '_> = if args.json {
        Box::new(json::Objects::new(&trace, args.raw))
    } else {
        let clock = match (args.absolute, WallClock::of(&trace)) {
            (false, _) => None,
            (true, Some(clock)) => Some(clock),
            (true, None) => bail!(
                "{}: the moment on the wall clock when it began is missing from the trace; leave --absolute out",
                args.trace.display()
            ),
        };
        let arguments = match (args.raw, args.names) {
            (true, _) => Arguments::Registers,
            (_, true) => Arguments::Named,
            _ => Arguments::Plain,
        };
        Box::new(lines::Lines::new(&trace, clock, arguments))
    };
    let mut player = Player {
        form: form.as_mut(),
        least: match args.calls {
            true => Weight::Call,
            false if selection.chooses_calls() => Weight::Happening,
            false if args.raw => Weight::Recorder,
            false => Weight::Background,
        },
        out: Buffered { out: io::stdout().lock(), bytes: Vec::with_capacity(2 * BUFFER_BYTES) },
        calls: 0,
        unfinished: HashMap::new(),
        damaged_calls: 0,
    };
    player.form.heading(&mut player.out.bytes, None)?;
    if args.by_task {
        player.play_by_task(&trace, &selection)?;
    } else {
        let everything = Selection::default();
        // Registers have no names.
        let follower = (!args.raw || args.json).then(|| Follower::new(&trace, &selection, &everything));
        player.play(Timeline::new(&trace, &selection), follower)?;
    }
    player.finish(!selection.is_all())?;
    Ok(ExitCode::SUCCESS)
}

struct Player<'a, 'f> {
    form: &'a mut (dyn Form + 'f),
    least: Weight,
    out: Buffered<'a>,
    calls: u64,
    unfinished: HashMap<(Abi, i32), u64>,
    damaged_calls: u64,
}

impl Player<'_, '_> {
    /// `follower`: who knows the names of descriptors.
    fn play(
        &mut self,
        items: impl Iterator<Item = Item>,
        mut follower: Option<Follower<'_>>,
    ) -> anyhow::Result<()> {
        for item in items {
            self.count(&item);
            let names = follower.as_mut().and_then(|follower| follower.names(&item));
            if Weight::of(&item) >= self.least {
                let names: &dyn DescriptorNames = names.as_ref().map_or(&NoNames, |names| names);
                self.form.item(&mut self.out.bytes, &item, names)?;
                self.out.write_if_full()?;
            }
        }
        Ok(())
    }

    fn play_by_task(&mut self, trace: &Trace, selection: &Selection) -> anyhow::Result<()> {
        for task in trace.tasks().iter().filter(|task| selection.has_task(task)) {
            let mut items = Timeline::of_task(trace, selection, task.id).peekable();
            if items.peek().is_some() {
                self.form.heading(&mut self.out.bytes, Some(task))?;
                self.play(items, None)?;
            }
        }
        // What happened to no task in particular; no thread has this number.
        let nobody = Selection { tids: vec![i32::MIN], ..selection.clone() };
        self.play(Timeline::new(trace, &nobody), None)
    }

    /// Counts what the end will speak of.
    fn count(&mut self, item: &Item) {
        match item {
            Item::Call(_) => self.calls += 1,
            Item::Damage(damage) => self.damaged_calls += damage.calls.unwrap_or(0),
            Item::Event(event) => {
                if let EventBody::Unfinished { entry, .. } = &event.body {
                    *self.unfinished.entry((entry.abi, entry.nr)).or_default() += 1;
                }
            }
        }
    }

    fn finish(mut self, selected: bool) -> anyhow::Result<()> {
        let mut unfinished: HashMap<String, u64> = HashMap::new();
        for ((abi, nr), calls) in self.unfinished {
            *unfinished.entry(call_name(abi, nr).into_owned()).or_default() += calls;
        }
        let mut unfinished: Vec<(String, u64)> = unfinished.into_iter().collect();
        unfinished.sort_by(|(name, calls), (other, others)| others.cmp(calls).then_with(|| name.cmp(other)));
        let taken = Taken { calls: self.calls, unfinished, selected, damaged_calls: self.damaged_calls };
        self.form.end(&mut self.out.bytes, &taken)?;
        Ok(self.out.finish()?)
    }
}

/// How much an item matters to somebody who asks for certain calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// What only the recorder did.
    Recorder,
    /// How things stand: code, descriptors, clocks.
    Background,
    /// What a task does or suffers between its calls.
    Happening,
    /// Calls, and places where some are missing.
    Call,
}

impl Weight {
    fn of(item: &Item) -> Self {
        let Item::Event(event) = item else { return Weight::Call };
        match &event.body {
            EventBody::Unfinished { .. } | EventBody::Loss { .. } => Weight::Call,
            EventBody::RecorderCall { .. } | EventBody::Module { .. } | EventBody::StackNode { .. } => {
                Weight::Recorder
            }
            EventBody::Mapping { .. }
            | EventBody::Descriptor { .. }
            | EventBody::WorkingDirectory { .. }
            | EventBody::Anchor { .. }
            | EventBody::Name { .. }
            | EventBody::Mechanism { .. }
            | EventBody::Unknown { .. } => Weight::Background,
            _ => Weight::Happening,
        }
    }
}

/// Bytes on their way to stdout.
struct Buffered<'a> {
    out: StdoutLock<'a>,
    bytes: Vec<u8>,
}

impl Buffered<'_> {
    fn write_if_full(&mut self) -> io::Result<()> {
        if self.bytes.len() >= BUFFER_BYTES {
            self.out.write_all(&self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&self.bytes)?;
        self.out.flush()
    }
}

/// The lines that say what a replay rests on, marked as no part of it.
fn footer(trace: &Trace, taken: &Taken) -> String {
    let text =
        basis::text(std::slice::from_ref(trace), taken, screen::width().map(|width| width.saturating_sub(2)));
    let text = if is_coloured() { text } else { anstream::adapter::strip_str(&text).to_string() };
    text.lines().map(|line| format!("# {line}\n")).collect()
}

/// Whether colour is wanted on stdout. Asked once: a filter over every line would cost more than making it.
fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}
