//! The stacks of a trace: from the number that a call has to the frames that it names.
//!
//! Every distinct stack is in a trace once, as the way from a node to the root of a forest. Nodes and the modules that
//! they point into are events; this table is what they add up to.
//!
//! ```text
//!  STACK_NODE 0: _start            call 1: stack 2, which is write <- main <- _start
//!           `- 1: main             call 2: stack 3, which is fsync <- main <- _start
//!               |- 2: write
//!               `- 3: fsync
//! ```
//! Invariant: a node's parent has a lower number than the node, so every way ends; and none is longer than
//! [`STACK_FRAMES_MAX`].

use rustc_hash::FxHashMap;

use crate::event::{EventBody, FrameFlags, ModuleId, StackId};
use crate::limits::{MODULES_MAX, STACK_FRAMES_MAX, STACK_NODES_MAX};

/// What code lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Path as the kernel shows it, or `[vdso]`, `[jit]` and the like.
    pub path: Vec<u8>,
    /// The ELF build-id note; empty where there is none.
    pub build_id: Vec<u8>,
}

/// One frame of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The node, which is also the stack that begins here.
    pub node: StackId,
    /// What its code lies in; `None` where nothing is known, and then the offset is an address.
    pub module: Option<ModuleId>,
    /// Address in the module's own terms, see [`EventBody::StackNode`].
    pub offset: u64,
    /// What else is known. [`FrameFlags::CUT`] is set, too, where the trace has lost the frames outward of this one.
    pub flags: FrameFlags,
    /// The function's name, where the recorder alone could know it; else empty.
    pub name: &'a [u8],
}

impl Frame<'_> {
    /// An offset inside the instruction that the frame is at, which is what to look symbols and lines up by: a
    /// return address may be the first one of the next function.
    pub fn offset_inside(&self) -> u64 {
        if self.flags.has(FrameFlags::INTERRUPTED) { self.offset } else { self.offset.saturating_sub(1) }
    }
}

/// No parent, or no module.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    id: u32,
    /// Its parent's place in the list, or [`NONE`].
    parent: u32,
    module: u32,
    /// Frames from here outward.
    depth: u16,
    flags: FrameFlags,
    offset: u64,
}

/// The modules and nodes of a trace. Memory: some 32 bytes a node.
#[derive(Clone, Debug, Default)]
pub struct StackTable {
    /// Ascending by number. Without damage a node's number is its place.
    nodes: Vec<Node>,
    names: FxHashMap<u32, Box<[u8]>>,
    modules: Vec<(ModuleId, Module)>,
    refused: u64,
}

impl StackTable {
    /// Takes in a [`Module`](EventBody::Module) or [`StackNode`](EventBody::StackNode), in the order of the trace; other
    /// events are left. One that breaks the rules (a number that is not above those before it, a parent that is not
    /// below the node, a limit) is left and counted, see [`refused`](Self::refused).
    pub fn add(&mut self, event: &EventBody) {
        let taken = match event {
            EventBody::Module { module, path, build_id } => {
                self.add_module(*module, Module { path: path.clone(), build_id: build_id.clone() })
            }
            EventBody::StackNode { node, parent, module, offset, flags, name } => {
                self.add_node(*node, *parent, *module, *offset, *flags, name)
            }
            _ => true,
        };
        self.refused += u64::from(!taken);
    }

    fn add_module(&mut self, id: ModuleId, module: Module) -> bool {
        let taken = id.0 < MODULES_MAX && self.modules.last().is_none_or(|(last, _)| *last < id);
        if taken {
            self.modules.push((id, module));
        }
        taken
    }

    fn add_node(
        &mut self,
        id: StackId,
        parent: Option<StackId>,
        module: Option<ModuleId>,
        offset: u64,
        mut flags: FrameFlags,
        name: &[u8],
    ) -> bool {
        let (mut depth, mut place) = (1, NONE);
        if let Some(parent) = parent {
            if parent >= id {
                return false;
            }
            match self.place(parent) {
                Some(at) => (place, depth) = (at as u32, self.nodes[at].depth + 1),
                // It was in a chunk that is damaged.
                None => flags = flags.with(FrameFlags::CUT),
            }
        }
        let in_order = self.nodes.last().is_none_or(|last| last.id < id.0);
        if !in_order || id.0 >= STACK_NODES_MAX || depth > STACK_FRAMES_MAX {
            return false;
        }
        let module = module.map_or(NONE, |module| module.0);
        self.nodes.push(Node { id: id.0, parent: place, module, depth, flags, offset });
        if !name.is_empty() {
            self.names.insert(id.0, name.into());
        }
        true
    }

