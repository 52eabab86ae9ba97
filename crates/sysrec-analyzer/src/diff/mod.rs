//! What changed between two sides of one or several recordings each, and whether that is more than noise.
//!
//! ```text
//!  trace --> Recording (calls, errors, times by key)  --\
//!  trace --> Recording                                --- compare --> Diff: Row (a Verdict a figure), sorted
//!  trace --> Recording                                --/
//! ```
//!
//! The unit of every test is the recording. A thousand calls of one run share that run's machine, memory layout and
//! neighbours: they say how calls are distributed, not how runs differ. So times of one recording a side are shown
//! without a verdict, and a trace is reduced to a few figures a key as soon as it has been read.

mod compare;
mod conditions;
mod judge;
mod recording;
mod row;
pub mod statistics;

pub use compare::{Diff, Options, Unfinished, compare};
pub use conditions::{Condition, Mismatch, mismatches};
pub use recording::{Figures, NoUnit, Recording, Unit};
pub use row::{Metric, P99_CALLS_MIN, Presence, Row, Run, Verdict};
