//! sysrec itself: its binary, and what is in the traces that it writes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use sysrec_analyzer::{Item, Selection, Timeline, Trace, TraceFile};
use sysrec_format::event::{Abi, Call, Entry, EventBody, UserRegisters};
use sysrec_syscalls::filter::Filter;

use crate::Skip;
use crate::conform::{Arguments, RecordedCall, as_recorded};
use crate::oracle::Counts;

/// The binary: `$SYSREC`, or the one of this workspace, built where that has not been done yet.
///
/// A package's tests get only its own binaries built, so that cargo is asked for this one: with the profile and the
/// target directory of the tests, where it is up to date as a rule.
///
/// # Panics
/// When it does not build, with cargo's words.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("SYSREC").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    // target/PROFILE/deps/test-hash
    let exe = std::env::current_exe().expect("a test has a binary");
    let profile = exe.ancestors().nth(2).and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or("debug");
    let profile = if profile == "debug" { "dev" } else { profile };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--package",
            "sysrec",
            "--bin",
            "sysrec",
            "--message-format",
            "json",
            "--profile",
            profile,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .expect("cargo runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "sysrec does not build:\n{words}");
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut executables =
        messages.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)));
    executables.next_back().unwrap_or_else(|| panic!("cargo built no sysrec:\n{text}{words}"))
}

/// `sysrec record -q -o TRACE OPTIONS... --`: a command goes behind it.
pub fn record_line(trace: &Path, options: &[&str]) -> Vec<OsString> {
    let mut line: Vec<OsString> =
        vec![binary().into(), "record".into(), "-q".into(), "-o".into(), trace.into()];
    line.extend(options.iter().map(OsString::from));
    line.push("--".into());
    line
}

/// `sysrec record -o TRACE OPTIONS...`, to be gone on with; with the signals of a terminal as a terminal's programs begin
/// with them. (The tests may run in the background, with some ignored, and a shell traps none that it was started to ignore.)
pub fn record(trace: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("record").arg("-o").arg(trace).args(options);
    set_signals(&mut command, libc::SIG_DFL);
    command
}

/// What a command begins with for the signals that a terminal sends.
pub fn set_signals(command: &mut Command, disposition: libc::sighandler_t) {
    let set = move || {
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
            // SAFETY: async-signal-safe, and no handler of ours is set.
            unsafe { libc::signal(signal, disposition) };
        }
        Ok(())
    };
    // SAFETY: it makes system calls alone.
    unsafe { command.pre_exec(set) };
}

/// Whether a backend is to be tested: one that `$SYSREC_TEST_BACKENDS` names (`ptrace,inline`), or, without that, any
/// that the binary offers.
///
/// # Errors
/// Says why it is not.
///
/// # Panics
/// When it was asked for by name and the binary does not offer it.
pub fn offers(backend: &'static str) -> Result<(), Skip> {
    let named = std::env::var("SYSREC_TEST_BACKENDS").ok();
    if named.as_ref().is_some_and(|named| named.split(',').all(|name| name.trim() != backend)) {
        return Err(Skip(format!("SYSREC_TEST_BACKENDS leaves out {backend}")));
    }
    // Values are looked at before --help is obeyed, so that a name that is not one is an error.
    let output = Command::new(binary())
        .args(["record", "--backend", backend, "--help"])
        .stdin(Stdio::null())
        .output()
        .expect("sysrec runs");
    if output.status.success() {
        return Ok(());
    }
    assert!(named.is_none(), "SYSREC_TEST_BACKENDS names {backend}, which sysrec record does not offer");
    Err(Skip(format!("this sysrec has no backend {backend}")))
}

/// The calls that are recorded through a net: the guests' markers among them.
pub const NET: &str = "fcntl,getppid,%network,%process";

/// Whether [`NET`] has a call, by the filter's own rules: those are tested against strace's elsewhere.
pub fn net_selects(abi: Abi, nr: i32) -> bool {
    static FILTER: OnceLock<Filter> = OnceLock::new();
    let filter = FILTER.get_or_init(|| Filter::parse(NET).expect("a filter"));
    sysrec_syscalls::Abi::from_code(abi.0).is_some_and(|abi| filter.matches(abi, nr))
}

/// The calls of a trace in which nothing may be missing.
///
/// # Errors
/// When the trace cannot be read, or is not whole.
pub fn read_whole(trace: &Path) -> io::Result<Vec<RecordedCall>> {
    let trace = open(trace)?;
    whole(&trace)?;
    calls(&trace)
}

/// The same, for a recording with all registers: in which they must agree with all that is said of the call besides.
///
/// # Errors
/// As [`read_whole`], and where a register set is missing or says something else.
pub fn read_registers(trace: &Path) -> io::Result<Vec<RecordedCall>> {
    let opened = open(trace)?;
    for item in Timeline::new(&opened, &Selection::default()) {
        let verdict = match &item {
            Item::Call(call) => registers_agree(call),
            Item::Event(event) => match &event.body {
                EventBody::Unfinished { entry, .. } => registers_at_entry(entry),
                _ => Ok(()),
            },
            Item::Damage(damage) => Err(format!("{damage:?}")),
        };
        verdict.map_err(|what| io::Error::other(format!("{what}: {item:x?}")))?;
    }
    read_whole(trace)
}

/// A trace, opened, with the rings that its recorder left, if it was killed.
///
/// # Errors
/// In the reader's words.
pub fn open(trace: &Path) -> io::Result<Trace> {
    let words = |error: sysrec_analyzer::Error| io::Error::other(error.to_string());
    let mut trace = Trace::open(trace).map_err(words)?;
    if let Some(rings) = trace.rings_path().filter(|path| path.exists()) {
        let rings = TraceFile::open(rings).map_err(words)?;
        trace.fold_rings(&rings);
    }
    Ok(trace)
}

