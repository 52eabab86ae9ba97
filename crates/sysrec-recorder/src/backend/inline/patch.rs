//! Making a site jump to its trampoline.
//!
//! P1 changes one byte. A syscall instruction is `0f 05`; with `e9` in its first byte it is a jump, whose displacement
//! is what stands behind: `05` and the first three bytes of the next instruction. The page at the implied target is
//! mapped, if it is free, and holds a second jump, the *landing*:
//!
//! ```text
//!  site                       landing (implied)               trampoline (pool)            stub
//!  0f 05 48 3d 00 f0 ff ff    ff 24 25 ........  jmp [..] ──► lea r11, data ; jmp stub ──► ... jmp site+2
//!  e9 05 48 3d 00 ────────►                                   syscall (for the net)
//! ```
//! One byte changes at once or not at all, for every thread and every processor. Whoever returns to site+2, jumps there
//! or restarts the call at the site finds what it expects, and nothing needs to be disassembled: the two bytes were
//! just executed.

use super::layout::*;
use super::space::Space;

/// `jmp qword ptr [abs32]`.
pub(crate) const LANDING_BYTES: u64 = 7;
/// `syscall`.
pub(crate) const SYSCALL: [u8; 2] = [0x0f, 0x05];
/// The first byte of a patched site: `jmp rel32`.
pub(crate) const JUMP: u8 = 0xe9;
/// The highest address that a user mapping may have, with four levels of page tables.
pub(crate) const USER_END: u64 = 0x7fff_ffff_f000;
/// The lowest address that is taken for a landing: programs without their own idea of it expect nothing below to be
/// mapped.
const USER_START: u64 = 0x1_0000;

/// A trampoline's bytes.
pub(crate) fn trampoline(number: u32, site: u64) -> [u8; TRAMPOLINE_BYTES as usize] {
    let address = Space::trampoline_address(number);
    let mut code = [0xcc; TRAMPOLINE_BYTES as usize];
    // lea r11, [rip + data]
    code[..7].copy_from_slice(&[0x4c, 0x8d, 0x1d, (TRAMPOLINE_DATA - 7) as u8, 0, 0, 0]);
    // jmp stub
    code[7] = JUMP;
    let distance = STUB_ADDRESS.wrapping_sub(address + 12) as u32;
    code[8..12].copy_from_slice(&distance.to_le_bytes());
    let net = TRAMPOLINE_NET as usize;
    code[net..net + 2].copy_from_slice(&SYSCALL);
    // jmp [rip + data]: where nobody moved the task away from here, as when a filter of its own denied the call.
    let jump = net + 2;
    code[jump..jump + 6].copy_from_slice(&[0xff, 0x25, (TRAMPOLINE_DATA - TRAMPOLINE_NET - 8) as u8, 0, 0, 0]);
    let data = TRAMPOLINE_DATA as usize;
    code[data..data + 8].copy_from_slice(&(site + 2).to_le_bytes());
    let own = TRAMPOLINE_SELF as usize;
    code[own..own + 8].copy_from_slice(&address.to_le_bytes());
    code
}

/// A landing's bytes: a jump to the trampoline through the word that holds its address.
pub(crate) fn landing(trampoline: u32) -> [u8; LANDING_BYTES as usize] {
    let pointer = (Space::trampoline_address(trampoline) + TRAMPOLINE_SELF) as u32;
    let [a, b, c, d] = pointer.to_le_bytes();
    [0xff, 0x24, 0x25, a, b, c, d]
}

/// Where the jump goes that the bytes at a site become. `bytes`: the five at the site.
pub(crate) fn implied_target(site: u64, bytes: [u8; 5]) -> Option<u64> {
    let displacement = i32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
    let target = (site + 5).checked_add_signed(i64::from(displacement))?;
    (USER_START..USER_END - 0x1000).contains(&target).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_implied_target_of_a_compare_is_four_mebibytes_ahead() {
        // syscall; cmp $-4096, %rax
        assert_eq!(implied_target(0x1000_0000, [0x0f, 5, 0x48, 0x3d, 0]), Some(0x1000_0005 + 0x003d_4805));
        // A target below everything.
        assert_eq!(implied_target(0x1000, [0x0f, 5, 0, 0, 0x80]), None);
    }
}
