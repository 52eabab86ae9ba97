//! The contract that every mechanism of recording keeps, so that they can be exchanged and tested alike.
//!
//! A backend takes a [`Launch`] or a list of processes, and tells a [`Recording`] what it sees. It promises:
//!
//! 1. **The tracee behaves as without us**: output, exit status or fatal signal, order and dispositions of signals,
//!    timers, job control, argv, environment, descriptors, working directory, the CPUs it is told it may use.
//! 2. **Every call of every task is told exactly once**, from the execve that starts the command to the last, through
//!    fork, vfork, clone, clone3, threads, exec from any thread, and programs of another ABI; or counted as a loss.
//! 3. **Entry and exit are matched per task** by the kernel's word, never by counting. A call that does not return is
//!    told as unfinished, with the reason.
//! 4. **Registers are the tracee's at that moment**; the number is the one that the kernel takes.
//! 5. **Time is taken as close to the call as the mechanism can**, and the mechanism's own cost is measured at the
//!    start ([`Overhead`](sysrec_format::block::Overhead)).
//! 6. **It ends as the command ended**: the command's own wait status is handed out.
//! 7. **It ends when it is asked to** ([`Shared::stop`]), leaving what goes on unharmed.
//!
//! Outside the contract: what calls mean, filters beyond which calls to tell, the file. The conformance suite in
//! `tests/` runs every backend through the same guests.

use std::ffi::OsString;

use crate::Error;
use crate::control::Shared;
use crate::recording::Recording;
use crate::sys::signal::Inherited;
use crate::sys::wait::WaitStatus;

pub(crate) mod inline;
pub(crate) mod measure;
pub(crate) mod ptrace;

pub(crate) use ptrace::{descriptor_numbers, unnamed_numbers};

/// What a call has returned, for the trace, that the recorder sent back to its start: the kernel's own way to say that
/// it is made again (`ERESTARTNOHAND`, `include/linux/errno.h`).
pub(crate) const SENT_BACK: i64 = -514;

/// A command to start.
pub(crate) struct Launch {
    /// The file to run.
    pub path: std::path::PathBuf,
    /// Its argument vector.
    pub argv: Vec<OsString>,
    /// The user to run it as.
    pub user: Option<String>,
}

/// What a backend needs besides its target.
pub(crate) struct Surroundings<'a> {
    pub recording: &'a mut Recording,
    pub shared: &'a Shared,
    pub inherited: Inherited,
    /// The inline mechanism, where it is to be used.
    pub inline: Option<inline::Inline>,
}

/// A mechanism of recording.
pub(crate) trait Backend {
    /// Starts the command and records it until everything that was followed has ended, or the end was asked for.
    /// Gives the command's wait status.
    fn record_command(&mut self, launch: &Launch, around: Surroundings<'_>) -> Result<WaitStatus, Error>;

    /// Attaches to processes and records them until they have ended, or the end was asked for; then lets them go.
    fn record_processes(&mut self, pids: &[i32], around: Surroundings<'_>) -> Result<(), Error>;
}
