//! Why a recording could not be made: what happened, where, and what to do.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// A recording that could not begin, or could not be ended in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The command was not found, or may not be run.
    Command {
        /// As the user gave it.
        name: OsString,
        /// ENOENT, EACCES and the like.
        source: io::Error,
    },
    /// The command could not be started.
    Start {
        /// As the user gave it.
        command: OsString,
        /// What was being done.
        step: StartStep,
        /// What the kernel said.
        source: io::Error,
    },
    /// `-u` names nobody.
    UnknownUser(String),
    /// A process could not be attached to.
    Attach {
        /// The pid that the user gave.
        pid: i32,
        /// Why.
        problem: AttachProblem,
    },
    /// The trace file could not be made.
    Output {
        /// Its path.
        path: PathBuf,
        /// Why.
        problem: OutputProblem,
    },
    /// The trace could not be written or closed.
    Trace {
        /// Its path.
        path: PathBuf,
        /// What the format's writer said.
        source: sysrec_format::error::Error,
    },
    /// The backend that was asked for cannot do this, or not here.
    Backend {
        /// Its name.
        backend: &'static str,
        /// Why: a part of a sentence.
        reason: String,
    },
    /// Waiting for tracees failed: the kernel's word, none of ours.
    Wait(io::Error),
    /// A thread of the recorder's own could not be started.
    Thread(io::Error),
}

/// A step of starting a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartStep {
    /// Making argv and environment.
    Prepare,
    /// fork(2).
    Fork,
    /// PTRACE_SEIZE.
    Trace,
    /// Installing the seccomp filter.
    Net,
    /// Becoming another user.
    Credentials,
    /// execve(2).
    Exec,
}

/// Why a process could not be attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachProblem {
    /// There is none with that pid.
    NoSuchProcess,
    /// It has exited and waits for its parent.
    Ended,
    /// It is the recorder itself.
    Ourselves,
    /// A kernel thread makes no system calls.
    KernelThread,
    /// Somebody traces it already.
    Traced {
        /// The tracer's pid.
        tracer: i32,
        /// The tracer's name.
        by: String,
    },
    /// It belongs to another user.
    OtherUser {
        /// That user's uid.
        uid: u32,
    },
    /// The Yama security module forbids it.
    Yama {
        /// `/proc/sys/kernel/yama/ptrace_scope`.
        scope: u32,
    },
    /// Refused for another reason, with this errno.
    Refused(i32),
}

/// Why a trace file could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutputProblem {
    /// It is a directory.
    Directory,
    /// It is a FIFO, a socket or a device, which cannot be mapped.
    NoRegularFile,
    /// A file that is no trace stands there.
    OtherFile,
    /// The system said no.
    Io(io::Error),
}

impl Error {
    /// The exit code that the command line gives it: 127 and 126 as a shell does for a command that is not found or
    /// may not be run, 2 for what was asked wrongly, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Command { source, .. } | Error::Start { step: StartStep::Exec, source, .. } => {
                if matches!(source.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) { 127 } else { 126 }
            }
            Error::UnknownUser(_) | Error::Backend { .. } => 2,
            _ => 1,
        }
    }
}

