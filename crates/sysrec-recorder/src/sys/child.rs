//! Starting the command, held before its first call until the tracer has it.
//!
//! ```text
//!  recorder   fork ── seize ── write(go) ─────────────── read(report) ── EOF: it runs │ errno: it could not
//!  child      └─ read(go) ───────────┴─ net ─ credentials ─ execve ┘
//! ```
//! Between fork and execve the child calls nothing that is not async-signal-safe, and allocates nothing.

use std::ffi::{CStr, CString, OsStr};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::seccomp::Program;
use super::signal::Inherited;

/// What the command runs as, where not as ourselves.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

/// A command, ready to be started.
pub(crate) struct Command {
    path: CString,
    argv: Vec<CString>,
    environment: Vec<CString>,
    credentials: Option<Credentials>,
}

/// Where the child failed before or in execve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Net = 1,
    Credentials = 2,
    Exec = 3,
}

/// A started child, held before its first own step.
pub(crate) struct Held {
    pub pid: i32,
    go: std::fs::File,
    report: std::fs::File,
}

/// A pipe that no program inherits: (read end, write end).
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends: [RawFd; 2] = [0; 2];
    // SAFETY: `ends` has room for the two descriptors.
    if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: both were opened just now and belong to nobody else.
    unsafe { Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1]))) }
}

fn c_string(bytes: &OsStr) -> io::Result<CString> {
    CString::new(bytes.as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

impl Command {
    /// `path` is run with `argv` and our own environment.
    pub(crate) fn new(path: &Path, argv: &[&OsStr], credentials: Option<Credentials>) -> io::Result<Self> {
        let environment = std::env::vars_os().map(|(name, value)| {
            let mut both = name;
            both.push("=");
            both.push(value);
            c_string(&both)
        });
        Ok(Command {
            path: c_string(path.as_os_str())?,
            argv: argv.iter().map(|arg| c_string(arg)).collect::<io::Result<_>>()?,
            environment: environment.collect::<io::Result<_>>()?,
            credentials,
        })
    }

    /// Forks the child and leaves it held.
    pub(crate) fn start(&self, inherited: &Inherited, net: Option<&Program>) -> io::Result<Held> {
        let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
            strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
        };
        let argv = pointers(&self.argv);
        let environment = pointers(&self.environment);
        let (go_read, go_write) = pipe()?;
        let (report_read, report_write) = pipe()?;
        // SAFETY: the child runs only `run_child`, which keeps to async-signal-safe calls and never returns.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                // The child must see end-of-file if the recorder dies before it says go.
                drop(go_write);
                self.run_child(
                    &argv,
                    &environment,
                    inherited,
                    net,
                    go_read.as_raw_fd(),
                    report_write.as_raw_fd(),
                )
            }
            pid => Ok(Held { pid, go: go_write.into(), report: report_read.into() }),
        }
    }

    fn run_child(
        &self,
        argv: &[*const libc::c_char],
        environment: &[*const libc::c_char],
        inherited: &Inherited,
        net: Option<&Program>,
        go: RawFd,
        report: RawFd,
    ) -> ! {
        let fail = |step: Step| -> ! {
            // SAFETY: errno is this thread's own; the buffer is live; _exit does not return.
            unsafe {
                let errno = *libc::__errno_location();
                let message = [(step as i32).to_le_bytes(), errno.to_le_bytes()];
                libc::write(report, message.as_ptr().cast(), size_of_val(&message));
                libc::_exit(127)
            }
        };
        let mut byte = 0_u8;
        // SAFETY: read fills one live byte; the recorder's death ends the pipe, and then nobody wants us any more.
        unsafe {
            loop {
                match libc::read(go, (&raw mut byte).cast(), 1) {
                    1 => break,
                    -1 if *libc::__errno_location() == libc::EINTR => continue,
                    _ => libc::_exit(127),
                }
            }
        }
        // The net before the credentials: a privileged recorder then needs no no_new_privs, which would show.
        if let Some(net) = net
            && net.install().is_err()
        {
            fail(Step::Net);
        }
        if let Some(credentials) = &self.credentials {
            // SAFETY: the group list is live and as long as said; raw calls, so that no libc lock is taken.
            let failed = unsafe {
                libc::syscall(libc::SYS_setgroups, credentials.groups.len(), credentials.groups.as_ptr()) != 0
                    || libc::syscall(libc::SYS_setresgid, credentials.gid, credentials.gid, credentials.gid)
                        != 0
                    || libc::syscall(libc::SYS_setresuid, credentials.uid, credentials.uid, credentials.uid)
                        != 0
            };
            if failed {
                fail(Step::Credentials);
            }
        }
        inherited.restore_in_child();
        super::standard::close_again();
        // SAFETY: path and both arrays are live, their strings and themselves terminated.
        unsafe { libc::execve(self.path.as_ptr(), argv.as_ptr(), environment.as_ptr()) };
        fail(Step::Exec)
    }
}

impl Held {
    /// Lets the child go on to its execve.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.go.write_all(&[1])
    }

    /// Why the command could not be started; `None` once its execve has succeeded. Ask when that is known to be over.
    pub(crate) fn failure(&mut self) -> Option<(Step, io::Error)> {
        let mut message = [0; 8];
        self.report.read_exact(&mut message).ok()?;
        let word =
            |at: usize| i32::from_le_bytes([message[at], message[at + 1], message[at + 2], message[at + 3]]);
        let step = match word(0) {
            1 => Step::Net,
            2 => Step::Credentials,
            _ => Step::Exec,
        };
        Some((step, io::Error::from_raw_os_error(word(4))))
    }
}

