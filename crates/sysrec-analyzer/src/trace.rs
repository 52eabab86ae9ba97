//! An open trace: what was recorded, by whom, how whole it is; and the way to its calls.

use std::path::{Path, PathBuf};

use sysrec_format::block::{Overhead, Session, Summary};
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Event, EventBody, LossReason};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Completeness, Frame, Layout};
use sysrec_format::limits::DAMAGES_MAX;

use crate::error::Error;
use crate::file::TraceFile;
use crate::integrity::{Integrity, Loss};
use crate::tasks::{Builder, TaskTable};

/// A trace that has been opened and whose events have been read once; its calls stay on disk.
///
/// Memory grows with tasks and chunks, not with calls.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    file: TraceFile,
    layout: Layout,
    session: Option<Session>,
    overheads: Vec<Overhead>,
    summary: Option<Summary>,
    tasks: TaskTable,
    integrity: Integrity,
    first_ns: u64,
    last_ns: u64,
    event_starts: Vec<(usize, u64)>,
}

impl Trace {
    /// Opens a trace and reads everything but its calls.
    ///
    /// # Errors
    /// When the path is not a file, or the file not a trace that this version reads. Damage is no error.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let file = TraceFile::open(&path)?;
        let layout = Layout::read(&file).map_err(|source| Error::Trace { path: path.clone(), source })?;
        let integrity = Integrity {
            completeness: layout.completeness(),
            damages: layout.damages().to_vec(),
            more_damages: layout.more_damages(),
            losses: Vec::new(),
        };
        let mut trace = Self {
            path,
            file,
            layout,
            session: None,
            overheads: Vec::new(),
            summary: None,
            tasks: TaskTable::default(),
            integrity,
            first_ns: 0,
            last_ns: 0,
            event_starts: Vec::new(),
        };
        trace.read_blocks();
        trace.read_events();
        trace.read_span();
        Ok(trace)
    }

    fn read_blocks(&mut self) {
        let session = self.layout.session(&self.file);
        self.session = self.keep(session, ChunkKind::SESSION).flatten();
        let overheads = self.layout.overheads(&self.file);
        self.overheads = self.keep(overheads, ChunkKind::OVERHEAD).unwrap_or_default();
        let summary = self.layout.summary(&self.file);
        self.summary = self.keep(summary, ChunkKind::SUMMARY).flatten();
    }

    fn keep<T>(&mut self, block: Result<T, FormatError>, kind: ChunkKind) -> Option<T> {
        let error = match block {
            Ok(block) => return Some(block),
            Err(error) => error,
        };
        if let Some(frame) = self.layout.frames().iter().find(|frame| frame.header.kind == kind) {
            let damage = frame.damage(&error);
            self.add_damage(damage);
        }
        None
    }

    fn add_damage(&mut self, damage: Damage) {
        let integrity = &mut self.integrity;
        let known = |known: &Damage| known.offset == damage.offset && known.kind == damage.kind;
        if integrity.damages.iter().any(known) {
            return;
        }
        if integrity.damages.len() < DAMAGES_MAX {
            integrity.damages.push(damage);
        } else {
            integrity.more_damages += 1;
        }
    }

    fn read_events(&mut self) {
        let mut builder = Builder::default();
        let (mut losses, mut damages, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        let mut buffer = Vec::new();
        for (position, frame) in self.layout.frames().iter().enumerate() {
            if frame.header.kind == ChunkKind::CALLS {
                frame.header.task.map(|task| builder.mention(task));
            }
            if frame.header.kind != ChunkKind::EVENTS {
                continue;
            }
            let events = match self.layout.events(&self.file, frame, &mut buffer) {
                Ok(events) => events,
                Err(error) => {
                    damages.push(frame.damage(&error));
                    continue;
                }
            };
            let mut first_ns = u64::MAX;
            for event in events {
                match event {
                    Ok(event) => {
                        first_ns = first_ns.min(begin_ns(&event));
                        losses.extend(loss_in(&event));
                        builder.event(event);
                    }
                    Err(error) => damages.push(frame.damage(&error)),
                }
            }
            starts.push((position, first_ns));
        }
        self.event_starts = starts;
        self.tasks = builder.build();
        losses.into_iter().for_each(|loss| self.integrity.add_loss(loss));
        damages.into_iter().for_each(|damage| self.add_damage(damage));
    }

    fn read_span(&mut self) {
        let timed = self.layout.frames().iter().filter(|frame| {
            matches!(frame.header.kind, ChunkKind::CALLS | ChunkKind::EVENTS) && frame.header.count > 0
        });
        let first_ns = timed.clone().map(|frame| frame.header.first_ns).min();
        let first_ns =
            first_ns.into_iter().chain(self.event_starts.iter().map(|(_, first_ns)| *first_ns)).min();
        self.last_ns = timed.map(|frame| frame.header.last_ns).max().unwrap_or(0);
        self.first_ns = first_ns.unwrap_or(0).min(self.last_ns);
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the bytes come from.
    pub fn file(&self) -> &TraceFile {
        &self.file
    }

    /// Header, state and chunks of the file.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What was recorded, where and how; `None` where that chunk is damaged or missing.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// What the recording cost a call, as measured by the recorder; one a mechanism.
    pub fn overheads(&self) -> &[Overhead] {
        &self.overheads
    }

    /// The recorder's own last words; `None` in a trace that was not closed properly.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Every task.
    pub fn tasks(&self) -> &TaskTable {
        &self.tasks
    }

    /// What is whole and what is missing.
    pub fn integrity(&self) -> &Integrity {
        &self.integrity
    }

    /// The earliest moment in the trace, nanoseconds on its clock.
    pub fn first_ns(&self) -> u64 {
        self.first_ns
    }

    /// The latest moment in the trace, nanoseconds on its clock.
    pub fn last_ns(&self) -> u64 {
        self.last_ns
    }

    /// What times are counted from (`--since`, views): when the recording started, or the earliest moment where
    /// that is not known. Nanoseconds on the trace's clock.
    pub fn origin_ns(&self) -> u64 {
        match &self.session {
            Some(session) if session.started_ns > 0 && session.started_ns <= self.first_ns => {
                session.started_ns
            }
            _ => self.first_ns,
        }
    }

    /// How long the recording took, from [`origin_ns`](Self::origin_ns) to the latest moment, nanoseconds.
    pub fn span_ns(&self) -> u64 {
        self.last_ns - self.origin_ns().min(self.last_ns)
    }

    /// Calls that the chunks say they hold, without reading them.
    pub fn calls(&self) -> u64 {
        let calls = self.layout.frames().iter().filter(|frame| frame.header.kind == ChunkKind::CALLS);
        calls.map(|frame| u64::from(frame.header.count)).sum()
    }

    /// The frame at a position in `layout().frames()` with the earliest moment in it: of an unfinished call its
    /// start, which can lie before the frame's own first time.
    pub(crate) fn begin_of(&self, position: usize, frame: &Frame) -> u64 {
        match self.event_starts.binary_search_by_key(&position, |(position, _)| *position) {
            Ok(found) => self.event_starts[found].1,
            Err(_) => frame.header.first_ns,
        }
    }
}

/// When what an event tells began: for a call that did not return its start, else the event's time. Nanoseconds.
pub fn begin_ns(event: &Event) -> u64 {
    match &event.body {
        EventBody::Unfinished { entry, .. } => entry.time_ns,
        _ => event.time_ns,
    }
}

fn loss_in(event: &Event) -> Option<Loss> {
    let EventBody::Loss { reason, calls, first_ns } = event.body else { return None };
    Some(Loss { reason, calls, counted: calls > 0, first_ns, last_ns: event.time_ns })
}
