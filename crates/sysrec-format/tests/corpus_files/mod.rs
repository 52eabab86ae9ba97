//! The conformance corpus: small traces, good and bad, each with its meaning in JSON. The same bytes every time.
#![allow(dead_code, unreachable_pub, reason = "each user takes its part")]

mod meaning;

use sysrec_format::block::{
    EndReason, Host, Overhead, Session, SymbolFunction, SymbolModule, SymbolPlace, Symbols,
};
use sysrec_format::event::*;
use sysrec_format::frame::{ChunkKind, FRAME_BYTES};
use sysrec_format::header::Clock;
use sysrec_format::layout::{Layout, Place};
use sysrec_format::names::with_symbols;
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::{Ending, NewTrace, TraceWriter, WriterOptions};

pub use meaning::meaning;

const TRACE_ID: [u8; 16] = *b"sysrec corpus 01";
const START_NS: u64 = 1_000_000_000;

/// Every file of the corpus: its path below `corpus/` and its content.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (folder, traces) in [("good", good()), ("bad", bad())] {
        for (name, bytes) in traces {
            let json = serde_json::to_string_pretty(&meaning(&bytes)).expect("plain values") + "\n";
            files.push((format!("{folder}/{name}.json"), json.into_bytes()));
            files.push((format!("{folder}/{name}.bin"), bytes));
        }
    }
    files
}

fn create(session: &Session, storage: MemoryStorage) -> TraceWriter<MemoryStorage> {
    let new = NewTrace {
        trace_id: TRACE_ID,
        created_realtime_ns: 1_700_000_000_000_000_000,
        clock: Clock::MONOTONIC_NS,
        session,
    };
    let options = WriterOptions { max_bytes: None, journal_bytes_min: 4096, journal_bytes_aim: 4096 };
    TraceWriter::create(storage, &new, options).expect("a new trace")
}

fn finish(writer: TraceWriter<MemoryStorage>, time_ns: u64) -> Vec<u8> {
    let ending = Ending {
        reason: EndReason::PROCESSES_ENDED,
        time_ns,
        recorder_cpu_ns: 123_456,
        notes: vec!["written for the corpus".into()],
    };
    writer.finish(&ending).expect("a finished trace").0.into_bytes()
}

fn entry(time_ns: u64, nr: i32, args: [u64; 6]) -> Entry {
    Entry {
        time_ns,
        abi: Abi::X86_64,
        nr,
        ip: 0x7f00_0000_1000 + 16 * nr as u64,
        sp: 0x7ffd_0000_1000,
        args,
        registers: None,
        captures: Vec::new(),
        stack: None,
    }
}

fn exit(time_ns: u64, ret: i64) -> Exit {
    Exit { time_ns, ret, registers: None, captures: Vec::new() }
}

fn start(task: u32, time_ns: u64) -> Event {
    let body = EventBody::TaskStart {
        tid: 100 + task as i32,
        pid: 100,
        process: TaskId(0),
        parent: (task > 0).then_some(TaskId(0)),
        origin: if task == 0 { Origin::COMMAND } else { Origin::CLONE },
        comm: b"true".to_vec(),
    };
    Event { time_ns, task: Some(TaskId(task)), body }
}

/// The worked example of the format document: one task, a write and an exit.
pub fn minimal() -> Vec<u8> {
    let session = Session { command: vec![b"true".to_vec()], ..Session::default() };
    let mut writer = create(&session, MemoryStorage::new());
    let task = TaskId(0);
    writer.event(&start(0, START_NS));
    writer.entry(task, &entry(START_NS + 100, 1, [1, 0x5000, 6, 0, 0, 0]));
    writer.exit(task, &exit(START_NS + 350, 6));
    writer.entry(task, &entry(START_NS + 400, 231, [0; 6]));
    writer.unfinished(task, UnfinishedReason::EXIT, START_NS + 500);
    let body = EventBody::TaskEnd(TaskEnd::Exited { code: 0 });
    writer.event(&Event { time_ns: START_NS + 500, task: Some(task), body });
    let ending = Ending { reason: EndReason::PROCESSES_ENDED, time_ns: START_NS + 500, ..Ending::default() };
    writer.finish(&ending).expect("a finished trace").0.into_bytes()
}

