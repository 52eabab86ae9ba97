//! A block: a run of numbers whose count the reader knows, in whichever of a few encodings is the smallest.
//!
//! ```text
//!  0xxxxxxx                                      CONSTANT, 0 to 127: all values are x
//!  0x80  value                                   CONSTANT: all values are this varint
//!  0x81  count * 8 bytes                         RAW
//!  0x82  base width exceptions bits... (gap high)*    PACKED: base + bits, some with higher bits added
//!  0x83  first, then as PACKED                   DELTA: zigzag differences of neighbours
//!  0x84  size, values, bits...                   DICTIONARY: ascending distinct values, indexes of them
//! ```

use crate::bitpack::{pack, packed_bytes, unpack};
use crate::error::Error;
use crate::limits::DICTIONARY_VALUES_MAX;
use crate::wire::{Cursor, put_varint, unzigzag, varint_bytes, varint_bytes_of_bits, zigzag};

/// Encodings of a block; smaller first bytes are a constant by themselves.
pub(crate) const CONSTANT: u8 = 0x80;
/// Eight bytes each.
pub(crate) const RAW: u8 = 0x81;
/// Offsets from a base, bit-packed, with exceptions.
pub(crate) const PACKED: u8 = 0x82;
/// Differences of neighbours, packed.
pub(crate) const DELTA: u8 = 0x83;
/// Indexes into the distinct values.
pub(crate) const DICTIONARY: u8 = 0x84;

fn bits_of(value: u64) -> u32 {
    64 - value.leading_zeros()
}

/// How a run of numbers would be packed, and what it would cost.
#[derive(Clone, Copy, Debug)]
struct Packing {
    base: u64,
    width: u32,
    bytes: usize,
}

impl Packing {
    /// The width with the smallest estimated size: the bytes of the exceptions' gaps are estimated, all else is exact.
    fn best(values: &[u64]) -> Self {
        let base = values.iter().copied().min().unwrap_or(0);
        let mut counts = [0_u32; 65];
        for &value in values {
            counts[bits_of(value - base) as usize] += 1;
        }
        let mut widest_first: [(u32, u32); 65] = [(0, 0); 65];
        let mut distinct = 0;
        for bits in (0..=64).rev().filter(|&bits| counts[bits as usize] > 0) {
            widest_first[distinct] = (bits, counts[bits as usize]);
            distinct += 1;
        }
        let widest_first = &widest_first[..distinct];
        let fixed_bytes = 2 + varint_bytes(base);
        let mut best = Self { base, width: 64, bytes: usize::MAX };
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
                best = Self { base, width, bytes };
            }
        }
        best
    }

    fn encode(&self, values: &[u64], out: &mut Vec<u8>) {
        put_varint(out, self.base);
        out.push(self.width as u8);
        let high = |value: u64| if self.width == 64 { 0 } else { (value - self.base) >> self.width };
        let exceptions = values.iter().filter(|&&value| high(value) != 0).count();
        put_varint(out, exceptions as u64);
        pack(values.iter().map(|value| value - self.base), self.width, out);
        if exceptions == 0 {
            return;
        }
        let mut next = 0;
        for (i, &value) in values.iter().enumerate() {
            if high(value) != 0 {
                put_varint(out, (i - next) as u64);
                put_varint(out, high(value));
                next = i + 1;
            }
        }
    }
}

/// The distinct values of a run while there are few, with room that is used again and again.
#[derive(Debug)]
struct Distinct {
    stamps: [u32; Self::SLOTS],
    stamp: u32,
    keys: [u64; Self::SLOTS],
    ranks: [u16; Self::SLOTS],
    sorted: Vec<u64>,
}

impl Distinct {
    const SLOTS: usize = 1024;

    fn new() -> Self {
        Self {
            stamps: [0; Self::SLOTS],
            stamp: 0,
            keys: [0; Self::SLOTS],
            ranks: [0; Self::SLOTS],
            sorted: Vec::new(),
        }
    }

