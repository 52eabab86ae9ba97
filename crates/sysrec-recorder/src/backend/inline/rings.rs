//! The rings: one a task, in a file that the task and the recorder share.
//!
//! A ring has one writer, its task, and one reader, the recorder. Each slot says itself whose it is
//! ([`state`]): the task fills free slots in order and marks each finished by its last store; the
//! recorder reads finished ones in order and frees them. Neither side waits, and neither reads a counter of the other.
//! A task that meets a slot that is not free takes the net and is stopped until there is room.
//!
//! What a tracee writes is not trusted: every value is a number like others, and no address or length is taken from it.
//!
//! A recorder that is killed leaves the file, for whoever opens its trace (`sysrec_format::rings`). For that reader the
//! control page says which trace it is and how times are converted, a ring says whose it is, and a slot is freed only
//! when its call is in the trace.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::compiler_fence;

use rustc_hash::FxHashMap;
use sysrec_format::event::TaskId;
use sysrec_format::rings::Line;

use super::layout::*;
use super::{known_stacks, stale};
use crate::sys::shared::{AtomicU64, SharedWords};

/// A path that the stub copied for the call that follows in the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RingPath {
    /// Where it stands in the program's memory.
    pub address: u64,
    /// Its bytes and, once it is complete, its NUL.
    pub bytes: Vec<u8>,
}

/// A task's ring: which one, and how far it has been read.
#[derive(Debug)]
pub(crate) struct Ring {
    number: u32,
    tail: u64,
    /// The first word of the slot at the tail, as it was read.
    first: u64,
    path: Option<RingPath>,
}

impl Ring {
    /// Its address in every tracee: the task's gs base.
    pub(crate) fn address(&self) -> u64 {
        WINDOW_ADDRESS + u64::from(self.number) * RING_STRIDE
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Slots that have been read since it was allotted.
    #[inline]
    pub(crate) fn read_slots(&self) -> u64 {
        self.tail
    }

    /// The path that was read last, for the call that was read behind it. A path that the stub began and gave up is
    /// followed by a call without one, or by a new path.
    pub(crate) fn take_path(&mut self) -> Option<RingPath> {
        self.path.take()
    }
}

/// The file of all rings.
pub(crate) struct Rings {
    path: PathBuf,
    /// Where the memory of a ring comes from before its first use. `None`: it has all of it.
    file: Option<File>,
    memory: SharedWords,
    /// A late reading of the time stamp counter: what a slot has of it is completed by that.
    reference: Cell<u64>,
    free: Vec<u32>,
    /// Rings from here on were never used.
    fresh: u32,
    /// By ring, the lists of stacks in the other end of the file; that they may come is said by `with_lists`.
    pub(super) lists: FxHashMap<u32, known_stacks::Lists>,
    with_lists: bool,
}

impl Rings {
    /// Makes the file, in memory: `/dev/shm`, where a task's first touch of a page costs little and no disk is waited
    /// for.
    pub(crate) fn create(owner: Option<(u32, u32)>) -> io::Result<Self> {
        let folder = Path::new("/dev/shm");
        stale::remove(folder);
        // Beyond this limit (`ulimit -f`), to make the file ends in SIGXFSZ.
        let (limit, _) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_FSIZE)?;
        if limit < WINDOW_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let path = folder.join(stale::name(std::process::id(), crate::sys::clock::monotonic_ns()));
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let made = || -> io::Result<SharedWords> {
            if let Some((uid, gid)) = owner {
                std::os::unix::fs::fchown(&file, Some(uid), Some(gid))?;
            }
            file.set_len(WINDOW_BYTES)?;
            provide(&file, 0, RING_STRIDE)?;
            SharedWords::map(&file, WINDOW_BYTES as usize)
        };
        match made() {
            Ok(memory) => Ok(Self::over(path, Some(file), memory)),
            Err(error) => {
                _ = std::fs::remove_file(&path);
                Err(error)
            }
        }
    }

    /// The rings of a file that is mapped, all unused.
    pub(super) fn over(path: PathBuf, file: Option<File>, memory: SharedWords) -> Self {
        let (free, lists) = (Vec::new(), FxHashMap::default());
        let reference = Cell::new(0);
        Rings { path, file, memory, reference, free, fresh: 1, lists, with_lists: false }
    }

