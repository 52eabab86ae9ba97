//! A small process that gives tasks their CPUs back should the recorder be killed.
//!
//! The recorder holds tasks on one CPU (see the placement of the ptrace backend) and gives their own sets back when it
//! ends. SIGKILL leaves it no time; tasks that live on would stay on that CPU for ever. The guardian shares a table with
//! the recorder, sleeps in read(2) on a pipe whose other end only the recorder holds, and acts when that read ends.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, Ordering};

use rustc_hash::FxHashMap;

use super::child;
use super::sched::{self, CpuSet};

/// Tasks beyond this many are not held.
const ROWS: usize = 4096;

/// One held task: its own CPUs are written before its tid, by the recorder alone; 0 is an empty row.
#[repr(C)]
struct Row {
    tid: AtomicI32,
    own: std::cell::UnsafeCell<CpuSet>,
}

/// The recorder's side.
pub(crate) struct Guardian {
    rows: *const Row,
    /// Closed when the recorder ends, however it ends.
    _alive: OwnedFd,
    places: FxHashMap<i32, usize>,
    free: Vec<usize>,
}

impl Guardian {
    /// Starts the guardian: not as our child, since we wait for all our children.
    pub(crate) fn start() -> io::Result<Self> {
        // SAFETY: a fresh anonymous mapping; zero pages are empty rows.
        let rows = unsafe {
            libc::mmap(
                null_mut(),
                ROWS * size_of::<Row>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if rows == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let rows = rows.cast_const().cast::<Row>();
        let (sleep, alive) = child::pipe()?;
        child::fork_orphan(|| {
            child::close(alive.as_raw_fd());
            watch(rows, &sleep);
        })?;
        Ok(Guardian { rows, _alive: alive, places: FxHashMap::default(), free: (0..ROWS).collect() })
    }

    fn row(&self, at: usize) -> &Row {
        assert!(at < ROWS);
        // SAFETY: the mapping has ROWS rows, is never unmapped, and zero pages are valid rows.
        unsafe { &*self.rows.add(at) }
    }

    /// Notes a task before it is held. `false` where there is no room: then it must not be.
    pub(crate) fn note(&mut self, tid: i32, own: &CpuSet) -> bool {
        let Some(at) = self.places.get(&tid).copied().or_else(|| self.free.pop()) else { return false };
        self.places.insert(tid, at);
        let row = self.row(at);
        // SAFETY: the guardian reads this only once the recorder is gone; the recorder has one thread that writes.
        unsafe { *row.own.get() = *own };
        row.tid.store(tid, Ordering::Release);
        true
    }

    /// The task has its CPUs back, or has ended.
    pub(crate) fn forget(&mut self, tid: i32) {
        if let Some(at) = self.places.remove(&tid) {
            self.row(at).tid.store(0, Ordering::Release);
            self.free.push(at);
        }
    }
}

/// The guardian's whole life. Allocates nothing: it is a fork.
fn watch(rows: *const Row, sleep: &OwnedFd) {
    child::ignore_terminal_signals();
    child::wait_for_end_of(sleep.as_raw_fd());
    for at in 0..ROWS {
        // SAFETY: as in Guardian::row; the recorder is gone, so that nobody writes any more.
        let (tid, own) = unsafe {
            let row = &*rows.add(at);
            (row.tid.load(Ordering::Acquire), *row.own.get())
        };
        if tid != 0 {
            _ = sched::set_affinity(tid, &own);
        }
    }
}
