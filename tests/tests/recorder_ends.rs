//! How a recording ends before its time: the recorder is killed, asked to end, or has reached a limit. The trace says
//! so, has all that came before, and the program goes on as it should.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sysrec_analyzer::Trace;
use sysrec_format::block::EndReason;
use sysrec_format::event::TaskEnd;
use sysrec_format::layout::Completeness;
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::conform::deviations_when_cut_off;
use sysrec_tests::log::GuestLog;
use sysrec_tests::process::{self, ended, eventually};
use sysrec_tests::run::to_the_end;
use sysrec_tests::strace;
use sysrec_tests::sysrec::{self, record, set_signals};

fn is_long() -> bool {
    std::env::var_os("SYSREC_TEST_LONG").is_some()
}

fn whole(trace: &Path) -> Trace {
    let trace = sysrec::open(trace).expect("a trace");
    sysrec::whole(&trace).expect("whole");
    trace
}

fn end_reason(trace: &Trace) -> EndReason {
    trace.summary().expect("a summary").end_reason
}

/// A command that says "ready" and then waits for the end of its stdin.
struct Recorded {
    recorder: Child,
    dir: tempfile::TempDir,
}

impl Recorded {
    fn start(options: &[&str], command: &[&str]) -> Recorded {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut line = record(&dir.path().join("trace"), options);
        line.arg("--").args(command).current_dir(dir.path());
        line.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut recorder = line.spawn().expect("sysrec runs");
        let mut ready = [0; 6];
        recorder
            .stdout
            .as_mut()
            .expect("piped")
            .read_exact(&mut ready)
            .expect("the command says that it is ready");
        assert_eq!(&ready, b"ready\n");
        Recorded { recorder, dir }
    }

    fn pid(&self) -> i32 {
        self.recorder.id() as i32
    }

    /// What it records.
    fn command(&self) -> i32 {
        *process::children(self.pid()).first().expect("the command")
    }

    fn trace(&self) -> std::path::PathBuf {
        self.dir.path().join("trace")
    }

    /// The rest of stdout, to the end of all who hold it.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        self.recorder.stdout.take().expect("piped").read_to_string(&mut text).expect("text");
        text
    }
}

/// Of a recorder that was killed: they are memory, and stay for a day.
fn remove_rings(trace: &Trace) {
    // Gone already where the test is about that.
    _ = trace.rings_path().map(std::fs::remove_file);
}

impl Drop for Recorded {
    fn drop(&mut self) {
        // SAFETY: a plain system call; the group is that of our own child.
        unsafe { libc::kill(-self.pid(), libc::SIGKILL) };
        // Its end is awaited for order's sake alone.
        _ = self.recorder.wait();
        sysrec::open(&self.trace()).iter().for_each(remove_rings);
    }
}

/// Small and quick numbers without a pattern (xorshift), from a seed that is printed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32 % below
    }
}

