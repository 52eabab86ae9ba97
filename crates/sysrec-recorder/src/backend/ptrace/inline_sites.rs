//! What happens at a call site: a stop in the net becomes a call by the stub and the site is changed, and whoever is
//! stopped in our code is moved out of it.

use super::engine::{Engine, Next};
use super::inline_reading::tell;
use crate::backend::inline::known_stacks::Place;
use crate::backend::inline::layout::*;
use crate::backend::inline::normalise::{Normalised, normalise};
use crate::backend::inline::patch::{JUMP_BYTES, USER_END};
use crate::backend::inline::patcher::Patcher;
use crate::backend::inline::remote::{Around, Failure, Helper};
use crate::backend::inline::space::{Site, SiteState, Space};
use crate::backend::inline::{InlineTask, Mode, Reason, SharedSpace, patch};
use crate::stacks::Stacks;
use crate::sys::clock::tsc;
use crate::sys::memory::{self, Memory};
use crate::sys::ptrace::register::*;
use crate::sys::ptrace::{self, SyscallInfo};

/// Code that was copied before it was replaced, and put back, still has the jump that it had: its site is what it was.
fn recall_if_back(tid: i32, space: &SharedSpace, site: u64) {
    let Some(former) = space.borrow().former(site) else { return };
    let mut bytes = [0; JUMP_BYTES];
    if memory::read(tid, former.jump_start(site), &mut bytes) == bytes.len()
        && space.borrow().is_jump(site, former, &bytes)
    {
        space.borrow_mut().recall(site);
    }
}

