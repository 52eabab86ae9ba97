//! Programs that are started to be measured: each has a limit of time, after which its process group is killed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::mem::MaybeUninit;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

/// No single run takes longer than this.
const RUN_MAX: Duration = Duration::from_secs(100);

/// Whether a program may use all CPUs that we have, or the last of them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cpus {
    /// As it comes.
    All,
    /// The program and all its children on one CPU.
    One,
}

/// A program that runs; standard output can be read while it does.
#[derive(Debug)]
pub struct Running {
    name: String,
    pid: Pid,
    started: Instant,
    stdout: BufReader<ChildStdout>,
    stderr: File,
    watchdog: Option<(Sender<()>, JoinHandle<()>)>,
}

/// What a program left.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time of it and of the children it waited for.
    pub cpu: Duration,
    /// Peak resident memory of the largest of these processes.
    ///
    /// At least as much as this process had at its own peak: exec takes that over (`exec_mmap`, `fs/exec.c`).
    pub rss_bytes_max: u64,
    /// Standard output, without what was read while it ran.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Running {
    /// Starts a program in a process group of its own, without input.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(mut command: Command, cpus: Cpus) -> anyhow::Result<Running> {
        let name = format!("{command:?}");
        let stderr = tempfile::tempfile().context("a temporary file for standard error")?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr.try_clone()?).process_group(0);
        let before = (cpus == Cpus::One).then(pin_this_thread).transpose()?;
        let started = Instant::now();
        let child = command.spawn();
        if let Some(before) = before {
            sched_setaffinity(Pid::from_raw(0), &before).context("our own CPUs back")?;
        }
        let mut child = child.with_context(|| format!("cannot start {name}"))?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let stdout = BufReader::new(child.stdout.take().context("standard output is a pipe")?);
        Ok(Running { name, pid, started, stdout, stderr, watchdog: Some(watch(pid)) })
    }

    /// The next line of its standard output; empty at the end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).with_context(|| format!("the output of {}", self.name))?;
        Ok(line)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub fn finish(mut self) -> anyhow::Result<Finished> {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).with_context(|| format!("the output of {}", self.name))?;
        let (status, wall, cpu, rss_bytes_max) = self.reap().with_context(|| self.name.clone())?;
        let mut stderr = String::new();
        self.stderr.rewind()?;
        self.stderr.read_to_string(&mut stderr)?;
        Ok(Finished { status, wall, cpu, rss_bytes_max, stdout, stderr })
    }

    fn reap(&mut self) -> anyhow::Result<(ExitStatus, Duration, Duration, u64)> {
        // Its pid stays taken until wait4 below: the watchdog can never hit another process.
        loop {
            match waitid(Id::Pid(self.pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {
                Err(nix::Error::EINTR) => {}
                result => break result.map(drop)?,
            }
        }
        let wall = self.started.elapsed();
        if let Some((done, thread)) = self.watchdog.take() {
            drop(done);
            _ = thread.join();
        }
        let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::uninit());
        // SAFETY: both pointers are to locals of the types that wait4(2) fills.
        let pid = unsafe { libc::wait4(self.pid.as_raw(), &raw mut status, 0, usage.as_mut_ptr()) };
        if pid != self.pid.as_raw() {
            bail!("wait4: {}", std::io::Error::last_os_error());
        }
        // SAFETY: wait4 gave a child's pid, so it has filled the usage.
        let usage = unsafe { usage.assume_init() };
        let cpu = duration(usage.ru_utime) + duration(usage.ru_stime);
        // getrusage(2): kilobytes, of 1024 bytes.
        Ok((ExitStatus::from_raw(status), wall, cpu, usage.ru_maxrss.cast_unsigned() * 1024))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.watchdog.is_some() {
            _ = killpg(self.pid, Signal::SIGKILL);
            _ = self.reap();
        }
    }
}

/// Kills the process group after [`RUN_MAX`], unless the sender goes away before.
fn watch(group: Pid) -> (Sender<()>, JoinHandle<()>) {
    let (done, watched) = mpsc::channel();
    let thread = thread::spawn(move || {
        if watched.recv_timeout(RUN_MAX) == Err(RecvTimeoutError::Timeout) {
            _ = killpg(group, Signal::SIGKILL);
        }
    });
    (done, thread)
}

/// Children inherit the CPUs of the thread that makes them. Gives what the thread had.
fn pin_this_thread() -> anyhow::Result<CpuSet> {
    let before = sched_getaffinity(Pid::from_raw(0)).context("our own CPUs")?;
    let last =
        (0..CpuSet::count()).rev().find(|&cpu| before.is_set(cpu) == Ok(true)).context("no CPU is ours")?;
    let mut one = CpuSet::new();
    one.set(last)?;
    sched_setaffinity(Pid::from_raw(0), &one).context("one CPU for the program")?;
    Ok(before)
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec.cast_unsigned()) + Duration::from_micros(time.tv_usec.cast_unsigned())
}

/// Runs a program to its end and insists that it ends well.
///
/// # Errors
/// Where it cannot be started, or does not exit with 0: with the last lines of its standard error.
pub fn run(command: Command, cpus: Cpus) -> anyhow::Result<Finished> {
    let name = format!("{command:?}");
    let finished = Running::start(command, cpus)?.finish()?;
    ended_well(&name, &finished)?;
    Ok(finished)
}

/// An error with the last lines of standard error where the program did not exit with 0.
///
/// # Errors
/// See above.
pub fn ended_well(name: &str, finished: &Finished) -> anyhow::Result<()> {
    if finished.status.success() {
        return Ok(());
    }
    let last: Vec<_> = finished.stderr.lines().rev().take(3).collect();
    let words: Vec<_> = last.into_iter().rev().collect();
    bail!("{name} ended with {}: {}", finished.status, words.join(" / "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn tells_what_a_program_said_and_how_it_ended() {
        let finished =
            Running::start(shell("echo out; echo err >&2; exit 3"), Cpus::All).unwrap().finish().unwrap();
        assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(finished.status.code(), Some(3));
        let error = run(shell("echo why >&2; exit 3"), Cpus::All).unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
    }

    #[test]
    fn one_cpu_holds_for_the_program_and_not_for_us() {
        let before = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let finished = run(shell("grep Cpus_allowed_list /proc/self/status"), Cpus::One).unwrap();
        let list = finished.stdout.split_whitespace().nth(1).unwrap();
        assert!(list.parse::<usize>().is_ok(), "more than one CPU: {list}");
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), before);
    }

    #[test]
    fn cpu_time_counts_children() {
        let finished =
            run(shell("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'"), Cpus::All).unwrap();
        assert!(finished.cpu > Duration::ZERO && finished.rss_bytes_max > 100_000);
    }

    #[test]
    fn a_program_let_go_is_killed() {
        let mut running = Running::start(shell("echo $$; exec sleep 1000"), Cpus::All).unwrap();
        let pid: i32 = running.line().unwrap().trim().parse().unwrap();
        drop(running);
        assert_eq!(nix::sys::signal::kill(Pid::from_raw(pid), None), Err(nix::Error::ESRCH));
    }
}
