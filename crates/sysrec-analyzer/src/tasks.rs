//! Who was recorded: every task with its process, parent, names, programs and end.

use rustc_hash::FxHashMap;
use sysrec_format::event::{Event, EventBody, Origin, TaskEnd, TaskId};

use crate::mechanism::Mechanism;

/// Names, programs, and mechanisms, that are kept of one task. What comes later replaces the last one kept, so that the latest
/// is always known and a program that renames itself for ever costs nothing.
pub const HISTORY_MAX: usize = 64;
/// Bytes of a program's arguments that are kept.
pub const ARGUMENT_BYTES_MAX: usize = 4096;

/// One thread of the recorded programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number in the trace.
    pub id: TaskId,
    /// Thread id; 0 when its start is missing from the trace.
    pub tid: i32,
    /// Thread group id; 0 when its start is missing from the trace.
    pub pid: i32,
    /// The task that stands for its process: itself, or one with a lower number.
    pub process: TaskId,
    /// Who made it, where that was seen. Always a lower number.
    pub parent: Option<TaskId>,
    /// How it came under recording; `None` when its start is missing from the trace.
    pub origin: Option<Origin>,
    /// When it came under recording, nanoseconds on the trace's clock; `None` when its start is missing.
    pub start_ns: Option<u64>,
    /// When it ended, nanoseconds on the trace's clock; `None` when that is not in the trace.
    pub end_ns: Option<u64>,
    /// How it ended; `None` when that is not in the trace.
    pub end: Option<TaskEnd>,
    /// Its names (`comm`), in order of time.
    pub names: Vec<Name>,
    /// The programs that it executed, in order of time.
    pub programs: Vec<Program>,
    /// How it was recorded, in order of time; empty where the session's backend recorded it all the time.
    pub mechanisms: Vec<Mechanism>,
}

/// A task's name from some moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Since when, nanoseconds on the trace's clock.
    pub from_ns: u64,
    /// The name, any bytes.
    pub comm: Vec<u8>,
}

/// A program that a process executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// When, nanoseconds on the trace's clock.
    pub from_ns: u64,
    /// Path of the executable; empty where it is not known.
    pub exe: Vec<u8>,
    /// Arguments, at most [`ARGUMENT_BYTES_MAX`] bytes of them.
    pub argv: Vec<Vec<u8>>,
    /// The thread that called execve, where it was not the leader: it ended as [`TaskEnd::Superseded`], and this
    /// task goes on as the process.
    pub former: Option<TaskId>,
}

impl Program {
    /// What people call it: the last part of its first argument, else of its path; empty where neither is known. (The
    /// path is where links lead to: `busybox` for `ls`.)
    pub fn file_name(&self) -> &[u8] {
        let last = |path: &'_ [u8]| path.rsplit(|byte| *byte == b'/').next().map_or(0, <[u8]>::len);
        let path = self.argv.first().filter(|argument| last(argument) > 0).unwrap_or(&self.exe);
        &path[path.len() - last(path)..]
    }
}

impl Task {
    fn unknown(id: TaskId) -> Self {
        Self {
            id,
            tid: 0,
            pid: 0,
            process: id,
            parent: None,
            origin: None,
            start_ns: None,
            end_ns: None,
            end: None,
            names: Vec::new(),
            programs: Vec::new(),
            mechanisms: Vec::new(),
        }
    }

    /// Whether it stands for its process.
    pub fn is_process(&self) -> bool {
        self.process == self.id
    }

    /// Its last name; empty when none is known.
    pub fn name(&self) -> &[u8] {
        self.names.last().map_or(&[], |name| &name.comm)
    }

    /// Its name at a moment; the first one for moments before it.
    pub fn name_at(&self, time_ns: u64) -> &[u8] {
        let later = self.names.partition_point(|name| name.from_ns <= time_ns);
        self.names.get(later.saturating_sub(1)).map_or(&[], |name| &name.comm)
    }

    fn rename(&mut self, from_ns: u64, comm: Vec<u8>) {
        if self.names.last().is_some_and(|last| last.comm == comm) {
            return;
        }
        push_latest(&mut self.names, Name { from_ns, comm });
    }

    fn exec(&mut self, from_ns: u64, exe: Vec<u8>, mut argv: Vec<Vec<u8>>, former: Option<TaskId>) {
        let mut bytes = 0;
        let fitting = argv.iter().take_while(|argument| {
            bytes += argument.len() + 1;
            bytes <= ARGUMENT_BYTES_MAX
        });
        argv.truncate(fitting.count());
        argv.shrink_to_fit();
        push_latest(&mut self.programs, Program { from_ns, exe, argv, former });
    }
}

fn push_latest<T>(list: &mut Vec<T>, item: T) {
    if list.len() == HISTORY_MAX {
        list.pop();
    }
    list.push(item);
}

