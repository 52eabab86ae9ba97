//! The recorder is killed between any two stores, or the disk fills at any moment: what was written can be read.

mod model;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use model::*;
use sysrec_format::event::*;
use sysrec_format::layout::{Completeness, Layout};
use sysrec_format::storage::{MemoryStorage, Storage};
use sysrec_format::writer::{Status, TraceWriter, WriterOptions};

/// Keeps what the file looks like between any two stores of the writer, also with a store half done.
struct Snapshots {
    inner: MemoryStorage,
    /// The file when the last range was handed out, and that range.
    before: Vec<u8>,
    range: (usize, usize),
    seen: Rc<RefCell<Vec<Vec<u8>>>>,
    numbers: Numbers,
}

impl Snapshots {
    /// The range handed out last has been written by now.
    fn take(&mut self) {
        let after = self.inner.as_slice();
        let (start, end) = self.range;
        let mut seen = self.seen.borrow_mut();
        if self.before.len() != after.len() || self.before[start..end] != after[start..end] {
            // Words are stored whole, and in any order within one range.
            let mut torn = after.to_vec();
            if self.before.len() == after.len() {
                for at in (start & !7..end).step_by(8) {
                    if self.numbers.below(2) == 0 {
                        let to = (at + 8).min(torn.len());
                        torn[at..to].copy_from_slice(&self.before[at..to]);
                    }
                }
                seen.push(torn);
            }
            seen.push(after.to_vec());
        }
        self.before = after.to_vec();
    }
}

impl Storage for Snapshots {
    fn allocate(&mut self, len: u64) -> io::Result<()> {
        self.take();
        self.inner.allocate(len)?;
        self.range = (0, 0);
        self.take();
        Ok(())
    }

    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]> {
        self.take();
        self.range = (offset as usize, offset as usize + len);
        self.inner.bytes(offset, len)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.take();
        self.inner.truncate(len)?;
        self.range = (0, 0);
        self.take();
        Ok(())
    }
}

fn opened(bytes: &[u8], when: &str) -> (Content, Layout) {
    let layout = Layout::read(bytes).unwrap_or_else(|error| panic!("{when}: {error}"));
    let damages = layout.verify(bytes);
    assert!(damages.is_empty(), "{when}: {}", damages[0]);
    let (content, damaged) = content(bytes, &layout);
    assert_eq!(damaged, 0);
    (without_times(content), layout)
}

#[test]
fn a_kill_between_any_two_stores_loses_nothing_that_was_written() {
    let mut recorder_calls = 0;
    for seed in 0..2 {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let storage = Snapshots {
            inner: MemoryStorage::new(),
            before: Vec::new(),
            range: (0, 0),
            seen: Rc::clone(&seen),
            numbers: Numbers(seed),
        };
        let mut writer = create(storage, small_journals());
        seen.borrow_mut().clear();
        let mut model = Model::default();
        // The last store of a step is looked at when the next one that stores something begins.
        let mut earlier = Vec::new();
        let mut steps = busy_steps(seed, 200);
        if seed == 1 {
            // Both journals are used again and again, over the rows of earlier generations.
            (0..200).step_by(9).rev().for_each(|i| steps.insert(i, Step::Flush));
        }
        for (i, step) in steps.iter().enumerate() {
            let before = model.ended(None);
            // An entry on a busy task is up to four rows: the older call ends, the new one begins, its stack, its captures.
            // A call can be six.
            let [mut half, mut bare, mut stacked, mut begun] = std::array::from_fn(|_| model.clone());
            if let Step::Entry(task, entry) | Step::Call(task, entry, _) = step {
                half.step(&Step::Unfinished(*task, UnfinishedReason::VANISHED, entry.time_ns));
                bare.step(&Step::Entry(*task, Entry { stack: None, captures: Vec::new(), ..entry.clone() }));
                stacked.step(&Step::Entry(*task, Entry { captures: Vec::new(), ..entry.clone() }));
                begun.step(&Step::Entry(*task, entry.clone()));
            }
            apply(&mut writer, step);
            model.step(step);
            let between = [half, bare, stacked, begun].map(|model| model.ended(None));
            let mut allowed = vec![before];
            allowed.extend(between);
            allowed.push(model.ended(None));
            for (n, snapshot) in seen.borrow_mut().drain(..).enumerate() {
                let when = format!("seed {seed}, step {i} {step:?}, store {n}");
                let (content, layout) = opened(&snapshot, &when);
                assert_eq!(layout.completeness(), Completeness::Unfinished);
                let known = allowed.contains(&content) || earlier.contains(&content);
                assert!(known, "{when}: not what was there before or after");
            }
            let (content, _) = opened(writer.storage().inner.as_slice(), "after the step");
            assert!(content == model.ended(None), "seed {seed}, step {i}: the step itself is there");
            if allowed.first() != allowed.last() {
                earlier = allowed;
            }
        }
        let (storage, totals) = writer.finish(&ending(u64::MAX)).unwrap();
        let expected = without_times(model.ended(None));
        for (n, snapshot) in seen.borrow_mut().drain(..).enumerate() {
            let (content, _) = opened(&snapshot, &format!("seed {seed}, finishing, store {n}"));
            assert!(content == expected || earlier.contains(&content), "seed {seed}, finishing, store {n}");
        }
        let (content, layout) = opened(storage.inner.as_slice(), "finished");
        assert!(content == expected);
        assert_eq!(layout.completeness(), Completeness::Complete);
        assert_eq!(totals.calls, expected.calls_total() as u64);
        assert_eq!(totals.orphan_exits, model.orphan_exits);
        assert_eq!(totals.recorder_calls, expected.recorder_calls_total() as u64);
        recorder_calls += totals.recorder_calls;
    }
    assert!(recorder_calls > 0, "the steps have some");
}

