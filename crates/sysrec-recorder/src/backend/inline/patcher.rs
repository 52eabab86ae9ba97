//! Changing a site in a stopped task's address space, by the class that suits it.

use super::InlineClasses;
use super::functions::Functions;
use super::layout::{TRAMPOLINE_FRONT_SELF, TRAMPOLINE_SELF};
use super::patch::{self, DISPLACED_BYTES_MAX, Gave, JUMP_BYTES, LANDING_BYTES, USER_END};
use super::remote::{Failure, Helper};
use super::space::{Code, Site, SiteState, Space};
use crate::sys::memory::{self, Memory};

/// A P1 area larger than this is not mapped: it would serve one huge library badly.
const IMPLIED_AREA_BYTES_MAX: u64 = 16 << 20;
/// An area for P3's landings.
const AREA_BYTES: u64 = 256 << 10;
/// The heap grows up from its start; no area is put within this of it.
const HEAP_BYTES: u64 = 64 << 30;
const PAGE: u64 = 4096;
/// membarrier(2), Linux 4.16.
const SYNC_CORE: u64 = 1 << 5;
const REGISTER_SYNC_CORE: u64 = 1 << 6;

/// The ways to change a site; see `patch.rs`.
#[derive(Clone, Copy, Debug)]
enum Class {
    P1,
    P2,
    P3,
}

/// One site and what is needed to change it.
pub(crate) struct Patcher<'a, 'b> {
    pub tid: i32,
    pub pid: i32,
    pub helper: &'a mut Helper<'b>,
    pub functions: &'a mut Functions,
    pub space: &'a mut Space,
    pub site: u64,
    pub trampoline: u32,
    /// What became of the site before.
    pub before: SiteState,
    /// Other tasks may be running this code.
    pub shared: bool,
}

impl Patcher<'_, '_> {
    /// Changes the site, if that can be done.
    pub(crate) fn patch(&mut self, classes: InlineClasses) -> Result<SiteState, Failure> {
        let site = self.site;
        let Some(code) = self.space.code_at(self.pid, site) else { return Ok(SiteState::Unpatched) };
        let mut bytes = [0; 2 + 15];
        let wanted = bytes.len().min((code.end - site) as usize);
        let read = memory::read(self.tid, site, &mut bytes[..wanted]);
        let bytes = &bytes[..read];
        if bytes.len() < JUMP_BYTES {
            return Ok(SiteState::Unpatched);
        }
        let under_way = match self.before {
            // The task had entered the kernel when another one changed the site.
            SiteState::Patched | SiteState::Displaced { .. } if bytes[0] == patch::JUMP => true,
            // A change that came no further.
            SiteState::Displaced { .. } => bytes[0] == patch::TRAP || bytes[2] == patch::TRAP,
            // Who came to the site by another way than the instruction before it.
            SiteState::Preceded { length } => {
                let mut first = [0];
                memory::read(self.tid, site - u64::from(length), &mut first) == 1
                    && [patch::JUMP, patch::TRAP].contains(&first[0])
            }
            _ => false,
        };
        if under_way {
            return Ok(self.before);
        }
        if !code.patchable || self.space.retired || bytes[..2] != patch::SYSCALL {
            return Ok(SiteState::Unpatched);
        }
        let Ok(memory) = Memory::open(self.tid) else { return Ok(SiteState::Unpatched) };
        // Alone, five bytes are as good as one, and one area serves all sites; else the one byte is. Before the site
        // rather than behind it, if others may be about to return there; but that takes a look at the function.
        let order =
            if self.shared { [Class::P1, Class::P2, Class::P3] } else { [Class::P3, Class::P1, Class::P2] };
        for class in order {
            let state = match class {
                Class::P1 if classes.p1 => self.p1(&memory, code, bytes)?,
                Class::P2 if classes.p2 => self.p2(&memory, code)?,
                Class::P3 if classes.p3 => self.p3(&memory, code, bytes)?,
                _ => None,
            };
            if let Some(state) = state {
                return Ok(state);
            }
        }
        Ok(SiteState::Unpatched)
    }

