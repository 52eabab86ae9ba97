//! What was mapped where, of every process, over time.
//!
//! Only mappings of code are told, and no unmapping: an address means what was mapped there last. A new process has what
//! its parent had when it began, until it executes a program.

use rustc_hash::FxHashMap;
use sysrec_format::event::TaskId;

/// Changes that are kept of one process. A mapping of the same file at the same place is none.
pub const CHANGES_MAX: usize = 16 << 10;
/// Changes that are looked through for the same mapping.
const LOOKED_BACK_MAX: usize = 64;
/// Processes that a process is followed back through for what it has from them.
const PARENTS_MAX: usize = 64;

/// Where a call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// Number of the mapped module; `None` where nothing is known to be mapped there.
    pub(crate) module: Option<u32>,
    /// Behind the instruction: bytes from the beginning of the module's file, else an address in memory.
    pub(crate) address: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    begin: u64,
    end: u64,
    file_offset: u64,
    module: u32,
}

impl Mapping {
    /// Whether the instruction in front of `ip` lies in it.
    fn has(&self, ip: u64) -> bool {
        self.begin < ip && ip <= self.end
    }
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Mapped(Mapping),
    /// Everything before is gone.
    Exec,
}

#[derive(Clone, Debug, Default)]
struct Space {
    /// Whom it has its first mappings from, and since when.
    parent: Option<(TaskId, u64)>,
    changes: Vec<(u64, Change)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Spaces {
    by_process: FxHashMap<TaskId, Space>,
}

impl Spaces {
    pub(super) fn start(&mut self, process: TaskId, parent: Option<TaskId>, time_ns: u64) {
        self.by_process.entry(process).or_default().parent = parent.map(|parent| (parent, time_ns));
    }

    pub(super) fn exec(&mut self, process: TaskId, time_ns: u64) {
        self.change(process, time_ns, Change::Exec);
    }

    pub(super) fn map(
        &mut self,
        process: TaskId,
        time_ns: u64,
        address: u64,
        length: u64,
        file_offset: u64,
        module: u32,
    ) {
        let mapping = Mapping { begin: address, end: address.saturating_add(length), file_offset, module };
        self.change(process, time_ns, Change::Mapped(mapping));
    }

    fn change(&mut self, process: TaskId, time_ns: u64, change: Change) {
        let changes = &mut self.by_process.entry(process).or_default().changes;
        if changes.len() < CHANGES_MAX && !is_there_already(changes, &change) {
            changes.push((time_ns, change));
        }
    }

    /// Whether anything in the process changed after the first of two moments, up to the second.
    pub(super) fn changed(&self, process: TaskId, from_ns: u64, to_ns: u64) -> bool {
        let Some(space) = self.by_process.get(&process) else { return false };
        let begin = space.changes.partition_point(|(time_ns, _)| *time_ns <= from_ns);
        space.changes.get(begin).is_some_and(|(time_ns, _)| *time_ns <= to_ns)
    }

