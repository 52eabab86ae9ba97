//! Writes a trace so that it can be read whatever happens to its writer.
//!
//! ```text
//!  | header | frames ...          |   room for one seal |  journal 2k  | journal 2k+1 |
//!                                 ^ log end             used in turn, and moved on when the log comes near
//! ```
//! Rows go into the journal. When it is full it is sealed: its rows become frames behind the log end, calls in flight
//! go into the other journal, and one store of a state slot makes both valid. The invariant: at every moment, what the
//! valid state describes (log, journal) is whole, and between the log end and the journal there is room to seal what
//! the journal holds and to close the trace. So a full disk costs what comes after it, and nothing that came before.

mod close;
mod place;
mod rows;
mod switch;

use std::io;

use self::place::Place;
use self::rows::CaptureEnd;
use crate::block::{self, EndReason, Overhead, Session, Totals};
use crate::error::Error;
use crate::event::{Entry, Event, EventBody, Exit, LossReason, StackId, TaskId, UnfinishedReason};
use crate::events::put_event;
use crate::frame::{ChunkKind, FRAME_BYTES};
use crate::header::{Clock, HEADER_BYTES, Header, Phase, State, VERSION};
use crate::journal::make::{RowSeeds, row_header};
use crate::journal::{CALL_ROW_BYTES_MAX, ROW_HEADER_BYTES, RowKind, STACK_ROW_BYTES};
use crate::limits;
use crate::seal::Sealer;
use crate::storage::Storage;
use crate::wire::padded;

/// What a new trace begins with.
#[derive(Clone, Debug)]
pub struct NewTrace<'a> {
    /// Random bytes.
    pub trace_id: [u8; 16],
    /// CLOCK_REALTIME, nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// The clock of all times.
    pub clock: Clock,
    /// The first chunk.
    pub session: &'a Session,
}

/// How to write.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// The file never gets longer than this, at any moment; reaching it is like a full disk.
    pub max_bytes: Option<u64>,
    /// Bytes of the first journal.
    pub journal_bytes_min: u64,
    /// Bytes up to which the journal grows while the trace is short. It grows further in a long one, so that chunks stay
    /// few, and where many tasks make chunks small, up to [`JOURNAL_BYTES_MAX`](crate::limits::JOURNAL_BYTES_MAX).
    ///
    /// A pair that fits into a core's own cache is written into and sealed for less, and leaves that cache to the
    /// program; and a seal, during which nothing else is recorded, takes less time.
    pub journal_bytes_aim: u64,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { max_bytes: None, journal_bytes_min: 64 << 10, journal_bytes_aim: 64 << 10 }
    }
}

/// Whether a writer still takes calls.
#[derive(Debug)]
#[non_exhaustive]
pub enum Status<'a> {
    /// Everything is written.
    Writing,
    /// Nothing more is written; what is missing is counted.
    Full {
        /// What the storage said.
        cause: &'a io::Error,
        /// Why, as the trace will say it.
        reason: LossReason,
        /// Calls lost so far. One in flight counts when it ends.
        lost_calls: u64,
    },
}

/// How a recording ended, for [`TraceWriter::finish`].
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// When, on the trace's clock, nanoseconds.
    pub time_ns: u64,
    /// See [`Summary::recorder_cpu_ns`](crate::block::Summary::recorder_cpu_ns).
    pub recorder_cpu_ns: u64,
    /// See [`Summary::notes`](crate::block::Summary::notes); those that do not fit into 4 KiB are left out.
    pub notes: Vec<String>,
}

/// Room kept for the SUMMARY payload.
const SUMMARY_BYTES_MAX: usize = 4096;
/// Frames that one journal can become: a bound on 64 MiB of rows of calls.
const FRAMES_OF_A_JOURNAL_MAX: usize = 1 << 20;
/// A task without a call in flight.
const IDLE: u32 = 0;
/// A task with a call in flight whose start is not in the trace.
const LOST: u32 = u32::MAX;

#[derive(Debug)]
struct Full {
    cause: io::Error,
    reason: LossReason,
    /// The storage lost what it had: nothing there can be relied on.
    journal_gone: bool,
    first_ns: u64,
    last_ns: u64,
}

