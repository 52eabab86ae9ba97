//! When and how the engine reads the rings.

use std::io;
use std::time::Duration;

use sysrec_format::event::{Abi, Entry, Exit, StackId, TaskId, UnfinishedReason};

use super::engine::Engine;
use super::placement::Busy;
use super::tracee::Tracee;
use crate::backend::inline::layout::{RingCall, SLOTS, is_same_tick};
use crate::backend::inline::{Inline, InlineTask, Mode, Reason};
use crate::recording::Recording;
use crate::selected::Selected;
use crate::stacks::Stacks;
use crate::sys::clock::monotonic_ns;
use crate::sys::signal::Ticker;
use crate::sys::wait::{self, Waited};

/// What one reading of all rings found.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The most slots that were filled in one ring; a path has its own.
    most: u64,
    /// Rings that had any.
    active: usize,
    /// The task of one of these.
    last: Option<i32>,
}

/// When the rings are read: often enough that none fills up, seldom enough to cost little.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last_ns: u64,
    /// The most slots that were filled in one ring at a stop of its task since then.
    at_stops: u64,
    /// That task.
    stopped: Option<i32>,
    /// Until then we look again and again.
    busy_until_ns: u64,
    /// How long the next sleep is at the most.
    sleep_ns: u64,
    ticker: Option<Ticker>,
    /// The ticker's present interval.
    interval_ns: u64,
}

/// The rings are to be half full when they are read.
const HALF: u64 = SLOTS / 2;
/// Where a ring is half full sooner than this, we look again at once, if there is a CPU for that: to be woken takes a
/// while, on a virtual machine a third of it. Where it is not, that CPU is the program's clients'.
const SPIN_NS_MAX: u64 = Duration::from_micros(300).as_nanos() as u64;
/// The shortest sleep.
const SLEEP_NS_MIN: u64 = Duration::from_micros(150).as_nanos() as u64;
/// An idle task's ring is looked at this often.
const SLEEP_NS_MAX: u64 = Duration::from_millis(50).as_nanos() as u64;
/// Pauses between two questions for news without a sleep, a microsecond or two: each is a system call, and what it
/// touches in the kernel the tasks touch, too.
const SPINS: u32 = 64;
/// Between two looks without a sleep: a reader that follows the writer closely takes its cache lines away.
const LOOK_NS: u64 = 20_000;

/// A call that a ring holds, as it began.
fn entry(inline: &Inline, task: &mut InlineTask, call: &RingCall) -> Entry {
    let start_ns = match task.entered.take() {
        // The slot has the lowest 48 bits: of a call that lasts for a day, the rest was known better when it began.
        Some((ticks, ns)) if is_same_tick(ticks, call.start) => ns,
        _ => inline.clock.ns(call.start),
    };
    Entry {
        time_ns: start_ns.max(task.last_ns),
        abi: Abi::X86_64,
        nr: call.nr as i32,
        ip: call.ip,
        sp: call.sp,
        args: inline.numbers.arguments(call.nr, call.args),
        registers: None,
        captures: inline.captures(task, call),
        stack: None,
    }
}

/// The stack that the stub says it has: of the call that is next in the task's ring.
fn stack(
    inline: &Inline,
    stacks: Option<&Stacks>,
    task: &InlineTask,
    call: &RingCall,
    lasted_ns: Option<u64>,
) -> Option<StackId> {
    let stacks = stacks.filter(|_| inline.numbers.has_stack(call.nr))?;
    stacks.of_task(inline.rings.stack(&task.ring), lasted_ns)
}

/// Tells a finished call.
pub(super) fn tell(
    inline: &Inline,
    stacks: Option<&Stacks>,
    task: &mut InlineTask,
    id: TaskId,
    call: &RingCall,
    recording: &mut Recording,
    selection: Selected<'_>,
) {
    let mut entry = entry(inline, task, call);
    let end_ns = inline.clock.ns(call.end).max(entry.time_ns);
    entry.stack = stack(inline, stacks, task, call, Some(end_ns - entry.time_ns));
    task.last_ns = end_ns;
    if selection.has(entry.abi, entry.nr) {
        let exit = Exit { time_ns: end_ns, ret: call.ret, registers: None, captures: Vec::new() };
        recording.call(id, &entry, &exit);
    }
}

/// Tells what a task has recorded by itself; gives the number of slots. No more than a ring has, so that a task that goes
/// on meanwhile does not keep us.
fn read_task(
    inline: &Inline,
    stacks: Option<&Stacks>,
    tracee: &mut Tracee,
    recording: &mut Recording,
    selection: Selected<'_>,
) -> u64 {
    let Mode::Inline(task) = &mut tracee.mode else { return 0 };
    let from = task.ring.read_slots();
    while task.ring.read_slots() - from < SLOTS
        && let Some(call) = inline.rings.next(&mut task.ring)
    {
        tell(inline, stacks, task, tracee.task, &call, recording, selection);
        inline.rings.advance(&mut task.ring);
    }
    let slots = task.ring.read_slots() - from;
    // A path that found no second slot has not told its first.
    task.was_full = slots + 1 >= SLOTS;
    slots
}

