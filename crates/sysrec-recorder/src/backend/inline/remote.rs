//! Making a stopped task run something for us: single calls, and the loader after an execve.
//!
//! All signals that can be blocked are blocked meanwhile, so that no handler of the program runs in between. SIGSTOP
//! and SIGKILL cannot be: the first is put off until the program runs again, the second ends it.

use std::collections::VecDeque;
use std::io;

use sysrec_format::event::UserRegisters;

use super::layout::*;
use crate::procfs;
use crate::sys::clock::monotonic_ns;
use crate::sys::memory::{self, Memory};
use crate::sys::ptrace::register::*;
use crate::sys::ptrace::{self, EVENT_STOP, Gone, Resume, SyscallOp};
use crate::sys::stub::Places;
use crate::sys::wait::{self, WaitStatus, Waited};

const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;
/// What makes the kernel skip the call at whose entry a task is stopped.
const NO_CALL: u64 = u64::MAX;

/// The result of a call that a task may have been killed in front of (ERESTARTNOINTR, which no call gives to us).
const UNCERTAIN: i64 = -513;
/// What the loader calls, where nothing goes wrong.
const LOADERS_CALLS: [i64; 4] = [libc::SYS_open, libc::SYS_mmap, libc::SYS_close, libc::SYS_madvise];

/// Why nothing came of it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The task ended; its news is for the engine.
    Ended(Option<Waited>),
    /// A call failed, or what the task needs is not there.
    Refused(&'static str),
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        // Its end is still to be waited for.
        Failure::Ended(None)
    }
}

/// A stopped task that works for us until [`Helper::finish`].
pub(crate) struct Helper<'a> {
    tid: i32,
    places: Places,
    saved: UserRegisters,
    mask: u64,
    put_off: Vec<i32>,
    group_stop: bool,
    has_run: bool,
    around: Around<'a>,
}

/// What becomes known while a task works for us.
pub(crate) struct Around<'a> {
    /// The calls that it makes for us are added here, (number, result), also where it ends in one.
    pub made: &'a mut Vec<(i32, i64)>,
    /// The news of other tasks, with its time. A task that ends as the first of its process has no news before its last
    /// thread's is taken: so all are waited for.
    pub news: &'a mut VecDeque<(Waited, u64)>,
}

/// What is left to do for the engine when the task has its own registers back.
#[derive(Debug, Default)]
pub(crate) struct Leftover {
    /// Signals that came meanwhile, to be sent again.
    pub signals: Vec<i32>,
    /// It has to be asked to stop again, since its process is stopped.
    pub interrupt: bool,
}

impl<'a> Helper<'a> {
    /// Takes a task that is stopped at the entry or the exit of a call.
    pub(crate) fn new(tid: i32, places: Places, around: Around<'a>) -> Result<Self, Failure> {
        let saved = ptrace::registers(tid)?;
        let mask = ptrace::signal_mask(tid)?;
        ptrace::set_signal_mask(tid, u64::MAX)?;
        Ok(Helper {
            tid,
            places,
            saved,
            mask,
            put_off: Vec::new(),
            group_stop: false,
            has_run: false,
            around,
        })
    }

    /// The registers that it goes on with.
    pub(crate) fn registers(&mut self) -> &mut UserRegisters {
        &mut self.saved
    }

    /// Whether it ran anything: then no call is pending any more.
    pub(crate) fn has_run(&self) -> bool {
        self.has_run
    }

    /// Where nothing was run: it goes on with its pending call.
    pub(crate) fn leave_pending(self) {
        _ = ptrace::set_signal_mask(self.tid, self.mask);
    }

    /// Gives it back what it had, [`Helper::registers`] as changed. No call is pending then.
    pub(crate) fn finish(mut self) -> Result<Leftover, Failure> {
        self.saved[ORIG_RAX] = NO_CALL;
        ptrace::set_registers(self.tid, &self.saved)?;
        ptrace::set_signal_mask(self.tid, self.mask)?;
        Ok(Leftover { signals: self.put_off, interrupt: self.group_stop })
    }