/// Writes one trace into a [`Storage`].
///
/// `entry`, `exit`, `unfinished` and `event` do not fail: when the storage cannot take more they count what is lost,
/// [`status`](Self::status) tells, and [`finish`](Self::finish) writes the counts into the trace.
#[derive(Debug)]
pub struct TraceWriter<S> {
    storage: S,
    options: WriterOptions,
    header: Header,
    seed: u32,
    state: State,
    /// Where the journal is, and how much of it may be used.
    place: Place,
    /// How long the store is.
    allocated: u64,
    seeds: RowSeeds,
    /// Bytes of rows in the journal.
    used: usize,
    /// By task: [`IDLE`], [`LOST`], or where its ENTRY row is in the journal, in units of 8 bytes, plus one.
    in_flight: Vec<u32>,
    sealer: Sealer,
    /// The body of a row that has no fixed length.
    row: Vec<u8>,
    /// Entries of the INDEX, as long as it can hold them all.
    index: Vec<u8>,
    frames: u32,
    full: Option<Full>,
    totals: Totals,
    /// The totals at the last seal: what is safe when the journal is lost.
    sealed_totals: Totals,
    /// Calls and CALLS chunks of the last seal, to see whether chunks are small.
    sealed_calls: u64,
    sealed_chunks: u64,
    /// Whether the journal has captures.
    captured: bool,
}

impl<S: Storage> TraceWriter<S> {
    /// Begins a trace in an empty store.
    ///
    /// # Errors
    /// [`Error::Io`] where there is no room even for a small trace; [`Error::TooLarge`] for a session of over 4 MiB.
    pub fn create(storage: S, new: &NewTrace<'_>, options: WriterOptions) -> Result<Self, Error> {
        let session = block::encode(new.session, "session")?;
        let header = Header {
            version: VERSION,
            header_bytes: HEADER_BYTES as u32,
            required_features: 0,
            optional_features: 0,
            trace_id: new.trace_id,
            created_realtime_ns: new.created_realtime_ns,
            clock: new.clock,
        };
        let seed = header.seed();
        let state = State {
            sequence: 0,
            phase: Phase::RECORDING,
            seed,
            log_end: HEADER_BYTES as u64,
            generation: 0,
            journal_offset: 0,
            journal_bytes: 0,
            lost_calls: 0,
            index_offset: 0,
        };
        let mut writer = Self {
            storage,
            options,
            header,
            seed,
            state,
            place: Place::default(),
            allocated: 0,
            seeds: RowSeeds::new(0),
            used: 0,
            in_flight: Vec::new(),
            sealer: Sealer::new(),
            row: Vec::new(),
            index: Vec::new(),
            frames: 0,
            full: None,
            totals: Totals { first_ns: u64::MAX, ..Totals::default() },
            sealed_totals: Totals { first_ns: u64::MAX, ..Totals::default() },
            sealed_calls: 0,
            sealed_chunks: 0,
            captured: false,
        };
        let session_bytes = FRAME_BYTES as u64 + padded(session.len() as u64);
        let io_error = |source| Error::Io { offset: 0, what: "beginning the trace", source };
        let place = writer.first_place(HEADER_BYTES as u64 + session_bytes).map_err(io_error)?;
        writer.write_constants().map_err(io_error)?;
        let log_end =
            writer.write_block(HEADER_BYTES as u64, ChunkKind::SESSION, &session).map_err(io_error)?;
        writer.switch(log_end, place, &[], &[]).map_err(io_error)?;
        Ok(writer)
    }

    /// A task begins a call. One that it has in flight already becomes unfinished
    /// ([`UnfinishedReason::VANISHED`]).
    pub fn entry(&mut self, task: TaskId, entry: &Entry) {
        let index = task.0 as usize;
        if index >= self.in_flight.len() {
            if task.0 >= limits::TASKS_MAX {
                self.full.get_or_insert_with(|| too_many_tasks(entry.time_ns));
                return self.lose_call(entry.time_ns);
            }
            self.in_flight.resize((index + 1).next_power_of_two(), IDLE);
        }
        if self.in_flight[index] != IDLE {
            self.unfinished(task, UnfinishedReason::VANISHED, entry.time_ns);
        }
        self.saw(entry.time_ns);
        let at = if self.ensure(CALL_ROW_BYTES_MAX) { self.append_entry(task, entry) } else { None };
        self.in_flight[index] = at.map_or(LOST, |at| (at / 8) as u32 + 1);
        if let Some(stack) = entry.stack {
            self.stack(task, stack);
        }
        if !entry.captures.is_empty() && self.in_flight[index] != LOST {
            self.append_captures(task, CaptureEnd::Entry, &entry.captures);
        }
    }

