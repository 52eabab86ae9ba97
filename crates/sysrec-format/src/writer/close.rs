//! The end of a trace.

use std::io;

use super::place::Place;
use super::{Ending, IDLE, LOST, SUMMARY_BYTES_MAX, TraceWriter};
use crate::block::{self, Summary, Totals};
use crate::error::Error;
use crate::event::{Event, EventBody, LossReason};
use crate::frame::{ChunkKind, FrameHeader};
use crate::header::Phase;
use crate::index::{FOOTER_BYTES, Footer};
use crate::journal::OwnRows;
use crate::limits;
use crate::seal::Closing;
use crate::storage::Storage;

impl<S: Storage> TraceWriter<S> {
    /// Closes the trace: calls in flight become unfinished ([`RECORDING_ENDED`](crate::event::UnfinishedReason::RECORDING_ENDED)), losses, totals and
    /// index are written, and the file is cut to its length.
    ///
    /// # Errors
    /// [`Error::Io`] where the storage failed; what is in it can be read as an unfinished trace.
    pub fn finish(mut self, ending: &Ending) -> Result<(S, Totals), Error> {
        let offset = self.state.log_end;
        match self.close(ending) {
            Ok(totals) => Ok((self.storage, totals)),
            Err(source) => Err(Error::Io { offset, what: "closing the trace", source }),
        }
    }

    fn close(&mut self, ending: &Ending) -> io::Result<Totals> {
        self.saw(ending.time_ns);
        if let Err(cause) = self.storage.health()
            && self.may_write()
        {
            self.journal_is_gone(cause, LossReason::STORAGE_TRUNCATED);
        }
        if !self.may_write() {
            // Somebody cut the file. What comes now goes behind the log that was, in the file made whole again.
            self.storage.allocate(self.state.log_end + self.closing_bytes(0))?;
            self.write_constants()?;
        }
        let lost_in_flight = self.in_flight.iter().filter(|at| **at == LOST).count();
        for _ in 0..lost_in_flight {
            self.state.lost_calls += 1;
            if let Some(full) = &mut self.full {
                full.first_ns = full.first_ns.min(ending.time_ns);
                full.last_ns = full.last_ns.max(ending.time_ns);
            }
        }
        let unfinished = self.in_flight.iter().filter(|at| **at != LOST && **at != IDLE).count() as u64;
        let events: Vec<Event> = self.loss_event().into_iter().collect();
        let said = events.len() as u64;
        let closing = Closing { time_ns: Some(ending.time_ns), events };
        let sealed = if self.may_write() {
            self.sealed(Some(&closing))?
        } else {
            self.sealer.seal(&[], &mut OwnRows::new(&[]), Some(&closing))
        };
        self.totals.unfinished += unfinished;
        self.totals.events += unfinished + said;
        let log_end = self.write_chunks(&sealed)?;
        self.switch(log_end, Place::default(), &[], &[])?;
        self.close_log(ending)
    }

    fn loss_event(&self) -> Option<Event> {
        let full = self.full.as_ref()?;
        if self.state.lost_calls == 0 && self.totals.lost_events == 0 {
            return None;
        }
        let first_ns = full.first_ns.min(full.last_ns);
        let body = EventBody::Loss { reason: full.reason, calls: self.state.lost_calls, first_ns };
        Some(Event { time_ns: full.last_ns, task: None, body })
    }

    /// SUMMARY, INDEX and footer, then the length, then the last state.
    fn close_log(&mut self, ending: &Ending) -> io::Result<Totals> {
        let totals = self.totals();
        let mut summary = Summary {
            totals: totals.clone(),
            end_reason: ending.reason,
            recorder_cpu_ns: ending.recorder_cpu_ns,
            notes: ending.notes.clone(),
        };
        let payload = loop {
            match block::encode(&summary, "summary") {
                Ok(payload) if payload.len() <= SUMMARY_BYTES_MAX => break payload,
                _ => summary.notes.pop(),
            };
        };
        let index_offset = self.write_block(self.state.log_end, ChunkKind::SUMMARY, &payload)?;
        let mut log_end = index_offset;
        let indexed = self.frames as usize <= limits::INDEX_FRAMES_MAX;
        if indexed {
            let index = std::mem::take(&mut self.index);
            let count = self.frames;
            let header = FrameHeader { count, ..FrameHeader::block(ChunkKind::INDEX, &index) };
            log_end = self.write_frame(index_offset, header, &index)?;
        }
        let footer =
            Footer { index_offset: if indexed { index_offset } else { 0 }, log_end, frames: self.frames };
        self.storage.bytes(log_end, FOOTER_BYTES)?.copy_from_slice(&footer.encode(self.seed));
        self.storage.truncate(log_end + FOOTER_BYTES as u64)?;
        self.state.log_end = log_end;
        self.state.index_offset = footer.index_offset;
        let whole = self.full.is_none();
        self.state.phase = if whole { Phase::COMPLETE } else { Phase::STOPPED_EARLY };
        self.commit()?;
        self.commit()?;
        Ok(totals)
    }
}
