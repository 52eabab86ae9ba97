//! The capture plan: which memory a call's arguments point at, copied while it can still be read.

use crate::decode::source::Copier;
use crate::decode::{Decoder, Layout, ROOM_BYTES};
use crate::{Abi, Fragment, MemorySource, Moment, lookup};

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
    let Some(row) = lookup(abi, nr).filter(|_| captures(abi, nr, level)) else { return Vec::new() };
    let mut copier = Copier { moment, limits, memory, fragments: Vec::new(), bytes: 0 };
    let mut decoder = Decoder {
        row,
        layout: Layout::of(abi, nr),
        args: *args,
        // The plan of an entry is the same whatever comes of the call.
        ret: ret.filter(|_| moment == Moment::Exit),
        level,
        limits,
        source: &mut copier,
        remarks: Vec::new(),
        is_binary: false,
        room_bytes: ROOM_BYTES,
    };
    decoder.enter_multiplexed();
    // What is decoded is thrown away: the copier has kept what was read for it.
    decoder.arguments();
    copier.fragments
}
