//! The sysrec trace file.
#![forbid(unsafe_code)]
pub mod block;
pub mod error;
pub mod event;
pub mod frame;
pub mod header;
pub mod limits;
pub mod read_at;
pub mod storage;
pub mod writer;
mod wire;
