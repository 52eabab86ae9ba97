//! The progress line of a long recording, or of several, on a terminal.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{getpgrp, tcgetpgrp};
use sysrec_recorder::{Progress, Watch};

use crate::text;

/// Short recordings show nothing.
const QUIET_FOR: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(1);

struct Line {
    shown: Option<Instant>,
}

/// A line on standard error about once a second; nothing where that is no terminal.
pub(crate) fn watch() -> Option<Watch> {
    let mut line = Line { shown: None };
    std::io::stderr().is_terminal().then(|| -> Watch { Box::new(move |progress| line.tick(progress)) })
}

/// Whether the terminal is in canonical mode, as a shell leaves it, and ours: a program that turned that off (an
/// editor, a pager) has the screen for itself, and one that put itself or its jobs into the foreground (a shell) talks
/// with somebody.
fn takes_lines() -> bool {
    let stderr = std::io::stderr();
    tcgetattr(&stderr).is_ok_and(|state| state.local_flags.contains(LocalFlags::ICANON))
        && tcgetpgrp(&stderr).is_ok_and(|foreground| foreground == getpgrp())
}

/// A line about one of several runs, until the next one or [`clear`]; nothing where standard error is no terminal.
pub(crate) fn show(text: &str) {
    if std::io::stderr().is_terminal() && takes_lines() {
        _ = std::io::stderr().write_all(format!("\r\x1b[Ksysrec: {text}\r").as_bytes());
    }
}

/// Takes the line away.
pub(crate) fn clear() {
    if std::io::stderr().is_terminal() && takes_lines() {
        _ = std::io::stderr().write_all(b"\r\x1b[K");
    }
}

impl Line {
    fn tick(&mut self, progress: &Progress) {
        let due = self.shown.map_or(progress.elapsed >= QUIET_FOR, |shown| shown.elapsed() >= EVERY);
        if !due || !takes_lines() {
            return;
        }
        self.shown = Some(Instant::now());
        let ended =
            if progress.command_ended { "; the command has ended, Ctrl-C ends the recording" } else { "" };
        // One write, so that the program's own output does not come between.
        let line = format!(
            "\r\x1b[Ksysrec: {} s, {} of {}, {}{ended}\r",
            progress.elapsed.as_secs(),
            text::counted(progress.calls, "call", "calls"),
            text::counted(progress.tasks, "task", "tasks"),
            text::bytes(progress.bytes),
        );
        _ = std::io::stderr().write_all(line.as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown.is_some() {
            _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
