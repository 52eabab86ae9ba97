//! `sysrec flamegraph`: the code that makes the calls as a picture, and what changed in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use inferno::flamegraph::Options;
use inferno::flamegraph::color::{BackgroundColor, BasicPalette, Color, Palette};
use sysrec_analyzer::Trace;
use sysrec_analyzer::call_tree::{Paths, Root, Steps};

use crate::file_name::with_suffix;
use crate::selection::SelectionArgs;
use crate::stack_text::{self, Renamed, Weight};
use crate::symbols::{SymbolArgs, Symbols};
use crate::{open, screen, text};

/// Draw the code that makes the calls as a flame graph
#[derive(Debug, Args)]
#[command(
    after_help = "The width of a box is wall time in calls, or with --count the number of calls. The picture is an SVG; a \
    browser zooms into it and searches in it.\n\n\
    With --diff there are two pictures: OUT has the widths of NEW, and OUT with -base in its name those of BASE, where \
    stacks that have vanished show. Red has grown, blue has shrunk."
)]
pub(crate) struct FlamegraphArgs {
    /// The trace
    #[arg(value_name = "TRACE", default_value = "trace.bin", conflicts_with = "diff")]
    trace: PathBuf,

    /// Where the picture goes; - for stdout
    #[arg(short, long, value_name = "OUT", default_value = "flamegraph.svg")]
    output: PathBuf,

    /// Draw what changed from one recording to another
    #[arg(long, num_args = 2, value_names = ["BASE", "NEW"])]
    diff: Vec<PathBuf>,

    /// Widths are numbers of calls instead of their wall time
    #[arg(long)]
    count: bool,

    /// What stands at the bottom
    #[arg(long, value_enum, default_value_t = By::Program)]
    by: By,

    /// Begin with the calls, and go outward: who makes them
    #[arg(long)]
    bottom_up: bool,

    /// Tell lines of source apart, and not only functions
    #[arg(long)]
    lines: bool,

    /// Count a function that calls itself, by others too, as one
    #[arg(long)]
    fold_recursion: bool,

    /// Print the stacks as lines of text with their weight instead, for other tools; of --diff both weights
    #[arg(long)]
    folded: bool,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    symbols: SymbolArgs,
}

/// What paths begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Programs, all their processes and threads together
    Program,
    /// Threads
    Thread,
}

/// Draws, or prints.
///
/// # Errors
/// A trace that cannot be opened, nothing to draw, or an output that cannot be written.
pub(crate) fn run(args: &FlamegraphArgs) -> anyhow::Result<ExitCode> {
    match args.diff.as_slice() {
        [base, new] => args.differences(base, new)?,
        _ => args.one()?,
    }
    Ok(ExitCode::SUCCESS)
}

impl FlamegraphArgs {
    fn one(&self) -> anyhow::Result<()> {
        let lines = self.lines_of(&open::trace(&self.trace)?, &Renamed::default())?;
        let lines: Vec<String> =
            lines.into_iter().map(|(stack, weight)| format!("{stack} {weight}")).collect();
        if self.folded {
            return Ok(screen::print(&(lines.join("\n") + "\n"))?);
        }
        let title = format!("{}: {}", self.title(), self.trace.display());
        self.draw(&lines, &self.output, self.options(title))
    }

    fn differences(&self, base: &Path, new: &Path) -> anyhow::Result<()> {
        let traces = [open::trace(base)?, open::trace(new)?];
        let renamed = Renamed::between(&traces[..1], &traces[1..]);
        let (base_lines, new_lines) =
            (self.lines_of(&traces[0], &renamed)?, self.lines_of(&traces[1], &renamed)?);
        let mut both: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        base_lines.iter().for_each(|(stack, weight)| both.entry(stack).or_default().0 = *weight);
        new_lines.iter().for_each(|(stack, weight)| both.entry(stack).or_default().1 = *weight);
        let lines = |reverse: bool| -> Vec<String> {
            let line = |(stack, (base, new)): (&&str, &(u64, u64))| match reverse {
                false => format!("{stack} {base} {new}"),
                true => format!("{stack} {new} {base}"),
            };
            both.iter().map(line).collect()
        };
        if self.folded {
            return Ok(screen::print(&(lines(false).join("\n") + "\n"))?);
        }
        let title = |widths: &str| {
            let (base, new) = (base.display(), new.display());
            format!("{}, from {base} to {new}; widths of {widths}", self.title())
        };
        self.draw(&lines(false), &self.output, self.options(title("the new recording")))?;
        if self.output == Path::new("-") {
            screen::say(
                "with -o FILE there are two pictures; this is the one with the widths of the new recording",
            );
            return Ok(());
        }
        let mut options = self.options(title("the base"));
        options.negate_differentials = true;
        self.draw(&lines(true), &with_suffix(&self.output, "-base"), options)
    }

    /// The paths of a trace with their weights.
    fn lines_of(&self, trace: &Trace, renamed: &Renamed) -> anyhow::Result<BTreeMap<String, u64>> {
        let root = if self.by == By::Thread { Root::Thread } else { Root::Program };
        let paths = Paths::of(trace, &self.selection.selection(), root);
        open::warn_of_damages(trace, &paths.damages, paths.more_damages);
        let mut symbols = Symbols::new(&self.symbols, trace);
        let mut steps = Steps::new(&mut symbols, self.lines);
        let weight = if self.count { Weight::Calls } else { Weight::WallNs };
        let lines = stack_text::folded(&paths, &mut steps, weight, self.fold_recursion, renamed);
        if lines.is_empty() {
            bail!(
                "{}: no call of those that were asked for took any time; there is nothing to draw",
                trace.path().display()
            );
        }
        symbols.warn();
        Ok(lines)
    }

    fn title(&self) -> &'static str {
        if self.count { "system calls, by number" } else { "system calls, by wall time" }
    }

    fn options(&self, title: String) -> Options<'static> {
        let mut options = Options::default();
        options.title = title;
        options.colors = Palette::Basic(if self.count { BasicPalette::Hot } else { BasicPalette::Aqua });
        // On white, boxes without a difference would not be seen.
        let ground = if self.diff.is_empty() { Color::new(255, 255, 255) } else { Color::new(214, 214, 214) };
        options.bgcolors = Some(BackgroundColor::Flat(ground));
        options.reverse_stack_order = self.bottom_up;
        options.hash = true;
        options.deterministic = true;
        options.count_name = if self.count { "calls" } else { "ns" }.to_owned();
        options.name_type = "Code:".to_owned();
        options
    }

    fn draw(&self, lines: &[String], to: &Path, mut options: Options<'_>) -> anyhow::Result<()> {
        let lines = lines.iter().map(String::as_str);
        if to == Path::new("-") {
            let mut picture = Vec::new();
            inferno::flamegraph::from_lines(&mut options, lines, &mut picture)?;
            std::io::stdout().lock().write_all(&picture)?;
            return Ok(());
        }
        let file = File::create(to).with_context(|| format!("{}: cannot be written", to.display()))?;
        let mut out = BufWriter::new(file);
        inferno::flamegraph::from_lines(&mut options, lines, &mut out)?;
        out.flush().with_context(|| format!("{}: cannot be written", to.display()))?;
        screen::say(&format!("drawn into {}", text::printable(to.as_os_str().as_encoded_bytes())));
        Ok(())
    }
}
