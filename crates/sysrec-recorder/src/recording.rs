//! What a backend tells, on its way into the trace: tasks get their identity, limits are watched, the file is closed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sysrec_format::block::{EndReason, Overhead, Session, Totals};
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Entry, Event, EventBody, Exit, Origin, StackId, TaskId, UnfinishedReason};
use sysrec_format::header::Clock;
use sysrec_format::writer::{Ending, NewTrace, Status, TraceWriter, WriterOptions};

use crate::control::{Shared, StopReason};
use crate::storage::MappedStorage;
use crate::sys::clock::{self, monotonic_ns};

/// A task that comes under recording.
pub(crate) struct NewTask<'a> {
    pub tid: i32,
    pub pid: i32,
    /// The task that stands for its process; `None` for the first one of a process, which is that itself.
    pub process: Option<TaskId>,
    pub parent: Option<TaskId>,
    pub origin: Origin,
    pub comm: &'a [u8],
    pub time_ns: u64,
}

/// Where a recording ends by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub calls_max: Option<u64>,
    pub bytes_max: Option<u64>,
}

/// How the trace was closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closed {
    pub totals: Totals,
    /// Why nothing more could be written, where that happened.
    pub storage_problem: Option<String>,
    /// How many of the finished calls stopped, where that is not the way of all.
    pub calls_at_stops: Option<u64>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// An open trace.
pub(crate) struct Recording {
    writer: Option<TraceWriter<MappedStorage>>,
    closed: Option<Result<Closed, FormatError>>,
    shared: Arc<Shared>,
    limits: Limits,
    tasks: u32,
    calls: u64,
    /// Those of `calls` that stopped: all that were told in two parts, and some that were not.
    calls_at_stops: u64,
    /// What one that stopped cost, nanoseconds, where not all do.
    stop_ns: Option<u64>,
    stop_reason: Option<StopReason>,
    notes: Vec<String>,
    next_look_ns: u64,
}

/// How often slow questions are asked: the file's size against its limit, the clocks against each other.
const LOOK_NS: u64 = 100_000_000;
/// A limit of bytes leaves this much for closing the trace.
const CLOSING_BYTES: u64 = 64 * 1024;

impl Recording {
    pub(crate) fn new(
        storage: MappedStorage,
        session: &Session,
        trace_id: [u8; 16],
        limits: Limits,
        shared: Arc<Shared>,
    ) -> Result<Self, FormatError> {
        let new = NewTrace {
            trace_id,
            created_realtime_ns: clock::realtime_ns(),
            clock: Clock::MONOTONIC_NS,
            session,
        };
        let writer = TraceWriter::create(storage, &new, WriterOptions::default())?;
        let mut recording = Recording {
            writer: Some(writer),
            closed: None,
            shared,
            limits,
            tasks: 0,
            calls: 0,
            calls_at_stops: 0,
            stop_ns: None,
            stop_reason: None,
            notes: Vec::new(),
            next_look_ns: 0,
        };
        recording.anchor();
        Ok(recording)
    }

    /// Notes the same moment on all clocks.
    fn anchor(&mut self) {
        let before_ns = monotonic_ns();
        let (realtime_ns, tsc) = (clock::realtime_ns(), clock::tsc());
        let time_ns = before_ns.midpoint(monotonic_ns());
        self.tell(Event { time_ns, task: None, body: EventBody::Anchor { realtime_ns, tsc } });
    }

    fn tell(&mut self, event: Event) {
        if let Some(writer) = &mut self.writer {
            writer.event(&event);
        }
    }

