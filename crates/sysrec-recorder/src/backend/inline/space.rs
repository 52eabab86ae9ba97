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
    /// P2: the instruction before it, which has this many bytes, is a jump; its trampoline runs that instruction.
    Preceded { length: u8 },
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

impl Site {
    /// Where the jump begins that the site was changed to: at the site, or at the instruction before it.
    pub(crate) fn jump_start(self, site: u64) -> u64 {
        match self.state {
            SiteState::Preceded { length } => site - u64::from(length),
            _ => site,
        }
    }

    /// Whether its code was changed.
    fn is_changed(self) -> bool {
        !matches!(self.state, SiteState::Met | SiteState::Unpatched)
    }
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
    /// Changed sites of ranges that hold other bytes now: their landings and trampolines stay. A program may have copied
    /// its code away, and put it back on other pages.
    former: FxHashMap<u64, Site>,
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

    /// A number for the trampoline of a site that is not known: the one that a site at this address had before, since
    /// libraries come and go at the same places, or a new one.
    pub(crate) fn new_trampoline(&mut self, site: u64) -> Option<u32> {
        if let Some(number) = self.trampolines.iter().position(|&known| known == site) {
            return Some(number as u32);
        }
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

    /// A site of which somebody is in the trampoline, and so came by its jump.
    pub(crate) fn jumped_from(&self, site: u64) -> Option<Site> {
        self.sites.get(&site).or_else(|| self.former.get(&site)).copied()
    }

    /// A site that was changed, and whose bytes have been replaced since.
    pub(crate) fn former(&self, site: u64) -> Option<Site> {
        self.former.get(&site).copied()
    }

    /// Whether the site was changed, and its bytes have been replaced since.
    pub(crate) fn is_former(&self, site: u64) -> bool {
        self.former.contains_key(&site)
    }

    /// The site's changed bytes have been seen: it is what it was.
    pub(crate) fn recall(&mut self, site: u64) {
        if let Some(known) = self.former.remove(&site) {
            self.sites.entry(site).or_insert(known);
        }
    }

    /// The site's own bytes have been seen.
    pub(crate) fn met(&mut self, site: u64, trampoline: u32) {
        self.former.remove(&site);
        self.sites.insert(site, Site { trampoline, state: SiteState::Met });
    }

    /// Sites of a range that may be changed: by address. What is said of a former one has to be compared with its bytes.
    pub(crate) fn changed_sites(&self, start: u64, end: u64) -> Vec<(u64, Site)> {
        let all = self.former.iter().chain(&self.sites);
        all.filter(|&(address, site)| (start..end).contains(address) && site.is_changed())
            .map(|(&address, &site)| (address, site))
            .collect()
    }

    /// Whether these five bytes, at its [jump's start](Site::jump_start), are the jump to a site's landing.
    pub(crate) fn is_jump(&self, site: u64, known: Site, bytes: &[u8]) -> bool {
        bytes.first() == Some(&super::patch::JUMP)
            && super::patch::implied_target(known.jump_start(site), bytes)
                .is_some_and(|target| self.landings.get(&target) == Some(&site))
    }

    /// The bytes of the instruction before a site of which somebody is in the trampoline, where that is a P2 jump.
    pub(crate) fn preceding_bytes(&self, site: u64) -> Option<u8> {
        match self.jumped_from(site)?.state {
            SiteState::Preceded { length } => Some(length),
            _ => None,
        }
    }

    /// The trampoline of the site that is reached by a P2 jump at this address.
    pub(crate) fn preceded_from(&self, address: u64) -> Option<u32> {
        let starts_there = |(&site, known): (&u64, &Site)| {
            let preceded = matches!(known.state, SiteState::Preceded { .. });
            (preceded && known.jump_start(site) == address).then_some(known.trampoline)
        };
        self.sites.iter().find_map(starts_there)
    }

    /// Whether the five bytes from an address on belong, in part, to the changed code of another site.
    pub(crate) fn is_changed_around(&self, address: u64, site: u64) -> bool {
        let jump = super::patch::JUMP_BYTES as u64;
        self.sites.iter().any(|(&other, known)| {
            let start = known.jump_start(other);
            known.is_changed() && other != site && start < address + jump && address < start + jump
        })
    }

    /// Mappings have changed.
    pub(crate) fn forget_code(&mut self) {
        self.code = None;
    }

    /// This range holds other bytes now.
    pub(crate) fn forget_sites(&mut self, start: u64, end: u64) {
        let changed = self.changed_sites(start, end);
        self.former.extend(changed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::inline::patch::LANDING_BYTES;

    fn mapping(path: &[u8], private: bool, writable: bool) -> ExecutableMapping {
        ExecutableMapping {
            address: 0x1000,
            length: 0x2000,
            file_offset: 0,
            path: path.to_vec(),
            private,
            writable,
        }
    }

    #[test]
    fn every_byte_of_a_trampoline_tells_its_site() {
        let mut space = Space::default();
        let sites = [0x40_1000, 0x7f00_0000_1234, 0x40_1010];
        for (number, site) in (0..).zip(sites) {
            assert_eq!(space.new_trampoline(site), Some(number));
        }
        for (number, site) in (0..).zip(sites) {
            let start = Space::trampoline_address(number);
            for offset in 0..TRAMPOLINE_BYTES {
                assert_eq!(space.site_of_trampoline(start + offset), Some((site, offset)));
            }
        }
        assert_eq!(space.site_of_trampoline(POOL_ADDRESS - 1), None);
        assert_eq!(space.site_of_trampoline(Space::trampoline_address(3)), None, "not given out");
        assert_eq!(space.site_of_trampoline(u64::MAX), None);
    }

    #[test]
    fn trampolines_end_where_our_memory_ends() {
        let mut space = Space::default();
        let made = (0..).map_while(|site| space.new_trampoline(site)).last().expect("some");
        assert_eq!(u64::from(made) + 1, TRAMPOLINES);
        assert!(Space::trampoline_address(made) + TRAMPOLINE_BYTES <= STUB_ADDRESS + LOW_BYTES);
    }

    #[test]
    fn a_site_that_comes_back_has_its_trampoline_again() {
        let mut space = Space::default();
        let [first, second] = [0x1000, 0x2000].map(|site| space.new_trampoline(site));
        space.forget_sites(0, u64::MAX);
        assert_eq!([0x2000, 0x1000].map(|site| space.new_trampoline(site)), [second, first]);
        assert_ne!(first, second);
    }

    #[test]
    fn every_byte_of_a_landing_tells_its_site_and_none_beside_it() {
        let mut space = Space::default();
        space.landings.insert(0x5000, 1);
        space.landings.insert(0x5000 + LANDING_BYTES, 2);
        for offset in 0..LANDING_BYTES {
            assert_eq!(space.site_of_landing(0x5000 + offset), Some(1));
            assert_eq!(space.site_of_landing(0x5000 + LANDING_BYTES + offset), Some(2));
        }
        assert_eq!([0x4fff, 0x5000 + 2 * LANDING_BYTES].map(|at| space.site_of_landing(at)), [None; 2]);
    }

    #[test]
    fn only_a_displaced_site_has_a_trap_two_bytes_behind_its_start() {
        let mut space = Space::default();
        let sites = [
            (0x1000, SiteState::Displaced { length: 6 }),
            (0x2000, SiteState::Patched),
            (0x3000, SiteState::Met),
            (0x4000, SiteState::Unpatched),
            (0x5000, SiteState::Preceded { length: 5 }),
        ];
        for (trampoline, (address, state)) in (0..).zip(sites) {
            space.sites.insert(address, Site { trampoline, state });
        }
        assert_eq!(space.displaced_before(0x1002), Some((0x1000, 0, 6)));
        for address in [0x1000, 0x1001, 0x1003, 0x2002, 0x3002, 0x4002, 0x5002, 0, 1] {
            assert_eq!(space.displaced_before(address), None, "{address:#x}");
        }
    }

    #[test]
    fn a_preceded_site_is_found_by_the_instruction_before_it() {
        let mut space = Space::default();
        let states = [SiteState::Preceded { length: 7 }, SiteState::Patched];
        for (trampoline, (address, state)) in (0..).zip([0x1000, 0x2000].into_iter().zip(states)) {
            space.sites.insert(address, Site { trampoline, state });
        }
        assert_eq!([0x1000, 0x2000, 0x3000].map(|site| space.preceding_bytes(site)), [Some(7), None, None]);
        assert_eq!(
            [0xff9, 0x1000, 0xff8, 0x1ff9].map(|at| space.preceded_from(at)),
            [Some(0), None, None, None]
        );
    }

    #[test]
    fn bytes_of_other_changes_are_known() {
        let mut space = Space::default();
        let states = [SiteState::Preceded { length: 7 }, SiteState::Patched, SiteState::Met];
        for (trampoline, (address, state)) in (0..).zip([0x1000, 0x2000, 0x3000].into_iter().zip(states)) {
            space.sites.insert(address, Site { trampoline, state });
        }
        // The changed bytes are those from 0xff9 to 0xffe and from 0x2000 to 0x2005.
        for address in [0xff5, 0xff9, 0xffd, 0x1ffc, 0x2004] {
            assert!(space.is_changed_around(address, 1), "{address:#x}");
        }
        for address in [0xff4, 0xffe, 0x1000, 0x1ffb, 0x2005, 0x3000] {
            assert!(!space.is_changed_around(address, 1), "{address:#x}");
        }
        assert!(!space.is_changed_around(0x2000, 0x2000), "its own");
    }

    #[test]
    fn sites_of_a_range_are_forgotten_and_others_kept() {
        let mut space = Space::default();
        let site = Site { trampoline: 0, state: SiteState::Patched };
        space.sites.extend([0xfff, 0x1000, 0x1fff, 0x2000].map(|address| (address, site)));
        space.forget_sites(0x1000, 0x2000);
        let mut left: Vec<u64> = space.sites.into_keys().collect();
        left.sort_unstable();
        assert_eq!(left, [0xfff, 0x2000]);
    }

    #[test]
    fn a_forgotten_site_is_known_again_when_its_jump_is_seen_and_not_when_its_own_bytes_are() {
        let mut space = Space::default();
        let bytes = [0xe9, 5, 0x48, 0x3d, 0];
        let target = crate::backend::inline::patch::implied_target(0x10_0000, &bytes).expect("a target");
        space.landings.insert(target, 0x10_0000);
        let known = |state| Site { trampoline: 1, state };
        let is_jump = |site: u64, state, bytes: &[u8]| space.is_jump(site, known(state), bytes);
        assert!(is_jump(0x10_0000, SiteState::Patched, &bytes));
        assert!(!is_jump(0x10_0000, SiteState::Patched, &[0x0f, 5, 0x48, 0x3d, 0]));
        assert!(!is_jump(0x10_0001, SiteState::Patched, &bytes));
        assert!(!is_jump(0x10_0000, SiteState::Patched, &bytes[..4]));
        assert!(!is_jump(0x10_0000, SiteState::Preceded { length: 5 }, &bytes), "it would start before");
        assert_eq!(known(SiteState::Preceded { length: 7 }).jump_start(0x10_0000), 0xf_fff9);
        let states = [SiteState::Patched, SiteState::Displaced { length: 6 }, SiteState::Met];
        for (site, state) in [0x10_0000, 0x10_0100, 0x10_0200].into_iter().zip(states) {
            space.sites.insert(site, Site { trampoline: 1, state });
        }
        space.forget_sites(0x10_0000, 0x10_1000);
        assert!(space.sites.is_empty() && space.is_former(0x10_0100) && !space.is_former(0x10_0200));
        assert!(space.jumped_from(0x10_0100).is_some() && space.jumped_from(0x10_0200).is_none());
        assert_eq!(space.displaced_before(0x10_0102), None);
        space.recall(0x10_0100);
        assert_eq!(space.displaced_before(0x10_0102), Some((0x10_0100, 1, 6)));
        space.met(0x10_0000, 1);
        assert!(!space.is_former(0x10_0000));
        assert_eq!(space.changed_sites(0, u64::MAX).len(), 1);
    }

    #[test]
    fn what_touches_our_memory_is_told_from_what_borders_on_it() {
        let mut space = Space::default();
        space.areas.insert(0x10_0000, 0x14_0000);
        // The stub page begins where the window ends.
        let ranges = [(WINDOW_ADDRESS, STUB_ADDRESS + LOW_BYTES), (0x10_0000, 0x14_0000)];
        assert!(
            space.is_ours(STUB_ADDRESS - 1, STUB_ADDRESS) && space.is_ours(STUB_ADDRESS, STUB_ADDRESS + 1)
        );
        for (start, end) in ranges {
            assert!(space.is_ours(start, start + 1) && space.is_ours(end - 1, end));
            assert!(space.is_ours(start - 1, start + 1) && space.is_ours(0, u64::MAX));
            assert!(!space.is_ours(start - 0x1000, start) && !space.is_ours(end, end + 0x1000));
        }
        assert!(space.has_area(0x10_0000, 0x14_0000) && space.has_area(0x13_ffff, 0x14_0000));
        assert!(!space.has_area(0x13_ffff, 0x14_0001) && !space.has_area(0xf_ffff, 0x10_0001));
    }

    #[test]
    fn only_private_code_of_files_that_is_not_writable_is_changed() {
        let patchable = |path, private, writable| Code::from(&mapping(path, private, writable)).patchable;
        assert!(patchable(b"/usr/lib/libc.so.6", true, false));
        assert!(!patchable(b"/usr/lib/libc.so.6", false, false));
        assert!(!patchable(b"/usr/lib/libc.so.6", true, true));
        assert!(!patchable(b"[vdso]", true, false) && !patchable(b"", true, false));
    }
}
