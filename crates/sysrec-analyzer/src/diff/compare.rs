//! Brings two sides together, row by row, and says what the recordings show.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::diff::judge::{has_p99, judge};
use crate::diff::recording::{Figures, Recording};
use crate::diff::row::{Metric, Presence, Row, Run, Verdict, range};
use crate::diff::statistics::least_p;
use crate::metrics::{Dimension, Key};

/// What a difference must reach to be called one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How often all verdicts of a comparison together may be false, 0 to 1.
    pub alpha: f64,
    /// Shifts of a time by a smaller share of the base are never called a difference: 0.03 for 3 %.
    pub floor_share: f64,
    /// Shifts by less are never called a difference, nanoseconds; of a total, for each call in it.
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
    /// New rows, then gone ones, then others that changed, then those for which nothing is shown; among each the largest
    /// change of total wall time first.
    pub rows: Vec<Row>,
    /// All rows together. It has no percentiles (they are 0), and its times are not compared ([`Verdict::NotTested`]).
    pub total: Row,
    /// Selected calls that did not return, by name. They are in no row.
    pub unfinished: Vec<Unfinished>,
    /// Recordings of the base and of the new side.
    pub recordings: [usize; 2],
    /// How many tests over recordings were made. Each makes the p of the others weigh more.
    pub tests: usize,
    /// What was asked for.
    pub options: Options,
}

/// Calls of a name that did not return, which have neither result nor duration: `exit`, and calls that the recording
/// or the task ended in.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// The call.
    pub syscall: String,
    /// How many in each recording of the base, whatever the unit of work.
    pub base: Vec<u64>,
    /// How many in each recording of the new side.
    pub new: Vec<u64>,
    /// As of a number of calls; never tested.
    pub verdict: Verdict,
}

impl Diff {
    /// Whether the recordings are too few for any of the tests to show anything, however large the difference.
    pub fn is_too_small_to_show(&self) -> bool {
        self.has_tests()
            && least_p(self.recordings[0], self.recordings[1]) * self.tests as f64 > self.options.alpha
    }

    /// Numbers of traces that lack calls are no facts.
    fn doubt_facts(&mut self) {
        let of_rows = self.rows.iter_mut().chain([&mut self.total]).flat_map(|row| row.verdicts.iter_mut());
        let of_unfinished = self.unfinished.iter_mut().map(|unfinished| &mut unfinished.verdict);
        of_rows
            .chain(of_unfinished)
            .filter(|verdict| **verdict == Verdict::Exact)
            .for_each(|verdict| *verdict = Verdict::Unknown);
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
    let unfinished = unfinished(base, new);
    let mut diff =
        Diff { by: by.to_vec(), rows: Vec::new(), total, unfinished, recordings, tests: 0, options };
    if diff.has_tests() {
        diff.tests = judge(&mut rows, options);
    }
    diff.rows = rows;
    if !base.iter().chain(new).all(|recording| recording.whole) {
        diff.doubt_facts();
    }
    let rank = |row: &Row| {
        let presence = match row.presence {
            Presence::New => 0,
            Presence::Gone => 1,
            Presence::Both if row.is_change() => 2,
            Presence::Both => 3,
        };
        (presence, -row.change(Metric::Wall).unwrap_or(0.0).abs())
    };
    let label = |row: &Row| -> Vec<String> { by.iter().map(|dimension| row.label(*dimension)).collect() };
    diff.rows.sort_by(|row, other| {
        let ((presence, wall), (other_presence, other_wall)) = (rank(row), rank(other));
        let order = presence.cmp(&other_presence).then(wall.total_cmp(&other_wall));
        order.then_with(|| label(row).cmp(&label(other)))
    });
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
    let several = base.len() > 1 && new.len() > 1;
    let time = if several { Verdict::NotShown { p: None } } else { Verdict::Unknown };
    let mut row =
        Row { key: key.clone(), base: runs(key, base), new: runs(key, new), presence, verdicts: [time; 6] };
    row.verdicts[Metric::Max as usize] = Verdict::NotTested;
    if several && !has_p99(&row) {
        row.verdicts[Metric::P99 as usize] = Verdict::NotTested;
    }
    set_counts(&mut row);
    row
}

/// What numbers of calls show without a test.
fn set_counts(row: &mut Row) {
    for metric in [Metric::Calls, Metric::Errors] {
        row.verdicts[metric as usize] = count_verdict(row.base_range(metric), row.new_range(metric));
    }
}

/// What the smallest and largest numbers of each side show. [`Verdict::Unknown`] where one recording stands against some
/// that differ.
fn count_verdict(base: Option<(f64, f64)>, new: Option<(f64, f64)>) -> Verdict {
    let (Some(base), Some(new)) = (base, new) else {
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

/// Calls that did not return, by name.
fn unfinished(base: &[Recording], new: &[Recording]) -> Vec<Unfinished> {
    let all = base.iter().chain(new).flat_map(|recording| &recording.unfinished);
    let names: BTreeSet<&str> = all.map(|(name, _)| name.as_str()).collect();
    let of = |name: &str, side: &[Recording]| -> Vec<u64> {
        let calls = |recording: &Recording| {
            recording.unfinished.iter().find(|(other, _)| other == name).map_or(0, |(_, calls)| *calls)
        };
        side.iter().map(calls).collect()
    };
    let range = |calls: &[u64]| range(&calls.iter().map(|calls| *calls as f64).collect::<Vec<f64>>());
    let compared = |name: &str| {
        let (base, new) = (of(name, base), of(name, new));
        let verdict = count_verdict(range(&base), range(&new));
        Unfinished { syscall: name.to_owned(), base, new, verdict }
    };
    names.into_iter().map(compared).collect()
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
        verdicts: [Verdict::NotTested; 6],
    };
    set_counts(&mut row);
    row
}
