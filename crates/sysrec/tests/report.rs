//! `sysrec report` as a user runs it.

#[path = "../../sysrec-analyzer/tests/recording/mod.rs"]
mod recording;
mod run;

use recording::{Folder, Recording};
use run::{is_coloured_on_request_only, stdout_of, sysrec, with_closed_pipe};
use serde_json::Value;
use sysrec_format::block::Session;

/// Runs `sysrec report` on `trace.bin`, which has to go well and without warnings.
fn report(folder: &Folder, args: &[&str]) -> String {
    stdout_of(folder.path(), &[&["report"], args].concat())
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    serde_json::from_str(&report(folder, &[&["--json"], args].concat())).unwrap()
}

fn fill(recording: &mut Recording) {
    let main = recording.process(100, "server");
    let worker = recording.thread(main, 101, "wor\x1b[31mker");
    for round in 0..20u64 {
        recording.ip = 0x40_1000;
        recording.args = [3, 0x7ffc_0010, 4096, 0, 0, 0];
        recording.wait(1_000).call(main, "read", 17_000 + round * 100, if round % 4 == 0 { -11 } else { 5 });
        recording.args = [4, 0x7ffc_0020, round, 0, 0, 0];
        recording.wait(1_000).call(worker, "write", 1_200_000, 5);
        recording.args = [-100i64 as u64, 0x5555_0000, 0x8_0000, 0, 0, 0];
        recording.wait(1_000).call(worker, "openat", 26_000, -2);
    }
    recording.call(main, "clock_nanosleep", 10_000_000_000, 0);
    recording.in_flight(worker, "futex").in_flight(main, "exit_group").exit(main, 0);
}

fn server() -> Folder {
    let mut recording = Recording::new();
    fill(&mut recording);
    let folder = Folder::new();
    folder.file("trace.bin", &recording.finish());
    folder
}

#[test]
fn the_report_is_what_a_user_sees() {
    insta::assert_snapshot!(report(&server(), &[]));
}

#[test]
fn by_more_than_one_key() {
    insta::assert_snapshot!(report(&server(), &["--by", "thread,errno", "--sort", "calls", "--top", "3"]));
}

#[test]
fn histogram() {
    insta::assert_snapshot!(report(&server(), &["--histogram", "read"]));
}

#[test]
fn slowest() {
    insta::assert_snapshot!(report(&server(), &["--slowest", "3"]));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(report(&server(), &["--markdown", "-e", "read,write"]));
}

#[test]
fn csv() {
    insta::assert_snapshot!(report(&server(), &["--csv", "--by", "syscall,errno", "--sort", "name"]));
}

/// Exactly the fields that docs/json.md lists, no more and no fewer.
#[test]
fn json_has_the_documented_fields() {
    let document = json(&server(), &["--by", "syscall,process,thread,errno,abi", "--slowest", "1"]);
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(document["schema"], "sysrec-report/1");
    assert_eq!(fields(&document), "by rows schema slowest total traces unfinished");
    assert_eq!(
        fields(&document["traces"][0]),
        "backend calls complete completeness damages filter losses overhead_ns_per_call path span_ns tasks"
    );
    assert_eq!(fields(&document["total"]), "calls errors losses rows unfinished wall_ns_total");
    assert_eq!(fields(&document["rows"][0]), "by calls errors errors_by_name key latency_ns wall_ns_total");
    assert_eq!(fields(&document["rows"][0]["by"]), "abi errno process syscall thread");
    assert_eq!(fields(&document["rows"][0]["latency_ns"]), "max mean min p50 p90 p99 p999");
    assert_eq!(
        fields(&document["slowest"][0]),
        "abi args duration_ns errno name nr pid ret site start_ns syscall tid trace"
    );
    let text = include_str!("../../../docs/json.md");
    for field in "schema traces by total rows unfinished slowest histogram from_ns to_ns key latency_ns p999"
        .split(' ')
    {
        assert!(text.contains(&format!("`{field}`")), "docs/json.md does not speak of {field}");
    }
}

#[test]
fn json_figures_are_right() {
    let document = json(&server(), &[]);
    let total = &document["total"];
    assert_eq!(
        (&total["calls"], &total["errors"], &total["unfinished"]),
        (&61.into(), &25.into(), &2.into())
    );
    assert_eq!(total["losses"], 0);
    let rows = document["rows"].as_array().unwrap();
    let keys: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["clock_nanosleep", "write", "openat", "read"]);
    // Wall time: a sleep of 10 s shows 10 s.
    assert_eq!(rows[0]["wall_ns_total"], 10_000_000_000u64);
    let read = &rows[3];
    assert_eq!((&read["calls"], &read["errors"]), (&20.into(), &5.into()));
    let latency = &read["latency_ns"];
    assert_eq!(
        (&latency["min"], &latency["max"], &latency["p50"]),
        (&17_000.into(), &18_900.into(), &17_900.into())
    );
    assert_eq!(latency["mean"], 17_950.0);
}

