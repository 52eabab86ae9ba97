//! What can be wrong with a trace, said with its place, what was expected and what was found.

use std::io;

/// Why bytes could not be read as a trace, or a trace not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not begin with the magic bytes.
    #[error("not a sysrec trace: expected it to begin with {expected}, found {found}")]
    NotATrace {
        /// The magic bytes, in hex.
        expected: String,
        /// The file's first bytes, in hex; "an empty file" for none.
        found: String,
    },
    /// Behind the magic bytes there is nothing.
    #[error(
        "nothing was recorded: of a trace only the first bytes are there, since its recorder ended before it had \
        begun, or somebody cut the file"
    )]
    NotBegun,
    /// The trace was written in a version that this reader no longer reads.
    #[error("the trace has format version {}.{}, and the oldest that can be read is {}.{}: use an older sysrec",
        found.0, found.1, oldest.0, oldest.1)]
    TooOld {
        /// Major and minor version of the trace.
        found: (u16, u16),
        /// The oldest version that can be read.
        oldest: (u16, u16),
    },
    /// The trace was written in a version, or with features, that this reader does not know yet.
    #[error("the trace has format version {}.{} and needs the features {unknown_features:#x}, and the newest that \
        can be read is {}.{}: use a newer sysrec", found.0, found.1, newest.0, newest.1)]
    TooNew {
        /// Major and minor version of the trace.
        found: (u16, u16),
        /// The newest version that can be read.
        newest: (u16, u16),
        /// Required feature bits that this reader does not know.
        unknown_features: u64,
    },
    /// Bytes that are not what the format says.
    #[error("{what} at byte {offset}: expected {expected}, found {found}")]
    Malformed {
        /// Where, in bytes from the start of the file (of the slice, where a bare slice was parsed).
        offset: u64,
        /// Which part of the trace.
        what: &'static str,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A value to be written is over a limit of the format (see [`limits`](crate::limits)).
    #[error("{what} is too large for a trace: at most {limit}, found {found}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What was asked for.
        found: u64,
    },
    /// The file could not be read, extended or mapped.
    #[error("{what} at byte {offset}: {source}")]
    Io {
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn malformed(
        offset: u64,
        what: &'static str,
        expected: impl Into<String>,
        found: impl std::fmt::Display,
    ) -> Self {
        Self::Malformed { offset, what, expected: expected.into(), found: found.to_string() }
    }
}