#[test]
fn a_killed_recorder_leaves_everything_up_to_then() {
    let mut dice = Dice(u64::from(std::process::id()) << 20 | 1);
    println!("seed {}", dice.0);
    let until = Instant::now() + Duration::from_secs(if is_long() { 120 } else { 8 });
    let (mut rounds, mut cut, mut calls) = (0, 0, 0);
    while rounds < 4 || Instant::now() < until {
        let (name, args, lines) =
            [("fork_tree", "", 2200), ("threads_short", "125", 1500), ("plain_calls", "", 500)][rounds % 3];
        let guest = match compile(name, Build::C64) {
            Ok(guest) => guest,
            Err(skip) => return println!("{skip}"),
        };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (log, trace) = (dir.path().join("log"), dir.path().join("trace"));
        GuestLog::create(&log).expect("a log");
        let options: &[&str] = if rounds % 2 == 0 { &["-q"] } else { &["-q", "--registers", "all"] };
        let mut command = record(&trace, options);
        command.arg("--").arg(guest).args(Some(args).filter(|args| !args.is_empty()));
        command.env("SYSREC_GUEST_LOG", &log).current_dir(dir.path());
        let mut recorder = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("sysrec runs");
        // Before the guest's first call there may be no trace yet.
        let moment = dice.roll(lines).max(1);
        eventually("the guest comes to that moment, or to its end", || {
            let ended = recorder.try_wait().expect("our child").is_some();
            (ended || GuestLog::progress(&log).expect("its log") >= moment).then_some(())
        });
        let before = GuestLog::read(&log).expect("its log");
        recorder.kill().expect("our child");
        // The guest goes on alone; it ends when nobody holds its stdout any more.
        recorder.stdout.take().expect("piped").read_to_end(&mut Vec::new()).expect("to the end");
        let status = recorder.wait().expect("our child");
        let after = GuestLog::read(&log).expect("its log");
        let about = format!("{name}, killed at {moment} of {}", after.calls());
        let trace = sysrec::open(&trace).unwrap_or_else(|error| panic!("{about}: {error}"));
        if status.signal() == Some(libc::SIGKILL)
            && trace.integrity().completeness == Completeness::Unfinished
        {
            cut += 1;
            assert!(!trace.integrity().is_whole(), "{about}: said to be whole");
        }
        assert_eq!(trace.integrity().damages, [], "{about}");
        assert_eq!(trace.layout().verify(trace.file()), [], "{about}");
        let recorded = sysrec::calls(&trace).unwrap_or_else(|error| panic!("{about}: {error}"));
        let deviations = deviations_when_cut_off(&after, &before, &recorded);
        assert!(deviations.is_empty(), "{about}: {} {}", deviations.len(), deviations[0]);
        remove_rings(&trace);
        calls += recorded.len();
        rounds += 1;
    }
    println!("{rounds} rounds, {cut} in the middle, {calls} calls");
    assert!(cut >= 3, "only {cut} of {rounds} recorders were killed in the middle");
}

/// The numbers of a guest that counts its calls in a file.
fn counted(file: &Path) -> [u64; 2] {
    let bytes = std::fs::read(file).unwrap_or_default();
    let number =
        |at: usize| bytes.get(at..at + 8).map_or(0, |word| u64::from_le_bytes(word.try_into().expect("8")));
    [number(0), number(8)]
}

/// What `sysrec` prints, and whether it says that all is well.
fn says(arguments: &[&str], trace: &Path) -> (bool, String) {
    let output = Command::new(sysrec::binary()).args(arguments).arg(trace).output().expect("sysrec runs");
    (output.status.success(), String::from_utf8(output.stdout).expect("text"))
}

/// The getppid calls that a trace has: those that returned, of the command's leader and then of the others by tid, and how
/// many did not. (A thread that is younger than its leader may have a smaller tid: tids begin anew at the kernel's limit.)
fn reported(trace: &Path, leader: i32) -> (Vec<u64>, u64) {
    let (_, text) = says(&["report", "--json", "--by", "thread", "-e", "getppid"], trace);
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = report["rows"].as_array().expect("rows");
    let row = |row: &serde_json::Value| {
        let tid = row["by"]["thread"]["id"].as_i64().expect("a tid");
        (tid != i64::from(leader), tid, row["calls"].as_u64().expect("a number"))
    };
    let mut rows: Vec<_> = rows.iter().map(row).collect();
    rows.sort_unstable();
    let calls = rows.into_iter().map(|(.., calls)| calls).collect();
    (calls, report["total"]["unfinished"].as_u64().expect("a number"))
}