    /// What the address means at one moment.
    pub(super) fn at(&self, process: TaskId, ip: u64, time_ns: u64) -> Site {
        let nothing = Site { module: None, address: ip };
        let (mut process, mut time_ns) = (process, time_ns);
        for _ in 0..PARENTS_MAX {
            let Some(space) = self.by_process.get(&process) else { return nothing };
            let known = space.changes.partition_point(|(since_ns, _)| *since_ns <= time_ns);
            for (_, change) in space.changes[..known].iter().rev() {
                match change {
                    Change::Mapped(mapping) if mapping.has(ip) => return site(mapping, ip),
                    Change::Mapped(_) => {}
                    Change::Exec => return nothing,
                }
            }
            let Some((parent, since_ns)) = space.parent else { return nothing };
            (process, time_ns) = (parent, since_ns);
        }
        nothing
    }
}

/// Whether a library is mapped where it was before, as by a program that loads and unloads it again and again.
fn is_there_already(changes: &[(u64, Change)], change: &Change) -> bool {
    let Change::Mapped(new) = change else { return false };
    let overlapping = changes.iter().rev().take(LOOKED_BACK_MAX).find_map(|(_, change)| match change {
        Change::Mapped(old) => (old.begin < new.end && new.begin < old.end).then_some(old == new),
        Change::Exec => Some(false),
    });
    overlapping == Some(true)
}

fn site(mapping: &Mapping, ip: u64) -> Site {
    let address = (ip - mapping.begin).saturating_add(mapping.file_offset);
    Site { module: Some(mapping.module), address }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: TaskId = TaskId(0);
    const CHILD: TaskId = TaskId(1);

    fn found(module: u32, address: u64) -> Site {
        Site { module: Some(module), address }
    }

    fn nothing(ip: u64) -> Site {
        Site { module: None, address: ip }
    }

    #[test]
    fn an_address_means_what_was_mapped_there_last() {
        let mut spaces = Spaces::default();
        spaces.map(SHELL, 10, 0x1000, 0x1000, 0x400, 0);
        spaces.map(SHELL, 20, 0x1800, 0x1000, 0, 1);
        let at = |ip, time_ns| spaces.at(SHELL, ip, time_ns);
        assert_eq!(at(0x1900, 5), nothing(0x1900));
        assert_eq!((at(0x1900, 10), at(0x1900, 19)), (found(0, 0xd00), found(0, 0xd00)));
        assert_eq!((at(0x1900, 20), at(0x1900, 99)), (found(1, 0x100), found(1, 0x100)));
        assert_eq!(at(0x1100, 99), found(0, 0x500));
        assert!(spaces.changed(SHELL, 10, 20) && !spaces.changed(SHELL, 10, 19));
        assert!(!spaces.changed(SHELL, 20, 99) && !spaces.changed(CHILD, 0, 99));
    }

    #[test]
    fn the_last_instruction_of_a_mapping_is_in_it_and_the_one_in_front_of_it_is_not() {
        let mut spaces = Spaces::default();
        spaces.map(SHELL, 0, 0x1000, 0x1000, 0, 0);
        assert_eq!(spaces.at(SHELL, 0x2000, 9), found(0, 0x1000));
        assert_eq!(spaces.at(SHELL, 0x1000, 9), nothing(0x1000));
    }

    #[test]
    fn a_child_has_what_its_parent_had_until_it_executes_a_program() {
        let mut spaces = Spaces::default();
        spaces.map(SHELL, 10, 0x1000, 0x1000, 0, 0);
        spaces.start(CHILD, Some(SHELL), 15);
        spaces.map(SHELL, 20, 0x1000, 0x1000, 0, 1);
        spaces.exec(CHILD, 30);
        spaces.map(CHILD, 30, 0x1000, 0x1000, 0, 2);
        assert_eq!(spaces.at(CHILD, 0x1010, 29), found(0, 0x10));
        assert_eq!(spaces.at(CHILD, 0x1010, 30), found(2, 0x10));
        assert_eq!(spaces.at(CHILD, 0x5000, 99), nothing(0x5000));
    }

    #[test]
    fn a_library_that_is_loaded_again_and_again_takes_no_room() {
        let mut spaces = Spaces::default();
        for time_ns in 0..100 {
            spaces.map(SHELL, time_ns, 0x1000, 0x1000, 0, 7);
            spaces.map(SHELL, time_ns, 0x9000, 0x1000, 0, 8);
        }
        assert_eq!(spaces.by_process[&SHELL].changes.len(), 2);
        spaces.map(SHELL, 100, 0x1800, 0x1000, 0, 9);
        spaces.map(SHELL, 101, 0x1000, 0x1000, 0, 7);
        assert_eq!(spaces.at(SHELL, 0x1900, 100), found(9, 0x100));
        assert_eq!(spaces.at(SHELL, 0x1900, 101), found(7, 0x900));
    }

    #[test]
    fn circles_and_endless_mappings_end() {
        let mut spaces = Spaces::default();
        spaces.start(SHELL, Some(CHILD), 0);
        spaces.start(CHILD, Some(SHELL), 0);
        assert_eq!(spaces.at(CHILD, 0x10, 9), nothing(0x10));
        for i in 0..2 * CHANGES_MAX as u64 {
            spaces.map(SHELL, i, 0x1000 * i, 0x1000, 0, 0);
        }
        assert_eq!(spaces.by_process[&SHELL].changes.len(), CHANGES_MAX);
        spaces.map(SHELL, u64::MAX, u64::MAX - 1, u64::MAX, u64::MAX, 0);
        assert_eq!(spaces.at(SHELL, u64::MAX, u64::MAX), nothing(u64::MAX));
    }
}