#[test]
fn options_select() {
    let folder = server();
    let calls = |args: &[&str]| json(&folder, args)["total"]["calls"].as_u64().unwrap();
    assert_eq!(calls(&["-e", "trace=read,write"]), 40);
    assert_eq!(calls(&["-e", "!read"]), 41);
    assert_eq!(calls(&["-e", "%file"]), 20);
    assert_eq!(calls(&["-e", "write", "-e", "read"]), 20, "the last one counts");
    assert_eq!(calls(&["--pid", "100"]), 61);
    assert_eq!(calls(&["--pid", "7"]), 0);
    assert_eq!(calls(&["--tid", "101"]), 40);
    assert_eq!(calls(&["-z"]), 36);
    assert_eq!(calls(&["-Z"]), 25);
    assert_eq!(calls(&["--min-duration", "1ms"]), 21);
    assert_eq!(calls(&["--min-duration", "20us", "-Z"]), 20);
    // read, write, openat, read, and the write that runs at 2 ms: the start counts.
    assert_eq!(calls(&["--until", "2ms"]), 5);
    assert_eq!(calls(&["--since", "2ms"]), 56);
    assert_eq!(calls(&["--since", "1s"]), 0);
}

#[test]
fn several_traces_add_up() {
    let folder = server();
    assert_eq!(json(&folder, &["trace.bin", "trace.bin"])["total"]["calls"], 122);
    assert!(report(&folder, &["trace.bin", "trace.bin"]).contains("from 2 traces"));
}

#[test]
fn names_cannot_drive_the_terminal() {
    let folder = server();
    for args in [&["--by", "thread"] as &[&str], &["--slowest", "9"], &["--by", "thread", "--markdown"]] {
        let text = report(&folder, args);
        // Markdown doubles the backslash.
        assert!(!text.contains('\x1b') && text.contains("u{1b}[31mker"), "{text}");
    }
}

#[test]
fn colour_is_for_terminals_and_whoever_asks() {
    is_coloured_on_request_only(server().path(), &["report"]);
}

#[test]
fn what_was_left_out_while_recording_is_said() {
    let folder = Folder::new();
    let session = Session { filter: Some("%file".into()), ..recording::session() };
    let mut recording = Recording::with(sysrec_format::storage::MemoryStorage::new(), &session);
    fill(&mut recording);
    folder.file("trace.bin", &recording.finish());
    assert!(report(&folder, &[]).contains("calls outside of '%file', left out while recording"));
}

#[test]
fn a_trace_without_calls_is_no_error() {
    let folder = Folder::new();
    folder.file("trace.bin", &Recording::new().finish());
    assert!(report(&folder, &[]).starts_with("No finished call."));
    assert_eq!(json(&folder, &[])["rows"], Value::Array(vec![]));
    assert!(report(&folder, &["--histogram", "read"]).starts_with("No call of read"));
}

