//! What is known of one system call.

use crate::{Classes, Level};

/// One row of an ABI's table.
#[derive(Debug)]
pub struct Syscall {
    /// The number as the kernel runs it; on x32 with [`X32_BIT`](crate::X32_BIT).
    pub number: u32,
    /// The kernel's name for it, without `sys_`; for i386 that of `syscall_32.tbl`.
    pub name: &'static str,
    /// The arguments in order of their registers, six at most.
    ///
    /// Empty also for numbers that this ABI reserves but does not implement (`tuxcall`, `vserver`).
    pub args: &'static [Arg],
    /// The classes that a filter may name it by.
    pub classes: Classes,
}

/// One argument: a register's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// The name in the kernel's definition of the call (`SYSCALL_DEFINE`), without leading underscores.
    pub name: &'static str,
    /// How to read the register.
    pub kind: ArgKind,
}

/// How to read an argument's register: its width, its sign, and what it stands for.
///
/// Widths are those of the ABI: [`Long`](ArgKind::Long), [`Ulong`](ArgKind::Ulong),
/// [`Size`](ArgKind::Size) and every pointer have 32 bits on i386; the bits above are not part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgKind {
    /// Signed, 32 bits: the low half of the register.
    Int,
    /// Unsigned, 32 bits.
    Uint,
    /// Signed, as wide as a pointer in kernel terms.
    Long,
    /// Unsigned, as wide as a pointer in kernel terms: flags, counts, opaque values.
    Ulong,
    /// A length in bytes.
    Size,
    /// A signed file offset or length of 64 bits.
    Off,
    /// A file descriptor, signed, 32 bits; also a message queue's.
    Fd,
    /// A descriptor that a relative path starts from; -100 is `AT_FDCWD`.
    DirFd,
    /// The address of a NUL-terminated file name.
    Path,
    /// The address of another NUL-terminated string.
    Str,
    /// Any other address.
    Ptr,
    /// Permission bits and file type, 16 bits.
    Mode,
    /// A process, thread or process group, signed, 32 bits.
    Pid,
    /// A user, group or project, 32 bits (16 in the oldest i386 calls).
    Id,
    /// A signal number.
    Signal,
}

impl ArgKind {
    /// The first level of capture that copies what the argument points at; [`Level::None`] is never the answer.
    ///
    /// `None` where it points at nothing that is worth copying.
    pub fn level(self) -> Option<Level> {
        match self {
            ArgKind::Path => Some(Level::Names),
            _ => None,
        }
    }
}
