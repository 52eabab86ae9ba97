//! What the tests stand on.
//!
//! - [`guests`]: the table of guest programs, one behaviour each, with what is expected of each;
//! - [`compile`]: makes them, [`backends`]: the ways to run one, [`run`]: does it;
//! - [`log`]: what the guest says it did, [`conform`]: compares a recording with it;
//! - [`process`]: what `/proc` says of running processes;
//! - [`oracle`]: the kernel's own count of the calls of a command, [`bpf`]: by which it counts;
//! - [`stacks`]: the stacks of calls, as a trace has them and as gdb sees them;
//! - [`sysrec`]: what is tested; [`strace`]: an independent recorder, on which all of this is tried;
//! - [`suite`]: one guest under one backend, judged by all of it; [`soak`]: rounds of changing programs.
//!
//! A conformance suite is the table of guests run through a list of [`backends::Backend`]s.

pub mod backends;
pub mod bpf;
pub mod compile;
pub mod conform;
pub mod guests;
pub mod log;
pub mod oracle;
pub mod process;
pub mod run;
pub mod soak;
pub mod stacks;
pub mod strace;
pub mod suite;
pub mod sysrec;

use std::fmt;
use std::path::Path;

/// The folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

/// Why a test cannot run on this machine. Print it and pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip(pub String);

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SKIP: {}", self.0)
    }
}

impl From<std::io::Error> for Skip {
    fn from(error: std::io::Error) -> Skip {
        Skip(error.to_string())
    }
}
