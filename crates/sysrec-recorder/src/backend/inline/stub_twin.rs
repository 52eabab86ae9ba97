//! The stub's steps in Rust, for tests: what it does to its ring, in its order (`sys/stub.rs`).
//!
//! The orders of memory are *weaker* than the processor's. There every store is a release and every load an acquire
//! (x86-TSO: Intel's manual, volume 3, 9.2.2); here only the stores of a state are, and the load of one.

use std::cell::Cell;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release};

use super::layout::*;
use crate::sys::shared::{AtomicU64, SharedWords};

/// A task with its ring.
pub(super) struct Twin {
    pub memory: SharedWords,
    /// Its gs base.
    pub gs: u64,
    /// The first words of the slot at the head, as far as the task knows.
    own: [Cell<u64>; 3],
}

/// A call of which every word says that it is call `n`. Under loom, with fewer words: each costs time.
pub(super) fn call(n: u64) -> RingCall {
    let few = RingCall {
        nr: 100 * n as u32 + 1,
        args: [100 * n + 2, 0, 0, 0, 0, 0],
        start: (n << 32) | (100 * n + 3),
        end: 100 * n + 4,
        ret: (100 * n + 5) as i64,
        ..RingCall::default()
    };
    if cfg!(loom) {
        return few;
    }
    let mut args = [2, 10, 11, 12, 13, 14].map(|k| 100 * n + k);
    if n % 2 == 1 {
        args[slot::NARROW_ARGS..].fill(0);
    }
    RingCall { args, sp: 100 * n + 20, ip: 100 * n + 21, ..few }
}

impl Twin {
    pub(super) fn new(memory: SharedWords, gs: u64) -> Self {
        Twin { memory, gs, own: Default::default() }
    }

    fn ring(&self) -> u64 {
        self.gs - WINDOW_ADDRESS
    }

    fn head(&self) -> &AtomicU64 {
        &self.memory[((self.ring() + HEAD) / 8) as usize]
    }

    /// The word of the slot at the head that this byte is in.
    fn word(&self, byte: u64) -> &AtomicU64 {
        let head = self.head().load(Relaxed);
        &self.memory[((self.ring() + head + byte) / 8) as usize]
    }

    /// Stores the lowest bytes of a value, as one store of so many bytes does. What else is in the word, the task wrote
    /// itself or read when it found room: under loom it is not loaded again, and what stands in the state's word is stored
    /// with the next state, since each load and store costs time and no reader takes it before.
    fn store(&self, byte: u64, bytes: u32, value: u64, order: Ordering) {
        let word = self.word(byte);
        let own = self.own.get((byte / 8) as usize).filter(|_| cfg!(loom));
        let old = own.map_or_else(|| word.load(Relaxed), Cell::get);
        let new = with_field(old, byte, bytes, value);
        if let Some(own) = own {
            own.set(new);
            if byte / 8 == slot::STATE / 8 && byte != slot::STATE {
                return;
            }
        }
        word.store(new, order);
    }

    /// The slot at the head, by its position in the ring.
    #[cfg(not(loom))]
    pub(super) fn position(&self) -> u64 {
        self.head().load(Relaxed) / SLOT_BYTES
    }

    pub(super) fn has_room(&self) -> bool {
        let first = self.word(slot::STATE).load(Acquire);
        self.own[0].set(first);
        first as u8 == state::FREE
    }

    /// Up to the label `saved`.
    pub(super) fn save(&self, call: &RingCall) {
        let is_wide = call.args[slot::NARROW_ARGS..].iter().any(|&arg| arg != 0);
        let there = match is_wide {
            _ if cfg!(loom) => 1,
            true => 6,
            false => slot::NARROW_ARGS,
        };
        self.store(slot::IS_WIDE, 1, u64::from(is_wide), Relaxed);
        self.store(slot::NR, 4, u64::from(call.nr), Relaxed);
        for (n, arg) in (0..).zip(call.args).take(there) {
            self.word(slot::ARGS + 8 * n).store(arg, Relaxed);
        }
        if !cfg!(loom) {
            self.word(slot::SP).store(call.sp, Relaxed);
        }
    }

    /// From there to the label `call`, but for the state.
    pub(super) fn begin(&self, call: &RingCall) {
        if !cfg!(loom) {
            self.word(slot::IP).store(call.ip, Relaxed);
        }
        // Two parts, the low one first; the high one takes the place of zeros of the address.
        self.store(slot::START_LOW, 4, call.start, Relaxed);
        self.store(slot::START_HIGH, 2, call.start >> 32, Relaxed);
    }

    /// The last instruction before the call.
    pub(super) fn enter(&self) {
        self.store(slot::STATE, 1, u64::from(state::ENTERED), Release);
    }

    /// Up to the label `result_saved`.
    pub(super) fn save_result(&self, call: &RingCall) {
        self.word(slot::RET).store(call.ret as u64, Relaxed);
    }

    /// Up to the label `timed`.
    pub(super) fn end(&self, call: &RingCall) {
        self.store(slot::END_LOW, 4, call.end, Relaxed);
        self.store(slot::END_HIGH, 2, call.end >> 32, Relaxed);
    }

    pub(super) fn finish(&self) {
        self.store(slot::STATE, 1, u64::from(state::FINISHED), Release);
    }

    /// In the stub the 16 bits wrap by themselves. Gives the result that it returns, as it finds it in the slot.
    pub(super) fn advance(&self) -> i64 {
        let head = self.head().load(Relaxed);
        let ret = &self.memory[((self.ring() + head + slot::RET) / 8) as usize];
        self.head().store((head + SLOT_BYTES) % (SLOTS * SLOT_BYTES), Relaxed);
        ret.load(Relaxed) as i64
    }

    /// A path that stands at `address`, its NUL included, into slots of its own before its call's; `rax` and `rdx` are the
    /// task's. `false`: there was no room for all of it.
    pub(super) fn copy_path(&self, address: u64, path: &[u8], rax: u64, rdx: u64) -> bool {
        for (n, part) in path.chunks(path_slot::TEXT_BYTES as usize).enumerate() {
            if !self.has_room() {
                return false;
            }
            self.save_path(rax, rdx);
            self.word(path_slot::ADDRESS).store(if n == 0 { address } else { 0 }, Relaxed);
            // A byte at a time; what the slot held before stays behind the NUL.
            for (at, byte) in (path_slot::TEXT..).zip(part) {
                self.store(at, 1, u64::from(*byte), Relaxed);
            }
            self.store(path_slot::STATE, 1, u64::from(state::PATH), Release);
            self.advance();
        }
        true
    }

    /// Up to the label `path_saved`.
    pub(super) fn save_path(&self, rax: u64, rdx: u64) {
        self.store(path_slot::RAX, 4, rax, Relaxed);
        self.word(path_slot::RDX).store(rdx, Relaxed);
    }

    /// A whole call. `false`: it took the net.
    pub(super) fn make(&self, call: &RingCall) -> bool {
        if !self.has_room() {
            return false;
        }
        self.save(call);
        self.begin(call);
        self.enter();
        self.save_result(call);
        self.end(call);
        self.finish();
        assert_eq!(self.advance(), call.ret, "the reader has changed what the stub returns");
        true
    }
}
