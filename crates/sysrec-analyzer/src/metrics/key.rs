//! What rows of a report stand for.

use std::borrow::Cow;

use sysrec_format::event::{Abi, TaskId};

use crate::outcome::errno_name;

/// Something that calls can be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// The call's name. The same name on several ABIs is one row.
    Syscall,
    /// The process that made it.
    Process,
    /// The thread that made it.
    Thread,
    /// The error that it returned, or none.
    Errno,
    /// The ABI it was made by.
    Abi,
    /// The code that made it. Only comparisons have it, and alone: code is named by the caller
    /// ([`Recording::of_paths`](crate::diff::Recording::of_paths)).
    Stack,
}

impl Dimension {
    /// Those that a report can have.
    pub const ALL: [Dimension; 5] =
        [Dimension::Syscall, Dimension::Process, Dimension::Thread, Dimension::Errno, Dimension::Abi];

    /// The word that options and outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Syscall => "syscall",
            Dimension::Process => "process",
            Dimension::Thread => "thread",
            Dimension::Errno => "errno",
            Dimension::Abi => "abi",
            Dimension::Stack => "stack",
        }
    }

    /// The dimension of that [`name`](Self::name), of those that a report can have.
    pub fn from_name(name: &str) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

/// What one row stands for: a value for each dimension that was asked for, `None` for the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    /// The call's name.
    pub syscall: Option<Cow<'static, str>>,
    /// The process.
    pub process: Option<Who>,
    /// The thread.
    pub thread: Option<Who>,
    /// The error number; 0 for calls without an error.
    pub errno: Option<u32>,
    /// The ABI.
    pub abi: Option<Abi>,
    /// The steps from the program to the call, with ` ; ` between them.
    pub stack: Option<String>,
}

/// A process or thread of one of the traces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    /// Position of its trace among those added up.
    pub trace: usize,
    /// Its number in that trace.
    pub task: TaskId,
    /// Its process or thread id; 0 where it is not known.
    pub id: i32,
    /// Its last name, any bytes.
    pub name: Vec<u8>,
}

impl Key {
    /// The value of one dimension as text, escaped of nothing; `None` where it was not asked for.
    pub fn text(&self, dimension: Dimension) -> Option<Cow<'_, str>> {
        let who = |who: &Who| Cow::Owned(format!("{} {}", String::from_utf8_lossy(&who.name), who.id));
        match dimension {
            Dimension::Syscall => self.syscall.as_deref().map(Cow::Borrowed),
            Dimension::Process => self.process.as_ref().map(who),
            Dimension::Thread => self.thread.as_ref().map(who),
            Dimension::Errno => {
                self.errno.map(|errno| if errno == 0 { "ok".into() } else { errno_name(errno) })
            }
            Dimension::Abi => self.abi.map(crate::outcome::abi_name),
            Dimension::Stack => self.stack.as_deref().map(Cow::Borrowed),
        }
    }
}
