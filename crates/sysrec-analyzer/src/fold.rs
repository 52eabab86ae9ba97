//! Takes the calls of a ring file into a trace that was not closed.
//!
//! The recorder frees a slot of a ring once its call is in the trace. So of all calls in the rings, those are new that
//! the trace does not have; at most one, which the recorder was about to free, is in both.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};
use sysrec_format::calls::CallsRoom;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Call, Entry, Event, EventBody, Exit, TaskId, UnfinishedReason};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Completeness, Frame};
use sysrec_format::read_at::ReadAt;
use sysrec_format::rings::{self, Control, RINGS, RINGS_OPTION, RingCalls};
use sysrec_syscalls::filter::Filter;

use crate::integrity::{Rings, RingsOutcome};
use crate::trace::Trace;

impl Trace {
    /// The ring file that a trace names that was not closed. Give it to [`fold_rings`](Self::fold_rings), if its
    /// recorder is no more.
    ///
    /// The name comes from the trace, and can be any.
    pub fn rings_path(&self) -> Option<&Path> {
        self.integrity().rings.as_ref().map(|rings| rings.path.as_path())
    }

    pub(crate) fn name_rings(&mut self) {
        let unfinished = self.integrity.completeness == Completeness::Unfinished;
        let Some(session) = self.session().filter(|_| unfinished) else { return };
        let path = session.backend_options.iter().find_map(|option| option.strip_prefix(RINGS_OPTION));
        let path = path.map(PathBuf::from);
        let outcome = RingsOutcome::Unread { why: "nobody has looked for it".to_owned() };
        self.integrity.rings = path.map(|path| Rings { path, outcome });
    }

    /// Says what came of the ring file, where it was not folded in.
    pub fn set_rings_outcome(&mut self, outcome: RingsOutcome) {
        if let Some(rings) = &mut self.integrity.rings {
            rings.outcome = outcome;
        }
    }

    /// Takes the calls in this ring file into the trace, as it is open here; the file of the trace stays as it is. Once
    /// only, and of a recorder that is no more. [`Integrity::rings`](crate::Integrity::rings) says what came of it.
    ///
    /// Memory: what the chunks of those calls take, and one ring at a time. Any bytes are fine.
    pub fn fold_rings(&mut self, file: &(impl ReadAt + ?Sized)) {
        let untouched = matches!(
            &self.integrity.rings,
            Some(Rings { outcome: RingsOutcome::Unread { .. } | RingsOutcome::AtWork, .. })
        );
        if !untouched {
            return;
        }
        let outcome = match self.fold(file) {
            Ok(outcome) => outcome,
            Err(why) => RingsOutcome::Unread { why },
        };
        self.set_rings_outcome(outcome);
    }

    /// The error is why nothing was taken, a part of a sentence.
    fn fold(&mut self, file: &(impl ReadAt + ?Sized)) -> Result<RingsOutcome, String> {
        let words = |error: FormatError| error.to_string();
        let control = Control::read(file).map_err(words)?;
        if control.trace_id != self.layout.header().trace_id {
            return Err("it belongs to another trace".to_owned());
        }
        let filter = match self.session().and_then(|session| session.filter.as_deref()) {
            Some(text) => Some(Filter::parse(text).map_err(|error| format!("the trace's filter: {error}"))?),
            None => None,
        };
        let selected = |entry: &Entry| {
            filter.as_ref().is_none_or(|filter| filter.matches(sysrec_syscalls::Abi::X86_64, entry.nr))
        };
        let last_chunks = self.last_chunks();
        let (mut taken, mut under_way, mut latest_ns) = (0, Vec::new(), self.last_ns());
        let mut seen = FxHashSet::default();
        for number in 1..RINGS {
            let Some(mut ring) = rings::read_ring(file, number, &control.line).map_err(words)? else {
                continue;
            };
            let entries = ring.finished.iter_mut().map(|(entry, _)| entry).chain(&mut ring.entered);
            entries.for_each(keep_arguments);
            let known = self.tasks().get(ring.task).is_some_and(|task| task.origin.is_some());
            // A task has one ring.
            if !known || !seen.insert(ring.task) {
                continue;
            }
            if let Some(last) = last_chunks.get(&ring.task).and_then(|frame| self.last_call(frame)) {
                go_on_behind(&mut ring, &last);
            }
            ring.finished.retain(|(entry, _)| selected(entry));
            taken += ring.finished.len() as u64;
            latest_ns = ring.finished.last().map_or(latest_ns, |(_, exit)| latest_ns.max(exit.time_ns));
            self.layout.add(ring.task, &ring.finished);
            if let Some(entry) = ring.entered.filter(selected) {
                latest_ns = latest_ns.max(entry.time_ns);
                under_way.push((ring.task, entry));
            }
        }
        let unfinished = under_way.len() as u64;
        let events = under_way.into_iter().map(|(task, entry)| Event {
            time_ns: latest_ns,
            task: Some(task),
            body: EventBody::Unfinished { entry, reason: UnfinishedReason::RECORDING_ENDED },
        });
        self.layout.add_events(events.collect());
        self.read_frames();
        Ok(RingsOutcome::Taken { calls: taken, unfinished })
    }

    /// Of each task, the chunk with its last calls.
    fn last_chunks(&self) -> FxHashMap<TaskId, Frame> {
        let frames = self.layout().frames(self.file()).filter_map(Result::ok);
        let calls = frames.filter(|frame| frame.header.kind == ChunkKind::CALLS);
        calls.filter_map(|frame| Some((frame.header.task?, frame))).collect()
    }

    fn last_call(&self, frame: &Frame) -> Option<Call> {
        let mut buffer = Vec::new();
        let chunk = self.layout().calls(self.file(), frame, &mut buffer).ok()?;
        let mut calls = Vec::new();
        chunk.calls_into(&mut CallsRoom::default(), &mut calls).ok()?;
        calls.pop()
    }
}

/// As the recorder would have told the call.
fn keep_arguments(entry: &mut Entry) {
    entry.args =
        sysrec_syscalls::arguments(sysrec_syscalls::Abi::from_code(entry.abi.0), entry.nr, entry.args);
}

/// The calls of a ring come behind the last one that the trace has of the task, which is not told twice.
fn go_on_behind(ring: &mut RingCalls, last: &Call) {
    let last_ns = last.entry.time_ns.saturating_add(last.duration_ns);
    if let Some((entry, exit)) = ring.finished.first()
        && is_the_same(entry, exit, last, last_ns)
    {
        ring.finished.remove(0);
    }
    let times = ring.finished.iter_mut().flat_map(|(entry, exit)| [&mut entry.time_ns, &mut exit.time_ns]);
    for time_ns in times.chain(ring.entered.as_mut().map(|entry| &mut entry.time_ns)) {
        *time_ns = last_ns.max(*time_ns);
    }
}

/// The recorder converts times as the reader of the ring does, but may have moved them behind the call before: so the
/// same call does not end later, and the next one does.
fn is_the_same(entry: &Entry, exit: &Exit, last: &Call, last_ns: u64) -> bool {
    let of = |entry: &Entry| (entry.abi, entry.nr, entry.ip, entry.sp, entry.args);
    exit.time_ns <= last_ns && exit.ret == last.ret && of(entry) == of(&last.entry)
}
