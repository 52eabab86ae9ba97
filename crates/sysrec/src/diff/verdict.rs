//! What a comparison came to, in words.

use sysrec_analyzer::diff::{Diff, Metric, Presence, Row, Unfinished, Verdict};

use crate::diff::figures;
use crate::text::{count, counted, printable};

/// Rows that are named one by one.
const NAMED_MAX: usize = 5;

/// What changed, in a sentence or two.
pub(super) fn line(diff: &Diff) -> String {
    let mut parts = Vec::new();
    let mut list = |what: &str, has: &dyn Fn(&Row) -> bool, tell: &dyn Fn(&Row) -> String| {
        let rows: Vec<&Row> = diff.rows.iter().filter(|row| has(row)).collect();
        if rows.is_empty() {
            return;
        }
        let mut names: Vec<String> = rows.iter().take(NAMED_MAX).map(|row| tell(row)).collect();
        if rows.len() > NAMED_MAX {
            names.push(format!("{} more", rows.len() - NAMED_MAX));
        }
        parts.push(format!("{what}: {}", names.join(", ")));
    };
    let both = |row: &Row| row.presence == Presence::Both;
    let named = |row: &Row| name(diff, row);
    let with = |metric: Metric| {
        move |row: &Row| format!("{} {}", name(diff, row), figures::change(metric, row.change(metric)))
    };
    list("new", &|row| row.presence == Presence::New, &named);
    list("gone", &|row| row.presence == Presence::Gone, &named);
    for metric in [Metric::Calls, Metric::Errors] {
        list(metric.name(), &|row| both(row) && row.verdict(metric).is_change(), &with(metric));
    }
    let shift = |row: &Row| {
        let metric = shifted(row).unwrap_or(Metric::P50);
        let figure =
            if metric == Metric::P50 { String::new() } else { format!("{} ", figures::name(metric)) };
        format!("{} {figure}{}", name(diff, row), figures::relative(row.relative_change(metric)))
    };
    let is = |row: &Row, slower: bool| shifted(row).is_some_and(|metric| is_more(row, metric) == slower);
    list("slower", &|row| is(row, true), &shift);
    list("faster", &|row| is(row, false), &shift);
    let unfinished = unfinished(diff, true);
    if !unfinished.is_empty() {
        parts.push(format!("did not return: {unfinished}"));
    }
    let changed = diff.rows.iter().filter(|row| row.is_change()).count() as u64;
    let rows = counted(diff.rows.len() as u64, "row", "rows");
    let mut line = match changed {
        0 if parts.is_empty() => format!("No difference shown in {rows}."),
        _ => format!("{changed} of {rows} changed. {}.", capital(&parts.join("; "))),
    };
    line.push_str(&noise(diff));
    line
}

/// The time by which a row is called slower or faster: the median, else the tail, else the total, unless that has
/// changed because the number of calls has.
fn shifted(row: &Row) -> Option<Metric> {
    let is_changed = |metric: &Metric| row.verdict(*metric).is_change();
    let shown = [Metric::P50, Metric::P99, Metric::Wall].into_iter().find(is_changed)?;
    (row.presence == Presence::Both && (shown != Metric::Wall || !is_changed(&Metric::Calls)))
        .then_some(shown)
}

fn is_more(row: &Row, metric: Metric) -> bool {
    row.change(metric).is_some_and(|change| change > 0.0)
}

/// Calls that did not return whose numbers differ, or only those for which that is a fact: `exit 1 -> 2, ~ futex 0 to
/// 2 -> 1`.
fn unfinished(diff: &Diff, facts: bool) -> String {
    let differ = diff.unfinished.iter().filter(|unfinished| match unfinished.verdict {
        Verdict::Exact => true,
        Verdict::Same => false,
        _ => !facts,
    });
    let mut texts: Vec<String> = differ.map(unfinished_text).collect();
    let more = texts.len().saturating_sub(NAMED_MAX);
    texts.truncate(NAMED_MAX);
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    texts.join(", ")
}

