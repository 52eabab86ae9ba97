//! The journal: the rows of calls and events that are not in a sealed chunk yet.
//!
//! ```text
//!  crc u32 | kind u8 | detail u8 | length u16 | body, zeros up to a multiple of 8
//!  `------ one aligned 8-byte store --------'   length in units of 8 bytes
//! ```
//! A row appears by the store of its header, which comes after its body and after the next header is made zero: a
//! process that dies between any two stores leaves a journal that ends with a whole row and a zero. The CRC covers
//! kind to body and begins with the trace's seed and the journal's number, so rows of an earlier use of the same
//! bytes are not taken for rows of this one.

pub(crate) mod make;

use crate::captures::{CaptureRef, capture_refs};
use crate::error::Error;
use crate::event::{Abi, Entry, StackId, TaskId, USER_REGISTERS, UnfinishedReason, UserRegisters};
use crate::events::EVENT_HEADER_BYTES;
use crate::limits::{CAPTURED_BYTES_MAX, EVENT_BODY_BYTES_MAX};
use crate::wire::{Cursor, crc32, fixed, u32_at, u64_at};

/// Bytes of a row's header.
pub const ROW_HEADER_BYTES: usize = 8;
/// Bytes of a register set.
const REGISTERS_BYTES: usize = 8 * USER_REGISTERS;
pub(crate) const ENTRY_BYTES: usize = 80;
const EXIT_BYTES: usize = 24;
const END_BYTES: usize = 16;
const STACK_BYTES: usize = 8;
/// Bytes of the largest event in a row, padding included.
const EVENT_BYTES_MAX: usize = (EVENT_HEADER_BYTES + EVENT_BODY_BYTES_MAX as usize).next_multiple_of(8);
/// Bytes of a CAPTURE row's body before its list.
const CAPTURE_HEAD_BYTES: usize = 4;
/// Bytes of the largest body of a CAPTURE row.
const CAPTURE_BODY_BYTES_MAX: usize = (CAPTURE_HEAD_BYTES + CAPTURED_BYTES_MAX).next_multiple_of(8);
/// Bytes of the largest row of a call: an entry with all registers.
pub(crate) const CALL_ROW_BYTES_MAX: usize = ROW_HEADER_BYTES + ENTRY_BYTES + REGISTERS_BYTES;

/// Bytes of an ENTRY row without a register set.
const ENTRY_ROW_BYTES: usize = ROW_HEADER_BYTES + ENTRY_BYTES;
/// Bytes of a STACK row.
pub(crate) const STACK_ROW_BYTES: usize = ROW_HEADER_BYTES + STACK_BYTES;
/// Bytes of the two rows of a call without register sets.
pub(crate) const CALL_BYTES: usize = ENTRY_ROW_BYTES + ROW_HEADER_BYTES + EXIT_BYTES;

/// What a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowKind(pub u8);

impl RowKind {
    /// What stands behind the last row.
    const NONE: RowKind = RowKind(0);
    /// The start of a call; the detail is its ABI.
    pub const ENTRY: RowKind = RowKind(1);
    /// The end of the task's call.
    pub const EXIT: RowKind = RowKind(2);
    /// The task's call ended without an exit; the detail is the reason.
    pub const END: RowKind = RowKind(3);
    /// A record as in an EVENTS chunk.
    pub const EVENT: RowKind = RowKind(4);
    /// The stack of the task's call in flight.
    pub const STACK: RowKind = RowKind(5);
    /// Memory of the task's call in flight; the detail is 0 at entry, 1 at exit.
    pub const CAPTURE: RowKind = RowKind(6);
    /// A row taken back.
    pub const VOID: RowKind = RowKind(255);
}

/// What the CRCs of a journal's rows begin with.
pub(crate) fn row_seed(trace_seed: u32, generation: u64) -> u32 {
    crc32(trace_seed, &generation.to_le_bytes())
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// Where it begins in the journal.
    pub(crate) at: usize,
    pub(crate) kind: RowKind,
    pub(crate) detail: u8,
    pub(crate) body: &'a [u8],
}

/// The body of an ENTRY row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryRow<'a> {
    pub(crate) abi: Abi,
    bytes: &'a [u8; ENTRY_BYTES],
    pub(crate) registers: Option<RegistersRow<'a>>,
}

/// The body of an EXIT row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExitRow<'a> {
    bytes: &'a [u8; EXIT_BYTES],
    pub(crate) registers: Option<RegistersRow<'a>>,
}

