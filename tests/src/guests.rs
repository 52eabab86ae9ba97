//! The table of guests: how each is built and run, and what is expected of it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::compile::Build;

/// What a guest's log is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Every call of every segment, in order.
    Exact,
    /// The guest logs nothing: its own checks, its output and its end are all there is.
    Nothing,
}

/// How a guest ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

impl End {
    /// Whether `status` is this end.
    pub fn is(self, status: ExitStatus) -> bool {
        match self {
            End::Exited(code) => status.code() == Some(code),
            End::Signaled(signal) => status.signal() == Some(signal),
        }
    }
}

/// How what a recorded guest writes on stdout relates to what it writes when run bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The same bytes.
    Same,
    /// Figures of its own in every run (times, ports).
    Free,
    /// The same bytes, but for these lines of `/proc/self/status`: `Cpus_allowed` under a recorder that holds the
    /// program on one CPU, `NoNewPrivs` and `Seccomp` under one that puts a filter around it.
    ShowsState,
    /// Another text by right: a tracer is there, and the guest looks for one.
    ShowsTracer,
}

/// What strace 6.1, which the guests are tried on, makes of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strace {
    /// It records every call as it is.
    Conforms,
    /// It does not see some calls, and that must be found.
    Misses,
    /// Of a task that is killed at its entry stop it shows the registers of another task: only the total of all
    /// numbers can be compared.
    MisreadsDyingTasks,
    /// Under it, signals that the guest ignores end calls of the guest that they do not end otherwise.
    EndsIgnoredCalls,
}

/// One guest as it is run.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Unique name of the row.
    pub name: &'static str,
    /// `tests/guests/SOURCE.c`.
    pub source: &'static str,
    /// How it is built.
    pub build: Build,
    /// Other guests that it executes; it finds each in the environment, as `GUEST_` and the name in capitals.
    pub also: &'static [(&'static str, Build)],
    /// Arguments.
    pub args: &'static [&'static str],
    /// Its log.
    pub log: Log,
    /// Its end, bare and recorded.
    pub end: End,
    /// Its output.
    pub output: Output,
    /// What strace 6.1 makes of it.
    pub strace: Strace,
    /// Whether the kernel's count and the recording must agree.
    pub countable: bool,
    /// Whether a recorder with a filter of its own in the kernel has to refuse the guest's calls in the kernel's place,
    /// which the kernel counts as refusals of number -1.
    pub renumbered: bool,
}

const GUEST: Guest = Guest {
    name: "",
    source: "",
    build: Build::C64,
    also: &[],
    args: &[],
    log: Log::Exact,
    end: End::Exited(0),
    output: Output::Same,
    strace: Strace::Conforms,
    countable: true,
    renumbered: false,
};

const fn guest(name: &'static str) -> Guest {
    Guest { name, source: name, ..GUEST }
}

impl Guest {
    const fn end(self, end: End) -> Guest {
        Guest { end, ..self }
    }

    const fn exits(self, code: i32) -> Guest {
        self.end(End::Exited(code))
    }

    const fn dies_by(self, signal: i32) -> Guest {
        self.end(End::Signaled(signal))
    }

    const fn build(self, build: Build) -> Guest {
        Guest { build, ..self }
    }

    const fn also(self, also: &'static [(&'static str, Build)]) -> Guest {
        Guest { also, ..self }
    }

    const fn args(self, args: &'static [&'static str]) -> Guest {
        Guest { args, ..self }
    }

    const fn source(self, source: &'static str) -> Guest {
        Guest { source, ..self }
    }

    const fn output(self, output: Output) -> Guest {
        Guest { output, ..self }
    }

    const fn unlogged(self) -> Guest {
        Guest { log: Log::Nothing, ..self }
    }

    const fn strace(self, strace: Strace) -> Guest {
        Guest { strace, ..self }
    }

    const fn renumbered(self) -> Guest {
        Guest { renumbered: true, ..self }
    }

    const fn uncountable(self) -> Guest {
        Guest { countable: false, ..self }
    }
}

