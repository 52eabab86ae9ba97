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
