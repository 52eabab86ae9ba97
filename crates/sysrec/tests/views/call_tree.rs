//! The code that makes the calls: as a tree, as folded stacks, as a picture, and compared.

use crate::recording::{Folder, Recording};
use crate::{json_of, stdout_of, sysrec};

fn server(writes: u64) -> Recording {
    called("server", writes)
}

fn called(name: &str, writes: u64) -> Recording {
    let mut r = Recording::new();
    let server = r.process(100, name);
    r.exec(server, &[&format!("/bin/{name}")]);
    for _ in 0..writes {
        r.under(&["main", "handle_request", "log_line"]).call(server, "write", 30_000, 5);
    }
    r.under(&["main", "handle_request"]).call(server, "read", 100_000, -11);
    let worker = r.thread(server, 101, "work\u{1b}er");
    r.under(&["start", "work;er"]).call(worker, "fsync", 20_000, 0);
    r.under(&["main"]).in_flight(server, "exit_group");
    r.exit(server, 0);
    r
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("trace.bin", &server(2).finish());
    folder.file("new.bin", &server(5).finish());
    folder
}

#[test]
fn the_tree_is_what_a_user_sees() {
    let folder = folder();
    insta::assert_snapshot!(stdout_of(folder.path(), &["tree"]));
    insta::assert_snapshot!(stdout_of(folder.path(), &["tree", "--bottom-up"]));
}

