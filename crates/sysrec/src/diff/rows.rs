//! The rows of a comparison for a terminal: base, new, and the change of each.
//!
//! ```text
//!  syscall            calls  errors    total      p50  ...  shown
//!  newfstatat  base       -  ...                            new        (one line where there is one side)
//!  read        base   1,000       -  17.0 ms  16.9 µs       p50 slower, x1.09 to x1.12, p <0.001
//!              new    1,000       -  18.7 ms  18.6 µs       total more, x1.08 to x1.11, p <0.001
//!              change    ±0      ±0  +1.7 ms  +1.7 µs
//!                     ±0.0%           +10.0%   +10.1%
//! ```

use sysrec_analyzer::diff::{Metric, Presence, Row};
use sysrec_analyzer::metrics::Dimension;

use super::{Answer, figures, verdict};
use crate::screen::{FAILURE, HEADING, NAME, QUIET};
use crate::table::{Cell, Column, Table};
use crate::text::printable;

/// Where remarks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remarks {
    /// In a column of their own.
    Beside,
    /// Under the row, so that on a narrow terminal figures and remarks are both whole.
    Below,
}

/// The rows as a table for a terminal of so many columns, or of any width.
pub(super) fn table(answer: &Answer<'_>, width: Option<usize>) -> Table {
    let beside = table_with(answer, Remarks::Beside);
    let fits = width.is_none_or(|width| beside.width() <= width);
    if fits { beside } else { table_with(answer, Remarks::Below) }
}

fn table_with(answer: &Answer<'_>, remarks: Remarks) -> Table {
    let by = &answer.diff.by;
    let key = |dimension: &Dimension| match dimension {
        // Their beginnings are alike: where a stack ends is where a call was made.
        Dimension::Stack | Dimension::File | Dimension::Dir => Column::path(dimension.name()),
        _ => Column::label(dimension.name()),
    };
    let mut columns: Vec<Column> = by.iter().map(key).collect();
    columns.push(Column::label(""));
    for metric in Metric::ALL {
        let column = Column::number(figures::name(metric));
        columns.push(match metric {
            Metric::Max => column.gives_way(1),
            Metric::P99 => column.gives_way(2),
            Metric::Errors | Metric::Wall => column.last_resort(),
            _ => column,
        });
    }
    columns.push(Column::label(""));
    let mut table = Table::new(columns);
    for row in &answer.rows {
        push(&mut table, by, row, remarks);
    }
    if answer.diff.rows.len() > 1 {
        push_total(&mut table, by.len(), &answer.diff.total);
    }
    table
}

fn push(table: &mut Table, by: &[Dimension], row: &Row, place: Remarks) {
    let labels = by.iter().map(|dimension| {
        let text = printable(row.label(*dimension).as_bytes());
        match dimension {
            Dimension::Syscall => Cell::styled(text, NAME),
            Dimension::Errno if row.key.errno != Some(0) => Cell::styled(text, FAILURE),
            _ => text.into(),
        }
    });
    let remarks = verdict::remarks(row).into_iter().map(|text| {
        let style = if text.starts_with('~') { QUIET } else { HEADING };
        Cell::styled(text, style)
    });
    let (beside, below): (Vec<Cell>, Vec<Cell>) = match place {
        Remarks::Beside => (remarks.collect(), Vec::new()),
        Remarks::Below => (Vec::new(), remarks.collect()),
    };
    let mut beside = beside.into_iter();
    let mut remark = || beside.next().unwrap_or_default();
    let base = |metric| figures::value(metric, row.base_value(metric)).into();
    let new = |metric| figures::value(metric, row.new_value(metric)).into();
    let mut first: Vec<Cell> = labels.collect();
    match row.presence {
        Presence::New => {
            line(table, by.len(), first, "new", &new, remark());
            return;
        }
        Presence::Gone => {
            let side = if place == Remarks::Below { "gone" } else { "base" };
            line(table, by.len(), first, side, &base, remark());
            return;
        }
        Presence::Both => {}
    }
    line(table, by.len(), std::mem::take(&mut first), "base", &base, remark());
    line(table, by.len(), Vec::new(), "new", &new, remark());
    let styled = |metric, text: String| {
        if row.verdict(metric).is_change() { Cell::styled(text, HEADING) } else { text.into() }
    };
    let absolute = |metric| {
        let text = figures::change(metric, row.change(metric));
        styled(metric, format!("{}{text}", figures::mark(row.verdict(metric))))
    };
    line(table, by.len(), Vec::new(), "change", &absolute, remark());
    let relative = |metric| styled(metric, figures::relative(row.relative_change(metric)));
    let last = remark();
    if is_relative(row) || !last.is_empty() {
        line(table, by.len(), Vec::new(), "", &relative, last);
    }
    loop {
        let last = remark();
        if last.is_empty() {
            break;
        }
        line(table, by.len(), Vec::new(), "", &|_| Cell::default(), last);
    }
    below.into_iter().for_each(|remark| table.remark(remark));
}

/// Whether there is any change to give as a share.
fn is_relative(row: &Row) -> bool {
    Metric::ALL.iter().any(|metric| !figures::relative(row.relative_change(*metric)).is_empty())
}

fn push_total(table: &mut Table, labels: usize, total: &Row) {
    let known = |metric: Metric| matches!(metric, Metric::Calls | Metric::Errors | Metric::Wall);
    let cell = |metric, text: String| if known(metric) { text.into() } else { Cell::default() };
    let mark = |metric| figures::mark(total.verdict(metric));
    let heading = vec![Cell::styled("total", HEADING)];
    let base = |metric| cell(metric, figures::value(metric, total.base_value(metric)));
    line(table, labels, heading, "base", &base, Cell::default());
    let new = |metric| cell(metric, figures::value(metric, total.new_value(metric)));
    line(table, labels, Vec::new(), "new", &new, Cell::default());
    let change =
        |metric| cell(metric, format!("{}{}", mark(metric), figures::change(metric, total.change(metric))));
    line(table, labels, Vec::new(), "change", &change, Cell::default());
    let relative = |metric| cell(metric, figures::relative(total.relative_change(metric)));
    if is_relative(total) {
        line(table, labels, Vec::new(), "", &relative, Cell::default());
    }
}

fn line(
    table: &mut Table,
    labels: usize,
    mut cells: Vec<Cell>,
    side: &str,
    figure: &dyn Fn(Metric) -> Cell,
    remark: Cell,
) {
    cells.resize(labels, Cell::default());
    cells.push(Cell::styled(side, QUIET));
    cells.extend(Metric::ALL.into_iter().map(figure));
    cells.push(remark);
    table.push(cells);
}
