//! Making a site jump to its trampoline.
//!
//! *P1* changes one byte. A syscall instruction is `0f 05`; with `e9` in its first byte it is a jump, whose displacement
//! is what stands behind: `05` and the first three bytes of the next instruction. The page at the implied target is
//! mapped, if it is free, and holds a second jump, the *landing*:
//!
//! ```text
//!  site                       landing (implied)               trampoline (pool)            stub
//!  0f 05 48 3d 00 f0 ff ff    ff 24 25 ........  jmp [..] ──► lea r11, data ; jmp stub ──► ... jmp site+2
//!  e9 05 48 3d 00 ────────►                                   syscall (for the net)
//! ```
//! *P2* changes the instruction *before* the syscall instruction, if it has five bytes or more: it becomes a jump, and
//! is run by the trampoline's *front*. The syscall instruction stays: whoever branches, returns or restarts to it finds
//! it, and stops in the net. Which instruction that is, nobody can tell by bytes backwards; it is decoded from where the
//! function begins (`functions.rs`).
//!
//! ```text
//!  site-5          site       landing (chosen)      trampoline
//!  b8 27 00 00 00  0f 05      jmp [..] ───────────► front: mov $0x27, %eax ; jmp ─► lea r11, data ; jmp stub ─► site+2
//!  e9 xx xx xx xx  0f 05      ▲
//!  └──────────────────────────┘
//! ```
//! *P3* changes five: the syscall instruction and the start of the next one become a jump whose displacement has `cc` as
//! its second byte, so that the byte at site+2 is a trap. The next instruction is run by the trampoline's *tail*. Whoever
//! comes back to site+2 all the same (a call that was under way, a handler that returns) is moved to the tail, at a stop
//! that it makes anyhow or at the trap.
//!
//! ```text
//!  site           site+8      landing (chosen)      trampoline                         tail
//!  0f 05 48 3d 00 f0 ff ff    jmp [..] ───────────► lea r11, data ; jmp stub ──► ... ► mov rcx ; cmp $-4096, %rax
//!  e9 xx cc xx xx f0 ff ff    ▲                                                        jmp site+8
//!  └──────────────────────────┘
//! ```
//! P1's one byte changes at once or not at all, for every thread and every processor. Whoever returns to site+2, jumps
//! there or restarts the call at the site finds what it expects, and nothing needs to be disassembled: the two bytes
//! were just executed.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};

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

