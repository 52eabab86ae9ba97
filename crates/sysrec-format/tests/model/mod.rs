//! What a trace should hold, computed from what was written into it in the simplest way there is.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use sysrec_format::block::{EndReason, Overhead, Session};
use sysrec_format::event::*;
use sysrec_format::frame::ChunkKind;
use sysrec_format::header::Clock;
use sysrec_format::layout::Layout;
use sysrec_format::storage::{MemoryStorage, Storage};
use sysrec_format::writer::{Ending, NewTrace, TraceWriter, WriterOptions};

/// One thing that a recorder tells a writer.
#[derive(Clone, Debug)]
pub enum Step {
    Entry(TaskId, Entry),
    Exit(TaskId, Exit),
    /// Both at once.
    Call(TaskId, Entry, Exit),
    Unfinished(TaskId, UnfinishedReason, u64),
    /// The stack of a call that has begun.
    Stack(TaskId, StackId),
    Event(Event),
    Flush,
    Overhead,
}

/// Calls by task and events in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub calls: BTreeMap<u32, Vec<Call>>,
    pub events: Vec<Event>,
}

impl Content {
    pub fn calls_total(&self) -> usize {
        self.calls.values().map(Vec::len).sum()
    }

    pub fn recorder_calls_total(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.body, EventBody::RecorderCall { .. })).count()
    }

    pub fn unfinished_total(&self) -> usize {
        self.events.iter().filter(|event| matches!(event.body, EventBody::Unfinished { .. })).count()
    }
}

/// The content that steps stand for, and what is in flight.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub content: Content,
    pub pending: BTreeMap<u32, Entry>,
    pub orphan_exits: u64,
    latest_ns: u64,
    /// In the order in which the calls in flight began.
    order: Vec<u32>,
}

fn unfinished(task: u32, entry: Entry, reason: UnfinishedReason, time_ns: u64) -> Event {
    Event { time_ns, task: Some(TaskId(task)), body: EventBody::Unfinished { entry, reason } }
}

impl Model {
    pub fn step(&mut self, step: &Step) {
        match step {
            Step::Entry(task, entry) => {
                self.end(task.0, UnfinishedReason::VANISHED, entry.time_ns);
                self.latest_ns = self.latest_ns.max(entry.time_ns);
                self.pending.insert(task.0, entry.clone());
                self.order.push(task.0);
            }
            Step::Exit(task, exit) => match self.pending.remove(&task.0) {
                None => self.orphan_exits += 1,
                Some(entry) => {
                    self.latest_ns = self.latest_ns.max(exit.time_ns);
                    self.order.retain(|&other| other != task.0);
                    let call = Call {
                        task: *task,
                        duration_ns: exit.time_ns.saturating_sub(entry.time_ns),
                        entry,
                        ret: exit.ret,
                        exit_registers: exit.registers.clone(),
                        exit_captures: exit.captures.clone(),
                    };
                    self.content.calls.entry(task.0).or_default().push(call);
                }
            },
            Step::Call(task, entry, exit) => {
                self.step(&Step::Entry(*task, entry.clone()));
                self.step(&Step::Exit(*task, exit.clone()));
            }
            Step::Unfinished(task, reason, time_ns) => self.end(task.0, *reason, *time_ns),
            Step::Event(event) => {
                self.latest_ns = self.latest_ns.max(event.time_ns);
                self.content.events.push(event.clone());
            }
            Step::Stack(task, stack) => {
                if let Some(entry) = self.pending.get_mut(&task.0) {
                    entry.stack = Some(*stack);
                }
            }
            Step::Flush | Step::Overhead => {}
        }
    }

    fn end(&mut self, task: u32, reason: UnfinishedReason, time_ns: u64) {
        if let Some(entry) = self.pending.remove(&task) {
            self.latest_ns = self.latest_ns.max(time_ns);
            self.order.retain(|&other| other != task);
            self.content.events.push(unfinished(task, entry, reason, time_ns));
        }
    }

