//! Reads everything there is in a trace and says what is wrong with it.

use super::{Damages, Frame, Layout, Place, read};
use crate::damage::Damage;
use crate::error::Error;
use crate::frame::{ChunkKind, FRAME_BYTES, FrameHeader};
use crate::header::HEADER_BYTES;
use crate::read_at::ReadAt;

impl Layout {
    /// Checks every byte that means something: what opening the trace found, every frame header, every payload down
    /// to its last value, all padding. Empty for a trace without damage; an unfinished one can be without.
    pub fn verify(&self, file: &(impl ReadAt + ?Sized)) -> Vec<Damage> {
        let mut damages = self.damages.clone();
        self.verify_header(file, &mut damages);
        let mut buffer = Vec::new();
        for frame in self.frames(file) {
            match frame {
                Ok(frame) => {
                    if let Err(error) = self.verify_frame(file, &frame, &mut buffer) {
                        damages.push(frame.damage(&error));
                    }
                }
                Err(error) => damages.push(self.index_damage(&error)),
            }
        }
        if let Some(index) = &self.index
            && let Err(error) = self.verify_padding(file, index, index.offset())
        {
            damages.push(index.damage(&error));
        }
        damages.list
    }

    /// Nothing of this version stands between header and log.
    fn verify_header(&self, file: &(impl ReadAt + ?Sized), damages: &mut Damages) {
        let from = HEADER_BYTES as u64;
        let extra = self.log_start.saturating_sub(from) as usize;
        if self.header.version.1 == crate::header::VERSION.1
            && read(file, from, extra).is_ok_and(|bytes| bytes.iter().any(|&byte| byte != 0))
        {
            let error = Error::malformed(from, "end of the header", "zeros", "other bytes");
            damages.push(Damage::without_calls(from, extra as u64, error));
        }
    }

    fn verify_frame(
        &self,
        file: &(impl ReadAt + ?Sized),
        frame: &Frame,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if let Place::File(offset) = frame.place {
            // The frame may be known from the index; what stands in its own place has to be the same.
            let header = FrameHeader::parse(&read(file, offset, FRAME_BYTES)?, self.seed, offset)?;
            if header != frame.header {
                return Err(Error::malformed(offset, "frame header", "what the index says", "another one"));
            }
            self.verify_padding(file, frame, offset)?;
        }
        match frame.header.kind {
            ChunkKind::CALLS => self.calls(file, frame, buffer)?.check(),
            ChunkKind::EVENTS => self.events(file, frame, buffer)?.try_for_each(|event| event.map(drop)),
            ChunkKind::SESSION => self.block::<crate::block::Session>(file, frame, "session").map(drop),
            ChunkKind::OVERHEAD => self.block::<crate::block::Overhead>(file, frame, "overhead").map(drop),
            ChunkKind::SUMMARY => self.block::<crate::block::Summary>(file, frame, "summary").map(drop),
            ChunkKind::SYMBOLS => self.block::<crate::block::Symbols>(file, frame, "symbols").map(drop),
            _ => self.payload(file, frame, buffer).map(drop),
        }
    }

    fn verify_padding(&self, file: &(impl ReadAt + ?Sized), frame: &Frame, offset: u64) -> Result<(), Error> {
        let header = &frame.header;
        let end = offset + FRAME_BYTES as u64 + u64::from(header.payload_bytes);
        let padding = (offset + header.frame_bytes() - end) as usize;
        if read(file, end, padding)?.iter().any(|&byte| byte != 0) {
            return Err(Error::malformed(end, "padding of a frame", "zeros", "other bytes"));
        }
        Ok(())
    }
}
