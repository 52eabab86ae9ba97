//! Compares what was recorded with what the guest knows it did, call by call.
//!
//! The kernel's view has more calls than the guest's where signals come in: a call that a signal interrupts ends
//! with a restart code, the handler's calls and its rt_sigreturn follow, and then the call may be made again:
//!
//! ```text
//!  guest's log        read(...) { getppid() = 1  (sigreturn) } = 5
//!  recorded           read(...) = -512, getppid() = 1, rt_sigreturn(), read(...) = 5
//! ```

use std::collections::BTreeMap;
use std::fmt;

use sysrec_format::event::Abi;

use crate::log::{END, GuestLog, Logged, MARK, Segment};
use crate::oracle::{self, Counts, RESTARTS, Restarts};

/// What a trace has of the six registers.
pub(crate) fn as_recorded(abi: Abi, nr: i32, registers: [u64; 6]) -> [u64; 6] {
    sysrec_syscalls::arguments(sysrec_syscalls::Abi::from_code(abi.0), nr, registers)
}

/// The arguments of a recorded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// All six, as they are.
    Exact([u64; 6]),
    /// The first few, as a tool printed them: perhaps cut to 32 bits.
    Shown(Vec<u64>),
}

impl Arguments {
    /// `expected`: what the guest had in the six registers.
    fn agree_with(&self, expected: &[u64; 6], abi: Abi, nr: i32) -> bool {
        match self {
            Arguments::Exact(args) => *args == as_recorded(abi, nr, *expected),
            Arguments::Shown(args) => args
                .iter()
                .zip(expected)
                .all(|(shown, real)| shown == real || *shown == u64::from(*real as u32)),
        }
    }

    fn get(&self, index: usize) -> Option<u64> {
        match self {
            Arguments::Exact(args) => args.get(index).copied(),
            Arguments::Shown(args) => args.get(index).copied(),
        }
    }
}

/// One recorded call, from whatever recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// Names the task, over the whole recording.
    pub task: u32,
    /// The task's id when it made the call.
    pub tid: i32,
    /// The table.
    pub abi: Abi,
    /// The number.
    pub nr: i32,
    /// What was passed.
    pub args: Arguments,
    /// What came back; `None` for a call that did not return.
    pub ret: Option<i64>,
}

/// How often each number was called, to compare with the kernel's count.
pub fn counts(recorded: &[RecordedCall]) -> Counts {
    let mut counts = Counts::new();
    for call in recorded {
        *counts.entry(oracle::key(call.abi, call.nr)).or_default() += 1;
    }
    counts
}

/// The calls that were recorded as to be started again.
pub fn restarts(recorded: &[RecordedCall]) -> Restarts {
    let mut restarts = Restarts::new();
    for call in recorded {
        if let Some(kind) = RESTARTS.iter().position(|&ret| call.ret == Some(ret)) {
            restarts.entry(oracle::key(call.abi, call.nr)).or_default()[kind] += 1;
        }
    }
    restarts
}

/// A place where the recording and the log part ways.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// The segment's id.
    pub segment: u64,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}: {}", self.segment, self.what)
    }
}

/// Every deviation of `recorded` from `log`; at most one a segment. `recorded` holds the calls of each task in
/// the order of their entries; how tasks are mixed does not matter.
pub fn deviations(log: &GuestLog, recorded: &[RecordedCall]) -> Vec<Deviation> {
    let mut tasks: BTreeMap<u32, Vec<&RecordedCall>> = BTreeMap::new();
    for call in recorded {
        tasks.entry(call.task).or_default().push(call);
    }
    let mut marks: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
    for (&task, calls) in &tasks {
        for (index, call) in calls.iter().enumerate() {
            if call.args.get(0) == Some(MARK) && call.args.get(2).is_some_and(|marker| marker != 3) {
                marks.insert(call.args.get(1).unwrap_or(u64::MAX), (task, index));
            }
        }
    }
    let mut found = Vec::new();
    for segment in &log.segments {
        let verdict = match marks.get(&segment.id) {
            // Killed before it made its first call.
            None if matches!(&segment.calls[..], [marker] if marker.leave.is_none()) => Ok(()),
            None => Err("its marker was not recorded".to_owned()),
            Some(&(task, index)) => follow(segment, &tasks[&task], index),
        };
        if let Err(what) = verdict {
            found.push(Deviation { segment: segment.id, what });
        }
    }
    for &(abi, nr, expected) in &log.counts {
        let seen = recorded.iter().filter(|call| call.abi == abi && call.nr == nr).count() as u64;
        if seen != expected {
            let what = format!("{seen} calls of abi {} nr {nr} recorded, {expected} made", abi.0);
            found.push(Deviation { segment: u64::MAX, what });
        }
    }
    found
}

