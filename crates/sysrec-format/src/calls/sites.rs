//! Which sites the calls of a chunk have, found call by call.

use rustc_hash::FxHashMap;

use super::Site;
use crate::event::Abi;

/// What makes a site, besides its calls, in two words that are quick to compare: the instruction pointer; and number,
/// ABI and register sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64, u64);

impl Key {
    #[inline]
    pub(super) fn new(ip: u64, abi: Abi, nr: i32, entry_registers: bool, exit_registers: bool) -> Self {
        let sets = u64::from(entry_registers) << 1 | u64::from(exit_registers);
        Self(ip, u64::from(nr as u32) << 32 | u64::from(abi.0) << 8 | sets)
    }

    fn site(self, calls: u32) -> Site {
        Site {
            abi: Abi((self.1 >> 8) as u8),
            nr: (self.1 >> 32) as i32,
            ip: self.0,
            calls,
            entry_registers: self.1 & 2 != 0,
            exit_registers: self.1 & 1 != 0,
        }
    }
}

/// The sites of a chunk in order of appearance.
#[derive(Debug)]
pub(super) struct Sites {
    list: Vec<(Key, u32)>,
    places: FxHashMap<Key, u32>,
    /// Some places by a few bits of the address and the number: most calls need not ask the map.
    recent: [u32; Self::RECENT],
}

impl Sites {
    const RECENT: usize = 64;

    pub(super) fn new() -> Self {
        Self { list: Vec::new(), places: FxHashMap::default(), recent: [0; Self::RECENT] }
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.places.clear();
    }

    /// Counts a call of the site; its place in the list, where it is put if it is new.
    #[inline]
    pub(super) fn count(&mut self, key: Key) -> u32 {
        let mixed = (key.0 ^ key.1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let recent = (mixed >> 58) as usize % Self::RECENT;
        let mut place = self.recent[recent];
        match self.list.get_mut(place as usize) {
            Some((known, calls)) if *known == key => *calls += 1,
            _ => {
                place = self.look_up(key);
                self.list[place as usize].1 += 1;
                self.recent[recent] = place;
            }
        }
        place
    }

    fn look_up(&mut self, key: Key) -> u32 {
        let list = &mut self.list;
        *self.places.entry(key).or_insert_with(|| {
            list.push((key, 0));
            list.len() as u32 - 1
        })
    }

    /// The sites as the chunk has them, ascending, and for each place in the list which of them it is.
    pub(super) fn ascending(&self) -> (Vec<Site>, Vec<u32>) {
        let mut sites: Vec<(Site, usize)> =
            self.list.iter().zip(0..).map(|(&(key, calls), place)| (key.site(calls), place)).collect();
        sites.sort_unstable_by_key(|(site, _)| {
            (site.ip, site.abi.0, site.nr, site.entry_registers, site.exit_registers)
        });
        let mut ranks = vec![0_u32; sites.len()];
        for ((_, place), rank) in sites.iter().zip(0..) {
            ranks[*place] = rank;
        }
        (sites.into_iter().map(|(site, _)| site).collect(), ranks)
    }
}
