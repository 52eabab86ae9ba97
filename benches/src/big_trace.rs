//! A long trace from a recorded one: its calls again and again, later and later, through the writer that recorded
//! them.
//!
//! ```text
//!  recorded    S─a──b───c──E
//!  made        S─a──b───c─────a──b───c─────a──b───c──E      S, E: start and end of a task
//! ```
//! The tasks live through all repetitions, as in a long recording of a server; so sites, values and the mix of tasks
//! are those of the recording, and only the times are new.

use std::path::Path;

use anyhow::{Context, ensure};
use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_format::block::{EndReason, Overhead, Session, Totals};
use sysrec_format::event::{Call, Event, EventBody, Exit};
use sysrec_format::header::Clock;
use sysrec_format::storage::Storage;
use sysrec_format::writer::{Ending, NewTrace, Status, TraceWriter, WriterOptions};

/// Calls that are taken from a recording, at most: they are held in memory.
const CALLS_MAX: usize = 1 << 20;
/// Between one repetition and the next.
const PAUSE_NS: u64 = 1_000_000;

/// What is repeated.
#[derive(Debug)]
pub struct Template {
    session: Session,
    overheads: Vec<Overhead>,
    items: Vec<Item>,
    calls: usize,
    first_ns: u64,
    last_ns: u64,
}

impl Template {
    /// The calls and events of a whole trace, the first million calls of it.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged or has no calls.
    pub fn load(path: &Path) -> anyhow::Result<Template> {
        let trace = Trace::open(path)?;
        ensure!(trace.integrity().is_whole(), "{} is not whole: record it again", path.display());
        let (mut items, mut calls, mut last_ns) = (Vec::new(), 0, trace.last_ns());
        for item in Timeline::new(&trace, &Selection::default()) {
            if let Item::Call(call) = &item {
                calls += 1;
                last_ns = last_ns.max(call.entry.time_ns + call.duration_ns);
            }
            items.push(item);
            if calls == CALLS_MAX {
                break;
            }
        }
        ensure!(calls > 0, "{} has no calls to repeat", path.display());
        let session = trace.session().cloned().context("the trace does not say what it is of")?;
        let overheads = trace.overheads().to_vec();
        Ok(Template { session, overheads, items, calls, first_ns: trace.first_ns(), last_ns })
    }

    /// Finished calls of one repetition.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Writes a trace of so many finished calls.
    ///
    /// # Errors
    /// Where the storage does not take it.
    pub fn repeat<S: Storage>(&mut self, calls: u64, storage: S) -> anyhow::Result<(S, Totals)> {
        let mut session = self.session.clone();
        session.notes.push(format!("made by repeating a recording of {} calls", self.calls));
        let created_realtime_ns = session.started_realtime_ns;
        let new = NewTrace {
            trace_id: *b"sysrec big trace",
            created_realtime_ns,
            clock: Clock::MONOTONIC_NS,
            session: &session,
        };
        let mut writer = TraceWriter::create(storage, &new, WriterOptions::default())?;
        for overhead in &self.overheads {
            writer.overhead(overhead)?;
        }
        let period_ns = self.last_ns - self.first_ns + PAUSE_NS;
        let (mut left, mut shift_ns) = (calls, 0);
        while left > 0 {
            self.once(&mut writer, &mut left, shift_ns);
            shift_ns += period_ns;
        }
        let shift_ns = shift_ns - period_ns;
        for item in &self.items {
            if let Item::Event(event) = item
                && ends(&event.body)
            {
                writer.event(&Event { time_ns: event.time_ns + shift_ns, ..event.clone() });
            }
        }
        if let Status::Full { cause, .. } = writer.status() {
            anyhow::bail!("the trace could not grow: {cause}");
        }
        let time_ns = self.last_ns + shift_ns;
        let ending = Ending { reason: EndReason::PROCESSES_ENDED, time_ns, ..Ending::default() };
        Ok(writer.finish(&ending)?)
    }

    fn once<S: Storage>(&mut self, writer: &mut TraceWriter<S>, left: &mut u64, shift_ns: u64) {
        for item in &mut self.items {
            match item {
                Item::Call(Call { task, entry, duration_ns, ret, exit_registers, exit_captures }) => {
                    if *left == 0 {
                        return;
                    }
                    *left -= 1;
                    let recorded_ns = entry.time_ns;
                    entry.time_ns += shift_ns;
                    let time_ns = entry.time_ns + *duration_ns;
                    writer.entry(*task, entry);
                    writer.exit(
                        *task,
                        &Exit {
                            time_ns,
                            ret: *ret,
                            registers: exit_registers.clone(),
                            captures: exit_captures.clone(),
                        },
                    );
                    entry.time_ns = recorded_ns;
                }
                Item::Event(event) if shift_ns == 0 && !ends(&event.body) => writer.event(event),
                Item::Event(event) if recurs(&event.body) => {
                    writer.event(&Event { time_ns: event.time_ns + shift_ns, ..event.clone() });
                }
                Item::Event(_) | Item::Damage(_) => {}
            }
        }
    }
}

