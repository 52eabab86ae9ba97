//! The ways to run a program that the tests know: bare, under strace, and under each backend of sysrec.
//!
//! [`each_backend!`](crate::each_backend) is the one list of sysrec's backends: tests that hold for every backend are
//! made by it, one module a backend, and skip where the binary does not offer that one.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use sysrec_format::event::Abi;

use crate::conform::{self, RecordedCall};
use crate::oracle::Allowance;
use crate::sysrec::RecorderCalls;
use crate::{Skip, strace, sysrec};

/// A way to run a guest: bare, or recorded.
#[derive(Clone, Copy)]
pub struct Backend {
    /// Its name, for messages.
    pub name: &'static str,
    /// Whether it can be used here.
    pub available: fn() -> Result<(), Skip>,
    /// What comes before the guest's own command line; gets the file to record into and the options. Empty: bare.
    line: fn(&Path, &[&str]) -> Vec<OsString>,
    /// Options of the recorder.
    options: &'static [&'static str],
    /// The calls in that file: of each task in order of entry.
    pub read: fn(&Path) -> io::Result<Vec<RecordedCall>>,
    /// The calls that the recorder made in the program for its own ends, as that file has them.
    pub recorder_calls: fn(&Path) -> io::Result<RecorderCalls>,
    /// Which calls it records.
    pub selects: fn(Abi, i32) -> bool,
    /// Whether a program sees its own CPUs in `/proc/self/status`. (What the system calls say is always its own.)
    pub keeps_cpus: bool,
    /// Whether a program sees its own privileges and filters in `/proc/self/status`.
    pub keeps_seccomp: bool,
    /// Whether a call that the kernel starts again by itself is one call to it: see [`compare`](crate::oracle::compare).
    pub misses_restarts: bool,
}

impl Backend {
    /// The words before the command that is to be recorded into `trace`.
    pub fn command_line(&self, trace: &Path) -> Vec<OsString> {
        (self.line)(trace, self.options)
    }

    /// Why the kernel may count other calls than were recorded.
    pub fn allowance(&self, recorded: &[RecordedCall], own: RecorderCalls) -> Allowance {
        let restarts = self.misses_restarts.then(|| conform::restarts(recorded));
        Allowance { recorder_calls: own.calls, uncertain: own.uncertain, restarts, renumbered: 0 }
    }
}

fn every(_: Abi, _: i32) -> bool {
    true
}

/// No recorder: what the guest does by itself.
pub const BARE: Backend = Backend {
    name: "bare",
    available: || Ok(()),
    line: |_, _| Vec::new(),
    options: &[],
    read: |_| Ok(Vec::new()),
    recorder_calls: |_| Ok(RecorderCalls::default()),
    selects: |_, _| false,
    keeps_cpus: true,
    keeps_seccomp: true,
    misses_restarts: false,
};

/// strace.
pub const STRACE: Backend = Backend {
    name: "strace",
    available: strace::available,
    line: |output, _| strace::command_line(output),
    options: &[],
    read: strace::read,
    recorder_calls: |_| Ok(RecorderCalls::default()),
    selects: every,
    keeps_cpus: true,
    keeps_seccomp: true,
    misses_restarts: false,
};

/// sysrec with ptrace.
pub const PTRACE: Backend = Backend {
    name: "sysrec (ptrace)",
    available: || sysrec::offers("ptrace"),
    line: sysrec::record_line,
    options: &["--backend", "ptrace"],
    read: sysrec::read_whole,
    recorder_calls: sysrec::recorder_calls,
    selects: every,
    keeps_cpus: false,
    keeps_seccomp: true,
    misses_restarts: false,
};

/// sysrec with ptrace and all registers, which must agree with the rest.
pub const PTRACE_REGISTERS: Backend = Backend {
    name: "sysrec (ptrace, all registers)",
    options: &["--backend", "ptrace", "--registers", "all"],
    read: sysrec::read_registers,
    ..PTRACE
};

