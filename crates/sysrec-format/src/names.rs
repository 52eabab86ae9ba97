//! Puts names of functions into a trace that was closed: a copy of it with SYMBOLS chunks in front of its index.
//!
//! ```text
//!  header | frames ...           | SYMBOLS (old) | INDEX | footer
//!  header | the same frames ...  | SYMBOLS (new) | INDEX | footer
//! ```
//! The recording itself stays as it is, byte for byte; of the header the two states change, since the log is longer.

use std::io::Write;

use crate::block::{self, Symbols};
use crate::error::Error;
use crate::frame::{ChunkKind, FRAME_BYTES, FrameHeader};
use crate::header::{CONSTANTS_BYTES, Phase, STATE_BYTES, State};
use crate::index::{FOOTER_BYTES, Footer, put_entry};
use crate::layout::{Layout, Place};
use crate::limits::{FRAMES_MAX, INDEX_FRAMES_MAX};
use crate::read_at::ReadAt;
use crate::wire::padded;

/// Bytes that are copied at once.
const COPY_BYTES: u64 = 1 << 20;

/// Writes a copy of a trace that has these names, in place of those that it may have.
///
/// Memory: the names, and 64 bytes for each frame of the trace.
///
/// # Errors
/// A trace that was not closed, has no index, or is damaged ([`Error::Malformed`]); names that do not fit into a block
/// ([`Error::TooLarge`]); what reading and writing give.
pub fn with_symbols(
    file: &(impl ReadAt + ?Sized),
    symbols: &[Symbols],
    out: &mut (impl Write + ?Sized),
) -> Result<(), Error> {
    let layout = Layout::read(file)?;
    let seed = layout.header().seed();
    let state = layout.state().filter(|state| matches!(state.phase, Phase::COMPLETE | Phase::STOPPED_EARLY));
    let Some(state) = state.filter(|state| state.index_offset > 0 && layout.damages().is_empty()) else {
        return Err(Error::malformed(0, "trace", "one that was closed, with a good index", "another"));
    };
    let blocks: Vec<Vec<u8>> =
        symbols.iter().map(|symbols| block::encode(symbols, "symbols")).collect::<Result<_, _>>()?;

    // The names stand together, in front of the index.
    let (mut index, mut frames, mut kept_end) = (Vec::new(), 0_u32, state.index_offset);
    for frame in layout.frames(file) {
        let frame = frame?;
        let Place::File(offset) = frame.place else { continue };
        match frame.header.kind {
            ChunkKind::SYMBOLS => kept_end = kept_end.min(offset),
            ChunkKind::INDEX => {}
            _ if offset > kept_end => {
                return Err(Error::malformed(
                    offset,
                    "frame behind names",
                    "names or the index",
                    frame.header.kind.0,
                ));
            }
            _ => {
                put_entry(&mut index, offset, &frame.header.encode(seed));
                frames += 1;
            }
        }
    }
    if frames as usize + blocks.len() > INDEX_FRAMES_MAX.min(FRAMES_MAX) {
        let found = u64::from(frames) + blocks.len() as u64;
        return Err(Error::TooLarge { what: "index", limit: INDEX_FRAMES_MAX as u64, found });
    }

    let mut tail = Vec::new();
    let mut end = kept_end;
    let mut append = |tail: &mut Vec<u8>, kind, payload: &[u8], count, sequence| {
        let generation = state.generation;
        let header = FrameHeader { count, sequence, generation, ..FrameHeader::block(kind, payload) };
        let (offset, bytes) = (end, header.encode(seed));
        tail.extend_from_slice(&bytes);
        tail.extend_from_slice(payload);
        tail.resize(tail.len() + (padded(payload.len() as u64) as usize - payload.len()), 0);
        end += FRAME_BYTES as u64 + padded(payload.len() as u64);
        (offset, bytes)
    };
    for payload in &blocks {
        let (offset, bytes) = append(&mut tail, ChunkKind::SYMBOLS, payload, 0, frames);
        put_entry(&mut index, offset, &bytes);
        frames += 1;
    }
    let (index_offset, _) = append(&mut tail, ChunkKind::INDEX, &index, frames, frames);
    let footer = Footer { index_offset, log_end: end, frames: frames + 1 };
    tail.extend_from_slice(&footer.encode(seed));
    debug_assert_eq!(end + FOOTER_BYTES as u64, kept_end + tail.len() as u64);

    let mut copy = Copy { file, out };
    copy.bytes(0, CONSTANTS_BYTES as u64)?;
    let mut slots = [[0; STATE_BYTES]; 2];
    for more in 1..=2 {
        let sequence = state.sequence.wrapping_add(more);
        let new = State { sequence, log_end: end, index_offset, ..*state };
        slots[sequence as usize & 1] = new.encode();
    }
    copy.write(&slots.concat())?;
    let log = (CONSTANTS_BYTES + slots.len() * STATE_BYTES) as u64;
    copy.bytes(log, kept_end - log)?;
    copy.write(&tail)
}

struct Copy<'a, R: ?Sized, W: ?Sized> {
    file: &'a R,
    out: &'a mut W,
}