/// Whether all of the trace is there and in order, down to the last byte.
///
/// # Errors
/// Says what is not.
pub fn whole(trace: &Trace) -> io::Result<()> {
    let damages = trace.layout().verify(trace.file());
    if trace.integrity().is_whole() && damages.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!("the trace is not whole: {:?} {damages:?}", trace.integrity())))
}

/// The calls of each task in order of entry; those that did not return included.
///
/// # Errors
/// When a part of the trace is damaged.
pub fn calls(trace: &Trace) -> io::Result<Vec<RecordedCall>> {
    let mut calls = Vec::new();
    for item in Timeline::new(trace, &Selection::default()) {
        let (task, entry, ret) = match item {
            Item::Call(call) => (Some(call.task), call.entry, Some(call.ret)),
            Item::Event(event) => match event.body {
                EventBody::Unfinished { entry, .. } => (event.task, entry, None),
                _ => continue,
            },
            Item::Damage(damage) => return Err(io::Error::other(format!("{damage:?}"))),
        };
        let task = task.and_then(|task| trace.tasks().get(task));
        let task = task.ok_or_else(|| io::Error::other("a call of a task that the trace does not know"))?;
        let Entry { abi, nr, args, .. } = entry;
        calls.push(RecordedCall {
            task: task.id.0,
            tid: task.tid,
            abi,
            nr,
            args: Arguments::Exact(args),
            ret,
        });
    }
    Ok(calls)
}

/// The calls that the recorder made in the program for its own ends.
///
/// # Errors
/// When the trace cannot be read, or a part of it is damaged.
pub fn recorder_calls(trace: &Path) -> io::Result<RecorderCalls> {
    /// The result of a call that the task may have been killed in front of.
    const UNCERTAIN: i64 = -513;
    let mut found = RecorderCalls::default();
    for item in Timeline::new(&open(trace)?, &Selection::default()) {
        match item {
            Item::Event(event) => {
                if let EventBody::RecorderCall { nr, ret } = event.body {
                    *found.calls.entry((Abi::X86_64, nr)).or_default() += 1;
                    found.uncertain += u64::from(ret == UNCERTAIN);
                }
            }
            Item::Damage(damage) => return Err(io::Error::other(format!("{damage:?}"))),
            Item::Call(_) => {}
        }
    }
    Ok(found)
}

/// The calls that a recorder made in the program for its own ends.
#[derive(Clone, Debug, Default)]
pub struct RecorderCalls {
    /// By number.
    pub calls: Counts,
    /// How many of them may not have been made.
    pub uncertain: u64,
}

/// Places in `struct user_regs_struct` (`arch/x86/include/asm/user_64.h`).
mod place {
    pub(super) const RCX: usize = 11;
    pub(super) const RAX: usize = 10;
    pub(super) const ORIG_RAX: usize = 15;
    pub(super) const RIP: usize = 16;
    pub(super) const RSP: usize = 19;
    /// rdi rsi rdx r10 r8 r9
    pub(super) const ARGUMENTS_64: [usize; 6] = [14, 13, 12, 7, 9, 8];
    /// ebx ecx edx esi edi ebp
    pub(super) const ARGUMENTS_32: [usize; 6] = [5, 11, 12, 13, 14, 4];
}

fn registers_at_entry(entry: &Entry) -> Result<(), String> {
    let registers = entry.registers.as_deref().ok_or("no registers at entry")?;
    let places = if entry.abi == Abi::I386 { place::ARGUMENTS_32 } else { place::ARGUMENTS_64 };
    let args = places.map(|place| as_wide_as(entry.abi, registers[place]));
    let nr = registers[place::ORIG_RAX] as i32;
    let args = as_recorded(entry.abi, nr, args);
    let (ip, sp) = (registers[place::RIP], registers[place::RSP]);
    if (args, nr, ip, sp) != (entry.args, entry.nr, entry.ip, entry.sp) {
        return Err("the registers at entry say something else".into());
    }
    // The instruction leaves the address behind itself in rcx; int 0x80 does not.
    if entry.abi != Abi::I386 && registers[place::RCX] != ip {
        return Err("rcx is not the return address of a syscall instruction".into());
    }
    Ok(())
}

fn registers_agree(call: &Call) -> Result<(), String> {
    const RT_SIGRETURN: [(Abi, i32); 4] =
        [(Abi::X86_64, 15), (Abi::X32, 0x4000_0201), (Abi::I386, 173), (Abi::I386, 119)];
    registers_at_entry(&call.entry)?;
    let exit = call.exit_registers.as_deref().ok_or("no registers at exit")?;
    let number = (call.entry.abi, call.entry.nr);
    let new_program = matches!(number, (Abi::X86_64, 59 | 322) | (Abi::I386, 11 | 358)) && call.ret == 0;
    if as_returned(call.entry.abi, exit) != call.ret {
        return Err("rax at exit is not what the call returned".into());
    }
    if !new_program && !RT_SIGRETURN.contains(&number) && exit[place::RIP] != call.entry.ip {
        return Err("the call went on at another place".into());
    }
    Ok(())
}

fn as_wide_as(abi: Abi, register: u64) -> u64 {
    if abi == Abi::I386 { u64::from(register as u32) } else { register }
}

fn as_returned(abi: Abi, registers: &UserRegisters) -> i64 {
    let rax = registers[place::RAX];
    if abi == Abi::I386 { i64::from(rax as i32) } else { rax as i64 }
}
