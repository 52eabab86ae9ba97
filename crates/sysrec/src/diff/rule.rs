//! Rules that a comparison has to keep: `p99(read) > +10%, calls(openat) > +0, errors > +0`.
//!
//! ```text
//!  rules   rule [, rule]...
//!  rule    metric [ "(" name ")" ] op amount     broken by every row (of that name) for which it is true
//!  metric  calls errors wall p50 p99 max
//!  op      > >= < <=
//!  amount  +10% -10%    change, of the base        +3 -3 +2ms    change        10ms 500    the new side itself
//! ```

use sysrec_analyzer::diff::statistics::{holm, least_p, mann_whitney_p};
use sysrec_analyzer::diff::{Diff, Metric, Presence, Row, Run, Verdict};
use sysrec_analyzer::metrics::Dimension;
use sysrec_syscalls::Abi;

use super::{figures, verdict};
use crate::text::{parse_count, parse_duration};

/// What `--fail-on` was given.
#[derive(Clone, Debug)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    /// As it was written.
    text: String,
    metric: Metric,
    /// Of a row; `None` is every row.
    name: Option<String>,
    operator: Operator,
    amount: Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Amount {
    /// Change as a share of the base.
    Share(f64),
    /// Change, in nanoseconds or calls.
    Change(f64),
    /// The value of the new side.
    Value(f64),
}

/// A rule that a row breaks.
#[derive(Clone, Debug)]
pub(super) struct Broken<'a> {
    rule: String,
    metric: Metric,
    /// Which.
    pub(super) row: &'a Row,
    /// Corrected p of the change; `None` where it is a fact, or where noise is not known.
    p: Option<f64>,
}

impl Rules {
    /// Reads rules, separated by commas.
    ///
    /// # Errors
    /// What is wrong with which.
    pub(super) fn parse(text: &str) -> Result<Rules, String> {
        text.split(',').map(|rule| Rule::parse(rule.trim())).collect::<Result<_, _>>().map(Rules)
    }

    /// What is wrong with the rules for rows of these dimensions: a name that no row can have never breaks a rule, and
    /// nobody would notice.
    pub(super) fn problem(&self, by: &[Dimension]) -> Option<String> {
        let unknown = |name: &&str| {
            by == [Dimension::Syscall]
                && !Abi::ALL.iter().any(|abi| sysrec_syscalls::by_name(*abi, name).is_some())
                && !name.starts_with("syscall_")
        };
        let name = self.0.iter().filter_map(|rule| rule.name.as_deref()).find(unknown)?;
        Some(format!("--fail-on: there is no call '{name}', so a rule for it could never be broken"))
    }

    /// Which rows break which rules.
    ///
    /// Facts count as they are. Where all figures but facts are tested over recordings, a change that could be noise
    /// breaks nothing; where noise is not known, or the recordings are too few to show anything, the figures count as
    /// they are, since a gate that cannot close is none.
    pub(super) fn broken<'a>(&self, diff: &'a Diff) -> Vec<Broken<'a>> {
        let mut broken = Vec::new();
        let mut tested: Vec<(usize, f64)> = Vec::new();
        for rule in &self.0 {
            for row in diff.rows.iter().filter(|row| rule.is_about(diff, row)) {
                let p = test(diff, row, rule.metric);
                let is_broken = rule.is_broken_by(row);
                if let Some(p) = p {
                    // Rows that keep the rule are tests as well: else only promising ones would be corrected for.
                    tested.push((if is_broken { broken.len() } else { usize::MAX }, p));
                }
                if is_broken {
                    broken.push(Broken { rule: rule.text.clone(), metric: rule.metric, row, p });
                }
            }
        }
        let corrected = holm(&tested.iter().map(|(_, p)| *p).collect::<Vec<f64>>());
        let [base, new] = diff.recordings;
        if least_p(base, new) * tested.len() as f64 > diff.options.alpha {
            broken.iter_mut().for_each(|broken| broken.p = None);
            return broken;
        }
        for ((position, _), p) in tested.iter().zip(corrected) {
            if let Some(broken) = broken.get_mut(*position) {
                broken.p = Some(p);
            }
        }
        broken.retain(|broken| broken.p.is_none_or(|p| p <= diff.options.alpha));
        broken
    }
}

