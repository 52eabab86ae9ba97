//! `ptrace(2)`, one typed function a request. Raw libc: nix's resume calls cannot inject a real-time signal.
//!
//! Every request may find the tracee gone at any moment, also while it was stopped (SIGKILL): that is the value
//! [`Gone`], never an error.

use std::io;
use std::mem::{MaybeUninit, size_of};

use sysrec_format::event::{USER_REGISTERS, UserRegisters};

/// The tracee is no more (ESRCH): its end arrives through wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// What a request gives: the tracee may vanish, and everything else that fails is our own mistake.
pub(crate) type Result<T> = std::result::Result<T, Gone>;

/// `PTRACE_EVENT_STOP`, not in every libc.
pub(crate) const EVENT_STOP: i32 = 128;

/// How a stopped task is set going again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// To the next entry or exit of a call.
    ToSyscall,
    /// To the next event, signal or call that the seccomp net selects.
    ToEvent,
}

/// `PTRACE_GET_SYSCALL_INFO` (Linux 5.3): what kind of stop this is, by the kernel's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyscallInfo {
    pub arch: u32,
    pub ip: u64,
    pub sp: u64,
    pub op: SyscallOp,
}

/// The kind of a syscall stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SyscallOp {
    None,
    Entry { nr: u64, args: [u64; 6] },
    Exit { ret: i64 },
    Seccomp { nr: u64, args: [u64; 6], data: u32 },
}

/// `struct ptrace_syscall_info` of `include/uapi/linux/ptrace.h`.
#[repr(C)]
struct RawSyscallInfo {
    op: u8,
    reserved: u8,
    flags: u16,
    arch: u32,
    ip: u64,
    sp: u64,
    /// entry: nr, 6 args; exit: rval, is_error (u8); seccomp: nr, 6 args, ret_data (u32).
    payload: [u64; 8],
}
const _: () = assert!(size_of::<RawSyscallInfo>() == 88);

fn request(request: u32, tid: i32, address: usize, data: usize) -> io::Result<i64> {
    // SAFETY: the callers below pass, for requests that make the kernel write to us, the address of a live value of
    // the size that the request demands; no other request touches our memory.
    let result = unsafe { libc::ptrace(request, tid, address, data) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A request to a tracee that we know to be ours: only its death can make it fail.
fn ours(what: u32, tid: i32, address: usize, data: usize) -> Result<i64> {
    request(what, tid, address, data).map_err(|_| Gone)
}

/// `PTRACE_SEIZE`.
pub(crate) fn seize(tid: i32, options: i32) -> io::Result<()> {
    request(libc::PTRACE_SEIZE, tid, 0, options as usize).map(drop)
}

/// `PTRACE_INTERRUPT`: asks a running tracee to stop, without a signal.
pub(crate) fn interrupt(tid: i32) -> Result<()> {
    ours(libc::PTRACE_INTERRUPT, tid, 0, 0).map(drop)
}

/// `PTRACE_LISTEN`: leaves a group-stopped task stopped, yet listening for SIGCONT.
pub(crate) fn listen(tid: i32) -> Result<()> {
    ours(libc::PTRACE_LISTEN, tid, 0, 0).map(drop)
}

/// `PTRACE_DETACH`, delivering `signo` (0 for none).
pub(crate) fn detach(tid: i32, signo: i32) -> Result<()> {
    ours(libc::PTRACE_DETACH, tid, 0, signo as usize).map(drop)
}

/// `PTRACE_SYSCALL` or `PTRACE_CONT`, delivering `signo` (0 for none; real-time signals too).
#[inline]
pub(crate) fn resume(tid: i32, how: Resume, signo: i32) -> Result<()> {
    let what = match how {
        Resume::ToSyscall => libc::PTRACE_SYSCALL,
        Resume::ToEvent => libc::PTRACE_CONT,
    };
    ours(what, tid, 0, signo as usize).map(drop)
}

/// `PTRACE_GETEVENTMSG`.
pub(crate) fn event_message(tid: i32) -> Result<u64> {
    let mut message: libc::c_ulong = 0;
    ours(libc::PTRACE_GETEVENTMSG, tid, 0, (&raw mut message) as usize)?;
    Ok(message)
}

/// `PTRACE_GET_SYSCALL_INFO`.
#[inline]
pub(crate) fn syscall_info(tid: i32) -> Result<SyscallInfo> {
    let mut raw = MaybeUninit::<RawSyscallInfo>::zeroed();
    ours(libc::PTRACE_GET_SYSCALL_INFO, tid, size_of::<RawSyscallInfo>(), raw.as_mut_ptr() as usize)?;
    // SAFETY: all fields are integers, and what the kernel did not write is zero.
    let raw = unsafe { raw.assume_init() };
    let args = || [1, 2, 3, 4, 5, 6].map(|at| raw.payload[at]);
    let op = match raw.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => SyscallOp::Entry { nr: raw.payload[0], args: args() },
        libc::PTRACE_SYSCALL_INFO_EXIT => SyscallOp::Exit { ret: raw.payload[0] as i64 },
        libc::PTRACE_SYSCALL_INFO_SECCOMP => {
            SyscallOp::Seccomp { nr: raw.payload[0], args: args(), data: raw.payload[7] as u32 }
        }
        _ => SyscallOp::None,
    };
    Ok(SyscallInfo { arch: raw.arch, ip: raw.ip, sp: raw.sp, op })
}

/// The part of a `siginfo_t` that a trace keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignalInfo {
    pub code: i32,
    pub sender_pid: i32,
    pub address: u64,
}

