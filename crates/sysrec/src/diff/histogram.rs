//! The distributions of both sides over each other: two bars for each range of durations, as shares of their side, so
//! that sides of different numbers of calls can be compared.

use serde::Serialize;
use sysrec_analyzer::metrics::{Distribution, Metrics};
use sysrec_analyzer::{Selection, Trace};
use sysrec_syscalls::Filter;

use crate::report::histogram::{bar, buckets};
use crate::screen::{BAR, HEADING, QUIET, styled};
use crate::table::{Cell, Column, Table, wrap};
use crate::text::{count, counted, duration, share};

/// Width of the bars where nothing limits it.
const BAR_WIDTH: usize = 50;
const BAR_WIDTH_MIN: usize = 8;
/// What the other columns take at most.
const OTHER_WIDTH: usize = 64;
/// Shares of a side are drawn in parts of this.
const WHOLE: u64 = 1_000_000;

const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];
const NAMES: [&str; QUANTILES.len()] = ["p50", "p90", "p99"];

/// How long the calls of a name took on both sides, all recordings of a side added up.
pub(super) struct Histogram {
    /// As it was asked for.
    name: String,
    base: Distribution,
    new: Distribution,
}

/// A range of durations with the calls of both sides in it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Range {
    pub(super) from_ns: u64,
    /// Not included.
    pub(super) to_ns: u64,
    pub(super) base_calls: u64,
    pub(super) new_calls: u64,
}

impl Histogram {
    /// Reads the selected calls once more; the selection has the filter in it.
    pub(super) fn read(filter: &Filter, base: &[Trace], new: &[Trace], selection: &Selection) -> Histogram {
        let side = |traces: &[Trace]| {
            let mut metrics = Metrics::new(&[]);
            traces.iter().for_each(|trace| metrics.add(trace, selection));
            // By nothing, a report has one row, or none.
            metrics.finish().rows.pop().map_or_else(|| Distribution::new(3), |row| row.latency)
        };
        Histogram { name: filter.to_string(), base: side(base), new: side(new) }
    }

    /// Ranges that show both distributions, ascending and without gaps.
    pub(super) fn ranges(&self) -> Vec<Range> {
        let mut both = self.base.clone();
        both.merge(&self.new);
        if both.count() == 0 {
            return Vec::new();
        }
        let buckets = buckets(&both);
        let mut bounds: Vec<u64> = buckets.iter().map(|bucket| bucket.from_ns).collect();
        bounds.extend(buckets.last().map(|bucket| bucket.to_ns));
        let (base, new) = (self.base.counts_between(&bounds), self.new.counts_between(&bounds));
        let range = |(bucket, (base_calls, new_calls)): (&crate::report::histogram::Bucket, (u64, u64))| {
            Range { from_ns: bucket.from_ns, to_ns: bucket.to_ns, base_calls, new_calls }
        };
        buckets.iter().zip(base.into_iter().zip(new)).map(range).collect()
    }

    /// The view.
    pub(super) fn text(&self, markdown: bool, width: Option<usize>) -> String {
        let ranges = self.ranges();
        if ranges.is_empty() {
            return format!("No call of {} was selected.\n", self.name);
        }
        let title = |side: &str, latency: &Distribution| {
            let text = format!(
                "{} {side}: {}, mean {}, from {} to {}",
                self.name,
                counted(latency.count(), "call", "calls"),
                duration(latency.mean_ns() as u64),
                duration(latency.min_ns()),
                duration(latency.max_ns()),
            );
            if markdown { text + "<br>" } else { styled(HEADING, &wrap(&text, width.unwrap_or(usize::MAX))) }
        };
        let titles = format!("{}\n{}\n\n", title("base", &self.base), title("new", &self.new));
        titles + &self.table(&ranges, width).render(markdown, width)
    }

    fn table(&self, ranges: &[Range], width: Option<usize>) -> Table {
        let bar_width = width
            .map_or(BAR_WIDTH, |width| width.saturating_sub(OTHER_WIDTH).clamp(BAR_WIDTH_MIN, BAR_WIDTH));
        let part = |calls: u64, latency: &Distribution| {
            (u128::from(calls) * u128::from(WHOLE)).div_ceil(u128::from(latency.count().max(1))) as u64
        };
        let parts = |range: &Range| part(range.base_calls, &self.base).max(part(range.new_calls, &self.new));
        let most = ranges.iter().map(parts).max().unwrap_or(1);
        let mut table = Table::new(vec![
            Column::number("from"),
            Column::number("to"),
            Column::label(""),
            Column::number("calls"),
            Column::number("share"),
            Column::label(""),
            Column::label(""),
        ]);
        for range in ranges {
            let sides = [("base", &self.base, range.base_calls), ("new", &self.new, range.new_calls)];
            for (position, (side, latency, calls)) in sides.into_iter().enumerate() {
                let bound = |ns| if position == 0 { Cell::from(duration(ns)) } else { Cell::default() };
                let (number, percent) = match calls {
                    0 => (Cell::styled("-", QUIET), Cell::default()),
                    calls => (count(calls).into(), share(calls as f64, latency.count() as f64).into()),
                };
                // One side in colour, so that the two can be told apart at a glance.
                let bar = bar(part(calls, latency), most, bar_width);
                table.push(vec![
                    bound(range.from_ns),
                    bound(range.to_ns),
                    Cell::styled(side, QUIET),
                    number,
                    percent,
                    if position == 0 { Cell::styled(bar, QUIET) } else { Cell::styled(bar, BAR) },
                    marks(range, latency).into(),
                ]);
            }
        }
        table
    }
}

/// The percentiles of a side that lie in a range.
fn marks(range: &Range, latency: &Distribution) -> String {
    if latency.count() == 0 {
        return String::new();
    }
    let within = latency.quantiles_ns(QUANTILES).into_iter().zip(NAMES);
    let within = within.filter(|(ns, _)| range.from_ns <= *ns && *ns < range.to_ns);
    within.map(|(ns, name)| format!("{name} {}", duration(ns))).collect::<Vec<String>>().join(", ")
}
