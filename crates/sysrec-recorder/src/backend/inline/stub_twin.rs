//! The stub's steps in Rust, for tests: what it does to its ring, in its order (`sys/stub.rs`).
//!
//! The orders of memory are *weaker* than the processor's. There every store is a release and every load an acquire
//! (x86-TSO: Intel's manual, volume 3, 9.2.2); here only the stores of a state are, and the load of one.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::layout::*;
use super::rings::RingCall;
use crate::sys::shared::{AtomicU64, SharedWords};

/// A task with its ring.
pub(super) struct Twin {
    pub memory: SharedWords,
    /// Its gs base.
    pub gs: u64,
}

/// A call of which every word says that it is call `n`. Under loom, with fewer words: each costs time.
pub(super) fn call(n: u64) -> RingCall {
    let few = RingCall {
        rax: 100 * n + 1,
        args: [100 * n + 2, 0, 0, 0, 0, 0],
        start: (n << 32) | (100 * n + 3),
        end: 100 * n + 4,
        ret: (100 * n + 5) as i64,
        ..RingCall::default()
    };
    if cfg!(loom) {
        return few;
    }
    RingCall { args: [2, 10, 11, 12, 13, 14].map(|k| 100 * n + k), sp: 100 * n + 20, ip: 100 * n + 21, ..few }
}

impl Twin {
    fn ring(&self) -> u64 {
        self.gs - WINDOW_ADDRESS
    }

    fn head(&self) -> &AtomicU64 {
        &self.memory[((self.ring() + HEAD) / 8) as usize]
    }

    /// A word of the slot at the head.
    fn word(&self, index: u64) -> &AtomicU64 {
        let head = self.head().load(Relaxed);
        &self.memory[((self.ring() + head) / 8 + index) as usize]
    }

    /// The slot at the head, by its position in the ring.
    #[cfg(not(loom))]
    pub(super) fn position(&self) -> u64 {
        self.head().load(Relaxed) / SLOT_BYTES
    }

    pub(super) fn has_room(&self) -> bool {
        self.word(slot::STATE).load(Acquire) == u64::from(state::FREE)
    }

    /// Up to the label `saved`.
    pub(super) fn save(&self, call: &RingCall) {
        self.word(slot::RAX).store(call.rax, Relaxed);
        for (n, arg) in (0..).zip(call.args).take(if cfg!(loom) { 1 } else { 6 }) {
            self.word(slot::ARGS + n).store(arg, Relaxed);
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
        // Two halves, the low one first; the high one is still that of the call before.
        let old = self.word(slot::START).load(Relaxed);
        let low = call.start & 0xffff_ffff;
        self.word(slot::START).store((old >> 32 << 32) | low, Relaxed);
        self.word(slot::START).store(call.start, Relaxed);
    }

    /// The last instruction before the call.
    pub(super) fn enter(&self) {
        self.word(slot::STATE).store(u64::from(state::ENTERED), Release);
    }

    /// Up to the label `result_saved`.
    pub(super) fn save_result(&self, call: &RingCall) {
        self.word(slot::RET).store(call.ret as u64, Relaxed);
    }

    /// Up to the label `timed`.
    pub(super) fn end(&self, call: &RingCall) {
        self.word(slot::END).store(call.end, Relaxed);
    }

    pub(super) fn finish(&self) {
        self.word(slot::STATE).store(u64::from(state::FINISHED), Release);
    }

    /// In the stub the 16 bits wrap by themselves. Gives the result that it returns, as it finds it in the slot.
    pub(super) fn advance(&self) -> i64 {
        let head = self.head().load(Relaxed);
        let ret = &self.memory[((self.ring() + head) / 8 + slot::RET) as usize];
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
            for (word, bytes) in (path_slot::TEXT..).zip(part.chunks(8)) {
                let mut old = self.word(word).load(Relaxed).to_le_bytes();
                old[..bytes.len()].copy_from_slice(bytes);
                self.word(word).store(u64::from_le_bytes(old), Relaxed);
            }
            self.word(path_slot::STATE).store(u64::from(state::PATH), Release);
            self.advance();
        }
        true
    }

    /// Up to the label `path_saved`.
    pub(super) fn save_path(&self, rax: u64, rdx: u64) {
        self.word(path_slot::RAX).store(rax, Relaxed);
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
