//! tree, replay, info and verify on traces made call by call, run as a user runs them.

#[path = "../../../sysrec-analyzer/tests/recording/mod.rs"]
mod recording;
#[path = "../run/mod.rs"]
mod run;

mod bad_input;
mod call_tree;
mod generate;
mod info;
mod mechanisms;
mod replay;
mod story;
mod tree;
mod verify;

use run::{Run, json_of, on_terminal, stdout_of, sysrec, with_closed_pipe};
