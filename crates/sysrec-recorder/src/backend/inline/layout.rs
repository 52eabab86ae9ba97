//! Where everything lies in a tracee. The stub (`sys/stub.rs`) is assembled from the same constants. What the ring file
//! holds, its readers share: `sysrec_format::rings`.
//!
//! ```text
//!  0x6000_0000  window: the ring file, shared with the recorder
//!               ├─ control ─┬─ ring 1 ─┬─ ring 2 ─┬─ ...      each RING_STRIDE bytes
//!                           └ slots ... │ head, task          gs base of its task
//!  0x7000_0000  stub page: code of the stub and of the loader, table of numbers
//!               trampolines, one a site
//!     anywhere  landings: jumps to trampolines, at the places that patched sites imply
//! ```
//! The addresses are low since there they are free in nearly every program (rr uses them for the same reason, and the
//! sanitizers' shadow memory leaves them alone), and since a 32-bit displacement reaches them from anywhere.

#[cfg(not(loom))]
pub(crate) use sysrec_format::rings::{HEAD, RING_STRIDE, RINGS, SLOTS, TASK};
pub(crate) use sysrec_format::rings::{
    MAGIC, RingCall, SLOT_BYTES, VERSION, control, is_same_tick, path_slot, slot, state, with_field,
};

/// The model of the protocol needs no more than two slots.
#[cfg(loom)]
mod small {
    use super::SLOT_BYTES;

    pub(crate) const SLOTS: u64 = 2;
    pub(crate) const HEAD: u64 = SLOTS * SLOT_BYTES;
    pub(crate) const TASK: u64 = HEAD + 8;
    pub(crate) const RING_STRIDE: u64 = HEAD + 64;
    pub(crate) const RINGS: u64 = sysrec_format::rings::FILE_BYTES / RING_STRIDE;
}
#[cfg(loom)]
pub(crate) use small::*;

/// First address of the ring file in every tracee. Its top bits are what the stub knows a ring's address by.
pub(crate) const WINDOW_ADDRESS: u64 = 0x6000_0000;
/// Bytes of the window, a power of two that divides its address.
pub(crate) const WINDOW_BYTES: u64 = sysrec_format::rings::FILE_BYTES;
/// `WINDOW_ADDRESS >> WINDOW_SHIFT` names the window.
pub(crate) const WINDOW_SHIFT: u32 = WINDOW_BYTES.trailing_zeros();

/// First address of the stub page.
pub(crate) const STUB_ADDRESS: u64 = 0x7000_0000;
/// Bytes of the stub page.
pub(crate) const STUB_BYTES: usize = 4096;
/// The seccomp net lets calls through whose instruction lies in this first part of the stub page.
pub(crate) const STUB_OPEN_BYTES: u64 = 0x3c0;
/// Offset of the table of numbers: a byte a number, [`NUMBERS`] of them.
pub(crate) const NUMBER_TABLE: usize = 0x400;
/// Numbers that the table knows. All others go to the recorder.
pub(crate) const NUMBERS: usize = 1024;
/// Offset of the part of the stub that compares stacks.
pub(crate) const STUB_STACK_PART: usize = 0x800;
/// Offset of the ring file's path, for the loader; a C string.
pub(crate) const PATH: usize = 0xa00;
/// Room for the path and its NUL, bytes.
pub(crate) const PATH_BYTES: usize = 0x500;