fn full_session() -> Session {
    Session {
        command: vec![b"./server".to_vec(), b"--name=\xff\xfe".to_vec(), vec![]],
        working_directory: b"/srv".to_vec(),
        environment: Some(vec![b"PATH=/bin".to_vec()]),
        attached_pids: vec![7, -1],
        host: Host {
            name: "host".into(),
            system: "Linux".into(),
            release: "6.18.0".into(),
            version: "#1 SMP".into(),
            machine: "x86_64".into(),
            cpu_model: "A CPU".into(),
            cpus: 2,
            page_bytes: 4096,
        },
        recorder: "sysrec 0.1.0".into(),
        backend: "ptrace".into(),
        backend_options: vec!["placement=same".into()],
        filter: Some("%file".into()),
        all_registers: true,
        started_realtime_ns: 1_700_000_000_000_000_000,
        started_ns: START_NS,
        notes: vec!["a note".into(), "another".into()],
    }
}

fn every_event() -> Vec<EventBody> {
    let call = Entry {
        registers: Some(Box::new(std::array::from_fn(|i| i as u64 * 3))),
        ..entry(START_NS, 5, [9; 6])
    };
    vec![
        EventBody::Exec {
            exe: b"/bin/true".to_vec(),
            argv: vec![b"true".to_vec(), vec![], vec![0x80, b'\n']],
            comm: b"true".to_vec(),
            former: Some(TaskId(1)),
        },
        EventBody::Exec { exe: vec![], argv: vec![], comm: vec![], former: None },
        EventBody::Name { comm: b"worker/0".to_vec() },
        EventBody::Signal { signo: 11, code: 1, sender_pid: 0, address: 0xdead_beef },
        EventBody::Signal { signo: 64, code: -1, sender_pid: 77, address: 0 },
        EventBody::Stop { signo: 19 },
        EventBody::Continue,
        EventBody::Unfinished { entry: call, reason: UnfinishedReason::KILLED },
        EventBody::Mapping {
            address: 0x7f00_0000_0000,
            length: 0x1000,
            file_offset: 0x2000,
            path: b"/lib/libc.so.6".to_vec(),
            build_id: vec![0xab; 20],
        },
        EventBody::Descriptor { fd: 3, target: b"socket:[123]".to_vec() },
        EventBody::WorkingDirectory { path: b"/srv".to_vec() },
        EventBody::Loss { reason: LossReason::UNTRACED_CHILD, calls: 0, first_ns: START_NS },
        EventBody::Anchor { realtime_ns: 1_700_000_000_000_000_001, tsc: u64::MAX },
        EventBody::Mechanism { mechanism: b"ptrace".to_vec(), reason: b"it runs 32-bit code".to_vec() },
        EventBody::Mechanism { mechanism: b"inline".to_vec(), reason: vec![] },
        EventBody::RecorderCall { nr: 9, ret: 0x7fff_f000 },
        EventBody::RecorderCall { nr: -1, ret: i64::MIN },
        EventBody::Unknown { kind: 999, body: vec![1, 2, 3] },
        EventBody::TaskEnd(TaskEnd::Exited { code: 3 }),
        EventBody::TaskEnd(TaskEnd::Killed { signo: 9, core_dumped: true }),
        EventBody::TaskEnd(TaskEnd::Superseded),
        EventBody::TaskEnd(TaskEnd::Detached),
        EventBody::TaskEnd(TaskEnd::Vanished),
        EventBody::TaskEnd(TaskEnd::Unknown { cause: 200, value: -5 }),
    ]
}

