//! The names of descriptors, for the calls that a replay shows.

use sysrec_analyzer::descriptors::{Descriptors, Names};
use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_format::event::TaskId;

/// Follows the whole trace beside a replay that may show a part of it.
pub(super) struct Follower<'t> {
    descriptors: Descriptors,
    /// `None` where the replay shows everything itself, in order of time.
    whole: Option<Timeline<'t>>,
}

impl<'t> Follower<'t> {
    /// `everything` selects the whole trace; it is asked where `selection` does not.
    pub(super) fn new(trace: &'t Trace, selection: &Selection, everything: &'t Selection) -> Self {
        let whole = (!selection.is_all()).then(|| Timeline::new(trace, everything));
        Self { descriptors: Descriptors::new(), whole }
    }

    /// The names that the item's call found and made. Items are asked about in order of time.
    pub(super) fn names(&mut self, item: &Item) -> Option<Names> {
        let Some(whole) = &mut self.whole else { return self.descriptors.next(item) };
        // Nothing but calls has names, and nothing else need be looked for.
        let wanted = call_of(item)?;
        whole.find_map(|item| {
            let names = self.descriptors.next(&item);
            (call_of(&item) == Some(wanted)).then_some(names)
        })?
    }
}

/// What tells one call from all others: whose it is, and when it began.
fn call_of(item: &Item) -> Option<(TaskId, u64)> {
    item.entry().map(|(task, entry)| (task, entry.time_ns))
}
