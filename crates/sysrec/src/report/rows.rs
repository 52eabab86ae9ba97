//! The main view: a row for each call, or whatever else rows stand for.

use sysrec_analyzer::metrics::{Dimension, Report, Row, Transfer};
use sysrec_analyzer::{Trace, errno_name};

use super::{Answer, QUANTILES, Sort};
use crate::screen::{FAILURE, HEADING, NAME, QUIET};
use crate::table::{Cell, Column, Table};
use crate::text::{self, count, counted, duration, printable, share};

/// The figures of one row.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) row: Row,
    /// The values at [`QUANTILES`], nanoseconds.
    pub(super) quantiles_ns: [u64; QUANTILES.len()],
    /// One text for each dimension, as the program had it.
    pub(super) labels: Vec<String>,
}

/// The first `top` rows of a report in the order asked for; ties by name.
pub(super) fn sorted(report: &Report, sort: Sort, top: usize) -> Vec<Figures> {
    let label = |row: &Row, dimension: &Dimension| row.key.text(*dimension).unwrap_or_default().into_owned();
    let figures = |row: &Row| Figures {
        row: row.clone(),
        quantiles_ns: row.latency.quantiles_ns(QUANTILES),
        labels: report.by.iter().map(|dimension| label(row, dimension)).collect(),
    };
    let mut rows: Vec<Figures> = report.rows.iter().map(figures).collect();
    let rank = |figures: &Figures| {
        let latency = &figures.row.latency;
        match sort {
            Sort::Total => latency.sum_ns(),
            Sort::Calls => latency.count().into(),
            Sort::Errors => figures.row.errors.into(),
            Sort::Mean => latency.mean_ns() as u128,
            Sort::P50 => figures.quantiles_ns[0].into(),
            Sort::P90 => figures.quantiles_ns[1].into(),
            Sort::P99 => figures.quantiles_ns[2].into(),
            Sort::P999 => figures.quantiles_ns[3].into(),
            Sort::Max => latency.max_ns().into(),
            Sort::Name => 0,
        }
    };
    rows.sort_by(|row, other| rank(other).cmp(&rank(row)).then_with(|| row.labels.cmp(&other.labels)));
    rows.truncate(top);
    rows
}

