//! Runs guests, bare or under something that records them.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::Skip;
use crate::backends::Backend;
use crate::compile::compile;
use crate::conform::{self, RecordedCall};
use crate::guests::{Guest, Log};
use crate::log::GuestLog;
use crate::oracle::{Allowance, Counts, KernelCounts, Oracle, Scope};
use crate::sysrec::RecorderCalls;

/// What one run of a guest came to.
#[derive(Debug)]
pub struct Run {
    /// How the command ended; under a backend this is the recorder's, which passes it on.
    pub status: ExitStatus,
    /// Everything that the command and its descendants wrote on stdout.
    pub stdout: Vec<u8>,
    /// The same on stderr, the recorder's words included.
    pub stderr: Vec<u8>,
    /// What the guest says it did.
    pub log: GuestLog,
    /// What was recorded; empty for [`BARE`](crate::backends::BARE).
    pub recorded: Vec<RecordedCall>,
    /// The calls that the recorder made in the guest for its own ends, by number.
    pub recorder_calls: RecorderCalls,
    /// The kernel's count, where it was asked for.
    pub kernel: Option<KernelCounts>,
}

/// Nothing that a guest does takes longer, however slow the recorder: a run that does hangs.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs `guest` under `backend` to its end, and to the end of all of its descendants that hold its stdout.
/// With an `oracle` the kernel counts the guest's calls as well.
///
/// # Errors
/// When the run hangs (its process group is killed), or a file cannot be read.
///
/// # Panics
/// When the guest does not compile.
pub fn run(guest: &Guest, backend: &Backend, oracle: Option<Oracle>) -> Result<Run, RunError> {
    (backend.available)()?;
    let program = compile(guest.source, guest.build)?;
    let dir = tempfile::tempdir()?;
    let (log, trace) = (dir.path().join("log"), dir.path().join("trace"));
    GuestLog::create(&log)?;
    let mut words = backend.command_line(&trace);
    let is_bare = words.is_empty();
    words.push(program.into());
    words.extend(guest.args.iter().map(OsString::from));
    let mut command = Command::new(&words[0]);
    // A small environment of our own: guests print it, and a failure shows what they print.
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", "/").env("EMPTY", "").env("LINES", "one\ntwo");
    command.args(&words[1..]).env("SYSREC_GUEST_LOG", &log).current_dir(dir.path());
    for also in guest.also {
        command.env(format!("GUEST_{}", also.0.to_uppercase()), compile(also.0, also.1)?);
    }
    let scope = if is_bare { Scope::Command } else { Scope::Tracee };
    let (status, stdout, stderr) = to_the_end(&mut command, |command| match &oracle {
        None => command.spawn(),
        Some(oracle) => oracle.spawn(command, scope),
    })?;
    let kernel = oracle.map(|oracle| oracle.finish(PATIENCE)).transpose()?;
    let recorded = (backend.read)(&trace)?;
    let recorder_calls = (backend.recorder_calls)(&trace)?;
    // A guest that makes calls without an end may fill its log; nobody asks for it then.
    let log = match (GuestLog::read(&log), guest.log) {
        (Err(_), Log::Nothing) => GuestLog::default(),
        (log, _) => log?,
    };
    Ok(Run { status, stdout, stderr, log, recorded, recorder_calls, kernel })
}

/// What a real program came to, recorded and counted in the same run.
#[derive(Debug)]
pub struct Counted {
    /// How the command ended.
    pub status: ExitStatus,
    /// What it wrote on stdout.
    pub stdout: Vec<u8>,
    /// What it wrote on stderr, the recorder's words included.
    pub stderr: Vec<u8>,
    /// Calls by number, as recorded.
    pub recorded: Counts,
    /// Why the kernel may count others.
    pub allowance: Allowance,
    /// The same by the kernel: [`compare`](crate::oracle::compare) them.
    pub kernel: KernelCounts,
}

