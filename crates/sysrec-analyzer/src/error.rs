//! Why a file could not be opened as a trace: what it is, and what to do.

use std::io;
use std::path::PathBuf;

/// Why a trace could not be opened.
///
/// The text of each is whole: where something else is the cause, it has the cause's text in it, and no `source`.
///
/// Damage inside a trace is no error: it is listed in [`Integrity`](crate::Integrity), and the rest is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{}: no such file; 'sysrec record COMMAND' writes a trace to trace.bin", path.display())]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// The system does not let it be opened or examined.
    #[error("{}: cannot be opened: {cause}", path.display())]
    Open {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is a directory.
    #[error("{}: is a directory; name the trace in it", path.display())]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// It is a pipe or a socket.
    #[error("{}: is a pipe or socket, and a trace is read from many places at once; save it to a file first",
        path.display())]
    Pipe {
        /// The path as given.
        path: PathBuf,
    },
    /// It is a device.
    #[error("{}: is a device, not a file that holds a trace", path.display())]
    Device {
        /// The path as given.
        path: PathBuf,
    },
    /// It has no bytes.
    #[error("{}: is empty: nothing was recorded into it", path.display())]
    Empty {
        /// The path as given.
        path: PathBuf,
    },
    /// It is not a trace, a trace of another version, or cannot be read.
    #[error("{}: {cause}", path.display())]
    Trace {
        /// The path as given.
        path: PathBuf,
        /// Place, what was expected and what was found.
        cause: sysrec_format::error::Error,
    },
}
