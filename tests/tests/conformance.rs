//! Every backend keeps its promises on every guest: the program behaves as without it, and each call is recorded once,
//! in order, as the guest made it and as the kernel counted it.
//!
//! `GUEST=name` runs one guest alone, `SYSREC_TEST_BACKENDS=ptrace,inline` these backends alone.

use sysrec_format::event::Abi;
use sysrec_tests::backends::{Backend, Family, INLINE_STACKS, PTRACE};
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::each_backend;
use sysrec_tests::guests::{GUESTS, KILL_CLONING};
use sysrec_tests::run::count_with_recorder;
use sysrec_tests::suite::judge;
use sysrec_tests::sysrec;

fn conforms(backend: &Backend, guests: impl Fn(&str) -> bool) {
    let only = std::env::var("GUEST").ok();
    let chosen = GUESTS
        .iter()
        .filter(|guest| guests(guest.name) && only.as_deref().is_none_or(|only| guest.name == only));
    let problems: Vec<String> = chosen.flat_map(|guest| judge(guest, backend).problems()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

each_backend!(every_guest, with_all_registers, without_placement, through_a_net);

fn every_guest(backend: &Family) {
    conforms(&backend.plain, |_| true);
}

fn with_all_registers(backend: &Family) {
    const GUESTS: &[&str] = &[
        "plain_calls",
        "bad_numbers",
        "bad_pointers",
        "registers_kept",
        "flags_kept",
        "wild_stack",
        "site_shapes",
        "gs_own",
        "int80_from_64",
        "i386_int80",
        "i386_vdso",
        "i386_fork",
        "exec_abi",
        "vfork_exec",
        "clone_untraced",
        "threads_short",
        "exec_thread",
        "signal_restart",
        "restart_block",
        "seccomp_errno",
        "seccomp_trap",
        "seccomp_by_address",
        "signal_storm",
    ];
    conforms(&backend.registers, |name| GUESTS.contains(&name));
}

fn without_placement(backend: &Family) {
    const GUESTS: &[&str] = &["own_state", "threads_many", "fork_tree", "exec_race", "server_epoll"];
    conforms(&backend.unplaced, |name| GUESTS.contains(&name));
}

/// A net lets through what was asked for and nothing else: through threads, forks, execs and 32-bit programs.
///
/// Not among them are guests whose own filter refuses calls: in the kernel that comes before the net, and nobody sees
/// those calls.
fn through_a_net(backend: &Family) {
    const GUESTS: &[&str] = &[
        "plain_calls",
        "int80_from_64",
        "i386_int80",
        "i386_vdso",
        "i386_fork",
        "exec_abi",
        "fork_tree",
        "vfork_exec",
        "clone_parent",
        "clone_untraced",
        "threads_short",
        "exec_thread",
        "exec_race",
        "exec_fails",
        "exit_race",
        "kill_child",
        "signal_restart",
        "seccomp_trace",
        "stop_continue",
        "job_control",
        "site_places",
        "code_rewritten",
        "unmap_unknown",
        "limits",
        "fork_among_threads",
        "posix_spawn",
        "seccomp_allow_list",
        "seccomp_in_call",
        "signal_jump",
        "server_epoll",
        "server_pool",
    ];
    conforms(&backend.net, |name| GUESTS.contains(&name));
}

/// The part of the stub that compares stacks is as little noticed as the rest.
#[test]
fn tasks_that_compare_their_stacks() {
    const GUESTS: &[&str] = &[
        "plain_calls",
        "bad_pointers",
        "registers_kept",
        "flags_kept",
        "paths",
        "hostile_pointers",
        "wild_stack",
        "stackless_child",
        "site_shapes",
        "gs_own",
        "code_rewritten",
        "library_reused",
        "vfork_exec",
        "fork_among_threads",
        "threads_many",
        "exec_thread",
        "signal_handler",
        "signal_restart",
        "signal_longjmp",
        "signal_stack",
        "signal_storm",
        "signal_jump",
        "restart_block",
        "cancel_blocked",
        "backtrace_in_handler",
        "exceptions",
        "seccomp_by_address",
        "stop_threads",
        "server_epoll",
        "server_pool",
    ];
    conforms(&INLINE_STACKS, |name| GUESTS.contains(&name));
}

/// A child whose parent is killed inside fork, before its event is told, is a tracee like any other.
#[test]
fn children_of_a_parent_that_is_killed_as_it_makes_them() {
    let problems = judge(&KILL_CLONING, &PTRACE).problems();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A recorder waits once for each stop: so the kernel's count of its waiting tells how often the program stopped.
#[test]
fn calls_that_nobody_asked_for_do_not_stop() {
    const CALLS: u64 = 20_000;
    let guest = match compile("getppid_loop", Build::C64) {
        Ok(guest) => guest,
        Err(skip) => return println!("{skip}"),
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let waits = |filter: &[&str]| -> Option<u64> {
        let line = sysrec::record_line(&dir.path().join("trace"), filter);
        let counts = count_with_recorder(line, &guest, &[&CALLS.to_string()]);
        let counts = counts.map_err(|skip| println!("{skip}")).ok()?;
        let of = |nr: i64| counts.get(&(Abi::X86_64, nr as i32)).map_or(0, |count| count.entered);
        assert!(of(libc::SYS_getppid) >= CALLS);
        Some(of(libc::SYS_wait4))
    };
    let (Some(all), Some(few)) =
        (waits(&["--backend", "ptrace"]), waits(&["--backend", "ptrace", "-e", "openat"]))
    else {
        return;
    };
    assert!(all >= 2 * CALLS, "{all} waits for {CALLS} calls that stop");
    assert!(few < CALLS / 10, "{few} waits for {CALLS} calls that should not stop");
}
