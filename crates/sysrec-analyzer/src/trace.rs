//! An open trace: what was recorded, by whom, how whole it is; and the way to its calls.

use std::path::{Path, PathBuf};

use sysrec_format::block::{Overhead, Session, Summary};
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Event, EventBody};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{Frame, Layout};

use crate::error::Error;
use crate::file::TraceFile;
use crate::integrity::{Integrity, Loss};
use crate::tasks::{Builder, TaskTable};

/// A trace that has been opened and whose events have been read once; its calls stay on disk.
///
/// Memory grows with tasks and damages, not with calls. Only of a trace that was not closed, or whose index is damaged,
/// every chunk takes 80 bytes.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    file: TraceFile,
    pub(crate) layout: Layout,
    session: Option<Session>,
    overheads: Vec<Overhead>,
    summary: Option<Summary>,
    tasks: TaskTable,
    pub(crate) integrity: Integrity,
    first_ns: u64,
    last_ns: u64,
    calls: u64,
    events: u64,
    recorder_calls: u64,
    /// Frames of events whose own first time is not that of the earliest moment in them, by position, and that moment.
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
        let layout = Layout::read(&file).map_err(|cause| Error::Trace { path: path.clone(), cause })?;
        let integrity = Integrity {
            completeness: layout.completeness(),
            damages: layout.damages().to_vec(),
            more_damages: layout.more_damages(),
            losses: Vec::new(),
            rings: None,
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
            calls: 0,
            events: 0,
            recorder_calls: 0,
            event_starts: Vec::new(),
        };
        trace.read_blocks();
        trace.name_rings();
        trace.read_frames();
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
        let mut frames = self.layout.frames(&self.file).filter_map(Result::ok);
        if let Some(frame) = frames.find(|frame| frame.header.kind == kind) {
            self.integrity.add_damage(frame.damage(&error));
        }
        None
    }

    /// Looks at every frame once, and reads the events.
    pub(crate) fn read_frames(&mut self) {
        (self.calls, self.events, self.recorder_calls) = (0, 0, 0);
        self.event_starts.clear();
        self.integrity.losses.clear();
        let mut builder = Builder::default();
        let mut buffer = Vec::new();
        let (mut first_ns, mut last_ns) = (None::<u64>, 0);
        for (position, frame) in self.layout.frames(&self.file).enumerate() {
            let frame = match frame {
                Ok(frame) => frame,
                Err(error) => {
                    self.integrity.add_damage(self.layout.index_damage(&error));
                    break;
                }
            };
            let header = &frame.header;
            let mut earliest =
                |time_ns| first_ns = Some(first_ns.map_or(time_ns, |known| known.min(time_ns)));
            match header.kind {
                ChunkKind::CALLS => {
                    self.calls += u64::from(header.count);
                    header.task.map(|task| builder.mention(task));
                }
                ChunkKind::EVENTS => {
                    self.events += u64::from(header.count);
                    let mut said = Said {
                        tasks: &mut builder,
                        integrity: &mut self.integrity,
                        recorder_calls: &mut self.recorder_calls,
                    };
                    if let Some(begin_ns) = said.read(&self.layout, &self.file, &frame, &mut buffer) {
                        earliest(begin_ns);
                        if begin_ns != header.first_ns {
                            self.event_starts.push((position, begin_ns));
                        }
                    }
                }
                _ => continue,
            }
            if header.count > 0 {
                earliest(header.first_ns);
                last_ns = header.last_ns.max(last_ns);
            }
        }
        self.tasks = builder.build();
        self.last_ns = last_ns;
        self.first_ns = first_ns.unwrap_or(0).min(last_ns);
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
        self.calls
    }

    /// Events that the chunks say they hold.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Calls that the recorder made in the program for its own ends. They are not in [`calls`](Self::calls).
    pub fn recorder_calls(&self) -> u64 {
        self.recorder_calls
    }

    /// The frame at a position in `layout().frames(…)` with the earliest moment in it: of an unfinished call its
    /// start, which can lie before the frame's own first time.
    pub(crate) fn begin_of(&self, position: usize, frame: &Frame) -> u64 {
        match self.event_starts.binary_search_by_key(&position, |(position, _)| *position) {
            Ok(found) => self.event_starts[found].1,
            Err(_) => frame.header.first_ns,
        }
    }
}

/// What chunks of events say.
struct Said<'a> {
    tasks: &'a mut Builder,
    integrity: &'a mut Integrity,
    recorder_calls: &'a mut u64,
}

impl Said<'_> {
    /// Takes what a chunk says; the earliest moment in it, `u64::MAX` where it is empty, `None` where it cannot be read.
    fn read(
        &mut self,
        layout: &Layout,
        file: &TraceFile,
        frame: &Frame,
        buffer: &mut Vec<u8>,
    ) -> Option<u64> {
        let events = match layout.events(file, frame, buffer) {
            Ok(events) => events,
            Err(error) => {
                self.integrity.add_damage(frame.damage(&error));
                return None;
            }
        };
        let mut first_ns = u64::MAX;
        for event in events {
            match event {
                Ok(event) => {
                    first_ns = first_ns.min(begin_ns(&event));
                    loss_in(&event).into_iter().for_each(|loss| self.integrity.add_loss(loss));
                    *self.recorder_calls += u64::from(matches!(event.body, EventBody::RecorderCall { .. }));
                    self.tasks.event(event);
                }
                Err(error) => self.integrity.add_damage(frame.damage(&error)),
            }
        }
        Some(first_ns)
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
