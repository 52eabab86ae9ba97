//! A file that other processes write while we read it: as words, each of which is read and written whole.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};

/// A shared mapping of a file, as atomic words.
pub(crate) struct SharedWords(MmapRaw);

impl SharedWords {
    /// Maps `bytes` bytes of the file, a multiple of 8.
    pub(crate) fn map(file: &File, bytes: usize) -> io::Result<Self> {
        MmapOptions::new().len(bytes).map_raw(file).map(SharedWords)
    }
}

impl Deref for SharedWords {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        let words = self.0.as_mut_ptr().cast::<AtomicU64>();
        // SAFETY: the mapping is page-aligned, this long, and lives as long as `self`. Every value of a word is valid,
        // and atomic access is what other writers of the same memory demand. The file belongs to the recorder, which
        // never cuts it.
        unsafe { std::slice::from_raw_parts(words, self.0.len() / size_of::<AtomicU64>()) }
    }
}
