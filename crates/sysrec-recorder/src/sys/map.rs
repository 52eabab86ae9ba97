//! The trace file as memory: its header, and a window over its growing end.
//!
//! ```text
//!  0       header                 window.start                      allocated
//!  ├─ mapped ─┤░░░░ sealed log ░░░░├────────── mapped ─────────────────┤
//! ```
//! Two dangers of a mapped file are met here. A page without a disk block under it kills the writer with SIGBUS when
//! the disk is full, so blocks are allocated before they are mapped (`posix_fallocate(3)` gives a clean ENOSPC). And
//! somebody may cut the file short while we write: the SIGBUS handler then puts anonymous memory under the rest of
//! the mapping, writing goes on into the void, and [`MappedFile::is_cut`] tells.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use memmap2::{MmapOptions, MmapRaw};

/// Address ranges that the handler guards: (start, end), 0 for none. Slot 0 is the header, slot 1 the window.
static GUARDED: [(AtomicUsize, AtomicUsize); 2] = [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; 2];
static CUT: AtomicBool = AtomicBool::new(false);

const PAGE: usize = 4096;

extern "C" fn on_sigbus(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel passes a valid siginfo to an SA_SIGINFO handler, and si_addr is set for SIGBUS.
    let address = unsafe { (*info).si_addr() } as usize;
    for (start, end) in &GUARDED {
        let (start, end) = (start.load(Ordering::Relaxed), end.load(Ordering::Relaxed));
        if (start..end).contains(&address) {
            CUT.store(true, Ordering::Relaxed);
            let page = address & !(PAGE - 1);
            // SAFETY: the range lies inside a mapping that this module owns and never shares; mmap is a plain
            // system call, safe in a handler. What is replaced has no file under it any more.
            unsafe {
                libc::mmap(
                    page as *mut libc::c_void,
                    end - page,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                    -1,
                    0,
                );
            }
            return;
        }
    }
    // Not ours: let it end the process as it would have.
    // SAFETY: signal() with SIG_DFL; the fault is taken again on return.
    unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
}

fn guard_sigbus() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: zero is a value of every field; the handler keeps to what handlers may do.
        unsafe {
            (*action.as_mut_ptr()).sa_sigaction = on_sigbus as *const () as libc::sighandler_t;
            (*action.as_mut_ptr()).sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
            libc::sigaction(libc::SIGBUS, action.as_ptr(), null_mut());
        }
    });
}

/// A writable file, mapped.
pub(crate) struct MappedFile {
    file: File,
    header: MmapRaw,
    window: Option<MmapRaw>,
    window_start: u64,
    allocated: u64,
}

/// Guards the first `bytes` bytes of a mapping, those that have a file under them.
fn guard(slot: usize, map: &MmapRaw, bytes: usize) {
    let start = map.as_mut_ptr() as usize;
    // Emptied first, so that the handler never sees the start of one mapping with the end of another.
    GUARDED[slot].1.store(0, Ordering::SeqCst);
    GUARDED[slot].0.store(start, Ordering::SeqCst);
    GUARDED[slot].1.store(start + bytes.min(map.len()), Ordering::SeqCst);
}

