//! `sysrec record --repeat` and `sysrec compare`, with real commands.

mod run;

use std::path::Path;

use run::{json_of, sysrec};
use serde_json::Value;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder to record into; `None` where this machine lets nobody trace.
fn folder() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let probe = sysrec(folder.path(), &["record", "-q", "-o", "probe.bin", "true"]);
    if probe.code != Some(0) {
        println!("SKIP: nothing can be recorded here: {}", probe.stderr);
        return None;
    }
    std::fs::remove_file(folder.path().join("probe.bin")).unwrap();
    Some(folder)
}

#[test]
fn every_run_has_a_file_and_the_options_of_all() {
    let Some(folder) = folder() else { return };
    let args =
        ["record", "-q", "--repeat", "3", "--pause", "0", "-e", "execve,exit_group,write", "echo", "-n", "x"];
    let output = sysrec(folder.path(), &args);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.stdout, "xxx");
    assert_eq!(names(folder.path()), ["trace-1.bin", "trace-2.bin", "trace-3.bin"]);
    let report = json_of(folder.path(), &["report", "--json", "trace-3.bin"]);
    assert_eq!(report["traces"][0]["filter"], "execve,exit_group,write");
    assert_eq!(report["total"]["calls"], 2);
}

#[test]
fn a_run_that_fails_is_the_last() {
    let Some(folder) = folder() else { return };
    let output = sysrec(folder.path(), &["record", "--repeat", "3", "--pause", "0", "sh", "-c", "exit 3"]);
    assert_eq!(output.code, Some(3));
    assert_eq!(names(folder.path()), ["trace-1.bin"]);
    assert!(output.stderr.contains("run 1 of 3 ended with exit status: 3"));
}

#[test]
fn compare_records_in_turn_and_ends_in_the_comparison() {
    let Some(folder) = folder() else { return };
    // The new one calls stat once more, on a file that is not there.
    let (base, new) = ("sh -c ':'", "sh -c 'test -e \"/no such file\" || :'");
    let args = ["compare", base, new, "-n", "3", "--pause", "0", "--json", "--fail-on", "errors > +0"];
    let output = sysrec(folder.path(), &args);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let diff: Value = serde_json::from_str(&output.stdout).unwrap();
    let paths = |side: &str| -> Vec<String> {
        diff[side]
            .as_array()
            .unwrap()
            .iter()
            .map(|trace| trace["path"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(paths("base"), ["compared/base-1.bin", "compared/base-2.bin", "compared/base-3.bin"]);
    assert_eq!(paths("new"), ["compared/new-1.bin", "compared/new-2.bin", "compared/new-3.bin"]);
    let errors = &diff["total"]["errors"];
    assert_eq!(
        (errors["verdict"].as_str(), errors["change"].as_f64()),
        (Some("exact"), Some(1.0)),
        "{errors}"
    );
    // The order, by when each began.
    let started = |path: String| -> u64 {
        json_of(folder.path(), &["info", "--json", &path])["started_realtime_ns"].as_u64().unwrap()
    };
    let mut order: Vec<(u64, String)> =
        paths("base").into_iter().chain(paths("new")).map(|path| (started(path.clone()), path)).collect();
    order.sort();
    let order: Vec<&str> = order.iter().map(|(_, path)| path.trim_start_matches("compared/")).collect();
    assert_eq!(order, ["base-1.bin", "new-1.bin", "new-2.bin", "base-2.bin", "base-3.bin", "new-3.bin"]);
}

#[test]
fn warming_up_runs_both_commands_without_recording_them() {
    let Some(folder) = folder() else { return };
    let words =
        ["compare", "sh -c 'echo >> a'", "sh -c 'echo >> b'", "-n", "1", "--pause", "0", "--warmup", "2"];
    let output = sysrec(folder.path(), &words);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let runs = |file: &str| std::fs::read(folder.path().join(file)).unwrap().len();
    assert_eq!((runs("a"), runs("b")), (3, 3));
    assert_eq!(names(&folder.path().join("compared")), ["base-1.bin", "new-1.bin"]);
}

#[test]
fn compare_tells_of_a_command_that_fails_or_is_none() {
    let Some(folder) = folder() else { return };
    let output = sysrec(folder.path(), &["compare", "true", "false", "-n", "2", "--pause", "0"]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("'false' ended with exit status: 1"));
    assert_eq!(sysrec(folder.path(), &["compare", "true", ""]).code, Some(2));
    assert_eq!(sysrec(folder.path(), &["compare", "true", "echo 'x"]).code, Some(2));
}