/// Every guest.
pub const GUESTS: &[Guest] = &[
    // Calls and ABIs.
    guest("plain_calls"),
    guest("bad_numbers"),
    guest("bad_pointers"),
    guest("registers_kept").unlogged(),
    guest("vdso_time"),
    guest("int80_from_64"),
    guest("i386_int80").build(Build::Freestanding32).exits(32),
    guest("i386_vdso").build(Build::Freestanding32),
    guest("i386_fork").build(Build::Freestanding32),
    guest("exec_abi").also(&[("exec_abi_32", Build::Freestanding32)]).exits(64),
    guest("user_dispatch").unlogged(),
    guest("any_class"),
    guest("getppid_loop").args(&["20000"]).output(Output::Free),
    // Registers, sites and where they lie.
    guest("flags_kept").unlogged(),
    guest("return_address").unlogged(),
    guest("wild_stack"),
    guest("site_shapes"),
    guest("site_entries"),
    guest("site_places"),
    guest("site_first_in_child"),
    guest("site_under_way"),
    guest("one_site_1000"),
    guest("gs_own"),
    guest("tsc_off"),
    // Code and mappings that change.
    guest("code_rewritten"),
    guest("text_moved"),
    guest("library_reused")
        .also(&[("library_one", Build::Shared64), ("library_two", Build::Shared64)])
        .unlogged(),
    guest("text_checksum").output(Output::Free),
    guest("map_fixed_low"),
    guest("unmap_unknown").build(Build::Freestanding64),
    guest("limits"),
    // Birth, exec and death of tasks.
    guest("fork_tree"),
    guest("vfork_exec"),
    guest("clone_vm"),
    guest("clone_parent"),
    guest("clone3_flags"),
    guest("clone_untraced").strace(Strace::Misses),
    guest("threads_short").args(&["125"]),
    guest("threads_many"),
    guest("exec_thread").strace(Strace::MisreadsDyingTasks).exits(10),
    guest("exec_race").strace(Strace::MisreadsDyingTasks).exits(30),
    guest("exec_fails"),
    guest("leader_exit").exits(7),
    guest("exit_race").strace(Strace::MisreadsDyingTasks).exits(3),
    guest("exit_status_race").strace(Strace::MisreadsDyingTasks).unlogged().exits(9),
    guest("kill_self").dies_by(libc::SIGKILL),
    guest("kill_child").strace(Strace::MisreadsDyingTasks),
    guest("kill_random").strace(Strace::MisreadsDyingTasks),
    guest("exit_hammer").unlogged().strace(Strace::MisreadsDyingTasks),
    guest("posix_spawn").unlogged(),
    guest("stackless_child"),
    guest("fork_among_threads"),
    guest("daemonize").exits(17),
    guest("pid_namespace").strace(Strace::MisreadsDyingTasks).unlogged(),
    guest("exit_with_0").source("exit_with").args(&["0"]).unlogged(),
    guest("exit_with_77").source("exit_with").args(&["77"]).unlogged().exits(77),
    guest("exit_with_255").source("exit_with").args(&["255"]).unlogged().exits(255),
    guest("die_by_sigterm").source("die_by").args(&["15"]).unlogged().dies_by(libc::SIGTERM),
    guest("die_by_sigabrt").source("die_by").args(&["6"]).unlogged().dies_by(libc::SIGABRT),
    guest("die_by_sigsegv").source("die_by").args(&["11"]).unlogged().dies_by(libc::SIGSEGV),
    guest("die_by_sigint").source("die_by").args(&["2"]).unlogged().dies_by(libc::SIGINT),
    guest("die_by_sigpipe").source("die_by").args(&["13"]).unlogged().dies_by(libc::SIGPIPE),
    guest("die_by_real_time").source("die_by").args(&["40"]).unlogged().dies_by(40),
    // Signals, job control, restarts.
    guest("signal_handler"),
    guest("signal_restart"),
    guest("signal_longjmp"),
    guest("signal_queue"),
    guest("signal_timer"),
    guest("signal_stack"),
    guest("signal_info").unlogged(),
    guest("sigtrap"),
    guest("stop_continue").unlogged(),
    guest("stop_threads"),
    guest("job_control").unlogged(),
    guest("orphaned_group").unlogged(),
    guest("restart_block"),
    guest("segv_flow"),
    guest("signal_storm").args(&["1000", "restart"]),
    guest("signal_storm_20k").source("signal_storm").args(&["20000", "restart"]),
    guest("signal_storm_ends_calls").source("signal_storm").args(&["5000", "end"]),
    guest("signal_storm_on_a_stack").source("signal_storm").args(&["5000", "stack"]),
    guest("signal_jump").args(&["1000"]).unlogged(),
    guest("signal_jump_20k").source("signal_jump").args(&["20000"]).unlogged(),
    guest("signals_withheld"),
    guest("signal_ignored"),
    guest("signal_ignored_eintr").strace(Strace::EndsIgnoredCalls),
    guest("cancel_blocked").unlogged(),
    guest("backtrace_in_handler").unlogged(),
    guest("exceptions").build(Build::Cpp64).unlogged(),
    // Filters of the program's own.
    guest("seccomp_errno"),
    guest("seccomp_trap"),
    guest("seccomp_kill").dies_by(libc::SIGSYS),
    guest("seccomp_kill_thread").exits(6).uncountable(),
    guest("seccomp_trace").renumbered(),
    guest("seccomp_allow_list").exits(20),
    guest("seccomp_in_call").exits(7),
    guest("seccomp_tsync"),
    guest("seccomp_by_address"),
    // The kernel kills at such a call before it counts it.
    guest("seccomp_strict").unlogged().uncountable(),
    // What a program can see of its recorder.
    guest("ptrace_inside").strace(Strace::MisreadsDyingTasks).unlogged().output(Output::ShowsTracer),
    guest("tracer_visible").unlogged().output(Output::ShowsTracer),
    guest("own_state").args(&["one", "two words", "*", ""]).unlogged().output(Output::ShowsState),
    // Things that block, and servers; also for attaching and for the benchmark.
    guest("blocked_calls").unlogged(),
    guest("threads_churn").strace(Strace::MisreadsDyingTasks).unlogged(),
    guest("server_epoll").args(&["400", "4"]),
    guest("server_pool").args(&["400", "4"]).unlogged(),
    guest("server_upstream").args(&["50", "1000", "stat"]).unlogged(),
];

/// Not in the table: no recorder passes it yet, and a test of its own waits for the first that does.
pub const KILL_CLONING: Guest = guest("kill_cloning").strace(Strace::MisreadsDyingTasks);

/// The guest of that name.
///
/// # Panics
/// When there is none.
pub fn named(name: &str) -> &'static Guest {
    GUESTS.iter().find(|guest| guest.name == name).unwrap_or_else(|| panic!("no guest {name}"))
}
