//! A process's descriptors, and its working directory.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::object::{Object, ObjectKind};

/// Descriptors that all tables of a trace together hold: a bound for traces that nobody recorded.
const DESCRIPTORS_MAX: usize = 4 << 20;

/// Counts the descriptors in all tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Rc<Cell<usize>>);

/// One descriptor.
#[derive(Clone, Debug)]
struct Descriptor {
    /// `None` for one that is there, and of which nobody knows what it is.
    object: Option<Rc<Object>>,
    close_on_exec: bool,
    /// When the call that made it returned, nanoseconds.
    since_ns: u64,
}

/// The descriptors of one `files_struct`.
#[derive(Debug)]
pub(super) struct Table {
    descriptors: FxHashMap<i32, Descriptor>,
    budget: Budget,
}

impl Table {
    pub(super) fn new(budget: &Budget) -> Self {
        Self { descriptors: FxHashMap::default(), budget: budget.clone() }
    }

    /// A table of its own with the same descriptors; empty where there would be too many altogether.
    pub(super) fn copy(&self) -> Self {
        let mut copy = Self::new(&self.budget);
        let all = self.budget.0.get() + self.descriptors.len();
        if all <= DESCRIPTORS_MAX {
            self.budget.0.set(all);
            copy.descriptors.clone_from(&self.descriptors);
        }
        copy
    }

    pub(super) fn get(&self, fd: i32) -> Option<&Rc<Object>> {
        self.descriptors.get(&fd).and_then(|descriptor| descriptor.object.as_ref())
    }

    pub(super) fn insert(&mut self, fd: i32, object: Option<Rc<Object>>, close_on_exec: bool, since_ns: u64) {
        let used = self.budget.0.get();
        if fd >= 0 && used < DESCRIPTORS_MAX {
            let descriptor = Descriptor { object, close_on_exec, since_ns };
            let new = self.descriptors.insert(fd, descriptor).is_none();
            self.budget.0.set(used + usize::from(new));
        }
    }

    /// What the recorder says that a descriptor is. Beside the call that made it, which then is in the trace, that
    /// call knows more of it: whether execve closes it, and of a socket or pipe which one it is.
    pub(super) fn tell(&mut self, fd: i32, object: Rc<Object>, now_ns: u64) {
        match self.descriptors.get_mut(&fd).filter(|descriptor| descriptor.since_ns == now_ns) {
            Some(descriptor) => {
                let is_known = descriptor.object.as_ref().is_some_and(|known| {
                    known.kind() == object.kind()
                        && matches!(known.kind(), ObjectKind::Socket | ObjectKind::Pipe)
                });
                if !is_known {
                    descriptor.object = Some(object);
                }
            }
            None => self.insert(fd, Some(object), false, 0),
        }
    }

    pub(super) fn remove(&mut self, fd: i32) {
        if self.descriptors.remove(&fd).is_some() {
            self.budget.0.set(self.budget.0.get() - 1);
        }
    }

    pub(super) fn set_close_on_exec(&mut self, fds: RangeInclusive<i32>, close_on_exec: bool) {
        if fds.start() == fds.end() {
            if let Some(descriptor) = self.descriptors.get_mut(fds.start()) {
                descriptor.close_on_exec = close_on_exec;
            }
            return;
        }
        let inside = self.descriptors.iter_mut().filter(|(fd, _)| fds.contains(fd));
        inside.for_each(|(_, descriptor)| descriptor.close_on_exec = close_on_exec);
    }

    pub(super) fn remove_range(&mut self, fds: &RangeInclusive<i32>) {
        self.keep(|fd, _| !fds.contains(&fd));
    }

    /// What execve does.
    pub(super) fn close_on_exec(&mut self) {
        self.keep(|_, descriptor| !descriptor.close_on_exec);
    }

    fn keep(&mut self, keep: impl Fn(i32, &Descriptor) -> bool) {
        let before = self.descriptors.len();
        self.descriptors.retain(|&fd, descriptor| keep(fd, descriptor));
        self.budget.0.set(self.budget.0.get() - (before - self.descriptors.len()));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.0.get() - self.descriptors.len());
    }
}
