//! Calls that concern the inline mechanism itself: what could touch our part of the address space, the code that we
//! changed or what the stub relies on, and what would tell the program of us.

use super::calls::Concern;
use super::engine::{Engine, Next};
use super::tracee::InCall;
use crate::backend::inline::layout::*;
use crate::backend::inline::patch::{self, JUMP_BYTES};
use crate::backend::inline::remote::{Around, Failure, Helper};
use crate::backend::inline::space::{Site, SiteState, Space};
use crate::backend::inline::{Mode, Reason};
use crate::sys::memory::{self, Memory};
use crate::sys::ptrace::register::*;
use crate::sys::ptrace::{self, SyscallInfo};
use crate::sys::signal;

const MAP_FIXED: u64 = libc::MAP_FIXED as u64;
const PR_SET_SECCOMP: u64 = 22;

/// Whether a call locks or limits the address space: mlockall, or a new RLIMIT_AS by setrlimit or prlimit64.
fn limits_memory(nr: i32, args: [u64; 6]) -> bool {
    let limit = u64::from(libc::RLIMIT_AS);
    match i64::from(nr) {
        libc::SYS_setrlimit => args[0] == limit,
        libc::SYS_prlimit64 => args[1] == limit && args[2] != 0,
        nr => nr == libc::SYS_mlockall,
    }
}

/// Puts the program's own bytes back into the changed sites of a range, which are not changed again.
fn put_back(tid: i32, space: &mut Space, start: u64, end: u64) {
    let mut changed = space.changed_sites(start, end);
    if changed.is_empty() {
        return;
    }
    // What P2 changed may be a part of the jump of a site before it: that one first.
    changed.sort_unstable_by_key(|(site, known)| (matches!(known.state, SiteState::Preceded { .. }), *site));
    let Ok(memory) = Memory::open(tid) else { return };
    for (site, known) in changed {
        let start = known.jump_start(site);
        let mut bytes = [0; JUMP_BYTES];
        let read = memory::read(tid, start, &mut bytes) == bytes.len();
        let jumps = read && bytes[0] == patch::JUMP;
        let traps = read && (bytes[0] == patch::TRAP || bytes[2] == patch::TRAP);
        // Of one that was replaced, only its very jump tells that it is back.
        if space.is_former(site) && !space.is_jump(site, known, &bytes) {
            continue;
        }
        match known.state {
            SiteState::Patched if jumps => _ = memory.write(site, &patch::SYSCALL[..1]),
            SiteState::Displaced { length } if jumps || traps => {
                let mut old = [0; JUMP_BYTES];
                let tail = Space::trampoline_address(known.trampoline) + TRAMPOLINE_TAIL + 7;
                old[..2].copy_from_slice(&patch::SYSCALL);
                let kept = memory::read(tid, tail, &mut old[2..]) == JUMP_BYTES - 2;
                if kept && usize::from(length) >= JUMP_BYTES - 2 {
                    _ = memory.write(site, &old);
                }
            }
            SiteState::Preceded { .. } if read && [patch::JUMP, patch::TRAP].contains(&bytes[0]) => {
                let mut old = [0; JUMP_BYTES];
                let front = Space::trampoline_address(known.trampoline) + TRAMPOLINE_FRONT;
                if memory::read(tid, front, &mut old) == old.len() {
                    _ = memory.write(start, &old);
                }
            }
            _ => {}
        }
        space.sites.insert(site, Site { trampoline: known.trampoline, state: SiteState::Unpatched });
    }
}

