//! Every backend keeps its promises on every guest: the program behaves as without it, and each call is recorded once,
//! in order, as the guest made it and as the kernel counted it.
//!
//! `GUEST=name` runs one guest alone.

use sysrec_tests::guests::GUESTS;
use sysrec_tests::run::{Backend, SYSREC_PTRACE, SYSREC_PTRACE_REGISTERS};
use sysrec_tests::suite::judge;

fn conforms(backend: &Backend, guests: impl Fn(&str) -> bool) {
    let only = std::env::var("GUEST").ok();
    let chosen = GUESTS
        .iter()
        .filter(|guest| only.as_deref().map_or_else(|| guests(guest.name), |only| guest.name == only));
    let problems: Vec<String> = chosen.flat_map(|guest| judge(guest, backend).problems()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn ptrace() {
    conforms(&SYSREC_PTRACE, |_| true);
}

#[test]
fn ptrace_with_all_registers() {
    const GUESTS: &[&str] = &[
        "plain_calls", "bad_numbers", "bad_pointers", "registers_kept", "int80_from_64", "i386_int80", "i386_vdso",
        "i386_fork", "exec_abi", "vfork_exec", "threads_short", "exec_thread", "signal_restart", "restart_block",
        "seccomp_errno", "seccomp_trap", "seccomp_trace",
    ];
    conforms(&SYSREC_PTRACE_REGISTERS, |name| GUESTS.contains(&name));
}