impl Engine<'_> {
    /// Reads what a task has recorded by itself. Before anything else of it is told.
    pub(super) fn read_ring(&mut self, tid: i32) {
        let selection = self.selection();
        let Some(inline) = &mut self.inline else { return };
        let Some(tracee) = self.tasks.get_mut(&tid) else { return };
        inline.anchor();
        let slots = read_task(inline, self.stacks.as_ref(), tracee, self.recording, selection);
        if slots > self.pace.at_stops {
            (self.pace.at_stops, self.pace.stopped) = (slots, Some(tid));
        }
    }

    /// Reads all rings.
    pub(super) fn read_rings(&mut self) -> Round {
        let (selection, mut round) = (self.selection(), Round::default());
        let Some(inline) = &mut self.inline else { return round };
        inline.anchor();
        for (&tid, tracee) in &mut self.tasks {
            let slots = read_task(inline, self.stacks.as_ref(), tracee, self.recording, selection);
            round.most = round.most.max(slots);
            if slots > 0 {
                round.active += 1;
                round.last = Some(tid);
            }
            // A call that lasts: its start is converted while the clock's line is fresh.
            if let Mode::Inline(task) = &mut tracee.mode
                && let Some(call) = inline.rings.entered(&task.ring)
                && task.entered.is_none_or(|(ticks, _)| !is_same_tick(ticks, call.start))
            {
                task.entered = Some((call.start, inline.clock.ns(call.start)));
            }
        }
        round
    }

    /// Waits for a stop, reading the rings meanwhile. Errors as `wait4`.
    pub(super) fn wait_reading_rings(&mut self) -> io::Result<Option<Waited>> {
        loop {
            if let Some(waited) = wait::poll_any()? {
                return Ok(Some(waited));
            }
            let now_ns = monotonic_ns();
            let since_ns = now_ns - self.pace.last_ns;
            if since_ns < LOOK_NS {
                // Only on a CPU of our own: on that of the tasks we would wait for what cannot happen meanwhile.
                if now_ns < self.pace.busy_until_ns && self.placement.cpus() > 1 {
                    (0..SPINS).for_each(|_| std::hint::spin_loop());
                    continue;
                }
                if let Some(news) = self.sleep()? {
                    return Ok(Some(news));
                }
                continue;
            }
            let Round { most, active, last } = self.read_rings();
            self.pace.last_ns = now_ns;
            let most = most + std::mem::take(&mut self.pace.at_stops);
            let until_half_ns = since_ns.saturating_mul(HALF) / most.max(1);
            let pressing = until_half_ns < SPIN_NS_MAX;
            let last = last.or(self.pace.stopped.take());
            let busy = last.filter(|_| active <= 1).map(|tid| Busy { tid, pressing });
            self.placement.on_reading(now_ns, &mut self.tasks, busy);
            if let Some(reason) = self.recording.limit_reached(now_ns) {
                self.shared.request_stop(reason);
                return Err(io::ErrorKind::Interrupted.into());
            }
            if pressing && active < self.placement.cpus() {
                self.pace.busy_until_ns = now_ns + SPIN_NS_MAX;
            }
            // One look that finds nothing, as just after a stop, does not mean that there is nothing to do.
            if now_ns < self.pace.busy_until_ns {
                if self.shared.stop().is_some() && !self.ending {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                continue;
            }
            let patience_ns = self.placement.patience_ns().min(SLEEP_NS_MAX);
            self.pace.sleep_ns = until_half_ns.clamp(SLEEP_NS_MIN, patience_ns);
            if let Some(news) = self.sleep()? {
                return Ok(Some(news));
            }
        }
    }

    /// Sleeps until there is news, or until the rings are to be read again (`None`). Errors as `wait4`.
    fn sleep(&mut self) -> io::Result<Option<Waited>> {
        let pace = &mut self.pace;
        let sleep_ns = pace.sleep_ns.max(SLEEP_NS_MIN);
        if pace.ticker.is_none() {
            pace.ticker = Some(Ticker::new()?);
        }
        // An interval that is nearly right is not worth a call. Much longer, and the rings would be full.
        if let Some(ticker) = &pace.ticker
            && !(sleep_ns - sleep_ns / 4..=sleep_ns + sleep_ns / 16).contains(&pace.interval_ns)
        {
            ticker.every(Duration::from_nanos(sleep_ns));
            pace.interval_ns = sleep_ns;
        }
        match wait::wait_any() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted && self.shared.stop().is_none() => {
                Ok(None)
            }
            news => news,
        }
    }

    /// The task writes to its ring no more. A call that it is in stays without an end.
    pub(super) fn give_up_ring(&mut self, tracee: &mut Tracee, superseded: bool, time_ns: u64) {
        let selection = self.selection();
        let Some(inline) = &mut self.inline else { return };
        if matches!(tracee.mode, Mode::Ptrace(_)) {
            return;
        }
        read_task(inline, self.stacks.as_ref(), tracee, self.recording, selection);
        let former = std::mem::replace(&mut tracee.mode, Mode::Ptrace(Reason::NOT_STARTED));
        let Mode::Inline(mut task) = former else { return };
        if let Some(call) = inline.rings.entered(&task.ring) {
            let mut entry = entry(inline, &mut task, &call);
            entry.stack = stack(inline, self.stacks.as_ref(), &task, &call, None);
            if selection.has(entry.abi, entry.nr) {
                let reason = if superseded { UnfinishedReason::SUPERSEDED } else { UnfinishedReason::KILLED };
                self.recording.entry(tracee.task, &entry);
                self.recording.unfinished(tracee.task, reason, time_ns);
            }
        }
        inline.rings.take_back(task.ring);
    }
}
