//! The tests of a comparison: which figures of which rows are tested over recordings, and what that shows.

use crate::diff::compare::Options;
use crate::diff::row::{Metric, P99_CALLS_MIN, Presence, Row, Run, Verdict, range, values};
use crate::diff::statistics::{holm, mann_whitney_p};

/// Makes all tests of a comparison together. Returns how many.
pub(super) fn judge(rows: &mut [Row], options: Options) -> usize {
    #[derive(Clone, Copy)]
    struct Test {
        row: usize,
        metric: Metric,
        p: f64,
    }
    let mut tests: Vec<Test> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        for metric in Metric::TESTED {
            if is_tested(row, metric, options) {
                let (base, new) = (values(&row.base, metric), values(&row.new, metric));
                tests.push(Test { row: position, metric, p: mann_whitney_p(&base, &new) });
            }
        }
    }
    let corrected = holm(&tests.iter().map(|test| test.p).collect::<Vec<f64>>());
    for (test, p) in tests.iter().zip(corrected) {
        let row = &mut rows[test.row];
        let is_enough = match test.metric {
            // A number that only sometimes lies apart is not called another one.
            Metric::Calls | Metric::Errors => row.verdict(test.metric) == Verdict::Unknown,
            time => is_above_floors(row, time, options),
        };
        let verdict = if is_enough && p <= options.alpha {
            Verdict::Shown { p }
        } else {
            Verdict::NotShown { p: Some(p) }
        };
        row.verdicts[test.metric as usize] = verdict;
    }
    // The total of a single call is its median, and has been tested as that.
    for row in rows.iter_mut().filter(|row| is_single(row)) {
        row.verdicts[Metric::Wall as usize] = row.verdict(Metric::P50);
    }
    tests.len()
}

/// Whether total and median are the same in every recording.
fn is_single(row: &Row) -> bool {
    row.base.iter().chain(&row.new).all(|run| run.value(Metric::Wall) == run.value(Metric::P50))
}

/// Whether a figure needs a test. That may depend on all values together, and not on which side they are from: else
/// the tests that are left would be those that look promising, and p would be too small.
fn is_tested(row: &Row, metric: Metric, options: Options) -> bool {
    let (base, new) = (values(&row.base, metric), values(&row.new, metric));
    let Some((min, max)) = range(&[&base[..], &new].concat()) else { return false };
    if base.is_empty() || new.is_empty() {
        return false;
    }
    // Two medians between the extremes cannot be further apart than the extremes.
    let can_pass =
        |calls: f64| max - min >= calls * options.floor_ns && max - min >= min * options.floor_share;
    let varies = |side: &[f64]| range(side).is_some_and(|(min, max)| min != max);
    match metric {
        // Numbers that are the same within each side are facts, and need none.
        Metric::Calls | Metric::Errors => varies(&base) || varies(&new),
        Metric::Wall => {
            let fewest = row.base_range(Metric::Calls).into_iter().chain(row.new_range(Metric::Calls));
            let fewest = fewest.map(|(min, _)| min).fold(f64::INFINITY, f64::min);
            row.presence == Presence::Both && !is_single(row) && can_pass(fewest)
        }
        Metric::P50 => can_pass(1.0),
        Metric::P99 => has_p99(row) && can_pass(1.0),
        Metric::Max => false,
    }
}

fn is_above_floors(row: &Row, metric: Metric, options: Options) -> bool {
    let (Some(change), Some(relative)) = (row.change(metric), row.relative_change(metric)) else {
        return false;
    };
    let calls = match metric {
        Metric::Wall => {
            let calls = [row.base_value(Metric::Calls), row.new_value(Metric::Calls)];
            calls.into_iter().flatten().fold(0.0, f64::max)
        }
        _ => 1.0,
    };
    change.abs() >= calls * options.floor_ns && relative.abs() >= options.floor_share
}

/// Whether the 99th percentiles of all recordings are those of enough calls.
pub(super) fn has_p99(row: &Row) -> bool {
    let calls = row.base.iter().chain(&row.new).map(Run::calls);
    calls.filter(|calls| *calls > 0).min().is_some_and(|calls| calls >= P99_CALLS_MIN)
}
