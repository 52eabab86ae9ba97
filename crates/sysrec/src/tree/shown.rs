//! Which processes of a large tree are shown one by one.

use sysrec_analyzer::{Activity, ProcessTree};

/// What is shown of a tree.
pub(super) struct Shown {
    /// By position.
    shown: Vec<bool>,
}

/// Processes that are shown as one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// How many, with those below them.
    pub(super) processes: usize,
    /// What they did together.
    pub(super) activity: Activity,
}

impl Shown {
    /// Down to a depth, and of the rest the ones with the most wall time together with those above them.
    pub(super) fn new(tree: &ProcessTree, depth_max: Option<usize>, top: Option<u32>) -> Self {
        let nodes = tree.nodes();
        let mut shown = vec![top.is_none(); nodes.len()];
        if let Some(top) = top {
            let mut order: Vec<usize> = (0..nodes.len()).collect();
            order.sort_by_key(|position| (std::cmp::Reverse(nodes[*position].own.wall_ns), *position));
            for position in order.into_iter().take(top as usize) {
                let mut next = Some(position);
                while let Some(position) = next.filter(|position| !shown[*position]) {
                    shown[position] = true;
                    next = nodes[position].parent;
                }
            }
        }
        if let Some(depth_max) = depth_max {
            for (shown, node) in shown.iter_mut().zip(nodes) {
                *shown &= node.depth < depth_max.max(1);
            }
        }
        Self { shown }
    }

    /// Splits brothers into those that are shown and the sum of the others.
    pub(super) fn split(
        &self,
        tree: &ProcessTree,
        brothers: impl Iterator<Item = usize>,
    ) -> (Vec<usize>, Folded) {
        let mut folded = Folded::default();
        let mut list = Vec::new();
        for position in brothers {
            if self.shown[position] {
                list.push(position);
            } else {
                let node = &tree.nodes()[position];
                folded.processes += node.positions;
                folded.activity += node.with_descendants;
            }
        }
        (list, folded)
    }
}
