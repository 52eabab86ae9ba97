//! The options that every benchmark has, and how it ends.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::tool::build_sysrec;

/// Of which binary, in which form, and whether it must be good enough.
#[derive(Clone, Debug, Args)]
pub struct CommonArgs {
    /// Print the table as Markdown
    #[arg(long)]
    markdown: bool,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Exit with 1 where a required figure is not reached
    #[arg(long)]
    check: bool,
    /// Measure this binary, not the one of these sources
    #[arg(long, value_name = "PATH")]
    sysrec: Option<PathBuf>,
}

/// What a benchmark came to.
pub trait Measured: Serialize {
    /// A table for people, and where it was measured.
    fn render(&self, markdown: bool) -> String;

    /// Which required figures are not reached, a sentence each.
    fn broken(&self) -> Vec<String>;
}

impl CommonArgs {
    /// The binary to measure, which is built first where none is named.
    ///
    /// # Errors
    /// Where it does not build.
    pub fn sysrec(&self) -> anyhow::Result<PathBuf> {
        self.sysrec.clone().map_or_else(build_sysrec, Ok)
    }

    /// Prints what was measured, and what of it is not good enough where that was asked for.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn end(&self, measured: &impl Measured) -> anyhow::Result<ExitCode> {
        self.print(measured)?;
        Ok(if self.check { verdict(measured) } else { ExitCode::SUCCESS })
    }

    /// Likewise, and what is not good enough whether that was asked for or not: where something is wrong, not slow.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn end_strictly(&self, measured: &impl Measured) -> anyhow::Result<ExitCode> {
        self.print(measured)?;
        Ok(verdict(measured))
    }

    fn print(&self, measured: &impl Measured) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(measured)?);
        } else {
            print!("{}", measured.render(self.markdown));
        }
        Ok(())
    }
}

fn verdict(measured: &impl Measured) -> ExitCode {
    let broken = measured.broken();
    for line in &broken {
        eprintln!("BROKEN: {line}");
    }
    ExitCode::from(u8::from(!broken.is_empty()))
}
