//! Numbers of a fixed width in bits, lowest bits first, packed without gaps: value `i` of width `w` is at bits
//! `i * w .. (i + 1) * w` of the byte string, bit 0 being the lowest bit of byte 0.

/// Bytes that `count` values of `width` bits take.
pub(crate) fn packed_bytes(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// The lowest `width` bits set.
fn mask(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// Appends the lowest `width` bits of each value.
pub(crate) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    let mask = mask(width);
    let (mut waiting, mut bits) = (0_u128, 0_u32);
    for value in values {
        waiting |= u128::from(value & mask) << bits;
        bits += width;
        if bits >= 64 {
            out.extend_from_slice(&(waiting as u64).to_le_bytes());
            waiting >>= 64;
            bits -= 64;
        }
    }
    out.extend_from_slice(&waiting.to_le_bytes()[..bits.div_ceil(8) as usize]);
}

/// Appends `count` values of `width` bits, each plus `base` (modulo 2^64), out of `packed`, which holds
/// [`packed_bytes`] bytes.
pub(crate) fn unpack(packed: &[u8], count: usize, width: u32, base: u64, out: &mut Vec<u64>) {
    let mask = mask(width);
    if width == 0 {
        out.resize(out.len() + count, base);
        return;
    }
    let w = width as usize;
    // Eight values end at a byte boundary. A value of up to 57 bits lies in the eight bytes from where it begins; the
    // groups whose last value has these eight bytes in the slice need no other check.
    let last_from = 7 * w / 8;
    let mut done = 0;
    if w <= 57 {
        let groups = (packed.len().saturating_sub(last_from + 8) + w) / w;
        let groups = if packed.len() < last_from + 8 { 0 } else { groups.min(count / 8) };
        let start = out.len();
        out.resize(start + groups * 8, 0);
        for (group, values) in out[start..].chunks_exact_mut(8).enumerate() {
            let bytes = &packed[group * w..group * w + last_from + 8];
            for (i, value) in values.iter_mut().enumerate() {
                let (from, shift) = (i * w / 8, i * w % 8);
                let word: [u8; 8] = bytes[from..from + 8].try_into().expect("eight bytes");
                *value = (u64::from_le_bytes(word) >> shift & mask).wrapping_add(base);
            }
        }
        done = groups * 8;
    }
    for i in done..count {
        let (from, shift) = (i * w / 8, i * w % 8);
        let mut word = [0_u8; 16];
        let bytes = &packed[from..packed.len().min(from + 16)];
        word[..bytes.len()].copy_from_slice(bytes);
        out.push(((u128::from_le_bytes(word) >> shift) as u64 & mask).wrapping_add(base));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_and_every_small_count_survives() {
        for width in 0..=64 {
            for count in [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 200] {
                let values: Vec<u64> = (0..count as u64)
                    .map(|i| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask(width))
                    .collect();
                let mut packed = Vec::new();
                pack(values.iter().copied(), width, &mut packed);
                assert_eq!(packed.len(), packed_bytes(count, width));
                let mut unpacked = vec![7];
                unpack(&packed, count, width, 3, &mut unpacked);
                let expected: Vec<u64> =
                    std::iter::once(7).chain(values.iter().map(|v| v.wrapping_add(3))).collect();
                assert_eq!(unpacked, expected, "width {width}, count {count}");
            }
        }
    }

    #[test]
    fn the_lowest_bits_come_first() {
        let mut packed = Vec::new();
        pack([1, 2, 3, 4].into_iter(), 3, &mut packed);
        assert_eq!(packed, [0b1101_0001, 0b0000_1000]);
    }
}
