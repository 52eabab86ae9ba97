//! The engine's side of the inline mechanism: which task is in which mode, what happens at a stop in the net, and when
//! the rings are read.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use sysrec_format::event::{Abi, Entry, EventBody, Exit, TaskId, UnfinishedReason};

use super::Ptrace;
use super::calls::Concern;
use super::engine::{Engine, Next};
use super::stops::CLONE_VM;
use super::tracee::{InCall, Tracee};
use crate::backend::inline::layout::*;
use crate::backend::inline::normalise::{Normalised, normalise};
use crate::backend::inline::patch::JUMP_BYTES;
use crate::backend::inline::patcher::Patcher;
use crate::backend::inline::remote::{Failure, Helper, Leftover};
use crate::backend::inline::rings::{Ring, RingCall};
use crate::backend::inline::space::{Site, SiteState, Space};
use crate::backend::inline::{Inline, InlineTask, Mode, Reason, SharedSpace, patch};
use crate::recording::Recording;
use crate::sys::clock::{monotonic_ns, tsc};
use crate::sys::memory::{self, Memory};
use crate::sys::ptrace::register::*;
use crate::sys::ptrace::{self, SyscallInfo};
use crate::sys::signal::{self, Ticker};
use crate::sys::wait::{self, Waited};

const MAP_FIXED: u64 = libc::MAP_FIXED as u64;
const CODE_64: u64 = 0x33;
const PR_SET_SECCOMP: u64 = 22;
/// `SECCOMP_FILTER_FLAG_TSYNC`.
const TSYNC: u64 = 1;

impl Tracee {
    fn lives_in(&self, space: &SharedSpace) -> bool {
        self.space.as_ref().is_some_and(|its| Rc::ptr_eq(its, space))
    }

    /// A seccomp filter of the program's own decides before our net does: every call has to be looked at.
    pub(super) fn has_own_filter(&self) -> bool {
        matches!(self.mode, Mode::Ptrace(Reason::OWN_FILTER))
    }
}

/// What one reading of all rings found.
#[derive(Debug, Default)]
struct Round {
    /// The most calls that one ring had.
    most: u64,
    /// Rings that had any.
    active: usize,
    /// The task of one of these.
    last: Option<i32>,
}

/// When the rings are read: often enough that none fills up, seldom enough to cost little.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last_ns: u64,
    /// The most calls that one ring had at a stop of its task since then.
    at_stops: u64,
    /// Until then we look again and again.
    busy_until_ns: u64,
    ticker: Option<Ticker>,
    /// The ticker's present interval.
    interval_ns: u64,
}

/// The rings are to be half full when they are read.
const HALF: u64 = SLOTS / 2;
/// Where a ring is half full sooner than this, we look again at once, if there is a CPU for that: to be woken takes a
/// while, on a virtual machine more than a tenth of it.
const SPIN_NS_MAX: u64 = Duration::from_millis(1).as_nanos() as u64;
/// The shortest sleep.
const SLEEP_NS_MIN: u64 = Duration::from_micros(150).as_nanos() as u64;
/// An idle task's ring is looked at this often.
const SLEEP_NS_MAX: u64 = Duration::from_millis(50).as_nanos() as u64;
/// Between two looks without a sleep: a reader that follows the writer closely takes its cache lines away.
const LOOK_NS: u64 = 20_000;

/// Whether a call locks or limits the address space: mlockall, or a new RLIMIT_AS by setrlimit or prlimit64.
fn limits_memory(nr: i32, args: [u64; 6]) -> bool {
    let limit = u64::from(libc::RLIMIT_AS);
    match i64::from(nr) {
        libc::SYS_setrlimit => args[0] == limit,
        libc::SYS_prlimit64 => args[1] == limit && args[2] != 0,
        nr => nr == libc::SYS_mlockall,
    }
}

/// Tells a finished call.
fn tell(
    inline: &Inline,
    task: &mut InlineTask,
    id: TaskId,
    call: &RingCall,
    recording: &mut Recording,
    selected: impl Fn(i32) -> bool,
) {
    let start_ns = match task.entered.take() {
        Some((ticks, ns)) if ticks == call.start => ns,
        _ => inline.clock.ns(call.start),
    };
    let time_ns = start_ns.max(task.last_ns);
    let end_ns = inline.clock.ns(call.end).max(time_ns);
    task.last_ns = end_ns;
    let nr = call.rax as i32;
    if selected(nr) {
        let entry = Entry {
            time_ns,
            abi: Abi::X86_64,
            nr,
            ip: call.ip,
            sp: call.sp,
            args: call.args,
            registers: None,
            captures: Vec::new(),
            stack: None,
        };
        recording.call(
            id,
            &entry,
            &Exit { time_ns: end_ns, ret: call.ret, registers: None, captures: Vec::new() },
        );
    }
}