fn events() -> Vec<u8> {
    let mut writer = create(&full_session(), MemoryStorage::new());
    let overhead = Overhead {
        mechanism: "ptrace, two stops".into(),
        method: "getppid, recorded and not".into(),
        samples: 1000,
        call_ns_median: 14_500,
        call_ns_p99: 30_000,
        inside_ns_median: 7_000,
    };
    writer.overhead(&overhead).expect("room");
    writer.event(&start(0, START_NS));
    writer.event(&start(1, START_NS + 1));
    for (i, body) in every_event().into_iter().enumerate() {
        let task = (i % 3 > 0).then_some(TaskId(i as u32 % 2));
        writer.event(&Event { time_ns: START_NS + 10 * i as u64, task, body });
    }
    finish(writer, START_NS + 5000)
}

fn noise(i: u64) -> u64 {
    let z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Calls whose arguments make the writer use each encoding of a block.
fn encodings() -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::new());
    let mut now = START_NS;
    for i in 0..200_u64 {
        now += 1000 + noise(i) % 512;
        let outlier = if i == 77 { 1 << 45 } else { 0 };
        let args = [
            5,
            1 << 40,
            noise(i),
            noise(i) % 1000 + outlier,
            0x7f00_0000_0000 + 4096 * i,
            [3, 1 << 33, 1 << 50, u64::MAX][(noise(i) >> 62) as usize],
        ];
        writer.entry(TaskId(0), &entry(now, [0, 1, 1, 232][(noise(i) >> 20) as usize % 4], args));
        now += 200 + noise(i + 7) % 64;
        writer.exit(TaskId(0), &exit(now, if i % 9 == 0 { -11 } else { (noise(i) % 4096) as i64 }));
    }
    finish(writer, now)
}

fn registers(i: u64) -> Option<Box<UserRegisters>> {
    Some(Box::new(std::array::from_fn(|r| if r % 5 == 0 { noise(i + r as u64) } else { r as u64 })))
}

/// Register sets at both ends, at one, at none; ABIs; numbers and times at their edges.
fn edges() -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::new());
    let abis = [Abi::X86_64, Abi::X32, Abi::I386, Abi::AARCH64, Abi(77)];
    let mut i = 0;
    for abi in abis {
        for sets in 0..4 {
            for nr in [0, -1, i32::MIN, i32::MAX, 0x4000_0001] {
                i += 1;
                let entry = Entry {
                    abi,
                    nr,
                    ip: if nr == -1 { u64::MAX } else { 0x40_0000 },
                    registers: if sets & 1 == 0 { None } else { registers(i) },
                    ..entry(START_NS + i, 1, [i, u64::MAX, 0, 1 << 63, 1, 2])
                };
                writer.entry(TaskId(0), &entry);
                let ret = [0, -1, i64::MIN, i64::MAX, -4095][i as usize % 5];
                let time_ns = if i == 50 { START_NS } else { START_NS + i };
                let registers = if sets & 2 == 0 { None } else { registers(i + 1) };
                writer.exit(TaskId(0), &Exit { time_ns, ret, registers, captures: Vec::new() });
            }
        }
    }
    writer.entry(TaskId(1), &entry(u64::MAX - 1, 1, [0; 6]));
    writer.exit(TaskId(1), &exit(u64::MAX, 0));
    finish(writer, u64::MAX)
}

/// The stacks of three calls, two of which share their outer frames, and of one that did not return.
fn stack_events() -> Vec<EventBody> {
    let node =
        |node, parent: Option<u32>, module: Option<u32>, offset, flags, name: &[u8]| EventBody::StackNode {
            node: StackId(node),
            parent: parent.map(StackId),
            module: module.map(ModuleId),
            offset,
            flags,
            name: name.to_vec(),
        };
    let module = |number, path: &[u8], build_id: &[u8]| EventBody::Module {
        module: ModuleId(number),
        path: path.to_vec(),
        build_id: build_id.to_vec(),
    };
    let none = FrameFlags::default();
    vec![
        module(0, b"/bin/true", &[0xcd; 20]),
        module(1, b"[jit]", b""),
        node(0, None, Some(0), 0x1050, none, b""),
        node(1, Some(0), Some(0), 0x1234, none, b""),
        node(2, Some(1), Some(0), 0x2345, none, b""),
        node(3, Some(1), Some(1), 0x7f00_0000_4000, FrameFlags::INTERRUPTED, b"compiled"),
        node(4, None, None, u64::MAX, FrameFlags::CUT.with(FrameFlags::DEEP), b""),
    ]
}