/// Runs `words` in `dir` under `backend`, beside the kernel's count.
///
/// # Errors
/// Skips where the backend or the count cannot be had; fails as [`run`] does.
pub fn run_counted(words: &[&str], dir: &Path, backend: &Backend) -> Result<Counted, RunError> {
    (backend.available)()?;
    let oracle = Oracle::new().map_err(|error| Skip(error.to_string()))?;
    let elsewhere = tempfile::tempdir()?;
    let trace = elsewhere.path().join("trace");
    let mut line = backend.command_line(&trace);
    let scope = if line.is_empty() { Scope::Command } else { Scope::Tracee };
    line.extend(words.iter().map(OsString::from));
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).current_dir(dir);
    let (status, stdout, stderr) = to_the_end(&mut command, |command| oracle.spawn(command, scope))?;
    let kernel = oracle.finish(PATIENCE)?;
    let calls = (backend.read)(&trace)?;
    let allowance = backend.allowance(&calls, (backend.recorder_calls)(&trace)?);
    let recorded = conform::counts(&calls);
    Ok(Counted { status, stdout, stderr, recorded, allowance, kernel })
}

/// Runs a program to its end under the recorder of this command line, and gives the kernel's count of the calls of both:
/// what a recorder does at each stop tells how often the program stopped.
///
/// # Errors
/// Skips where the count cannot be had.
///
/// # Panics
/// When the run hangs or fails.
pub fn count_with_recorder(
    mut line: Vec<OsString>,
    program: &Path,
    args: &[&str],
) -> Result<KernelCounts, Skip> {
    let oracle = Oracle::new().map_err(|error| Skip(error.to_string()))?;
    line.push(program.into());
    line.extend(args.iter().map(OsString::from));
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]);
    let spawn = |command: &mut Command| oracle.spawn(command, Scope::Command);
    let (status, ..) = to_the_end(&mut command, spawn).expect("it ends");
    assert!(status.success(), "{status}");
    Ok(oracle.finish(PATIENCE).expect("a count"))
}

/// A guest that has said "ready" and waits for the end of its stdin: what attaching is tried on.
pub struct Waiting {
    child: Child,
    stdin: Option<std::process::ChildStdin>,
    stdout: Option<BufReader<std::process::ChildStdout>>,
    dir: tempfile::TempDir,
}

/// A test that has failed leaves nobody behind.
impl Drop for Waiting {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // SAFETY: a plain system call; the group is that of our own child, which is not reaped yet.
            unsafe { libc::kill(-(self.child.id() as i32), libc::SIGKILL) };
            // Its end is awaited for order's sake alone.
            _ = self.child.wait();
        }
    }
}

impl Waiting {
    /// Starts `guest` bare, with `args` in place of its own.
    ///
    /// # Errors
    /// When it ends without having said "ready".
    pub fn start(guest: &Guest, args: &[&str]) -> Result<Waiting, RunError> {
        let program = compile(guest.source, guest.build)?;
        let dir = tempfile::tempdir()?;
        let mut child = Command::new(program)
            .args(args)
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        let mut waiting = Waiting { stdin, stdout, child, dir };
        if waiting.line()? == "ready" {
            return Ok(waiting);
        }
        Err(RunError::Failed(io::Error::other(format!("{} did not get ready", guest.name))))
    }

