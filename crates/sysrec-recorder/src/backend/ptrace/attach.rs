//! Attaching to running processes: every thread, though threads come and go meanwhile.
//!
//! A thread that is seized reports its children by itself (PTRACE_O_TRACECLONE is part of the seizing), so that only
//! threads of threads not yet seized can be missed: the list is read again until two readings in a row show nobody new.

use std::io;

use sysrec_format::event::{EventBody, Origin};

use super::engine::Engine;
use crate::Error;
use crate::control::StopReason;
use crate::error::AttachProblem;
use crate::procfs;
use crate::recording::NewTask;
use crate::sys::clock::monotonic_ns;
use crate::sys::{ptrace, sched};

/// Readings of the thread list that must show nobody new.
const QUIET_READINGS: u32 = 2;

impl Engine<'_> {
    /// Attaches to all threads of these processes; on an error, what was attached is let go again.
    pub(super) fn attach(&mut self, pids: &[i32]) -> Result<(), Error> {
        self.placement.begin(true, &mut self.tasks);
        let result = pids.iter().try_for_each(|&pid| self.attach_process(pid));
        if result.is_err() {
            if !self.ending {
                self.begin_ending(StopReason::Signal);
            }
            while !self.tasks.is_empty() {
                self.serve_next()?;
            }
        }
        result
    }

    fn attach_process(&mut self, asked: i32) -> Result<(), Error> {
        let refuse = |problem| Error::Attach { pid: asked, problem };
        let pid = procfs::thread_group(asked).ok_or_else(|| refuse(AttachProblem::NoSuchProcess))?;
        if pid == std::process::id() as i32 {
            return Err(refuse(AttachProblem::Ourselves));
        }
        if self.ending || self.tasks.contains_key(&pid) {
            return Ok(());
        }
        if let Some(problem) = untraceable(pid) {
            return Err(refuse(problem));
        }
        let mut quiet = 0;
        let mut process = None;
        while quiet < QUIET_READINGS {
            quiet += 1;
            let mut tids = procfs::tasks(pid);
            // The leader first: it stands for the process in the trace.
            tids.sort_unstable_by_key(|&tid| (tid != pid, tid));
            for tid in tids {
                if self.tasks.contains_key(&tid) || self.early.contains_key(&tid) {
                    continue;
                }
                // PTRACE_SEIZE sleeps while a thread of the process is in execve, and that may wait for a dead sibling of
                // ours to be reaped: meanwhile, another thread waits for us.
                self.shared.begin_seizing();
                let seized = ptrace::seize(tid, self.options());
                self.take_reaped();
                match seized {
                    Ok(()) => {
                        quiet = 0;
                        self.add_attached(tid, pid, process);
                        process = process.or(self.tasks.get(&tid).map(|tracee| tracee.task));
                    }
                    Err(error) => self.not_seized(tid, pid, &error).map_err(refuse)?,
                }
                self.serve_what_is_there()?;
                if self.ending {
                    // Who was let go already would be seized again, and again.
                    return Ok(());
                }
            }
        }
        match process {
            Some(_) => Ok(()),
            None => Err(refuse(AttachProblem::NoSuchProcess)),
        }
    }

    fn serve_what_is_there(&mut self) -> Result<(), Error> {
        self.collect_more();
        while self.has_news() {
            self.serve_next()?;
        }
        Ok(())
    }

    fn add_attached(&mut self, tid: i32, pid: i32, process: Option<sysrec_format::event::TaskId>) {
        let time_ns = monotonic_ns();
        let comm = procfs::comm(tid);
        self.add_task(NewTask {
            tid,
            pid,
            process,
            parent: None,
            origin: Origin::ATTACH,
            comm: &comm,
            time_ns,
        });
        if process.is_none()
            && let Some(tracee) = self.tasks.get(&tid)
        {
            let body = EventBody::Exec { exe: procfs::exe(pid), argv: procfs::argv(pid), comm, former: None };
            self.recording.event(tracee.task, time_ns, body);
            self.tell_mappings(tid, time_ns);
            self.tell_surroundings(tid, time_ns);
        }
        if let Some(tracee) = self.tasks.get_mut(&tid) {
            tracee.own_cpus = sched::affinity(tid).ok();
        }
        self.placement.arrived(tid, &mut self.tasks);
        self.interrupt(tid);
    }

    /// A thread that could not be seized: gone, ours already (its parent's event is on its way), or not to be had.
    fn not_seized(&self, tid: i32, pid: i32, error: &io::Error) -> Result<(), AttachProblem> {
        match error.raw_os_error() {
            Some(libc::ESRCH) => Ok(()),
            Some(libc::EPERM) if procfs::tracer_of(tid) == Some(std::process::id() as i32) => Ok(()),
            // A dying thread refuses as well.
            Some(libc::EPERM)
                if procfs::status_field(tid, "State").is_none_or(|s| s.starts_with(['Z', 'X'])) =>
            {
                Ok(())
            }
            _ => Err(refusal(pid, error)),
        }
    }
}

/// What can be said before trying.
fn untraceable(pid: i32) -> Option<AttachProblem> {
    if procfs::status_field(pid, "Kthread").is_some_and(|value| value == "1") {
        return Some(AttachProblem::KernelThread);
    }
    // A leader that has exited while its threads live on is a zombie too, and its threads can be attached to.
    let zombie = procfs::status_field(pid, "State").is_some_and(|state| state.starts_with('Z'));
    if zombie && procfs::tasks(pid).len() < 2 {
        return Some(AttachProblem::Ended);
    }
    let tracer = procfs::tracer_of(pid).filter(|&tracer| tracer != 0)?;
    Some(AttachProblem::Traced { tracer, by: String::from_utf8_lossy(&procfs::comm(tracer)).into_owned() })
}

/// Why the kernel said no.
fn refusal(pid: i32, error: &io::Error) -> AttachProblem {
    if let Some(problem) = untraceable(pid) {
        return problem;
    }
    let own_uid = nix::unistd::getuid();
    let uid =
        procfs::status_field(pid, "Uid").and_then(|uids| uids.split_whitespace().next()?.parse::<u32>().ok());
    if let Some(uid) = uid
        && uid != own_uid.as_raw()
        && !own_uid.is_root()
    {
        return AttachProblem::OtherUser { uid };
    }
    let yama = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    match yama.ok().and_then(|scope| scope.trim().parse().ok()) {
        Some(scope @ 1..) => AttachProblem::Yama { scope },
        _ => AttachProblem::Refused(error.raw_os_error().unwrap_or(libc::EPERM)),
    }
}
