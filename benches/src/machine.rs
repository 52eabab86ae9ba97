//! Where something was measured: versions of everything that has a say in it. No date, no host name.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

/// The machine and its programs; `None` for what is not there.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// `uname -sr`.
    pub kernel: String,
    /// As `/proc/cpuinfo` names it.
    pub cpu_model: String,
    /// CPUs that we may use.
    pub cpus: usize,
    /// Whether the CPU says that a hypervisor is below (bit 31 of ecx of CPUID leaf 1).
    pub virtual_machine: bool,
    /// Load average of the last minute, at the start: what else was going on.
    pub load: f64,
    /// `sysrec --version`.
    pub sysrec: Option<String>,
    /// `strace -V`.
    pub strace: Option<String>,
    /// `perf --version`.
    pub perf: Option<String>,
    /// `cc --version`.
    pub cc: Option<String>,
    /// `dd --version`.
    pub dd: Option<String>,
}

impl Machine {
    /// This one.
    pub fn this(sysrec: &Path) -> Machine {
        let uname = nix::sys::utsname::uname().ok();
        let kernel = uname.map(|name| format!("{} {}", name.sysname().display(), name.release().display()));
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Machine {
            kernel: kernel.unwrap_or_else(|| "unknown".to_owned()),
            cpu_model: field("model name").unwrap_or_else(|| "unknown".to_owned()),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            virtual_machine: field("flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            load: load.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0),
            sysrec: version(sysrec, "--version"),
            strace: version("strace".as_ref(), "-V"),
            perf: version("perf".as_ref(), "--version"),
            cc: version("cc".as_ref(), "--version"),
            dd: version("dd".as_ref(), "--version"),
        }
    }

    /// A warning where other programs keep the CPUs busy: times then tell more about them.
    pub fn warn_if_busy(&self) {
        if self.load > self.cpus as f64 / 2.0 {
            let Machine { load, cpus, .. } = self;
            eprintln!(
                "warning: a load of {load:.1} on {cpus} CPUs: the figures will be rough; measure on a quiet machine"
            );
        }
    }

    /// One paragraph.
    pub fn describe(&self) -> String {
        let kind = if self.virtual_machine { "virtual machine" } else { "machine" };
        let here = format!("{} with {} CPUs ({}), {}", kind, self.cpus, self.cpu_model, self.kernel);
        let programs = [&self.sysrec, &self.strace, &self.perf, &self.cc, &self.dd];
        let programs: Vec<_> = programs.into_iter().flatten().map(String::as_str).collect();
        format!("{here}; {}; load {:.1} at the start.", programs.join("; "), self.load)
    }
}

/// The first line of what the program says of itself.
fn version(program: &Path, flag: &str) -> Option<String> {
    let output = Command::new(program).arg(flag).env("LC_ALL", "C").output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    Some(line.replace(" -- ", " ")).filter(|_| output.status.success())
}
