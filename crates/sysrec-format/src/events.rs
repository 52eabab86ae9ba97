//! The EVENTS chunk: records one behind the other, in the order in which the recorder saw them.
//!
//! ```text
//!  time u64 | task u32 | kind u16 | body length u32 | body
//! ```
//! Known bodies may be longer than what this version reads: later versions append fields.

use crate::captures::{captures, put_captures};
use crate::error::Error;
use crate::event::{
    Abi, Entry, Event, EventBody, FrameFlags, LossReason, ModuleId, Origin, StackId, TaskEnd, TaskId,
    USER_REGISTERS, UnfinishedReason,
};
use crate::frame::FrameHeader;
use crate::limits::{EVENT_BODY_BYTES_MAX, EVENT_STRING_BYTES_MAX};
use crate::wire::Cursor;

/// Bytes of a record before its body.
pub const EVENT_HEADER_BYTES: usize = 18;
/// A task field that names no task.
const NO_TASK: u32 = u32::MAX;

/// Which [`EventBody`] a record holds. An open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventKind(pub u16);

impl EventKind {
    /// [`EventBody::TaskStart`]
    pub const TASK_START: EventKind = EventKind(1);
    /// [`EventBody::Exec`]
    pub const EXEC: EventKind = EventKind(2);
    /// [`EventBody::Name`]
    pub const NAME: EventKind = EventKind(3);
    /// [`EventBody::TaskEnd`]
    pub const TASK_END: EventKind = EventKind(4);
    /// [`EventBody::Signal`]
    pub const SIGNAL: EventKind = EventKind(5);
    /// [`EventBody::Stop`]
    pub const STOP: EventKind = EventKind(6);
    /// [`EventBody::Continue`]
    pub const CONTINUE: EventKind = EventKind(7);
    /// [`EventBody::Unfinished`]
    pub const UNFINISHED: EventKind = EventKind(8);
    /// [`EventBody::Mapping`]
    pub const MAPPING: EventKind = EventKind(9);
    /// [`EventBody::Descriptor`]
    pub const DESCRIPTOR: EventKind = EventKind(10);
    /// [`EventBody::WorkingDirectory`]
    pub const WORKING_DIRECTORY: EventKind = EventKind(11);
    /// [`EventBody::Loss`]
    pub const LOSS: EventKind = EventKind(12);
    /// [`EventBody::Anchor`]
    pub const ANCHOR: EventKind = EventKind(13);
    /// [`EventBody::Mechanism`]
    pub const MECHANISM: EventKind = EventKind(14);
    /// [`EventBody::RecorderCall`]
    pub const RECORDER_CALL: EventKind = EventKind(15);
    /// [`EventBody::Module`]
    pub const MODULE: EventKind = EventKind(16);
    /// [`EventBody::StackNode`]
    pub const STACK_NODE: EventKind = EventKind(17);
}

/// How a task ended, on disk: [`TaskEnd`] as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndCause(pub u8);

impl EndCause {
    /// [`TaskEnd::Exited`]; the value is the code.
    pub const EXITED: EndCause = EndCause(1);
    /// [`TaskEnd::Killed`]; the value is the signal.
    pub const KILLED: EndCause = EndCause(2);
    /// [`TaskEnd::Superseded`]
    pub const SUPERSEDED: EndCause = EndCause(3);
    /// [`TaskEnd::Detached`]
    pub const DETACHED: EndCause = EndCause(4);
    /// [`TaskEnd::Vanished`]
    pub const VANISHED: EndCause = EndCause(5);
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(EVENT_STRING_BYTES_MAX)];
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_task(out: &mut Vec<u8>, task: Option<TaskId>) {
    out.extend_from_slice(&task.map_or(NO_TASK, |task| task.0).to_le_bytes());
}

