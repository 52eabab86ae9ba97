//! `sysrec record` on the command line: how it ends, what it refuses with which words, and what it leaves behind.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sysrec_analyzer::Trace;
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::process;
use sysrec_tests::sysrec::{self, record};

/// Records a command in a folder and collects what is said.
fn run(dir: &Path, options: &[&str], command: &[&str]) -> Output {
    let mut line = record(&dir.join("trace"), options);
    line.arg("--").args(command).current_dir(dir).stdin(Stdio::null()).output().expect("sysrec runs")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn whole(dir: &Path) -> Trace {
    let trace = sysrec::open(&dir.join("trace")).expect("a trace");
    sysrec::whole(&trace).expect("whole");
    trace
}

fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn exit_codes_and_signals_are_the_commands() {
    let dir = folder();
    let status = std::fs::read_to_string("/proc/self/status").expect("our own status");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a set of signals");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("hexadecimal");
    for code in [0, 1, 77, 127, 255] {
        let output = run(dir.path(), &["-q"], &["sh", "-c", &format!("exit {code}")]);
        assert_eq!(output.status.code(), Some(code), "{}", words(&output));
    }
    for signal in
        [libc::SIGHUP, libc::SIGINT, libc::SIGKILL, libc::SIGPIPE, libc::SIGALRM, libc::SIGTERM, 34, 64]
    {
        // What this process was told to ignore, the command ignores too.
        if ignored & 1 << (signal - 1) != 0 {
            println!("SKIP: signal {signal} is ignored here");
            continue;
        }
        let output = run(dir.path(), &["-q"], &["sh", "-c", &format!("kill -{signal} $$")]);
        assert_eq!(output.status.signal(), Some(signal), "{} {}", output.status, words(&output));
    }
    whole(dir.path());
}

#[test]
fn a_command_that_dumps_core_does_so_once() {
    let guest = match compile("die_by", Build::C64) {
        Ok(guest) => guest,
        Err(skip) => return println!("{skip}"),
    };
    let dir = folder();
    // The guest forbids itself to dump; sysrec, dying by the same signal, must not in its place.
    let script = "ulimit -c unlimited; exec \"$0\" record -q -o trace -- \"$1\" 11";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(sysrec::binary()).arg(guest).current_dir(dir.path());
    let status = command.stdin(Stdio::null()).status().expect("sh runs");
    assert_eq!((status.signal(), status.core_dumped()), (Some(libc::SIGSEGV), false));
    assert_eq!(files(dir.path()), ["trace"]);
}

#[test]
fn commands_that_cannot_be_run_are_refused_as_by_a_shell() {
    let dir = folder();
    let make = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("its mode");
    };
    make("plain", "text", 0o644);
    make("binary", "\x7fELF but nothing more", 0o755);
    make("script", "#!/no/such/interpreter\n", 0o755);
    let before = files(dir.path());
    for (command, code, said) in [
        ("no-such-command-anywhere", 127, "sysrec: no-such-command-anywhere: command not found in PATH\n"),
        ("./no-such-file", 127, "sysrec: ./no-such-file: No such file or directory\n"),
        ("./plain/below", 127, "sysrec: ./plain/below: Not a directory\n"),
        ("", 127, "command not found"),
        ("./plain", 126, "sysrec: ./plain: Permission denied\n"),
        (".", 126, "sysrec: .: Permission denied\n"),
        (
            "./binary",
            126,
            "sysrec: ./binary: Exec format error: neither a program for this machine nor a script",
        ),
        ("./script", 127, "sysrec: ./script: the interpreter that it names"),
    ] {
        for options in [&[][..], &["-e", "%file"], &["--no-follow"]] {
            let output = run(dir.path(), options, &[command]);
            assert_eq!(output.status.code(), Some(code), "{command} {options:?}: {}", words(&output));
            assert!(words(&output).contains(said), "{command} {options:?}: {}", words(&output));
            assert_eq!(words(&output).lines().count(), 1, "{command} {options:?}: {}", words(&output));
            assert_eq!(files(dir.path()), before, "{command} {options:?}: something was left");
        }
    }
    // What stood there before stands there again.
    assert!(run(dir.path(), &["-q"], &["true"]).status.success());
    let trace = std::fs::read(dir.path().join("trace")).expect("a trace");
    assert_eq!(run(dir.path(), &[], &["./binary"]).status.code(), Some(126));
    assert_eq!(std::fs::read(dir.path().join("trace")).expect("a trace"), trace);
    assert!(!dir.path().join("trace.old").exists());
}

#[test]
fn wrong_usage_ends_with_two() {
    let dir = folder();
    for options in [
        &["-e", "no_such_call"][..],
        &["--duration", "soon"],
        &["--max-calls", "many"],
        &["--max-size", "-1"],
        &["--registers", "some"],
        &["-p", "1"],
        &["-u", "nobody-of-that-name"],
    ] {
        let output = run(dir.path(), options, &["true"]);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", words(&output));
        assert!(files(dir.path()).is_empty(), "{options:?} left {:?}", files(dir.path()));
        assert!(!words(&output).contains("panicked"), "{options:?}: {}", words(&output));
    }
}

