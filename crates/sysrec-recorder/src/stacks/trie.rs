//! The stacks that were told, as a forest of frames: a stack is told by the frames that are new.

use rustc_hash::FxHashMap;
use sysrec_format::event::{EventBody, FrameFlags, ModuleId, StackId};

/// Frames that a recording tells; a program whose stacks are all different must not fill our memory. Calls after that
/// have no stacks.
pub(super) const NODES_MAX: u32 = 1 << 22;
const _: () = assert!(NODES_MAX <= sysrec_format::limits::STACK_NODES_MAX);

/// A frame as the trace has it, with the number of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Its parent plus one; 0 for none.
    parent: u32,
    /// Its module plus one; 0 for none.
    module: u32,
    offset: u64,
    flags: u8,
    name: u32,
}

/// Which frames were told.
#[derive(Debug, Default)]
pub(super) struct Trie {
    nodes: FxHashMap<Key, u32>,
    names: FxHashMap<Vec<u8>, u32>,
    /// A stack could not be told since there were too many.
    pub(super) full: bool,
}

impl Trie {
    /// The node of a frame outward of which `parent` is; `tell` is called where it is new. `None`: there are too many.
    pub(super) fn node(
        &mut self,
        parent: Option<StackId>,
        module: Option<ModuleId>,
        offset: u64,
        flags: FrameFlags,
        name: &[u8],
        tell: impl FnOnce(EventBody),
    ) -> Option<StackId> {
        let number = if name.is_empty() { 0 } else { self.name(name) };
        let key = Key {
            parent: parent.map_or(0, |parent| parent.0 + 1),
            module: module.map_or(0, |module| module.0 + 1),
            offset,
            flags: flags.0,
            name: number,
        };
        if let Some(&node) = self.nodes.get(&key) {
            return Some(StackId(node));
        }
        let node = self.nodes.len() as u32;
        if node >= NODES_MAX {
            self.full = true;
            return None;
        }
        self.nodes.insert(key, node);
        let node = StackId(node);
        tell(EventBody::StackNode { node, parent, module, offset, flags, name: name.to_vec() });
        Some(node)
    }

    /// Frames that were told.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        let next = self.names.len() as u32 + 1;
        if let Some(&known) = self.names.get(name) {
            return known;
        }
        self.names.insert(name.to_vec(), next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_once() {
        let (mut trie, mut told) = (Trie::default(), Vec::new());
        let mut node = |parent: Option<StackId>, offset, name: &[u8]| {
            trie.node(parent, Some(ModuleId(0)), offset, FrameFlags::default(), name, |body| told.push(body))
                .unwrap()
        };
        let root = node(None, 1, b"");
        let (one, other) = (node(Some(root), 2, b""), node(Some(root), 2, b"named"));
        assert_eq!((root, one, other), (StackId(0), StackId(1), StackId(2)));
        assert_eq!((node(None, 1, b""), node(Some(root), 2, b"named")), (root, other));
        assert_eq!(told.len(), 3);
    }
}
