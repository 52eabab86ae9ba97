//! Paths put together where they begin alike.

use rustc_hash::FxHashMap;
use sysrec_format::event::StackId;

use super::path::Path;
use super::paths::{Cell, Paths};
use super::steps::{Step, StepId, StepKind, Steps};
use crate::activity::Activity;
use crate::metrics::Distribution;
use crate::preorder;

/// Which end of the paths is the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the program to the call: what is done on whose behalf.
    #[default]
    TopDown,
    /// From the call to the program: who makes it.
    BottomUp,
}

/// How paths become a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Which end is the root.
    pub direction: Direction,
    /// Whether the call is the root in any direction.
    pub by_call: bool,
    /// Whether a function that is on its way already counts as the one further out, so that recursion is one step.
    pub fold_recursion: bool,
}

/// One node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub step: StepId,
    /// Position of the node above it; always lower.
    pub parent: Option<usize>,
    /// Nodes above it.
    pub depth: usize,
    /// How many positions it takes with all below it; at least 1.
    pub positions: usize,
    /// Calls of all paths through it.
    pub total: Activity,
    /// Calls that it made itself: of code those not made by what it called, of a call all.
    pub own: Activity,
    /// 99th percentile of the durations of the calls of `total`, nanoseconds, to two digits; 0 for none.
    pub p99_ns: u64,
}

impl preorder::Node for Node {
    fn positions(&self) -> usize {
        self.positions
    }
}

/// The tree: a list, parents before children, brothers in order of their wall time, the longest first.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    steps: Vec<Step>,
}

impl Tree {
    /// Puts the paths together. Takes the distributions out of them.
    pub fn new(paths: &mut Paths<'_>, mut steps: Steps<'_>, shape: Shape) -> Self {
        let mut cells = std::mem::take(&mut paths.cells);
        let mut growing = Growing { shape, ..Growing::default() };
        for (path, cell) in &mut cells {
            growing.add(paths, &mut steps, path, cell);
        }
        paths.cells = cells;
        growing.finish(steps.into_steps())
    }

    /// Every node; a position is an index into this.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What a node is.
    pub fn step(&self, node: &Node) -> &Step {
        &self.steps[node.step.0 as usize]
    }

    /// Positions of the roots.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        preorder::roots(&self.nodes)
    }

    /// Positions of the nodes under the one at this position.
    pub fn children(&self, position: usize) -> impl Iterator<Item = usize> + '_ {
        preorder::children(&self.nodes, position)
    }
}

/// A node while paths are still added.
struct Bud {
    step: StepId,
    parent: Option<u32>,
    own: Activity,
    /// Calls of paths that end here.
    here: Activity,
    latency: Option<Distribution>,
}

#[derive(Default)]
struct Growing {
    shape: Shape,
    buds: Vec<Bud>,
    children: FxHashMap<(Option<u32>, StepId), u32>,
    /// Where the frames of a stack lead to from a node, so that stacks that begin alike are walked once.
    of_stack: FxHashMap<(u32, StackId), u32>,
    way: Vec<StepId>,
}

impl Growing {
    fn add(&mut self, paths: &Paths<'_>, steps: &mut Steps<'_>, path: &Path, cell: &mut Cell) {
        let (root, call) = (steps.root(paths, path), steps.call(path));
        let call_first = self.shape.by_call || self.shape.direction == Direction::BottomUp;
        let mut at = steps.file(paths, path).map(|file| self.child(None, file));
        let thread = steps.get(root).kind == StepKind::Thread && !self.shape.by_call;
        // Threads were asked for: they stay outside, as files do.
        let root_first = thread || (self.shape.direction == Direction::TopDown && !call_first);
        if root_first {
            at = Some(self.child(at, root));
        }
        if call_first {
            at = Some(self.child(at, call));
        }
        if self.shape.direction == Direction::TopDown && !root_first {
            at = Some(self.child(at, root));
        }
        let end = match self.shape.direction {
            Direction::TopDown => {
                let code = self.top_down(paths, steps, path, at);
                self.buds[code as usize].own += cell.activity;
                if call_first { code } else { self.child(Some(code), call) }
            }
            Direction::BottomUp => {
                let mut way = std::mem::take(&mut self.way);
                way.clear();
                steps.code(paths.code(), path.stack, path.site, &mut way);
                let floor = at;
                for step in way.iter().rev() {
                    at = Some(self.further(floor, at, *step));
                }
                self.way = way;
                if !root_first {
                    at = Some(self.child(at, root));
                }
                at.unwrap_or_else(|| self.child(None, call))
            }
        };
        let bud = &mut self.buds[end as usize];
        bud.here += cell.activity;
        if !call_first {
            bud.own += cell.activity;
        }
        let latency = std::mem::replace(&mut cell.latency, Distribution::new(1));
        join(&mut bud.latency, latency);
    }

