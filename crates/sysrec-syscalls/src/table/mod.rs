//! The tables, one module of rows an ABI, and the ways to ask them.
//!
//! The rows are written by `tools/generate.rs` from `tools/calls.txt`; `docs/adding_a_call.md` says how.

use std::borrow::Cow;

use crate::{Abi, Syscall};

/// Turns `number name(argument: Kind, ...) -> Kind, [CLASS CLASS];` rows into a table.
macro_rules! rows {
    ($($number:literal $name:ident($($arg:ident: $kind:expr),*) -> $returns:expr, [$($class:ident)*];)*) => {
        pub(super) static CALLS: &[crate::Syscall] = &[$(crate::Syscall {
            number: $number,
            name: stringify!($name),
            args: &[$(crate::Arg { name: stringify!($arg), kind: $kind }),*],
            returns: $returns,
            classes: crate::Classes::empty()$(.union(crate::Classes::$class))*,
        }),*];
    };
}

/// What the rows are written in.
mod words {
    pub(super) use crate::call::{ArgKind::*, Choice, Count, Count::*, Shape::*, Width::*};
    pub(super) use crate::{constants as sets, structs};
}

mod aarch64;
mod i386;
mod x32;
mod x86_64;

/// The bit that marks an x32 call in the number register (`__X32_SYSCALL_BIT`, asm/unistd.h).
pub const X32_BIT: u32 = 0x4000_0000;

/// No kernel has a call of this number or above, [`X32_BIT`] aside; the highest in use is 547, on x32.
pub const NUMBER_LIMIT: u32 = 1024;

/// Position of each number in its table plus one; zero where the ABI has no such call.
type Index = [u16; NUMBER_LIMIT as usize];

static INDEXES: [Index; 4] =
    [index(x86_64::CALLS), index(x32::CALLS), index(i386::CALLS), index(aarch64::CALLS)];

const fn index(calls: &[Syscall]) -> Index {
    let mut index = [0; NUMBER_LIMIT as usize];
    let mut position = 0;
    while position < calls.len() {
        let slot = (calls[position].number & !X32_BIT) as usize;
        assert!(index[slot] == 0, "two calls of one ABI share a number");
        position += 1;
        index[slot] = position as u16;
    }
    index
}

/// Every call of the ABI, in the order of their numbers.
pub fn calls(abi: Abi) -> &'static [Syscall] {
    match abi {
        Abi::X86_64 => x86_64::CALLS,
        Abi::X32 => x32::CALLS,
        Abi::I386 => i386::CALLS,
        Abi::Aarch64 => aarch64::CALLS,
    }
}

/// The call that the kernel ran, by the number in its register as `PTRACE_GET_SYSCALL_INFO` and seccomp give it.
///
/// On x32 the number carries [`X32_BIT`]; without it, it is none of x32's. `None` for numbers that the ABI does not
/// have, -1 (a call that a tracer or seccomp skipped) among them. Takes constant time.
pub fn lookup(abi: Abi, nr: i32) -> Option<&'static Syscall> {
    let slot = slot(abi, nr)?;
    let position = INDEXES[abi.index()][slot].checked_sub(1)?;
    calls(abi).get(usize::from(position))
}

/// The call's name, or `syscall_0x` with the number's 32 bits in hexadecimal: `syscall_0x1d3`; -1 is
/// `syscall_0xffffffff`. strace writes unknown calls the same way.
pub fn name(abi: Abi, nr: i32) -> Cow<'static, str> {
    match lookup(abi, nr) {
        Some(call) => Cow::Borrowed(call.name),
        None => Cow::Owned(format!("syscall_{nr:#x}")),
    }
}

/// How many of the six argument registers are recorded, whatever a call has in them.
pub const REGISTERS_ALWAYS: usize = 3;

/// How many of the six argument registers are recorded of a call: [`REGISTERS_ALWAYS`] where it has no more arguments
/// than that, else all, as of a number that the ABI does not have. What is left over in the others from earlier work is
/// no part of the call.
#[inline]
pub fn registers_recorded(abi: Abi, nr: i32) -> usize {
    match lookup(abi, nr) {
        Some(call) if call.args.len() <= REGISTERS_ALWAYS => REGISTERS_ALWAYS,
        _ => 6,
    }
}

/// The argument registers of a call as they are recorded: 0 for those that are not. All are of an ABI that is not known.
#[inline]
pub fn arguments(abi: Option<Abi>, nr: i32, mut registers: [u64; 6]) -> [u64; 6] {
    if let Some(abi) = abi {
        registers[registers_recorded(abi, nr)..].fill(0);
    }
    registers
}

/// The ABI's call of that name. Takes time linear in the table.
pub fn by_name(abi: Abi, name: &str) -> Option<&'static Syscall> {
    calls(abi).iter().find(|call| call.name == name)
}

/// The number below [`NUMBER_LIMIT`] that stands for `nr` in tables and sets of the ABI.
pub(crate) fn slot(abi: Abi, nr: i32) -> Option<usize> {
    let number = u32::try_from(nr).ok()?;
    let number = match abi {
        Abi::X32 => number.checked_sub(X32_BIT)?,
        _ => number,
    };
    (number < NUMBER_LIMIT).then_some(number as usize)
}
