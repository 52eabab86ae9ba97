//! The tables against everything else that knows call numbers: two crates, the running kernel, its headers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sysrec_syscalls::{
    Abi, ArgKind, NUMBER_LIMIT, Syscall, Width, X32_BIT, arguments, by_name, calls, lookup, name,
};

#[path = "../tools/generate.rs"]
mod generate;

/// Number to name, x32's bit taken off.
type Table = BTreeMap<u32, String>;

fn ours(abi: Abi) -> Table {
    calls(abi).iter().map(|call| (plain(call.number), call.name.to_owned())).collect()
}

fn plain(number: u32) -> u32 {
    number & !X32_BIT
}

/// Asserts that two tables are equal but for the tolerated numbers, and that each of these really differs.
fn assert_equal_but(abi: Abi, other: &Table, tolerated: &[u32]) {
    let ours = ours(abi);
    let numbers: BTreeSet<u32> = ours.keys().chain(other.keys()).copied().collect();
    let different: Vec<u32> =
        numbers.into_iter().filter(|number| ours.get(number) != other.get(number)).collect();
    let shown: Vec<_> =
        different.iter().map(|number| (number, ours.get(number), other.get(number))).collect();
    assert_eq!(different, tolerated, "{abi}: number, our name, their name: {shown:?}");
}

#[test]
fn the_generated_rows_are_those_of_the_list() {
    for (path, expected) in generate::generate().unwrap() {
        let found = std::fs::read_to_string(&path).unwrap();
        assert!(
            found == expected,
            "{} is not what tools/calls.txt says; run: cargo run -p sysrec-syscalls --example generate_tables",
            path.display()
        );
    }
}

#[test]
fn lookup_finds_every_row_by_its_number() {
    for abi in Abi::ALL {
        assert!(calls(abi).len() > 300, "{abi}");
        for call in calls(abi) {
            let nr = call.number as i32;
            assert!(std::ptr::eq(lookup(abi, nr).unwrap(), call), "{abi} {}", call.name);
            assert_eq!(name(abi, nr), call.name);
            assert_eq!(by_name(abi, call.name).unwrap().number, call.number, "{abi}: two of {}", call.name);
            assert_eq!(call.number & X32_BIT != 0, abi == Abi::X32, "{abi} {}", call.name);
            assert!(call.args.len() <= 6, "{abi} {}", call.name);
        }
    }
}

#[test]
fn numbers_that_no_table_has_get_a_hexadecimal_name() {
    assert_eq!(name(Abi::X86_64, 0x1d3f), "syscall_0x1d3f");
    assert_eq!(name(Abi::I386, 222), "syscall_0xde");
    for abi in Abi::ALL {
        assert_eq!(name(abi, -1), "syscall_0xffffffff");
        assert!(lookup(abi, i32::MIN).is_none());
        assert!(lookup(abi, i32::MAX).is_none());
        assert!(lookup(abi, NUMBER_LIMIT as i32).is_none());
        assert!(lookup(abi, (NUMBER_LIMIT | X32_BIT) as i32).is_none());
    }
    assert_eq!(name(Abi::X32, 0), "syscall_0x0", "an x32 number without its bit");
    assert_eq!(name(Abi::X86_64, X32_BIT as i32), "syscall_0x40000000");
    assert_eq!(name(Abi::X32, (X32_BIT | 16) as i32), "syscall_0x40000010", "ioctl is 514 on x32");
    assert_eq!(name(Abi::X32, (X32_BIT | 514) as i32), "ioctl");
}

#[test]
fn the_crate_syscalls_agrees() {
    fn table<T>(call: impl Fn(usize) -> Option<T>, name: impl Fn(&T) -> &'static str) -> Table {
        (0..NUMBER_LIMIT).filter_map(|n| Some((n, name(&call(n as usize)?).to_owned()))).collect()
    }
    let x86_64 = table(syscalls::x86_64::Sysno::new, syscalls::x86_64::Sysno::name);
    // listns came with Linux 6.19, after the crate's release.
    assert_equal_but(Abi::X86_64, &x86_64, &[470]);
    let i386 = table(syscalls::x86::Sysno::new, syscalls::x86::Sysno::name);
    // 17 is `break`, a keyword, which the crate prints as `r#break`.
    assert_equal_but(Abi::I386, &i386, &[17, 470]);
    let aarch64 = table(syscalls::aarch64::Sysno::new, syscalls::aarch64::Sysno::name);
    // 79 is `newfstatat` in the kernel's table and `fstatat` in the C library. 403 to 423 are the calls with 64-bit
    // time of 32-bit kernels: scripts/syscall.tbl marks them `32`, an aarch64 kernel answers ENOSYS.
    let tolerated: Vec<u32> = [79].into_iter().chain(403..=414).chain(416..=423).chain([470]).collect();
    assert_equal_but(Abi::Aarch64, &aarch64, &tolerated);
}