/// Values of the table of numbers.
pub(crate) mod number {
    /// The stub makes the call.
    pub(crate) const INLINE: u8 = 0;
    /// The recorder must see the call.
    pub(crate) const RECORDER: u8 = 1;
    /// The recorder must see it unless this argument is null: the second (a socket's address, that is not asked for).
    pub(crate) const UNLESS_NULL_1: u8 = 2;
    /// As [`UNLESS_NULL_1`], the fifth.
    pub(crate) const UNLESS_NULL_4: u8 = 3;
    /// The recorder must see it unless the message header at the second argument has neither an address nor control data.
    pub(crate) const UNLESS_BARE_1: u8 = 4;
    /// The first argument is a path, which the stub copies.
    pub(crate) const PATH_0: u8 = 5;
    /// The second is.
    pub(crate) const PATH_1: u8 = 6;
    /// The stub makes the call, which has more than [`slot::NARROW_ARGS`](super::slot::NARROW_ARGS) arguments. All that
    /// it looks at otherwise are told with six.
    pub(crate) const WIDE: u8 = 0x40;
    /// Added to any but that: the call is told with its stack, which must be one that the task's lists have.
    pub(crate) const WITH_STACK: u8 = 0x80;
}

/// Of a ring, the task's own: where the stub goes on after the call that it is in.
pub(crate) const RETURN: u64 = HEAD + 16;

/// Lists of the stacks that were walked before, one area a ring, from the ring file's end downward; `known_stacks.rs`.
pub(crate) mod stack_lists {
    use super::HEAD;

    /// Of a ring: the address of its lists; 0 while it has none.
    pub(crate) const LISTS: u64 = HEAD + 128;
    /// Of a ring, the task's own: the stack that it compares.
    pub(crate) const CANDIDATE: u64 = HEAD + 136;
    /// Of a ring, the task's own: its registers rbx, rbp, rsp, r12 to r15 and r11, which says where the call is made.
    pub(crate) const REGISTERS: u64 = HEAD + 144;
    /// Bytes of a ring's lists: the lists' beginnings, then the stacks.
    pub(crate) const BYTES: u64 = 0x20000;
    /// Of stack pointer plus data word's address, what tells the list.
    pub(crate) const BUCKET_MASK: u64 = 0xff8;
    /// How many lists there are.
    pub(crate) const BUCKETS: u64 = 1 << BUCKET_MASK.count_ones();
    /// Words of a stack before its pairs: the next one's address or 0; its number plus 1.
    pub(crate) const HEAD_WORDS: u64 = 2;
}

/// Offsets in a 64-bit `struct msghdr` (include/uapi/linux/socket.h): `msg_name` and `msg_control`.
pub(crate) const MESSAGE_NAME: u64 = 0;
/// See [`MESSAGE_NAME`].
pub(crate) const MESSAGE_CONTROL: u64 = 32;

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
/// Of a trampoline whose site is reached by the instruction before it: its front, which runs that instruction. A site has
/// a front or a tail, never both.
pub(crate) const TRAMPOLINE_FRONT: u64 = TRAMPOLINE_TAIL;
/// Of such a trampoline: the word that holds the address of its front, for landings.
pub(crate) const TRAMPOLINE_FRONT_SELF: u64 = TRAMPOLINE_BACK;
/// The stub page and the trampolines, a whole number of pages.
pub(crate) const LOW_BYTES: u64 = (STUB_BYTES as u64 + TRAMPOLINES * TRAMPOLINE_BYTES).next_multiple_of(4096);

const _: () = assert!(WINDOW_BYTES.is_power_of_two() && WINDOW_ADDRESS.is_multiple_of(WINDOW_BYTES));
const _: () = assert!(cfg!(loom) || SLOTS * SLOT_BYTES == 1 << 16, "the head must wrap with the ring");
const _: () = assert!(NUMBER_TABLE + NUMBERS <= STUB_STACK_PART && PATH + PATH_BYTES <= STUB_BYTES);
const _: () = assert!(slot::STACK + 8 <= SLOT_BYTES);
const _: () = assert!(cfg!(loom) || stack_lists::REGISTERS + 64 <= RING_STRIDE);
// Normalisation takes rax from the same place whichever slot the task was filling.
const _: () = assert!(path_slot::RAX == slot::NR && path_slot::STATE == slot::STATE);
const _: () = assert!(SLOT_BYTES == 128, "the stub knows a slot's end by a number's lowest seven bits");
