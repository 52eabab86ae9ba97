//! The sysrec trace file: bytes to records and back. The format is described in `format-spec/README.md`; this crate
//! is its reference.
//!
//! ```text
//!  recorder --> writer::TraceWriter --> storage::Storage          journal, seal, calls::encode
//!  analyzer <-- layout::Layout <------- read_at::ReadAt           frames, calls::CallsChunk, events::events
//!                  `-- add <----------- rings                     what a killed recorder had not read yet
//! ```
//! Invariants: a writer's file can be read after any store; a reader never panics, never allocates or loops beyond
//! what the file and [`limits`] allow, and says what is wrong with its place.
//!
//! Not here: files and maps (the recorder's and analyzer's), the meaning of numbers and arguments.
//!
//! ```
//! use sysrec_format::{block::Session, event::*, header::Clock, layout::Layout, storage::MemoryStorage, writer::*};
//!
//! let session = Session::default();
//! let new = NewTrace { trace_id: [7; 16], created_realtime_ns: 0, clock: Clock::MONOTONIC_NS, session: &session };
//! let mut writer = TraceWriter::create(MemoryStorage::new(), &new, WriterOptions::default())?;
//! let (registers, stack, captures) = (None, None, Vec::new());
//! let args = [0; 6];
//! let entry = Entry { time_ns: 10, abi: Abi::X86_64, nr: 39, ip: 0, sp: 0, args, registers, stack, captures };
//! writer.entry(TaskId(0), &entry);
//! writer.exit(TaskId(0), &Exit { time_ns: 25, ret: 4711, registers: None, captures: Vec::new() });
//! let (storage, totals) = writer.finish(&Ending::default())?;
//! assert_eq!(totals.calls, 1);
//!
//! let bytes = storage.into_bytes();
//! let layout = Layout::read(&bytes)?;
//! assert!(layout.is_whole());
//! # Ok::<(), sysrec_format::error::Error>(())
//! ```
#![forbid(unsafe_code)]

mod bitpack;
pub mod block;
pub mod calls;
mod captures;
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
pub mod names;
pub mod read_at;
pub mod rings;
mod seal;
pub mod stacks;
pub mod storage;
mod wire;
pub mod writer;
