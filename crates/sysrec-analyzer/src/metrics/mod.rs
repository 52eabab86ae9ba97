//! Counts and latencies: what `report` is made of.
//!
//! ```text
//!  trace 1 --\                          Row: key, calls, errors, Distribution
//!             > Metrics::add --> Report Row: ...
//!  trace 2 --/  (a Pass each)           unfinished, by name
//! ```

mod by_name;
mod counts;
mod distribution;
mod key;
mod report;
mod slowest;

pub use distribution::Distribution;
pub use key::{Dimension, Key, Who};
pub use report::{Metrics, Report, Row, Transfer};
pub use slowest::{Slow, slowest};