    /// Follows the code of a path inward from a node.
    fn top_down(&mut self, paths: &Paths<'_>, steps: &mut Steps<'_>, path: &Path, from: Option<u32>) -> u32 {
        let mut way = std::mem::take(&mut self.way);
        way.clear();
        let (mut at, floor) = (from, from);
        let known = path.stack.zip(from).and_then(|(stack, from)| self.of_stack.get(&(from, stack)));
        match known {
            Some(known) => at = Some(*known),
            None => steps.code(paths.code(), path.stack, path.site, &mut way),
        }
        for step in &way {
            at = Some(self.further(floor, at, *step));
        }
        self.way = way;
        let end = at.unwrap_or_else(|| {
            let call = steps.call(path);
            self.child(None, call)
        });
        if let Some((stack, from)) = path.stack.zip(from) {
            self.of_stack.insert((from, stack), end);
        }
        end
    }

    /// The node for a step of code behind `at`, or one between `floor` and `at` that has it already.
    fn further(&mut self, floor: Option<u32>, at: Option<u32>, step: StepId) -> u32 {
        if self.shape.fold_recursion {
            let mut above = at;
            while let Some(position) = above.filter(|_| above != floor) {
                let bud = &self.buds[position as usize];
                if bud.step == step {
                    return position;
                }
                above = bud.parent;
            }
        }
        self.child(at, step)
    }

    fn child(&mut self, parent: Option<u32>, step: StepId) -> u32 {
        let next = self.buds.len() as u32;
        let child = *self.children.entry((parent, step)).or_insert(next);
        if child == next {
            let none = Activity::default();
            self.buds.push(Bud { step, parent, own: none, here: none, latency: None });
        }
        child
    }

    /// Adds up from the leaves, and puts the nodes in order.
    fn finish(mut self, steps: Vec<Step>) -> Tree {
        let count = self.buds.len();
        let mut totals: Vec<Activity> = self.buds.iter().map(|bud| bud.here).collect();
        let mut p99s = vec![0; count];
        let mut below: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut roots = Vec::new();
        // A node comes behind its parent, so from the back every node is complete when its turn comes.
        for position in (0..count).rev() {
            let latency = self.buds[position].latency.take();
            // Nothing but one child's calls: the child's value.
            p99s[position] = match below[position].as_slice() {
                [child] if self.buds[position].here == Activity::default() => p99s[*child as usize],
                _ => latency.as_ref().map_or(0, |latency| latency.quantiles_ns([0.99])[0]),
            };
            match self.buds[position].parent {
                Some(parent) => {
                    let total = totals[position];
                    totals[parent as usize] += total;
                    below[parent as usize].push(position as u32);
                    if let Some(latency) = latency {
                        join(&mut self.buds[parent as usize].latency, latency);
                    }
                }
                None => roots.push(position as u32),
            }
        }
        let rank = |position: &u32| {
            let total = totals[*position as usize];
            let name = &steps[self.buds[*position as usize].step.0 as usize].name;
            (std::cmp::Reverse((total.wall_ns, total.calls, total.unfinished)), name, *position)
        };
        let mut nodes: Vec<Node> = Vec::with_capacity(count);
        roots.sort_by(|one, other| rank(one).cmp(&rank(other)));
        let mut open: Vec<(u32, Option<usize>, usize)> = Vec::new();
        open.extend(roots.iter().rev().map(|root| (*root, None, 0)));
        while let Some((bud, parent, depth)) = open.pop() {
            let position = nodes.len();
            let (step, own, total) =
                (self.buds[bud as usize].step, self.buds[bud as usize].own, totals[bud as usize]);
            nodes.push(Node { step, parent, depth, positions: 1, total, own, p99_ns: p99s[bud as usize] });
            let mut children = std::mem::take(&mut below[bud as usize]);
            children.sort_by(|one, other| rank(one).cmp(&rank(other)));
            open.extend(children.into_iter().rev().map(|child| (child, Some(position), depth + 1)));
        }
        for position in (0..nodes.len()).rev() {
            if let Some(parent) = nodes[position].parent {
                nodes[parent].positions += nodes[position].positions;
            }
        }
        Tree { nodes, steps }
    }
}

/// Adds a distribution to one that may not be there yet, the smaller to the larger.
fn join(slot: &mut Option<Distribution>, mut other: Distribution) {
    match slot {
        None => *slot = Some(other),
        Some(latency) => {
            if latency.count() < other.count() {
                std::mem::swap(latency, &mut other);
            }
            latency.merge(&other);
        }
    }
}