#[test]
fn the_crate_syscall_numbers_agrees() {
    use std::ffi::c_long;
    let table = |name: fn(c_long) -> Option<&'static str>, bit: u32| -> Table {
        (0..NUMBER_LIMIT).filter_map(|n| Some((n, name(c_long::from(n | bit))?.to_owned()))).collect()
    };
    assert_equal_but(Abi::X86_64, &table(syscall_numbers::x86_64::sys_call_name, 0), &[]);
    assert_equal_but(Abi::X32, &table(syscall_numbers::x32::sys_call_name, X32_BIT), &[]);
    // The crate lacks the calls whose number C headers write as a sum (260 to 267, 278 to 282) and getrlimit (76), and
    // calls four by the kernel's function (gettimeofday_time32 and the like) instead of syscall_32.tbl's name.
    let tolerated: Vec<u32> =
        [76, 78, 79].into_iter().chain(260..=267).chain(278..=282).chain([325, 326]).collect();
    assert_equal_but(Abi::I386, &table(syscall_numbers::x86::sys_call_name, 0), &tolerated);
    assert_equal_but(Abi::Aarch64, &table(syscall_numbers::aarch64::sys_call_name, 0), &[]);
}

/// The numbers in a header of `#define __NR_name number` lines, x32's `(__X32_SYSCALL_BIT + number)` among them.
fn header(text: &str) -> Table {
    text.lines()
        .filter_map(|line| {
            let (name, number) = line.strip_prefix("#define __NR_")?.split_once(char::is_whitespace)?;
            let number = number.trim().trim_start_matches("(__X32_SYSCALL_BIT + ").trim_end_matches(')');
            Some((number.parse().ok()?, name.to_owned()))
        })
        .collect()
}

#[test]
fn the_kernel_headers_of_this_machine_agree() {
    let places = ["/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm"];
    let Some(place) = places.into_iter().find(|place| Path::new(place).join("unistd_x32.h").exists()) else {
        println!("SKIP: no unistd_x32.h in {places:?}; install the kernel's headers for x86");
        return;
    };
    for (abi, file) in [(Abi::X86_64, "unistd_64.h"), (Abi::X32, "unistd_x32.h"), (Abi::I386, "unistd_32.h")]
    {
        let theirs = header(&std::fs::read_to_string(Path::new(place).join(file)).unwrap());
        assert!(theirs.len() > 300, "{file} has only {} calls", theirs.len());
        let ours = ours(abi);
        // Headers older than the tables lack calls, newer ones have more: what both have must be the same.
        let newest = ours.range(..512).next_back().map(|(number, _)| *number).unwrap();
        for (number, name) in theirs.iter().filter(|(number, _)| **number <= newest || **number >= 512) {
            assert_eq!(ours.get(number), Some(name), "{abi} {number}");
        }
    }
}

/// Where tracepoints carry the name of the kernel's function instead of the call's.
const TRACEPOINT_NAMES: [(&str, &str); 6] = [
    ("newstat", "stat"),
    ("newlstat", "lstat"),
    ("newfstat", "fstat"),
    ("newuname", "uname"),
    ("sendfile64", "sendfile"),
    ("umount", "umount2"),
];

/// Calls newer than the tables may be missing; nothing else may.
#[test]
fn the_running_kernel_has_the_same_calls_with_the_same_arguments() {
    let place = Path::new("/sys/kernel/tracing/events/syscalls");
    if !cfg!(target_arch = "x86_64") {
        println!("SKIP: the tracepoints' names are compared with the x86-64 table");
        return;
    }
    let Ok(entries) = std::fs::read_dir(place) else {
        println!(
            "SKIP: {} cannot be read; it needs root and a kernel with CONFIG_FTRACE_SYSCALLS",
            place.display()
        );
        return;
    };
    let mut compared = 0;
    for entry in entries {
        let entry = entry.unwrap();
        let file_name = entry.file_name().into_string().unwrap();
        let Some(tracepoint) = file_name.strip_prefix("sys_enter_") else { continue };
        let name =
            TRACEPOINT_NAMES.iter().find(|(theirs, _)| *theirs == tracepoint).map_or(tracepoint, |(_, n)| n);
        let call =
            by_name(Abi::X86_64, name).unwrap_or_else(|| panic!("the kernel has {name}, the tables do not"));
        let format = std::fs::read_to_string(entry.path().join("format")).unwrap();
        assert_same_arguments(call, &tracepoint_arguments(&format));
        compared += 1;
    }
    assert!(compared > 300, "only {compared} tracepoints in {}", place.display());
}

