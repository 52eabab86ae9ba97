//! Writes blocks: looks at a run of numbers from all sides and takes the encoding that is the smallest.
//!
//! This is where the time of a seal goes, so each look is a loop over a slice that does one thing, without branches
//! that depend on the numbers, and every buffer is used again.

use super::{CONSTANT, DELTA, DICTIONARY, PACKED, RAW, bits_of};
use crate::bitpack::{pack, packed_bytes};
use crate::limits::DICTIONARY_VALUES_MAX;
use crate::wire::{put_varint, varint_bytes, varint_bytes_of_bits, zigzag};

/// Numbers that are looked at together: neighbours in such a group do not wait for each other.
const LANES: usize = 4;

/// Whether all are the same.
fn all_are(first: u64, values: &[u64]) -> bool {
    // A group is looked at as a whole, which the compiler turns into wide instructions.
    values.chunks(32).all(|group| group.iter().fold(0, |differing, value| differing | (value ^ first)) == 0)
}

fn smallest(values: &[u64]) -> u64 {
    let mut lanes = [u64::MAX; LANES];
    let groups = values.chunks_exact(LANES);
    let rest = groups.remainder().iter().copied().min().unwrap_or(u64::MAX);
    for group in groups {
        for (lane, &value) in lanes.iter_mut().zip(group) {
            *lane = (*lane).min(value);
        }
    }
    lanes.into_iter().fold(rest, u64::min)
}

/// Zigzag of each number less the one before.
fn differences(values: &[u64], out: &mut Vec<u64>) {
    out.clear();
    out.resize(values.len().saturating_sub(1), 0);
    for ((out, before), value) in out.iter_mut().zip(values).zip(&values[1..]) {
        *out = zigzag(value.wrapping_sub(*before) as i64);
    }
}

/// How many of the values lie so many bits above the base.
fn count_bits(values: &[u64], base: u64) -> [u32; 65] {
    // The same counter twice in a row would wait for its own store, so that each lane has its own.
    let mut lanes = [[0_u32; 65]; LANES];
    let groups = values.chunks_exact(LANES);
    for &value in groups.remainder() {
        lanes[0][bits_of(value - base) as usize] += 1;
    }
    for group in groups {
        for (counts, &value) in lanes.iter_mut().zip(group) {
            counts[bits_of(value.wrapping_sub(base)) as usize] += 1;
        }
    }
    std::array::from_fn(|bits| lanes.iter().map(|counts| counts[bits]).sum())
}

/// How a run of numbers would be packed, and what it would cost.
#[derive(Clone, Copy, Debug)]
struct Packing {
    base: u64,
    width: u32,
    /// Numbers that have higher bits than the width.
    exceptions: u32,
    bytes: usize,
}

impl Packing {
    /// The width with the smallest estimated size: the bytes of the exceptions' gaps are estimated, all else is exact.
    fn best(values: &[u64]) -> Self {
        let base = if values.is_empty() { 0 } else { smallest(values) };
        let counts = count_bits(values, base);
        let mut widest_first: [(u32, u32); 65] = [(0, 0); 65];
        let mut distinct = 0;
        for bits in (0..=64).rev().filter(|&bits| counts[bits as usize] > 0) {
            widest_first[distinct] = (bits, counts[bits as usize]);
            distinct += 1;
        }
        let widest_first = &widest_first[..distinct];
        let fixed_bytes = 2 + varint_bytes(base);
        let mut best = Self { base, width: 64, exceptions: 0, bytes: usize::MAX };
        for (i, &(width, _)) in widest_first.iter().enumerate() {
            let above = &widest_first[..i];
            let exceptions: u32 = above.iter().map(|&(_, count)| count).sum();
            let gap_bytes = if exceptions as usize * 64 < values.len() { 2 } else { 1 };
            let exception_bytes: usize = above
                .iter()
                .map(|&(bits, count)| count as usize * (gap_bytes + varint_bytes_of_bits(bits - width)))
                .sum();
            let bytes = fixed_bytes
                + packed_bytes(values.len(), width)
                + varint_bytes(u64::from(exceptions))
                + exception_bytes;
            if bytes < best.bytes {
                best = Self { base, width, exceptions, bytes };
            }
        }
        best
    }

    fn encode(&self, values: &[u64], out: &mut Vec<u8>) {
        put_varint(out, self.base);
        out.push(self.width as u8);
        put_varint(out, self.exceptions.into());
        pack(values, self.base, self.width, out);
        if self.exceptions == 0 {
            return;
        }
        let mut next = 0;
        for (i, &value) in values.iter().enumerate() {
            let high = (value - self.base) >> self.width;
            if high != 0 {
                put_varint(out, (i - next) as u64);
                put_varint(out, high);
                next = i + 1;
            }
        }
    }
}

/// A place for a distinct value.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    /// Taken, if this is the run's own stamp.
    stamp: u32,
    rank: u32,
}

