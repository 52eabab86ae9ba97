//! The frame: 56 bytes in front of every chunk's payload, checked apart from it, so that a chunk whose payload is
//! damaged still says what it was.

use crate::error::Error;
use crate::event::TaskId;
use crate::limits;
use crate::wire::{crc32, fixed, padded, u32_at, u64_at};

/// The first four bytes of a frame, little-endian: what a reader looks for behind a damaged part.
pub const MARKER: u32 = 0x9ec7_51f3;
/// Bytes of a frame's header.
pub const FRAME_BYTES: usize = 56;
/// [`FrameHeader::task`] of a chunk that belongs to no single task.
const NO_TASK: u32 = u32::MAX;

/// What a chunk holds. An open set: unknown kinds are skipped by their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkKind(pub u16);

impl ChunkKind {
    /// What was recorded, where and how ([`Session`](crate::block::Session)); the first chunk.
    pub const SESSION: ChunkKind = ChunkKind(1);
    /// The recorder's own cost ([`Overhead`](crate::block::Overhead)).
    pub const OVERHEAD: ChunkKind = ChunkKind(2);
    /// Finished calls of one task, as columns ([`CallsChunk`](crate::calls::CallsChunk)).
    pub const CALLS: ChunkKind = ChunkKind(3);
    /// Everything else that happened, all tasks, in order ([`events`](crate::events::events)).
    pub const EVENTS: ChunkKind = ChunkKind(4);
    /// Totals, written at the end ([`Summary`](crate::block::Summary)).
    pub const SUMMARY: ChunkKind = ChunkKind(5);
    /// Copies of all frame headers with their places.
    pub const INDEX: ChunkKind = ChunkKind(6);
    /// Names of code, put in after the recording ([`Symbols`](crate::block::Symbols)).
    pub const SYMBOLS: ChunkKind = ChunkKind(7);

    /// The name that the format document uses; `None` for a kind that this version does not know.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SESSION => "SESSION",
            Self::OVERHEAD => "OVERHEAD",
            Self::CALLS => "CALLS",
            Self::EVENTS => "EVENTS",
            Self::SUMMARY => "SUMMARY",
            Self::INDEX => "INDEX",
            Self::SYMBOLS => "SYMBOLS",
            _ => return None,
        })
    }

    /// Whether it is a metadata block, of which a trace has a few.
    pub(crate) fn is_metadata(self) -> bool {
        matches!(self, Self::SESSION | Self::OVERHEAD | Self::SUMMARY | Self::SYMBOLS)
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the payload is.
    pub kind: ChunkKind,
    /// Feature bits of this chunk. A reader that does not know one of the low eight cannot read the payload; the
    /// high eight can be ignored. None is defined.
    pub flags: u16,
    /// CRC-32 of the payload, without its padding.
    pub payload_crc: u32,
    /// Bytes of the payload, without its padding to a multiple of 8.
    pub payload_bytes: u32,
    /// The one task that the chunk is about.
    pub task: Option<TaskId>,
    /// Calls, events or index entries inside; 0 for a metadata block.
    pub count: u32,
    /// Number of the frame, from 0.
    pub sequence: u32,
    /// Number of the journal that was in use when the frame was written.
    pub generation: u64,
    /// Earliest time inside, nanoseconds; 0 for a metadata block.
    pub first_ns: u64,
    /// Latest time inside (of a call its end), nanoseconds; 0 for a metadata block.
    pub last_ns: u64,
}

impl FrameHeader {
    /// The header of a metadata block with this payload; of any other chunk as far as it is the same. Whoever writes
    /// the frame numbers it.
    pub(crate) fn block(kind: ChunkKind, payload: &[u8]) -> Self {
        Self {
            kind,
            flags: 0,
            payload_crc: crc32fast::hash(payload),
            payload_bytes: payload.len() as u32,
            task: None,
            count: 0,
            sequence: 0,
            generation: 0,
            first_ns: 0,
            last_ns: 0,
        }
    }

    /// Bytes of the whole frame: header, payload, padding.
    pub fn frame_bytes(&self) -> u64 {
        FRAME_BYTES as u64 + padded(u64::from(self.payload_bytes))
    }

    /// Whether a flag says that this version cannot read the payload.
    pub fn needs_newer_reader(&self) -> bool {
        self.flags & 0xff != 0
    }

    pub(crate) fn encode(&self, seed: u32) -> [u8; FRAME_BYTES] {
        let mut bytes = [0; FRAME_BYTES];
        bytes[0..4].copy_from_slice(&MARKER.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.kind.0.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.task.map_or(NO_TASK, |task| task.0).to_le_bytes());
        bytes[24..28].copy_from_slice(&self.count.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.generation.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.first_ns.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.last_ns.to_le_bytes());
        let crc = crc32(seed, &bytes);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a frame header of [`FRAME_BYTES`] that lies at `offset` in the file.
    pub(crate) fn parse(bytes: &[u8], seed: u32, offset: u64) -> Result<Self, Error> {
        if bytes.len() < FRAME_BYTES {
            let (expected, found) = (format!("{FRAME_BYTES} bytes"), format!("{} bytes", bytes.len()));
            return Err(Error::malformed(offset, "frame header", expected, found));
        }
        let mut bytes: [u8; FRAME_BYTES] = fixed(bytes, 0);
        let marker = u32_at(&bytes, 0);
        if marker != MARKER {
            let (expected, found) = (format!("{MARKER:#010x}"), format!("{marker:#010x}"));
            return Err(Error::malformed(offset, "marker of a frame", expected, found));
        }
        let stored = u32_at(&bytes, 8);
        bytes[8..12].fill(0);
        let computed = crc32(seed, &bytes);
        if stored != computed {
            let (expected, found) = (format!("{computed:#010x}"), format!("{stored:#010x}"));
            return Err(Error::malformed(offset + 8, "CRC of a frame header", expected, found));
        }
        let payload_bytes = u32_at(&bytes, 16);
        if payload_bytes > limits::PAYLOAD_BYTES_MAX {
            let expected = format!("at most {} bytes", limits::PAYLOAD_BYTES_MAX);
            return Err(Error::malformed(offset + 16, "length of a payload", expected, payload_bytes));
        }
        let task = u32_at(&bytes, 20);
        Ok(Self {
            kind: ChunkKind(u16::from_le_bytes(fixed(&bytes, 4))),
            flags: u16::from_le_bytes(fixed(&bytes, 6)),
            payload_crc: u32_at(&bytes, 12),
            payload_bytes,
            task: (task != NO_TASK).then_some(TaskId(task)),
            count: u32_at(&bytes, 24),
            sequence: u32_at(&bytes, 28),
            generation: u64_at(&bytes, 32),
            first_ns: u64_at(&bytes, 40),
            last_ns: u64_at(&bytes, 48),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_and_every_flip_in_it_is_seen() {
        let header = FrameHeader {
            kind: ChunkKind(77),
            flags: 0x100,
            payload_crc: 1,
            payload_bytes: 9,
            task: Some(TaskId(3)),
            count: 4,
            sequence: 5,
            generation: 6,
            first_ns: 7,
            last_ns: 8,
        };
        let bytes = header.encode(42);
        assert_eq!(FrameHeader::parse(&bytes, 42, 0).unwrap(), header);
        assert_eq!(header.frame_bytes(), 56 + 16);
        assert!(FrameHeader::parse(&bytes, 43, 0).is_err(), "a frame of another trace");
        for at in 0..FRAME_BYTES {
            let mut flipped = bytes;
            flipped[at] ^= 1;
            assert!(FrameHeader::parse(&flipped, 42, 0).is_err(), "byte {at}");
        }
    }
}
