//! `sysrec completions` and `sysrec man`: made from the command line's own definition, so that they cannot differ from it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clap_complete::Shell;

use crate::screen;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "For bash: sysrec completions bash > ~/.local/share/bash-completion/completions/sysrec"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page, or write one for every subcommand
#[derive(Debug, Args)]
#[command(after_help = "To read it at once: sysrec man | man -l -")]
pub(crate) struct ManArgs {
    /// Write sysrec.1, sysrec-record.1 and so on into this directory
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Prints completions.
///
/// # Errors
/// An output that cannot be written.
pub(crate) fn completions(args: &CompletionsArgs, mut command: clap::Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "sysrec", &mut script);
    screen::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints or writes manual pages.
///
/// # Errors
/// A directory or an output that cannot be written.
pub(crate) fn man(args: &ManArgs, command: clap::Command) -> anyhow::Result<ExitCode> {
    match &args.directory {
        Some(directory) => {
            let failed = || format!("{}: manual pages cannot be written there", directory.display());
            std::fs::create_dir_all(directory).with_context(failed)?;
            clap_mangen::generate_to(command, directory).with_context(failed)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            io::Write::write_all(&mut io::stdout(), &page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
