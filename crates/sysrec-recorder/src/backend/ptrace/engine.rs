//! The engine: the table of tasks, the loop that serves their stops, and how a recording begins and ends.

use std::collections::VecDeque;
use std::io;
use std::os::unix::ffi::OsStrExt;

use rustc_hash::FxHashMap;
use sysrec_format::event::{EventBody, Origin, TaskEnd, TaskId, UnfinishedReason};

use super::inline_filters::HeldCall;
use super::inline_reading::Pace;
use super::placement::Placement;
use super::remarks::Remarks;
use super::tracee::{InCall, Tracee};
use super::{Ptrace, net};
use crate::backend::inline::Inline;
use crate::backend::{Launch, Surroundings};
use crate::control::{Shared, StopReason};
use crate::elf::BuildIds;
use crate::error::StartStep;
use crate::recording::{NewTask, Recording};
use crate::stacks::Stacks;
use crate::sys::child::{Command, Step};
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::{self, Gone, Resume};
use crate::sys::wait::{self, WaitStatus, Waited};
use crate::{Error, procfs, users};

/// The kernel's wait looks at the tasks in a fixed order. So that whoever stands at its front cannot keep the others
/// waiting, all that have news are served in turn, at least once in so many waits.
const WAITS_A_COLLECTION: u32 = 16;
/// How many are collected at the most, so that their times do not get old.
const COLLECT_MAX: usize = 256;

/// `TASK_COMM_LEN` less its NUL.
const COMM_BYTES_MAX: usize = 15;

/// What to do with a task when its stop has been handled.
pub(super) enum Next {
    /// Set it going, delivering this signal (0 for none).
    Go(i32),
    /// Leave it in its group-stop, listening for SIGCONT.
    Listen,
    /// It was dealt with.
    Nothing,
}