/// Name and C type of each argument: the fields after `__syscall_nr`.
fn tracepoint_arguments(format: &str) -> Vec<(String, String)> {
    format
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("field:")?.split_once(';'))
        .map(|(declaration, _)| declaration.rsplit_once(' ').unwrap())
        .skip_while(|(_, name)| *name != "__syscall_nr")
        .skip(1)
        .map(|(kind, name)| (name.trim_start_matches('_').to_owned(), kind.to_owned()))
        .collect()
}

fn assert_same_arguments(call: &Syscall, theirs: &[(String, String)]) {
    let ours: Vec<&str> = call.args.iter().map(|arg| arg.name).collect();
    let names: Vec<&str> = theirs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(ours, names, "the arguments of {}", call.name);
    for (arg, (_, kind)) in call.args.iter().zip(theirs) {
        let wrong = format!("{}: {} is a {kind}, not {:?}", call.name, arg.name, arg.kind);
        if kind.contains('*') {
            assert!(may_be_address(arg.kind), "{wrong}");
        }
        match arg.kind {
            ArgKind::Path | ArgKind::Str | ArgKind::NameStr => {
                // mount's data and fsopen's relatives are strings behind another type.
                assert!(kind.contains("char") || call.name == "mount", "{wrong}");
            }
            // cap_user_header_t is a pointer by another name.
            ArgKind::In(_) | ArgKind::Out(_) | ArgKind::InOut(_) => {
                assert!(kind.contains('*') || kind.contains("cap_user_"), "{wrong}");
            }
            // The kernel takes ptrace's process for a long, and uses 32 bits of it.
            kind_of if is_narrow(kind_of) && call.name != "ptrace" => {
                assert!(!kind.contains("long") && kind != "size_t", "{wrong}");
            }
            ArgKind::Flags(Width::Word, _)
            | ArgKind::Enum(Width::Word, _)
            | ArgKind::Ulong
            | ArgKind::Long => {
                assert!(kind.contains("long") || kind.contains("_t"), "{wrong}");
            }
            _ => {}
        }
    }
}

fn may_be_address(kind: ArgKind) -> bool {
    matches!(
        kind,
        ArgKind::Ptr
            | ArgKind::Path
            | ArgKind::Str
            | ArgKind::NameStr
            | ArgKind::Handler
            | ArgKind::Unused
            | ArgKind::By(_)
            | ArgKind::In(_)
            | ArgKind::Out(_)
            | ArgKind::InOut(_)
    )
}

fn is_narrow(kind: ArgKind) -> bool {
    matches!(
        kind,
        ArgKind::Int
            | ArgKind::Uint
            | ArgKind::Signal
            | ArgKind::Mode
            | ArgKind::FileMode
            | ArgKind::Pid
            | ArgKind::Hex32
            | ArgKind::Dev
            | ArgKind::Flags(Width::Four, _)
            | ArgKind::Enum(Width::Four, _)
    )
}

#[test]
fn of_calls_with_few_arguments_three_registers_are_recorded() {
    let all = [1, 2, 3, 4, 5, 6];
    let few = [1, 2, 3, 0, 0, 0];
    for (abi, name, expected) in [
        (Abi::X86_64, "getppid", few),
        (Abi::X86_64, "read", few),
        (Abi::X86_64, "pread64", all),
        (Abi::X86_64, "futex", all),
        (Abi::I386, "socketcall", few),
        (Abi::I386, "ipc", all),
        (Abi::X32, "ptrace", all),
    ] {
        let call = by_name(abi, name).expect("a call of this ABI");
        assert_eq!(arguments(Some(abi), call.number as i32, all), expected, "{name}");
    }
    assert_eq!(arguments(Some(Abi::X86_64), -1, all), all, "nothing is known of it");
    assert_eq!(arguments(None, 39, all), all, "nor of this");
}