/// All tasks of a trace, in order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct TaskTable {
    tasks: Vec<Task>,
    positions: FxHashMap<TaskId, usize>,
    children: FxHashMap<TaskId, Vec<TaskId>>,
    threads: FxHashMap<TaskId, Vec<TaskId>>,
}

impl TaskTable {
    /// The task of that number.
    pub fn get(&self, id: TaskId) -> Option<&Task> {
        self.positions.get(&id).map(|position| &self.tasks[*position])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Every task, in order of their numbers, which is the order of their appearance.
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter()
    }

    /// The tasks that stand for a process each.
    pub fn processes(&self) -> impl Iterator<Item = &Task> {
        self.iter().filter(|task| task.is_process())
    }

    /// The task that stands for the process of `task`.
    pub fn process_of<'a>(&'a self, task: &'a Task) -> &'a Task {
        self.get(task.process).unwrap_or(task)
    }

    /// All tasks of the process, the one that stands for it first.
    pub fn threads_of(&self, process: TaskId) -> impl Iterator<Item = &Task> {
        self.threads.get(&process).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// The processes that tasks of this process made, in order of appearance.
    pub fn children_of(&self, process: TaskId) -> impl Iterator<Item = &Task> {
        self.children.get(&process).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// The processes whose parent is not in the trace: where a tree begins.
    pub fn roots(&self) -> impl Iterator<Item = &Task> {
        self.processes().filter(|process| process.parent.is_none())
    }

    /// The process that made this process; `None` for a root.
    pub fn parent_process_of(&self, process: &Task) -> Option<&Task> {
        process.parent.and_then(|parent| self.get(parent)).map(|parent| self.process_of(parent))
    }
}

/// Collects a [`TaskTable`] from events in any order of chunks.
#[derive(Default)]
pub(crate) struct Builder {
    tasks: FxHashMap<TaskId, Task>,
}

impl Builder {
    /// A task that is known to exist, since a chunk names it.
    pub(crate) fn mention(&mut self, id: TaskId) -> &mut Task {
        self.tasks.entry(id).or_insert_with(|| Task::unknown(id))
    }

    pub(crate) fn event(&mut self, event: Event) {
        let Some(id) = event.task else { return };
        let time_ns = event.time_ns;
        match event.body {
            EventBody::TaskStart { tid, pid, process, parent, origin, comm } => {
                let task = self.mention(id);
                task.tid = tid;
                task.pid = pid;
                // Numbers count up in order of appearance. What claims otherwise would let a damaged file make a
                // circle.
                task.process = process.min(id);
                task.parent = parent.filter(|parent| *parent < id);
                task.origin = Some(origin);
                task.start_ns = Some(time_ns);
                task.rename(time_ns, comm);
            }
            EventBody::Exec { exe, argv, comm, former } => {
                let task = self.mention(id);
                task.exec(time_ns, exe, argv, former);
                task.rename(time_ns, comm);
            }
            EventBody::Name { comm } => self.mention(id).rename(time_ns, comm),
            EventBody::Mechanism { mechanism, reason } => {
                let mechanism = Mechanism { from_ns: time_ns, name: mechanism, reason };
                push_latest(&mut self.mention(id).mechanisms, mechanism);
            }
            EventBody::TaskEnd(end) => {
                let task = self.mention(id);
                task.end_ns = Some(time_ns);
                task.end = Some(end);
            }
            _ => {
                self.mention(id);
            }
        }
    }

    pub(crate) fn build(mut self) -> TaskTable {
        let known: Vec<(TaskId, TaskId)> = self.tasks.values().map(|task| (task.id, task.process)).collect();
        for (id, process) in known {
            let stands = self.tasks.get(&process).is_some_and(|process| process.process == process.id);
            if !stands {
                self.mention(id).process = id;
            }
        }
        let mut tasks: Vec<Task> = self.tasks.into_values().collect();
        tasks.sort_unstable_by_key(|task| task.id);
        let positions = tasks.iter().enumerate().map(|(position, task)| (task.id, position)).collect();
        let mut table = TaskTable { tasks, positions, ..TaskTable::default() };
        let mut children: FxHashMap<TaskId, Vec<TaskId>> = FxHashMap::default();
        let mut threads: FxHashMap<TaskId, Vec<TaskId>> = FxHashMap::default();
        for task in &table.tasks {
            threads.entry(task.process).or_default().push(task.id);
            if task.is_process()
                && let Some(parent) = table.parent_process_of(task)
            {
                children.entry(parent.id).or_default().push(task.id);
            }
        }
        table.children = children;
        table.threads = threads;
        for task in &mut table.tasks {
            task.parent = task.parent.filter(|parent| table.positions.contains_key(parent));
        }
        table
    }
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
