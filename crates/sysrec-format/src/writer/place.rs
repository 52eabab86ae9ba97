//! Where the next journal goes: far enough behind the log that one seal and the end of the trace fit before it.

use std::io;

use super::{SUMMARY_BYTES_MAX, TraceWriter};
use crate::frame::FRAME_BYTES;
use crate::index::{FOOTER_BYTES, INDEX_ENTRY_BYTES};
use crate::journal::ROW_HEADER_BYTES;
use crate::limits::{INDEX_FRAMES_MAX, JOURNAL_BYTES_MAX};
use crate::seal::{SEALED_BYTES_BESIDES, SEALED_PER_ROW_BYTE};
use crate::storage::Storage;

/// The smallest journal that is worth writing into.
const JOURNAL_BYTES_LEAST: u64 = 2048;
/// Journals begin at multiples of this, so that they do not share pages with the log.
const PAGE_BYTES: u64 = 4096;
/// The journal doubles when the log is this many times longer.
const GROW_AT: u64 = 8;
/// How many times longer the log is before the journal grows over its aim: a long trace is not to be of millions of
/// chunks.
const LONG_LOG_AT: u64 = 2048;
/// And up to what.
const LONG_LOG_JOURNAL_BYTES: u64 = 4 << 20;
/// Of a long log, so much of it (and no more than this) is what the next pair of journals leaves free before it, beyond
/// the room for some seals: each move is to pages that were never touched, and the program may have to wait for it.
const ROOM_OF_LOG: u64 = 2;
const ROOM_BYTES_MAX: u64 = 4 << 20;
/// Calls a chunk below which it doubles as soon as the log is as long, up to so many times its aim: what a chunk takes
/// besides its calls shows.
const SMALLISH_CHUNK_CALLS: u64 = 1000;
const SMALLISH_CHUNKS_AIM: u64 = 8;
/// The same where captures are in it: each chunk has every path once.
const SMALLISH_CAPTURES_CHUNK_CALLS: u64 = 2000;
/// Calls a chunk below which it grows as far as it may.
const SMALL_CHUNK_CALLS: u64 = 256;

/// A journal's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it begins.
    pub(super) offset: u64,
    /// How long it is; 0 for none.
    pub(super) bytes: u64,
    /// Where the one used in turn with it begins; 0 for none.
    pub(super) other: u64,
    /// How much of it may be filled so that its seal fits before it.
    pub(super) capacity: usize,
}

impl Place {
    fn end(&self) -> u64 {
        self.offset + self.bytes
    }

    /// The end of the pair.
    fn area_end(&self) -> u64 {
        self.end().max(if self.other == 0 { 0 } else { self.other + self.bytes })
    }

    fn overlaps(&self, other: &Place) -> bool {
        self.offset < other.end() && other.offset < self.end()
    }
}

impl<S: Storage> TraceWriter<S> {
    /// Bytes that closing the trace takes behind the log, apart from the journal's seal.
    pub(super) fn closing_bytes(&self, block_bytes: u64) -> u64 {
        let frames = (u64::from(self.frames) + 4).min(INDEX_FRAMES_MAX as u64 + 1);
        let fixed = 4 * FRAME_BYTES + SUMMARY_BYTES_MAX + FOOTER_BYTES;
        frames * INDEX_ENTRY_BYTES as u64 + fixed as u64 + SEALED_BYTES_BESIDES + block_bytes
    }

    /// Bytes to keep free behind a log that ends at `log_end` before a journal of this length.
    fn first_offset(&self, log_end: u64, journal_bytes: u64, block_bytes: u64) -> u64 {
        log_end + self.closing_bytes(block_bytes) + SEALED_PER_ROW_BYTE * journal_bytes
    }

    fn with_capacity(&self, mut place: Place, log_end: u64, block_bytes: u64) -> Place {
        let room = place.offset.saturating_sub(log_end + self.closing_bytes(block_bytes));
        let capacity = place.bytes.min(room / SEALED_PER_ROW_BYTE) & !7;
        place.capacity = capacity as usize;
        place
    }

