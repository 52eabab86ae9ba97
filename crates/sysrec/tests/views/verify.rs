use serde_json::Value;
use sysrec_format::frame::{ChunkKind, FRAME_BYTES};
use sysrec_format::layout::{Layout, Place};

use crate::recording::Folder;
use crate::story::{story, whole};
use crate::{Run, sysrec};

/// Damages the payload of the nth chunk of calls; says where the chunk begins.
pub(crate) fn flip_call_chunk(bytes: &mut [u8], nth: usize) -> u64 {
    let layout = Layout::read(&*bytes).expect("a whole trace");
    let mut chunks =
        layout.frames(&*bytes).map(Result::unwrap).filter(|frame| frame.header.kind == ChunkKind::CALLS);
    let Some(Place::File(offset)) = chunks.nth(nth).map(|frame| frame.place) else { panic!("no such chunk") };
    bytes[offset as usize + FRAME_BYTES + 20] ^= 0x40;
    offset
}

fn verify(bytes: &[u8]) -> (Run, Value) {
    let folder = Folder::new();
    folder.file("trace.bin", bytes);
    let json = sysrec(folder.path(), &["verify", "--json"]);
    let ran = sysrec(folder.path(), &["verify"]);
    assert_eq!(ran.code, json.code);
    (ran, serde_json::from_str(&json.stdout).expect("JSON"))
}

#[test]
fn a_whole_trace_is_whole() {
    let (ran, json) = verify(&whole(200));
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.starts_with("trace.bin: whole: 200 calls, "), "{}", ran.stdout);
    assert_eq!((&json["schema"], &json["whole"]), (&"sysrec-verify/1".into(), &true.into()));
    assert_eq!(json["readable"]["calls"], 200);
}

#[test]
fn a_damaged_chunk_is_named_with_its_task_and_times() {
    let mut bytes = whole(200);
    let offset = flip_call_chunk(&mut bytes, 1);
    let (ran, json) = verify(&bytes);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.starts_with("trace.bin: not whole\n"), "{}", ran.stdout);
    let line = ran.stdout.lines().nth(1).unwrap();
    assert!(line.starts_with(&format!("  damaged: CALLS chunk at byte {offset}, ")), "{line}");
    assert!(
        line.contains("50 calls of 100/100 reader between 0.0000") && line.contains("expected"),
        "{line}"
    );
    assert!(
        ran.stdout.contains("Readable: 150 calls") && ran.stdout.contains("75.0% of the calls"),
        "{}",
        ran.stdout
    );
    assert_eq!(json["whole"], false);
    let damage = &json["damages"][0];
    assert_eq!((&damage["offset"], &damage["calls"]), (&offset.into(), &50.into()));
    assert_eq!((&damage["kind"], &damage["pid"]), (&"CALLS".into(), &100.into()));
    // The fifty calls before it took 1,000 to 1,049 ns each, with 100 ns before each.
    assert_eq!(damage["first_ns"], 50 * 1_100 + (0..50).sum::<u64>() + 100);
    assert_eq!(json["readable"]["calls"], 150);
}

#[test]
fn a_killed_recorder_and_a_loss_are_not_whole() {
    let (ran, json) = verify(&story().killed());
    assert_eq!((ran.code, &json["completeness"]), (Some(1), &"unfinished".into()));
    assert!(ran.stdout.contains("\n  not closed: "), "{}", ran.stdout);
    assert_eq!(json["damages"], serde_json::json!([]), "nothing in it is damaged");
    let (ran, json) = verify(&story().finish());
    assert_eq!((ran.code, &json["completeness"]), (Some(1), &"complete".into()));
    assert!(ran.stdout.contains("lost while recording: an unknown number of calls"), "{}", ran.stdout);
}

/// Every byte counts: whichever is flipped, the trace is not whole, or it cannot be opened; nothing panics.
#[test]
fn no_flip_goes_unseen() {
    let good = whole(60);
    let folder = Folder::new();
    for at in (0..good.len()).step_by(37) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        folder.file("trace.bin", &bytes);
        let ran = sysrec(folder.path(), &["verify"]);
        assert_eq!(ran.code, Some(1), "byte {at}: {}{}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "byte {at}: {}", ran.stderr);
    }
}

/// Wherever a trace is cut, every view ends with an answer or an error.
#[test]
fn no_cut_makes_a_view_panic() {
    let good = story().finish();
    let folder = Folder::new();
    for length in (1..good.len()).step_by(173) {
        folder.file("trace.bin", &good[..length]);
        assert_eq!(sysrec(folder.path(), &["verify"]).code, Some(1), "{length} bytes");
        for view in [&["info"][..], &["tree"], &["replay"]] {
            let ran = sysrec(folder.path(), view);
            assert!(matches!(ran.code, Some(0 | 1)), "{view:?} of {length} bytes: {}", ran.stderr);
            assert!(!ran.stderr.contains("panicked"), "{view:?} of {length} bytes: {}", ran.stderr);
        }
    }
}
