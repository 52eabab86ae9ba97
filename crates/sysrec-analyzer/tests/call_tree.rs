//! Call trees, against sums done by hand.

mod recording;

use recording::{Folder, Recording};
use sysrec_analyzer::call_tree::{Direction, Function, Names, Paths, Root, Shape, StepKind, Steps, Tree};
use sysrec_analyzer::code::{Address, Place};
use sysrec_analyzer::{Outcome, Selection, Trace};
use sysrec_format::event::{EventBody, FrameFlags, ModuleId, StackId};

/// Names places of `lib.so` by their page, each with a function inlined into it; knows nothing else.
struct Pages;

impl Names for Pages {
    fn functions(&mut self, place: &Place<'_>) -> Vec<Function> {
        if place.module.is_none_or(|module| module.path != b"/lib/lib.so") {
            return Vec::new();
        }
        let page = place.address.number() >> 12;
        let function =
            |name: String, line, inlined| Function { name, file: Some("lib.c".into()), line, inlined };
        vec![
            function(format!("page{page}"), Some(page as u32), false),
            function("inner".into(), Some(place.address.number() as u32), true),
        ]
    }
}

fn opened(r: Recording) -> (Folder, Trace) {
    let folder = Folder::new();
    let path = folder.file("trace.bin", &r.finish());
    let trace = Trace::open(path).unwrap();
    (folder, trace)
}

/// Each node as `depth name calls errors total own`.
fn tree(trace: &Trace, selection: &Selection, root: Root, shape: Shape) -> Vec<String> {
    let mut paths = Paths::of(trace, selection, root);
    let tree = Tree::new(&mut paths, Steps::new(&mut Pages, false), shape);
    lines(&tree)
}

fn lines(tree: &Tree) -> Vec<String> {
    let line = |node: &sysrec_analyzer::call_tree::Node| {
        let (step, total) = (tree.step(node), node.total);
        let module = if step.module.is_empty() { String::new() } else { format!("{}!", step.module) };
        let kind = if step.kind == StepKind::Call { "()" } else { "" };
        format!(
            "{} {module}{}{kind} {} {} {} {}",
            node.depth, step.name, total.calls, total.errors, total.wall_ns, node.own.wall_ns
        )
    };
    tree.nodes().iter().map(line).collect()
}

/// One program that logs and reads, from code that the recorder knew the names of.
fn server() -> Recording {
    let mut r = Recording::new();
    let server = r.process(100, "server");
    r.exec(server, &["/bin/server"]);
    r.under(&["main", "handle_request", "log_line"])
        .call(server, "write", 30, 5)
        .call(server, "write", 50, -28);
    r.under(&["main", "handle_request"]).call(server, "read", 100, 7);
    r.under(&["main"]).call(server, "close", 5, 0);
    r.under(&[]).call(server, "getpid", 1, 100);
    r.under(&["main"]).in_flight(server, "exit_group");
    r
}

#[test]
fn calls_add_up_under_the_code_that_made_them() {
    let (_folder, trace) = opened(server());
    let all = tree(&trace, &Selection::default(), Root::Program, Shape::default());
    assert_eq!(
        all,
        [
            "0 server 5 1 186 0",
            "1 main 4 1 185 5",
            "2 handle_request 3 1 180 100",
            "3 read() 1 0 100 100",
            "3 log_line 2 1 80 80",
            "4 write() 2 1 80 80",
            "2 close() 1 0 5 5",
            "2 exit_group() 0 0 0 0",
            "1 [no stack recorded] 1 0 1 0",
            "2 0x400fff 1 0 1 1",
            "3 getpid() 1 0 1 1",
        ]
    );
}

#[test]
fn the_same_from_the_calls_outward() {
    let (_folder, trace) = opened(server());
    let shape = Shape { direction: Direction::BottomUp, ..Shape::default() };
    let selection = Selection { outcome: Outcome::Successful, ..Selection::default() };
    assert_eq!(
        tree(&trace, &selection, Root::Program, shape),
        [
            "0 read() 1 0 100 0",
            "1 handle_request 1 0 100 0",
            "2 main 1 0 100 0",
            "3 server 1 0 100 0",
            "0 write() 1 0 30 0",
            "1 log_line 1 0 30 0",
            "2 handle_request 1 0 30 0",
            "3 main 1 0 30 0",
            "4 server 1 0 30 0",
            "0 close() 1 0 5 0",
            "1 main 1 0 5 0",
            "2 server 1 0 5 0",
            "0 getpid() 1 0 1 0",
            "1 0x400fff 1 0 1 0",
            "2 [no stack recorded] 1 0 1 0",
            "3 server 1 0 1 0",
        ]
    );
}

