//! Finds the frames of a log without an index.

use super::{Frame, Layout, Place, io_error, read};
use crate::damage::Damage;
use crate::error::Error;
use crate::frame::{ChunkKind, FRAME_BYTES, FrameHeader, MARKER};
use crate::limits::FRAMES_MAX;
use crate::read_at::ReadAt;
use crate::wire::u32_at;

/// Bytes read at once in the search for a frame.
const SEARCH_BYTES: usize = 64 << 10;

impl Layout {
    /// Reads the frame header at `offset`, which has to end before `end`.
    pub(super) fn frame_at(
        &self,
        file: &(impl ReadAt + ?Sized),
        offset: u64,
        end: u64,
    ) -> Result<FrameHeader, Error> {
        let header = FrameHeader::parse(&read(file, offset, FRAME_BYTES)?, self.seed, offset)?;
        if header.frame_bytes() > end.saturating_sub(offset) {
            let expected = format!("{} bytes", header.frame_bytes());
            let found = format!("{} bytes to the end", end.saturating_sub(offset));
            return Err(Error::malformed(offset, "frame", expected, found));
        }
        Ok(header)
    }

    /// Fills `frames` from a log that ends at `log_end`, over damaged parts, which are listed.
    pub(super) fn scan(&mut self, file: &(impl ReadAt + ?Sized), log_end: u64) -> Result<(), Error> {
        let end = log_end.min(self.file_bytes);
        let mut offset = self.log_start;
        let mut sequence = 0_u32;
        let mut known_to = None;
        let mut behind_damage = false;
        while offset < end {
            let header = match self.frame_at(file, offset, end) {
                Ok(header) => header,
                Err(error @ Error::Io { .. }) => return Err(error),
                Err(error) => {
                    (offset, known_to) = self.pass_damage(file, offset, end, sequence, error)?;
                    behind_damage = true;
                    continue;
                }
            };
            if self.frames.len() >= FRAMES_MAX {
                let error =
                    Error::malformed(offset, "frames of the trace", format!("at most {FRAMES_MAX}"), "more");
                self.damages.push(Damage::of_bytes(offset, end - offset, error));
                return Ok(());
            }
            // Behind a damaged part a gap is no news.
            if header.sequence != sequence && !behind_damage {
                let error =
                    Error::malformed(offset, "number of a frame", sequence.to_string(), header.sequence);
                self.damages.push(Damage::of_bytes(offset, 0, error));
            }
            behind_damage = false;
            sequence = header.sequence.wrapping_add(1);
            if header.kind != ChunkKind::INDEX {
                self.frames.push(Frame { header, place: Place::File(offset) });
            }
            offset += header.frame_bytes();
        }
        if log_end > self.file_bytes {
            let missing = log_end - self.file_bytes;
            let error = Error::malformed(
                self.file_bytes,
                "log",
                format!("{missing} bytes more"),
                "the end of the file",
            );
            // A frame that was cut in two is listed with what it was; where it was the last one, nothing else is missing.
            let damage = match known_to {
                Some(known_to) if known_to >= log_end => {
                    Damage::without_calls(self.file_bytes, missing, error)
                }
                _ => Damage::of_bytes(self.file_bytes, missing, error),
            };
            self.damages.push(damage);
        }
        Ok(())
    }

    /// Lists the damage at `offset`; where the next good frame begins, and where the damaged one ended, if it says so.
    fn pass_damage(
        &mut self,
        file: &(impl ReadAt + ?Sized),
        offset: u64,
        end: u64,
        sequence: u32,
        error: Error,
    ) -> Result<(u64, Option<u64>), Error> {
        // A good header whose frame goes over the end was cut: it still says what is missing.
        let header = FrameHeader::parse(&read(file, offset, FRAME_BYTES)?, self.seed, offset).ok();
        let next = self.next_frame(file, offset + 8, end, sequence)?;
        let damage = match header {
            Some(header) => Damage { bytes: next - offset, ..Damage::of_frame(offset, &header, &error) },
            None => Damage::of_bytes(offset, next - offset, error),
        };
        self.damages.push(damage);
        Ok((next, header.map(|header| offset.saturating_add(header.frame_bytes()))))
    }

    /// The first place from `offset` where a good frame begins whose number comes after those before it; `end` if
    /// there is none.
    fn next_frame(
        &self,
        file: &(impl ReadAt + ?Sized),
        offset: u64,
        end: u64,
        sequence: u32,
    ) -> Result<u64, Error> {
        let mut window = offset;
        let mut buffer =
            vec![0; usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(SEARCH_BYTES)];
        while window < end {
            let bytes = usize::try_from(end - window).unwrap_or(usize::MAX).min(SEARCH_BYTES);
            let filled = file
                .read_at(window, &mut buffer[..bytes])
                .map_err(|source| io_error(window, "reading the trace", source))?;
            if filled < 8 {
                break;
            }
            for at in (0..filled - filled % 8).step_by(8) {
                if u32_at(&buffer, at) != MARKER {
                    continue;
                }
                let place = window + at as u64;
                if self.frame_at(file, place, end).is_ok_and(|header| header.sequence >= sequence) {
                    return Ok(place);
                }
            }
            window += (filled - filled % 8) as u64;
        }
        Ok(end)
    }
}
