//! sysrec and its peers: how each is put before a command.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::process::{self, Cpus};

/// What `sysrec record --capture` copies of the memory behind arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capture {
    /// Nothing.
    None,
    /// Paths, socket addresses, new descriptors.
    Names,
    /// Everything, bounded.
    All,
}

impl Capture {
    /// The word behind `--capture`.
    pub fn word(self) -> &'static str {
        match self {
            Capture::None => "none",
            Capture::Names => "names",
            Capture::All => "all",
        }
    }
}

/// What records the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// Nothing.
    Bare,
    /// `sysrec record -q -o FILE`, with the backend that it chooses.
    Sysrec,
    /// The same with `--backend inline`.
    Inline,
    /// The same with `--backend ptrace`.
    Ptrace,
    /// `strace -f -o FILE`: a line of text for each call.
    Strace,
    /// `strace -f -c -o FILE`: a table at the end.
    StraceCount,
    /// `perf trace record -o FILE`: two samples of the kernel's tracepoints for each call.
    PerfTrace,
    /// `sysrec record -q -o FILE --backend inline --stacks`.
    InlineStacks,
    /// The same with `--backend ptrace`.
    PtraceStacks,
    /// `sysrec record -q -o FILE --backend inline --capture WHAT`.
    InlineCapture(Capture),
    /// The same with `--backend ptrace`.
    PtraceCapture(Capture),
    /// `strace -f -k -o FILE`: with the stack of each call.
    StraceStacks,
    /// `perf trace --call-graph dwarf -o FILE`: 8 KiB of stack copied at each call, followed as it prints.
    PerfTraceStacks,
    /// `ebpf_record -o FILE`, made here: two BPF programs that write a record each for each call.
    Ebpf,
}

impl Tool {
    /// The command line that stands before the program, FILE for the output.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Bare => "bare",
            Tool::Sysrec => "sysrec record",
            Tool::Inline => "sysrec --backend inline",
            Tool::Ptrace => "sysrec --backend ptrace",
            Tool::Strace => "strace -f -o",
            Tool::StraceCount => "strace -f -c",
            Tool::PerfTrace => "perf trace record",
            Tool::InlineStacks => "sysrec --backend inline --stacks",
            Tool::PtraceStacks => "sysrec --backend ptrace --stacks",
            Tool::InlineCapture(Capture::None) => "sysrec --backend inline --capture none",
            Tool::InlineCapture(Capture::Names) => "sysrec --backend inline --capture names",
            Tool::InlineCapture(Capture::All) => "sysrec --backend inline --capture all",
            Tool::PtraceCapture(Capture::None) => "sysrec --backend ptrace --capture none",
            Tool::PtraceCapture(Capture::Names) => "sysrec --backend ptrace --capture names",
            Tool::PtraceCapture(Capture::All) => "sysrec --backend ptrace --capture all",
            Tool::StraceStacks => "strace -f -k -o",
            Tool::PerfTraceStacks => "perf trace --call-graph dwarf",
            Tool::Ebpf => "eBPF, ring buffer",
        }
    }

    fn program(self) -> Option<&'static str> {
        match self {
            Tool::Bare | Tool::Sysrec | Tool::Inline | Tool::Ptrace | Tool::Ebpf => None,
            Tool::InlineStacks | Tool::PtraceStacks => None,
            Tool::InlineCapture(_) | Tool::PtraceCapture(_) => None,
            Tool::Strace | Tool::StraceCount | Tool::StraceStacks => Some("strace"),
            Tool::PerfTrace | Tool::PerfTraceStacks => Some("perf"),
        }
    }

    /// Whether its output holds every call, so that bytes a call mean something.
    pub fn keeps_calls(self) -> bool {
        !matches!(self, Tool::Bare | Tool::StraceCount)
    }

    /// Whether it writes a trace of sysrec's.
    pub fn writes_traces(self) -> bool {
        let by_ptrace = matches!(self, Tool::Ptrace | Tool::PtraceStacks | Tool::PtraceCapture(_));
        self == Tool::Sysrec || self.is_inline() || by_ptrace
    }

    /// Whether a call that names nothing takes less than a microsecond under it: a loop of such calls must be longer
    /// then to be measured.
    pub fn is_fast(self) -> bool {
        match self {
            Tool::Bare | Tool::Inline | Tool::InlineStacks | Tool::Ebpf => true,
            Tool::InlineCapture(capture) => capture != Capture::All,
            _ => false,
        }
    }

    /// Whether tasks are to record their calls by themselves.
    fn is_inline(self) -> bool {
        matches!(self, Tool::Inline | Tool::InlineStacks | Tool::InlineCapture(_))
    }
}