#[test]
fn by_call_and_by_thread() {
    let mut r = server();
    let server = sysrec_format::event::TaskId(0);
    let worker = r.thread(server, 101, "worker");
    r.under(&["start_thread", "work"]).call(worker, "write", 7, 1);
    let (_folder, trace) = opened(r);
    let write =
        Selection { filters: vec![sysrec_syscalls::Filter::parse("write").unwrap()], ..Selection::default() };
    let by_call = tree(&trace, &write, Root::Program, Shape { by_call: true, ..Shape::default() });
    assert_eq!(
        by_call,
        [
            "0 write() 3 1 87 0",
            "1 server 3 1 87 0",
            "2 main 2 1 80 0",
            "3 handle_request 2 1 80 0",
            "4 log_line 2 1 80 80",
            "2 start_thread 1 0 7 0",
            "3 work 1 0 7 7",
        ]
    );
    let by_thread = tree(&trace, &write, Root::Thread, Shape::default());
    assert_eq!(by_thread[0], "0 server 2 1 80 0");
    assert_eq!(by_thread[5], "0 worker 1 0 7 0");
    let upward = Shape { direction: Direction::BottomUp, ..Shape::default() };
    let by_thread = tree(&trace, &write, Root::Thread, upward);
    assert_eq!(
        by_thread[5..],
        ["0 worker 1 0 7 0", "1 write() 1 0 7 0", "2 work 1 0 7 0", "3 start_thread 1 0 7 0"]
    );
}

#[test]
fn recursion_folds_into_the_first_time() {
    let mut r = Recording::new();
    let task = r.process(100, "walk");
    r.under(&["main", "walk", "visit", "walk", "visit", "walk"]).call(task, "getdents64", 10, 0);
    r.under(&["main", "walk"]).call(task, "getdents64", 1, 0);
    let (_folder, trace) = opened(r);
    let folded = tree(
        &trace,
        &Selection::default(),
        Root::Program,
        Shape { fold_recursion: true, ..Shape::default() },
    );
    assert_eq!(
        folded,
        [
            "0 walk 2 0 11 0",
            "1 main 2 0 11 0",
            "2 walk 2 0 11 11",
            "3 getdents64() 2 0 11 11",
            "3 visit 0 0 0 0"
        ]
    );
    let all = tree(&trace, &Selection::default(), Root::Program, Shape::default());
    assert_eq!(all.len(), 9);
}

#[test]
fn a_site_is_looked_up_in_what_was_mapped_then() {
    let mut r = Recording::new();
    let shell = r.process(100, "sh");
    r.exec(shell, &["/bin/sh"]).map(shell, 0x40_0000, 0x1_0000, "/lib/lib.so", b"1");
    r.wait(1).call(shell, "read", 10, 0);
    let child = r.wait(1).fork(shell, 101, "sh");
    // The child has its parent's mappings until it executes a program.
    r.wait(1).call(child, "read", 100, 0);
    r.wait(1).exec(child, &["/bin/tool"]).map(child, 0x40_0000, 0x1_0000, "/bin/tool", b"2");
    r.wait(1).call(child, "read", 1000, 0);
    let (_folder, trace) = opened(r);
    assert_eq!(
        tree(&trace, &Selection::default(), Root::Program, Shape::default()),
        [
            "0 tool 1 0 1000 0",
            "1 tool!@0xfff 1 0 1000 1000",
            "2 read() 1 0 1000 1000",
            "0 sh 2 0 110 0",
            "1 lib.so!page0 2 0 110 0",
            "2 lib.so!inner 2 0 110 110",
            "3 read() 2 0 110 110",
        ]
    );
}

#[test]
fn damaged_stacks_say_so() {
    let mut r = Recording::new();
    let task = r.process(100, "x");
    let node = |node, parent, flags| EventBody::StackNode {
        node: StackId(node),
        parent,
        module: Some(ModuleId(9)),
        offset: 0x10,
        flags,
        name: Vec::new(),
    };
    r.event(task, node(5, Some(StackId(3)), FrameFlags::default()));
    r.event(task, node(6, None, FrameFlags::DEEP));
    for stack in [5, 6, 7] {
        r.stack = Some(StackId(stack));
        r.call(task, "read", 10 * u64::from(stack), 0);
    }
    let (_folder, trace) = opened(r);
    let all = tree(&trace, &Selection::default(), Root::Program, Shape::default());
    assert_eq!(
        all,
        [
            "0 x 3 0 180 0",
            "1 [stack missing from the trace] 1 0 70 70",
            "2 read() 1 0 70 70",
            "1 [more frames] 1 0 60 0",
            "2 0xf 1 0 60 60",
            "3 read() 1 0 60 60",
            "1 [stack cut] 1 0 50 0",
            "2 0xf 1 0 50 50",
            "3 read() 1 0 50 50",
        ]
    );
}

