//! What `/proc` says of running processes, and waiting until it says something else.

use std::fs;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer, however busy the machine: it will not come any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When that takes too long.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for the end of a child.
///
/// # Panics
/// When it does not end; it is killed then.
pub fn ended(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            return status;
        }
        if Instant::now() > deadline {
            // Its own end first, so that what it traces is let go.
            _ = child.kill();
            panic!("process {} does not end", child.id());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A field of `/proc/TID/status`; `None` when the task is gone.
pub fn status_field(tid: i32, field: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// The state letter of a task: R, S, T (stopped), t (held by a tracer), Z and others; `None` when it is gone.
pub fn state(tid: i32) -> Option<char> {
    status_field(tid, "State")?.chars().next()
}

/// Who traces the task; 0 for nobody. `None` when the task is gone.
pub fn tracer(tid: i32) -> Option<i32> {
    status_field(tid, "TracerPid")?.parse().ok()
}

/// The CPUs that the task may use, as a list.
pub fn cpus(tid: i32) -> Option<String> {
    status_field(tid, "Cpus_allowed_list")
}

/// The threads of a process.
pub fn threads(pid: i32) -> Vec<i32> {
    let entries = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The children of all threads of a process.
pub fn children(pid: i32) -> Vec<i32> {
    let of_thread = |tid| fs::read_to_string(format!("/proc/{pid}/task/{tid}/children")).unwrap_or_default();
    let lists: String = threads(pid).into_iter().map(of_thread).collect();
    lists.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// The process and all its descendants.
pub fn family(pid: i32) -> Vec<i32> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&pid) = family.get(next) {
        family.extend(children(pid));
        next += 1;
    }
    family
}

/// The processes that `recorder` traces, wherever they were born: a daemon's parent is not its maker.
pub fn traced_by(recorder: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|&pid| tracer(pid) == Some(recorder)).collect()
}

/// Sends a signal to a process that the test started.
///
/// # Panics
/// When it cannot be sent.
pub fn send(pid: i32, signal: i32) {
    // SAFETY: a plain system call.
    let result = unsafe { libc::kill(pid, signal) };
    assert_eq!(result, 0, "signal {signal} to {pid}: {}", std::io::Error::last_os_error());
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    // SAFETY: takes no arguments and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
