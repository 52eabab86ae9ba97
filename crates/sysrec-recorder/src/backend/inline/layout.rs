//! Where everything lies in a tracee, and what one slot of a ring holds. The stub (`sys/stub.rs`) is assembled from
//! the same constants.
//!
//! ```text
//!  0x6000_0000  window: the ring file, shared with the recorder
//!               ├─ control ─┬─ ring 1 ─┬─ ring 2 ─┬─ ...      each RING_STRIDE bytes
//!                           └ slots ... │ head                gs base of its task
//!  0x7000_0000  stub page: code of the stub and of the loader, table of numbers
//!               trampolines, one a site
//!     anywhere  landings: jumps to trampolines, at the places that patched sites imply
//! ```
//! The addresses are low since there they are free in nearly every program (rr uses them for the same reason, and the
//! sanitizers' shadow memory leaves them alone), and since a 32-bit displacement reaches them from anywhere.

/// First address of the ring file in every tracee. Its top bits are what the stub knows a ring's address by.
pub(crate) const WINDOW_ADDRESS: u64 = 0x6000_0000;
/// Bytes of the window, a power of two that divides its address.
pub(crate) const WINDOW_BYTES: u64 = 0x1000_0000;
/// `WINDOW_ADDRESS >> WINDOW_SHIFT` names the window.
pub(crate) const WINDOW_SHIFT: u32 = WINDOW_BYTES.trailing_zeros();

/// First address of the stub page.
pub(crate) const STUB_ADDRESS: u64 = 0x7000_0000;
/// Bytes of the stub page.
pub(crate) const STUB_BYTES: usize = 4096;
/// The seccomp net lets calls through whose instruction lies in this first part of the stub page.
pub(crate) const STUB_OPEN_BYTES: u64 = 0x200;
/// Offset of the table of numbers: a byte a number, [`NUMBERS`] of them.
pub(crate) const NUMBER_TABLE: usize = 0x400;
/// Numbers that the table knows. All others go to the recorder.
pub(crate) const NUMBERS: usize = 1024;
/// Offset of the ring file's path, for the loader; a C string.
pub(crate) const PATH: usize = 0xa00;
/// Room for the path and its NUL, bytes.
pub(crate) const PATH_BYTES: usize = 0x500;

/// Bytes of one slot: one call.
pub(crate) const SLOT_BYTES: u64 = 128;
/// Slots of a ring. With [`SLOT_BYTES`], the head is a 16-bit number of 2-byte units, which wraps by itself. The model
/// of the protocol needs no more than two.
pub(crate) const SLOTS: u64 = if cfg!(loom) { 2 } else { 1024 };
/// Offset of the head in a ring: a 16-bit number, counting units of 2 bytes.
pub(crate) const HEAD: u64 = SLOTS * SLOT_BYTES;
/// Head units a slot.
pub(crate) const SLOT_UNITS: u64 = SLOT_BYTES / 2;
/// From one ring to the next, bytes: the slots and a page for the head.
pub(crate) const RING_STRIDE: u64 = HEAD + if cfg!(loom) { 64 } else { 4096 };
/// Rings of a window; number 0 is the control page's place.
pub(crate) const RINGS: u64 = WINDOW_BYTES / RING_STRIDE;

/// The 8-byte words of a slot, by index.
pub(crate) mod slot {
    /// [`super::state`] in its low half.
    pub(crate) const STATE: u64 = 0;
    /// The number, as the whole register.
    pub(crate) const RAX: u64 = 1;
    /// Six arguments follow each other.
    pub(crate) const ARGS: u64 = 2;
    pub(crate) const SP: u64 = 8;
    /// Behind the instruction that made the call: what the kernel would report.
    pub(crate) const IP: u64 = 9;
    /// Time stamp counter before the call.
    pub(crate) const START: u64 = 10;
    /// Time stamp counter after it.
    pub(crate) const END: u64 = 11;
    pub(crate) const RET: u64 = 12;
    /// Where the stub goes on afterwards.
    pub(crate) const RETURN: u64 = 13;
}

/// A slot's state: who may touch it.
pub(crate) mod state {
    /// The task's, to be filled.
    pub(crate) const FREE: u32 = 0;
    /// The task is in the call.
    pub(crate) const ENTERED: u32 = 1;
    /// The recorder's, to be read and freed.
    pub(crate) const FINISHED: u32 = 2;
}

/// Values of the table of numbers.
pub(crate) mod number {
    /// The stub makes the call.
    pub(crate) const INLINE: u8 = 0;
    /// The recorder must see the call.
    pub(crate) const RECORDER: u8 = 1;
}

/// Trampolines lie behind the stub page.
pub(crate) const POOL_ADDRESS: u64 = STUB_ADDRESS + STUB_BYTES as u64;
/// Bytes of a trampoline.
pub(crate) const TRAMPOLINE_BYTES: u64 = 88;
/// Trampolines of an address space. Sites beyond stay with the recorder.
pub(crate) const TRAMPOLINES: u64 = 2048;
/// Of a trampoline: its own syscall instruction, for the net.
pub(crate) const TRAMPOLINE_NET: u64 = 14;
/// Of a trampoline: the address behind the site's instruction. The stub gets the address of this word.
pub(crate) const TRAMPOLINE_DATA: u64 = 24;
/// Of a trampoline, behind its data: where the stub returns to.
pub(crate) const TRAMPOLINE_RETURN: u64 = 32;
/// Of a trampoline: the word that holds its own address, for landings.
pub(crate) const TRAMPOLINE_SELF: u64 = 40;
/// Of a trampoline: its tail, which runs the instruction that had to give way and goes back behind it.
pub(crate) const TRAMPOLINE_TAIL: u64 = 48;
/// Of a trampoline: the address that its tail goes back to.
pub(crate) const TRAMPOLINE_BACK: u64 = 80;
/// The stub page and the trampolines, a whole number of pages.
pub(crate) const LOW_BYTES: u64 = (STUB_BYTES as u64 + TRAMPOLINES * TRAMPOLINE_BYTES).next_multiple_of(4096);

const _: () = assert!(WINDOW_BYTES.is_power_of_two() && WINDOW_ADDRESS.is_multiple_of(WINDOW_BYTES));
const _: () = assert!(cfg!(loom) || SLOTS * SLOT_UNITS == 1 << 16, "the head must wrap with the ring");
const _: () = assert!(NUMBER_TABLE + NUMBERS <= 0x800 && PATH + PATH_BYTES <= STUB_BYTES);
const _: () = assert!(8 * (slot::RETURN + 1) <= SLOT_BYTES);