/// The rows as a table, with a last line that adds up all of them, those beyond `--top` too.
pub(super) fn table(answer: &Answer<'_>) -> Table {
    let report = answer.report;
    let mut columns: Vec<Column> = report.by.iter().map(|dimension| label(*dimension)).collect();
    columns.push(Column::number("calls"));
    // Which they are is said where there is room.
    let named = report.rows.iter().any(|row| row.errors > 0) && !report.by.contains(&Dimension::Errno);
    let transfers = answer.rows.iter().any(|figures| figures.row.transfer.is_some());
    let (failures, by_name) = (Column::number("errors"), Column::number("errors by name"));
    match (named, transfers) {
        (false, _) => columns.push(failures),
        (true, false) => columns.extend([failures, by_name.gives_way(6)]),
        // Of a file, which errors there were says more than how calls to it are distributed.
        (true, true) => columns.extend([failures.gives_way(10), by_name.last_resort()]),
    }
    if transfers {
        columns.extend([
            Column::number("read"),
            Column::number("written"),
            Column::number("read/s").gives_way(7),
            Column::number("written/s").gives_way(6),
        ]);
    }
    let (median, largest) = (Column::number("p50"), Column::number("max"));
    let (median, largest) =
        if transfers { (median.gives_way(8), largest.gives_way(9)) } else { (median, largest.last_resort()) };
    columns.extend([
        Column::number("share").gives_way(4),
        Column::number("total"),
        Column::number("mean").gives_way(3),
        median,
        Column::number("p90").gives_way(2),
        Column::number("p99").gives_way(5),
        Column::number("p99.9").gives_way(1),
        largest,
    ]);
    let mut table = Table::new(columns);
    let wall_ns = report.wall_ns() as f64;
    for Figures { row, quantiles_ns, labels } in &answer.rows {
        let mut cells: Vec<Cell> = Vec::with_capacity(labels.len() + 10);
        for (dimension, label) in report.by.iter().zip(labels) {
            let text = printable(label.as_bytes());
            cells.push(match dimension {
                Dimension::Syscall => Cell::styled(text, NAME),
                Dimension::Errno if row.key.errno != Some(0) => Cell::styled(text, FAILURE),
                _ => text.into(),
            });
        }
        let latency = &row.latency;
        cells.extend([count(latency.count()).into(), errors(row.errors)]);
        if named {
            cells.push(Cell::styled(errnos(&row.errnos), FAILURE));
        }
        if let Some(Transfer { read_bytes, written_bytes }) = row.transfer {
            let span_ns: u64 = answer.traces.iter().map(Trace::span_ns).fold(0, u64::saturating_add);
            let rate = |moved: u64| bytes_or_dash(per_second(moved, span_ns), "/s");
            cells.extend([bytes_or_dash(read_bytes, ""), bytes_or_dash(written_bytes, "")]);
            cells.extend([rate(read_bytes), rate(written_bytes)]);
        }
        cells.extend([
            share(latency.sum_ns() as f64, wall_ns).into(),
            duration(u64::try_from(latency.sum_ns()).unwrap_or(u64::MAX)).into(),
            duration(latency.mean_ns() as u64).into(),
        ]);
        cells.extend(quantiles_ns.iter().map(|ns| Cell::from(duration(*ns))));
        cells.push(duration(latency.max_ns()).into());
        table.push(cells);
    }
    if report.rows.len() > 1 {
        let hidden = report.rows.len() - answer.rows.len();
        let name = if hidden == 0 {
            "total".to_owned()
        } else {
            format!("total ({})", counted(hidden as u64, "more row", "more rows"))
        };
        let mut cells = vec![Cell::styled(name, HEADING)];
        cells.resize(report.by.len(), Cell::default());
        cells.extend([Cell::styled(count(report.calls()), HEADING), errors(report.errors())]);
        cells.resize(cells.len() + usize::from(named) + if transfers { 4 } else { 0 }, Cell::default());
        cells.extend([
            Cell::default(),
            Cell::styled(duration(u64::try_from(report.wall_ns()).unwrap_or(u64::MAX)), HEADING),
        ]);
        cells.resize(cells.len() + 6, Cell::default());
        table.push(cells);
    }
    table
}

/// The column of what rows stand for.
fn label(dimension: Dimension) -> Column {
    match dimension {
        Dimension::File | Dimension::Dir => Column::path(dimension.name()),
        dimension => Column::label(dimension.name()),
    }
}

/// How many of the errors are named in a row.
const ERRNOS_NAMED: usize = 2;

/// `1,400 ENOENT, 3 EAGAIN`, of more than two the most frequent.
fn errnos(errnos: &[(u32, u64)]) -> String {
    let named = errnos.iter().take(ERRNOS_NAMED);
    let mut names: Vec<String> =
        named.map(|(errno, calls)| format!("{} {}", count(*calls), errno_name(*errno))).collect();
    if errnos.len() > ERRNOS_NAMED {
        names.push("…".to_owned());
    }
    names.join(", ")
}

fn per_second(bytes: u64, span_ns: u64) -> u64 {
    if span_ns == 0 { 0 } else { (u128::from(bytes) * 1_000_000_000 / u128::from(span_ns)) as u64 }
}

fn bytes_or_dash(bytes: u64, per: &str) -> Cell {
    if bytes == 0 { Cell::styled("-", QUIET) } else { (text::bytes(bytes) + per).into() }
}

fn errors(errors: u64) -> Cell {
    if errors == 0 { Cell::styled("-", QUIET) } else { Cell::styled(count(errors), FAILURE) }
}
