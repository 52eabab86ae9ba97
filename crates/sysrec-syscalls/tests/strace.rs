//! Classes and filters against strace: what it shows of a guest that makes every call.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sysrec_syscalls::{Abi, Filter, calls};

/// The calls that strace shows for an expression, by ABI.
struct Strace {
    guest: PathBuf,
    folder: tempfile::TempDir,
}

impl Strace {
    /// Compiles the guest; says why where that or strace cannot be had.
    fn new() -> Option<Strace> {
        if !cfg!(target_arch = "x86_64") {
            println!("SKIP: the guest makes the calls of an x86-64 kernel");
            return None;
        }
        let works = |program: &str| {
            Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        for program in ["strace", "cc"] {
            if !works(program) {
                println!("SKIP: {program} is not installed");
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let guest = folder.path().join("every_call");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/every_call.c");
        let built = Command::new("cc").args(["-O1", "-o"]).arg(&guest).arg(source).status().unwrap();
        assert!(built.success(), "cc cannot build {source}");
        let strace = Strace { guest, folder };
        if strace.shown("all", Abi::X86_64).is_none() {
            println!("SKIP: strace cannot trace here, or seccomp filters are not allowed");
            return None;
        }
        Some(strace)
    }

    /// The names that `strace -e EXPRESSION` shows of the ABI's calls; `None` if strace refuses the expression.
    ///
    /// Only what the guest's filter answered counts, not the 64-bit calls that start and end it. Calls without a
    /// name are left out: strace shows them whatever the expression.
    fn shown(&self, expression: &str, abi: Abi) -> Option<BTreeSet<String>> {
        self.shown_by(&[expression], abi)
    }

    /// The same for several options `-e`.
    fn shown_by(&self, expressions: &[&str], abi: Abi) -> Option<BTreeSet<String>> {
        let output = self.folder.path().join("output");
        let status = Command::new("strace")
            .args(expressions.iter().flat_map(|expression| ["-e", expression]))
            .arg("-o")
            .arg(&output)
            .arg(&self.guest)
            .arg(abi.name())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        let text = std::fs::read_to_string(&output).unwrap_or_default();
        status.success().then(|| {
            text.lines()
                .filter(|line| line.contains(" = -1 ENOSYS ") && !line.starts_with("syscall_"))
                .filter_map(|line| line.split_once('('))
                .map(|(name, _)| name.to_owned())
                // `execve#64`: an x32 number that only the 64-bit table has.
                .filter(|name| !name.contains('#'))
                .collect()
        })
    }
}

/// The ABIs that strace decodes on x86-64.
const ABIS: [Abi; 3] = [Abi::X86_64, Abi::X32, Abi::I386];

fn ours(filter: &Filter, abi: Abi) -> BTreeSet<String> {
    calls(abi)
        .iter()
        .filter(|call| filter.matches(abi, call.number as i32))
        .map(|call| call.name.to_owned())
        .collect()
}

/// Calls that one side has in a class and the other has not, and why ours is right.
const TOLERATED: [(&str, &str, &str); 10] = [
    ("%desc", "close_range", "closes descriptors"),
    (
        "%network",
        "socketcall",
        "is every socket call of old i386 programs; strace shows it as the call inside",
    ),
    ("%signal", "io_uring_enter", "takes a signal mask as ppoll does, which strace leaves out too"),
    ("%memory", "break", "was never implemented"),
    ("%memory", "pkey_alloc", "pkeys(7): protection keys of memory"),
    ("%memory", "pkey_free", "pkeys(7): protection keys of memory"),
    ("%memory", "process_madvise", "is madvise for another process"),
    ("%memory", "process_mrelease", "gives back the memory of a dying process"),
    ("%clock", "ftime", "asks for the time, though it was never implemented"),
    ("%clock", "stime", "sets the clock"),
];

#[test]
fn classes_hold_the_calls_that_strace_shows_for_them() {
    let Some(strace) = Strace::new() else { return };
    let mut different = BTreeSet::new();
    for abi in ABIS {
        let known = strace.shown("trace=all", abi).unwrap();
        assert!(known.len() > 300, "{abi}: strace shows only {} calls", known.len());
        for class in [
            "%file", "%desc", "%network", "%process", "%signal", "%ipc", "%memory", "%creds", "%clock",
            "%stat", "%lstat", "%fstat", "%%stat", "%statfs", "%fstatfs", "%%statfs", "%pure",
        ] {
            let theirs = strace.shown(&format!("trace={class}"), abi).unwrap();
            // Calls newer than the strace that is installed cannot be compared.
            let ours = ours(&Filter::parse(class).unwrap(), abi);
            let ours: BTreeSet<String> = ours.intersection(&known).cloned().collect();
            assert!(!theirs.is_empty() || ours.is_empty(), "{abi} {class}: strace shows nothing");
            different.extend(theirs.symmetric_difference(&ours).map(|name| (class, name.clone())));
        }
    }
    let tolerated: BTreeSet<_> =
        TOLERATED.iter().map(|(class, name, _)| (*class, (*name).to_owned())).collect();
    let surplus: Vec<_> = different.difference(&tolerated).collect();
    assert!(surplus.is_empty(), "in one of ours and strace's, not in the other: {surplus:?}");
}

#[test]
fn filters_select_what_strace_shows() {
    let Some(strace) = Strace::new() else { return };
    let known = ABIS.map(|abi| strace.shown("trace=all", abi).unwrap());
    let tolerated: BTreeSet<&str> = TOLERATED.iter().map(|(_, name, _)| *name).collect();
    for expression in [
        "trace=close",
        "close,getppid",
        "t=close,,getppid",
        "!close,openat",
        "!!close",
        "trace=!%file,%network",
        "3",
        "trace=3,/^get",
        "/et.*id$",
        "!/et.*id$",
        "trace=all",
        "trace=!all",
        "trace=none",
        "trace=!none",
        "close,all",
        "?nosuch,close",
        "!?nosuch",
        "?/nosuch",
        "?%nosuch",
        "close@32",
        "close@64,getppid@x32",
        "all@32",
        "%stat@64,3@32,/^get@x32",
        "stat64",
        "signal",
        "ipc",
        "network,memory",
    ] {
        let filter = Filter::parse(expression).unwrap();
        for (abi, known) in ABIS.into_iter().zip(&known) {
            let theirs =
                strace.shown(expression, abi).unwrap_or_else(|| panic!("strace refuses {expression}"));
            let ours: BTreeSet<String> = ours(&filter, abi).intersection(known).cloned().collect();
            let different: Vec<_> = theirs
                .symmetric_difference(&ours)
                .filter(|name| !tolerated.contains(name.as_str()))
                .collect();
            assert!(different.is_empty(), "{abi} {expression}: {different:?}");
        }
    }
}

#[test]
fn what_strace_refuses_is_refused() {
    let Some(strace) = Strace::new() else { return };
    for expression in [
        "trace=",
        "nosuch",
        "%nosuch",
        "/nosuch",
        "/(",
        "99999",
        "-1",
        "0x3",
        "close@99",
        "close,none",
        "CLOSE",
        "trace=,",
    ] {
        assert_eq!(strace.shown(expression, Abi::X86_64), None, "{expression}");
        assert!(Filter::parse(expression).is_err(), "{expression}");
    }
}

#[test]
fn the_last_of_several_expressions_counts_as_in_strace() {
    let Some(strace) = Strace::new() else { return };
    for expressions in [["close", "getppid"], ["close", "!getppid"], ["%file", "%file,close"]] {
        let theirs = strace.shown_by(&expressions, Abi::X86_64).unwrap();
        let known = strace.shown("trace=all", Abi::X86_64).unwrap();
        let filter = Filter::parse_last(expressions).unwrap();
        let ours: BTreeSet<String> = ours(&filter, Abi::X86_64).intersection(&known).cloned().collect();
        assert_eq!(ours, theirs, "{expressions:?}");
    }
}