pub(super) struct Engine<'a> {
    pub(super) config: &'a Ptrace,
    pub(super) recording: &'a mut Recording,
    pub(super) shared: &'a Shared,
    inherited: crate::sys::signal::Inherited,
    /// Every task that is ours, by tid.
    pub(super) tasks: FxHashMap<i32, Tracee>,
    /// News of tids that are not ours yet: a child may report before its parent's event does.
    pub(super) early: FxHashMap<i32, Vec<Waited>>,
    /// A task was killed where it may have made a child, of which it told nothing.
    may_have_strays: bool,
    pub(super) queue: VecDeque<(Waited, u64)>,
    waits: u32,
    pub(super) placement: Placement,
    /// The command's tid, as long as it has not ended.
    pub(super) command: Option<i32>,
    command_status: Option<WaitStatus>,
    /// The command has not come to its execve yet.
    pub(super) launching: bool,
    /// A seccomp filter decides which calls stop. Its tasks cannot be let go: without a tracer, what the filter
    /// selects fails with ENOSYS.
    pub(super) net: bool,
    /// The end was asked for: tasks are let go at their next stop, or under a net no longer told.
    pub(super) ending: bool,
    /// The filter selects every call.
    pub(super) select_all: bool,
    pub(super) build_ids: BuildIds,
    pub(super) remarks: Remarks,
    /// Where calls are told with their stacks.
    pub(super) stacks: Option<Stacks>,
    /// Tasks record their own calls where they can.
    pub(super) inline: Option<Inline>,
    pub(super) pace: Pace,
    /// Tasks that wait to install a filter in all their threads.
    pub(super) held: Vec<HeldCall>,
    /// Calls that a task has just made for us: (number, result).
    pub(super) helper_calls: Vec<(i32, i64)>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(config: &'a Ptrace, around: Surroundings<'a>) -> Self {
        Engine {
            config,
            recording: around.recording,
            shared: around.shared,
            inherited: around.inherited,
            tasks: FxHashMap::default(),
            early: FxHashMap::default(),
            may_have_strays: false,
            queue: VecDeque::new(),
            waits: 0,
            placement: Placement::new(config.placement, around.inline.is_some()),
            command: None,
            command_status: None,
            launching: false,
            net: false,
            ending: false,
            select_all: config.filter.is_all(),
            build_ids: BuildIds::default(),
            remarks: Remarks::default(),
            stacks: config.stacks.as_ref().map(Stacks::new),
            inline: around.inline,
            pace: Pace::default(),
            held: Vec::new(),
            helper_calls: Vec::new(),
        }
    }

    /// The ptrace options of every task; new tasks inherit them.
    pub(super) fn options(&self) -> i32 {
        let mut options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACEEXEC;
        if self.config.follow {
            options |= libc::PTRACE_O_TRACEFORK | libc::PTRACE_O_TRACEVFORK | libc::PTRACE_O_TRACECLONE;
        }
        if self.net {
            // Whoever lives in a net must not outlive its tracer.
            options |= libc::PTRACE_O_TRACESECCOMP | libc::PTRACE_O_EXITKILL;
        }
        options
    }

    /// How a task goes on: under the net it stops by itself at its next call, and is stopped only at the exit of one
    /// that it is in.
    pub(super) fn resume_mode(&self, tracee: Option<&Tracee>) -> Resume {
        let by_net = |tracee: &Tracee| tracee.call.is_none() && !tracee.has_own_filter();
        if self.net && !self.launching && tracee.is_none_or(by_net) {
            Resume::ToEvent
        } else {
            Resume::ToSyscall
        }
    }

    pub(super) fn run_command(mut self, launch: &Launch) -> Result<WaitStatus, Error> {
        let start_error = |step, source| Error::Start { command: launch.argv[0].clone(), step, source };
        let credentials = launch.user.as_deref().map(users::credentials).transpose()?;
        let argv: Vec<_> = launch.argv.iter().map(|arg| arg.as_os_str()).collect();
        let command =
            Command::new(&launch.path, &argv, credentials).map_err(|e| start_error(StartStep::Prepare, e))?;
        let program = self.config.net.then(|| net::program(self.config, self.inline.as_ref()));
        self.net = program.is_some();
        self.launching = true;
        let mut held =
            command.start(&self.inherited, program.as_ref()).map_err(|e| start_error(StartStep::Fork, e))?;
        let pid = held.pid;
        ptrace::seize(pid, self.options()).map_err(|e| start_error(StartStep::Trace, e))?;
        let time_ns = monotonic_ns();
        let comm = launch.path.file_name().map_or(&b""[..], |name| name.as_bytes());
        let comm = &comm[..comm.len().min(COMM_BYTES_MAX)];
        let origin = Origin::COMMAND;
        self.add_task(NewTask { tid: pid, pid, process: None, parent: None, origin, comm, time_ns });
        self.command = Some(pid);
        self.shared.set_command(pid);
        self.placement.begin(!self.net, &mut self.tasks);
        // It sits in read(2) of the go pipe: the stop that we ask for comes before anything of its own.
        self.interrupt(pid);
        while !self.tasks.get(&pid).is_some_and(|tracee| tracee.started) {
            if self.tasks.is_empty() {
                break;
            }
            self.serve_next()?;
        }
        held.release().map_err(|e| start_error(StartStep::Fork, e))?;
        self.serve_all()?;
        if self.launching {
            // Killed on its way: in its execve, of which nobody tells then. Its end is the command's.
            return match (held.failure(), self.command_status) {
                (None, Some(status @ WaitStatus::Killed { .. })) => Ok(status),
                (failure, _) => Err(Self::not_started(failure, start_error)),
            };
        }
        match self.command_status {
            Some(status) => Ok(status),
            None => {
                // Nothing more will come: whatever happens to us while the command goes on, the trace is whole.
                self.recording.close(None);
                self.wait_for_command(pid)
            }
        }
    }

    fn not_started(
        failure: Option<(Step, io::Error)>,
        start_error: impl Fn(StartStep, io::Error) -> Error,
    ) -> Error {
        match failure {
            Some((Step::Net, source)) => start_error(StartStep::Net, source),
            Some((Step::Credentials, source)) => start_error(StartStep::Credentials, source),
            Some((Step::Exec, source)) => start_error(StartStep::Exec, source),
            None => start_error(StartStep::Exec, io::Error::from_raw_os_error(libc::ECHILD)),
        }
    }

    /// The command was let go while it ran: its end is still ours to pass on.
    fn wait_for_command(&mut self, pid: i32) -> Result<WaitStatus, Error> {
        self.shared.set_command(pid);
        let status = loop {
            match wait::wait_for(pid) {
                Ok(Some(Waited {
                    status: status @ (WaitStatus::Exited { .. } | WaitStatus::Killed { .. }),
                    ..
                })) => {
                    break status;
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Wait(error)),
            }
        };
        self.shared.command_ended();
        Ok(status)
    }

    pub(super) fn run_attached(mut self, pids: &[i32]) -> Result<(), Error> {
        self.attach(pids)?;
        self.serve_all()
    }

    /// Serves until no task is left.
    fn serve_all(&mut self) -> Result<(), Error> {
        while !self.tasks.is_empty() || self.has_strays() {
            self.serve_next()?;
        }
        self.tell_notes();
        Ok(())
    }

    /// Whether there is a child whose parent was killed before it told of it, and that has told nothing of itself yet. It
    /// will: its first stop is to come.
    fn has_strays(&mut self) -> bool {
        self.may_have_strays = self.may_have_strays && procfs::we_trace_any();
        self.may_have_strays
    }

    /// Remarks for people, at the end.
    fn tell_notes(&mut self) {
        self.recording.notes(std::mem::take(&mut self.remarks).into_notes());
        self.recording.notes(self.stacks.as_ref().and_then(Stacks::note).into_iter().collect());
    }

    /// Whether news was collected that is not served yet.
    pub(super) fn has_news(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Waits for news and serves one stop.
    pub(super) fn serve_next(&mut self) -> Result<(), Error> {
        if !self.ending
            && let Some(reason) = self.shared.stop()
        {
            self.begin_ending(reason);
        }
        if self.queue.is_empty() && !self.collect()? {
            return Ok(());
        }
        if let Some((waited, time_ns)) = self.queue.pop_front() {
            self.placement.on_stop(time_ns, &mut self.tasks);
            self.serve(waited, time_ns);
            if !self.held.is_empty() {
                self.let_filters_through();
            }
            if let Some(reason) = self.recording.limit_reached(time_ns) {
                self.shared.request_stop(reason);
            }
        }
        Ok(())
    }

    /// Sleeps until there is news and collects it. `false` when it was poked instead, or nobody is left.
    fn collect(&mut self) -> Result<bool, Error> {
        let news = if self.inline.is_some() { self.wait_reading_rings() } else { wait::wait_any() };
        match news {
            Ok(Some(waited)) => self.queue.push_back((waited, monotonic_ns())),
            Ok(None) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.placement.on_time(monotonic_ns(), &mut self.tasks);
                return Ok(false);
            }
            Err(error) if error.raw_os_error() == Some(libc::ECHILD) => {
                // All are gone without a word: their trace says so.
                self.everybody_vanished();
                return Ok(false);
            }
            Err(error) => return Err(Error::Wait(error)),
        }
        // Asking each time would cost a system call a stop, and a single task has nothing more to tell.
        self.waits += 1;
        if self.waits.is_multiple_of(WAITS_A_COLLECTION) && self.tasks.len() > 1 {
            self.collect_more();
        }
        Ok(true)
    }

    /// News that came while this thread could not wait for it.
    pub(super) fn take_reaped(&mut self) {
        self.queue.extend(self.shared.end_seizing());
    }

    /// Collects the news that is there already.
    pub(super) fn collect_more(&mut self) {
        while self.queue.len() < COLLECT_MAX
            && let Ok(Some(waited)) = wait::poll_any()
        {
            self.queue.push_back((waited, monotonic_ns()));
        }
    }

    fn everybody_vanished(&mut self) {
        let time_ns = monotonic_ns();
        for (_, mut tracee) in self.tasks.drain() {
            if let Some(call) = &mut tracee.call {
                call.tell_unfinished(tracee.task, UnfinishedReason::VANISHED, time_ns, self.recording);
            }
            self.recording.event(tracee.task, time_ns, EventBody::TaskEnd(TaskEnd::Vanished));
        }
    }

    /// Takes a new task into the table and the trace.
    pub(super) fn add_task(&mut self, new: NewTask<'_>) {
        let task = self.recording.start_task(&new);
        let process = new.process.unwrap_or(task);
        self.tasks.insert(new.tid, Tracee::new(task, new.pid, process, new.comm.to_vec()));
        self.shared.tasks.store(self.tasks.len() as u64, std::sync::atomic::Ordering::Relaxed);
        // What it told before its parent did is served now, in the order in which it came.
        for waited in self.early.remove(&new.tid).unwrap_or_default().into_iter().rev() {
            self.queue.push_front((waited, new.time_ns));
        }
    }

    pub(super) fn interrupt(&mut self, tid: i32) {
        if let Some(tracee) = self.tasks.get_mut(&tid)
            && ptrace::interrupt(tid).is_ok()
        {
            tracee.interrupted = true;
        }
    }

    /// The end was asked for. Without a net, everybody is asked to stop and let go there. Under a net nobody can be
    /// let go: they are served on, untold.
    pub(super) fn begin_ending(&mut self, reason: StopReason) {
        self.ending = true;
        if self.net {
            let time_ns = monotonic_ns();
            for tracee in self.tasks.values_mut() {
                if let Some(call) = &mut tracee.call {
                    let reason = UnfinishedReason::RECORDING_ENDED;
                    call.tell_unfinished(tracee.task, reason, time_ns, self.recording);
                }
                self.recording.event(tracee.task, time_ns, EventBody::TaskEnd(TaskEnd::Detached));
            }
            self.tell_notes();
            self.recording.close(Some(reason));
            return;
        }
        self.recording.stopped_by(reason);
        let tids: Vec<i32> = self.tasks.keys().copied().collect();
        for tid in tids {
            self.interrupt(tid);
        }
    }

    fn serve(&mut self, waited: Waited, time_ns: u64) {
        if !self.tasks.contains_key(&waited.tid) {
            self.serve_unknown(waited);
            return;
        }
        self.read_ring(waited.tid);
        match waited.status {
            WaitStatus::Exited { .. } | WaitStatus::Killed { .. } => self.task_ended(waited, time_ns),
            WaitStatus::Stopped { signo, event } => {
                let next = self.stopped(waited.tid, signo, event, time_ns);
                self.go_on(waited.tid, next);
            }
            WaitStatus::Continued => {}
        }
    }

    /// News of a tid that is not in the table: a child whose parent's event is still to come, or no tracee at all.
    fn serve_unknown(&mut self, waited: Waited) {
        let early = self.early.entry(waited.tid).or_default();
        early.push(waited);
        let ended = matches!(waited.status, WaitStatus::Exited { .. } | WaitStatus::Killed { .. });
        if ended && !self.config.follow {
            self.early.remove(&waited.tid);
        }
        self.adopt_orphans();
    }

    /// Whether this task may be inside the call that makes a child whose parent process is `parent`.
    fn may_be_making(&self, tid: i32, tracee: &Tracee, parent: i32) -> bool {
        const CLONE_PARENT: u64 = 0x8000;
        match &tracee.call {
            Some(call) => call.makes_task() && (tracee.pid == parent || call.args[0] & CLONE_PARENT != 0),
            // In a net that lets fork through, it is not known what a task is in.
            None => self.net && self.inline.is_none() && tracee.pid == parent && procfs::may_be_forking(tid),
        }
    }

    /// A child reports before its parent tells of it. If the parent is killed in between, nobody tells: the child is
    /// taken over by itself, as soon as no task is left that could be its parent.
    fn adopt_orphans(&mut self) {
        if self.early.is_empty() || !self.config.follow {
            return;
        }
        let early: Vec<i32> = self.early.keys().copied().collect();
        for tid in early {
            let number = |field| procfs::status_field(tid, field).and_then(|value| value.parse::<i32>().ok());
            let Some(pid) = number("Tgid") else {
                // It is gone, and its end has been collected: that was no task of ours.
                continue;
            };
            let parent = if pid == tid { number("PPid").unwrap_or(0) } else { pid };
            if self.tasks.iter().any(|(&maker, tracee)| self.may_be_making(maker, tracee, parent)) {
                continue;
            }
            let process = self.tasks.get(&pid).map(|leader| leader.process);
            let (comm, time_ns) = (procfs::comm(tid), monotonic_ns());
            let origin = Origin::FORK;
            self.add_task(NewTask { tid, pid, process, parent: None, origin, comm: &comm, time_ns });
            let (mode, space) = self.orphans_mode(tid);
            if let Some(tracee) = self.tasks.get_mut(&tid) {
                (tracee.mode, tracee.space) = (mode, space);
            }
        }
    }

    pub(super) fn go_on(&mut self, tid: i32, next: Next) {
        let result = match next {
            Next::Go(signo) => ptrace::resume(tid, self.resume_mode(self.tasks.get(&tid)), signo),
            Next::Listen => ptrace::listen(tid),
            Next::Nothing => Ok(()),
        };
        // A task that vanished tells its end through wait.
        if let Err(Gone) = result {}
    }

    /// Lets a stopped task go, as it is, delivering what it was about to get.
    pub(super) fn let_go(&mut self, tid: i32, signo: i32, time_ns: u64) {
        let Some(mut tracee) = self.tasks.remove(&tid) else { return };
        self.placement.release(tid, &tracee);
        if ptrace::detach(tid, signo).is_err() {
            // It is dying: its end will be told, and must find it in the table.
            self.tasks.insert(tid, tracee);
            return;
        }
        if let Some(call) = &mut tracee.call {
            call.tell_unfinished(tracee.task, UnfinishedReason::DETACHED, time_ns, self.recording);
        }
        self.recording.event(tracee.task, time_ns, EventBody::TaskEnd(TaskEnd::Detached));
        // The rest of a process that waits for this one (vfork) can stop only now; it was asked already.
    }

    fn task_ended(&mut self, waited: Waited, time_ns: u64) {
        let Some(tracee) = self.tasks.remove(&waited.tid) else { return };
        if let Some(stacks) = &mut self.stacks
            && tracee.pid == waited.tid
        {
            stacks.forget(tracee.pid);
        }
        self.shared.tasks.store(self.tasks.len() as u64, std::sync::atomic::Ordering::Relaxed);
        let superseded = self.in_execve_of_another(&tracee, waited.tid);
        let mut tracee = tracee;
        self.give_up_ring(&mut tracee, superseded, time_ns);
        if let Some(call) = &mut tracee.call {
            self.abandon_call(tracee.task, call, superseded, time_ns);
        }
        let end = match waited.status {
            _ if superseded => TaskEnd::Superseded,
            WaitStatus::Killed { signo, core_dumped } => TaskEnd::Killed { signo, core_dumped },
            WaitStatus::Exited { code } => TaskEnd::Exited { code },
            WaitStatus::Stopped { .. } | WaitStatus::Continued => TaskEnd::Vanished,
        };
        self.recording.event(tracee.task, time_ns, EventBody::TaskEnd(end));
        // In a net that lets fork through, any call may be one.
        let may_have_forked =
            tracee.call.as_ref().map_or(self.net && self.inline.is_none(), InCall::makes_task);
        self.may_have_strays |= may_have_forked && matches!(waited.status, WaitStatus::Killed { .. });
        if tracee.pid == waited.tid {
            // A leader's end is told last. Whoever is left was killed in an execve, with the leader's tid by then.
            let left = self.tasks.iter().filter(|(_, other)| other.pid == waited.tid);
            let left: Vec<i32> = left.map(|(&tid, _)| tid).collect();
            left.into_iter().for_each(|tid| self.task_ended(Waited { tid, ..waited }, time_ns));
        }
        if self.command == Some(waited.tid) {
            self.command = None;
            self.command_status = Some(waited.status);
            self.shared.command_ended();
            if !self.launching && !self.config.wait && !self.ending && !self.tasks.is_empty() {
                self.shared.request_stop(StopReason::CommandEnded);
            }
        }
        self.placement.ended(waited.tid);
        self.adopt_orphans();
    }

    /// A task that ends inside a call leaves it unfinished.
    pub(super) fn abandon_call(&mut self, task: TaskId, call: &mut InCall, superseded: bool, time_ns: u64) {
        let reason = if super::calls::is_exit(call.abi, call.nr) {
            UnfinishedReason::EXIT
        } else if superseded {
            UnfinishedReason::SUPERSEDED
        } else {
            UnfinishedReason::KILLED
        };
        call.tell_unfinished(task, reason, time_ns, self.recording);
    }

    /// Whether another task of the same process is in execve, which ends all others.
    fn in_execve_of_another(&self, ended: &Tracee, tid: i32) -> bool {
        ended.pid != tid
            && self.tasks.values().any(|other| {
                other.pid == ended.pid
                    && other.call.as_ref().is_some_and(|call| super::calls::is_execve(call.abi, call.nr))
            })
    }
}
