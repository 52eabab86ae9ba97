//! Answers questions from sysrec traces.
//!
//! ```text
//!  file --> Trace ----> Pass (calls in any order, all cores) --> metrics: rows, histograms, slowest calls
//!           tasks,  \
//!           integrity +-> Timeline (everything, in order of time)
//! ```
//!
//! Reads traces and nothing else: no recorder, no machine that the trace came from. What a killed recorder left beside
//! a trace, the caller hands in ([`Trace::fold_rings`]). Any bytes may be opened: what is
//! damaged is listed and the rest is read. Makes no text for people beyond names; that is for the command line.

#![forbid(unsafe_code)]

mod activity;
pub mod call_tree;
pub mod code;
pub mod descriptors;
pub mod diff;
mod error;
mod file;
mod fold;
pub mod hints;
mod integrity;
mod mechanism;
pub mod metrics;
mod named;
mod outcome;
mod pass;
mod preorder;
mod process_tree;
mod selection;
mod tasks;
mod timeline;
mod trace;

pub use activity::{Activities, Activity};
pub use error::Error;
pub use file::TraceFile;
pub use integrity::{Integrity, Loss, Rings, RingsOutcome, loss_reason_name};
pub use mechanism::{Mechanism, MechanismUse};
pub use named::NamedTimeline;
pub use outcome::{abi_name, call_name, errno_name, error_of, is_error, returns_no_result};
pub use pass::{Extra, Group, Pass, Passed, SelectedChunk, run};
pub use process_tree::{ProcessNode, ProcessTree};
pub use selection::{Outcome, Selection};
pub use tasks::{ARGUMENT_BYTES_MAX, HISTORY_MAX, Name, Program, Task, TaskTable};
pub use timeline::{Item, Timeline};
pub use trace::{Trace, begin_ns};
