//! What happened, in words: everything but calls.

use std::fmt::{self, Display, Formatter};

use sysrec_analyzer::{Trace, call_name, errno_name, error_of, loss_reason_name};
use sysrec_format::event::{Abi, Event, EventBody, Origin, TaskEnd, TaskId};
use sysrec_syscalls::signal;

use super::label::numbers;
use super::signal_code;
use crate::quote::command_line;
use crate::text::{counted, printable};
use crate::wall_clock;

/// An event of a trace; of a call that did not return only its number, since a line of its own shows it.
pub(super) struct EventText<'a> {
    pub(super) trace: &'a Trace,
    pub(super) event: &'a Event,
}

impl Display for EventText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.event.body {
            EventBody::TaskStart { process, parent, origin, .. } => self.start(f, *process, *parent, *origin),
            EventBody::Exec { exe, argv, former, .. } => self.exec(f, exe, argv, *former),
            EventBody::Name { comm } => write!(f, "is now called {}", printable(comm)),
            EventBody::TaskEnd(end) => write_end(f, *end),
            EventBody::Signal { signo, code, sender_pid, address } => {
                write_signal(f, *signo, *code, *sender_pid, *address)
            }
            EventBody::Stop { signo } => write!(f, "stopped by {}", signal::kernel_name(*signo)),
            EventBody::Continue => f.write_str("goes on"),
            EventBody::Unfinished { entry, .. } => write!(f, "call {} did not return", entry.nr),
            EventBody::Mapping { address, length, file_offset, path, build_id } => {
                let end = address.saturating_add(*length);
                write!(f, "code at {address:#x}-{end:#x}: {}, offset {file_offset:#x}", printable(path))?;
                write_build_id(f, build_id)
            }
            EventBody::Descriptor { fd, target } => write!(f, "descriptor {fd} is {}", printable(target)),
            EventBody::WorkingDirectory { path } => write!(f, "working directory is {}", printable(path)),
            EventBody::Loss { reason, calls, first_ns } => {
                match calls {
                    0 => f.write_str("an unknown number of calls lost")?,
                    calls => write!(f, "{} lost", counted(*calls, "call", "calls"))?,
                }
                let since_ns = first_ns.saturating_sub(self.trace.origin_ns());
                let (seconds, ns) = (since_ns / 1_000_000_000, since_ns % 1_000_000_000);
                write!(f, " from {seconds}.{ns:09} on: {}", loss_reason_name(*reason))
            }
            EventBody::Anchor { realtime_ns, tsc } => {
                let (second, ns) =
                    (wall_clock::second(realtime_ns / 1_000_000_000), realtime_ns % 1_000_000_000);
                write!(f, "wall clock {second}.{ns:09} UTC")?;
                if *tsc > 0 { write!(f, ", time stamp counter {tsc}") } else { Ok(()) }
            }
            EventBody::Mechanism { mechanism, reason } => {
                write!(f, "recorded by {} from here on", printable(mechanism))?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {}", printable(reason)) }
            }
            EventBody::RecorderCall { nr, ret } => {
                write!(f, "the recorder's own {} = {ret}", call_name(Abi::X86_64, *nr))?;
                match error_of(Abi::X86_64, *nr, *ret) {
                    Some(errno) => write!(f, " {}", errno_name(errno)),
                    None => Ok(()),
                }
            }
            EventBody::Module { module, path, build_id } => {
                write!(f, "module {} of stacks: {}", module.0, printable(path))?;
                write_build_id(f, build_id)
            }
            EventBody::StackNode { node, parent, module, offset, name, .. } => {
                write!(f, "frame {} of stacks: ", node.0)?;
                match module {
                    Some(module) => write!(f, "module {} + {offset:#x}", module.0)?,
                    None => write!(f, "{offset:#x}")?,
                }
                if !name.is_empty() {
                    write!(f, " ({})", printable(name))?;
                }
                parent.map_or(Ok(()), |parent| write!(f, ", called by frame {}", parent.0))
            }
            EventBody::Unknown { kind, body } => {
                let bytes = counted(body.len() as u64, "byte", "bytes");
                write!(f, "event of kind {kind}, {bytes}: a newer sysrec may know it")
            }
        }
    }
}

impl EventText<'_> {
    fn start(
        &self,
        f: &mut Formatter<'_>,
        process: TaskId,
        parent: Option<TaskId>,
        origin: Origin,
    ) -> fmt::Result {
        let is_thread = self.event.task != Some(process);
        f.write_str(if is_thread { "thread begins" } else { "process begins" })?;
        let how = match origin {
            Origin::COMMAND => return f.write_str(": the command"),
            Origin::ATTACH => return f.write_str(": it ran before the recording"),
            Origin::FORK => "fork",
            Origin::VFORK => "vfork",
            Origin::CLONE => "clone",
            _ => "a way that this version does not know",
        };
        match parent.and_then(|parent| self.trace.tasks().get(parent)) {
            Some(parent) => write!(f, ": {how} by {}", numbers(parent)),
            None => write!(f, ": {how}"),
        }
    }

    fn exec(
        &self,
        f: &mut Formatter<'_>,
        exe: &[u8],
        argv: &[Vec<u8>],
        former: Option<TaskId>,
    ) -> fmt::Result {
        write!(f, "new program {}: {}", printable(exe), command_line(argv))?;
        match former.and_then(|former| self.trace.tasks().get(former)) {
            Some(former) => write!(f, " (execve by thread {})", numbers(former)),
            None => Ok(()),
        }
    }
}

fn write_build_id(f: &mut Formatter<'_>, build_id: &[u8]) -> fmt::Result {
    if build_id.is_empty() {
        return Ok(());
    }
    f.write_str(", build-id ")?;
    build_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn write_end(f: &mut Formatter<'_>, end: TaskEnd) -> fmt::Result {
    match end {
        TaskEnd::Exited { code } => write!(f, "exited with {code}"),
        TaskEnd::Killed { signo, core_dumped } => {
            let core = if core_dumped { ", core dumped" } else { "" };
            write!(f, "killed by {}{core}", signal::kernel_name(signo))
        }
        TaskEnd::Superseded => f.write_str("ended by another thread's execve"),
        TaskEnd::Detached => f.write_str("detached; lives on without being recorded"),
        TaskEnd::Vanished => f.write_str("vanished"),
        TaskEnd::Unknown { cause, value } => {
            write!(f, "ended, cause {cause} with {value}: a newer sysrec may know it")
        }
    }
}

fn write_signal(f: &mut Formatter<'_>, signo: i32, code: i32, sender_pid: i32, address: u64) -> fmt::Result {
    write!(f, "{}", signal::kernel_name(signo))?;
    match signal_code::name(signo, code) {
        Some(name) => write!(f, ", {name}")?,
        None => write!(f, ", code {code}")?,
    }
    if sender_pid != 0 {
        write!(f, ", from {sender_pid}")?;
    }
    if address != 0 || signal_code::has_address(signo, code) {
        write!(f, ", at {address:#x}")?;
    }
    Ok(())
}
