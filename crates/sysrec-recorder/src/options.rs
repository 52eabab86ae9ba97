//! What a recording is asked to do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use sysrec_syscalls::Level;
use sysrec_syscalls::filter::Filter;

/// What to record.
#[derive(Clone, Debug)]
pub enum Target {
    /// Start this command: its name (found along PATH) and its arguments.
    Command {
        /// The command with its arguments; never empty.
        argv: Vec<OsString>,
        /// Run it as this user (a name or a uid); needs root.
        user: Option<String>,
    },
    /// Attach to these running processes, all threads of each.
    Processes(Vec<i32>),
}

/// How much of the registers goes into the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registers {
    /// Number, arguments, instruction and stack pointer, return value.
    #[default]
    Call,
    /// The whole user register set at both ends of every call as well.
    All,
}

/// Which mechanism records. More will come; each keeps the promises that `backend` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackendChoice {
    /// The best that works here.
    #[default]
    Auto,
    /// ptrace: everywhere, without privileges.
    Ptrace,
    /// The tasks record their own calls; ptrace for the rest.
    Inline,
}

/// A recording's options.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to record.
    pub target: Target,
    /// The trace file.
    pub output: PathBuf,
    /// The mechanism.
    pub backend: BackendChoice,
    /// The calls that are recorded.
    pub filter: Filter,
    /// Record the children and threads of what is recorded, too.
    pub follow: bool,
    /// Wait for processes that outlive the command.
    pub wait: bool,
    /// End the recording after this time.
    pub duration: Option<Duration>,
    /// End the recording after this many calls.
    pub calls_max: Option<u64>,
    /// End the recording when the file has this many bytes.
    pub bytes_max: Option<u64>,
    /// How much of the registers is recorded.
    pub registers: Registers,
    /// How much of the memory that calls point at is recorded, and with it whether descriptors are named.
    pub capture: Level,
    /// Bytes of a captured buffer or string that is no path, and elements of an array.
    pub string_bytes: usize,
    /// Store the environment of the command.
    pub environment: bool,
    /// Move the recorder, and the tasks it records, to the CPUs where stops are cheap.
    pub placement: bool,
    /// The command lives on if the recorder is killed. Without, what lives in a seccomp net dies with it.
    pub survive: bool,
    /// Record the stacks of calls.
    pub stacks: Option<crate::StackOptions>,
    /// Which ways into the stub the inline backend uses.
    pub inline_classes: crate::InlineClasses,
}

impl Options {
    /// The default of [`string_bytes`](Self::string_bytes), as in strace.
    pub const STRING_BYTES: usize = 32;

    /// The defaults for a target and an output.
    pub fn new(target: Target, output: PathBuf) -> Self {
        Options {
            target,
            output,
            backend: BackendChoice::Auto,
            filter: Filter::all(),
            follow: true,
            wait: true,
            duration: None,
            calls_max: None,
            bytes_max: None,
            registers: Registers::Call,
            capture: Level::Names,
            string_bytes: Options::STRING_BYTES,
            environment: false,
            placement: true,
            survive: false,
            stacks: None,
            inline_classes: crate::InlineClasses::default(),
        }
    }
}
