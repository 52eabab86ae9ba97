//! The tree as lines: figures on the left, where they stand under each other; branches and commands on the right, where
//! they may be as long as they are.

use sysrec_analyzer::{Activity, ProcessNode, Task, Trace};
use sysrec_format::event::Origin;

use super::shown::{Folded, Shown};
use super::{Answer, ending, lifetime, seconds};
use crate::branch_lines::BranchLines;
use crate::quote::command_line;
use crate::screen::{FAILURE, QUIET};
use crate::table::{Cell, Column, Table};
use crate::text::{count, counted, duration, printable};

/// Threads of a process that are shown without being asked for, its first one included.
const THREADS_SHOWN: usize = 5;
/// Columns of a terminal that has room for all figures.
const WIDTH_OF_ALL: usize = 100;

/// One branch below a process.
enum Branch<'a> {
    Process(usize),
    Thread(&'a Task),
    Threads { count: usize, activity: Activity },
    Processes(Folded),
}

/// A branch with what is drawn in front of it.
struct Twig<'a> {
    branch: Branch<'a>,
    /// What stands before the lines below it.
    stem: String,
    /// What stands before its own line.
    front: String,
    level: usize,
}

/// The rows of the tree, for a terminal of so many columns, or for a file.
pub(super) fn table(answer: &Answer<'_>, shown: &Shown, all_threads: bool, width: Option<usize>) -> Table {
    let lines = BranchLines::of(width);
    let mut drawing = Drawing { answer, shown, all_threads, lines, table: Table::new(columns(width)) };
    let (roots, folded) = shown.split(answer.tree, answer.tree.roots());
    let mut open: Vec<Twig<'_>> = Vec::new();
    let folded = (folded.processes > 0).then_some(Branch::Processes(folded));
    for branch in roots.into_iter().map(Branch::Process).chain(folded).collect::<Vec<_>>().into_iter().rev() {
        open.push(Twig { branch, stem: String::new(), front: String::new(), level: 0 });
    }
    while let Some(twig) = open.pop() {
        let below = drawing.draw(&twig);
        let count = below.len();
        let below = below.into_iter().enumerate().map(|(position, branch)| {
            let (level, is_last) = (twig.level + 1, position + 1 == count);
            drawing.twig(&twig.stem, branch, level, is_last)
        });
        let below: Vec<Twig<'_>> = below.collect();
        open.extend(below.into_iter().rev());
    }
    drawing.table
}

/// Commands are cut before figures give way, as long as there is room for the beginning of both.
fn columns(width: Option<usize>) -> Vec<Column> {
    let narrow = width.is_some_and(|width| width < WIDTH_OF_ALL);
    let optional = |column: Column, order| if narrow { column.gives_way(order) } else { column };
    vec![
        optional(Column::number("start"), 1),
        Column::number("lifetime"),
        Column::number("calls"),
        optional(Column::number("errors"), 2),
        Column::number("in calls"),
        Column::label("ended"),
        Column::label("process"),
    ]
}

struct Drawing<'a> {
    answer: &'a Answer<'a>,
    shown: &'a Shown,
    all_threads: bool,
    lines: BranchLines,
    table: Table,
}