#[test]
fn a_kill_while_the_trace_is_begun_leaves_an_empty_trace_or_none() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let storage = Snapshots {
        inner: MemoryStorage::new(),
        before: Vec::new(),
        range: (0, 0),
        seen: Rc::clone(&seen),
        numbers: Numbers(1),
    };
    drop(create(storage, small_journals()));
    let mut opened = 0;
    for snapshot in seen.borrow().iter() {
        if let Ok(layout) = Layout::read(snapshot) {
            opened += 1;
            assert_eq!(layout.verify(snapshot), []);
            assert_eq!(layout.completeness(), Completeness::Unfinished);
        }
    }
    assert!(opened > 3);
}

/// Writes the steps into a store that is full at `limit`, and checks that what is in the trace and what is counted
/// as lost make up the whole. Whether it got full.
fn full_at(limit: u64, steps: &[Step], kill: bool) -> Option<bool> {
    let session = session();
    let new = sysrec_format::writer::NewTrace {
        trace_id: [7; 16],
        created_realtime_ns: 0,
        clock: sysrec_format::header::Clock::MONOTONIC_NS,
        session: &session,
    };
    let storage = MemoryStorage::with_limit(limit);
    let mut writer = TraceWriter::create(storage, &new, small_journals()).ok()?;
    let mut model = Model::default();
    let mut at_full: Option<Content> = None;
    for step in steps {
        apply(&mut writer, step);
        if at_full.is_none() && matches!(writer.status(), Status::Full { .. }) {
            at_full = Some(model.content.clone());
        }
        model.step(step);
    }
    let full = matches!(writer.status(), Status::Full { .. });
    let when = format!("limit {limit}, kill {kill}");
    if kill {
        // A killed recorder: losses so far are in the state.
        let Status::Full { lost_calls, .. } = writer.status() else { return Some(false) };
        let (content, layout) = opened(writer.storage().as_slice(), &when);
        assert_eq!(layout.completeness(), Completeness::Unfinished);
        let lost = losses(&content);
        assert_eq!(lost, lost_calls, "{when}");
        let ended = model.content.calls_total() + model.content.unfinished_total();
        let in_trace = content.calls_total()
            + content
                .events
                .iter()
                .filter(|event| {
                    matches!(event.body, EventBody::Unfinished { reason, .. }
                    if reason != UnfinishedReason::RECORDING_ENDED)
                })
                .count();
        assert_eq!(in_trace as u64 + lost, ended as u64, "{when}");
        return Some(true);
    }
    let (storage, totals) = writer.finish(&ending(u64::MAX)).unwrap();
    assert!(storage.as_slice().len() as u64 <= limit);
    let (content, layout) = opened(storage.as_slice(), &when);
    let whole = model.ended(Some(u64::MAX));
    let lost = losses(&content);
    assert_eq!(totals.lost_calls, lost, "{when}");
    assert_eq!(totals.recorder_calls, content.recorder_calls_total() as u64, "{when}");
    let in_trace = content.calls_total() + content.unfinished_total();
    assert_eq!(
        in_trace as u64 + lost,
        (whole.calls_total() + whole.unfinished_total()) as u64,
        "{when}: every call is in the trace or counted as lost"
    );
    for (task, calls) in &content.calls {
        assert_eq!(calls[..], whole.calls[task][..calls.len()], "{when}: the first calls are the right ones");
    }
    let expected = if full { Completeness::StoppedEarly } else { Completeness::Complete };
    assert_eq!(layout.completeness(), expected);
    assert_eq!(layout.summary(storage.as_slice()).unwrap().unwrap().totals, totals);
    if let Some(at_full) = at_full {
        assert!(content.calls_total() >= at_full.calls_total(), "{when}: nothing from before is lost");
    }
    Some(full)
}

