//! The primitives: little-endian integers and varints, read with a place for every error.

use crate::error::Error;

/// Reads forward through a slice; `base` is where the slice lies in the file, for errors.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    base: u64,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], base: u64) -> Self {
        Self { bytes, at: 0, base }
    }

    /// Place in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.base.saturating_add(self.at as u64)
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    pub(crate) fn fail(
        &self,
        what: &'static str,
        expected: impl Into<String>,
        found: impl std::fmt::Display,
    ) -> Error {
        Error::malformed(self.offset(), what, expected, found)
    }

    pub(crate) fn take(&mut self, bytes: usize, what: &'static str) -> Result<&'a [u8], Error> {
        if bytes > self.remaining() {
            return Err(self.fail(what, format!("{bytes} bytes"), format!("{} bytes", self.remaining())));
        }
        let taken = &self.bytes[self.at..self.at + bytes];
        self.at += bytes;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        Ok(self.array::<1>(what)?[0])
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub(crate) fn i32(&mut self, what: &'static str) -> Result<i32, Error> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// LEB128: seven bits a byte, lowest first, the top bit set in all but the last.
    pub(crate) fn varint(&mut self, what: &'static str) -> Result<u64, Error> {
        let start = self.clone();
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8(what)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(start.fail(what, "a varint of at most 64 bits", "a longer one"))
    }
}

/// Appends a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes [`put_varint`] appends for a value of this many significant bits.
pub(crate) fn varint_bytes_of_bits(bits: u32) -> usize {
    bits.max(1).div_ceil(7) as usize
}

/// How many bytes [`put_varint`] appends.
pub(crate) fn varint_bytes(value: u64) -> usize {
    varint_bytes_of_bits(64 - value.leading_zeros())
}

/// Maps small magnitudes of either sign to small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The `N` bytes at `at`, which the caller knows to be there (fixed-size headers and rows).
pub(crate) fn fixed<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(fixed(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(fixed(bytes, at))
}

/// The next multiple of 8.
pub(crate) fn padded(bytes: u64) -> u64 {
    bytes.saturating_add(7) & !7
}

/// First bytes of something, for an error message.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// CRC-32 (IEEE 802.3, as in zlib) continued from `seed`; a seed of 0 is the plain CRC.
pub(crate) fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_take_seven_bits_a_byte_and_no_more_than_64() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX >> 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(bytes.len(), varint_bytes(value));
            assert_eq!(Cursor::new(&bytes, 0).varint("test").unwrap(), value);
        }
        let too_long = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert!(Cursor::new(&too_long, 0).varint("test").is_err());
        let endless = [0x80; 40];
        assert!(Cursor::new(&endless, 0).varint("test").is_err());
    }

    #[test]
    fn zigzag_is_a_bijection_at_the_edges() {
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
        for value in [0, 1, -1, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn a_short_slice_is_an_error_that_names_the_place() {
        let error = Cursor::new(&[1, 2], 100).u32("a length").unwrap_err().to_string();
        assert_eq!(error, "a length at byte 100: expected 4 bytes, found 2 bytes");
    }

    #[test]
    fn the_crc_is_the_one_of_zlib() {
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(crc32(0, b"12345"), b"6789"), 0xcbf4_3926);
    }
}
