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

    /// Before a call of which nothing but a path is copied, and that by the task itself, up to its NUL.
    pub(crate) fn of_path(&self, call: CallAt<'_>, address: u64, bytes: Vec<u8>) -> Vec<Capture> {
        let is_whole = bytes.last() == Some(&0) && bytes.len() <= self.limits.path_bytes;
        if is_whole && address != 0 {
            // What the plan comes to, at a tenth of the price.
            let wanted_bytes = bytes.len() as u64;
            return vec![Capture { address, wanted_bytes, cut: CaptureCut::WHOLE, bytes: bytes.into() }];
        }
        self.captures(call, None, Moment::Entry, &mut Copied { address, bytes: &bytes })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_the_task_copied_is_what_the_plan_would_have_copied() {
        let plan = CapturePlan::new(Level::Names, 32);
        let args = [0x7000, 0x1000, 0, 0, 0, 0];
        let call = || CallAt { tid: 0, abi: Abi::X86_64, nr: libc::SYS_openat as i32, args: &args };
        for length in [0, 1, 95, 4094, 4095, 4096, 9000] {
            let mut path = vec![b'p'; length];
            path.push(0);
            let planned =
                plan.captures(call(), None, Moment::Entry, &mut Copied { address: 0x1000, bytes: &path });
            assert_eq!(planned.len(), 1);
            assert_eq!(plan.of_path(call(), 0x1000, path), planned, "{length}");
        }
    }
}
