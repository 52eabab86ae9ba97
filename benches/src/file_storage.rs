//! A trace in a file, mapped as a whole: enough for making traces, without what the recorder's storage does against
//! foreign hands and full disks.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::MmapMut;
use nix::fcntl::posix_fallocate;
use sysrec_format::storage::Storage;

/// A new file and its mapping.
#[derive(Debug)]
pub struct FileStorage {
    file: File,
    map: Option<MmapMut>,
    len: u64,
}

impl FileStorage {
    /// An empty file; one that is there is lost.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<FileStorage> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(FileStorage { file, map: None, len: 0 })
    }

    fn map(&mut self) -> io::Result<()> {
        // SAFETY: this process alone has opened the file, which it made itself, and cuts it in `truncate` only after
        // the mapping is gone.
        self.map = Some(unsafe { MmapMut::map_mut(&self.file)? });
        Ok(())
    }
}

impl Storage for FileStorage {
    fn allocate(&mut self, len: u64) -> io::Result<()> {
        if len <= self.len {
            return Ok(());
        }
        posix_fallocate(&self.file, self.len.cast_signed(), (len - self.len).cast_signed())?;
        self.map = None;
        self.map()?;
        self.len = len;
        Ok(())
    }

    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]> {
        let begin = usize::try_from(offset).map_err(io::Error::other)?;
        let range = begin..begin.checked_add(len).ok_or(io::ErrorKind::InvalidInput)?;
        let map = self.map.as_mut().ok_or(io::ErrorKind::UnexpectedEof)?;
        map.get_mut(range).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.map = None;
        self.file.set_len(len)?;
        self.len = len;
        if len == 0 { Ok(()) } else { self.map() }
    }
}
