//! The INDEX chunk and the footer: where everything is, so that a complete trace is opened with three reads.

use crate::error::Error;
use crate::frame::{FRAME_BYTES, FrameHeader};
use crate::wire::{crc32, fixed, hex, u32_at, u64_at};

/// Bytes of an entry of the index: the frame's place and a copy of its header.
pub const INDEX_ENTRY_BYTES: usize = 8 + FRAME_BYTES;
/// Bytes of the footer.
pub const FOOTER_BYTES: usize = 32;
/// The last eight bytes of a trace that was closed properly: the magic bytes backwards.
pub const FOOTER_MAGIC: [u8; 8] = *b"\n\n\rCERS\x89";

/// What stands behind the last frame of a trace that was closed properly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    /// Where the INDEX frame is; 0 for none.
    pub(crate) index_offset: u64,
    /// Where the log ends and this footer begins.
    pub(crate) log_end: u64,
    /// Frames in the log, the index included.
    pub(crate) frames: u32,
}

impl Footer {
    pub(crate) fn encode(&self, seed: u32) -> [u8; FOOTER_BYTES] {
        let mut bytes = [0; FOOTER_BYTES];
        bytes[0..8].copy_from_slice(&self.index_offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.log_end.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.frames.to_le_bytes());
        let crc = crc32(seed, &bytes[..20]);
        bytes[20..24].copy_from_slice(&crc.to_le_bytes());
        bytes[24..32].copy_from_slice(&FOOTER_MAGIC);
        bytes
    }

    /// Reads a footer of [`FOOTER_BYTES`] that lies at `offset`.
    pub(crate) fn parse(bytes: &[u8], seed: u32, offset: u64) -> Result<Self, Error> {
        if bytes.len() < FOOTER_BYTES {
            let (expected, found) = (format!("{FOOTER_BYTES} bytes"), format!("{} bytes", bytes.len()));
            return Err(Error::malformed(offset, "footer", expected, found));
        }
        if bytes[24..32] != FOOTER_MAGIC {
            return Err(Error::malformed(
                offset + 24,
                "end of the footer",
                hex(&FOOTER_MAGIC),
                hex(&bytes[24..32]),
            ));
        }
        let (stored, computed) = (u32_at(bytes, 20), crc32(seed, &bytes[..20]));
        if stored != computed {
            let (expected, found) = (format!("{computed:#010x}"), format!("{stored:#010x}"));
            return Err(Error::malformed(offset + 20, "CRC of the footer", expected, found));
        }
        Ok(Self { index_offset: u64_at(bytes, 0), log_end: u64_at(bytes, 8), frames: u32_at(bytes, 16) })
    }
}

/// Appends an entry of the index.
pub(crate) fn put_entry(index: &mut Vec<u8>, offset: u64, header: &[u8; FRAME_BYTES]) {
    index.extend_from_slice(&offset.to_le_bytes());
    index.extend_from_slice(header);
}

/// An entry of the index.
pub(crate) struct Entry {
    /// Where the frame is.
    pub(crate) offset: u64,
    header: [u8; FRAME_BYTES],
}

impl Entry {
    /// Reads the entry that lies at `place` in the file.
    pub(crate) fn parse(bytes: &[u8], place: u64) -> Result<Self, Error> {
        if bytes.len() < INDEX_ENTRY_BYTES {
            let (expected, found) = (format!("{INDEX_ENTRY_BYTES} bytes"), bytes.len());
            return Err(Error::malformed(place, "entry of the index", expected, found));
        }
        Ok(Self { offset: u64_at(bytes, 0), header: fixed(bytes, 8) })
    }

    /// The frame's header; the entry lies at `place`.
    pub(crate) fn header(&self, seed: u32, place: u64) -> Result<FrameHeader, Error> {
        FrameHeader::parse(&self.header, seed, place + 8)
    }
}

/// Checks entries one by one: frames one behind the other from the start of the log to the index.
pub(crate) struct Walk {
    seed: u32,
    /// Where the next frame has to be.
    expected: u64,
}

impl Walk {
    pub(crate) fn new(seed: u32, log_start: u64) -> Self {
        Self { seed, expected: log_start }
    }

    /// Takes the next entry, which lies at `place` in the file; where its frame is, and its header.
    pub(crate) fn step(&mut self, bytes: &[u8], place: u64) -> Result<(u64, FrameHeader), Error> {
        let entry = Entry::parse(bytes, place)?;
        if entry.offset != self.expected {
            let expected = self.expected.to_string();
            return Err(Error::malformed(place, "place of a frame in the index", expected, entry.offset));
        }
        let header = entry.header(self.seed, place)?;
        self.expected = entry.offset.saturating_add(header.frame_bytes());
        Ok((entry.offset, header))
    }

    /// Behind the last entry of an index whose payload lies at `offset`: the log goes on with the index itself.
    pub(crate) fn finish(&self, offset: u64, log_end: u64) -> Result<(), Error> {
        if self.expected == log_end {
            return Ok(());
        }
        let (expected, found) = (log_end.to_string(), self.expected);
        Err(Error::malformed(offset, "end of the last frame in the index", expected, found))
    }
}
