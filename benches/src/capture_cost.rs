//! What capture costs: samples of the same backend with each `--capture`, side by side.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::comparison::{Samples, new_table, number};
use crate::machine::Machine;
use crate::options::Measured;
use crate::process::Cpus;
use crate::tool::{Capture, Tool};
use crate::workload::Workload;

/// What names may cost where tasks copy them themselves, which is the default: the time with them over that without.
const NAMES_TO_NONE_MAX: f64 = 1.25;

/// One workload under one backend. Times are medians over the rounds, ratios those of medians.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// [`Workload::name`].
    pub workload: &'static str,
    /// `inline` or `ptrace`.
    pub backend: &'static str,
    /// Why there are no figures.
    pub skip: Option<String>,
    /// Calls of one run with `--capture names`.
    pub calls: Option<u64>,
    /// Wall time per call, bare.
    pub bare_ns: Option<f64>,
    /// Wall time per call with `--capture none`.
    pub none_ns: Option<f64>,
    /// With `--capture names`.
    pub names_ns: Option<f64>,
    /// With `--capture all`.
    pub all_ns: Option<f64>,
    /// `names_ns` over `none_ns`.
    pub names_to_none: Option<f64>,
    /// `all_ns` over `none_ns`.
    pub all_to_none: Option<f64>,
    /// Bytes that a call takes in the trace more with `--capture names` than with `none`.
    pub names_bytes_per_call: Option<f64>,
    /// The same of `all`.
    pub all_bytes_per_call: Option<f64>,
}

/// The whole result.
#[derive(Clone, Debug, Serialize)]
pub struct CaptureCost {
    /// Where.
    pub machine: Machine,
    /// How often each was run.
    pub rounds: usize,
    /// One for each workload and backend.
    pub rows: Vec<Row>,
}

