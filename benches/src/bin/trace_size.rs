//! Bytes that a call takes in a recorded trace: a tight loop and busy servers.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use serde::Serialize;
use sysrec_benches::comparison::new_table;
use sysrec_benches::machine::Machine;
use sysrec_benches::options::{CommonArgs, Measured};
use sysrec_benches::process::Cpus;
use sysrec_benches::tool::{Tool, Toolbox, Way};
use sysrec_benches::workload::{Kind, Programs, Workload};

/// Bytes a call of recorded programs.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Serialize)]
struct Row {
    program: &'static str,
    calls: u64,
    bytes: u64,
    bytes_per_call: f64,
    bytes_per_call_max: f64,
}

#[derive(Debug, Serialize)]
struct Sizes {
    machine: Machine,
    rows: Vec<Row>,
}

impl Measured for Sizes {
    fn render(&self, markdown: bool) -> String {
        let mut table = new_table(markdown, &["recorded", "calls", "bytes", "bytes a call", "at most"]);
        for row in &self.rows {
            table.add_row([
                row.program.to_owned(),
                row.calls.to_string(),
                row.bytes.to_string(),
                format!("{:.2}", row.bytes_per_call),
                format!("{}", row.bytes_per_call_max),
            ]);
        }
        format!("{table}\n\n{}\n", self.machine.describe())
    }

    fn broken(&self) -> Vec<String> {
        let broken = self.rows.iter().filter(|row| row.bytes_per_call > row.bytes_per_call_max);
        let text = |row: &Row| {
            let Row { program, bytes_per_call, bytes_per_call_max, .. } = row;
            format!("{program}: {bytes_per_call:.2} bytes a call, at most {bytes_per_call_max} are required")
        };
        broken.map(text).collect()
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    options.common.end(&measure(options.common.sysrec()?)?)
}

fn measure(sysrec: PathBuf) -> anyhow::Result<Sizes> {
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let machine = Machine::this(&sysrec);
    let programs = Programs::new(dir.path(), Toolbox::new(sysrec));
    let server = |guest| Kind::Server { guest, requests: 5_000 };
    let workloads = [
        ("tight getppid loop", Kind::Loop { calls: 200_000 }, 8.0),
        ("server, event loop", server("server_epoll"), 16.0),
        ("server, threads", server("server_pool"), 16.0),
    ];
    let mut rows = Vec::new();
    for (program, kind, bytes_per_call_max) in workloads {
        let workload = Workload { name: program, kind };
        let sample = programs.sample(&workload, Way { tool: Tool::Sysrec, cpus: Cpus::All })?;
        let (calls, bytes) = (sample.counted.context("sysrec counts its calls")?, sample.output_bytes);
        let bytes_per_call = bytes as f64 / calls as f64;
        rows.push(Row { program, calls, bytes, bytes_per_call, bytes_per_call_max });
    }
    Ok(Sizes { machine, rows })
}
