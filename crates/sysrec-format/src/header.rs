//! The first 192 bytes of a trace: what never changes, and two slots for the state.
//!
//! ```text
//!  0          64          128         192
//!  | constants | state 0   | state 1   | log: frames ...
//!    written     rewritten in turn, each with its own CRC and a sequence number: the valid one with
//!    once        the higher number counts, so there is a valid state at every moment
//! ```

use crate::error::Error;
use crate::limits;
use crate::wire::{crc32, fixed, hex, u32_at, u64_at};

/// The first eight bytes of every trace. Like PNG's they show a transfer that strips the eighth bit or changes
/// line ends.
pub const MAGIC: [u8; 8] = *b"\x89SREC\r\n\n";
/// The format version that this crate writes: major (readers of another one refuse) and minor.
pub const VERSION: (u16, u16) = (1, 0);
/// The oldest version that this crate reads.
pub const OLDEST_VERSION: (u16, u16) = (1, 0);
/// Required feature bits that this crate knows: none so far.
pub const REQUIRED_FEATURES: u64 = 0;
/// Bytes of the header that this crate writes; the log begins there.
pub const HEADER_BYTES: usize = 192;
/// Bytes of the constant part.
pub const CONSTANTS_BYTES: usize = 64;
/// Bytes of a state slot.
pub const STATE_BYTES: usize = 64;

/// Which clock the times of the trace are from. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock(pub u8);

impl Clock {
    /// CLOCK_MONOTONIC in nanoseconds (clock_gettime(2)).
    pub const MONOTONIC_NS: Clock = Clock(1);
}

/// The part of the header that is written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Major and minor version.
    pub version: (u16, u16),
    /// Where the log begins, bytes.
    pub header_bytes: u32,
    /// Features without which the trace cannot be understood.
    pub required_features: u64,
    /// Features that a reader may ignore.
    pub optional_features: u64,
    /// Random; tells traces apart and seeds the CRCs of frame headers and journal rows.
    pub trace_id: [u8; 16],
    /// CLOCK_REALTIME when the trace was created, nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// The clock of all times in the trace.
    pub clock: Clock,
}

impl Header {
    /// What the CRCs of this trace's frame headers and journal rows begin with.
    pub fn seed(&self) -> u32 {
        crc32(0, &self.trace_id)
    }

    pub(crate) fn encode(&self) -> [u8; CONSTANTS_BYTES] {
        let mut bytes = [0; CONSTANTS_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&self.version.0.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.version.1.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.header_bytes.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.required_features.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.optional_features.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.trace_id);
        bytes[48..56].copy_from_slice(&self.created_realtime_ns.to_le_bytes());
        bytes[56] = self.clock.0;
        let crc = crc32(0, &bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the constant part.
    ///
    /// # Errors
    /// [`Error::NotATrace`], [`Error::NotBegun`], [`Error::TooOld`], [`Error::TooNew`]; [`Error::Malformed`] where it
    /// is cut short.
    /// A wrong CRC is not an error but the second value: the rest of the trace can still be read.
    pub(crate) fn parse(bytes: &[u8]) -> Result<(Self, Option<Error>), Error> {
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if magic != MAGIC {
            let found = if magic.is_empty() { "an empty file".to_owned() } else { hex(magic) };
            return Err(Error::NotATrace { expected: hex(&MAGIC), found });
        }
        if bytes.iter().take(CONSTANTS_BYTES).skip(MAGIC.len()).all(|&byte| byte == 0) {
            return Err(Error::NotBegun);
        }
        if bytes.len() < CONSTANTS_BYTES {
            return Err(Error::malformed(
                0,
                "header",
                format!("{CONSTANTS_BYTES} bytes"),
                format!("{} bytes", bytes.len()),
            ));
        }
        let header = Self {
            version: (u16::from_le_bytes(fixed(bytes, 8)), u16::from_le_bytes(fixed(bytes, 10))),
            header_bytes: u32_at(bytes, 12),
            required_features: u64_at(bytes, 16),
            optional_features: u64_at(bytes, 24),
            trace_id: fixed(bytes, 32),
            created_realtime_ns: u64_at(bytes, 48),
            clock: Clock(bytes[56]),
        };
        let (stored, computed) = (u32_at(bytes, 60), crc32(0, &bytes[..60]));
        if stored != computed {
            // The position of this CRC is the same in all versions, so this is damage and not another version. The
            // one guess that can be made is that the trace is of this version.
            let damage = Error::malformed(
                60,
                "CRC of the header",
                format!("{computed:#010x}"),
                format!("{stored:#010x}"),
            );
            return Ok((
                Self { version: VERSION, header_bytes: HEADER_BYTES as u32, ..header },
                Some(damage),
            ));
        }
        let unknown_features = header.required_features & !REQUIRED_FEATURES;
        if header.version.0 > VERSION.0 || unknown_features != 0 {
            return Err(Error::TooNew { found: header.version, newest: VERSION, unknown_features });
        }
        if header.version.0 < OLDEST_VERSION.0 {
            return Err(Error::TooOld { found: header.version, oldest: OLDEST_VERSION });
        }
        if header.header_bytes < HEADER_BYTES as u32
            || header.header_bytes > limits::HEADER_BYTES_MAX
            || !header.header_bytes.is_multiple_of(8)
        {
            let expected = format!("a multiple of 8 from {HEADER_BYTES} to {}", limits::HEADER_BYTES_MAX);
            return Err(Error::malformed(12, "length of the header", expected, header.header_bytes));
        }
        Ok((header, None))
    }
}

/// How far the recording has come. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Phase(pub u32);

impl Phase {
    /// The recorder is at work, or died at work.
    pub const RECORDING: Phase = Phase(1);
    /// The recording ended as it should and everything is in the trace.
    pub const COMPLETE: Phase = Phase(2);
    /// The trace was closed properly, but the last part of the recording is not in it (disk full, size limit).
    pub const STOPPED_EARLY: Phase = Phase(3);
}

/// The part of the header that changes while the trace grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Counts the states from 1; the higher one of the two slots is valid.
    pub sequence: u32,
    /// How far the recording has come.
    pub phase: Phase,
    /// [`Header::seed`], kept here too so that a damaged constant part does not make the frames unreadable.
    pub seed: u32,
    /// Where the log ends. Frames behind it are of a seal that was not finished: the journal has their content.
    pub log_end: u64,
    /// Number of the journal, from 1; seeds its rows.
    pub generation: u64,
    /// Where the journal is.
    pub journal_offset: u64,
    /// Its length; 0 for none.
    pub journal_bytes: u64,
    /// Calls that could not be written since the storage was full.
    pub lost_calls: u64,
    /// Where the INDEX frame is; 0 for none.
    pub index_offset: u64,
}

/// What a state slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Being written when its writer died, or never written.
    Empty,
    Valid(State),
    Damaged {
        stored: u32,
        computed: u32,
    },
}

