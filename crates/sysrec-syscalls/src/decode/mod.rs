//! From registers and memory to meaning.
//!
//! ```text
//!  table row:   openat(dfd: dirfd, filename: path, flags: flags(open), mode: by(open_mode)) -> fd
//!  registers:   0xffffff9c 0x7ffc1000      0x80000             0                               3
//!  memory:                 "/etc/passwd\0"
//!  values:      DirFd(-100) Text           Name("O_RDONLY|O_CLOEXEC")   -- left out --        Fd(3)
//! ```
//!
//! The same walk is the capture plan: it reads a running task through [`Copier`](source::Copier), which keeps what
//! was read.

mod choice;
mod clone;
mod list;
mod message;
mod multiplexed;
mod number;
mod operation;
mod options;
mod shape;
mod signals;
mod sockaddr;
pub(crate) mod source;
mod special;
mod vector;

use std::borrow::Cow;

use crate::call::{ArgKind, Count, Shape};
use crate::value::Value;
use crate::{Abi, CaptureLimits, Level, Moment, Snapshot, Syscall, errno, lookup, name};
pub(crate) use number::octal;
use source::Source;

/// A call as it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct RawCall<'a> {
    /// Whose table the number belongs to.
    pub abi: Abi,
    /// The number as the kernel ran it.
    pub nr: i32,
    /// The six argument registers.
    pub args: [u64; 6],
    /// The result; `None` for a call that did not return.
    pub ret: Option<i64>,
    /// What is known of the memory that the arguments point at.
    pub memory: Snapshot<'a>,
}

/// A call with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The call's name; for those that stand for others (`socketcall`, `ipc`) the inner one's.
    pub name: Cow<'static, str>,
    /// Its arguments, those left out that mean nothing in this call.
    pub args: Vec<DecodedArg>,
    /// What it returned.
    pub outcome: Outcome,
    /// What the result says beside its number: `left {tv_sec=0, tv_usec=12}`, `Timeout`.
    pub remarks: Vec<(&'static str, Value)>,
}

/// One argument with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedArg {
    /// The kernel's name for it.
    pub name: &'static str,
    /// What it means.
    pub value: Value,
    /// Whether the name is shown always: `clone`'s, which every ABI has in another order.
    pub is_named: bool,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did not, or the register holds nothing that was returned (`rt_sigreturn`).
    None,
    /// With a result.
    Returned(Value),
    /// With that error.
    Failed(u32),
}

/// Decodes a call: nothing is looked up but the tables and the given memory.
pub fn decode(call: &RawCall<'_>) -> Decoded {
    let mut memory = call.memory;
    let limits =
        CaptureLimits { string_bytes: SHOWN_BYTES, path_bytes: SHOWN_BYTES, ..CaptureLimits::default() };
    let Some(row) = lookup(call.abi, call.nr) else {
        let args = call.args.iter().map(|register| DecodedArg {
            name: "",
            value: Value::Hex(*register),
            is_named: false,
        });
        let outcome = match call.ret {
            Some(ret) => number::plain_outcome(ret),
            None => Outcome::None,
        };
        return Decoded { name: name(call.abi, call.nr), args: args.collect(), outcome, remarks: Vec::new() };
    };
    let mut decoder = Decoder {
        row,
        layout: Layout::of(call.abi, call.nr),
        args: call.args,
        ret: call.ret,
        level: Level::All,
        limits: &limits,
        source: &mut memory,
        remarks: Vec::new(),
        is_binary: false,
        room_bytes: ROOM_BYTES,
    };
    decoder.enter_multiplexed();
    let args = decoder.arguments();
    let outcome = decoder.outcome();
    Decoded { name: Cow::Borrowed(decoder.row.name), args, outcome, remarks: decoder.remarks }
}

/// No string is shown beyond this, whatever a trace says that it has of it.
const SHOWN_BYTES: usize = 64 << 10;

/// Elements of a vector that are ever looked at (`UIO_MAXIOV`, include/uapi/linux/uio.h).
const MAX_ELEMENTS: u64 = 1024;

/// How wide words are in the memory of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) abi: Abi,
    /// Bytes of a pointer, a `long`, a `size_t`.
    pub(crate) word: usize,
    /// Bytes of a `time_t`.
    pub(crate) time: usize,
}