    /// What recording a call costs: most calls first; last those that stop, where there are others.
    pub(crate) fn overheads(&mut self, overheads: &[Overhead]) -> Result<(), FormatError> {
        if let [_, .., at_stops] = overheads {
            self.stop_ns = Some(at_stops.call_ns_median);
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        overheads.iter().try_for_each(|overhead| writer.overhead(overhead))
    }

    /// Gives a new task its identity.
    pub(crate) fn start_task(&mut self, new: &NewTask<'_>) -> TaskId {
        let task = TaskId(self.tasks);
        self.tasks += 1;
        let NewTask { tid, pid, process, parent, origin, comm, time_ns } = *new;
        let process = process.unwrap_or(task);
        let body = EventBody::TaskStart { tid, pid, process, parent, origin, comm: comm.to_vec() };
        self.tell(Event { time_ns, task: Some(task), body });
        task
    }

    #[inline]
    pub(crate) fn entry(&mut self, task: TaskId, entry: &Entry) {
        if let Some(writer) = &mut self.writer {
            writer.entry(task, entry);
        }
    }

    #[inline]
    pub(crate) fn exit(&mut self, task: TaskId, exit: &Exit) {
        if let Some(writer) = &mut self.writer {
            writer.exit(task, exit);
            self.calls += 1;
            self.calls_at_stops += 1;
            self.shared.calls.store(self.calls, Ordering::Relaxed);
        }
    }

    /// A call that has finished already. Beyond the limit of calls, nothing is told.
    #[inline]
    pub(crate) fn call(&mut self, task: TaskId, entry: &Entry, exit: &Exit) {
        if self.limits.calls_max.is_none_or(|max| self.calls < max)
            && let Some(writer) = &mut self.writer
        {
            writer.call(task, entry, exit);
            self.calls += 1;
        }
    }

    /// A call that is told in one part has stopped all the same.
    pub(crate) fn stopped(&mut self) {
        self.calls_at_stops += 1;
    }

    pub(crate) fn unfinished(&mut self, task: TaskId, reason: UnfinishedReason, time_ns: u64) {
        if let Some(writer) = &mut self.writer {
            writer.unfinished(task, reason, time_ns);
        }
    }

    /// The stack of the call that a task has in flight, found after its entry.
    pub(crate) fn stack(&mut self, task: TaskId, stack: StackId) {
        if let Some(writer) = &mut self.writer {
            writer.stack(task, stack);
        }
    }

    /// Something of the recording as a whole.
    pub(crate) fn event_of_all(&mut self, time_ns: u64, body: EventBody) {
        self.tell(Event { time_ns, task: None, body });
    }

    pub(crate) fn event(&mut self, task: TaskId, time_ns: u64, body: EventBody) {
        self.tell(Event { time_ns, task: Some(task), body });
    }

    /// Whether a limit says that it is enough now. Cheap: asked at every stop.
    #[inline]
    pub(crate) fn limit_reached(&mut self, now_ns: u64) -> Option<StopReason> {
        if self.limits.calls_max.is_some_and(|max| self.calls >= max) {
            return Some(StopReason::Calls);
        }
        if now_ns >= self.next_look_ns { self.look(now_ns) } else { None }
    }

    fn look(&mut self, now_ns: u64) -> Option<StopReason> {
        if self.limits.bytes_max.is_none() {
            self.next_look_ns = now_ns + LOOK_NS;
        }
        let bytes = self.writer.as_ref()?.bytes_used();
        self.shared.bytes.store(bytes, Ordering::Relaxed);
        let full = self.limits.bytes_max.is_some_and(|max| bytes + CLOSING_BYTES >= max);
        full.then_some(StopReason::Size)
    }

    /// Remarks for people, to be kept in the trace's summary.
    pub(crate) fn notes(&mut self, notes: Vec<String>) {
        self.notes.extend(notes);
    }

    /// The recording is about to end before its time, for this reason.
    pub(crate) fn stopped_by(&mut self, reason: StopReason) {
        self.stop_reason.get_or_insert(reason);
    }

    /// Closes the trace; whatever is told afterwards goes nowhere.
    pub(crate) fn close(&mut self, reason: Option<StopReason>) {
        if let Some(reason) = reason {
            self.stopped_by(reason);
        }
        self.anchor();
        let Some(writer) = self.writer.take() else { return };
        let storage_problem = match writer.status() {
            Status::Full { cause, .. } => Some(crate::error::plain(cause)),
            _ => None,
        };
        let mut notes = self.notes.clone();
        if let Some(stop_ns) = self.stop_ns.filter(|_| self.calls_at_stops > 0) {
            let (stopped, us) = (self.calls_at_stops, stop_ns as f64 / 1e3);
            notes.push(format!("{stopped} of the calls stopped, which cost about {us:.1} µs each."));
        }
        let ending = Ending {
            reason: match self.stop_reason {
                None => EndReason::PROCESSES_ENDED,
                Some(StopReason::Duration | StopReason::Calls | StopReason::Size) => EndReason::LIMIT,
                Some(StopReason::Signal) => EndReason::INTERRUPTED,
                Some(StopReason::CommandEnded) => EndReason::COMMAND_ENDED,
            },
            time_ns: monotonic_ns(),
            recorder_cpu_ns: clock::thread_cpu_ns(),
            // The command line says it in its own words.
            notes,
        };
        let calls_at_stops = self.stop_ns.map(|_| self.calls_at_stops);
        let closed =
            |(_, totals)| Closed { totals, storage_problem, calls_at_stops, notes: self.notes.clone() };
        let result = writer.finish(&ending).map(closed);
        self.closed = Some(result);
    }

    /// Closes the trace, if that has not been done, and tells how it went.
    pub(crate) fn finish(mut self) -> (Result<Closed, FormatError>, Option<StopReason>) {
        if self.writer.is_some() {
            self.close(None);
        }
        (self.closed.unwrap_or_else(|| Ok(Closed::default())), self.stop_reason)
    }
}