/// Comes once, after all repetitions.
fn ends(body: &EventBody) -> bool {
    matches!(body, EventBody::TaskEnd(_) | EventBody::Unfinished { .. })
}

/// Comes in every repetition.
fn recurs(body: &EventBody) -> bool {
    matches!(body, EventBody::Signal { .. } | EventBody::Stop { .. } | EventBody::Continue)
}

#[cfg(test)]
mod tests {
    use sysrec_format::event::{Abi, Entry, Origin, TaskEnd, TaskId};

    use super::*;
    use crate::file_storage::FileStorage;

    /// Two tasks, three calls, one signal.
    fn recorded(path: &Path) {
        let session = Session { backend: "ptrace".into(), ..Session::default() };
        let new = NewTrace {
            trace_id: [1; 16],
            created_realtime_ns: 5,
            clock: Clock::MONOTONIC_NS,
            session: &session,
        };
        let storage = FileStorage::create(path).unwrap();
        let mut writer = TraceWriter::create(storage, &new, WriterOptions::default()).unwrap();
        let event = |time_ns, task, body| Event { time_ns, task: Some(TaskId(task)), body };
        for task in 0..2_u32 {
            let body = EventBody::TaskStart {
                tid: 10 + task.cast_signed(),
                pid: 10,
                process: TaskId(0),
                parent: None,
                origin: Origin::COMMAND,
                comm: b"x".to_vec(),
            };
            writer.event(&event(1000, task, body));
        }
        for (task, time_ns, nr, ret) in [(0, 1100, 39, 10), (1, 1150, 0, -11), (0, 1300, 39, 10)] {
            let args = [u64::from(task); 6];
            let entry = Entry {
                time_ns,
                abi: Abi::X86_64,
                nr,
                ip: 0x1000,
                sp: 0x2000,
                args,
                registers: None,
                captures: Vec::new(),
                stack: None,
            };
            writer.entry(TaskId(task), &entry);
            writer.exit(
                TaskId(task),
                &Exit { time_ns: time_ns + 120, ret, registers: None, captures: Vec::new() },
            );
        }
        let signal = EventBody::Signal { signo: 10, code: 0, sender_pid: 0, address: 0 };
        writer.event(&event(1350, 0, signal));
        writer.event(&event(1500, 0, EventBody::TaskEnd(TaskEnd::Exited { code: 0 })));
        writer
            .finish(&Ending { reason: EndReason::PROCESSES_ENDED, time_ns: 1600, ..Ending::default() })
            .unwrap();
    }

    #[test]
    fn repeats_calls_later_and_begins_and_ends_tasks_once() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        recorded(&from);
        let mut template = Template::load(&from).unwrap();
        let (_, totals) = template.repeat(7, FileStorage::create(&to).unwrap()).unwrap();
        assert_eq!((totals.calls, totals.errors, totals.tasks), (7, 2, 2));

        let trace = Trace::open(&to).unwrap();
        assert!(trace.integrity().is_whole());
        let (mut calls, mut starts, mut signals, mut ends) = (Vec::new(), 0, 0, Vec::new());
        for item in Timeline::new(&trace, &Selection::default()) {
            match item {
                Item::Call(call) => calls.push((call.task.0, call.entry.time_ns, call.duration_ns, call.ret)),
                Item::Event(Event { body: EventBody::TaskStart { .. }, .. }) => starts += 1,
                Item::Event(Event { body: EventBody::Signal { .. }, .. }) => signals += 1,
                Item::Event(Event { body: EventBody::TaskEnd(_), time_ns, .. }) => ends.push(time_ns),
                _ => {}
            }
        }
        assert_eq!((calls.len(), starts, signals, ends.len()), (7, 2, 2, 1));
        let period_ns = calls[3].1 - calls[0].1;
        assert_eq!(period_ns, 500 + PAUSE_NS);
        for (index, call) in calls.iter().enumerate() {
            let (task, time_ns, duration_ns, ret) = calls[index % 3];
            assert_eq!(*call, (task, time_ns + period_ns * (index as u64 / 3), duration_ns, ret));
        }
        assert!(ends[0] > calls[6].1);
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("text");
        std::fs::write(&path, "not a trace").unwrap();
        assert!(Template::load(&path).is_err());
    }
}