#[test]
fn only_traces_make_way_for_a_new_one() {
    let dir = folder();
    let path = dir.path().join("trace");
    assert!(run(dir.path(), &["-q"], &["true"]).status.success());
    let first = std::fs::read(&path).expect("a trace");
    assert!(run(dir.path(), &["-q"], &["true"]).status.success());
    assert_eq!(std::fs::read(dir.path().join("trace.old")).expect("the first one"), first);
    assert_ne!(std::fs::read(&path).expect("the second one"), first);
    assert_eq!(files(dir.path()), ["trace", "trace.old"]);

    // What a recorder left that was killed before it knew anything takes nobody's place.
    let mut begun = first[..8].to_vec();
    begun.resize(4096, 0);
    for begun in [&begun[..], &begun[..8]] {
        std::fs::write(&path, begun).expect("a file");
        assert!(run(dir.path(), &["-q"], &["true"]).status.success());
        assert!(std::fs::read(dir.path().join("trace.old")).expect("the first one") == first);
        assert_eq!(files(dir.path()), ["trace", "trace.old"]);
    }

    let refused = |said: &str| {
        let output = run(dir.path(), &[], &["touch", "it-ran"]);
        assert_eq!(output.status.code(), Some(1), "{}", words(&output));
        assert!(words(&output).contains(said), "{}", words(&output));
        assert_eq!(words(&output).lines().count(), 1, "{}", words(&output));
        assert!(!dir.path().join("it-ran").exists(), "the command ran though nothing could be recorded");
    };
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, "somebody's thesis").expect("written");
    refused("exists and is not a sysrec trace");
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), "somebody's thesis");

    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    refused("is a directory");

    std::fs::remove_dir(&path).expect("removed");
    let name = CString::new(path.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the path is a live C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    refused("is a pipe, socket or device");

    std::fs::remove_file(&path).expect("removed");
    let listener = UnixListener::bind(&path).expect("a socket");
    refused("trace");
    drop(listener);

    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/dev/null", &path).expect("a link");
    refused("is a pipe, socket or device");

    let output = record(Path::new("/no/such/folder/trace"), &["--", "true"]).output().expect("sysrec runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        words(&output)
            .contains("cannot make the trace file /no/such/folder/trace: No such file or directory")
    );
    let output = record(Path::new("/proc/trace"), &["--", "true"]).output().expect("sysrec runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output).contains("cannot make the trace file"), "{}", words(&output));
}

#[test]
fn without_following_only_the_commands_own_task_is_recorded() {
    let dir = folder();
    let output = run(dir.path(), &["-q", "--no-follow"], &["sh", "-c", "/bin/echo child; exit 6"]);
    assert_eq!(output.status.code(), Some(6), "{}", words(&output));
    assert_eq!(output.stdout, b"child\n");
    let trace = whole(dir.path());
    assert_eq!(trace.tasks().len(), 1);
    assert!(trace.calls() > 10);
}

#[test]
fn another_user_can_be_recorded_by_root() {
    if !process::is_root() {
        return println!("SKIP: only root can run as another user");
    }
    let dir = folder();
    let script = "id -u; id -g; grep NoNewPrivs /proc/self/status";
    for options in
        [&["-q", "-u", "nobody"][..], &["-q", "-u", "65534"], &["-q", "-u", "nobody", "-e", "%process"]]
    {
        let output = run(dir.path(), options, &["sh", "-c", script]);
        assert!(output.status.success(), "{}", words(&output));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.starts_with("65534\n65534\n"), "{options:?}: {text}");
        assert!(text.ends_with("NoNewPrivs:\t0\n"), "{options:?}: {text}");
        whole(dir.path());
    }
}

#[test]
fn what_was_recorded_is_said_in_a_line_and_reported_on_request() {
    let dir = folder();
    let output = run(dir.path(), &["--report"], &["true"]);
    assert!(output.status.success(), "{}", words(&output));
    let trace = whole(dir.path());
    let calls = sysrec::calls(&trace).expect("calls").len();
    assert!(
        words(&output).starts_with(&format!("sysrec: {calls} calls of 1 task in ")),
        "{}",
        words(&output)
    );
    assert!(words(&output).contains("nothing lost"), "{}", words(&output));
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("execve") && report.contains("exit_group"), "{report}");
    let output = run(dir.path(), &["-q"], &["true"]);
    assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
}

/// Rust's runtime has opened something in their places by the time that sysrec looks.
#[test]
fn a_command_has_no_more_standard_descriptors_than_sysrec_was_started_with() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let list = |recorder: &str, closed: &str| {
        let output = dir.path().join("list");
        let trace = dir.path().join("trace");
        let script = format!(
            "exec {closed}; {recorder} sh -c 'for fd in 0 1 2; do test -e /proc/self/fd/$fd && echo $fd; done > \"$0\"; :' \
             \"$0\""
        );
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(&output).env("SYSREC", sysrec::binary()).env("TRACE", trace);
        assert!(command.status().expect("sh runs").success());
        std::fs::read_to_string(output).expect("a list")
    };
    for backend in ["ptrace", "inline"] {
        let recorder = format!("\"$SYSREC\" record -q -o \"$TRACE\" --backend {backend} --");
        for closed in ["0<&-", "2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-"] {
            assert_eq!(list("", closed), list(&recorder, closed), "{closed} under {backend}");
        }
    }
}

#[test]
fn a_command_that_does_not_stop_gets_its_cpus_back() {
    let guest = match compile("cpus_given_back", Build::C64) {
        Ok(guest) => guest,
        Err(skip) => return println!("{skip}"),
    };
    if std::thread::available_parallelism().is_ok_and(|cpus| cpus.get() < 2) {
        println!("SKIP: there is but one CPU");
        return;
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("our own status");
    let cpus = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:")).expect("our CPUs").trim();
    let guest = guest.to_str().expect("a path in UTF-8");
    for backend in ["ptrace", "inline"] {
        let dir = folder();
        // None of these is a call of it: no stop says that time passes.
        let output = run(dir.path(), &["-q", "--backend", backend, "-e", "execve"], &[guest, cpus]);
        assert_eq!(output.status.code(), Some(0), "{backend}: {}", words(&output));
    }
}
