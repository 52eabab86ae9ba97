//! Registers of a call, for `--raw`.

use std::fmt::Write as _;

use sysrec_format::event::{Entry, USER_REGISTERS, UserRegisters};

/// The names in the order of `struct user_regs_struct` of x86-64 (`arch/x86/include/asm/user_64.h`).
pub(super) const NAMES: [&str; USER_REGISTERS] = [
    "r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
    "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs",
];

/// Appends where the call was made: ` [ip 0x401000 sp 0x7ffd10]`.
pub(super) fn write_site(line: &mut String, entry: &Entry) {
    _ = write!(line, " [ip {:#x} sp {:#x}]", entry.ip, entry.sp);
}

/// Appends a line with the whole set, where it was recorded.
pub(super) fn write_all(line: &mut String, at: &str, registers: Option<&UserRegisters>) {
    let Some(registers) = registers else { return };
    _ = write!(line, "\n    {at}:");
    for (name, value) in NAMES.iter().zip(registers) {
        _ = write!(line, " {name}={value:#x}");
    }
}
