//! What is copied out of a task's memory at the two ends of a call: the plan of `sysrec-syscalls`, carried out.
//!
//! The task stands still at a stop, so what is read is what the kernel will read, or has written. Reading goes through
//! `process_vm_readv`, which cannot disturb it: a pointer to nowhere gives a capture that says so.

use sysrec_format::event::{Abi, Capture, CaptureCut};
use sysrec_syscalls::{CaptureLimits, Cut, Fragment, Level, MemorySource, Moment};

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

impl MemorySource for TaskMemory {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize {
        memory::read_pages(self.0, address, buffer)
    }
}

impl CapturePlan {
    /// `string_bytes`: see [`CaptureLimits::string_bytes`].
    pub(crate) fn new(level: Level, string_bytes: usize) -> Self {
        let limits = CaptureLimits { string_bytes, ..CaptureLimits::default() };
        Self { level, limits }
    }

    /// Whether nothing is copied at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.level == Level::None
    }

    /// Whether anything of this call is copied.
    pub(crate) fn has(&self, abi: Abi, nr: i32) -> bool {
        table(abi).is_some_and(|abi| sysrec_syscalls::captures(abi, nr, self.level))
    }

    /// Before the call.
    pub(crate) fn at_entry(&self, call: CallAt<'_>) -> Vec<Capture> {
        self.captures(call, None, Moment::Entry)
    }

    /// After the call, which returned `ret`.
    pub(crate) fn at_exit(&self, call: CallAt<'_>, ret: i64) -> Vec<Capture> {
        self.captures(call, Some(ret), Moment::Exit)
    }

    fn captures(&self, call: CallAt<'_>, ret: Option<i64>, moment: Moment) -> Vec<Capture> {
        let CallAt { tid, abi, nr, args } = call;
        let Some(abi) = table(abi).filter(|&abi| sysrec_syscalls::captures(abi, nr, self.level)) else {
            return Vec::new();
        };
        let mut memory = TaskMemory(tid);
        let fragments =
            sysrec_syscalls::capture(abi, nr, args, ret, moment, self.level, &self.limits, &mut memory);
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
