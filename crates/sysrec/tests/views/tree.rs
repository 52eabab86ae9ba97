use crate::recording::{Folder, Recording};
use crate::story::{attached, folder};
use crate::{json_of, on_terminal, stdout_of, sysrec};

/// Every process with its programs, threads, figures and end; what a terminal would obey is quoted.
#[test]
fn the_story_as_a_tree() {
    let folder = folder();
    let ran = sysrec(folder.path(), &["tree", "--by", "process"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn the_story_as_json() {
    let folder = folder();
    let document = json_of(folder.path(), &["tree", "--by", "process", "--json"]);
    assert_eq!(document["schema"], "sysrec-tree/1");
    let processes = document["processes"].as_array().unwrap();
    let pids: Vec<i64> = processes.iter().map(|process| process["pid"].as_i64().unwrap()).collect();
    assert_eq!(pids, [100, 101, 102, 103, 104]);
    let env = &processes[1];
    assert_eq!(env["parent"], processes[0]["task"]);
    assert_eq!(env["end"], serde_json::json!({"how": "exited", "code": 0}));
    assert_eq!(env["programs"][1]["argv"], serde_json::json!(["date"]));
    assert_eq!((env["calls"].as_u64(), env["unfinished"].as_u64()), (Some(1), Some(1)));
    assert_eq!(env["wall_ns_total"], 2_000_000);
    let server = &processes[2];
    assert_eq!(server["threads"].as_array().unwrap().len(), 4);
    assert_eq!((server["calls"].as_u64(), server["errors"].as_u64()), (Some(3), Some(3)));
    assert_eq!(server["end"], serde_json::Value::Null, "it still runs");
    assert_eq!(processes[3]["end"]["signal"], "SIGSEGV");
    // The sum over all processes is the total, and the root's is that with all below it.
    let sum = |field: &str| processes.iter().map(|process| process[field].as_u64().unwrap()).sum::<u64>();
    for field in ["calls", "errors", "unfinished", "wall_ns_total"] {
        assert_eq!(document["total"][field], sum(field), "{field}");
        assert_eq!(processes[0]["with_descendants"][field], sum(field), "{field}");
    }
}

#[test]
fn filters_apply_to_the_figures_and_every_process_stays() {
    let folder = folder();
    let document = json_of(folder.path(), &["tree", "--by", "process", "--json", "-e", "futex"]);
    let calls: Vec<u64> = document["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|process| process["calls"].as_u64().unwrap())
        .collect();
    assert_eq!(calls, [0, 0, 3, 0, 0]);
    let document =
        json_of(folder.path(), &["tree", "--by", "process", "--json", "-z", "--min-duration", "1ms"]);
    assert_eq!(document["total"]["calls"], 1, "the write");
}

/// 300 children, each with a child of its own.
fn wide() -> Folder {
    let mut r = Recording::new();
    let make = r.process(1, "make");
    r.exec(make, &["make"]);
    for child in 0..300 {
        let shell = r.fork(make, 1_000 + 2 * child, "sh");
        r.exec(shell, &["sh", "-c", "gcc"]);
        let gcc = r.fork(shell, 1_001 + 2 * child, "gcc");
        r.exec(gcc, &["gcc", &format!("file{child}.c")]);
        r.call(gcc, "read", if child == 77 { 1_000_000 } else { 1_000 }, 0);
        r.exit(gcc, 0).exit(shell, 0);
    }
    r.exit(make, 0);
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    folder
}

#[test]
fn a_large_tree_is_folded_on_request() {
    let folder = wide();
    let full = stdout_of(folder.path(), &["tree", "--by", "process"]);
    assert_eq!(full.lines().filter(|line| line.contains("gcc file")).count(), 300);

    let shallow = stdout_of(folder.path(), &["tree", "--by", "process", "--depth", "1"]);
    let folded = shallow.lines().nth(2).unwrap();
    assert!(folded.contains("300") && folded.ends_with("`- + 600 more processes"), "{shallow}");
    assert_eq!(shallow.lines().filter(|line| line.contains("gcc")).count(), 0);

    let top = stdout_of(folder.path(), &["tree", "--by", "process", "--top", "1"]);
    let shown: Vec<&str> = top.lines().filter(|line| line.contains("gcc file")).collect();
    assert!(shown.len() == 1 && shown[0].contains("file77.c"), "{top}");
    assert!(top.contains("+ 598 more processes"), "{top}");
}

#[test]
fn many_threads_are_one_line_until_asked_for() {
    let mut r = Recording::new();
    let server = r.process(1, "server");
    for thread in 0..31 {
        let thread = r.thread(server, 100 + thread, "worker");
        r.call(thread, "read", 10, -4);
    }
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    let text = stdout_of(folder.path(), &["tree", "--by", "process"]);
    let folded = text.lines().nth(2).unwrap();
    assert!(folded.ends_with("`- + 31 more threads"), "{text}");
    assert_eq!(
        folded.split_whitespace().take(2).collect::<Vec<_>>(),
        ["31", "31"],
        "calls and errors: {folded}"
    );
    let text = stdout_of(folder.path(), &["tree", "--by", "process", "--threads"]);
    assert_eq!(text.matches("worker (thread)").count(), 31);
    assert_eq!(text.matches("server (main thread)").count(), 1);
}

/// A fork chain as long as anybody's: no recursion, and no line that grows with it.
#[test]
fn a_deep_chain_is_numbered() {
    let mut r = Recording::new();
    let mut task = r.process(1, "bomb");
    for pid in 2..=5_000 {
        task = r.fork(task, pid, "bomb");
    }
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    let text = stdout_of(folder.path(), &["tree", "--by", "process"]);
    assert!(text.contains("[4999] 5000 bomb (forked, no execve)"));
    assert!(text.lines().all(|line| line.len() < 250));
}

#[test]
fn attached_processes_say_so() {
    let folder = Folder::new();
    folder.file("trace.bin", &attached().finish());
    let text = stdout_of(folder.path(), &["tree", "--by", "process"]);
    let line = text.lines().nth(1).unwrap();
    assert!(line.contains("detached") && line.ends_with("50 nginx (attached)"), "{text}");
    assert!(line.contains("1.00 ms"), "{text}");
}

/// On a terminal: branches in box drawing, commands cut where the line ends.
#[test]
fn a_terminal_gets_boxes_and_no_line_too_long() {
    let folder = folder();
    let Some(text) = on_terminal(folder.path(), 90, "tree --by process") else { return };
    let tree: Vec<&str> = text.lines().skip_while(|line| !line.contains("process")).collect();
    assert!(tree.iter().any(|line| line.contains("├─ 101 env X=1 date")), "{text}");
    assert!(tree.iter().any(|line| line.contains("⇒ date")), "{text}");
    let rows = tree.iter().take_while(|line| !line.trim().is_empty());
    assert!(
        rows.clone().count() >= 10 && rows.clone().all(|row| row.trim_end().chars().count() <= 90),
        "{text}"
    );
}
