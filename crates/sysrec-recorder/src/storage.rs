//! The trace file as the format's writer sees it, and how it comes to be: no other file is ever overwritten.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sysrec_format::header::{CONSTANTS_BYTES, MAGIC};
use sysrec_format::storage::Storage;

use crate::Error;
use crate::error::OutputProblem;
use crate::sys::map::MappedFile;

/// The trace file, mapped.
pub(crate) struct MappedStorage(MappedFile);

impl MappedStorage {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        MappedFile::new(file).map(MappedStorage)
    }
}

impl Storage for MappedStorage {
    fn allocate(&mut self, len: u64) -> io::Result<()> {
        if self.0.is_cut() { self.0.mend(len) } else { self.0.grow(len) }
    }

    #[inline]
    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]> {
        self.0.bytes(offset, len)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.cut_to(len)
    }

    fn health(&mut self) -> io::Result<()> {
        if self.0.is_shorter_than_written() {
            return Err(io::Error::other("somebody cut the trace file short while it was written"));
        }
        Ok(())
    }
}

/// A trace file that was made for a recording. Until the recording has begun, it can be taken back.
pub(crate) struct Output {
    path: PathBuf,
    moved: Option<PathBuf>,
}

impl Output {
    /// Makes the file. A trace that is there already moves to `NAME.old`; anything else is refused.
    pub(crate) fn create(path: &Path) -> Result<(Self, File), Error> {
        let problem = |problem| Error::Output { path: path.to_owned(), problem };
        let moved = match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(problem(OutputProblem::Io(error))),
            Ok(metadata) if metadata.is_dir() => return Err(problem(OutputProblem::Directory)),
            Ok(_) => move_away(path).map_err(problem)?,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(path)
            .map_err(|error| problem(OutputProblem::Io(error)))?;
        let output = Output { path: path.to_owned(), moved };
        // The header comes when all that it says is known. Should we be killed before, the file is to be ours by its looks:
        // what is no trace is never moved away.
        if let Err(error) = file.write_all_at(&MAGIC, 0) {
            output.take_back();
            return Err(problem(OutputProblem::Io(error)));
        }
        Ok((output, file))
    }

    /// Nothing was recorded: the file goes, and the one that was there comes back.
    pub(crate) fn take_back(self) {
        _ = std::fs::remove_file(&self.path);
        if let Some(moved) = self.moved {
            _ = std::fs::rename(moved, &self.path);
        }
    }
}

/// Reads until the buffer is full or the file ends; tells how many bytes.
fn read_start(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What is there already: a trace moves, an empty file goes.
fn move_away(path: &Path) -> Result<Option<PathBuf>, OutputProblem> {
    // Without O_NONBLOCK, opening a FIFO would wait for its other end.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let mut file = file.map_err(OutputProblem::Io)?;
    let metadata = file.metadata().map_err(OutputProblem::Io)?;
    if metadata.is_dir() {
        return Err(OutputProblem::Directory);
    }
    if !metadata.is_file() {
        return Err(OutputProblem::NoRegularFile);
    }
    if metadata.len() == 0 {
        std::fs::remove_file(path).map_err(OutputProblem::Io)?;
        return Ok(None);
    }
    let mut start = [0; CONSTANTS_BYTES];
    let read = read_start(&mut file, &mut start).map_err(OutputProblem::Io)?;
    let start = &start[..read];
    if !start.starts_with(&MAGIC) {
        return Err(OutputProblem::OtherFile);
    }
    if start[MAGIC.len()..].iter().all(|&byte| byte == 0) {
        // Its recorder came no further: nothing is in it, and the trace that has its old name is to stay.
        std::fs::remove_file(path).map_err(OutputProblem::Io)?;
        return Ok(None);
    }
    let mut old = path.as_os_str().to_owned();
    old.push(".old");
    let old = PathBuf::from(old);
    std::fs::rename(path, &old).map_err(OutputProblem::Io)?;
    Ok(Some(old))
}