fn losses(content: &Content) -> u64 {
    content
        .events
        .iter()
        .map(|event| match event.body {
            EventBody::Loss { reason: LossReason::STORAGE_FULL, calls, .. } => calls,
            _ => 0,
        })
        .sum()
}

#[test]
fn on_a_full_disk_every_call_is_in_the_trace_or_counted() {
    for kill in [false, true] {
        let (mut full, mut refused) = (0, 0);
        for limit in (2_000..120_000).step_by(977) {
            match full_at(limit, &busy_steps(limit, 3000), kill) {
                None => refused += 1,
                Some(true) => full += 1,
                Some(false) => {}
            }
        }
        assert!(full > 50, "{full} of the limits were reached");
        assert!(refused < 20, "{refused} of the limits were too small to begin");
    }
}

#[test]
fn the_users_limit_is_kept_at_every_moment_and_used_well() {
    let options = WriterOptions { max_bytes: Some(1 << 20), ..WriterOptions::default() };
    let mut writer = create(MemoryStorage::new(), options);
    let mut largest = 0;
    for step in busy_steps(1, 400_000) {
        apply(&mut writer, &step);
        largest = largest.max(writer.storage().as_slice().len());
    }
    let Status::Full { cause, .. } = writer.status() else { panic!("a megabyte was enough") };
    assert!(cause.to_string().contains("1048576"), "{cause}");
    let (storage, totals) = writer.finish(&ending(u64::MAX)).unwrap();
    assert!(largest <= 1 << 20);
    assert!(storage.as_slice().len() > 700_000, "only {} bytes used", storage.as_slice().len());
    assert!(totals.lost_calls > 0);
}

/// A store that somebody cuts to `cut` bytes when `health` is asked for the `nth` time.
struct CutFromOutside {
    inner: MemoryStorage,
    cut: u64,
    healthy: usize,
}

impl Storage for CutFromOutside {
    fn allocate(&mut self, len: u64) -> io::Result<()> {
        self.inner.allocate(len)
    }
    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&mut [u8]> {
        self.inner.bytes(offset, len)
    }
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate(len)
    }
    fn health(&mut self) -> io::Result<()> {
        if self.healthy > 0 {
            self.healthy -= 1;
            return Ok(());
        }
        self.inner.truncate(self.cut)?;
        Err(io::Error::other("the trace was cut short by somebody else"))
    }
}

#[test]
fn a_trace_that_is_cut_while_it_is_written_says_what_is_missing() {
    for cut in [0, 100, 192, 5000] {
        for healthy in [0, 1, 5, 40] {
            let storage = CutFromOutside { inner: MemoryStorage::new(), cut, healthy };
            let mut writer = create(storage, small_journals());
            let mut model = Model::default();
            for step in &busy_steps(cut, 3000) {
                apply(&mut writer, step);
                model.step(step);
            }
            let (storage, _) = writer.finish(&ending(u64::MAX)).unwrap();
            let bytes = storage.inner.into_bytes();
            let layout = Layout::read(&bytes).unwrap();
            let (content, _) = content(&bytes, &layout);
            let whole = model.ended(Some(u64::MAX));
            if layout.completeness() == Completeness::Complete {
                assert!(healthy == 40 && content == whole, "it ended before the cut");
                continue;
            }
            assert_eq!(layout.completeness(), Completeness::StoppedEarly);
            let lost: u64 = content
                .events
                .iter()
                .filter_map(|event| match event.body {
                    EventBody::Loss { reason, calls, .. } => {
                        assert_eq!(reason, LossReason::STORAGE_TRUNCATED);
                        Some(calls)
                    }
                    _ => None,
                })
                .sum();
            // Calls in chunks that are gone are named by the index; unfinished ones in EVENTS chunks are not.
            let damaged: u64 = layout.verify(&bytes).iter().filter_map(|damage| damage.calls).sum();
            let finished = content.calls_total() as u64 + damaged;
            let ended = (whole.calls_total() + whole.unfinished_total()) as u64;
            assert!(finished + lost <= ended);
            assert!(finished + lost + whole.unfinished_total() as u64 >= ended, "cut {cut}, {healthy}");
        }
    }
}
