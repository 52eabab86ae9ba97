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

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::{Call, Event, EventBody, TaskId};
use sysrec_format::frame::ChunkKind;

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
}

/// Iterator over the selected items of a trace in order of their beginning.
///
/// Finished and unfinished calls are selected by all conditions, other events by task and time alone; with a
/// condition on durations or outcomes, unfinished calls are left out. Items of one task that begin at the same
/// moment keep their order.
pub struct Timeline<'t> {
    trace: &'t Trace,
    selection: &'t Selection,
    only: Option<TaskId>,
    items_max: usize,
    /// Frames that have not begun yet, the earliest last: begin and position.
    waiting: Vec<(u64, usize)>,
    lanes: Vec<Option<Lane>>,
    free: Vec<usize>,
    /// The begin of each open lane's next item, with the frame's position (for a stable order) and the lane.
    next: BinaryHeap<Reverse<(u64, usize, usize)>>,
    payload: Vec<u8>,
}

/// An open chunk.
struct Lane {
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
        let (from_ns, to_ns) = selection.times(trace.origin_ns());
        let life = only
            .and_then(|task| trace.tasks().get(task))
            .map(|task| (task.start_ns.unwrap_or(0), task.end_ns.unwrap_or(u64::MAX)));
        let mut waiting = Vec::new();
        for (position, frame) in trace.layout().frames().iter().enumerate() {
            let header = &frame.header;
            let begin = trace.begin_of(position, frame);
            let wanted = match header.kind {
                ChunkKind::CALLS => match header.task.and_then(|task| trace.tasks().get(task)) {
                    Some(task) => only.is_none_or(|only| only == task.id) && selection.has_task(task),
                    None => false,
                },
                ChunkKind::EVENTS => life.is_none_or(|(from, to)| begin <= to && header.last_ns >= from),
                _ => false,
            };
            if wanted && begin < to_ns && header.last_ns >= from_ns {
                waiting.push((begin, position));
            }
        }
        waiting.sort_unstable_by_key(|frame| Reverse(*frame));
        Self {
            trace,
            selection,
            only,
            items_max: ITEMS_MAX,
            waiting,
            lanes: Vec::new(),
            free: Vec::new(),
            next: BinaryHeap::new(),
            payload: Vec::new(),
        }
    }

    /// Opens every chunk that begins before the earliest item at hand.
    fn open_lanes(&mut self) {
        while let Some((begin, position)) = self.waiting.last().copied() {
            if self.next.peek().is_some_and(|Reverse((next, ..))| *next < begin) {
                return;
            }
            self.waiting.pop();
            let lane = self.fill(Lane { position, taken: 0, window: Vec::new(), more: true });
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
                self.lanes[number] = None;
                self.free.push(number);
            }
        }
    }

    /// Decodes the lane's next window.
    fn fill(&mut self, mut lane: Lane) -> Lane {
        let room = (self.items_max / (self.next.len() + 1)).max(WINDOW_ITEMS_MIN);
        let first = lane.taken == 0;
        match self.decode(lane.position, lane.taken, room) {
            Ok((window, more)) => {
                lane.taken += window.len();
                lane.window = window;
                lane.more = more;
            }
            Err(error) => {
                // Found to be damaged once, not again at every window.
                let frame = &self.trace.layout().frames()[lane.position];
                lane.window = if first { vec![Item::Damage(frame.damage(&error))] } else { Vec::new() };
                lane.more = false;
            }
        }
        lane.window.reverse();
        lane
    }

    /// The selected items of a frame from the `skip`th on, at most `room`, and whether there are more.
    fn decode(
        &mut self,
        position: usize,
        skip: usize,
        room: usize,
    ) -> Result<(Vec<Item>, bool), FormatError> {
        let (layout, file) = (self.trace.layout(), self.trace.file());
        let frame = &layout.frames()[position];
        let (trace, selection, only) = (self.trace, self.selection, self.only);
        let origin_ns = trace.origin_ns();
        let mut items: Vec<Item>;
        if frame.header.kind == ChunkKind::CALLS {
            let calls = layout.calls(file, frame, &mut self.payload)?.calls()?;
            let selected = calls.into_iter().filter(|call| selection.has_call(origin_ns, call));
            items = selected.skip(skip).take(room + 1).map(Item::Call).collect();
        } else {
            let mut events = Vec::new();
            for event in layout.events(file, frame, &mut self.payload)? {
                match event {
                    Ok(event) if is_selected(trace, selection, only, &event) => events.push(event),
                    Ok(_) => {}
                    // Reported when the trace was opened; what stands before it is good.
                    Err(_) => break,
                }
            }
            events.sort_by_key(begin_ns);
            items = events.into_iter().skip(skip).take(room + 1).map(Item::Event).collect();
        }
        let more = items.len() > room;
        items.truncate(room);
        Ok((items, more))
    }
}

fn is_selected(trace: &Trace, selection: &Selection, only: Option<TaskId>, event: &Event) -> bool {
    if only.is_some() && event.task != only {
        return false;
    }
    let task = event.task.and_then(|task| trace.tasks().get(task));
    let call = match &event.body {
        EventBody::Unfinished { entry, .. } => {
            selection.has_number(entry.abi, entry.nr) && selection.has_unfinished()
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
