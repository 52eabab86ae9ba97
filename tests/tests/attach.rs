//! Attaching to running programs and letting go of them again does not show, misses nobody, and is refused with
//! reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_format::event::{EventBody, Origin, TaskEnd};
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::guests::named;
use sysrec_tests::process::{self, ended, eventually};
use sysrec_tests::run::{RunError, Waiting};
use sysrec_tests::sysrec::{self, record};

/// The guest, ready; `None` where it cannot be had.
fn start(name: &str, args: &[&str]) -> Option<Waiting> {
    match Waiting::start(named(name), args) {
        Ok(waiting) => Some(waiting),
        Err(RunError::Skip(skip)) => {
            println!("{skip}");
            None
        }
        Err(RunError::Failed(error)) => panic!("{name}: {error}"),
    }
}

fn list(pids: &[i32]) -> String {
    pids.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// Attaches to `pids` in the background.
fn attach(trace: &Path, pids: &[i32], options: &[&str]) -> Child {
    let mut command = record(trace, options);
    command.args(["-q", "-p", &list(pids)]).stdin(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("sysrec runs")
}

/// Attaches for a time and lets go.
fn attach_for(trace: &Path, pids: &[i32], duration: &str) -> Output {
    attach(trace, pids, &["--duration", duration]).wait_with_output().expect("sysrec ends")
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// The trace, which must be whole.
fn whole(trace: &Path) -> Trace {
    let trace = sysrec::open(trace).expect("a trace");
    sysrec::whole(&trace).expect("whole");
    trace
}

/// How many rounds of attaching and detaching, or for how long.
fn is_long() -> bool {
    std::env::var_os("SYSREC_TEST_LONG").is_some()
}

/// A task with its state, tracer and CPUs.
type Condition = (i32, Option<char>, Option<i32>, Option<String>);

/// What the tasks of these processes are, for the comparison of before and after.
fn condition(pids: &[i32]) -> Vec<Condition> {
    let tids = pids.iter().flat_map(|&pid| process::threads(pid));
    tids.map(|tid| (tid, process::state(tid), process::tracer(tid), process::cpus(tid))).collect()
}

#[test]
fn sleeping_calls_go_on_as_if_nobody_had_been_there() {
    // The two that sleep by the clock must not end before the last round has begun.
    let (nap, rounds_for) =
        if is_long() { ("70", Duration::from_secs(60)) } else { ("12", Duration::from_secs(5)) };
    let Some(mut guest) = start("blocked_calls", &[nap]) else { return };
    let family = process::family(guest.pid());
    assert!(family.len() > 25, "{family:?}");
    let before = eventually("all of them sleep", || {
        let before = condition(&family);
        before.iter().all(|(_, state, ..)| *state == Some('S')).then_some(before)
    });
    let began = Instant::now();
    let mut rounds = 0;
    while began.elapsed() < rounds_for {
        let trace = guest.dir().join("trace");
        let duration = ["0ms", "5ms", "500ms"][rounds % 3];
        succeeds(&attach_for(&trace, &family, duration));
        let trace = whole(&trace);
        if duration == "500ms" {
            assert_eq!(trace.tasks().len(), family.len());
        } else {
            // The time may be over before everybody was attached to.
            assert!(trace.tasks().len() <= family.len(), "{} tasks", trace.tasks().len());
        }
        assert!(trace.tasks().iter().all(|task| task.origin == Some(Origin::ATTACH)));
        assert!(trace.tasks().iter().all(|task| task.end == Some(TaskEnd::Detached)));
        // A task that was let go needs its CPU once to fall asleep again.
        let deadline = Instant::now() + Duration::from_secs(5);
        while condition(&family) != before && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(condition(&family), before, "after round {rounds}: task, state, tracer, CPUs");
        rounds += 1;
    }
    println!("{rounds} rounds on {} processes", family.len());
    let (status, text) = guest.finish().expect("it ends");
    let (bare_status, bare) =
        start("blocked_calls", &["1"]).expect("it started before").finish().expect("it ends");
    assert_eq!((status, text), (bare_status, bare));
}

/// What a thread of threads_churn says of itself: its calls of epoll_wait, by the thread's id.
fn logged_calls(text: &str) -> BTreeMap<i32, Vec<u64>> {
    let mut logged: BTreeMap<i32, Vec<u64>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((tid, time_ns)) = line.split_once(' ')
            && let (Ok(tid), Ok(time_ns)) = (tid.parse(), time_ns.parse())
        {
            logged.entry(tid).or_default().push(time_ns);
        }
    }
    logged.values_mut().for_each(|times| times.sort_unstable());
    logged
}

/// Of each task, when its recorded calls of epoll_wait began.
fn recorded_waits(trace: &Trace) -> BTreeMap<u32, Vec<u64>> {
    let mut waits: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for item in Timeline::new(trace, &Selection::default()) {
        let (task, entry) = match item {
            Item::Call(call) => (Some(call.task), call.entry),
            Item::Event(event) => match event.body {
                EventBody::Unfinished { entry, .. } => (event.task, entry),
                _ => continue,
            },
            Item::Damage(damage) => panic!("{damage:?}"),
        };
        if i64::from(entry.nr) == libc::SYS_epoll_wait {
            waits.entry(task.expect("a task").0).or_default().push(entry.time_ns);
        }
    }
    waits
}

/// Each thread makes its successor, also while the recorder comes. From the last attaching on, every call of every
/// thread is there: a thread that was overlooked would have had successors that no task of the trace is; and what a task
/// has is the end of what its thread did, without a gap, or for a thread that was born under recording all of it.
#[test]
fn no_thread_is_missed_while_threads_come_and_go() {
    let until = Instant::now() + Duration::from_secs(if is_long() { 60 } else { 6 });
    let mut rounds = 0;
    while rounds < 2 || Instant::now() < until {
        let Some(mut guest) = start("threads_churn", &["1", "log"]) else { return };
        let path = guest.dir().join("trace");
        let mut recorder = attach(&path, &[guest.pid()], &[]);
        let recorder_pid = recorder.id() as i32;
        let mut seen = BTreeSet::new();
        eventually("many threads have come and gone under the recorder", || {
            let traced = |tid: &i32| process::tracer(*tid) == Some(recorder_pid);
            seen.extend(process::threads(guest.pid()).into_iter().filter(traced));
            (seen.len() > 60).then_some(())
        });
        let (status, text) = guest.finish().expect("it ends");
        assert!(status.success(), "{status}: {text}");
        assert!(text.starts_with("0 failures\n"), "{}", text.lines().next().unwrap_or_default());
        assert!(ended(&mut recorder).success());
        judge_churn(&path, &text);
        rounds += 1;
    }
    println!("{rounds} rounds");
}

fn judge_churn(path: &Path, text: &str) {
    let trace = whole(path);
    let (mut logged, recorded) = (logged_calls(text), recorded_waits(&trace));
    let attached = trace.tasks().iter().filter(|task| task.origin == Some(Origin::ATTACH));
    let attached_ns = attached.filter_map(|task| task.start_ns).max().expect("somebody was attached to");
    let (mut whole_threads, mut compared) = (0, 0);
    for task in trace.tasks().iter() {
        let none = Vec::new();
        let waits = recorded.get(&task.id.0).unwrap_or(&none);
        let (start_ns, end_ns) = (task.start_ns.expect("a start"), task.end_ns.expect("an end"));
        // A tid may be used again: what was logged belongs to the task that lived then.
        let life = if task.origin == Some(Origin::ATTACH) { 0..end_ns } else { start_ns..end_ns };
        let mut own = Vec::new();
        if let Some(times) = logged.get_mut(&task.tid) {
            (own, *times) = times.iter().partition(|time_ns| life.contains(time_ns));
        }
        let born = task.origin == Some(Origin::CLONE);
        assert!(waits.len() <= own.len(), "{task:?}: {} recorded, {} made", waits.len(), own.len());
        let unseen = own.len() - waits.len();
        if born {
            assert_eq!(
                unseen,
                0,
                "{task:?} was born under recording: {} recorded, {} made",
                waits.len(),
                own.len()
            );
            whole_threads += 1;
        }
        // Each was logged just before it was made, so that the times lie between each other.
        for (index, &begin_ns) in waits.iter().enumerate() {
            let after_own = own[unseen + index] <= begin_ns;
            let before_next = own.get(unseen + index + 1).is_none_or(|&next_ns| begin_ns <= next_ns);
            assert!(
                after_own && before_next,
                "{task:?}: call {index} of {} is not the one it should be",
                waits.len()
            );
        }
        compared += waits.len();
    }
    let missed: Vec<_> =
        logged.iter().flat_map(|(tid, times)| times.iter().map(move |time_ns| (tid, time_ns))).collect();
    let missed: Vec<_> = missed.into_iter().filter(|&(_, &time_ns)| time_ns > attached_ns).collect();
    assert!(missed.is_empty(), "calls of threads that nobody saw: {missed:?}");
    assert!(
        whole_threads > 0 && compared > 100,
        "{whole_threads} threads, {compared} calls: too little to judge by"
    );
}

#[test]
fn threads_that_come_and_go_are_let_go_in_the_middle_of_it() {
    let Some(mut guest) = start("threads_churn", &["1"]) else { return };
    let path = guest.dir().join("trace");
    let until = Instant::now() + Duration::from_secs(if is_long() { 60 } else { 4 });
    let mut rounds = 0;
    while rounds < 3 || Instant::now() < until {
        succeeds(&attach_for(&path, &[guest.pid()], ["1ms", "20ms", "60ms"][rounds % 3]));
        whole(&path);
        for tid in process::threads(guest.pid()) {
            assert_eq!(process::tracer(tid).unwrap_or(0), 0, "{tid} is still traced");
        }
        rounds += 1;
    }
    println!("{rounds} rounds");
    let (status, text) = guest.finish().expect("it ends");
    assert!(status.success(), "{status}: {text}");
    assert_eq!(text, "0 failures\n");
}

#[test]
fn a_stopped_process_stays_stopped() {
    let Some(mut guest) = start("threads_churn", &["1"]) else { return };
    let path = guest.dir().join("trace");
    for round in 0..6 {
        let all_are = |state: char| {
            let states: Vec<_> =
                process::threads(guest.pid()).into_iter().filter_map(process::state).collect();
            (!states.is_empty() && states.iter().all(|&is| is == state)).then_some(())
        };
        process::send(guest.pid(), libc::SIGSTOP);
        eventually("all threads are stopped", || all_are('T'));
        succeeds(&attach_for(&path, &[guest.pid()], ["0ms", "30ms"][round % 2]));
        let trace = whole(&path);
        let stopped: usize = Timeline::new(&trace, &Selection::default())
            .filter(|item| matches!(item, Item::Event(event) if matches!(event.body, EventBody::Stop { .. })))
            .count();
        println!("round {round}: {} tasks, {stopped} stops recorded", trace.tasks().len());
        eventually("all threads are stopped as before", || all_are('T'));
        process::send(guest.pid(), libc::SIGCONT);
        eventually("it runs again", || all_are('T').is_none().then_some(()));
    }
    let (status, text) = guest.finish().expect("it ends");
    assert!(status.success(), "{status}: {text}");
    // By itself, an epoll_wait that is stopped and continued returns EINTR (signal(7)).
    assert!(text.ends_with(" failures\n"), "{text}");
}

/// A process that is stopped and continued while it is recorded: as its parent sees it.
#[test]
fn a_process_that_is_recorded_stops_and_continues() {
    let Some(mut guest) = start("threads_churn", &["1"]) else { return };
    let path = guest.dir().join("trace");
    let mut recorder = attach(&path, &[guest.pid()], &[]);
    let recorder_pid = recorder.id() as i32;
    eventually("it is traced", || (process::tracer(guest.pid()) == Some(recorder_pid)).then_some(()));
    for _ in 0..3 {
        process::send(guest.pid(), libc::SIGSTOP);
        assert_eq!(guest.waits_for(libc::WSTOPPED).expect("a stop"), (libc::CLD_STOPPED, libc::SIGSTOP));
        process::send(guest.pid(), libc::SIGCONT);
        assert_eq!(
            guest.waits_for(libc::WCONTINUED).expect("it goes on"),
            (libc::CLD_CONTINUED, libc::SIGCONT)
        );
        // One of its threads does. A stop that comes before the others have gone on is no new one to them.
        eventually("its first thread goes on", || (process::state(guest.pid()) != Some('t')).then_some(()));
    }
    let (status, text) = guest.finish().expect("it ends");
    assert!(status.success(), "{status}: {text}");
    assert!(ended(&mut recorder).success());
    let trace = whole(&path);
    let count = |wanted: fn(&EventBody) -> bool| {
        Timeline::new(&trace, &Selection::default())
            .filter(|item| matches!(item, Item::Event(event) if wanted(&event.body)))
            .count()
    };
    assert!(count(|body| matches!(body, EventBody::Stop { .. })) >= 3);
    assert!(count(|body| matches!(body, EventBody::Continue)) >= 3);
}

#[test]
fn a_server_under_load_is_not_harmed() {
    const REQUESTS: usize = 100_000;
    let rounds_max = if is_long() { 1000 } else { 12 };
    let (server, client) = match (compile("server_pool", Build::C64), compile("echo_client", Build::C64)) {
        (Ok(server), Ok(client)) => (server, client),
        (Err(skip), _) | (_, Err(skip)) => return println!("{skip}"),
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut server = Command::new(server)
        .arg(REQUESTS.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(server.stdout.take().expect("piped")));
    let port = lines.next().expect("a line").expect("text");
    let port = port.strip_prefix("port ").expect("its port").to_owned();
    let mut client = Command::new(client)
        .args([&port, "4", &(REQUESTS / 4).to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let (mut calls, mut rounds, mut tasks_max) = (0, 0, 0);
    let path = dir.path().join("trace");
    while rounds < rounds_max && client.try_wait().expect("our child").is_none() {
        let output = attach_for(&path, &[server.id() as i32], "50ms");
        if client.try_wait().expect("our child").is_some() {
            // The server may have been about to end.
            break;
        }
        succeeds(&output);
        let trace = whole(&path);
        tasks_max = tasks_max.max(trace.tasks().len());
        calls += trace.calls();
        rounds += 1;
    }
    let client = client.wait_with_output().expect("it ends");
    let answers = String::from_utf8_lossy(&client.stdout);
    if !client.status.success() {
        server.kill().expect("our child");
    }
    let status = ended(&mut server);
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(client.status.success(), "{}: {answers}{rest:?}", client.status);
    assert!(status.success(), "{status}: {rest:?}");
    assert_eq!(tasks_max, 9, "the main thread and eight workers");
    assert_eq!(rest, [format!("{REQUESTS} served, 0 failures, client ended with 0")]);
    println!("{calls} calls in {rounds} rounds");
    assert!(calls > 100, "{calls} calls");
}

/// Runs `sysrec record -p PID` where that must fail, and gives its words.
fn refused(mut command: Command, trace: &Path) -> String {
    let output = command.output().expect("sysrec runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(!trace.exists(), "a trace of nothing was left: {words}");
    assert_eq!(words.lines().count(), 1, "{words}");
    words
}

fn attempt(trace: &Path, pid: i32) -> Command {
    let mut command = record(trace, &["-p", &pid.to_string()]);
    command.stdin(Stdio::null());
    command
}

fn sleeper() -> Child {
    Command::new("sleep").arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("sleep runs")
}

fn end(mut child: Child) {
    child.kill().expect("our child");
    child.wait().expect("our child");
}

#[test]
fn a_process_that_is_not_there_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let mut gone = Command::new("true").spawn().expect("true runs");
    gone.wait().expect("our child");
    let pid = gone.id() as i32;
    assert_eq!(
        refused(attempt(&trace, pid), &trace),
        format!("sysrec: cannot attach to process {pid}: there is no such process\n")
    );
    assert!(refused(attempt(&trace, i32::MAX), &trace).contains("there is no such process"));
}

#[test]
fn the_recorder_refuses_itself() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let mut command = Command::new("sh");
    // exec keeps the pid of the shell.
    command.args(["-c", "exec \"$0\" record -o \"$1\" -p $$"]).arg(sysrec::binary()).arg(&trace);
    assert!(refused(command, &trace).ends_with(": that is sysrec itself\n"));
}

#[test]
fn a_zombie_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let mut zombie = Command::new("true").spawn().expect("true runs");
    let pid = zombie.id() as i32;
    eventually("it has ended", || (process::state(pid) == Some('Z')).then_some(()));
    let words = refused(attempt(&trace, pid), &trace);
    assert!(words.contains("it has exited already"), "{words}");
    zombie.wait().expect("our child");
}

#[test]
fn a_kernel_thread_is_refused() {
    if process::status_field(2, "Kthread").as_deref() != Some("1") {
        return println!("SKIP: no kernel thread to be seen with pid 2");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let words = refused(attempt(&trace, 2), &trace);
    assert!(words.contains("it is a kernel thread"), "{words}");
}

#[test]
fn a_process_that_somebody_traces_is_refused_and_stays_with_its_tracer() {
    if sysrec_tests::strace::available().is_err() {
        return println!("SKIP: strace is not installed");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let target = sleeper();
    let pid = target.id() as i32;
    let mut tracer = Command::new("strace");
    tracer.args(["-o", "/dev/null", "-p", &pid.to_string()]).stderr(Stdio::null());
    let mut tracer = tracer.spawn().expect("strace runs");
    let tracer_pid = tracer.id() as i32;
    eventually("strace has it", || (process::tracer(pid) == Some(tracer_pid)).then_some(()));
    let words = refused(attempt(&trace, pid), &trace);
    assert!(words.contains(&format!("it is traced already, by process {tracer_pid} (strace)")), "{words}");
    assert_eq!(process::tracer(pid), Some(tracer_pid));
    process::send(tracer_pid, libc::SIGTERM);
    ended(&mut tracer);
    end(target);
}

#[test]
fn another_users_process_is_refused() {
    if !process::is_root() {
        return println!("SKIP: only root can run as two users");
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    // The other user must get at sysrec and at a folder of its own.
    let binary = dir.path().join("sysrec");
    std::fs::copy(sysrec::binary(), &binary).expect("a copy");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(dir.path(), mode).expect("open to all");
    let trace = dir.path().join("trace");
    let target = sleeper();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary);
    command.arg("record").arg("-o").arg(&trace).args(["-p", &target.id().to_string()]);
    let words = refused(command, &trace);
    assert!(
        words.contains("it belongs to another user (uid 0); run sysrec as that user or as root"),
        "{words}"
    );
    end(target);
}

#[test]
fn when_one_of_several_is_refused_the_others_are_let_go_unharmed() {
    let Some(mut guest) = start("threads_churn", &["1"]) else { return };
    let trace = guest.dir().join("trace");
    let mut gone = Command::new("true").spawn().expect("true runs");
    gone.wait().expect("our child");
    let before = process::cpus(guest.pid());
    let mut command = record(&trace, &["-p", &list(&[guest.pid(), gone.id() as i32])]);
    command.stdin(Stdio::null());
    assert!(refused(command, &trace).contains("there is no such process"));
    assert!(process::threads(guest.pid()).into_iter().all(|tid| process::tracer(tid).unwrap_or(0) == 0));
    assert_eq!(process::cpus(guest.pid()), before);
    let (status, text) = guest.finish().expect("it ends");
    assert!(status.success(), "{status}: {text}");
    assert_eq!(text, "0 failures\n");
}
