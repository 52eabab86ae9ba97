//! What calls are about: rows by file, directory, socket and descriptor, selections by name, and hints.

mod recording;

use recording::{Folder, Recording};
use sysrec_analyzer::call_tree::{self, Direction, Function, Paths, Root, Shape, StepKind, Steps, Tree};
use sysrec_analyzer::code::Place;
use sysrec_analyzer::hints::{Rule, hints};
use sysrec_analyzer::metrics::{Dimension, Metrics, Report, Transfer, slowest};
use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_format::event::{Capture, CaptureCut, Entry, EventBody, Exit, TaskId};

const PATH_AT: u64 = 0x7000;

/// A call whose argument points at a path; time goes on by its duration.
fn about(recording: &mut Recording, task: TaskId, name: &str, args: [u64; 6], path: &str, ret: i64) {
    let mut bytes = path.as_bytes().to_vec();
    bytes.push(0);
    let captures = if path.is_empty() {
        Vec::new()
    } else {
        let wanted_bytes = bytes.len() as u64;
        vec![Capture { address: PATH_AT, wanted_bytes, cut: CaptureCut::WHOLE, bytes: bytes.into() }]
    };
    let nr = sysrec_syscalls::by_name(sysrec_syscalls::Abi::X86_64, name).expect("a call").number as i32;
    let entry = Entry {
        time_ns: recording.now_ns(),
        abi: recording.abi,
        nr,
        ip: 0x40_1000,
        sp: 0x7ffe_0000,
        args,
        registers: None,
        stack: None,
        captures,
    };
    let time_ns = recording.now_ns() + 100;
    let exit = Exit { time_ns, ret, registers: None, captures: Vec::new() };
    recording.writer().call(task, &entry, &exit);
    recording.wait(100);
}

fn open(recording: &mut Recording, task: TaskId, path: &str, ret: i64) {
    about(recording, task, "openat", [-100_i64 as u64, PATH_AT, 0, 0, 0, 0], path, ret);
}

fn plain(recording: &mut Recording, task: TaskId, name: &str, fd: u64, ret: i64) {
    about(recording, task, name, [fd, 0x9000, 4096, 0, 0, 0], "", ret);
}

/// The trace stays open when its file goes.
fn opened(bytes: &[u8]) -> Trace {
    Trace::open(Folder::new().file("trace.bin", bytes)).expect("a trace")
}

/// A process in /srv that reads and writes two files and searches for a third, and its child, which has other
/// descriptors.
fn trace() -> Trace {
    let mut recording = Recording::new();
    let task = recording.process(100, "server");
    recording.event(task, EventBody::WorkingDirectory { path: b"/srv".to_vec() });
    recording.event(task, EventBody::Descriptor { fd: 0, target: b"/dev/null".to_vec() });
    open(&mut recording, task, "data/a", 3);
    open(&mut recording, task, "/etc/b", 4);
    for _ in 0..10 {
        plain(&mut recording, task, "read", 3, 50);
        plain(&mut recording, task, "write", 4, 7);
    }
    let child = recording.fork(task, 200, "server");
    plain(&mut recording, task, "close", 3, 0);
    open(&mut recording, task, "c", 3);
    plain(&mut recording, task, "read", 3, 1);
    // The child has what there was at its birth.
    plain(&mut recording, child, "read", 3, 1000);
    for _ in 0..120 {
        open(&mut recording, task, "lib/missing.so", -2);
    }
    plain(&mut recording, task, "read", 77, -9);
    let bytes = recording.finish();
    opened(&bytes)
}

fn rows(report: &Report, by: Dimension) -> Vec<(String, u64, Transfer)> {
    let mut rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let text = row.key.text(by).expect("what was asked for").into_owned();
            (text, row.latency.count(), row.transfer.expect("bytes are counted"))
        })
        .collect();
    rows.sort_by(|row, other| row.0.cmp(&other.0));
    rows
}

fn report(trace: &Trace, by: Dimension, selection: &Selection) -> Report {
    let mut metrics = Metrics::new(&[by]);
    metrics.add(trace, selection);
    metrics.finish()
}

