//! Files that are not what a recorder wrote: the reader says so, with the place, and reads the rest.

mod model;

use model::*;
use proptest::prelude::*;
use sysrec_format::error::Error;
use sysrec_format::event::*;
use sysrec_format::frame::{ChunkKind, FRAME_BYTES, FrameHeader};
use sysrec_format::header::HEADER_BYTES;
use sysrec_format::layout::{Completeness, Layout, Place};
use sysrec_format::storage::MemoryStorage;
use sysrec_format::writer::WriterOptions;

fn small_steps() -> Vec<Step> {
    let mut steps = busy_steps(4, 70);
    steps.insert(30, Step::Flush);
    steps.insert(50, Step::Overhead);
    steps
}

fn small_trace() -> Vec<u8> {
    trace(&small_steps(), WriterOptions::default())
}

/// The same recording when its recorder died, up to the end of its journal.
fn unfinished_trace() -> Vec<u8> {
    let mut writer = create(MemoryStorage::new(), small_journals());
    small_steps().iter().for_each(|step| apply(&mut writer, step));
    let bytes = writer.storage().as_slice();
    let state = *Layout::read(bytes).unwrap().state().unwrap();
    bytes[..(state.journal_offset + state.journal_bytes) as usize].to_vec()
}

/// Reads all there is. Memory and time are bounded by the file, or the test does not end.
fn read_all(bytes: &[u8]) -> Option<(Layout, Content)> {
    let layout = Layout::read(bytes).ok()?;
    layout.verify(bytes);
    let _ = (layout.session(bytes), layout.overheads(bytes), layout.summary(bytes));
    let (content, _) = content(bytes, &layout);
    Some((layout, content))
}

/// Whether each task's calls in `part` are among those of `whole`, in order. A call may have lost its stack, and if that
/// was found twice, have the earlier one; or its captures of one end.
fn is_part(part: &Content, whole: &Content) -> bool {
    let same = |call: &Call, other: &Call| {
        let mut without = call.clone();
        without.entry.stack = other.entry.stack;
        if call.entry.captures.is_empty() {
            without.entry.captures.clone_from(&other.entry.captures);
        }
        if call.exit_captures.is_empty() {
            without.exit_captures.clone_from(&other.exit_captures);
        }
        without == *other && (call.entry.stack.is_none() || other.entry.stack.is_some())
    };
    let in_order = |part: &[Call], whole: &[Call]| {
        let mut whole = whole.iter();
        part.iter().all(|call| whole.any(|other| same(call, other)))
    };
    part.calls.iter().all(|(task, calls)| whole.calls.get(task).is_some_and(|whole| in_order(calls, whole)))
}

#[test]
fn every_prefix_is_read_as_far_as_it_goes_and_says_that_it_is_cut() {
    for (bytes, complete) in [(small_trace(), true), (unfinished_trace(), false)] {
        let whole = content(&bytes, &Layout::read(&bytes).unwrap()).0;
        let mut calls_before = 0;
        // Between log and journal there are zeros: a few lengths there are enough.
        let zeros = |end: &usize| bytes[end.saturating_sub(200)..*end].iter().any(|&byte| byte != 0);
        for end in (0..bytes.len()).filter(|end| zeros(end) || end % 97 == 0) {
            let prefix = &bytes[..end];
            let Some((layout, content)) = read_all(prefix) else {
                assert!(end < HEADER_BYTES, "{end} bytes are a trace");
                continue;
            };
            assert!(end >= HEADER_BYTES);
            assert!(!layout.damages().is_empty(), "{end} bytes");
            assert!(is_part(&content, &whole), "{end} bytes");
            if complete {
                assert!(content.calls_total() >= calls_before, "{end} bytes");
                calls_before = content.calls_total();
            }
            // Each call that is missing is named by a damage, or the damage says that it does not know.
            let known: Option<u64> = layout.damages().iter().map(|damage| damage.calls).sum();
            if let Some(missing) = known {
                assert_eq!(content.calls_total() as u64 + missing, whole.calls_total() as u64, "{end} bytes");
            }
        }
        assert!(!complete || calls_before == whole.calls_total());
    }
}

