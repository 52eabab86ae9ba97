//! Signal numbers and names, as on x86 and aarch64 (signal(7)).
//!
//! The kernel knows 64 signals; 32 to 64 are the real-time ones. The C libraries keep the first two (three in musl)
//! for themselves, and `SIGRTMIN` in programs, in `kill -l` and here is 34. 32 and 33 have no name, hence `SIG32`.
//! Where a call is shown, its signals are named as strace does it ([`kernel_name`]).

use std::borrow::Cow;

/// The names of 1 to 31.
#[rustfmt::skip]
const STANDARD: [&str; 31] = [
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
    "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
    "SIGSYS",
];

/// Other names of the same numbers.
const ALIASES: [(&str, i32); 4] = [("SIGIOT", 6), ("SIGCLD", 17), ("SIGPOLL", 29), ("SIGUNUSED", 31)];

/// What glibc calls `SIGRTMIN`.
const RT_MIN: i32 = 34;
const RT_MAX: i32 = 64;

/// The name: `SIGINT`, `SIGRTMIN`, `SIGRTMIN+3`; for every other number `SIG` and the number: `SIG32`, `SIG0`.
pub fn name(signal: i32) -> Cow<'static, str> {
    let standard =
        usize::try_from(signal).ok().and_then(|n| n.checked_sub(1)).and_then(|at| STANDARD.get(at));
    match (standard, signal) {
        (Some(name), _) => Cow::Borrowed(name),
        (None, RT_MIN) => Cow::Borrowed("SIGRTMIN"),
        (None, RT_MIN..=RT_MAX) => Cow::Owned(format!("SIGRTMIN+{}", signal - RT_MIN)),
        (None, _) => Cow::Owned(format!("SIG{signal}")),
    }
}

/// The name in the notation of strace, which counts real-time signals as the kernel does: 32 is `SIGRTMIN`, 34 `SIGRT_2`.
pub fn kernel_name(signal: i32) -> Cow<'static, str> {
    match signal {
        32 => Cow::Borrowed("SIGRTMIN"),
        33..=RT_MAX => Cow::Owned(format!("SIGRT_{}", signal - 32)),
        _ => name(signal),
    }
}

/// The number, 1 to 64, of a name with or without `SIG`, in any case, or of a number in digits.
///
/// Real-time ones are `RTMIN`, `RTMIN+n`, `RTMAX`, `RTMAX-n`, or `RT_n` as strace writes them, counted from 32.
pub fn from_name(name: &str) -> Option<i32> {
    // The longest is SIGVTALRM or SIGRTMIN+30; anything else need not be copied.
    if name.len() > 16 {
        return None;
    }
    let name = name.to_ascii_uppercase();
    let short = name.strip_prefix("SIG").unwrap_or(&name);
    let is = |known: &str| known.strip_prefix("SIG") == Some(short);
    let number = if let Some(at) = STANDARD.iter().position(|known| is(known)) {
        i32::try_from(at).ok()? + 1
    } else if let Some((_, number)) = ALIASES.iter().find(|(known, _)| is(known)) {
        *number
    } else if short == "RTMIN" {
        RT_MIN
    } else if short == "RTMAX" {
        RT_MAX
    } else if let Some(above) = short.strip_prefix("RTMIN+") {
        RT_MIN + digits(above)?
    } else if let Some(below) = short.strip_prefix("RTMAX-") {
        RT_MAX - digits(below).filter(|below| *below <= RT_MAX - RT_MIN)?
    } else if let Some(kernel) = short.strip_prefix("RT_") {
        32 + digits(kernel)?
    } else {
        digits(short)?
    };
    (1..=RT_MAX).contains(&number).then_some(number)
}

/// A number of at most two digits; no sign, no blanks.
fn digits(text: &str) -> Option<i32> {
    let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_leads_back_from_its_name() {
        for signal in 1..=64 {
            assert_eq!(from_name(&name(signal)), Some(signal), "{}", name(signal));
            assert_eq!(from_name(&signal.to_string()), Some(signal));
        }
        assert_eq!(name(2), "SIGINT");
        assert_eq!(name(37), "SIGRTMIN+3");
        assert_eq!(name(33), "SIG33");
        assert_eq!([2, 32, 33, 64].map(kernel_name), ["SIGINT", "SIGRTMIN", "SIGRT_1", "SIGRT_32"]);
        assert_eq!(name(-1), "SIG-1");
        assert_eq!(name(i32::MIN), "SIG-2147483648");
    }

    #[test]
    fn other_spellings() {
        for (text, signal) in [
            ("int", 2),
            ("Iot", 6),
            ("CLD", 17),
            ("rtmin", 34),
            ("RTMAX", 64),
            ("SIGRTMAX-3", 61),
            ("SIGRT_5", 37),
        ] {
            assert_eq!(from_name(text), Some(signal), "{text}");
        }
        for text in [
            "",
            "SIG",
            "0",
            "65",
            "RTMIN+31",
            "RTMAX-31",
            "RT_33",
            "RTMIN+-1",
            "RTMIN++1",
            "SIG-1",
            "SIGSIGINT",
        ] {
            assert_eq!(from_name(text), None, "{text}");
        }
    }
}