/// Tasks that record their own calls die with the recorder. What it had not read of them is in its rings.
#[test]
fn a_killed_recorder_leaves_rings_that_complete_its_trace() {
    if let Err(skip) = sysrec::offers("inline") {
        return println!("{skip}");
    }
    let guest = match compile("counts_its_calls", Build::C64) {
        Ok(guest) => guest.into_os_string().into_string().expect("a path in UTF-8"),
        Err(skip) => return println!("{skip}"),
    };
    let mut dice = Dice(u64::from(std::process::id()) << 20 | 1);
    println!("seed {}", dice.0);
    let filters: [&[&str]; 2] = [&[], &["-e", "getppid,read"]];
    for round in 0..if is_long() { 60 } else { 6 } {
        let options = [&["-q", "--backend", "inline"], filters[round % 2]].concat();
        let mut recorded = Recorded::start(&options, &[&guest, "counts"]);
        let (counts, trace) = (recorded.dir.path().join("counts"), recorded.trace());
        let command = recorded.command();
        let moment = u64::from(dice.roll(100_000));
        eventually("the guest comes to that moment", || (counted(&counts)[0] >= moment).then_some(()));
        eventually("the sleeper sleeps", || {
            let mut threads = process::threads(command).into_iter();
            threads.find(|&tid| process::state(tid) == Some('S')).map(drop)
        });
        assert!(says(&["verify"], &trace).1.contains("the recorder is at work"), "round {round}");
        recorded.recorder.kill().expect("our child");
        recorded.recorder.wait().expect("our child");
        eventually("all threads are gone", || {
            let alive = |tid: i32| process::state(tid).is_some_and(|state| state != 'Z');
            (!process::threads(command).into_iter().any(alive)).then_some(())
        });
        let made = counted(&counts);
        let (whole, text) = says(&["verify"], &trace);
        assert!(!whole && text.contains("taken from the rings that the recorder left in"), "{text}");
        let (calls, unfinished) = reported(&trace, command);
        for (made, recorded) in made.iter().zip(&calls) {
            // The last one may not have been counted any more.
            assert!((*made..=made + 1).contains(recorded), "round {round}: {made} made, {recorded} recorded");
        }
        assert_eq!(calls.len(), 2);
        let (made, recorded) = (made.iter().sum::<u64>(), calls.iter().sum::<u64>() + unfinished);
        assert!(recorded <= made + 2, "round {round}: {made} made, {recorded} recorded");
        let (_, text) = says(&["replay", "-e", "read"], &trace);
        let sleeping = text.lines().filter(|line| line.contains("read(") && line.contains("= ?")).count();
        assert_eq!(sleeping, 1, "round {round}: the sleeper's call\n{text}");

        // Without its rings, the trace says so and has what had been read.
        let opened = sysrec::open(&trace).expect("a trace");
        std::fs::remove_file(opened.rings_path().expect("a ring file")).expect("it is there");
        let (whole, text) = says(&["verify"], &trace);
        assert!(!whole && text.contains("calls of the last moments may be missing"), "{text}");
        let (fewer, _) = reported(&trace, command);
        assert!(fewer.iter().sum::<u64>() <= calls.iter().sum(), "round {round}");
    }
}

#[test]
fn the_program_outlives_a_killed_recorder_on_all_its_cpus() {
    let guest = match compile("threads_churn", Build::C64) {
        Ok(guest) => guest.into_os_string().into_string().expect("a path in UTF-8"),
        Err(skip) => return println!("{skip}"),
    };
    let own = process::cpus(std::process::id() as i32);
    for _ in 0..if is_long() { 50 } else { 4 } {
        let mut recorded = Recorded::start(&["-q", "--survive"], &[&guest, "1"]);
        let command = recorded.command();
        eventually("the recorder has written", || {
            std::fs::metadata(recorded.trace()).ok().filter(|metadata| metadata.len() > 4096).map(drop)
        });
        recorded.recorder.kill().expect("our child");
        recorded.recorder.wait().expect("our child");
        eventually("every thread is free and has its own CPUs", || {
            let threads = process::threads(command);
            let free = |tid: &i32| process::tracer(*tid).is_none_or(|tracer| tracer == 0);
            let at_home = |tid: &i32| process::cpus(*tid).is_none_or(|cpus| Some(cpus) == own);
            (!threads.is_empty() && threads.iter().all(|tid| free(tid) && at_home(tid))).then_some(())
        });
        drop(recorded.recorder.stdin.take());
        // A sleeping call that was about to begin returns EINTR: the kernel wakes whom a dying tracer leaves.
        let text = recorded.rest();
        assert!(text.ends_with(" failures\n"), "{text}");
        let trace = sysrec::open(&recorded.trace()).expect("a trace");
        assert_eq!(trace.integrity().completeness, Completeness::Unfinished);
    }
}