    /// The content of a trace that ended here. A recorder that died (`None`) leaves calls in flight without a time:
    /// their events get the time 0 here, see [`without_times`].
    pub fn ended(&self, time_ns: Option<u64>) -> Content {
        let mut content = self.content.clone();
        for task in &self.order {
            let entry = self.pending[task].clone();
            let reason = UnfinishedReason::RECORDING_ENDED;
            content.events.push(unfinished(*task, entry, reason, time_ns.unwrap_or(0)));
        }
        content
    }
}

/// Sets the time of `Unfinished(RECORDING_ENDED)` to 0: in the trace of a dead recorder it is the latest time known.
pub fn without_times(mut content: Content) -> Content {
    for event in &mut content.events {
        if let EventBody::Unfinished { reason: UnfinishedReason::RECORDING_ENDED, .. } = event.body {
            event.time_ns = 0;
        }
    }
    content
}

pub fn apply<S: Storage>(writer: &mut TraceWriter<S>, step: &Step) {
    match step {
        Step::Entry(task, entry) => writer.entry(*task, entry),
        Step::Exit(task, exit) => writer.exit(*task, exit),
        Step::Call(task, entry, exit) => writer.call(*task, entry, exit),
        Step::Unfinished(task, reason, time_ns) => writer.unfinished(*task, *reason, *time_ns),
        Step::Stack(task, stack) => writer.stack(*task, *stack),
        Step::Event(event) => writer.event(event),
        Step::Flush => writer.flush(),
        Step::Overhead => {
            // A full storage refuses it.
            let _ = writer.overhead(&overhead());
        }
    }
}

pub fn overhead() -> Overhead {
    Overhead { mechanism: "test".into(), samples: 3, call_ns_median: 7, ..Overhead::default() }
}

pub fn session() -> Session {
    Session {
        command: vec![b"./server".to_vec(), b"-v".to_vec()],
        backend: "test".into(),
        ..Session::default()
    }
}

pub fn create<S: Storage>(storage: S, options: WriterOptions) -> TraceWriter<S> {
    let session = session();
    let new = NewTrace {
        trace_id: *b"a trace of tests",
        created_realtime_ns: 1_700_000_000_000_000_000,
        clock: Clock::MONOTONIC_NS,
        session: &session,
    };
    TraceWriter::create(storage, &new, options).expect("a new trace")
}

/// Journals so small that a few dozen calls take several of them.
pub fn small_journals() -> WriterOptions {
    WriterOptions { max_bytes: None, journal_bytes_min: 4096, journal_bytes_aim: 16384 }
}

pub fn ending(time_ns: u64) -> Ending {
    Ending { reason: EndReason::PROCESSES_ENDED, time_ns, recorder_cpu_ns: 5, notes: vec!["a note".into()] }
}

/// A complete trace of these steps.
pub fn trace(steps: &[Step], options: WriterOptions) -> Vec<u8> {
    let mut writer = create(MemoryStorage::new(), options);
    steps.iter().for_each(|step| apply(&mut writer, step));
    writer.finish(&ending(u64::MAX)).expect("a finished trace").0.into_bytes()
}

/// Everything in a trace that can be read, and how many chunks could not.
pub fn content(bytes: &[u8], layout: &Layout) -> (Content, usize) {
    let mut content = Content::default();
    let mut damaged = 0;
    let mut buffer = Vec::new();
    for frame in layout.frames(bytes) {
        let Ok(frame) = frame else {
            damaged += 1;
            continue;
        };
        match frame.header.kind {
            ChunkKind::CALLS => {
                match layout.calls(bytes, &frame, &mut buffer).and_then(|chunk| chunk.calls()) {
                    Ok(calls) => {
                        for call in calls {
                            content.calls.entry(call.task.0).or_default().push(call);
                        }
                    }
                    Err(_) => damaged += 1,
                }
            }
            ChunkKind::EVENTS => {
                let Ok(events) = layout.events(bytes, &frame, &mut buffer) else {
                    damaged += 1;
                    continue;
                };
                for event in events {
                    match event {
                        Ok(event) => content.events.push(event),
                        Err(_) => damaged += 1,
                    }
                }
            }
            _ => {}
        }
    }
    (content, damaged)
}

