//! Perfetto's protobuf trace: a track for each process and thread, a slice for each call with its arguments and stack.
//!
//! Written packet by packet. Names and stacks are interned: told once, and named by number from then on.

use std::io::Write;

use prost::Message;
use rustc_hash::FxHashMap;
use sysrec_analyzer::call_tree::{StepId, Steps};

use super::slices::{Slice, Slices, process_name, task_name};
use crate::stack_text;

// github.com/google/perfetto, protos/perfetto/trace: the fields that are used here.

#[derive(Clone, PartialEq, Message)]
struct TracePacket {
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, tag = "10")]
    trusted_packet_sequence_id: u32,
    #[prost(message, optional, tag = "11")]
    track_event: Option<TrackEvent>,
    #[prost(message, optional, tag = "12")]
    interned_data: Option<InternedData>,
    #[prost(uint32, optional, tag = "13")]
    sequence_flags: Option<u32>,
    #[prost(message, optional, tag = "60")]
    track_descriptor: Option<TrackDescriptor>,
}

/// `TracePacket.SequenceFlags`: what was interned before does not count.
const INCREMENTAL_STATE_CLEARED: u32 = 1;
/// The packet uses what was interned.
const NEEDS_INCREMENTAL_STATE: u32 = 2;

#[derive(Clone, PartialEq, Message)]
struct TrackDescriptor {
    #[prost(uint64, tag = "1")]
    uuid: u64,
    #[prost(message, optional, tag = "3")]
    process: Option<ProcessDescriptor>,
    #[prost(message, optional, tag = "4")]
    thread: Option<ThreadDescriptor>,
    #[prost(uint64, optional, tag = "5")]
    parent_uuid: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct ProcessDescriptor {
    #[prost(int32, tag = "1")]
    pid: i32,
    #[prost(string, repeated, tag = "2")]
    cmdline: Vec<String>,
    #[prost(string, tag = "6")]
    process_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ThreadDescriptor {
    #[prost(int32, tag = "1")]
    pid: i32,
    #[prost(int64, tag = "2")]
    tid: i64,
    #[prost(string, tag = "5")]
    thread_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct TrackEvent {
    #[prost(uint64, repeated, tag = "3")]
    category_iids: Vec<u64>,
    #[prost(message, repeated, tag = "4")]
    debug_annotations: Vec<DebugAnnotation>,
    #[prost(int32, tag = "9")]
    kind: i32,
    #[prost(uint64, optional, tag = "10")]
    name_iid: Option<u64>,
    #[prost(uint64, tag = "11")]
    track_uuid: u64,
    #[prost(uint64, optional, tag = "56")]
    callstack_iid: Option<u64>,
}

/// `TrackEvent.Type`.
const SLICE_BEGIN: i32 = 1;
const SLICE_END: i32 = 2;

#[derive(Clone, PartialEq, Message)]
struct DebugAnnotation {
    #[prost(uint64, tag = "1")]
    name_iid: u64,
    #[prost(string, tag = "6")]
    string_value: String,
}

#[derive(Clone, PartialEq, Message)]
struct InternedData {
    #[prost(message, repeated, tag = "1")]
    event_categories: Vec<Named>,
    #[prost(message, repeated, tag = "2")]
    event_names: Vec<Named>,
    #[prost(message, repeated, tag = "3")]
    debug_annotation_names: Vec<Named>,
    #[prost(message, repeated, tag = "5")]
    function_names: Vec<InternedString>,
    #[prost(message, repeated, tag = "6")]
    frames: Vec<Frame>,
    #[prost(message, repeated, tag = "7")]
    callstacks: Vec<Callstack>,
    #[prost(message, repeated, tag = "17")]
    mapping_paths: Vec<InternedString>,
    #[prost(message, repeated, tag = "19")]
    mappings: Vec<Mapping>,
}

/// `EventCategory`, `EventName`, `DebugAnnotationName`.
#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(string, tag = "2")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct InternedString {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(bytes = "vec", tag = "2")]
    text: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Frame {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(uint64, tag = "2")]
    function_name_id: u64,
    #[prost(uint64, tag = "3")]
    mapping_id: u64,
    #[prost(uint64, tag = "4")]
    rel_pc: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Callstack {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(uint64, repeated, tag = "2")]
    frame_ids: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Mapping {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(uint64, repeated, tag = "7")]
    path_string_ids: Vec<u64>,
}

/// The one writer of this trace.
const SEQUENCE: u32 = 1;
const SYSCALL: u64 = 1;
const CALL: u64 = 1;
const RESULT: u64 = 2;

fn packet() -> TracePacket {
    TracePacket { trusted_packet_sequence_id: SEQUENCE, ..TracePacket::default() }
}

/// A field of `Trace`: number 1, with a length.
fn put(out: &mut dyn Write, packet: &TracePacket) -> anyhow::Result<()> {
    out.write_all(&[0x0a])?;
    out.write_all(&packet.encode_length_delimited_to_vec())?;
    Ok(())
}

/// Tracks of processes have even numbers, those of threads odd ones.
fn process_track(task: u32) -> u64 {
    2 * (u64::from(task) + 1)
}

fn thread_track(task: u32) -> u64 {
    process_track(task) + 1
}

/// Writes the whole trace. Memory grows with the distinct stacks.
pub(super) fn write(slices: &mut Slices<'_>, out: &mut dyn Write) -> anyhow::Result<()> {
    let named = |iid, name: &str| Named { iid, name: name.to_owned() };
    put(
        out,
        &TracePacket {
            sequence_flags: Some(INCREMENTAL_STATE_CLEARED),
            interned_data: Some(InternedData {
                event_categories: vec![named(SYSCALL, "syscall")],
                debug_annotation_names: vec![named(CALL, "call"), named(RESULT, "result")],
                ..InternedData::default()
            }),
            ..packet()
        },
    )?;
    for (task, process) in slices.tasks() {
        if task.is_process() {
            let argv = process.programs.last().map_or(&[][..], |program| &program.argv);
            let cmdline =
                argv.iter().map(|argument| String::from_utf8_lossy(argument).into_owned()).collect();
            let process =
                ProcessDescriptor { pid: process.pid, cmdline, process_name: process_name(process) };
            let uuid = process_track(task.id.0);
            let track = TrackDescriptor { uuid, process: Some(process), ..TrackDescriptor::default() };
            put(out, &TracePacket { track_descriptor: Some(track), ..packet() })?;
        }
        let thread =
            ThreadDescriptor { pid: task.pid, tid: i64::from(task.tid), thread_name: task_name(task) };
        let track = TrackDescriptor {
            uuid: thread_track(task.id.0),
            process: None,
            thread: Some(thread),
            parent_uuid: Some(process_track(process.id.0)),
        };
        put(out, &TracePacket { track_descriptor: Some(track), ..packet() })?;
    }
    let mut interned = Interned::default();
    slices.each(|steps, slice| {
        let mut new = InternedData::default();
        let (name_iid, callstack_iid) = interned.of(steps, &slice, &mut new);
        let annotation = |name_iid, string_value| DebugAnnotation { name_iid, string_value };
        let begin = TrackEvent {
            category_iids: vec![SYSCALL],
            debug_annotations: vec![annotation(CALL, slice.arguments()), annotation(RESULT, slice.result())],
            kind: SLICE_BEGIN,
            name_iid: Some(name_iid),
            track_uuid: thread_track(slice.task.0),
            callstack_iid,
        };
        let event = |time_ns: u64, event| TracePacket {
            timestamp: Some(time_ns),
            sequence_flags: Some(NEEDS_INCREMENTAL_STATE),
            track_event: Some(event),
            ..packet()
        };
        let interned_data = (new != InternedData::default()).then_some(new);
        put(out, &TracePacket { interned_data, ..event(slice.start_ns, begin) })?;
        if let Some(duration_ns) = slice.duration_ns {
            let track_uuid = thread_track(slice.task.0);
            let end = TrackEvent { kind: SLICE_END, track_uuid, ..TrackEvent::default() };
            put(out, &event(slice.start_ns.saturating_add(duration_ns), end))?;
        }
        Ok(())
    })
}

/// What has been told.
#[derive(Default)]
struct Interned {
    names: FxHashMap<String, u64>,
    modules: FxHashMap<String, u64>,
    frames: FxHashMap<StepId, u64>,
    stacks: FxHashMap<Box<[StepId]>, u64>,
}

impl Interned {
    /// The numbers of a call's name and stack; what is new goes into `new`.
    fn of(&mut self, steps: &Steps<'_>, slice: &Slice<'_>, new: &mut InternedData) -> (u64, Option<u64>) {
        let next = self.names.len() as u64 + 1;
        let name = *self.names.entry(slice.name.clone()).or_insert(next);
        if name == next {
            new.event_names.push(Named { iid: name, name: slice.name.clone() });
        }
        if slice.code.is_empty() {
            return (name, None);
        }
        if let Some(stack) = self.stacks.get(slice.code) {
            return (name, Some(*stack));
        }
        // The outermost frame comes first, as in Perfetto's profiles.
        let frame_ids = slice.code.iter().map(|step| self.frame(steps, *step, new)).collect();
        let iid = self.stacks.len() as u64 + 1;
        self.stacks.insert(slice.code.into(), iid);
        new.callstacks.push(Callstack { iid, frame_ids });
        (name, Some(iid))
    }

    fn frame(&mut self, steps: &Steps<'_>, id: StepId, new: &mut InternedData) -> u64 {
        if let Some(frame) = self.frames.get(&id) {
            return *frame;
        }
        let step = steps.get(id);
        let next = self.modules.len() as u64 + 1;
        let module = *self.modules.entry(step.module.clone()).or_insert(next);
        if module == next {
            let text = step.module.clone().into_bytes();
            new.mapping_paths.push(InternedString { iid: module, text });
            new.mappings.push(Mapping { iid: module, path_string_ids: vec![module] });
        }
        let iid = self.frames.len() as u64 + 1;
        self.frames.insert(id, iid);
        new.function_names.push(InternedString { iid, text: stack_text::name(step).into_bytes() });
        // No two frames may look the same: their place stands for what is not told, their address.
        new.frames.push(Frame { iid, function_name_id: iid, mapping_id: module, rel_pc: iid });
        iid
    }
}
