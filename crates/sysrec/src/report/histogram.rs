//! One distribution as bars.
//!
//! Durations spread over decades, so ranges grow with them. Most calls lie in a narrow part, which deserves fine
//! ranges; the few others lie far out, where coarse ones do.
//!
//! ```text
//!  fewest      1st ............ 99th percentile                longest
//!  |- coarse --|- as fine as fits 20 rows -|-- coarse ------|
//! ```

use sysrec_analyzer::metrics::Distribution;

use super::{Answer, QUANTILES};
use crate::screen::{BAR, HEADING, QUIET};
use crate::table::{Cell, Column, Table, wrap};
use crate::text::{count, counted, duration, share};

/// Rows that the middle part may take. Fewer for few calls, which fine ranges would tear apart.
const FINE_ROWS_MAX: usize = 20;
const FINE_ROWS_MIN: usize = 5;
/// A middle part whose ends differ by less than this factor has ranges of equal width.
const EQUAL_WIDTHS_FACTOR: u64 = 8;
/// Where ranges begin within a decade otherwise, from coarse to fine, in hundredths.
const STEPS: [&[u64]; 3] = [&[100], &[100, 200, 500], &[100, 150, 200, 300, 500, 700]];
/// Position in [`STEPS`] of what the ends are shown in.
const COARSE: usize = 1;
/// Width of the bars where nothing limits it.
const BAR_WIDTH: usize = 50;
const BAR_WIDTH_MIN: usize = 8;
/// What the other columns take at most.
const OTHER_WIDTH: usize = 58;

const NAMES: [&str; QUANTILES.len()] = ["p50", "p90", "p99", "p99.9"];

/// A range of durations with the calls in it.
pub(crate) struct Bucket {
    pub(crate) from_ns: u64,
    /// Not included.
    pub(crate) to_ns: u64,
    pub(crate) calls: u64,
}

/// The histogram view.
pub(super) fn text(answer: &Answer<'_>, name: &str, markdown: bool, width: Option<usize>) -> String {
    let Some(figures) = answer.rows.first() else {
        return format!("No call of {name} was selected.\n");
    };
    let latency = &figures.row.latency;
    let title = format!(
        "{name}: {}, {}, mean {}, from {} to {}",
        counted(latency.count(), "call", "calls"),
        counted(figures.row.errors, "error", "errors"),
        duration(latency.mean_ns() as u64),
        duration(latency.min_ns()),
        duration(latency.max_ns()),
    );
    let buckets = buckets(latency);
    let most = buckets.iter().map(|bucket| bucket.calls).max().unwrap_or(1);
    let bar_width =
        width.map_or(BAR_WIDTH, |width| width.saturating_sub(OTHER_WIDTH).clamp(BAR_WIDTH_MIN, BAR_WIDTH));
    let mut table = Table::new(vec![
        Column::number("from"),
        Column::number("to"),
        Column::number("calls"),
        Column::number("share"),
        Column::label(""),
        Column::label(""),
    ]);
    for bucket in &buckets {
        let marks = QUANTILES
            .iter()
            .zip(NAMES)
            .zip(figures.quantiles_ns)
            .filter(|(_, ns)| bucket.from_ns <= *ns && *ns < bucket.to_ns);
        let marks: Vec<String> = marks.map(|((_, name), ns)| format!("{name} {}", duration(ns))).collect();
        table.push(vec![
            duration(bucket.from_ns).into(),
            duration(bucket.to_ns).into(),
            if bucket.calls == 0 { Cell::styled("-", QUIET) } else { count(bucket.calls).into() },
            if bucket.calls == 0 {
                Cell::default()
            } else {
                share(bucket.calls as f64, latency.count() as f64).into()
            },
            Cell::styled(bar(bucket.calls, most, bar_width), BAR),
            marks.join(", ").into(),
        ]);
    }
    let title = if markdown {
        title
    } else {
        crate::screen::styled(HEADING, &wrap(&title, width.unwrap_or(usize::MAX)))
    };
    format!("{title}\n\n{}", table.render(markdown, width))
}