/// Calls with stacks: known at the entry, found later, found twice, none; one that did not return; and at the end one
/// in flight, which a recorder that dies leaves in the journal.
fn stacks(writer: &mut TraceWriter<MemoryStorage>) {
    writer.event(&start(0, START_NS));
    for body in stack_events() {
        writer.event(&Event { time_ns: START_NS + 1, task: None, body });
    }
    let task = TaskId(0);
    let with = |time_ns, stack| Entry { stack, ..entry(time_ns, 1, [1, 0x5000, 6, 0, 0, 0]) };
    for i in 0..40 {
        let now = START_NS + 100 * i;
        writer.entry(task, &with(now, [None, Some(StackId(2)), Some(StackId(4))][i as usize % 3]));
        if i % 5 == 0 {
            writer.stack(task, StackId(3));
        }
        writer.exit(task, &exit(now + 50, 6));
    }
    writer.entry(task, &with(START_NS + 5000, Some(StackId(1))));
    writer.unfinished(task, UnfinishedReason::KILLED, START_NS + 5100);
    writer.entry(TaskId(1), &with(START_NS + 5200, Some(StackId(2))));
    writer.flush();
    // Its row is in the next journal by now.
    writer.stack(TaskId(1), StackId(0));
}

fn killed_with_stacks() -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::new());
    stacks(&mut writer);
    writer.entry(TaskId(0), &entry(START_NS + 5300, 3, [0; 6]));
    writer.stack(TaskId(0), StackId(2));
    writer.exit(TaskId(0), &exit(START_NS + 5400, 0));
    upto_journal(&writer)
}

fn capture(address: u64, wanted_bytes: u64, cut: CaptureCut, bytes: &[u8]) -> Capture {
    Capture { address, wanted_bytes, cut, bytes: bytes.into() }
}

/// Calls of three sites with captures at both ends, at one, at none; addresses at an argument, near one, near the
/// capture before and nowhere. `finished`: closed, otherwise left by its recorder in the middle of a call.
fn captures(finished: bool) -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::new());
    let task = TaskId(0);
    let mut now = START_NS;
    for i in 0..60_u64 {
        now += 1000;
        let path: &[u8] = [b"/etc/passwd\0".as_slice(), b"/etc/group\0", b"\0", b"/\xff\n\0"][i as usize % 4];
        let (nr, arguments, before, after) = match i % 3 {
            0 => {
                let name = capture(0x5000, path.len() as u64, CaptureCut::WHOLE, path);
                (257, [u64::MAX - 99, 0x5000, 0, 0, 0, 0], vec![name], vec![])
            }
            1 => {
                let head = capture(0x7ffd_0000_2000, 56, CaptureCut::WHOLE, &[i as u8; 56]);
                let vector = capture(0x6000 + 16 * i, 16, CaptureCut::WHOLE, &[0; 16]);
                let data = capture(0x6000 + 16 * i + 100, 1 << 32, CaptureCut::LIMIT, b"data");
                (47, [5, 0x7ffd_0000_2000, 0, 0, 0, 0], vec![head.clone()], vec![head, vector, data])
            }
            _ if i % 2 == 0 => (0, [3, 0x9000, 64, 0, 0, 0], vec![], vec![]),
            _ => {
                let unreadable = capture(7, 4096, CaptureCut::UNREADABLE, b"");
                (1, [3, 1 << 62, 4096, 0, 0, 0], vec![unreadable], vec![])
            }
        };
        writer.entry(task, &Entry { captures: before, ..entry(now, nr, arguments) });
        if !finished && i == 59 {
            return upto_journal(&writer);
        }
        now += 100;
        writer.exit(task, &Exit { captures: after, ..exit(now, 4) });
    }
    let name = capture(0x5000, 10, CaptureCut(77), b"/bin/sleep");
    writer.entry(task, &Entry { captures: vec![name], ..entry(now, 59, [0x5000, 0, 0, 0, 0, 0]) });
    writer.unfinished(task, UnfinishedReason::KILLED, now + 1);
    finish(writer, now + 1)
}

