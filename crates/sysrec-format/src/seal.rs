//! Turns the rows of a journal into the chunks of the log: entries are paired with exits task by task, finished calls
//! become columns, everything else becomes events. The writer does it when a journal is full, the reader when it
//! finds the journal of a recorder that died.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::calls::encode::CallsEncoder;
use crate::captures::CaptureRef;
use crate::event::{Entry, Event, EventBody, TaskId, UnfinishedReason};
use crate::events::{EVENT_HEADER_BYTES, put_event};
use crate::frame::{ChunkKind, FrameHeader};
use crate::journal::{
    Attached, CallAt, Chain, EntryRow, JournalRows, Row, Said, captures_at, captures_in, entry_at,
};
use crate::limits::{CHUNK_CALLS_AIM, CHUNK_CAPTURES_MAX, CHUNK_EVENT_BYTES_AIM};
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

impl SealedChunk {
    /// The header of its frame, not numbered yet.
    pub(crate) fn header(&self, payload: &[u8]) -> FrameHeader {
        let Self { kind, task, count, first_ns, last_ns, .. } = *self;
        FrameHeader { task, count, first_ns, last_ns, ..FrameHeader::block(kind, payload) }
    }
}

/// What became of a journal.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    pub(crate) chunks: Vec<SealedChunk>,
    pub(crate) bytes: Vec<u8>,
    /// Where the rows of calls in flight are, those that belong to them included, ascending.
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

/// Seals journal after journal; holds the room it works in.
#[derive(Debug)]
pub(crate) struct Sealer {
    encoder: CallsEncoder,
    tasks: Tasks,
    /// Finished calls in the order of their ends, each with the place of its task in `tasks`.
    finished: Vec<(u32, CallAt)>,
    /// The same, task by task.
    by_task: Vec<CallAt>,
    /// Rows that belong to calls, besides their two.
    attached: Attached,
    latest_ns: u64,
}

/// A task without a call in flight.
const IDLE: u32 = u32::MAX;

/// A task that has rows in the journal.
#[derive(Debug)]
struct TaskRows {
    task: TaskId,
    /// Where the row of its call in flight begins, or [`IDLE`].
    pending: u32,
    /// What belongs to that call.
    attached: Chain,
    /// Finished calls.
    calls: u32,
}

/// The tasks of a journal in order of appearance.
#[derive(Debug)]
struct Tasks {
    list: Vec<TaskRows>,
    places: FxHashMap<u32, u32>,
    /// Some places by the last bits of the task: most rows need not ask the map.
    recent: [u32; Self::RECENT],
}

impl Tasks {
    const RECENT: usize = 64;

    fn new() -> Self {
        Self { list: Vec::new(), places: FxHashMap::default(), recent: [0; Self::RECENT] }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.places.clear();
    }

    /// The task's place in the list, where it is put if it is new.
    #[inline]
    fn place(&mut self, task: TaskId) -> usize {
        let recent = task.0 as usize % Self::RECENT;
        let place = self.recent[recent] as usize;
        match self.list.get(place) {
            Some(rows) if rows.task == task => place,
            _ => {
                let place = self.look_up(task);
                self.recent[recent] = place as u32;
                place
            }
        }
    }

    fn look_up(&mut self, task: TaskId) -> usize {
        let list = &mut self.list;
        *self.places.entry(task.0).or_insert_with(|| {
            list.push(TaskRows { task, pending: IDLE, attached: Chain::default(), calls: 0 });
            list.len() as u32 - 1
        }) as usize
    }

