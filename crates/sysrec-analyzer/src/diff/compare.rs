//! Brings two sides together, row by row, and says what the recordings show.

use rustc_hash::FxHashSet;

use crate::diff::recording::{Figures, Recording};
use crate::diff::row::{Metric, Presence, Row, Run, Verdict, range, values};
use crate::diff::statistics::{holm, least_p, mann_whitney_p, ratio_interval};
use crate::metrics::{Dimension, Key};

/// What a difference must reach to be called one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How often all verdicts of a comparison together may be false, 0 to 1.
    pub alpha: f64,
    /// Shifts of a median by a smaller share of the base are never called a difference: 0.03 for 3 %.
    pub floor_share: f64,
    /// Shifts by less are never called a difference, nanoseconds.
    pub floor_ns: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { alpha: 0.05, floor_share: 0.03, floor_ns: 500.0 }
    }
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Diff {
    /// What rows are told apart by.
    pub by: Vec<Dimension>,
    /// New rows, then gone ones, then the others; among each the largest change of total wall time first.
    pub rows: Vec<Row>,
    /// All rows together. It has no percentiles (they are 0), and its times are not compared (`time` is
    /// [`Verdict::Unknown`]).
    pub total: Row,
    /// Recordings of the base and of the new side.
    pub recordings: [usize; 2],
    /// How many tests over recordings were made. Each makes the p of the others weigh more.
    pub tests: usize,
    /// What was asked for.
    pub options: Options,
}

impl Diff {
    /// Whether the recordings are too few for any of the tests to show anything, however large the difference.
    pub fn is_too_small_to_show(&self) -> bool {
        self.has_tests()
            && least_p(self.recordings[0], self.recordings[1]) * self.tests as f64 > self.options.alpha
    }

    /// Whether there are recordings enough on both sides to know of run-to-run noise at all.
    pub fn has_tests(&self) -> bool {
        self.recordings[0] > 1 && self.recordings[1] > 1
    }

    /// The fewest recordings a side that could show something with so many tests.
    pub fn recordings_needed(&self) -> usize {
        let tests = self.tests.max(1) as f64;
        (2..=1000).find(|count| least_p(*count, *count) * tests <= self.options.alpha).unwrap_or(1000)
    }
}

/// Compares. Recordings must have been read by the same dimensions; a side without any is one without calls.
pub fn compare(by: &[Dimension], base: &[Recording], new: &[Recording], options: Options) -> Diff {
    let keys: FxHashSet<&Key> = base.iter().chain(new).flat_map(|recording| recording.rows.keys()).collect();
    let mut rows: Vec<Row> = keys.into_iter().map(|key| row(key, base, new)).collect();
    let total = total(base, new);
    let recordings = [base.len(), new.len()];
    let mut diff = Diff { by: by.to_vec(), rows: Vec::new(), total, recordings, tests: 0, options };
    if diff.has_tests() {
        diff.tests = judge(&mut rows, options);
    }
    let rank = |row: &Row| {
        let presence = match row.presence {
            Presence::New => 0,
            Presence::Gone => 1,
            Presence::Both => 2,
        };
        (presence, -row.change(Metric::Wall).unwrap_or(0.0).abs())
    };
    let label = |row: &Row| -> Vec<String> { by.iter().map(|dimension| row.label(*dimension)).collect() };
    rows.sort_by(|row, other| {
        let ((presence, wall), (other_presence, other_wall)) = (rank(row), rank(other));
        let order = presence.cmp(&other_presence).then(wall.total_cmp(&other_wall));
        order.then_with(|| label(row).cmp(&label(other)))
    });
    diff.rows = rows;
    diff
}

fn runs(key: &Key, side: &[Recording]) -> Vec<Run> {
    side.iter().map(|recording| Run::new(recording.rows.get(key).copied(), recording.units)).collect()
}

fn row(key: &Key, base: &[Recording], new: &[Recording]) -> Row {
    let all = |side: &[Recording]| side.iter().all(|recording| recording.rows.contains_key(key));
    let any = |side: &[Recording]| side.iter().any(|recording| recording.rows.contains_key(key));
    let presence = match (any(base), any(new)) {
        (false, true) if all(new) => Presence::New,
        (true, false) if all(base) => Presence::Gone,
        _ => Presence::Both,
    };
    let mut row = Row {
        key: key.clone(),
        base: runs(key, base),
        new: runs(key, new),
        presence,
        calls: Verdict::Unknown,
        errors: Verdict::Unknown,
        time: Verdict::Unknown,
        ratio_interval: None,
    };
    row.calls = count_verdict(&row, Metric::Calls);
    row.errors = count_verdict(&row, Metric::Errors);
    if base.len() > 1 && new.len() > 1 {
        let (base, new) = (values(&row.base, Metric::P50), values(&row.new, Metric::P50));
        row.ratio_interval = ratio_interval(&base, &new);
        row.time = Verdict::NotShown { p: None };
    }
    row
}

