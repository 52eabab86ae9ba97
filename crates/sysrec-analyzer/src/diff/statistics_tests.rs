//! The statistics against statrs, against all permutations, and against values worked out by hand.

use statrs::stats_tests::Alternative;
use statrs::stats_tests::mannwhitneyu::{MannWhitneyUMethod, mannwhitneyu};

use super::*;

/// Numbers without ties that look like noise.
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut random = SplitMix(seed);
    (0..count).map(|_| random.below(1 << 40) as f64 + 1.0).collect()
}

fn statrs_p(base: &[f64], new: &[f64], method: MannWhitneyUMethod) -> f64 {
    mannwhitneyu(base, new, method, Alternative::TwoSided).unwrap().1
}

/// The first side is the longer one: the other way round, statrs 0.19.1 takes the wrong tail (its exact p of
/// `[1, 4]` against `[2, 3, 5]` is 1, and 8 of the 10 ways to choose two ranks of five are at least as one-sided).
#[test]
fn exact_p_is_that_of_statrs() {
    let mut different = 0;
    for (base, new) in [(2, 1), (3, 2), (5, 4), (9, 8), (11, 10), (12, 7)] {
        for seed in 0..5 {
            let base = numbers(seed * 2 + 1, base);
            // Shifted, so that small p are met too.
            let new: Vec<f64> =
                numbers(seed * 2 + 2, new).iter().map(|value| value + seed as f64 * 2e11).collect();
            let (mine, theirs) =
                (mann_whitney_p(&base, &new), statrs_p(&base, &new, MannWhitneyUMethod::Exact));
            assert!((mine - theirs).abs() < 1e-9, "{mine} {theirs} {base:?} {new:?}");
            assert!(
                (mann_whitney_p(&new, &base) - mine).abs() < 1e-9,
                "it depends on the order of the sides"
            );
            different += usize::from(mine < 0.05);
        }
    }
    assert!(different > 3, "no small p was compared");
}

#[test]
fn p_of_many_values_is_that_of_statrs_ties_included() {
    for (base, new) in [(30, 30), (26, 40), (100, 20)] {
        let coarse = |values: Vec<f64>, shift: f64| -> Vec<f64> {
            values.iter().map(|value| (value / 5e10).floor() + shift).collect()
        };
        for shift in [0.0, 3.0, 9.0] {
            let (base, new) = (coarse(numbers(1, base), 0.0), coarse(numbers(2, new), shift));
            let method = MannWhitneyUMethod::AsymptoticInclContinuityCorrection;
            let (mine, theirs) = (mann_whitney_p(&base, &new), statrs_p(&base, &new, method));
            assert!((mine - theirs).abs() < 1e-6 * theirs.max(1e-3), "{mine} {theirs}");
        }
    }
}

/// With ties there is no table: all ways of telling the sides apart are gone through.
#[test]
fn exact_p_with_ties_is_that_of_all_permutations() {
    let rank = |value: f64, all: &[f64]| {
        let (below, same) = all.iter().fold((0.0, 0.0), |(below, same), other| {
            (below + f64::from(*other < value), same + f64::from(*other == value))
        });
        below + (same + 1.0) / 2.0
    };
    let cases: [(&[f64], &[f64]); 6] = [
        (&[1.0, 4.0], &[2.0, 3.0, 5.0]),
        (&[1.0, 2.0, 5.0, 7.0], &[3.0, 4.0, 6.0, 8.0]),
        (&[1.0, 1.0, 2.0, 3.0], &[2.0, 3.0, 3.0, 9.0, 9.0]),
        (&[5.0, 5.0, 5.0], &[5.0, 5.0]),
        (&[1.0, 2.0, 2.0, 2.0], &[7.0, 7.0, 7.0, 7.0]),
        (&[4.0, 4.0], &[1.0, 1.0, 1.0, 4.0, 6.0]),
    ];
    for (base, new) in cases {
        let all = [base, new].concat();
        let sum = |chosen: u32| -> f64 {
            all.iter()
                .enumerate()
                .filter(|(bit, _)| chosen >> bit & 1 == 1)
                .map(|(_, value)| rank(*value, &all))
                .sum()
        };
        let observed = sum((1 << base.len()) - 1);
        let ways = (0u32..1 << all.len()).filter(|chosen| chosen.count_ones() as usize == base.len());
        let sums: Vec<f64> = ways.map(sum).collect();
        let low = sums.iter().filter(|sum| **sum <= observed).count() as f64;
        let high = sums.iter().filter(|sum| **sum >= observed).count() as f64;
        let expected = (2.0 * low.min(high) / sums.len() as f64).min(1.0);
        assert!((mann_whitney_p(base, new) - expected).abs() < 1e-12, "{base:?} {new:?}");
    }
}

#[test]
fn the_least_p_is_that_of_sides_that_do_not_overlap() {
    for (base, new) in [(1, 1), (3, 3), (4, 6), (10, 10)] {
        let low: Vec<f64> = (0..base).map(f64::from).collect();
        let high: Vec<f64> = (0..new).map(|value| f64::from(value) + 100.0).collect();
        let p = mann_whitney_p(&low, &high);
        assert!((p - least_p(base as usize, new as usize)).abs() < 1e-12, "{base} {new} {p}");
    }
    assert_eq!(least_p(3, 3), 0.1);
    assert_eq!(mann_whitney_p(&[], &[1.0]), 1.0);
}

#[test]
fn holm_multiplies_by_the_tests_that_are_open() {
    assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
    assert_eq!(holm(&[0.9, 0.5]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

#[test]
fn the_interval_holds_the_ratio_and_is_always_the_same() {
    let base = [100.0, 102.0, 98.0, 101.0, 99.0, 103.0, 97.0, 100.0];
    let new = base.map(|value| value * 1.1 + 0.3);
    let (low, high) = ratio_interval(&base, &new).unwrap();
    assert!(low > 1.05 && low < 1.10 && high > 1.10 && high < 1.15, "{low} {high}");
    for turn in 0..base.len() {
        let (mut base, mut new) = (base, new);
        base.rotate_left(turn);
        new.rotate_right(3 * turn % 8);
        assert_eq!(
            ratio_interval(&base, &new),
            Some((low, high)),
            "the order of the recordings decides nothing"
        );
    }
    assert_eq!(ratio_interval(&[7.0; 3], &[14.0; 3]), Some((2.0, 2.0)));
    assert_eq!(ratio_interval(&[0.0, 1.0], &[1.0]), None);
    assert_eq!(ratio_interval(&[], &[1.0]), None);
}

#[test]
fn medians() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    assert_eq!(median(&[]), None);
}
