//! What tasks did, in the words of every JSON output of a tree.

use serde::Serialize;
use sysrec_analyzer::Activity;

/// Calls of one node, or of all.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    calls: u64,
    errors: u64,
    unfinished: u64,
    wall_ns_total: u64,
}

impl From<Activity> for Figures {
    fn from(activity: Activity) -> Self {
        let Activity { calls, errors, unfinished, wall_ns } = activity;
        Self { calls, errors, unfinished, wall_ns_total: wall_ns }
    }
}
