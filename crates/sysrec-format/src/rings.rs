//! The ring file of the inline mechanism: the calls that tasks have recorded by themselves and the recorder had not
//! read yet. It belongs to a recording at work; a recorder that is killed leaves it behind, and with it the trace has
//! everything up to that moment. `format-spec/RINGS.md` describes it.
//!
//! ```text
//!  control page | ring 1 | ring 2 | ...         each ring: slots | page with head and task
//! ```
//! The file is shared with the recorded program, which can write anything into it: every value is checked, none is
//! taken as a length or a place, and one ring at a time is in memory.

use crate::error::Error;
use crate::event::{Abi, Capture, CaptureCut, Entry, Exit, TaskId};
use crate::limits::TASKS_MAX;
use crate::read_at::ReadAt;
use crate::wire::u64_at;

/// What the entry of SESSION's `backend_options` begins with that names the ring file; its path follows.
pub const RINGS_OPTION: &str = "rings=";
/// First word of the control page.
pub const MAGIC: [u8; 8] = *b"\x8fSRRING\n";
/// Version of what is described here, apart from the trace format's.
pub const VERSION: u64 = 4;
/// Bytes of the file, most of which are never touched.
pub const FILE_BYTES: u64 = 0x1000_0000;
/// Bytes of one slot: one call.
pub const SLOT_BYTES: u64 = 128;
/// Slots of a ring. With [`SLOT_BYTES`], the head is a 16-bit offset, which wraps by itself. Eight rings that go round fit
/// into half a MiB: larger ones drive a program's own data out of its processors' caches.
pub const SLOTS: u64 = 512;
/// Offset of the head in a ring: the 16-bit offset of the task's next slot.
pub const HEAD: u64 = SLOTS * SLOT_BYTES;
/// Offset of the ring's task in a ring: the number that the trace gives it plus 1; 0 for a ring that is not in use.
pub const TASK: u64 = HEAD + 8;
/// From one ring to the next, bytes: the slots and a page for head and task.
pub const RING_STRIDE: u64 = HEAD + 4096;
/// Rings of a file; number 0 is the control page's place.
pub const RINGS: u64 = FILE_BYTES / RING_STRIDE;

/// The 8-byte words of the control page, by index.
pub mod control {
    /// [`MAGIC`](super::MAGIC); written last.
    pub const MAGIC: u64 = 0;
    /// [`VERSION`](super::VERSION).
    pub const VERSION: u64 = 1;
    /// Two words: the id of the trace that the calls belong to.
    pub const TRACE_ID: u64 = 2;
    /// The recorder's pid.
    pub const PID: u64 = 4;
    /// When that process started, as field 22 of `/proc/PID/stat` has it: tells it from a later one of that pid.
    pub const PID_STARTED: u64 = 5;
    /// Which of the two lines is valid: its lowest bit.
    pub const LINE: u64 = 6;
    /// Two lines of four words each: ticks, nanoseconds, nanoseconds a tick (`f64`), zero.
    pub const LINES: u64 = 8;
    /// From one line to the other, words.
    pub const LINE_WORDS: u64 = 4;
    /// Words of all.
    pub const WORDS: u64 = LINES + 2 * LINE_WORDS;
}

/// Where a slot's fields are, bytes. What a call with few arguments needs is in the first 64, a cache line: lines go from
/// core to core with every call.
pub mod slot {
    /// One byte: [`state`](super::state).
    pub const STATE: u64 = 0;
    /// One byte: 1 where all arguments are there, 0 where those from [`NARROW_ARGS`] on are left over.
    pub const IS_WIDE: u64 = 1;
    /// Two bytes: bits 32 to 47 of the time stamp counter after the call.
    pub const END_HIGH: u64 = 2;
    /// Four bytes: the number.
    pub const NR: u64 = 4;
    /// Four bytes: the low half of the time stamp counter before the call.
    pub const START_LOW: u64 = 8;
    /// Four bytes: the low half of the time stamp counter after it.
    pub const END_LOW: u64 = 12;
    /// Six bytes: behind the instruction that made the call: what the kernel would report.
    pub const IP: u64 = 16;
    /// Two bytes: bits 32 to 47 of the time stamp counter before the call.
    pub const START_HIGH: u64 = 22;
    /// Eight bytes: the stack pointer.
    pub const SP: u64 = 24;
    /// Eight bytes: the result.
    pub const RET: u64 = 32;
    /// Six times eight bytes: the arguments.
    pub const ARGS: u64 = 40;
    /// How many arguments there always are.
    pub const NARROW_ARGS: usize = 3;
    /// Eight bytes: the stack's number in the trace plus 1, where the recorder knows that this call has one. Elsewhere it
    /// is left over.
    pub const STACK: u64 = 88;
}

