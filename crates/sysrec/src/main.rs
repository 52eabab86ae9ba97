//! The sysrec command line: records every system call of a program, and answers questions from the recording.

mod basis;
mod call_text;
mod open;
mod record;
mod report;
mod screen;
mod selection;
mod table;
mod text;

use std::process::ExitCode;

use clap::Parser;

/// Record every system call of a program, with registers and time, and answer questions from the recording.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Record(record::RecordArgs),
    Report(report::ReportArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Record(args) => record::run(&args),
        Command::Report(args) => screen::exit_code(report::run(&args)),
    }
}
