//! The stubs through which a module calls functions of others: `write@plt`.
//!
//! They have no symbols. Each jumps through a slot of the global offset table, and the slot's relocation has the name
//! (System V ABI, AMD64 supplement, 5.2 "Procedure Linkage Table").

use object::read::ReadRef;
use object::{Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, RelocationTarget};
use rustc_hash::FxHashMap;

/// Bytes of stubs and relocations that are looked at.
const BYTES_MAX: u64 = 64 << 20;
/// Bytes of one stub (x86-64, with and without branch tracking).
const STUB_BYTES: usize = 16;

/// Behind the name of a stub, where no symbol's name has anything.
pub(crate) const MARK: &[u8] = b"\0plt";

/// Address, size and name of every stub.
pub(crate) fn stubs<'d, R: ReadRef<'d>>(elf: &object::File<'d, R>) -> Vec<(u64, u64, Vec<u8>)> {
    if elf.architecture() != object::Architecture::X86_64 {
        return Vec::new();
    }
    let slots = slots(elf);
    let mut stubs = Vec::new();
    for (name, stub_bytes) in [(".plt", STUB_BYTES), (".plt.sec", STUB_BYTES), (".plt.got", 8)] {
        let Some(section) = elf.section_by_name(name).filter(|section| section.size() <= BYTES_MAX) else {
            continue;
        };
        // A debug file has the section without its bytes.
        let Ok(code) = section.data() else { continue };
        let stub_bytes = if code.get(..4) == Some(&ENDBR64) { STUB_BYTES } else { stub_bytes };
        for (position, stub) in code.chunks_exact(stub_bytes).enumerate() {
            let address = section.address().wrapping_add((position * stub_bytes) as u64);
            let slot = target(stub, address);
            if let Some(name) = slot.and_then(|slot| slots.get(&slot)) {
                stubs.push((address, stub_bytes as u64, [name.as_slice(), MARK].concat()));
            }
        }
    }
    stubs
}

const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// The slot that a stub jumps through: `[endbr64] [bnd] jmp *slot(%rip)`.
fn target(stub: &[u8], address: u64) -> Option<u64> {
    let begin = if stub.get(..4) == Some(&ENDBR64) { 4 } else { 0 };
    let begin = begin + usize::from(stub.get(begin) == Some(&0xf2));
    let [0xff, 0x25, distance @ ..] = stub.get(begin..begin + 6)? else { return None };
    let distance = i32::from_le_bytes(distance.try_into().ok()?);
    Some(address.wrapping_add(begin as u64 + 6).wrapping_add_signed(distance.into()))
}

/// The symbol whose address the loader puts into each slot.
fn slots<'d, R: ReadRef<'d>>(elf: &object::File<'d, R>) -> FxHashMap<u64, Vec<u8>> {
    let mut slots = FxHashMap::default();
    let tables = [".rela.plt", ".rela.dyn", ".rel.plt", ".rel.dyn", ".dynsym", ".dynstr"];
    let size = |name: &&str| elf.section_by_name(name).map_or(0, |section| section.size());
    if tables.iter().map(size).fold(0, u64::saturating_add) > BYTES_MAX {
        return slots;
    }
    let (Some(relocations), Some(symbols)) = (elf.dynamic_relocations(), elf.dynamic_symbol_table()) else {
        return slots;
    };
    for (slot, relocation) in relocations {
        if let RelocationTarget::Symbol(index) = relocation.target()
            && let Ok(symbol) = symbols.symbol_by_index(index)
            && let Ok(name) = symbol.name_bytes()
            && !name.is_empty()
        {
            slots.insert(slot, name.to_vec());
        }
    }
    slots
}
