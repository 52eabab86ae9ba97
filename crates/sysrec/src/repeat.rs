//! Several recordings, one after the other: each by a `sysrec record` of its own.
//!
//! A process that has recorded once is not as it was (signals, memory, CPUs); one of its own makes every run start
//! from the same state.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::file_name::with_suffix;
use crate::screen;

/// How long to wait before a run where nothing else is asked for: time for a process that ended to be cleaned away,
/// and for the CPUs to become idle.
pub(crate) const PAUSE: &str = "200ms";

/// Makes so many recordings, into `NAME-1.bin` and so on. Ends with the exit code of the first that is not 0.
///
/// # Errors
/// When this program cannot be started again.
pub(crate) fn run(
    output: &Path,
    count: u32,
    pause: Duration,
    words: impl Fn(&Path) -> Vec<OsString>,
) -> anyhow::Result<ExitCode> {
    for run in 1..=count {
        let status = once(&words(&numbered(output, run)), pause, Stdio::inherit())?;
        if !status.success() {
            screen::say(&format!(
                "run {run} of {count} ended with {status}, so there are no more; a command that may fail is repeated \
                 as sh -c 'COMMAND; true'"
            ));
            return Ok(exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits, then runs `sysrec` with these words.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn once(words: &[OsString], pause: Duration, stdout: Stdio) -> anyhow::Result<ExitStatus> {
    std::thread::sleep(pause);
    let program = std::env::current_exe().context("cannot find out which program this is")?;
    let started = Command::new(&program).args(words).stdout(stdout).status();
    started.with_context(|| format!("cannot start {} again to record", program.display()))
}

/// `trace.bin` and 3: `trace-3.bin`.
pub(crate) fn numbered(path: &Path, number: u32) -> PathBuf {
    with_suffix(path, &format!("-{number}"))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_before_the_extension() {
        assert_eq!(numbered(Path::new("out/trace.bin"), 3), Path::new("out/trace-3.bin"));
        assert_eq!(numbered(Path::new("a.b.c"), 1), Path::new("a.b-1.c"));
        assert_eq!(numbered(Path::new("trace"), 12), Path::new("trace-12"));
    }
}
