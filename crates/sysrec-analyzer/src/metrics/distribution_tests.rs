use super::*;
use crate::metrics::counts::VALUE_MAX;

/// A fixed sequence of durations over six decades.
fn durations(count: u64) -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let exponent = state % 20;
        (state >> 20) % (1 << (exponent + 8)) + 100
    };
    (0..count).map(step).collect()
}

fn exact(values: &[u64], quantile: f64) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[((quantile * sorted.len() as f64).ceil() as usize).max(1) - 1]
}

const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

#[test]
fn few_values_are_exact() {
    let values = durations(1000);
    let mut distribution = Distribution::new(3);
    values.iter().for_each(|value| distribution.record(&[*value]));
    assert_eq!(distribution.quantiles_ns(QUANTILES), QUANTILES.map(|quantile| exact(&values, quantile)));
    assert_eq!(distribution.quantiles_ns([0.0, 1.0]), [distribution.min_ns(), distribution.max_ns()]);
}

#[test]
fn many_values_are_right_to_the_digits_asked_for() {
    let values = durations(300_000);
    for (digits, share) in [(2, 0.01), (3, 0.001)] {
        let mut distribution = Distribution::new(digits);
        values.chunks(777).for_each(|chunk| distribution.record(chunk));
        for (found, quantile) in distribution.quantiles_ns(QUANTILES).into_iter().zip(QUANTILES) {
            let right = exact(&values, quantile) as f64;
            assert!((found as f64 - right).abs() <= right * share, "{quantile}: {found}, not {right}");
        }
        assert_eq!(distribution.count(), 300_000);
        assert_eq!(distribution.sum_ns(), values.iter().map(|value| u128::from(*value)).sum());
        assert_eq!(distribution.min_ns(), *values.iter().min().unwrap());
        assert_eq!(distribution.max_ns(), *values.iter().max().unwrap());
    }
}

#[test]
fn merging_equals_recording_in_one() {
    let values = durations(50_000);
    // Few into few, few into many, many into few, many into many.
    for split in [10, 1000, 49_900, 25_000] {
        let (mut left, mut right, mut whole) =
            (Distribution::new(3), Distribution::new(3), Distribution::new(3));
        left.record(&values[..split]);
        right.record(&values[split..]);
        whole.record(&values);
        left.merge(&right);
        assert_eq!(left.quantiles_ns(QUANTILES), whole.quantiles_ns(QUANTILES));
        assert_eq!((left.count(), left.sum_ns()), (whole.count(), whole.sum_ns()));
        assert_eq!((left.min_ns(), left.max_ns()), (whole.min_ns(), whole.max_ns()));
    }
    let mut empty = Distribution::new(3);
    empty.merge(&Distribution::new(3));
    assert_eq!((empty.count(), empty.min_ns(), empty.quantiles_ns([0.5])), (0, 0, [0]));
}

#[test]
fn absurd_durations_neither_overflow_nor_panic() {
    for count in [3, 5000] {
        let mut distribution = Distribution::new(3);
        distribution.record(&vec![u64::MAX; count]);
        distribution.record(&[0]);
        assert_eq!(distribution.sum_ns(), u128::from(u64::MAX) * count as u128);
        assert_eq!((distribution.min_ns(), distribution.max_ns()), (0, u64::MAX));
        assert!(distribution.quantiles_ns([0.5])[0] >= VALUE_MAX);
    }
}

#[test]
fn every_value_lies_in_one_bucket() {
    for count in [1000, 100_000] {
        let values = durations(count);
        let mut distribution = Distribution::new(3);
        distribution.record(&values);
        let bounds = [0, 1_000, 100_000, u64::MAX];
        let counts = distribution.counts_between(&bounds);
        assert_eq!(counts.iter().sum::<u64>(), count);
        let short = values.iter().filter(|value| **value < 1_000).count() as u64;
        assert!(counts[0].abs_diff(short) <= count / 1000 + 1, "{} and {short}", counts[0]);
    }
}

#[test]
fn both_ends_of_the_last_range_belong_to_it() {
    let mut distribution = Distribution::new(3);
    distribution.record(&[5, 10, 20, 21]);
    assert_eq!(distribution.counts_between(&[5, 10, 20]), [1, 2]);
    distribution.record(&[u64::MAX; 3000]);
    assert_eq!(distribution.counts_between(&[21, 1 << 40, u64::MAX]), [1, 3000]);
}