#[test]
fn every_flipped_byte_is_seen_and_costs_no_more_than_its_chunk() {
    let bytes = small_trace();
    let layout = Layout::read(&bytes).unwrap();
    let whole = content(&bytes, &layout).0;
    let largest =
        layout.frames(&bytes).map(Result::unwrap).map(|frame| frame.header.count).max().unwrap() as usize;
    for at in 0..bytes.len() {
        for mask in [1 << (at % 8), 0xff] {
            let mut flipped = bytes.clone();
            flipped[at] ^= mask;
            let layout = match Layout::read(&flipped) {
                Ok(layout) => layout,
                Err(error) => {
                    assert!(at < 8 && matches!(error, Error::NotATrace { .. }), "byte {at}: {error}");
                    continue;
                }
            };
            assert!(!layout.verify(&flipped).is_empty(), "byte {at} ^ {mask:#x} is not seen");
            let (content, _) = content(&flipped, &layout);
            assert!(is_part(&content, &whole), "byte {at}");
            let lost = whole.calls_total() - content.calls_total();
            assert!(lost <= largest, "byte {at}: {lost} calls lost");
        }
    }
}

#[test]
fn every_flipped_byte_of_an_unfinished_trace_costs_no_more_than_its_chunk_or_row() {
    let bytes = unfinished_trace();
    let layout = Layout::read(&bytes).unwrap();
    let whole = content(&bytes, &layout).0;
    let state = layout.state().unwrap();
    let journal = state.journal_offset as usize..(state.journal_offset + state.journal_bytes) as usize;
    let mut seen = 0;
    for at in (0..state.log_end as usize).chain(journal.clone()) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x40;
        let Some((layout, content)) = read_all(&flipped) else { continue };
        assert!(is_part(&content, &whole), "byte {at}");
        let damages = layout.verify(&flipped);
        seen += usize::from(!damages.is_empty());
        let lost = whole.calls_total() - content.calls_total();
        if lost > 0 {
            assert!(!damages.is_empty(), "byte {at} lost {lost} calls in silence");
        }
        if journal.contains(&at) {
            assert!(lost <= 1, "byte {at}: {lost} calls lost in the journal");
        }
    }
    assert!(seen > state.log_end as usize - 400);
}

/// The trace with one field of one frame set, and the frame made good again.
fn with_field(bytes: &[u8], frame: u64, at: usize, value: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let start = frame as usize;
    changed[start + at..start + at + value.len()].copy_from_slice(value);
    changed[start + 8..start + 12].fill(0);
    let seed = crc32fast::hash(b"a trace of tests");
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(&changed[start..start + FRAME_BYTES]);
    let crc = hasher.finalize();
    changed[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
    changed
}

fn lengths(length: u64) -> [u64; 9] {
    [0, 1, length.wrapping_sub(1), length + 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 63, u64::MAX]
}

#[test]
fn every_length_field_of_a_frame_is_checked() {
    let bytes = small_trace();
    let layout = Layout::read(&bytes).unwrap();
    for frame in layout.frames(&bytes).map(Result::unwrap) {
        let Place::File(offset) = frame.place else { panic!("a complete trace") };
        let FrameHeader { payload_bytes, count, .. } = frame.header;
        for (at, length) in [(16, payload_bytes), (24, count)] {
            for value in lengths(length.into()) {
                let value = value as u32;
                let changed = with_field(&bytes, offset, at, &value.to_le_bytes());
                let (layout, content) = read_all(&changed).unwrap();
                if value != length {
                    assert!(!layout.verify(&changed).is_empty(), "frame at {offset}, field {at} = {value}");
                }
                assert!(content.calls_total() <= 200_000);
            }
        }
    }
}

/// The trace with one payload replaced and its frame made good again; the index is left as it is.
fn with_payload(bytes: &[u8], frame: u64, payload: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let start = frame as usize + FRAME_BYTES;
    changed[start..start + payload.len()].copy_from_slice(payload);
    let crc = crc32fast::hash(payload);
    let mut changed = with_field(&changed, frame, 12, &crc.to_le_bytes());
    // Away with the index, so that the changed frame header counts.
    let end = changed.len();
    changed[end - 1] ^= 0xff;
    changed
}

#[test]
fn any_flip_behind_a_right_crc_is_harmless() {
    let bytes = small_trace();
    let layout = Layout::read(&bytes).unwrap();
    for frame in layout.frames(&bytes).map(Result::unwrap) {
        let Place::File(offset) = frame.place else { panic!("a complete trace") };
        let start = offset as usize + FRAME_BYTES;
        let payload = &bytes[start..start + frame.header.payload_bytes as usize];
        for at in 0..payload.len() {
            for mask in [0x01, 0x7f, 0x80, 0xff] {
                let mut payload = payload.to_vec();
                payload[at] ^= mask;
                let changed = with_payload(&bytes, offset, &payload);
                let (_, content) = read_all(&changed).unwrap();
                assert!(
                    content.calls_total() <= 10_000,
                    "a few bytes do not become {}",
                    content.calls_total()
                );
            }
        }
    }
}

/// A header with its state, both made good.
fn with_state(bytes: &[u8], word: usize, value: u64) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for slot in [64, 128] {
        if changed[slot..slot + 8] == [0; 8] {
            continue;
        }
        changed[slot + 16 + 8 * word..slot + 24 + 8 * word].copy_from_slice(&value.to_le_bytes());
        let crc = crc32fast::hash(&changed[slot + 4..slot + 64]);
        changed[slot..slot + 4].copy_from_slice(&crc.to_le_bytes());
    }
    changed
}

