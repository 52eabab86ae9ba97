//! The frames of a trace that was closed, read from its index.

mod model;

use model::*;
use sysrec_format::event::*;
use sysrec_format::frame::{ChunkKind, FRAME_BYTES};
use sysrec_format::layout::{FRAMES_AT_ONCE, Frame, Layout};
use sysrec_format::writer::WriterOptions;

/// A trace with more frames than are read from the index at once.
fn many_frames() -> Vec<u8> {
    let steps = (0..2 * FRAMES_AT_ONCE as u64 + 100).flat_map(|i| {
        let body = EventBody::Name { comm: i.to_string().into_bytes() };
        [Step::Event(Event { time_ns: i + 1, task: Some(TaskId(0)), body }), Step::Flush]
    });
    trace(&steps.collect::<Vec<_>>(), WriterOptions::default())
}

/// Where the index's payload is.
fn entries(layout: &Layout) -> usize {
    layout.state().unwrap().index_offset as usize + FRAME_BYTES
}

#[test]
fn they_are_those_of_the_log_in_any_order() {
    let bytes = many_frames();
    let indexed = Layout::read(&bytes).unwrap();
    assert!(indexed.is_whole(), "{:?}", indexed.damages());
    let frames: Vec<Frame> = indexed.frames(&bytes).map(Result::unwrap).collect();
    assert_eq!(frames.len(), indexed.frame_count());
    assert!(frames.len() > 2 * FRAMES_AT_ONCE, "{} frames", frames.len());

    let mut without_index = bytes.clone();
    *without_index.last_mut().unwrap() ^= 1;
    let scanned = Layout::read(&without_index).unwrap();
    assert!(!scanned.damages().is_empty());
    assert!(scanned.frames(&without_index).map(Result::unwrap).eq(frames.iter().copied()));

    let mut reader = indexed.frames(&bytes);
    for i in 0..frames.len() {
        let position = i * 1_009 % frames.len();
        assert_eq!(reader.at(position).unwrap(), Some(frames[position]));
    }
    assert_eq!(reader.at(frames.len()).unwrap(), None);
    // What was asked for by position does not change where the iterator is.
    let rest = reader.by_ref().skip(FRAMES_AT_ONCE - 2).map(Result::unwrap);
    assert!(rest.eq(frames[FRAMES_AT_ONCE - 2..].iter().copied()));
    assert!(reader.next().is_none());
}

#[test]
fn an_entry_behind_the_first_block_is_checked_when_the_trace_is_opened() {
    let bytes = many_frames();
    let at = entries(&Layout::read(&bytes).unwrap()) + (FRAMES_AT_ONCE + 7) * 64;
    for byte in [0, 8, 20, 63] {
        let mut changed = bytes.clone();
        changed[at + byte] ^= 1;
        let layout = Layout::read(&changed).unwrap();
        assert!(layout.damages()[0].what.contains("CRC of a payload"), "{}", layout.damages()[0]);
        assert_eq!(content(&changed, &layout), content(&bytes, &Layout::read(&bytes).unwrap()));
    }
}

#[test]
fn an_index_that_changes_behind_the_readers_back_is_noticed_once() {
    let bytes = many_frames();
    let layout = Layout::read(&bytes).unwrap();
    let position = FRAMES_AT_ONCE + 7;
    let entry = entries(&layout) + position * 64;
    let mut header = bytes.clone();
    header[entry + 30] ^= 1;
    let mut place = bytes.clone();
    place[entry + 7] = 0xff;
    let cut = bytes[..entry].to_vec();
    for changed in [header, place, cut] {
        let read: Vec<_> = layout.frames(&changed).collect();
        let good = read.iter().filter(|frame| frame.is_ok()).count();
        assert!(read.last().unwrap().is_err() && good + 1 == read.len() && good <= position, "{good}");
        assert!(layout.frames(&changed).at(position).is_err());
        let damages = layout.verify(&changed);
        let of_index = damages.iter().filter(|damage| damage.calls.is_none());
        assert!(of_index.clone().all(|damage| damage.kind == Some(ChunkKind::INDEX)));
        assert_eq!(of_index.count(), 1, "{damages:?}");
    }
}