/// Really allocates the file's blocks up to `length`; the error is ENOSPC, EDQUOT, EFBIG or the like, and nothing of
/// what was there before is lost.
fn allocate(file: &File, from: u64, length: u64) -> io::Result<()> {
    let mut from = from;
    while from < length {
        let bytes = (length - from).min(ALLOCATION_BYTES);
        // SAFETY: no memory is touched.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), from as i64, bytes as i64) } {
            0 => from += bytes,
            libc::EINTR => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    Ok(())
}

/// What is allocated at once. A file system in memory starts anew when a signal comes (mm/shmem.c, `shmem_fallocate`),
/// and ours come every fraction of a millisecond: it must get done in between.
const ALLOCATION_BYTES: u64 = 256 << 10;

impl MappedFile {
    /// Takes a file that is open for reading and writing, empty.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        guard_sigbus();
        CUT.store(false, Ordering::Relaxed);
        allocate(&file, 0, PAGE as u64)?;
        let header = MmapOptions::new().len(PAGE).map_raw(&file)?;
        guard(0, &header, PAGE);
        Ok(MappedFile { file, header, window: None, window_start: 0, allocated: PAGE as u64 })
    }

    /// Makes the file at least this long, with blocks under all of it.
    pub(crate) fn grow(&mut self, length: u64) -> io::Result<()> {
        if length > self.allocated {
            allocate(&self.file, self.allocated, length)?;
            self.allocated = length;
            self.guard_window();
        }
        Ok(())
    }

    fn guard_window(&self) {
        if let Some(window) = &self.window {
            guard(1, window, (self.allocated - self.window_start) as usize);
        }
    }

    /// These bytes of the file, for writing. A range of the first page, or one that lies within what is allocated:
    /// the window moves there and covers what follows, also what the file will have later, so that a writer that goes
    /// forward remaps seldom: each time, every page that it comes back to is a fault.
    ///
    /// # Panics
    /// Where the range is not allocated: a mistake of the caller.
    pub(crate) fn bytes(&mut self, offset: u64, length: usize) -> io::Result<&mut [u8]> {
        let end = offset + length as u64;
        assert!(
            end <= self.allocated,
            "bytes {offset}..{end} of a file of {} allocated bytes",
            self.allocated
        );
        if end <= PAGE as u64 {
            // SAFETY: the range lies inside the header's mapping, which lives as long as `self`, is writable, and is
            // borrowed from `self` exclusively. Readers of the same file see only whole words that we store.
            return Ok(unsafe {
                std::slice::from_raw_parts_mut(self.header.as_mut_ptr().add(offset as usize), length)
            });
        }
        let covered = self.window.as_ref().is_some_and(|window| {
            offset >= self.window_start && end <= self.window_start + window.len() as u64
        });
        if !covered {
            let start = match &self.window {
                // Growing at the end keeps the start, so that what was asked for before stays covered.
                Some(_) if offset >= self.window_start && end - self.window_start <= WINDOW_BYTES => {
                    self.window_start
                }
                _ => offset & !(PAGE as u64 - 1),
            };
            let map = |bytes: u64| MmapOptions::new().offset(start).len(bytes as usize).map_raw(&self.file);
            let now = self.allocated - start;
            // Where there is no room for so much (`ulimit -v`), what there is now.
            self.window = Some(map(now.max(WINDOW_BYTES)).or_else(|_| map(now))?);
            self.window_start = start;
            self.guard_window();
        }
        let window = self.window.as_ref().expect("mapped just above");
        // SAFETY: the range lies inside the window's mapping (checked or made above), as for the header.
        Ok(unsafe {
            std::slice::from_raw_parts_mut(
                window.as_mut_ptr().add((offset - self.window_start) as usize),
                length,
            )
        })
    }

    /// After a cut: makes the file as long again, with zeros where it was cut, and maps it anew.
    pub(crate) fn mend(&mut self, length: u64) -> io::Result<()> {
        let length = length.max(self.allocated);
        allocate(&self.file, 0, length)?;
        self.allocated = length;
        let header = MmapOptions::new().len(PAGE).map_raw(&self.file)?;
        guard(0, &header, PAGE);
        GUARDED[1].1.store(0, Ordering::SeqCst);
        self.header = header;
        self.window = None;
        CUT.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Cuts the file to its final length; the header stays mapped, for the last word in it.
    pub(crate) fn cut_to(&mut self, length: u64) -> io::Result<()> {
        GUARDED[1].1.store(0, Ordering::SeqCst);
        self.window = None;
        self.file.set_len(length)?;
        self.allocated = length;
        Ok(())
    }

    /// Whether the file has become shorter than what was allocated, noticed by a write into the void or not yet.
    pub(crate) fn is_shorter_than_written(&mut self) -> bool {
        if !self.is_cut() && self.file.metadata().is_ok_and(|metadata| metadata.len() < self.allocated) {
            CUT.store(true, Ordering::Relaxed);
        }
        self.is_cut()
    }

    /// Whether somebody else cut the file short under us: what was written behind the cut is gone.
    pub(crate) fn is_cut(&self) -> bool {
        CUT.load(Ordering::Relaxed)
    }
}

impl Drop for MappedFile {
    fn drop(&mut self) {
        for (_, end) in &GUARDED {
            end.store(0, Ordering::SeqCst);
        }
    }
}

/// Bytes of a window. It goes over the file's end: nothing is touched there before the file is as long.
const WINDOW_BYTES: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek};
    use std::sync::Mutex;

    /// The guard is one a process: tests that map take turns.
    static TURN: Mutex<()> = Mutex::new(());

    #[test]
    fn what_is_written_through_the_window_is_in_the_file() {
        let _turn = TURN.lock();
        let file = tempfile::tempfile().expect("a file");
        let mut other = file.try_clone().expect("a second handle");
        let mut map = MappedFile::new(file).expect("mapped");
        map.grow(1 << 20).expect("grown");
        map.bytes(0, 4).expect("header").copy_from_slice(b"head");
        map.bytes(300_000, 4).expect("window").copy_from_slice(b"tail");
        map.bytes(8_000, 4).expect("window").copy_from_slice(b"back");
        map.grow(2 << 20).expect("grown");
        map.bytes((2 << 20) - 3, 3).expect("window").copy_from_slice(b"end");
        map.cut_to((2 << 20) - 1).expect("cut");
        map.bytes(4, 4).expect("header").copy_from_slice(b"last");
        drop(map);
        let mut all = Vec::new();
        other.rewind().expect("rewound");
        other.read_to_end(&mut all).expect("read");
        assert_eq!(&all[4..8], b"last");
        assert_eq!(
            (&all[..4], &all[300_000..300_004], &all[8_000..8_004]),
            (&b"head"[..], &b"tail"[..], &b"back"[..])
        );
        assert_eq!(&all[(2 << 20) - 3..], b"en");
    }

    #[test]
    fn a_file_cut_short_by_somebody_else_is_survived_and_told() {
        let _turn = TURN.lock();
        let file = tempfile::tempfile().expect("a file");
        let other = file.try_clone().expect("a second handle");
        let mut map = MappedFile::new(file).expect("mapped");
        map.grow(1 << 20).expect("grown");
        map.bytes(500_000, 4).expect("window").copy_from_slice(b"here");
        assert!(!map.is_cut());
        other.set_len(100).expect("cut");
        map.bytes(600_000, 4).expect("window").copy_from_slice(b"void");
        map.bytes(0, 4).expect("header").copy_from_slice(b"head");
        assert!(map.is_cut());
    }

    #[test]
    fn a_window_stays_where_it_is_while_the_file_grows() {
        let _turn = TURN.lock();
        let file = tempfile::tempfile().expect("a file");
        let other = file.try_clone().expect("a second handle");
        let mut map = MappedFile::new(file).expect("mapped");
        map.grow(1 << 20).expect("grown");
        let before = map.bytes(8_000, 4).expect("window").as_ptr();
        map.grow(4 << 20).expect("grown");
        map.bytes((4 << 20) - 4, 4).expect("window").copy_from_slice(b"tail");
        assert_eq!(map.bytes(8_000, 4).expect("window").as_ptr(), before);
        // What came later is guarded, too.
        other.set_len(100).expect("cut");
        map.bytes(3 << 20, 4).expect("window").copy_from_slice(b"void");
        assert!(map.is_cut());
    }
}