#[test]
fn every_place_and_length_of_the_state_is_checked() {
    for bytes in [small_trace(), unfinished_trace()] {
        let layout = Layout::read(&bytes).unwrap();
        let whole = content(&bytes, &layout).0;
        let state = *layout.state().unwrap();
        let (events, calls) = (whole.events.len(), whole.calls_total());
        let words = [
            state.log_end,
            state.generation,
            state.journal_offset,
            state.journal_bytes,
            state.lost_calls,
            state.index_offset,
        ];
        for (word, value) in words.into_iter().enumerate() {
            for value in lengths(value) {
                let (_, content) = read_all(&with_state(&bytes, word, value)).unwrap();
                assert!(content.calls_total() <= calls && content.events.len() <= events + 9);
            }
        }
    }
}

#[test]
fn a_second_trace_behind_the_first_is_seen_and_not_read() {
    let mut two = small_trace();
    let one = Layout::read(&two).unwrap();
    let whole = content(&two, &one).0;
    two.extend_from_slice(&trace(&busy_steps(77, 50), WriterOptions::default()));
    let (layout, both) = read_all(&two).unwrap();
    assert_eq!(both, whole);
    assert_eq!(layout.damages().len(), 1);
    assert!(!layout.is_whole());
}

#[test]
fn frames_inside_a_string_are_not_read_even_when_their_chunk_is_damaged() {
    // A program that is recorded puts a whole chunk, without knowing the trace's id, into its command line.
    let other = {
        let mut writer = create(MemoryStorage::new(), WriterOptions::default());
        writer.entry(TaskId(9), &entry());
        writer.exit(TaskId(9), &Exit { time_ns: 2, ret: 1, registers: None, captures: Vec::new() });
        let (storage, _) = writer.finish(&ending(3)).unwrap();
        let bytes = storage.into_bytes();
        let layout = Layout::read(&bytes).unwrap();
        let frame = layout
            .frames(&bytes)
            .map(Result::unwrap)
            .find(|frame| frame.header.kind == ChunkKind::CALLS)
            .unwrap();
        let Place::File(offset) = frame.place else { panic!("a complete trace") };
        let mut forged = with_field(&bytes, offset, 4, &3_u16.to_le_bytes());
        // Without the seed.
        let start = offset as usize;
        forged[start + 8..start + 12].fill(0);
        let crc = crc32fast::hash(&forged[start..start + FRAME_BYTES]);
        forged[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
        forged[start..start + frame.header.frame_bytes() as usize].to_vec()
    };
    for shift in 0..8 {
        let mut argument = vec![b'x'; shift];
        argument.extend_from_slice(&other);
        let exec = EventBody::Exec { exe: vec![], argv: vec![argument], comm: vec![], former: None };
        let event = Event { time_ns: 1, task: Some(TaskId(0)), body: exec };
        let bytes = trace(&[Step::Event(event)], WriterOptions::default());
        let layout = Layout::read(&bytes).unwrap();
        let frame = layout
            .frames(&bytes)
            .map(Result::unwrap)
            .find(|frame| frame.header.kind == ChunkKind::EVENTS)
            .unwrap();
        let Place::File(offset) = frame.place else { panic!("a complete trace") };
        let mut damaged = bytes.clone();
        damaged[offset as usize] ^= 1;
        let end = damaged.len();
        damaged[end - 1] ^= 1;
        let (layout, content) = read_all(&damaged).unwrap();
        assert_eq!(content.calls_total(), 0);
        assert!(!layout.damages().is_empty());
    }
}

fn entry() -> Entry {
    Entry {
        time_ns: 1,
        abi: Abi::X86_64,
        nr: 1,
        ip: 2,
        sp: 3,
        args: [0; 6],
        registers: None,
        captures: Vec::new(),
        stack: None,
    }
}

#[test]
fn damages_are_named_with_place_kind_task_time_and_calls() {
    let bytes = small_trace();
    let layout = Layout::read(&bytes).unwrap();
    let frame = layout
        .frames(&bytes)
        .map(Result::unwrap)
        .find(|frame| frame.header.kind == ChunkKind::CALLS)
        .unwrap();
    let Place::File(offset) = frame.place else { panic!("a complete trace") };
    let mut damaged = bytes.clone();
    damaged[offset as usize + FRAME_BYTES + 3] ^= 4;
    let layout = Layout::read(&damaged).unwrap();
    let damages = layout.verify(&damaged);
    let header = frame.header;
    let text = damages[0].to_string();
    let start = format!(
        "CALLS chunk at byte {offset}, {} bytes, task {}, {} to {} ns, {} calls: CRC of a payload at byte {}: expected 0x",
        header.frame_bytes(),
        header.task.unwrap().0,
        header.first_ns,
        header.last_ns,
        header.count,
        offset + FRAME_BYTES as u64,
    );
    assert!(text.starts_with(&start), "{text}\n{start}");
}

#[test]
fn other_files_are_refused_in_a_line_that_says_what_they_begin_with() {
    let refused = |bytes: &[u8]| Layout::read(bytes).unwrap_err().to_string();
    assert!(refused(b"").ends_with("found an empty file"));
    assert!(refused(b"\x7fELF\x02\x01\x01\0\0\0").contains("found 7f 45 4c 46 02 01 01 00"));
    assert!(refused(&[0; 4096]).contains("found 00 00"));
    assert!(refused(&small_trace()[..100]).contains("expected 192 bytes, found 100 bytes"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_header_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in 64..192_usize) {
        let mut trace = small_trace();
        trace.truncate(at);
        trace.extend_from_slice(&bytes);
        let _ = read_all(&trace);
    }

    #[test]
    fn any_bytes_in_the_place_of_a_payload_are_read(
        bytes in proptest::collection::vec(prop_oneof![0..6_u8, any::<u8>()], 0..300),
        which in 0..12_usize,
    ) {
        let trace = small_trace();
        let layout = Layout::read(&trace).unwrap();
        let frame = layout.frames(&trace).at(which % layout.frame_count()).unwrap().unwrap();
        let Place::File(offset) = frame.place else { panic!("a complete trace") };
        let mut payload = trace[offset as usize + FRAME_BYTES..][..frame.header.payload_bytes as usize].to_vec();
        let n = payload.len().min(bytes.len());
        payload[..n].copy_from_slice(&bytes[..n]);
        prop_assert!(read_all(&with_payload(&trace, offset, &payload)).is_some());
    }
}

#[test]
fn an_unfinished_trace_says_so() {
    let bytes = unfinished_trace();
    let (layout, _) = read_all(&bytes).unwrap();
    assert_eq!(layout.completeness(), Completeness::Unfinished);
    assert!(!layout.is_whole());
    assert!(layout.damages().is_empty());
}