impl Engine<'_> {
    /// At the entry of a call that the recorder records: what it means for the inline mode.
    pub(super) fn guard_inline(
        &mut self,
        tid: i32,
        concern: Option<Concern>,
        info: &SyscallInfo,
        nr: i32,
        args: [u64; 6],
    ) -> Option<Next> {
        self.inline.as_ref()?;
        self.guard_strict(tid, concern, nr, args);
        if concern == Some(Concern::Seccomp) && self.holds_filter_back(tid, info, nr, args) {
            return Some(Next::Nothing);
        }
        let space = self.tasks.get(&tid)?.space.clone()?;
        if space.borrow().retired {
            return None;
        }
        const PR_SET_TSC: u64 = 26;
        const PR_SET_SYSCALL_USER_DISPATCH: u64 = 59;
        const ARCH_SET_GS: u64 = 0x1001;
        let range_is_ours = |address: u64, length: u64| {
            space.borrow().is_ours(address, address.saturating_add(length.max(1)))
        };
        match concern? {
            Concern::Mmap { .. } if args[3] & MAP_FIXED != 0 && range_is_ours(args[0], args[1]) => {
                self.abandon_space(tid, Reason::REGION_TOUCHED);
            }
            Concern::Remap if range_is_ours(args[0], args[1]) => {
                self.abandon_space(tid, Reason::REGION_TOUCHED);
            }
            // Code that goes elsewhere goes as it was: its jumps would not come to their landings. (A thread that is in it
            // now has lost its way by itself.)
            Concern::Remap if i64::from(nr) == libc::SYS_mremap => {
                let end = args[0].saturating_add(args[1]).next_multiple_of(4096);
                put_back(tid, &mut space.borrow_mut(), args[0], end);
            }
            Concern::Prctl if args[0] == PR_SET_TSC => self.abandon_space(tid, Reason::NO_TSC),
            Concern::Prctl if args[0] == PR_SET_SYSCALL_USER_DISPATCH => {
                self.abandon_space(tid, Reason::DISPATCH);
            }
            Concern::ArchPrctl if args[0] == ARCH_SET_GS => self.demote(tid, Reason::GS_IN_USE),
            Concern::MemoryLimit if limits_memory(nr, args) => {
                self.abandon_space(tid, Reason::MEMORY_LIMIT);
                // Where nobody else can be using it, the window goes, so that it is neither locked nor counted.
                if self.tasks.values().filter(|tracee| tracee.lives_in(&space)).count() == 1 {
                    return Some(self.unmap_window(tid, info.ip.wrapping_sub(2), nr));
                }
            }
            _ => {}
        }
        None
    }

    /// Strict mode (seccomp(2)) cannot be entered by a task that is in a net; we stand in for it.
    fn guard_strict(&mut self, tid: i32, concern: Option<Concern>, nr: i32, args: [u64; 6]) {
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        if tracee.strict {
            let allowed = [libc::SYS_read, libc::SYS_write, libc::SYS_exit, libc::SYS_rt_sigreturn];
            if !allowed.contains(&i64::from(nr)) {
                signal::send_to_task(tracee.pid, tid, libc::SIGKILL);
            }
            return;
        }
        let strict = match concern {
            Some(Concern::Prctl) => args[..2] == [PR_SET_SECCOMP, u64::from(libc::SECCOMP_MODE_STRICT)],
            Some(Concern::Seccomp) => args[..3] == [u64::from(libc::SECCOMP_SET_MODE_STRICT), 0, 0],
            _ => false,
        };
        if strict && !tracee.has_own_filter() {
            tracee.strict = true;
            self.demote(tid, Reason::STRICT);
            // The call itself is not made: it has succeeded.
            _ = ptrace::set_register(tid, ORIG_RAX, u64::MAX);
            _ = ptrace::set_register(tid, RAX, 0);
        }
    }

    /// No task of this address space is inline any more, and its code is as it was.
    fn abandon_space(&mut self, tid: i32, reason: Reason) {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.clone()) else { return };
        self.demote(tid, reason);
        for (&other, tracee) in &mut self.tasks {
            if other != tid && tracee.lives_in(&space) {
                tracee.demote_at_next_stop(reason);
            }
        }
        space.borrow_mut().retired = true;
        put_back(tid, &mut space.borrow_mut(), 0, u64::MAX);
    }

    /// Unmaps the window of a task that is stopped at the entry of a call, which it then makes again.
    fn unmap_window(&mut self, tid: i32, site: u64, nr: i32) -> Next {
        let Some(places) = self.inline.as_ref().map(|inline| inline.places) else { return Next::Go(0) };
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return Next::Nothing };
        let result = Helper::new(tid, places, Around { made: &mut self.helper_calls, news: &mut self.queue })
            .and_then(|mut helper| {
                helper.call(libc::SYS_munmap, [WINDOW_ADDRESS, WINDOW_BYTES, 0, 0, 0, 0])?;
                let registers = helper.registers();
                registers[RIP] = site;
                registers[RAX] = nr as u64;
                helper.finish()
            });
        let gone = matches!(result, Err(Failure::Ended(_)));
        self.finish_help(tid, pid, result);
        if gone { Next::Nothing } else { Next::Go(0) }
    }

    /// What a program may learn of our presence by asking, answered as if we were not there. Gives the result that the
    /// program sees.
    pub(super) fn answer(&mut self, tid: i32, call: &InCall, ret: i64) -> i64 {
        const PR_GET_SECCOMP: u64 = 21;
        const ARCH_GET_GS: u64 = 0x1004;
        let Some(tracee) = self.tasks.get(&tid).filter(|_| self.inline.is_some()) else { return ret };
        match super::calls::concern(call.abi, call.nr) {
            Some(Concern::Prctl)
                if call.args[0] == PR_GET_SECCOMP && ret == 2 && !tracee.has_own_filter() =>
            {
                if ptrace::set_register(tid, RAX, 0).is_ok() {
                    0
                } else {
                    ret
                }
            }
            Some(Concern::ArchPrctl)
                if call.args[0] == ARCH_GET_GS && ret == 0 && matches!(tracee.mode, Mode::Inline(_)) =>
            {
                ptrace::write_word(tid, call.args[1], 0);
                ret
            }
            _ => ret,
        }
    }

    /// At the exit of a call that the recorder recorded.
    pub(super) fn left_inline(&mut self, tid: i32, call: &InCall, ret: i64) {
        let failed = (-4095..0).contains(&ret);
        let Some(concern) = super::calls::concern(call.abi, call.nr) else { return };
        let args = call.args;
        match concern {
            Concern::Seccomp => self.left_seccomp(tid, call, ret),
            _ if failed => {}
            Concern::Execve => self.load(tid),
            Concern::Prctl if args[..2] == [PR_SET_SECCOMP, u64::from(libc::SECCOMP_MODE_FILTER)] => {
                self.filtered(tid);
            }
            Concern::Mmap { .. } => {
                if let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.as_ref())
                    && args[3] & MAP_FIXED != 0
                {
                    space.borrow_mut().forget_sites(ret as u64, (ret as u64).saturating_add(args[1]));
                }
            }
            Concern::Remap => {
                if let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.as_ref()) {
                    // Only what was unmapped, or moved, holds other bytes; protection alone may have changed, too.
                    match i64::from(call.nr) {
                        libc::SYS_munmap
                        | libc::SYS_mremap
                        | libc::SYS_shmat
                        | libc::SYS_remap_file_pages => {
                            let end = args[0].saturating_add(args[1]).next_multiple_of(4096);
                            space.borrow_mut().forget_sites(args[0], end);
                        }
                        _ => space.borrow_mut().forget_code(),
                    }
                }
            }
            _ => {}
        }
    }
}
