//! Runs `sysrec` as a user does.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

/// What a run printed and how it ended.
pub struct Run {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin!("sysrec"));
    // Nothing in this environment may show in what is printed.
    command.args(arguments).current_dir(folder).env_remove("CLICOLOR_FORCE");
    command
}

/// `sysrec` in a folder, bounded in time.
pub fn sysrec(folder: &Path, arguments: &[&str]) -> Run {
    let bounded = assert_cmd::Command::from_std(command(folder, arguments))
        .timeout(std::time::Duration::from_secs(120))
        .output();
    let output = bounded.expect("it runs and ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What a run printed that has to go well and without a word on stderr.
pub fn stdout_of(folder: &Path, arguments: &[&str]) -> String {
    let run = sysrec(folder, arguments);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}: {}", run.stdout);
    run.stdout
}

/// The one document that such a run printed.
pub fn json_of(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout_of(folder, arguments)).expect("JSON")
}

/// Runs it with a reader that goes away before it has read anything; gives exit code and stderr.
pub fn with_closed_pipe(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(folder, arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("it is a pipe").read_to_string(&mut stderr).expect("output is UTF-8");
    (child.wait().expect("it ends").code(), stderr)
}

/// What it prints on a terminal of so many columns, without colours; `None` where script(1) is missing.
pub fn on_terminal(folder: &Path, columns: u32, arguments: &str) -> Option<String> {
    let command = format!("stty cols {columns} rows 40; {} {arguments}", cargo_bin!("sysrec").display());
    let script = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    if script.is_err() {
        println!("SKIP: script(1) is not here");
    }
    Some(String::from_utf8(script.ok()?.stdout).expect("output is UTF-8"))
}

/// Its output has colours where a variable asks for them, and only there: this is no terminal.
pub fn is_coloured_on_request_only(folder: &Path, arguments: &[&str]) {
    let is_coloured = |variables: &[(&str, &str)]| {
        let mut command = command(folder, arguments);
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        command.output().expect("it runs").stdout.contains(&0x1b)
    };
    assert!(!is_coloured(&[]));
    assert!(is_coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[("NO_COLOR", "1")]));
}
