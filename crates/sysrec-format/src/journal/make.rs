//! Makes rows: bodies, and the header that goes with a body.
//!
//! The CRC of a row is computed over a body that has been put together a moment before. `crc32fast` reads 16 bytes at
//! a time, and a load that covers two narrower stores has to wait until both have left for the cache, which takes
//! longer than the CRC itself. So the bodies of calls are made of [`Word`]s of 16 bytes: each is stored as a whole and
//! read as a whole, without waiting.

use super::{END_BYTES, ENTRY_BYTES, EXIT_BYTES, ROW_HEADER_BYTES, RowKind, STACK_BYTES};
use crate::captures::put_captures;
use crate::event::{Abi, Capture, Entry, Exit, StackId, TaskId, UserRegisters};
use crate::wire::crc32;

/// Sixteen bytes that are stored at once, where the CPU can do that.
#[cfg(target_arch = "x86_64")]
type Word = safe_arch::m128i;
#[cfg(not(target_arch = "x86_64"))]
type Word = [u64; 2];

#[cfg(target_arch = "x86_64")]
#[inline]
fn word(low: u64, high: u64) -> Word {
    safe_arch::set_i64_m128i(high as i64, low as i64)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn word(low: u64, high: u64) -> Word {
    [low.to_le(), high.to_le()]
}

/// The task, and another number of 32 bits behind it.
fn with_task(task: TaskId, other: u32) -> u64 {
    u64::from(task.0) | u64::from(other) << 32
}

/// The body of an ENTRY row, apart from a register set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryBody([Word; ENTRY_BYTES / 16]);

impl EntryBody {
    #[inline]
    pub(crate) fn new(task: TaskId, entry: &Entry) -> Self {
        let [a, b, c, d, e, f] = entry.args;
        Self([
            word(entry.time_ns, with_task(task, entry.nr as u32)),
            word(entry.ip, entry.sp),
            word(a, b),
            word(c, d),
            word(e, f),
        ])
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::bytes_of(&self.0)
    }
}

/// The body of an EXIT row, apart from a register set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExitBody([Word; EXIT_BYTES.div_ceil(16)]);

impl ExitBody {
    #[inline]
    pub(crate) fn new(task: TaskId, exit: &Exit) -> Self {
        Self([word(exit.time_ns, exit.ret as u64), word(with_task(task, 0), 0)])
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::bytes_of(&self.0)[..EXIT_BYTES]
    }
}

/// The body of an END row.
pub(crate) fn end_body(task: TaskId, time_ns: u64) -> [u8; END_BYTES] {
    let mut body = [0; END_BYTES];
    body[..8].copy_from_slice(&time_ns.to_le_bytes());
    body[8..].copy_from_slice(&with_task(task, 0).to_le_bytes());
    body
}

/// The body of a STACK row.
pub(crate) fn stack_body(task: TaskId, stack: StackId) -> [u8; STACK_BYTES] {
    with_task(task, stack.0).to_le_bytes()
}

/// The body of a CAPTURE row.
pub(crate) fn put_capture_body(out: &mut Vec<u8>, task: TaskId, captures: &[Capture]) {
    out.extend_from_slice(&task.0.to_le_bytes());
    put_captures(out, captures);
    out.resize(out.len().next_multiple_of(8), 0);
}

/// Puts a register set behind a body.
pub(crate) fn put_registers(body: &mut Vec<u8>, registers: &UserRegisters) {
    registers.iter().for_each(|register| body.extend_from_slice(&register.to_le_bytes()));
}

/// The last four bytes of a header.
fn head(kind: RowKind, detail: u8, body_bytes: usize) -> [u8; 4] {
    let [low, high] = ((body_bytes / 8) as u16).to_le_bytes();
    [kind.0, detail, low, high]
}

fn header(head: [u8; 4], crc: u32) -> [u8; ROW_HEADER_BYTES] {
    (u64::from(crc) | u64::from(u32::from_le_bytes(head)) << 32).to_le_bytes()
}

/// The header of a row with this body, zeros up to a multiple of 8 included.
pub(crate) fn row_header(seed: u32, kind: RowKind, detail: u8, body: &[u8]) -> [u8; ROW_HEADER_BYTES] {
    let head = head(kind, detail, body.len());
    header(head, crc32(crc32(seed, &head), body))
}

/// The CRC of a row begins with the journal's seed and the last half of its header. For the rows of calls, which are
/// of few kinds, this keeps what comes out of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowSeeds {
    /// The journal's own.
    pub(crate) journal: u32,
    abi: Abi,
    entry: u32,
    exit: u32,
}

impl RowSeeds {
    pub(crate) fn new(journal: u32) -> Self {
        let exit = crc32(journal, &head(RowKind::EXIT, 0, EXIT_BYTES));
        let mut seeds = Self { journal, abi: Abi::X86_64, entry: 0, exit };
        seeds.take_abi(Abi::X86_64);
        seeds
    }

    fn take_abi(&mut self, abi: Abi) {
        self.abi = abi;
        self.entry = crc32(self.journal, &head(RowKind::ENTRY, abi.0, ENTRY_BYTES));
    }

    /// The header of an ENTRY row without a register set.
    #[inline]
    pub(crate) fn entry_header(&mut self, abi: Abi, body: &EntryBody) -> [u8; ROW_HEADER_BYTES] {
        if self.abi != abi {
            self.take_abi(abi);
        }
        header(head(RowKind::ENTRY, abi.0, ENTRY_BYTES), crc32(self.entry, body.bytes()))
    }

    /// The header of an EXIT row without a register set.
    #[inline]
    pub(crate) fn exit_header(&self, body: &ExitBody) -> [u8; ROW_HEADER_BYTES] {
        header(head(RowKind::EXIT, 0, EXIT_BYTES), crc32(self.exit, body.bytes()))
    }
}

/// Whole rows, for tests.
#[cfg(test)]
pub(crate) mod whole {
    use super::*;

    fn row(seed: u32, kind: RowKind, detail: u8, body: &[u8], registers: Option<&UserRegisters>) -> Vec<u8> {
        let mut body = body.to_vec();
        if let Some(registers) = registers {
            put_registers(&mut body, registers);
        }
        let mut row = row_header(seed, kind, detail, &body).to_vec();
        row.append(&mut body);
        row
    }

    pub(crate) fn stack_row(seed: u32, task: TaskId, stack: StackId) -> Vec<u8> {
        row(seed, RowKind::STACK, 0, &stack_body(task, stack), None)
    }

    pub(crate) fn entry_row(seed: u32, task: TaskId, entry: &Entry) -> Vec<u8> {
        let body = EntryBody::new(task, entry);
        let row = row(seed, RowKind::ENTRY, entry.abi.0, body.bytes(), entry.registers.as_deref());
        if entry.registers.is_none() {
            assert_eq!(RowSeeds::new(seed).entry_header(entry.abi, &body), row[..ROW_HEADER_BYTES]);
        }
        row
    }

    pub(crate) fn exit_row(seed: u32, task: TaskId, exit: &Exit) -> Vec<u8> {
        let body = ExitBody::new(task, exit);
        let row = row(seed, RowKind::EXIT, 0, body.bytes(), exit.registers.as_deref());
        if exit.registers.is_none() {
            assert_eq!(RowSeeds::new(seed).exit_header(&body), row[..ROW_HEADER_BYTES]);
        }
        row
    }
}
