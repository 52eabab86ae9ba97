//! Recordings of known programs, made here and now by sysrec.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, anyhow};
use sysrec_tests::compile::{Build, compile};

use crate::process::{self, Cpus};
use crate::tool::{Tool, Toolbox};
use crate::workload::calls_in_trace;

/// A recording: its calls and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Finished calls.
    pub calls: u64,
    /// Of the file.
    pub bytes: u64,
}

impl Recorded {
    /// Size of the file over the number of calls.
    pub fn bytes_per_call(&self) -> f64 {
        self.bytes as f64 / self.calls as f64
    }
}

/// The binary of a guest program of the tests, which is compiled at the first time.
///
/// # Errors
/// Where there is no C compiler.
pub fn guest(name: &str) -> anyhow::Result<OsString> {
    compile(name, Build::C64).map(OsString::from).map_err(|skip| anyhow!("{skip}"))
}

/// Records a command into `output`.
///
/// # Errors
/// Where the command or sysrec fails, or the trace is not complete.
pub fn record(sysrec: &Path, argv: &[OsString], output: &Path) -> anyhow::Result<Recorded> {
    let tools = Toolbox::new(sysrec.to_owned());
    process::run(tools.command(Tool::Sysrec, output, argv), Cpus::All)?;
    let bytes = std::fs::metadata(output).with_context(|| output.display().to_string())?.len();
    Ok(Recorded { calls: calls_in_trace(sysrec, output)?, bytes })
}

/// Records `programs/mixed.sh`: servers, a copy, a build.
///
/// # Errors
/// As [`record`].
pub fn record_mixed(sysrec: &Path, output: &Path) -> anyhow::Result<Recorded> {
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/mixed.sh");
    let argv = ["sh".into(), script.into(), dir.path().into(), guest("server_epoll")?, guest("server_pool")?];
    record(sysrec, &argv, output)
}