#[test]
fn rows_by_file_follow_descriptors_through_fork_and_close() {
    let trace = trace();
    let by_file = report(&trace, Dimension::File, &Selection::default());
    let moved = |read_bytes, written_bytes| Transfer { read_bytes, written_bytes };
    let expected = [
        ("/etc/b", 11, moved(0, 70)),
        ("/srv/c", 2, moved(1, 0)),
        ("/srv/data/a", 13, moved(1500, 0)),
        ("/srv/lib/missing.so", 120, moved(0, 0)),
        ("?", 1, moved(0, 0)),
    ];
    let expected: Vec<_> = expected.map(|(name, calls, moved)| (name.to_owned(), calls, moved)).into();
    assert_eq!(rows(&by_file, Dimension::File), expected);
    let missing = by_file.rows.iter().find(|row| row.errors == 120).expect("the search");
    assert_eq!(missing.errnos, [(2, 120)]);
    let by_dir = report(&trace, Dimension::Dir, &Selection::default());
    let names: Vec<_> = rows(&by_dir, Dimension::Dir).into_iter().map(|row| (row.0, row.1)).collect();
    let expected = [("-", 1), ("/etc", 11), ("/srv", 2), ("/srv/data", 13), ("/srv/lib", 120)];
    assert_eq!(names, expected.map(|(name, calls)| (name.to_owned(), calls)));
}

#[test]
fn what_a_call_moves_between_two_descriptors_is_told_of_both() {
    let mut recording = Recording::new();
    let task = recording.process(100, "cp");
    open(&mut recording, task, "/from", 3);
    open(&mut recording, task, "/to", 4);
    let copy =
        |recording: &mut Recording, args, ret| about(recording, task, "copy_file_range", args, "", ret);
    copy(&mut recording, [3, 0, 4, 0, 1 << 20, 0], 5000);
    copy(&mut recording, [3, 0, 4, 0, 1 << 20, 0], -18);
    copy(&mut recording, [3, 0, 4, 0, 1 << 20, 0], 0);
    // To its first descriptor, from its second; which is not known here.
    about(&mut recording, task, "sendfile", [4, 99, 0, 300, 0, 0], "", 300);
    let trace = opened(&recording.finish());
    let by_file = report(&trace, Dimension::File, &Selection::default());
    let moved = |read_bytes, written_bytes| Transfer { read_bytes, written_bytes };
    let expected = [("/from", 4, moved(5000, 0)), ("/to", 2, moved(0, 5300)), ("?", 0, moved(300, 0))];
    let expected: Vec<_> = expected.map(|(name, calls, moved)| (name.to_owned(), calls, moved)).into();
    assert_eq!(rows(&by_file, Dimension::File), expected);
    assert_eq!(by_file.calls(), 6, "each call once");
}

/// Knows no code.
struct Nameless;

impl call_tree::Names for Nameless {
    fn functions(&mut self, _place: &Place<'_>) -> Vec<Function> {
        Vec::new()
    }
}

/// The files of a call tree and the calls under each, with how many calls and errors, by name.
fn tree_by_file(trace: &Trace, selection: &Selection, direction: Direction) -> Vec<(String, u64, u64)> {
    let mut paths = Paths::of(trace, selection, Root::File);
    let shape = Shape { direction, ..Shape::default() };
    let tree = Tree::new(&mut paths, Steps::new(&mut Nameless, false), shape);
    let (mut lines, mut file) = (Vec::new(), "");
    for node in tree.nodes() {
        let step = tree.step(node);
        assert_eq!(step.kind == StepKind::File, node.depth == 0, "files are the roots, and nothing else is");
        let line = match step.kind {
            StepKind::File => {
                file = &step.name;
                file.to_owned()
            }
            StepKind::Call => format!("{file} {}", step.name),
            _ => continue,
        };
        lines.push((line, node.total.calls, node.total.errors));
    }
    lines.sort();
    lines
}

#[test]
fn a_tree_by_file_has_the_files_outside_and_adds_up_as_the_rows_do() {
    let trace = trace();
    let expected = [
        ("/etc/b", 11, 0),
        ("/etc/b openat", 1, 0),
        ("/etc/b write", 10, 0),
        ("/srv/c", 2, 0),
        ("/srv/c openat", 1, 0),
        ("/srv/c read", 1, 0),
        ("/srv/data/a", 13, 0),
        ("/srv/data/a close", 1, 0),
        ("/srv/data/a openat", 1, 0),
        ("/srv/data/a read", 11, 0),
        ("/srv/lib/missing.so", 120, 120),
        ("/srv/lib/missing.so openat", 120, 120),
        ("?", 1, 1),
        ("? read", 1, 1),
    ];
    let expected: Vec<_> = expected.map(|(name, calls, errors)| (name.to_owned(), calls, errors)).into();
    for direction in [Direction::TopDown, Direction::BottomUp] {
        assert_eq!(tree_by_file(&trace, &Selection::default(), direction), expected, "{direction:?}");
    }
    let data = Selection { paths: vec![b"/srv/data".to_vec()], ..Selection::default() };
    assert_eq!(tree_by_file(&trace, &data, Direction::TopDown), expected[6..10]);
}

