//! The kernel's own count of the calls of one command: exact, and independent of every tracer.
//!
//! Five BPF programs (see `program.rs`) follow a process tree and count its `sys_enter` and `sys_exit`. They run
//! beside a tracer and lose nothing, so that what a tracer recorded can be compared with tolerance zero, in the
//! same run. Needs root (CAP_BPF and CAP_PERFMON) and an x86-64 kernel with BPF; take no timings beside it.
//!
//! Which calls count is decided without a launcher: the oracle announces its child with one seed call before
//! execve. Unless the child itself is what is [counted](Scope::Command), it is a tracer: nothing of its own
//! counts, and each process that it forks counts from the moment when that process has executed a new program.

mod program;
mod rule;

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sysrec_format::event::Abi;

pub use rule::{Allowance, Difference, compare};

use crate::bpf::{self, Attached, HashMap};
use program::{ARMED, ARMED_ROOT, COMPAT_SHIFT, KIND_SHIFT, SEED_NR, kind};

/// Calls by number, as a tracer recorded them. See [`key`] for X32.
pub type Counts = BTreeMap<(Abi, i32), u64>;

/// The key of a call in [`Counts`]: an x32 call, whose number has bit 30, is one of the 64-bit table, because
/// the kernel's tracepoints know no third table.
pub fn key(abi: Abi, nr: i32) -> (Abi, i32) {
    (if abi == Abi::X32 { Abi::X86_64 } else { abi }, nr)
}

/// The results by which the kernel says that a call is to be started again: as it was (after a handler with SA_RESTART,
/// or always), only without a handler, or by restart_syscall(2) (`include/linux/errno.h`).
pub const RESTARTS: [i64; 4] = [-512, -513, -514, -516];

/// Per number, how many calls ended with each of [`RESTARTS`].
pub type Restarts = BTreeMap<(Abi, i32), [u64; RESTARTS.len()]>;

/// The kernel's counts for one number of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelCount {
    /// Calls that the kernel began: `sys_enter`.
    pub entered: u64,
    /// Those of them that came back: `sys_exit`.
    pub returned: u64,
    /// `sys_exit` without `sys_enter`: refused after the ptrace entry stop by a seccomp filter, by the tracer, or by
    /// a fatal signal.
    pub refused: u64,
    /// Returns of fork, vfork and clone in the child.
    pub born: u64,
    /// The execve with which the counting began: 1 for it.
    pub first_exec: u64,
    /// Of the returned ones, those that ended with each of [`RESTARTS`].
    pub restarted: [u64; RESTARTS.len()],
}

/// The kernel's counts of one command. Numbers as in [`Counts`].
pub type KernelCounts = BTreeMap<(Abi, i32), KernelCount>;

/// Whose calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The command and all its descendants, from the command's first execve on.
    Command,
    /// What the command starts and executes, and all descendants of that, but not the command's own calls: it is
    /// a tracer and its child is the tracee.
    Tracee,
}

const MAX_TASKS: u32 = 1 << 18;
const MAX_NUMBERS: u32 = 1 << 14;

/// One count in progress or to come. Several may run at the same time; each has its own maps.
pub struct Oracle {
    tree: HashMap,
    counts: HashMap,
    programs: Vec<Attached>,
    nonce: u64,
}

impl Oracle {
    /// Loads and attaches the programs. An error says why it cannot be had here: tests print it as their SKIP.
    pub fn new() -> io::Result<Oracle> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nonce = u64::from(std::process::id()) << 32 | u64::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let tree = HashMap::new(MAX_TASKS, bpf::NO_PREALLOC).map_err(|error| {
            io::Error::new(error.kind(), format!("the kernel count needs root and BPF: {error}"))
        })?;
        let counts = HashMap::new(MAX_NUMBERS, 0)?;
        // The order matters: nothing may enter the tree before its end is watched; the seed comes with sys_enter.
        let programs = vec![
            Attached::new(c"sched_process_exit", &program::sched_process_exit(&tree))?,
            Attached::new(c"sched_process_exec", &program::sched_process_exec(&tree))?,
            Attached::new(c"sched_process_fork", &program::sched_process_fork(&tree, &counts))?,
            Attached::new(c"sys_exit", &program::sys_exit(&tree, &counts))?,
            Attached::new(c"sys_enter", &program::sys_enter(&tree, &counts, nonce))?,
        ];
        Ok(Oracle { tree, counts, programs, nonce })
    }

    /// Starts `command` as the root of the counted tree.
    pub fn spawn(&self, command: &mut Command, scope: Scope) -> io::Result<Child> {
        let state = match scope {
            Scope::Command => ARMED,
            Scope::Tracee => ARMED_ROOT,
        };
        bpf::announce(command, SEED_NR, [self.nonce, state]);
        command.spawn()
    }

    /// Waits until the last task of the tree is gone, and gives its counts. An error when it lives on for longer
    /// than `patience`, or when the count cannot be trusted.
    pub fn finish(self, patience: Duration) -> io::Result<KernelCounts> {
        let deadline = Instant::now() + patience;
        while !self.tree.entries()?.is_empty() {
            if Instant::now() > deadline {
                return Err(io::Error::other("tasks of the counted tree are still alive"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for program in &self.programs {
            let misses = program.misses()?;
            if misses != 0 {
                return Err(io::Error::other(format!("the kernel left out {misses} runs of a counter")));
            }
        }
        let entries = self.counts.entries()?;
        if entries.len() >= MAX_NUMBERS as usize {
            return Err(io::Error::other("more numbers than the count has room for"));
        }
        let mut counts = KernelCounts::new();
        for (key, value) in entries {
            // The first execve is always the launcher's, a 64-bit one; at its exit the task may be a 32-bit one, and the
            // kernel has renumbered the call for that (`set_personality_ia32`).
            let is_first_exec = key >> KIND_SHIFT == kind::ROOT_EXEC;
            let key =
                if is_first_exec { kind::ROOT_EXEC << KIND_SHIFT | libc::SYS_execve as u64 } else { key };
            let abi = if key >> COMPAT_SHIFT & 1 == 1 { Abi::I386 } else { Abi::X86_64 };
            let count = counts.entry((abi, key as u32 as i32)).or_default();
            match key >> KIND_SHIFT {
                kind::ENTER => count.entered = value,
                kind::EXIT => count.returned = value,
                kind::REFUSED => count.refused = value,
                kind::BIRTH => count.born = value,
                kind::ROOT_EXEC => count.first_exec += value,
                kind if (kind::RESTART..kind::RESTART + RESTARTS.len() as u64).contains(&kind) => {
                    count.restarted[(kind - kind::RESTART) as usize] = value;
                }
                _ => return Err(io::Error::other("more tasks than the count has room for")),
            }
        }
        Ok(counts)
    }
}
