//! What a trace says of itself: the machine, the recorder, what was asked for.

use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use sysrec_format::block::{Host, Session};
use sysrec_format::rings::RINGS_OPTION;
use sysrec_syscalls::Level;

use crate::sys::clock::{monotonic_ns, realtime_ns};
use crate::{Options, Registers, Target};

/// The recorder's name and version.
const RECORDER: &str = concat!("sysrec ", env!("CARGO_PKG_VERSION"));

/// The first block of a trace.
pub(crate) fn describe(
    options: &Options,
    level: Level,
    backend: &str,
    reason: &str,
    net: bool,
    rings: Option<&Path>,
) -> Session {
    let (command, attached_pids) = match &options.target {
        Target::Command { argv, .. } => {
            (argv.iter().map(|arg| arg.as_bytes().to_vec()).collect(), Vec::new())
        }
        Target::Processes(pids) => (Vec::new(), pids.clone()),
    };
    let environment = options.environment.then(|| {
        let variables =
            std::env::vars_os().map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat());
        variables.collect()
    });
    let mut backend_options = vec![
        format!("follow={}", options.follow),
        format!("placement={}", options.placement),
        format!("net={net}"),
    ];
    if level != Level::None {
        backend_options.push(format!("capture={}", level.name()));
    }
    if level == Level::All {
        backend_options.push(format!("string-limit={}", options.string_bytes));
    }
    if !reason.is_empty() {
        backend_options.push(format!("chosen={reason}"));
    }
    if let Some(path) = rings {
        backend_options.push(format!("{RINGS_OPTION}{}", path.display()));
    }
    if let Some(stacks) = &options.stacks {
        backend_options.push(format!("stacks={}", stacks.filter));
        backend_options.push(format!("stacks_depth={}", stacks.depth));
        if let Some(least) = stacks.duration_min {
            backend_options.push(format!("stacks_duration_min_ns={}", least.as_nanos()));
        }
    }
    if let Target::Command { user: Some(user), .. } = &options.target {
        backend_options.push(format!("user={user}"));
    }
    Session {
        command,
        working_directory: std::env::current_dir()
            .map(|path| path.into_os_string().into_vec())
            .unwrap_or_default(),
        environment,
        attached_pids,
        host: host(),
        recorder: RECORDER.to_owned(),
        backend: backend.to_owned(),
        backend_options,
        filter: (!options.filter.is_all()).then(|| options.filter.to_string()),
        all_registers: options.registers == Registers::All,
        started_realtime_ns: realtime_ns(),
        started_ns: monotonic_ns(),
        notes: Vec::new(),
    }
}

fn host() -> Host {
    let uname = nix::sys::utsname::uname();
    let text = |field: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        uname.as_ref().map(|uname| field(uname).to_string_lossy().into_owned()).unwrap_or_default()
    };
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu_model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let number = |variable| {
        nix::unistd::sysconf(variable).ok().flatten().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    };
    Host {
        name: text(|u| u.nodename()),
        system: text(|u| u.sysname()),
        release: text(|u| u.release()),
        version: text(|u| u.version()),
        machine: text(|u| u.machine()),
        cpu_model: cpu_model.map(|(_, model)| model.trim().to_owned()).unwrap_or_default(),
        cpus: number(nix::unistd::SysconfVar::_NPROCESSORS_ONLN),
        page_bytes: number(nix::unistd::SysconfVar::PAGE_SIZE),
    }
}

/// Sixteen random bytes that tell traces apart.
pub(crate) fn trace_id() -> [u8; 16] {
    use std::io::Read;
    let mut id = [0; 16];
    if fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut id)).is_err() {
        id[..8].copy_from_slice(&realtime_ns().to_le_bytes());
        id[8..].copy_from_slice(&monotonic_ns().to_le_bytes());
    }
    id
}