/// A register set in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegistersRow<'a>(&'a [u8; REGISTERS_BYTES]);

impl RegistersRow<'_> {
    pub(crate) fn get(&self, register: usize) -> u64 {
        u64_at(self.0, 8 * register)
    }

    fn to_registers(self) -> Box<UserRegisters> {
        Box::new(std::array::from_fn(|register| self.get(register)))
    }
}

/// Splits a body into its fixed part and the register set that may follow.
fn split<const N: usize>(body: &[u8]) -> Option<(&[u8; N], Option<RegistersRow<'_>>)> {
    let (fixed, rest) = body.split_first_chunk::<N>()?;
    if rest.is_empty() {
        Some((fixed, None))
    } else {
        Some((fixed, Some(RegistersRow(rest.try_into().ok()?))))
    }
}

impl<'a> EntryRow<'a> {
    pub(crate) fn time_ns(&self) -> u64 {
        u64_at(self.bytes, 0)
    }
    pub(crate) fn task(&self) -> TaskId {
        TaskId(u32_at(self.bytes, 8))
    }
    pub(crate) fn nr(&self) -> i32 {
        i32::from_le_bytes(fixed(self.bytes, 12))
    }
    pub(crate) fn ip(&self) -> u64 {
        u64_at(self.bytes, 16)
    }
    pub(crate) fn sp(&self) -> u64 {
        u64_at(self.bytes, 24)
    }
    pub(crate) fn arg(&self, arg: usize) -> u64 {
        u64_at(self.bytes, 32 + 8 * arg)
    }
    pub(crate) fn to_entry(self) -> Entry {
        Entry {
            time_ns: self.time_ns(),
            abi: self.abi,
            nr: self.nr(),
            ip: self.ip(),
            sp: self.sp(),
            args: std::array::from_fn(|arg| self.arg(arg)),
            registers: self.registers.map(RegistersRow::to_registers),
            captures: Vec::new(),
            stack: None,
        }
    }
}

impl<'a> ExitRow<'a> {
    pub(crate) fn time_ns(&self) -> u64 {
        u64_at(self.bytes, 0)
    }
    pub(crate) fn ret(&self) -> i64 {
        u64_at(self.bytes, 8) as i64
    }
    pub(crate) fn task(&self) -> TaskId {
        TaskId(u32_at(self.bytes, 16))
    }
}

/// What a row says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said<'a> {
    Entry(EntryRow<'a>),
    Exit(ExitRow<'a>),
    End {
        task: TaskId,
        time_ns: u64,
        reason: UnfinishedReason,
    },
    /// A record with its padding.
    Event(&'a [u8]),
    /// Captures of the task's call in flight.
    Capture {
        task: TaskId,
        exit: bool,
    },
    /// The stack of the task's call in flight.
    Stack {
        task: TaskId,
        stack: StackId,
    },
    /// Nothing, or nothing that this version understands.
    Nothing,
}

fn header_at(journal: &[u8], at: usize) -> Option<[u8; ROW_HEADER_BYTES]> {
    journal.get(at..)?.first_chunk().copied()
}

#[cold]
fn too_long(at: usize, journal_bytes: usize, header: [u8; ROW_HEADER_BYTES]) -> Error {
    let expected = format!("at most {} bytes", journal_bytes - at);
    let found = ROW_HEADER_BYTES + 8 * usize::from(u16::from_le_bytes([header[6], header[7]]));
    Error::malformed(at as u64, "row of the journal", expected, found)
}

#[cold]
fn wrong_crc(at: usize, stored: u32, computed: u32) -> Error {
    let (expected, found) = (format!("{computed:#010x}"), format!("{stored:#010x}"));
    Error::malformed(at as u64, "CRC of a row of the journal", expected, found)
}

impl<'a> Row<'a> {
    /// The row at a place where there is known to be one: its CRC is not looked at. `None` for one that is longer
    /// than the journal.
    #[inline]
    pub(crate) fn own(journal: &'a [u8], at: usize) -> Option<Self> {
        let header = header_at(journal, at)?;
        let units = u16::from_le_bytes([header[6], header[7]]);
        let body = at + ROW_HEADER_BYTES;
        let body = journal.get(body..body + 8 * usize::from(units))?;
        Some(Row { at, kind: RowKind(header[4]), detail: header[5], body })
    }

    fn end(&self) -> usize {
        self.at + ROW_HEADER_BYTES + self.body.len()
    }

    /// `None` for a row whose length does not fit its kind.
    #[inline]
    pub(crate) fn said(&self) -> Option<Said<'a>> {
        Some(match self.kind {
            RowKind::ENTRY => {
                let (bytes, registers) = split(self.body)?;
                Said::Entry(EntryRow { abi: Abi(self.detail), bytes, registers })
            }
            RowKind::EXIT => {
                let (bytes, registers) = split(self.body)?;
                Said::Exit(ExitRow { bytes, registers })
            }
            RowKind::END => {
                let (bytes, _) = self.body.split_first_chunk::<END_BYTES>()?;
                let reason = UnfinishedReason(self.detail);
                Said::End { task: TaskId(u32_at(bytes, 8)), time_ns: u64_at(bytes, 0), reason }
            }
            RowKind::EVENT => Said::Event(self.body),
            RowKind::CAPTURE => {
                let task = TaskId(u32_at(self.body.first_chunk::<8>()?, 0));
                Said::Capture { task, exit: self.detail != 0 }
            }
            RowKind::STACK => {
                let (bytes, _) = self.body.split_first_chunk::<STACK_BYTES>()?;
                Said::Stack { task: TaskId(u32_at(bytes, 0)), stack: StackId(u32_at(bytes, 4)) }
            }
            _ => Said::Nothing,
        })
    }
}

/// Where a finished call's two rows begin, and the [`Attached`] rows that belong to it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallAt {
    pub(crate) entry: u32,
    pub(crate) exit: u32,
    pub(crate) attached: Chain,
}

