//! Small reads of a tracee's memory (`process_vm_readv(2)`), for what the recorder itself must know.
//! Writing goes through `/proc/PID/mem`, which also reaches pages that the tracee itself may not write.

/// Reads one 8-byte word; `None` where that memory cannot be read.
pub(crate) fn read_word(tid: i32, address: u64) -> Option<u64> {
    let mut word = [0_u8; 8];
    let local = libc::iovec { iov_base: word.as_mut_ptr().cast(), iov_len: word.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: word.len() };
    // SAFETY: `local` describes our own live buffer; `remote` is an address in another process, which the kernel checks.
    let read = unsafe { libc::process_vm_readv(tid, &local, 1, &remote, 1, 0) };
    (read == word.len() as isize).then(|| u64::from_le_bytes(word))
}

/// Reads bytes; the number of those that could be read, from the start.
pub(crate) fn read(tid: i32, address: u64, bytes: &mut [u8]) -> usize {
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: bytes.len() };
    // SAFETY: as above.
    let read = unsafe { libc::process_vm_readv(tid, &local, 1, &remote, 1, 0) };
    usize::try_from(read).unwrap_or(0)
}

/// The least that is mapped or not (`PAGE_SIZE` of x86).
const PAGE_BYTES: u64 = 4096;
/// Pages that one call reads.
const PAGES_A_READ: usize = 16;

/// Reads bytes page by page; the number of those that could be read, from the start. Where a page cannot be read, what
/// lies before it is there all the same: the kernel promises that of whole iovecs only (process_vm_readv(2)).
pub(crate) fn read_pages(tid: i32, address: u64, bytes: &mut [u8]) -> usize {
    let mut done = 0;
    while done < bytes.len() {
        let mut pages = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; PAGES_A_READ];
        let (mut asked, mut count) = (0, 0);
        for page in &mut pages {
            let left = bytes.len() - done - asked;
            let Some(at) = address.checked_add((done + asked) as u64).filter(|_| left > 0) else { break };
            let length = left.min((PAGE_BYTES - at % PAGE_BYTES) as usize);
            *page = libc::iovec { iov_base: at as *mut libc::c_void, iov_len: length };
            (asked, count) = (asked + length, count + 1);
        }
        if count == 0 {
            break;
        }
        let buffer = &mut bytes[done..done + asked];
        let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
        // SAFETY: `local` describes our own live buffer, `pages` has `count` entries that are filled in; their addresses are
        // in another process, where the kernel checks them.
        let read = unsafe { libc::process_vm_readv(tid, &local, 1, pages.as_ptr(), count as u64, 0) };
        let read = usize::try_from(read).unwrap_or(0);
        done += read;
        if read < asked {
            break;
        }
    }
    done
}

/// The memory of a tracee, for several writes (proc(5), `/proc/PID/mem`).
pub(crate) struct Memory(std::fs::File);

impl Memory {
    pub(crate) fn open(tid: i32) -> std::io::Result<Self> {
        std::fs::File::options().write(true).open(format!("/proc/{tid}/mem")).map(Memory)
    }

    /// Writes, also where the tracee may only read or run. One byte is written at once or not at all.
    pub(crate) fn write(&self, address: u64, bytes: &[u8]) -> std::io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.0.write_all_at(bytes, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_an_unreadable_page_is_read() {
        let page = PAGE_BYTES as usize;
        let me = std::process::id() as i32;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new pages of our own; nothing else points into them.
        let start = unsafe {
            let start = libc::mmap(std::ptr::null_mut(), 4 * page, libc::PROT_READ, flags, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(start.byte_add(2 * page), 2 * page, libc::PROT_NONE), 0);
            start as u64
        };
        let mut bytes = vec![0; 4 * page];
        assert_eq!(read_pages(me, start + 100, &mut bytes), 2 * page - 100);
        assert_eq!(read_pages(me, start + 100, &mut bytes[..page]), page);
        assert_eq!(read_pages(me, 0, &mut bytes), 0);
        assert_eq!(read_pages(me, u64::MAX - 3, &mut bytes), 0);
    }
}
