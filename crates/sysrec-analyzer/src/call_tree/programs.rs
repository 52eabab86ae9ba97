//! Which program each process was running, when.

use rustc_hash::FxHashMap;
use sysrec_format::event::TaskId;

use crate::tasks::{Task, TaskTable};

/// The names of all programs of a trace, and which process ran which one since when.
#[derive(Debug, Default)]
pub(super) struct Programs {
    names: Vec<Vec<u8>>,
    /// Ascending by time.
    by_process: FxHashMap<TaskId, Vec<(u64, u32)>>,
}

impl Programs {
    pub(super) fn of(tasks: &TaskTable) -> Self {
        let mut programs = Self::default();
        let mut numbers = FxHashMap::default();
        // A parent has a lower number than its child, so that its programs are known by then.
        for process in tasks.processes() {
            let mut number = |name: Vec<u8>| {
                let next = programs.names.len() as u32;
                *numbers.entry(name).or_insert_with_key(|name: &Vec<u8>| {
                    programs.names.push(name.clone());
                    next
                })
            };
            let start_ns = process.start_ns.unwrap_or(0);
            let inherited = tasks
                .parent_process_of(process)
                .and_then(|parent| at(programs.by_process.get(&parent.id)?, start_ns));
            let first = inherited.unwrap_or_else(|| number(process.name_at(start_ns).to_vec()));
            let mut history = vec![(0, first)];
            for program in &process.programs {
                let name = match program.file_name() {
                    [] => process.name_at(program.from_ns),
                    file => file,
                };
                history.push((program.from_ns, number(name.to_vec())));
            }
            programs.by_process.insert(process.id, history);
        }
        programs
    }

    /// Number of the program that a task's process ran at a moment.
    pub(super) fn at(&self, task: &Task, time_ns: u64) -> u32 {
        self.by_process.get(&task.process).and_then(|history| at(history, time_ns)).unwrap_or(u32::MAX)
    }

    /// A program's file name, or the name of the process where that is not known; any bytes.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        self.names.get(number as usize).map_or(&[], Vec::as_slice)
    }
}

fn at(history: &[(u64, u32)], time_ns: u64) -> Option<u32> {
    let later = history.partition_point(|(from_ns, _)| *from_ns <= time_ns);
    history.get(later.saturating_sub(1)).map(|(_, number)| *number)
}