/// Without its tracer, a call that a net selects fails for ever: so the program dies with the recorder.
#[test]
fn a_program_in_a_net_dies_with_its_recorder() {
    let guest = match compile("threads_churn", Build::C64) {
        Ok(guest) => guest.into_os_string().into_string().expect("a path in UTF-8"),
        Err(skip) => return println!("{skip}"),
    };
    let script = format!("sleep 1000 & {guest} 1; echo it goes on");
    let mut recorded = Recorded::start(&["-q", "-e", "%process"], &["sh", "-c", &script]);
    let family = process::family(recorded.command());
    assert!(family.len() >= 3, "{family:?}");
    recorded.recorder.kill().expect("our child");
    recorded.recorder.wait().expect("our child");
    eventually("all are gone", || {
        let alive = |pid: &i32| process::state(*pid).is_some_and(|state| state != 'Z');
        (!family.iter().any(alive)).then_some(())
    });
    assert_eq!(recorded.rest(), "");
}

const WITHOUT_HANDLER: &[&str] = &["sh", "-c", "echo ready; read line; echo not reached"];
const WITH_HANDLER: &[&str] =
    &["sh", "-c", "trap 'echo caught; exit 7' INT TERM HUP; echo ready; while :; do sleep 0.05; done"];

/// The inner one may trace nobody: neither its command, nor the child by which it measures its own cost.
#[test]
fn a_recorder_that_may_not_trace_says_so_and_leaves_nobody_behind() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let [outer, inner] = ["outer", "inner"].map(|name| dir.path().join(name));
    for backend in ["ptrace", "inline"] {
        let options = ["--backend", backend];
        let mut command = record(&outer, &options);
        command.arg("--").arg(sysrec::binary()).args(["record", "-o"]).arg(&inner).args(options).arg("true");
        let (status, _, stderr) = to_the_end(&mut command, |command| command.spawn()).expect("it ends");
        let words = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(1), "{words}");
        assert!(words.contains("under another tracer, record from outside of it"), "{words}");
        whole(&outer);
    }
}

/// Wherever in its start it is killed: what it leaves is nothing, or a trace, in which nothing may be there yet.
#[test]
fn a_recorder_that_is_killed_as_it_starts_leaves_no_file_in_the_way() {
    if let Err(skip) = strace::available() {
        return println!("{skip}");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let mut kills = 0;
    for call in 1..100 {
        let inject = format!("inject=openat,ftruncate,fallocate,fcntl,pipe2:signal=KILL:when={call}");
        let mut killed = Command::new("strace");
        killed.args(["-qq", "-e", &inject, "-o", "/dev/null"]).arg(sysrec::binary());
        killed.args(["record", "-q", "--backend", "ptrace", "-o"]).arg(&trace).args(["--", "true"]);
        let (status, ..) = to_the_end(&mut killed, |command| command.spawn()).expect("it ends");
        if status.signal() != Some(libc::SIGKILL) {
            break;
        }
        kills += u32::from(trace.exists());
        let again =
            record(&trace, &["-q", "--backend", "ptrace", "--", "true"]).output().expect("sysrec runs");
        assert!(again.status.success(), "call {call}: {}", String::from_utf8_lossy(&again.stderr));
        whole(&trace);
        for name in ["trace", "trace.old"] {
            _ = std::fs::remove_file(dir.path().join(name));
        }
    }
    assert!(kills > 2, "it was never killed with its file there");
}

#[test]
fn where_there_is_no_room_to_begin_nothing_is_left_and_nothing_taken_away() {
    if let Err(skip) = strace::available() {
        return println!("{skip}");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let options = ["-q", "--backend", "ptrace", "--", "true"];
    assert!(record(&trace, &options).status().expect("sysrec runs").success());
    let first = std::fs::read(&trace).expect("a trace");
    let mut full = Command::new("strace");
    full.args(["-qq", "-e", "inject=fallocate:error=ENOSPC", "-o", "/dev/null"]).arg(sysrec::binary());
    full.args(["record", "-o"]).arg(&trace).args(options);
    let (status, _, stderr) = to_the_end(&mut full, |command| command.spawn()).expect("it ends");
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stderr).contains("No space left on device"));
    assert!(std::fs::read(&trace).expect("still there") == first);
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder").count(), 1);
}