/// Every deviation of a recording that was cut off: of each segment of `log` it must have the beginning, and at least
/// what `before` says had returned already when that was read, but for one call a task. For guests without signals.
pub fn deviations_when_cut_off(
    log: &GuestLog,
    before: &GuestLog,
    recorded: &[RecordedCall],
) -> Vec<Deviation> {
    let mut tasks: BTreeMap<u32, Vec<&RecordedCall>> = BTreeMap::new();
    for call in recorded {
        tasks.entry(call.task).or_default().push(call);
    }
    let marks = |segment: &Segment| {
        let is_marker = |call: &&RecordedCall| {
            call.args.get(0) == Some(MARK)
                && call.args.get(1) == Some(segment.id)
                && call.args.get(2) != Some(END)
        };
        tasks.values().find_map(|calls| Some(&calls[calls.iter().position(is_marker)?..]))
    };
    let mut found = Vec::new();
    for segment in &log.segments {
        let seen = marks(segment).unwrap_or_default();
        let mut pairs = segment.calls.iter().zip(seen);
        if let Some((logged, call)) = pairs.find(|(logged, call)| !same(logged, call)) {
            found.push(Deviation {
                segment: segment.id,
                what: format!("recorded {call:x?}, made {logged:x?}"),
            });
        }
        let before = before.segments.iter().find(|before| before.id == segment.id);
        let returned =
            before.map_or(0, |before| before.calls.iter().filter(|call| call.leave.is_some()).count());
        if seen.len() + 1 < returned {
            let what = format!("{} calls recorded, {returned} had returned by then", seen.len());
            found.push(Deviation { segment: segment.id, what });
        }
    }
    found
}

/// The recorded calls of one task from a segment's marker on.
struct Cursor<'a> {
    calls: &'a [&'a RecordedCall],
    next: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<&RecordedCall> {
        self.calls.get(self.next).copied()
    }

    fn expected(&self, logged: &Logged) -> String {
        let seen = match self.peek() {
            None => "the task's calls end there".to_owned(),
            Some(call) => format!("recorded is {call:x?}"),
        };
        format!("call {} of the task should be {logged:x?}, but {seen}", self.next)
    }
}

fn follow(segment: &Segment, calls: &[&RecordedCall], start: usize) -> Result<(), String> {
    if segment.starts_the_task() && start != 0 {
        return Err(format!("{start} calls recorded before the first call that the task made"));
    }
    let tid = segment.calls[0].tid;
    // 0: the task was killed before it had learnt its tid.
    if tid != 0 && calls[start].tid != tid {
        return Err(format!("recorded for tid {}, made by {tid}", calls[start].tid));
    }
    let mut cursor = Cursor { calls, next: start };
    sequence(&segment.calls, &mut cursor)?;
    // A successful execve is the last call of its segment, and the new program goes on.
    let last = segment.calls.last().expect("a segment has its marker");
    let left_by_exec = last.ret.is_none() && is_exec(last);
    if !segment.is_closed() && !left_by_exec && cursor.next < calls.len() {
        return Err(format!("calls recorded after the task's last: {:x?}", calls[cursor.next]));
    }
    Ok(())
}

/// Follows calls that began one after the other, each with what happened inside it.
fn sequence(mut logged: &[Logged], cursor: &mut Cursor<'_>) -> Result<(), String> {
    while let [first, rest @ ..] = logged {
        let inside =
            rest.iter().take_while(|call| first.leave.is_some_and(|leave| call.slot < leave)).count();
        let (inside, after) = rest.split_at(inside);
        if first.leave.is_some() {
            returned(first, inside, cursor)?;
        } else if first.args.is_none() {
            let is_sigreturn = cursor.peek().is_some_and(|call| call.abi == first.abi && is_sigreturn(call));
            if !is_sigreturn {
                return Err(cursor.expected(first));
            }
            cursor.next += 1;
        } else if cursor.peek().is_some_and(|call| same(first, call)) {
            unreturned(first, after.is_empty(), cursor);
        } else if !after.is_empty() {
            // A handler that came before the call was made has jumped over it.
        } else if cursor.peek().is_none() && !is_exit(first) {
            // Killed before the call was made.
        } else {
            return Err(cursor.expected(first));
        }
        logged = after;
    }
    Ok(())
}

