//! Syscall stops: a call is entered, and left.

use sysrec_format::event::{Abi, Entry, EventBody, Exit, StackId, TaskId, UnfinishedReason, UserRegisters};

use super::engine::{Engine, Next};
use super::restart;
use super::tracee::{CloneEdit, InCall, StackDue};
use crate::Registers;
use crate::backend::SENT_BACK;
use crate::capture::CallAt;
use crate::procfs;
use crate::selected::Selected;
use crate::stacks::Moment;
use crate::sys::clock::monotonic_ns;
use crate::sys::memory;
use crate::sys::ptrace::register::{RBX, RDI, RSP};
use crate::sys::ptrace::{self, Resume, SyscallInfo, SyscallOp};
use crate::sys::seccomp::{ARCH_I386, ARCH_X86_64, MARK, X32_BIT};

const CLONE_UNTRACED: u64 = 0x0080_0000;
/// `VSYSCALL_ADDR`.
const VSYSCALL_PAGE: u64 = 0xffff_ffff_ff60_0000;
const PROT_EXEC: u64 = 4;
const PR_SET_NAME: u64 = 15;
/// The kernel's internal "start this call again" results, -512 to -516 (`include/linux/errno.h`).
const RESTARTS: std::ops::RangeInclusive<i64> = -516..=-512;

/// Which of the calls that concern the recorder itself a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concern {
    Execve,
    Exit,
    Clone,
    Clone3,
    /// fork and vfork.
    Fork,
    /// mmap with its offset in bytes, or (i386) in pages of 4096.
    Mmap {
        offset_unit: u64,
    },
    Prctl,
    SchedSetaffinity,
    SchedGetaffinity,
    Ptrace,
    Seccomp,
    ArchPrctl,
    /// Changes mappings: (first argument the address, second the length).
    Remap,
    /// Locks or limits the address space.
    MemoryLimit,
}

pub(super) fn concern(abi: Abi, nr: i32) -> Option<Concern> {
    use Concern::*;
    let x32_low = if abi == Abi::X32 { nr & !(X32_BIT as i32) } else { nr };
    Some(match (abi, x32_low) {
        (Abi::X86_64, 59 | 322) | (Abi::X32, 520 | 545) | (Abi::I386, 11 | 358) => Execve,
        (Abi::X86_64 | Abi::X32, 60 | 231) | (Abi::I386, 1 | 252) => Exit,
        (Abi::X86_64 | Abi::X32, 56) | (Abi::I386, 120) => Clone,
        (Abi::X86_64 | Abi::X32 | Abi::I386, 435) => Clone3,
        (Abi::X86_64 | Abi::X32, 57 | 58) | (Abi::I386, 2 | 190) => Fork,
        (Abi::X86_64 | Abi::X32, 9) => Mmap { offset_unit: 1 },
        (Abi::I386, 192) => Mmap { offset_unit: 4096 },
        (Abi::X86_64 | Abi::X32, 157) | (Abi::I386, 172) => Prctl,
        (Abi::X86_64 | Abi::X32, 203) | (Abi::I386, 241) => SchedSetaffinity,
        (Abi::X86_64 | Abi::X32, 204) | (Abi::I386, 242) => SchedGetaffinity,
        (Abi::X86_64, 317) => Seccomp,
        (Abi::X86_64, 158) => ArchPrctl,
        (Abi::X86_64, 10 | 11 | 25 | 28 | 30 | 216 | 329) => Remap,
        (Abi::X86_64, 151 | 160 | 302) => MemoryLimit,
        (Abi::X86_64, 101) | (Abi::X32, 521) | (Abi::I386, 26) => Ptrace,
        _ => return None,
    })
}

pub(super) fn is_execve(abi: Abi, nr: i32) -> bool {
    concern(abi, nr) == Some(Concern::Execve)
}

pub(super) fn is_exit(abi: Abi, nr: i32) -> bool {
    concern(abi, nr) == Some(Concern::Exit)
}

