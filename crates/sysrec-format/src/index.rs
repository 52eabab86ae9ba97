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

/// Reads the entries of an index that lies at `offset`: frames one behind the other from `log_start` to the index.
pub(crate) fn entries(
    payload: &[u8],
    seed: u32,
    offset: u64,
    log_start: u64,
    log_end: u64,
) -> Result<Vec<(u64, FrameHeader)>, Error> {
    let mut entries = Vec::with_capacity(payload.len() / INDEX_ENTRY_BYTES);
    let mut expected = log_start;
    for (i, entry) in payload.chunks(INDEX_ENTRY_BYTES).enumerate() {
        let place = offset + (i * INDEX_ENTRY_BYTES) as u64;
        let Some(entry) = entry.first_chunk::<INDEX_ENTRY_BYTES>() else {
            let (expected, found) = (format!("{INDEX_ENTRY_BYTES} bytes"), entry.len());
            return Err(Error::malformed(place, "entry of the index", expected, found));
        };
        let at = u64_at(entry, 0);
        if at != expected {
            return Err(Error::malformed(place, "place of a frame in the index", expected.to_string(), at));
        }
        let header = FrameHeader::parse(&fixed::<FRAME_BYTES>(entry, 8), seed, place + 8)?;
        expected = at.saturating_add(header.frame_bytes());
        entries.push((at, header));
    }
    if expected != log_end {
        return Err(Error::malformed(
            offset,
            "end of the last frame in the index",
            log_end.to_string(),
            expected,
        ));
    }
    Ok(entries)
}
