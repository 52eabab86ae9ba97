//! The bytes of a trace, or of the rings beside it, read by `pread(2)`.
//!
//! Not mapped: a file that is cut short while it is read gives an error instead of SIGBUS, and what was read
//! once does not stay in the resident set.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

use sysrec_format::read_at::ReadAt;

use crate::error::Error;

/// An open file of a recording.
#[derive(Debug)]
pub struct TraceFile {
    file: File,
}

impl TraceFile {
    /// Opens a regular file; anything else is refused without waiting for it.
    ///
    /// # Errors
    /// What the path is instead.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => Error::Missing { path: path.to_owned() },
            _ => Error::Open { path: path.to_owned(), cause },
        };
        // Looked at before it is opened, since opening a device can have effects; and opened without blocking
        // and looked at again, since a FIFO may have taken the name meanwhile.
        refuse_special(path, &std::fs::metadata(path).map_err(failed)?)?;
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
        refuse_special(path, &file.metadata().map_err(failed)?)?;
        Ok(Self { file })
    }
}

/// One that the caller has opened, and knows to be a regular file.
impl From<File> for TraceFile {
    fn from(file: File) -> Self {
        Self { file }
    }
}

fn refuse_special(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Error> {
    let (kind, path) = (metadata.file_type(), path.to_owned());
    if kind.is_file() {
        return if metadata.len() == 0 { Err(Error::Empty { path }) } else { Ok(()) };
    }
    Err(match kind {
        kind if kind.is_dir() => Error::Directory { path },
        kind if kind.is_fifo() || kind.is_socket() => Error::Pipe { path },
        _ => Error::Device { path },
    })
}

impl ReadAt for TraceFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}