/// A tool and where it and the program run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way {
    /// What records.
    pub tool: Tool,
    /// On which CPUs.
    pub cpus: Cpus,
}

impl Way {
    /// Everything that the benchmark compares, in the order of its table.
    pub const ALL: [Way; 11] = [
        Way { tool: Tool::Bare, cpus: Cpus::All },
        Way { tool: Tool::Inline, cpus: Cpus::All },
        Way { tool: Tool::Ptrace, cpus: Cpus::All },
        Way { tool: Tool::Strace, cpus: Cpus::All },
        Way { tool: Tool::StraceCount, cpus: Cpus::All },
        Way { tool: Tool::PerfTrace, cpus: Cpus::All },
        Way { tool: Tool::Ebpf, cpus: Cpus::All },
        Way { tool: Tool::Bare, cpus: Cpus::One },
        Way { tool: Tool::Inline, cpus: Cpus::One },
        Way { tool: Tool::Ptrace, cpus: Cpus::One },
        Way { tool: Tool::Strace, cpus: Cpus::One },
    ];

    /// What the stacks of calls cost, beside the same without them.
    pub const STACKS: [Way; 9] = [
        Way { tool: Tool::Bare, cpus: Cpus::All },
        Way { tool: Tool::Inline, cpus: Cpus::All },
        Way { tool: Tool::InlineStacks, cpus: Cpus::All },
        Way { tool: Tool::Ptrace, cpus: Cpus::All },
        Way { tool: Tool::PtraceStacks, cpus: Cpus::All },
        Way { tool: Tool::Strace, cpus: Cpus::All },
        Way { tool: Tool::StraceStacks, cpus: Cpus::All },
        Way { tool: Tool::PerfTrace, cpus: Cpus::All },
        Way { tool: Tool::PerfTraceStacks, cpus: Cpus::All },
    ];

    /// What capture costs: bare, and each backend with each.
    pub const CAPTURE: [Way; 7] = [
        Way { tool: Tool::Bare, cpus: Cpus::All },
        Way { tool: Tool::InlineCapture(Capture::None), cpus: Cpus::All },
        Way { tool: Tool::InlineCapture(Capture::Names), cpus: Cpus::All },
        Way { tool: Tool::InlineCapture(Capture::All), cpus: Cpus::All },
        Way { tool: Tool::PtraceCapture(Capture::None), cpus: Cpus::All },
        Way { tool: Tool::PtraceCapture(Capture::Names), cpus: Cpus::All },
        Way { tool: Tool::PtraceCapture(Capture::All), cpus: Cpus::All },
    ];

    /// As the table shows it.
    pub fn name(self) -> String {
        match self.cpus {
            Cpus::All => self.tool.name().to_owned(),
            Cpus::One => format!("{}, one CPU", self.tool.name()),
        }
    }
}

/// The tools of this machine.
#[derive(Clone, Debug)]
pub struct Toolbox {
    sysrec: PathBuf,
    ebpf_record: Option<PathBuf>,
}

impl Toolbox {
    /// With this sysrec.
    pub fn new(sysrec: PathBuf) -> Toolbox {
        Toolbox { sysrec, ebpf_record: None }
    }

    /// The same with this `ebpf_record`.
    pub fn with_ebpf(self, ebpf_record: PathBuf) -> Toolbox {
        Toolbox { ebpf_record: Some(ebpf_record), ..self }
    }

    /// The `sysrec` that is measured.
    pub fn sysrec(&self) -> &Path {
        &self.sysrec
    }