/// Follows one call that did not return. As a task's last it may have been made several times: signals that the
/// program does not see end an attempt, and the one that kills it comes in a later one.
fn unreturned(logged: &Logged, is_last: bool, cursor: &mut Cursor<'_>) {
    let mut interrupted = true;
    while interrupted && cursor.peek().is_some_and(|call| same(logged, call) || is_restart(call)) {
        interrupted = is_last && cursor.peek().is_some_and(|call| call.ret.is_some_and(is_restart_code));
        cursor.next += 1;
    }
}

/// Follows one call that returned, and the handlers that ran inside it, before it or after it.
fn returned(logged: &Logged, inside: &[Logged], cursor: &mut Cursor<'_>) -> Result<(), String> {
    const EINTR: i64 = -4;
    let mut handlers = top_level(inside).into_iter().peekable();
    let mut attempts = 0;
    let mut done = false;
    while !done || handlers.peek().is_some() {
        let again = cursor.peek().filter(|call| same(logged, call) || attempts > 0 && is_restart(call));
        match (again, handlers.peek()) {
            (Some(call), next) if !done || next.is_some_and(|next| !same(&next[0], call)) => {
                done = call.ret == logged.ret
                    || call.ret.is_some_and(is_restart_code)
                        && logged.ret == Some(EINTR)
                        && !inside.is_empty();
                if !done && !call.ret.is_some_and(is_restart_code) {
                    return Err(cursor.expected(logged));
                }
                attempts += 1;
                cursor.next += 1;
            }
            (_, Some(_)) => sequence(handlers.next().expect("peeked"), cursor)?,
            (_, None) => return Err(cursor.expected(logged)),
        }
    }
    Ok(())
}

/// Splits calls into those that began one after the other, each with what is inside it.
fn top_level(mut logged: &[Logged]) -> Vec<&[Logged]> {
    let mut groups = Vec::new();
    while let [first, rest @ ..] = logged {
        let inside =
            rest.iter().take_while(|call| first.leave.is_some_and(|leave| call.slot < leave)).count();
        let (group, after) = logged.split_at(1 + inside);
        groups.push(group);
        logged = after;
    }
    groups
}

fn same(logged: &Logged, call: &RecordedCall) -> bool {
    let args = |expected: &[u64; 6]| call.args.agree_with(expected, call.abi, call.nr);
    oracle::key(logged.abi, logged.nr) == oracle::key(call.abi, call.nr)
        && logged.args.as_ref().is_none_or(args)
}

/// ERESTARTSYS to ERESTART_RESTARTBLOCK (`include/linux/errno.h`), ENOIOCTLCMD (515) among them.
fn is_restart_code(ret: i64) -> bool {
    (-516..=-512).contains(&ret)
}

fn is_restart(call: &RecordedCall) -> bool {
    call.nr == if call.abi == Abi::I386 { 0 } else { 219 }
}

fn is_sigreturn(call: &RecordedCall) -> bool {
    if call.abi == Abi::I386 { call.nr == 173 || call.nr == 119 } else { call.nr == 15 }
}

fn is_exec(logged: &Logged) -> bool {
    if logged.abi == Abi::I386 {
        logged.nr == 11 || logged.nr == 358
    } else {
        logged.nr == 59 || logged.nr == 322
    }
}

