//! Where a signal came from: names of `si_code` (sigaction(2), `include/uapi/asm-generic/siginfo.h`).

/// The name; `None` for a code without one.
pub(super) fn name(signo: i32, code: i32) -> Option<&'static str> {
    Some(match code {
        0 => "SI_USER",
        0x80 => "SI_KERNEL",
        -1 => "SI_QUEUE",
        -2 => "SI_TIMER",
        -3 => "SI_MESGQ",
        -4 => "SI_ASYNCIO",
        -5 => "SI_SIGIO",
        -6 => "SI_TKILL",
        -7 => "SI_DETHREAD",
        _ => return of_signal(signo).get(usize::try_from(code).ok()?.checked_sub(1)?).copied(),
    })
}

/// Whether a fault's address goes with the signal, be it 0.
pub(super) fn has_address(signo: i32, code: i32) -> bool {
    matches!(signo, 4 | 7 | 8 | 11) && code > 0 && code != 0x80
}

/// Codes from 1 on that the kernel gives to this signal.
fn of_signal(signo: i32) -> &'static [&'static str] {
    match signo {
        // SIGILL
        4 => &[
            "ILL_ILLOPC",
            "ILL_ILLOPN",
            "ILL_ILLADR",
            "ILL_ILLTRP",
            "ILL_PRVOPC",
            "ILL_PRVREG",
            "ILL_COPROC",
            "ILL_BADSTK",
        ],
        // SIGTRAP
        5 => &["TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT", "TRAP_UNK", "TRAP_PERF"],
        // SIGBUS
        7 => &["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"],
        // SIGFPE
        8 => &[
            "FPE_INTDIV",
            "FPE_INTOVF",
            "FPE_FLTDIV",
            "FPE_FLTOVF",
            "FPE_FLTUND",
            "FPE_FLTRES",
            "FPE_FLTINV",
            "FPE_FLTSUB",
        ],
        // SIGSEGV
        11 => &["SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"],
        // SIGCHLD
        17 => &["CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"],
        // SIGIO
        29 => &["POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"],
        // SIGSYS
        31 => &["SYS_SECCOMP", "SYS_USER_DISPATCH"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_code_means_something_else_for_each_signal() {
        assert_eq!(name(17, 1), Some("CLD_EXITED"));
        assert_eq!(name(11, 1), Some("SEGV_MAPERR"));
        assert_eq!(name(11, 0), Some("SI_USER"));
        assert_eq!(name(15, 1), None);
        assert_eq!(name(17, 7), None);
        assert_eq!(name(17, i32::MIN), None);
    }

    /// The C library's header says the same.
    #[test]
    fn the_numbers_are_those_of_the_header() {
        for (signo, code, expected) in [
            (libc::SIGCHLD, libc::CLD_CONTINUED, "CLD_CONTINUED"),
            (libc::SIGBUS, libc::BUS_MCEERR_AR, "BUS_MCEERR_AR"),
            (libc::SIGTRAP, libc::TRAP_HWBKPT, "TRAP_HWBKPT"),
            (libc::SIGTERM, libc::SI_TKILL, "SI_TKILL"),
            (libc::SIGTERM, libc::SI_KERNEL, "SI_KERNEL"),
            (libc::SIGTERM, libc::SI_TIMER, "SI_TIMER"),
        ] {
            assert_eq!(name(signo, code), Some(expected));
        }
    }
}
