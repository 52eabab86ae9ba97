//! Turns the rows of a journal into the chunks of the log: entries are paired with exits task by task, finished calls
//! become columns, everything else becomes events. The writer does it when a journal is full, the reader when it
//! finds the journal of a recorder that died.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::calls::encode::{CallRows, CallsEncoder};
use crate::event::{Event, EventBody, TaskId, UnfinishedReason};
use crate::events::{EVENT_HEADER_BYTES, put_event};
use crate::frame::ChunkKind;
use crate::journal::{Check, EntryRow, Row, Rows, Said};
use crate::limits::{CHUNK_CALLS_AIM, CHUNK_EVENT_BYTES_AIM};
use crate::wire::{u32_at, u64_at};

/// Bytes of frames and index entries that one byte of rows becomes at the worst: each call a chunk of its own, of
/// numbers that nothing can be said about.
pub(crate) const SEALED_PER_ROW_BYTE: u64 = 3;
/// Bytes that chunks take besides, whatever their rows: an EVENTS chunk and a loss.
pub(crate) const SEALED_BYTES_BESIDES: u64 = 1024;

/// A chunk before it has a frame.
#[derive(Clone, Debug)]
pub(crate) struct SealedChunk {
    pub(crate) kind: ChunkKind,
    pub(crate) task: Option<TaskId>,
    pub(crate) count: u32,
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    /// Its payload in [`Sealed::bytes`].
    pub(crate) payload: Range<usize>,
}

/// What became of a journal.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    pub(crate) chunks: Vec<SealedChunk>,
    pub(crate) bytes: Vec<u8>,
    /// Where the rows of calls in flight are, ascending.
    pub(crate) pending: Vec<u32>,
    /// Finished calls in the chunks.
    pub(crate) calls: u64,
}

/// What to do at the end of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    /// When calls in flight were given up; `None` for the latest time that is seen.
    pub(crate) time_ns: Option<u64>,
    /// What is still to be said.
    pub(crate) events: Vec<Event>,
}

/// Where a call's two rows begin.
type CallAt = (u32, u32);

/// Seals journal after journal; holds the room it works in.
#[derive(Debug)]
pub(crate) struct Sealer {
    encoder: CallsEncoder,
    pending: FxHashMap<u32, u32>,
    task_calls: FxHashMap<u32, usize>,
    calls: Vec<(TaskId, Vec<CallAt>)>,
    latest_ns: u64,
}

/// The EVENTS chunk that is being filled.
struct OpenEvents {
    start: usize,
    count: u32,
    first_ns: u64,
    last_ns: u64,
}

impl OpenEvents {
    fn new(start: usize) -> Self {
        Self { start, count: 0, first_ns: u64::MAX, last_ns: 0 }
    }

    /// Takes note of a record that stands at the end of `sealed.bytes`.
    fn added(&mut self, time_ns: u64, sealed: &mut Sealed) {
        self.count += 1;
        self.first_ns = self.first_ns.min(time_ns);
        self.last_ns = self.last_ns.max(time_ns);
        if sealed.bytes.len() - self.start >= CHUNK_EVENT_BYTES_AIM {
            self.close(sealed);
        }
    }

    fn add(&mut self, event: &Event, sealed: &mut Sealed) {
        put_event(&mut sealed.bytes, event);
        self.added(event.time_ns, sealed);
    }

    fn close(&mut self, sealed: &mut Sealed) {
        let end = sealed.bytes.len();
        if self.count > 0 {
            sealed.chunks.push(SealedChunk {
                kind: ChunkKind::EVENTS,
                task: None,
                count: self.count,
                first_ns: self.first_ns,
                last_ns: self.last_ns,
                payload: self.start..end,
            });
        }
        *self = Self::new(end);
    }
}

fn unfinished(entry: &EntryRow<'_>, time_ns: u64, reason: UnfinishedReason) -> Event {
    let body = EventBody::Unfinished { entry: entry.to_entry(), reason };
    Event { time_ns, task: Some(entry.task()), body }
}