/// Those of them that differ, in a sentence for under a table. They are in none of its rows.
pub(super) fn unfinished_line(diff: &Diff) -> Option<String> {
    let unfinished = unfinished(diff, false);
    (!unfinished.is_empty()).then(|| format!("Calls that did not return, in a recording: {unfinished}."))
}

fn unfinished_text(unfinished: &Unfinished) -> String {
    let range = |calls: &[u64]| {
        let (min, max) = (calls.iter().min().copied().unwrap_or(0), calls.iter().max().copied().unwrap_or(0));
        if min == max { count(min) } else { format!("{} to {}", count(min), count(max)) }
    };
    let mark = if unfinished.verdict == Verdict::Exact { "" } else { "~ " };
    format!("{mark}{} {} -> {}", unfinished.syscall, range(&unfinished.base), range(&unfinished.new))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + characters.as_str())
}

/// What is known of run-to-run noise.
fn noise(diff: &Diff) -> String {
    let [base, new] = diff.recordings;
    if !diff.has_tests() {
        let sides = if base == 1 && new == 1 { "each side is" } else { "one side is" };
        return format!(
            " Run-to-run noise is unknown, since {sides} a single recording: times are shown without a verdict."
        );
    }
    if diff.is_too_small_to_show() {
        return format!(
            " {base} and {new} recordings are too few to tell any difference of times from noise; record at least {} \
             a side.",
            diff.recordings_needed()
        );
    }
    String::new()
}

/// What a row stands for, in one word.
pub(super) fn name(diff: &Diff, row: &Row) -> String {
    let labels = diff.by.iter().map(|dimension| printable(row.label(*dimension).as_bytes()));
    labels.collect::<Vec<String>>().join(",")
}

/// What the recordings show about a row, a remark each.
pub(super) fn remarks(row: &Row) -> Vec<String> {
    let mut remarks = Vec::new();
    match row.presence {
        Presence::New => return vec!["new".to_owned()],
        Presence::Gone => return vec!["gone".to_owned()],
        Presence::Both => {}
    }
    for metric in [Metric::Calls, Metric::Errors] {
        let verdict = row.verdict(metric);
        let name = metric.name();
        let ranges = || {
            let range = |range: Option<(f64, f64)>| match range {
                Some((min, max)) if min != max => {
                    format!("{} to {}", figures::value(metric, Some(min)), figures::value(metric, Some(max)))
                }
                range => figures::value(metric, range.map(|(min, _)| min)),
            };
            format!("{} -> {}", range(row.base_range(metric)), range(row.new_range(metric)))
        };
        match verdict {
            Verdict::Same | Verdict::NotTested => {}
            Verdict::Exact => remarks.push(format!("{name} differ, a fact")),
            Verdict::Shown { p } => remarks.push(format!("{name} differ, {}: {}", figures::p(p), ranges())),
            Verdict::NotShown { .. } | Verdict::Unknown => {
                let varies = |range: Option<(f64, f64)>| range.is_some_and(|(min, max)| min != max);
                let vary = if varies(row.base_range(metric)) || varies(row.new_range(metric)) {
                    " vary"
                } else {
                    ""
                };
                remarks.push(format!("~ {name}{vary}: {}", ranges()))
            }
        }
    }
    let interval = |metric| {
        let interval = row.ratio_interval(metric);
        interval.map(|(low, high)| format!(" x{low:.2} to x{high:.2}")).unwrap_or_default()
    };
    for (metric, more, less) in
        [(Metric::P50, "slower", "faster"), (Metric::Wall, "more", "less"), (Metric::P99, "slower", "faster")]
    {
        let name = figures::name(metric);
        match row.verdict(metric) {
            Verdict::Shown { p } => {
                let what = if is_more(row, metric) { more } else { less };
                remarks.push(format!("{name} {what},{}, {}", interval(metric), figures::p(p)));
            }
            // The mark on the figure says enough of the others.
            Verdict::NotShown { p } if metric == Metric::P50 => {
                let p = p.map(|p| format!("{}, {}", interval(metric), figures::p(p)));
                remarks.push(format!("~ {name}{}", p.unwrap_or_default()));
            }
            _ => {}
        }
    }
    remarks
}