/// A child of ours that is killed and waited for where nobody has seen its end: a stopped one would stay for ever.
pub(crate) struct Child {
    /// Its process id.
    pub pid: i32,
    /// It was waited for: the number may be another's.
    pub ended: bool,
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut status = 0;
        // SAFETY: our own child, which nobody has waited for; `status` is live.
        unsafe {
            libc::kill(self.pid, libc::SIGKILL);
            loop {
                match libc::waitpid(self.pid, &mut status, libc::__WALL) {
                    -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                    // Stops on its way to its end.
                    pid if pid == self.pid && !libc::WIFEXITED(status) && !libc::WIFSIGNALED(status) => {}
                    _ => return,
                }
            }
        }
    }
}

/// Runs `work` in a forked child, which starts stopped (SIGSTOP) and ends when `work` does, or when we do.
pub(crate) fn fork_stopped(work: impl FnOnce()) -> io::Result<Child> {
    let parent = std::process::id();
    // SAFETY: `work` is one of the recorder's own loops of raw calls, which allocate nothing; the child then exits.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: raw calls that touch no memory. The thread that forked, whose end the signal is for, waits for the
            // child; it may have ended before it was asked for.
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                if libc::getppid() as u32 == parent {
                    libc::raise(libc::SIGSTOP);
                    work();
                }
                libc::_exit(0)
            }
        }
        pid => Ok(Child { pid, ended: false }),
    }
}

/// Runs `work` in a process that is not our child, so that waiting for children never meets it.
pub(super) fn fork_orphan(work: impl FnOnce()) -> io::Result<()> {
    // SAFETY: both children keep to raw calls and to `work`, which allocates nothing, and never return.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: as above; _exit does not return.
        0 => unsafe {
            if libc::fork() == 0 {
                work();
            }
            libc::_exit(0)
        },
        middle => {
            let mut status = 0;
            // SAFETY: `status` is live.
            while unsafe { libc::waitpid(middle, &mut status, 0) } == -1
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
            Ok(())
        }
    }
}

/// Closes a descriptor of a fork, which drops nothing.
pub(super) fn close(fd: RawFd) {
    // SAFETY: in a fork that never returns to the owner of the descriptor.
    unsafe { libc::close(fd) };
}

/// Keeps the signals of the terminal from a fork that shares it.
pub(super) fn ignore_terminal_signals() {
    for signo in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGTERM, libc::SIGTSTP] {
        // SAFETY: SIG_IGN is no function; no memory is touched.
        unsafe { libc::signal(signo, libc::SIG_IGN) };
    }
}

/// Sleeps until all write ends of a pipe are closed.
pub(super) fn wait_for_end_of(pipe: RawFd) {
    let mut byte = 0_u8;
    // SAFETY: read fills one live byte.
    unsafe {
        loop {
            match libc::read(pipe, (&raw mut byte).cast(), 1) {
                0 => return,
                -1 if *libc::__errno_location() != libc::EINTR => return,
                _ => {}
            }
        }
    }
}

/// The cheapest call there is, made through libc's raw entry so that no cache answers.
pub(crate) fn null_call() {
    // SAFETY: getppid takes no arguments and cannot fail.
    unsafe { libc::syscall(libc::SYS_getppid) };
}

/// Rounds of bare calls that count.
const BARE_ROUNDS: usize = 9;
/// Calls of a round.
const BARE_CALLS: u64 = 60;

/// What a bare getppid takes here, by this clock: the median of short rounds, since any of them can be interrupted.
/// Async-signal-safe where the clock is.
///
/// The loop begins a cache line. Where it ends one, a getppid takes a third longer on some processors (155 ns instead
/// of 117 on a Zen 4, for seconds or for ever): the branch behind the call is predicted wrongly each time.
pub(crate) fn bare_call(now: impl Fn() -> u64) -> u64 {
    // The first rounds warm up, and are the slowest.
    let mut rounds = [0; 2 * BARE_ROUNDS];
    for round in &mut rounds {
        let start = now();
        // SAFETY: getppid touches no memory; rcx and r11 are the kernel's.
        unsafe {
            core::arch::asm!(
                ".balign 64",
                "2:",
                "mov eax, {getppid}",
                "syscall",
                "dec {left}",
                "jnz 2b",
                getppid = const libc::SYS_getppid,
                left = inout(reg) BARE_CALLS => _,
                out("rax") _, out("rcx") _, out("r11") _,
            );
        }
        *round = now() - start;
    }
    let rounds = &mut rounds[BARE_ROUNDS..];
    rounds.sort_unstable();
    rounds[BARE_ROUNDS / 2] / BARE_CALLS
}

/// Whether the file can be run by us (`access(2)` with X_OK, for a regular file).
fn runnable(path: &Path) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    let path =
        CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    if metadata.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EACCES));
    }
    access_x(&path)
}

fn access_x(path: &CStr) -> io::Result<()> {
    // SAFETY: the path is a live C string.
    match unsafe { libc::access(path.as_ptr(), libc::X_OK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Finds a command as a shell does: with a slash as it stands, else along PATH. The error is that of the best
/// candidate: EACCES where something was found that may not be run, else ENOENT.
pub(crate) fn find_command(name: &OsStr) -> io::Result<PathBuf> {
    if name.is_empty() {
        return Err(io::Error::from_raw_os_error(libc::ENOENT));
    }
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return runnable(&path).map(|()| path);
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut error = io::Error::from_raw_os_error(libc::ENOENT);
    for folder in std::env::split_paths(&path) {
        // An empty element of PATH means the working directory.
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let candidate = folder.join(name);
        match runnable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(e) if e.raw_os_error() == Some(libc::EACCES) => error = e,
            Err(_) => {}
        }
    }
    Err(error)
}
