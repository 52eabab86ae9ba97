//! The sysrec command line: records every system call of a program, and answers questions from the recording.

mod activity_json;
mod basis;
mod branch_lines;
mod call_text;
mod call_tree;
mod compare;
mod diff;
mod export;
mod file_name;
mod flamegraph;
mod form;
mod generate;
mod hex_json;
mod info;
mod loss_json;
mod open;
mod progress;
mod quote;
mod record;
mod repeat;
mod replay;
mod report;
mod rings;
mod screen;
mod selection;
mod stack_text;
mod symbols;
mod table;
mod task_json;
mod text;
mod tree;
mod verify;
mod wall_clock;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

/// Record every system call of a program, with registers and time, and answer questions from the recording.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

// One value in a whole run: its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
enum Command {
    Record(record::RecordArgs),
    Report(report::ReportArgs),
    Tree(tree::TreeArgs),
    Flamegraph(flamegraph::FlamegraphArgs),
    Diff(diff::DiffArgs),
    Compare(compare::CompareArgs),
    Export(export::ExportArgs),
    Replay(replay::ReplayArgs),
    Info(info::InfoArgs),
    Verify(verify::VerifyArgs),
    Completions(generate::CompletionsArgs),
    Man(generate::ManArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Record(args) => record::run(&args),
        Command::Report(args) => screen::exit_code(report::run(&args)),
        Command::Tree(args) => screen::exit_code(tree::run(&args)),
        Command::Flamegraph(args) => screen::exit_code(flamegraph::run(&args)),
        Command::Diff(args) => screen::exit_code(diff::run(&args)),
        Command::Export(args) => screen::exit_code(export::run(&args)),
        Command::Compare(args) => screen::exit_code(compare::run(&args)),
        Command::Replay(args) => screen::exit_code(replay::run(&args)),
        Command::Info(args) => screen::exit_code(info::run(&args)),
        Command::Verify(args) => screen::exit_code(verify::run(&args)),
        Command::Completions(args) => screen::exit_code(generate::completions(&args, Cli::command())),
        Command::Man(args) => screen::exit_code(generate::man(&args, Cli::command())),
    }
}