    /// Place of the task and the call that it had in flight, if it had one; `exit` is where that call's last row is.
    #[inline]
    fn end(&mut self, task: TaskId, exit: usize) -> Option<(u32, CallAt)> {
        let place = self.place(task);
        let rows = &mut self.list[place];
        let entry = std::mem::replace(&mut rows.pending, IDLE);
        (entry != IDLE)
            .then_some((place as u32, CallAt { entry, exit: exit as u32, attached: rows.attached }))
    }
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

/// An entry with its task, from its row and those that belong to it.
fn whole(journal: &[u8], row: &EntryRow<'_>, attached: &Attached, chain: Chain) -> (TaskId, Entry) {
    let captures = captures_at(journal, attached.captures(journal, chain).entry);
    let entry = Entry {
        stack: attached.stack(journal, chain),
        captures: captures.into_iter().map(CaptureRef::to_capture).collect(),
        ..row.to_entry()
    };
    (row.task(), entry)
}

fn unfinished((task, entry): (TaskId, Entry), time_ns: u64, reason: UnfinishedReason) -> Event {
    Event { time_ns, task: Some(task), body: EventBody::Unfinished { entry, reason } }
}

/// How many of the calls go into one chunk: as many as a chunk may hold of calls and of captures.
fn chunk_calls(journal: &[u8], calls: &[CallAt], attached: &Attached) -> usize {
    let most = calls.len().min(CHUNK_CALLS_AIM as usize);
    if attached.is_empty() {
        return most;
    }
    let mut captures = 0;
    let fits = |call: &&CallAt| {
        let rows = attached.captures(journal, call.attached);
        captures += captures_in(journal, rows.entry) + captures_in(journal, rows.exit);
        captures <= CHUNK_CAPTURES_MAX as usize
    };
    calls[..most].iter().take_while(fits).count().max(1)
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
            tasks: Tasks::new(),
            finished: Vec::new(),
            by_task: Vec::new(),
            attached: Attached::default(),
            latest_ns: 0,
        }
    }

    /// Seals the rows of `journal`. With a `closing`, calls in flight become unfinished ones; without, they are
    /// left in [`Sealed::pending`].
    pub(crate) fn seal<'a>(
        &mut self,
        journal: &[u8],
        rows: &mut impl JournalRows<'a>,
        closing: Option<&Closing>,
    ) -> Sealed {
        self.tasks.clear();
        self.finished.clear();
        self.attached.clear();
        let mut sealed = Sealed::default();
        let mut open = OpenEvents::new(0);
        loop {
            while let Some((at, entry, exit)) = rows.next_call() {
                let place = self.tasks.place(entry.task());
                if self.tasks.list[place].pending != IDLE {
                    self.vanished(journal, place, entry.time_ns(), &mut open, &mut sealed);
                }
                self.latest_ns = self.latest_ns.max(entry.time_ns()).max(exit.time_ns());
                self.tasks.list[place].calls += 1;
                self.finished.push((place as u32, at));
            }
            let Some(row) = rows.next() else { break };
            self.take(journal, row, &mut open, &mut sealed);
        }
        let in_flight = self.tasks.list.iter().filter(|rows| rows.pending != IDLE);
        let mut in_flight: Vec<(u32, Chain)> = in_flight.map(|rows| (rows.pending, rows.attached)).collect();
        in_flight.sort_unstable_by_key(|(at, _)| *at);
        if let Some(closing) = closing {
            let time_ns = closing.time_ns.unwrap_or(self.latest_ns);
            for (at, attached) in in_flight.drain(..) {
                if let Some(entry) = entry_at(journal, at) {
                    let entry = whole(journal, &entry, &self.attached, attached);
                    let reason = UnfinishedReason::RECORDING_ENDED;
                    open.add(&unfinished(entry, time_ns, reason), &mut sealed);
                }
            }
            for event in &closing.events {
                open.add(event, &mut sealed);
            }
        }
        open.close(&mut sealed);
        for (at, attached) in in_flight {
            sealed.pending.push(at);
            sealed.pending.extend(self.attached.rows(attached));
        }
        sealed.pending.sort_unstable();
        self.seal_calls(journal, &mut sealed);
        sealed
    }

    fn take(&mut self, journal: &[u8], row: Row<'_>, open: &mut OpenEvents, sealed: &mut Sealed) {
        match row.said() {
            Some(Said::Entry(entry)) => {
                self.latest_ns = self.latest_ns.max(entry.time_ns());
                let place = self.tasks.place(entry.task());
                if self.tasks.list[place].pending != IDLE {
                    self.vanished(journal, place, entry.time_ns(), open, sealed);
                }
                let rows = &mut self.tasks.list[place];
                (rows.pending, rows.attached) = (row.at as u32, Chain::default());
            }
            Some(Said::Exit(exit)) => {
                self.latest_ns = self.latest_ns.max(exit.time_ns());
                if let Some((task, call)) = self.tasks.end(exit.task(), row.at) {
                    self.tasks.list[task as usize].calls += 1;
                    self.finished.push((task, call));
                }
            }
            Some(Said::End { task, time_ns, reason }) => {
                self.latest_ns = self.latest_ns.max(time_ns);
                if let Some((_, call)) = self.tasks.end(task, row.at)
                    && let Some(entry) = entry_at(journal, call.entry)
                {
                    let entry = whole(journal, &entry, &self.attached, call.attached);
                    open.add(&unfinished(entry, time_ns, reason), sealed);
                }
            }
            Some(Said::Stack { task, .. } | Said::Capture { task, .. }) => {
                let place = self.tasks.place(task);
                let rows = &mut self.tasks.list[place];
                if rows.pending != IDLE {
                    rows.attached = self.attached.add(row.at as u32, rows.attached);
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

    /// A task that has a call in flight begins another one. That is so behind damaged rows only: a writer ends a call
    /// before it begins the next.
    #[cold]
    fn vanished(
        &mut self,
        journal: &[u8],
        place: usize,
        time_ns: u64,
        open: &mut OpenEvents,
        sealed: &mut Sealed,
    ) {
        let rows = &mut self.tasks.list[place];
        let at = std::mem::replace(&mut rows.pending, IDLE);
        if let Some(entry) = entry_at(journal, at) {
            let entry = whole(journal, &entry, &self.attached, rows.attached);
            open.add(&unfinished(entry, time_ns, UnfinishedReason::VANISHED), sealed);
        }
    }

    /// Puts the finished calls of each task together; the tasks are in the order of their first finished calls.
    fn group_by_task(&mut self) -> Vec<(TaskId, Range<usize>)> {
        let mut groups = Vec::new();
        let mut start = 0;
        let counts: Vec<u32> = self.tasks.list.iter().map(|rows| rows.calls).collect();
        // Where a task's next call goes.
        const UNSEEN: u32 = u32::MAX;
        let mut next = vec![UNSEEN; counts.len()];
        self.by_task.clear();
        self.by_task.resize(self.finished.len(), CallAt::default());
        for &(task, call) in &self.finished {
            let place = &mut next[task as usize];
            if *place == UNSEEN {
                *place = start;
                let end = start + counts[task as usize];
                groups.push((self.tasks.list[task as usize].task, start as usize..end as usize));
                start = end;
            }
            self.by_task[*place as usize] = call;
            *place += 1;
        }
        groups
    }

    fn seal_calls(&mut self, journal: &[u8], sealed: &mut Sealed) {
        for (task, calls) in self.group_by_task() {
            let mut rest = &self.by_task[calls];
            while !rest.is_empty() {
                let (calls, others) = rest.split_at(chunk_calls(journal, rest, &self.attached));
                rest = others;
                let start = sealed.bytes.len();
                // Without a span the rows are not what they were a moment ago; the writer sees that calls are missing.
                let Some(span) = self.encoder.encode(journal, calls, &self.attached, &mut sealed.bytes)
                else {
                    continue;
                };
                sealed.calls += calls.len() as u64;
                sealed.chunks.push(SealedChunk {
                    kind: ChunkKind::CALLS,
                    task: Some(task),
                    count: calls.len() as u32,
                    first_ns: span.first_ns,
                    last_ns: span.last_ns,
                    payload: start..sealed.bytes.len(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Abi, Entry, Exit, StackId, UserRegisters};
    use crate::frame::FRAME_BYTES;
    use crate::index::INDEX_ENTRY_BYTES;
    use crate::journal::OwnRows;
    use crate::journal::make::whole::{entry_row, exit_row, stack_row};
    use crate::wire::padded;

    fn noise(i: u64) -> u64 {
        (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63
    }

    /// Bytes in the log and the index a byte of rows, for calls that are nothing but noise.
    fn worst(tasks: u64, registers: bool, stacks: bool, ended: bool) -> f64 {
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
                captures: Vec::new(),
                stack: None,
            };
            let exit = Exit {
                time_ns: noise(i + 1),
                ret: noise(i + 2) as i64,
                registers: registers.then(|| Box::new(all)),
                captures: Vec::new(),
            };
            journal.extend_from_slice(&entry_row(0, task, &entry));
            if stacks {
                journal.extend_from_slice(&stack_row(0, task, StackId(noise(i + 6) as u32 >> 8)));
            }
            if ended {
                journal.extend_from_slice(&exit_row(0, task, &exit));
            }
        }
        let closing = Closing { time_ns: Some(1), events: Vec::new() };
        let sealed = Sealer::new().seal(&journal, &mut OwnRows::new(&journal), Some(&closing));
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
                for stacks in [false, true] {
                    for ended in [false, true] {
                        most = most.max(worst(tasks, registers, stacks, ended));
                    }
                }
            }
        }
        assert!(most < SEALED_PER_ROW_BYTE as f64, "{most:.2} bytes a byte");
        assert!(most > 2.0, "{most:.2}: these are not the worst calls");
    }
}
