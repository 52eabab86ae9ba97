//! Writes a trace.

use std::io;

use crate::block::{EndReason, Overhead, Session, Totals};
use crate::error::Error;
use crate::event::{Entry, Event, Exit, TaskId, UnfinishedReason};
use crate::header::Clock;
use crate::storage::Storage;

/// What a new trace begins with.
#[derive(Clone, Debug)]
pub struct NewTrace<'a> {
    /// Random bytes.
    pub trace_id: [u8; 16],
    /// CLOCK_REALTIME, nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// The clock of all times.
    pub clock: Clock,
    /// The first chunk.
    pub session: &'a Session,
}

/// How to write.
#[derive(Clone, Debug)]
pub struct WriterOptions {
    /// The file never gets longer than this.
    pub max_bytes: Option<u64>,
    /// Bytes of the first journal, and the least.
    pub journal_bytes_min: u64,
    /// Bytes up to which the journal grows with the trace.
    pub journal_bytes_aim: u64,
}

/// Whether a writer still takes calls.
#[derive(Debug)]
#[non_exhaustive]
pub enum Status {
    /// Everything is written.
    Writing,
    /// Nothing more is written; what is missing is counted.
    Full {
        /// What the storage said.
        cause: io::Error,
        /// Calls lost so far.
        lost_calls: u64,
    },
}

/// How a recording ended, for [`TraceWriter::finish`].
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// When, on the trace's clock, nanoseconds.
    pub time_ns: u64,
    /// See [`Summary::recorder_cpu_ns`](crate::block::Summary::recorder_cpu_ns).
    pub recorder_cpu_ns: u64,
    /// See [`Summary::notes`](crate::block::Summary::notes).
    pub notes: Vec<String>,
}