    /// Events that broke the rules.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the trace has no stacks.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn place(&self, id: StackId) -> Option<usize> {
        let at = id.0 as usize;
        match self.nodes.get(at) {
            Some(node) if node.id == id.0 => Some(at),
            // Nodes were lost: those behind them stand before their places.
            _ => self.nodes.binary_search_by_key(&id.0, |node| node.id).ok(),
        }
    }

    fn at(&self, place: usize) -> Frame<'_> {
        let Node { id, module, flags, offset, .. } = self.nodes[place];
        let name = self.names.get(&id).map_or(&[][..], |name| name);
        let module = (module != NONE).then_some(ModuleId(module));
        Frame { node: StackId(id), module, offset, flags, name }
    }

    /// A node by its number; `None` where the trace does not have it.
    pub fn node(&self, id: StackId) -> Option<Frame<'_>> {
        self.place(id).map(|place| self.at(place))
    }

    /// The frame that called this one; `None` for the outermost that is known.
    pub fn parent(&self, id: StackId) -> Option<StackId> {
        let parent = self.nodes[self.place(id)?].parent;
        (parent != NONE).then(|| StackId(self.nodes[parent as usize].id))
    }

    /// The frames of a stack, the innermost first, at most [`STACK_FRAMES_MAX`]; none where the trace does not have it.
    pub fn frames(&self, stack: StackId) -> Frames<'_> {
        Frames { table: self, next: self.place(stack).map_or(NONE, |place| place as u32) }
    }

    /// How many frames a stack has.
    pub fn depth(&self, stack: StackId) -> u16 {
        self.place(stack).map_or(0, |place| self.nodes[place].depth)
    }

    /// All nodes, ascending: parents come before their children.
    pub fn nodes(&self) -> impl Iterator<Item = Frame<'_>> {
        (0..self.nodes.len()).map(|place| self.at(place))
    }

    /// A module by its number; `None` where the trace does not have it.
    pub fn module(&self, id: ModuleId) -> Option<&Module> {
        let at = |place: usize| self.modules.get(place).filter(|(known, _)| *known == id);
        let found = at(id.0 as usize)
            .or_else(|| at(self.modules.binary_search_by_key(&id, |(known, _)| *known).ok()?));
        found.map(|(_, module)| module)
    }

    /// All modules, ascending.
    pub fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        self.modules.iter().map(|(id, module)| (*id, module))
    }
}

/// The frames of a stack, the innermost first; made by [`StackTable::frames`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    table: &'a StackTable,
    next: u32,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        if self.next == NONE {
            return None;
        }
        let place = self.next as usize;
        self.next = self.table.nodes[place].parent;
        Some(self.table.at(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(node: u32, parent: Option<u32>) -> EventBody {
        EventBody::StackNode {
            node: StackId(node),
            parent: parent.map(StackId),
            module: Some(ModuleId(0)),
            offset: 100 + u64::from(node),
            flags: FrameFlags::default(),
            name: if node == 3 { b"jitted".to_vec() } else { Vec::new() },
        }
    }

    fn table(nodes: &[(u32, Option<u32>)]) -> StackTable {
        let mut table = StackTable::default();
        nodes.iter().for_each(|&(id, parent)| table.add(&node(id, parent)));
        table
    }

    fn offsets(table: &StackTable, stack: u32) -> Vec<u64> {
        table.frames(StackId(stack)).map(|frame| frame.offset).collect()
    }

    #[test]
    fn stacks_that_begin_alike_share_their_outer_frames() {
        let table = table(&[(0, None), (1, Some(0)), (2, Some(1)), (3, Some(1))]);
        assert_eq!(offsets(&table, 2), [102, 101, 100]);
        assert_eq!(offsets(&table, 3), [103, 101, 100]);
        assert_eq!(table.node(StackId(3)).unwrap().name, b"jitted");
        assert_eq!((table.depth(StackId(3)), table.parent(StackId(3))), (3, Some(StackId(1))));
        assert_eq!(table.nodes().map(|frame| frame.node.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(table.refused(), 0);
    }

    #[test]
    fn no_parent_stands_behind_its_child_so_that_no_way_is_endless() {
        let table = table(&[(0, Some(0)), (1, Some(2)), (2, Some(1)), (2, None), (1, None)]);
        assert_eq!(table.refused(), 4);
        assert_eq!(offsets(&table, 2), [102]);
        assert_eq!(offsets(&table, 1), []);
    }

    #[test]
    fn lost_nodes_cut_the_stacks_that_went_through_them() {
        let table = table(&[(0, None), (5, Some(4)), (6, Some(5)), (7, Some(0))]);
        assert_eq!((offsets(&table, 6), offsets(&table, 7)), (vec![106, 105], vec![107, 100]));
        let flags: Vec<_> = table.frames(StackId(6)).map(|frame| frame.flags).collect();
        assert_eq!(flags, [FrameFlags::default(), FrameFlags::CUT]);
        assert_eq!(offsets(&table, 4), []);
    }

    #[test]
    fn a_stack_without_end_and_a_number_without_bound_are_refused() {
        let mut table = table(&[(0, None)]);
        (1..3000).for_each(|id| table.add(&node(id, Some(id - 1))));
        // Behind each node that is refused another stack begins, one that is cut.
        assert_eq!((table.refused(), table.len()), (2, 2998));
        assert!(table.nodes().all(|frame| table.depth(frame.node) <= STACK_FRAMES_MAX));
        table.add(&node(STACK_NODES_MAX, None));
        table.add(&node(u32::MAX, None));
        let huge = EventBody::Module { module: ModuleId(MODULES_MAX), path: vec![], build_id: vec![] };
        table.add(&huge);
        assert_eq!(table.modules().count(), 0);
    }
}
