//! Bytes that a call takes in a recorded trace: a tight loop and busy servers.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use serde::Serialize;
use sysrec_benches::comparison::new_table;
use sysrec_benches::machine::Machine;
use sysrec_benches::recorded::{guest, record};
use sysrec_benches::tool::build_sysrec;

/// Bytes a call of recorded programs.
#[derive(Debug, Parser)]
struct Options {
    /// Print the table as Markdown
    #[arg(long)]
    markdown: bool,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Exit with 1 where a call takes more than is allowed
    #[arg(long)]
    check: bool,
    /// Measure this binary, not the one of these sources
    #[arg(long, value_name = "PATH")]
    sysrec: Option<PathBuf>,
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

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let sysrec = options.sysrec.clone().map_or_else(build_sysrec, Ok)?;
    let sizes = measure(sysrec)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&sizes)?);
    } else {
        print!("{}", render(&sizes, options.markdown));
    }
    let broken = sizes.rows.iter().filter(|row| options.check && row.bytes_per_call > row.bytes_per_call_max);
    let mut code = ExitCode::SUCCESS;
    for row in broken {
        let Row { program, bytes_per_call, bytes_per_call_max, .. } = row;
        eprintln!(
            "BROKEN: {program}: {bytes_per_call:.2} bytes a call, at most {bytes_per_call_max} are required"
        );
        code = ExitCode::FAILURE;
    }
    Ok(code)
}

fn measure(sysrec: PathBuf) -> anyhow::Result<Sizes> {
    let dir = tempfile::tempdir().context("a temporary folder")?;
    // The servers start a client of their own, which is recorded with them.
    let programs: [(&str, &str, &[&str], f64); 3] = [
        ("tight getppid loop", "getppid_loop", &["200000"], 8.0),
        ("server, event loop", "server_epoll", &["40000", "8"], 16.0),
        ("server, threads", "server_pool", &["40000", "8"], 16.0),
    ];
    let mut rows = Vec::new();
    for (program, name, args, bytes_per_call_max) in programs {
        let argv: Vec<OsString> = [guest(name)?].into_iter().chain(args.iter().map(OsString::from)).collect();
        let recorded = record(&sysrec, &argv, &dir.path().join(name))?;
        let bytes_per_call = recorded.bytes_per_call();
        rows.push(Row {
            program,
            calls: recorded.calls,
            bytes: recorded.bytes,
            bytes_per_call,
            bytes_per_call_max,
        });
    }
    Ok(Sizes { machine: Machine::this(&sysrec), rows })
}

fn render(sizes: &Sizes, markdown: bool) -> String {
    let mut table = new_table(markdown, &["recorded", "calls", "bytes", "bytes a call", "at most"]);
    for row in &sizes.rows {
        table.add_row([
            row.program.to_owned(),
            row.calls.to_string(),
            row.bytes.to_string(),
            format!("{:.2}", row.bytes_per_call),
            format!("{}", row.bytes_per_call_max),
        ]);
    }
    format!("{table}\n\n{}\n", sizes.machine.describe())
}
