//! Standard descriptors that this program was started without. Rust's runtime opens `/dev/null` for them before `main`, so
//! that nothing else ever gets their numbers; a command that we start is to be without them all the same.

use std::ffi::c_int;
use std::sync::atomic::{AtomicU8, Ordering};

/// A bit for each of 0, 1 and 2 that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

extern "C" fn look() {
    for fd in 0..=2 {
        // SAFETY: fcntl with F_GETFD touches no memory.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
        }
    }
}

/// The C library calls what stands in this section before `main`, and so before Rust's runtime
/// (`std::rt::lang_start`) looks at the descriptors. Such a function may be called with arguments, and takes none.
#[used]
// SAFETY: the section holds pointers to functions of this kind (System V ABI, "Initialization and Termination Functions").
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

/// In a forked child, just before its execve: closes them again.
pub(super) fn close_again() {
    let closed = CLOSED.load(Ordering::Relaxed);
    for fd in (0..=2 as c_int).filter(|fd| closed & 1 << fd != 0) {
        super::child::close(fd);
    }
}
