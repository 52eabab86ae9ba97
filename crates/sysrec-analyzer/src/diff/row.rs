//! One row of a comparison: a key, its figures in every recording of both sides, and what they show.

use crate::diff::recording::Figures;
use crate::diff::statistics::{median, ratio_interval};
use crate::metrics::{Dimension, Key, Who};

/// A figure that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Finished calls.
    Calls,
    /// Those that returned an error.
    Errors,
    /// Durations added up.
    Wall,
    /// Median duration.
    P50,
    /// 99th percentile of the durations.
    P99,
    /// Longest duration.
    Max,
}

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Metric; 6] =
        [Metric::Calls, Metric::Errors, Metric::Wall, Metric::P50, Metric::P99, Metric::Max];

    /// Those that are tested over recordings. [`Metric::Max`] is not: it is a single call of each, and says more about
    /// the machine at that moment than about the program.
    pub const TESTED: [Metric; 5] = [Metric::Calls, Metric::Errors, Metric::Wall, Metric::P50, Metric::P99];

    /// The word that options and outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Calls => "calls",
            Metric::Errors => "errors",
            Metric::Wall => "wall",
            Metric::P50 => "p50",
            Metric::P99 => "p99",
            Metric::Max => "max",
        }
    }

    /// The metric of that [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Metric> {
        Metric::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Whether it is in nanoseconds; else it is a number of calls.
    pub fn is_time(self) -> bool {
        !matches!(self, Metric::Calls | Metric::Errors)
    }
}

/// The figures of a key in one recording, for one unit of work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// Without calls, times do not exist.
    figures: Option<Figures>,
    units: f64,
}

impl Run {
    pub(super) fn new(figures: Option<Figures>, units: u64) -> Run {
        Run { figures, units: units as f64 }
    }

    /// Finished calls of the whole recording, whatever the unit of work.
    pub(super) fn calls(&self) -> u64 {
        self.figures.map_or(0, |figures| figures.calls)
    }

    /// One figure; nanoseconds or a number. `None` for a time of a row without a call in that recording.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let Some(figures) = self.figures else {
            return matches!(metric, Metric::Calls | Metric::Errors | Metric::Wall).then_some(0.0);
        };
        Some(match metric {
            Metric::Calls => figures.calls as f64 / self.units,
            Metric::Errors => figures.errors as f64 / self.units,
            Metric::Wall => figures.wall_ns as f64 / self.units,
            Metric::P50 => figures.p50_ns as f64,
            Metric::P99 => figures.p99_ns as f64,
            Metric::Max => figures.max_ns as f64,
        })
    }
}

/// On which side a key has calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// In every recording of the new side, in none of the base.
    New,
    /// In every recording of the base, in none of the new side.
    Gone,
    /// Anything else.
    Both,
}

/// Calls that every recording needs for its 99th percentile to be another than its maximum.
pub const P99_CALLS_MIN: u64 = 100;

/// What the recordings show about one figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// The same number in all recordings.
    Same,
    /// One number in every recording of one side, another in every one of the other.
    Exact,
    /// A test over recordings shows a difference, after correction for the number of tests.
    Shown {
        /// Two-sided, corrected.
        p: f64,
    },
    /// No difference is shown.
    NotShown {
        /// Two-sided, corrected; `None` where the floors or overlapping ranges decided.
        p: Option<f64>,
    },
    /// Run-to-run noise is not known: one recording on a side; or a number is not, since a trace lacks calls.
    Unknown,
    /// Nothing that a test could say much about: the longest call, or the 99th percentile of fewer than
    /// [`P99_CALLS_MIN`] calls, which is the longest one too.
    NotTested,
}

impl Verdict {
    /// Whether a difference is certain or shown.
    pub fn is_change(self) -> bool {
        matches!(self, Verdict::Exact | Verdict::Shown { .. })
    }
}

/// One key on both sides.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it stands for. Of processes and threads only the name.
    pub key: Key,
    /// Its figures in each recording of the base.
    pub base: Vec<Run>,
    /// Its figures in each recording of the new side.
    pub new: Vec<Run>,
    /// Whether it is on both sides.
    pub presence: Presence,
    /// What is shown about each figure, in the order of [`Metric::ALL`].
    pub(super) verdicts: [Verdict; Metric::ALL.len()],
}

impl Row {
    /// What the recordings show about a figure.
    pub fn verdict(&self, metric: Metric) -> Verdict {
        self.verdicts[metric as usize]
    }

    /// Where the ratio of a figure, new to base, lies with 95 %, by bootstrap over recordings; `None` where noise is not
    /// known, or a recording has nothing of it.
    pub fn ratio_interval(&self, metric: Metric) -> Option<(f64, f64)> {
        if self.base.len() < 2 || self.new.len() < 2 {
            return None;
        }
        ratio_interval(&values(&self.base, metric), &values(&self.new, metric))
    }

    /// The value of one dimension as text, escaped of nothing; of a process or thread its name.
    pub fn label(&self, dimension: Dimension) -> String {
        let name =
            |who: &Option<Who>| who.as_ref().map(|who| String::from_utf8_lossy(&who.name).into_owned());
        match dimension {
            Dimension::Process => name(&self.key.process).unwrap_or_default(),
            Dimension::Thread => name(&self.key.thread).unwrap_or_default(),
            _ => self.key.text(dimension).unwrap_or_default().into_owned(),
        }
    }

    /// A figure of the base: the median over its recordings, for [`Metric::Max`] the largest.
    pub fn base_value(&self, metric: Metric) -> Option<f64> {
        side(&self.base, metric)
    }

    /// The same of the new side.
    pub fn new_value(&self, metric: Metric) -> Option<f64> {
        side(&self.new, metric)
    }

    /// How much it grew; `None` where one side has none.
    pub fn change(&self, metric: Metric) -> Option<f64> {
        Some(self.new_value(metric)? - self.base_value(metric)?)
    }

    /// By what share of the base it grew: 0.1 for 10 %. `None` where one side has none, or the base is 0.
    pub fn relative_change(&self, metric: Metric) -> Option<f64> {
        let base = self.base_value(metric)?;
        (base != 0.0).then_some(self.change(metric)? / base)
    }

    /// Smallest and largest over the recordings of the base.
    pub fn base_range(&self, metric: Metric) -> Option<(f64, f64)> {
        range(&values(&self.base, metric))
    }

    /// Smallest and largest over the recordings of the new side.
    pub fn new_range(&self, metric: Metric) -> Option<(f64, f64)> {
        range(&values(&self.new, metric))
    }

    /// Whether anything about it changed that is certain or shown.
    pub fn is_change(&self) -> bool {
        self.presence != Presence::Both || self.verdicts.iter().any(|verdict| verdict.is_change())
    }
}

/// One figure in those recordings that have it.
pub(super) fn values(runs: &[Run], metric: Metric) -> Vec<f64> {
    runs.iter().filter_map(|run| run.value(metric)).collect()
}

fn side(runs: &[Run], metric: Metric) -> Option<f64> {
    let values = values(runs, metric);
    match metric {
        Metric::Max => values.into_iter().reduce(f64::max),
        _ => median(&values),
    }
}

pub(super) fn range(values: &[f64]) -> Option<(f64, f64)> {
    let min = values.iter().copied().reduce(f64::min)?;
    Some((min, values.iter().copied().reduce(f64::max)?))
}
