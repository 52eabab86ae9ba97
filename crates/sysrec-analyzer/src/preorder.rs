//! Trees as lists: parents before children, and all that is below a node right behind it. So nothing recurses: a chain
//! of processes can be as long as a trace has tasks, one of callers as deep as a stack.
//!
//! ```text
//!  position  0 make        5 positions
//!            1 ├─ sh       2 positions
//!            2 │  └─ gcc   1 position
//!            3 ├─ sh       1
//!            4 └─ ld       1
//! ```

/// A node of such a list.
pub(crate) trait Node {
    /// How many positions it takes with all below it; at least 1.
    fn positions(&self) -> usize;
}

/// Positions of the nodes with nothing above them.
pub(crate) fn roots<N: Node>(nodes: &[N]) -> impl Iterator<Item = usize> + '_ {
    brothers(nodes, 0, nodes.len())
}

/// Positions of the nodes right under the one at this position.
pub(crate) fn children<N: Node>(nodes: &[N], position: usize) -> impl Iterator<Item = usize> + '_ {
    let end = nodes.get(position).map_or(position, |node| position + node.positions());
    brothers(nodes, position + 1, end)
}

fn brothers<N: Node>(nodes: &[N], first: usize, end: usize) -> impl Iterator<Item = usize> + '_ {
    let next = move |position: &usize| Some(position + nodes.get(*position)?.positions());
    std::iter::successors(Some(first), next).take_while(move |position| *position < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Node for usize {
        fn positions(&self) -> usize {
            *self
        }
    }

    #[test]
    fn roots_and_children_are_found_without_what_is_below_them() {
        // Two trees: the one in the picture, and a node alone.
        let nodes = [5, 2, 1, 1, 1, 1];
        assert_eq!(roots(&nodes).collect::<Vec<_>>(), [0, 5]);
        assert_eq!(children(&nodes, 0).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(children(&nodes, 1).collect::<Vec<_>>(), [2]);
        assert_eq!(children(&nodes, 2).count(), 0);
        assert_eq!(children(&nodes, 6).count(), 0, "no such node");
        assert_eq!(roots::<usize>(&[]).count(), 0);
    }
}