fn is_exit(logged: &Logged) -> bool {
    if logged.abi == Abi::I386 {
        logged.nr == 1 || logged.nr == 252
    } else {
        logged.nr == 60 || logged.nr == 231
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: u64 = 5;
    const READ: i32 = 0;
    const GETPPID: i32 = 110;
    const SIGRETURN: i32 = 15;
    const RESTART: i32 = 219;

    /// A log in words: `nr=ret`, `nr=-` for one that did not return, `{` and `}` around what is inside the call
    /// before, `s` for the end of a handler. The markers are added.
    fn log(text: &str) -> GuestLog {
        let mut calls = vec![logged(0, 72, Some([MARK, SEGMENT, 1, 0, 0, 0]), Some(-9), Some(1))];
        let mut open = Vec::new();
        for word in text.split_whitespace() {
            let slot = calls.len() as u32;
            match word {
                "{" => open.push(calls.len() - 1),
                "}" => {
                    let outer: usize = open.pop().expect("a call is open");
                    calls[outer].leave = Some(slot);
                }
                "s" => calls.push(logged(slot, SIGRETURN, None, None, None)),
                _ => {
                    let (nr, ret) = word.split_once('=').expect("nr=ret");
                    let nr = nr.parse().expect("a number");
                    let ret: Option<i64> = ret.parse().ok();
                    calls.push(logged(slot, nr, Some([u64::from(nr as u32); 6]), ret, ret.map(|_| slot + 1)));
                }
            }
        }
        let slot = calls.len() as u32;
        calls.push(logged(slot, 72, Some([MARK, SEGMENT, 3, 0, 0, 0]), Some(-9), Some(slot + 1)));
        GuestLog { segments: vec![Segment { id: SEGMENT, calls }], counts: Vec::new() }
    }

    fn logged(slot: u32, nr: i32, args: Option<[u64; 6]>, ret: Option<i64>, leave: Option<u32>) -> Logged {
        Logged { slot, leave, tid: 7, abi: Abi::X86_64, nr, args, ret }
    }

    /// A recording in the same words, without braces; a call of another program stands before the marker.
    fn recorded(text: &str) -> Vec<RecordedCall> {
        let call = |nr: i32, args: [u64; 6], ret: Option<i64>| RecordedCall {
            task: 1,
            tid: 7,
            abi: Abi::X86_64,
            nr,
            args: Arguments::Exact(as_recorded(Abi::X86_64, nr, args)),
            ret,
        };
        let mut calls = vec![call(1, [0; 6], Some(0)), call(72, [MARK, SEGMENT, 1, 0, 0, 0], Some(-9))];
        for word in text.split_whitespace() {
            let (nr, ret) = word.split_once('=').expect("nr=ret");
            let nr = nr.parse().expect("a number");
            let args = if nr == RESTART || nr == SIGRETURN { [0; 6] } else { [u64::from(nr as u32); 6] };
            calls.push(call(nr, args, ret.parse().ok()));
        }
        calls.push(call(72, [MARK, SEGMENT, 3, 0, 0, 0], Some(-9)));
        calls
    }

    fn conforms(made: &str, seen: &str) -> bool {
        deviations(&log(made), &recorded(seen)).is_empty()
    }

    #[test]
    fn a_lost_a_doubled_a_swapped_and_a_changed_call_are_found() {
        assert!(conforms("0=5 110=1 39=2", "0=5 110=1 39=2"));
        for wrong in [
            "0=5 39=2",
            "110=1 39=2",
            "0=5 110=1",
            "0=5 110=1 110=1 39=2",
            "110=1 0=5 39=2",
            "0=5 110=7 39=2",
        ] {
            assert!(!conforms("0=5 110=1 39=2", wrong), "{wrong}");
        }
        let mut calls = recorded("0=5 110=1 39=2");
        calls[3].args = Arguments::Exact([110, 110, 111, 0, 0, 0]);
        assert_eq!(deviations(&log("0=5 110=1 39=2"), &calls).len(), 1);
        calls.retain(|call| call.nr != 72);
        assert_eq!(deviations(&log("0=5 110=1 39=2"), &calls).len(), 1);
    }

    #[test]
    fn a_handler_stands_between_an_interrupted_call_and_its_repetition() {
        assert!(conforms("0=5 { 110=1 s }", "0=-512 110=1 15=0 0=5"));
        assert!(conforms("0=5 { 110=1 s 110=1 s }", "0=-512 110=1 15=0 0=-512 110=1 15=0 0=5"));
        assert!(conforms("0=-4 { 110=1 s }", "0=-514 110=1 15=-4"), "not repeated");
        assert!(conforms("0=5 { 110=1 s }", "110=1 15=0 0=5"), "before the call");
        assert!(conforms("0=5 { 110=1 s }", "0=5 110=1 15=0"), "after the call");
        assert!(!conforms("0=5 { 110=1 s }", "0=-512 110=1 15=0"), "never repeated");
        assert!(!conforms("0=5 { 110=1 s }", "0=-512 110=1 0=5"), "no sigreturn");
        assert!(!conforms("0=5 { 110=1 s }", "0=-512 15=0 0=5"), "no call in the handler");
    }

    #[test]
    fn a_stop_repeats_a_call_without_a_handler() {
        assert!(conforms("0=0", "0=-516 219=0"));
        assert!(conforms("0=0", "0=-516 219=-516 219=0"));
        assert!(conforms("0=0", "0=-512 0=0"));
        assert!(!conforms("0=0", "0=-516"));
        assert!(!conforms("110=0", "110=-4"));
    }

    #[test]
    fn two_pauses_ended_by_signals_are_two_calls() {
        let twice = "34=-4 { 110=1 s } 34=-4 { 110=1 s }";
        assert!(conforms(twice, "34=-514 110=1 15=-4 34=-514 110=1 15=-4"));
        assert!(!conforms(twice, "34=-514 110=1 15=-4"));
    }

    #[test]
    fn a_jump_out_of_a_handler_leaves_the_call_open() {
        assert!(conforms("0=- 110=1 39=2", "0=-514 110=1 39=2"));
        assert!(conforms("0=- 110=1 39=2", "110=1 39=2"), "the signal came first");
        assert!(!conforms("0=- 110=1 39=2", "0=-514 39=2"));
        assert!(
            !conforms("0=- 110=1 39=2", "0=-514 0=-514 110=1 39=2"),
            "it went on, so that it was made once"
        );
    }

    #[test]
    fn a_recording_that_was_cut_off_has_what_came_before() {
        let made = log("0=5 110=1 39=2 39=3");
        let cut = |seen: &str| {
            let mut calls = recorded(seen);
            calls.pop();
            calls
        };
        let deviates = |seen: &str| deviations_when_cut_off(&made, &log("0=5 110=1"), &cut(seen)).len();
        assert_eq!(
            [deviates("0=5 110=1"), deviates("0=5 110=1 39=2"), deviates("0=5 110=1 39=2 39=3")],
            [0; 3]
        );
        assert_eq!([deviates("0=5"), deviates("0=5 39=2"), deviates("110=1 39=2")], [1; 3]);
    }

    #[test]
    fn a_task_killed_before_its_marker_leaves_nothing_behind() {
        let mut killed = log("110=1");
        killed.segments[0].calls.truncate(1);
        assert_eq!(deviations(&killed, &[]).len(), 1, "the marker had returned");
        killed.segments[0].calls[0].leave = None;
        assert_eq!(deviations(&killed, &[]).len(), 0);
    }

    #[test]
    fn nothing_may_stand_before_a_birth_or_after_an_end() {
        let mut born = log("110=1");
        born.segments[0].calls[0].args = Some([MARK, SEGMENT, 2, 0, 0, 0]);
        let mut calls = recorded("110=1");
        calls[1].args = Arguments::Exact([MARK, SEGMENT, 2, 0, 0, 0]);
        assert_eq!(deviations(&born, &calls).len(), 1);
        calls.remove(0);
        assert_eq!(deviations(&born, &calls).len(), 0);

        let mut killed = log("110=1 0=-");
        killed.segments[0].calls.pop();
        let mut calls = recorded("110=1");
        calls.pop();
        assert_eq!(deviations(&killed, &calls).len(), 0, "killed before the call");
        let extra = RecordedCall { nr: GETPPID, ..calls[0].clone() };
        calls.push(RecordedCall { nr: READ, args: Arguments::Exact([0; 6]), ret: None, ..calls[0].clone() });
        assert_eq!(deviations(&killed, &calls).len(), 0, "killed in the call");
        calls.push(extra);
        assert_eq!(deviations(&killed, &calls).len(), 1, "a call after its end");
    }

    #[test]
    fn counts_of_calls_made_by_libc_are_exact() {
        let mut log = log("110=1");
        log.counts.push((Abi::X86_64, 435, 2));
        assert_eq!(deviations(&log, &recorded("110=1")).len(), 1);
        log.counts[0] = (Abi::X86_64, GETPPID, 1);
        assert_eq!(deviations(&log, &recorded("110=1")).len(), 0);
    }

    #[test]
    fn a_call_that_a_task_was_killed_in_may_have_been_made_again() {
        let killed = |made: &str, seen: &str| {
            let (mut log, mut calls) = (log(made), recorded(seen));
            // No end marker.
            log.segments[0].calls.pop();
            calls.pop();
            deviations(&log, &calls).is_empty()
        };
        assert!(killed("110=1 0=-", "110=1 0=-"));
        assert!(killed("110=1 0=-", "110=1 0=-512 0=-512"));
        assert!(killed("110=1 0=-", "110=1 0=-516 219=-"));
        assert!(killed("110=1 0=-", "110=1"), "killed before it");
        assert!(!killed("110=1 0=-", "110=1 0=-9 0=-"), "an attempt that ended");
        assert!(!killed("110=1 0=-", "110=1 0=-512 110=1"));
    }
}
