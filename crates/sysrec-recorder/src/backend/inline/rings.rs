//! The rings: one a task, in a file that the task and the recorder share.
//!
//! A ring has one writer, its task, and one reader, the recorder. Each slot says itself whose it is
//! ([`state`]): the task fills free slots in order and marks each finished by its last store; the
//! recorder reads finished ones in order and frees them. Neither side waits, and neither reads a counter of the other.
//! A task that meets a slot that is not free takes the net and is stopped until there is room.
//!
//! What a tracee writes is not trusted: every value is a number like others, and no address or length is taken from it.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::layout::*;
use crate::sys::shared::{AtomicU64, SharedWords};

/// A finished call as the stub left it. Times in ticks of the time stamp counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RingCall {
    /// The number, as the whole register.
    pub rax: u64,
    pub args: [u64; 6],
    pub sp: u64,
    pub ip: u64,
    pub start: u64,
    pub end: u64,
    pub ret: i64,
}

/// A task's ring: which one, and how far it has been read.
#[derive(Debug)]
pub(crate) struct Ring {
    number: u32,
    tail: u64,
}

impl Ring {
    /// Its address in every tracee: the task's gs base.
    pub(crate) fn address(&self) -> u64 {
        WINDOW_ADDRESS + u64::from(self.number) * RING_STRIDE
    }
}

/// The file of all rings.
pub(crate) struct Rings {
    path: PathBuf,
    memory: SharedWords,
    free: Vec<u32>,
    /// Rings from here on were never used.
    fresh: u32,
}

impl Rings {
    /// Makes the file, in memory: `/dev/shm`, where a task's first touch of a page costs little and no disk is waited
    /// for.
    pub(crate) fn create(owner: Option<(u32, u32)>) -> io::Result<Self> {
        let name = format!("sysrec-{}-{:x}.rings", std::process::id(), crate::sys::clock::monotonic_ns());
        let path = Path::new("/dev/shm").join(name);
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let made = || -> io::Result<SharedWords> {
            if let Some((uid, gid)) = owner {
                std::os::unix::fs::fchown(&file, Some(uid), Some(gid))?;
            }
            file.set_len(WINDOW_BYTES)?;
            SharedWords::map(&file, WINDOW_BYTES as usize)
        };
        match made() {
            Ok(memory) => Ok(Self::over(path, memory)),
            Err(error) => {
                _ = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// The rings of a file that is mapped, all unused.
    pub(super) fn over(path: PathBuf, memory: SharedWords) -> Self {
        Rings { path, memory, free: Vec::new(), fresh: 1 }
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A ring for a new task; `None` when all are taken.
    pub(crate) fn allot(&mut self) -> Option<Ring> {
        let number = self.free.pop().or_else(|| {
            let number = self.fresh;
            (u64::from(number) < RINGS).then(|| self.fresh += 1)?;
            Some(number)
        })?;
        Some(Ring { number, tail: 0 })
    }

    /// Takes a ring back. Its task is gone, or will never again write to it.
    pub(crate) fn take_back(&mut self, mut ring: Ring) {
        while self.take(&mut ring).is_some() {}
        self.word(&ring, slot::STATE).store(u64::from(state::FREE), Relaxed);
        self.memory[Self::first_word(&ring) + (HEAD / 8) as usize].store(0, Release);
        self.free.push(ring.number);
    }

    fn first_word(ring: &Ring) -> usize {
        (u64::from(ring.number) * RING_STRIDE / 8) as usize
    }

    /// A word of the slot at the tail.
    #[inline]
    fn word(&self, ring: &Ring, index: u64) -> &AtomicU64 {
        let at = (ring.tail % SLOTS) * (SLOT_BYTES / 8) + index;
        &self.memory[Self::first_word(ring) + at as usize]
    }

    #[inline]
    fn state(&self, ring: &Ring) -> u32 {
        self.word(ring, slot::STATE).load(Acquire) as u32
    }

    /// Takes the next finished call and frees its slot.
    #[inline]
    pub(crate) fn take(&self, ring: &mut Ring) -> Option<RingCall> {
        if self.state(ring) != state::FINISHED {
            return None;
        }
        let call = self.call(ring);
        self.word(ring, slot::STATE).store(u64::from(state::FREE), Release);
        ring.tail += 1;
        Some(call)
    }

    fn call(&self, ring: &Ring) -> RingCall {
        self.call_at(ring, ring.tail)
    }

    fn call_at(&self, ring: &Ring, position: u64) -> RingCall {
        let first = Self::first_word(ring) + ((position % SLOTS) * (SLOT_BYTES / 8)) as usize;
        let words = &self.memory[first..first + (SLOT_BYTES / 8) as usize];
        let word = |index: u64| words[index as usize].load(Relaxed);
        RingCall {
            rax: word(slot::RAX),
            args: [0, 1, 2, 3, 4, 5].map(|n| word(slot::ARGS + n)),
            sp: word(slot::SP),
            ip: word(slot::IP),
            start: word(slot::START),
            end: word(slot::END),
            ret: word(slot::RET) as i64,
        }
    }

    /// The call that the task is in, by its ring: all but its end. Read all finished ones before.
    pub(crate) fn entered(&self, ring: &Ring) -> Option<RingCall> {
        (self.state(ring) == state::ENTERED).then(|| self.call(ring))
    }

    /// Of a stopped task: the slot that it is filling, finished or not; all finished ones before it have been read.
    pub(crate) fn filling(&self, ring: &Ring) -> RingCall {
        self.call(ring)
    }

    /// Of a stopped task: the call that was read last. Only the task itself writes over it.
    pub(crate) fn last(&self, ring: &Ring) -> RingCall {
        self.call_at(ring, ring.tail.wrapping_sub(1))
    }

    /// Of a stopped task: frees the slot that it was filling. `advance`: it goes on at the next one.
    pub(crate) fn release(&self, ring: &mut Ring, advance: bool) {
        self.word(ring, slot::STATE).store(u64::from(state::FREE), Relaxed);
        if advance {
            ring.tail += 1;
        }
        let units = (ring.tail % SLOTS) * SLOT_UNITS;
        self.memory[Self::first_word(ring) + (HEAD / 8) as usize].store(units, Release);
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
