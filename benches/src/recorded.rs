//! Recordings that sysrec makes of known programs.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use sysrec_analyzer::Trace;
use sysrec_tests::compile::{Build, compile};

use crate::process::{self, Cpus};
use crate::tool::{Tool, Toolbox};

/// The binary of a guest program of the tests, which is compiled at the first time.
///
/// # Errors
/// Where there is no C compiler.
pub fn guest(name: &str) -> anyhow::Result<OsString> {
    compile(name, Build::C64).map(OsString::from).map_err(|skip| anyhow!("{skip}"))
}

/// The finished calls of a trace.
///
/// # Errors
/// Where the trace is not whole, or calls were lost: then it was not the same work.
pub fn calls_in_trace(path: &Path) -> anyhow::Result<u64> {
    let trace = Trace::open(path)?;
    ensure!(trace.integrity().is_whole(), "{} is not whole", path.display());
    ensure!(trace.integrity().lost_calls() == 0, "calls were lost in {}", path.display());
    Ok(trace.calls())
}

/// Records `programs/mixed.sh`: servers, a copy, a build. `stacks`: with the stack of each call.
///
/// # Errors
/// Where the script or sysrec fails.
pub fn record_mixed(sysrec: &Path, output: &Path, stacks: bool) -> anyhow::Result<()> {
    let dir = tempfile::tempdir().context("a temporary folder")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/mixed.sh");
    let argv = ["sh".into(), script.into(), dir.path().into(), guest("server_epoll")?, guest("server_pool")?];
    let tools = Toolbox::new(sysrec.to_owned());
    let tool = if stacks { Tool::InlineStacks } else { Tool::Sysrec };
    process::run(tools.command(tool, output, &argv), Cpus::All).map(drop)
}
