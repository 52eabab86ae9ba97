//! A model of the rings' protocol: every order in which the stub's steps and the recorder's can meet, within bounds.
//!
//! The reader is `rings.rs` itself. The writer is the stub, step by step, in Rust: `sys/stub.rs` in atomics that are
//! *weaker* than the processor's. There every store is a release and every load an acquire (x86-TSO: Intel's manual,
//! volume 3, 9.2.2); here only the stores of a state are, and the load of one. Rings have two slots.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p sysrec-recorder --lib ring_model`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Arc, Mutex};

use loom::thread;

use super::layout::*;
use super::rings::{Ring, RingCall, Rings};
use crate::sys::shared::{AtomicU64, SharedWords};

/// Switches of threads within one run that are tried: enough to get between any two steps, back, and in again.
const PREEMPTIONS: usize = 3;

/// The number of the ring that the model uses: the first that is given out.
const RING: u64 = 1;

/// A task that makes calls. Every word of call `n` says so.
struct Task {
    memory: SharedWords,
}

/// What the reader must find of call `n`, in the words that the model fills.
fn expected(n: u64) -> RingCall {
    RingCall {
        rax: 10 * n + 1,
        args: [10 * n + 2, 0, 0, 0, 0, 0],
        start: (n << 32) | (10 * n + 3),
        end: 10 * n + 4,
        ret: (10 * n + 5) as i64,
        ..RingCall::default()
    }
}

impl Task {
    fn head(&self) -> &AtomicU64 {
        &self.memory[((RING * RING_STRIDE + HEAD) / 8) as usize]
    }

    fn word(&self, head: u64, index: u64) -> &AtomicU64 {
        // The head counts units of 2 bytes.
        &self.memory[((RING * RING_STRIDE + 2 * head) / 8 + index) as usize]
    }

    /// The stub. `false`: it took the net.
    fn call(&self, n: u64) -> bool {
        let head = self.head().load(Relaxed);
        if self.word(head, slot::STATE).load(Acquire) != u64::from(state::FREE) {
            return false;
        }
        let call = expected(n);
        self.word(head, slot::RAX).store(call.rax, Relaxed);
        self.word(head, slot::ARGS).store(call.args[0], Relaxed);
        // Two halves, the low one first; the high one is still that of the call before.
        let old = self.word(head, slot::START).load(Relaxed);
        let low = call.start & 0xffff_ffff;
        self.word(head, slot::START).store(old >> 32 << 32 | low, Relaxed);
        self.word(head, slot::START).store(call.start, Relaxed);
        self.word(head, slot::STATE).store(u64::from(state::ENTERED), Release);
        // syscall
        self.word(head, slot::RET).store(call.ret as u64, Relaxed);
        self.word(head, slot::END).store(call.end, Relaxed);
        self.word(head, slot::STATE).store(u64::from(state::FINISHED), Release);
        // In the stub the 16 bits wrap by themselves.
        self.head().store((head + SLOT_UNITS) % (SLOTS * SLOT_UNITS), Relaxed);
        // What it returns with is still its own, whatever the reader has done to the slot.
        assert_eq!(self.word(head, slot::RET).load(Relaxed), call.ret as u64);
        true
    }
}

fn start() -> (Task, Rings, Ring) {
    let memory = SharedWords::new(((RING + 1) * RING_STRIDE) as usize);
    let mut rings = Rings::over(PathBuf::new(), memory.clone());
    let ring = rings.allot().expect("the first ring");
    assert_eq!(ring.address(), WINDOW_ADDRESS + RING * RING_STRIDE);
    (Task { memory }, rings, ring)
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
        let written = (0..3).take_while(|&n| task.call(n)).count() as u64;
        assert!(written == 3 || written == SLOTS, "call {written} of a ring with room was refused");
        let (rings, mut ring, mut read) = reader.join().expect("the reader");
        let early = read.len();
        // The task is stopped now, in the net or at its end: it is read before anything else of it is told.
        read.extend(std::iter::from_fn(|| rings.take(&mut ring)));
        assert_eq!(read, (0..written).map(expected).collect::<Vec<_>>());
        assert!(task.call(9) && task.call(10), "the ring is empty");
        assert!(!task.call(11), "the ring is full");
        let read: Vec<RingCall> = std::iter::from_fn(|| rings.take(&mut ring)).collect();
        assert_eq!(read, [expected(9), expected(10)]);
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
                let call = loop {
                    match rings.take(&mut ring) {
                        Some(call) => break call,
                        None => thread::yield_now(),
                    }
                };
                assert_eq!(call, expected(n));
            }
            assert_eq!(rings.take(&mut ring), None);
        });
        for n in 0..CALLS {
            while !task.call(n) {
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
                    let RingCall { rax, args, start, .. } = expected(next);
                    assert_eq!((under_way.rax, under_way.args, under_way.start), (rax, args, start));
                    shown += 1;
                }
                if let Some(call) = rings.take(&mut ring) {
                    assert_eq!(call, expected(next));
                    next += 1;
                }
            }
            shown
        });
        assert!(task.call(0) && task.call(1), "the ring has room");
        reader.join().expect("the reader")
    });
    assert_eq!(outcomes, [0, 1, 2]);
}
