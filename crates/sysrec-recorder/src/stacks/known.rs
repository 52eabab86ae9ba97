//! Stacks that were walked before. Most calls of a program come again and again from the same ones.
//!
//! A walk depends on nothing but the words of memory and the registers that it reads. So what it read is kept with its
//! result, and where all of that is the same again, so is the stack: this is exact, and needs no look at any table.

use rustc_hash::FxHashMap;
use sysrec_format::event::StackId;

use super::memory::Words;
use super::registers::REGISTERS;

/// Places that are kept, a place being a site with a stack pointer; then all are forgotten.
const PLACES_MAX: usize = 1 << 14;
/// Stacks of one place that are kept: those that came last.
const STACKS_MAX: usize = 4;

/// Where a walk begins: the number of the address space, instruction pointer, stack pointer.
pub(super) type Place = (u64, u64, u64);

/// A word that a walk has read: of memory by its address, of the registers by the register's number (there is no memory
/// that low).
pub(crate) type Read = (u64, u64);

#[derive(Debug)]
struct Known {
    reads: Box<[Read]>,
    stack: StackId,
}

/// The stacks by where their walks began.
#[derive(Debug, Default)]
pub(super) struct KnownStacks(FxHashMap<Place, Vec<Known>>);

/// Memory that takes down what is read from it.
pub(super) struct Reading<'a, W> {
    pub(super) words: &'a mut W,
    pub(super) reads: &'a mut Vec<Read>,
    /// Something could not be read: whether that will be so again is not known.
    pub(super) failed: bool,
}

impl<W: Words> Words for Reading<'_, W> {
    fn word(&mut self, address: u64) -> Option<u64> {
        let word = self.words.word(address);
        match word {
            Some(word) if address >= REGISTERS as u64 => self.reads.push((address, word)),
            _ => self.failed = true,
        }
        word
    }

    fn used(&mut self, register: u16, value: u64) {
        self.reads.push((register.into(), value));
    }
}

impl KnownStacks {
    /// How much of the stack will be looked at, bytes from the stack pointer; 0 where nothing is known.
    pub(super) fn bytes_needed(&self, place: Place) -> usize {
        let (_, _, sp) = place;
        let reads = self.0.get(&place).into_iter().flatten().flat_map(|known| known.reads.iter());
        let ends = reads.map(|(address, _)| address.saturating_sub(sp).saturating_add(8));
        // What lies far away (the stack that a signal interrupted) is copied by itself.
        ends.filter(|&bytes| bytes <= 32 << 10).max().unwrap_or(0) as usize
    }

    /// The stack, if it is one that was walked before, and what its walk read.
    pub(super) fn find(
        &mut self,
        place: Place,
        registers: &[u64; REGISTERS],
        words: &mut impl Words,
    ) -> Option<(StackId, &[Read])> {
        let list = self.0.get_mut(&place)?;
        let mut same = |(address, word): &Read| match registers.get(*address as usize) {
            Some(value) if *address < REGISTERS as u64 => value == word,
            _ => words.word(*address) == Some(*word),
        };
        let at = list.iter().position(|known| known.reads.iter().all(&mut same))?;
        // The one that comes most often is found first.
        list.swap(0, at);
        Some((list[0].stack, &list[0].reads))
    }

    /// Keeps what a walk has read and found.
    pub(super) fn keep(&mut self, place: Place, reads: &[Read], stack: StackId) {
        if self.0.len() >= PLACES_MAX && !self.0.contains_key(&place) {
            self.0.clear();
        }
        let list = self.0.entry(place).or_default();
        list.truncate(STACKS_MAX - 1);
        list.insert(0, Known { reads: reads.into(), stack });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Memory(HashMap<u64, u64>);

    impl Words for Memory {
        fn word(&mut self, address: u64) -> Option<u64> {
            self.0.get(&address).copied()
        }
    }

    fn found(
        known: &mut KnownStacks,
        place: Place,
        registers: &[u64; REGISTERS],
        memory: &mut Memory,
    ) -> Option<StackId> {
        known.find(place, registers, memory).map(|(stack, _)| stack)
    }

    #[test]
    fn a_stack_is_known_as_long_as_everything_that_was_read_is_the_same() {
        let (mut known, place) = (KnownStacks::default(), (1, 0x1000, 0x8000));
        let mut memory = Memory([(0x8008, 1), (0x8010, 2)].into());
        let mut registers = [0; REGISTERS];
        registers[6] = 77;
        known.keep(place, &[(6, 77), (0x8008, 1), (0x8010, 2)], StackId(5));
        assert_eq!(known.bytes_needed(place), 24);
        assert_eq!(found(&mut known, place, &registers, &mut memory), Some(StackId(5)));
        assert_eq!(found(&mut known, (2, 0x1000, 0x8000), &registers, &mut memory), None);
        memory.0.insert(0x8010, 3);
        assert_eq!(found(&mut known, place, &registers, &mut memory), None);
        known.keep(place, &[(6, 77), (0x8010, 3)], StackId(6));
        assert_eq!(found(&mut known, place, &registers, &mut memory), Some(StackId(6)));
        memory.0.remove(&0x8008);
        memory.0.insert(0x8010, 2);
        assert_eq!(found(&mut known, place, &registers, &mut memory), None);
        registers[6] = 78;
        memory.0.insert(0x8010, 3);
        assert_eq!(found(&mut known, place, &registers, &mut memory), None);
    }
}
