//! The ptrace backend: works everywhere, without privileges, two stops a call.
//!
//! Every task is seized (`PTRACE_SEIZE`, so that attaching sends no SIGSTOP and group-stops are told from signals) and
//! then resumed from stop to stop. Which stop it is, the kernel says: the wait status tells syscall stops
//! (`SIGTRAP | 0x80`), events (`status >> 16`) and signals apart, and `PTRACE_GET_SYSCALL_INFO` tells entry from exit.
//! Nothing is ever counted or guessed.
//!
//! ```text
//!                      ┌────────────── resume, signal passed on ◄─────────────┐
//!                      ▼                                                      │
//!  wait ─► stop ─┬─ syscall ──► entry │ exit ─► told to the Recording         │
//!                ├─ event ────► fork, clone ─► a new task │ exec │ net entry ─┤
//!                ├─ signal ───► told ─────────────────────────────────────────┘
//!                └─ group-stop ► told, PTRACE_LISTEN until SIGCONT
//! ```
//!
//! What is not here: PTRACE_O_TRACEEXIT. It would add a stop to every task's death, which makes dying tasks
//! wait for us inside another task's execve (the known deadlocks of `de_thread`), and all that it tells, the wait
//! status tells a moment later.

mod attach;
mod calls;
mod descriptors;
mod engine;
mod inline_filters;
mod inline_guards;
mod inline_mode;
mod inline_reading;
mod inline_sites;
mod measure;
mod net;
mod placement;
mod remarks;
mod restart;
mod stops;
mod tracee;

pub(crate) use descriptors::{descriptor_numbers, unnamed_numbers};
use sysrec_format::block::Overhead;
use sysrec_syscalls::filter::Filter;

use super::inline::Inline;
use super::{Backend, Launch, Surroundings};
use crate::capture::CapturePlan;
use crate::sys::wait::WaitStatus;
use crate::{Error, Registers, StackOptions};

/// How the ptrace backend is to work.
#[derive(Clone, Debug)]
pub(crate) struct Ptrace {
    /// The calls that are told.
    pub filter: Filter,
    /// Follow children and threads.
    pub follow: bool,
    /// Let a seccomp filter in the command keep unwanted calls from stopping.
    pub net: bool,
    /// Go on until everything that was followed has ended, not just the command.
    pub wait: bool,
    /// How much of the registers is told.
    pub registers: Registers,
    /// What is copied of the tasks' memory.
    pub capture: CapturePlan,
    /// Tell what descriptors are that calls outside of the filter open.
    pub name_descriptors: bool,
    /// Move ourselves and the tasks to where stops are cheap.
    pub placement: bool,
    /// Which calls are told with their stacks.
    pub stacks: Option<StackOptions>,
}

impl Ptrace {
    /// Its name in traces.
    pub(crate) const NAME: &'static str = "ptrace";

    /// Measures what recording a call costs here, now: what most calls cost first, what one costs that stops last. Takes
    /// a few milliseconds.
    pub(crate) fn overheads(&self, inline: Option<&mut Inline>) -> Vec<Overhead> {
        // First, since inline's clock needs two milliseconds to settle, whatever is done meanwhile.
        let by_stops = measure::overhead(self.placement, self.stacks.as_ref());
        let by_stub = inline.map(crate::backend::inline::measure::overhead);
        by_stub.into_iter().chain([by_stops]).collect()
    }
}

impl Backend for Ptrace {
    fn record_command(&mut self, launch: &Launch, around: Surroundings<'_>) -> Result<WaitStatus, Error> {
        engine::Engine::new(self, around).run_command(launch)
    }

    fn record_processes(&mut self, pids: &[i32], around: Surroundings<'_>) -> Result<(), Error> {
        engine::Engine::new(self, around).run_attached(pids)
    }
}