impl Layout {
    /// The calls of x32 that have their own number (512 and up) take 32-bit words and 64-bit time
    /// (`COMPAT_USE_64BIT_TIME`); the others are those of x86-64.
    pub(crate) fn of(abi: Abi, nr: i32) -> Layout {
        let own = abi == Abi::X32 && nr as u32 & !crate::X32_BIT >= 512;
        let (word, time) = match abi {
            Abi::I386 => (4, 4),
            Abi::X32 if own => (4, 8),
            _ => (8, 8),
        };
        Layout { abi, word, time }
    }

    /// Alignment of a number that wide: i386 aligns 64 bits to 4 bytes.
    pub(crate) fn alignment(self, bytes: usize) -> usize {
        if self.word == 4 { bytes.min(4) } else { bytes }
    }
}

/// Walks the arguments of one call.
pub(crate) struct Decoder<'s, 'l> {
    pub(crate) row: &'static Syscall,
    pub(crate) layout: Layout,
    pub(crate) args: [u64; 6],
    pub(crate) ret: Option<i64>,
    pub(crate) level: Level,
    pub(crate) limits: &'l CaptureLimits,
    pub(crate) source: &'s mut dyn Source,
    pub(crate) remarks: Vec<(&'static str, Value)>,
    /// Whether bytes are no text in this call.
    pub(crate) is_binary: bool,
    /// Bytes of memory that may still be looked at.
    pub(crate) room_bytes: usize,
}

/// Bytes of memory that the decoder looks at in one end of one call, the same bytes as often as pointers lead to them.
pub(crate) const ROOM_BYTES: usize = 128 << 10;

impl Decoder<'_, '_> {
    /// All arguments that mean something in this call.
    pub(crate) fn arguments(&mut self) -> Vec<DecodedArg> {
        self.is_binary = self.row.name == "getrandom";
        if self.row.name == "clone" {
            return self.clone_arguments();
        }
        let row = self.row;
        let mut decoded = Vec::with_capacity(row.args.len());
        for (at, arg) in row.args.iter().enumerate() {
            let Some(register) = self.args.get(at).copied() else { break };
            let kind = match arg.kind {
                ArgKind::By(choice) => self.choose(choice, at),
                kind => kind,
            };
            if kind == ArgKind::Unused {
                continue;
            }
            let value = self.argument(at, kind, register);
            decoded.push(DecodedArg { name: arg.name, value, is_named: false });
        }
        decoded
    }

    /// One register.
    fn argument(&mut self, at: usize, kind: ArgKind, register: u64) -> Value {
        match kind {
            ArgKind::LowHigh | ArgKind::HighLow if self.layout.abi == Abi::I386 => {
                let next = self.args.get(at + 1).copied().unwrap_or(0);
                let (low, high) = if kind == ArgKind::LowHigh { (register, next) } else { (next, register) };
                Value::Signed((u64::from(high as u32) << 32 | u64::from(low as u32)) as i64)
            }
            ArgKind::LowHigh | ArgKind::HighLow => Value::Signed(register as i64),
            // The mask of a bit set, and the operation itself.
            ArgKind::By(_) => self.futex_word(at, register),
            kind => self.register(kind, register),
        }
    }

    /// A register of a kind that needs no other register.
    pub(crate) fn register(&mut self, kind: ArgKind, register: u64) -> Value {
        let address = self.word(register);
        match kind {
            ArgKind::Path => self.string(address, self.limits.path_bytes, Level::Names),
            ArgKind::NameStr => self.string(address, self.limits.path_bytes.min(256), Level::Names),
            ArgKind::Str => self.string(address, self.limits.string_bytes.saturating_add(1), Level::All),
            ArgKind::In(shape) => self.input(shape, address),
            ArgKind::Out(shape) => self.output(shape, address),
            ArgKind::InOut(shape) => self.changed(shape, address),
            kind => self.number(kind, register),
        }
    }

    /// The low half on ABIs with narrow words.
    pub(crate) fn word(&self, register: u64) -> u64 {
        if self.layout.word == 4 { u64::from(register as u32) } else { register }
    }

    /// Memory, as much of it as one call may still take: vectors of vectors that all lead to the same buffer would make
    /// a long text out of a short memory.
    pub(crate) fn read(&mut self, moment: Moment, address: u64, wanted: u64, at_most: usize) -> Vec<u8> {
        let bytes = self.source.read(moment, address, wanted, at_most.min(self.room_bytes));
        self.room_bytes -= bytes.len().min(self.room_bytes);
        bytes
    }

    fn read_string(&mut self, moment: Moment, address: u64, at_most: usize) -> source::Found {
        let found = self.source.string(moment, address, at_most.min(self.room_bytes));
        self.room_bytes -= found.bytes.len().min(self.room_bytes);
        found
    }