/// Rows that belong to a call besides its two: its stack, its captures.
///
/// Few calls have any. So they are kept in one list, in which those of a call are chained, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Attached {
    /// Where the row begins, and the next of the same call.
    rows: Vec<(u32, Chain)>,
}

/// The attached rows of a call; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain(u32);

impl Attached {
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Whether no call has any.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The chain with one more row.
    pub(crate) fn add(&mut self, at: u32, chain: Chain) -> Chain {
        self.rows.push((at, chain));
        Chain(self.rows.len() as u32)
    }

    /// Where the rows of a chain begin, the latest first.
    pub(crate) fn rows(&self, chain: Chain) -> impl Iterator<Item = u32> {
        let mut next = chain;
        std::iter::from_fn(move || {
            let &(at, rest) = self.rows.get((next.0 as usize).checked_sub(1)?)?;
            next = rest;
            Some(at)
        })
    }

    /// The stack that the rows of a chain name; of several the latest.
    pub(crate) fn stack(&self, journal: &[u8], chain: Chain) -> Option<StackId> {
        self.rows(chain).find_map(|at| match Row::own(journal, at as usize)?.said()? {
            Said::Stack { stack, .. } => Some(stack),
            _ => None,
        })
    }

    /// The rows of captures in a chain; of several of one end the latest.
    pub(crate) fn captures(&self, journal: &[u8], chain: Chain) -> CaptureRows {
        let mut found = CaptureRows::default();
        for at in self.rows(chain) {
            match Row::own(journal, at as usize).and_then(|row| row.said()) {
                Some(Said::Capture { exit: false, .. }) => _ = found.entry.get_or_insert(at),
                Some(Said::Capture { exit: true, .. }) => _ = found.exit.get_or_insert(at),
                _ => {}
            }
        }
        found
    }
}

/// Where the rows of a call's captures begin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CaptureRows {
    pub(crate) entry: Option<u32>,
    pub(crate) exit: Option<u32>,
}

impl CaptureRows {
    pub(crate) fn is_empty(&self) -> bool {
        self.entry.is_none() && self.exit.is_none()
    }
}

fn capture_list(journal: &[u8], at: Option<u32>) -> Option<&[u8]> {
    let row = Row::own(journal, at? as usize).filter(|row| row.kind == RowKind::CAPTURE)?;
    row.body.get(CAPTURE_HEAD_BYTES..)
}

/// The captures in the row at `at`; none for no row, and for one that cannot be read.
pub(crate) fn captures_at(journal: &[u8], at: Option<u32>) -> Vec<CaptureRef<'_>> {
    let list = capture_list(journal, at);
    list.and_then(|list| capture_refs(&mut Cursor::new(list, 0)).ok()).unwrap_or_default()
}

/// How many captures the row at `at` says that it has.
pub(crate) fn captures_in(journal: &[u8], at: Option<u32>) -> usize {
    capture_list(journal, at).map_or(0, |list| u32_at(list, 0) as usize)
}

