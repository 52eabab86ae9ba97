//! Opens a trace: where its frames are, how complete it is, and what in it is damaged.
//!
//! A complete trace is opened through its index. Any other is scanned frame by frame; behind a damaged part the scan
//! goes on at the next good frame. The journal of a recorder that died is sealed in memory, so that whoever reads a
//! trace sees frames and nothing else.

mod add;
mod frames;
mod recover;
mod scan;
mod verify;

pub use frames::{FRAMES_AT_ONCE, Frames};

use crate::block::{self, Overhead, Session, Summary, Symbols};
use crate::calls::CallsChunk;
use crate::damage::Damage;
use crate::error::Error;
use crate::events::{Events, events};
use crate::frame::{ChunkKind, FRAME_BYTES, FrameHeader};
use crate::header::{CONSTANTS_BYTES, HEADER_BYTES, Header, Phase, STATE_BYTES, Slot, State};
use crate::index::{FOOTER_BYTES, Footer};
use crate::limits::DAMAGES_MAX;
use crate::read_at::ReadAt;

/// How a recording ended, as far as its file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// It ended as it should, and everything was written.
    Complete,
    /// It was closed properly, but its last part could not be written (disk full, size limit); a `Loss` event says
    /// how many calls are missing.
    StoppedEarly,
    /// It still runs, or its recorder died: everything up to that moment is there, nothing later.
    Unfinished,
}

/// Where a frame's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the file; the frame begins at this byte.
    File(u64),
    /// In memory, made from the journal of an unfinished trace, or added to it.
    Memory(usize),
}

/// One chunk of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub header: FrameHeader,
    /// Where it is.
    pub place: Place,
}

impl Frame {
    /// Where it is in the file, for errors; 0 for one in memory.
    fn offset(&self) -> u64 {
        match self.place {
            Place::File(offset) => offset,
            Place::Memory(_) => 0,
        }
    }

    /// Where the payload is in the file, for errors; 0 for one in memory.
    fn payload_offset(&self) -> u64 {
        match self.place {
            Place::File(offset) => offset + FRAME_BYTES as u64,
            Place::Memory(_) => 0,
        }
    }

    /// The frame as a damage, when reading its payload gave this error.
    pub fn damage(&self, error: &Error) -> Damage {
        Damage::of_frame(self.offset(), &self.header, error)
    }
}

/// A list of damages that does not grow without bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damages {
    list: Vec<Damage>,
    more: u64,
}

impl Damages {
    pub(crate) fn push(&mut self, damage: Damage) {
        if self.list.len() < DAMAGES_MAX {
            self.list.push(damage);
        } else {
            self.more += 1;
        }
    }
}

/// An opened trace: see the [module](self).
#[derive(Clone, Debug)]
pub struct Layout {
    header: Header,
    seed: u32,
    state: Option<State>,
    /// The state slots' own seal of the seed may differ from the header's where that is damaged.
    file_bytes: u64,
    log_start: u64,
    completeness: Completeness,
    /// The INDEX frame, where it is good: then frames are read from it when they are asked for.
    index: Option<Frame>,
    /// Metadata blocks, of a trace with a good index.
    metadata: Vec<Frame>,
    /// All frames, of a trace without.
    frames: Vec<Frame>,
    recovered: Vec<Vec<u8>>,
    damages: Damages,
}

/// How often a trace that is being written is opened anew when it changed meanwhile.
const ATTEMPTS: usize = 8;

impl Layout {
    /// Opens a trace. Damaged parts are no error but listed in [`damages`](Self::damages).
    ///
    /// Memory: nothing that grows with a trace that was closed. Of one without a good index 80 bytes a frame, and the
    /// journal of an unfinished one (4 MiB as a rule, 64 MiB at most).
    ///
    /// # Errors
    /// [`Error::NotATrace`], [`Error::TooOld`], [`Error::TooNew`]; [`Error::Malformed`] for a file that ends inside
    /// the header; [`Error::Io`].
    pub fn read(file: &(impl ReadAt + ?Sized)) -> Result<Self, Error> {
        let mut layout = Self::read_once(file)?;
        for _ in 1..ATTEMPTS {
            // A recorder at work may have sealed its journal while it was read here.
            let recording = layout.state.filter(|state| state.phase == Phase::RECORDING);
            let Some(before) = recording else { break };
            let after = read_header(file)?.state();
            if after.is_none_or(|after| (after.generation, after.phase) == (before.generation, before.phase))
            {
                break;
            }
            layout = Self::read_once(file)?;
        }
        Ok(layout)
    }

