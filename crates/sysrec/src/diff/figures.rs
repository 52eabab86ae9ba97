//! Figures of a comparison as people read them.

use sysrec_analyzer::diff::{Metric, Verdict};

use crate::text::{count, duration};

/// What a figure is called where people read it.
pub(super) fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Wall => "total",
        metric => metric.name(),
    }
}

/// A figure: `12,345`, `0.25` where it is for a unit of work, `17.3 µs`; `-` for none.
pub(super) fn value(metric: Metric, value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if metric.is_time() => duration(value.round() as u64),
        Some(value) => number(value),
    }
}

/// A figure with its sign: `+12`, `-17.3 µs`; `-` for none.
pub(super) fn change(metric: Metric, change: Option<f64>) -> String {
    match change {
        None => "-".to_owned(),
        Some(change) => {
            let size = value(metric, Some(change.abs()));
            let sign = if size.starts_with("0 ") || size == "0" {
                "±"
            } else if change < 0.0 {
                "-"
            } else {
                "+"
            };
            format!("{sign}{size}")
        }
    }
}

/// A share with its sign: `+12.5%`, `x3.20` from the triple on; empty where the base is nothing, or nothing changed.
pub(super) fn relative(change: Option<f64>) -> String {
    match change {
        None | Some(0.0) => String::new(),
        Some(change) if change >= 2.0 => format!("x{:.2}", change + 1.0),
        Some(change) if change.abs() < 0.0005 => "±0.0%".to_owned(),
        Some(change) => format!("{:+.1}%", change * 100.0),
    }
}

/// A p as far as anybody reads it: `0.031`, `<0.001`.
pub(super) fn p(p: f64) -> String {
    if p < 0.001 { "p <0.001".to_owned() } else { format!("p {p:.3}") }
}

/// `~` in front of what no difference is shown for.
pub(super) fn mark(verdict: Verdict) -> &'static str {
    if matches!(verdict, Verdict::NotShown { .. }) { "~" } else { "" }
}

fn number(number: f64) -> String {
    if number.fract() == 0.0 && number < 1e15 {
        return count(number as u64);
    }
    match number {
        number if number >= 1000.0 => count(number.round() as u64),
        number if number >= 0.1 => format!("{number:.2}"),
        number if number >= 0.0001 => format!("{number:.4}"),
        number => format!("{number:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_none_has_none() {
        assert_eq!(change(Metric::Calls, Some(1200.0)), "+1,200");
        assert_eq!(change(Metric::P50, Some(-17_300.0)), "-17.3 µs");
        assert_eq!(change(Metric::P50, Some(0.2)), "±0 ns");
        assert_eq!(change(Metric::Errors, None), "-");
        assert_eq!((relative(Some(0.125)), relative(Some(-0.5))), ("+12.5%".into(), "-50.0%".into()));
        assert_eq!(
            (relative(Some(2.2)), relative(None), relative(Some(0.0))),
            ("x3.20".into(), String::new(), String::new())
        );
        assert_eq!(relative(Some(-0.00001)), "±0.0%");
    }

    #[test]
    fn counts_for_a_unit_of_work_have_fractions() {
        let shown = |value: f64| super::value(Metric::Calls, Some(value));
        assert_eq!(
            [shown(2.0), shown(0.25), shown(0.05), shown(1e-6), shown(12_345.6)],
            ["2", "0.25", "0.0500", "1.0e-6", "12,346"]
        );
    }
}
