//! Files that are no traces, and traces that are not whole.

mod recording;

use std::os::unix::fs::symlink;

use recording::{Folder, Recording};
use sysrec_analyzer::metrics::{Dimension, Metrics};
use sysrec_analyzer::{Error, Item, Selection, Timeline, Trace};
use sysrec_format::event::{EventBody, LossReason, UnfinishedReason};
use sysrec_format::layout::Completeness;
use sysrec_format::storage::MemoryStorage;

fn calls(trace: &Trace) -> u64 {
    let mut metrics = Metrics::new(&[Dimension::Syscall]);
    metrics.add(trace, &Selection::default());
    metrics.finish().calls()
}

#[test]
fn what_is_no_file_is_refused_by_name() {
    let folder = Folder::new();
    let message = |name: &str| {
        let error = Trace::open(folder.path().join(name)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(name), "{text}");
        (error, text)
    };
    assert!(matches!(message("none").0, Error::Missing { .. }));
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(matches!(message("folder").0, Error::Directory { .. }));
    let status = std::process::Command::new("mkfifo").arg(folder.path().join("fifo")).status().unwrap();
    assert!(status.success());
    // Nobody writes into it: opening it as a file would wait for ever.
    assert!(matches!(message("fifo").0, Error::Pipe { .. }));
    symlink("/dev/zero", folder.path().join("zero")).unwrap();
    assert!(matches!(message("zero").0, Error::Device { .. }));
    folder.file("empty", b"");
    assert!(matches!(message("empty").0, Error::Empty { .. }));
    folder.file("text", b"#!/bin/sh\necho a file of another kind, longer than a header of a trace\n");
    let (error, text) = message("text");
    assert!(matches!(error, Error::Trace { .. }), "{text}");
}

#[test]
fn a_killed_recorder_leaves_what_had_reached_the_file() {
    let mut recording = Recording::new();
    let task = recording.process(1, "killed");
    recording.wait(5).call(task, "read", 10, 1).seal().call(task, "read", 10, 1).begin(task, "pause");
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", &recording.killed())).unwrap();
    assert_eq!(trace.integrity().completeness, Completeness::Unfinished);
    assert!(!trace.integrity().is_whole());
    assert_eq!(calls(&trace), 2);
    let selection = Selection::default();
    let last = Timeline::new(&trace, &selection).last().unwrap();
    let Item::Event(event) = last else { panic!("{last:?}") };
    assert!(matches!(event.body, EventBody::Unfinished { reason: UnfinishedReason::RECORDING_ENDED, .. }));
}

/// 100,000 calls onto a disk that is too small for them.
fn on_a_full_disk() -> Recording {
    let mut recording = Recording::with(MemoryStorage::with_limit(600 << 10), &recording::session());
    let task = recording.process(1, "busy");
    for round in 0..100_000u64 {
        let noise = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        recording.args = [noise, noise.rotate_left(9), !noise, noise.rotate_left(31), 5, noise << 7];
        recording.wait(round % 17).call(task, "read", round * 7_919 % 10_007, 1);
    }
    recording
}

#[test]
fn a_full_disk_is_told_with_its_losses() {
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", &on_a_full_disk().finish())).unwrap();
    let integrity = trace.integrity();
    assert_eq!(integrity.completeness, Completeness::StoppedEarly);
    assert_eq!(integrity.losses[0].reason, LossReason::STORAGE_FULL);
    assert!(integrity.lost_calls() > 0);
    assert_eq!(calls(&trace) + integrity.lost_calls(), 100_000);
}

#[test]
fn a_full_disk_is_told_even_when_the_recorder_dies_after_it() {
    let folder = Folder::new();
    let trace = Trace::open(folder.file("trace.bin", &on_a_full_disk().killed())).unwrap();
    let integrity = trace.integrity();
    assert_eq!(integrity.completeness, Completeness::Unfinished);
    assert_eq!(integrity.losses[0].reason, LossReason::STORAGE_FULL);
    assert_eq!(calls(&trace) + integrity.lost_calls(), 100_000);
}

#[test]
fn a_damaged_chunk_is_named_and_the_rest_is_read() {
    let mut recording = Recording::new();
    let task = recording.process(1, "damaged");
    for _ in 0..3 {
        for _ in 0..100 {
            recording.wait(5).call(task, "read", 10, 1);
        }
        recording.seal();
    }
    let mut bytes = recording.finish();
    let folder = Folder::new();
    let whole = Trace::open(folder.file("whole.bin", &bytes)).unwrap();
    assert!(whole.integrity().is_whole());
    let frames = whole.layout().frames(whole.file()).map(Result::unwrap);
    let second =
        frames.filter(|frame| frame.header.kind == sysrec_format::frame::ChunkKind::CALLS).nth(1).unwrap();
    let sysrec_format::layout::Place::File(offset) = second.place else { panic!("{second:?}") };
    let calls_inside = u64::from(second.header.count);
    bytes[offset as usize + 60] ^= 0x40;
    let trace = Trace::open(folder.file("damaged.bin", &bytes)).unwrap();
    let mut metrics = Metrics::new(&[]);
    metrics.add(&trace, &Selection::default());
    let report = metrics.finish();
    assert_eq!(report.calls(), 300 - calls_inside);
    let damages = &report.damages[0];
    assert_eq!(damages.len(), 1);
    assert_eq!((damages[0].calls, damages[0].task), (Some(calls_inside), Some(task)));
    let selection = Selection::default();
    let damaged = Timeline::new(&trace, &selection).filter(|item| matches!(item, Item::Damage(_))).count();
    assert_eq!(damaged, 1);
}

/// A trace cut or flipped anywhere opens or is refused; nothing panics, and no call is invented.
#[test]
fn cuts_and_flips_never_panic() {
    let mut recording = Recording::new();
    let task = recording.process(1, "cut");
    for round in 0..200u64 {
        recording.wait(5).call(task, ["read", "write", "close"][round as usize % 3], 10 + round, 1);
        if round % 50 == 49 {
            recording.seal();
        }
    }
    recording.in_flight(task, "exit_group").exit(task, 0);
    let bytes = recording.finish();
    let folder = Folder::new();
    let selection = Selection { since_ns: Some(100), ..Selection::default() };
    let check = |bytes: &[u8], what: &str| {
        let Ok(trace) = Trace::open(folder.file("trace.bin", bytes)) else { return };
        assert!(calls(&trace) <= 200, "{what}");
        let timeline = Timeline::new(&trace, &selection);
        assert!(timeline.filter(|item| matches!(item, Item::Call(_))).count() <= 200, "{what}");
        sysrec_analyzer::metrics::slowest(&[trace], &selection, 3);
    };
    for len in (0..bytes.len()).step_by(37) {
        check(&bytes[..len], &format!("cut to {len}"));
    }
    for at in (0..bytes.len()).step_by(13) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        check(&flipped, &format!("flip at {at}"));
    }
}