    fn p1(&mut self, memory: &Memory, code: Code, bytes: &[u8]) -> Result<Option<SiteState>, Failure> {
        let site = self.site;
        let Some(target) = patch::implied_target(site, bytes) else { return Ok(None) };
        if !self.is_free(target) {
            return Ok(None);
        }
        let end = target + LANDING_BYTES;
        if !self.space.has_area(target, end) {
            let shift = |address: u64| target.wrapping_add(address.wrapping_sub(site));
            let whole =
                (shift(code.start) & !(PAGE - 1), (shift(code.end) + LANDING_BYTES).next_multiple_of(PAGE));
            let part = (target & !(PAGE - 1), end.next_multiple_of(PAGE));
            let mut mapped = false;
            for (start, end) in [whole, part] {
                let fits = start < end && end - start <= IMPLIED_AREA_BYTES_MAX && self.may_map(start, end);
                if fits && self.map(start, end - start, libc::MAP_FIXED_NOREPLACE)? == Some(start) {
                    mapped = true;
                    break;
                }
            }
            if !mapped {
                return Ok(None);
            }
        }
        if !self.lead(memory, target, Gave::None) || memory.write(site, &[patch::JUMP]).is_err() {
            return Ok(None);
        }
        self.space.landings.insert(target, site);
        Ok(Some(SiteState::Patched))
    }

    fn p2(&mut self, memory: &Memory, code: Code) -> Result<Option<SiteState>, Failure> {
        let site = self.site;
        let Some(displaced) = self.functions.instruction_before(self.pid, site) else { return Ok(None) };
        let start = site - displaced.len() as u64;
        let mut now = [0; DISPLACED_BYTES_MAX + 2];
        let now = &mut now[..displaced.len() + 2];
        let as_in_the_file = memory::read(self.tid, start, now) == now.len()
            && now.strip_suffix(&patch::SYSCALL) == Some(&displaced[..]);
        if start < code.start || !as_in_the_file || self.space.is_changed_around(start, site) {
            return Ok(None);
        }
        let Some(landing) = self.landing(code, start)? else { return Ok(None) };
        if self.shared && !self.sync_cores()? {
            return Ok(None);
        }
        if !self.lead(memory, landing, Gave::Before(&displaced)) {
            return Ok(None);
        }
        self.space.landings.insert(landing, site);
        // Nobody can be inside the instruction; who is behind it makes its call in the net.
        let state = SiteState::Preceded { length: displaced.len() as u8 };
        self.write_jump(memory, state, landing, &[start])
    }

    fn p3(&mut self, memory: &Memory, code: Code, bytes: &[u8]) -> Result<Option<SiteState>, Failure> {
        let site = self.site;
        let Some(length) = patch::displaceable(&bytes[2..]) else { return Ok(None) };
        let Some(landing) = self.trap_landing(code)? else { return Ok(None) };
        if self.shared && !self.sync_cores()? {
            return Ok(None);
        }
        let displaced = &bytes[2..2 + length];
        if !self.lead(memory, landing, Gave::Behind(displaced)) {
            return Ok(None);
        }
        self.space.landings.insert(landing, site);
        let state = SiteState::Displaced { length: length as u8 };
        self.write_jump(memory, state, landing, &[site + 2, site])
    }

    /// Writes the trampoline, and a landing that leads to it.
    fn lead(&self, memory: &Memory, landing: u64, gave: Gave<'_>) -> bool {
        let word = if let Gave::Before(_) = gave { TRAMPOLINE_FRONT_SELF } else { TRAMPOLINE_SELF };
        memory
            .write(self.trampoline_address(), &patch::trampoline(self.trampoline, self.site, gave))
            .and_then(|()| memory.write(landing, &patch::landing(self.trampoline, word)))
            .is_ok()
    }

    /// Writes the jump of five bytes to a landing. Among several tasks, nobody gets past the `traps` first, each of which
    /// is one byte, the last one the jump's first; then what lies between may change; then the jump opens. After each
    /// step, every processor forgets what it fetched before. From the first trap on, a task that meets one is sent to
    /// the trampoline: so a change that comes no further is slow, and nothing else.
    fn write_jump(
        &mut self,
        memory: &Memory,
        state: SiteState,
        landing: u64,
        traps: &[u64],
    ) -> Result<Option<SiteState>, Failure> {
        let site = Site { trampoline: self.trampoline, state };
        let start = site.jump_start(self.site);
        let jump = patch::jump(start, landing);
        if !self.shared {
            return Ok(memory.write(start, &jump).is_ok().then_some(state));
        }
        self.space.sites.insert(self.site, site);
        let traps = traps.iter().map(|&trap| (trap, &[patch::TRAP][..]));
        for (address, bytes) in traps.chain([(start + 1, &jump[1..])]) {
            if memory.write(address, bytes).is_err() || !self.sync_cores()? {
                return Ok(Some(state));
            }
        }
        _ = memory.write(start, &jump[..1]);
        Ok(Some(state))
    }

