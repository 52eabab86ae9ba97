//! What only the inline backend does: its ways into the stub, each by itself, and its ways back to ptrace.

use std::path::Path;
use std::process::{Command, Stdio};

use sysrec_analyzer::{MechanismUse, Trace};
use sysrec_format::event::Abi;
use sysrec_tests::backends::{Backend, INLINE, INLINE_CLASSES};
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::guests::named;
use sysrec_tests::process::is_root;
use sysrec_tests::run::count_with_recorder;
use sysrec_tests::suite::judge;
use sysrec_tests::sysrec;

/// Whether the inline backend can be tested here.
fn offered() -> bool {
    (INLINE.available)().map_err(|skip| println!("{skip}")).is_ok()
}

/// Runs a program to its end under the inline backend; gives the trace.
fn record(program: &Path, args: &[&str], trace: &Path) -> Trace {
    let mut command = sysrec::record(trace, &["--backend", "inline"]);
    command.arg(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("sysrec runs");
    sysrec::open(trace).expect("a trace")
}

fn by_ptrace(trace: &Trace) -> Vec<String> {
    let reason = |way: &MechanismUse| String::from_utf8_lossy(&way.reason).into_owned();
    trace.mechanisms().iter().filter(|way| way.name == b"ptrace").map(reason).collect()
}

/// What cannot be inline is recorded by ptrace, for this reason. (That no call is missing, the conformance suite tells.)
#[test]
fn tasks_that_cannot_record_themselves_are_recorded_by_ptrace_and_the_trace_says_why() {
    const EXPECTED: &[(&str, &str)] = &[
        ("i386_int80", "it runs 32-bit code"),
        ("gs_own", "it uses the gs register itself"),
        ("tsc_off", "it gave up the time stamp counter"),
        ("user_dispatch", "it dispatches its own system calls"),
        ("limits", "its address space is limited or locked"),
        ("map_fixed_low", "it unmapped or replaced our part of its address space"),
        ("unmap_unknown", "it unmapped or replaced our part of its address space"),
        ("seccomp_errno", "it has a seccomp filter of its own"),
        ("seccomp_tsync", "it has a seccomp filter of its own"),
        ("seccomp_strict", "it is in seccomp's strict mode"),
    ];
    if !offered() {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, reason) in EXPECTED {
        let guest = named(name);
        let program = match compile(guest.source, guest.build) {
            Ok(program) => program,
            Err(skip) => {
                println!("{name}: {skip}");
                continue;
            }
        };
        let reasons = by_ptrace(&record(&program, guest.args, &dir.path().join(name)));
        assert!(reasons.iter().any(|told| told == reason), "{name}: {reasons:?}");
    }
}

/// A program that gives no reason has no task on ptrace.
#[test]
fn a_program_with_threads_and_children_is_inline_throughout() {
    if !offered() {
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    for name in ["threads_many", "fork_tree", "vfork_exec", "server_epoll"] {
        let guest = named(name);
        let Ok(program) = compile(guest.source, guest.build) else { continue };
        let reasons = by_ptrace(&record(&program, guest.args, &dir.path().join(name)));
        assert!(reasons.is_empty(), "{name}: {reasons:?}");
    }
}

/// In a container, `/dev/shm` is small. The tasks that find no room for a ring there are recorded by ptrace.
#[test]
fn where_there_is_no_room_for_rings_ptrace_records_the_rest() {
    if !offered() || !is_root() {
        return println!("SKIP: only root can mount a small /dev/shm");
    }
    let Ok(program) = compile("one_site_1000", Build::C64) else { return println!("SKIP: no compiler") };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=4m none /dev/shm && exec \"$@\"";
    command
        .args(["--mount", "sh", "-c", script, "sh"])
        .args(sysrec::record_line(&trace, &["--backend", "inline"]));
    let output = command.arg(&program).stdin(Stdio::null()).output().expect("unshare runs");
    let words = String::from_utf8_lossy(&output.stderr);
    if words.contains("unshare failed") || words.contains("mount:") {
        return println!("SKIP: {words}");
    }
    assert!(output.status.success(), "{words}");
    let trace = sysrec::open(&trace).expect("a trace");
    sysrec::whole(&trace).expect("whole");
    assert_eq!(by_ptrace(&trace), ["there is no ring left for it"]);
    assert!(trace.mechanisms().iter().any(|way| way.name == b"inline"), "{:?}", trace.mechanisms());
}

#[test]
fn each_class_by_itself_records_every_call() {
    const GUESTS: &[&str] = &[
        "plain_calls",
        "registers_kept",
        "flags_kept",
        "return_address",
        "wild_stack",
        "site_shapes",
        "site_entries",
        "site_places",
        "site_first_in_child",
        "site_under_way",
        "one_site_1000",
        "any_class",
        "code_rewritten",
        "library_reused",
        "fork_tree",
        "vfork_exec",
        "threads_many",
        "signal_restart",
        "restart_block",
        "sigtrap",
        "signal_storm",
        "signal_jump",
        "cancel_blocked",
        "backtrace_in_handler",
    ];
    if !offered() {
        return;
    }
    let mut problems = Vec::new();
    for backend in &INLINE_CLASSES {
        problems.extend(GUESTS.iter().flat_map(|name| judge(named(name), backend).problems()));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// That a class serves, the kernel tells: of a task that stops, the recorder makes requests with ptrace, at each stop a
/// few; of one that does not, none.
#[test]
fn changed_sites_do_not_stop_redirected_calls_stop_once() {
    const CALLS: u64 = 20_000;
    if !offered() {
        return;
    }
    let Ok(guest) = compile("any_class", Build::C64) else { return println!("SKIP: no compiler") };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let requests = |backend: &Backend| -> Option<u64> {
        let line = backend.command_line(&dir.path().join("trace"));
        let counts = count_with_recorder(line, &guest, &[&CALLS.to_string(), "1"]);
        let counts = counts.map_err(|skip| println!("{skip}")).ok()?;
        counts.get(&(Abi::X86_64, libc::SYS_ptrace as i32)).map(|count| count.entered)
    };
    let [p1, p2, p3, p4, none] = &INLINE_CLASSES;
    let (Some(p1), Some(p2), Some(p3), Some(p4), Some(none)) =
        (requests(p1), requests(p2), requests(p3), requests(p4), requests(none))
    else {
        return;
    };
    println!(
        "calls of ptrace: {p1} with P1, {p2} with P2, {p3} with P3, {p4} with P4, {none} with none of them"
    );
    for changed in [p1, p2, p3] {
        assert!(changed < CALLS / 4, "{changed} requests for {CALLS} calls that should not stop");
    }
    assert!(p4 >= 2 * CALLS, "{p4} requests for {CALLS} calls that stop once each");
    assert!(none > p4, "{none} requests where calls stop twice, {p4} where they stop once");
}

/// Nor does a call stop whose stack was walked before: the task sees for itself that it is the same.
#[test]
fn calls_with_stacks_do_not_stop_again() {
    const CALLS: u64 = 20_000;
    if !offered() {
        return;
    }
    let Ok(guest) = compile("getppid_loop", Build::C64) else { return println!("SKIP: no compiler") };
    let dir = tempfile::tempdir().expect("a temporary folder");
    for options in [&["--stacks"][..], &["--stacks", "--stacks-min-duration", "10s"]] {
        let mut line = INLINE.command_line(&dir.path().join("trace"));
        line.splice(line.len() - 1..line.len() - 1, options.iter().map(std::ffi::OsString::from));
        let counts = match count_with_recorder(line, &guest, &[&CALLS.to_string()]) {
            Ok(counts) => counts,
            Err(skip) => return println!("{skip}"),
        };
        let requests = counts.get(&(Abi::X86_64, libc::SYS_ptrace as i32)).map_or(0, |count| count.entered);
        println!("{requests} calls of ptrace with {options:?}");
        assert!(requests < CALLS / 4, "{requests} requests for {CALLS} calls with {options:?}");
    }
}
