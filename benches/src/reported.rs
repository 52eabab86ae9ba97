//! What sysrec itself says of a trace: its reports, as a user gets them.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The part of `sysrec report --json` that is looked at (`docs/json.md`).
#[derive(Clone, Debug, Deserialize)]
pub struct Report {
    traces: Vec<Completeness>,
    total: Total,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Deserialize)]
struct Completeness {
    complete: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Total {
    losses: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    key: String,
    calls: u64,
    latency_ns: Latency,
}

#[derive(Clone, Debug, Deserialize)]
struct Latency {
    p50: f64,
}

impl Report {
    /// Asks for it.
    ///
    /// # Errors
    /// Where sysrec fails, or prints something else.
    pub fn of(sysrec: &Path, trace: &Path) -> anyhow::Result<Report> {
        ask(sysrec, "report", trace)
    }

    /// Whether every trace is.
    pub fn is_complete(&self) -> bool {
        self.traces.iter().all(|trace| trace.complete)
    }

    /// Calls known to be missing.
    pub fn losses(&self) -> u64 {
        self.total.losses
    }

    /// Finished calls of this name.
    pub fn calls(&self, name: &str) -> u64 {
        self.row(name).map_or(0, |row| row.calls)
    }

    /// The median of their durations, nanoseconds.
    pub fn p50_ns(&self, name: &str) -> Option<f64> {
        self.row(name).map(|row| row.latency_ns.p50)
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == name)
    }
}

#[derive(Debug, Deserialize)]
struct Info {
    overheads: Vec<Overhead>,
}

#[derive(Debug, Deserialize)]
struct Overhead {
    inside_ns_median: f64,
}

/// What every duration in the trace is too long by, nanoseconds, as the recorder measured it (`sysrec info`).
///
/// # Errors
/// Where sysrec fails, or the recorder has not measured it.
pub fn inside_ns(sysrec: &Path, trace: &Path) -> anyhow::Result<f64> {
    let info: Info = ask(sysrec, "info", trace)?;
    let first = info.overheads.first().context("the trace does not say what its mechanism costs")?;
    Ok(first.inside_ns_median)
}

fn ask<T: DeserializeOwned>(sysrec: &Path, view: &str, trace: &Path) -> anyhow::Result<T> {
    let args = [OsStr::new(view), OsStr::new("--json"), trace.as_os_str()];
    let output = Command::new(sysrec).args(args).output().with_context(|| sysrec.display().to_string())?;
    let words = || String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "sysrec {view} {}: {}", trace.display(), words());
    serde_json::from_slice(&output.stdout).with_context(|| format!("what sysrec {view} --json printed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let text = r#"{"schema": "sysrec-report/1", "traces": [{"path": "t", "complete": true}],
            "total": {"calls": 9, "losses": 2}, "rows": [{"key": "read", "calls": 9, "latency_ns": {"p50": 130}}]}"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert_eq!((report.is_complete(), report.losses()), (true, 2));
        assert_eq!((report.calls("read"), report.p50_ns("read")), (9, Some(130.0)));
        assert_eq!((report.calls("write"), report.p50_ns("write")), (0, None));
    }
}