/// The record in the body of an EVENT row, without the row's padding.
fn record(body: &[u8]) -> Option<&[u8]> {
    let header = body.get(..EVENT_HEADER_BYTES)?;
    body.get(..EVENT_HEADER_BYTES.checked_add(u32_at(header, 14) as usize)?)
}

impl Sealer {
    pub(crate) fn new() -> Self {
        Self {
            encoder: CallsEncoder::new(),
            pending: FxHashMap::default(),
            task_calls: FxHashMap::default(),
            calls: Vec::new(),
            latest_ns: 0,
        }
    }

    /// Seals the rows of `journal`. With a `closing`, calls in flight become unfinished ones; without, they are
    /// left in [`Sealed::pending`].
    pub(crate) fn seal(&mut self, journal: &[u8], rows: &mut Rows<'_>, closing: Option<&Closing>) -> Sealed {
        self.pending.clear();
        self.task_calls.clear();
        self.calls.clear();
        let mut sealed = Sealed::default();
        let mut open = OpenEvents::new(0);
        for row in rows {
            self.take(journal, row, &mut open, &mut sealed);
        }
        let mut pending: Vec<u32> = self.pending.values().copied().collect();
        pending.sort_unstable();
        if let Some(closing) = closing {
            let time_ns = closing.time_ns.unwrap_or(self.latest_ns);
            for at in pending.drain(..) {
                if let Some(entry) = entry_at(journal, at) {
                    open.add(&unfinished(&entry, time_ns, UnfinishedReason::RECORDING_ENDED), &mut sealed);
                }
            }
            for event in &closing.events {
                open.add(event, &mut sealed);
            }
        }
        open.close(&mut sealed);
        sealed.pending = pending;
        self.seal_calls(journal, &mut sealed);
        sealed
    }

    fn take(&mut self, journal: &[u8], row: Row<'_>, open: &mut OpenEvents, sealed: &mut Sealed) {
        match row.said() {
            Some(Said::Entry(entry)) => {
                self.latest_ns = self.latest_ns.max(entry.time_ns());
                let older = self.pending.insert(entry.task().0, row.at as u32);
                if let Some(older) = older.and_then(|at| entry_at(journal, at)) {
                    // Only behind damaged rows: a writer ends a call before it begins the next one.
                    open.add(&unfinished(&older, entry.time_ns(), UnfinishedReason::VANISHED), sealed);
                }
            }
            Some(Said::Exit(exit)) => {
                self.latest_ns = self.latest_ns.max(exit.time_ns());
                let task = exit.task();
                let Some(entry) = self.pending.remove(&task.0) else { return };
                let calls = &mut self.calls;
                let place = *self.task_calls.entry(task.0).or_insert_with(|| {
                    calls.push((task, Vec::new()));
                    calls.len() - 1
                });
                calls[place].1.push((entry, row.at as u32));
            }
            Some(Said::End { task, time_ns, reason }) => {
                self.latest_ns = self.latest_ns.max(time_ns);
                let entry = self.pending.remove(&task.0).and_then(|at| entry_at(journal, at));
                if let Some(entry) = entry {
                    open.add(&unfinished(&entry, time_ns, reason), sealed);
                }
            }
            Some(Said::Event(body)) => {
                if let Some(record) = record(body) {
                    let time_ns = u64_at(record, 0);
                    self.latest_ns = self.latest_ns.max(time_ns);
                    sealed.bytes.extend_from_slice(record);
                    open.added(time_ns, sealed);
                }
            }
            Some(Said::Nothing) | None => {}
        }
    }