/// Appends as many of the arguments as fit into a body that begins at `start`; the last one may be cut.
fn put_arguments(out: &mut Vec<u8>, start: usize, arguments: &[Vec<u8>]) {
    let count_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut count = 0_u32;
    for argument in arguments {
        let Some(room) = (EVENT_BODY_BYTES_MAX as usize).checked_sub(out.len() - start + 4) else { break };
        let argument = &argument[..argument.len().min(room)];
        out.extend_from_slice(&(argument.len() as u32).to_le_bytes());
        out.extend_from_slice(argument);
        count += 1;
    }
    out[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
}

fn put_unfinished(out: &mut Vec<u8>, entry: &Entry, reason: UnfinishedReason) {
    let registers = entry.registers.as_deref().map_or(&[][..], |registers| registers.as_slice());
    out.extend_from_slice(&[reason.0, entry.abi.0, registers.len() as u8]);
    out.extend_from_slice(&entry.nr.to_le_bytes());
    let words = [entry.time_ns, entry.ip, entry.sp];
    for word in words.iter().chain(&entry.args).chain(registers) {
        out.extend_from_slice(&word.to_le_bytes());
    }
    if entry.stack.is_some() || !entry.captures.is_empty() {
        out.extend_from_slice(&one_more(entry.stack.map(|stack| stack.0)).to_le_bytes());
    }
    if !entry.captures.is_empty() {
        put_captures(out, &entry.captures);
    }
}

/// An optional number as the format has it: 0 for none, else one more than it is. There is no number that large.
fn one_more(number: Option<u32>) -> u32 {
    number.map_or(0, |number| number.saturating_add(1))
}

fn put_body(out: &mut Vec<u8>, body: &EventBody) -> EventKind {
    let start = out.len();
    let i32s = |out: &mut Vec<u8>, values: &[i32]| {
        values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    };
    let u64s = |out: &mut Vec<u8>, values: &[u64]| {
        values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    };
    match body {
        EventBody::TaskStart { tid, pid, process, parent, origin, comm } => {
            i32s(out, &[*tid, *pid]);
            put_task(out, Some(*process));
            put_task(out, *parent);
            out.push(origin.0);
            put_string(out, comm);
            EventKind::TASK_START
        }
        EventBody::Exec { exe, argv, comm, former } => {
            put_task(out, *former);
            put_string(out, exe);
            put_string(out, comm);
            put_arguments(out, start, argv);
            EventKind::EXEC
        }
        EventBody::Name { comm } => {
            put_string(out, comm);
            EventKind::NAME
        }
        EventBody::TaskEnd(end) => {
            let (cause, value, core_dumped) = match *end {
                TaskEnd::Exited { code } => (EndCause::EXITED, code, false),
                TaskEnd::Killed { signo, core_dumped } => (EndCause::KILLED, signo, core_dumped),
                TaskEnd::Superseded => (EndCause::SUPERSEDED, 0, false),
                TaskEnd::Detached => (EndCause::DETACHED, 0, false),
                TaskEnd::Vanished => (EndCause::VANISHED, 0, false),
                TaskEnd::Unknown { cause, value } => (EndCause(cause), value, false),
            };
            out.extend_from_slice(&[cause.0, u8::from(core_dumped)]);
            i32s(out, &[value]);
            EventKind::TASK_END
        }
        EventBody::Signal { signo, code, sender_pid, address } => {
            i32s(out, &[*signo, *code, *sender_pid]);
            u64s(out, &[*address]);
            EventKind::SIGNAL
        }
        EventBody::Stop { signo } => {
            i32s(out, &[*signo]);
            EventKind::STOP
        }
        EventBody::Continue => EventKind::CONTINUE,
        EventBody::Unfinished { entry, reason } => {
            put_unfinished(out, entry, *reason);
            EventKind::UNFINISHED
        }
        EventBody::Mapping { address, length, file_offset, path, build_id } => {
            u64s(out, &[*address, *length, *file_offset]);
            put_string(out, path);
            put_string(out, build_id);
            EventKind::MAPPING
        }
        EventBody::Descriptor { fd, target } => {
            i32s(out, &[*fd]);
            put_string(out, target);
            EventKind::DESCRIPTOR
        }
        EventBody::WorkingDirectory { path } => {
            put_string(out, path);
            EventKind::WORKING_DIRECTORY
        }
        EventBody::Loss { reason, calls, first_ns } => {
            out.push(reason.0);
            u64s(out, &[*calls, *first_ns]);
            EventKind::LOSS
        }
        EventBody::Anchor { realtime_ns, tsc } => {
            u64s(out, &[*realtime_ns, *tsc]);
            EventKind::ANCHOR
        }
        EventBody::Mechanism { mechanism, reason } => {
            put_string(out, mechanism);
            put_string(out, reason);
            EventKind::MECHANISM
        }
        EventBody::RecorderCall { nr, ret } => {
            i32s(out, &[*nr]);
            out.extend_from_slice(&ret.to_le_bytes());
            EventKind::RECORDER_CALL
        }
        EventBody::Module { module, path, build_id } => {
            out.extend_from_slice(&module.0.to_le_bytes());
            put_string(out, path);
            put_string(out, build_id);
            EventKind::MODULE
        }
        EventBody::StackNode { node, parent, module, offset, flags, name } => {
            let (parent, module) = (one_more(parent.map(|node| node.0)), one_more(module.map(|it| it.0)));
            for number in [node.0, parent, module] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            u64s(out, &[*offset]);
            out.push(flags.0);
            put_string(out, name);
            EventKind::STACK_NODE
        }
        EventBody::Unknown { kind, body } => {
            out.extend_from_slice(&body[..body.len().min(EVENT_BODY_BYTES_MAX as usize)]);
            EventKind(*kind)
        }
    }
}

/// Appends one record. Strings over [`EVENT_STRING_BYTES_MAX`] and arguments over [`EVENT_BODY_BYTES_MAX`] are cut.
pub(crate) fn put_event(out: &mut Vec<u8>, event: &Event) {
    out.extend_from_slice(&event.time_ns.to_le_bytes());
    put_task(out, event.task);
    let kind_at = out.len();
    out.extend_from_slice(&[0; 6]);
    let kind = put_body(out, &event.body);
    let body_bytes = (out.len() - kind_at - 6) as u32;
    out[kind_at..kind_at + 2].copy_from_slice(&kind.0.to_le_bytes());
    out[kind_at + 2..kind_at + 6].copy_from_slice(&body_bytes.to_le_bytes());
}

fn string(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Vec<u8>, Error> {
    let bytes = cursor.u32(what)?;
    Ok(cursor.take(bytes as usize, what)?.to_vec())
}

fn task(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<TaskId>, Error> {
    let task = cursor.u32(what)?;
    Ok((task != NO_TASK).then_some(TaskId(task)))
}

/// The inverse of [`one_more`].
fn number(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Option<u32>, Error> {
    Ok(cursor.u32(what)?.checked_sub(1))
}

fn arguments(cursor: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let at = cursor.clone();
    let count = cursor.u32("number of arguments")? as usize;
    let most = cursor.remaining() / 4;
    if count > most {
        return Err(at.fail(
            "number of arguments",
            format!("at most {most} in what is left of the event"),
            count,
        ));
    }
    (0..count).map(|_| string(cursor, "argument of a program")).collect()
}

fn unfinished(cursor: &mut Cursor<'_>) -> Result<EventBody, Error> {
    let what = "unfinished call";
    let reason = UnfinishedReason(cursor.u8(what)?);
    let abi = Abi(cursor.u8(what)?);
    let at = cursor.clone();
    let registers = usize::from(cursor.u8(what)?);
    if registers != 0 && registers != USER_REGISTERS {
        return Err(at.fail("number of registers", format!("0 or {USER_REGISTERS}"), registers));
    }
    let nr = cursor.i32(what)?;
    let (time_ns, ip, sp) = (cursor.u64(what)?, cursor.u64(what)?, cursor.u64(what)?);
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = cursor.u64(what)?;
    }
    let registers = if registers == 0 {
        None
    } else {
        let mut values = Box::new([0; USER_REGISTERS]);
        for value in values.iter_mut() {
            *value = cursor.u64(what)?;
        }
        Some(values)
    };
    let stack = if cursor.remaining() == 0 { None } else { number(cursor, what)?.map(StackId) };
    let captures = if cursor.remaining() == 0 { Vec::new() } else { captures(cursor)? };
    Ok(EventBody::Unfinished {
        entry: Entry { time_ns, abi, nr, ip, sp, args, registers, captures, stack },
        reason,
    })
}

fn task_end(cursor: &mut Cursor<'_>) -> Result<TaskEnd, Error> {
    let what = "end of a task";
    let cause = EndCause(cursor.u8(what)?);
    let core_dumped = cursor.u8(what)? != 0;
    let value = cursor.i32(what)?;
    Ok(match cause {
        EndCause::EXITED => TaskEnd::Exited { code: value },
        EndCause::KILLED => TaskEnd::Killed { signo: value, core_dumped },
        EndCause::SUPERSEDED => TaskEnd::Superseded,
        EndCause::DETACHED => TaskEnd::Detached,
        EndCause::VANISHED => TaskEnd::Vanished,
        EndCause(cause) => TaskEnd::Unknown { cause, value },
    })
}

fn body(kind: EventKind, cursor: &mut Cursor<'_>) -> Result<EventBody, Error> {
    Ok(match kind {
        EventKind::TASK_START => {
            let what = "start of a task";
            let (tid, pid) = (cursor.i32(what)?, cursor.i32(what)?);
            let process = TaskId(cursor.u32(what)?);
            let parent = task(cursor, what)?;
            let origin = Origin(cursor.u8(what)?);
            EventBody::TaskStart {
                tid,
                pid,
                process,
                parent,
                origin,
                comm: string(cursor, "name of a task")?,
            }
        }
        EventKind::EXEC => {
            let former = task(cursor, "exec")?;
            let exe = string(cursor, "path of a program")?;
            let comm = string(cursor, "name of a task")?;
            EventBody::Exec { exe, argv: arguments(cursor)?, comm, former }
        }
        EventKind::NAME => EventBody::Name { comm: string(cursor, "name of a task")? },
        EventKind::TASK_END => EventBody::TaskEnd(task_end(cursor)?),
        EventKind::SIGNAL => {
            let what = "signal";
            let (signo, code, sender_pid) = (cursor.i32(what)?, cursor.i32(what)?, cursor.i32(what)?);
            EventBody::Signal { signo, code, sender_pid, address: cursor.u64(what)? }
        }
        EventKind::STOP => EventBody::Stop { signo: cursor.i32("stop")? },
        EventKind::CONTINUE => EventBody::Continue,
        EventKind::UNFINISHED => unfinished(cursor)?,
        EventKind::MAPPING => {
            let what = "mapping";
            let (address, length, file_offset) = (cursor.u64(what)?, cursor.u64(what)?, cursor.u64(what)?);
            let path = string(cursor, "path of a mapping")?;
            EventBody::Mapping { address, length, file_offset, path, build_id: string(cursor, "build-id")? }
        }
        EventKind::DESCRIPTOR => {
            let fd = cursor.i32("descriptor")?;
            EventBody::Descriptor { fd, target: string(cursor, "target of a descriptor")? }
        }
        EventKind::WORKING_DIRECTORY => {
            EventBody::WorkingDirectory { path: string(cursor, "working directory")? }
        }
        EventKind::LOSS => {
            let reason = LossReason(cursor.u8("loss")?);
            EventBody::Loss { reason, calls: cursor.u64("loss")?, first_ns: cursor.u64("loss")? }
        }
        EventKind::ANCHOR => {
            EventBody::Anchor { realtime_ns: cursor.u64("anchor")?, tsc: cursor.u64("anchor")? }
        }
        EventKind::MECHANISM => {
            let mechanism = string(cursor, "mechanism")?;
            EventBody::Mechanism { mechanism, reason: string(cursor, "reason for a mechanism")? }
        }
        EventKind::RECORDER_CALL => {
            let what = "call of the recorder";
            EventBody::RecorderCall { nr: cursor.i32(what)?, ret: cursor.u64(what)? as i64 }
        }
        EventKind::MODULE => {
            let module = ModuleId(cursor.u32("module")?);
            let path = string(cursor, "path of a module")?;
            EventBody::Module { module, path, build_id: string(cursor, "build-id")? }
        }
        EventKind::STACK_NODE => {
            let what = "node of stacks";
            let node = StackId(cursor.u32(what)?);
            let (parent, module) = (number(cursor, what)?.map(StackId), number(cursor, what)?.map(ModuleId));
            let (offset, flags) = (cursor.u64(what)?, FrameFlags(cursor.u8(what)?));
            EventBody::StackNode { node, parent, module, offset, flags, name: string(cursor, what)? }
        }
        EventKind(kind) => EventBody::Unknown { kind, body: cursor.rest().to_vec() },
    })
}

/// The events of a chunk, in order; made by [`events`]. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    cursor: Cursor<'a>,
    left: u32,
    failed: bool,
}

/// Reads the payload of an EVENTS chunk; `offset` is where it lies in the file, for errors.
pub fn events<'a>(payload: &'a [u8], header: &FrameHeader, offset: u64) -> Events<'a> {
    Events { cursor: Cursor::new(payload, offset), left: header.count, failed: false }
}

