//! The fence around unsafe code: thin, typed calls into the kernel, with no policy.
//!
//! Everything outside this folder is safe code (`deny(unsafe_code)` at the crate's root, allowed here alone).
#![allow(unsafe_code)]

pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod guardian;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod processor;
pub(crate) mod ptrace;
pub(crate) mod sched;
pub(crate) mod seccomp;
pub(crate) mod shared;
pub(crate) mod signal;
pub(crate) mod socket;
mod standard;
pub(crate) mod stub;
pub(crate) mod wait;
