//! Calls added up by the files that they are about, too: one after the other, since what a descriptor stands for depends
//! on all that happened before.

use rustc_hash::FxHashMap;
use sysrec_format::event::{Event, EventBody};

use super::path::{Finder, Path};
use super::paths::{Cell, Found};
use crate::activity::Activity;
use crate::named::NamedTimeline;
use crate::outcome::error_of;
use crate::selection::Selection;
use crate::timeline::Item;
use crate::trace::Trace;

/// In order of time.
pub(super) fn found(trace: &Trace, selection: &Selection, finder: &Finder<'_>) -> Found {
    let mut found = Found::default();
    let mut numbers: FxHashMap<Vec<u8>, u32> = FxHashMap::default();
    for (item, names) in NamedTimeline::new(trace, selection) {
        let (task, entry, call) = match &item {
            Item::Call(call) => (Some(call.task), &call.entry, Some(call)),
            Item::Event(Event { task, body: EventBody::Unfinished { entry, .. }, .. }) => {
                (*task, entry, None)
            }
            Item::Event(_) => continue,
            Item::Damage(damage) => {
                found.damages.push(damage.clone());
                continue;
            }
        };
        let task = task.and_then(|task| trace.tasks().get(task));
        let (Some(task), Some(names)) = (task, names) else { continue };
        let name = names.file(entry);
        let file = *numbers.entry(name).or_insert_with_key(|name| {
            found.files.push(name.clone());
            found.files.len() as u32 - 1
        });
        let path = Path { file: Some(file), ..finder.path(task, entry) };
        let cell = found.cells.entry(path).or_insert_with(Cell::new);
        match call {
            Some(call) => {
                let failed = error_of(entry.abi, entry.nr, call.ret).is_some();
                let errors = u64::from(failed);
                cell.activity += Activity { calls: 1, errors, unfinished: 0, wall_ns: call.duration_ns };
                cell.latency.record(&[call.duration_ns]);
            }
            None => cell.activity.unfinished += 1,
        }
    }
    found
}
