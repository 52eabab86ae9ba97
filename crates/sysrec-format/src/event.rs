//! What a backend saw, as values: the vocabulary that the recorder writes and the analyzer reads.
//!
//! Two things are hot and fixed in shape, the two ends of a call ([`Entry`], [`Exit`]); everything else
//! that happens to a task is an [`Event`]. Nothing here is text for people and nothing is interpreted:
//! numbers are the kernel's own.
//!
//! ```text
//!  task 3   TaskStart  Exec   E──x   E─────x   Signal   E──────────   TaskEnd
//!                             Call   Call               Unfinished
//! ```

use std::sync::Arc;

/// One task of a recording: an index counted from 0 in order of appearance, unique in the trace.
///
/// A tid is not enough: the kernel reuses it within seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);

/// The calling convention and number table of one call (per call, since a 64-bit program may use `int 0x80`).
///
/// An open set: values that this version does not know survive a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Abi(pub u8);

impl Abi {
    /// 64-bit `syscall` on x86-64 (`AUDIT_ARCH_X86_64`, bit 30 of the number clear).
    pub const X86_64: Abi = Abi(1);
    /// x32: 64-bit `syscall` with bit 30 of the number set (`__X32_SYSCALL_BIT`).
    pub const X32: Abi = Abi(2);
    /// i386: `int 0x80`, `sysenter` and the compat `syscall` (`AUDIT_ARCH_I386`).
    pub const I386: Abi = Abi(3);
    /// aarch64.
    pub const AARCH64: Abi = Abi(4);
}

/// The whole user register set, in the order of `struct user_regs_struct` of x86-64
/// (`arch/x86/include/asm/user_64.h`): r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs
/// eflags rsp ss fs_base gs_base ds es fs gs.
pub type UserRegisters = [u64; USER_REGISTERS];
/// How many registers [`UserRegisters`] holds.
pub const USER_REGISTERS: usize = 27;

/// One distinct stack of a trace: the number of the [`EventBody::StackNode`] that is its innermost frame. The frames
/// outward are that node's ancestors; see [`StackTable`](crate::stacks::StackTable).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(pub u32);

/// One module of a trace: the number of an [`EventBody::Module`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// What is to be known of a frame of a stack. Bits; those that this version does not know survive a round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrameFlags(pub u8);

impl FrameFlags {
    /// There are frames outward of this one, and they could not be found: no unwind tables, a damaged stack.
    pub const CUT: FrameFlags = FrameFlags(1);
    /// There are frames outward of this one, and the recorder did not look for them: more frames, or more bytes of
    /// stack, than its limit.
    pub const DEEP: FrameFlags = FrameFlags(2);
    /// A signal interrupted the frame: its offset is the instruction itself, and not the one behind a call.
    pub const INTERRUPTED: FrameFlags = FrameFlags(4);

    /// Whether all these bits are set.
    pub fn has(self, flags: FrameFlags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These bits, and those.
    #[must_use]
    pub fn with(self, flags: FrameFlags) -> Self {
        Self(self.0 | flags.0)
    }
}

/// A run of the task's memory as it was at one end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Where it began.
    pub address: u64,
    /// How many bytes were wanted; fewer are there where the recorder's limit or unreadable memory cut it.
    pub wanted_bytes: u64,
    /// Why fewer are there.
    pub cut: CaptureCut,
    /// What was there. Calls of a chunk that captured the same share it.
    pub bytes: Arc<[u8]>,
}

/// Why a capture has fewer bytes than were wanted. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaptureCut(pub u8);

impl CaptureCut {
    /// It has them all.
    pub const WHOLE: CaptureCut = CaptureCut(0);
    /// The recorder's limit.
    pub const LIMIT: CaptureCut = CaptureCut(1);
    /// The memory behind is not readable: for the kernel this is EFAULT.
    pub const UNREADABLE: CaptureCut = CaptureCut(2);
}

/// The start of a call: the registers at the moment when the kernel took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub time_ns: u64,
    /// The table that [`nr`](Self::nr) belongs to.
    pub abi: Abi,
    /// The number as the kernel ran it, x32's bit 30 included; -1 is a number like others.
    pub nr: i32,
    /// Instruction pointer as the kernel reports it: behind the instruction that made the call.
    pub ip: u64,
    /// Stack pointer.
    pub sp: u64,
    /// The six argument registers of the ABI, zero-extended for i386.
    pub args: [u64; 6],
    /// All registers, where the recording asked for them.
    pub registers: Option<Box<UserRegisters>>,
    /// The user stack that made the call, where the recording asked for it.
    pub stack: Option<StackId>,
    /// Memory that the arguments point at, as it was before the call.
    pub captures: Vec<Capture>,
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub time_ns: u64,
    /// The return register, sign-extended for i386. -4095..=-1 is an error, and -512..=-516 a restart.
    pub ret: i64,
    /// All registers, where the recording asked for them.
    pub registers: Option<Box<UserRegisters>>,
    /// Memory that the arguments point at, as it was after the call.
    pub captures: Vec<Capture>,
}

