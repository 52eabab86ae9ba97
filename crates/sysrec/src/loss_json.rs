//! What was lost, in the words of every JSON output.

use serde::Serialize;
use sysrec_analyzer::{Loss, loss_reason_name};

/// Calls that are known to be missing.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LossJson {
    reason: &'static str,
    calls: u64,
    counted: bool,
}

impl From<&Loss> for LossJson {
    fn from(loss: &Loss) -> Self {
        Self { reason: loss_reason_name(loss.reason), calls: loss.calls, counted: loss.counted }
    }
}
