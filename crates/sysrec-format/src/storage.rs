//! Where a trace is written: a growable store of bytes. The recorder's is a file mapped in pieces; the one here is
//! memory.

use std::io;

/// A growable store of bytes that a [`TraceWriter`](crate::writer::TraceWriter) writes a trace into.
///
/// The writer asks for ranges in the header (below offset 192), in the current journal area, and at or behind the
/// end of the log; an implementation over a file need map no more than the first page and a window that moves
/// forward. What was written through one range must be there when the next one is asked for, and must survive the
/// death of the process in that order: this is what the trace's crash safety rests on. A shared file mapping does.
pub trait Storage {
    /// Makes the store at least `len` bytes long, with room on the device really taken (`posix_fallocate`), new bytes
    /// being zero. Never makes it shorter.
    ///
    /// # Errors
    /// What the system says when there is no room; the store is then as it was. The writer tries smaller sizes.
    fn allocate(&mut self, len: u64) -> io::Result<()>;

    /// The `len` bytes from `offset`, which lie inside what was allocated.
    ///
    /// # Errors
    /// When the range cannot be mapped. The writer then stops taking calls and counts them.
    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]>;

    /// Cuts the store to `len` bytes; the last thing but one that a writer does.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Asked from time to time: whether what was written is still there. A mapped file says here that somebody cut
    /// it short.
    ///
    /// # Errors
    /// The first error means that the journal is gone; the writer takes no more calls, and writes what it counted
    /// behind the log after a new [`allocate`](Self::allocate), which has to bring the store back to its length.
    fn health(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A trace in memory, with an optional limit that stands for a full disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    bytes: Vec<u8>,
    limit: Option<u64>,
}

impl MemoryStorage {
    /// Without a limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that cannot grow over `limit` bytes.
    pub fn with_limit(limit: u64) -> Self {
        Self { bytes: Vec::new(), limit: Some(limit) }
    }

    /// Changes the limit: a disk that fills up, or has room again.
    pub fn set_limit(&mut self, limit: Option<u64>) {
        self.limit = limit;
    }

    /// What has been written so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Storage for MemoryStorage {
    fn allocate(&mut self, len: u64) -> io::Result<()> {
        if self.limit.is_some_and(|limit| len > limit) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::StorageFull))?;
        if len > self.bytes.len() {
            self.bytes.resize(len, 0);
        }
        Ok(())
    }

    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]> {
        usize::try_from(offset)
            .ok()
            .and_then(|start| self.bytes.get_mut(start..start.checked_add(len)?))
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.bytes.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }
}