/// Where the fields are of a slot that holds a part of a path, bytes. It stands before the slot of the call that the path
/// is an argument of.
pub mod path_slot {
    use super::SLOT_BYTES;

    /// One byte: [`state`](super::state).
    pub const STATE: u64 = 0;
    /// Four bytes: the task's, until the slot is filled.
    pub const RAX: u64 = 4;
    /// Eight bytes: the task's, until the slot is filled.
    pub const RDX: u64 = 8;
    /// Eight bytes: where the path stands in the program's memory; 0: the path of the slot before goes on.
    pub const ADDRESS: u64 = 16;
    /// Bytes of the path from here to the slot's end, or to a NUL.
    pub const TEXT: u64 = 24;
    /// Bytes that one slot has.
    pub const TEXT_BYTES: u64 = SLOT_BYTES - TEXT;
}

/// A slot's state: who may touch it.
pub mod state {
    /// The task's, to be filled.
    pub const FREE: u8 = 0;
    /// The task is in the call.
    pub const ENTERED: u8 = 1;
    /// The recorder's, to be read and freed.
    pub const FINISHED: u8 = 2;
    /// The recorder's: a part of a path ([`path_slot`](super::path_slot)), which belongs to the next call.
    pub const PATH: u8 = 3;
}

/// Where a field of so many bytes at this place of a slot is in its word, and the bits of it.
#[inline]
fn place_in_word(at: u64, bytes: u32) -> (u64, u64) {
    (8 * (at % 8), u64::MAX >> (64 - 8 * bytes))
}

/// A field of a slot, from the word that it is in.
#[inline]
fn field(word: u64, at: u64, bytes: u32) -> u64 {
    let (shift, mask) = place_in_word(at, bytes);
    word >> shift & mask
}

/// The word with the lowest bytes of `value` in a field of it.
#[inline]
pub fn with_field(word: u64, at: u64, bytes: u32, value: u64) -> u64 {
    let (shift, mask) = place_in_word(at, bytes);
    word & !(mask << shift) | (value & mask) << shift
}

/// Bits of the time stamp counter that a slot has.
const TICK_BITS: u32 = 48;
/// How far behind the reference a time may lie: some hours.
const TICKS_AHEAD: u64 = 1 << 46;

/// The whole of a time that a slot has the lowest 48 bits of: the one in the 2^48 ticks, a day or so, that end a little
/// behind `reference`, a time not much before it was read.
#[inline]
pub fn whole_ticks(bits: u64, reference: u64) -> u64 {
    let last = reference.wrapping_add(TICKS_AHEAD);
    last.wrapping_sub(last.wrapping_sub(bits) & ((1 << TICK_BITS) - 1))
}

/// Whether two times are the same as far as slots have them.
#[inline]
pub fn is_same_tick(one: u64, other: u64) -> bool {
    (one ^ other) & ((1 << TICK_BITS) - 1) == 0
}

/// A call as a slot has it. Times in ticks of the time stamp counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingCall {
    /// The number.
    pub nr: u32,
    /// The arguments; 0 for those that are not there.
    pub args: [u64; 6],
    /// The stack pointer.
    pub sp: u64,
    /// Behind the instruction that made the call.
    pub ip: u64,
    /// Before the call.
    pub start: u64,
    /// After it.
    pub end: u64,
    /// The result.
    pub ret: i64,
}