    /// The stack of the call that the task has in flight, where it is found after the entry; a later one counts. Without
    /// a call in flight nothing happens. The nodes of the stack are written before ([`EventBody::StackNode`]).
    pub fn stack(&mut self, task: TaskId, stack: StackId) {
        let index = task.0 as usize;
        if self.is_pending(task) && self.ensure(STACK_ROW_BYTES) && self.in_flight[index] != LOST {
            self.append_stack(task, stack);
        }
    }

    /// A task's call returned. Without a call in flight nothing happens but a count in
    /// [`Totals::orphan_exits`].
    pub fn exit(&mut self, task: TaskId, exit: &Exit) {
        let index = task.0 as usize;
        if self.in_flight.get(index).is_none_or(|&at| at == IDLE) {
            self.totals.orphan_exits += 1;
            return;
        }
        self.saw(exit.time_ns);
        if !exit.captures.is_empty() && self.in_flight[index] != LOST {
            self.append_captures(task, CaptureEnd::Exit, &exit.captures);
        }
        // Making room may have lost the start of the call.
        if self.ensure(CALL_ROW_BYTES_MAX)
            && self.in_flight[index] != LOST
            && self.append_exit(task, exit).is_some()
        {
            self.in_flight[index] = IDLE;
            return self.count_call(exit);
        }
        self.lose_end(task, exit.time_ns);
    }

    /// A task has made a call, from start to end: the same as [`entry`](Self::entry) and then [`exit`](Self::exit), for
    /// less. A call that the task has in flight becomes unfinished, as at an entry.
    #[inline]
    pub fn call(&mut self, task: TaskId, entry: &Entry, exit: &Exit) {
        if self.append_call(task, entry, exit) {
            self.saw(entry.time_ns);
            self.saw(exit.time_ns);
            self.count_call(exit);
        } else {
            self.entry(task, entry);
            self.exit(task, exit);
        }
    }

    /// A task's call ended without returning. Without a call in flight nothing happens.
    pub fn unfinished(&mut self, task: TaskId, reason: UnfinishedReason, time_ns: u64) {
        let index = task.0 as usize;
        if !self.is_pending(task) {
            return;
        }
        self.saw(time_ns);
        if self.ensure(CALL_ROW_BYTES_MAX)
            && self.in_flight[index] != LOST
            && self.append_end(task, time_ns, reason).is_some()
        {
            self.in_flight[index] = IDLE;
            self.totals.unfinished += 1;
            self.totals.events += 1;
            return;
        }
        self.lose_end(task, time_ns);
    }

    /// Anything else happened. Strings over 8 KiB are cut, and arguments over 64 KiB altogether.
    pub fn event(&mut self, event: &Event) {
        self.saw(event.time_ns);
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        put_event(&mut row, event);
        row.resize(padded(row.len() as u64) as usize, 0);
        let written = self.ensure(ROW_HEADER_BYTES + row.len()) && {
            let header = row_header(self.seeds.journal, RowKind::EVENT, 0, &row);
            self.append(header, &row).is_some()
        };
        self.row = row;
        if written {
            self.totals.events += 1;
            match event.body {
                EventBody::TaskStart { .. } => self.totals.tasks += 1,
                EventBody::Unfinished { .. } => self.totals.unfinished += 1,
                EventBody::RecorderCall { .. } => self.totals.recorder_calls += 1,
                EventBody::Loss { calls, .. } => {
                    self.totals.lost_calls = self.totals.lost_calls.saturating_add(calls);
                }
                _ => {}
            }
        } else {
            self.totals.lost_events += 1;
            if let EventBody::Unfinished { .. } = event.body {
                self.lose_call(event.time_ns);
            }
        }
    }

