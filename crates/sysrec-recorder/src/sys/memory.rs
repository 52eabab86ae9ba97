//! Small reads of a tracee's memory (`process_vm_readv(2)`), for what the recorder itself must know.
//! (Writing is ptrace's: it reaches pages that the tracee itself may not write.)

/// Reads one 8-byte word; `None` where that memory cannot be read.
pub(crate) fn read_word(tid: i32, address: u64) -> Option<u64> {
    let mut word = [0_u8; 8];
    let local = libc::iovec { iov_base: word.as_mut_ptr().cast(), iov_len: word.len() };
    let remote = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: word.len() };
    // SAFETY: `local` describes our own live buffer; `remote` is an address in another process, which the kernel checks.
    let read = unsafe { libc::process_vm_readv(tid, &local, 1, &remote, 1, 0) };
    (read == word.len() as isize).then(|| u64::from_le_bytes(word))
}
