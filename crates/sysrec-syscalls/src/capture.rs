//! The capture plan: which memory a call's arguments point at, copied while it can still be read.

use crate::{Abi, ArgKind, Cut, Fragment, MemorySource, Moment, lookup};

/// How much of a program's memory a recording keeps. Each level has all of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Registers alone.
    None,
    /// What names things: paths, socket addresses, new descriptors, names of threads.
    Names,
    /// Everything that the arguments point at: structs, vectors, the heads of buffers.
    All,
}

impl Level {
    /// Every level, in order.
    pub const ALL: [Level; 3] = [Level::None, Level::Names, Level::All];

    /// The word for it in options: `none`, `names` or `all`.
    pub const fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Names => "names",
            Level::All => "all",
        }
    }

    /// The level of that [`name`](Level::name).
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// What bounds the copy of one end of one call, whatever its pointers and lengths say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureLimits {
    /// Bytes of a buffer or string that is no path, and elements of an array: `--string-limit`.
    pub string_bytes: usize,
    /// Bytes of a path, its terminating NUL included. The kernel takes 4,096 (`PATH_MAX`, include/uapi/linux/limits.h).
    pub path_bytes: usize,
    /// Bytes of all fragments together.
    pub total_bytes: usize,
    /// Fragments.
    pub fragments: usize,
}

impl Default for CaptureLimits {
    /// Strings of 32 bytes, as in strace; 4,096 bytes a path; 64 KiB and 256 fragments an end of a call.
    fn default() -> Self {
        Self { string_bytes: 32, path_bytes: 4096, total_bytes: 64 << 10, fragments: 256 }
    }
}

/// Whether the plan has anything to copy for this call at that level, at either end.
///
/// Numbers that it says `false` for need no look at memory, so a recorder can leave them on its fast path.
pub fn captures(abi: Abi, nr: i32, level: Level) -> bool {
    level != Level::None
        && lookup(abi, nr).is_some_and(|call| {
            call.args.iter().any(|arg| arg.kind.level().is_some_and(|needs| needs <= level))
        })
}

/// Copies what the call's arguments point at, at one of its ends; `ret` is the result, at the exit.
///
/// Outputs are copied at the exit alone, as far as the result says that there are any. Unreadable memory gives a
/// fragment without bytes, never an error.
#[allow(clippy::too_many_arguments, reason = "a call's registers, and how to read its memory")]
pub fn capture(
    abi: Abi,
    nr: i32,
    args: &[u64; 6],
    ret: Option<i64>,
    moment: Moment,
    level: Level,
    limits: &CaptureLimits,
    memory: &mut dyn MemorySource,
) -> Vec<Fragment> {
    let mut fragments = Vec::new();
    let Some(call) = lookup(abi, nr).filter(|_| level != Level::None) else { return fragments };
    _ = ret;
    if moment == Moment::Entry {
        for (arg, address) in call.args.iter().zip(args) {
            if arg.kind == ArgKind::Path && *address != 0 {
                fragments.push(string(*address, limits.path_bytes, memory));
            }
        }
    }
    fragments
}

/// Reads up to and with a NUL, at most `limit` bytes, in steps that do not cross a page.
fn string(address: u64, limit: usize, memory: &mut dyn MemorySource) -> Fragment {
    const PAGE: u64 = 4096;
    let mut bytes = Vec::new();
    let mut cut = Cut::Limit;
    while bytes.len() < limit {
        let at = address.wrapping_add(bytes.len() as u64);
        let step = ((PAGE - at % PAGE) as usize).min(limit - bytes.len()).min(256);
        let begin = bytes.len();
        bytes.resize(begin + step, 0);
        let got = memory.read(at, &mut bytes[begin..]).min(step);
        bytes.truncate(begin + got);
        if let Some(end) = bytes[begin..].iter().position(|byte| *byte == 0) {
            bytes.truncate(begin + end + 1);
            cut = Cut::Whole;
            break;
        }
        if got < step {
            cut = Cut::Unreadable;
            break;
        }
    }
    let wanted_bytes = if cut == Cut::Whole { bytes.len() as u64 } else { limit as u64 + 1 };
    Fragment { address, wanted_bytes, cut, bytes }
}
