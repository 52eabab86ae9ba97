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

pub(crate) mod encode;

use crate::bitpack::{packed_bytes, unpack};
use crate::error::Error;
use crate::limits::DICTIONARY_VALUES_MAX;
use crate::wire::{Cursor, unzigzag};

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

pub(crate) fn bits_of(value: u64) -> u32 {
    64 - value.leading_zeros()
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
    use super::encode::BlockEncoder;
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
