//! Traces whose recorder was killed, with the ring file that it left.

mod recording;

use recording::{Folder, Recording, START_NS};
use sysrec_analyzer::{Item, RingsOutcome, Selection, Timeline, Trace};
use sysrec_format::block::Session;
use sysrec_format::event::{EventBody, TaskId, UnfinishedReason};
use sysrec_format::rings::{MAGIC, RING_STRIDE, SLOT_BYTES, TASK, VERSION, control, slot, state};
use sysrec_format::storage::MemoryStorage;

const GETPPID: u64 = 110;
const READ: u64 = 0;

/// A ring file: one tick a nanosecond, the first one at the recordings' start.
struct RingFile(Vec<u8>);

impl RingFile {
    fn new(trace_id: [u8; 16]) -> Self {
        let mut file = RingFile(vec![0; 4 * RING_STRIDE as usize]);
        file.0[..8].copy_from_slice(&MAGIC);
        file.0[8 * control::TRACE_ID as usize..][..16].copy_from_slice(&trace_id);
        file.put(8 * control::VERSION, VERSION);
        file.put(8 * (control::LINES + 1), START_NS);
        file.put(8 * (control::LINES + 2), 1.0_f64.to_bits());
        file
    }

    fn put(&mut self, offset: u64, word: u64) {
        self.0[offset as usize..][..8].copy_from_slice(&word.to_le_bytes());
    }

    fn task(&mut self, ring: u64, task: u32) {
        self.put(ring * RING_STRIDE + TASK, u64::from(task) + 1);
    }

    /// A call as [`Recording`] makes it.
    fn slot(&mut self, ring: u64, number: u64, state: u8, nr: u64, [start, end]: [u64; 2], ret: i64) {
        let begin = ring * RING_STRIDE + number * SLOT_BYTES;
        // The times are small: their higher bits are zero.
        for (at, value) in [
            (slot::STATE, u64::from(state) | nr << (8 * (slot::NR - slot::STATE))),
            (slot::START_LOW, start | end << (8 * (slot::END_LOW - slot::START_LOW))),
            (slot::SP, 0x7ffc_0000),
            (slot::IP, 0x40_1000),
            (slot::RET, ret as u64),
        ] {
            self.put(begin + at, value);
        }
    }
}

fn session(filter: Option<&str>) -> Session {
    Session {
        backend: "inline".into(),
        backend_options: vec!["follow=true".into(), "rings=/dev/shm/sysrec-1-2.rings".into()],
        filter: filter.map(Into::into),
        ..recording::session()
    }
}

/// One task with two getppid calls, from 100 to 200 ns and from 300 to 400 ns; the first is sealed, the second not.
fn recorded(filter: Option<&str>) -> Recording {
    let mut recording = Recording::with(MemoryStorage::new(), &session(filter));
    let task = recording.process(1, "killed");
    recording.wait(100).call(task, "getppid", 100, 1).seal().wait(100).call(task, "getppid", 100, 1);
    recording
}

fn open(bytes: &[u8]) -> Trace {
    let folder = Folder::new();
    Trace::open(folder.file("trace.bin", bytes)).unwrap()
}

/// A call: its task, its start and, if it returned, its end and result.
type Told = (TaskId, u64, Option<(u64, i64)>);

/// What each call of the trace is: its start and end after the recording's start and its result, if it returned.
fn calls(trace: &Trace) -> Vec<Told> {
    let call = |item| match item {
        Item::Call(call) => {
            let start = call.entry.time_ns - START_NS;
            Some((call.task, start, Some((start + call.duration_ns, call.ret))))
        }
        Item::Event(event) => match event.body {
            EventBody::Unfinished { entry, reason } => {
                assert_eq!(reason, UnfinishedReason::RECORDING_ENDED);
                Some((event.task.unwrap(), entry.time_ns - START_NS, None))
            }
            _ => None,
        },
        Item::Damage(damage) => panic!("{damage:?}"),
    };
    Timeline::new(trace, &Selection::default()).filter_map(call).collect()
}

fn outcome(trace: &Trace) -> &RingsOutcome {
    &trace.integrity().rings.as_ref().expect("a ring file is named").outcome
}

