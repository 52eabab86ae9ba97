//! The kernel's count and strace's agree, to the call, on real programs: so both, and the rule between them, hold.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sysrec_tests::oracle::{Oracle, Scope, compare};
use sysrec_tests::{run, strace};

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a shell command under strace beside the kernel's count, and compares.
fn agree_on(name: &str, script: &str) {
    let oracle = match Oracle::new() {
        Ok(oracle) => oracle,
        Err(error) => return println!("SKIP: {name}: {error}"),
    };
    if let Err(skip) = strace::available() {
        return println!("{name}: {skip}");
    }
    let program = script.split_whitespace().next().expect("a command");
    if !found(program) {
        return println!("SKIP: {name}: {program} is not installed");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = dir.path().join("strace");
    let words = strace::command_line(&output);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["sh", "-c", script]).current_dir(dir.path());
    let (status, stdout, stderr) =
        run::to_the_end(&mut command, |command| oracle.spawn(command, Scope::Tracee)).expect("the run ends");
    let text = [stdout, stderr].concat();
    assert!(status.success(), "{name}: {status}\n{}", String::from_utf8_lossy(&text));
    let kernel = oracle.finish(PATIENCE).expect("a count that can be trusted");
    let recorded = strace::counts(&strace::read(&output).expect("strace's text"));
    let differences: Vec<_> = compare(&recorded, &kernel).iter().map(ToString::to_string).collect();
    assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n"));
    let calls: u64 = recorded.values().sum();
    assert!(calls > 100, "{name}: only {calls} calls");
    println!("{name}: {calls} calls of {} numbers, no difference", recorded.len());
}

fn found(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|dir: std::path::PathBuf| dir.join(program).exists())
}

#[test]
fn ls() {
    agree_on("ls", "ls -lR /usr/include/linux");
}

#[test]
fn git() {
    agree_on(
        "git",
        "git init -q r && cd r && git config user.email a@b && git config user.name n && seq 1000 > f && git add f && \
         git commit -qm m && git log --stat && git status && git gc -q",
    );
}

#[test]
fn compiler() {
    agree_on("gcc", "gcc -O1 -x c - -o a -pthread <<< 'int main(void) { return 0; }' 2> /dev/null || \
         { echo 'int main(void) { return 0; }' > a.c && gcc -O1 a.c -o a && ./a; }");
}

#[test]
fn python() {
    agree_on(
        "python3",
        "python3 -c 'import json, threading, subprocess; subprocess.run([\"true\"]); \
         [threading.Thread(target=json.dumps, args=([1],)).start() for i in range(30)]'",
    );
}

#[test]
fn pipeline() {
    agree_on("tar and gzip", "tar -cf - -C /usr/include linux | gzip -1 | gzip -dc | tar -tf - | wc -l");
}

#[test]
fn shell_with_many_processes() {
    agree_on("sh", "for i in $(seq 100); do (echo $i | cat | cat) & done; wait");
}

#[test]
fn redis() {
    agree_on(
        "redis-server",
        "redis-server --port 0 --unixsocket s --save '' --daemonize no > /dev/null & \
         until redis-cli -s s ping > /dev/null 2>&1; do :; done; \
         seq 300 | sed 's/^/set k/; s/$/ v/' | redis-cli -s s > /dev/null; redis-cli -s s shutdown nosave; wait",
    );
}

#[test]
fn the_count_sees_a_call_that_a_recording_lacks() {
    let (oracle, dir) = match (Oracle::new(), tempfile::tempdir()) {
        (Ok(oracle), Ok(dir)) if strace::available().is_ok() => (oracle, dir),
        _ => return println!("SKIP: no kernel count or no strace here"),
    };
    let output = dir.path().join("strace");
    let words = strace::command_line(&output);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg("true");
    run::to_the_end(&mut command, |command| oracle.spawn(command, Scope::Tracee)).expect("the run ends");
    let kernel = oracle.finish(PATIENCE).expect("a count");
    let mut calls = strace::read(Path::new(&output)).expect("strace's text");
    assert_eq!(compare(&strace::counts(&calls), &kernel), [], "{}", fs::read_to_string(&output).unwrap_or_default());
    let lost = calls.pop().expect("a call");
    let found = compare(&strace::counts(&calls), &kernel);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].abi, found[0].nr), (lost.abi, lost.nr));
}

#[test]
fn counts_running_at_the_same_time_do_not_mix() {
    let (first, second) = match (Oracle::new(), Oracle::new()) {
        (Ok(first), Ok(second)) => (first, second),
        _ => return println!("SKIP: no kernel count here"),
    };
    let count = |oracle: Oracle, seconds: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("for i in $(seq {seconds}); do /bin/true; done")]);
        run::to_the_end(&mut command, |command| oracle.spawn(command, Scope::Command)).expect("the run ends");
        let counts = oracle.finish(PATIENCE).expect("a count");
        let exec = counts[&(sysrec_format::event::Abi::X86_64, libc::SYS_execve as i32)];
        exec.entered + exec.first_exec
    };
    let other = std::thread::spawn(move || count(second, "40"));
    assert_eq!(count(first, "25"), 1 + 1 + 25);
    assert_eq!(other.join().expect("no panic"), 1 + 1 + 40);
}