impl RingCall {
    /// Reads a slot by its words of 8 bytes, of which the first one is known; `reference` as for [`whole_ticks`].
    #[inline]
    pub fn read(first: u64, word: impl Fn(u64) -> u64, reference: u64) -> Self {
        let (times, place) = (word(slot::START_LOW / 8), word(slot::IP / 8));
        let mut args = [0; 6];
        let there = if field(first, slot::IS_WIDE, 1) == 0 { slot::NARROW_ARGS } else { 6 };
        for (index, arg) in (slot::ARGS / 8..).zip(&mut args[..there]) {
            *arg = word(index);
        }
        let start = field(place, slot::START_HIGH, 2) << 32 | field(times, slot::START_LOW, 4);
        let end = field(first, slot::END_HIGH, 2) << 32 | field(times, slot::END_LOW, 4);
        RingCall {
            nr: field(first, slot::NR, 4) as u32,
            args,
            sp: word(slot::SP / 8),
            ip: field(place, slot::IP, 6),
            start: whole_ticks(start, reference),
            end: whole_ticks(end, reference),
            ret: word(slot::RET / 8) as i64,
        }
    }
}

/// Ticks of the time stamp counter into nanoseconds of CLOCK_MONOTONIC: the line through a reading of both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The counter at that reading.
    pub tsc: u64,
    /// CLOCK_MONOTONIC at it, nanoseconds.
    pub ns: u64,
    /// Nanoseconds a tick.
    pub rate: f64,
}

impl Line {
    /// CLOCK_MONOTONIC at this tick, nanoseconds. Negative distances are fine: a call may have begun before the
    /// reading.
    #[inline]
    pub fn ns(&self, ticks: u64) -> u64 {
        let distance = ticks.wrapping_sub(self.tsc) as i64;
        self.ns.saturating_add_signed((distance as f64 * self.rate) as i64)
    }
}

/// What a ring file says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// The trace that the calls belong to.
    pub trace_id: [u8; 16],
    /// The recorder's pid.
    pub pid: u64,
    /// When it started, clock ticks after boot (field 22 of `/proc/PID/stat`).
    pub pid_started: u64,
    /// The latest conversion of times.
    pub line: Line,
}

impl Control {
    /// Reads the control page.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is no ring file, or one of another version, or has no conversion of times;
    /// [`Error::Io`].
    pub fn read(file: &(impl ReadAt + ?Sized)) -> Result<Self, Error> {
        let mut bytes = [0; 8 * control::WORDS as usize];
        let filled = read_at(file, 0, &mut bytes)?;
        let word = |index: u64| u64_at(&bytes, 8 * index as usize);
        if filled < bytes.len() || bytes[..8] != MAGIC {
            return Err(Error::malformed(
                0,
                "magic of a ring file",
                format!("{MAGIC:02x?}"),
                "something else",
            ));
        }
        if word(control::VERSION) != VERSION {
            let found = word(control::VERSION);
            return Err(Error::malformed(8, "version of a ring file", VERSION.to_string(), found));
        }
        let first = control::LINES + (word(control::LINE) & 1) * control::LINE_WORDS;
        let line = Line { tsc: word(first), ns: word(first + 1), rate: f64::from_bits(word(first + 2)) };
        // From a counter of a thousand gigahertz to one of a megahertz.
        if !(0.001..=1000.0).contains(&line.rate) {
            return Err(Error::malformed(8 * (first + 2), "nanoseconds a tick", "0.001 to 1000", line.rate));
        }
        let mut trace_id = [0; 16];
        trace_id.copy_from_slice(&bytes[8 * control::TRACE_ID as usize..][..16]);
        Ok(Control { trace_id, pid: word(control::PID), pid_started: word(control::PID_STARTED), line })
    }
}

/// What a ring holds, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingCalls {
    /// Whose calls these are.
    pub task: TaskId,
    /// Calls that returned.
    pub finished: Vec<(Entry, Exit)>,
    /// The call that the task was in.
    pub entered: Option<Entry>,
}

