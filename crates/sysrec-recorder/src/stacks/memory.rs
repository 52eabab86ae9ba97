//! The memory of a stopped task, word by word, as the walk of its stack asks for it.
//!
//! What is asked for is copied in pieces, the first of which is the stack above the stack pointer, in one call; so a
//! walk of an ordinary stack costs one `process_vm_readv`.

use crate::sys::memory;

/// The kernel's unit of what can be read; see `process_vm_readv(2)`, "Partial transfers".
const PAGE_BYTES: u64 = 4096;
/// Bytes of the first piece, where nothing better is known.
const FIRST_BYTES: usize = 4096;
/// Bytes of one piece at the most.
const PIECE_BYTES_MAX: usize = 32 << 10;
/// Bytes that one walk may copy. The stacks of most programs are far smaller; one that is deeper is cut.
const BYTES_MAX: usize = 512 << 10;
/// Pieces that one walk may copy: a chain that jumps about cannot make it endless.
const PIECES_MAX: usize = 64;

/// Words of 8 bytes by their address.
pub(super) trait Words {
    /// The word; `None` where there is nothing to read.
    fn word(&mut self, address: u64) -> Option<u64>;

    /// A register of the stopped task was asked for, and holds this.
    fn used(&mut self, _register: u16, _value: u64) {}
}

/// A copy of parts of a task's memory. Kept from walk to walk, for its room.
#[derive(Debug, Default)]
pub(super) struct Copies {
    tid: i32,
    /// Where each piece begins, and which bytes of `bytes` it is.
    pieces: Vec<(u64, std::ops::Range<usize>)>,
    bytes: Vec<u8>,
    /// Something was asked for beyond the limits.
    pub(super) cut: bool,
}

impl Copies {
    /// Begins anew, of this task, with so many bytes from `sp` upward; 0 where that is not known.
    pub(super) fn begin(&mut self, tid: i32, sp: u64, bytes: usize) {
        self.tid = tid;
        self.cut = false;
        self.pieces.clear();
        self.bytes.clear();
        self.copy(sp & !7, if bytes == 0 { FIRST_BYTES } else { bytes });
    }

    /// Copies the memory from `address` to the end of a page, about so many bytes. Whether there was any.
    fn copy(&mut self, address: u64, bytes: usize) -> bool {
        if self.pieces.len() == PIECES_MAX || self.bytes.len() >= BYTES_MAX {
            self.cut = true;
            return false;
        }
        // What lies behind a page's end may not be readable, and takes longer.
        let end = address.saturating_add(bytes.clamp(8, PIECE_BYTES_MAX) as u64);
        let end = end.checked_next_multiple_of(PAGE_BYTES).unwrap_or(end);
        let start = self.bytes.len();
        self.bytes.resize(start + (end - address) as usize, 0);
        let read = memory::read(self.tid, address, &mut self.bytes[start..]);
        self.bytes.truncate(start + read);
        self.pieces.push((address, start..start + read));
        read >= 8
    }

    fn known(&self, address: u64) -> Option<u64> {
        self.pieces.iter().find_map(|(start, range)| {
            let at = usize::try_from(address.checked_sub(*start)?).ok()?;
            self.bytes[range.clone()].get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
        })
    }
}

impl Words for Copies {
    fn word(&mut self, address: u64) -> Option<u64> {
        if let Some(word) = self.known(address) {
            return Some(word);
        }
        // Where a piece ends is known: what follows is copied in larger and larger ones, as stacks go.
        let bytes = self.bytes.len().max(FIRST_BYTES);
        if self.copy(address, bytes) { self.known(address) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_memory_is_read_across_pieces_and_no_further_than_the_limits() {
        let words: Vec<u64> = (0..20_000).collect();
        let (start, tid) = (words.as_ptr() as u64, std::process::id() as i32);
        let mut copies = Copies::default();
        copies.begin(tid, start, 0);
        for at in [0, 1, 511, 512, 600, 5_000, 19_999, 3] {
            assert_eq!(copies.word(start + 8 * at), Some(at));
        }
        assert!(!copies.cut);
        assert_eq!(copies.word(8), None);
        assert_eq!(copies.word(u64::MAX - 3), None);
        // Each of these lies in a page of its own that nobody has.
        (1..200).for_each(|page| assert_eq!(copies.word(page * 16), None));
        assert!(copies.cut);
    }
}