    /// Makes the store so long, within the user's limit.
    fn extend(&mut self, len: u64) -> io::Result<()> {
        if self.options.max_bytes.is_some_and(|max| len > max) {
            let max = self.options.max_bytes.unwrap_or(0);
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("the limit of {max} bytes for this trace is reached"),
            ));
        }
        self.storage.allocate(len)?;
        self.allocated = self.allocated.max(len);
        Ok(())
    }

    /// A new pair of journals behind `from`, as large as wanted or as there is room for, but at least `least` bytes.
    fn place_behind(
        &mut self,
        log_end: u64,
        from: u64,
        (wanted, least): (u64, u64),
        block_bytes: u64,
    ) -> io::Result<Place> {
        let mut bytes = wanted;
        loop {
            let mut refused = None;
            // Room for many seals before the next move, or for one.
            let ahead = (SEALED_PER_ROW_BYTE * bytes).max((log_end / ROOM_OF_LOG).min(ROOM_BYTES_MAX));
            for ahead in [ahead, 0] {
                let offset = (self.first_offset(log_end, bytes, block_bytes) + ahead)
                    .max(from)
                    .next_multiple_of(PAGE_BYTES);
                match self.extend(offset + 2 * bytes) {
                    Ok(()) => {
                        let place = Place { offset, bytes, other: offset + bytes, capacity: 0 };
                        return Ok(self.with_capacity(place, log_end, block_bytes));
                    }
                    Err(error) => refused = Some(error),
                }
            }
            bytes /= 2;
            if bytes < least {
                return Err(refused.unwrap_or_else(|| io::ErrorKind::StorageFull.into()));
            }
        }
    }

    /// The place of the first journal.
    pub(super) fn first_place(&mut self, log_end: u64) -> io::Result<Place> {
        let wanted = self.options.journal_bytes_min.clamp(JOURNAL_BYTES_LEAST, JOURNAL_BYTES_MAX);
        let wanted = wanted.next_multiple_of(PAGE_BYTES);
        self.place_behind(log_end, 0, (wanted, JOURNAL_BYTES_LEAST), 0)
    }

    /// How long the next journal should be.
    fn wanted(&self, log_end: u64, needed: u64) -> u64 {
        let current = self.place.bytes.max(JOURNAL_BYTES_LEAST);
        let chunks_below = |calls: u64| self.sealed_calls < calls * self.sealed_chunks;
        let smallish = if self.captured { SMALLISH_CAPTURES_CHUNK_CALLS } else { SMALLISH_CHUNK_CALLS };
        let aim = self.options.journal_bytes_aim.max((log_end / LONG_LOG_AT).min(LONG_LOG_JOURNAL_BYTES));
        let (grow_at, most) = if chunks_below(SMALL_CHUNK_CALLS) {
            (1, JOURNAL_BYTES_MAX)
        } else if chunks_below(smallish) {
            (1, SMALLISH_CHUNKS_AIM * aim)
        } else {
            (GROW_AT, aim)
        };
        let grown = if log_end > grow_at * current && current < most { 2 * current } else { current };
        grown.max(needed.next_power_of_two()).min(JOURNAL_BYTES_MAX)
    }

    /// The place of the next journal, with `carried` bytes of rows in it and room for a row of `row_bytes`; and, where
    /// there is no such place, why not: then the place has room for what is carried at most.
    pub(super) fn next_place(
        &mut self,
        log_end: u64,
        carried: usize,
        row_bytes: usize,
        block_bytes: u64,
    ) -> (Place, Option<io::Error>) {
        let least_capacity = carried + row_bytes + 2 * ROW_HEADER_BYTES;
        let needed = 2 * least_capacity as u64;
        let wanted = self.wanted(log_end, needed);
        let current = self.place;
        if current.other != 0 && wanted == current.bytes {
            let other = Place { offset: current.other, other: current.offset, ..current };
            let first = self.first_offset(log_end, wanted, block_bytes);
            if first <= other.offset.min(current.offset) {
                return (self.with_capacity(other, log_end, block_bytes), None);
            }
        }
        let least = needed.max(JOURNAL_BYTES_LEAST).max(self.options.journal_bytes_min.min(current.bytes));
        let from = current.area_end();
        let refused = match self.place_behind(log_end, from, (wanted, least.min(wanted)), block_bytes) {
            Ok(place) if place.capacity >= least_capacity => return (place, None),
            Ok(_) => io::ErrorKind::StorageFull.into(),
            Err(error) => error,
        };
        // The last resort is the best part of what there is already.
        let best = self.place_within(log_end, wanted, block_bytes);
        if best.capacity >= least_capacity + JOURNAL_BYTES_LEAST as usize / 2 {
            return (best, None);
        }
        (best, Some(refused))
    }

    /// The place with the largest capacity inside what is allocated, apart from the journal that is in use.
    fn place_within(&self, log_end: u64, wanted: u64, block_bytes: u64) -> Place {
        let current = self.place;
        let mut best = Place::default();
        let mut bytes = wanted.max(PAGE_BYTES);
        while bytes >= JOURNAL_BYTES_LEAST / 2 {
            let ends = [self.allocated, current.offset];
            for offset in ends.into_iter().filter_map(|end| end.checked_sub(bytes)) {
                let place = Place { offset: offset & !7, bytes, other: 0, capacity: 0 };
                if place.offset < log_end || place.overlaps(&current) {
                    continue;
                }
                let place = self.with_capacity(place, log_end, block_bytes);
                if place.capacity > best.capacity {
                    best = place;
                }
            }
            bytes /= 2;
        }
        best
    }
}