impl<'a> Drawing<'a> {
    fn twig(&self, stem: &str, branch: Branch<'a>, level: usize, is_last: bool) -> Twig<'a> {
        let (front, stem) = self.lines.branch(stem, level, is_last);
        Twig { branch, stem, front, level }
    }

    /// Draws a branch's own lines, and says what goes off it.
    fn draw(&mut self, twig: &Twig<'a>) -> Vec<Branch<'a>> {
        match &twig.branch {
            Branch::Process(position) => return self.process(twig, *position),
            Branch::Thread(thread) => self.thread(twig, thread),
            Branch::Threads { count, activity } => {
                let label = counted(*count as u64, "more thread", "more threads");
                self.folded(twig, &label, *activity);
            }
            Branch::Processes(folded) => {
                let label = counted(folded.processes as u64, "more process", "more processes");
                self.folded(twig, &label, folded.activity);
            }
        }
        Vec::new()
    }

    fn process(&mut self, twig: &Twig<'a>, position: usize) -> Vec<Branch<'a>> {
        let (trace, tree) = (self.answer.trace, self.answer.tree);
        let node: &ProcessNode = &tree.nodes()[position];
        let Some(process) = trace.tasks().get(node.process) else { return Vec::new() };
        let (processes, folded) = self.shown.split(tree, tree.children(position));
        let mut below = self.threads(process, node);
        below.extend(processes.into_iter().map(Branch::Process));
        below.extend((folded.processes > 0).then_some(Branch::Processes(folded)));

        // Its first thread stands for itself where threads are shown.
        let mechanism = match below.first() {
            Some(Branch::Thread(_)) => String::new(),
            _ => mechanism(trace, process),
        };
        let label = format!("{}{} {}{mechanism}", twig.front, process.pid, command(process));
        let ended = ended(process, node.end);
        let lifetime = lifetime(trace, process.start_ns, node.end_ns);
        self.row(process.start_ns, lifetime, node.own, ended, label.into());
        let stem = if below.is_empty() { self.lines.blank } else { self.lines.through };
        for program in process.programs.iter().skip(1) {
            let by = program.former.and_then(|former| trace.tasks().get(former));
            let by = by.map_or(String::new(), |thread| format!("   (execve by thread {})", thread.tid));
            let label = format!("{}{stem}{}{}{by}", twig.stem, self.lines.exec, command_line(&program.argv));
            let start = Cell::styled(seconds(trace, program.from_ns), QUIET);
            let empty = || Cell::from("");
            self.table.push(vec![start, empty(), empty(), empty(), empty(), empty(), label.into()]);
        }
        below
    }

    /// The threads of a process, where it has several.
    fn threads(&self, process: &'a Task, node: &ProcessNode) -> Vec<Branch<'a>> {
        let tasks = self.answer.trace.tasks();
        match node.tasks {
            0 | 1 => Vec::new(),
            count if self.all_threads || count <= THREADS_SHOWN => {
                tasks.threads_of(process.id).map(Branch::Thread).collect()
            }
            count => {
                let mut activity = Activity::default();
                let others = tasks.threads_of(process.id).filter(|thread| thread.id != process.id);
                others.for_each(|thread| activity += self.answer.activities.task(thread.id));
                vec![Branch::Threads { count: count - 1, activity }]
            }
        }
    }

    fn thread(&mut self, twig: &Twig<'_>, thread: &Task) {
        let kind = if thread.is_process() { "main thread" } else { "thread" };
        let mechanism = mechanism(self.answer.trace, thread);
        let label = format!("{}{} {} ({kind}){mechanism}", twig.front, thread.tid, printable(thread.name()));
        let lifetime = lifetime(self.answer.trace, thread.start_ns, thread.end_ns);
        let activity = self.answer.activities.task(thread.id);
        self.row(thread.start_ns, lifetime, activity, ended(thread, thread.end), Cell::styled(label, QUIET));
    }

    fn folded(&mut self, twig: &Twig<'_>, label: &str, activity: Activity) {
        let label = Cell::styled(format!("{}+ {label}", twig.front), QUIET);
        self.row(None, String::new(), activity, "".into(), label);
    }

    fn row(&mut self, start_ns: Option<u64>, lifetime: String, activity: Activity, ended: Cell, label: Cell) {
        let start = start_ns.map_or(String::new(), |start_ns| seconds(self.answer.trace, start_ns));
        let errors = match activity.errors {
            0 => Cell::styled("0", QUIET),
            errors => count(errors).into(),
        };
        let in_calls = duration(activity.wall_ns);
        self.table.push(vec![
            start.into(),
            lifetime.into(),
            count(activity.calls).into(),
            errors,
            in_calls.into(),
            ended,
            label,
        ]);
    }
}

/// How a task ended; red for what a shell would call a failure.
fn ended(task: &Task, end: Option<sysrec_format::event::TaskEnd>) -> Cell {
    use sysrec_format::event::TaskEnd;
    let text = ending(task, end);
    match end {
        Some(TaskEnd::Exited { code: 1.. } | TaskEnd::Killed { .. }) => Cell::styled(text, FAILURE),
        _ => text.into(),
    }
}

/// By what a task was recorded and why, where that was not by the session's backend all the time.
fn mechanism(trace: &Trace, task: &Task) -> String {
    let Some(session) = trace.session() else { return String::new() };
    let mut ways: Vec<String> = Vec::new();
    for way in task.mechanisms.iter().filter(|way| way.name != session.backend.as_bytes()) {
        let name = printable(&way.name);
        let way = if way.reason.is_empty() { name } else { format!("{name}: {}", printable(&way.reason)) };
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    if ways.is_empty() { String::new() } else { format!("   (by {})", ways.join("; by ")) }
}

/// The first program of a process with its arguments; its name, and how it came, where it executed none.
fn command(process: &Task) -> String {
    if let Some(program) = process.programs.first() {
        return if program.argv.is_empty() {
            format!("{} (no arguments)", printable(&program.exe))
        } else {
            command_line(&program.argv)
        };
    }
    let how = match process.origin {
        Some(Origin::ATTACH) => "attached",
        Some(Origin::COMMAND) => "before its execve",
        Some(Origin::FORK | Origin::VFORK | Origin::CLONE) => "forked, no execve",
        _ => "start not seen",
    };
    format!("{} ({how})", printable(process.name()))
}