/// A program for x86-64 whose only segment lies where no program's can: the kernel kills it inside its execve, when there
/// is nothing left to go back to.
fn deadly_program(dir: &Path) -> std::path::PathBuf {
    let mut file = vec![0_u8; 64 + 56];
    file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    // Ehdr: version, type EXEC, machine, version, entry, program headers at 64, header sizes, one program header.
    put(6, &[1]);
    put(16, &[2, 0, 62, 0, 1, 0, 0, 0]);
    put(24, &0x8000_0000_0000_u64.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(52, &[64, 0, 56, 0, 1, 0]);
    // Phdr: LOAD, readable and executable, address, sizes, alignment.
    put(64, &[1, 0, 0, 0, 5, 0, 0, 0]);
    put(80, &0x8000_0000_0000_u64.to_le_bytes());
    put(96, &120_u64.to_le_bytes());
    put(104, &120_u64.to_le_bytes());
    put(112, &4096_u64.to_le_bytes());
    let path = dir.join("deadly");
    std::fs::write(&path, file).expect("a program");
    let runnable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, runnable).expect("it can be run");
    path
}

#[test]
fn a_command_that_dies_in_its_execve_ends_as_it_would_by_itself() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let program = deadly_program(dir.path());
    // Forked, not spawned by vfork: posix_spawn may report such an end as a failure to start.
    let mut bare = Command::new("sh");
    bare.args(["-c", "exec \"$0\""]).arg(&program);
    assert_eq!(bare.status().expect("sh runs").signal(), Some(libc::SIGSEGV));
    for backend in ["ptrace", "inline"] {
        let trace = dir.path().join(backend);
        let output = record(&trace, &["-q", "--backend", backend, "--"]).arg(&program).output();
        let output = output.expect("sysrec runs");
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.signal(), words.as_ref()), (Some(libc::SIGSEGV), ""), "{}", output.status);
        let trace = whole(&trace);
        let end = trace.tasks().iter().find_map(|task| task.end);
        assert!(matches!(end, Some(TaskEnd::Killed { signo: libc::SIGSEGV, .. })), "{end:?}");
    }
}

#[test]
fn a_signal_sent_to_the_recorder_is_the_commands() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let mut recorded = Recorded::start(&["-q"], WITHOUT_HANDLER);
        process::send(recorded.pid(), signal);
        let status = ended(&mut recorded.recorder);
        assert_eq!(status.signal(), Some(signal), "{status}");
        assert_eq!(recorded.rest(), "");
        let trace = whole(&recorded.trace());
        assert_eq!(
            trace.tasks().get(sysrec_format::event::TaskId(0)).and_then(|task| task.end),
            Some(TaskEnd::Killed { signo: signal, core_dumped: false })
        );

        let mut recorded = Recorded::start(&["-q"], WITH_HANDLER);
        process::send(recorded.pid(), signal);
        let status = ended(&mut recorded.recorder);
        assert_eq!(status.code(), Some(7), "{status}");
        assert_eq!(recorded.rest(), "caught\n");
        whole(&recorded.trace());
    }
}

#[test]
fn a_signal_to_an_attached_recorder_ends_the_recording_alone() {
    // The last: as a script's background job, which a script ends with `kill -INT $!`.
    let cases =
        [(libc::SIGTERM, libc::SIG_DFL), (libc::SIGINT, libc::SIG_DFL), (libc::SIGINT, libc::SIG_IGN)];
    for (signal, disposition) in cases {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("trace");
        let mut target = Command::new("sleep").arg("1000").spawn().expect("sleep runs");
        let pid = target.id() as i32;
        let mut line = record(&path, &["-q", "-p", &pid.to_string()]);
        set_signals(&mut line, disposition);
        let mut recorder = line.spawn().expect("sysrec runs");
        let recorder_pid = recorder.id() as i32;
        eventually("it is attached to", || (process::tracer(pid) == Some(recorder_pid)).then_some(()));
        process::send(recorder_pid, signal);
        let status = ended(&mut recorder);
        assert_eq!(status.code(), Some(0), "{status}");
        assert_eq!(process::tracer(pid), Some(0));
        assert_eq!(end_reason(&whole(&path)), EndReason::INTERRUPTED);
        assert_eq!(target.try_wait().expect("our child"), None, "it lives on");
        target.kill().expect("our child");
        target.wait().expect("our child");
    }
}

