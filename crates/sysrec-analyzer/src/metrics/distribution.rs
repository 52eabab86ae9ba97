//! How durations are distributed: exact while they are few, an HdrHistogram from then on.

use hdrhistogram::Histogram;

/// Longer durations (146 years) are counted as this long in quantiles; sums and extremes stay exact.
const VALUE_MAX: u64 = 1 << 62;

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
    Many(Box<Histogram<u64>>),
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
        let Some(max) = durations.iter().copied().max() else { return };
        let min = durations.iter().copied().min().unwrap_or(0);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.count += durations.len() as u64;
        // Narrow sums are several times faster, and wide enough for all but invented durations.
        self.sum += match max.checked_mul(durations.len() as u64) {
            Some(_) => u128::from(durations.iter().sum::<u64>()),
            None => durations.iter().map(|duration| u128::from(*duration)).sum(),
        };
        let few_max = self.few_max();
        if let Values::Few(values) = &mut self.values
            && values.len() + durations.len() <= few_max
        {
            values.extend_from_slice(durations);
            return;
        }
        let histogram = self.histogram();
        durations.iter().for_each(|duration| take(histogram, *duration));
    }

    fn histogram(&mut self) -> &mut Histogram<u64> {
        if let Values::Few(values) = &self.values {
            let mut histogram = Histogram::new(self.digits).expect("1 to 5 significant digits");
            values.iter().for_each(|value| take(&mut histogram, *value));
            self.values = Values::Many(Box::new(histogram));
        }
        match &mut self.values {
            Values::Many(histogram) => histogram,
            Values::Few(_) => unreachable!("made a histogram above"),
        }
    }

    /// Adds everything from another one.
    pub fn merge(&mut self, other: &Distribution) {
        match &other.values {
            Values::Few(values) => self.record(values),
            Values::Many(theirs) => {
                let histogram = self.histogram();
                histogram.add(&**theirs).expect("an auto-resizing histogram takes every value");
                self.count += other.count;
                self.sum += other.sum;
                self.min = self.min.min(other.min);
                self.max = self.max.max(other.max);
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
            Values::Many(histogram) => {
                quantiles.map(|quantile| histogram.value_at_quantile(quantile).clamp(self.min, self.max))
            }
        }
    }

    /// How many values lie in each of the ranges between neighbouring bounds, the lower one included; `bounds`
    /// ascends. Values outside of all bounds are not counted.
    pub fn counts_between(&self, bounds: &[u64]) -> Vec<u64> {
        let mut counts = vec![0; bounds.len().saturating_sub(1)];
        let mut add = |value: u64, count: u64| {
            let above = bounds.partition_point(|bound| *bound <= value);
            if let Some(slot) = above.checked_sub(1).and_then(|slot| counts.get_mut(slot)) {
                *slot += count;
            }
        };
        match &self.values {
            Values::Few(values) => values.iter().for_each(|value| add(*value, 1)),
            Values::Many(histogram) => {
                for step in histogram.iter_recorded() {
                    let value = histogram.median_equivalent(step.value_iterated_to());
                    add(value.clamp(self.min, self.max), step.count_since_last_iteration());
                }
            }
        }
        counts
    }

    /// Bytes of memory that the values take.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.values {
            Values::Few(values) => values.capacity() * size_of::<u64>(),
            Values::Many(histogram) => {
                histogram.distinct_values() * size_of::<u64>() + size_of::<Histogram<u64>>()
            }
        }
    }
}

/// Not `saturating_record`, which never makes a histogram larger.
fn take(histogram: &mut Histogram<u64>, duration_ns: u64) {
    histogram.record(duration_ns.min(VALUE_MAX)).expect("an auto-resizing histogram takes every value");
}

#[cfg(test)]
#[path = "distribution_tests.rs"]
mod tests;
