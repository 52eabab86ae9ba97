//! The terminal on standard error.

use std::mem::MaybeUninit;

/// Whether the terminal is in canonical mode, as a shell leaves it; a full-screen program turns that off.
pub(crate) fn takes_lines() -> bool {
    let mut state = MaybeUninit::<libc::termios>::zeroed();
    // SAFETY: a query, with a live buffer to fill; zero is a value of every field.
    unsafe { libc::tcgetattr(2, state.as_mut_ptr()) == 0 && state.assume_init().c_lflag & libc::ICANON != 0 }
}