/// The kernel's words without Rust's "(os error N)".
pub(crate) fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => nix::errno::Errno::from_raw(errno).desc().to_owned(),
        None => error.to_string(),
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Backend { backend, reason } => {
                write!(
                    f,
                    "--backend {backend} cannot record this: {reason}; --backend auto chooses one that can"
                )
            }
            Error::Command { name, source } => {
                let name = name.to_string_lossy();
                match source.raw_os_error() {
                    Some(libc::ENOENT) if name.contains('/') => {
                        write!(f, "{name}: No such file or directory")
                    }
                    Some(libc::ENOENT) => write!(f, "{name}: command not found in PATH"),
                    _ => write!(f, "{name}: {}", plain(source)),
                }
            }
            Error::Start { command, step, source } => {
                let command = command.to_string_lossy();
                let why = plain(source);
                match (step, source.raw_os_error()) {
                    (StartStep::Exec, Some(libc::ENOEXEC)) => write!(
                        f,
                        "{command}: {why}: neither a program for this machine nor a script with a first line \"#!...\"; run a script without one through its interpreter, as in: sysrec record sh {command}"
                    ),
                    (StartStep::Exec, Some(libc::ENOENT)) => {
                        write!(
                            f,
                            "{command}: the interpreter that it names (its #! line, or the dynamic loader) does not exist"
                        )
                    }
                    (StartStep::Exec, _) => write!(f, "{command}: {why}"),
                    (StartStep::Trace, _) => write!(
                        f,
                        "{command}: the kernel does not let sysrec trace it: {why}. In a container, allow ptrace (for docker: --cap-add=SYS_PTRACE); under another tracer, record from outside of it"
                    ),
                    (StartStep::Net, _) => write!(
                        f,
                        "{command}: the seccomp filter for -e could not be installed: {why}. Leave -e away and filter when reporting instead"
                    ),
                    (StartStep::Credentials, _) => {
                        write!(f, "{command}: could not become the user of -u: {why}; this needs root")
                    }
                    (StartStep::Prepare | StartStep::Fork, _) => {
                        write!(f, "{command}: could not start it: {why}")
                    }
                }
            }
            Error::UnknownUser(user) => write!(f, "-u {user}: no such user, by name or by number"),
            Error::Attach { pid, problem } => write!(f, "cannot attach to process {pid}: {problem}"),
            Error::Output { path, problem } => {
                let path = path.display();
                match problem {
                    OutputProblem::Directory => write!(f, "{path} is a directory; name a file with -o"),
                    OutputProblem::NoRegularFile => write!(
                        f,
                        "{path} is a pipe, socket or device; a trace is written through a memory map and needs an ordinary file: name one with -o"
                    ),
                    OutputProblem::OtherFile => write!(
                        f,
                        "{path} exists and is not a sysrec trace, so it is left alone; name another file with -o, or remove it"
                    ),
                    OutputProblem::Io(error) => {
                        write!(
                            f,
                            "cannot make the trace file {path}: {}; name another place with -o",
                            plain(error)
                        )
                    }
                }
            }
            Error::Trace { path, source } => write!(f, "writing the trace {}: {source}", path.display()),
            Error::Wait(error) => write!(f, "waiting for the traced processes failed: {}", plain(error)),
            Error::Thread(error) => {
                write!(f, "could not start a thread of the recorder's own: {}", plain(error))
            }
        }
    }
}

impl std::error::Error for Error {}

impl std::fmt::Display for AttachProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AttachProblem::NoSuchProcess => write!(f, "there is no such process"),
            AttachProblem::Ended => {
                write!(f, "it has exited already and only waits for its parent to notice (a zombie)")
            }
            AttachProblem::Ourselves => write!(f, "that is sysrec itself"),
            AttachProblem::KernelThread => write!(f, "it is a kernel thread, which makes no system calls"),
            AttachProblem::Traced { tracer, by } => {
                write!(
                    f,
                    "it is traced already, by process {tracer} ({by}); a process has one tracer at a time: end that one first"
                )
            }
            AttachProblem::OtherUser { uid } => {
                write!(f, "it belongs to another user (uid {uid}); run sysrec as that user or as root")
            }
            AttachProblem::Yama { scope: 1 } => write!(
                f,
                "the Yama rule kernel.yama.ptrace_scope = 1 lets only a parent trace its children; start the program with `sysrec record`, run sysrec as root, or set the rule to 0 (sysctl kernel.yama.ptrace_scope=0)"
            ),
            AttachProblem::Yama { scope: 2 } => write!(
                f,
                "the Yama rule kernel.yama.ptrace_scope = 2 lets only root (CAP_SYS_PTRACE) trace; run sysrec as root, or set the rule to 0 (sysctl kernel.yama.ptrace_scope=0)"
            ),
            AttachProblem::Yama { scope } => write!(
                f,
                "the Yama rule kernel.yama.ptrace_scope = {scope} forbids tracing altogether until the next boot"
            ),
            AttachProblem::Refused(errno) => write!(
                f,
                "{}: it may have other privileges than you, be protected (not dumpable), or a security module forbids it; try as root",
                nix::errno::Errno::from_raw(*errno).desc()
            ),
        }
    }
}
