//! `sysrec export`: the calls of a trace in the forms of other tools.
//!
//! ```text
//!  trace --Timeline (order of time, bounded memory)--> Slices --> chrome, perfetto, csv, json-lines: written as they come
//!                                                             --> speedscope: task by task, since the format wants it so
//!                                                             --> firefox: held in memory, since the format is columns
//!        --Paths (added up by stack)----------------------------> folded, pprof
//! ```

mod bake;
mod chrome;
mod csv;
mod firefox;
mod json_lines;
mod perfetto;
mod pprof;
mod slices;
mod speedscope;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use sysrec_analyzer::call_tree::{Paths, Root, Steps};
use sysrec_analyzer::{Selection, Trace};

use crate::open;
use crate::selection::SelectionArgs;
use crate::stack_text::{self, Renamed, Weight};
use crate::symbols::{SymbolArgs, Symbols};
use slices::Slices;

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// Write the calls in the form of another tool
#[derive(Debug, Args)]
#[command(
    after_help = "Where each is read: firefox at profiler.firefox.com, perfetto and chrome at ui.perfetto.dev, speedscope at \
    speedscope.app, folded by flame graph tools, pprof by 'go tool pprof'; all of them on your machine. Times are \
    nanoseconds from the start of the recording (chrome: microseconds, firefox: milliseconds)."
)]
pub(crate) struct ExportArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin")]
    trace: PathBuf,

    /// Which form
    #[arg(short, long, value_enum, required_unless_present = "bake")]
    format: Option<Format>,

    /// Write the trace itself with the names of all its code, so that it can be read where the programs are not
    #[arg(id = "bake", long = "symbols", conflicts_with_all = ["format", "no_stacks"], requires = "output")]
    bake: bool,

    /// Where it goes; without it, to stdout
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    /// Leave the code that makes the calls out (firefox, perfetto, chrome, csv, json-lines)
    #[arg(long)]
    no_stacks: bool,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    symbols: SymbolArgs,
}

/// The form of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Firefox Profiler: calls as markers on each thread, with arguments and stacks
    Firefox,
    /// Perfetto: calls as slices on each thread, with arguments and stacks
    Perfetto,
    /// Chrome's trace events, JSON
    Chrome,
    /// Speedscope: what each thread did, one after the other
    Speedscope,
    /// A line a stack with its wall time in nanoseconds
    Folded,
    /// pprof: calls and wall time by stack
    Pprof,
    /// A row a call
    Csv,
    /// A JSON object a line for each call
    JsonLines,
}

/// What is written.
struct Request<'a> {
    trace: &'a Trace,
    selection: &'a Selection,
    /// Whether the code that makes the calls belongs to it.
    stacks: bool,
}

/// Writes the export.
///
/// # Errors
/// A trace that cannot be opened or is too large for the format, or an output that cannot be written.
pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let Some(format) = args.format else {
        let out = args.output.as_deref().unwrap_or(Path::new("-"));
        return bake::run(&args.trace, out, &args.symbols);
    };
    let binary = matches!(format, Format::Perfetto | Format::Pprof);
    if binary && args.output.is_none() && io::stdout().is_terminal() {
        bail!("this format is not text: give it a file with -o, or send it to another program");
    }
    let trace = open::trace(&args.trace)?;
    let selection = args.selection.selection();
    let request = Request { trace: &trace, selection: &selection, stacks: !args.no_stacks };
    let mut symbols = Symbols::new(&args.symbols, &trace);
    match &args.output {
        None => {
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
            request.write(format, &mut symbols, &mut out)?;
            out.flush()?;
        }
        Some(path) => {
            let failed = || format!("{}: cannot be written", path.display());
            let file = create(path, &args.trace).with_context(failed)?;
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
            request.write(format, &mut symbols, &mut out)?;
            out.flush().with_context(failed)?;
        }
    }
    symbols.warn();
    Ok(ExitCode::SUCCESS)
}

/// Creates the output, which must not be the trace.
fn create(path: &Path, trace: &Path) -> anyhow::Result<File> {
    if let (Ok(one), Ok(other)) = (path.canonicalize(), trace.canonicalize())
        && one == other
    {
        bail!("it is the trace itself");
    }
    Ok(File::create(path)?)
}

impl Request<'_> {
    fn write(&self, format: Format, symbols: &mut Symbols, out: &mut dyn Write) -> anyhow::Result<()> {
        match format {
            Format::Folded | Format::Pprof => {
                let paths = Paths::of(self.trace, self.selection, Root::Program);
                open::warn_of_damages(self.trace, &paths.damages, paths.more_damages);
                let mut steps = Steps::new(symbols, false);
                if format == Format::Pprof {
                    return pprof::write(self.trace, &paths, &mut steps, out);
                }
                for (stack, weight) in
                    stack_text::folded(&paths, &mut steps, Weight::WallNs, false, &Renamed::default())
                {
                    writeln!(out, "{stack} {weight}")?;
                }
                Ok(())
            }
            Format::Firefox => firefox::write(&mut Slices::new(self, symbols), out),
            Format::Perfetto => perfetto::write(&mut Slices::new(self, symbols), out),
            Format::Chrome => chrome::write(&mut Slices::new(self, symbols), out),
            Format::Speedscope => speedscope::write(&mut Slices::new(self, symbols), out),
            Format::Csv => csv::write(&mut Slices::new(self, symbols), out),
            Format::JsonLines => json_lines::write(&mut Slices::new(self, symbols), out),
        }
    }
}
