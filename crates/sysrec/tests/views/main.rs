//! tree, replay, info and verify on traces made call by call, run as a user runs them.

#[path = "../../../sysrec-analyzer/tests/recording/mod.rs"]
mod recording;

mod bad_input;
mod generate;
mod info;
mod mechanisms;
mod replay;
mod story;
mod tree;
mod verify;

use std::path::Path;

use assert_cmd::Command;

/// What a run printed and how it ended.
struct Ran {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

/// `sysrec` in a folder, with nothing of this machine in its environment that could show.
fn sysrec(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::cargo_bin("sysrec")
        .expect("the binary is built with its tests")
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .args(arguments)
        .timeout(std::time::Duration::from_secs(60))
        .output()
        .expect("it runs and ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ran { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
}

/// What a successful run printed.
fn stdout_of(folder: &Path, arguments: &[&str]) -> String {
    let ran = sysrec(folder, arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    ran.stdout
}

/// The one document that a successful run printed.
fn json_of(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout_of(folder, arguments)).expect("JSON")
}
