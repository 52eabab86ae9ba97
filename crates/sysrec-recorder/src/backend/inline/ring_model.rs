//! A model of the rings' protocol: every order in which the stub's steps and the recorder's can meet, within bounds.
//!
//! The reader is `rings.rs` itself. The writer is the stub's twin in Rust, in an order of memory that is weaker than the
//! processor's. Rings have two slots.
//!
//! loom moves no store in front of an earlier load; neither does the processor.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p sysrec-recorder --lib ring_model`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use loom::thread;

use super::layout::*;
use super::rings::{Ring, Rings};
use super::stub_twin::{Twin, call};
use crate::sys::shared::SharedWords;

/// Switches of threads within one run that are tried: enough to get between any two steps, back, and in again.
const PREEMPTIONS: usize = 3;

fn start() -> (Twin, Rings, Ring) {
    let memory = SharedWords::new(2 * RING_STRIDE as usize);
    let mut rings = Rings::over(PathBuf::new(), None, memory.clone());
    let ring = rings.allot(None).expect("the first ring");
    (Twin::new(memory, ring.address()), rings, ring)
}

/// Runs the model in every order, and gives the outcomes that came out.
///
/// The reader has to be the thread that is spawned: loom remembers only the last load of a word, so that a load by the
/// reader that the writer's own follows is not tried behind the writer's store. The outcomes show whether anything was
/// tried at all.
fn model<T: Ord + Send + 'static>(run: impl Fn() -> T + Sync + Send + 'static) -> Vec<T> {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    let seen = Arc::clone(&outcomes);
    builder.check(move || {
        let outcome = run();
        seen.lock().expect("the outcomes").insert(outcome);
    });
    std::mem::take(&mut *outcomes.lock().expect("the outcomes")).into_iter().collect()
}

/// Three calls into two slots, while the reader looks four times. What was written is read: all of it, once, whole, in
/// order; and a call is refused only where the ring is full. After a stop, there is room again.
#[test]
fn what_was_written_is_read_once_and_whole_and_in_order() {
    let outcomes = model(|| {
        let (task, rings, mut ring) = start();
        let reader = thread::spawn(move || {
            let read: Vec<RingCall> = (0..4).filter_map(|_| rings.take(&mut ring)).collect();
            (rings, ring, read)
        });
        let written = (0..3).take_while(|&n| task.make(&call(n))).count() as u64;
        assert!(written == 3 || written == SLOTS, "call {written} of a ring with room was refused");
        let (rings, mut ring, mut read) = reader.join().expect("the reader");
        let early = read.len();
        // The task is stopped now, in the net or at its end: it is read before anything else of it is told.
        read.extend(std::iter::from_fn(|| rings.take(&mut ring)));
        assert_eq!(read, (0..written).map(call).collect::<Vec<_>>());
        assert!(task.make(&call(9)) && task.make(&call(10)), "the ring is empty");
        assert!(!task.make(&call(11)), "the ring is full");
        let read: Vec<RingCall> = std::iter::from_fn(|| rings.take(&mut ring)).collect();
        assert_eq!(read, [call(9), call(10)]);
        (written, early)
    });
    // The third call is refused or not, and the reader came early or late.
    assert_eq!(outcomes, [(2, 0), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]);
}

/// A slot is used again, however the two meet: the writer waits for room as a task in the net does.
#[test]
fn the_ring_wraps() {
    const CALLS: u64 = SLOTS + 1;
    model(|| {
        let (task, rings, mut ring) = start();
        let reader = thread::spawn(move || {
            for n in 0..CALLS {
                let taken = loop {
                    match rings.take(&mut ring) {
                        Some(taken) => break taken,
                        None => thread::yield_now(),
                    }
                };
                assert_eq!(taken, call(n));
            }
            assert_eq!(rings.take(&mut ring), None);
        });
        for n in 0..CALLS {
            while !task.make(&call(n)) {
                thread::yield_now();
            }
        }
        reader.join().expect("the reader");
    });
}

/// A call that the reader sees under way is the one that it reads as finished next, with the same beginning.
#[test]
fn a_call_under_way_is_shown_as_it_will_be_read() {
    let outcomes = model(|| {
        let (task, rings, mut ring) = start();
        let reader = thread::spawn(move || {
            let (mut next, mut shown) = (0, 0);
            for _ in 0..2 {
                if let Some(under_way) = rings.entered(&ring) {
                    let RingCall { nr, args, start, .. } = call(next);
                    assert_eq!((under_way.nr, under_way.args, under_way.start), (nr, args, start));
                    shown += 1;
                }
                if let Some(taken) = rings.take(&mut ring) {
                    assert_eq!(taken, call(next));
                    next += 1;
                }
            }
            shown
        });
        assert!(task.make(&call(0)) && task.make(&call(1)), "the ring has room");
        reader.join().expect("the reader")
    });
    assert_eq!(outcomes, [0, 1, 2]);
}