/// A program of three threads that goes through several journals, up to its last call.
fn busy(writer: &mut TraceWriter<MemoryStorage>, calls: u64) -> u64 {
    let mut now = START_NS;
    (0..3).for_each(|task| writer.event(&start(task, START_NS)));
    for i in 0..calls {
        now += 500 + noise(i) % 300;
        let task = TaskId((noise(i) % 3) as u32);
        if writer.is_pending(task) {
            writer.exit(task, &exit(now, (i % 50) as i64));
        } else {
            writer.entry(task, &entry(now, (i % 4) as i32, [i % 8, 0x5000 + 64 * (i % 5), 100, 0, 0, 0]));
        }
    }
    now
}

/// The file as it would be found if its recorder died now.
fn upto_journal(writer: &TraceWriter<MemoryStorage>) -> Vec<u8> {
    let bytes = writer.storage().as_slice();
    let state = *Layout::read(bytes).expect("a trace").state().expect("a state");
    bytes[..(state.journal_offset + state.journal_bytes) as usize].to_vec()
}

fn unfinished(calls: u64) -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::new());
    busy(&mut writer, calls);
    upto_journal(&writer)
}

fn storage_full(kill: bool) -> Vec<u8> {
    let mut writer = create(&Session::default(), MemoryStorage::with_limit(26_000));
    let now = busy(&mut writer, 4000);
    if kill { writer.storage().as_slice().to_vec() } else { finish(writer, now) }
}

/// Makes a frame header good again after a change.
fn reseal(bytes: &mut [u8], frame: usize) {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc32fast::hash(&TRACE_ID));
    bytes[frame + 8..frame + 12].fill(0);
    hasher.update(&bytes[frame..frame + FRAME_BYTES]);
    let crc = hasher.finalize();
    bytes[frame + 8..frame + 12].copy_from_slice(&crc.to_le_bytes());
}

fn frame_of(bytes: &[u8], kind: ChunkKind) -> usize {
    let layout = Layout::read(bytes).expect("a trace");
    let place = layout
        .frames(bytes)
        .map(Result::unwrap)
        .find(|frame| frame.header.kind == kind)
        .expect("such a chunk")
        .place;
    let Place::File(offset) = place else { panic!("a chunk in the file") };
    offset as usize
}

/// An unfinished trace (so without an index) in which one chunk is of a kind that does not exist yet.
fn unknown_chunk() -> Vec<u8> {
    let mut bytes = unfinished(120);
    let frame = frame_of(&bytes, ChunkKind::CALLS);
    bytes[frame + 4..frame + 6].copy_from_slice(&777_u16.to_le_bytes());
    reseal(&mut bytes, frame);
    bytes
}

