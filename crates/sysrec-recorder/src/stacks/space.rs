//! Where the code of a process is: its executable mappings, as `/proc/PID/maps` has them.
//!
//! They are read when a stack of the process is walked first, again when a call of its changed what may be run, and when
//! a frame points where nothing is known to be: not every change is seen in the net.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::files::{Files, Loaded};
use crate::procfs::{self, Mapping};

/// Mappings without any notice are looked for this often at the most: a stack of garbage must not cost a look each.
const LOOK_NS: u64 = 20_000_000;
/// Facts about addresses that are kept.
const FACTS_MAX: usize = 1 << 14;

/// One executable mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) start: u64,
    pub(super) end: u64,
    file_offset: u64,
    inode: u64,
    path: Vec<u8>,
    /// Its place in [`Files`].
    pub(super) file: usize,
    /// Address here minus the address in the file's own terms.
    pub(super) bias: u64,
}

/// The code of a process.
#[derive(Default)]
pub(super) struct Space {
    /// Ascending.
    areas: Vec<Area>,
    /// Another one whenever the areas are others: what was found out with the former does not hold.
    pub(super) serial: u64,
    stale: bool,
    /// The stack pointer that the kernel began the program with.
    pub(super) stack_start: Option<u64>,
    looked_ns: u64,
    /// By address, whether a call stands before it.
    pub(super) behind_calls: FxHashMap<u64, bool>,
}

impl Space {
    pub(super) fn new() -> Self {
        Space { stale: true, ..Space::default() }
    }

    /// What may be run has changed.
    pub(super) fn is_changed(&mut self) {
        self.stale = true;
    }

    /// Whether code is known to lie there.
    pub(super) fn overlaps(&self, start: u64, bytes: u64) -> bool {
        let end = start.saturating_add(bytes.max(1));
        let behind = self.areas.partition_point(|area| area.end <= start);
        self.areas.get(behind).is_some_and(|area| area.start < end)
    }

    /// Reads the mappings, if they may have changed. `serials` gives numbers that were never used.
    pub(super) fn freshen(&mut self, pid: i32, files: &mut Files, serials: &mut u64, now_ns: u64) {
        if self.stale {
            self.look(pid, files, serials, now_ns);
        }
    }

    /// The area around an address; the mappings are read again, now and then, where there is none.
    pub(super) fn find(
        &mut self,
        address: u64,
        pid: i32,
        files: &mut Files,
        serials: &mut u64,
        now_ns: u64,
    ) -> Option<&Area> {
        if self.place(address).is_none() && now_ns >= self.looked_ns.saturating_add(LOOK_NS) {
            self.look(pid, files, serials, now_ns);
        }
        self.place(address).map(|place| &self.areas[place])
    }

    fn place(&self, address: u64) -> Option<usize> {
        let place = self.areas.partition_point(|area| area.start <= address).checked_sub(1)?;
        (address < self.areas[place].end).then_some(place)
    }

    fn look(&mut self, pid: i32, files: &mut Files, serials: &mut u64, now_ns: u64) {
        let mappings = procfs::mappings(pid);
        self.stack_start = self.stack_start.or_else(|| procfs::stack_start(pid));
        let former = std::mem::take(&mut self.areas);
        for mapping in mappings.iter().filter(|mapping| mapping.executable) {
            let Mapping { address, length, file_offset, inode, path, .. } = mapping;
            let same = |area: &&Area| {
                (area.start, area.end, area.file_offset, area.inode)
                    == (*address, address + length, *file_offset, *inode)
                    && area.path == *path
            };
            let area = match former.iter().find(same) {
                Some(area) => area.clone(),
                None => Self::area(pid, mapping, &mappings, files),
            };
            self.areas.push(area);
        }
        if self.areas != former || self.serial == 0 {
            *serials += 1;
            self.serial = *serials;
            self.behind_calls.clear();
        }
        (self.stale, self.looked_ns) = (false, now_ns);
    }

    fn area(pid: i32, mapping: &Mapping, all: &[Mapping], files: &mut Files) -> Area {
        let Mapping { address, length, file_offset, inode, path, .. } = mapping;
        let (start, end) = (*address, address + length);
        let file = if path == b"[vdso]" {
            files.loaded(path, Loaded { pid, address: start })
        } else if is_made_at_run_time(path) {
            files.jit()
        } else {
            let first = all
                .iter()
                .find(|other| other.path == *path && other.inode == *inode && other.file_offset == 0);
            files.mapped(pid, path, *inode, (start, end), first.map(|first| first.address))
        };
        let known = &files.list[file];
        let bias = if known.is_jit { 0 } else { known.bias(start, *file_offset, *length) };
        Area { start, end, file_offset: *file_offset, inode: *inode, path: path.clone(), file, bias }
    }

    /// The jitdump file that the process has mapped, as runtimes do so that profilers find it.
    pub(super) fn jitdump(&self) -> Option<&Path> {
        let paths = self.areas.iter().map(|area| Path::new(OsStr::from_bytes(&area.path)));
        let is_dump = |path: &&Path| {
            let name = path.file_name().unwrap_or_default().as_bytes();
            name.starts_with(b"jit-") && name.ends_with(b".dump")
        };
        paths.into_iter().find(is_dump)
    }

    pub(super) fn remember_call(&mut self, address: u64, is_call: bool) {
        if self.behind_calls.len() >= FACTS_MAX {
            self.behind_calls.clear();
        }
        self.behind_calls.insert(address, is_call);
    }
}

/// Whether code in such a mapping is no file's: memory without a name, or with one that some memory has that a program
/// fills (`prctl(PR_SET_VMA)`, memfd_create(2), shared anonymous memory).
fn is_made_at_run_time(path: &[u8]) -> bool {
    let prefixes: [&[u8]; 6] = [b"[anon", b"[heap]", b"[stack", b"/memfd:", b"/dev/zero", b"/SYSV"];
    path.is_empty() || prefixes.iter().any(|prefix| path.starts_with(prefix))
}