    fn seal_calls(&mut self, journal: &[u8], sealed: &mut Sealed) {
        let mut rows = Vec::new();
        for (task, calls) in &self.calls {
            for calls in calls.chunks(CHUNK_CALLS_AIM as usize) {
                rows.clear();
                rows.extend(calls.iter().filter_map(|&at| call_at(journal, at)));
                let start = sealed.bytes.len();
                let span = self.encoder.encode(&rows, &mut sealed.bytes);
                sealed.calls += rows.len() as u64;
                sealed.chunks.push(SealedChunk {
                    kind: ChunkKind::CALLS,
                    task: Some(*task),
                    count: rows.len() as u32,
                    first_ns: span.first_ns,
                    last_ns: span.last_ns,
                    payload: start..sealed.bytes.len(),
                });
            }
        }
    }
}

/// The row at a place where there was one a moment ago.
fn said_at(journal: &[u8], at: u32) -> Option<Said<'_>> {
    Rows::new(journal, Check::Own).row_at(at as usize).ok()??.said()
}

pub(crate) fn entry_at(journal: &[u8], at: u32) -> Option<EntryRow<'_>> {
    match said_at(journal, at) {
        Some(Said::Entry(entry)) => Some(entry),
        _ => None,
    }
}

fn call_at(journal: &[u8], (entry, exit): CallAt) -> Option<CallRows<'_>> {
    match (entry_at(journal, entry), said_at(journal, exit)) {
        (Some(entry), Some(Said::Exit(exit))) => Some(CallRows { entry, exit }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Abi, Entry, Exit, UserRegisters};
    use crate::frame::FRAME_BYTES;
    use crate::index::INDEX_ENTRY_BYTES;
    use crate::journal::{entry_registers_row, entry_row, exit_registers_row, exit_row};
    use crate::wire::padded;

    fn noise(i: u64) -> u64 {
        (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63
    }

    /// Bytes in the log and the index a byte of rows, for calls that are nothing but noise.
    fn worst(tasks: u64, registers: bool, ended: bool) -> f64 {
        let mut journal = Vec::new();
        for i in 0..400_u64 {
            let task = TaskId((i % tasks) as u32);
            let all: UserRegisters = std::array::from_fn(|r| noise(i * 64 + r as u64));
            let entry = Entry {
                time_ns: noise(i),
                abi: Abi(i as u8),
                nr: noise(i) as i32,
                ip: noise(i + 3),
                sp: noise(i + 4),
                args: std::array::from_fn(|arg| noise(i + 5 + arg as u64)),
                registers: registers.then(|| Box::new(all)),
            };
            let exit = Exit { time_ns: noise(i + 1), ret: noise(i + 2) as i64, registers: None };
            if registers {
                journal.extend_from_slice(&entry_registers_row(0, task, &entry, &all));
            } else {
                journal.extend_from_slice(&entry_row(0, task, &entry));
            }
            match (ended, registers) {
                (false, _) => {}
                (true, true) => journal.extend_from_slice(&exit_registers_row(0, task, &exit, &all)),
                (true, false) => journal.extend_from_slice(&exit_row(0, task, &exit)),
            }
        }
        let closing = Closing { time_ns: Some(1), events: Vec::new() };
        let sealed = Sealer::new().seal(&journal, &mut Rows::new(&journal, Check::Own), Some(&closing));
        let bytes: u64 = sealed
            .chunks
            .iter()
            .map(|chunk| padded(chunk.payload.len() as u64) + (FRAME_BYTES + INDEX_ENTRY_BYTES) as u64)
            .sum();
        bytes as f64 / journal.len() as f64
    }

    #[test]
    fn nothing_takes_more_room_than_is_kept_for_it() {
        let mut most = 0.0_f64;
        for tasks in [1, 2, 10, 100, 400] {
            for registers in [false, true] {
                for ended in [false, true] {
                    most = most.max(worst(tasks, registers, ended));
                }
            }
        }
        assert!(most < SEALED_PER_ROW_BYTE as f64, "{most:.2} bytes a byte");
        assert!(most > 2.0, "{most:.2}: these are not the worst calls");
    }
}
