//! The progress line of a long recording, on a terminal.

use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::control::{OnTick, Shared};
use crate::sys::terminal;

/// Short recordings show nothing.
const QUIET_FOR: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(1);

struct Line {
    started: Instant,
    shown: Option<Instant>,
}

/// A line on standard error about once a second. None where that is no terminal, and none while the program has
/// the terminal for itself (an editor, a pager: no canonical mode).
pub(crate) fn on_tick() -> OnTick {
    let mut line = Line { started: Instant::now(), shown: None };
    let terminal = std::io::stderr().is_terminal();
    Box::new(move |shared| {
        if terminal {
            line.tick(shared);
        }
    })
}

impl Line {
    fn tick(&mut self, shared: &Shared) {
        let now = Instant::now();
        let due = self.shown.map_or(self.started + QUIET_FOR, |shown| shown + EVERY);
        if now < due || !terminal::takes_lines() {
            return;
        }
        self.shown = Some(now);
        let seconds = (now - self.started).as_secs();
        let calls = shared.calls.load(Ordering::Relaxed);
        let megabytes = shared.bytes.load(Ordering::Relaxed) as f64 / 1e6;
        let tasks = shared.tasks.load(Ordering::Relaxed);
        // One write, so that the program's own output does not come between.
        let ended = if shared.has_outlived_command() {
            "; the command has ended, Ctrl-C ends the recording"
        } else {
            ""
        };
        let text =
            format!("\r\x1b[Ksysrec: {seconds} s, {calls} calls, {megabytes:.1} MB, {tasks} tasks{ended}\r");
        _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown.is_some() {
            _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