/// The distinct values of a run while there are few, with room that is used again and again.
#[derive(Debug)]
struct Distinct {
    slots: [Slot; Self::SLOTS],
    stamp: u32,
    /// The values, ascending.
    sorted: Vec<u64>,
    /// The slot of each number of the run, and then its rank.
    indexes: Vec<u64>,
}

impl Distinct {
    const SLOTS: usize = 1024;

    fn new() -> Self {
        Self { slots: [Slot::default(); Self::SLOTS], stamp: 0, sorted: Vec::new(), indexes: Vec::new() }
    }

    /// Its slot, or the free one where it belongs. There is always a free one: at most a quarter is taken.
    #[inline]
    fn slot(slots: &[Slot; Self::SLOTS], stamp: u32, key: u64) -> usize {
        let mut at = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % Self::SLOTS;
        while slots[at].stamp == stamp && slots[at].key != key {
            at = (at + 1) % Self::SLOTS;
        }
        at
    }

    /// Whether there are no more than `most` distinct values.
    fn collect(&mut self, values: &[u64], most: usize) -> bool {
        if self.stamp == u32::MAX {
            self.slots.fill(Slot::default());
            self.stamp = 0;
        }
        self.stamp += 1;
        self.sorted.clear();
        self.indexes.resize(values.len(), 0);
        let (slots, stamp) = (&mut self.slots, self.stamp);
        for (index, &value) in self.indexes.iter_mut().zip(values) {
            let at = Self::slot(slots, stamp, value);
            *index = at as u64;
            if slots[at].stamp != stamp {
                if self.sorted.len() == most {
                    return false;
                }
                slots[at] = Slot { key: value, stamp, rank: 0 };
                self.sorted.push(value);
            }
        }
        self.sorted.sort_unstable();
        true
    }

    fn index_width(&self) -> u32 {
        bits_of(self.sorted.len() as u64 - 1)
    }

    fn encoded_bytes(&self, values: usize) -> usize {
        let mut previous = 0;
        let mut bytes = 1 + varint_bytes(self.sorted.len() as u64);
        for &value in &self.sorted {
            bytes += varint_bytes(value - previous);
            previous = value;
        }
        bytes + packed_bytes(values, self.index_width())
    }

    fn encode(&mut self, out: &mut Vec<u8>) {
        put_varint(out, self.sorted.len() as u64);
        let mut previous = 0;
        for rank in 0..self.sorted.len() {
            let value = self.sorted[rank];
            put_varint(out, value - previous);
            previous = value;
            let slot = Self::slot(&self.slots, self.stamp, value);
            self.slots[slot].rank = rank as u32;
        }
        for index in &mut self.indexes {
            *index = self.slots[*index as usize % Self::SLOTS].rank.into();
        }
        pack(&self.indexes, 0, self.index_width(), out);
    }
}

/// Encodes blocks; holds the room it works in.
#[derive(Debug)]
pub(crate) struct BlockEncoder {
    deltas: Vec<u64>,
    distinct: Box<Distinct>,
}

impl BlockEncoder {
    pub(crate) fn new() -> Self {
        Self { deltas: Vec::new(), distinct: Box::new(Distinct::new()) }
    }

    /// Appends one block.
    pub(crate) fn encode(&mut self, values: &[u64], out: &mut Vec<u8>) {
        let Some(&first) = values.first() else { return };
        let raw_bytes = 1 + 8 * values.len();
        if all_are(first, values) {
            // A constant below 128 is its own first byte, which is also its varint.
            if first < u64::from(CONSTANT) {
                out.push(first as u8);
                return;
            }
            if varint_bytes(first) < raw_bytes {
                out.push(CONSTANT);
                put_varint(out, first);
                return;
            }
        }
        let packing = Packing::best(values);
        let mut smallest = packing.bytes;
        // Differences and dictionaries are worth a look only where offsets leave something to win.
        let look_further = values.len() >= 4 && packing.bytes > 8 + values.len() / 8;
        let mut delta = None;
        if look_further {
            differences(values, &mut self.deltas);
            let packing = Packing::best(&self.deltas);
            let bytes = packing.bytes + varint_bytes(first);
            if bytes < smallest {
                smallest = bytes;
                delta = Some(packing);
            }
        }
        let most = DICTIONARY_VALUES_MAX.min(values.len() / 2);
        let start = out.len();
        if look_further
            && self.distinct.collect(values, most)
            && self.distinct.encoded_bytes(values.len()) < smallest
        {
            out.push(DICTIONARY);
            self.distinct.encode(out);
        } else if let Some(packing) = delta {
            out.push(DELTA);
            put_varint(out, first);
            packing.encode(&self.deltas, out);
        } else {
            out.push(PACKED);
            packing.encode(values, out);
        }
        if out.len() - start >= raw_bytes {
            out.truncate(start);
            out.push(RAW);
            values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }
    }
}