#[test]
fn what_is_left_out_is_added_up() {
    let folder = folder();
    let text = stdout_of(folder.path(), &["tree", "--depth", "2"]);
    assert!(text.contains("3       1   160 µs    -   88.9%        -  |  + 2 more"), "{text}");
    let text = stdout_of(folder.path(), &["tree", "--min-share", "50%"]);
    assert!(text.contains("+ 1 more") && !text.contains("fsync"), "{text}");
    let document = json_of(folder.path(), &["tree", "--json", "--min-share", "50"]);
    let names: Vec<&str> =
        document["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["server", "main", "handle_request", "read"]);
    assert_eq!(document["total"]["wall_ns_total"], 180_000);
}

#[test]
fn json_is_a_list_with_parents_before_children() {
    let folder = folder();
    let document = json_of(folder.path(), &["tree", "--json", "--by", "thread"]);
    assert_eq!((&document["schema"], &document["has_stacks"]), (&"sysrec-call-tree/1".into(), &true.into()));
    let nodes = document["nodes"].as_array().unwrap();
    for (position, node) in nodes.iter().enumerate() {
        let parent = node["parent"].as_u64();
        assert!(parent.is_none_or(|parent| (parent as usize) < position));
        let depth = parent.map_or(0, |parent| nodes[parent as usize]["depth"].as_u64().unwrap() + 1);
        assert_eq!(node["depth"], depth);
    }
    let of = |name: &str| nodes.iter().find(|node| node["name"] == name).unwrap();
    assert_eq!((&of("work\u{1b}er")["kind"], &of("work\u{1b}er")["tid"]), (&"thread".into(), &101.into()));
    assert_eq!(of("handle_request")["own"]["errors"], 1);
    assert_eq!(of("write")["p99_ns"], 30_000);
    assert_eq!(of("exit_group")["unfinished"], 1);
}

#[test]
fn files_are_roots_and_a_trace_without_names_says_so() {
    let folder = folder();
    let ran = sysrec(folder.path(), &["tree", "--by", "file", "--depth", "2", "--min-share", "0"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("few calls can be named"), "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().map(str::trim_end).collect();
    assert!(lines.iter().any(|line| line.ends_with(" ?")), "{}", ran.stdout);
    assert!(lines.iter().any(|line| line.ends_with(" [no file]")), "{}", ran.stdout);
    // With the same warning, so that it is not `json_of`.
    let json = sysrec(folder.path(), &["tree", "--by", "file", "--json"]).stdout;
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    let roots = document["nodes"].as_array().unwrap().iter().filter(|node| node["parent"].is_null());
    let roots: Vec<_> =
        roots.map(|node| (node["kind"].as_str().unwrap(), node["name"].as_str().unwrap())).collect();
    assert_eq!(roots, [("file", "?"), ("file", "")]);
}

#[test]
fn options_of_one_tree_are_refused_for_the_other() {
    let folder = folder();
    for wrong in [
        &["tree", "--threads"][..],
        &["tree", "--top", "3", "--by", "syscall"],
        &["tree", "--by", "process", "--lines"],
    ] {
        let ran = sysrec(folder.path(), wrong);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(ran.stderr.contains("--by process"), "{}", ran.stderr);
    }
}

#[test]
fn folded_stacks_are_lines_for_other_tools() {
    let folder = folder();
    assert_eq!(
        stdout_of(folder.path(), &["flamegraph", "--folded"]),
        "server;main;handle_request;log_line;write() 60000\n\
         server;main;handle_request;read() 100000\n\
         server;start;work:er;fsync() 20000\n"
    );
    let counts =
        stdout_of(folder.path(), &["flamegraph", "--folded", "--count", "--by", "thread", "-e", "!read"]);
    assert_eq!(
        counts,
        "server 100;main;exit_group() 1\n\
         server 100;main;handle_request;log_line;write() 2\n\
         work\\u{1b}er 101;start;work:er;fsync() 1\n"
    );
    let both = stdout_of(folder.path(), &["flamegraph", "--folded", "--diff", "trace.bin", "new.bin"]);
    assert!(both.contains("log_line;write() 60000 150000\n"), "{both}");
}

#[test]
fn pictures_are_well_formed_and_have_every_function() {
    let folder = folder();
    let ran = sysrec(folder.path(), &["flamegraph", "-o", "out.svg"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    let picture = std::fs::read_to_string(folder.path().join("out.svg")).unwrap();
    for text in ["handle_request (160,000 ns, 88.89%)", "read() (100,000 ns, 55.56%)", "work:er"] {
        assert!(picture.contains(text), "{text}");
    }
    // A stack that only the base has is in the picture with its widths, and in that alone.
    let mut gone = server(2);
    gone.under(&["main", "vanished"]).call(sysrec_format::event::TaskId(0), "read", 50_000, 0);
    folder.file("base.bin", &gone.finish());
    let ran = sysrec(folder.path(), &["flamegraph", "--diff", "base.bin", "trace.bin", "-o", "diff.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let picture = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(!picture("diff.svg").contains("vanished (50,000"));
    assert!(picture("diff-base.svg").contains("vanished (50,000"));
}

#[test]
fn nothing_to_draw_is_said() {
    let folder = folder();
    let ran = sysrec(folder.path(), &["flamegraph", "-e", "openat", "-o", "out.svg"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("nothing to draw") && !folder.path().join("out.svg").exists(),
        "{}",
        ran.stderr
    );
}

#[test]
fn comparisons_by_stack_have_a_row_for_each() {
    let folder = folder();
    let document = json_of(folder.path(), &["diff", "--by", "stack", "--json", "trace.bin", "new.bin"]);
    let text = document.to_string();
    assert!(text.contains("server ; main ; handle_request ; log_line ; write()"), "{text}");
    let table = stdout_of(folder.path(), &["diff", "--by", "stack", "--changed", "trace.bin", "new.bin"]);
    assert!(table.contains("write()") && !table.contains("fsync()"), "{table}");
    let ran = sysrec(folder.path(), &["diff", "--by", "stack,syscall", "trace.bin", "new.bin"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let ran = sysrec(folder.path(), &["report", "--by", "stack"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

#[test]
fn builds_with_names_of_their_own_are_compared_as_one_program() {
    let folder = folder();
    folder.file("renamed.bin", &called("server-2", 5).finish());
    let same = json_of(folder.path(), &["diff", "--by", "stack", "--json", "trace.bin", "new.bin"]);
    let renamed = json_of(folder.path(), &["diff", "--by", "stack", "--json", "trace.bin", "renamed.bin"]);
    assert_eq!(renamed["rows"].to_string().replace("server -> server-2", "server"), same["rows"].to_string());
    assert_ne!(renamed["rows"], same["rows"], "both names are there");
    let folded = ["flamegraph", "--folded", "--count", "--diff", "trace.bin"];
    let text = stdout_of(folder.path(), &[&folded[..], &["renamed.bin"]].concat());
    assert!(text.contains("server -> server-2;main;handle_request;log_line;write() 2 5\n"), "{text}");

    // With a second program of its own, nobody can tell which one it is.
    let mut two = called("server-2", 5);
    let other = two.process(200, "other");
    two.exec(other, &["/bin/other"]);
    two.under(&["main"]).call(other, "write", 30_000, 5);
    folder.file("two.bin", &two.finish());
    let text = stdout_of(folder.path(), &[&folded[..], &["two.bin"]].concat());
    assert!(text.contains("\nserver;main;handle_request;log_line;write() 2 0\n"), "{text}");
}