/// Uncorrected p of a change; `None` where it is a fact, or where noise is not known.
fn test(diff: &Diff, row: &Row, metric: Metric) -> Option<f64> {
    let is_fact = row.presence != Presence::Both
        || match metric {
            Metric::Calls | Metric::Errors => matches!(row.verdict(metric), Verdict::Exact | Verdict::Same),
            _ => false,
        };
    let values = |runs: &[Run]| -> Vec<f64> { runs.iter().filter_map(|run| run.value(metric)).collect() };
    (diff.has_tests() && !is_fact).then(|| mann_whitney_p(&values(&row.base), &values(&row.new)))
}

impl Rule {
    fn parse(text: &str) -> Result<Rule, String> {
        let wrong = |what: &str| {
            format!("'{text}': {what}; write rules as 'p99(read) > +10%, calls(openat) > +0, errors > +0'")
        };
        let at = text.find(['<', '>']).ok_or_else(|| wrong("there is no > or < in it"))?;
        let (left, right) = (text[..at].trim(), &text[at..]);
        let (operator, amount) = match right.as_bytes() {
            [b'>', b'=', ..] => (Operator::GreaterEqual, &right[2..]),
            [b'>', ..] => (Operator::Greater, &right[1..]),
            [b'<', b'=', ..] => (Operator::LessEqual, &right[2..]),
            _ => (Operator::Less, &right[1..]),
        };
        let (metric, name) = match left.split_once('(') {
            None => (left, None),
            Some((metric, rest)) => {
                let name = rest.strip_suffix(')').ok_or_else(|| wrong("the ) is missing"))?;
                (metric.trim(), Some(name.trim().to_owned()).filter(|name| !name.is_empty()))
            }
        };
        let metric = Metric::from_name(metric).ok_or_else(|| {
            let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
            wrong(&format!("'{metric}' is not one of {}", names.join(", ")))
        })?;
        let amount = Amount::parse(metric, amount.trim()).map_err(|what| wrong(&what))?;
        Ok(Rule { text: text.to_owned(), metric, name, operator, amount })
    }

    fn is_about(&self, diff: &Diff, row: &Row) -> bool {
        let Some(name) = &self.name else { return true };
        verdict::name(diff, row) == *name || diff.by.iter().any(|dimension| row.label(*dimension) == *name)
    }

    fn is_broken_by(&self, row: &Row) -> bool {
        let (base, new) = (row.base_value(self.metric), row.new_value(self.metric));
        // A row that is not there has no calls and takes no time; of its percentiles nothing can be said.
        let Some(new) = new else { return false };
        match self.amount {
            Amount::Value(limit) => self.operator.holds(new, limit),
            Amount::Change(limit) => base.is_some_and(|base| self.operator.holds(new - base, limit)),
            Amount::Share(limit) => match base {
                Some(0.0) if new == 0.0 => self.operator.holds(0.0, limit),
                Some(0.0) => self.operator.holds(f64::INFINITY, limit),
                // As a product, so that +10 % of 100 is 110 and not a little more.
                Some(base) => self.operator.holds((new - base) * 100.0, limit * base),
                None => false,
            },
        }
    }
}

impl Operator {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Operator::Greater => value > limit,
            Operator::GreaterEqual => value >= limit,
            Operator::Less => value < limit,
            Operator::LessEqual => value <= limit,
        }
    }
}

