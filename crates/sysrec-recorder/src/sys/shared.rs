//! A file that other processes write while we read it: as words, each of which is read and written whole.
//!
//! Under `cfg(loom)` the words are loom's, and lie in ordinary memory: the model of the rings' protocol
//! (`backend/inline/ring_model.rs`) runs the very code that reads the file.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::AtomicU64;
#[cfg(not(loom))]
pub(crate) use words::SharedWords;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicU64;
#[cfg(loom)]
pub(crate) use model::SharedWords;

#[cfg(not(loom))]
mod words {
    use std::fs::File;
    use std::io;
    use std::ops::Deref;

    use memmap2::{MmapOptions, MmapRaw};

    use super::AtomicU64;

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
            // SAFETY: the mapping is page-aligned, this long, and lives as long as `self`. Every value of a word is
            // valid, and atomic access is what other writers of the same memory demand. The file belongs to the
            // recorder, which never cuts it.
            unsafe { std::slice::from_raw_parts(words, self.0.len() / size_of::<AtomicU64>()) }
        }
    }
}

#[cfg(loom)]
mod model {
    use std::fs::File;
    use std::io;
    use std::ops::Deref;
    use std::sync::Arc;

    use super::AtomicU64;

    /// Words that the model's threads share, all zero at first. A clone is the same words, as another mapping would be.
    #[derive(Clone)]
    pub(crate) struct SharedWords(Arc<[AtomicU64]>);

    impl SharedWords {
        /// As many words, with no file under them.
        pub(crate) fn map(_: &File, bytes: usize) -> io::Result<Self> {
            Ok(Self::new(bytes))
        }

        /// As many words.
        pub(crate) fn new(bytes: usize) -> Self {
            SharedWords((0..bytes / 8).map(|_| AtomicU64::new(0)).collect())
        }
    }

    impl Deref for SharedWords {
        type Target = [AtomicU64];

        fn deref(&self) -> &[AtomicU64] {
            &self.0
        }
    }
}