#[test]
fn a_call_that_did_not_return_stands_under_its_file_too() {
    let mut recording = Recording::new();
    let task = recording.process(100, "server");
    recording.event(task, EventBody::Descriptor { fd: 0, target: b"/dev/null".to_vec() });
    recording.in_flight(task, "read");
    recording.call(task, "getpid", 5, 100);
    let trace = opened(&recording.finish());
    let mut paths = Paths::of(&trace, &Selection::default(), Root::File);
    let tree = Tree::new(&mut paths, Steps::new(&mut Nameless, false), Shape::default());
    let root = |position: usize| &tree.nodes()[position];
    let roots: Vec<_> = tree
        .roots()
        .map(|position| {
            (
                tree.step(root(position)).name.as_str(),
                root(position).total.calls,
                root(position).total.unfinished,
            )
        })
        .collect();
    assert_eq!(roots, [("", 1, 0), ("/dev/null", 0, 1)]);
}

#[test]
fn selections_by_name_are_the_same_in_every_view() {
    let trace = trace();
    let calls = |selection: &Selection| {
        let counted = report(&trace, Dimension::File, selection).calls();
        let in_any_order = report_plain(&trace, selection);
        let shown = Timeline::new(&trace, selection).filter(|item| matches!(item, Item::Call(_))).count();
        assert_eq!((counted, shown as u64), (in_any_order, in_any_order));
        let (slow, _) = slowest(std::slice::from_ref(&trace), selection, 1000);
        assert_eq!(slow.len() as u64, in_any_order);
        counted
    };
    let by_path = |path: &str| Selection { paths: vec![path.as_bytes().to_vec()], ..Selection::default() };
    assert_eq!(calls(&Selection::default()), 147);
    assert_eq!(calls(&by_path("/srv/data/a")), 13);
    assert_eq!(calls(&by_path("/srv")), 135);
    assert_eq!(calls(&by_path("/sr")), 0, "a path is no beginning of a name");
    assert_eq!(calls(&Selection { fds: vec![4], ..Selection::default() }), 10);
    assert_eq!(calls(&Selection { fds: vec![4], ..by_path("/srv") }), 0);
    assert_eq!(calls(&Selection { errnos: vec![9], ..Selection::default() }), 1);
    assert_eq!(calls(&Selection { errnos: vec![2, 9], ..Selection::default() }), 121);
    assert_eq!(calls(&Selection { errnos: vec![2], ..by_path("/srv/lib") }), 120);
}

fn report_plain(trace: &Trace, selection: &Selection) -> u64 {
    report(trace, Dimension::Syscall, selection).calls()
}

#[test]
fn a_search_for_what_is_not_there_is_a_hint_and_little_things_are_none() {
    let trace = trace();
    let found = hints(&trace, &Selection::default());
    assert_eq!((found.calls, found.hints.len()), (147, 1));
    let hint = &found.hints[0];
    assert_eq!(
        (hint.rule, hint.subject.as_slice(), hint.calls),
        (Rule::MissingFiles, b"missing.so".as_slice(), 120)
    );
    assert_eq!((hint.wall_ns, hint.spared_calls, hint.spared_ns), (12_000, 120, 12_000));
}

#[test]
fn every_rule_finds_its_pattern_from_its_threshold_on() {
    for (calls, found) in [(999, false), (1000, true)] {
        let mut recording = Recording::new();
        let task = recording.process(100, "busy");
        open(&mut recording, task, "/f", 3);
        for _ in 0..calls {
            plain(&mut recording, task, "write", 3, 8);
            plain(&mut recording, task, "read", 3, -11);
            plain(&mut recording, task, "nanosleep", 0, 0);
            // FUTEX_WAKE_PRIVATE that wakes nobody
            about(&mut recording, task, "futex", [0x9000, 129, 1, 0, 0, 0], "", 0);
            plain(&mut recording, task, "clock_gettime", 0, 0);
        }
        // The first comes after 8,000 bytes, which is not little.
        plain(&mut recording, task, "fsync", 3, 0);
        for _ in 0..calls / 10 {
            plain(&mut recording, task, "fsync", 3, 0);
            about(&mut recording, task, "stat", [PATH_AT, 0x9000, 0, 0, 0, 0], "/etc/localtime", 0);
        }
        let trace = opened(&recording.finish());
        let mut rules: Vec<Rule> =
            hints(&trace, &Selection::default()).hints.iter().map(|hint| hint.rule).collect();
        rules.sort_unstable();
        let all: Vec<Rule> = Rule::ALL.into_iter().filter(|rule| *rule != Rule::MissingFiles).collect();
        assert_eq!(rules, if found { all } else { Vec::new() }, "{calls} calls");
    }
}