impl Amount {
    fn parse(metric: Metric, text: &str) -> Result<Amount, String> {
        let (sign, size) = match text.as_bytes().first() {
            Some(b'+') => (Some(1.0), &text[1..]),
            Some(b'-') => (Some(-1.0), &text[1..]),
            _ => (None, text),
        };
        if let Some(percent) = size.strip_suffix('%') {
            let percent = percent.trim().parse::<f64>().ok().filter(|percent| *percent >= 0.0);
            let percent = percent.ok_or_else(|| format!("'{text}' is not a percentage"))?;
            let sign = sign.ok_or_else(|| format!("'{text}' needs a sign: +{text} is that much more"))?;
            return Ok(Amount::Share(sign * percent));
        }
        let size = match metric.is_time() {
            // 0 needs no unit.
            true if size == "0" => 0.0,
            true => parse_duration(size)?.as_nanos() as f64,
            false => size
                .parse::<f64>()
                .ok()
                .filter(|size| *size >= 0.0 && size.is_finite())
                .map_or_else(|| parse_count(size).map(|size| size as f64), Ok)?,
        };
        Ok(sign.map_or(Amount::Value(size), |sign| Amount::Change(sign * size)))
    }
}

impl Broken<'_> {
    /// The rule, the row and its figures in a sentence.
    pub(super) fn text(&self, diff: &Diff) -> String {
        let value = |value| figures::value(self.metric, value);
        let relative = figures::relative(self.row.relative_change(self.metric));
        let change = figures::change(self.metric, self.row.change(self.metric));
        let change = [change, relative].into_iter().filter(|text| !text.is_empty() && text != "-");
        let sure = match self.p {
            Some(p) => format!("; {}", figures::p(p)),
            None => String::new(),
        };
        format!(
            "broken: {}: {} of {} went from {} to {} ({}{sure})",
            self.rule,
            self.metric.name(),
            verdict::name(diff, self.row),
            value(self.row.base_value(self.metric)),
            value(self.row.new_value(self.metric)),
            change.collect::<Vec<String>>().join(", "),
        )
    }

    /// The rule as it was written.
    pub(super) fn rule(&self) -> &str {
        &self.rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(rule: &str) -> Amount {
        Rule::parse(rule).unwrap().amount
    }

    #[test]
    fn amounts_are_shares_changes_or_values() {
        assert_eq!(amount("p99(read) > +10%"), Amount::Share(10.0));
        assert_eq!(amount("p50 < -2.5%"), Amount::Share(-2.5));
        assert_eq!(amount("p50(read)>+2ms"), Amount::Change(2e6));
        assert_eq!(amount("max > 1s"), Amount::Value(1e9));
        assert_eq!(amount("calls(openat) >= +3"), Amount::Change(3.0));
        assert_eq!(amount("calls(openat) > 10k"), Amount::Value(10_000.0));
        assert_eq!(amount("wall > +0"), Amount::Change(0.0));
    }

    #[test]
    fn names_and_operators() {
        let rule = Rule::parse("errors( read ) <= -1").unwrap();
        assert_eq!((rule.name.as_deref(), rule.operator), (Some("read"), Operator::LessEqual));
        assert_eq!(Rule::parse("errors > +0").unwrap().name, None);
        assert_eq!(Rules::parse("errors > +0, p50(read) > +1%").unwrap().0.len(), 2);
    }

    #[test]
    fn wrong_rules_are_told() {
        for (rule, word) in [
            ("errors", "no > or <"),
            ("speed > +1", "'speed' is not one of"),
            ("p50(read > +1%", "the ) is missing"),
            ("p50 > 10%", "needs a sign"),
            ("calls > +x", "'x' is not a number"),
            ("p50 > +5 parsecs", "not a time"),
            ("", "no > or <"),
        ] {
            let error = Rules::parse(rule).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn calls_that_do_not_exist_are_a_problem_where_rows_are_calls() {
        let rules = Rules::parse("calls(opanat) > +0").unwrap();
        assert!(rules.problem(&[Dimension::Syscall]).is_some_and(|problem| problem.contains("'opanat'")));
        assert_eq!(rules.problem(&[Dimension::Process]), None);
        assert_eq!(
            Rules::parse("calls(openat) > +0, errors > +0").unwrap().problem(&[Dimension::Syscall]),
            None
        );
    }
}
