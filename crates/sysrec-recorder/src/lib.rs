//! Records every system call of a program into a trace.
//!
//! ```text
//!  Options ─► record() ─┬─ Backend (ptrace) ── what it sees ──► Recording ─► TraceWriter ─► mapped file
//!                       └─ Control: signals, deadline, progress ──► asks the backend to end
//! ```
//! The recorder never interprets arguments and makes no text for people but its errors. Unsafe code stands in `sys`
//! alone.
#![deny(unsafe_code)]

mod backend;
mod capture;
mod control;
mod elf;
pub mod error;
mod options;
mod procfs;
mod recording;
mod selected;
mod session;
mod stacks;
mod storage;
mod sys;
mod users;

use std::path::PathBuf;
use std::time::Instant;

use sysrec_format::block::{Overhead, Totals};
use sysrec_format::event::Abi;

pub use backend::inline::InlineClasses;
pub use control::{Progress, StopReason, Watch};
pub use error::Error;
pub use options::{BackendChoice, Options, Registers, Target};
pub use stacks::StackOptions;
pub use sys::signal::die_by;
pub use sysrec_syscalls::Level;

use backend::inline::Inline;
use backend::inline::numbers::Numbers;
use backend::ptrace::Ptrace;
use backend::{Backend, Launch, Surroundings};
use capture::CapturePlan;
use control::Control;
use recording::{Limits, Recording};
use sys::wait::WaitStatus;

/// How the recorded command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
}

/// What was recorded.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How the command ended; `None` after attaching.
    pub command_end: Option<CommandEnd>,
    /// The trace.
    pub output: PathBuf,
    /// Its size, bytes.
    pub bytes: u64,
    /// What is in it.
    pub totals: Totals,
    /// What recording a call cost, as measured at the start: what most calls cost first, what one cost that stopped last.
    pub overheads: Vec<Overhead>,
    /// How many of the finished calls stopped, where that is not the way of all.
    pub calls_at_stops: Option<u64>,
    /// The mechanism's name.
    pub backend: &'static str,
    /// Why that one, where the choice was ours: a part of a sentence. Empty where it was asked for.
    pub backend_reason: String,
    /// Why the recording ended early, where it did.
    pub stopped: Option<StopReason>,
    /// Why nothing more could be written, where that happened; the calls lost are counted in `totals`.
    pub storage_problem: Option<String>,
    /// Remarks on how the recording made a difference to the program, a sentence each.
    pub notes: Vec<String>,
    /// Wall time from start to end, nanoseconds.
    pub elapsed_ns: u64,
}

/// Records, until what is recorded has ended or the end was asked for.
///
/// `watch` is told of the progress now and then.
///
/// Call from the program's main thread, before it has others: signals that would end the program (INT, QUIT, TERM, HUP)
/// are taken over for good, and what the command inherits is what this program was started with.
///
/// # Errors
/// When nothing could be recorded. A full disk or a tracee that dies is no error; the [`Outcome`] tells of it.
pub fn record(options: &Options, watch: Option<Watch>) -> Result<Outcome, Error> {
    let launch = prepare(&options.target)?;
    let (output, file) = storage::Output::create(&options.output)?;
    let result = record_into(options, launch.as_ref(), file, watch);
    if let Err(
        Error::Start { .. }
        | Error::Backend { .. }
        | Error::Attach { .. }
        | Error::Output { .. }
        | Error::UnknownUser(_)
        | Error::Thread(_),
    ) = &result
    {
        // Nothing was recorded. Whatever fails later leaves its trace.
        output.take_back();
    }
    result
}

/// Finds the command before anything is made or changed.
fn prepare(target: &Target) -> Result<Option<Launch>, Error> {
    let Target::Command { argv, user } = target else { return Ok(None) };
    let name = argv.first().cloned().unwrap_or_default();
    let path = sys::child::find_command(&name).map_err(|source| Error::Command { name, source })?;
    Ok(Some(Launch { path, argv: argv.clone(), user: user.clone() }))
}

/// Whether a seccomp net can be used: everything that lives in it is ours to its end.
fn net_serves(options: &Options) -> bool {
    matches!(options.target, Target::Command { .. }) && options.follow && options.wait && !options.survive
}

/// The mechanism that was chosen.
struct Choice {
    /// `None`: ptrace alone.
    inline: Option<Inline>,
    reason: String,
}

fn choose(options: &Options) -> Result<Choice, Error> {
    if options.backend == BackendChoice::Ptrace {
        return Ok(Choice { inline: None, reason: String::new() });
    }
    match (inline(options)?, options.backend) {
        (Ok(inline), BackendChoice::Auto) => {
            Ok(Choice { inline: Some(inline), reason: "the fastest that works here".to_owned() })
        }
        (Ok(inline), _) => Ok(Choice { inline: Some(inline), reason: String::new() }),
        (Err(reason), BackendChoice::Auto) => Ok(Choice { inline: None, reason }),
        (Err(reason), _) => Err(Error::Backend { backend: Inline::NAME, reason }),
    }
}

/// The inline mechanism, or why it cannot be had here.
fn inline(options: &Options) -> Result<Result<Inline, String>, Error> {
    if let Some(reason) = unsuitable(options) {
        return Ok(Err(reason.to_owned()));
    }
    let owner = match &options.target {
        Target::Command { user: Some(user), .. } => Some(users::credentials(user)?),
        _ => None,
    };
    let owner = owner.map(|credentials| (credentials.uid, credentials.gid));
    let plan = CapturePlan::new(options.capture, options.string_bytes);
    let (numbers, stacks) = (inline_numbers(options, &plan), options.stacks.is_some());
    Ok(Inline::new(options.inline_classes, owner, numbers, plan, stacks))
}