/// Runs sysrec as the foreground of a terminal of its own.
struct Terminal {
    master: File,
    child: Child,
    dir: tempfile::TempDir,
}

impl Terminal {
    fn start(command: &[&str]) -> Terminal {
        let (mut master, mut slave) = (0, 0);
        let none = std::ptr::null_mut();
        // SAFETY: both descriptors are live; the other three may be null (openpty(3)).
        let result = unsafe { libc::openpty(&mut master, &mut slave, none, none.cast(), none.cast()) };
        assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: both were opened just now and belong to nobody else.
        let (master, slave) = unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        // SAFETY: a plain system call.
        unsafe { libc::fcntl(master.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut line = record(&dir.path().join("trace"), &[]);
        line.arg("--").args(command).current_dir(dir.path());
        let fd = slave.as_raw_fd();
        // SAFETY: login_tty makes five plain system calls (setsid, TIOCSCTTY, dup2) and touches no memory.
        unsafe {
            line.pre_exec(move || match libc::login_tty(fd) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let child = line.spawn().expect("sysrec runs");
        Terminal { master: File::from(master), child, dir }
    }

    /// Reads what is shown until that is there, or to the end.
    fn shows(&mut self, wanted: &str) -> String {
        let mut text = String::new();
        let mut bytes = [0; 1024];
        while !text.contains(wanted) {
            // EIO: nobody holds the other end any more.
            match self.master.read(&mut bytes) {
                Ok(count @ 1..) => text.push_str(&String::from_utf8_lossy(&bytes[..count])),
                _ => break,
            }
        }
        assert!(text.contains(wanted), "the terminal shows {text:?}, not {wanted:?}");
        text
    }
}

#[test]
fn ctrl_c_reaches_the_command_and_the_trace_is_whole() {
    let mut terminal = Terminal::start(WITH_HANDLER);
    terminal.shows("ready");
    terminal.master.write_all(b"\x03").expect("typed");
    terminal.shows("caught");
    let status = ended(&mut terminal.child);
    assert_eq!(status.code(), Some(7), "{status}");
    whole(&terminal.dir.path().join("trace"));

    let mut terminal = Terminal::start(WITHOUT_HANDLER);
    terminal.shows("ready");
    terminal.master.write_all(b"\x03").expect("typed");
    let status = ended(&mut terminal.child);
    assert_eq!(status.signal(), Some(libc::SIGINT), "{status}");
    whole(&terminal.dir.path().join("trace"));
}

/// A program that takes Ctrl-C for something else, as a shell or an editor does, is not ended by it, nor recorded less.
#[test]
fn ctrl_c_does_not_end_the_recording_of_a_command_that_goes_on() {
    let script =
        "trap 'echo caught' INT; echo ready; while read line; do [ \"$line\" = end ] && exit 5; done; exit 6";
    let python = "import signal, sys\n\
        signal.signal(signal.SIGINT, lambda *_: print('caught', flush=True))\n\
        print('ready', flush=True)\n\
        while sys.stdin.readline() != 'end\\n': pass\n\
        sys.exit(5)";
    let command: &[&str] = if Command::new("python3").arg("-V").output().is_ok() {
        &["python3", "-c", python]
    } else {
        &["sh", "-c", script]
    };
    let mut terminal = Terminal::start(command);
    terminal.shows("ready");
    for _ in 0..3 {
        terminal.master.write_all(b"\x03").expect("typed");
        terminal.shows("caught");
    }
    terminal.master.write_all(b"end\n").expect("typed");
    let status = ended(&mut terminal.child);
    assert_eq!(status.code(), Some(5), "{status}");
    let trace = whole(&terminal.dir.path().join("trace"));
    assert_eq!(end_reason(&trace), EndReason::PROCESSES_ENDED);
}

/// The options that end a recording early leave the command going on to its own end, which is passed on.
#[test]
fn limits_end_the_recording_and_not_the_command() {
    let guest = match compile("threads_churn", Build::C64) {
        Ok(guest) => guest.into_os_string().into_string().expect("a path in UTF-8"),
        Err(skip) => return println!("{skip}"),
    };
    for filter in [&[][..], &["-e", "epoll_wait,clone3"]] {
        for limit in [["--duration", "100ms"], ["--max-calls", "500"], ["--max-size", "300k"]] {
            let options = [&["-q"], filter, &limit[..]].concat();
            let script = format!("{guest} 1; exit 9");
            let mut recorded = Recorded::start(&options, &["sh", "-c", &script]);
            let trace = recorded.trace();
            eventually("the trace is closed", || {
                let trace = sysrec::open(&trace).ok()?;
                (trace.integrity().completeness == Completeness::Complete).then_some(())
            });
            assert_eq!(
                recorded.recorder.try_wait().expect("our child"),
                None,
                "sysrec stays with its command"
            );
            drop(recorded.recorder.stdin.take());
            let text = recorded.rest();
            assert_eq!(text, "0 failures\n", "{options:?}");
            let status = ended(&mut recorded.recorder);
            assert_eq!(status.code(), Some(9), "{options:?}: {status}");
            let opened = whole(&trace);
            assert_eq!(end_reason(&opened), EndReason::LIMIT, "{options:?}");
            match limit[0] {
                "--max-calls" => {
                    let most = 500 + opened.tasks().len() as u64;
                    assert!((500..=most).contains(&opened.calls()), "{options:?}: {} calls", opened.calls());
                }
                "--max-size" => {
                    let bytes = std::fs::metadata(&trace).expect("a file").len();
                    assert!(bytes <= 300_000, "{options:?}: {bytes} bytes");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn processes_that_outlive_the_command_are_recorded_to_their_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("trace");
    let script =
        "(setsid sh -c 'while kill -0 $0 2>/dev/null; do sleep 0.05; done; echo late > late' $$ &) ; exit 4";
    let mut command = record(&path, &["-q"]);
    command.args(["--", "sh", "-c", script]).current_dir(dir.path()).stdout(Stdio::null());
    let status = ended(&mut command.spawn().expect("sysrec runs"));
    assert_eq!(status.code(), Some(4), "{status}");
    assert_eq!(
        std::fs::read_to_string(dir.path().join("late")).expect("written before sysrec ended"),
        "late\n"
    );
    let trace = whole(&path);
    let ends = trace.tasks().iter().filter(|task| matches!(task.end, Some(TaskEnd::Exited { .. }))).count();
    assert_eq!(ends, trace.tasks().len(), "all to their end");
    assert_eq!(end_reason(&trace), EndReason::PROCESSES_ENDED);
}

#[test]
fn without_waiting_the_rest_is_let_go_when_the_command_ends() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("trace");
    let mut command = record(&path, &["-q", "--no-wait"]);
    command.args(["--", "sh", "-c", "sleep 1000 & echo $! > pid; exit 3"]).current_dir(dir.path());
    let mut recorder = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("sysrec runs");
    let status = ended(&mut recorder);
    assert_eq!(status.code(), Some(3), "{status}");
    let pid = std::fs::read_to_string(dir.path().join("pid")).expect("its pid");
    let pid: i32 = pid.trim().parse().expect("a number");
    assert_eq!(process::tracer(pid), Some(0), "it lives, untraced");
    eventually("it sleeps on", || (process::state(pid) == Some('S')).then_some(()));
    process::send(pid, libc::SIGKILL);
    let trace = whole(&path);
    assert_eq!(end_reason(&trace), EndReason::COMMAND_ENDED);
    assert!(trace.tasks().iter().any(|task| task.end == Some(TaskEnd::Detached)));
}