/// The ABI of a call, by what the kernel says of it.
fn abi_of(arch: u32, nr: i32) -> Abi {
    match arch {
        ARCH_I386 => Abi::I386,
        // The kernel takes a negative number for no x32 call, though its bit 30 is set (do_syscall_x32).
        ARCH_X86_64 if nr >= 0 && nr as u32 & X32_BIT != 0 => Abi::X32,
        _ => Abi::X86_64,
    }
}

pub(super) fn is_64_bit(arch: u32) -> bool {
    arch == ARCH_X86_64
}

impl<'a> Engine<'a> {
    /// Which calls are wanted in the trace.
    pub(super) fn selection(&self) -> Selected<'a> {
        Selected { all: self.select_all, filter: &self.config.filter }
    }
}

impl Engine<'_> {
    /// `SIGTRAP | 0x80`: an entry or an exit, by the kernel's word.
    pub(super) fn syscall_stop(&mut self, tid: i32, time_ns: u64) -> Next {
        let Ok(info) = ptrace::syscall_info(tid) else { return Next::Nothing };
        match info.op {
            SyscallOp::Entry { nr, args } => {
                let mut info = info;
                _ = self.show_site(tid, &mut info);
                self.entered(tid, &info, nr as i32, args)
            }
            SyscallOp::Exit { ret } => {
                // A call that starts again goes back by two bytes from where it stands: not from the tail.
                if !RESTARTS.contains(&ret) {
                    self.skip_trap(tid, info.ip);
                }
                self.left(tid, ret, time_ns)
            }
            SyscallOp::Seccomp { .. } | SyscallOp::None => Next::Go(0),
        }
    }

    /// `PTRACE_EVENT_SECCOMP`: the net, or a RET_TRACE of the program's own filter.
    pub(super) fn net_stop(&mut self, tid: i32) -> Next {
        let Ok(info) = ptrace::syscall_info(tid) else { return Next::Nothing };
        let SyscallOp::Seccomp { nr, args, data } = info.op else { return Next::Go(0) };
        if info.ip >= VSYSCALL_PAGE {
            // No call: the kernel asks its filters before it emulates one, and wants nothing changed (vsyscall_64.c).
            return Next::Go(0);
        }
        if data & 0xffff != MARK {
            // Without us, such a call fails with ENOSYS for want of a tracer that asked for it.
            self.refuse_call(tid);
            if self.is_in_stub(info.ip) {
                return Next::Go(0);
            }
        }
        if self.tasks.get(&tid).is_some_and(|tracee| tracee.call.is_some()) {
            // Seen at its syscall stop already.
            return Next::Go(0);
        }
        let mut info = info;
        if let Some(next) = self.inline_stop(tid, &mut info, nr, &args) {
            return next;
        }
        self.entered(tid, &info, nr as i32, args)
    }

    fn refuse_call(&mut self, tid: i32) {
        use ptrace::register::{ORIG_RAX, RAX};
        if let Ok(mut registers) = ptrace::registers(tid) {
            registers[ORIG_RAX] = u64::MAX;
            registers[RAX] = (-i64::from(libc::ENOSYS)) as u64;
            _ = ptrace::set_registers(tid, &registers);
        }
    }

    pub(super) fn entered(&mut self, tid: i32, info: &SyscallInfo, nr: i32, args: [u64; 6]) -> Next {
        let abi = abi_of(info.arch, nr);
        let concern = concern(abi, nr);
        if let Some(next) = self.guard_inline(tid, concern, info, nr, args) {
            return next;
        }
        if self.launching && !(self.command == Some(tid) && concern == Some(Concern::Execve)) {
            return Next::Go(0);
        }
        if self.ending && !self.net {
            // Let go here, it would enter the call with a wake-up of ours pending (`__ptrace_unlink` sets
            // TIF_SIGPENDING), and one that sleeps would return EINTR. At its exit that can be hidden.
            self.interrupt(tid);
        }
        let recorded = !self.ending && self.selects(abi, nr);
        if self.net && !recorded && concern.is_none() && !self.watches(abi, nr, &args) {
            return Next::Go(0);
        }
        // Before a clone's flags are edited: the trace has the program's own.
        let registers = match self.config.registers {
            Registers::All if recorded => ptrace::registers(tid).ok().map(Box::new),
            _ => None,
        };
        // The command's own execve comes out of our code.
        let stacks = self.stacks.as_ref().filter(|_| recorded && !self.launching);
        let moment = stacks.and_then(|stacks| stacks.moment(abi, nr));
        let stack = match moment {
            Some(Moment::Entry) => {
                let stack = self.take_stack(tid, info.ip, registers.as_deref());
                self.keep_stack(tid, nr, info.ip, info.sp);
                stack
            }
            _ => None,
        };
        let captures = if recorded && !self.config.capture.is_empty() {
            self.config.capture.at_entry(CallAt { tid, abi, nr, args: &args })
        } else {
            Vec::new()
        };
        let mut call =
            InCall { abi, nr, args, recorded, kept_back: None, edit: None, stack_due: None, lent_cpus: None };
        match concern {
            Some(Concern::Clone | Concern::Clone3) if self.config.follow => {
                call.edit = keep_traced(tid, abi, concern == Some(Concern::Clone3), args);
            }
            Some(Concern::SchedSetaffinity | Concern::SchedGetaffinity) => {
                let target = if args[0] as i32 == 0 { tid } else { args[0] as i32 };
                call.lent_cpus = self.placement.lend(target, &self.tasks).then_some(target);
            }
            _ => {}
        }
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        if !recorded {
            tracee.call = Some(call);
            return Next::Go(0);
        }
        let args = sysrec_syscalls::arguments(sysrec_syscalls::Abi::from_code(abi.0), nr, args);
        let mut entry =
            Entry { time_ns: 0, abi, nr, ip: info.ip, sp: info.sp, args, registers, captures, stack };
        let task = tracee.task;
        // Which task an execve of a thread belongs to shows when it succeeds: its tid becomes the leader's.
        let keep_back = concern == Some(Concern::Execve) && tracee.pid != tid;
        entry.time_ns = monotonic_ns();
        if let Some(Moment::Exit(least_ns)) = moment {
            let from_ns = entry.time_ns.saturating_add(least_ns);
            call.stack_due = Some(StackDue { from_ns, ip: info.ip, sp: info.sp });
        }
        if keep_back {
            call.kept_back = Some(Box::new(entry));
            tracee.call = Some(call);
            return Next::Go(0);
        }
        tracee.call = Some(call);
        // The task goes first: it may run on another CPU while its entry is written here.
        _ = ptrace::resume(tid, Resume::ToSyscall, 0);
        self.recording.entry(task, &entry);
        Next::Nothing
    }

    fn selects(&self, abi: Abi, nr: i32) -> bool {
        self.selection().has(abi, nr)
    }

    fn left(&mut self, tid: i32, ret: i64, time_ns: u64) -> Next {
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        // The other side of a fork, and a call that began before we came.
        let Some(call) = tracee.call.take() else {
            if self.ending && !self.net {
                self.let_go(tid, 0, time_ns);
                return Next::Nothing;
            }
            return Next::Go(0);
        };
        let task = tracee.task;
        // The kernel sign-extends a 32-bit call's error, but not its result (`syscall_get_return_value`).
        let ret = if call.abi == Abi::I386 { i64::from(ret as i32) } else { ret };
        let ret = self.answer(tid, &call, ret);
        let ignored = ret == -i64::from(libc::EINTR) && !self.ending;
        let ret = if ignored && restart::hide_ignored_signals_to_come(tid) { SENT_BACK } else { ret };
        if let Some(edit) = call.edit {
            undo(tid, edit);
        }
        if let Some(target) = call.lent_cpus {
            self.placement.take_back(target, &mut self.tasks);
        }
        if let Some(entry) = &call.kept_back {
            self.recording.entry(task, entry);
        }
        if let Some(due) = call.stack_due.filter(|_| call.recorded) {
            self.take_stack_at_exit(tid, task, call.nr, due, time_ns);
        }
        if self.ending && !self.net && self.interrupted_by_us(tid, ret) {
            if call.recorded {
                self.recording.unfinished(task, UnfinishedReason::DETACHED, time_ns);
            }
            self.let_go(tid, 0, time_ns);
            return Next::Nothing;
        }
        if !(-4095..0).contains(&ret) {
            self.follow_code(tid, &call, ret);
            self.succeeded(tid, &call, ret, time_ns);
            self.tell_opened(tid, &call, ret, time_ns);
        } else if ret == -i64::from(libc::EPERM)
            && self::concern(call.abi, call.nr) == Some(Concern::Ptrace)
            && let Some(tracee) = self.tasks.get(&tid)
        {
            self.remarks.refused_tracer(&tracee.comm);
        }
        let registers = match self.config.registers {
            Registers::All if call.recorded => ptrace::registers(tid).ok().map(Box::new),
            _ => None,
        };
        let captures = if call.recorded && !self.config.capture.is_empty() {
            let at = CallAt { tid, abi: call.abi, nr: call.nr, args: &call.args };
            self.config.capture.at_exit(at, ret)
        } else {
            Vec::new()
        };
        if self.ending && !self.net {
            if call.recorded {
                self.recording.exit(task, &Exit { time_ns, ret, registers, captures });
            }
            self.let_go(tid, 0, time_ns);
            return Next::Nothing;
        }
        if self.inline.is_some() {
            if call.recorded {
                self.recording.exit(task, &Exit { time_ns, ret, registers, captures });
            }
            self.left_inline(tid, &call, ret);
            self.demote_if_due(tid);
            return Next::Go(0);
        }
        _ = ptrace::resume(tid, self.resume_mode(None), 0);
        if call.recorded {
            self.recording.exit(task, &Exit { time_ns, ret, registers, captures });
        }
        Next::Nothing
    }

    /// The stack of a task that is stopped in a call made before `ip`, with its registers where they are known.
    fn take_stack(&mut self, tid: i32, ip: u64, registers: Option<&UserRegisters>) -> Option<StackId> {
        let stacks = self.stacks.as_mut()?;
        let pid = self.tasks.get(&tid)?.pid;
        let registers = match registers {
            Some(registers) => *registers,
            None => ptrace::registers(tid).ok()?,
        };
        let recording = &mut *self.recording;
        let time_ns = monotonic_ns();
        stacks.take((tid, pid), ip, &registers, |body| recording.event_of_all(time_ns, body))
    }

    /// The same for a call that has returned after a long time: a call changes neither the stack above it nor the registers
    /// that lead there. One that does (rt_sigreturn, execve) stands elsewhere now, and has no stack.
    ///
    /// A task that compares its stacks itself has it taken after a short time, too, so that it need not stop again.
    fn take_stack_at_exit(&mut self, tid: i32, task: TaskId, nr: i32, due: StackDue, time_ns: u64) {
        let slow = time_ns >= due.from_ns;
        if !slow && !self.compares_stacks(tid, nr) {
            return;
        }
        let Ok(registers) = ptrace::registers(tid) else { return };
        if registers[RSP] != due.sp {
            return;
        }
        let stack = self.take_stack(tid, due.ip, Some(&registers));
        self.keep_stack(tid, nr, due.ip, due.sp);
        if let Some(stack) = stack.filter(|_| slow) {
            self.recording.stack(task, stack);
        }
    }

    /// What a call that succeeded means for where code lies.
    fn follow_code(&mut self, tid: i32, call: &InCall, ret: i64) {
        const PROTECTING: [i32; 2] = [libc::SYS_mprotect as i32, libc::SYS_pkey_mprotect as i32];
        let Some(stacks) = &mut self.stacks else { return };
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return };
        let has_code = call.args[2] & PROT_EXEC != 0;
        let changed = match concern(call.abi, call.nr) {
            Some(Concern::Mmap { .. }) if has_code => {
                stacks.code_changed(pid);
                true
            }
            Some(Concern::Mmap { .. }) => stacks.memory_changed(pid, ret as u64, call.args[1]),
            Some(Concern::Remap) if PROTECTING.contains(&call.nr) && has_code => {
                stacks.code_changed(pid);
                true
            }
            Some(Concern::Remap) => stacks.memory_changed(pid, call.args[0], call.args[1]),
            _ => false,
        };
        if changed {
            self.forget_stacks(tid);
        }
    }

    /// At the exit of a call, while the recording ends: whether it ended only because we interrupted it. It will start
    /// again by itself, or is sent back here.
    fn interrupted_by_us(&self, tid: i32, ret: i64) -> bool {
        RESTARTS.contains(&ret)
            || ret == -i64::from(libc::EINTR) && matches!(restart::hide_interruption(tid), Ok(true))
    }

    /// What the recorder itself learns from a call that succeeded.
    fn succeeded(&mut self, tid: i32, call: &InCall, ret: i64, time_ns: u64) {
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        match concern(call.abi, call.nr) {
            Some(Concern::Mmap { offset_unit })
                if call.args[2] & PROT_EXEC != 0 && call.args[4] as i32 >= 0 =>
            {
                let path = procfs::descriptor(tracee.pid, call.args[4] as i32);
                if !path.is_empty() {
                    let build_id = self.build_ids.of_path(&path);
                    let body = EventBody::Mapping {
                        // Of a 32-bit program: without the sign that the result has.
                        address: if call.abi == Abi::I386 { u64::from(ret as u32) } else { ret as u64 },
                        length: call.args[1],
                        file_offset: call.args[5].wrapping_mul(offset_unit),
                        path,
                        build_id,
                    };
                    self.recording.event(tracee.process, time_ns, body);
                }
            }
            Some(Concern::Prctl) if call.args[0] == PR_SET_NAME => {
                let comm = procfs::comm(tid);
                if !comm.is_empty() && comm != tracee.comm {
                    tracee.comm.clone_from(&comm);
                    self.recording.event(tracee.task, time_ns, EventBody::Name { comm });
                }
            }
            _ => {}
        }
    }
}

