//! A call in one line: its name, its arguments, what it returned.
//!
//! Written into a buffer that is used again, since a replay has millions of lines.

use std::fmt::Write;

use sysrec_analyzer::{call_name, errno_name, error_of, returns_no_result};
use sysrec_format::event::{Abi, Call, Capture, Entry};
use sysrec_syscalls::{ArgNames, Decoded, DescriptorNames, RawCall, Run, Snapshot, decode};

/// How arguments are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arguments {
    /// Those that the call has, each with its meaning.
    #[default]
    Plain,
    /// The same, each with its name: `fd=3`.
    Named,
    /// All six registers in hexadecimal.
    Registers,
}

/// `openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)`: what the trace knows of a finished call. Memory that was not
/// captured stays an address, a descriptor that has no name a number.
pub(crate) fn call(call: &Call, names: &dyn DescriptorNames) -> String {
    let mut text = String::new();
    if let Some(decoded) = decoded(&call.entry, Some(call)) {
        decoded.write_call(&mut text, ArgNames::Hidden, names);
    } else {
        write_registers(&mut text, &call.entry);
    }
    text
}

/// What a call returned: a number, an address in hexadecimal, or an error with its name and text.
pub(crate) fn result(call: &Call, names: &dyn DescriptorNames) -> String {
    let mut text = String::new();
    match decoded(&call.entry, Some(call)) {
        Some(decoded) => decoded.write_result(&mut text, names),
        None => write_raw_result(&mut text, call),
    }
    text
}

/// Whether it returned an error.
pub(crate) fn failed(call: &Call) -> bool {
    error_of(call.entry.abi, call.entry.nr, call.ret).is_some()
}

/// The meaning of a call, finished or not; `None` for an ABI that this version does not know.
pub(crate) fn decoded(entry: &Entry, finished: Option<&Call>) -> Option<Decoded> {
    let abi = sysrec_syscalls::Abi::from_code(entry.abi.0)?;
    let at_entry = runs(&entry.captures);
    let at_exit = runs(finished.map_or(&[], |call| &call.exit_captures));
    let memory = Snapshot::new(&at_entry, &at_exit);
    Some(decode(&RawCall { abi, nr: entry.nr, args: entry.args, ret: finished.map(|call| call.ret), memory }))
}

fn runs(captures: &[Capture]) -> Vec<Run<'_>> {
    captures.iter().map(|capture| (capture.address, &capture.bytes[..])).collect()
}

/// Appends a call and, where it finished, its result: in two parts, so that results can be lined up.
pub(crate) struct CallText<'a> {
    entry: &'a Entry,
    finished: Option<&'a Call>,
    /// `None` where registers are asked for, or nothing is known of the call's ABI.
    decoded: Option<Decoded>,
    arg_names: ArgNames,
}

impl<'a> CallText<'a> {
    /// Decodes the call, as far as `arguments` asks for that.
    pub(crate) fn new(entry: &'a Entry, finished: Option<&'a Call>, arguments: Arguments) -> Self {
        let decoded = if arguments == Arguments::Registers { None } else { decoded(entry, finished) };
        let arg_names = if arguments == Arguments::Named { ArgNames::Shown } else { ArgNames::Hidden };
        Self { entry, finished, decoded, arg_names }
    }

    /// Appends the name and the arguments.
    pub(crate) fn write_call(&self, text: &mut String, names: &dyn DescriptorNames) {
        match &self.decoded {
            Some(decoded) => decoded.write_call(text, self.arg_names, names),
            None => write_registers(text, self.entry),
        }
    }

    /// Appends the result; nothing for a call that did not finish.
    pub(crate) fn write_result(&self, text: &mut String, names: &dyn DescriptorNames) {
        match (&self.decoded, self.finished) {
            (Some(decoded), Some(_)) => decoded.write_result(text, names),
            (None, Some(call)) => write_raw_result(text, call),
            (_, None) => {}
        }
    }
}

/// The register and the name of an error, no more.
fn write_raw_result(text: &mut String, call: &Call) {
    let (abi, nr, ret) = (call.entry.abi, call.entry.nr, call.ret);
    if let Some(error) = error_of(abi, nr, ret) {
        _ = write!(text, "{ret} {}", errno_name(error));
    } else if returns_no_result(abi, nr) {
        text.push('?');
    } else if ret < -4095 || ret > i64::from(u32::MAX) {
        let value = if abi == Abi::I386 { ret as u32 as u64 } else { ret as u64 };
        _ = write!(text, "{value:#x}");
    } else {
        _ = write!(text, "{ret}");
    }
}