    fn read_once(file: &(impl ReadAt + ?Sized)) -> Result<Self, Error> {
        let file_bytes = file.size().map_err(|source| io_error(0, "size of the trace", source))?;
        let parts = read_header(file)?;
        let state = parts.state();
        let seed = match (&parts.damage, state) {
            // The copy in the state is good where the constant part is not.
            (Some(_), Some(state)) => state.seed,
            _ => parts.header.seed(),
        };
        let mut layout = Self {
            log_start: u64::from(parts.header.header_bytes),
            seed,
            state,
            file_bytes,
            completeness: Completeness::Unfinished,
            index: None,
            metadata: Vec::new(),
            frames: Vec::new(),
            recovered: Vec::new(),
            damages: Damages::default(),
            header: parts.header,
        };
        if let Some(error) = parts.damage {
            layout.damages.push(Damage::without_calls(0, CONSTANTS_BYTES as u64, error));
        }
        for (i, slot) in parts.slots.iter().enumerate() {
            if let Slot::Damaged { stored, computed } = slot {
                let offset = (CONSTANTS_BYTES + i * STATE_BYTES) as u64;
                let (expected, found) = (format!("{computed:#010x}"), format!("{stored:#010x}"));
                let error = Error::malformed(offset, "CRC of a state slot", expected, found);
                layout.damages.push(Damage::without_calls(offset, STATE_BYTES as u64, error));
            }
        }
        layout.read_log(file)?;
        Ok(layout)
    }

    fn read_log(&mut self, file: &(impl ReadAt + ?Sized)) -> Result<(), Error> {
        let Some(state) = self.state else { return self.read_without_state(file) };
        let closed = match state.phase {
            Phase::COMPLETE => Some(Completeness::Complete),
            Phase::STOPPED_EARLY => Some(Completeness::StoppedEarly),
            _ => None,
        };
        let Some(closed) = closed else { return self.read_unfinished(file, &state) };
        self.completeness = closed;
        match self.read_index(file, &state) {
            Ok(()) => Ok(()),
            Err(error @ Error::Io { .. }) => Err(error),
            Err(error) => {
                let known = self.damages.list.len();
                self.scan(file, state.log_end)?;
                if self.damages.list.len() == known {
                    // The frames are whole: it is the index or the footer, and nothing of the recording is missing.
                    let from = state.index_offset.min(self.file_bytes);
                    self.damages.push(Damage::without_calls(from, self.file_bytes - from, error));
                }
                Ok(())
            }
        }
    }

    /// Finds the index of a trace that was closed, and checks it.
    fn read_index(&mut self, file: &(impl ReadAt + ?Sized), state: &State) -> Result<(), Error> {
        let expected_bytes = state.log_end.saturating_add(FOOTER_BYTES as u64);
        if self.file_bytes != expected_bytes {
            let expected = format!("{expected_bytes} bytes");
            return Err(Error::malformed(0, "length of the trace", expected, self.file_bytes));
        }
        let footer = Footer::parse(&read(file, state.log_end, FOOTER_BYTES)?, self.seed, state.log_end)?;
        if (footer.index_offset, footer.log_end) != (state.index_offset, state.log_end) {
            let expected = format!("index at {} and log end {}", state.index_offset, state.log_end);
            let found = format!("{} and {}", footer.index_offset, footer.log_end);
            return Err(Error::malformed(state.log_end, "footer", expected, found));
        }
        if state.index_offset == 0 {
            // Too many frames for an index.
            return self.scan(file, state.log_end);
        }
        let header =
            FrameHeader::parse(&read(file, state.index_offset, FRAME_BYTES)?, self.seed, state.index_offset)?;
        let frame = Frame { header, place: Place::File(state.index_offset) };
        if header.kind != ChunkKind::INDEX {
            let found = header.kind.0;
            return Err(Error::malformed(state.index_offset, "kind of the index", "6", found));
        }
        self.check_index(file, frame, state, &footer)
    }

