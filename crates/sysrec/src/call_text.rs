//! A call in one line: its name, its raw arguments, what it returned.
//!
//! Written into a buffer that is used again, since a replay has millions of lines.

use std::fmt::Write;

use sysrec_analyzer::{call_name, errno_name, error_of, returns_no_result};
use sysrec_format::event::{Abi, Call, Entry};
use sysrec_syscalls::{Arg, ArgKind, Syscall, lookup};

/// How arguments are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Those that the call has, each as its definition reads it.
    #[default]
    Plain,
    /// The same, each with its name: `fd=3`.
    Named,
    /// All six registers in hexadecimal.
    Registers,
}

/// `openat(AT_FDCWD, 0x7ffc1c30, 0x80000, 0)`: registers as the call's definition reads them, pointers and flags in
/// hexadecimal, nothing dereferenced. A call without a definition shows all six.
pub(crate) fn entry(entry: &Entry) -> String {
    let mut text = String::new();
    write_entry(&mut text, entry, Arguments::Plain);
    text
}

/// What a call returned: a number, an address in hexadecimal, or an error with its name: `-2 ENOENT`.
pub(crate) fn result(call: &Call) -> String {
    let mut text = String::new();
    write_result(&mut text, call);
    text
}

/// Whether it returned an error.
pub(crate) fn failed(call: &Call) -> bool {
    error_of(call.entry.abi, call.entry.nr, call.ret).is_some()
}

/// Appends [`entry`], with its arguments in one of their forms.
pub(crate) fn write_entry(text: &mut String, entry: &Entry, arguments: Arguments) {
    match definition(entry.abi, entry.nr) {
        Some(call) => {
            text.push_str(call.name);
            text.push('(');
            if arguments == Arguments::Registers {
                write_registers(text, &entry.args);
            } else {
                write_arguments(text, call.args, entry, arguments == Arguments::Named);
            }
        }
        None => {
            text.push_str(&call_name(entry.abi, entry.nr));
            text.push('(');
            write_registers(text, &entry.args);
        }
    }
    text.push(')');
}

/// Appends [`result`].
pub(crate) fn write_result(text: &mut String, call: &Call) {
    let (abi, nr, ret) = (call.entry.abi, call.entry.nr, call.ret);
    if let Some(error) = error_of(abi, nr, ret) {
        _ = write!(text, "{ret} {}", errno_name(error));
        text.push_str(restart(error));
    } else if returns_no_result(abi, nr) {
        text.push('?');
    } else if returns_address(abi, nr) {
        write_hexadecimal(text, if abi == Abi::I386 { ret as u32 as u64 } else { ret as u64 });
    } else if ret < -4095 || ret > i64::from(u32::MAX) {
        write_hexadecimal(text, ret as u64);
    } else {
        _ = write!(text, "{ret}");
    }
}

/// What becomes of a call that a signal interrupted (`arch/x86/kernel/signal.c`, `handle_signal` and
/// `arch_do_signal_or_restart` of Linux 6.x): these errors never reach the program.
fn restart(error: u32) -> &'static str {
    match error {
        512 => " (restarts, unless a handler without SA_RESTART runs)",
        513 => " (restarts)",
        514 => " (restarts, unless a handler runs)",
        516 => " (goes on as restart_syscall, unless a handler runs)",
        _ => "",
    }
}

fn definition(abi: Abi, nr: i32) -> Option<&'static Syscall> {
    sysrec_syscalls::Abi::from_code(abi.0).and_then(|abi| lookup(abi, nr))
}

fn returns_address(abi: Abi, nr: i32) -> bool {
    let address = |call: &Syscall| matches!(call.name, "mmap" | "mmap2" | "brk" | "mremap" | "shmat");
    definition(abi, nr).is_some_and(address)
}

fn write_arguments(text: &mut String, arguments: &[Arg], entry: &Entry, named: bool) {
    for (position, (argument, value)) in arguments.iter().zip(entry.args).enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        if named {
            text.push_str(argument.name);
            text.push('=');
        }
        write_argument(text, argument, value, entry.abi);
    }
}

fn write_registers(text: &mut String, registers: &[u64; 6]) {
    for (position, value) in registers.iter().enumerate() {
        _ = write!(text, "{}{value:#x}", if position > 0 { ", " } else { "" });
    }
}

