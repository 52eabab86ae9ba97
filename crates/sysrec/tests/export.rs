//! Exports, read by readers that other people wrote (`tests/readers/install` fetches them), and compared with the calls
//! that went into the trace.

#[path = "../../sysrec-analyzer/tests/recording/mod.rs"]
mod recording;
mod run;

use std::path::{Path, PathBuf};
use std::process::Command;

use recording::{Folder, Recording};
use run::sysrec;
use serde_json::{Value, json};

/// What a call was: name, thread, start and end (nanoseconds from the start), result, code.
type Made = (&'static str, i64, u64, Option<u64>, i64, Vec<&'static str>);

/// Two processes, a thread with a name for people to trip over, code with and without stacks, a call without an end.
fn story() -> (Folder, Vec<Made>) {
    let mut r = Recording::new();
    let server = r.process(100, "server");
    r.exec(server, &["/bin/server", "--name=\"x;y\""]);
    let worker = r.thread(server, 101, "work;\"er\u{1b}");
    let child = r.fork(server, 200, "child");
    let mut made = Vec::new();
    let begin_ns = recording::START_NS;
    let mut call = |r: &mut Recording, task, tid, name, wait_ns, ns, ret, code: &[&'static str]| {
        r.under(code);
        let start_ns = r.wait(wait_ns).now_ns() - begin_ns;
        r.call(task, name, ns, ret);
        made.push((name, tid, start_ns, Some(start_ns + ns), ret, code.to_vec()));
    };
    for i in 0..50 {
        call(&mut r, server, 100, "read", 10, 100 + i, 7, &["main", "handle_request"]);
        call(&mut r, worker, 101, "write", 0, 50, -32, &["start", "work;er", "log \"line\""]);
        call(&mut r, child, 200, "close", 3, 1_000_001, 0, &["main"]);
    }
    r.under(&["main"]);
    let start_ns = r.wait(5).now_ns() - begin_ns;
    r.in_flight(server, "exit_group");
    made.push(("exit_group", 100, start_ns, None, 0, vec!["main"]));
    r.exit(server, 0);
    let folder = Folder::new();
    folder.file("trace.bin", &r.finish());
    (folder, made)
}

fn export(folder: &Folder, format: &str) -> PathBuf {
    let name = format!("out.{format}");
    let ran = sysrec(folder.path(), &["export", "--format", format, "-o", &name]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    folder.path().join(name)
}

fn readers() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("readers")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("tests/readers")
}