/// sysrec with ptrace, leaving the program on its own CPUs.
pub const PTRACE_UNPLACED: Backend = Backend {
    name: "sysrec (ptrace, no placement)",
    options: &["--backend", "ptrace", "--no-placement"],
    keeps_cpus: true,
    ..PTRACE
};

/// sysrec with ptrace and a filter in the kernel. Its calls: [`sysrec::NET`].
pub const PTRACE_NET: Backend = Backend {
    name: "sysrec (ptrace, net)",
    options: &["--backend", "ptrace", "-e", sysrec::NET],
    selects: sysrec::net_selects,
    keeps_seccomp: false,
    ..PTRACE
};

/// sysrec with stubs inside the program.
pub const INLINE: Backend = Backend {
    name: "sysrec (inline)",
    available: || sysrec::offers("inline"),
    options: &["--backend", "inline"],
    keeps_seccomp: false,
    misses_restarts: true,
    ..PTRACE
};

/// Where all registers are wanted, `auto` chooses ptrace.
pub const INLINE_REGISTERS: Backend = Backend {
    name: "sysrec (auto, all registers)",
    options: &["--registers", "all"],
    read: sysrec::read_registers,
    ..PTRACE
};

/// The same, leaving the program on its own CPUs.
pub const INLINE_UNPLACED: Backend = Backend {
    name: "sysrec (inline, no placement)",
    options: &["--backend", "inline", "--no-placement"],
    keeps_cpus: true,
    ..INLINE
};

/// The same with only some calls wanted. Its calls: [`sysrec::NET`].
pub const INLINE_NET: Backend = Backend {
    name: "sysrec (inline, net)",
    options: &["--backend", "inline", "-e", sysrec::NET],
    selects: sysrec::net_selects,
    ..INLINE
};

/// The same with the stack of each call, which tasks compare themselves.
pub const INLINE_STACKS: Backend =
    Backend { name: "sysrec (inline, stacks)", options: &["--backend", "inline", "--stacks"], ..INLINE };

const fn inline_class(name: &'static str, options: &'static [&'static str]) -> Backend {
    Backend { name, options, ..INLINE }
}

/// The same with one class of changed sites alone, or with none, so that every call is made at a stop.
pub const INLINE_CLASSES: [Backend; 5] = [
    inline_class("sysrec (inline, P1)", &["--backend", "inline", "--inline-classes", "p1"]),
    inline_class("sysrec (inline, P2)", &["--backend", "inline", "--inline-classes", "p2"]),
    inline_class("sysrec (inline, P3)", &["--backend", "inline", "--inline-classes", "p3"]),
    inline_class("sysrec (inline, P4)", &["--backend", "inline", "--inline-classes", "p4"]),
    inline_class("sysrec (inline, no class)", &["--backend", "inline", "--inline-classes", ""]),
];

/// One backend in all its forms.
#[derive(Clone, Copy)]
pub struct Family {
    /// As it is by itself.
    pub plain: Backend,
    /// With all registers.
    pub registers: Backend,
    /// Without placement.
    pub unplaced: Backend,
    /// With a filter.
    pub net: Backend,
}

/// `--backend ptrace`.
pub const PTRACE_FAMILY: Family =
    Family { plain: PTRACE, registers: PTRACE_REGISTERS, unplaced: PTRACE_UNPLACED, net: PTRACE_NET };

/// `--backend inline`.
pub const INLINE_FAMILY: Family =
    Family { plain: INLINE, registers: INLINE_REGISTERS, unplaced: INLINE_UNPLACED, net: INLINE_NET };

/// For each backend of sysrec a module of its name, with a test for each function named here, which gets the
/// backend's [`Family`].
#[macro_export]
macro_rules! each_backend {
    ($($test:ident),+ $(,)?) => {
        $crate::tests_of!(ptrace, $crate::backends::PTRACE_FAMILY, $($test),+);
        $crate::tests_of!(inline, $crate::backends::INLINE_FAMILY, $($test),+);
    };
}

/// The module of one backend in [`each_backend!`](crate::each_backend).
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of {
    ($module:ident, $family:expr, $($test:ident),+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test(&$family);
                }
            )+
        }
    };
}
