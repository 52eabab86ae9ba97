//! What is copied out of a task's memory at the two ends of a call: the plan of `sysrec-syscalls`, carried out.
//!
//! The task stands still at a stop, so what is read is what the kernel will read, or has written. Reading goes through
//! `process_vm_readv`, which cannot disturb it: a pointer to nowhere gives a capture that says so.

use sysrec_format::event::{Abi, Capture, CaptureCut};
use sysrec_syscalls::{ArgKind, CaptureLimits, Cut, Fragment, Level, MemorySource, Moment};

use crate::sys::memory;

/// What to copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CapturePlan {
    level: Level,
    limits: CaptureLimits,
}

/// The call whose memory is to be copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallAt<'a> {
    pub(crate) tid: i32,
    pub(crate) abi: Abi,
    pub(crate) nr: i32,
    pub(crate) args: &'a [u64; 6],
}

/// The memory of a stopped task.
struct TaskMemory(i32);

/// A part of a task's memory that was copied before.
struct Copied<'a> {
    address: u64,
    bytes: &'a [u8],
}

impl MemorySource for TaskMemory {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize {
        memory::read_pages(self.0, address, buffer)
    }
}

impl MemorySource for Copied<'_> {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize {
        let begin = address.checked_sub(self.address).and_then(|begin| usize::try_from(begin).ok());
        let known = begin.and_then(|begin| self.bytes.get(begin..)).unwrap_or_default();
        let bytes = known.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&known[..bytes]);
        bytes
    }
}

impl CapturePlan {
    /// `string_bytes`: see [`CaptureLimits::string_bytes`].
    pub(crate) fn new(level: Level, string_bytes: usize) -> Self {
        let limits = CaptureLimits { string_bytes, ..CaptureLimits::default() };
        Self { level, limits }
    }

    /// How much is copied.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Whether nothing is copied at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.level == Level::None
    }

    /// The arguments, counted from 0, that say where there is anything to copy.
    pub(crate) fn arguments(&self, abi: Abi, nr: i32) -> Vec<(usize, ArgKind)> {
        let call = table(abi).and_then(|abi| sysrec_syscalls::lookup(abi, nr));
        let args = call.map_or(&[][..], |call| call.args).iter().enumerate();
        args.filter(|(_, arg)| {
            self.level != Level::None && arg.kind.level().is_some_and(|needs| needs <= self.level)
        })
        .map(|(place, arg)| (place, arg.kind))
        .collect()
    }

    /// Before the call.
    pub(crate) fn at_entry(&self, call: CallAt<'_>) -> Vec<Capture> {
        self.captures(call, None, Moment::Entry, &mut TaskMemory(call.tid))
    }

    /// Before the call, where the only memory that it has to say anything of was copied by the task itself.
    pub(crate) fn at_entry_from(&self, call: CallAt<'_>, address: u64, bytes: &[u8]) -> Vec<Capture> {
        self.captures(call, None, Moment::Entry, &mut Copied { address, bytes })
    }

    /// After the call, which returned `ret`.
    pub(crate) fn at_exit(&self, call: CallAt<'_>, ret: i64) -> Vec<Capture> {
        self.captures(call, Some(ret), Moment::Exit, &mut TaskMemory(call.tid))
    }

    fn captures(
        &self,
        call: CallAt<'_>,
        ret: Option<i64>,
        moment: Moment,
        memory: &mut dyn MemorySource,
    ) -> Vec<Capture> {
        let CallAt { abi, nr, args, .. } = call;
        let Some(abi) = table(abi).filter(|&abi| sysrec_syscalls::captures(abi, nr, self.level)) else {
            return Vec::new();
        };
        let fragments =
            sysrec_syscalls::capture(abi, nr, args, ret, moment, self.level, &self.limits, memory);
        fragments.into_iter().map(capture_of).collect()
    }
}

fn table(abi: Abi) -> Option<sysrec_syscalls::Abi> {
    sysrec_syscalls::Abi::from_code(abi.0)
}

fn capture_of(fragment: Fragment) -> Capture {
    let Fragment { address, wanted_bytes, cut, bytes } = fragment;
    let cut = match cut {
        Cut::Whole => CaptureCut::WHOLE,
        Cut::Limit => CaptureCut::LIMIT,
        Cut::Unreadable => CaptureCut::UNREADABLE,
    };
    Capture { address, wanted_bytes, cut, bytes: bytes.into() }
}
