//! All stops that are not syscall stops: births, execs, signals, group-stops.

use std::os::unix::ffi::OsStrExt;

use sysrec_format::event::{Abi, EventBody, Origin, TaskEnd};

use super::calls::Concern;
use super::engine::{Engine, Next};
use super::{calls, descriptors, restart};
use crate::procfs;
use crate::recording::NewTask;
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::{self, EVENT_STOP};

const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;
const CLONE_THREAD: u64 = 0x0001_0000;
pub(super) const CLONE_VM: u64 = 0x0100;
const CLONE_VFORK: u64 = 0x4000;

impl Engine<'_> {
    /// Handles one stop of one of our tasks.
    pub(super) fn stopped(&mut self, tid: i32, signo: i32, event: i32, time_ns: u64) -> Next {
        match event {
            0 if signo == SYSCALL_STOP => self.syscall_stop(tid, time_ns),
            0 => self.signal_stop(tid, signo, time_ns),
            libc::PTRACE_EVENT_SECCOMP => self.net_stop(tid),
            libc::PTRACE_EVENT_FORK => self.child_made(tid, Origin::FORK, time_ns),
            libc::PTRACE_EVENT_VFORK => self.child_made(tid, Origin::VFORK, time_ns),
            libc::PTRACE_EVENT_CLONE => self.child_made(tid, Origin::CLONE, time_ns),
            libc::PTRACE_EVENT_EXEC => self.executed(tid, time_ns),
            EVENT_STOP if is_stopping(signo) => self.group_stop(tid, signo, time_ns),
            EVENT_STOP => self.trap_stop(tid, time_ns),
            _ => Next::Go(0),
        }
    }

    /// Signal-delivery-stop: the signal is told and passed on with its siginfo untouched.
    fn signal_stop(&mut self, tid: i32, signo: i32, time_ns: u64) -> Next {
        if signo == libc::SIGTRAP && self.is_our_trap(tid) {
            return Next::Go(0);
        }
        if matches!(signo, libc::SIGSEGV | libc::SIGBUS) && self.is_our_fault(tid) {
            return Next::Go(0);
        }
        let sent_back = restart::hide_ignored_signal(tid, signo);
        self.leave_our_code(tid, sent_back);
        self.demote_if_due(tid);
        let Ok(info) = ptrace::signal_info(tid) else { return Next::Nothing };
        if let Some(tracee) = self.tasks.get(&tid)
            && !self.launching
        {
            let (code, sender_pid, address) = info.map_or((0, 0, 0), |i| (i.code, i.sender_pid, i.address));
            let body = EventBody::Signal { signo, code, sender_pid, address };
            self.recording.event(tracee.task, time_ns, body);
        }
        if self.ending && !self.net {
            self.let_go(tid, signo, time_ns);
            return Next::Nothing;
        }
        Next::Go(signo)
    }

    /// The parent is inside fork, vfork, clone or clone3, and the child is there, traced.
    fn child_made(&mut self, tid: i32, origin: Origin, time_ns: u64) -> Next {
        let Ok(child) = ptrace::event_message(tid) else { return Next::Nothing };
        let child = child as i32;
        if self.tasks.contains_key(&child) {
            // It was taken for an orphan.
            return Next::Go(0);
        }
        let Some(parent) = self.tasks.get(&tid) else { return Next::Nothing };
        let (parent_task, parent_process, parent_pid) = (parent.task, parent.process, parent.pid);
        let (comm, own_cpus) = (parent.comm.clone(), parent.own_cpus);
        let edit = parent.call.as_ref().and_then(|call| call.edit);
        let demote = parent.demote;
        let flags = self.clone_flags(tid);
        let thread = match flags {
            Some(flags) => flags & CLONE_THREAD != 0,
            None => std::path::Path::new(&format!("/proc/{parent_pid}/task/{child}")).exists(),
        };
        let (mode, space) = self.inherited_mode(tid, flags);
        let (pid, process) = if thread { (parent_pid, Some(parent_process)) } else { (child, None) };
        self.add_task(NewTask {
            tid: child,
            pid,
            process,
            parent: Some(parent_task),
            origin,
            comm: &comm,
            time_ns,
        });
        if let Some(tracee) = self.tasks.get_mut(&child) {
            tracee.inherited_edit = edit;
            tracee.own_cpus = own_cpus;
            (tracee.mode, tracee.space, tracee.demote) = (mode, space, demote);
            self.placement.born(child, tracee);
        }
        if self.ending && !self.net {
            // The parent may be waiting for the child (vfork): it is let go at the next stop that it comes to.
            self.interrupt(child);
        }
        Next::Go(0)
    }

    /// The flags of the clone that a task is in; those that its call stands for where it has none. `None` where the
    /// call was not seen.
    fn clone_flags(&self, parent: i32) -> Option<u64> {
        let call = self.tasks.get(&parent)?.call.as_ref()?;
        match calls::concern(call.abi, call.nr) {
            Some(Concern::Clone) => Some(call.args[0]),
            Some(Concern::Clone3) => crate::sys::memory::read_word(parent, call.args[0]),
            // vfork is clone with these (`kernel/fork.c`), fork has none.
            _ if matches!((call.abi, call.nr), (Abi::X86_64, 58) | (Abi::I386, 190)) => {
                Some(CLONE_VM | CLONE_VFORK)
            }
            _ => Some(0),
        }
    }

    /// A new program. The tid that reports is the leader's, whoever made the call.
    fn executed(&mut self, tid: i32, time_ns: u64) -> Next {
        let former = ptrace::event_message(tid).map_or(tid, |former| former as i32);
        let former = if former == tid { None } else { self.supersede(tid, former, time_ns) };
        self.leave_space(tid, time_ns);
        let comm = procfs::comm(tid);
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        tracee.comm.clone_from(&comm);
        let (task, pid) = (tracee.task, tracee.pid);
        if let Some(stacks) = &mut self.stacks {
            stacks.forget(pid);
        }
        let first = self.launching && self.command == Some(tid);
        self.launching = self.launching && !first;
        if !self.ending {
            let exe = procfs::exe(pid);
            self.remarks.executed(std::path::Path::new(std::ffi::OsStr::from_bytes(&exe)));
            let body = EventBody::Exec { exe, argv: procfs::argv(pid), comm, former };
            self.recording.event(task, time_ns, body);
            self.tell_mappings(tid, time_ns);
            // Where the calls that open and close are not recorded, this says what is left open.
            if first || self.config.name_descriptors {
                self.tell_surroundings(tid, time_ns);
            }
        }
        Next::Go(0)
    }

    /// Another task of the process ran execve: it goes on as the leader, under the leader's tid.
    fn supersede(&mut self, leader: i32, former: i32, time_ns: u64) -> Option<sysrec_format::event::TaskId> {
        self.leave_space(former, time_ns);
        let mut caller = self.tasks.remove(&former)?;
        let Some(old) = self.tasks.get_mut(&leader) else {
            // A leader that nobody knew: the caller simply has a new tid.
            let task = caller.task;
            self.tasks.insert(leader, caller);
            return Some(task);
        };
        let abandoned = std::mem::replace(&mut old.call, caller.call.take());
        old.started = true;
        old.stopped = false;
        old.own_cpus = caller.own_cpus;
        let leader_task = old.task;
        if let Some(mut call) = abandoned {
            self.abandon_call(leader_task, &mut call, true, time_ns);
        }
        self.recording.event(caller.task, time_ns, EventBody::TaskEnd(TaskEnd::Superseded));
        if let Some(tracee) = self.tasks.get_mut(&leader)
            && let Some(call) = &mut tracee.call
            && let Some(entry) = call.kept_back.take()
        {
            self.recording.entry(leader_task, &entry);
        }
        Some(caller.task)
    }

    /// Executable mappings as they are now.
    pub(super) fn tell_mappings(&mut self, tid: i32, time_ns: u64) {
        let Some(tracee) = self.tasks.get(&tid) else { return };
        for mapping in procfs::executable_mappings(tracee.pid) {
            let build_id = self.build_ids.of_path(&mapping.path);
            let procfs::ExecutableMapping { address, length, file_offset, path, .. } = mapping;
            let body = EventBody::Mapping { address, length, file_offset, path, build_id };
            self.recording.event(tracee.process, time_ns, body);
        }
    }

    /// What a process had when its recording began.
    pub(super) fn tell_surroundings(&mut self, tid: i32, time_ns: u64) {
        let Some(tracee) = self.tasks.get(&tid) else { return };
        let path = procfs::working_directory(tracee.pid);
        self.recording.event(tracee.process, time_ns, EventBody::WorkingDirectory { path });
        for fd in procfs::descriptors(tracee.pid) {
            let target = descriptors::target(tracee.pid, fd);
            self.recording.event(tracee.process, time_ns, EventBody::Descriptor { fd, target });
        }
    }

    /// Group-stop: the task stops with its process, as it would without us, until SIGCONT.
    fn group_stop(&mut self, tid: i32, signo: i32, time_ns: u64) -> Next {
        self.first_stop(tid);
        self.leave_our_code(tid, false);
        self.demote_if_due(tid);
        if self.ending && !self.net {
            self.let_go(tid, 0, time_ns);
            return Next::Nothing;
        }
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        tracee.interrupted = false;
        if !std::mem::replace(&mut tracee.stopped, true) {
            let task = tracee.task;
            self.recording.event(task, time_ns, EventBody::Stop { signo });
        }
        Next::Listen
    }

    /// PTRACE_EVENT_STOP without a stopping signal: a new task's first stop, one that we asked for, or SIGCONT.
    fn trap_stop(&mut self, tid: i32, time_ns: u64) -> Next {
        self.first_stop(tid);
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        if std::mem::take(&mut tracee.stopped) && !self.ending {
            let task = tracee.task;
            self.recording.event(task, time_ns, EventBody::Continue);
        }
        let Some(tracee) = self.tasks.get_mut(&tid) else { return Next::Nothing };
        let hidden = std::mem::take(&mut tracee.interrupted) && tracee.call.is_none();
        let sent_back = hidden && matches!(restart::hide_interruption(tid), Ok(true));
        self.leave_our_code(tid, sent_back);
        self.demote_if_due(tid);
        if self.ending && !self.net {
            self.let_go(tid, 0, monotonic_ns());
            return Next::Nothing;
        }
        Next::Go(0)
    }

    fn first_stop(&mut self, tid: i32) {
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        if std::mem::replace(&mut tracee.started, true) {
            return;
        }
        if let Some(edit) = tracee.inherited_edit.take() {
            calls::undo(tid, edit);
        }
        self.begin_inline(tid);
    }
}

fn is_stopping(signo: i32) -> bool {
    matches!(signo, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
}