    /// What never changes in the trace.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The valid state; `None` where both slots are damaged, or the recorder died before it wrote the first.
    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// Length of the file, bytes.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// How the recording ended.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// Parts that cannot be read, as far as opening the trace showed. Payloads are checked when they are read, or
    /// all at once by [`verify`](Self::verify).
    pub fn damages(&self) -> &[Damage] {
        &self.damages.list
    }

    /// Damages that were found over the [`DAMAGES_MAX`] that are listed.
    pub fn more_damages(&self) -> u64 {
        self.damages.more
    }

    /// Whether the trace is complete and opening it showed no damage.
    pub fn is_whole(&self) -> bool {
        self.completeness == Completeness::Complete && self.damages.list.is_empty()
    }

    /// A chunk's payload, read into `buffer` where it is in the file, and checked.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a wrong CRC, a file that ends before, or a chunk that needs a newer reader;
    /// [`Error::Io`].
    pub fn payload<'b>(
        &'b self,
        file: &(impl ReadAt + ?Sized),
        frame: &Frame,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Error> {
        if frame.header.needs_newer_reader() {
            let place = frame.payload_offset();
            let found = format!("{:#06x}", frame.header.flags);
            return Err(Error::malformed(place, "flags of a chunk", "flags that this version knows", found));
        }
        match frame.place {
            Place::Memory(at) => Ok(self.recovered.get(at).map_or(&[], Vec::as_slice)),
            Place::File(_) => {
                read_payload(file, frame, buffer)?;
                Ok(buffer)
            }
        }
    }

    /// A CALLS chunk.
    ///
    /// # Errors
    /// As [`payload`](Self::payload), and for a chunk of another kind.
    pub fn calls<'b>(
        &'b self,
        file: &(impl ReadAt + ?Sized),
        frame: &Frame,
        buffer: &'b mut Vec<u8>,
    ) -> Result<CallsChunk<'b>, Error> {
        expect_kind(frame, ChunkKind::CALLS)?;
        CallsChunk::parse(self.payload(file, frame, buffer)?, &frame.header, frame.payload_offset())
    }

    /// The events of an EVENTS chunk.
    ///
    /// # Errors
    /// As [`payload`](Self::payload), and for a chunk of another kind.
    pub fn events<'b>(
        &'b self,
        file: &(impl ReadAt + ?Sized),
        frame: &Frame,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Events<'b>, Error> {
        expect_kind(frame, ChunkKind::EVENTS)?;
        Ok(events(self.payload(file, frame, buffer)?, &frame.header, frame.payload_offset()))
    }

    fn block<T: serde::de::DeserializeOwned>(
        &self,
        file: &(impl ReadAt + ?Sized),
        frame: &Frame,
        what: &'static str,
    ) -> Result<T, Error> {
        let mut buffer = Vec::new();
        block::decode(self.payload(file, frame, &mut buffer)?, frame.payload_offset(), what)
    }

    /// The metadata blocks of a kind.
    fn of_kind(&self, kind: ChunkKind) -> impl Iterator<Item = &Frame> {
        let frames = if self.index.is_some() { &self.metadata } else { &self.frames };
        frames.iter().filter(move |frame| frame.header.kind == kind)
    }

    /// What was recorded; `None` where that chunk is missing.
    ///
    /// # Errors
    /// As [`payload`](Self::payload).
    pub fn session(&self, file: &(impl ReadAt + ?Sized)) -> Result<Option<Session>, Error> {
        self.of_kind(ChunkKind::SESSION).next().map(|frame| self.block(file, frame, "session")).transpose()
    }

    /// What recording cost.
    ///
    /// # Errors
    /// As [`payload`](Self::payload).
    pub fn overheads(&self, file: &(impl ReadAt + ?Sized)) -> Result<Vec<Overhead>, Error> {
        self.of_kind(ChunkKind::OVERHEAD).map(|frame| self.block(file, frame, "overhead")).collect()
    }

    /// The totals of a trace that was closed.
    ///
    /// # Errors
    /// As [`payload`](Self::payload).
    pub fn summary(&self, file: &(impl ReadAt + ?Sized)) -> Result<Option<Summary>, Error> {
        self.of_kind(ChunkKind::SUMMARY).last().map(|frame| self.block(file, frame, "summary")).transpose()
    }

    /// Names of code that were put into the trace after the recording; block by block, none for most traces.
    ///
    /// # Errors
    /// As [`payload`](Self::payload), for each block.
    pub fn symbols<'a>(
        &'a self,
        file: &'a (impl ReadAt + ?Sized),
    ) -> impl Iterator<Item = Result<Symbols, Error>> + 'a {
        self.of_kind(ChunkKind::SYMBOLS).map(move |frame| self.block(file, frame, "symbols"))
    }
}