#[test]
fn an_unfinished_trace_is_reported_with_a_warning() {
    let folder = Folder::new();
    let mut recording = Recording::new();
    fill(&mut recording);
    folder.file("trace.bin", &recording.killed());
    let run = sysrec(folder.path(), &["report"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("warning: trace.bin: the recording was not closed"), "{}", run.stderr);
    assert!(run.stdout.contains("openat") && run.stdout.contains("trace.bin: not closed"), "{}", run.stdout);
    let run = sysrec(folder.path(), &["report", "--json"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["traces"][0]["completeness"], "unfinished");
    assert_eq!(document["total"]["calls"], 61);
}

#[test]
fn damage_is_warned_of_and_counted() {
    let folder = server();
    let mut bytes = std::fs::read(folder.path().join("trace.bin")).unwrap();
    let trace = sysrec_analyzer::Trace::open(folder.path().join("trace.bin")).unwrap();
    let calls =
        |frame: &sysrec_format::layout::Frame| frame.header.kind == sysrec_format::frame::ChunkKind::CALLS;
    let frame = trace.layout().frames(trace.file()).map(Result::unwrap).find(calls).unwrap();
    let sysrec_format::layout::Place::File(offset) = frame.place else { panic!("{frame:?}") };
    bytes[offset as usize + 70] ^= 1;
    folder.file("trace.bin", &bytes);
    let run = sysrec(folder.path(), &["report"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("warning: trace.bin: damaged: "), "{}", run.stderr);
    let lost = u64::from(frame.header.count);
    assert!(run.stdout.contains(&format!("{lost} calls in damaged chunks are missing.")), "{}", run.stdout);
    assert!(!run.stdout.contains("nothing lost"), "{}", run.stdout);
    let document: Value = serde_json::from_str(&sysrec(folder.path(), &["report", "--json"]).stdout).unwrap();
    assert_eq!(document["total"]["losses"], lost);
    assert_eq!(document["traces"][0]["complete"], false);
}

#[test]
fn a_trace_cut_short_does_not_claim_to_know_what_is_missing() {
    let folder = Folder::new();
    let mut recording = Recording::new();
    let task = recording.process(1, "cut");
    for round in 0..50_000u64 {
        recording.wait(round % 7).call(task, "read", 1_000 + round * 7_919 % 10_007, 1);
    }
    let bytes = recording.finish();
    folder.file("trace.bin", &bytes[..bytes.len() / 2]);
    let run = sysrec(folder.path(), &["report"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("warning: trace.bin: damaged"), "{}", run.stderr);
    let told = run.stdout.contains("at least ") || run.stdout.contains("an unknown number of calls");
    assert!(told, "{}", run.stdout);
}

#[test]
fn what_is_no_trace_fails_with_one_clear_line() {
    let folder = server();
    folder.file("empty", b"");
    folder.file("text", b"hello");
    let mut newer = std::fs::read(folder.path().join("trace.bin")).unwrap();
    newer[8] = 99;
    let crc = crc32fast::hash(&newer[..60]);
    newer[60..64].copy_from_slice(&crc.to_le_bytes());
    folder.file("newer", &newer);
    let cases = [
        ("none", "no such file; 'sysrec record COMMAND' writes a trace"),
        (".", "is a directory"),
        ("empty", "is empty"),
        ("text", "not a sysrec trace"),
        ("newer", "use a newer sysrec"),
        ("/dev/null", "is a device"),
    ];
    for (name, message) in cases {
        let run = sysrec(folder.path(), &["report", name]);
        assert_eq!(run.code, Some(1), "{name}");
        assert_eq!(run.stdout, "");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(run.stderr.starts_with("sysrec: ") && run.stderr.contains(message), "{}", run.stderr);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = server();
    for args in [
        &["report", "--by", "colour"] as &[&str],
        &["report", "-e", "opne"],
        &["report", "--since", "soon"],
        &["report", "--slowest", "0"],
        &["report", "--json", "--csv"],
        &["report", "-z", "-Z"],
        &["reprot"],
        &[],
    ] {
        let run = sysrec(folder.path(), args);
        assert_eq!(run.code, Some(2), "{args:?}");
        assert_eq!(run.stdout, "", "{args:?}");
    }
    assert!(sysrec(folder.path(), &["report", "-e", "opne"]).stderr.contains("did you mean 'open'"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = server();
    let ended = with_closed_pipe(folder.path(), &["report", "--json", "--slowest", "1000"]);
    assert_eq!(ended, (Some(0), String::new()));
}

#[test]
fn hints_in_every_form_say_the_same() {
    let mut recording = Recording::new();
    let task = recording.process(100, "a|clock");
    for _ in 0..1000 {
        recording.call(task, "clock_gettime", 200, 0);
    }
    let folder = Folder::new();
    folder.file("trace.bin", &recording.finish());
    let of = |form: &[&str]| {
        let ran = sysrec(folder.path(), &[&["report", "--hints"], form].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    assert_eq!(
        of(&["--csv"]),
        "rule,subject,calls,calls_min,wall_ns,bytes,spared_calls,spared_ns,trace\n\
         clock-calls,a|clock 100,1000,1000,200000,0,1000,200000,trace.bin\n"
    );
    let markdown = of(&["--markdown"]);
    let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3, "a heading, a rule and a row: {markdown}");
    assert!(
        rows[2].contains(r"| a\|clock 100 |") && rows[2].contains("1,000 calls asked for the time"),
        "{markdown}"
    );
    let json: Value = serde_json::from_str(&of(&["--json"])).unwrap();
    assert_eq!((&json["hints"][0]["calls"], &json["hints"][0]["wall_ns"]), (&1000.into(), &200_000.into()));
}

#[test]
fn no_hints_are_a_heading_in_csv_and_words_in_markdown() {
    let folder = server();
    let of = |form| sysrec(folder.path(), &["report", "--hints", form]).stdout;
    assert_eq!(of("--csv").lines().count(), 1);
    assert!(of("--markdown").starts_with("Nothing that a rule calls wasteful."));
}