/// The name, and all six registers.
fn write_registers(text: &mut String, entry: &Entry) {
    text.push_str(&call_name(entry.abi, entry.nr));
    text.push('(');
    for (position, value) in entry.args.iter().enumerate() {
        _ = write!(text, "{}{value:#x}", if position > 0 { ", " } else { "" });
    }
    text.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;
    use sysrec_format::event::{CaptureCut, TaskId};
    use sysrec_syscalls::NoNames;

    fn finished(abi: Abi, nr: i32, args: [u64; 6], ret: i64) -> Call {
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
        Call { task: TaskId(0), entry, duration_ns: 1, ret, exit_registers: None, exit_captures: Vec::new() }
    }

    fn line(of: &Call) -> String {
        format!("{} = {}", call(of, &NoNames), result(of, &NoNames))
    }

    #[test]
    fn registers_alone_are_read_as_the_definition_says() {
        let at_cwd = -100i64 as u64;
        let openat = finished(Abi::X86_64, 257, [at_cwd, 0x7ffc_1c30, 0x8_0040, 0o644, 1, 2], -2);
        let expected = "openat(AT_FDCWD, 0x7ffc1c30, O_RDONLY|O_CREAT|O_CLOEXEC, 0644) = -1 ENOENT (No such file or directory)";
        assert_eq!(line(&openat), expected);
        // The same descriptor, zero-extended as i386 gives it; without O_CREAT there is no mode.
        let openat = finished(Abi::I386, 295, [u64::from(at_cwd as u32), 0, 0, 0, 9, 9], 3);
        assert_eq!(line(&openat), "openat(AT_FDCWD, NULL, O_RDONLY) = 3");
        let close = finished(Abi::X86_64, 3, [u64::from(u32::MAX), 1, 2, 3, 4, 5], -9);
        assert_eq!(line(&close), "close(-1) = -1 EBADF (Bad file descriptor)");
    }

    #[test]
    fn captured_memory_takes_the_place_of_its_address() {
        let mut open = finished(Abi::X86_64, 2, [0x1000, 0, 0, 0, 0, 0], 3);
        let bytes = b"/etc/pass\x1bwd\0".to_vec();
        let cut = CaptureCut::WHOLE;
        open.entry.captures = vec![Capture { address: 0x1000, wanted_bytes: 13, cut, bytes: bytes.into() }];
        assert_eq!(line(&open), r#"open("/etc/pass\33wd", O_RDONLY) = 3"#);
    }

    #[test]
    fn the_three_forms_of_arguments() {
        let read = finished(Abi::X86_64, 0, [3, 0x7f00, 832, 7, 8, 0xf_ffff], 832);
        let form = |arguments| {
            let mut text = String::new();
            CallText::new(&read.entry, Some(&read), arguments).write_call(&mut text, &NoNames);
            text
        };
        assert_eq!(form(Arguments::Plain), "read(3, 0x7f00, 832)");
        assert_eq!(form(Arguments::Named), "read(fd=3, buf=0x7f00, count=832)");
        assert_eq!(form(Arguments::Registers), "read(0x3, 0x7f00, 0x340, 0x7, 0x8, 0xfffff)");
    }

    #[test]
    fn addresses_and_unknown_calls() {
        let mmap = finished(Abi::X86_64, 9, [0, 4096, 3, 0x22, u64::MAX, 0], 0x7f00_0000_1000);
        assert!(line(&mmap).ends_with("= 0x7f0000001000"), "{}", line(&mmap));
        let mmap2 = finished(Abi::I386, 192, [0; 6], i64::from(0xf7fc_1000_u32 as i32));
        assert!(line(&mmap2).ends_with("= 0xf7fc1000"), "sign-extended: {}", line(&mmap2));
        let unknown = finished(Abi::X86_64, 999, [1, 2, 3, 4, 5, 600], -38);
        let expected = "syscall_0x3e7(0x1, 0x2, 0x3, 0x4, 0x5, 0x258) = -1 ENOSYS (Function not implemented)";
        assert_eq!(line(&unknown), expected);
        assert!(failed(&unknown) && !failed(&mmap));
        let foreign = finished(Abi(9), 3, [1, 0, 0, 0, 0, 0], 0);
        assert_eq!(line(&foreign), "syscall_0x3(0x1, 0x0, 0x0, 0x0, 0x0, 0x0) = 0");
    }

    #[test]
    fn a_restart_says_so_and_sigreturn_returns_nothing() {
        let nanosleep = finished(Abi::X86_64, 35, [0x10, 0, 0, 0, 0, 0], -516);
        let expected = "nanosleep(0x10, NULL) = ? ERESTART_RESTARTBLOCK (goes on as restart_syscall, unless a handler runs)";
        assert_eq!(line(&nanosleep), expected);
        let sigreturn = finished(Abi::X86_64, 15, [0; 6], -4);
        assert_eq!(result(&sigreturn, &NoNames), "?");
    }
}