/// `PTRACE_GETSIGINFO`. `Ok(None)` at a stop that has none (a group-stop before SEIZE-style reporting).
pub(crate) fn signal_info(tid: i32) -> Result<Option<SignalInfo>> {
    let mut raw = MaybeUninit::<libc::siginfo_t>::zeroed();
    match request(libc::PTRACE_GETSIGINFO, tid, 0, raw.as_mut_ptr() as usize) {
        Ok(_) => {}
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Ok(None),
        Err(_) => return Err(Gone),
    }
    // SAFETY: the kernel wrote a whole siginfo; every field is an integer.
    let info = unsafe { raw.assume_init() };
    let from_fault = info.si_code > 0
        && matches!(
            info.si_signo,
            libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGTRAP | libc::SIGSYS
        );
    // SAFETY: which member of the union is valid follows from si_code and si_signo (sigaction(2)); both are plain
    // integers in memory that the kernel wrote, so that even a wrong choice is only a wrong number.
    let (sender_pid, address) = unsafe {
        if from_fault {
            (0, info.si_addr() as u64)
        } else if info.si_code <= 0 && info.si_code != libc::SI_TIMER || info.si_signo == libc::SIGCHLD {
            (info.si_pid(), 0)
        } else {
            (0, 0)
        }
    };
    Ok(Some(SignalInfo { code: info.si_code, sender_pid, address }))
}

/// Where the pending signal is a SIGSYS for a call from these addresses, `si_call_addr` becomes `to`.
pub(crate) fn move_call_address(tid: i32, from: std::ops::Range<u64>, to: u64) {
    /// `siginfo_t` as words: signo and errno, code, then the union; `si_call_addr` stands first in `_sigsys`.
    const CALL_ADDRESS: usize = 2;
    const WORDS: usize = size_of::<libc::siginfo_t>() / size_of::<u64>();
    let mut info = [0_u64; WORDS];
    let data = info.as_mut_ptr() as usize;
    if request(libc::PTRACE_GETSIGINFO, tid, 0, data).is_ok()
        && info[0] as u32 as i32 == libc::SIGSYS
        && from.contains(&info[CALL_ADDRESS])
    {
        info[CALL_ADDRESS] = to;
        _ = request(libc::PTRACE_SETSIGINFO, tid, 0, info.as_ptr() as usize);
    }
}

const _: () = assert!(size_of::<libc::user_regs_struct>() == size_of::<UserRegisters>());

/// `PTRACE_GETREGS`, in the order of `struct user_regs_struct`.
pub(crate) fn registers(tid: i32) -> Result<UserRegisters> {
    let mut registers: UserRegisters = [0; USER_REGISTERS];
    ours(libc::PTRACE_GETREGS, tid, 0, registers.as_mut_ptr() as usize)?;
    Ok(registers)
}

/// `PTRACE_SETREGS`.
pub(crate) fn set_registers(tid: i32, registers: &UserRegisters) -> Result<()> {
    ours(libc::PTRACE_SETREGS, tid, 0, registers.as_ptr() as usize).map(drop)
}

/// `PTRACE_POKEUSER` of one of [`register`]'s places.
pub(crate) fn set_register(tid: i32, place: usize, value: u64) -> Result<()> {
    ours(libc::PTRACE_POKEUSER, tid, place * size_of::<u64>(), value as usize).map(drop)
}

/// `PTRACE_POKEDATA`: writes one 8-byte word, also where the tracee may only read. `false` where nothing can be written.
pub(crate) fn write_word(tid: i32, address: u64, word: u64) -> bool {
    request(libc::PTRACE_POKEDATA, tid, address as usize, word as usize).is_ok()
}

/// Places in [`UserRegisters`].
pub(crate) mod register {
    pub(crate) const R13: usize = 2;
    pub(crate) const R12: usize = 3;
    pub(crate) const RBX: usize = 5;
    pub(crate) const R11: usize = 6;
    pub(crate) const R10: usize = 7;
    pub(crate) const R9: usize = 8;
    pub(crate) const R8: usize = 9;
    pub(crate) const RAX: usize = 10;
    pub(crate) const RCX: usize = 11;
    pub(crate) const RDX: usize = 12;
    pub(crate) const RSI: usize = 13;
    pub(crate) const RDI: usize = 14;
    pub(crate) const ORIG_RAX: usize = 15;
    pub(crate) const RIP: usize = 16;
    pub(crate) const CS: usize = 17;
    pub(crate) const RSP: usize = 19;
    pub(crate) const GS_BASE: usize = 22;
}

/// `PTRACE_GETSIGMASK`: the signals that the task blocks.
pub(crate) fn signal_mask(tid: i32) -> Result<u64> {
    let mut mask = 0_u64;
    ours(libc::PTRACE_GETSIGMASK, tid, size_of::<u64>(), (&raw mut mask) as usize)?;
    Ok(mask)
}

/// `PTRACE_SETSIGMASK`.
pub(crate) fn set_signal_mask(tid: i32, mask: u64) -> Result<()> {
    ours(libc::PTRACE_SETSIGMASK, tid, size_of::<u64>(), (&raw const mask) as usize).map(drop)
}
