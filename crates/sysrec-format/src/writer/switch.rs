//! From one journal to the next: seal, write the frames, carry the calls in flight, make it all valid at once.

use std::io;
use std::sync::atomic::{Ordering, compiler_fence};

use super::place::Place;
use super::{FRAMES_OF_A_JOURNAL_MAX, Full, IDLE, LOST, TraceWriter};
use crate::block::Totals;
use crate::event::LossReason;
use crate::frame::{ChunkKind, FRAME_BYTES, FrameHeader};
use crate::header::{CONSTANTS_BYTES, State};
use crate::index::{INDEX_ENTRY_BYTES, put_entry};
use crate::journal::make::{RowSeeds, row_header};
use crate::journal::{OwnRows, ROW_HEADER_BYTES, RowKind, Said, row_seed};
use crate::limits;
use crate::seal::{Closing, Sealed};
use crate::storage::Storage;

impl<S: Storage> TraceWriter<S> {
    /// Seals the journal and finds a place for the next one, with room for a row of `row_bytes` in it and for
    /// `block_bytes` behind the log.
    pub(super) fn seal(&mut self, row_bytes: usize, block_bytes: u64) {
        if let Err(cause) = self.storage.health() {
            return self.journal_is_gone(cause, LossReason::STORAGE_TRUNCATED);
        }
        if let Err(cause) = self.seal_and_switch(row_bytes, block_bytes) {
            self.journal_is_gone(cause, LossReason::STORAGE_FULL);
        }
    }

    pub(super) fn seal_and_switch(&mut self, row_bytes: usize, block_bytes: u64) -> io::Result<()> {
        let sealed = self.sealed(None)?;
        let log_end = self.write_chunks(&sealed)?;
        let rows = self.carried(&sealed)?;
        let (place, full) = self.next_place(log_end, rows.len(), row_bytes, block_bytes);
        if let Some(cause) = full {
            self.fill(cause);
        }
        if self.frames as usize > limits::FRAMES_MAX - FRAMES_OF_A_JOURNAL_MAX {
            self.fill(io::Error::other(format!("a trace has at most {} chunks", limits::FRAMES_MAX)));
        }
        let (rows, pending) = if place.capacity >= rows.len() + ROW_HEADER_BYTES {
            (rows, sealed.pending.as_slice())
        } else {
            // No room even for the calls in flight: they count as lost when they end.
            self.in_flight.iter_mut().filter(|at| **at != IDLE).for_each(|at| *at = LOST);
            (Vec::new(), &[][..])
        };
        self.switch(log_end, place, &rows, pending)
    }

    pub(super) fn sealed(&mut self, closing: Option<&Closing>) -> io::Result<Sealed> {
        let journal = self.storage.bytes(self.place.offset, self.used)?;
        let sealed = self.sealer.seal(journal, &mut OwnRows::new(journal), closing);
        if sealed.calls != self.totals.calls - self.sealed_totals.calls {
            return Err(io::Error::other("the journal is not what was written into it"));
        }
        Ok(sealed)
    }

    /// Writes the frames of sealed chunks behind the log; where the log would end with them.
    pub(super) fn write_chunks(&mut self, sealed: &Sealed) -> io::Result<u64> {
        let mut offset = self.state.log_end;
        (self.sealed_calls, self.sealed_chunks) = (0, 0);
        for chunk in &sealed.chunks {
            let payload = &sealed.bytes[chunk.payload.clone()];
            offset = self.write_frame(offset, chunk.header(payload), payload)?;
            if chunk.kind == ChunkKind::CALLS {
                self.sealed_calls += u64::from(chunk.count);
                self.sealed_chunks += 1;
            }
        }
        Ok(offset)
    }

    pub(super) fn write_block(&mut self, offset: u64, kind: ChunkKind, payload: &[u8]) -> io::Result<u64> {
        self.write_frame(offset, FrameHeader::block(kind, payload), payload)
    }

    /// Writes a frame, numbers it and enters it in the index; where it ends.
    pub(super) fn write_frame(
        &mut self,
        offset: u64,
        mut header: FrameHeader,
        payload: &[u8],
    ) -> io::Result<u64> {
        header.sequence = self.frames;
        header.generation = self.state.generation;
        let end = offset + header.frame_bytes();
        if self.place.capacity > 0 && end > self.place.offset {
            return Err(io::Error::other("a seal is larger than the room that was kept for it"));
        }
        let bytes = header.encode(self.seed);
        let frame = self.storage.bytes(offset, header.frame_bytes() as usize)?;
        let (front, rest) = frame.split_at_mut(FRAME_BYTES);
        let (body, padding) = rest.split_at_mut(payload.len());
        body.copy_from_slice(payload);
        padding.fill(0);
        front.copy_from_slice(&bytes);
        if self.frames as usize <= limits::INDEX_FRAMES_MAX {
            put_entry(&mut self.index, offset, &bytes);
        }
        self.frames += 1;
        Ok(end)
    }

