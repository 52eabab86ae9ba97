//! A comparison for a pull request: a verdict, what changed, the rest folded, the conditions at the end.

use std::fmt::Write as _;

use sysrec_analyzer::diff::{Metric, Row};

use super::{Answer, conditions, figures, verdict};
use crate::table::{Cell, Column, Table};
use crate::text::{counted, printable};

/// The whole comment.
pub(super) fn text(answer: &Answer<'_>) -> String {
    let mut text = format!("**{}**\n\n", escape(&verdict::line(answer.diff)));
    for broken in answer.broken.iter().flatten() {
        _ = writeln!(text, "- :x: {}", escape(&broken.text(answer.diff)));
    }
    if answer.broken.as_ref().is_some_and(|broken| !broken.is_empty()) {
        text.push('\n');
    }
    for warning in &answer.warnings {
        _ = writeln!(text, "> :warning: {}\n", escape(warning));
    }
    if let Some(histogram) = &answer.histogram {
        text.push_str(&histogram.text(true, None));
        text.push('\n');
    }
    let (changed, rest): (Vec<&Row>, Vec<&Row>) = answer.rows.iter().partition(|row| row.is_change());
    if !changed.is_empty() {
        text.push_str(&table(answer, &changed).markdown());
        text.push('\n');
    }
    if let Some(line) = verdict::unfinished_line(answer.diff) {
        _ = writeln!(text, "{}\n", escape(&line));
    }
    if !rest.is_empty() {
        let rows = counted(rest.len() as u64, "row", "rows");
        let what = if answer.diff.has_tests() {
            format!("{rows} without a difference")
        } else {
            format!("{rows} without a difference of numbers; times without a verdict")
        };
        _ = write!(
            text,
            "<details><summary>{what}</summary>\n\n{}\n</details>\n\n",
            table(answer, &rest).markdown()
        );
    }
    text.push_str("<sub>");
    let footer: Vec<String> = conditions::footer(answer).iter().map(|line| escape(line)).collect();
    text.push_str(&footer.join("<br>\n"));
    text.push_str("</sub>\n");
    text
}

/// Text of a traced program must stay text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character => escaped.push(character),
        }
    }
    escaped
}

fn table(answer: &Answer<'_>, rows: &[&Row]) -> Table {
    let by = &answer.diff.by;
    let mut columns: Vec<Column> = by.iter().map(|dimension| Column::label(dimension.name())).collect();
    columns.extend(Metric::ALL.map(|metric| Column::number(figures::name(metric))));
    columns.push(Column::label("shown"));
    let mut table = Table::new(columns);
    for row in rows {
        let labels = by.iter().map(|dimension| Cell::from(printable(row.label(*dimension).as_bytes())));
        let mut cells: Vec<Cell> = labels.collect();
        cells.extend(Metric::ALL.into_iter().map(|metric| Cell::from(cell(row, metric))));
        cells.push(verdict::remarks(row).join("; ").into());
        table.push(cells);
    }
    table
}

/// `1,000 → 1,200 (+200, +20.0%)`; one value where both are the same, or there is only one.
fn cell(row: &Row, metric: Metric) -> String {
    let value = |value| figures::value(metric, value);
    let (base, new) = (row.base_value(metric), row.new_value(metric));
    match (base, new) {
        (Some(one), Some(other)) if one == other => value(base),
        (Some(_), Some(_)) => {
            let relative = figures::relative(row.relative_change(metric));
            let separator = if relative.is_empty() { "" } else { ", " };
            let change = figures::change(metric, row.change(metric));
            format!("{} → {} ({change}{separator}{relative})", value(base), value(new))
        }
        (None, _) => value(new),
        (_, None) => value(base),
    }
}
