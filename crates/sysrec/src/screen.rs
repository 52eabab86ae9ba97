//! Where text goes: stdout for results, stderr for warnings and errors; colour only where somebody sees it.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// Headings of tables.
pub(crate) const HEADING: Style = Style::new().bold();
/// What stands behind the numbers: footers, marks.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Errors that calls returned.
pub(crate) const FAILURE: Style = AnsiColor::Red.on_default();
/// Bars of a distribution.
pub(crate) const BAR: Style = AnsiColor::Cyan.on_default();
/// Names of calls.
pub(crate) const NAME: Style = AnsiColor::Green.on_default();

/// `text` between the codes of a style. Stripped again on the way out where colour is not wanted.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Columns of the terminal that results go to; `None` where they go elsewhere and may be as wide as they like.
pub(crate) fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

/// Writes a whole result.
///
/// # Errors
/// What the system says; a reader that went away is [`io::ErrorKind::BrokenPipe`].
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a warning to stderr. There is nobody to tell when that fails.
pub(crate) fn warn(text: &str) {
    const SIGN: &str = "warning:";
    let style = AnsiColor::Yellow.on_default().bold();
    let text = as_wide_as_stderr(format!("{SIGN} {text}"));
    _ = writeln!(anstream::stderr(), "{style}{SIGN}{style:#}{}", &text[SIGN.len()..]);
}

/// Writes a remark to stderr. There is nobody to tell when that fails.
pub(crate) fn say(text: &str) {
    _ = writeln!(anstream::stderr(), "{}", as_wide_as_stderr(format!("sysrec: {text}")));
}

/// Broken between words where a terminal would break it anywhere.
fn as_wide_as_stderr(text: String) -> String {
    let stderr = io::stderr();
    let size = stderr.is_terminal().then(|| terminal_size::terminal_size_of(&stderr)).flatten();
    match size {
        Some((width, _)) if width.0 > 0 => crate::table::wrap(&text, width.0.into()),
        _ => text,
    }
}

/// Writes an error with its causes to stderr. There is nobody to tell when that fails.
pub(crate) fn print_error(error: &anyhow::Error) {
    let style = AnsiColor::Red.on_default().bold();
    let mut text = String::new();
    for (position, cause) in error.chain().enumerate() {
        _ = write!(text, "{}{cause}", if position == 0 { "" } else { ": " });
    }
    _ = writeln!(anstream::stderr(), "{style}sysrec:{style:#} {text}");
}

/// The exit code of a subcommand. A reader that went away (`| head`) has what it wanted.
pub(crate) fn exit_code(result: anyhow::Result<ExitCode>) -> ExitCode {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    let gone = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(gone) {
        return ExitCode::SUCCESS;
    }
    print_error(&error);
    ExitCode::FAILURE
}