/// The ranges that show a distribution, ascending and without gaps; the first and last are not empty.
pub(crate) fn buckets(latency: &Distribution) -> Vec<Bucket> {
    let [low, high] = latency.quantiles_ns([0.01, 0.99]);
    let (min, max) = (latency.min_ns(), latency.max_ns());
    let rows = (2 * latency.count().isqrt() as usize).clamp(FINE_ROWS_MIN, FINE_ROWS_MAX);
    let (middle, coarse) = middle(low, high, rows);
    let (first, last) = (middle[0], middle[middle.len() - 1]);
    let mut bounds: Vec<u64> =
        edges(coarse, min, first).into_iter().take_while(|edge| *edge < first).collect();
    bounds.extend(&middle);
    if max >= last {
        bounds.extend(edges(coarse, last, max).into_iter().filter(|edge| *edge > last));
    }
    let counts = latency.counts_between(&bounds);
    let mut buckets: Vec<Bucket> = bounds
        .windows(2)
        .zip(counts)
        .map(|(range, calls)| Bucket { from_ns: range[0], to_ns: range[1], calls })
        .collect();
    // Values of a histogram are rounded, so a range at either end can turn out empty.
    while buckets.last().is_some_and(|bucket| bucket.calls == 0) {
        buckets.pop();
    }
    let empty = buckets.iter().take_while(|bucket| bucket.calls == 0).count();
    buckets.drain(..empty);
    buckets
}

/// Edges of the ranges from `low` to above `high`, and the steps for what lies outside of them.
fn middle(low: u64, high: u64, rows: usize) -> (Vec<u64>, usize) {
    if high < low.saturating_mul(EQUAL_WIDTHS_FACTOR) && high < u64::MAX / 2 {
        // Not narrower than what three digits tell apart.
        let mut unit = 10u64.pow(high.checked_ilog10().unwrap_or(0).saturating_sub(2));
        let width = 'width: loop {
            for width in [unit, 2 * unit, 5 * unit] {
                if high / width - low / width < rows as u64 {
                    break 'width width;
                }
            }
            unit *= 10;
        };
        return ((low / width..=high / width + 1).map(|edge| edge * width).collect(), COARSE);
    }
    let fits = |steps: &usize| edges(*steps, low, high).len() <= rows + 1;
    let steps = (0..STEPS.len()).rev().find(fits).unwrap_or(0);
    (edges(steps, low, high), COARSE.min(steps))
}

/// Edges of ranges from the last one at or below `low` to the first one above `high`. Whole nanoseconds.
fn edges(steps: usize, low: u64, high: u64) -> Vec<u64> {
    let mut edges = vec![0];
    // Below 100 ns a hundredth of a step is no whole number; no call is that fast.
    let mut decade = 1u64;
    'decades: loop {
        for step in STEPS[steps] {
            let Some(edge) = decade.checked_mul(*step) else {
                edges.push(u64::MAX);
                break 'decades;
            };
            if edge <= low {
                edges.clear();
            }
            edges.push(edge);
            if edge > high {
                break 'decades;
            }
        }
        decade = decade.saturating_mul(10);
    }
    edges
}

/// A bar in eighths of a column; what is not nothing can be seen.
pub(crate) fn bar(calls: u64, most: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (calls as f64 / most as f64 * width as f64 * 8.0).round() as usize;
    let eighths = eighths.max(usize::from(calls > 0));
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[u64]) -> Vec<(u64, u64, u64)> {
        let mut latency = Distribution::new(3);
        latency.record(values);
        buckets(&latency).iter().map(|bucket| (bucket.from_ns, bucket.to_ns, bucket.calls)).collect()
    }

    #[test]
    fn every_call_is_in_one_range_and_ranges_join() {
        let spread: Vec<u64> = (0..5000u64).map(|n| 900 + n * n * 37 % 40_000_000).collect();
        for values in [vec![0, 1, 2], vec![700], vec![u64::MAX, 5], vec![1_000_000; 9], spread] {
            let shown = shown(&values);
            assert_eq!(shown.iter().map(|(.., calls)| calls).sum::<u64>(), values.len() as u64, "{values:?}");
            assert!(shown.windows(2).all(|pair| pair[0].1 == pair[1].0), "{shown:?}");
            assert!(shown.len() <= 64, "{}", shown.len());
        }
    }

    #[test]
    fn the_middle_is_fine_and_outliers_are_coarse() {
        // 1000 calls from 14 to 20 µs, one of 3 s.
        let mut values: Vec<u64> = (0..1000).map(|n| 14_000 + n * 6).collect();
        values.push(3_000_000_000);
        let shown = shown(&values);
        let narrow = shown.iter().filter(|(from, to, _)| *to < from + from / 5).count();
        assert!(narrow >= 10, "{shown:?}");
        assert_eq!(shown.last(), Some(&(2_000_000_000, 5_000_000_000, 1)));
    }

    #[test]
    fn bars_are_in_eighths_and_never_vanish() {
        assert_eq!(bar(8, 8, 2), "██");
        assert_eq!(bar(5, 8, 1), "▋");
        assert_eq!(bar(1, 1_000_000, 10), "▏");
        assert_eq!(bar(0, 8, 10), "");
    }
}