impl CallAt {
    /// The rows, at places where they were a moment ago.
    #[inline]
    pub(crate) fn rows(self, journal: &[u8]) -> Option<(EntryRow<'_>, ExitRow<'_>)> {
        if self.exit.wrapping_sub(self.entry) == ENTRY_ROW_BYTES as u32
            && let Some(rows) = pair_at(journal, self.entry as usize)
        {
            return Some(rows);
        }
        match (entry_at(journal, self.entry), Row::own(journal, self.exit as usize)?.said()) {
            (Some(entry), Some(Said::Exit(exit))) => Some((entry, exit)),
            _ => None,
        }
    }
}

/// The start and the end of a call of one task, without register sets, one behind the other at `at`.
#[inline]
fn pair_at(journal: &[u8], at: usize) -> Option<(EntryRow<'_>, ExitRow<'_>)> {
    let rows: &[u8; CALL_BYTES] = journal.get(at..)?.first_chunk()?;
    let (first, second) = rows.split_at(ENTRY_ROW_BYTES);
    let (header, body) = first.split_first_chunk::<ROW_HEADER_BYTES>()?;
    if header[4] != RowKind::ENTRY.0 || header[6..] != [(ENTRY_BYTES / 8) as u8, 0] {
        return None;
    }
    let entry = EntryRow { abi: Abi(header[5]), bytes: body.first_chunk()?, registers: None };
    let (header, body) = second.split_first_chunk::<ROW_HEADER_BYTES>()?;
    if header[4] != RowKind::EXIT.0 || header[6..] != [(EXIT_BYTES / 8) as u8, 0] {
        return None;
    }
    let exit = ExitRow { bytes: body.first_chunk()?, registers: None };
    (entry.task() == exit.task()).then_some((entry, exit))
}

/// The ENTRY row at a place where there was one a moment ago.
#[inline]
pub(crate) fn entry_at(journal: &[u8], at: u32) -> Option<EntryRow<'_>> {
    match Row::own(journal, at as usize)?.said() {
        Some(Said::Entry(entry)) => Some(entry),
        _ => None,
    }
}

/// Rows in order.
pub(crate) trait JournalRows<'a>: Iterator<Item = Row<'a>> {
    /// The next two rows, if they are the start and the end of a call without register sets; `None`, and nothing passed
    /// over, if not.
    ///
    /// Most rows come in such pairs, and where the next pair begins does not depend on what is read from this one: the
    /// CPU need not wait for the one before it looks at the other.
    fn next_call(&mut self) -> Option<(CallAt, EntryRow<'a>, ExitRow<'a>)> {
        None
    }
}

/// The rows of a journal that the writer has filled itself: they are believed, up to the first header that is none.
pub(crate) struct OwnRows<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> OwnRows<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'a> JournalRows<'a> for OwnRows<'a> {
    #[inline]
    fn next_call(&mut self) -> Option<(CallAt, EntryRow<'a>, ExitRow<'a>)> {
        let (entry, exit) = pair_at(self.bytes, self.at)?;
        let second = (self.at + ENTRY_ROW_BYTES) as u32;
        let at = CallAt { entry: self.at as u32, exit: second, attached: Chain::default() };
        self.at += CALL_BYTES;
        Some((at, entry, exit))
    }
}

impl<'a> Iterator for OwnRows<'a> {
    type Item = Row<'a>;

    #[inline]
    fn next(&mut self) -> Option<Row<'a>> {
        let row = Row::own(self.bytes, self.at).filter(|row| row.kind != RowKind::NONE)?;
        self.at = row.end();
        Some(row)
    }
}

/// The rows of a journal that was found: each is checked, and what cannot be read is passed over.
pub(crate) struct CheckedRows<'a> {
    bytes: &'a [u8],
    at: usize,
    seed: u32,
    /// Bytes that may still be spent on CRCs; without a bound a hostile journal would make the search for the next
    /// row behind a damage quadratic.
    budget: usize,
    /// Parts that could not be read: where, how long, what was wrong.
    pub(crate) damages: Vec<(usize, usize, Error)>,
}

impl<'a> CheckedRows<'a> {
    pub(crate) fn new(bytes: &'a [u8], seed: u32) -> Self {
        Self { bytes, at: 0, seed, budget: 4 * bytes.len() + 4096, damages: Vec::new() }
    }

