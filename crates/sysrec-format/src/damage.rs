//! A part of a trace that cannot be read, as a value: the rest is read all the same.

use std::fmt;

use crate::error::Error;
use crate::event::TaskId;
use crate::frame::{ChunkKind, FrameHeader};

/// A part of a trace that cannot be read: where it is and what is known to have been in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins, bytes.
    pub offset: u64,
    /// How long it is; 0 where that is not known.
    pub bytes: u64,
    /// What kind of chunk it was, where its frame says so.
    pub kind: Option<ChunkKind>,
    /// Whose it was, where its frame says so.
    pub task: Option<TaskId>,
    /// Earliest time in it, nanoseconds, where its frame says so.
    pub first_ns: Option<u64>,
    /// Latest time in it, nanoseconds, where its frame says so.
    pub last_ns: Option<u64>,
    /// Calls in it, where that is known.
    pub calls: Option<u64>,
    /// What is wrong: the place, what was expected, what was found.
    pub what: String,
}

impl Damage {
    /// A damaged part of which nothing is known.
    pub(crate) fn of_bytes(offset: u64, bytes: u64, what: impl fmt::Display) -> Self {
        Self {
            offset,
            bytes,
            kind: None,
            task: None,
            first_ns: None,
            last_ns: None,
            calls: None,
            what: what.to_string(),
        }
    }

    /// A part outside of the frames, which holds no calls.
    pub(crate) fn without_calls(offset: u64, bytes: u64, what: impl fmt::Display) -> Self {
        Self { calls: Some(0), ..Self::of_bytes(offset, bytes, what) }
    }

    /// A frame whose header is good and whose payload is not.
    pub(crate) fn of_frame(offset: u64, header: &FrameHeader, error: &Error) -> Self {
        Self {
            offset,
            bytes: header.frame_bytes(),
            kind: Some(header.kind),
            task: header.task,
            first_ns: (header.count > 0).then_some(header.first_ns),
            last_ns: (header.count > 0).then_some(header.last_ns),
            calls: Some(if header.kind == ChunkKind::CALLS { header.count.into() } else { 0 }),
            what: error.to_string(),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => match kind.name() {
                Some(name) => write!(f, "{name} chunk")?,
                None => write!(f, "chunk of kind {}", kind.0)?,
            },
            None => write!(f, "damage")?,
        }
        write!(f, " at byte {}", self.offset)?;
        if self.bytes > 0 {
            write!(f, ", {} bytes", self.bytes)?;
        }
        if let Some(task) = self.task {
            write!(f, ", task {}", task.0)?;
        }
        if let (Some(first_ns), Some(last_ns)) = (self.first_ns, self.last_ns) {
            write!(f, ", {first_ns} to {last_ns} ns")?;
        }
        match self.calls {
            Some(calls @ 1..) => write!(f, ", {calls} calls")?,
            Some(0) => {}
            _ => write!(f, ", an unknown number of calls")?,
        }
        write!(f, ": {}", self.what)
    }
}