fn write_argument(text: &mut String, argument: &Arg, value: u64, abi: Abi) {
    let narrow = abi == Abi::I386;
    let wide = if narrow { u64::from(value as u32) } else { value };
    _ = match argument.kind {
        // A set of bits, whatever type the kernel gives it.
        ArgKind::Int | ArgKind::Uint if argument.name.contains("flags") => {
            return write_hexadecimal(text, u64::from(value as u32));
        }
        // AT_FDCWD (include/uapi/linux/fcntl.h)
        ArgKind::DirFd if value as i32 == -100 => write!(text, "AT_FDCWD"),
        ArgKind::Int | ArgKind::Fd | ArgKind::DirFd | ArgKind::Pid | ArgKind::Signal => {
            write!(text, "{}", value as i32)
        }
        ArgKind::Uint | ArgKind::Id => write!(text, "{}", value as u32),
        ArgKind::Long if narrow => write!(text, "{}", value as i32),
        ArgKind::Long | ArgKind::Off => write!(text, "{}", value as i64),
        ArgKind::Size => write!(text, "{wide}"),
        // Octal with a leading zero, as in C, chmod(1) and strace.
        ArgKind::Mode if value & 0xffff == 0 => write!(text, "0"),
        ArgKind::Mode => write!(text, "0{:o}", value & 0xffff),
        ArgKind::Path | ArgKind::Str | ArgKind::Ptr if wide == 0 => write!(text, "NULL"),
        _ => return write_hexadecimal(text, wide),
    };
}

/// Small numbers are the same in both systems.
fn write_hexadecimal(text: &mut String, value: u64) {
    _ = if value < 10 { write!(text, "{value}") } else { write!(text, "{value:#x}") };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(abi: Abi, nr: i32, args: [u64; 6], ret: i64) -> Call {
        let entry = Entry {
            time_ns: 0,
            abi,
            nr,
            ip: 0,
            sp: 0,
            args,
            registers: None,
            captures: Vec::new(),
            stack: None,
        };
        Call {
            task: sysrec_format::event::TaskId(0),
            entry,
            duration_ns: 1,
            ret,
            exit_registers: None,
            exit_captures: Vec::new(),
        }
    }

    fn line(call: &Call) -> String {
        format!("{} = {}", entry(&call.entry), result(call))
    }

    #[test]
    fn registers_are_read_as_the_definition_says() {
        let at_cwd = -100i64 as u64;
        let openat = call(Abi::X86_64, 257, [at_cwd, 0x7ffc_1c30, 0x8_0000, 0o644, 1, 2], -2);
        assert_eq!(line(&openat), "openat(AT_FDCWD, 0x7ffc1c30, 0x80000, 0644) = -2 ENOENT");
        // The same descriptor, zero-extended as i386 gives it.
        let openat = call(Abi::I386, 295, [u64::from(at_cwd as u32), 0, 0, 0, 9, 9], 3);
        assert_eq!(line(&openat), "openat(AT_FDCWD, NULL, 0, 0) = 3");
        let close = call(Abi::X86_64, 3, [u64::from(u32::MAX), 1, 2, 3, 4, 5], -9);
        assert_eq!(line(&close), "close(-1) = -9 EBADF");
    }

    #[test]
    fn the_three_forms_of_arguments() {
        let read = call(Abi::X86_64, 0, [3, 0x7f00, 832, 7, 8, 0xf_ffff], 832).entry;
        let form = |arguments| {
            let mut text = String::new();
            write_entry(&mut text, &read, arguments);
            text
        };
        assert_eq!(form(Arguments::Plain), "read(3, 0x7f00, 832)");
        assert_eq!(form(Arguments::Named), "read(fd=3, buf=0x7f00, count=832)");
        assert_eq!(form(Arguments::Registers), "read(0x3, 0x7f00, 0x340, 0x7, 0x8, 0xfffff)");
    }

    #[test]
    fn addresses_and_unknown_calls() {
        let mmap = call(Abi::X86_64, 9, [0, 4096, 3, 0x22, u64::MAX, 0], 0x7f00_0000_1000);
        assert!(line(&mmap).ends_with("= 0x7f0000001000"), "{}", line(&mmap));
        let mmap2 = call(Abi::I386, 192, [0; 6], i64::from(0xf7fc_1000_u32 as i32));
        assert!(line(&mmap2).ends_with("= 0xf7fc1000"), "sign-extended: {}", line(&mmap2));
        let unknown = call(Abi::X86_64, 999, [1, 2, 3, 4, 5, 600], -38);
        assert_eq!(line(&unknown), "syscall_0x3e7(0x1, 0x2, 0x3, 0x4, 0x5, 0x258) = -38 ENOSYS");
        assert!(failed(&unknown) && !failed(&mmap));
    }

    #[test]
    fn a_restart_says_so_and_sigreturn_returns_nothing() {
        let nanosleep = call(Abi::X86_64, 35, [0x10, 0, 0, 0, 0, 0], -516);
        let expected = "nanosleep(0x10, NULL) = -516 ERESTART_RESTARTBLOCK (goes on as restart_syscall, unless a handler runs)";
        assert_eq!(line(&nanosleep), expected);
        let sigreturn = call(Abi::X86_64, 15, [0; 6], -4);
        assert_eq!(result(&sigreturn), "?");
    }
}
