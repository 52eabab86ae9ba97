//! The trace of a recorder that is at work or died: its log, and its journal made into frames.

use super::{Frame, Layout, Place, read};
use crate::damage::Damage;
use crate::error::Error;
use crate::event::{Event, EventBody, LossReason};
use crate::frame::{ChunkKind, FrameHeader};
use crate::header::State;
use crate::journal::{CheckedRows, row_seed};
use crate::limits::{FRAMES_MAX, JOURNAL_BYTES_MAX};
use crate::read_at::ReadAt;
use crate::seal::{Closing, Sealed, Sealer};

impl Layout {
    /// Without a valid state the log goes on as far as there are frames.
    pub(super) fn read_without_state(&mut self, file: &(impl ReadAt + ?Sized)) -> Result<(), Error> {
        let known = self.damages.list.len();
        let mut offset = self.log_start;
        if self.frame_at(file, offset, self.file_bytes).is_err() && known == 0 {
            // The recorder died before there was anything.
            return Ok(());
        }
        while let Ok(header) = self.frame_at(file, offset, self.file_bytes) {
            offset += header.frame_bytes();
        }
        self.scan(file, offset)?;
        if self.frames.len() > 1 || known > 0 {
            let error = Error::malformed(64, "state of the trace", "a valid one", "none");
            self.damages.push(Damage::of_bytes(64, 0, error));
        }
        Ok(())
    }

    pub(super) fn read_unfinished(
        &mut self,
        file: &(impl ReadAt + ?Sized),
        state: &State,
    ) -> Result<(), Error> {
        self.scan(file, state.log_end)?;
        if self.read_behind_stale_state(file, state)? {
            return Ok(());
        }
        self.recover_journal(file, state)
    }

    /// Frames behind the log end belong to a seal that was not finished, and the journal has their content: they are
    /// not read. But when one of them names a later journal than the state does, the state is older than the log
    /// (power was lost), and they are what there is. Whether that was so.
    fn read_behind_stale_state(
        &mut self,
        file: &(impl ReadAt + ?Sized),
        state: &State,
    ) -> Result<bool, Error> {
        let mut behind = Vec::new();
        let mut offset = state.log_end;
        let mut sequence = self.frames.last().map_or(0, |frame| frame.header.sequence.wrapping_add(1));
        while offset < self.file_bytes && self.frames.len() + behind.len() < FRAMES_MAX {
            match self.frame_at(file, offset, self.file_bytes) {
                Ok(header) if header.sequence == sequence => {
                    behind.push(Frame { header, place: Place::File(offset) });
                    offset += header.frame_bytes();
                    sequence = sequence.wrapping_add(1);
                }
                Err(error @ Error::Io { .. }) => return Err(error),
                _ => break,
            }
        }
        let stale = behind.iter().any(|frame| frame.header.generation > state.generation);
        if stale {
            self.frames.extend(behind.into_iter().filter(|frame| frame.header.kind != ChunkKind::INDEX));
            let error = Error::malformed(
                state.log_end,
                "state of the trace",
                format!("a log that ends at {offset}"),
                state.log_end,
            );
            self.damages.push(Damage::of_bytes(offset, self.file_bytes - offset, error));
        }
        Ok(stale)
    }

    fn recover_journal(&mut self, file: &(impl ReadAt + ?Sized), state: &State) -> Result<(), Error> {
        let (offset, bytes) = (state.journal_offset, state.journal_bytes);
        if bytes > JOURNAL_BYTES_MAX {
            let expected = format!("at most {JOURNAL_BYTES_MAX} bytes");
            let error = Error::malformed(offset, "journal", expected, bytes);
            self.damages.push(Damage::of_bytes(offset, bytes, error));
            return Ok(());
        }
        let there = self.file_bytes.saturating_sub(offset).min(bytes);
        if there < bytes {
            let error =
                Error::malformed(offset, "journal", format!("{bytes} bytes"), format!("{there} bytes"));
            self.damages.push(Damage::of_bytes(offset.saturating_add(there), bytes - there, error));
        }
        let journal = read(file, offset, there as usize)?;
        let mut rows = CheckedRows::new(&journal, row_seed(self.seed, state.generation));
        let latest_ns = self.frames.iter().map(|frame| frame.header.last_ns).max().unwrap_or(0);
        let mut events = Vec::new();
        if state.lost_calls > 0 {
            let body = EventBody::Loss {
                reason: LossReason::STORAGE_FULL,
                calls: state.lost_calls,
                first_ns: latest_ns,
            };
            events.push(Event { time_ns: latest_ns, task: None, body });
        }
        let sealed = Sealer::new().seal(&journal, &mut rows, Some(&Closing { time_ns: None, events }));
        for (at, bytes, error) in rows.damages {
            self.damages.push(Damage::of_bytes(offset.saturating_add(at as u64), bytes as u64, error));
        }
        self.add_sealed(sealed, state.generation);
        Ok(())
    }

    /// Chunks that are made in memory become frames behind all others.
    pub(super) fn add_sealed(&mut self, sealed: Sealed, generation: u64) {
        let mut sequence = self.frames.last().map_or(0, |frame| frame.header.sequence.wrapping_add(1));
        for chunk in sealed.chunks {
            let payload = sealed.bytes[chunk.payload.clone()].to_vec();
            let header = FrameHeader { sequence, generation, ..chunk.header(&payload) };
            sequence = sequence.wrapping_add(1);
            self.frames.push(Frame { header, place: Place::Memory(self.recovered.len()) });
            self.recovered.push(payload);
        }
    }
}
