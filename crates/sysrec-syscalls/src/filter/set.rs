//! A set of calls of every ABI: one bit a number.

use crate::table::slot;
use crate::{Abi, NUMBER_LIMIT, X32_BIT};

const WORDS: usize = NUMBER_LIMIT as usize / 64;

/// Calls by ABI and number, and whether the numbers that no table can hold belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallSet {
    bits: [[u64; WORDS]; Abi::ALL.len()],
    /// Whether each ABI's negative numbers and those from `NUMBER_LIMIT` belong to the set.
    beyond: [bool; Abi::ALL.len()],
}

impl CallSet {
    pub(super) const EMPTY: CallSet =
        CallSet { bits: [[0; WORDS]; Abi::ALL.len()], beyond: [false; Abi::ALL.len()] };
    pub(super) const FULL: CallSet =
        CallSet { bits: [[u64::MAX; WORDS]; Abi::ALL.len()], beyond: [true; Abi::ALL.len()] };

    /// Adds a number below `NUMBER_LIMIT`, on x32 without its bit.
    pub(super) fn insert(&mut self, abi: Abi, number: u32) {
        self.bits[abi.index()][number as usize / 64] |= 1 << (number % 64);
    }

    /// Adds every number of the ABI.
    pub(super) fn insert_abi(&mut self, abi: Abi) {
        self.bits[abi.index()] = [u64::MAX; WORDS];
        self.beyond[abi.index()] = true;
    }

    pub(super) fn add(&mut self, other: &CallSet) {
        self.merge(other, |mine, theirs| mine | theirs, |mine, theirs| mine | theirs);
    }

    pub(super) fn remove(&mut self, other: &CallSet) {
        self.merge(other, |mine, theirs| mine & !theirs, |mine, theirs| mine & !theirs);
    }

    fn merge(
        &mut self,
        other: &CallSet,
        words: impl Fn(u64, u64) -> u64,
        flags: impl Fn(bool, bool) -> bool,
    ) {
        for (mine, theirs) in self.bits.as_flattened_mut().iter_mut().zip(other.bits.as_flattened()) {
            *mine = words(*mine, *theirs);
        }
        for (mine, theirs) in self.beyond.iter_mut().zip(other.beyond) {
            *mine = flags(*mine, theirs);
        }
    }

    pub(super) fn contains(&self, abi: Abi, nr: i32) -> bool {
        match slot(abi, nr) {
            Some(slot) => self.has(abi, slot as u32),
            None => self.has_beyond(abi),
        }
    }

    fn has(&self, abi: Abi, number: u32) -> bool {
        self.bits[abi.index()][number as usize / 64] >> (number % 64) & 1 == 1
    }

    /// The numbers below `NUMBER_LIMIT` that are in the set, or are not, in order; on x32 with its bit.
    pub(super) fn numbers(&self, abi: Abi, present: bool) -> impl Iterator<Item = u32> + '_ {
        let bit = if abi == Abi::X32 { X32_BIT } else { 0 };
        (0..NUMBER_LIMIT)
            .filter(move |number| self.has(abi, *number) == present)
            .map(move |number| number | bit)
    }

    pub(super) fn has_beyond(&self, abi: Abi) -> bool {
        self.beyond[abi.index()]
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == CallSet::EMPTY
    }
}
