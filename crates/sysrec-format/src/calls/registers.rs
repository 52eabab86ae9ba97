//! What a register of a whole set probably holds, given the call it belongs to. Only the difference is stored, and
//! it is nearly always zero.

use crate::event::{Abi, USER_REGISTERS};
use crate::wire::{unzigzag, zigzag};

/// Places in [`UserRegisters`](crate::event::UserRegisters) that the rules below name.
const RAX: usize = 10;
const ORIG_RAX: usize = 15;
const RIP: usize = 16;
const RSP: usize = 19;

/// The registers of the six arguments: rdi rsi rdx r10 r8 r9 (syscall(2), x86-64 and x32).
const ARGUMENTS_X86_64: [usize; 6] = [14, 13, 12, 7, 9, 8];
/// The registers of the six arguments: ebx ecx edx esi edi ebp (syscall(2), i386).
const ARGUMENTS_I386: [usize; 6] = [5, 11, 12, 13, 14, 4];

/// The parts of an entry that registers repeat.
pub(super) trait EntryValues {
    fn abi(&self) -> Abi;
    fn nr(&self) -> i32;
    fn ip(&self) -> u64;
    fn sp(&self) -> u64;
    fn argument(&self, argument: usize) -> u64;
}

/// What the register probably holds at entry; 0 where nothing is known.
pub(super) fn expected_at_entry(register: usize, entry: &impl EntryValues) -> u64 {
    debug_assert!(register < USER_REGISTERS);
    let arguments: &[usize] = match entry.abi() {
        Abi::X86_64 | Abi::X32 => &ARGUMENTS_X86_64,
        Abi::I386 => &ARGUMENTS_I386,
        _ => return 0,
    };
    match register {
        ORIG_RAX => i64::from(entry.nr()) as u64,
        RIP => entry.ip(),
        RSP => entry.sp(),
        _ => arguments.iter().position(|&place| place == register).map_or(0, |arg| entry.argument(arg)),
    }
}

/// What the register probably holds at exit: the return value in rax, else what it held at entry, where that is
/// known.
pub(super) fn expected_at_exit(register: usize, ret: i64, at_entry: Option<u64>) -> u64 {
    if register == RAX { ret as u64 } else { at_entry.unwrap_or(0) }
}

/// What is stored.
pub(super) fn residual(expected: u64, actual: u64) -> u64 {
    zigzag(actual.wrapping_sub(expected) as i64)
}

/// The register behind what is stored.
pub(super) fn actual(expected: u64, residual: u64) -> u64 {
    expected.wrapping_add(unzigzag(residual) as u64)
}