    /// Writes down what recording costs, at once.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for one of over 4 MiB; [`Error::Io`] where the storage is full.
    pub fn overhead(&mut self, overhead: &Overhead) -> Result<(), Error> {
        let payload = block::encode(overhead, "overhead")?;
        let io_error = |offset, source| Error::Io { offset, what: "writing the overhead", source };
        let offset = self.state.log_end;
        if self.full.is_none() {
            self.seal(0, FRAME_BYTES as u64 + padded(payload.len() as u64));
        }
        if let Some(full) = &self.full {
            return Err(io_error(offset, full.cause.kind().into()));
        }
        let log_end = self
            .write_block(self.state.log_end, ChunkKind::OVERHEAD, &payload)
            .map_err(|source| io_error(offset, source))?;
        self.state.log_end = log_end;
        self.commit().map_err(|source| io_error(offset, source))
    }

    /// Seals what is in the journal now.
    pub fn flush(&mut self) {
        if self.full.is_none() {
            self.seal(0, 0);
        }
    }

    /// Whether the task has a call in flight.
    pub fn is_pending(&self, task: TaskId) -> bool {
        self.in_flight.get(task.0 as usize).is_some_and(|&at| at != IDLE)
    }

    /// Whether the storage still takes what comes.
    pub fn status(&self) -> Status<'_> {
        match &self.full {
            None => Status::Writing,
            Some(full) => {
                Status::Full { cause: &full.cause, reason: full.reason, lost_calls: self.state.lost_calls }
            }
        }
    }

    /// Counts so far; calls in flight are not in them.
    pub fn totals(&self) -> Totals {
        let mut totals = self.totals.clone();
        totals.lost_calls = totals.lost_calls.saturating_add(self.state.lost_calls);
        if totals.first_ns == u64::MAX {
            totals.first_ns = 0;
        }
        totals
    }

    /// About how long the file would be if it were finished now, bytes.
    pub fn bytes_used(&self) -> u64 {
        self.state.log_end + self.used as u64 / 8 + self.closing_bytes(0)
    }

    /// The storage, to look at.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    fn count_call(&mut self, exit: &Exit) {
        self.totals.calls += 1;
        self.totals.errors += u64::from((-4095..=-1).contains(&exit.ret));
    }

    fn saw(&mut self, time_ns: u64) {
        self.totals.first_ns = self.totals.first_ns.min(time_ns);
        self.totals.last_ns = self.totals.last_ns.max(time_ns);
    }

    /// Whether a row of this length fits, after a seal where that makes room.
    fn ensure(&mut self, row_bytes: usize) -> bool {
        if self.full.is_some() {
            return false;
        }
        if self.used + row_bytes + ROW_HEADER_BYTES <= self.place.capacity {
            return true;
        }
        self.seal(row_bytes, 0);
        self.full.is_none() && self.used + row_bytes + ROW_HEADER_BYTES <= self.place.capacity
    }

    /// Nothing more is taken from now on.
    fn fill(&mut self, cause: io::Error) {
        let reason = LossReason::STORAGE_FULL;
        self.full.get_or_insert(Full { cause, reason, journal_gone: false, first_ns: u64::MAX, last_ns: 0 });
    }

    fn lose_call(&mut self, time_ns: u64) {
        self.state.lost_calls += 1;
        if let Some(full) = &mut self.full {
            full.first_ns = full.first_ns.min(time_ns);
            full.last_ns = full.last_ns.max(time_ns);
        }
        if self.may_write() {
            // For the case that the writer does not live to finish; the count is in memory too.
            let _ = self.commit();
        }
    }

    /// A call ended whose end cannot be written: it is lost, and its start is taken back.
    fn lose_end(&mut self, task: TaskId, time_ns: u64) {
        let at = std::mem::replace(&mut self.in_flight[task.0 as usize], IDLE);
        self.lose_call(time_ns);
        if at != LOST && self.may_write() {
            // A row that cannot be taken back is shown as unfinished by whoever reads the trace of a dead recorder.
            let _ = self.void_row((at as usize - 1) * 8);
        }
    }

    /// Whether what is written now is still of use.
    fn may_write(&self) -> bool {
        self.full.as_ref().is_none_or(|full| !full.journal_gone)
    }
}

fn too_many_tasks(time_ns: u64) -> Full {
    let cause = io::Error::other(format!("a trace has at most {} tasks", limits::TASKS_MAX));
    let reason = LossReason::STORAGE_FULL;
    Full { cause, reason, journal_gone: false, first_ns: time_ns, last_ns: time_ns }
}
