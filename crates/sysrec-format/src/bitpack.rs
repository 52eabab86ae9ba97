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

/// Appends the lowest `width` bits of each value less `base` (modulo 2^64).
pub(crate) fn pack(values: &[u64], base: u64, width: u32, out: &mut Vec<u8>) {
    match width {
        0 => {}
        // Several narrow ones are put together before the word is filled with them.
        1..=16 => pack_groups::<4>(values, base, width, out),
        17..=32 => pack_groups::<2>(values, base, width, out),
        _ => pack_groups::<1>(values, base, width, out),
    }
}

/// [`pack`] with `GROUP` values at a time, which have room in a word together.
fn pack_groups<const GROUP: usize>(values: &[u64], base: u64, width: u32, out: &mut Vec<u8>) {
    let mask = mask(width);
    let start = out.len();
    let bytes = packed_bytes(values.len(), width);
    out.resize(start + bytes.next_multiple_of(8), 0);
    let mut words = out[start..].chunks_exact_mut(8);
    let (mut waiting, mut bits) = (0_u64, 0_u32);
    let mut put = |value: u64, width: u32| {
        waiting |= value << bits;
        bits += width;
        if bits >= 64 {
            if let Some(word) = words.next() {
                word.copy_from_slice(&waiting.to_le_bytes());
            }
            bits -= 64;
            // What had no room: the highest `bits` of the value.
            waiting = if bits == 0 { 0 } else { value >> (width - bits) };
        }
    };
    let groups = values.chunks_exact(GROUP);
    let rest = groups.remainder();
    for group in groups {
        let mut together = 0;
        for (i, value) in group.iter().enumerate() {
            together |= (value.wrapping_sub(base) & mask) << (i as u32 * width);
        }
        put(together, GROUP as u32 * width);
    }
    for value in rest {
        put(value.wrapping_sub(base) & mask, width);
    }
    if let Some(word) = words.next() {
        word.copy_from_slice(&waiting.to_le_bytes());
    }
    out.truncate(start + bytes);
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
                let raised: Vec<u64> = values.iter().map(|v| v.wrapping_add(u64::MAX - 5)).collect();
                pack(&raised, u64::MAX - 5, width, &mut packed);
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
        pack(&[1, 2, 3, 4], 0, 3, &mut packed);
        assert_eq!(packed, [0b1101_0001, 0b0000_1000]);
    }
}
