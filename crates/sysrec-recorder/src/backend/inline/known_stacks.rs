//! The stacks that were walked before, as lists that the stub compares: a task whose stack is in its lists goes on without
//! a stop, and the number in its slot says which stack it has.
//!
//! A walk depends on nothing but the words that it reads (`stacks/known.rs`). A list has these, each with its address, so
//! that what the stub finds is what another walk would have found. Each ring has lists of its own, in the ring file:
//!
//! ```text
//!  LISTS ──► beginnings, by site and stack pointer ──► next │ number + 1 │ address │ -word │ address │ -word │ ... │ 0
//! ```
//! The "address" of a register is that of the word in the ring's last page where the stub puts it. Stacks are written only
//! while the ring's task is stopped outside of our code, so that the stub never compares a half-written one; lists are
//! given up, while it may run, by one store. Nothing is read back: the program can write there.

use std::collections::VecDeque;
use std::hash::Hasher;
use std::sync::atomic::Ordering::{Relaxed, Release};

use rustc_hash::{FxHashMap, FxHasher};

use super::layout::stack_lists::*;
use super::layout::*;
use super::rings::{Ring, Rings, provide};
use crate::stacks::Walked;

/// Stacks of one list: those that came last. Each that does not match costs the task some nanoseconds.
const LIST_MAX: usize = 8;
/// Words of one stack; a deeper one stops at each call.
const STACK_WORDS_MAX: u64 = 1024;
/// Registers by their DWARF number, in the order in which the stub puts them down: rbx, rbp, rsp, r12 to r15.
const ORDER: [u64; 7] = [3, 6, 7, 12, 13, 14, 15];
const RSP: usize = 2;
/// Behind them, r11.
const SITE: usize = 7;
/// The instruction pointer: that of the site.
const RIP: u64 = 16;
/// Reads of a walk below this are registers.
const REGISTERS_END: u64 = 17;

/// Where the stub says that a call is made: the trampoline's data word, and the stack pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) data: u64,
    pub(crate) sp: u64,
}

/// What the recorder knows of a ring's lists.
#[derive(Debug, Default)]
pub(super) struct Lists {
    provided: bool,
    /// The state of the address space that they are of; 0: they are empty.
    serial: u64,
    /// Bytes in use.
    used: u64,
    /// By list: where its stacks are, the first one first, each with a sum of its words.
    lists: FxHashMap<u64, VecDeque<(u64, u64)>>,
}

/// The area of a ring's lists in the file.
fn area(ring: u32) -> u64 {
    FILE_END - u64::from(ring) * BYTES
}

const FILE_END: u64 = WINDOW_BYTES;

/// Whether a ring of this number and all before it leave room for their lists.
pub(super) fn has_room(ring: u32) -> bool {
    (u64::from(ring) + 1) * RING_STRIDE <= area(ring)
}

impl Rings {
    /// Puts a stack into the lists of a task that is stopped outside of our code.
    pub(crate) fn keep_stack(&mut self, ring: &Ring, place: Place, walked: Walked<'_>) {
        let Some(pairs) = pairs(ring, place, walked.reads) else { return };
        let bytes = 8 * (HEAD_WORDS + 2 * pairs.len() as u64 + 1);
        if bytes > 8 * STACK_WORDS_MAX {
            return;
        }
        let start = area(ring.number());
        let mut lists = self.lists.remove(&ring.number()).unwrap_or_default();
        if !lists.provided {
            if self.file().is_some_and(|file| provide(file, start, BYTES).is_err()) {
                return;
            }
            lists.provided = true;
        }
        let store = |at: u64, value: u64| self.memory()[(at / 8) as usize].store(value, Relaxed);
        if lists.serial != walked.serial || lists.used + bytes > BYTES {
            (0..BUCKETS).for_each(|bucket| store(start + 8 * bucket, 0));
            lists.lists.clear();
            (lists.serial, lists.used) = (walked.serial, 8 * BUCKETS);
        }
        let bucket = (place.sp.wrapping_add(place.data) & BUCKET_MASK) >> BUCKET_MASK.trailing_zeros();
        let list = lists.lists.entry(bucket).or_default();
        let sum = sum(&pairs, walked.stack.0);
        if list.iter().all(|&(_, other)| other != sum) {
            let at = start + lists.used;
            let next = list.front().map_or(0, |&(next, _)| WINDOW_ADDRESS + next);
            let pairs = pairs.iter().flat_map(|&(address, word)| [address, word.wrapping_neg()]);
            let words = [next, u64::from(walked.stack.0) + 1].into_iter().chain(pairs).chain([0]);
            (at..).step_by(8).zip(words).for_each(|(at, word)| store(at, word));
            lists.used += bytes;
            list.push_front((at, sum));
            if list.len() > LIST_MAX {
                list.pop_back();
                list.back().iter().for_each(|&&(last, _)| store(last, 0));
            }
            self.memory()[((start + 8 * bucket) / 8) as usize].store(WINDOW_ADDRESS + at, Release);
        }
        self.lists.insert(ring.number(), lists);
        self.tell_lists(ring, WINDOW_ADDRESS + start);
    }

    /// The lists of a task hold no longer: what may be run has changed. The task may be running.
    pub(crate) fn forget_stacks(&mut self, ring: &Ring) {
        if let Some(lists) = self.lists.get_mut(&ring.number()) {
            lists.serial = 0;
            self.tell_lists(ring, 0);
        }
    }

    fn tell_lists(&self, ring: &Ring, address: u64) {
        self.memory()[Self::first_word(ring) + (LISTS / 8) as usize].store(address, Release);
    }
}

/// Addresses and words that make up the stack; `None` where it depends on a register that the stub does not put down.
fn pairs(ring: &Ring, place: Place, reads: &[(u64, u64)]) -> Option<Vec<(u64, u64)>> {
    let register = |at: usize| ring.address() + REGISTERS + 8 * at as u64;
    let mut pairs = Vec::with_capacity(reads.len() + 2);
    pairs.extend([(register(RSP), place.sp), (register(SITE), place.data)]);
    for &(address, word) in reads {
        match address {
            RIP => {}
            0..REGISTERS_END => {
                let at = ORDER.iter().position(|&number| number == address)?;
                if at != RSP {
                    pairs.push((register(at), word));
                }
            }
            address => pairs.push((address, word)),
        }
    }
    Some(pairs)
}

fn sum(pairs: &[(u64, u64)], stack: u32) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(stack);
    for (address, word) in pairs {
        hasher.write_u64(*address);
        hasher.write_u64(*word);
    }
    hasher.finish()
}

#[cfg(all(test, not(loom)))]
mod tests;
