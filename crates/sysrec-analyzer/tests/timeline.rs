//! The merge in order of time.

mod recording;

use recording::{Folder, Recording};
use sysrec_analyzer::{Item, Selection, Timeline, Trace, call_name};
use sysrec_format::event::{EventBody, TaskId};
use sysrec_format::layout::FRAMES_AT_ONCE;

fn open(folder: &Folder, recording: Recording) -> Trace {
    Trace::open(folder.file("trace.bin", &recording.finish())).unwrap()
}

fn text(item: &Item) -> String {
    let task = item.task().map_or(-1, |task| i64::from(task.0));
    match item {
        Item::Call(call) => format!("{task} {}", call_name(call.entry.abi, call.entry.nr)),
        Item::Event(event) => match &event.body {
            EventBody::TaskStart { .. } => format!("{task} start"),
            EventBody::TaskEnd(_) => format!("{task} end"),
            EventBody::Unfinished { entry, .. } => format!("{task} {}...", call_name(entry.abi, entry.nr)),
            _ => format!("{task} event"),
        },
        Item::Damage(_) => format!("{task} damage"),
    }
}

/// ```text
///  0  start   accept------------------------|   exit_group...
///  1     start  read--| write-|       read--------... (does not return)
/// ```
fn two_tasks() -> Recording {
    let mut recording = Recording::new();
    let main = recording.process(1, "main");
    recording.wait(10);
    let worker = recording.thread(main, 2, "worker");
    recording.wait(10).begin(main, "accept").wait(10).call(worker, "read", 20, 0).seal();
    recording.wait(10).call(worker, "write", 20, 0).seal();
    recording.wait(5).begin(worker, "epoll_wait").wait(5).end(main, 3).seal();
    recording.wait(5).in_flight(main, "exit_group").exit(main, 0);
    recording
}

#[test]
fn calls_come_at_their_start_wherever_their_chunk_is() {
    let folder = Folder::new();
    let trace = open(&folder, two_tasks());
    let selection = Selection::default();
    let lines: Vec<String> = Timeline::new(&trace, &selection).map(|item| text(&item)).collect();
    let expected = [
        "0 start",
        "1 start",
        "0 accept",
        "1 read",
        "1 write",
        "1 epoll_wait...",
        "0 exit_group...",
        "0 end",
    ];
    assert_eq!(lines, expected);
}

/// A call that is found not to have returned long after it began, in a chunk of events that came in between.
#[test]
fn unfinished_calls_come_at_their_start() {
    let folder = Folder::new();
    let mut recording = Recording::new();
    let main = recording.process(1, "main");
    let worker = recording.thread(main, 2, "worker");
    recording.seal().wait(10).begin(worker, "futex").wait(10).exit(main, 0);
    let now_ns = recording.now_ns();
    recording.writer().unfinished(worker, sysrec_format::event::UnfinishedReason::KILLED, now_ns);
    recording.exit(worker, 0);
    let trace = open(&folder, recording);
    let selection = Selection::default();
    let lines: Vec<String> = Timeline::new(&trace, &selection).map(|item| text(&item)).collect();
    assert_eq!(lines, ["0 start", "1 start", "1 futex...", "0 end", "1 end"]);
}

#[test]
fn one_task_alone_and_selections() {
    let folder = Folder::new();
    let trace = open(&folder, two_tasks());
    let all = Selection::default();
    let lines: Vec<String> = Timeline::of_task(&trace, &all, TaskId(1)).map(|item| text(&item)).collect();
    assert_eq!(lines, ["1 start", "1 read", "1 write", "1 epoll_wait..."]);
    let some = Selection {
        filters: vec![sysrec_syscalls::Filter::parse("read,accept,epoll_wait").unwrap()],
        since_ns: Some(25),
        ..Selection::default()
    };
    let lines: Vec<String> = Timeline::new(&trace, &some).map(|item| text(&item)).collect();
    assert_eq!(lines, ["1 read", "1 epoll_wait...", "0 end"]);
}

/// Windows smaller than chunks: each chunk is decoded several times.
#[test]
fn nothing_is_lost_or_doubled_between_windows() {
    const TASKS: u32 = 40;
    const CALLS: u64 = 2_000;
    let folder = Folder::new();
    let mut recording = Recording::new();
    let first = recording.process(1, "first");
    for tid in 2..=TASKS as i32 {
        recording.thread(first, tid, "thread");
    }
    for round in 0..CALLS {
        for task in 0..TASKS {
            recording.args[0] = round;
            recording.wait(1).call(TaskId(task), "read", 2, 0);
        }
    }
    let trace = open(&folder, recording);
    let selection = Selection::default();
    let mut rounds = [0; TASKS as usize];
    let mut last_ns = 0;
    for item in Timeline::new(&trace, &selection).holding(1_000) {
        assert!(last_ns <= item.begin_ns());
        last_ns = item.begin_ns();
        if let Item::Call(call) = item {
            assert_eq!(call.entry.args[0], rounds[call.task.0 as usize]);
            rounds[call.task.0 as usize] += 1;
        }
    }
    assert_eq!(rounds, [CALLS; TASKS as usize]);
}

/// Counts calls and adds up their durations.
struct Counting;

impl sysrec_analyzer::Pass for Counting {
    type Partial = (usize, u64);

    fn begin(&self) -> Self::Partial {
        (0, 0)
    }

    fn calls(
        &self,
        partial: &mut Self::Partial,
        chunk: &sysrec_analyzer::SelectedChunk<'_>,
    ) -> Result<(), sysrec_format::error::Error> {
        for group in chunk.groups() {
            partial.0 += group.durations.len();
            partial.1 += group.durations.iter().sum::<u64>();
        }
        Ok(())
    }
}

/// Frames are read from the index a block at a time: a chunk of the last block can hold the first call.
#[test]
fn more_frames_than_are_read_at_once_are_all_seen_in_order() {
    const CALLS: u64 = 2 * FRAMES_AT_ONCE as u64 + 100;
    let folder = Folder::new();
    let mut recording = Recording::new();
    let main = recording.process(1, "main");
    let worker = recording.thread(main, 2, "worker");
    recording.wait(1).begin(main, "accept");
    for call in 0..CALLS {
        recording.args[0] = call;
        recording.wait(1).call(worker, "read", call % 7, 0).seal();
    }
    recording.end(main, 3).exit(main, 0);
    let whole_ns = recording.now_ns() - recording::START_NS;
    let trace = open(&folder, recording);
    assert!(trace.layout().frame_count() > 2 * FRAMES_AT_ONCE);

    let selection = Selection::default();
    let mut reads = 0;
    for (position, item) in Timeline::new(&trace, &selection)
        .filter_map(|item| match item {
            Item::Call(call) => Some(call),
            _ => None,
        })
        .enumerate()
    {
        if position == 0 {
            assert_eq!((item.task, item.ret), (main, 3), "the call that began first ended last");
        } else {
            assert_eq!((item.task, item.entry.args[0]), (worker, reads));
            reads += 1;
        }
    }
    assert_eq!(reads, CALLS);

    let passed = sysrec_analyzer::run(&trace, &selection, &Counting);
    assert!(passed.damages.is_empty(), "{:?}", passed.damages);
    let (calls, duration_ns) =
        passed.partials.iter().fold((0, 0), |sum, partial| (sum.0 + partial.0, sum.1 + partial.1));
    let of_reads: u64 = (0..CALLS).map(|call| call % 7).sum();
    assert_eq!((calls as u64, duration_ns), (CALLS + 1, of_reads + whole_ns - 1));
}