impl State {
    /// Where the state with this sequence number is stored.
    pub(crate) fn slot_offset(sequence: u32) -> u64 {
        (CONSTANTS_BYTES + STATE_BYTES * (sequence as usize & 1)) as u64
    }

    pub(crate) fn encode(&self) -> [u8; STATE_BYTES] {
        let mut bytes = [0; STATE_BYTES];
        bytes[4..8].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.phase.0.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.seed.to_le_bytes());
        let words = [
            self.log_end,
            self.generation,
            self.journal_offset,
            self.journal_bytes,
            self.lost_calls,
            self.index_offset,
        ];
        for (slot, word) in bytes[16..].chunks_exact_mut(8).zip(words) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        let crc = crc32(0, &bytes[4..]);
        bytes[0..4].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads one slot of [`STATE_BYTES`].
    pub(crate) fn parse(bytes: &[u8]) -> Slot {
        let (stored, computed) = (u32_at(bytes, 0), crc32(0, &bytes[4..STATE_BYTES]));
        let sequence = u32_at(bytes, 4);
        if stored == 0 && sequence == 0 {
            return Slot::Empty;
        }
        if stored != computed {
            return Slot::Damaged { stored, computed };
        }
        Slot::Valid(Self {
            sequence,
            phase: Phase(u32_at(bytes, 8)),
            seed: u32_at(bytes, 12),
            log_end: u64_at(bytes, 16),
            generation: u64_at(bytes, 24),
            journal_offset: u64_at(bytes, 32),
            journal_bytes: u64_at(bytes, 40),
            lost_calls: u64_at(bytes, 48),
            index_offset: u64_at(bytes, 56),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            version: VERSION,
            header_bytes: HEADER_BYTES as u32,
            required_features: 0,
            optional_features: 6,
            trace_id: *b"0123456789abcdef",
            created_realtime_ns: 7,
            clock: Clock::MONOTONIC_NS,
        }
    }

    fn with_crc(mut bytes: [u8; 64]) -> [u8; 64] {
        let crc = crc32(0, &bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    #[test]
    fn the_three_refusals_are_distinct() {
        let mut bytes = header().encode();
        assert_eq!(Header::parse(&bytes).unwrap().0, header());
        bytes[8] = 2;
        assert!(matches!(Header::parse(&with_crc(bytes)), Err(Error::TooNew { found: (2, 0), .. })));
        bytes[8] = 0;
        assert!(matches!(Header::parse(&with_crc(bytes)), Err(Error::TooOld { found: (0, 0), .. })));
        bytes[8] = 1;
        bytes[16] = 4;
        assert!(matches!(Header::parse(&with_crc(bytes)), Err(Error::TooNew { unknown_features: 4, .. })));
        bytes[0] = 0;
        assert!(matches!(Header::parse(&bytes), Err(Error::NotATrace { .. })));
        assert!(matches!(Header::parse(b""), Err(Error::NotATrace { .. })));
        assert!(matches!(Header::parse(&MAGIC), Err(Error::NotBegun)));
        let mut bytes = [0; HEADER_BYTES];
        bytes[..MAGIC.len()].copy_from_slice(&MAGIC);
        assert!(matches!(Header::parse(&bytes), Err(Error::NotBegun)));
        assert!(matches!(Header::parse(&header().encode()[..20]), Err(Error::Malformed { .. })));
    }

    #[test]
    fn a_newer_minor_version_is_read() {
        let mut bytes = header().encode();
        bytes[10] = 9;
        assert_eq!(Header::parse(&with_crc(bytes)).unwrap().0.version, (1, 9));
    }

    #[test]
    fn every_flip_of_a_state_slot_is_seen() {
        let state = State {
            sequence: 3,
            phase: Phase::RECORDING,
            seed: 1,
            log_end: 2,
            generation: 3,
            journal_offset: 4,
            journal_bytes: 5,
            lost_calls: 6,
            index_offset: 7,
        };
        let bytes = state.encode();
        assert_eq!(State::parse(&bytes), Slot::Valid(state));
        for at in 0..STATE_BYTES {
            let mut flipped = bytes;
            flipped[at] ^= 0x10;
            assert!(matches!(State::parse(&flipped), Slot::Damaged { .. }), "byte {at}");
        }
        assert_eq!(State::parse(&[0; STATE_BYTES]), Slot::Empty);
    }
}
