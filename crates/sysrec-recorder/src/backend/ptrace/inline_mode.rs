//! Which task is in which mode: a task records its own calls from its first stop or its execve on, until something speaks
//! against it.

use std::cell::RefCell;
use std::rc::Rc;

use sysrec_format::event::{EventBody, TaskId};

use super::Ptrace;
use super::engine::Engine;
use super::stops::CLONE_VM;
use super::tracee::Tracee;
use crate::backend::inline::remote::{Around, Failure, Helper, Leftover};
use crate::backend::inline::rings::Ring;
use crate::backend::inline::{Inline, InlineTask, Mode, Reason, SharedSpace};
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::{self, register::*};
use crate::sys::signal;

/// The code segment of 64-bit code.
const CODE_64: u64 = 0x33;

impl Tracee {
    pub(super) fn lives_in(&self, space: &SharedSpace) -> bool {
        self.space.as_ref().is_some_and(|its| Rc::ptr_eq(its, space))
    }
}

impl Engine<'_> {
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
                    Mode::Inline(InlineTask::new(ring))
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

    /// After an execve: the new address space gets the stub and the task its ring, where that can be.
    pub(super) fn load(&mut self, tid: i32) {
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
                Mode::Inline(InlineTask::new(ring))
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
        let mut helper = match Helper::new(
            tid,
            inline.places,
            Around { made: &mut self.helper_calls, news: &mut self.queue },
        ) {
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

    /// Of a stopped task that is not in our code: it is recorded by ptrace from now on.
    pub(super) fn demote(&mut self, tid: i32, reason: Reason) {
        if self.take_out(tid, reason) {
            self.tell_mechanism(tid);
        }
    }

    /// Takes a stopped task out of the inline mode, if that was decided while it ran.
    pub(super) fn demote_if_due(&mut self, tid: i32) {
        let reason = self.tasks.get_mut(&tid).and_then(|tracee| tracee.demote.take());
        let Some(reason) = reason else { return };
        if !reason.is_own_filter() {
            return self.demote(tid, reason);
        }
        // Of whoever is recorded by ptrace already, too: its calls stop no longer in the net.
        self.take_out(tid, reason);
        if let Some(tracee) = self.tasks.get_mut(&tid).filter(|tracee| !tracee.has_own_filter()) {
            tracee.mode = Mode::Ptrace(reason);
        }
        self.tell_mechanism(tid);
    }

    pub(super) fn take_out(&mut self, tid: i32, reason: Reason) -> bool {
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

    /// How a task is recorded from now on.
    pub(super) fn tell_mechanism(&mut self, tid: i32) {
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

    /// A task has its own registers back, or ended while it worked for us: what it made for us is told, and what came
    /// meanwhile is dealt with.
    pub(super) fn finish_help(&mut self, tid: i32, pid: i32, result: Result<Leftover, Failure>) {
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
}