/// A small deterministic source of numbers (splitmix64).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn busy_registers(numbers: &mut Numbers) -> Option<Box<UserRegisters>> {
    (numbers.below(9) == 0).then(|| Box::new(std::array::from_fn(|i| i as u64 * numbers.below(3))))
}

fn busy_captures(numbers: &mut Numbers) -> Vec<Capture> {
    let captures = if numbers.below(6) == 0 { numbers.below(4) } else { 0 };
    let mut capture = || {
        let n = numbers.below(5);
        Capture {
            address: [4096, 0x7fff_0000 + 8 * n, n][n as usize % 3],
            wanted_bytes: 5 + n,
            cut: CaptureCut(n as u8 % 3),
            bytes: format!("/tmp/{n}").into_bytes().into(),
        }
    };
    (0..captures).map(|_| capture()).collect()
}

fn busy_entry(numbers: &mut Numbers, time_ns: u64) -> Entry {
    Entry {
        time_ns,
        abi: if numbers.below(20) == 0 { Abi::I386 } else { Abi::X86_64 },
        nr: numbers.below(4) as i32,
        ip: 0x7f00_0000_1000 + 0x40 * numbers.below(6),
        sp: 0x7ffd_0000_0000 - 8 * numbers.below(3),
        args: [numbers.below(9), numbers.next() >> 20, 4096, 0, 0, 1],
        registers: busy_registers(numbers),
        captures: busy_captures(numbers),
        stack: time_ns.is_multiple_of(5).then_some(StackId((time_ns % 1000) as u32)),
    }
}

fn busy_exit(numbers: &mut Numbers, time_ns: u64) -> Exit {
    Exit {
        time_ns,
        ret: numbers.below(100) as i64 - 20,
        registers: busy_registers(numbers),
        captures: busy_captures(numbers),
    }
}

/// Steps as of a small program with threads: calls in two halves and at once, with captures or without, signals, unfinished calls, now and then a flush.
pub fn busy_steps(seed: u64, count: usize) -> Vec<Step> {
    let mut numbers = Numbers(seed);
    let mut time_ns = 1_000_000;
    let mut steps = Vec::new();
    for i in 0..count {
        time_ns += numbers.below(5000);
        let task = TaskId(numbers.below(5) as u32);
        steps.push(match numbers.below(40) {
            0 => Step::Event(Event {
                time_ns,
                task: Some(task),
                body: EventBody::Signal { signo: 10, code: 0, sender_pid: 4, address: i as u64 },
            }),
            1 => Step::Event(Event {
                time_ns,
                task: Some(task),
                body: EventBody::Exec {
                    exe: b"/bin/true".to_vec(),
                    argv: vec![b"true".to_vec(); numbers.below(9) as usize],
                    comm: b"true".to_vec(),
                    former: None,
                },
            }),
            2 => Step::Unfinished(task, UnfinishedReason::KILLED, time_ns),
            5 => Step::Event(Event {
                time_ns,
                task: Some(task),
                body: EventBody::RecorderCall { nr: 9, ret: numbers.next() as i64 },
            }),
            7 => Step::Stack(task, StackId(numbers.below(1 << 24) as u32)),
            9 => Step::Event(Event {
                time_ns,
                task: None,
                body: EventBody::StackNode {
                    node: StackId(i as u32),
                    parent: i.checked_sub(1).map(|parent| StackId(parent as u32)),
                    module: (i % 3 == 0).then_some(ModuleId(0)),
                    offset: numbers.next(),
                    flags: FrameFlags(i as u8),
                    name: vec![b'f'; i % 4],
                },
            }),
            3 if numbers.below(4) == 0 => Step::Flush,
            3 if numbers.below(8) == 0 => Step::Overhead,
            n @ (4 | 6 | 8 | 10) => {
                let entry = busy_entry(&mut numbers, time_ns);
                // Now and then the clock goes back.
                let time_ns = if n == 4 { time_ns.saturating_sub(7) } else { time_ns + numbers.below(900) };
                Step::Call(task, entry, busy_exit(&mut numbers, time_ns))
            }
            n if n % 2 == 0 => Step::Entry(task, busy_entry(&mut numbers, time_ns)),
            _ => Step::Exit(task, busy_exit(&mut numbers, time_ns)),
        });
    }
    steps
}
