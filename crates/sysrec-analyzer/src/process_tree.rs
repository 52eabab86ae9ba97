//! Processes under the processes that made them, with what each did.

use sysrec_format::event::{TaskEnd, TaskId};

use crate::activity::{Activities, Activity};
use crate::preorder;
use crate::tasks::{Task, TaskTable};

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessNode {
    /// The task that stands for it.
    pub process: TaskId,
    /// Processes above it.
    pub depth: usize,
    /// Position of the process that made it.
    pub parent: Option<usize>,
    /// How many positions it takes with all processes below it; at least 1.
    pub positions: usize,
    /// Tasks that it had, the one that stands for it among them.
    pub tasks: usize,
    /// What all its tasks did together.
    pub own: Activity,
    /// What it and all processes below it did together.
    pub with_descendants: Activity,
    /// When its last task ended, nanoseconds on the trace's clock; `None` when it was still there at the end of the
    /// trace, or its end is missing.
    pub end_ns: Option<u64>,
    /// How it ended.
    pub end: Option<TaskEnd>,
}

impl preorder::Node for ProcessNode {
    fn positions(&self) -> usize {
        self.positions
    }
}

/// All processes of a trace, each before the ones that it made, brothers in order of their start.
#[derive(Clone, Debug, Default)]
pub struct ProcessTree {
    nodes: Vec<ProcessNode>,
}

impl ProcessTree {
    /// Puts the tasks in order.
    pub fn new(tasks: &TaskTable, activities: &Activities) -> Self {
        let mut tree = Self::default();
        let mut roots: Vec<&Task> = tasks.roots().collect();
        sort_by_start(&mut roots);
        let mut open: Vec<(&Task, usize, Option<usize>)> =
            roots.into_iter().rev().map(|root| (root, 0, None)).collect();
        while let Some((process, depth, parent)) = open.pop() {
            let position = tree.nodes.len();
            tree.nodes.push(node(tasks, activities, process, depth, parent));
            let mut children: Vec<&Task> = tasks.children_of(process.id).collect();
            sort_by_start(&mut children);
            open.extend(children.into_iter().rev().map(|child| (child, depth + 1, Some(position))));
        }
        tree.add_up();
        tree
    }

    /// Children come behind their parents, so from the back every node is complete when its parent's turn comes.
    fn add_up(&mut self) {
        for position in (0..self.nodes.len()).rev() {
            let node = self.nodes[position];
            if let Some(parent) = node.parent {
                self.nodes[parent].positions += node.positions;
                self.nodes[parent].with_descendants += node.with_descendants;
            }
        }
    }

    /// Every process; a position is an index into this.
    pub fn nodes(&self) -> &[ProcessNode] {
        &self.nodes
    }

    /// Positions of the processes that nobody in the trace made.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        preorder::roots(&self.nodes)
    }

    /// Positions of the processes that the one at this position made.
    pub fn children(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        preorder::children(&self.nodes, position)
    }
}

fn sort_by_start(processes: &mut [&Task]) {
    processes.sort_by_key(|process| (process.start_ns, process.id));
}

fn node(
    tasks: &TaskTable,
    activities: &Activities,
    process: &Task,
    depth: usize,
    parent: Option<usize>,
) -> ProcessNode {
    let (mut own, mut count, mut end_ns) = (Activity::default(), 0, Some(0));
    for task in tasks.threads_of(process.id) {
        own += activities.task(task.id);
        count += 1;
        // A process is there as long as one of its threads is; a leader can be gone long before.
        end_ns = end_ns.zip(task.end_ns).map(|(latest, end)| latest.max(end));
    }
    ProcessNode {
        process: process.id,
        depth,
        parent,
        positions: 1,
        tasks: count,
        own,
        with_descendants: own,
        end_ns,
        end: end_ns.and(process.end),
    }
}

#[cfg(test)]
#[path = "process_tree_tests.rs"]
mod tests;