/// What numbers of calls show without a test. [`Verdict::Unknown`] where one recording stands against some that differ.
fn count_verdict(row: &Row, metric: Metric) -> Verdict {
    let (Some(base), Some(new)) = (row.base_range(metric), row.new_range(metric)) else {
        return Verdict::Same;
    };
    let exact = base.0 == base.1 && new.0 == new.1;
    match exact {
        true if base == new => Verdict::Same,
        true => Verdict::Exact,
        false if base.0 <= new.1 && new.0 <= base.1 => Verdict::NotShown { p: None },
        false => Verdict::Unknown,
    }
}

/// Makes all tests of a comparison together. Returns how many.
fn judge(rows: &mut [Row], options: Options) -> usize {
    #[derive(Clone, Copy)]
    struct Test {
        row: usize,
        metric: Metric,
        p: f64,
    }
    let mut tests: Vec<Test> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        for metric in [Metric::Calls, Metric::Errors, Metric::P50] {
            let (base, new) = (values(&row.base, metric), values(&row.new, metric));
            if is_tested(metric, &base, &new, options) {
                tests.push(Test { row: position, metric, p: mann_whitney_p(&base, &new) });
            }
        }
    }
    let corrected = holm(&tests.iter().map(|test| test.p).collect::<Vec<f64>>());
    for (test, p) in tests.iter().zip(corrected) {
        let row = &mut rows[test.row];
        let is_enough = match test.metric {
            Metric::P50 => is_above_floors(row, options),
            // A number that only sometimes lies apart is not called another one.
            metric => count_verdict(row, metric) == Verdict::Unknown,
        };
        let verdict = if is_enough && p <= options.alpha {
            Verdict::Shown { p }
        } else {
            Verdict::NotShown { p: Some(p) }
        };
        match test.metric {
            Metric::Calls => row.calls = verdict,
            Metric::Errors => row.errors = verdict,
            _ => row.time = verdict,
        }
    }
    tests.len()
}

/// Whether a figure needs a test. That may depend on all values together, and not on which side they are from: else
/// the tests that are left would be those that look promising, and p would be too small.
fn is_tested(metric: Metric, base: &[f64], new: &[f64], options: Options) -> bool {
    let Some((min, max)) = range(&[base, new].concat()) else { return false };
    if base.is_empty() || new.is_empty() {
        return false;
    }
    if metric == Metric::P50 {
        // Two medians between the extremes cannot be further apart than the extremes.
        return max - min >= options.floor_ns && max - min >= min * options.floor_share;
    }
    // Numbers that are the same within each side are facts, and need none.
    let varies = |side: &[f64]| range(side).is_some_and(|(min, max)| min != max);
    varies(base) || varies(new)
}

fn is_above_floors(row: &Row, options: Options) -> bool {
    let (Some(change), Some(relative)) = (row.change(Metric::P50), row.relative_change(Metric::P50)) else {
        return false;
    };
    change.abs() >= options.floor_ns && relative.abs() >= options.floor_share
}

fn total(base: &[Recording], new: &[Recording]) -> Row {
    let sum = |side: &[Recording]| -> Vec<Run> {
        let run = |recording: &Recording| {
            let mut sum = Figures { calls: 0, errors: 0, wall_ns: 0, p50_ns: 0, p99_ns: 0, max_ns: 0 };
            for figures in recording.rows.values() {
                sum.calls += figures.calls;
                sum.errors += figures.errors;
                sum.wall_ns += figures.wall_ns;
                sum.max_ns = sum.max_ns.max(figures.max_ns);
            }
            Run::new(Some(sum), recording.units)
        };
        side.iter().map(run).collect()
    };
    let mut row = Row {
        key: Key::default(),
        base: sum(base),
        new: sum(new),
        presence: Presence::Both,
        calls: Verdict::Unknown,
        errors: Verdict::Unknown,
        time: Verdict::Unknown,
        ratio_interval: None,
    };
    row.calls = count_verdict(&row, Metric::Calls);
    row.errors = count_verdict(&row, Metric::Errors);
    row
}
