//! How durations are distributed: exact while they are few, in the buckets of an HdrHistogram from then on.

use crate::metrics::counts::Counts;

/// A collection of durations that can be added to, merged, and asked for quantiles.
///
/// Count, sum, shortest and longest are exact. Quantiles are exact for the first thousands of values; beyond that they
/// are right to two or three significant digits, as chosen.
#[derive(Clone, Debug)]
pub struct Distribution {
    digits: u8,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Few(Vec<u64>),
    Many(Counts),
}

impl Distribution {
    /// An empty one, with this many significant digits (1 to 5) for when values are many.
    pub fn new(digits: u8) -> Self {
        let digits = digits.clamp(1, 5);
        Self { digits, count: 0, sum: 0, min: u64::MAX, max: 0, values: Values::Few(Vec::new()) }
    }

    /// Values that are kept as they are: about what a histogram over a few decades would take.
    fn few_max(&self) -> usize {
        if self.digits > 2 { 2048 } else { 512 }
    }

    /// Adds durations in nanoseconds.
    pub fn record(&mut self, durations: &[u64]) {
        let few_max = self.few_max();
        if let Values::Few(values) = &mut self.values
            && values.len() + durations.len() <= few_max
        {
            values.extend_from_slice(durations);
            self.record_totals(durations);
            return;
        }
        // The hottest loop of a report: once for every call.
        let (mut sum, mut min, mut max) = (0u128, u64::MAX, 0);
        let counts = self.counts();
        for duration in durations.iter().copied() {
            sum += u128::from(duration);
            min = min.min(duration);
            max = max.max(duration);
            counts.add(duration);
        }
        self.add_totals(durations.len() as u64, sum, min, max);
    }

    fn record_totals(&mut self, durations: &[u64]) {
        let sum = durations.iter().map(|duration| u128::from(*duration)).sum();
        let min = durations.iter().copied().min().unwrap_or(u64::MAX);
        let max = durations.iter().copied().max().unwrap_or(0);
        self.add_totals(durations.len() as u64, sum, min, max);
    }

    fn add_totals(&mut self, count: u64, sum: u128, min: u64, max: u64) {
        self.count += count;
        self.sum += sum;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn counts(&mut self) -> &mut Counts {
        if let Values::Few(values) = &self.values {
            let mut counts = Counts::new(self.digits);
            values.iter().for_each(|value| counts.add(*value));
            self.values = Values::Many(counts);
        }
        match &mut self.values {
            Values::Many(counts) => counts,
            Values::Few(_) => unreachable!("made counts above"),
        }
    }

    /// Adds everything from another one with the same digits.
    pub fn merge(&mut self, other: &Distribution) {
        match &other.values {
            Values::Few(values) => self.record(values),
            Values::Many(theirs) => {
                self.counts().merge(theirs);
                self.add_totals(other.count, other.sum, other.min, other.max);
            }
        }
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, nanoseconds.
    pub fn sum_ns(&self) -> u128 {
        self.sum
    }

    /// The shortest, nanoseconds; 0 for none.
    pub fn min_ns(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min }
    }

    /// The longest, nanoseconds; 0 for none.
    pub fn max_ns(&self) -> u64 {
        self.max
    }

    /// The mean, nanoseconds; 0 for none.
    pub fn mean_ns(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The values that the given shares (0 to 1) of all calls do not exceed, nanoseconds: the smallest value with
    /// at least `quantile * count` values up to it.
    pub fn quantiles_ns<const N: usize>(&self, quantiles: [f64; N]) -> [u64; N] {
        if self.count == 0 {
            return [0; N];
        }
        match &self.values {
            Values::Few(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable();
                quantiles.map(|quantile| {
                    let rank = (quantile * sorted.len() as f64).ceil() as usize;
                    sorted[rank.clamp(1, sorted.len()) - 1]
                })
            }
            Values::Many(counts) => {
                let histogram = counts.histogram();
                quantiles.map(|quantile| histogram.value_at_quantile(quantile).clamp(self.min, self.max))
            }
        }
    }

    /// How many values lie in each of the ranges between neighbouring bounds, the lower one included, of the last
    /// range both; `bounds` ascends. Values outside of all bounds are not counted.
    pub fn counts_between(&self, bounds: &[u64]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len().saturating_sub(1)];
        let mut add = |value: u64, count: u64| {
            let above = bounds.partition_point(|bound| *bound <= value);
            let above = if bounds.last() == Some(&value) { above - 1 } else { above };
            if let Some(slot) = above.checked_sub(1).and_then(|slot| counts.get_mut(slot)) {
                *slot += count;
            }
        };
        match &self.values {
            Values::Few(values) => values.iter().for_each(|value| add(*value, 1)),
            Values::Many(buckets) => {
                buckets.iter().for_each(|(value, count)| add(value.clamp(self.min, self.max), count));
            }
        }
        counts
    }

    /// Bytes of memory that the values take.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.values {
            Values::Few(values) => values.capacity() * size_of::<u64>(),
            Values::Many(counts) => counts.heap_bytes(),
        }
    }
}

#[cfg(test)]
#[path = "distribution_tests.rs"]
mod tests;