    /// A free place for a P3 landing; an area is mapped for it where there is none in reach.
    fn trap_landing(&mut self, code: Code) -> Result<Option<u64>, Failure> {
        self.in_an_area(code, Self::free_trap_landing)
    }

    /// A free place for the landing of a jump at `start`, likewise.
    fn landing(&mut self, code: Code, start: u64) -> Result<Option<u64>, Failure> {
        self.in_an_area(code, |patcher| patcher.free_landing(start))
    }

    fn in_an_area(
        &mut self,
        code: Code,
        find: impl Fn(&Self) -> Option<u64>,
    ) -> Result<Option<u64>, Failure> {
        if let Some(found) = find(self) {
            return Ok(Some(found));
        }
        // Where the kernel puts mappings itself is near the libraries; the program proper may lie elsewhere.
        let below = code.start.saturating_sub(AREA_BYTES + (1 << 20)) & !(PAGE - 1);
        for hint in [0, below] {
            let Some(start) = self.map(hint, AREA_BYTES, 0)? else { continue };
            if let Some(found) = find(self) {
                return Ok(Some(found));
            }
            self.space.areas.remove(&start);
            self.helper.call(libc::SYS_munmap, [start, AREA_BYTES, 0, 0, 0, 0])?;
        }
        Ok(None)
    }

    fn free_trap_landing(&self) -> Option<u64> {
        self.space
            .areas
            .iter()
            .flat_map(|(&start, &end)| patch::trap_landings(self.site, start, end).take(LANDINGS_TRIED))
            .find(|&landing| self.is_free(landing))
    }

    /// Any place that no landing has, those that P1 may want last: it cannot choose.
    fn free_landing(&self, start: u64) -> Option<u64> {
        let reachable = |&landing: &u64| i32::try_from(landing.wrapping_sub(start + 5) as i64).is_ok();
        let places = |(&first, &end): (&u64, &u64)| {
            let last = end - LANDING_BYTES;
            (0..LANDINGS_TRIED as u64)
                .map(move |n| last.wrapping_sub(n * LANDING_BYTES))
                .filter(move |&landing| (first..=last).contains(&landing))
        };
        let mut all = self.space.areas.iter().flat_map(places).filter(reachable);
        all.find(|&landing| self.is_free(landing))
    }

    /// Whether no landing of another site is there.
    fn is_free(&self, landing: u64) -> bool {
        let from = landing.saturating_sub(LANDING_BYTES - 1);
        self.space.landings.range(from..landing + LANDING_BYTES).all(|(_, &site)| site == self.site)
    }

    fn may_map(&self, start: u64, end: u64) -> bool {
        let heap = crate::procfs::heap_start(self.pid).unwrap_or(0);
        end < USER_END
            && !self.space.is_ours(start, end)
            && (heap == 0 || end <= heap || start >= heap.saturating_add(HEAP_BYTES))
    }

    /// Maps an area of ours: `flags` beside the usual ones.
    fn map(&mut self, address: u64, bytes: u64, flags: i32) -> Result<Option<u64>, Failure> {
        let protection = (libc::PROT_READ | libc::PROT_EXEC) as u64;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | flags) as u64;
        let mapped = self.helper.call(libc::SYS_mmap, [address, bytes, protection, flags, u64::MAX, 0])?;
        if mapped < 0 {
            return Ok(None);
        }
        let start = mapped as u64;
        self.space.areas.insert(start, start + bytes);
        Ok(Some(start))
    }

    /// Makes every processor that runs the program forget the instructions that it fetched. `false` where it cannot.
    fn sync_cores(&mut self) -> Result<bool, Failure> {
        let barrier =
            |helper: &mut Helper<'_>, command| helper.call(libc::SYS_membarrier, [command, 0, 0, 0, 0, 0]);
        if !self.space.syncs_cores {
            self.space.syncs_cores = barrier(self.helper, REGISTER_SYNC_CORE)? == 0;
        }
        Ok(self.space.syncs_cores && barrier(self.helper, SYNC_CORE)? == 0)
    }

    fn trampoline_address(&self) -> u64 {
        Space::trampoline_address(self.trampoline)
    }
}

/// Places that are tried in one area before the next.
const LANDINGS_TRIED: usize = 512;