/// A child made with CLONE_UNTRACED escapes its tracer, and in a net it would fail at its first call. The flag is
/// taken out for as long as the call lasts, as rr does; the trace keeps the program's own arguments.
fn keep_traced(tid: i32, abi: Abi, clone3: bool, args: [u64; 6]) -> Option<CloneEdit> {
    if clone3 {
        let flags = memory::read_word(tid, args[0])?;
        let edited = flags & CLONE_UNTRACED != 0 && ptrace::write_word(tid, args[0], flags & !CLONE_UNTRACED);
        return edited.then_some(CloneEdit::Memory { address: args[0], value: flags });
    }
    if args[0] & CLONE_UNTRACED == 0 {
        return None;
    }
    let place = if abi == Abi::I386 { RBX } else { RDI };
    let mut registers = ptrace::registers(tid).ok()?;
    let value = registers[place];
    registers[place] &= !CLONE_UNTRACED;
    ptrace::set_registers(tid, &registers).ok()?;
    Some(CloneEdit::Register { place, value })
}

/// Puts back what [`keep_traced`] changed, in the parent at the call's exit, in the child at its first stop.
pub(super) fn undo(tid: i32, edit: CloneEdit) {
    match edit {
        CloneEdit::Register { place, value } => {
            if let Ok(mut registers) = ptrace::registers(tid) {
                registers[place] = value;
                _ = ptrace::set_registers(tid, &registers);
            }
        }
        CloneEdit::Memory { address, value } => {
            _ = ptrace::write_word(tid, address, value);
        }
    }
}
