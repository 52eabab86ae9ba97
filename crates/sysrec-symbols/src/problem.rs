//! Why a file was not used.

use std::io;

/// What is wrong with a file, or with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing is at its path, and its debug file is nowhere either.
    #[error("is not here")]
    Missing,
    /// It is another build than the one that was recorded.
    #[error("is not the build that was recorded (build-id {found}, recorded {wanted}); it is not used")]
    Changed {
        /// The recorded build-id, in hexadecimal.
        wanted: String,
        /// What the file has, in hexadecimal, or `none`.
        found: String,
    },
    /// The recording has no build-id to compare with.
    #[error("has no build-id; it is taken for the build that was recorded")]
    Unproven,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is no ELF file, or is damaged.
    #[error("is no ELF file, or damaged: {0}")]
    Damaged(String),
    /// A part of it is too large.
    #[error("{what} of {bytes} bytes: more than are read, so they are not used")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size.
        bytes: u64,
    },
    /// No debug information and no table of all symbols: only the names that it shows to others are known.
    #[error("is stripped, and its debug file is not here: names are the nearest ones that it exports")]
    Stripped,
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<object::Error> for Problem {
    fn from(error: object::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<gimli::Error> for Problem {
    fn from(error: gimli::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}
