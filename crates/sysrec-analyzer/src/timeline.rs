//! Everything that happened, in order of time, in bounded memory.
//!
//! A trace holds chunks of one task each, which overlap in time. They are merged: every chunk whose time has come is
//! a lane, and the lane with the earliest next item gives it.
//!
//! ```text
//!  task 1   [a   c d]        [h i]
//!  task 2       [b     e f]
//!  events     [x         y]          gives a x b c d e f y h i
//! ```
//!
//! A lane holds a window of decoded items. The more lanes are open at once, the smaller the windows, and a chunk is
//! decoded again for its next window: a strange trace costs time, not memory.
//!
//! Which chunks there are is read in blocks too, when the time of the earliest chunk in the block has come: of a long
//! trace only the blocks around the present are known.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use sysrec_format::calls::CallsRoom;
use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Call, Entry, Event, EventBody, TaskId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::{FRAMES_AT_ONCE, Frame, Frames};

use crate::file::TraceFile;
use crate::named::NamedCalls;
use crate::selection::Selection;
use crate::trace::{Trace, begin_ns};

/// Decoded items that all lanes together hold, as long as there are fewer lanes than this over
/// [`WINDOW_ITEMS_MIN`]. A call without its registers takes about 120 bytes.
const ITEMS_MAX: usize = 128 << 10;
/// The smallest window.
const WINDOW_ITEMS_MIN: usize = 16;

/// One line of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A finished call; its time is its start.
    Call(Call),
    /// Anything else; the time of an unfinished call is its start.
    Event(Event),
    /// Here a chunk that cannot be read would begin.
    Damage(Damage),
}

impl Item {
    /// When it began, nanoseconds on the trace's clock.
    pub fn begin_ns(&self) -> u64 {
        match self {
            Item::Call(call) => call.entry.time_ns,
            Item::Event(event) => begin_ns(event),
            Item::Damage(damage) => damage.first_ns.unwrap_or(0),
        }
    }

    /// Who it happened to.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Item::Call(call) => Some(call.task),
            Item::Event(event) => event.task,
            Item::Damage(damage) => damage.task,
        }
    }

    /// Of a call, finished or not, who made it and its entry.
    pub fn entry(&self) -> Option<(TaskId, &Entry)> {
        match self {
            Item::Call(call) => Some((call.task, &call.entry)),
            Item::Event(Event { body: EventBody::Unfinished { entry, .. }, task, .. }) => {
                Some(((*task)?, entry))
            }
            Item::Event(_) | Item::Damage(_) => None,
        }
    }
}

/// Iterator over the selected items of a trace in order of their beginning.
///
/// Finished and unfinished calls are selected by all conditions, other events by task and time alone; with a
/// condition on durations or outcomes, unfinished calls are left out. Items of one task that begin at the same
/// moment keep their order.
pub struct Timeline<'t> {
    trace: &'t Trace,
    selection: &'t Selection,
    named: Option<NamedCalls>,
    wanted: Wanted<'t>,
    items_max: usize,
    frames: Frames<'t, TraceFile>,
    /// Blocks of frames whose time has not come, the earliest last: begin of their earliest wanted frame, and
    /// position of their first.
    blocks: Vec<(u64, usize)>,
    /// Wanted frames of the other blocks that have not begun yet, by begin and position.
    waiting: BTreeMap<(u64, usize), Frame>,
    /// Parts of the index that could not be read, before anything else.
    lost_frames: Vec<Damage>,
    lanes: Vec<Option<Lane>>,
    free: Vec<usize>,
    /// The begin of each open lane's next item, with the frame's position (for a stable order) and the lane.
    next: BinaryHeap<Reverse<(u64, usize, usize)>>,
    /// What chunks are decoded in, used again and again: from chunk to chunk these would be given back to the system
    /// and asked for anew.
    payload: Vec<u8>,
    room: CallsRoom,
    calls: Vec<Call>,
    /// The window of the lane that ended last.
    spare: Vec<Item>,
}

/// Which frames can hold selected items.
struct Wanted<'t> {
    trace: &'t Trace,
    selection: &'t Selection,
    only: Option<TaskId>,
    /// The selected time, and when the one task lived, nanoseconds.
    from_ns: u64,
    to_ns: u64,
    life: Option<(u64, u64)>,
}

