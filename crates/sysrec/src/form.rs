//! In which form a result is printed.

use clap::Args;

/// The forms that tables can be had in.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct FormArgs {
    /// Print JSON; docs/json.md describes it
    #[arg(long, conflicts_with_all = ["csv", "markdown"])]
    json: bool,

    /// Print CSV, times in nanoseconds
    #[arg(long, conflicts_with = "markdown")]
    csv: bool,

    /// Print Markdown, for an issue or a pull request
    #[arg(long)]
    markdown: bool,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text for a terminal.
    Terminal,
    Json,
    Csv,
    Markdown,
}

impl FormArgs {
    /// What was asked for.
    pub(crate) fn form(self) -> Form {
        match self {
            FormArgs { json: true, .. } => Form::Json,
            FormArgs { csv: true, .. } => Form::Csv,
            FormArgs { markdown: true, .. } => Form::Markdown,
            _ => Form::Terminal,
        }
    }
}