/// What a reader says of a file; `None`, and a word on stderr, where it is not installed.
fn read(reader: &str, arguments: &[&str]) -> Option<Value> {
    let mut command = if reader == "python3" {
        let mut command = Command::new("python3");
        command.arg(scripts().join("read_export.py")).env("PYTHONPATH", readers().join("python"));
        command
    } else {
        let mut command = Command::new("node");
        command.arg(scripts().join("read_export.mjs")).env("READERS", readers());
        command
    };
    let Ok(output) = command.args(arguments).env("PYTHONDONTWRITEBYTECODE", "1").output() else {
        eprintln!("SKIP: {reader} is not installed");
        return None;
    };
    if output.status.code() == Some(77) {
        eprintln!("SKIP: the reader for {} is not installed (tests/readers/install)", arguments[0]);
        return None;
    }
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A stack as exports write it: names without `;`.
fn code(made: &Made) -> Vec<String> {
    made.5.iter().map(|name| name.replace(';', ":")).collect()
}

fn with_call(made: &Made) -> Vec<String> {
    code(made).into_iter().chain([format!("{}()", made.0)]).collect()
}

#[test]
fn perfettos_own_definitions_read_the_same_calls() {
    let (folder, made) = story();
    let path = export(&folder, "perfetto");
    let Some(read) = read("python3", &["perfetto", path.to_str().unwrap()]) else { return };
    let slices = read["slices"].as_array().unwrap();
    assert_eq!(slices.len(), made.len());
    for (slice, made) in slices.iter().zip(&made) {
        assert_eq!(slice["name"], made.0);
        assert_eq!(slice["category"], json!(["syscall"]));
        assert_eq!(
            (&slice["tid"], &slice["start_ns"], &slice["end_ns"]),
            (&json!(made.1), &json!(made.2), &json!(made.3))
        );
        assert_eq!(slice["stack"], json!(code(made)));
        assert!(slice["args"]["call"].as_str().unwrap().starts_with(&format!("{}(", made.0)));
    }
    let result = slices[1]["args"]["result"].as_str().unwrap();
    assert!(result.contains("EPIPE"), "{result}");
    let tracks = read["tracks"].as_array().unwrap();
    let thread = json!({"tid": 101, "pid": 100, "name": "work;\"er\\u{1b}", "process": "server"});
    assert!(tracks.contains(&thread), "{tracks:?}");
    assert!(tracks.contains(&json!({"pid": 200, "name": "child"})), "{tracks:?}");
}

#[test]
fn chromes_own_engine_reads_the_same_calls() {
    let (folder, made) = story();
    let path = export(&folder, "chrome");
    let Some(read) = read("node", &["chrome", path.to_str().unwrap()]) else { return };
    assert_eq!(read["names"]["101"], "work;\"er\\u{1b}");
    assert_eq!(read["names"]["process 100"], "server");
    for tid in [100, 101, 200] {
        let calls: Vec<&Value> =
            read["calls"].as_array().unwrap().iter().filter(|call| call["tid"] == tid).collect();
        let made: Vec<&Made> = made.iter().filter(|made| made.1 == tid && made.3.is_some()).collect();
        assert_eq!(calls.len(), made.len());
        for (call, made) in calls.iter().zip(made) {
            let ns = |field: &str| (call[field].as_f64().unwrap() * 1000.0).round() as u64;
            assert_eq!(
                (call["name"].as_str().unwrap(), ns("start_us"), Some(ns("end_us"))),
                (made.0, made.2, made.3)
            );
            assert_eq!(call["stack"], json!(code(made)));
        }
    }
}

#[test]
fn speedscopes_schema_holds_and_its_samples_are_the_calls() {
    let (folder, made) = story();
    let path = export(&folder, "speedscope");
    let schema = readers().join("node_modules/speedscope/dist/release/file-format-schema.json");
    if !schema.exists() {
        eprintln!("SKIP: speedscope's schema is not installed (tests/readers/install)");
        return;
    }
    let Some(read) = read("python3", &["speedscope", path.to_str().unwrap(), schema.to_str().unwrap()])
    else {
        return;
    };
    let profiles = read["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 3);
    for (profile, tid) in profiles.iter().zip([100, 101, 200]) {
        assert!(profile["name"].as_str().unwrap().ends_with(&format!("/{tid}")));
        let calls = profile["calls"].as_array().unwrap();
        let made: Vec<&Made> = made.iter().filter(|made| made.1 == tid).collect();
        assert_eq!(calls.len(), made.len());
        for (call, made) in calls.iter().zip(made) {
            assert_eq!((&call["stack"], &call["start_ns"]), (&json!(with_call(made)), &json!(made.2)));
            assert!(made.3.is_none_or(|end_ns| call["end_ns"] == end_ns));
        }
    }
}

#[test]
fn a_pprof_reader_reads_the_same_sums() {
    let (folder, made) = story();
    let path = export(&folder, "pprof");
    let Some(read) = read("node", &["pprof", path.to_str().unwrap()]) else { return };
    assert_eq!(read["types"], json!([["calls", "count"], ["errors", "count"], ["wall", "nanoseconds"]]));
    let samples = read["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 3, "one for each stack of finished calls");
    for sample in samples {
        let stack: Vec<&str> =
            sample["stack"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let of: Vec<&Made> =
            made.iter().filter(|made| made.3.is_some() && with_call(made) == stack[1..]).collect();
        let wall_ns: u64 = of.iter().map(|made| made.3.unwrap() - made.2).sum();
        let errors = of.iter().filter(|made| made.4 < 0).count();
        assert_eq!(sample["values"], json!([of.len(), errors, wall_ns]), "{stack:?}");
        assert_eq!(of.len(), 50);
    }
}

/// Columns of one length, and every index inside the table that it points into: what the profiler's loader relies on. (The
/// writer is Mozilla's own.)
#[test]
fn a_firefox_profile_has_every_call_as_a_marker_with_its_stack() {
    let (folder, made) = story();
    let profile: Value = serde_json::from_slice(&std::fs::read(export(&folder, "firefox")).unwrap()).unwrap();
    let threads = profile["threads"].as_array().unwrap();
    let shared = &profile["shared"]["stringArray"];
    let mut markers = 0;
    for thread in threads {
        let strings = if shared.is_array() { shared } else { &thread["stringArray"] };
        let text = |index: &Value| strings[index.as_u64().unwrap() as usize].as_str().unwrap().to_owned();
        let tid = thread["tid"]
            .as_str()
            .map_or_else(|| thread["tid"].as_i64().unwrap(), |tid| tid.parse().unwrap());
        let made: Vec<&Made> = made.iter().filter(|made| made.1 == tid).collect();
        let table = &thread["markers"];
        assert_eq!(table["length"], made.len());
        assert_eq!(thread["samples"]["length"], made.len());
        for (position, made) in made.iter().enumerate() {
            markers += 1;
            assert_eq!(text(&table["name"][position]), made.0);
            let ms = |field: &str| table[field][position].as_f64().map(|ms| (ms * 1e6).round() as u64);
            assert_eq!((ms("startTime"), made.3.and(ms("endTime"))), (Some(made.2), made.3));
            let mut stack = table["data"][position]["cause"]["stack"].as_u64();
            let mut names = Vec::new();
            while let Some(index) = stack {
                let frame = &thread["stackTable"]["frame"][index as usize];
                let function = &thread["frameTable"]["func"][frame.as_u64().unwrap() as usize];
                names.insert(0, text(&thread["funcTable"]["name"][function.as_u64().unwrap() as usize]));
                stack = thread["stackTable"]["prefix"][index as usize].as_u64();
            }
            assert_eq!(names, with_call(made));
        }
    }
    assert_eq!(markers, made.len());
}

#[test]
fn rows_and_lines_have_every_field() {
    let (folder, made) = story();
    let mut rows = csv::Reader::from_path(export(&folder, "csv")).unwrap();
    let headings = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let lines = std::fs::read_to_string(export(&folder, "json-lines")).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), lines.len()), (made.len(), made.len()));
    for ((row, line), made) in rows.iter().zip(&lines).zip(&made) {
        let field = |name: &str| &row[headings.iter().position(|heading| heading == name).unwrap()];
        assert_eq!((field("syscall"), field("tid")), (made.0, made.1.to_string().as_str()));
        assert_eq!(field("start_ns"), made.2.to_string());
        assert_eq!(field("stack"), code(made).join(";"));
        let duration_ns = made.3.map(|end_ns| end_ns - made.2);
        assert_eq!(field("duration_ns"), duration_ns.map_or(String::new(), |ns| ns.to_string()));
        assert_eq!(line["duration_ns"], json!(duration_ns));
        assert_eq!((&line["syscall"], &line["stack"]), (&json!(made.0), &json!(code(made))));
        assert_eq!(line["errno"], if made.4 < 0 { json!("EPIPE") } else { Value::Null });
    }
}

#[test]
fn filters_apply_and_wrong_usage_is_said() {
    let (folder, _) = story();
    let ran = sysrec(
        folder.path(),
        &["export", "-f", "json-lines", "-e", "write", "--until", "1ms", "--no-stacks"],
    );
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["tid"], &lines[0]["stack"]), (&json!(101), &json!([])));
    let ran = sysrec(folder.path(), &["export", "-f", "csv", "-o", "trace.bin"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("it is the trace itself"), "{}", ran.stderr);
    assert!(std::fs::metadata(folder.path().join("trace.bin")).unwrap().len() > 1000);
    let ran = sysrec(folder.path(), &["export"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}

/// A real program, recorded, its names put into a copy of the trace, and the program deleted.
#[test]
fn a_trace_with_names_needs_its_programs_no_more() {
    let folder = Folder::new();
    let source = "#include <unistd.h>\n\
        __attribute__((noinline)) void log_line(void) { if (write(1, \"x\", 1) < 0) _exit(3); }\n\
        int main(void) { log_line(); log_line(); return 0; }\n";
    folder.file("program.c", source.as_bytes());
    let compiled = Command::new("cc")
        .args(["-g", "-O1", "-static", "-Wl,--build-id", "program.c", "-o", "program"])
        .current_dir(folder.path())
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("SKIP: no C compiler with a static libc");
        return;
    }
    let ran = sysrec(folder.path(), &["record", "--backend", "ptrace", "-o", "trace.bin", "./program"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let names = |trace: &str, options: &[&str]| {
        let arguments = [&["tree", "--json", "-e", "write", trace][..], options].concat();
        let ran = sysrec(folder.path(), &arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let names = document["nodes"].as_array().unwrap().iter();
        names.map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let before = names("trace.bin", &[]);
    assert!(before.contains("write"), "{before}");
    let ran = sysrec(folder.path(), &["export", "--symbols", "trace.bin", "-o", "named.bin"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(sysrec(folder.path(), &["verify", "named.bin"]).code, Some(0));

    std::fs::remove_file(folder.path().join("program")).unwrap();
    assert_eq!(names("named.bin", &[]), before);
    assert!(names("trace.bin", &[]).contains('@'), "without its names the trace has addresses");
    assert!(names("named.bin", &["--no-symbols"]).contains('@'));
    // Everything else in it is as it was, and names can be put in again.
    for view in [&["report", "--json"][..], &["replay", "--json"]] {
        let of = |trace: &str| {
            sysrec(folder.path(), &[view, &[trace]].concat()).stdout.replace("named.bin", "trace.bin")
        };
        assert_eq!(of("named.bin"), of("trace.bin"));
    }
    let ran = sysrec(folder.path(), &["export", "--symbols", "named.bin", "-o", "again.bin"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names("again.bin", &[]), before);

    for wrong in [&["export", "--symbols", "trace.bin"][..], &["export", "--symbols", "-f", "csv", "-o", "x"]]
    {
        assert_eq!(sysrec(folder.path(), wrong).code, Some(2), "{wrong:?}");
    }
    let ran = sysrec(folder.path(), &["export", "--symbols", "trace.bin", "-o", "trace.bin"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
}