impl<'t> Wanted<'t> {
    fn new(trace: &'t Trace, selection: &'t Selection, only: Option<TaskId>) -> Self {
        let (from_ns, to_ns) = selection.times(trace.origin_ns());
        let life = only
            .and_then(|task| trace.tasks().get(task))
            .map(|task| (task.start_ns.unwrap_or(0), task.end_ns.unwrap_or(u64::MAX)));
        Self { trace, selection, only, from_ns, to_ns, life }
    }

    /// When the frame at a position begins, nanoseconds, if it can hold selected items.
    fn begin_of(&self, position: usize, frame: &Frame) -> Option<u64> {
        let (trace, header) = (self.trace, &frame.header);
        let begin_ns = trace.begin_of(position, frame);
        let wanted = match header.kind {
            ChunkKind::CALLS => match header.task.and_then(|task| trace.tasks().get(task)) {
                Some(task) => self.only.is_none_or(|only| only == task.id) && self.selection.has_task(task),
                None => false,
            },
            ChunkKind::EVENTS => self.life.is_none_or(|(from, to)| begin_ns <= to && header.last_ns >= from),
            _ => false,
        };
        (wanted && begin_ns < self.to_ns && header.last_ns >= self.from_ns).then_some(begin_ns)
    }
}

/// An open chunk.
struct Lane {
    frame: Frame,
    position: usize,
    /// Items that were taken out into windows so far, the selected ones.
    taken: usize,
    /// The next items, in reverse.
    window: Vec<Item>,
    /// Whether there are items behind the window.
    more: bool,
}

impl<'t> Timeline<'t> {
    /// Over all selected tasks together.
    pub fn new(trace: &'t Trace, selection: &'t Selection) -> Self {
        Self::over(trace, selection, None)
    }

    /// Over one task alone.
    pub fn of_task(trace: &'t Trace, selection: &'t Selection, task: TaskId) -> Self {
        Self::over(trace, selection, Some(task))
    }

    /// Holds about so many decoded items at once, instead of 131,072; at least 16 a chunk that is open.
    pub fn holding(self, items_max: usize) -> Self {
        Self { items_max, ..self }
    }