fn io_error(offset: u64, what: &'static str, source: std::io::Error) -> Error {
    Error::Io { offset, what, source }
}

fn expect_kind(frame: &Frame, kind: ChunkKind) -> Result<(), Error> {
    if frame.header.kind == kind {
        return Ok(());
    }
    let expected = kind.name().unwrap_or_default();
    Err(Error::malformed(frame.payload_offset(), "kind of a chunk", expected, frame.header.kind.0))
}

/// Up to `bytes` from `offset`; fewer at the end of the file. The caller bounds `bytes`.
fn read(file: &(impl ReadAt + ?Sized), offset: u64, bytes: usize) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; bytes];
    let filled = fill(file, offset, &mut buffer, "reading the trace")?;
    buffer.truncate(filled);
    Ok(buffer)
}

/// Fills the buffer from `offset`; how much there was up to the end of the file.
fn fill(
    file: &(impl ReadAt + ?Sized),
    offset: u64,
    buffer: &mut [u8],
    what: &'static str,
) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset.saturating_add(filled as u64), &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read.min(buffer.len() - filled),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(io_error(offset, what, source)),
        }
    }
    Ok(filled)
}

/// Reads a payload and checks its CRC. Memory grows with what the file has, not with what the frame says.
fn read_payload(file: &(impl ReadAt + ?Sized), frame: &Frame, buffer: &mut Vec<u8>) -> Result<(), Error> {
    let offset = frame.payload_offset();
    let bytes = frame.header.payload_bytes as usize;
    let size = file.size().map_err(|source| io_error(offset, "size of the trace", source))?;
    let there = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    buffer.clear();
    buffer.resize(bytes.min(there), 0);
    let filled = fill(file, offset, buffer, "reading a chunk")?;
    if filled < bytes {
        return Err(short_payload(offset, bytes, filled));
    }
    expect_crc(frame, crc32fast::hash(buffer))
}

fn short_payload(offset: u64, bytes: usize, found: usize) -> Error {
    Error::malformed(offset, "payload", format!("{bytes} bytes"), format!("{found} bytes"))
}

fn expect_crc(frame: &Frame, computed: u32) -> Result<(), Error> {
    let stored = frame.header.payload_crc;
    if computed == stored {
        return Ok(());
    }
    let (expected, found) = (format!("{stored:#010x}"), format!("{computed:#010x}"));
    Err(Error::malformed(frame.payload_offset(), "CRC of a payload", expected, found))
}

struct HeaderParts {
    header: Header,
    damage: Option<Error>,
    slots: [Slot; 2],
}

impl HeaderParts {
    /// The valid state with the higher number.
    fn state(&self) -> Option<State> {
        let valid = |slot: &Slot| match slot {
            Slot::Valid(state) => Some(*state),
            _ => None,
        };
        self.slots.iter().filter_map(valid).max_by_key(|state| state.sequence)
    }
}

fn read_header(file: &(impl ReadAt + ?Sized)) -> Result<HeaderParts, Error> {
    let bytes = read(file, 0, HEADER_BYTES)?;
    let (header, damage) = Header::parse(&bytes)?;
    if bytes.len() < HEADER_BYTES {
        let (expected, found) = (format!("{HEADER_BYTES} bytes"), format!("{} bytes", bytes.len()));
        return Err(Error::malformed(0, "header", expected, found));
    }
    let slot = |i: usize| State::parse(&bytes[CONSTANTS_BYTES + i * STATE_BYTES..][..STATE_BYTES]);
    Ok(HeaderParts { header, damage, slots: [slot(0), slot(1)] })
}
