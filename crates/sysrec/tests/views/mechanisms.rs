//! Tasks that the session's backend could not record, and calls that the recorder made for itself.

use serde_json::json;
use sysrec_format::block::Session;
use sysrec_format::event::{EventBody, TaskId};
use sysrec_format::storage::MemoryStorage;

use crate::recording::{Folder, Recording, session};
use crate::{json_of, stdout_of};

fn way(recording: &mut Recording, task: TaskId, mechanism: &str, reason: &str) {
    recording.event(task, EventBody::Mechanism { mechanism: mechanism.into(), reason: reason.into() });
}

/// A shell recorded by stubs that starts two 32-bit programs, one of which becomes a 64-bit one, and a server with a
/// thread of its own ways; the recorder makes three calls in it.
fn inline() -> Folder {
    let session = Session { backend: "inline".into(), ..session() };
    let mut r = Recording::with(MemoryStorage::new(), &session);
    let shell = r.process(100, "sh");
    r.exec(shell, &["sh"]);
    for (nr, ret) in [(9, 0x7fff_f000), (9, 0x7fff_e000), (3, -9)] {
        r.event(shell, EventBody::RecorderCall { nr, ret });
    }
    r.wait(1_000).call(shell, "read", 500, 1);
    for pid in [101, 102] {
        let old = r.wait(1_000).fork(shell, pid, "old");
        r.exec(old, &["./old"]);
        way(&mut r, old, "ptrace", "it runs 32-bit code");
        if pid == 102 {
            r.wait(1_000).exec(old, &["./new"]);
            way(&mut r, old, "inline", "");
        }
        r.exit(old, 0);
    }
    let server = r.fork(shell, 103, "server");
    r.exec(server, &["./server"]);
    let thread = r.thread(server, 104, "worker");
    way(&mut r, thread, "ptrace", "it uses the gs register\x1b itself");
    way(&mut r, thread, "ptrace", "it uses the gs register\x1b itself");
    r.exit(thread, 0).exit(server, 0).exit(shell, 0);
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    folder
}

#[test]
fn the_page_counts_tasks_by_mechanism_and_reason() {
    let folder = inline();
    let page = stdout_of(folder.path(), &["info"]);
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with("mechanism")).collect();
    assert_eq!(
        lines,
        [
            "mechanism  inline, 3 tasks",
            "mechanism  ptrace, 2 tasks: it runs 32-bit code",
            "mechanism  ptrace, 1 task: it uses the gs register\\u{1b} itself",
        ]
    );
    assert!(
        page.contains(
            "The recorder made 3 calls of its own inside the program; they are not counted above.\n"
        ),
        "{page}"
    );
    assert!(page.contains("\ncalls      1, 0 errors\n"), "{page}");
}

#[test]
fn the_page_as_json() {
    let folder = inline();
    let document = json_of(folder.path(), &["info", "--json"]);
    assert_eq!(
        document["mechanisms"],
        json!([
            {"mechanism": "inline", "reason": null, "tasks": 3},
            {"mechanism": "ptrace", "reason": "it runs 32-bit code", "tasks": 2},
            {"mechanism": "ptrace", "reason": "it uses the gs register\u{1b} itself", "tasks": 1},
        ])
    );
    assert_eq!((&document["recorder_calls"], &document["calls"]), (&json!(3), &json!(1)));
}

#[test]
fn a_tree_marks_tasks_that_were_recorded_otherwise() {
    let folder = inline();
    let tree = stdout_of(folder.path(), &["tree", "--by", "process"]);
    let marked: Vec<&str> = tree
        .lines()
        .filter(|line| line.contains("(by "))
        .filter_map(|line| line.split("- ").nth(1))
        .collect();
    assert_eq!(
        marked,
        [
            "101 ./old   (by ptrace: it runs 32-bit code)",
            "102 ./old   (by ptrace: it runs 32-bit code)",
            "104 worker (thread)   (by ptrace: it uses the gs register\\u{1b} itself)",
        ],
        "{tree}"
    );
    let document = json_of(folder.path(), &["tree", "--by", "process", "--json"]);
    let ways = &document["processes"][2]["mechanisms"];
    assert_eq!(
        (&ways[0]["mechanism"], &ways[0]["reason"]),
        (&json!("ptrace"), &json!("it runs 32-bit code"))
    );
    assert_eq!((&ways[1]["mechanism"], &ways[1]["reason"]), (&json!("inline"), &json!(null)));
    assert_eq!(ways[1]["start_ns"], ways[0]["start_ns"].as_u64().unwrap() + 1_000);
    assert_eq!(document["processes"][0]["mechanisms"], json!([]));
}

#[test]
fn a_report_says_what_its_figures_rest_on() {
    let folder = inline();
    let report = stdout_of(folder.path(), &["report"]);
    let line = "3 of 5 tasks were recorded by ptrace: it runs 32-bit code (2), it uses the gs register\\u{1b} itself (1).\n";
    assert!(report.contains(line), "{report}");

    let folder = Folder::new();
    let mut r = Recording::new();
    let shell = r.process(100, "sh");
    r.call(shell, "read", 500, 1);
    way(&mut r, shell, "ptrace", "");
    folder.file("trace.bin", &r.finish());
    let report = stdout_of(folder.path(), &["report"]);
    assert!(!report.contains("tasks were") && !report.contains("task was"), "{report}");
    assert!(!stdout_of(folder.path(), &["info"]).contains("mechanism  "));
}

#[test]
fn a_replay_shows_mechanisms_and_the_recorders_calls_on_request() {
    let folder = inline();
    let lines = |arguments: &[&str], part: &str| -> Vec<String> {
        let text = stdout_of(folder.path(), &[&["replay"], arguments].concat());
        let lines = text.lines().filter(|line| line.contains(part));
        lines.filter_map(|line| Some(line.split_once("--- ")?.1.to_owned())).collect()
    };
    assert_eq!(
        lines(&[], "recorded by"),
        [
            "recorded by ptrace from here on: it runs 32-bit code ---",
            "recorded by ptrace from here on: it runs 32-bit code ---",
            "recorded by inline from here on ---",
            "recorded by ptrace from here on: it uses the gs register\\u{1b} itself ---",
            "recorded by ptrace from here on: it uses the gs register\\u{1b} itself ---",
        ]
    );
    assert_eq!(lines(&[], "recorder's own"), [""; 0]);
    assert_eq!(lines(&["--raw", "-e", "read"], "recorder's own"), [""; 0]);
    assert_eq!(
        lines(&["--raw"], "recorder's own"),
        [
            "the recorder's own mmap = 2147479552 ---",
            "the recorder's own mmap = 2147475456 ---",
            "the recorder's own close = -9 EBADF ---",
        ]
    );
    let objects = stdout_of(folder.path(), &["replay", "--json", "--raw"]);
    let close = objects.lines().rfind(|line| line.contains("\"recorder_call\"")).unwrap();
    let close: serde_json::Value = serde_json::from_str(close).unwrap();
    assert_eq!((&close["syscall"], &close["nr"], &close["ret"]), (&json!("close"), &json!(3), &json!(-9)));
    assert_eq!(close["errno"], "EBADF");
}

#[test]
fn a_check_counts_the_recorders_calls() {
    let folder = inline();
    assert!(stdout_of(folder.path(), &["verify"]).contains("whole"));
}