    fn over(trace: &'t Trace, selection: &'t Selection, only: Option<TaskId>) -> Self {
        let wanted = Wanted::new(trace, selection, only);
        let mut frames = trace.layout().frames(trace.file());
        let (mut blocks, mut lost_frames) = (Vec::<(u64, usize)>::new(), Vec::new());
        for (position, frame) in frames.by_ref().enumerate() {
            let begin_ns = match frame {
                Ok(frame) => wanted.begin_of(position, &frame),
                Err(error) => {
                    lost_frames.push(trace.layout().index_damage(&error));
                    break;
                }
            };
            let Some(begin_ns) = begin_ns else { continue };
            let first = position - position % FRAMES_AT_ONCE;
            match blocks.last_mut() {
                Some((earliest_ns, block)) if *block == first => *earliest_ns = begin_ns.min(*earliest_ns),
                _ => blocks.push((begin_ns, first)),
            }
        }
        blocks.sort_unstable_by_key(|block| Reverse(*block));
        Self {
            trace,
            selection,
            named: NamedCalls::of(trace, selection),
            wanted,
            items_max: ITEMS_MAX,
            frames,
            blocks,
            waiting: BTreeMap::new(),
            lost_frames,
            lanes: Vec::new(),
            free: Vec::new(),
            next: BinaryHeap::new(),
            payload: Vec::new(),
            room: CallsRoom::default(),
            calls: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Reads which frames there are in every block that can have the earliest one that waits.
    fn open_blocks(&mut self) {
        while let Some((begin_ns, first)) = self.blocks.last().copied() {
            if self.waiting.first_key_value().is_some_and(|((waiting_ns, _), _)| *waiting_ns < begin_ns) {
                return;
            }
            self.blocks.pop();
            for position in first..first + FRAMES_AT_ONCE {
                match self.frames.at(position) {
                    Ok(Some(frame)) => {
                        if let Some(begin_ns) = self.wanted.begin_of(position, &frame) {
                            self.waiting.insert((begin_ns, position), frame);
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.lost_frames.push(self.trace.layout().index_damage(&error));
                        break;
                    }
                }
            }
        }
    }

    /// Opens every chunk that begins before the earliest item at hand.
    fn open_lanes(&mut self) {
        loop {
            self.open_blocks();
            let Some(earliest) = self.waiting.first_entry() else { return };
            let (begin, position) = *earliest.key();
            if self.next.peek().is_some_and(|Reverse((next, ..))| *next < begin) {
                return;
            }
            let frame = earliest.remove();
            let window = std::mem::take(&mut self.spare);
            let lane = self.fill(Lane { frame, position, taken: 0, window, more: true });
            let number = self.free.pop().unwrap_or_else(|| {
                self.lanes.push(None);
                self.lanes.len() - 1
            });
            self.put(number, lane);
        }
    }

    /// Puts a lane back into the race, or frees its place when it has come to its end.
    fn put(&mut self, number: usize, lane: Lane) {
        match lane.window.last() {
            Some(item) => {
                self.next.push(Reverse((item.begin_ns(), lane.position, number)));
                self.lanes[number] = Some(lane);
            }
            None => {
                self.spare = lane.window;
                self.lanes[number] = None;
                self.free.push(number);
            }
        }
    }

    /// Decodes the lane's next window.
    fn fill(&mut self, mut lane: Lane) -> Lane {
        let room = (self.items_max / (self.next.len() + 1)).max(WINDOW_ITEMS_MIN);
        let first = lane.taken == 0;
        lane.window.clear();
        match self.decode(&lane.frame, lane.taken, room, &mut lane.window) {
            Ok(()) => {
                lane.more = lane.window.len() > room;
                lane.window.truncate(room);
                lane.taken += lane.window.len();
            }
            Err(error) => {
                // Found to be damaged once, not again at every window.
                lane.window.clear();
                lane.window.extend(first.then(|| Item::Damage(lane.frame.damage(&error))));
                lane.more = false;
            }
        }
        lane.window.reverse();
        lane
    }

    /// Appends the selected items of a frame from the `skip`th on, at most `room` and one that shows that there are
    /// more.
    fn decode(
        &mut self,
        frame: &Frame,
        skip: usize,
        room: usize,
        items: &mut Vec<Item>,
    ) -> Result<(), FormatError> {
        let (layout, file) = (self.trace.layout(), self.trace.file());
        let (trace, selection, only) = (self.trace, self.selection, self.wanted.only);
        let origin_ns = trace.origin_ns();
        if frame.header.kind == ChunkKind::CALLS {
            layout.calls(file, frame, &mut self.payload)?.calls_into(&mut self.room, &mut self.calls)?;
            let named = self.named.as_ref();
            let is_named = |call: &Call| named.is_none_or(|named| named.has(call.task, call.entry.time_ns));
            let selected =
                self.calls.drain(..).filter(|call| selection.has_call(origin_ns, call) && is_named(call));
            items.extend(selected.skip(skip).take(room + 1).map(Item::Call));
        } else {
            let mut events = Vec::new();
            for event in layout.events(file, frame, &mut self.payload)? {
                match event {
                    Ok(event) if is_selected(trace, selection, self.named.as_ref(), only, &event) => {
                        events.push(event);
                    }
                    Ok(_) => {}
                    // Reported when the trace was opened; what stands before it is good.
                    Err(_) => break,
                }
            }
            events.sort_by_key(begin_ns);
            items.extend(events.into_iter().skip(skip).take(room + 1).map(Item::Event));
        }
        Ok(())
    }
}

/// Whether an event that is no finished call is selected; `only` is the one task that is looked at.
pub(crate) fn is_selected(
    trace: &Trace,
    selection: &Selection,
    named: Option<&NamedCalls>,
    only: Option<TaskId>,
    event: &Event,
) -> bool {
    if only.is_some() && event.task != only {
        return false;
    }
    let task = event.task.and_then(|task| trace.tasks().get(task));
    let call = match &event.body {
        EventBody::Unfinished { entry, .. } => {
            let start_ns = entry.time_ns;
            selection.has_number(entry.abi, entry.nr)
                && selection.has_unfinished()
                && named.is_none_or(|named| event.task.is_some_and(|task| named.has(task, start_ns)))
        }
        _ => true,
    };
    call && selection.has_time(trace.origin_ns(), begin_ns(event))
        && task.is_none_or(|task| selection.has_task(task))
}

impl Iterator for Timeline<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.open_lanes();
        if let Some(damage) = self.lost_frames.pop() {
            return Some(Item::Damage(damage));
        }
        let Reverse((_, _, number)) = self.next.pop()?;
        let mut lane = self.lanes[number].take()?;
        let item = lane.window.pop()?;
        if lane.window.is_empty() && lane.more {
            lane = self.fill(lane);
        }
        self.put(number, lane);
        Some(item)
    }
}
