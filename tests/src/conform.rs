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

use crate::log::{GuestLog, Logged, MARK, Segment};

/// The arguments of a recorded call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// All six, as they are.
    Exact([u64; 6]),
    /// The first few, as a tool printed them: perhaps cut to 32 bits.
    Shown(Vec<u64>),
}

impl Arguments {
    fn agree_with(&self, expected: &[u64; 6]) -> bool {
        match self {
            Arguments::Exact(args) => args == expected,
            Arguments::Shown(args) => {
                args.iter().zip(expected).all(|(shown, real)| shown == real || *shown == u64::from(*real as u32))
            }
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
    if calls[start].tid != tid {
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
        let inside = rest.iter().take_while(|call| first.leave.is_some_and(|leave| call.slot < leave)).count();
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
            cursor.next += 1;
        } else if after.is_empty() && !is_exit(first) || !after.is_empty() {
            // Killed, or left by a jump out of a handler, before the call was made.
        } else {
            return Err(cursor.expected(first));
        }
        logged = after;
    }
    Ok(())
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
                    || call.ret.is_some_and(is_restart_code) && logged.ret == Some(EINTR) && !inside.is_empty();
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
        let inside = rest.iter().take_while(|call| first.leave.is_some_and(|leave| call.slot < leave)).count();
        let (group, after) = logged.split_at(1 + inside);
        groups.push(group);
        logged = after;
    }
    groups
}

fn same(logged: &Logged, call: &RecordedCall) -> bool {
    let args = |expected: &[u64; 6]| call.args.agree_with(expected);
    logged.abi == call.abi && logged.nr == call.nr && logged.args.as_ref().is_none_or(args)
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
    if logged.abi == Abi::I386 { logged.nr == 11 || logged.nr == 358 } else { logged.nr == 59 || logged.nr == 322 }
}

fn is_exit(logged: &Logged) -> bool {
    if logged.abi == Abi::I386 { logged.nr == 1 || logged.nr == 252 } else { logged.nr == 60 || logged.nr == 231 }
}
