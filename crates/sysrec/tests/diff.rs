//! `sysrec diff` as a user runs it.

#[path = "../../sysrec-analyzer/tests/recording/mod.rs"]
mod recording;
mod run;

use recording::{Folder, Recording};
use run::{is_coloured_on_request_only, on_terminal, stdout_of, sysrec};
use serde_json::Value;
use sysrec_format::block::Session;
use sysrec_format::storage::MemoryStorage;

/// Runs `sysrec diff`, which has to go well and without warnings on stderr.
fn diff(folder: &Folder, args: &str) -> String {
    let args: Vec<&str> = ["diff"].into_iter().chain(args.split(' ')).collect();
    stdout_of(folder.path(), &args)
}

/// Writes a recording of a server: 20 reads of about so long, so many calls of stat, and one that only it makes.
fn server(folder: &Folder, name: &str, read_ns: u64, stats: u64, only: &str) {
    let mut made = Recording::new();
    let main = made.process(100, "server");
    for round in 0..20 {
        made.wait(1_000).call(main, "accept4", 9_000, 5);
        made.wait(1_000).call(main, "read", read_ns + round * 10, if round % 10 == 0 { -11 } else { 5 });
    }
    for _ in 0..stats {
        made.wait(1_000).call(main, "newfstatat", 20_000, -2);
    }
    made.call(main, only, 1_000, 0).in_flight(main, "exit_group").exit(main, 0);
    folder.file(name, &made.finish());
}

/// One recording a side: `base.bin`, `new.bin`.
fn pair() -> Folder {
    let folder = Folder::new();
    server(&folder, "base.bin", 17_000, 20, "lseek");
    server(&folder, "new.bin", 25_000, 40, "statx");
    folder
}

/// Ten a side: `a0.bin` to `a9.bin`, and in `b` reads that take 10 % longer.
fn tens() -> Folder {
    let folder = Folder::new();
    for run in 0..10 {
        server(&folder, &format!("a{run}.bin"), 50_000 + run * 37 % 10 * 200, 20 + run % 3, "lseek");
        server(&folder, &format!("b{run}.bin"), 55_000 + run * 53 % 10 * 200, 20 + run % 4, "lseek");
    }
    folder
}

const TENS: &str = "--base a0.bin a1.bin a2.bin a3.bin a4.bin a5.bin a6.bin a7.bin a8.bin a9.bin \
                    --new b0.bin b1.bin b2.bin b3.bin b4.bin b5.bin b6.bin b7.bin b8.bin b9.bin";

#[test]
fn one_recording_a_side() {
    insta::assert_snapshot!(diff(&pair(), "base.bin new.bin"));
}

#[test]
fn ten_recordings_a_side() {
    insta::assert_snapshot!(diff(&tens(), TENS));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(diff(&tens(), &format!("{TENS} --markdown")));
}

#[test]
fn markdown_of_one_recording_a_side() {
    insta::assert_snapshot!(diff(&pair(), "base.bin new.bin --markdown --by process,syscall,errno"));
}

#[test]
fn csv() {
    insta::assert_snapshot!(diff(&pair(), "base.bin new.bin --csv --by syscall,errno -e newfstatat,read"));
}

#[test]
fn only_what_changed_for_one_call_of_another() {
    insta::assert_snapshot!(diff(&pair(), "base.bin new.bin --changed --per-call-of accept4"));
}

#[test]
fn histogram() {
    insta::assert_snapshot!(diff(&pair(), "base.bin new.bin --histogram read"));
}

#[test]
fn the_ranges_of_a_histogram_hold_every_call_of_both_sides() {
    let folder = pair();
    let document = json(&folder, "base.bin new.bin --histogram read,newfstatat");
    let ranges = document["histogram"].as_array().unwrap();
    assert_eq!(fields(&ranges[0]), "base_calls from_ns new_calls to_ns");
    let sum = |side: &str| ranges.iter().map(|range| range[side].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("base_calls"), sum("new_calls")), (40, 60));
    assert!(ranges.windows(2).all(|pair| pair[0]["to_ns"] == pair[1]["from_ns"]));
    let csv = diff(&folder, "base.bin new.bin --histogram read,newfstatat --csv");
    assert_eq!(csv.lines().count(), ranges.len() + 1);
    assert!(diff(&folder, "base.bin new.bin --histogram openat").contains("No call of openat"));
}

fn json(folder: &Folder, args: &str) -> Value {
    serde_json::from_str(&diff(folder, &format!("{args} --json"))).unwrap()
}

