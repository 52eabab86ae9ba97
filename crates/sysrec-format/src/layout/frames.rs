//! The frames of a trace, one by one. Of a trace with a good index they stay in the file: their list takes no memory.
//!
//! ```text
//!  INDEX payload  | 1,024 entries | 1,024 entries | 1,024 entries | ... |
//!                                 `-- one such block is in memory --'
//! ```
//!
//! Opening the trace has checked the index. Its entries are checked again when they are read, since the file can
//! change or fail meanwhile.

use std::ops::Range;

use crc32fast::Hasher;

use super::{Frame, Layout, Place, expect_crc, fill, short_payload};
use crate::damage::Damage;
use crate::error::Error;
use crate::frame::ChunkKind;
use crate::header::State;
use crate::index::{self, Footer, INDEX_ENTRY_BYTES};
use crate::read_at::ReadAt;

/// Frames whose headers are read at once.
pub const FRAMES_AT_ONCE: usize = 1_024;

/// The frames of a trace in the order in which they were written: an iterator, and by position.
///
/// Memory: 64 KiB where they are read from the index, nothing where they are known already.
#[derive(Clone, Debug)]
pub struct Frames<'a, F: ?Sized> {
    layout: &'a Layout,
    file: &'a F,
    /// Entries of the index, and the position of the first.
    block: Vec<u8>,
    block_begin: usize,
    positions: Range<usize>,
}

impl<'a, F: ReadAt + ?Sized> Frames<'a, F> {
    pub(super) fn new(layout: &'a Layout, file: &'a F) -> Self {
        Self { layout, file, block: Vec::new(), block_begin: 0, positions: 0..layout.frame_count() }
    }

    /// The frame at a position; `None` behind the last.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Malformed`] when the index is not what it was when the trace was opened.
    pub fn at(&mut self, position: usize) -> Result<Option<Frame>, Error> {
        if position >= self.layout.frame_count() {
            return Ok(None);
        }
        let Some(index) = self.layout.index else { return Ok(self.layout.frames.get(position).copied()) };
        let in_block = (position % FRAMES_AT_ONCE) * INDEX_ENTRY_BYTES;
        let begin = position - position % FRAMES_AT_ONCE;
        if self.block.is_empty() || begin != self.block_begin {
            self.read_block(&index, begin)?;
        }
        let place = index.payload_offset() + (position * INDEX_ENTRY_BYTES) as u64;
        let entry = index::Entry::parse(&self.block[in_block..], place)?;
        let header = entry.header(self.layout.seed, place)?;
        let end = index.offset();
        if entry.offset.saturating_add(header.frame_bytes()) > end {
            let expected = format!("one before {end}");
            return Err(Error::malformed(place, "place of a frame in the index", expected, entry.offset));
        }
        Ok(Some(Frame { header, place: Place::File(entry.offset) }))
    }

    fn read_block(&mut self, index: &Frame, begin: usize) -> Result<(), Error> {
        let frames = (self.layout.frame_count() - begin).min(FRAMES_AT_ONCE);
        let offset = index.payload_offset() + (begin * INDEX_ENTRY_BYTES) as u64;
        let mut block = std::mem::take(&mut self.block);
        block.resize(frames * INDEX_ENTRY_BYTES, 0);
        let filled = fill(self.file, offset, &mut block, "reading the index")?;
        if filled < block.len() {
            return Err(short_payload(offset, block.len(), filled));
        }
        (self.block, self.block_begin) = (block, begin);
        Ok(())
    }
}

impl<F: ReadAt + ?Sized> Iterator for Frames<'_, F> {
    type Item = Result<Frame, Error>;

    /// Ends behind an error.
    fn next(&mut self) -> Option<Self::Item> {
        let position = self.positions.next()?;
        let frame = self.at(position).transpose();
        if matches!(frame, Some(Err(_))) {
            self.positions = 0..0;
        }
        frame
    }
}

impl Layout {
    /// How many frames there are.
    pub fn frame_count(&self) -> usize {
        match &self.index {
            Some(index) => index.header.payload_bytes as usize / INDEX_ENTRY_BYTES,
            None => self.frames.len(),
        }
    }

    /// The frames in the order in which they were written, those of a recovered journal last. The INDEX is not among
    /// them; kinds that this version does not know are. `file` is the one that the layout was read from.
    pub fn frames<'a, F: ReadAt + ?Sized>(&'a self, file: &'a F) -> Frames<'a, F> {
        Frames::new(self, file)
    }

    /// The damage when [`frames`](Self::frames) gave this error: nothing behind it is known.
    pub fn index_damage(&self, error: &Error) -> Damage {
        let (offset, bytes) = self.index.map_or((0, 0), |index| (index.offset(), index.header.frame_bytes()));
        Damage { kind: Some(ChunkKind::INDEX), ..Damage::of_bytes(offset, bytes, error) }
    }

    /// Checks the whole index of a trace that was closed, and remembers where it is and the few frames of metadata.
    pub(super) fn check_index(
        &mut self,
        file: &(impl ReadAt + ?Sized),
        index: Frame,
        state: &State,
        footer: &Footer,
    ) -> Result<(), Error> {
        let (offset, bytes) = (index.payload_offset(), index.header.payload_bytes as usize);
        let mut walk = index::Walk::new(self.seed, self.log_start);
        let (mut crc, mut wrong, mut metadata) = (Hasher::new(), None, Vec::new());
        let mut block = vec![0; bytes.min(FRAMES_AT_ONCE * INDEX_ENTRY_BYTES)];
        let mut done = 0;
        while done < bytes {
            let block_bytes = (bytes - done).min(block.len());
            let block = &mut block[..block_bytes];
            let filled = fill(file, offset.saturating_add(done as u64), block, "reading the index")?;
            if filled < block_bytes {
                return Err(short_payload(offset, bytes, done + filled));
            }
            crc.update(block);
            for (i, entry) in block.chunks(INDEX_ENTRY_BYTES).enumerate() {
                if wrong.is_some() {
                    break;
                }
                match walk.step(entry, offset + (done + i * INDEX_ENTRY_BYTES) as u64) {
                    Ok((offset, header)) if header.kind.is_metadata() => {
                        metadata.push(Frame { header, place: Place::File(offset) });
                    }
                    Ok(_) => {}
                    Err(error) => wrong = Some(error),
                }
            }
            done += block_bytes;
        }
        // An entry is wrong by itself only where the CRC is right.
        expect_crc(&index, crc.finalize())?;
        wrong.map_or(Ok(()), Err)?;
        walk.finish(offset, state.index_offset)?;
        let (end, frames) = (state.index_offset + index.header.frame_bytes(), bytes / INDEX_ENTRY_BYTES + 1);
        if end != state.log_end || frames as u64 != u64::from(footer.frames) {
            let expected = format!("log end {end} and {frames} frames");
            let found = format!("{} and {}", footer.log_end, footer.frames);
            return Err(Error::malformed(state.log_end, "footer", expected, found));
        }
        (self.index, self.metadata) = (Some(index), metadata);
        Ok(())
    }
}
