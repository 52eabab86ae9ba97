//! A trace that cannot grow, or is cut by somebody: the program does not notice, and what was recorded and what was
//! lost add up to what was made.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use sysrec_analyzer::{Item, Selection, Timeline};
use sysrec_format::event::EventBody;
use sysrec_format::layout::Completeness;
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::process;
use sysrec_tests::sysrec;

/// Many calls, then a child, then the guest's own figure on stdout.
const SCRIPT: &str = "\"$G\" 30000 > /dev/null; \"$W\" ; \"$G\" 30000 > /dev/null; echo done; exit 8";

/// The shell, the guest twice, and what runs between.
const TASKS_MAX: u64 = 4;

/// Records [`SCRIPT`] with its `$W` as given, and gives what sysrec said.
fn record(guest: &Path, trace: &Path, between: &str, before: &str) -> Output {
    let line =
        format!("{before} exec \"$0\" record -o \"$1\" -- sh -c '{}'", SCRIPT.replace("\"$W\"", between));
    let mut command = Command::new("sh");
    command.args(["-c", &line]).arg(sysrec::binary()).arg(trace).env("G", guest).env("T", trace);
    command.stdin(Stdio::null()).output().expect("sh runs")
}

/// How many calls can be read from the trace, and how many it says are missing.
fn recorded_and_lost(trace: &Path) -> (u64, u64) {
    let trace = sysrec::open(trace).expect("a trace");
    assert!(trace.integrity().losses.iter().all(|loss| loss.counted), "{:?}", trace.integrity());
    let all = Selection::default();
    let readable = Timeline::new(&trace, &all).filter(|item| match item {
        Item::Call(_) => true,
        Item::Event(event) => matches!(event.body, EventBody::Unfinished { .. }),
        Item::Damage(_) => false,
    });
    let lost: u64 = trace.integrity().losses.iter().map(|loss| loss.calls).sum();
    // Only a file that was cut has damaged parts; what was in them is known from its index.
    let damages = trace.layout().verify(trace.file());
    let damaged: u64 = damages.iter().filter_map(|damage| damage.calls).sum();
    println!("lost {lost}, damaged {damaged} in {} parts", damages.len());
    (readable.count() as u64, lost + damaged)
}

/// What the script comes to where nothing is in the way.
fn expected(guest: &Path, between: &str) -> u64 {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let output = record(guest, &trace, between, "");
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(8), &b"done\n"[..]));
    let (recorded, lost) = recorded_and_lost(&trace);
    assert_eq!(lost, 0);
    sysrec::whole(&sysrec::open(&trace).expect("a trace")).expect("whole");
    recorded
}

/// The program must not have noticed, and everything must be accounted for.
fn judge(output: &Output, trace: &Path, expected: u64) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(8), &b"done\n"[..]), "{words}");
    let (recorded, lost) = recorded_and_lost(trace);
    assert!(lost > 0, "nothing was lost: {words}");
    // The closing line says what can be read from the file, not what had once been written to it.
    let said = |before: &str, after: &str| -> Option<u64> {
        let (front, _) = words.split_once(after)?;
        front.rsplit_once(before)?.1.replace(',', "").parse().ok()
    };
    assert_eq!(said("sysrec: ", " calls of "), Some(recorded), "{words}");
    let lost_said = said("; ", " calls LOST").expect("a number of calls that were lost");
    assert_eq!(recorded + lost_said, expected, "{recorded} recorded and {lost_said} lost; {words}");
    // A damaged chunk of events does not tell whether a call that did not return, of any of the tasks, was among them.
    assert!((lost_said - TASKS_MAX..=lost_said).contains(&lost), "{lost} lost by the trace; {words}");
    println!("{recorded} recorded, {lost} lost: {words}");
}

fn guest() -> Option<std::path::PathBuf> {
    compile("getppid_loop", Build::C64).map_err(|skip| println!("{skip}")).ok()
}

/// A file system of this size, gone again with the value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        if !process::is_root() {
            println!("SKIP: only root can mount a small file system");
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(dir.path())
            .stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(SmallDisk(dir));
        }
        println!("SKIP: no file system can be mounted here");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Nothing can be done about a mount that stays.
        _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_costs_calls_and_counts_them() {
    let Some(guest) = guest() else { return };
    let expected = expected(&guest, ":");
    for size in ["64k", "128k"] {
        let Some(disk) = SmallDisk::mount(size) else { return };
        let trace = disk.0.path().join("trace");
        let output = record(&guest, &trace, ":", "");
        if size == "64k" && !trace.exists() {
            let words = String::from_utf8_lossy(&output.stderr);
            println!("on {size} nothing can be recorded at all: {words}");
            assert_eq!(output.status.code(), Some(1), "{words}");
            assert!(words.contains("No space left on device"), "{words}");
            continue;
        }
        judge(&output, &trace, expected);
        assert_eq!(
            sysrec::open(&trace).expect("a trace").integrity().completeness,
            Completeness::StoppedEarly
        );
    }
}

/// A program's own limit on the size of files is no reason to end it by SIGXFSZ, nor is the recorder's.
#[test]
fn a_file_size_limit_costs_calls_and_counts_them() {
    let Some(guest) = guest() else { return };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let expected = expected(&guest, ":");
    let output = record(&guest, &trace, ":", "ulimit -f 200;");
    judge(&output, &trace, expected);
}

#[test]
fn a_trace_cut_by_somebody_while_it_is_written_says_what_is_missing() {
    let Some(guest) = guest() else { return };
    for (name, cut) in [("in the middle", "truncate -s 50000 \"$C\""), ("to nothing", "truncate -s 0 \"$C\"")]
    {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let trace = dir.path().join("trace");
        let other = dir.path().join("other");
        std::fs::write(&other, vec![0; 100_000]).expect("written");
        // The same script on another file makes the same calls.
        let expected = expected(&guest, &cut.replace("$C", other.to_str().expect("a path")));
        let output = record(&guest, &trace, &cut.replace("$C", trace.to_str().expect("a path")), "");
        println!("{name}:");
        judge(&output, &trace, expected);
    }
}
