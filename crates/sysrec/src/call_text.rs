//! A call in one line: its name, its raw arguments, what it returned.

use sysrec_analyzer::{call_name, errno_name, error_of};
use sysrec_format::event::{Abi, Call, Entry};
use sysrec_syscalls::{Arg, ArgKind, lookup};

/// `openat(-100, 0x7ffc1c30, 0x80000, 0)`: registers as the call's definition reads them, pointers and flags in
/// hexadecimal, nothing dereferenced. A call without a definition shows all six.
pub(crate) fn entry(entry: &Entry) -> String {
    let arguments = match sysrec_syscalls::Abi::from_code(entry.abi.0).and_then(|abi| lookup(abi, entry.nr)) {
        Some(call) => {
            call.args.iter().zip(entry.args).map(|(known, value)| argument(known, value, entry.abi)).collect()
        }
        None => entry.args.map(hexadecimal).to_vec(),
    };
    format!("{}({})", call_name(entry.abi, entry.nr), arguments.join(", "))
}

/// What a call returned: a number, an address in hexadecimal, or the name of its error.
pub(crate) fn result(call: &Call) -> String {
    let (abi, nr) = (call.entry.abi, call.entry.nr);
    if let Some(errno) = error_of(abi, nr, call.ret) {
        return errno_name(errno).into_owned();
    }
    let address = matches!(&*call_name(abi, nr), "mmap" | "mmap2" | "brk" | "mremap" | "shmat");
    if address || call.ret < -4095 || call.ret > i64::from(u32::MAX) {
        return hexadecimal(call.ret as u64);
    }
    call.ret.to_string()
}

/// Whether it returned an error.
pub(crate) fn failed(call: &Call) -> bool {
    error_of(call.entry.abi, call.entry.nr, call.ret).is_some()
}

fn argument(known: &Arg, value: u64, abi: Abi) -> String {
    let narrow = abi == Abi::I386;
    match known.kind {
        ArgKind::Int if known.name.ends_with("flags") || known.name == "prot" => {
            hexadecimal(value as u32 as u64)
        }
        ArgKind::Int | ArgKind::Fd | ArgKind::DirFd | ArgKind::Pid | ArgKind::Signal => {
            (value as i32).to_string()
        }
        ArgKind::Uint | ArgKind::Id => (value as u32).to_string(),
        ArgKind::Long if narrow => (value as i32).to_string(),
        ArgKind::Long | ArgKind::Off => (value as i64).to_string(),
        ArgKind::Size => if narrow { value as u32 as u64 } else { value }.to_string(),
        ArgKind::Mode if value & 0xffff == 0 => "0".to_owned(),
        ArgKind::Mode => format!("0{:o}", value & 0xffff),
        _ => hexadecimal(if narrow { value as u32 as u64 } else { value }),
    }
}

fn hexadecimal(value: u64) -> String {
    if value < 10 { value.to_string() } else { format!("{value:#x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(abi: Abi, nr: i32, args: [u64; 6], ret: i64) -> Call {
        let entry = Entry { time_ns: 0, abi, nr, ip: 0, sp: 0, args, registers: None };
        Call { task: sysrec_format::event::TaskId(0), entry, duration_ns: 1, ret, exit_registers: None }
    }

    fn line(call: &Call) -> String {
        format!("{} = {}", entry(&call.entry), result(call))
    }

    #[test]
    fn registers_are_read_as_the_definition_says() {
        let at_cwd = -100i64 as u64;
        let openat = call(Abi::X86_64, 257, [at_cwd, 0x7ffc_1c30, 0x8_0000, 0o644, 1, 2], -2);
        assert_eq!(line(&openat), "openat(-100, 0x7ffc1c30, 0x80000, 0644) = ENOENT");
        // The same descriptor, zero-extended as i386 gives it.
        let openat = call(Abi::I386, 295, [u64::from(at_cwd as u32), 0xff00, 0, 0, 9, 9], 3);
        assert_eq!(line(&openat), "openat(-100, 0xff00, 0, 0) = 3");
    }

    #[test]
    fn addresses_and_unknown_calls() {
        let mmap = call(Abi::X86_64, 9, [0, 4096, 3, 0x22, u64::MAX, 0], 0x7f00_0000_1000);
        assert!(line(&mmap).ends_with("= 0x7f0000001000"), "{}", line(&mmap));
        let unknown = call(Abi::X86_64, 999, [1, 2, 3, 4, 5, 600], -38);
        assert_eq!(line(&unknown), "syscall_0x3e7(1, 2, 3, 4, 5, 0x258) = ENOSYS");
        assert!(failed(&unknown) && !failed(&mmap));
        let sigreturn = call(Abi::X86_64, 15, [0; 6], -4);
        assert_eq!(result(&sigreturn), "-4");
    }
}