    /// The process to attach to.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Its working directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The next line that it writes, without its end.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_line(&mut line)?;
        }
        Ok(line.trim_end().to_owned())
    }

    /// Waits until it has stopped (WSTOPPED) or continued (WCONTINUED) as its parent sees it, and gives what
    /// happened with the signal: `si_code` and `si_status` of waitid(2).
    ///
    /// # Errors
    /// When it has ended.
    pub fn waits_for(&self, change: i32) -> io::Result<(i32, i32)> {
        // SAFETY: zero is a value of siginfo_t, which is plain memory for the kernel to fill; si_status is set for what
        // waitid reports.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            match libc::waitid(libc::P_PID, self.child.id(), &mut info, change) {
                0 => Ok((info.si_code, info.si_status())),
                _ => Err(io::Error::last_os_error()),
            }
        }
    }

    /// Ends its stdin, and gives the rest of what it writes and how it ended.
    ///
    /// # Errors
    /// When it does not end in time; it is killed then.
    pub fn finish(&mut self) -> io::Result<(ExitStatus, String)> {
        drop(self.stdin.take());
        let (sender, output) = mpsc::channel();
        let stdout = self.stdout.take();
        thread::spawn(move || {
            let mut text = String::new();
            let read = stdout.map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut text));
            let result = read.map(|_| text);
            // The receiver is gone only when the guest has been given up.
            let _ = sender.send(result);
        });
        match output.recv_timeout(PATIENCE) {
            Ok(text) => Ok((self.child.wait()?, text?)),
            Err(_) => {
                let state = describe_group(self.child.id() as i32);
                // SAFETY: a plain system call; the group is that of our own child, which is not reaped yet.
                unsafe { libc::kill(-(self.child.id() as i32), libc::SIGKILL) };
                self.child.wait()?;
                Err(io::Error::new(io::ErrorKind::TimedOut, format!("the guest hangs:\n{state}")))
            }
        }
    }
}

/// Why a run gave nothing to compare.
#[derive(Debug)]
pub enum RunError {
    /// It cannot be done on this machine.
    Skip(Skip),
    /// It went wrong.
    Failed(io::Error),
}

impl From<Skip> for RunError {
    fn from(skip: Skip) -> RunError {
        RunError::Skip(skip)
    }
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> RunError {
        RunError::Failed(error)
    }
}

/// Starts `command` in a process group of its own and collects its output until nobody holds it open any more.
///
/// # Errors
/// When that takes longer than any guest may; the group is killed.
pub fn to_the_end(
    command: &mut Command,
    spawn: impl FnOnce(&mut Command) -> io::Result<Child>,
) -> io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    // Whoever starts the tests in the background of a shell has these two ignored, and so would all guests.
    // Anything here also makes the standard library fork: glibc's posix_spawn leaves signals 32 and 33 ignored in the
    // new program, and whether that shows would depend on who is started.
    // SAFETY: signal(2) may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGINT, libc::SIGQUIT] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
    let mut child = spawn(command)?;
    let group = child.id() as i32;
    let stdout = child.stdout.take().expect("piped");
    let stderr = child.stderr.take().expect("piped");
    let (sender, outputs) = mpsc::channel();
    let collect = |index: usize, mut from: Box<dyn Read + Send>| {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let result = from.read_to_end(&mut bytes).map(|_| bytes);
            // The receiver is gone only when the run has been given up.
            let _ = sender.send((index, result));
        });
    };
    collect(0, Box::new(stdout));
    collect(1, Box::new(stderr));
    let mut texts = [Vec::new(), Vec::new()];
    for _ in 0..2 {
        match outputs.recv_timeout(PATIENCE) {
            Ok((index, bytes)) => texts[index] = bytes?,
            Err(_) => {
                let state = describe_group(group);
                // SAFETY: a plain system call; the group is that of our own child, which is not reaped yet.
                unsafe { libc::kill(-group, libc::SIGKILL) };
                child.wait()?;
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{command:?} hangs:\n{state}")));
            }
        }
    }
    let [stdout, stderr] = texts;
    Ok((child.wait()?, stdout, stderr))
}

/// What the tasks of a process group are at, for the message about a hang.
fn describe_group(group: i32) -> String {
    let mut text = String::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
        let mut fields = tail.split(' ');
        let (state, in_group) = (fields.next().unwrap_or("?"), fields.nth(1) == Some(&group.to_string()));
        if in_group {
            text += &format!("  {head}) {state}\n");
        }
    }
    text
}