impl<R: ReadAt + ?Sized, W: Write + ?Sized> Copy<'_, R, W> {
    fn bytes(&mut self, mut offset: u64, bytes: u64) -> Result<(), Error> {
        let end = offset + bytes;
        let mut buffer = vec![0; bytes.min(COPY_BYTES) as usize];
        while offset < end {
            let wanted = (end - offset).min(COPY_BYTES) as usize;
            let read = self.file.read_at(offset, &mut buffer[..wanted]);
            let read = read.map_err(|source| Error::Io { offset, what: "copying the trace", source })?;
            if read == 0 {
                return Err(Error::malformed(
                    offset,
                    "trace",
                    format!("{} bytes more", end - offset),
                    "its end",
                ));
            }
            self.write(&buffer[..read])?;
            offset += read as u64;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(|source| Error::Io { offset: 0, what: "writing the copy", source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Session, SymbolFunction, SymbolModule, SymbolPlace};
    use crate::event::{Abi, Entry, Exit, TaskId};
    use crate::header::Clock;
    use crate::layout::Completeness;
    use crate::storage::MemoryStorage;
    use crate::writer::{Ending, NewTrace, TraceWriter, WriterOptions};

    fn writer() -> TraceWriter<MemoryStorage> {
        let session = Session { backend: "ptrace".into(), ..Session::default() };
        let new = NewTrace {
            trace_id: [7; 16],
            created_realtime_ns: 1,
            clock: Clock::MONOTONIC_NS,
            session: &session,
        };
        let mut writer = TraceWriter::create(MemoryStorage::new(), &new, WriterOptions::default()).unwrap();
        let (registers, captures, stack) = (None, Vec::new(), None);
        let entry =
            Entry { time_ns: 10, abi: Abi(1), nr: 1, ip: 2, sp: 3, args: [4; 6], registers, captures, stack };
        writer.entry(TaskId(0), &entry);
        writer.exit(TaskId(0), &Exit { time_ns: 20, ret: 6, registers: None, captures: Vec::new() });
        writer
    }

    fn trace() -> Vec<u8> {
        writer().finish(&Ending::default()).unwrap().0.into_bytes()
    }

    fn names(name: &str, places: u64) -> Symbols {
        let functions = vec![SymbolFunction { name: 0, file: None, line: 3, inlined: false }];
        let place = |address| SymbolPlace { address, in_file: false, functions: functions.clone() };
        let places = (0..places).map(place).collect();
        let module = SymbolModule { path: b"/bin/x".to_vec(), build_id: vec![1], places };
        Symbols { texts: vec![name.to_owned()], modules: vec![module] }
    }

    fn with(trace: &[u8], symbols: &[Symbols]) -> Vec<u8> {
        let mut out = Vec::new();
        with_symbols(trace, symbols, &mut out).unwrap();
        out
    }

    fn read(bytes: &[u8]) -> Vec<Symbols> {
        let layout = Layout::read(bytes).unwrap();
        assert_eq!((layout.completeness(), layout.damages()), (Completeness::Complete, &[][..]));
        assert_eq!(layout.verify(bytes), []);
        layout.symbols(bytes).map(Result::unwrap).collect()
    }

    #[test]
    fn names_are_added_replaced_and_taken_out_and_the_recording_stays() {
        let plain = trace();
        let once = with(&plain, &[names("one", 2), names("two", 3)]);
        assert_eq!(read(&once), [names("one", 2), names("two", 3)]);
        let replaced = with(&once, &[names("other", 1)]);
        assert_eq!(read(&replaced), [names("other", 1)]);
        let index = Layout::read(plain.as_slice()).unwrap().state().unwrap().index_offset as usize;
        assert_eq!(once[192..index], plain[192..index]);
        // Without names again, all but the numbers of the states is as it was.
        let without = with(&replaced, &[]);
        assert_eq!((without.len(), &without[192..]), (plain.len(), &plain[192..]));
    }

    #[test]
    fn a_scan_finds_names_without_an_index() {
        let mut bytes = with(&trace(), &[names("one", 1)]);
        let end = bytes.len();
        bytes[end - 40] ^= 1;
        let layout = Layout::read(bytes.as_slice()).unwrap();
        assert_eq!(
            layout.symbols(bytes.as_slice()).map(Result::unwrap).collect::<Vec<_>>(),
            [names("one", 1)]
        );
    }

    #[test]
    fn what_is_not_closed_or_damaged_or_too_large_is_refused() {
        let refused =
            |bytes: &[u8], symbols: &[Symbols]| with_symbols(bytes, symbols, &mut Vec::new()).unwrap_err();
        let killed = writer().storage().as_slice().to_vec();
        assert!(matches!(refused(&killed, &[]), Error::Malformed { .. }));
        let mut damaged = trace();
        let end = damaged.len();
        damaged[end - 40] ^= 1;
        assert!(matches!(refused(&damaged, &[]), Error::Malformed { .. }));
        let large = names(&"x".repeat(crate::limits::BLOCK_BYTES_MAX), 1);
        assert!(matches!(refused(&trace(), &[large]), Error::TooLarge { .. }));
        assert!(matches!(refused(b"text", &[]), Error::NotATrace { .. }));
    }
}
