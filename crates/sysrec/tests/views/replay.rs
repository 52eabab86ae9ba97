use serde_json::Value;

use crate::recording::{Folder, Recording};
use crate::story::{folder, whole};
use crate::{stdout_of, sysrec, with_closed_pipe};

fn lines_of(arguments: &[&str]) -> Vec<String> {
    let folder = folder();
    let ran = sysrec(folder.path(), arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn the_story_line_by_line() {
    insta::assert_snapshot!(lines_of(&["replay"]).join("\n"));
}

#[test]
fn the_story_task_by_task() {
    let lines = lines_of(&["replay", "--by-task", "--calls"]);
    let headings: Vec<&String> = lines.iter().filter(|line| line.starts_with("===")).collect();
    assert_eq!(headings.len(), 8, "{lines:#?}");
    assert_eq!(headings[0], "=== 100/100 sh ===");
    let at =
        |text: &str| lines.iter().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}"));
    assert!(at("=== 102/110 worker 0 ===") < at("  102/110 worker 0"));
    // All of one task stands together, so that the shell's second call comes before the child's first.
    assert!(at("read(3") < at("=== 101/101 date ==="));
    let all = lines_of(&["replay", "--calls"]);
    let calls = |lines: &[String]| {
        let mut calls: Vec<String> =
            lines.iter().filter(|line| !line.starts_with("===") && !line.starts_with('#')).cloned().collect();
        calls.sort();
        calls
    };
    assert_eq!(calls(&lines), calls(&all));
}

#[test]
fn the_forms_of_a_call() {
    let one = |arguments: &[&str], part: &str| -> String {
        let lines = lines_of(&[&["replay"], arguments].concat());
        let found = lines.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{lines:#?}"));
        lines[found].split_once("  ").unwrap().1.to_owned()
    };
    assert!(one(&["--names"], "openat").contains(
        "openat(dfd=AT_FDCWD, filename=0x7ffc1000, flags=O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such"
    ));
    let raw = one(&["--raw"], "openat");
    assert!(
        raw.contains("openat(0xffffffffffffff9c, 0x7ffc1000, 0x80000, 0x0, 0x0, 0x0) = -2 ENOENT"),
        "{raw}"
    );
    assert!(raw.ends_with("[ip 0x401000 sp 0x7ffc0000]"), "{raw}");
    let lines = lines_of(&["replay", "--raw", "-e", "getpid"]);
    let found = lines.iter().position(|line| line.contains("getpid")).unwrap();
    assert!(
        lines[found + 1].starts_with("    entry: r15=0x7 r14=0x7") && lines[found + 1].ends_with("gs=0x7")
    );
    assert!(lines[found + 2].starts_with("    exit: r15=0x7"));
}

#[test]
fn filters_leave_calls_out_and_say_so() {
    let lines = lines_of(&["replay", "--calls", "-e", "futex", "-Z"]);
    let calls: Vec<&String> = lines.iter().filter(|line| line.contains("futex(")).collect();
    assert_eq!(calls.len(), 3, "the killed one has no outcome: {lines:#?}");
    assert!(lines.iter().any(|line| line.contains("3 calls selected from")), "{lines:#?}");
    let lines = lines_of(&["replay", "--pid", "103"]);
    let others = lines.iter().filter(|line| !line.starts_with('#') && !line.contains("103/103"));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn conditions_on_calls_leave_the_background_out() {
    let has = |arguments: &[&str], part: &str| lines_of(arguments).iter().any(|line| line.contains(part));
    for (arguments, code, signal, call) in [
        (&["replay"][..], true, true, true),
        (&["replay", "--since", "0"], true, true, true),
        (&["replay", "-e", "%file"], false, true, true),
        (&["replay", "--min-duration", "10us"], false, true, true),
        (&["replay", "--calls"], false, false, true),
    ] {
        let found = ["--- code at", "--- SIGCHLD", "openat("].map(|part| has(arguments, part));
        assert_eq!(found, [code, signal, call], "{arguments:?}");
    }
}

#[test]
fn absolute_times_are_on_the_wall_clock() {
    let mut session = crate::recording::session();
    session.started_realtime_ns = 1_700_000_000_000_000_000;
    let mut r = Recording::with(sysrec_format::storage::MemoryStorage::new(), &session);
    let task = r.process(1, "x");
    r.wait(1_500_000_000).call(task, "read", 1, 1);
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    let text = stdout_of(folder.path(), &["replay", "--absolute", "--calls"]);
    assert!(text.starts_with("2023-11-14 22:13:21.500000000  1/1 x  read("), "{text}");

    folder.file("trace.bin", &whole(1));
    let ran = sysrec(folder.path(), &["replay", "--absolute"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("wall clock") && ran.stderr.contains("leave --absolute out"),
        "{}",
        ran.stderr
    );
}

/// Every line of the text has its object, and the objects add up.
#[test]
fn the_story_as_objects() {
    let objects: Vec<Value> =
        lines_of(&["replay", "--json"]).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = lines_of(&["replay"]);
    assert_eq!(objects.len() - 2, text.iter().filter(|line| !line.starts_with('#')).count());
    assert_eq!(objects[0]["schema"], "sysrec-replay/1");
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).collect::<Vec<_>>();
    let calls = of("call");
    let end = objects.last().unwrap();
    assert_eq!(end["type"], "end");
    assert_eq!(end["calls"], calls.len());
    assert_eq!(end["unfinished"], of("unfinished").len());
    assert_eq!(end["complete"], false, "calls of an untraced child are missing");
    let openat = calls[0];
    assert_eq!((&openat["syscall"], &openat["errno"]), (&"openat".into(), &"ENOENT".into()));
    assert_eq!((&openat["ret"], &openat["duration_ns"]), (&(-2).into(), &12_300.into()));
    assert_eq!(openat["start_ns"], 1_000_000);
    assert_eq!(openat["args"][0], "0xffffffffffffff9c");
    assert_eq!((&openat["pid"], &openat["name"]), (&100.into(), &"sh".into()));
    let futexes: Vec<_> = calls.iter().filter(|call| call["syscall"] == "futex").collect();
    assert!(futexes.iter().all(|call| call["restarts"] == true && call["errno"] == "ERESTARTSYS"));
    assert_eq!(of("unfinished")[1]["reason"], "killed");
    assert_eq!(of("task_end")[1]["signal"], "SIGKILL");
    assert_eq!(of("signal").last().unwrap()["code_name"], "SEGV_MAPERR");
    assert_eq!(of("exec")[5]["argv"][0], "./\u{1b}]0;owned\u{7}");
    let starts: Vec<u64> = objects.iter().filter_map(|object| object["start_ns"].as_u64()).collect();
    assert!(starts.is_sorted());
}

/// Names and paths of the traced program cannot drive the terminal, whatever they are.
#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let folder = folder();
    for view in [
        &["replay"][..],
        &["replay", "--by-task"],
        &["replay", "--raw"],
        &["tree", "--threads"],
        &["info"],
        &["verify"],
    ] {
        let ran = sysrec(folder.path(), view);
        let bad = ran.stdout.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{view:?}");
    }
}

#[test]
fn a_closed_pipe_ends_it_silently() {
    let folder = Folder::new();
    folder.file("trace.bin", &whole(20_000));
    // A megabyte does not fit into a pipe.
    assert_eq!(with_closed_pipe(folder.path(), &["replay"]), (Some(0), String::new()));
}

#[test]
fn a_damaged_chunk_is_a_line_at_its_time() {
    let mut bytes = whole(200);
    crate::verify::flip_call_chunk(&mut bytes, 1);
    let folder = Folder::new();
    folder.file("trace.bin", &bytes);
    let ran = sysrec(folder.path(), &["replay"]);
    assert_eq!(ran.code, Some(0));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.contains("read(")).count(), 150);
    let damage =
        lines.iter().position(|line| line.contains("*** cannot be read: CALLS chunk at byte")).unwrap();
    assert_eq!(lines[..damage].iter().filter(|line| line.contains("read(")).count(), 50);
    assert!(
        lines.iter().any(|line| line.starts_with("# 50 calls in damaged chunks are missing")),
        "{lines:#?}"
    );
}
