//! Hiding that a task was interrupted.
//!
//! PTRACE_INTERRUPT wakes a sleeping call as a signal would. Most calls restart by themselves; some return EINTR, by
//! design of signals (signal(7)), and a program that gets EINTR without a signal may end. Such a call is sent back to
//! its start: the task stands behind the instruction with the result in rax, so that the number goes back into rax and
//! the instruction pointer back over the two bytes of `syscall`, `sysenter` or `int 0x80` (the 32-bit vDSO puts an
//! `int 0x80` before its landing point for just this).

use sysrec_format::event::UserRegisters;

use crate::procfs;
use crate::sys::ptrace::register::{ORIG_RAX, RAX, RIP};
use crate::sys::ptrace::{self, Result};

/// Bytes of each instruction that makes a call.
const INSTRUCTION_BYTES: u64 = 2;
/// The code segment of 32-bit code.
const CS_32: u64 = 0x23;
const CS: usize = 17;

/// Calls that return EINTR only when they have had no effect, on x86-64: what they waited for is still to come.
/// Where data were moved before the interruption they return its amount instead (recv(2), io_uring_enter(2)).
#[rustfmt::skip]
const EFFECT_FREE_64: &[u64] = &[
    0, 1, 17, 18, 19, 20, 295, 296, 327, 328, // read, write, p*64, readv, writev, preadv.., preadv2..
    43, 288, // accept, accept4
    44, 45, 46, 47, 299, 307, // sendto, recvfrom, sendmsg, recvmsg, recvmmsg, sendmmsg
    42, // connect: with EINTR it goes on in the background, and a second connect waits for it
    65, 220, // semop, semtimedop
    69, 70, // msgsnd, msgrcv
    128, // rt_sigtimedwait
    208, 333, // io_getevents, io_pgetevents
    232, 281, 441, // epoll_wait, epoll_pwait, epoll_pwait2
    242, 243, // mq_timedsend, mq_timedreceive
    426, // io_uring_enter
    202, 449, // futex, futex_waitv
    61, 247, // wait4, waitid
    72, 73, // fcntl (F_SETLKW), flock
    7, 23, 270, 271, // poll, select, pselect6, ppoll
];

/// The same for i386.
#[rustfmt::skip]
const EFFECT_FREE_32: &[u64] = &[
    3, 4, 180, 181, 145, 146, 333, 334, 378, 379, // read, write, p*64, readv, writev, preadv.., preadv2..
    102, // socketcall: accept, send, recv and connect alike
    362, 364, 369, 370, 371, 372, 337, 417, 345, // connect, accept4, sendto, sendmsg, recvfrom, recvmsg, *mmsg
    117, 420, 400, 401, // ipc, semtimedop_time64, msgsnd, msgrcv
    177, 421, // rt_sigtimedwait, _time64
    247, 385, 416, // io_getevents, io_pgetevents, _time64
    256, 319, 441, // epoll_wait, epoll_pwait, epoll_pwait2
    279, 280, 418, 419, // mq_timedsend, mq_timedreceive, _time64
    426, // io_uring_enter
    240, 422, 449, // futex, futex_time64, futex_waitv
    114, 284, // wait4, waitid
    55, 221, 143, // fcntl, fcntl64, flock
    168, 142, 308, 309, 413, 414, // poll, select, pselect6, ppoll, _time64
];

const MINUS_EINTR: u64 = (-(libc::EINTR as i64)) as u64;

/// At a stop that we asked for: if the task was in a call that our asking ended with EINTR, sends it back to the
/// start of that call. Tells whether it did.
pub(super) fn hide_interruption(tid: i32) -> Result<bool> {
    // Where a signal waits, EINTR is the program's due.
    if Signals::of(tid).is_any_due() {
        return Ok(false);
    }
    send_back(tid)
}

fn send_back(tid: i32) -> Result<bool> {
    let mut registers = ptrace::registers(tid)?;
    if !interrupted_without_effect(&registers) {
        return Ok(false);
    }
    registers[RAX] = registers[ORIG_RAX];
    registers[RIP] = registers[RIP].wrapping_sub(INSTRUCTION_BYTES);
    ptrace::set_registers(tid, &registers)?;
    Ok(true)
}

fn interrupted_without_effect(registers: &UserRegisters) -> bool {
    // A 32-bit task's result may stand in the low half alone.
    let is_32 = registers[CS] == CS_32;
    let eintr = registers[RAX] == MINUS_EINTR || is_32 && registers[RAX] as u32 == MINUS_EINTR as u32;
    let calls = if is_32 { EFFECT_FREE_32 } else { EFFECT_FREE_64 };
    eintr && (registers[ORIG_RAX] as i64) >= 0 && calls.contains(&registers[ORIG_RAX])
}

/// At the delivery of a signal that the program ignores: without a tracer, the kernel would not have woken the task for
/// it (`sig_ignored`). Where that ended a call with EINTR, the call is sent back to its start. Tells whether it was.
pub(super) fn hide_ignored_signal(tid: i32, signo: i32) -> bool {
    let interrupted = ptrace::registers(tid).is_ok_and(|registers| interrupted_without_effect(&registers));
    if !interrupted {
        return false;
    }
    let signals = Signals::of(tid);
    signals.ignores(signo) && !signals.is_any_due() && send_back(tid).unwrap_or(false)
}

/// The same at the exit of a call that ended with EINTR, before the signal is delivered.
pub(super) fn hide_ignored_signals_to_come(tid: i32) -> bool {
    let signals = Signals::of(tid);
    let to_come = signals.pending & !signals.blocked;
    let mut numbers = (1..=64).filter(|signo| to_come & (1 << (signo - 1)) != 0).peekable();
    numbers.peek().is_some() && numbers.all(|signo| signals.ignores(signo)) && send_back(tid).unwrap_or(false)
}

/// What `/proc/TID/status` says of a task's signals, read once while it stands still: sets, signal 1 in the lowest bit.
#[derive(Clone, Copy, Debug, Default)]
struct Signals {
    /// Waiting for the task, or for any task of its process.
    pending: u64,
    blocked: u64,
    ignored: u64,
    caught: u64,
}

impl Signals {
    /// None of a task that is gone.
    fn of(tid: i32) -> Self {
        let fields = ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"];
        let [own, shared, blocked, ignored, caught] = procfs::status_fields(tid, fields)
            .map(|set| set.and_then(|hex| u64::from_str_radix(&hex, 16).ok()).unwrap_or(0));
        Self { pending: own | shared, blocked, ignored, caught }
    }

    /// Whether one waits that the task neither blocks nor has asked to be ignored.
    fn is_any_due(self) -> bool {
        self.pending & !self.blocked & !self.ignored != 0
    }

    /// Whether a signal does nothing to the task: ignored, or not caught and of those that are ignored by default
    /// (signal(7)).
    fn ignores(self, signo: i32) -> bool {
        let bit = 1_u64 << (signo - 1);
        let by_default = matches!(signo, libc::SIGCHLD | libc::SIGURG | libc::SIGWINCH);
        self.ignored & bit != 0 || by_default && self.caught & bit == 0
    }
}