#[test]
fn unread_calls_follow_and_one_that_was_read_just_now_is_not_told_twice() {
    let mut trace = open(&recorded(None).killed());
    assert_eq!(trace.rings_path().unwrap().to_str(), Some("/dev/shm/sysrec-1-2.rings"));
    let mut file = RingFile::new([7; 16]);
    file.task(2, 0);
    // Told, and not freed any more.
    file.slot(2, 7, state::FINISHED, GETPPID, [300, 400], 1);
    file.slot(2, 8, state::FINISHED, GETPPID, [430, 530], 1);
    file.slot(2, 9, state::FINISHED, READ, [600, 700], -4);
    file.slot(2, 10, state::ENTERED, READ, [800, 0], 0);
    file.slot(2, 6, state::FREE, GETPPID, [100, 200], 1);
    trace.fold_rings(&file.0);
    assert_eq!(*outcome(&trace), RingsOutcome::Taken { calls: 2, unfinished: 1 });
    let task = TaskId(0);
    let expected = [
        (task, 100, Some((200, 1))),
        (task, 300, Some((400, 1))),
        (task, 430, Some((530, 1))),
        (task, 600, Some((700, -4))),
        (task, 800, None),
    ];
    assert_eq!(calls(&trace), expected);
    assert_eq!((trace.calls(), trace.last_ns()), (4, START_NS + 800));
    assert_eq!(trace.layout().verify(trace.file()), []);
    assert!(!trace.integrity().is_whole());
    // Once is enough.
    trace.fold_rings(&file.0);
    assert_eq!(calls(&trace), expected);
}

/// The same instruction makes the same call at once, and the clock's line has moved back by some nanoseconds.
#[test]
fn a_call_that_is_only_like_the_last_one_is_told() {
    let mut trace = open(&recorded(None).killed());
    let mut file = RingFile::new([7; 16]);
    file.task(1, 0);
    file.slot(1, 0, state::FINISHED, GETPPID, [390, 490], 1);
    trace.fold_rings(&file.0);
    assert_eq!(calls(&trace)[2..], [(TaskId(0), 400, Some((490, 1)))]);
}

#[test]
fn what_was_not_asked_for_or_belongs_to_nobody_is_left() {
    let mut trace = open(&recorded(Some("getppid")).killed());
    let mut file = RingFile::new([7; 16]);
    file.task(1, 0);
    file.slot(1, 0, state::FINISHED, READ, [500, 600], 1);
    file.slot(1, 1, state::FINISHED, GETPPID, [700, 800], 2);
    file.slot(1, 2, state::ENTERED, READ, [900, 0], 0);
    // No such task, no task, and another ring of the first.
    file.task(2, 5);
    file.slot(2, 0, state::FINISHED, GETPPID, [500, 600], 1);
    file.slot(3, 0, state::FINISHED, GETPPID, [500, 600], 1);
    trace.fold_rings(&file.0);
    assert_eq!(*outcome(&trace), RingsOutcome::Taken { calls: 1, unfinished: 0 });
    assert_eq!(calls(&trace)[2..], [(TaskId(0), 700, Some((800, 2)))]);
}

#[test]
fn rings_of_another_trace_and_rings_of_a_trace_that_was_closed_are_left() {
    let mut file = RingFile::new([8; 16]);
    file.task(1, 0);
    file.slot(1, 0, state::FINISHED, GETPPID, [500, 600], 1);
    let mut trace = open(&recorded(None).killed());
    trace.fold_rings(&file.0);
    assert!(matches!(outcome(&trace), RingsOutcome::Unread { why } if why.contains("another trace")));
    assert_eq!(calls(&trace).len(), 2);
    trace.fold_rings(b"no ring file".as_slice());
    assert!(matches!(outcome(&trace), RingsOutcome::Unread { why } if why.contains("magic")));

    let mut closed = open(&recorded(None).finish());
    assert_eq!(closed.rings_path(), None);
    closed.fold_rings(&file.0);
    assert_eq!(closed.integrity().rings, None);
    assert!(closed.integrity().is_whole());
}

/// Whatever the program wrote into its ring, the trace can be read, and has what it had.
#[test]
fn any_ring_is_taken_without_harm() {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..10 {
        let mut file = RingFile::new([7; 16]);
        for word in 0..RING_STRIDE / 8 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            let small = round % 2 == 0 || word % (SLOT_BYTES / 8) == slot::STATE / 8;
            file.put(RING_STRIDE + 8 * word, if small { noise % 3 } else { noise });
        }
        file.task(1, 0);
        let mut trace = open(&recorded(None).killed());
        trace.fold_rings(&file.0);
        let RingsOutcome::Taken { calls, unfinished: 1 } = *outcome(&trace) else {
            panic!("{:?}", outcome(&trace))
        };
        assert!(calls > 100, "{calls}");
        assert_eq!(trace.calls(), calls + 2);
        assert_eq!(trace.layout().verify(trace.file()), []);
        let selection = Selection::default();
        let told = Timeline::new(&trace, &selection).filter(|item| matches!(item, Item::Call(_))).count();
        assert_eq!(told as u64, calls + 2);
    }
}
