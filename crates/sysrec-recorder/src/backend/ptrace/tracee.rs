//! What the engine knows of one task.

use sysrec_format::event::{Entry, TaskId, UnfinishedReason};

use crate::backend::inline::{Mode, Reason, SharedSpace};
use crate::recording::Recording;
use crate::sys::sched::CpuSet;

/// A traced task, from the moment when it is known to be ours until its end was waited for.
#[derive(Debug)]
pub(super) struct Tracee {
    /// Its identity in the trace.
    pub task: TaskId,
    /// Thread group id.
    pub pid: i32,
    /// The task that stands for its process in the trace.
    pub process: TaskId,
    /// Its name, as last seen.
    pub comm: Vec<u8>,
    /// The call that it is in.
    pub call: Option<InCall>,
    /// Its first stop has been handled: it runs, or stopped in an orderly way.
    pub started: bool,
    /// It is in a group-stop that was recorded, and was told to listen.
    pub stopped: bool,
    /// We asked it to stop (PTRACE_INTERRUPT), and it has not yet.
    pub interrupted: bool,
    /// A change to a clone call that the child inherited with its parent's state, to be undone at its first stop.
    pub inherited_edit: Option<CloneEdit>,
    /// Whether it records its own calls.
    pub mode: Mode,
    /// What we changed in its address space.
    pub space: Option<SharedSpace>,
    /// The trace says that ptrace records it.
    pub told_ptrace: bool,
    /// It is in seccomp's strict mode, for which we stand in.
    pub strict: bool,
    /// It is to be taken out of the inline mode at its next stop.
    pub demote: Option<Reason>,
    /// The CPUs that the program believes it may use, where we hold it on one.
    pub own_cpus: Option<CpuSet>,
}

impl Tracee {
    pub(super) fn new(task: TaskId, pid: i32, process: TaskId, comm: Vec<u8>) -> Self {
        Tracee {
            task,
            pid,
            process,
            comm,
            call: None,
            started: false,
            stopped: false,
            interrupted: false,
            inherited_edit: None,
            mode: Mode::Ptrace(Reason::NOT_STARTED),
            space: None,
            told_ptrace: false,
            strict: false,
            demote: None,
            own_cpus: None,
        }
    }
}

/// A call between its entry stop and its exit stop.
#[derive(Debug)]
pub(super) struct InCall {
    pub abi: sysrec_format::event::Abi,
    pub nr: i32,
    pub args: [u64; 6],
    /// Whether the recording has its entry.
    pub recorded: bool,
    /// An entry kept back until it is clear under which task it belongs: execve of a task that is not the leader.
    pub kept_back: Option<Box<Entry>>,
    /// What was changed in a clone call so that the child does not escape.
    pub edit: Option<CloneEdit>,
    /// Its stack is to be taken at its exit.
    pub stack_due: Option<StackDue>,
    /// The task whose CPUs were given back for the time of this call.
    pub lent_cpus: Option<i32>,
}

impl InCall {
    /// Whether it makes a new task, if it succeeds.
    pub(super) fn makes_task(&self) -> bool {
        use super::calls::Concern::{Clone, Clone3, Fork};
        matches!(super::calls::concern(self.abi, self.nr), Some(Clone | Clone3 | Fork))
    }

    /// The call is told without an end; one whose entry was kept back, from its entry on.
    pub(super) fn tell_unfinished(
        &mut self,
        task: TaskId,
        reason: UnfinishedReason,
        time_ns: u64,
        recording: &mut Recording,
    ) {
        if let Some(entry) = self.kept_back.take() {
            recording.entry(task, &entry);
        }
        if std::mem::take(&mut self.recorded) {
            recording.unfinished(task, reason, time_ns);
        }
    }
}

/// What the stack of a call is taken by, when it has taken long.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackDue {
    /// When it is long enough, on the recorder's clock.
    pub from_ns: u64,
    /// The call's instruction pointer.
    pub ip: u64,
    /// Its stack pointer.
    pub sp: u64,
}

/// `CLONE_UNTRACED`, taken out of a call's flags for as long as the call lasts.
#[derive(Clone, Copy, Debug)]
pub(super) enum CloneEdit {
    /// The register (its place in the user registers) with its own value.
    Register { place: usize, value: u64 },
    /// The word in memory (clone3's first field) with its own value.
    Memory { address: u64, value: u64 },
}
