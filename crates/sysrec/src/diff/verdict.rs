//! What a comparison came to, in words.

use sysrec_analyzer::diff::{Diff, Metric, Presence, Row, Verdict};

use crate::diff::figures;
use crate::text::{counted, printable};

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
    list("calls", &|row| both(row) && row.calls.is_change(), &with(Metric::Calls));
    list("errors", &|row| both(row) && row.errors.is_change(), &with(Metric::Errors));
    let shift =
        |row: &Row| format!("{} {}", name(diff, row), figures::relative(row.relative_change(Metric::P50)));
    let is_slower = |row: &Row| row.change(Metric::P50).is_some_and(|change| change > 0.0);
    list("slower", &|row| row.time.is_change() && is_slower(row), &shift);
    list("faster", &|row| row.time.is_change() && !is_slower(row), &shift);
    let changed = diff.rows.iter().filter(|row| row.is_change()).count() as u64;
    let rows = counted(diff.rows.len() as u64, "row", "rows");
    let mut line = match changed {
        0 => format!("No difference shown in {rows}."),
        _ => format!("{changed} of {rows} changed. {}.", capital(&parts.join("; "))),
    };
    line.push_str(&noise(diff));
    line
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
    for (metric, verdict) in [(Metric::Calls, row.calls), (Metric::Errors, row.errors)] {
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
            Verdict::Same => {}
            Verdict::Exact => remarks.push(format!("{name} differ, a fact")),
            Verdict::Shown { p } => remarks.push(format!("{name} differ, {}: {}", figures::p(p), ranges())),
            Verdict::NotShown { .. } | Verdict::Unknown => {
                remarks.push(format!("~ {name} vary: {}", ranges()))
            }
        }
    }
    let interval =
        row.ratio_interval.map(|(low, high)| format!(" x{low:.2} to x{high:.2}")).unwrap_or_default();
    match row.time {
        Verdict::Shown { p } => {
            let slower = row.change(Metric::P50).is_some_and(|change| change > 0.0);
            let what = if slower { "slower" } else { "faster" };
            remarks.push(format!("{what},{interval}, {}", figures::p(p)));
        }
        Verdict::NotShown { p: Some(p) } => remarks.push(format!("~ p50{interval}, {}", figures::p(p))),
        Verdict::NotShown { p: None } => remarks.push("~ p50".to_owned()),
        Verdict::Unknown | Verdict::Same | Verdict::Exact => {}
    }
    remarks
}
