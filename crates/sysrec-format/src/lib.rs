//! The sysrec trace file.
#![forbid(unsafe_code)]
mod bitpack;
pub mod block;
pub mod calls;
mod column;
pub mod damage;
pub mod error;
pub mod event;
pub mod events;
pub mod frame;
pub mod header;
pub mod index;
pub mod journal;
pub mod layout;
pub mod limits;
pub mod read_at;
mod seal;
pub mod storage;
mod wire;
pub mod writer;