impl Engine<'_> {
    /// Whether an address is the stub's.
    pub(super) fn is_in_stub(&self, ip: u64) -> bool {
        self.inline.is_some() && (STUB_ADDRESS..STUB_ADDRESS + STUB_OPEN_BYTES).contains(&ip)
    }

    /// A call that stopped in a trampoline is shown as made at its site, to the program and to the trace.
    /// Tells whether it was one.
    pub(super) fn show_site(&mut self, tid: i32, info: &mut SyscallInfo) -> bool {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.as_ref()) else { return false };
        let Some((site, _)) = space.borrow().site_of_trampoline(info.ip) else { return false };
        space.borrow_mut().recall(site);
        info.ip = site + 2;
        ptrace::set_register(tid, RIP, site + 2).is_ok()
    }

    /// A stop in the net: the call is redirected into the stub where that can make it, and its site is changed so that
    /// the next one does not stop. `None`: it is recorded here.
    pub(super) fn inline_stop(
        &mut self,
        tid: i32,
        info: &mut SyscallInfo,
        nr: u64,
        args: &[u64; 6],
    ) -> Option<Next> {
        self.inline.as_ref()?;
        let jumped = self.show_site(tid, info);
        let was_full = matches!(self.tasks.get(&tid)?.mode, Mode::Inline(InlineTask { was_full: true, .. }));
        let taken = self.inline.as_ref()?.numbers.takes(nr, args, jumped && !was_full);
        if jumped && taken {
            self.placement.forgive_stop();
        }
        self.demote_if_due(tid);
        let tracee = self.tasks.get_mut(&tid)?;
        let (Mode::Inline(task), Some(space)) = (&tracee.mode, tracee.space.clone()) else { return None };
        if super::calls::is_64_bit(info.arch) && taken && !self.launching {
            let registers = ptrace::registers(tid).ok()?;
            if registers[GS_BASE] != task.ring.address() {
                self.demote(tid, Reason::GS_IN_USE);
                return None;
            }
            let site = info.ip.wrapping_sub(2);
            recall_if_back(tid, &space, site);
            let known = space.borrow().sites.get(&site).copied();
            let trampoline = match known {
                Some(known) => known.trampoline,
                None => Self::new_trampoline(tid, tracee.pid, &space, site)?,
            };
            // A changed site that stops itself holds its old bytes again.
            let worth_it = !jumped && known.is_some_and(|known| known.state != SiteState::Unpatched);
            let shared = worth_it && self.tasks.values().filter(|other| other.lives_in(&space)).count() > 1;
            let inline = self.inline.as_mut()?;
            let tracee = self.tasks.get_mut(&tid)?;
            let mut helper = Helper::new(
                tid,
                inline.places,
                Around { made: &mut self.helper_calls, news: &mut self.queue },
            )
            .ok()?;
            let mut failed = None;
            if let Some(known) = known.filter(|_| worth_it) {
                let (pid, helper, space) = (tracee.pid, &mut helper, &mut *space.borrow_mut());
                let before = known.state;
                let functions = &mut inline.functions;
                let mut patcher =
                    Patcher { tid, pid, helper, functions, space, site, trampoline, before, shared };
                match patcher.patch(inline.classes) {
                    Ok(state) => _ = space.sites.insert(site, Site { trampoline, state }),
                    Err(failure) => failed = Some(failure),
                }
            } else if known.is_none() {
                space.borrow_mut().met(site, trampoline);
            }
            let pid = tracee.pid;
            if let Some(failure @ Failure::Ended(_)) = failed {
                self.finish_help(tid, pid, Err(failure));
                return Some(Next::Nothing);
            }
            if !inline.classes.p4 && !helper.has_run() {
                helper.leave_pending();
                return None;
            }
            self.recording.stopped();
            let registers = helper.registers();
            registers[RAX] = nr;
            // Without a redirection, the pending call was given up for ours: it is made again, from its site.
            registers[RIP] = if inline.classes.p4 { Space::trampoline_address(trampoline) } else { site };
            let finished = helper.finish();
            self.finish_help(tid, pid, finished);
            return Some(Next::Go(0));
        }
        None
    }

    /// Writes the trampoline of a site that was not met before.
    fn new_trampoline(tid: i32, pid: i32, space: &SharedSpace, site: u64) -> Option<u32> {
        // Above, slots have no room for its address (5-level paging).
        if site >= USER_END {
            return None;
        }
        let mut space = space.borrow_mut();
        space.code_at(pid, site)?;
        let number = space.new_trampoline(site)?;
        let address = Space::trampoline_address(number);
        let memory = Memory::open(tid).ok()?;
        memory.write(address, &patch::trampoline(number, site, patch::Gave::None)).ok()?;
        Some(number)
    }

    /// Where a task stands behind a call whose site is a P3 jump, it goes on in the trampoline's tail instead: the byte
    /// there is a trap. `ip` is where it stands.
    pub(super) fn skip_trap(&mut self, tid: i32, ip: u64) {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.as_ref()) else { return };
        if let Some((_, trampoline, _)) = space.borrow().displaced_before(ip) {
            _ = ptrace::set_register(tid, RIP, Space::trampoline_address(trampoline) + TRAMPOLINE_TAIL);
        }
    }

    /// A SIGTRAP: whether it is one of our traps. Then the task goes on, and nobody learns of it.
    pub(super) fn is_our_trap(&mut self, tid: i32) -> bool {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.clone()) else { return false };
        let Ok(registers) = ptrace::registers(tid) else { return false };
        let at = registers[RIP].wrapping_sub(1);
        recall_if_back(tid, &space, at.wrapping_sub(2));
        if space.borrow().displaced_before(at).is_some() {
            self.skip_trap(tid, at);
            return true;
        }
        // It came to a site while that was being changed, or to one whose change came no further.
        let space = space.borrow();
        if let Some(trampoline) = space.preceded_from(at) {
            let front = Space::trampoline_address(trampoline) + TRAMPOLINE_FRONT;
            return ptrace::set_register(tid, RIP, front).is_ok();
        }
        let Some(Site { trampoline, state: SiteState::Displaced { .. } }) = space.sites.get(&at) else {
            return false;
        };
        ptrace::set_register(tid, RIP, Space::trampoline_address(*trampoline)).is_ok()
    }

    /// A fault (SIGSEGV, SIGBUS): whether the stub came to it, where it reads what an argument points at. Then the call
    /// goes to the net, and nobody learns of it but the recorder, who finds that memory unreadable, and the kernel.
    pub(super) fn is_our_fault(&mut self, tid: i32) -> bool {
        let Some(inline) = &mut self.inline else { return false };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return false };
        let (Mode::Inline(task), Some(space)) = (&mut tracee.mode, &tracee.space) else { return false };
        let Ok(mut registers) = ptrace::registers(tid) else { return false };
        let places = &inline.places;
        let from_kernel = ptrace::signal_info(tid).is_ok_and(|info| info.is_some_and(|info| info.code > 0));
        let follows = [places.look..places.end, places.stack..places.stack_end];
        if !follows.iter().any(|part| part.contains(&registers[RIP])) || !from_kernel {
            return false;
        }
        let space = space.borrow();
        let Some((_, offset)) = space.site_of_trampoline(registers[R11]) else { return false };
        let trampoline = registers[R11] - offset;
        let ring = &mut task.ring;
        if normalise(&mut registers, &space, ring, &inline.rings, places, tsc(), false) != Normalised::Before
        {
            return false;
        }
        registers[RIP] = trampoline + TRAMPOLINE_NET;
        ptrace::set_registers(tid, &registers).is_ok()
    }

    /// A task that is stopped for a signal or with its process shows the program's own addresses. `sent_back`: it was
    /// set to make the call again that it was in.
    pub(super) fn leave_our_code(&mut self, tid: i32, sent_back: bool) {
        let selection = self.selection();
        let Some(inline) = &mut self.inline else { return };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        let (Mode::Inline(task), Some(space)) = (&mut tracee.mode, &tracee.space) else { return };
        let Ok(mut registers) = ptrace::registers(tid) else { return };
        let (rings, places, ring) = (&inline.rings, &inline.places, &mut task.ring);
        let moved = normalise(&mut registers, &space.borrow(), ring, rings, places, tsc(), sent_back);
        if moved == Normalised::Untouched {
            return;
        }
        _ = ptrace::set_registers(tid, &registers);
        ptrace::move_call_address(tid, STUB_ADDRESS..STUB_ADDRESS + LOW_BYTES, registers[RIP]);
        if let Normalised::After(Some(call)) = moved {
            tell(inline, self.stacks.as_ref(), task, tracee.task, &call, self.recording, selection);
            inline.rings.release(&mut task.ring, true);
        }
        task.entered = None;
    }

    /// Whether the stub compares the stack of this call of the task.
    pub(super) fn compares_stacks(&self, tid: i32, nr: i32) -> bool {
        let inline = self.tasks.get(&tid).is_some_and(|tracee| matches!(tracee.mode, Mode::Inline(_)));
        inline && self.inline.as_ref().is_some_and(|inline| inline.numbers.has_stack(nr as u32))
    }

    /// The stack that was just taken of a stopped task, in a call made before `ip`, goes into its lists: the next such call
    /// does not stop.
    pub(super) fn keep_stack(&mut self, tid: i32, nr: i32, ip: u64, sp: u64) {
        if !self.compares_stacks(tid, nr) {
            return;
        }
        let (Some(inline), Some(walked)) = (&mut self.inline, self.stacks.as_ref().and_then(Stacks::walked))
        else {
            return;
        };
        let Some(tracee) = self.tasks.get(&tid) else { return };
        let (Mode::Inline(task), Some(space)) = (&tracee.mode, &tracee.space) else { return };
        if let Some(site) = space.borrow().sites.get(&ip.wrapping_sub(2)) {
            let data = Space::trampoline_address(site.trampoline) + TRAMPOLINE_DATA;
            inline.rings.keep_stack(&task.ring, Place { data, sp }, walked);
        }
    }

    /// What may be run in a task's address space has changed: stacks are walked anew, also those of all other tasks there.
    pub(super) fn forget_stacks(&mut self, tid: i32) {
        let Some(inline) = &mut self.inline else { return };
        let Some(changed) = self.tasks.get(&tid) else { return };
        for tracee in self.tasks.values() {
            let same = tracee.pid == changed.pid
                || changed.space.as_ref().is_some_and(|space| tracee.lives_in(space));
            if let Mode::Inline(task) = &tracee.mode
                && same
            {
                inline.rings.forget_stacks(&task.ring);
            }
        }
    }
}