/// Totals by an independent way: every call on its own, by the timeline.
#[test]
fn every_call_is_in_the_tree_once_whatever_is_selected() {
    let mut r = Recording::new();
    let task = r.process(100, "x");
    r.exec(task, &["/bin/x"]).map(task, 0x40_0000, 0x1000, "/lib/lib.so", b"");
    let stacks: [&[&'static str]; 4] = [&["a"], &["a", "b"], &["a", "b", "c"], &[]];
    let mut seed = 7_u64;
    for i in 0..20_000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        r.under(stacks[(seed >> 60) as usize % 4]);
        let ret = if seed >> 40 & 7 == 0 { -11 } else { 1 };
        r.wait(seed >> 50 & 15).call(
            task,
            if seed >> 33 & 1 == 0 { "read" } else { "write" },
            seed >> 45 & 255,
            ret,
        );
        if i == 10_000 {
            r.exec(task, &["/bin/y"]);
        }
    }
    let (_folder, trace) = opened(r);
    let selections = [
        Selection::default(),
        Selection { duration_ns_min: 100, ..Selection::default() },
        Selection {
            outcome: Outcome::Failing,
            since_ns: Some(500_000),
            until_ns: Some(2_000_000),
            ..Selection::default()
        },
    ];
    for selection in selections {
        let mut expected = std::collections::BTreeMap::<String, (u64, u64, u64)>::new();
        for item in sysrec_analyzer::Timeline::new(&trace, &selection) {
            let sysrec_analyzer::Item::Call(call) = item else { continue };
            let frames = call.entry.stack.map(|stack| stack.0);
            let at = expected.entry(format!("{frames:?} {}", call.entry.nr)).or_default();
            at.0 += 1;
            at.1 += u64::from(call.ret < 0);
            at.2 += call.duration_ns;
        }
        let mut found = std::collections::BTreeMap::<String, (u64, u64, u64)>::new();
        for (path, activity) in Paths::of(&trace, &selection, Root::Program).iter() {
            let at = found.entry(format!("{:?} {}", path.stack.map(|stack| stack.0), path.nr)).or_default();
            *at = (at.0 + activity.calls, at.1 + activity.errors, at.2 + activity.wall_ns);
        }
        assert!(expected.len() >= 4);
        assert_eq!(found, expected, "{selection:?}");
    }
}

#[test]
fn percentiles_are_those_of_all_calls_below() {
    let mut r = Recording::new();
    let task = r.process(100, "x");
    for i in 0..1000_u64 {
        r.under(if i % 2 == 0 { &["main", "even"] } else { &["main", "odd"] });
        r.call(task, "read", if i % 2 == 0 { 1000 } else { i * 100 }, 0);
    }
    let (_folder, trace) = opened(r);
    let mut paths = Paths::of(&trace, &Selection::default(), Root::Program);
    let tree = Tree::new(&mut paths, Steps::new(&mut Pages, false), Shape::default());
    let p99 =
        |name: &str| tree.nodes().iter().find(|node| tree.step(node).name == name).unwrap().p99_ns as f64;
    // Of 500 odd ones the 495th, of all 1000 the 990th, to two digits.
    for (name, expected) in [("even", 1000.0), ("odd", 98_900.0), ("main", 97_900.0), ("x", 97_900.0)] {
        assert!((p99(name) / expected - 1.0).abs() < 0.01, "{name}: {}", p99(name));
    }
}

#[test]
fn places_of_frames_are_inside_of_the_calling_instruction() {
    let mut r = Recording::new();
    let task = r.process(100, "x");
    let (path, build_id) = (b"/lib/lib.so".to_vec(), vec![1, 2]);
    r.event(task, EventBody::Module { module: ModuleId(0), path, build_id });
    let flags = FrameFlags::INTERRUPTED;
    let node = |node, parent, offset, flags| {
        let (node, module) = (StackId(node), Some(ModuleId(0)));
        EventBody::StackNode { node, parent, module, offset, flags, name: Vec::new() }
    };
    r.event(task, node(0, None, 0x2000, FrameFlags::default()));
    r.event(task, node(1, Some(StackId(0)), 0x3000, flags));
    r.stack = Some(StackId(1));
    r.call(task, "read", 1, 0);
    let (_folder, trace) = opened(r);
    let paths = Paths::of(&trace, &Selection::default(), Root::Program);
    let places: Vec<Address> = paths.code().stack(StackId(1)).map(|place| place.address).collect();
    assert_eq!(places, [Address::InModule(0x3000), Address::InModule(0x1fff)]);
    let lines = tree(&trace, &Selection::default(), Root::Program, Shape::default());
    assert_eq!(
        lines[1..],
        [
            "1 lib.so!page1 1 0 1 0",
            "2 lib.so!inner 1 0 1 0",
            "3 lib.so!page3 1 0 1 0",
            "4 lib.so!inner 1 0 1 1",
            "5 read() 1 0 1 1"
        ]
    );
}
