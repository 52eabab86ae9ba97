//! Waiting for tracees, with the raw status: nix's types refuse a stop on a real-time signal (EINVAL).

use std::io;

/// What `wait4(2)` told of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waited {
    pub tid: i32,
    pub status: WaitStatus,
}

/// A wait status, decoded as far as the kernel defines it (`include/uapi/linux/wait.h`, ptrace(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitStatus {
    Exited {
        code: i32,
    },
    Killed {
        signo: i32,
        core_dumped: bool,
    },
    /// `signo` is `status >> 8 & 0xff`, `event` is `status >> 16`.
    Stopped {
        signo: i32,
        event: i32,
    },
    Continued,
}

impl WaitStatus {
    fn from_raw(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            WaitStatus::Exited { code: libc::WEXITSTATUS(status) }
        } else if libc::WIFSIGNALED(status) {
            WaitStatus::Killed { signo: libc::WTERMSIG(status), core_dumped: libc::WCOREDUMP(status) }
        } else if libc::WIFSTOPPED(status) {
            WaitStatus::Stopped { signo: (status >> 8) & 0xff, event: status >> 16 }
        } else {
            WaitStatus::Continued
        }
    }
}

fn wait(target: i32, flags: i32) -> io::Result<Option<Waited>> {
    let mut status = 0;
    // SAFETY: `status` is valid for the kernel to fill; the usage pointer may be null (wait4(2)).
    let tid = unsafe { libc::wait4(target, &mut status, libc::__WALL | flags, std::ptr::null_mut()) };
    match tid {
        0 => Ok(None),
        tid if tid > 0 => Ok(Some(Waited { tid, status: WaitStatus::from_raw(status) })),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sleeps until some child or tracee has news. `Interrupted` when a signal handler ran.
#[inline]
pub(crate) fn wait_any() -> io::Result<Option<Waited>> {
    wait(-1, 0)
}

/// News that is there already, without sleeping.
#[inline]
pub(crate) fn poll_any() -> io::Result<Option<Waited>> {
    wait(-1, libc::WNOHANG)
}

/// Sleeps until this one child or tracee has news.
pub(crate) fn wait_for(tid: i32) -> io::Result<Option<Waited>> {
    wait(tid, 0)
}

/// Sleeps until this child of ours, not traced yet, has stopped.
pub(crate) fn wait_stopped(pid: i32) -> io::Result<()> {
    wait(pid, libc::WUNTRACED).map(drop)
}
