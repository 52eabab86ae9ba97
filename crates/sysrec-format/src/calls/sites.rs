//! Which sites the calls of a chunk have, found call by call.

use rustc_hash::FxHashMap;

use super::Site;
use crate::event::Abi;

/// What makes a site, besides its calls: instruction pointer, ABI, number, register sets at entry and exit. Its order is
/// that of sites.
pub(super) type Key = (u64, u8, i32, (bool, bool));

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
        let mixed = (key.0 ^ (key.2 as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
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
        let mut places: Vec<u32> = (0..self.list.len() as u32).collect();
        places.sort_unstable_by_key(|&place| self.list[place as usize].0);
        let mut ranks = vec![0_u32; places.len()];
        for (rank, &place) in places.iter().enumerate() {
            ranks[place as usize] = rank as u32;
        }
        let site = |&place: &u32| {
            let ((ip, abi, nr, (entry_registers, exit_registers)), calls) = self.list[place as usize];
            Site { abi: Abi(abi), nr, ip, calls, entry_registers, exit_registers }
        };
        (places.iter().map(site).collect(), ranks)
    }
}
