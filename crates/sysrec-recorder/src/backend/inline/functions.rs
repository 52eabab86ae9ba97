//! Which instruction stands before a site.
//!
//! Instructions of x86 cannot be told backwards: the bytes of `mov $nr, %eax` may as well be the end of a longer one.
//! So the function around the site is decoded from its first instruction, which the unwind table of its file tells, and
//! only if that comes to the site is the instruction before it believed. What is decoded are the bytes of the file: in
//! memory, other sites of the function may have been changed.

use iced_x86::{Decoder, DecoderOptions, OpKind};

use super::patch::{JUMP_BYTES, SYSCALL, movable};
use crate::procfs::{self, Mapping};
use crate::stacks::files::{self, Files};

/// A larger function is left: it would be decoded for one site.
const FUNCTION_BYTES_MAX: u64 = 1 << 20;

/// The functions of mapped files; each file is looked at once.
#[derive(Default)]
pub(crate) struct Functions {
    files: Files,
}

impl Functions {
    /// The bytes of the instruction before a site, if it can be run elsewhere, has room for a jump, and nothing in its
    /// function branches into it.
    pub(crate) fn instruction_before(&mut self, pid: i32, site: u64) -> Option<Vec<u8>> {
        let holds_site = |mapping: &Mapping| {
            mapping.executable && site.checked_sub(mapping.address).is_some_and(|at| at < mapping.length)
        };
        let mapping = procfs::mappings(pid).into_iter().find(holds_site)?;
        let Mapping { address, length, file_offset, inode, path, .. } = &mapping;
        let (start, end) = (*address, address + length);
        let place = self.files.mapped(pid, path, *inode, (start, end), None);
        let module = &self.files.list[place];
        let bias = module.bias(start, *file_offset, *length);
        let function = module.rules.as_ref()?.function(site.wrapping_sub(bias))?;
        let function = function.start.wrapping_add(bias)..function.end.wrapping_add(bias);
        let fits = start <= function.start
            && function.end <= end
            && function.start < function.end
            && function.end - function.start <= FUNCTION_BYTES_MAX;
        if !fits {
            return None;
        }
        let bytes = files::original(pid, &mapping, function.clone())?;
        before(&bytes, function.start, site)
    }
}

/// The bytes of the instruction before a site in a function that begins at `start`.
fn before(function: &[u8], start: u64, site: u64) -> Option<Vec<u8>> {
    let at = usize::try_from(site.checked_sub(start)?).ok()?;
    if !function.get(at..)?.starts_with(&SYSCALL) {
        return None;
    }
    let mut decoder = Decoder::with_ip(64, function, start, DecoderOptions::NONE);
    let mut last = None;
    while decoder.ip() < site {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            return None;
        }
        last = Some(instruction);
    }
    let last = last.filter(|last| decoder.ip() == site && movable(last) && last.len() >= JUMP_BYTES)?;
    let inside = last.ip() + 1..site;
    // Behind the site there may be data: what it would decode to is looked at all the same.
    let mut all = Decoder::with_ip(64, function, start, DecoderOptions::NONE);
    let branches_inside = all.iter().any(|instruction| {
        instruction.op0_kind() == OpKind::NearBranch64 && inside.contains(&instruction.near_branch_target())
    });
    let at_last = usize::try_from(last.ip() - start).ok()?;
    (!branches_inside).then(|| function[at_last..at].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 0x40_1000;
    const MOV: [u8; 5] = [0xb8, 0x27, 0, 0, 0];

    /// A function of these instructions, then a syscall instruction and a return: what stands before the site.
    fn found(instructions: &[&[u8]]) -> Option<Vec<u8>> {
        let mut function = instructions.concat();
        let site = START + function.len() as u64;
        function.extend([0x0f, 0x05, 0xc3]);
        before(&function, START, site)
    }

    #[test]
    fn the_instruction_before_a_site_is_decoded_from_the_functions_start() {
        assert_eq!(found(&[&[0x90], &MOV]), Some(MOV.to_vec()));
        // movl $39, -0x48(%rsp): its last five bytes are those of the other.
        let store = [0xc7, 0x44, 0x24, 0xb8, 0x27, 0, 0, 0];
        assert_eq!(found(&[&[0x90], &store]), Some(store.to_vec()));
        let wide = [0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(found(&[&wide]), Some(wide.to_vec()));
    }

    #[test]
    fn what_is_short_or_belongs_to_its_place_stays() {
        let xor = [0x31, 0xc0];
        let relative = [0x8b, 0x05, 1, 2, 3, 4];
        let call = [0xe8, 1, 2, 3, 4];
        for instruction in [&xor[..], &relative, &call] {
            assert_eq!(found(&[&MOV, instruction]), None, "{instruction:x?}");
        }
        assert_eq!(found(&[]), None, "nothing is before it");
    }

    #[test]
    fn a_function_that_branches_into_it_or_past_the_site_keeps_it() {
        // A jump over the first byte of the mov; into its start; to the site.
        for (distance, expected) in [(1, false), (4, false), (0, true), (5, true)] {
            let found = found(&[&[0xeb, distance], &MOV]);
            assert_eq!(found.is_some(), expected, "{distance}");
        }
        // From behind the site, backwards: a jump from 7 to the middle of the mov.
        let function = [&MOV[..], &[0x0f, 0x05], &[0xeb, 0xfa_u8]].concat();
        assert_eq!(before(&function, START, START + 5), None);
    }

    #[test]
    fn a_site_that_decoding_does_not_come_to_has_nothing_before_it() {
        // The syscall instruction's bytes are inside a mov.
        let function = [0x48, 0xb8, 0, 0, 0, 0x0f, 0x05, 0, 0, 0];
        assert_eq!(before(&function, START, START + 5), None);
        assert_eq!(before(&MOV, START, START + 5), None, "no syscall instruction there");
        assert_eq!(before(&MOV, START, START - 1), None);
        // An opcode that there is not.
        assert_eq!(found(&[&[0x06], &MOV]), None);
    }
}
