//! One path, and which one a call takes.

use sysrec_format::event::{Abi, Entry, StackId};

use super::programs::Programs;
use crate::code::{Code, Site};
use crate::tasks::Task;

/// What paths begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// The program: processes that run the same one count together.
    #[default]
    Program,
    /// The thread.
    Thread,
    /// The file that the call is about, and then the program.
    File,
}

/// One distinct path: all selected calls of one number, from one root, with one stack (or site, without one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    pub(super) root: u32,
    /// The file, where files are told apart: a place in their list.
    pub(super) file: Option<u32>,
    /// The table that `nr` belongs to.
    pub abi: Abi,
    /// The call's number.
    pub nr: i32,
    /// The stack, where one was recorded.
    pub stack: Option<StackId>,
    /// Where the call was made; `None` where there is a stack, whose innermost frame says the same.
    pub site: Option<Site>,
}

/// Finds the path of a call.
pub(super) struct Finder<'a> {
    pub(super) root: Root,
    pub(super) code: &'a Code,
    pub(super) programs: &'a Programs,
}

impl Finder<'_> {
    pub(super) fn root(&self, task: &Task, time_ns: u64) -> u32 {
        match self.root {
            Root::Program | Root::File => self.programs.at(task, time_ns),
            Root::Thread => task.id.0,
        }
    }

    /// The path of a call that has no stack.
    pub(super) fn site_path(&self, task: &Task, abi: Abi, nr: i32, ip: u64, time_ns: u64) -> Path {
        let site = self.code.site_at(task.process, ip, time_ns);
        Path { root: self.root(task, time_ns), file: None, abi, nr, stack: None, site: Some(site) }
    }

    /// The path of a call that has this stack.
    pub(super) fn stack_path(&self, task: &Task, abi: Abi, nr: i32, stack: StackId, time_ns: u64) -> Path {
        Path { root: self.root(task, time_ns), file: None, abi, nr, stack: Some(stack), site: None }
    }

    /// The path of a call, whichever of both it has.
    pub(super) fn path(&self, task: &Task, entry: &Entry) -> Path {
        match entry.stack {
            Some(stack) => self.stack_path(task, entry.abi, entry.nr, stack, entry.time_ns),
            None => self.site_path(task, entry.abi, entry.nr, entry.ip, entry.time_ns),
        }
    }
}
