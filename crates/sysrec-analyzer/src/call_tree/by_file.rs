//! Calls added up by the files that they are about, too: one after the other, since what a descriptor stands for depends
//! on all that happened before.

use rustc_hash::FxHashMap;

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
        if let Item::Damage(damage) = &item {
            found.damages.push(damage.clone());
        }
        let (Some((task, entry)), Some(names)) = (item.entry(), names) else { continue };
        let Some(task) = trace.tasks().get(task) else { continue };
        let name = names.file(entry);
        let file = *numbers.entry(name).or_insert_with_key(|name| {
            found.files.push(name.clone());
            found.files.len() as u32 - 1
        });
        let path = Path { file: Some(file), ..finder.path(task, entry) };
        let cell = found.cells.entry(path).or_insert_with(Cell::new);
        if let Item::Call(call) = &item {
            let errors = u64::from(error_of(entry.abi, entry.nr, call.ret).is_some());
            cell.activity += Activity { calls: 1, errors, unfinished: 0, wall_ns: call.duration_ns };
            cell.latency.record(&[call.duration_ns]);
        } else {
            cell.activity.unfinished += 1;
        }
    }
    found
}
