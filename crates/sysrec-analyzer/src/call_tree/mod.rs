//! Who makes the calls: every selected call under the code that made it, added up.
//!
//! ```text
//!  calls --Paths (one pass, all cores)--> (root, file, stack or site, call): calls, errors, wall time, latency
//!        --Tree (names from the caller)--> server                      top-down
//!                                          `- main
//!                                             `- handle_request
//!                                                |- read_request
//!                                                |  `- read
//!                                                `- log_line
//!                                                   `- write
//! ```
//! Memory depends on the distinct stacks, sites, roots and files, not on the number of calls.

mod by_file;
mod path;
mod paths;
mod programs;
mod steps;
mod tree;

pub use path::{Path, Root};
pub(crate) use paths::DIGITS;
pub use paths::Paths;
pub use steps::{Function, Names, Step, StepId, StepKind, Steps};
pub use tree::{Direction, Node, Shape, Tree};