/// Names in two chunks, put in over others.
fn symbols() -> Vec<u8> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let function = |name, file, line, inlined| SymbolFunction { name, file, line, inlined };
    let place = |address, in_file, functions| SymbolPlace { address, in_file, functions };
    let module = |path: &str, build_id: &[u8], places| SymbolModule {
        path: path.as_bytes().to_vec(),
        build_id: build_id.to_vec(),
        places,
    };
    let older = Symbols {
        texts: texts(&["older"]),
        modules: vec![module("/bin/server", &[9], vec![place(1, true, vec![function(0, None, 0, false)])])],
    };
    let two = [
        Symbols {
            texts: texts(&["main", "/src/server.c", "log_line"]),
            modules: vec![module(
                "/bin/server",
                &[1, 2, 0xff],
                vec![
                    place(
                        0x1000,
                        false,
                        vec![function(0, Some(1), 42, false), function(2, Some(1), 7, true)],
                    ),
                    place(u64::MAX, true, vec![]),
                ],
            )],
        },
        Symbols {
            texts: texts(&["write"]),
            modules: vec![module(
                "/lib/libc.so.6",
                &[],
                vec![place(0xe9_1bf, true, vec![function(0, None, 0, false)])],
            )],
        },
    ];
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    with_symbols(&minimal(), &[older], &mut once).expect("memory takes everything");
    with_symbols(&once, &two, &mut twice).expect("memory takes everything");
    twice
}

fn good() -> Vec<(&'static str, Vec<u8>)> {
    let empty = finish(create(&Session::default(), MemoryStorage::new()), START_NS);
    let mut many = create(&full_session(), MemoryStorage::new());
    let now = busy(&mut many, 400);
    let mut with_stacks = create(&Session::default(), MemoryStorage::new());
    stacks(&mut with_stacks);
    vec![
        ("empty", empty),
        ("minimal", minimal()),
        ("events", events()),
        ("encodings", encodings()),
        ("edges", edges()),
        ("captures", captures(true)),
        ("captures-recorder-killed", captures(false)),
        ("journals", finish(many, now)),
        ("recorder-killed", unfinished(150)),
        ("recorder-killed-at-once", unfinished(0)),
        ("disk-full", storage_full(false)),
        ("disk-full-recorder-killed", storage_full(true)),
        ("unknown-chunk", unknown_chunk()),
        ("stacks", finish(with_stacks, START_NS + 6000)),
        ("stacks-recorder-killed", killed_with_stacks()),
        ("symbols", symbols()),
        ("newer-minor-version", header_with(minimal(), 10, &[9])),
    ]
}

fn header_with(mut bytes: Vec<u8>, at: usize, value: &[u8]) -> Vec<u8> {
    bytes[at..at + value.len()].copy_from_slice(value);
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn flipped(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 0x10;
    bytes
}

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let whole = {
        let mut writer = create(&Session::default(), MemoryStorage::new());
        let now = busy(&mut writer, 90);
        finish(writer, now)
    };
    let calls = frame_of(&whole, ChunkKind::CALLS);
    let killed = unfinished(100);
    let journal = Layout::read(&killed).expect("a trace").state().expect("a state").journal_offset as usize;
    let mut concatenated = minimal();
    concatenated.extend_from_slice(&minimal());
    vec![
        ("empty-file", vec![]),
        ("not-a-trace", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()),
        ("header-cut", whole[..130].to_vec()),
        ("too-old", header_with(minimal(), 8, &[0])),
        ("too-new", header_with(minimal(), 8, &[2])),
        ("unknown-required-feature", header_with(minimal(), 16, &[0x80])),
        ("header-flipped", flipped(whole.clone(), 40)),
        ("state-flipped", flipped(whole.clone(), 90)),
        ("cut-in-a-chunk", whole[..calls + FRAME_BYTES + 20].to_vec()),
        ("cut-in-the-footer", whole[..whole.len() - 5].to_vec()),
        ("frame-header-flipped", flipped(flipped(whole.clone(), calls + 30), whole.len() - 1)),
        ("payload-flipped", flipped(whole.clone(), calls + FRAME_BYTES + 9)),
        ("index-flipped", flipped(whole.clone(), whole.len() - 60)),
        ("journal-row-flipped", flipped(killed.clone(), journal + 40)),
        ("journal-cut", killed[..journal + 500].to_vec()),
        ("two-traces", concatenated),
    ]
}