/// The instruction that a trampoline runs since it had to give way at its site.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gave<'a> {
    /// None did.
    None,
    /// The one before the site's: P2.
    Before(&'a [u8]),
    /// The one behind it: P3.
    Behind(&'a [u8]),
}

/// A trampoline's bytes.
pub(crate) fn trampoline(number: u32, site: u64, gave: Gave<'_>) -> [u8; TRAMPOLINE_BYTES as usize] {
    let address = Space::trampoline_address(number);
    let mut code = [0xcc; TRAMPOLINE_BYTES as usize];
    let mut put = |at: u64, bytes: &[u8]| code[at as usize..][..bytes.len()].copy_from_slice(bytes);
    // lea r11, [rip + data]
    put(0, &[0x4c, 0x8d, 0x1d, (TRAMPOLINE_DATA - 7) as u8, 0, 0, 0]);
    // jmp stub
    put(7, &[JUMP]);
    put(8, &(STUB_ADDRESS.wrapping_sub(address + 12) as u32).to_le_bytes());
    put(TRAMPOLINE_NET, &SYSCALL);
    // jmp [rip + data]: where nobody moved the task away from here, as when a filter of its own denied the call.
    put(TRAMPOLINE_NET + 2, &[0xff, 0x25, (TRAMPOLINE_RETURN - TRAMPOLINE_NET - 8) as u8, 0, 0, 0]);
    put(TRAMPOLINE_DATA, &(site + 2).to_le_bytes());
    put(TRAMPOLINE_SELF, &address.to_le_bytes());
    let displaced = match gave {
        Gave::Behind(displaced) => displaced,
        Gave::None | Gave::Before(_) => {
            put(TRAMPOLINE_RETURN, &(site + 2).to_le_bytes());
            if let Gave::Before(displaced) = gave {
                put(TRAMPOLINE_FRONT, displaced);
                // jmp rel8: to the trampoline's start.
                let jump = TRAMPOLINE_FRONT + displaced.len() as u64;
                put(jump, &[0xeb, (jump as u8 + 2).wrapping_neg()]);
                put(TRAMPOLINE_FRONT_SELF, &(address + TRAMPOLINE_FRONT).to_le_bytes());
            }
            return code;
        }
    };
    put(TRAMPOLINE_RETURN, &(address + TRAMPOLINE_TAIL).to_le_bytes());
    // mov rcx, [rip + data]: what the kernel leaves there.
    let data = (TRAMPOLINE_DATA as i32 - TRAMPOLINE_TAIL as i32 - 7).to_le_bytes();
    put(TRAMPOLINE_TAIL, &[0x48, 0x8b, 0x0d, data[0], data[1], data[2], data[3]]);
    put(TRAMPOLINE_TAIL + 7, displaced);
    // jmp [rip + back]
    let jump = TRAMPOLINE_TAIL + 7 + displaced.len() as u64;
    put(jump, &[0xff, 0x25, (TRAMPOLINE_BACK - jump - 6) as u8, 0, 0, 0]);
    put(TRAMPOLINE_BACK, &(site + 2 + displaced.len() as u64).to_le_bytes());
    code
}

/// A landing's bytes: a jump to the trampoline through the word that holds its address: [`TRAMPOLINE_SELF`] or
/// [`TRAMPOLINE_FRONT_SELF`].
pub(crate) fn landing(trampoline: u32, word: u64) -> [u8; LANDING_BYTES as usize] {
    let pointer = (Space::trampoline_address(trampoline) + word) as u32;
    let [a, b, c, d] = pointer.to_le_bytes();
    [0xff, 0x24, 0x25, a, b, c, d]
}

/// Where the jump goes that the bytes at a site become. `bytes`: the five at the site.
pub(crate) fn implied_target(site: u64, bytes: &[u8]) -> Option<u64> {
    let displacement = i32::from_le_bytes(bytes.get(1..JUMP_BYTES)?.try_into().ok()?);
    let target = (site + 5).checked_add_signed(i64::from(displacement))?;
    (USER_START..USER_END - 0x1000).contains(&target).then_some(target)
}

/// The longest instruction that a tail has room for.
pub(crate) const DISPLACED_BYTES_MAX: usize = (TRAMPOLINE_BACK - TRAMPOLINE_TAIL - 7 - 6) as usize;
/// The byte that P3 has at site+2.
pub(crate) const TRAP: u8 = 0xcc;

/// Whether an instruction can be run elsewhere: it does not transfer control, and names no address relative to itself.
pub(crate) fn movable(instruction: &Instruction) -> bool {
    !instruction.is_invalid()
        && instruction.flow_control() == FlowControl::Next
        && !instruction.is_ip_rel_memory_operand()
        && instruction.len() <= DISPLACED_BYTES_MAX
}

/// The instruction behind a site's, if it can be run elsewhere and is long enough to give way. `bytes`: from site+2 on.
pub(crate) fn displaceable(bytes: &[u8]) -> Option<usize> {
    let instruction = Decoder::new(64, bytes, DecoderOptions::NONE).decode();
    let length = instruction.len();
    (movable(&instruction) && length >= JUMP_BYTES - SYSCALL.len()).then_some(length)
}

/// `jmp rel32`.
pub(crate) const JUMP_BYTES: usize = 5;

/// Where in an area the landing of a P3 site can be, in order: the displacement from behind the jump has [`TRAP`] as its
/// second byte.
pub(crate) fn trap_landings(site: u64, start: u64, end: u64) -> impl Iterator<Item = u64> {
    let base = site + JUMP_BYTES as u64;
    let first = base.wrapping_add(u64::from(TRAP) << 8);
    // The first address at or behind `start` that lies a multiple of 64 KiB from `first`, and one window before it.
    let behind = start.wrapping_sub(first) & 0xffff;
    let window = start.wrapping_sub(behind);
    (0..)
        .map(move |n: u64| window.wrapping_add(n << 16))
        .take_while(move |&window| window < end)
        .flat_map(|window| (0..256 / LANDING_BYTES).map(move |n| window + n * LANDING_BYTES))
        .filter(move |&landing| {
            let distance = landing.wrapping_sub(base) as i64;
            landing >= start && landing + LANDING_BYTES <= end && i32::try_from(distance).is_ok()
        })
}

/// The five bytes of a jump from a site.
pub(crate) fn jump(site: u64, target: u64) -> [u8; JUMP_BYTES] {
    let [a, b, c, d] = (target.wrapping_sub(site + JUMP_BYTES as u64) as u32).to_le_bytes();
    [JUMP, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_run_elsewhere_is_displaced() {
        let compare = [0x48, 0x3d, 0, 0xf0, 0xff, 0xff];
        assert_eq!(displaceable(&compare), Some(6));
        let short = [0x89, 0xc2, 0x90, 0x90];
        let relative = [0x48, 0x8b, 0x05, 1, 2, 3, 4];
        let call = [0xe8, 1, 2, 3, 4];
        assert_eq!([displaceable(&short), displaceable(&relative), displaceable(&call)], [None; 3]);
    }

    #[test]
    fn a_jump_to_a_trap_landing_has_the_trap_behind_the_syscall() {
        for (site, start) in
            [(0x7f00_1234_5678, 0x7f00_0000_0000), (0x40_1000, 0x20_0000), (0x7fff, 0x10_0000)]
        {
            let end = start + 0x4_0000;
            let landings: Vec<u64> = trap_landings(site, start, end).collect();
            assert!(landings.len() > 100, "{}", landings.len());
            for landing in landings {
                assert!(landing >= start && landing + LANDING_BYTES <= end);
                assert_eq!(jump(site, landing)[2], TRAP);
            }
        }
    }

    #[test]
    fn the_implied_target_of_a_compare_is_four_mebibytes_ahead() {
        // syscall; cmp $-4096, %rax
        assert_eq!(implied_target(0x1000_0000, &[0x0f, 5, 0x48, 0x3d, 0]), Some(0x1000_0005 + 0x003d_4805));
        // A target below everything.
        assert_eq!(implied_target(0x1000, &[0x0f, 5, 0, 0, 0x80]), None);
    }

    use iced_x86::{Code, Register};

    const SITE: u64 = 0x7f12_3456_789a;
    const NUMBER: u32 = 5;

    fn decode(code: &[u8], offset: u64) -> Instruction {
        let address = Space::trampoline_address(NUMBER) + offset;
        Decoder::with_ip(64, &code[offset as usize..], address, DecoderOptions::NONE).decode()
    }

    fn word(code: &[u8], address: u64) -> u64 {
        let at = (address - Space::trampoline_address(NUMBER)) as usize;
        u64::from_le_bytes(code[at..at + 8].try_into().expect("eight bytes"))
    }

    /// Follows a trampoline from its start to the stub, and from its own syscall instruction on. Gives the address that
    /// both go back to.
    fn follow_head(code: &[u8]) -> u64 {
        let data = Space::trampoline_address(NUMBER) + TRAMPOLINE_DATA;
        let lea = decode(code, 0);
        assert_eq!((lea.code(), lea.op0_register()), (Code::Lea_r64_m, Register::R11));
        assert_eq!(lea.ip_rel_memory_address(), data);
        let jump = decode(code, lea.len() as u64);
        assert_eq!((jump.code(), jump.near_branch_target()), (Code::Jmp_rel32_64, STUB_ADDRESS));
        assert_eq!(decode(code, TRAMPOLINE_NET).code(), Code::Syscall);
        let back = decode(code, TRAMPOLINE_NET + 2);
        assert_eq!(back.code(), Code::Jmp_rm64);
        assert!(back.next_ip() <= data);
        assert_eq!(word(code, data), SITE + 2, "what the call's address is told as");
        let back_to = word(code, back.ip_rel_memory_address());
        assert_eq!(word(code, data + TRAMPOLINE_RETURN - TRAMPOLINE_DATA), back_to, "where the stub goes");
        back_to
    }

    #[test]
    fn a_trampoline_leads_to_the_stub_and_back_behind_the_site() {
        let code = trampoline(NUMBER, SITE, Gave::None);
        assert_eq!(follow_head(&code), SITE + 2);
        for number in [0, TRAMPOLINES as u32 - 1] {
            let address = Space::trampoline_address(number);
            let code = trampoline(number, SITE, Gave::None);
            let jump = Decoder::with_ip(64, &code[7..], address + 7, DecoderOptions::NONE).decode();
            assert_eq!(jump.near_branch_target(), STUB_ADDRESS);
        }
    }

    #[test]
    fn the_tail_runs_what_gave_way_and_goes_back_behind_it() {
        for length in JUMP_BYTES - SYSCALL.len()..=15 {
            // Any instruction of that length: a nop with operand size prefixes would do, what counts is the bytes.
            let displaced: Vec<u8> = (0..length as u8).map(|byte| 0x40 + byte).collect();
            let code = trampoline(NUMBER, SITE, Gave::Behind(&displaced));
            let tail = Space::trampoline_address(NUMBER) + TRAMPOLINE_TAIL;
            assert_eq!(follow_head(&code), tail);
            let mov = decode(&code, TRAMPOLINE_TAIL);
            assert_eq!((mov.code(), mov.op0_register()), (Code::Mov_r64_rm64, Register::RCX));
            assert_eq!(word(&code, mov.ip_rel_memory_address()), SITE + 2, "as the kernel leaves rcx");
            let from = (TRAMPOLINE_TAIL as usize) + mov.len();
            assert_eq!(code[from..from + length], displaced);
            let back = decode(&code, (from + length) as u64);
            assert_eq!(back.code(), Code::Jmp_rm64);
            assert!(back.next_ip() - Space::trampoline_address(NUMBER) <= TRAMPOLINE_BACK);
            assert_eq!(word(&code, back.ip_rel_memory_address()), SITE + 2 + length as u64);
        }
    }

    /// Follows a landing to where it leads in a trampoline.
    fn follow_landing(code: &[u8], through: u64) -> u64 {
        let landing = landing(NUMBER, through);
        let jump = Decoder::with_ip(64, &landing, 0x1234, DecoderOptions::NONE).decode();
        assert_eq!((jump.code(), jump.len() as u64), (Code::Jmp_rm64, LANDING_BYTES));
        assert_eq!((jump.memory_base(), jump.memory_index()), (Register::None, Register::None));
        word(code, jump.memory_displacement64()) - Space::trampoline_address(NUMBER)
    }

    #[test]
    fn a_landing_is_one_jump_through_the_trampolines_word() {
        let code = trampoline(NUMBER, SITE, Gave::None);
        assert_eq!(follow_landing(&code, TRAMPOLINE_SELF), 0);
    }

    #[test]
    fn the_front_runs_what_gave_way_and_goes_on_as_ever() {
        for length in JUMP_BYTES..=15 {
            let displaced: Vec<u8> = (0..length as u8).map(|byte| 0x40 + byte).collect();
            let code = trampoline(NUMBER, SITE, Gave::Before(&displaced));
            assert_eq!(follow_head(&code), SITE + 2);
            let front = follow_landing(&code, TRAMPOLINE_FRONT_SELF);
            assert_eq!(code[front as usize..][..length], displaced);
            let jump = decode(&code, front + length as u64);
            assert_eq!(jump.near_branch_target(), Space::trampoline_address(NUMBER));
            assert!(jump.next_ip() - Space::trampoline_address(NUMBER) <= TRAMPOLINE_FRONT_SELF);
        }
    }

    #[test]
    fn a_changed_site_jumps_where_its_bytes_imply() {
        let bytes = [0x0f, 0x05, 0x48, 0x3d, 0x00];
        let target = implied_target(SITE, &bytes).expect("a target");
        let mut changed = bytes;
        changed[0] = JUMP;
        let jump = Decoder::with_ip(64, &changed, SITE, DecoderOptions::NONE).decode();
        assert_eq!(jump.near_branch_target(), target);
        assert_eq!(implied_target(SITE, &bytes[..4]), None, "too few bytes");
        assert_eq!(
            implied_target(USER_END - 0x1000, &[0x0f, 0x05, 0, 0, 0x7f]),
            None,
            "beyond user addresses"
        );
    }
}