    /// Lets it run from here to its next stop in the net or at the exit of a call.
    fn run(&mut self, mode: Resume) -> Result<SyscallOp, Failure> {
        self.has_run = true;
        ptrace::resume(self.tid, mode, 0)?;
        loop {
            let waited = match wait::wait_any() {
                Ok(Some(waited)) if waited.tid == self.tid => waited,
                Ok(Some(waited)) => {
                    self.around.news.push_back((waited, monotonic_ns()));
                    continue;
                }
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Failure::Ended(None)),
            };
            match waited.status {
                // Another thread's execve ends it, too, and what stops has only its tid.
                WaitStatus::Exited { .. }
                | WaitStatus::Killed { .. }
                | WaitStatus::Stopped { event: libc::PTRACE_EVENT_EXEC, .. } => {
                    return Err(Failure::Ended(Some(waited)));
                }
                WaitStatus::Stopped { event: libc::PTRACE_EVENT_SECCOMP, .. }
                | WaitStatus::Stopped { signo: SYSCALL_STOP, .. } => {
                    return Ok(ptrace::syscall_info(self.tid)?.op);
                }
                WaitStatus::Stopped { event: EVENT_STOP, signo } => {
                    self.group_stop |= signo != libc::SIGTRAP;
                    ptrace::resume(self.tid, mode, 0)?;
                }
                WaitStatus::Stopped { signo: libc::SIGSEGV | libc::SIGBUS | libc::SIGILL, event: 0 } => {
                    return Err(Failure::Refused("our code cannot run in it"));
                }
                WaitStatus::Stopped { signo, event: 0 } => {
                    self.put_off.push(signo);
                    ptrace::resume(self.tid, mode, 0)?;
                }
                WaitStatus::Stopped { .. } => ptrace::resume(self.tid, mode, 0)?,
                WaitStatus::Continued => {}
            }
        }
    }

    /// Runs our code at `ip` until it reports.
    fn run_code(&mut self, ip: u64, nr: u64, args: [u64; 6]) -> Result<i64, Failure> {
        let mut registers = self.saved;
        registers[ORIG_RAX] = NO_CALL;
        registers[RIP] = ip;
        registers[RAX] = nr;
        for (place, value) in [RDI, RSI, RDX, R10, R8, R9].into_iter().zip(args) {
            registers[place] = value;
        }
        ptrace::set_registers(self.tid, &registers)?;
        match self.run(Resume::ToEvent)? {
            SyscallOp::Seccomp { args, .. } => Ok(args[0] as i64),
            _ => Err(Failure::Refused("its helper code did not come back")),
        }
    }

    /// A call through the stub page, which must be there.
    pub(crate) fn call(&mut self, nr: i64, args: [u64; 6]) -> Result<i64, Failure> {
        self.around.made.push((nr as i32, UNCERTAIN));
        let ret = self.run_code(self.places.remote, nr as u64, args)?;
        if let Some(last) = self.around.made.last_mut() {
            last.1 = ret;
        }
        Ok(ret)
    }

    /// A call through the vDSO's syscall instruction, before there is a stub page.
    fn first_call(&mut self, syscall: u64, nr: i64, args: [u64; 6]) -> Result<i64, Failure> {
        let mut registers = self.saved;
        registers[ORIG_RAX] = NO_CALL;
        registers[RIP] = syscall;
        registers[RAX] = nr as u64;
        for (place, value) in [RDI, RSI, RDX, R10, R8, R9].into_iter().zip(args) {
            registers[place] = value;
        }
        ptrace::set_registers(self.tid, &registers)?;
        match self.run(Resume::ToEvent)? {
            SyscallOp::Seccomp { .. } => {}
            _ => return Err(Failure::Refused("its vDSO made no call")),
        }
        // A task that is killed on the way does not tell whether it came to the call.
        self.around.made.push((nr as i32, UNCERTAIN));
        match self.run(Resume::ToSyscall)? {
            SyscallOp::Exit { ret } => {
                if let Some(made) = self.around.made.last_mut() {
                    made.1 = ret;
                }
                Ok(ret)
            }
            _ => Err(Failure::Refused("its vDSO's call did not come back")),
        }
    }

    /// Puts the stub page and the window into a fresh address space. The task is at the exit of its execve.
    pub(crate) fn load(&mut self, pid: i32, page: &[u8; STUB_BYTES]) -> Result<(), Failure> {
        let syscall = vdso_syscall(pid).ok_or(Failure::Refused("it has no vDSO"))?;
        let protection = (libc::PROT_READ | libc::PROT_EXEC) as u64;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE) as u64;
        let args = [STUB_ADDRESS, LOW_BYTES, protection, flags, u64::MAX, 0];
        if self.first_call(syscall, libc::SYS_mmap, args)? as u64 != STUB_ADDRESS {
            return Err(Failure::Refused("the place of the stub is taken in its address space"));
        }
        let written = Memory::open(self.tid).and_then(|memory| memory.write(STUB_ADDRESS, page));
        if written.is_err() {
            return Err(Failure::Refused("its memory cannot be written"));
        }
        // Nor how far it came in the loader.
        self.around.made.extend(LOADERS_CALLS.map(|nr| (nr as i32, UNCERTAIN)));
        let mapped = self.run_code(self.places.load, 0, [0; 6])?;
        self.note_loaders_calls(mapped)?;
        match mapped {
            address if address as u64 == WINDOW_ADDRESS => Ok(()),
            error if error == -i64::from(libc::EEXIST) => {
                Err(Failure::Refused("the place of the rings is taken in its address space"))
            }
            _ => Err(Failure::Refused("it cannot open the ring file")),
        }
    }
}

impl Helper<'_> {
    /// The calls that the loader has made, by the registers that it leaves.
    fn note_loaders_calls(&mut self, mapped: i64) -> Result<(), Failure> {
        let registers = ptrace::registers(self.tid)?;
        self.around.made.truncate(self.around.made.len() - LOADERS_CALLS.len());
        let (opened, succeeded) = (registers[R12] as i64, mapped as u64 == WINDOW_ADDRESS);
        let open_failed = mapped < 0 && registers[R13] as i64 != mapped;
        if open_failed {
            self.around.made.push((libc::SYS_open as i32, mapped));
            return Ok(());
        }
        self.around.made.push((libc::SYS_open as i32, opened));
        self.around.made.push((libc::SYS_mmap as i32, mapped));
        self.around.made.push((libc::SYS_close as i32, 0));
        if succeeded {
            self.around.made.push((libc::SYS_madvise as i32, 0));
        }
        Ok(())
    }
}

/// The address of a syscall instruction in a process's vDSO. Any two such bytes in executable memory are one.
fn vdso_syscall(pid: i32) -> Option<u64> {
    const VDSO_BYTES_MAX: usize = 16 * 1024;
    let base = procfs::auxiliary_value(pid, libc::AT_SYSINFO_EHDR)?;
    let mut image = vec![0; VDSO_BYTES_MAX];
    let mut length = 0;
    while length < VDSO_BYTES_MAX {
        match memory::read(pid, base + length as u64, &mut image[length..length + 4096]) {
            4096 => length += 4096,
            _ => break,
        }
    }
    // Behind the ELF header and its tables, where no code is.
    const CODE: usize = 0x400;
    let found = image.get(CODE..length)?.windows(2).position(|pair| pair == super::patch::SYSCALL)?;
    Some(base + (CODE + found) as u64)
}