impl Engine<'_> {
    /// Reads what a task has recorded by itself. Before anything else of it is told.
    pub(super) fn read_ring(&mut self, tid: i32) {
        let Some(inline) = &mut self.inline else { return };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        inline.anchor();
        let calls = Self::read_task(inline, tracee, self.recording, self.select_all, &self.config.filter);
        self.pace.at_stops = self.pace.at_stops.max(calls);
    }

    fn read_task(
        inline: &Inline,
        tracee: &mut Tracee,
        recording: &mut Recording,
        select_all: bool,
        filter: &sysrec_syscalls::filter::Filter,
    ) -> u64 {
        let Mode::Inline(task) = &mut tracee.mode else { return 0 };
        let selected = |nr| select_all || filter.matches(sysrec_syscalls::Abi::X86_64, nr);
        let mut calls = 0;
        while let Some(call) = inline.rings.next(&task.ring) {
            tell(inline, task, tracee.task, &call, recording, selected);
            inline.rings.advance(&mut task.ring);
            calls += 1;
            if calls >= SLOTS {
                break;
            }
        }
        calls
    }

    /// Reads all rings.
    fn read_rings(&mut self) -> Round {
        let mut round = Round::default();
        let Some(inline) = &mut self.inline else { return round };
        inline.anchor();
        for (&tid, tracee) in &mut self.tasks {
            let calls = Self::read_task(inline, tracee, self.recording, self.select_all, &self.config.filter);
            round.most = round.most.max(calls);
            if calls > 0 {
                round.active += 1;
                round.last = Some(tid);
            }
            // A call that lasts: its start is converted while the clock's line is fresh.
            if let Mode::Inline(task) = &mut tracee.mode
                && let Some(call) = inline.rings.entered(&task.ring)
                && task.entered.is_none_or(|(ticks, _)| ticks != call.start)
            {
                task.entered = Some((call.start, inline.clock.ns(call.start)));
            }
        }
        round
    }

    /// Waits for a stop, reading the rings meanwhile. Errors as `wait4`.
    pub(super) fn wait_reading_rings(&mut self) -> io::Result<Option<Waited>> {
        loop {
            if let Some(waited) = wait::poll_any()? {
                return Ok(Some(waited));
            }
            let now_ns = monotonic_ns();
            let since_ns = now_ns - self.pace.last_ns;
            if since_ns < LOOK_NS {
                std::hint::spin_loop();
                continue;
            }
            let Round { most, active, last } = self.read_rings();
            self.pace.last_ns = now_ns;
            self.placement.on_time(now_ns, &mut self.tasks, last.filter(|_| active == 1));
            if let Some(reason) = self.recording.limit_reached(now_ns) {
                self.shared.request_stop(reason);
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = most + std::mem::take(&mut self.pace.at_stops);
            let until_half_ns = since_ns.saturating_mul(HALF) / most.max(1);
            if until_half_ns < SPIN_NS_MAX && active < self.placement.cpus() {
                self.pace.busy_until_ns = now_ns + SPIN_NS_MAX;
            }
            // One look that finds nothing, as just after a stop, does not mean that there is nothing to do.
            if now_ns < self.pace.busy_until_ns {
                if self.shared.stop().is_some() && !self.ending {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                continue;
            }
            let sleep_ns = until_half_ns.clamp(SLEEP_NS_MIN, SLEEP_NS_MAX);
            if self.pace.ticker.is_none() {
                self.pace.ticker = Some(Ticker::new()?);
            }
            // An interval that is nearly right is not worth a call.
            if let Some(ticker) = &self.pace.ticker
                && !(sleep_ns / 2..=sleep_ns.saturating_mul(2)).contains(&self.pace.interval_ns)
            {
                ticker.every(Duration::from_nanos(sleep_ns));
                self.pace.interval_ns = sleep_ns;
            }
            let news = wait::wait_any();
            match news {
                // The ticker: the rings are read above.
                Err(error) if error.kind() == io::ErrorKind::Interrupted && self.shared.stop().is_none() => {}
                news => return news,
            }
        }
    }

    /// Whether an address is the stub's.
    pub(super) fn is_in_stub(&self, ip: u64) -> bool {
        self.inline.is_some() && (STUB_ADDRESS..STUB_ADDRESS + STUB_OPEN_BYTES).contains(&ip)
    }

    /// A call that stopped in a trampoline is shown as made at its site, to the program and to the trace.
    /// Tells whether it was one.
    pub(super) fn show_site(&mut self, tid: i32, info: &mut SyscallInfo) -> bool {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.as_ref()) else { return false };
        let Some((site, _)) = space.borrow().site_of_trampoline(info.ip) else { return false };
        info.ip = site + 2;
        ptrace::set_register(tid, RIP, site + 2).is_ok()
    }

    /// A stop in the net: the call is redirected into the stub where that can make it, and its site is changed so that
    /// the next one does not stop. `None`: it is recorded here.
    pub(super) fn inline_stop(&mut self, tid: i32, info: &mut SyscallInfo, nr: u64) -> Option<Next> {
        self.inline.as_ref()?;
        let jumped = self.show_site(tid, info);
        if jumped && self.inline.as_ref().is_some_and(|inline| inline.takes(nr)) {
            self.placement.forgive_stop();
        }
        self.demote_if_due(tid);
        let inline = self.inline.as_mut()?;
        let tracee = self.tasks.get_mut(&tid)?;
        let (Mode::Inline(task), Some(space)) = (&tracee.mode, tracee.space.clone()) else { return None };
        if super::calls::is_64_bit(info.arch) && inline.takes(nr) && !self.launching {
            let registers = ptrace::registers(tid).ok()?;
            if registers[GS_BASE] != task.ring.address() {
                self.demote(tid, Reason::GS_IN_USE);
                return None;
            }
            let site = info.ip.wrapping_sub(2);
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
            let mut helper = Helper::new(tid, inline.places, &mut self.helper_calls).ok()?;
            let mut failed = None;
            if let Some(known) = known.filter(|_| worth_it) {
                let (pid, helper, space) = (tracee.pid, &mut helper, &mut *space.borrow_mut());
                let before = known.state;
                let mut patcher = Patcher { tid, pid, helper, space, site, trampoline, before, shared };
                match patcher.patch(inline.classes) {
                    Ok(state) => _ = space.sites.insert(site, Site { trampoline, state }),
                    Err(failure) => failed = Some(failure),
                }
            } else if known.is_none() {
                let state = SiteState::Met;
                space.borrow_mut().sites.insert(site, Site { trampoline, state });
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
        let mut space = space.borrow_mut();
        space.code_at(pid, site)?;
        let number = space.new_trampoline(site)?;
        let address = Space::trampoline_address(number);
        let memory = Memory::open(tid).ok()?;
        memory.write(address, &patch::trampoline(number, site, None)).ok()?;
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
        if space.borrow().displaced_before(at).is_some() {
            self.skip_trap(tid, at);
            return true;
        }
        // It came to a site while that was being changed, or to one whose change came no further.
        let space = space.borrow();
        let Some(Site { trampoline, state: SiteState::Displaced { .. } }) = space.sites.get(&at) else {
            return false;
        };
        ptrace::set_register(tid, RIP, Space::trampoline_address(*trampoline)).is_ok()
    }

    /// A task has its own registers back, or ended while it worked for us: what it made for us is told, and what came
    /// meanwhile is dealt with.
    fn finish_help(&mut self, tid: i32, pid: i32, result: Result<Leftover, Failure>) {
        let made = std::mem::take(&mut self.helper_calls);
        if let Some(tracee) = self.tasks.get(&tid) {
            let time_ns = monotonic_ns();
            for (nr, ret) in made {
                self.recording.event(tracee.task, time_ns, EventBody::RecorderCall { nr, ret });
            }
        }
        match result {
            Ok(leftover) => {
                for signo in leftover.signals {
                    signal::send_to_task(pid, tid, signo);
                }
                if leftover.interrupt {
                    self.interrupt(tid);
                }
            }
            Err(Failure::Ended(waited)) => {
                self.queue.extend(waited.map(|waited| (waited, monotonic_ns())));
            }
            Err(Failure::Refused(_)) => {}
        }
    }

    /// Of a stopped task that is not in our code: it is recorded by ptrace from now on.
    fn demote(&mut self, tid: i32, reason: Reason) {
        if self.take_out(tid, reason) {
            self.tell_mechanism(tid);
        }
    }

    fn take_out(&mut self, tid: i32, reason: Reason) -> bool {
        let Some(inline) = &mut self.inline else { return false };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return false };
        if matches!(tracee.mode, Mode::Ptrace(_)) {
            return false;
        }
        if let Mode::Inline(task) = std::mem::replace(&mut tracee.mode, Mode::Ptrace(reason)) {
            if ptrace::registers(tid).is_ok_and(|registers| registers[GS_BASE] == task.ring.address()) {
                _ = ptrace::set_register(tid, GS_BASE, 0);
            }
            inline.rings.take_back(task.ring);
        }
        true
    }

    /// Takes a stopped task out of the inline mode, if that was decided while it ran.
    pub(super) fn demote_if_due(&mut self, tid: i32) {
        let reason = self.tasks.get_mut(&tid).and_then(|tracee| tracee.demote.take());
        if let Some(reason) = reason {
            self.demote(tid, reason);
        }
    }

    /// How a task is recorded from now on.
    fn tell_mechanism(&mut self, tid: i32) {
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        // A task of which nothing is told is recorded by the session's backend.
        let (mechanism, reason) = match tracee.mode {
            Mode::Inline(_) if tracee.told_ptrace => (Inline::NAME, ""),
            Mode::Ptrace(reason) => (Ptrace::NAME, reason.0),
            Mode::Inline(_) | Mode::Waiting(_) => return,
        };
        tracee.told_ptrace = matches!(tracee.mode, Mode::Ptrace(_));
        let body = EventBody::Mechanism { mechanism: mechanism.into(), reason: reason.into() };
        self.recording.event(tracee.task, monotonic_ns(), body);
    }

    /// No task of this address space is inline any more, and its code is as it was.
    fn abandon_space(&mut self, tid: i32, reason: Reason) {
        let Some(space) = self.tasks.get(&tid).and_then(|tracee| tracee.space.clone()) else { return };
        self.demote(tid, reason);
        for (&other, tracee) in &mut self.tasks {
            if other != tid && tracee.lives_in(&space) {
                tracee.demote = Some(reason);
            }
        }
        let mut space = space.borrow_mut();
        space.retired = true;
        let Ok(memory) = Memory::open(tid) else { return };
        for (&site, known) in &mut space.sites {
            let mut bytes = [0; 3];
            let read = memory::read(tid, site, &mut bytes) == bytes.len();
            let jumps = read && bytes[0] == patch::JUMP;
            let traps = read && (bytes[0] == patch::TRAP || bytes[2] == patch::TRAP);
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
                _ => {}
            }
            known.state = SiteState::Unpatched;
        }
    }

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
            Concern::Prctl if args[0] == PR_SET_TSC => self.abandon_space(tid, Reason::NO_TSC),
            Concern::Prctl if args[0] == PR_SET_SYSCALL_USER_DISPATCH => {
                self.abandon_space(tid, Reason::DISPATCH);
            }
            // From the call on, the filter denies what other threads make outside the stub, unseen by us, until they
            // are stopped: a ring with room keeps them inside.
            Concern::Seccomp if args[1] & TSYNC != 0 => {
                self.read_rings();
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

    /// Unmaps the window of a task that is stopped at the entry of a call, which it then makes again.
    fn unmap_window(&mut self, tid: i32, site: u64, nr: i32) -> Next {
        let Some(places) = self.inline.as_ref().map(|inline| inline.places) else { return Next::Go(0) };
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return Next::Nothing };
        let result = Helper::new(tid, places, &mut self.helper_calls).and_then(|mut helper| {
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
        let Some(concern) = super::calls::concern(call.abi, call.nr).filter(|_| !failed) else { return };
        let args = call.args;
        match concern {
            Concern::Execve => self.load(tid),
            Concern::Seccomp if args[0] == u64::from(libc::SECCOMP_SET_MODE_FILTER) => {
                self.filtered(tid, args[1])
            }
            Concern::Prctl if args[..2] == [PR_SET_SECCOMP, u64::from(libc::SECCOMP_MODE_FILTER)] => {
                self.filtered(tid, 0);
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

    /// The program has a seccomp filter of its own now, which is asked before our net.
    fn filtered(&mut self, tid: i32, flags: u64) {
        self.take_out(tid, Reason::OWN_FILTER);
        let Some(pid) = self.tasks.get_mut(&tid).map(|tracee| {
            tracee.mode = Mode::Ptrace(Reason::OWN_FILTER);
            tracee.pid
        }) else {
            return;
        };
        self.tell_mechanism(tid);
        if flags & TSYNC != 0 {
            let mut others = Vec::new();
            for (&other, tracee) in &mut self.tasks {
                if other != tid && tracee.pid == pid {
                    tracee.demote = Some(Reason::OWN_FILTER);
                    others.push(other);
                }
            }
            others.into_iter().for_each(|other| self.interrupt(other));
        }
    }

    /// How a new task is to be recorded, from its parent: (mode, address space).
    pub(super) fn inherited_mode(&self, parent: i32, flags: Option<u64>) -> (Mode, Option<SharedSpace>) {
        let none = (Mode::Ptrace(Reason::NOT_STARTED), None);
        let Some(parent) = self.tasks.get(&parent).filter(|_| self.inline.is_some()) else { return none };
        let Some(space) = &parent.space else { return none };
        let space = if flags.is_some_and(|flags| flags & CLONE_VM != 0) {
            Rc::clone(space)
        } else {
            Rc::new(RefCell::new(space.borrow().clone()))
        };
        let mode = match &parent.mode {
            Mode::Inline(task) => Mode::Waiting(task.ring.address()),
            Mode::Waiting(gs) => Mode::Waiting(*gs),
            Mode::Ptrace(reason) => Mode::Ptrace(*reason),
        };
        (mode, Some(space))
    }

    /// How a task is to be recorded whose parent nobody knows any more: by the gs base that it inherited.
    pub(super) fn orphans_mode(&self, tid: i32) -> (Mode, Option<SharedSpace>) {
        let none = (Mode::Ptrace(Reason::NOT_STARTED), None);
        let Some(inline) = &self.inline else { return none };
        let Ok(registers) = ptrace::registers(tid) else { return none };
        let gs = registers[GS_BASE];
        match inline.owners.get(&gs) {
            Some(space) => (Mode::Waiting(gs), Some(Rc::new(RefCell::new(space.borrow().clone())))),
            None => none,
        }
    }

    /// A new task's first stop: it gets its own ring.
    pub(super) fn begin_inline(&mut self, tid: i32) {
        let Some(inline) = &mut self.inline else { return };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        let Mode::Waiting(parents_gs) = tracee.mode else { return };
        let Ok(registers) = ptrace::registers(tid) else { return };
        let ip = registers[RIP];
        tracee.mode = if registers[GS_BASE] != parents_gs {
            Mode::Ptrace(Reason::GS_IN_USE)
        } else if let Some(ring) = inline.rings.allot(Some(tracee.task)) {
            match ptrace::set_register(tid, GS_BASE, ring.address()) {
                Ok(()) => {
                    if let Some(space) = &tracee.space {
                        inline.owners.insert(ring.address(), Rc::clone(space));
                    }
                    Mode::Inline(InlineTask { ring, entered: None, last_ns: 0 })
                }
                Err(_) => {
                    inline.rings.take_back(ring);
                    Mode::Ptrace(Reason::GONE)
                }
            }
        } else {
            _ = ptrace::set_register(tid, GS_BASE, 0);
            Mode::Ptrace(Reason::NO_RING)
        };
        self.skip_trap(tid, ip);
        self.tell_mechanism(tid);
    }

    /// The program is replaced: what belonged to its address space is gone.
    pub(super) fn leave_space(&mut self, tid: i32, time_ns: u64) {
        if self.inline.is_none() {
            return;
        }
        self.read_ring(tid);
        let Some(mut tracee) = self.tasks.remove(&tid) else { return };
        self.give_up_ring(&mut tracee, true, time_ns);
        tracee.space = None;
        self.tasks.insert(tid, tracee);
    }

    /// The task writes to its ring no more. A call that it is in stays without an end.
    pub(super) fn give_up_ring(&mut self, tracee: &mut Tracee, superseded: bool, time_ns: u64) {
        let Some(inline) = &mut self.inline else { return };
        if matches!(tracee.mode, Mode::Ptrace(_)) {
            return;
        }
        let former = std::mem::replace(&mut tracee.mode, Mode::Ptrace(Reason::NOT_STARTED));
        let Mode::Inline(mut task) = former else { return };
        let selected = |nr| self.select_all || self.config.filter.matches(sysrec_syscalls::Abi::X86_64, nr);
        while let Some(call) = inline.rings.next(&task.ring) {
            tell(inline, &mut task, tracee.task, &call, self.recording, selected);
            inline.rings.advance(&mut task.ring);
        }
        if let Some(call) = inline.rings.entered(&task.ring) {
            let start_ns = match task.entered {
                Some((ticks, ns)) if ticks == call.start => ns,
                _ => inline.clock.ns(call.start),
            };
            let nr = call.rax as i32;
            if selected(nr) {
                let entry = Entry {
                    time_ns: start_ns.max(task.last_ns),
                    abi: Abi::X86_64,
                    nr,
                    ip: call.ip,
                    sp: call.sp,
                    args: call.args,
                    registers: None,
                    captures: Vec::new(),
                    stack: None,
                };
                let reason = if superseded { UnfinishedReason::SUPERSEDED } else { UnfinishedReason::KILLED };
                self.recording.entry(tracee.task, &entry);
                self.recording.unfinished(tracee.task, reason, time_ns);
            }
        }
        inline.rings.take_back(task.ring);
    }

    /// After an execve: the new address space gets the stub and the task its ring, where that can be.
    fn load(&mut self, tid: i32) {
        let Some(tracee) = self.tasks.get(&tid) else { return };
        if tracee.has_own_filter() {
            return;
        }
        let pid = tracee.pid;
        let (finished, ring) = self.try_load(tid, pid, tracee.task);
        self.finish_help(tid, pid, finished);
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        tracee.mode = match ring {
            Ok(ring) => {
                let space = SharedSpace::default();
                if let Some(inline) = &mut self.inline {
                    inline.owners.insert(ring.address(), Rc::clone(&space));
                }
                tracee.space = Some(space);
                Mode::Inline(InlineTask { ring, entered: None, last_ns: 0 })
            }
            Err(reason) => Mode::Ptrace(reason),
        };
        self.tell_mechanism(tid);
    }

    /// Gives what is left to do, and the task's ring or the reason why it has none.
    fn try_load(
        &mut self,
        tid: i32,
        pid: i32,
        task: TaskId,
    ) -> (Result<Leftover, Failure>, Result<Ring, Reason>) {
        let gone = |failure| (Err(failure), Err(Reason::GONE));
        let Some(inline) = &mut self.inline else { return gone(Failure::Ended(None)) };
        let mut helper = match Helper::new(tid, inline.places, &mut self.helper_calls) {
            Ok(helper) => helper,
            Err(failure) => return gone(failure),
        };
        let registers = *helper.registers();
        let loaded = if registers[CS] != CODE_64 {
            Err(Reason::BITS_32)
        } else if registers[GS_BASE] != 0 {
            Err(Reason::GS_IN_USE)
        } else if crate::procfs::has_memory_limit(pid) {
            Err(Reason::MEMORY_LIMIT)
        } else {
            match helper.load(pid, &inline.page) {
                Ok(()) => Ok(()),
                Err(Failure::Refused(reason)) => Err(Reason(reason)),
                Err(failure) => return gone(failure),
            }
        };
        let ring = loaded.and_then(|()| inline.rings.allot(Some(task)).ok_or(Reason::NO_RING));
        if let Ok(ring) = &ring {
            helper.registers()[GS_BASE] = ring.address();
        }
        (helper.finish(), ring)
    }

    /// A task that is stopped for a signal or with its process shows the program's own addresses. `sent_back`: it was
    /// set to make the call again that it was in.
    pub(super) fn leave_our_code(&mut self, tid: i32, sent_back: bool) {
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
            let selected =
                |nr| self.select_all || self.config.filter.matches(sysrec_syscalls::Abi::X86_64, nr);
            tell(inline, task, tracee.task, &call, self.recording, selected);
            inline.rings.release(&mut task.ring, true);
        }
        task.entered = None;
    }
}