    /// The row at `at`; `Ok(None)` at the end.
    fn row_at(&mut self, at: usize) -> Result<Option<Row<'a>>, Error> {
        let Some(header) = header_at(self.bytes, at) else { return Ok(None) };
        if header == [0; ROW_HEADER_BYTES] {
            return Ok(None);
        }
        let Some(row) = Row::own(self.bytes, at) else {
            return Err(too_long(at, self.bytes.len(), header));
        };
        let end = row.end();
        self.budget = self.budget.saturating_sub(end - at);
        let (stored, computed) = (u32_at(&header, 0), crc32(self.seed, &self.bytes[at + 4..end]));
        if stored != computed {
            return Err(wrong_crc(at, stored, computed));
        }
        Ok(Some(row))
    }

    /// Whether a row of a known kind could begin at `at`: a look at the header, which spares most CRCs.
    fn plausible(&self, at: usize) -> bool {
        let Some(header) = header_at(self.bytes, at) else { return false };
        let bytes = 8 * usize::from(u16::from_le_bytes([header[6], header[7]]));
        match RowKind(header[4]) {
            RowKind::ENTRY => bytes == ENTRY_BYTES || bytes == ENTRY_BYTES + REGISTERS_BYTES,
            RowKind::EXIT => bytes == EXIT_BYTES || bytes == EXIT_BYTES + REGISTERS_BYTES,
            RowKind::END => bytes == END_BYTES,
            RowKind::STACK => bytes == STACK_BYTES,
            RowKind::CAPTURE => (8..=CAPTURE_BODY_BYTES_MAX).contains(&bytes),
            RowKind::EVENT | RowKind::VOID => bytes <= EVENT_BYTES_MAX,
            _ => false,
        }
    }

    /// Where the next good row begins, searched from behind a bad one at `bad`.
    fn search(&mut self, bad: usize) -> Option<usize> {
        let places = (bad + ROW_HEADER_BYTES..self.bytes.len()).step_by(8);
        for at in places {
            if self.budget == 0 {
                break;
            }
            if self.plausible(at) && matches!(self.row_at(at), Ok(Some(_))) {
                return Some(at);
            }
        }
        None
    }
}

impl<'a> JournalRows<'a> for CheckedRows<'a> {}

impl<'a> Iterator for CheckedRows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        loop {
            match self.row_at(self.at) {
                Ok(row) => {
                    let row = row?;
                    self.at = row.end();
                    return Some(row);
                }
                Err(error) => {
                    let bad = self.at;
                    let next = self.search(bad);
                    self.at = next.unwrap_or(self.bytes.len());
                    self.damages.push((bad, self.at - bad, error));
                    next?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::make::whole::exit_row;
    use super::*;
    use crate::event::Exit;

    fn journal(seed: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for i in 0..5 {
            let exit = Exit { time_ns: 10, ret: -1, registers: None, captures: Vec::new() };
            bytes.extend_from_slice(&exit_row(seed, TaskId(i), &exit));
        }
        bytes.extend_from_slice(&[0; 64]);
        bytes
    }

    fn tasks(rows: &mut CheckedRows<'_>) -> Vec<u32> {
        rows.map(|row| match row.said() {
            Some(Said::Exit(exit)) => exit.task().0,
            other => panic!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn rows_end_at_the_first_zero_and_at_rows_of_another_generation() {
        let bytes = journal(row_seed(1, 7));
        let mut rows = CheckedRows::new(&bytes, row_seed(1, 7));
        assert_eq!(tasks(&mut rows), [0, 1, 2, 3, 4]);
        assert!(rows.damages.is_empty());
        assert_eq!(tasks(&mut CheckedRows::new(&bytes, row_seed(1, 9))), []);
    }

    #[test]
    fn every_flip_loses_one_row_and_says_where() {
        let good = journal(5);
        for at in 0..5 * 32 {
            let mut bytes = good.clone();
            bytes[at] ^= 0x41;
            let mut rows = CheckedRows::new(&bytes, 5);
            let mut expected = vec![0, 1, 2, 3, 4];
            expected.remove(at / 32);
            assert_eq!(tasks(&mut rows), expected, "byte {at}");
            assert_eq!(rows.damages.len(), 1);
            assert_eq!(rows.damages[0].0, at / 32 * 32);
        }
    }

    #[test]
    fn a_journal_of_nothing_but_traps_ends_soon() {
        // Each row claims the longest body and has a wrong CRC.
        let mut bytes = vec![0xff; 4 << 20];
        for row in bytes.chunks_exact_mut(8) {
            row[4] = RowKind::EVENT.0;
            row[6] = 0xff;
            row[7] = 0x0f;
        }
        let mut rows = CheckedRows::new(&bytes, 5);
        assert_eq!(rows.by_ref().count(), 0);
        assert_eq!(rows.damages.len(), 1);
    }
}