    /// Leaves room for lists of stacks, for as many rings as there can be then.
    pub(super) fn with_lists(mut self) -> Self {
        self.with_lists = true;
        self
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    pub(super) fn memory(&self) -> &SharedWords {
        &self.memory
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Says which trace the calls belong to, and who reads them for it.
    pub(crate) fn belong_to(&self, trace_id: [u8; 16], line: &Line) {
        let store = |word: u64, value: u64| self.memory[word as usize].store(value, Release);
        let pid = std::process::id();
        self.tell_line(line);
        store(control::VERSION, VERSION);
        for (word, bytes) in (control::TRACE_ID..).zip(trace_id.as_chunks::<8>().0) {
            store(word, u64::from_le_bytes(*bytes));
        }
        store(control::PID, u64::from(pid));
        store(control::PID_STARTED, crate::procfs::started(pid).unwrap_or(0));
        store(control::MAGIC, u64::from_le_bytes(MAGIC));
    }

    /// Says how times are converted now. The line that was valid stays whole until the new one is.
    #[inline]
    pub(crate) fn tell_line(&self, line: &Line) {
        self.reference.set(line.tsc);
        let next = self.memory[control::LINE as usize].load(Relaxed).wrapping_add(1);
        let first = (control::LINES + (next & 1) * control::LINE_WORDS) as usize;
        self.memory[first].store(line.tsc, Relaxed);
        self.memory[first + 1].store(line.ns, Relaxed);
        self.memory[first + 2].store(line.rate.to_bits(), Relaxed);
        self.memory[control::LINE as usize].store(next, Release);
        // The other one is written next time, and not before this.
        compiler_fence(SeqCst);
    }

    /// A ring for a new task of the trace (`None`: for calls that belong to none); `None` when all are taken.
    pub(crate) fn allot(&mut self, task: Option<TaskId>) -> Option<Ring> {
        let number = self.free.pop().or_else(|| {
            let number = self.fresh;
            let room = u64::from(number) < RINGS
                && (!self.with_lists || known_stacks::has_room(number))
                && self
                    .file
                    .as_ref()
                    .is_none_or(|file| provide(file, u64::from(number) * RING_STRIDE, RING_STRIDE).is_ok());
            room.then(|| self.fresh += 1)?;
            Some(number)
        })?;
        let ring = Ring { number, tail: 0, first: 0, path: None };
        self.tell_task(&ring, task);
        Some(ring)
    }

    fn tell_task(&self, ring: &Ring, task: Option<TaskId>) {
        let word = task.map_or(0, |task| u64::from(task.0) + 1);
        self.memory[Self::first_word(ring) + (TASK / 8) as usize].store(word, Release);
    }

    /// Takes a ring back. Its task is gone, or will never again write to it.
    pub(crate) fn take_back(&mut self, mut ring: Ring) {
        self.tell_task(&ring, None);
        self.forget_stacks(&ring);
        while self.next(&mut ring).is_some() {
            self.advance(&mut ring);
        }
        self.free_slot(&ring, 0, Relaxed);
        self.memory[Self::first_word(&ring) + (HEAD / 8) as usize].store(0, Release);
        self.free.push(ring.number);
    }

    pub(super) fn first_word(ring: &Ring) -> usize {
        (u64::from(ring.number) * RING_STRIDE / 8) as usize
    }

    /// The first word of the slot at this position.
    #[inline]
    fn slot_word(ring: &Ring, position: u64) -> usize {
        Self::first_word(ring) + ((position % SLOTS) * (SLOT_BYTES / 8)) as usize
    }

    /// The word of the slot at the tail that this byte is in.
    #[inline]
    fn word(&self, ring: &Ring, byte: u64) -> &AtomicU64 {
        &self.memory[Self::slot_word(ring, ring.tail) + (byte / 8) as usize]
    }

    /// The first word of the slot at the tail; its lowest byte is the state.
    #[inline]
    fn first(&self, ring: &Ring) -> u64 {
        self.word(ring, slot::STATE).load(Acquire)
    }

    #[inline]
    fn state(&self, ring: &mut Ring) -> u8 {
        ring.first = self.first(ring);
        ring.first as u8
    }

    /// Of a slot that nobody else writes meanwhile: its other bytes stay, for who comes to [`last`](Self::last).
    #[inline]
    fn free_slot(&self, ring: &Ring, first: u64, order: Ordering) {
        self.word(ring, slot::STATE).store(with_field(first, slot::STATE, 1, state::FREE.into()), order);
    }

    /// The next finished call; the path before it is the ring's then. [`advance`](Self::advance) when it is in the trace.
    #[inline]
    pub(crate) fn next(&self, ring: &mut Ring) -> Option<RingCall> {
        match self.state(ring) {
            state::FINISHED => Some(self.call_at(ring, ring.tail, ring.first)),
            state::PATH => self.next_behind_path(ring),
            _ => None,
        }
    }

    /// Takes the slots of a path. No more than there are, whatever a program writes meanwhile.
    #[cold]
    fn next_behind_path(&self, ring: &mut Ring) -> Option<RingCall> {
        for _ in 0..SLOTS {
            match self.state(ring) {
                state::FINISHED => return Some(self.call_at(ring, ring.tail, ring.first)),
                state::PATH => self.take_part(ring),
                _ => return None,
            }
        }
        None
    }

    fn take_part(&self, ring: &mut Ring) {
        let address = self.word(ring, path_slot::ADDRESS).load(Relaxed);
        let mut path = match ring.path.take() {
            Some(path) if address == 0 => path,
            _ => RingPath { address, bytes: Vec::with_capacity(path_slot::TEXT_BYTES as usize) },
        };
        for byte in (path_slot::TEXT..SLOT_BYTES).step_by(8) {
            path.bytes.extend_from_slice(&self.word(ring, byte).load(Relaxed).to_le_bytes());
        }
        let begin = path.bytes.len() - path_slot::TEXT_BYTES as usize;
        if let Some(end) = path.bytes[begin..].iter().position(|&byte| byte == 0) {
            path.bytes.truncate(begin + end + 1);
        }
        ring.path = Some(path);
        self.advance(ring);
    }

    /// Frees the slot of the call that [`next`](Self::next) gave.
    #[inline]
    pub(crate) fn advance(&self, ring: &mut Ring) {
        self.free_slot(ring, ring.first, Release);
        ring.tail += 1;
    }

    /// Both at once.
    #[cfg(test)]
    pub(crate) fn take(&self, ring: &mut Ring) -> Option<RingCall> {
        ring.path = None;
        let call = self.next(ring)?;
        self.advance(ring);
        Some(call)
    }

    fn call_at(&self, ring: &Ring, position: u64, first_word: u64) -> RingCall {
        let first = Self::slot_word(ring, position);
        let words = &self.memory[first..first + (SLOT_BYTES / 8) as usize];
        RingCall::read(first_word, |index| words[index as usize].load(Relaxed), self.reference.get())
    }

    /// The call that the task is in, by its ring: all but its end. Read all finished ones before.
    pub(crate) fn entered(&self, ring: &Ring) -> Option<RingCall> {
        let first = self.first(ring);
        (first as u8 == state::ENTERED).then(|| self.call_at(ring, ring.tail, first))
    }

    /// Of a stopped task: the slot that it is filling, finished or not; all finished ones before it have been read.
    pub(crate) fn filling(&self, ring: &Ring) -> RingCall {
        self.call_at(ring, ring.tail, self.first(ring))
    }

    /// What the stub says of the stack of the call that is next, or that the task is filling.
    pub(crate) fn stack(&self, ring: &Ring) -> u64 {
        self.word(ring, slot::STACK).load(Relaxed)
    }

    /// Of a stopped task that was copying a path, or comparing its stack: its rdx.
    pub(crate) fn rdx_at_head(&self, ring: &Ring) -> u64 {
        self.word(ring, path_slot::RDX).load(Relaxed)
    }

    /// Of a stopped task: the call that was read last. Only the task itself writes over it.
    pub(crate) fn last(&self, ring: &Ring) -> RingCall {
        let before = ring.tail.wrapping_sub(1);
        let first = self.memory[Self::slot_word(ring, before)].load(Relaxed);
        self.call_at(ring, before, first)
    }

    /// Of a stopped task: finishes the slot that it was filling, as the stub would have. [`release`](Self::release) when
    /// the call is in the trace.
    pub(crate) fn finish(&self, ring: &Ring, call: &RingCall) {
        self.word(ring, slot::RET).store(call.ret as u64, Relaxed);
        let times = self.word(ring, slot::END_LOW);
        times.store(with_field(times.load(Relaxed), slot::END_LOW, 4, call.end), Relaxed);
        let first = self.word(ring, slot::STATE);
        let ended = with_field(first.load(Relaxed), slot::END_HIGH, 2, call.end >> 32);
        first.store(with_field(ended, slot::STATE, 1, state::FINISHED.into()), Release);
    }

    /// Of a stopped task: frees the slot that it was filling. `advance`: it goes on at the next one.
    pub(crate) fn release(&self, ring: &mut Ring, advance: bool) {
        self.free_slot(ring, self.first(ring), Relaxed);
        if advance {
            ring.tail += 1;
        }
        let head = (ring.tail % SLOTS) * SLOT_BYTES;
        self.memory[Self::first_word(ring) + (HEAD / 8) as usize].store(head, Release);
    }
}

/// Allocates a part of the file. A full file system (that of a container is often small) says so here; a task that
/// touched a page of it for which there is no memory would end by SIGBUS.
pub(super) fn provide(file: &File, offset: u64, bytes: u64) -> nix::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    loop {
        match fallocate(file, FallocateFlags::empty(), offset as i64, bytes as i64) {
            Err(nix::Error::EINTR) => {}
            done => return done,
        }
    }
}

impl Drop for Rings {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