/// Reads a ring, by its number from 1 to [`RINGS`] - 1; `None` for one that is not in use.
///
/// # Errors
/// [`Error::Malformed`] for a task that no trace can have; [`Error::Io`].
pub fn read_ring(
    file: &(impl ReadAt + ?Sized),
    number: u64,
    line: &Line,
) -> Result<Option<RingCalls>, Error> {
    let begin = number.saturating_mul(RING_STRIDE);
    let place = begin.saturating_add(TASK);
    let mut word = [0; 8];
    // A ring behind the end of a file that was cut is not in use.
    read_at(file, place, &mut word)?;
    let Some(task) = u64::from_le_bytes(word).checked_sub(1) else { return Ok(None) };
    if task >= u64::from(TASKS_MAX) {
        return Err(Error::malformed(place, "task of a ring", format!("less than {TASKS_MAX}"), task));
    }
    let mut slots = vec![0; HEAD as usize];
    let filled = read_at(file, begin, &mut slots)?;
    let slots: Vec<Slot<'_>> =
        slots[..filled].as_chunks::<{ SLOT_BYTES as usize }>().0.iter().map(Slot).collect();
    let mut finished: Vec<(RingCall, usize)> = Vec::new();
    let mut entered: Option<(RingCall, usize)> = None;
    for (number, slot) in slots.iter().enumerate() {
        let call = slot.call(line.tsc);
        match slot.state() {
            state::FINISHED => finished.push((call, number)),
            state::ENTERED if entered.is_none_or(|(latest, _)| latest.start <= call.start) => {
                entered = Some((call, number));
            }
            _ => {}
        }
    }
    let entry = |call: &RingCall, number: usize, time_ns| Entry {
        time_ns,
        abi: Abi::X86_64,
        nr: call.nr as i32,
        ip: call.ip,
        sp: call.sp,
        args: call.args,
        registers: None,
        captures: path_before(&slots, number).into_iter().collect(),
        stack: None,
    };
    // The slots of a ring are used in turn, and a task makes one call after the other: the counter has their order.
    finished.sort_by_key(|(call, _)| (call.start, call.end));
    let mut latest_ns = 0;
    let mut finished_calls = Vec::with_capacity(finished.len());
    for (call, number) in finished {
        let entry = entry(&call, number, line.ns(call.start).max(latest_ns));
        latest_ns = line.ns(call.end).max(entry.time_ns);
        let exit = Exit { time_ns: latest_ns, ret: call.ret, registers: None, captures: Vec::new() };
        finished_calls.push((entry, exit));
    }
    let entered = entered.map(|(call, number)| entry(&call, number, line.ns(call.start).max(latest_ns)));
    Ok(Some(RingCalls { task: TaskId(task as u32), finished: finished_calls, entered }))
}

/// The path in the slots before that of a call, as the recorder would have told it. A ring has its last slot before its
/// first.
fn path_before(slots: &[Slot<'_>], number: usize) -> Option<Capture> {
    let before = |distance: usize| slots[(number + slots.len() - distance) % slots.len()];
    let address = |distance: usize| {
        let slot = before(distance);
        (slot.state() == state::PATH).then(|| slot.word(path_slot::ADDRESS / 8))
    };
    let parts = (1..slots.len()).find(|&distance| address(distance) != Some(0))?;
    let address = address(parts)?;
    let mut bytes: Vec<u8> =
        (1..=parts).rev().flat_map(|distance| before(distance).text()).copied().collect();
    // What has no end is no path, but what a program wrote.
    bytes.truncate(bytes.iter().position(|&byte| byte == 0)? + 1);
    Some(Capture { address, wanted_bytes: bytes.len() as u64, cut: CaptureCut::WHOLE, bytes: bytes.into() })
}

#[derive(Clone, Copy)]
struct Slot<'a>(&'a [u8; SLOT_BYTES as usize]);

impl<'a> Slot<'a> {
    fn word(self, index: u64) -> u64 {
        u64_at(self.0, 8 * index as usize)
    }

    fn state(self) -> u8 {
        self.0[slot::STATE as usize]
    }

    fn text(self) -> &'a [u8] {
        &self.0[path_slot::TEXT as usize..]
    }

    fn call(self, reference: u64) -> RingCall {
        RingCall::read(self.word(slot::STATE / 8), |index| self.word(index), reference)
    }
}

fn read_at(file: &(impl ReadAt + ?Sized), offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
    file.read_at(offset, buffer).map_err(|source| Error::Io { offset, what: "reading a ring file", source })
}

const _: () = assert!(SLOTS * SLOT_BYTES == 1 << 16, "the head must wrap with the ring");
const _: () = assert!(slot::STACK + 8 <= SLOT_BYTES && 8 * control::WORDS <= HEAD);
const _: () =
    assert!(slot::ARGS + 8 * slot::NARROW_ARGS as u64 == 64, "a call of few arguments takes one cache line");

#[cfg(test)]
mod tests;
