//! A replay for people.
//!
//! ```text
//! 0.000123456  1201/1203 worker  read(3, 0x7ffd2c10, 832)                 = 832 <1.20 us>
//! start        task              call, padded so that results line up     result, duration
//! ```

use std::fmt::Write as _;

use anstyle::Style;
use sysrec_analyzer::{Item, Task, Trace, abi_name};
use sysrec_format::event::{Abi, Call, Entry, Event, EventBody, UnfinishedReason};
use sysrec_syscalls::DescriptorNames;

use super::event_text::EventText;
use super::label::{Labels, numbers};
use super::{Form, footer, is_coloured, registers};
use crate::basis::Taken;
use crate::call_text::{Arguments, CallText, failed};
use crate::screen::{BAR, FAILURE, HEADING, QUIET};
use crate::text::{duration, printable};
use crate::wall_clock::WallClock;

/// Columns that calls are padded to, as in strace.
const CALL_WIDTH: usize = 40;

/// Writes items as lines.
pub(super) struct Lines<'t> {
    trace: &'t Trace,
    /// The wall clock, where it was asked for.
    clock: Option<WallClock>,
    /// Digits of the seconds.
    seconds_width: usize,
    arguments: Arguments,
    labels: Labels<'t>,
    styles: Styles,
    /// Used again for every line.
    line: String,
}

/// Empty where colour is not wanted.
#[derive(Clone, Copy, Default)]
struct Styles {
    quiet: Style,
    failure: Style,
    event: Style,
    heading: Style,
}

impl<'t> Lines<'t> {
    pub(super) fn new(trace: &'t Trace, clock: Option<WallClock>, arguments: Arguments) -> Self {
        let seconds = trace.span_ns() / 1_000_000_000;
        Self {
            trace,
            clock,
            seconds_width: seconds.checked_ilog10().unwrap_or(0) as usize + 1,
            arguments,
            labels: Labels::new(trace),
            styles: if is_coloured() {
                Styles { quiet: QUIET, failure: FAILURE, event: BAR, heading: HEADING }
            } else {
                Styles::default()
            },
            line: String::new(),
        }
    }

    fn begin(&mut self, item: &Item) {
        let time_ns = item.begin_ns();
        let (line, quiet) = (&mut self.line, self.styles.quiet);
        _ = write!(line, "{quiet}");
        match &mut self.clock {
            Some(clock) => clock.write(line, time_ns),
            None => {
                let ns = time_ns.saturating_sub(self.trace.origin_ns());
                let width = self.seconds_width;
                _ = write!(line, "{:width$}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
            }
        }
        line.push_str("  ");
        line.push_str(self.labels.at(item.task(), time_ns));
        _ = write!(line, "{quiet:#}  ");
    }

    fn begin_call(&mut self, entry: &Entry, text: &CallText<'_>, names: &dyn DescriptorNames) {
        let begin = self.line.len();
        if !is_native(entry.abi) {
            _ = write!(self.line, "[{}] ", abi_name(entry.abi));
        }
        text.write_call(&mut self.line, names);
        // Nothing but ASCII was written.
        let width = self.line.len() - begin;
        self.line.extend(std::iter::repeat_n(' ', CALL_WIDTH.saturating_sub(width)));
        self.line.push_str(" = ");
    }

    fn call(&mut self, call: &Call, names: &dyn DescriptorNames) {
        let text = CallText::new(&call.entry, Some(call), self.arguments);
        self.begin_call(&call.entry, &text, names);
        let style = if failed(call) { self.styles.failure } else { Style::new() };
        _ = write!(self.line, "{style}");
        text.write_result(&mut self.line, names);
        let quiet = self.styles.quiet;
        _ = write!(self.line, "{style:#} {quiet}<{}>{quiet:#}", duration(call.duration_ns));
        if self.arguments == Arguments::Registers {
            registers::write_site(&mut self.line, &call.entry);
            registers::write_all(&mut self.line, "entry", call.entry.registers.as_deref());
            registers::write_all(&mut self.line, "exit", call.exit_registers.as_deref());
        }
    }

    fn unfinished(
        &mut self,
        event: &Event,
        entry: &Entry,
        reason: UnfinishedReason,
        names: &dyn DescriptorNames,
    ) {
        self.begin_call(entry, &CallText::new(entry, None, self.arguments), names);
        _ = write!(self.line, "? ({})", why_unfinished(reason));
        if reason != UnfinishedReason::EXIT {
            let waited_ns = event.time_ns.saturating_sub(entry.time_ns);
            let quiet = self.styles.quiet;
            _ = write!(self.line, " {quiet}<{}>{quiet:#}", duration(waited_ns));
        }
        if self.arguments == Arguments::Registers {
            registers::write_site(&mut self.line, entry);
            registers::write_all(&mut self.line, "entry", entry.registers.as_deref());
        }
    }
}

impl Form for Lines<'_> {
    fn heading(&mut self, text: &mut Vec<u8>, task: Option<&Task>) -> anyhow::Result<()> {
        if let Some(task) = task {
            let style = self.styles.heading;
            let name = printable(task.name());
            let heading = format!("{style}=== {} {name} ==={style:#}\n", numbers(task));
            text.extend_from_slice(heading.as_bytes());
        }
        Ok(())
    }

    fn item(&mut self, text: &mut Vec<u8>, item: &Item, names: &dyn DescriptorNames) -> anyhow::Result<()> {
        self.line.clear();
        self.begin(item);
        match item {
            Item::Call(call) => self.call(call, names),
            Item::Event(event) => match &event.body {
                EventBody::Unfinished { entry, reason } => self.unfinished(event, entry, *reason, names),
                EventBody::Loss { .. } => {
                    let style = self.styles.failure;
                    _ = write!(
                        self.line,
                        "{style}*** {} ***{style:#}",
                        EventText { trace: self.trace, event }
                    );
                }
                EventBody::TaskStart { .. } | EventBody::TaskEnd(_) => {
                    let style = self.styles.event;
                    _ = write!(
                        self.line,
                        "{style}+++ {} +++{style:#}",
                        EventText { trace: self.trace, event }
                    );
                }
                _ => {
                    let style = self.styles.event;
                    _ = write!(
                        self.line,
                        "{style}--- {} ---{style:#}",
                        EventText { trace: self.trace, event }
                    );
                }
            },
            Item::Damage(damage) => {
                let style = self.styles.failure;
                _ = write!(self.line, "{style}*** cannot be read: {damage} ***{style:#}");
            }
        }
        self.line.push('\n');
        text.extend_from_slice(self.line.as_bytes());
        Ok(())
    }

    fn end(&mut self, text: &mut Vec<u8>, taken: &Taken) -> anyhow::Result<()> {
        text.extend_from_slice(footer(self.trace, taken).as_bytes());
        Ok(())
    }
}

/// Whether calls of this ABI are what a 64-bit program makes as a rule; others are marked.
fn is_native(abi: Abi) -> bool {
    matches!(abi, Abi::X86_64 | Abi::AARCH64)
}

/// Why a call has no result, in words.
fn why_unfinished(reason: UnfinishedReason) -> &'static str {
    match reason {
        UnfinishedReason::EXIT => "does not return",
        UnfinishedReason::KILLED => "killed",
        UnfinishedReason::SUPERSEDED => "ended by another thread's execve",
        UnfinishedReason::DETACHED => "goes on; the recorder let go of the task",
        UnfinishedReason::RECORDING_ENDED => "goes on; the recording ended",
        UnfinishedReason::VANISHED => "the task vanished",
        _ => "for a reason that this version does not know",
    }
}
