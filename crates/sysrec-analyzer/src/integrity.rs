//! How much of what happened is in the trace.

use std::path::PathBuf;

use sysrec_format::damage::Damage;
use sysrec_format::event::LossReason;
use sysrec_format::layout::Completeness;
use sysrec_format::limits::DAMAGES_MAX;

/// What is known to be whole, and what to be missing.
#[derive(Clone, Debug)]
pub struct Integrity {
    /// Whether the recording was closed properly.
    pub completeness: Completeness,
    /// Damaged parts of the file that opening it met. Reading calls can meet more: see
    /// [`Pass`](crate::Pass).
    pub damages: Vec<Damage>,
    /// Damages beyond those listed.
    pub more_damages: u64,
    /// Calls that the recorder knew to be missing, one entry a reason.
    pub losses: Vec<Loss>,
    /// Of a trace that was not closed and names a ring file: what came of that.
    pub rings: Option<Rings>,
}

/// The ring file of a recorder that did not end as it should: calls that its tasks had recorded by themselves, and the
/// recorder had not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    /// The file.
    pub path: PathBuf,
    /// What came of it.
    pub outcome: RingsOutcome,
}

/// What came of a ring file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RingsOutcome {
    /// Its calls are in the trace as it was opened.
    Taken {
        /// Calls that returned.
        calls: u64,
        /// Calls that tasks were in.
        unfinished: u64,
    },
    /// Its recorder is at work, and reads it into the trace by itself.
    AtWork,
    /// It was not read: calls of the last moments may be missing.
    Unread {
        /// Why, a part of a sentence.
        why: String,
    },
}

/// Calls that are missing for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Why.
    pub reason: LossReason,
    /// How many, as far as counted.
    pub calls: u64,
    /// Whether that is all; else there are more, and nobody knows how many.
    pub counted: bool,
    /// When the first was lost, nanoseconds on the trace's clock.
    pub first_ns: u64,
    /// When the last was lost, nanoseconds on the trace's clock.
    pub last_ns: u64,
}

impl Integrity {
    /// Whether nothing at all is known to be missing or damaged.
    pub fn is_whole(&self) -> bool {
        self.completeness == Completeness::Complete
            && self.damages.is_empty()
            && self.more_damages == 0
            && self.losses.is_empty()
    }

    /// Calls known to be missing, those in damaged chunks that opening met included.
    pub fn lost_calls(&self) -> u64 {
        let lost = self.losses.iter().fold(0u64, |sum, loss| sum.saturating_add(loss.calls));
        self.damages.iter().filter_map(|damage| damage.calls).fold(lost, u64::saturating_add)
    }

    /// Lists a damage, once.
    pub(crate) fn add_damage(&mut self, damage: Damage) {
        let known = |known: &Damage| known.offset == damage.offset && known.kind == damage.kind;
        if self.damages.iter().any(known) {
            return;
        }
        if self.damages.len() < DAMAGES_MAX {
            self.damages.push(damage);
        } else {
            self.more_damages += 1;
        }
    }

    pub(crate) fn add_loss(&mut self, loss: Loss) {
        match self.losses.iter_mut().find(|known| known.reason == loss.reason) {
            Some(known) => {
                known.calls = known.calls.saturating_add(loss.calls);
                known.counted &= loss.counted;
                known.first_ns = known.first_ns.min(loss.first_ns);
                known.last_ns = known.last_ns.max(loss.last_ns);
            }
            None => self.losses.push(loss),
        }
    }
}

/// What is missing, in words for people: `storage full`.
pub fn loss_reason_name(reason: LossReason) -> &'static str {
    match reason {
        LossReason::STORAGE_FULL => "storage full",
        LossReason::STORAGE_TRUNCATED => "file cut short while it was written",
        LossReason::UNTRACED_CHILD => "children made with CLONE_UNTRACED",
        LossReason::DAMAGED => "damaged",
        LossReason::RECORDER_DIED => "recorder died",
        _ => "a reason that this version does not know",
    }
}