fn fields(value: &Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

/// Exactly the fields that docs/json.md lists, no more and no fewer.
#[test]
fn json_has_the_documented_fields() {
    let document = json(&tens(), &format!("{TENS} --fail-on max(close)>1s"));
    assert_eq!(document["schema"], "sysrec-diff/1");
    assert_eq!(
        fields(&document),
        "alpha base broken by floor_ns floor_share new rows schema tests total unfinished unit verdict warnings"
    );
    assert_eq!(fields(&document["base"][0]), "calls complete path unfinished units");
    assert_eq!(fields(&document["total"]), "calls errors wall_ns_total");
    let row = &document["rows"][0];
    assert_eq!(fields(row), "by calls changed errors key max_ns p50_ns p99_ns presence wall_ns_total");
    assert_eq!(fields(&row["calls"]), "base base_range change change_share new new_range p verdict");
    assert_eq!(
        fields(&row["p50_ns"]),
        "base base_recordings change change_share new new_recordings p ratio_interval verdict"
    );
    assert_eq!(
        (fields(&row["p99_ns"]), fields(&row["wall_ns_total"])),
        (fields(&row["p50_ns"]), fields(&row["p50_ns"]))
    );
    assert_eq!(fields(&row["max_ns"]), "base change change_share new");
    assert_eq!(fields(&document["unfinished"][0]), "base_recordings new_recordings syscall verdict");
}

#[test]
fn json_tells_what_is_shown() {
    let folder = tens();
    let document = json(&folder, TENS);
    let row = |key: &str| {
        let rows = document["rows"].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap().clone()
    };
    let read = row("read");
    assert_eq!((read["p50_ns"]["verdict"].as_str(), read["changed"].as_bool()), (Some("shown"), Some(true)));
    assert!(read["p50_ns"]["p"].as_f64().unwrap() < 0.001);
    assert_eq!(row("newfstatat")["calls"]["verdict"], "not shown");
    assert_eq!(
        (&row("accept4")["p50_ns"]["verdict"], &row("accept4")["changed"]),
        (&"not shown".into(), &false.into())
    );
}

#[test]
fn calls_that_did_not_return_are_shown_where_they_differ() {
    let folder = pair();
    let mut made = Recording::new();
    let main = made.process(100, "server");
    let worker = made.thread(main, 101, "worker");
    made.call(main, "read", 5_000, 5).in_flight(worker, "exit").exit(worker, 0);
    made.in_flight(main, "exit_group").exit(main, 0);
    folder.file("threads.bin", &made.finish());
    let args = "base.bin threads.bin -e read,exit,exit_group";
    let text = diff(&folder, args);
    assert!(text.contains("; did not return: exit 0 -> 1. Run-to-run"), "{text}");
    assert!(text.contains("\nCalls that did not return, in a recording: exit 0 -> 1.\n"), "{text}");
    let markdown = diff(&folder, &format!("{args} --markdown"));
    assert!(markdown.contains("\nCalls that did not return, in a recording: exit 0 -> 1.\n"), "{markdown}");
    let unfinished = json(&folder, args)["unfinished"].clone();
    assert_eq!(
        unfinished,
        serde_json::json!([
            { "syscall": "exit", "base_recordings": [0], "new_recordings": [1], "verdict": "exact" },
            { "syscall": "exit_group", "base_recordings": [1], "new_recordings": [1], "verdict": "same" },
        ])
    );
    assert!(!diff(&folder, "base.bin new.bin").contains("did not return"));
}

#[test]
fn colour_is_for_terminals_and_whoever_asks() {
    is_coloured_on_request_only(pair().path(), &["diff", "base.bin", "new.bin"]);
}

#[test]
fn figures_and_remarks_are_whole_on_a_narrow_terminal() {
    let folder = tens();
    for (columns, by) in
        [(60, "syscall"), (80, "syscall"), (60, "process,syscall,errno,abi"), (140, "syscall")]
    {
        let args = format!("diff {TENS} --by {by} -e read");
        let Some(text) = on_terminal(folder.path(), columns, &args) else { return };
        let longest = text.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= columns as usize), "{columns} columns: {text}");
        assert!(text.contains("p50 slower, x1.08 to x1.11, p <0.001"), "{columns} columns: {text}");
    }
}

#[test]
fn a_recording_against_itself_shows_nothing() {
    let document = json(&pair(), "base.bin base.bin");
    assert_eq!(
        (&document["warnings"], &document["verdict"].as_str().unwrap()[..30]),
        (&Value::Array(vec![]), "No difference shown in 4 rows.")
    );
    assert!(document["rows"].as_array().unwrap().iter().all(|row| row["changed"] == false));
}