    /// The rows of the calls in flight and what belongs to them, as they will stand in the next journal.
    pub(super) fn carried(&mut self, sealed: &Sealed) -> io::Result<Vec<u8>> {
        let seed = row_seed(self.seed, self.state.generation + 1);
        let mut rows = Vec::new();
        for &at in &sealed.pending {
            let offset = self.place.offset + u64::from(at);
            let header = self.storage.bytes(offset, ROW_HEADER_BYTES)?;
            let (units, kind, detail) =
                (u16::from_le_bytes([header[6], header[7]]), RowKind(header[4]), header[5]);
            let start = rows.len();
            rows.extend_from_slice(self.storage.bytes(offset, ROW_HEADER_BYTES + 8 * usize::from(units))?);
            let (header, body) = rows[start..].split_at_mut(ROW_HEADER_BYTES);
            header.copy_from_slice(&row_header(seed, kind, detail, body));
        }
        Ok(rows)
    }

    /// Makes the frames up to `log_end` and a journal at `place` with `rows` in it the valid state.
    pub(super) fn switch(
        &mut self,
        log_end: u64,
        place: Place,
        rows: &[u8],
        pending: &[u32],
    ) -> io::Result<()> {
        if place.bytes > 0 {
            let window = self.storage.bytes(place.offset, rows.len() + ROW_HEADER_BYTES)?;
            window[..rows.len()].copy_from_slice(rows);
            window[rows.len()..].fill(0);
        }
        self.state.log_end = log_end;
        self.state.generation += 1;
        self.state.journal_offset = if place.bytes > 0 { place.offset } else { 0 };
        self.state.journal_bytes = place.bytes;
        self.commit()?;
        self.seeds = RowSeeds::new(row_seed(self.seed, self.state.generation));
        self.place = place;
        self.used = rows.len();
        self.captured = false;
        self.sealed_totals = self.totals.clone();
        if !pending.is_empty() {
            for row in OwnRows::new(rows) {
                if let Some(Said::Entry(entry)) = row.said() {
                    self.in_flight[entry.task().0 as usize] = (row.at / 8) as u32 + 1;
                }
            }
        }
        Ok(())
    }

    /// Stores the state in the slot that is not valid now, its first word last.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        self.state.sequence += 1;
        let offset = State::slot_offset(self.state.sequence);
        let bytes = self.state.encode();
        self.storage.bytes(offset, 8)?.fill(0);
        compiler_fence(Ordering::SeqCst);
        self.storage.bytes(offset + 8, bytes.len() - 8)?.copy_from_slice(&bytes[8..]);
        compiler_fence(Ordering::SeqCst);
        self.storage.bytes(offset, 8)?.copy_from_slice(&bytes[..8]);
        compiler_fence(Ordering::SeqCst);
        Ok(())
    }

    pub(super) fn write_constants(&mut self) -> io::Result<()> {
        let bytes = self.header.encode();
        self.storage.bytes(8, CONSTANTS_BYTES - 8)?.copy_from_slice(&bytes[8..]);
        compiler_fence(Ordering::SeqCst);
        self.storage.bytes(0, 8)?.copy_from_slice(&bytes[..8]);
        Ok(())
    }

    /// The storage lost the journal: what was in it is lost, and nothing more is taken.
    pub(super) fn journal_is_gone(&mut self, cause: io::Error, reason: LossReason) {
        let (now, safe) = (&self.totals, &self.sealed_totals);
        let lost_calls = now.calls - safe.calls + (now.unfinished - safe.unfinished);
        let lost_events = now.events - safe.events;
        self.totals = Totals {
            lost_events: now.lost_events + lost_events,
            orphan_exits: now.orphan_exits,
            first_ns: now.first_ns,
            last_ns: now.last_ns,
            ..safe.clone()
        };
        self.state.lost_calls += lost_calls;
        let (first_ns, last_ns) = (self.sealed_totals.last_ns, self.totals.last_ns);
        self.full = Some(Full { cause, reason, journal_gone: true, first_ns, last_ns });
        self.in_flight.iter_mut().filter(|at| **at != IDLE).for_each(|at| *at = LOST);
        self.place = Place::default();
        self.used = 0;
        // Frames of the seal that failed are not part of the log.
        let log_end = self.state.log_end;
        let kept = self
            .index
            .chunks_exact(INDEX_ENTRY_BYTES)
            .take_while(|entry| crate::wire::u64_at(entry, 0) < log_end)
            .count();
        if self.frames as usize <= limits::INDEX_FRAMES_MAX {
            self.frames = kept as u32;
            self.index.truncate(kept * INDEX_ENTRY_BYTES);
        }
    }
}