    /// The program, recorded by the tool into `output`.
    pub fn command(&self, tool: Tool, output: &Path, argv: &[OsString]) -> Command {
        let record = |program: &OsStr, before: &[&str]| {
            let mut command = Command::new(program);
            command.args(before).arg("-o").arg(output).arg("--").args(argv);
            command
        };
        let sysrec =
            |options: &[&str]| record(self.sysrec.as_os_str(), &[&["record", "-q"], options].concat());
        let mut command = match tool {
            Tool::Bare => {
                let mut command = Command::new(&argv[0]);
                command.args(&argv[1..]);
                command
            }
            Tool::Sysrec => sysrec(&[]),
            Tool::Inline => sysrec(&["--backend", "inline"]),
            Tool::Ptrace => sysrec(&["--backend", "ptrace"]),
            Tool::InlineStacks => sysrec(&["--backend", "inline", "--stacks"]),
            Tool::PtraceStacks => sysrec(&["--backend", "ptrace", "--stacks"]),
            Tool::InlineCapture(what) => sysrec(&["--backend", "inline", "--capture", what.word()]),
            Tool::PtraceCapture(what) => sysrec(&["--backend", "ptrace", "--capture", what.word()]),
            Tool::Ebpf => {
                let program = self.ebpf_record.as_deref().unwrap_or("ebpf_record".as_ref());
                record(program.as_os_str(), &[])
            }
            Tool::StraceStacks => record("strace".as_ref(), &["-f", "-k"]),
            Tool::PerfTraceStacks => record("perf".as_ref(), &["trace", "--call-graph", "dwarf"]),
            Tool::Strace => record("strace".as_ref(), &["-f"]),
            Tool::StraceCount => record("strace".as_ref(), &["-f", "-c"]),
            Tool::PerfTrace => record("perf".as_ref(), &["trace", "record"]),
        };
        // The words and figures that programs print are parsed.
        command.env("LC_ALL", "C");
        // cargo run sets it, and every program would look for its libraries in more folders, by calls.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    fn offers_inline(&self) -> bool {
        // Values are looked at before --help is obeyed.
        let help = Command::new(&self.sysrec).args(["record", "--backend", "inline", "--help"]).output();
        help.is_ok_and(|output| output.status.success())
    }

    /// Tries the tool on `true`.
    ///
    /// # Errors
    /// Why it cannot be used here, as words for a row of the table.
    pub fn probe(&self, tool: Tool, dir: &Path) -> Result<(), String> {
        if let Some(program) = tool.program()
            && !is_installed(program)
        {
            return Err("not installed".to_owned());
        }
        if tool.is_inline() && !self.offers_inline() {
            return Err(NO_SUCH_BACKEND.to_owned());
        }
        let output = dir.join("probe");
        let command = self.command(tool, &output, &["true".into()]);
        let result = process::run(command, Cpus::All);
        _ = std::fs::remove_file(&output);
        result.map(drop).map_err(|error| error.to_string())
    }
}

/// Why a backend is left out that this sysrec does not know.
pub const NO_SUCH_BACKEND: &str = "not in this sysrec";

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// The `sysrec` beside this program, built from these sources as they are now.
///
/// # Errors
/// Where it does not build.
pub fn build_sysrec() -> anyhow::Result<PathBuf> {
    build("sysrec", "sysrec").context("name a built one with --sysrec")
}

/// The eBPF peer beside this program, built likewise.
///
/// # Errors
/// Where it does not build.
pub fn build_ebpf_record() -> anyhow::Result<PathBuf> {
    build("sysrec-benches", "ebpf_record")
}

fn build(package: &str, program: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("our own path")?;
    let dir = this.parent().context("our own folder")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--quiet", "-p", package, "--bin", program]);
    if dir.ends_with("release") {
        command.arg("--release");
    } else {
        eprintln!("warning: a debug build measures nothing worth knowing; use cargo run --release");
    }
    let status = command.status().context("cannot start cargo")?;
    anyhow::ensure!(status.success(), "{program} does not build ({status})");
    Ok(dir.join(program))
}
