//! The buckets of an HdrHistogram while they are being filled.
//!
//! `hdrhistogram` keeps totals and extremes and checks bounds at every value, which made up half of a report's time;
//! here a value is an index and an addition. The layout is its own, so that [`Counts::histogram`] is exact: with 2^n
//! buckets an octave (2^10 for three digits),
//!
//! ```text
//!  value      0 .. 2^(n+1)     2^(n+1) .. 2^(n+2)     2^(n+2) .. 2^(n+3)
//!  bucket     1 wide each      2 wide                 4 wide
//! ```

use hdrhistogram::Histogram;

/// Longer durations (146 years) count as this long in a histogram.
pub(super) const VALUE_MAX: u64 = 1 << 62;

/// How many values fell into each bucket.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    digits: u8,
    /// Binary logarithm of the buckets in an octave.
    octave_bits: u32,
    counts: Vec<u64>,
}

impl Counts {
    /// Empty, with this many significant digits, 1 to 5.
    pub(super) fn new(digits: u8) -> Self {
        // The smallest power of two that tells 2 * 10^digits values apart, half of which repeat in every octave.
        let octave_bits = (2 * 10u64.pow(u32::from(digits))).next_power_of_two().trailing_zeros() - 1;
        Self { digits, octave_bits, counts: Vec::new() }
    }

    #[inline]
    fn index(&self, value: u64) -> usize {
        let exponent = (value | 1 << self.octave_bits).ilog2() - self.octave_bits;
        ((exponent as usize) << self.octave_bits) + (value >> exponent) as usize
    }

    /// The smallest value of a bucket.
    fn lowest(&self, index: usize) -> u64 {
        let exponent = (index >> self.octave_bits).saturating_sub(1);
        ((index - (exponent << self.octave_bits)) as u64) << exponent
    }

    /// The value in the middle of a bucket.
    fn middle(&self, index: usize) -> u64 {
        let exponent = (index >> self.octave_bits).saturating_sub(1);
        self.lowest(index) + (1 << exponent) / 2
    }

    #[inline]
    pub(super) fn add(&mut self, value: u64) {
        let index = self.index(value);
        match self.counts.get_mut(index) {
            Some(count) => *count += 1,
            None => self.grow(index),
        }
    }

    /// Makes room to the end of the octave, and counts the value that asked for it.
    #[cold]
    fn grow(&mut self, index: usize) {
        self.counts.resize(((index >> self.octave_bits) + 1) << self.octave_bits, 0);
        self.counts[index] += 1;
    }

    /// Adds the counts of another one with the same digits.
    pub(super) fn merge(&mut self, other: &Counts) {
        debug_assert_eq!(self.digits, other.digits);
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
    }

    /// The middle of each bucket that is not empty with its count, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(index, count)| (self.middle(index), *count))
    }

    /// The same as an HdrHistogram, which answers questions.
    pub(super) fn histogram(&self) -> Histogram<u64> {
        let mut histogram = Histogram::new(self.digits).expect("1 to 5 significant digits");
        for (value, count) in self.iter() {
            let value = value.min(VALUE_MAX);
            histogram.record_n(value, count).expect("an auto-resizing histogram takes every value");
        }
        histogram
    }

    /// Bytes of memory that the counts take.
    pub(super) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_an_hdr_histogram() {
        for digits in 1..=5 {
            let mut counts = Counts::new(digits);
            let mut histogram = Histogram::<u64>::new(digits).unwrap();
            let powers = (0..62).map(|exponent| 1u64 << exponent);
            let values: Vec<u64> = powers.flat_map(|power| [power - 1, power, power + power / 3]).collect();
            for value in values {
                counts.add(value);
                histogram.record(value).unwrap();
            }
            let made = counts.histogram();
            assert_eq!(made.len(), histogram.len());
            for (mine, theirs) in made.iter_recorded().zip(histogram.iter_recorded()) {
                assert_eq!(mine.value_iterated_to(), theirs.value_iterated_to());
                assert_eq!(mine.count_at_value(), theirs.count_at_value());
            }
        }
    }

    #[test]
    fn the_largest_value_has_a_bucket() {
        let mut counts = Counts::new(3);
        counts.add(u64::MAX);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 1);
        assert!(counts.heap_bytes() < 1 << 20);
    }
}