/// What the stub does with each call. Those that open descriptors which nothing names are left to the recorder, and
/// while not all calls are recorded, all that open descriptors.
fn inline_numbers(options: &Options, plan: &CapturePlan) -> Numbers {
    let abi = sysrec_syscalls::Abi::X86_64;
    let stacks: std::collections::BTreeSet<u32> =
        options.stacks.iter().flat_map(|stacks| stacks.filter.numbers(abi)).collect();
    let opening = names_descriptors(options).then(|| backend::descriptor_numbers(Abi::X86_64));
    let unnamed = (!plan.is_empty()).then(backend::unnamed_numbers).into_iter().flatten();
    let opening = opening.into_iter().flatten().chain(unnamed);
    Numbers::new(plan, options.filter.numbers(abi), |nr| stacks.contains(&nr), opening)
}

/// Whether the recorder itself says what descriptors are: the calls that tell may not be in the trace, and some that are
/// have descriptors.
fn names_descriptors(options: &Options) -> bool {
    use sysrec_syscalls::{Abi, Classes, lookup};
    let with_descriptors = |abi| {
        let mut selected = options.filter.numbers(abi).filter_map(move |nr| lookup(abi, nr as i32));
        selected.any(|call| call.classes.intersects(Classes::DESC | Classes::NETWORK))
    };
    options.capture != Level::None
        && !options.filter.is_all()
        && [Abi::X86_64, Abi::I386, Abi::X32].into_iter().any(with_descriptors)
}

/// Why the inline backend cannot do what was asked for.
fn unsuitable(options: &Options) -> Option<&'static str> {
    Some(match &options.target {
        Target::Processes(_) => "inline works only in commands that sysrec starts",
        _ if !options.follow => "inline cannot leave children alone (--no-follow)",
        _ if !options.wait => "inline cannot let go of what outlives the command (--no-wait)",
        _ if options.survive => "under inline, the command does not survive the recorder (--survive)",
        _ if options.registers == Registers::All => "inline does not record all registers (--registers all)",
        _ => return None,
    })
}

fn record_into(
    options: &Options,
    launch: Option<&Launch>,
    file: std::fs::File,
    watch: Option<Watch>,
) -> Result<Outcome, Error> {
    let started = Instant::now();
    let trace_error = |source| Error::Trace { path: options.output.clone(), source };
    let output_error =
        |e| Error::Output { path: options.output.clone(), problem: error::OutputProblem::Io(e) };
    let choice = choose(options)?;
    let mut inline = choice.inline;
    // A net needs a tracer to the end of all that live in it: not where they may be let go, or children escape it.
    let net = net_serves(options) && (!options.filter.is_all() || inline.is_some());
    let name = if inline.is_some() { Inline::NAME } else { Ptrace::NAME };
    let level = options.capture;
    let mut backend = Ptrace {
        filter: options.filter.clone(),
        follow: options.follow,
        net,
        wait: options.wait,
        registers: options.registers,
        capture: CapturePlan::new(level, options.string_bytes),
        name_descriptors: names_descriptors(options),
        placement: options.placement,
        stacks: options.stacks.clone(),
    };
    let inherited = sys::signal::take_over();
    let overheads = backend.overheads(inline.as_mut());
    let session = session::describe(
        options,
        level,
        name,
        &choice.reason,
        net,
        inline.as_ref().map(|inline| inline.rings.path()),
    );
    let storage = storage::MappedStorage::new(file).map_err(output_error)?;
    let deadline = options.duration.map(|duration| Instant::now() + duration);
    let control = Control::start(inherited, deadline, watch).map_err(Error::Thread)?;
    let limits = Limits { calls_max: options.calls_max, bytes_max: options.bytes_max };
    let trace_id = session::trace_id();
    let mut recording =
        Recording::new(storage, &session, trace_id, limits, control.shared.clone()).map_err(trace_error)?;
    if let Some(inline) = &mut inline {
        inline.belong_to(trace_id);
    }
    recording.overheads(&overheads).map_err(trace_error)?;
    let around = Surroundings { recording: &mut recording, shared: &control.shared, inherited, inline };
    let ended = match (launch, &options.target) {
        (Some(launch), _) => backend.record_command(launch, around).map(Some),
        (None, Target::Processes(pids)) => backend.record_processes(pids, around).map(|()| None),
        (None, Target::Command { .. }) => Ok(None),
    };
    control.end();
    let (closed, stopped) = recording.finish();
    let command_end = ended?.map(|status| match status {
        WaitStatus::Killed { signo, .. } => CommandEnd::Killed(signo),
        WaitStatus::Exited { code } => CommandEnd::Exited(code),
        WaitStatus::Stopped { .. } | WaitStatus::Continued => CommandEnd::Exited(1),
    });
    let closed = closed.map_err(trace_error)?;
    Ok(Outcome {
        command_end,
        output: options.output.clone(),
        bytes: std::fs::metadata(&options.output).map_or(0, |metadata| metadata.len()),
        totals: closed.totals,
        overheads,
        calls_at_stops: closed.calls_at_stops,
        backend: name,
        backend_reason: choice.reason,
        stopped,
        storage_problem: closed.storage_problem,
        notes: closed.notes,
        elapsed_ns: started.elapsed().as_nanos() as u64,
    })
}
