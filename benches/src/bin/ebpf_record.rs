//! Records a command by eBPF: the peer of the overhead benchmark. Needs root.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufWriter;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Parser;
use sysrec_benches::ebpf::Recorder;

/// Write the calls of a command and its descendants, as two raw tracepoints see them, into a file.
#[derive(Debug, Parser)]
struct Options {
    /// The records, one behind the other
    #[arg(short, long)]
    output: PathBuf,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true)]
    command: Vec<OsString>,
}

fn main() -> anyhow::Result<ExitCode> {
    let Options { output, command } = Options::parse();
    let recorder = Recorder::new().context("needs root and a kernel with BPF")?;
    let file = File::create(&output).with_context(|| output.display().to_string())?;
    let mut file = BufWriter::with_capacity(1 << 20, file);
    let mut line = Command::new(&command[0]);
    line.args(&command[1..]);
    let mut child = recorder.spawn(&mut line).with_context(|| command[0].display().to_string())?;
    let (status, counts) = recorder.drain(&mut child, &mut file)?;
    eprintln!("{} entries, {} exits, {} lost", counts.entries, counts.exits, counts.lost);
    // With losses it did less work than the others: not a figure to compare.
    let lost = u8::from(counts.lost > 0);
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Ok(ExitCode::from(lost.max(code as u8)))
}