    fn wants(&self, level: Level) -> bool {
        level <= self.level
    }

    fn string(&mut self, address: u64, at_most: usize, level: Level) -> Value {
        if address == 0 || !self.wants(level) {
            return Value::Address(address);
        }
        self.string_at(Moment::Entry, address, at_most).unwrap_or(Value::Address(address))
    }

    fn string_at(&mut self, moment: Moment, address: u64, at_most: usize) -> Option<Value> {
        let found = self.read_string(moment, address, at_most);
        if found.bytes.is_empty() && !found.is_whole {
            return None;
        }
        let mut bytes = found.bytes;
        // The byte that was looked at for a NUL alone.
        let is_cut = !found.is_whole;
        if is_cut && bytes.len() == at_most {
            bytes.pop();
        }
        Some(Value::Text { bytes, is_cut, is_binary: false })
    }

    fn input(&mut self, shape: Shape, address: u64) -> Value {
        let known = self.wants(shape.level()) && address != 0 && self.source.has(Moment::Entry);
        let value = if known { self.shape(shape, address, Moment::Entry) } else { None };
        value.unwrap_or(Value::Address(address))
    }

    fn output(&mut self, shape: Shape, address: u64) -> Value {
        if address == 0
            || !self.wants(shape.level())
            || !self.source.has(Moment::Exit)
            || !self.has_output(shape)
        {
            return Value::Address(address);
        }
        self.shape(shape, address, Moment::Exit).unwrap_or(Value::Address(address))
    }

    /// Whether the kernel has written anything.
    fn has_output(&self, shape: Shape) -> bool {
        match (shape, self.ret) {
            (_, None) => false,
            // A sleep that a signal ended says what remains.
            (Shape::Remaining(_), Some(ret)) => matches!(ret, -4 | -516),
            // These are read, and what they point at is written.
            (Shape::Iovec(_) | Shape::Msghdr | Shape::Mmsghdr(_), Some(_)) => true,
            // With WNOHANG and no child that ended, the status is left as it was.
            (Shape::WaitStatus, Some(ret)) => ret > 0,
            (_, Some(_)) => self.succeeded(),
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.ret.is_some_and(|ret| errno::from_return(ret).is_none())
    }

    fn changed(&mut self, shape: Shape, address: u64) -> Value {
        if address == 0 || !self.wants(shape.level()) {
            return Value::Address(address);
        }
        let before = match self.source.has(Moment::Entry) {
            true => self.shape(shape, address, Moment::Entry),
            false => None,
        };
        let after = match self.succeeded() && self.source.has(Moment::Exit) {
            true => self.shape(shape, address, Moment::Exit),
            false => None,
        };
        self.change(shape, address, before, after)
    }

    /// The bytes that a count stands for, whatever they are bounded by later.
    pub(crate) fn count(&mut self, count: Count, moment: Moment) -> u64 {
        match count {
            Count::Fixed(number) => u64::from(number),
            Count::Arg(at) => self.length_argument(at),
            Count::Behind(at) => {
                let address = self.word(self.args[usize::from(at)]);
                let at_entry = self.number_behind(Moment::Entry, address);
                match (moment, at_entry) {
                    (Moment::Entry, at_entry) => at_entry.unwrap_or(0),
                    // The kernel says how much there was, and wrote no more than it was given room for.
                    (Moment::Exit, Some(room)) => self.number_behind(moment, address).unwrap_or(0).min(room),
                    (Moment::Exit, None) => self.number_behind(moment, address).unwrap_or(0),
                }
            }
            Count::Returned => self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0)),
            Count::ReturnedAtMost(at) => {
                let room = self.length_argument(at);
                self.ret.map_or(0, |ret| u64::try_from(ret).unwrap_or(0)).min(room)
            }
        }
    }

    /// A length in a register: 32 bits where the table says so, and negative ones are none.
    fn length_argument(&self, at: u8) -> u64 {
        let at = usize::from(at);
        let register = self.args.get(at).copied().unwrap_or(0);
        match self.row.args.get(at).map(|arg| arg.kind) {
            Some(ArgKind::Int) => u64::try_from(register as i32).unwrap_or(0),
            Some(ArgKind::Uint) => u64::from(register as u32),
            _ => self.word(register),
        }
    }

    fn number_behind(&mut self, moment: Moment, address: u64) -> Option<u64> {
        if address == 0 || !self.source.has(moment) {
            return None;
        }
        let bytes = self.read(moment, address, 4, 4);
        Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
    }
}