/// A finished call: an entry with its exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who made it.
    pub task: TaskId,
    /// Its entry; `entry.time_ns` is its start.
    pub entry: Entry,
    /// Wall time between entry and exit, nanoseconds.
    pub duration_ns: u64,
    /// See [`Exit::ret`].
    pub ret: i64,
    /// All registers at the exit, where the recording asked for them.
    pub exit_registers: Option<Box<UserRegisters>>,
    /// See [`Exit::captures`].
    pub exit_captures: Vec<Capture>,
}

/// Anything that is not the end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub time_ns: u64,
    /// The task it happened to; `None` for the recording as a whole.
    pub task: Option<TaskId>,
    /// What happened.
    pub body: EventBody,
}

/// What happened. A kind that this version does not know survives as [`EventBody::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventBody {
    /// A task came under recording. The first event of every task.
    TaskStart {
        /// Thread id, in the recorder's pid namespace.
        tid: i32,
        /// Thread group id.
        pid: i32,
        /// The task that stands for the process: the first one seen of its thread group (itself for a new process).
        process: TaskId,
        /// Who made it, where that was seen.
        parent: Option<TaskId>,
        /// How it came under recording.
        origin: Origin,
        /// `/proc/TID/comm` at that moment, at most 15 bytes as a rule.
        comm: Vec<u8>,
    },
    /// The process has a new program.
    Exec {
        /// `/proc/PID/exe`; empty where it could not be read.
        exe: Vec<u8>,
        /// `/proc/PID/cmdline`, split; cut to the recorder's limit.
        argv: Vec<Vec<u8>>,
        /// The new `comm`.
        comm: Vec<u8>,
        /// The task that made the call, where it was not the leader: it ended as [`TaskEnd::Superseded`] and
        /// goes on under the leader's tid.
        former: Option<TaskId>,
    },
    /// The task has a new name (`prctl(PR_SET_NAME)`, a write to `comm`).
    Name {
        /// The new `comm`.
        comm: Vec<u8>,
    },
    /// The last event of a task.
    TaskEnd(TaskEnd),
    /// A signal is about to be delivered to the task (signal-delivery-stop).
    Signal {
        /// Signal number, 1 to 64.
        signo: i32,
        /// `si_code`.
        code: i32,
        /// `si_pid` where the code says that a process sent it, else 0.
        sender_pid: i32,
        /// `si_addr` for faults and `si_call_addr` for SIGSYS, else 0.
        address: u64,
    },
    /// The task stopped with its process (group-stop).
    Stop {
        /// The stopping signal.
        signo: i32,
    },
    /// The task goes on after a group-stop.
    Continue,
    /// A call that did not return, with all that was known at its entry. `Event::time_ns` is when that became clear.
    Unfinished {
        /// Its entry.
        entry: Entry,
        /// Why it has no exit.
        reason: UnfinishedReason,
    },
    /// Code was mapped into the process (`PROT_EXEC`), or was already at start.
    Mapping {
        /// First address.
        address: u64,
        /// Bytes.
        length: u64,
        /// Offset in the file, bytes.
        file_offset: u64,
        /// Path as the kernel shows it, `[vdso]` and the like included.
        path: Vec<u8>,
        /// The ELF build-id note; empty where there is none.
        build_id: Vec<u8>,
    },
    /// A descriptor that was open when the recording of the process began.
    Descriptor {
        /// Its number.
        fd: i32,
        /// `readlink /proc/PID/fd/N`.
        target: Vec<u8>,
    },
    /// The working directory when the recording of the process began.
    WorkingDirectory {
        /// `readlink /proc/PID/cwd`.
        path: Vec<u8>,
    },
    /// Calls that are known to be missing from the trace.
    Loss {
        /// Why.
        reason: LossReason,
        /// How many calls; 0 where their number is not known.
        calls: u64,
        /// When the first was lost; `Event::time_ns` is when the last was. Nanoseconds.
        first_ns: u64,
    },
    /// The same moment on other clocks.
    Anchor {
        /// CLOCK_REALTIME, nanoseconds since the epoch.
        realtime_ns: u64,
        /// The time stamp counter, ticks; 0 where there is none.
        tsc: u64,
    },
    /// How the task is recorded from now on. A task without such an event is recorded by the session's backend.
    Mechanism {
        /// The backend's name: `inline` or `ptrace`.
        mechanism: Vec<u8>,
        /// Why, as a part of a sentence for people (`it runs 32-bit code`); empty where there is nothing to say.
        reason: Vec<u8>,
    },
    /// A call of x86-64 that the recorder made the task make for the recorder's own ends. It is no call of the
    /// program, and no [`Call`] tells of it; the kernel's own counters count it all the same.
    RecorderCall {
        /// Its number.
        nr: i32,
        /// Its result, see [`Exit::ret`]; -513 where the task was killed and may not have come to make it.
        ret: i64,
    },
    /// What code lies in that frames of stacks point at: a file, or a part of memory. Comes before the first frame in it.
    Module {
        /// Its number, counted from 0.
        module: ModuleId,
        /// Path as the kernel shows it, or `[vdso]`, `[jit]` and the like.
        path: Vec<u8>,
        /// The ELF build-id note; empty where there is none.
        build_id: Vec<u8>,
    },
    /// One frame of stacks, with a way outward: stacks that begin alike share nodes. Comes before the first call that
    /// has it in its stack.
    StackNode {
        /// Its number, counted from 0.
        node: StackId,
        /// The frame that called this one: a node of a lower number. `None` for the outermost frame that is known.
        parent: Option<StackId>,
        /// What the code lies in; `None` where nothing is known, and then the offset is an address.
        module: Option<ModuleId>,
        /// Address in the module's own terms, which is what its symbols have (the address minus the load bias). It is
        /// behind the instruction that called or entered the kernel, unless the frame was
        /// [interrupted](FrameFlags::INTERRUPTED). Of `[jit]` it is the address itself.
        offset: u64,
        /// What else is known.
        flags: FrameFlags,
        /// The function's name, where the recorder alone could know it (code made at run time); else empty.
        name: Vec<u8>,
    },
    /// A kind that this version does not know: its number and its bytes.
    Unknown {
        /// Kind number.
        kind: u16,
        /// Body bytes.
        body: Vec<u8>,
    },
}