#[test]
fn rules_decide_the_exit_code_and_name_what_breaks_them() {
    let folder = pair();
    let run = |rules: &str| sysrec(folder.path(), &["diff", "base.bin", "new.bin", "--fail-on", rules]);
    let broken = run("p50(read) > +10%, calls(newfstatat) > +0");
    assert_eq!(broken.code, Some(1));
    let lines: Vec<&str> = broken.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "sysrec: broken: p50(read) > +10%: p50 of read went from 17.1 µs to 25.1 µs (+8.00 µs, +46.8%)",
            "sysrec: broken: calls(newfstatat) > +0: calls of newfstatat went from 20 to 40 (+20, +100.0%)",
        ]
    );
    // Without a name a rule is for every row; a new row has had no calls before.
    assert!(run("calls > +0").stderr.contains("calls of statx went from 0 to 1"));
    for kept in
        ["p50(read) > +50%", "calls(accept4) > +0", "errors(read) > +0", "max > 1s", "calls(lseek) < -1"]
    {
        let run = run(kept);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{kept}");
    }
    assert_eq!(run("calls(lseek) < -0").code, Some(1));
    assert_eq!(run("calls(statx) > +1000%").code, Some(1));
}

#[test]
fn noise_over_several_recordings_breaks_no_rule() {
    let folder = tens();
    let run = |rules: &str| {
        let args: Vec<&str> = ["diff"].into_iter().chain(TENS.split(' ')).collect();
        sysrec(folder.path(), &[&args[..], &["--fail-on", rules]].concat())
    };
    // 21 to 21.5 in the median, and from 20 on both sides.
    assert_eq!(run("calls(newfstatat) > +0").code, Some(0));
    let broken = run("p50(read) > +5%, calls(newfstatat) > +0");
    assert_eq!(broken.code, Some(1));
    assert!(
        broken.stderr.contains("p50 of read") && !broken.stderr.contains("newfstatat"),
        "{}",
        broken.stderr
    );
}

#[test]
fn wrong_usage_is_2_and_says_what_to_do() {
    let folder = pair();
    for (args, word) in [
        ("diff base.bin", "2 values required"),
        ("diff --base base.bin", "--new <TRACE>"),
        ("diff base.bin new.bin --base base.bin --new new.bin", "cannot be used with"),
        ("diff base.bin new.bin --fail-on speed>1", "'speed' is not one of calls, errors"),
        ("diff base.bin new.bin --fail-on calls(opanat)>+0", "there is no call 'opanat'"),
        ("diff base.bin new.bin --per 0", "no unit of work"),
        ("diff base.bin new.bin --floor x", "'x' is not a percentage"),
    ] {
        let run = sysrec(folder.path(), &args.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, Some(2), "{args}");
        assert!(run.stderr.contains(word), "{args}: {}", run.stderr);
    }
}

#[test]
fn a_unit_of_work_that_is_not_there_is_an_error() {
    let run = sysrec(pair().path(), &["diff", "base.bin", "new.bin", "--per-call-of", "openat"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("base.bin: there is no finished call of openat"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_compared_is_said_first() {
    let folder = pair();
    let mut session = Session { filter: Some("%file".into()), all_registers: true, ..recording::session() };
    session.host.release = "6.1".into();
    let mut other = Recording::with(MemoryStorage::new(), &session);
    let main = other.process(100, "server");
    other.call(main, "read", 5, 1).seal();
    folder.file("other.bin", &other.killed());
    let run = sysrec(folder.path(), &["diff", "base.bin", "other.bin"]);
    assert_eq!(run.code, Some(0));
    let warnings: Vec<&str> = run.stdout.lines().take_while(|line| line.starts_with("warning: ")).collect();
    let about = [
        "kernel: base Linux",
        "filter: base none, new %file",
        "registers: base call, new all",
        "was not closed",
    ];
    assert_eq!(warnings.len(), about.len(), "{warnings:?}");
    for (warning, about) in warnings.iter().zip(about) {
        assert!(warning.contains(about), "{warning}");
    }
    // Of a trace that lacks calls, no number is a fact.
    assert!(run.stdout.contains("~ calls: 20 -> 1") && !run.stdout.contains("a fact"), "{}", run.stdout);
}

#[test]
fn sides_that_cost_more_to_record_than_the_other_are_warned_of() {
    let folder = pair();
    let mut made = Recording::at_cost(MemoryStorage::new(), &recording::session(), 11_200);
    let main = made.process(100, "server");
    made.call(main, "read", 25_000, 5);
    folder.file("dear.bin", &made.finish());
    let warning = "warning: recording added about 8.20 µs to the time of each call of the base, and 11.2 µs of the new \
                   side: a shift of a time by 3.00 µs can come from that.\n";
    assert!(diff(&folder, "base.bin dear.bin").starts_with(warning));
    assert!(!diff(&folder, "base.bin new.bin").contains("recording added"));
}

#[test]
fn a_shift_below_the_cost_of_recording_is_warned_of() {
    // Recording adds 8.2 µs inside of each call; the reads are 5 µs longer.
    let text = diff(&tens(), TENS);
    assert!(
        text.starts_with("warning: recording adds about 8.20 µs to the time of each call, which is more"),
        "{text}"
    );
}
