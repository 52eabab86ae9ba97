//! The statistics of a comparison: a rank test that is exact for few values, an interval by bootstrap, and a correction
//! for many tests. Nothing here assumes a shape of the noise.

use std::collections::BTreeMap;

/// Values on both sides together up to which p is counted out exactly; beyond, the normal approximation serves.
pub const EXACT_VALUES_MAX: usize = 50;
/// Bootstrap samples.
const RESAMPLES: usize = 2000;
/// Where the generator starts, so that the same recordings always give the same interval.
const SEED: u64 = 0x5eed_0f5e_ed5e_ed00;

/// The median; the mean of the middle two where there is no middle. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    median_of_sorted(&sorted)
}

fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Two-sided p of the Mann-Whitney U test: how often ranks would be at least as one-sided if both sides were drawn from
/// one distribution. 1 where a side is empty.
///
/// Exact, ties included (their ranks are shared, and the distribution is that of the shared ranks), up to
/// [`EXACT_VALUES_MAX`] values; then the normal approximation with corrections for ties and continuity.
pub fn mann_whitney_p(base: &[f64], new: &[f64]) -> f64 {
    if base.is_empty() || new.is_empty() {
        return 1.0;
    }
    let ranks = Ranks::of(base, new);
    if base.len() + new.len() <= EXACT_VALUES_MAX { ranks.exact_p() } else { ranks.normal_p() }
}

/// The smallest p that so many values on the two sides can come to: none of one side below one of the other.
pub fn least_p(base: usize, new: usize) -> f64 {
    // 2 / (base + new choose base)
    let ways = (1..=base).fold(1.0, |ways, k| ways * (new + k) as f64 / k as f64);
    (2.0 / ways).min(1.0)
}

/// Ranks of the values of both sides, times two, so that shared ones are whole numbers.
struct Ranks {
    /// Ascending.
    all: Vec<u64>,
    base_len: usize,
    base_sum: u64,
    /// How many values share each rank.
    ties: Vec<u64>,
}

impl Ranks {
    fn of(base: &[f64], new: &[f64]) -> Ranks {
        let of_base = base.iter().map(|value| (*value, true));
        let mut values: Vec<(f64, bool)> = of_base.chain(new.iter().map(|value| (*value, false))).collect();
        values.sort_by(|(value, _), (other, _)| value.total_cmp(other));
        let mut ranks = Ranks { all: Vec::new(), base_len: base.len(), base_sum: 0, ties: Vec::new() };
        for tied in values.chunk_by(|(value, _), (other, _)| value == other) {
            // Ranks first to last, from 1, share their mean.
            let (first, last) = (ranks.all.len() + 1, ranks.all.len() + tied.len());
            let doubled = (first + last) as u64;
            ranks.all.extend(tied.iter().map(|_| doubled));
            ranks.base_sum += tied.iter().filter(|(_, base)| *base).count() as u64 * doubled;
            ranks.ties.push(tied.len() as u64);
        }
        ranks
    }

    /// Counts, among all ways of choosing the base's ranks from all ranks, those with a sum as small or as large.
    fn exact_p(&self) -> f64 {
        // sums[k]: how many ways there are to choose k ranks with a certain sum. Whole numbers below 2^53.
        let mut sums: Vec<BTreeMap<u64, f64>> = vec![BTreeMap::new(); self.base_len + 1];
        sums[0].insert(0, 1.0);
        for rank in &self.all {
            for chosen in (0..self.base_len).rev() {
                let (with, without) = {
                    let (low, high) = sums.split_at_mut(chosen + 1);
                    (&mut high[0], &low[chosen])
                };
                for (sum, ways) in without {
                    *with.entry(sum + rank).or_default() += ways;
                }
            }
        }
        let sums = &sums[self.base_len];
        let all: f64 = sums.values().sum();
        let low: f64 = sums.range(..=self.base_sum).map(|(_, ways)| ways).sum();
        let high: f64 = sums.range(self.base_sum..).map(|(_, ways)| ways).sum();
        (2.0 * low.min(high) / all).min(1.0)
    }

    fn normal_p(&self) -> f64 {
        let (base, all) = (self.base_len as f64, self.all.len() as f64);
        let new = all - base;
        let mean = base * (all + 1.0) / 2.0;
        let ties: f64 = self.ties.iter().map(|tied| (*tied as f64).powi(3) - *tied as f64).sum();
        let variance = base * new / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
        if variance <= 0.0 {
            return 1.0;
        }
        let distance = ((self.base_sum as f64 / 2.0 - mean).abs() - 0.5).max(0.0);
        libm::erfc(distance / (2.0 * variance).sqrt()).min(1.0)
    }
}

/// Where the ratio of the medians, new to base, lies with 95 %: the percentiles of the ratio over samples drawn with
/// replacement from each side, in whatever order its values are given. `None` where a side is empty or has values that are not above 0.
pub fn ratio_interval(base: &[f64], new: &[f64]) -> Option<(f64, f64)> {
    if base.is_empty() || new.is_empty() || base.iter().chain(new).any(|value| *value <= 0.0) {
        return None;
    }
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (base, new) = (sorted(base), sorted(new));
    let mut random = SplitMix(SEED);
    let mut sample = Vec::new();
    let mut median_of = |values: &[f64]| {
        sample.clear();
        sample.extend(values.iter().map(|_| values[random.below(values.len())]));
        sample.sort_by(f64::total_cmp);
        median_of_sorted(&sample)
    };
    let mut ratios = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        ratios.push(median_of(&new)? / median_of(&base)?);
    }
    ratios.sort_by(f64::total_cmp);
    let edge = RESAMPLES / 40;
    Some((ratios[edge], ratios[RESAMPLES - 1 - edge]))
}

/// Holm's correction: each p times the number of tests that are still open when the smallest are taken first, so that
/// all of those at most 5 % are false together in at most 5 % of comparisons. In the order given.
pub fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|one, other| ps[*one].total_cmp(&ps[*other]));
    let mut corrected = vec![0.0; ps.len()];
    let mut largest: f64 = 0.0;
    for (taken, position) in order.into_iter().enumerate() {
        largest = largest.max(ps[position] * (ps.len() - taken) as f64).min(1.0);
        corrected[position] = largest;
    }
    corrected
}

/// Sebastiano Vigna's SplitMix64: a few lines that give the same numbers for ever, which a crate may not.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `bound`, as even as 64 bits make it.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
#[path = "statistics_tests.rs"]
mod tests;