/// How a task came under recording. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(pub u8);

impl Origin {
    /// The command that the recorder started.
    pub const COMMAND: Origin = Origin(1);
    /// It ran before the recorder came.
    pub const ATTACH: Origin = Origin(2);
    /// `PTRACE_EVENT_FORK`: fork, or clone with SIGCHLD as exit signal.
    pub const FORK: Origin = Origin(3);
    /// `PTRACE_EVENT_VFORK`: the parent waits for exec or exit.
    pub const VFORK: Origin = Origin(4);
    /// `PTRACE_EVENT_CLONE`: threads, and clone with another exit signal.
    pub const CLONE: Origin = Origin(5);
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// `exit` or `exit_group` with this code, 0 to 255.
    Exited {
        /// The code.
        code: i32,
    },
    /// Ended by this signal.
    Killed {
        /// Signal number.
        signo: i32,
        /// Whether the kernel wrote a core dump.
        core_dumped: bool,
    },
    /// Another task of the process ran execve: this one ended, or goes on under the leader's tid
    /// (see [`EventBody::Exec`]).
    Superseded,
    /// The recorder let it go; it lives on.
    Detached,
    /// It was gone before the recorder learnt how.
    Vanished,
    /// A cause that this version does not know: its number and value.
    Unknown {
        /// Cause number.
        cause: u8,
        /// Its value.
        value: i32,
    },
}

/// Why a call has no exit. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnfinishedReason(pub u8);

impl UnfinishedReason {
    /// `exit` and `exit_group` do not return.
    pub const EXIT: UnfinishedReason = UnfinishedReason(1);
    /// The task was killed in it, or before the kernel began it.
    pub const KILLED: UnfinishedReason = UnfinishedReason(2);
    /// Another task of the process ran execve.
    pub const SUPERSEDED: UnfinishedReason = UnfinishedReason(3);
    /// The recorder let the task go in the middle of it.
    pub const DETACHED: UnfinishedReason = UnfinishedReason(4);
    /// The recording ended, or its recorder died, in the middle of it.
    pub const RECORDING_ENDED: UnfinishedReason = UnfinishedReason(5);
    /// The task vanished; nothing more is known.
    pub const VANISHED: UnfinishedReason = UnfinishedReason(6);
}

/// Why calls are missing. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LossReason(pub u8);

impl LossReason {
    /// The file could not grow: disk full, quota, file size limit.
    pub const STORAGE_FULL: LossReason = LossReason(1);
    /// The file was cut short by somebody else while it was written.
    pub const STORAGE_TRUNCATED: LossReason = LossReason(2);
    /// A child was made with `CLONE_UNTRACED`: its calls are not seen. Counted per child.
    pub const UNTRACED_CHILD: LossReason = LossReason(3);
    /// A chunk of the file is damaged. Found by the reader, never written.
    pub const DAMAGED: LossReason = LossReason(4);
    /// The recorder died; what came after is not known. Found by the reader, never written.
    pub const RECORDER_DIED: LossReason = LossReason(5);
}
