//! Calls and events that are not in a trace's file but belong to it: a trace that was not closed gets them in memory.

use super::{Completeness, Layout};
use crate::event::{Entry, Event, Exit, TaskId};
use crate::journal::OwnRows;
use crate::journal::make::{EntryBody, ExitBody, RowSeeds};
use crate::seal::{Closing, Sealer};

/// Calls whose rows are sealed at once.
const CALLS_AT_ONCE: usize = 16_384;

impl Layout {
    /// Adds calls of a task, in order of time and without register sets, as chunks in memory behind all others: they
    /// come behind the calls that the trace has of the task. A trace that was closed takes nothing.
    pub fn add(&mut self, task: TaskId, calls: &[(Entry, Exit)]) {
        for calls in calls.chunks(CALLS_AT_ONCE) {
            let rows = rows(task, calls);
            self.add_rows(&rows, Vec::new());
        }
    }

    /// Adds events, as [`add`](Self::add) does calls.
    pub fn add_events(&mut self, events: Vec<Event>) {
        self.add_rows(&[], events);
    }

    fn add_rows(&mut self, rows: &[u8], events: Vec<Event>) {
        if self.completeness == Completeness::Unfinished {
            let generation = self.state.map_or(0, |state| state.generation);
            let closing = Closing { time_ns: None, events };
            let sealed = Sealer::new().seal(rows, &mut OwnRows::new(rows), Some(&closing));
            self.add_sealed(sealed, generation);
        }
    }
}

/// A journal of these calls.
fn rows(task: TaskId, calls: &[(Entry, Exit)]) -> Vec<u8> {
    let mut seeds = RowSeeds::new(0);
    let mut rows = Vec::with_capacity(calls.len() * crate::journal::CALL_BYTES);
    for (entry, exit) in calls {
        let body = EntryBody::new(task, entry);
        rows.extend_from_slice(&seeds.entry_header(entry.abi, &body));
        rows.extend_from_slice(body.bytes());
        let body = ExitBody::new(task, exit);
        rows.extend_from_slice(&seeds.exit_header(&body));
        rows.extend_from_slice(body.bytes());
    }
    rows
}
