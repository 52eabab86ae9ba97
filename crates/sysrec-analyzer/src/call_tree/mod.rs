//! Who makes the calls: every selected call under the code that made it, added up.
//!
//! ```text
//!  calls --Paths (one pass, all cores)--> (root, stack or site, call): calls, errors, wall time, latency
//!        --Tree (names from the caller)--> server                      top-down
//!                                          `- main
//!                                             `- handle_request
//!                                                |- read_request
//!                                                |  `- read
//!                                                `- log_line
//!                                                   `- write
//! ```
//! Memory depends on the distinct stacks, sites and roots, not on the number of calls.

mod paths;
mod programs;
mod steps;
mod tree;

pub(crate) use paths::DIGITS;
pub use paths::{Path, Paths, Root};
pub use steps::{Function, Names, Step, StepId, StepKind, Steps};
pub use tree::{Direction, Node, Shape, Tree};