impl CaptureCost {
    /// Of these samples; `skips` are the tools that cannot be used, with the reason.
    pub fn new(
        machine: Machine,
        rounds: usize,
        measured: &[(Workload, Samples)],
        skips: &BTreeMap<Tool, String>,
    ) -> CaptureCost {
        type Backend = fn(Capture) -> Tool;
        let backends: [(&'static str, Backend); 2] =
            [("inline", Tool::InlineCapture), ("ptrace", Tool::PtraceCapture)];
        let each = measured
            .iter()
            .flat_map(|(workload, samples)| backends.map(|backend| (workload, samples, backend)));
        let rows = each.map(|(workload, samples, (backend, tool))| {
            let skip = [Capture::None, Capture::Names, Capture::All]
                .into_iter()
                .find_map(|what| skips.get(&tool(what)));
            row(workload.name, backend, samples, tool, skip.cloned())
        });
        CaptureCost { machine, rounds, rows: rows.collect() }
    }
}

fn row(
    workload: &'static str,
    backend: &'static str,
    samples: &Samples,
    tool: impl Fn(Capture) -> Tool,
    skip: Option<String>,
) -> Row {
    let time = |tool| samples.call_ns_median(tool, Cpus::All);
    let [none_ns, names_ns, all_ns] =
        [Capture::None, Capture::Names, Capture::All].map(|what| time(tool(what)));
    let to_none = |ns: Option<f64>| Some(ns? / none_ns?);
    let first = |what| samples.of(tool(what), Cpus::All).first();
    let bytes =
        |what| first(what).and_then(|sample| Some(sample.output_bytes as f64 / sample.counted? as f64));
    let more_bytes = |what| Some(bytes(what)? - bytes(Capture::None)?);
    Row {
        workload,
        backend,
        skip,
        calls: first(Capture::Names).and_then(|sample| sample.counted),
        bare_ns: time(Tool::Bare),
        none_ns,
        names_ns,
        all_ns,
        names_to_none: to_none(names_ns),
        all_to_none: to_none(all_ns),
        names_bytes_per_call: more_bytes(Capture::Names),
        all_bytes_per_call: more_bytes(Capture::All),
    }
}

impl Measured for CaptureCost {
    fn render(&self, markdown: bool) -> String {
        let mut table = new_table(
            markdown,
            &[
                "workload",
                "backend",
                "calls",
                "bare, µs a call",
                "none, µs",
                "names, µs",
                "all, µs",
                "names / none",
                "all / none",
                "names, bytes a call more",
                "all, bytes a call more",
            ],
        );
        for row in &self.rows {
            let us = |ns: Option<f64>| number(ns.map(|ns| ns / 1e3), 3);
            let calls = match (&row.skip, row.calls) {
                (Some(reason), _) => format!("SKIP: {reason}"),
                (None, calls) => calls.map_or_else(String::new, |calls| calls.to_string()),
            };
            table.add_row([
                row.workload.to_owned(),
                row.backend.to_owned(),
                calls,
                us(row.bare_ns),
                us(row.none_ns),
                us(row.names_ns),
                us(row.all_ns),
                number(row.names_to_none, 2),
                number(row.all_to_none, 2),
                number(row.names_bytes_per_call, 1),
                number(row.all_bytes_per_call, 1),
            ]);
        }
        format!("{table}\n\nMedians of {} interleaved rounds. {}\n", self.rounds, self.machine.describe())
    }

    fn broken(&self) -> Vec<String> {
        let inline = self.rows.iter().filter(|row| row.backend == "inline");
        let text = |row: &Row| {
            let ratio = row.names_to_none.filter(|&ratio| ratio > NAMES_TO_NONE_MAX)?;
            let is =
                format!("{}: inline with names takes {ratio:.2} times what it takes without", row.workload);
            Some(format!("{is}; at most {NAMES_TO_NONE_MAX} is required"))
        };
        inline.filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Way;
    use crate::workload::{Kind, Sample};

    #[test]
    fn each_capture_stands_beside_none_of_the_same_backend() {
        let mut samples = Samples::default();
        let mut push = |tool, call_ns: f64, output_bytes, counted| {
            for noise in [-3.0, 40.0, 0.0] {
                let inside_ns = (call_ns + noise) * 100.0;
                let sample = Sample { inside_ns, inside_calls: Some(100), output_bytes, counted };
                samples.push(Way { tool, cpus: Cpus::All }, sample);
            }
        };
        push(Tool::Bare, 50.0, 0, None);
        push(Tool::InlineCapture(Capture::None), 100.0, 400, Some(100));
        push(Tool::InlineCapture(Capture::Names), 500.0, 900, Some(100));
        push(Tool::InlineCapture(Capture::All), 800.0, 2400, Some(100));
        push(Tool::PtraceCapture(Capture::None), 2000.0, 1200, Some(120));
        push(Tool::PtraceCapture(Capture::Names), 3000.0, 1800, Some(120));
        let workload = Workload { name: "paths", kind: Kind::Paths { rounds: 20 } };
        let skips = [(Tool::PtraceCapture(Capture::All), "it fails".to_owned())].into();
        let machine = Machine::this("/nonexistent".as_ref());
        let cost = CaptureCost::new(machine, 3, &[(workload, samples)], &skips);
        let [inline, ptrace] = &cost.rows[..] else { panic!("a row a backend: {:?}", cost.rows) };
        assert_eq!((inline.bare_ns, inline.none_ns, inline.names_ns), (Some(50.0), Some(100.0), Some(500.0)));
        assert_eq!((inline.names_to_none, inline.all_to_none), (Some(5.0), Some(8.0)));
        assert_eq!(
            (inline.calls, inline.names_bytes_per_call, inline.all_bytes_per_call),
            (Some(100), Some(5.0), Some(20.0))
        );
        assert_eq!((ptrace.backend, ptrace.names_to_none, ptrace.all_to_none), ("ptrace", Some(1.5), None));
        assert_eq!((ptrace.calls, ptrace.names_bytes_per_call), (Some(120), Some(5.0)));
        assert_eq!(cost.broken().len(), 1, "names cost inline five times as much");
        let text = cost.render(true);
        assert!(text.contains("| paths ") && text.contains("SKIP: it fails"), "{text}");
    }
}
