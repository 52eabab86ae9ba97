//! What we know of one address space: our own places in it, its code, and the sites that were changed.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::layout::*;
use crate::procfs::ExecutableMapping;

/// What has become of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteState {
    /// P1: one byte of it makes it a jump to its trampoline.
    Patched,
    /// P3: it is a jump, and its trampoline runs the instruction behind it, which has this many bytes.
    Displaced { length: u8 },
    /// It was met once. Most sites of a program's start are met only once, and are not worth a change.
    Met,
    /// It cannot be changed: it is redirected at each stop.
    Unpatched,
}

/// A syscall instruction that was met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Its trampoline's number.
    pub trampoline: u32,
    pub state: SiteState,
}

/// A range of code that can hold sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub start: u64,
    pub end: u64,
    /// It can be changed: from a file, private, and not writable by the program.
    pub patchable: bool,
}

/// One address space. Clones itself with fork.
#[derive(Clone, Debug, Default)]
pub(crate) struct Space {
    /// Sites by address.
    pub sites: FxHashMap<u64, Site>,
    /// The address of each trampoline's site, by number.
    trampolines: Vec<u64>,
    /// Executable mappings by address; `None` where they must be read again.
    code: Option<Vec<Code>>,
    /// Areas of landings, by start: end. They are ours.
    pub areas: BTreeMap<u64, u64>,
    /// Addresses in them that are taken: landing to site.
    pub landings: BTreeMap<u64, u64>,
    /// The program is registered for the membarrier that P3 needs.
    pub syncs_cores: bool,
    /// No site is to be changed any more.
    pub retired: bool,
}

impl Space {
    /// The address of a trampoline.
    pub(crate) fn trampoline_address(number: u32) -> u64 {
        POOL_ADDRESS + u64::from(number) * TRAMPOLINE_BYTES
    }

    /// Whose trampoline this address lies in, and how far in.
    pub(crate) fn site_of_trampoline(&self, address: u64) -> Option<(u64, u64)> {
        let distance = address.checked_sub(POOL_ADDRESS)?;
        let number = usize::try_from(distance / TRAMPOLINE_BYTES).ok()?;
        Some((*self.trampolines.get(number)?, distance % TRAMPOLINE_BYTES))
    }

    /// Whose landing this address lies in.
    pub(crate) fn site_of_landing(&self, address: u64) -> Option<u64> {
        let (&landing, &site) = self.landings.range(..=address).next_back()?;
        (address - landing < super::patch::LANDING_BYTES).then_some(site)
    }

    /// A number for a new trampoline.
    pub(crate) fn new_trampoline(&mut self, site: u64) -> Option<u32> {
        let number = self.trampolines.len() as u64;
        (number < TRAMPOLINES).then(|| self.trampolines.push(site))?;
        Some(number as u32)
    }

    /// The code that an address lies in; `pid` to read the mappings where they are not known.
    pub(crate) fn code_at(&mut self, pid: i32, address: u64) -> Option<Code> {
        let find =
            |code: &[Code]| code.iter().find(|code| (code.start..code.end).contains(&address)).copied();
        if let Some(found) = self.code.as_deref().and_then(find) {
            return Some(found);
        }
        self.code = Some(crate::procfs::executable_mappings(pid).iter().map(Code::from).collect());
        self.code.as_deref().and_then(find)
    }

    /// The site whose P3 jump has a trap at this address, with its trampoline and the bytes of its next instruction.
    pub(crate) fn displaced_before(&self, address: u64) -> Option<(u64, u32, u8)> {
        let site = address.wrapping_sub(2);
        match self.sites.get(&site) {
            Some(&Site { trampoline, state: SiteState::Displaced { length } }) => {
                Some((site, trampoline, length))
            }
            _ => None,
        }
    }

    /// Mappings have changed.
    pub(crate) fn forget_code(&mut self) {
        self.code = None;
    }

    /// This range holds other bytes now.
    pub(crate) fn forget_sites(&mut self, start: u64, end: u64) {
        self.sites.retain(|&address, _| !(start..end).contains(&address));
        self.forget_code();
    }

    /// Whether a range lies in an area of ours.
    pub(crate) fn has_area(&self, start: u64, end: u64) -> bool {
        self.areas.range(..=start).next_back().is_some_and(|(_, &area_end)| end <= area_end)
    }

    /// Whether a range touches what is ours.
    pub(crate) fn is_ours(&self, start: u64, end: u64) -> bool {
        let touches = |from: u64, to: u64| start < to && from < end;
        touches(WINDOW_ADDRESS, WINDOW_ADDRESS + WINDOW_BYTES)
            || touches(STUB_ADDRESS, STUB_ADDRESS + LOW_BYTES)
            || self.areas.iter().any(|(&from, &to)| touches(from, to))
    }
}

impl From<&ExecutableMapping> for Code {
    fn from(mapping: &ExecutableMapping) -> Self {
        Code {
            start: mapping.address,
            end: mapping.address + mapping.length,
            patchable: mapping.private && !mapping.writable && mapping.path.first() == Some(&b'/'),
        }
    }
}