impl Events<'_> {
    /// Events that are still to come, as far as the chunk says.
    pub fn left(&self) -> u32 {
        if self.failed { 0 } else { self.left }
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<Event, Error> {
        let time_ns = cursor.u64("event")?;
        let task = task(cursor, "event")?;
        let kind = EventKind(cursor.u16("event")?);
        let at = cursor.clone();
        let body_bytes = cursor.u32("event")?;
        if body_bytes > EVENT_BODY_BYTES_MAX {
            return Err(at.fail("length of an event", format!("at most {EVENT_BODY_BYTES_MAX}"), body_bytes));
        }
        let offset = cursor.offset();
        let bytes = cursor.take(body_bytes as usize, "body of an event")?;
        Ok(Event { time_ns, task, body: body(kind, &mut Cursor::new(bytes, offset))? })
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        if self.left == 0 {
            self.failed = true;
            if self.cursor.remaining() == 0 {
                return None;
            }
            let found = format!("{} bytes more", self.cursor.remaining());
            return Some(Err(self.cursor.fail("events", "the end of the chunk", found)));
        }
        self.left -= 1;
        let event = Self::read(&mut self.cursor);
        self.failed = event.is_err();
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event: &Event) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_event(&mut bytes, event);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Event, Error> {
        Events::read(&mut Cursor::new(bytes, 0))
    }

    fn exec(argv: Vec<Vec<u8>>) -> Event {
        let body = EventBody::Exec { exe: b"/bin/x".to_vec(), argv, comm: b"x".to_vec(), former: None };
        Event { time_ns: 1, task: Some(TaskId(0)), body }
    }

    #[test]
    fn fields_that_a_later_version_appends_are_left() {
        let event = exec(vec![b"x".to_vec()]);
        let mut bytes = record(&event);
        bytes.extend_from_slice(b"later");
        let length = u32::from_le_bytes(bytes[14..18].try_into().unwrap()) + 5;
        bytes[14..18].copy_from_slice(&length.to_le_bytes());
        assert_eq!(read(&bytes).unwrap(), event);
    }

    #[test]
    fn long_reasons_are_cut_to_the_limit() {
        let body = EventBody::Mechanism { mechanism: b"ptrace".to_vec(), reason: vec![b'a'; 10_000] };
        let read = read(&record(&Event { time_ns: 1, task: Some(TaskId(0)), body })).unwrap().body;
        let cut = vec![b'a'; EVENT_STRING_BYTES_MAX];
        assert_eq!(read, EventBody::Mechanism { mechanism: b"ptrace".to_vec(), reason: cut });
    }

    #[test]
    fn an_endless_command_line_is_cut_to_the_limit() {
        let bytes = record(&exec(vec![vec![b'a'; 1000]; 1000]));
        assert!(bytes.len() <= EVENT_HEADER_BYTES + EVENT_BODY_BYTES_MAX as usize);
        let EventBody::Exec { argv, .. } = read(&bytes).unwrap().body else { panic!("not an exec") };
        assert_eq!(argv.len(), 66);
        assert!(argv[..65].iter().all(|argument| argument.len() == 1000));
        let one = record(&exec(vec![vec![b'a'; 100_000]]));
        assert_eq!(one.len(), EVENT_HEADER_BYTES + EVENT_BODY_BYTES_MAX as usize);
        read(&one).unwrap();
    }

    #[test]
    fn a_count_of_arguments_beyond_the_event_is_refused_before_anything_is_allocated() {
        let mut bytes = record(&exec(vec![]));
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("number of arguments at byte"), "{error}");
    }

    #[test]
    fn bytes_behind_the_last_event_are_an_error() {
        let mut payload = record(&exec(vec![]));
        let kind = crate::frame::ChunkKind::EVENTS;
        let header = FrameHeader { count: 1, ..FrameHeader::block(kind, &payload) };
        assert_eq!(events(&payload, &header, 0).filter(Result::is_ok).count(), 1);
        payload.push(0);
        let results: Vec<_> = events(&payload, &header, 0).collect();
        assert!(results.len() == 2 && results[0].is_ok() && results[1].is_err());
    }
}