    /// Its slot, or the free one where it belongs. There is always a free one: at most a quarter is taken.
    fn slot(&self, key: u64) -> usize {
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize;
        while self.stamps[slot] == self.stamp && self.keys[slot] != key {
            slot = (slot + 1) % Self::SLOTS;
        }
        slot
    }

    /// Whether there are no more than `most` distinct values.
    fn collect(&mut self, values: &[u64], most: usize) -> bool {
        if self.stamp == u32::MAX {
            self.stamps.fill(0);
            self.stamp = 0;
        }
        self.stamp += 1;
        self.sorted.clear();
        for &value in values {
            let slot = self.slot(value);
            if self.stamps[slot] != self.stamp {
                if self.sorted.len() == most {
                    return false;
                }
                self.stamps[slot] = self.stamp;
                self.keys[slot] = value;
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

    fn encode(&mut self, values: &[u64], out: &mut Vec<u8>) {
        put_varint(out, self.sorted.len() as u64);
        let mut previous = 0;
        for rank in 0..self.sorted.len() {
            let value = self.sorted[rank];
            put_varint(out, value - previous);
            previous = value;
            let slot = self.slot(value);
            self.ranks[slot] = rank as u16;
        }
        pack(values.iter().map(|&value| u64::from(self.ranks[self.slot(value)])), self.index_width(), out);
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
        if values.iter().all(|&value| value == first) {
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
            self.deltas.clear();
            self.deltas.extend(values.windows(2).map(|pair| zigzag(pair[1].wrapping_sub(pair[0]) as i64)));
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
            self.distinct.encode(values, out);
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

fn width(cursor: &mut Cursor<'_>) -> Result<u32, Error> {
    let at = cursor.clone();
    match u32::from(cursor.u8("width of a block")?) {
        width @ 0..=64 => Ok(width),
        width => Err(at.fail("width of a block", "0 to 64 bits", width)),
    }
}

/// What stands before the bits of a PACKED or DELTA block.
struct PackedParts<'a> {
    base: u64,
    width: u32,
    exceptions: usize,
    bits: &'a [u8],
}

impl<'a> PackedParts<'a> {
    fn read(cursor: &mut Cursor<'a>, count: usize) -> Result<Self, Error> {
        let base = cursor.varint("base of a block")?;
        let width = width(cursor)?;
        let at = cursor.clone();
        let exceptions = cursor.varint("exceptions of a block")?;
        if exceptions > count as u64 || (width == 64 && exceptions > 0) {
            let most = if width == 64 { 0 } else { count };
            return Err(at.fail("exceptions of a block", format!("at most {most}"), exceptions));
        }
        let bits = cursor.take(packed_bytes(count, width), "bits of a block")?;
        Ok(Self { base, width, exceptions: exceptions as usize, bits })
    }

    /// Reads the exceptions, handing each to `apply` as position and what to add.
    fn exceptions(
        &self,
        cursor: &mut Cursor<'a>,
        count: usize,
        mut apply: impl FnMut(usize, u64),
    ) -> Result<(), Error> {
        let mut next = 0;
        for _ in 0..self.exceptions {
            let at = cursor.clone();
            let gap = cursor.varint("place of an exception")?;
            if gap >= (count - next) as u64 {
                return Err(at.fail("place of an exception", format!("less than {}", count - next), gap));
            }
            let at = cursor.clone();
            let high = cursor.varint("value of an exception")?;
            if high == 0 || bits_of(high) + self.width > 64 {
                let expected = format!("1 to {} bits", 64 - self.width);
                return Err(at.fail("value of an exception", expected, high));
            }
            let place = next + gap as usize;
            apply(place, high << self.width);
            next = place + 1;
        }
        Ok(())
    }
}

fn packed(cursor: &mut Cursor<'_>, count: usize, out: &mut Vec<u64>) -> Result<(), Error> {
    let parts = PackedParts::read(cursor, count)?;
    let start = out.len();
    unpack(parts.bits, count, parts.width, parts.base, out);
    parts.exceptions(cursor, count, |place, high| {
        let value = &mut out[start + place];
        *value = value.wrapping_add(high);
    })
}

fn unknown(cursor: &Cursor<'_>, encoding: u8) -> Error {
    cursor.fail("encoding of a block", "0x00 to 0x84", format!("{encoding:#04x}"))
}

fn dictionary_values(cursor: &mut Cursor<'_>) -> Result<Vec<u64>, Error> {
    let at = cursor.clone();
    let size = cursor.varint("size of a dictionary")?;
    if !(1..=DICTIONARY_VALUES_MAX as u64).contains(&size) {
        return Err(at.fail("size of a dictionary", format!("1 to {DICTIONARY_VALUES_MAX}"), size));
    }
    let mut values = Vec::with_capacity(size as usize);
    let mut value = 0_u64;
    for _ in 0..size {
        value = value.wrapping_add(cursor.varint("value of a dictionary")?);
        values.push(value);
    }
    Ok(values)
}

/// Appends the `count` values of the next block.
pub(crate) fn decode(cursor: &mut Cursor<'_>, count: usize, out: &mut Vec<u64>) -> Result<(), Error> {
    if count == 0 {
        return Ok(());
    }
    let at = cursor.clone();
    match cursor.u8("encoding of a block")? {
        value if value < CONSTANT => out.resize(out.len() + count, u64::from(value)),
        CONSTANT => {
            let value = cursor.varint("constant of a block")?;
            out.resize(out.len() + count, value);
        }
        RAW => {
            let bytes = cursor.take(8 * count, "values of a block")?;
            out.extend(
                bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes"))),
            );
        }
        PACKED => packed(cursor, count, out)?,
        DELTA => {
            let first = cursor.varint("first value of a block")?;
            let start = out.len();
            out.push(first);
            packed(cursor, count - 1, out)?;
            let mut value = first;
            for delta in &mut out[start + 1..] {
                value = value.wrapping_add(unzigzag(*delta) as u64);
                *delta = value;
            }
        }
        DICTIONARY => {
            let values = dictionary_values(cursor)?;
            let width = bits_of(values.len() as u64 - 1);
            let at = cursor.clone();
            let bits = cursor.take(packed_bytes(count, width), "bits of a block")?;
            let start = out.len();
            unpack(bits, count, width, 0, out);
            for index in &mut out[start..] {
                *index = *values.get(*index as usize).ok_or_else(|| {
                    at.fail("index into a dictionary", format!("less than {}", values.len()), *index)
                })?;
            }
        }
        encoding => return Err(unknown(&at, encoding)),
    }
    Ok(())
}

/// Passes over the next block of `count` values.
pub(crate) fn skip(cursor: &mut Cursor<'_>, count: usize) -> Result<(), Error> {
    if count == 0 {
        return Ok(());
    }
    let at = cursor.clone();
    match cursor.u8("encoding of a block")? {
        value if value < CONSTANT => {}
        CONSTANT => {
            cursor.varint("constant of a block")?;
        }
        RAW => {
            cursor.take(8 * count, "values of a block")?;
        }
        PACKED => PackedParts::read(cursor, count)?.exceptions(cursor, count, |_, _| {})?,
        DELTA => {
            cursor.varint("first value of a block")?;
            PackedParts::read(cursor, count - 1)?.exceptions(cursor, count - 1, |_, _| {})?;
        }
        DICTIONARY => {
            let width = bits_of(dictionary_values(cursor)?.len() as u64 - 1);
            cursor.take(packed_bytes(count, width), "bits of a block")?;
        }
        encoding => return Err(unknown(&at, encoding)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        BlockEncoder::new().encode(values, &mut bytes);
        bytes
    }

    fn round_trip(values: &[u64]) -> Vec<u8> {
        let bytes = encoded(values);
        let mut cursor = Cursor::new(&bytes, 0);
        let mut decoded = vec![];
        decode(&mut cursor, values.len(), &mut decoded).unwrap();
        assert_eq!(decoded, values);
        assert_eq!(cursor.remaining(), 0);
        let mut cursor = Cursor::new(&bytes, 0);
        skip(&mut cursor, values.len()).unwrap();
        assert_eq!(cursor.remaining(), 0, "skipping passes over as much as decoding reads");
        assert!(bytes.len() <= 1 + 8 * values.len());
        bytes
    }

    #[test]
    fn each_shape_takes_its_own_encoding() {
        assert_eq!(round_trip(&[]), []);
        assert_eq!(round_trip(&[7; 1000]), [7]);
        assert_eq!(round_trip(&[300; 1000]), [CONSTANT, 0xac, 0x02]);
        assert_eq!(round_trip(&[u64::MAX])[0], RAW);
        let noise = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i * i) << 55;
        let small: Vec<u64> = (0..1000).map(|i| 1000 + (noise(i) >> 60)).collect();
        assert_eq!(round_trip(&small)[0], PACKED);
        assert_eq!(round_trip(&small).len(), 1 + 2 + 1 + 1 + 500);
        let rising: Vec<u64> = (0..1000).map(|i| 0x7f00_0000_0000 + i * 4096).collect();
        assert_eq!(round_trip(&rising)[0], DELTA);
        let few: Vec<u64> =
            (0..1000).map(|i| [3, 0x7ffc_1234_5678, 1 << 50, u64::MAX][(noise(i) >> 62) as usize]).collect();
        assert_eq!(round_trip(&few)[0], DICTIONARY);
        assert_eq!(round_trip(&(1..1000).map(noise).collect::<Vec<_>>())[0], RAW);
    }

    #[test]
    fn outliers_become_exceptions_and_do_not_widen_the_rest() {
        let mut values: Vec<u64> = (0..4096).map(|i| i * 7919 % 1024).collect();
        values[17] = u64::MAX;
        values[4000] = 1 << 40;
        let bytes = round_trip(&values);
        assert_eq!(bytes[0], PACKED);
        assert!(bytes.len() < 4096 * 10 / 8 + 40, "{} bytes", bytes.len());
    }

    #[test]
    fn values_at_the_edges_survive() {
        round_trip(&[0, u64::MAX]);
        round_trip(&[u64::MAX, 0, u64::MAX, 0, 1]);
        round_trip(&[1 << 63, 0, (1 << 63) - 1, 5, 5, 5, 5, 5, 5]);
        round_trip(&[u64::MAX, u64::MAX - 1, u64::MAX, u64::MAX - 2]);
    }

    #[test]
    fn hostile_blocks_are_refused() {
        let refused = |bytes: &[u8], count: usize| {
            let mut out = Vec::new();
            assert!(decode(&mut Cursor::new(bytes, 0), count, &mut out).is_err(), "{bytes:x?}");
            assert!(skip(&mut Cursor::new(bytes, 0), count).is_err(), "{bytes:x?}");
        };
        refused(&[], 1);
        refused(&[0x85], 1);
        refused(&[RAW, 0], 65_536);
        refused(&[PACKED, 0, 65, 0], 4);
        refused(&[PACKED, 0, 0, 5], 4);
        refused(&[PACKED, 0, 0, 1, 4, 1], 4);
        refused(&[PACKED, 0, 0, 2, 3, 1, 0, 1], 4);
        refused(&[PACKED, 0, 63, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 1);
        refused(&[DICTIONARY, 0], 4);
        refused(&[DICTIONARY, 0xff, 0x7f], 4);
        let mut out = Vec::new();
        let error = decode(&mut Cursor::new(&[DICTIONARY, 3, 0, 1, 1, 0xff], 0), 4, &mut out).unwrap_err();
        assert!(error.to_string().contains("less than 3, found 3"), "{error}");
    }
}
