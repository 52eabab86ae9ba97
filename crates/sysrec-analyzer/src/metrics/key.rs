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
    /// The file, socket or other thing that it was about, by a name or by a descriptor.
    File,
    /// The directory of the file that it was about.
    Dir,
    /// The socket that it was about.
    Socket,
    /// The number of the descriptor that it was about.
    Fd,
    /// The code that made it. Only comparisons have it, and alone: code is named by the caller
    /// ([`Recording::of_paths`](crate::diff::Recording::of_paths)).
    Stack,
}

impl Dimension {
    /// Those that a report can have.
    pub const ALL: [Dimension; 9] = [
        Dimension::Syscall,
        Dimension::Process,
        Dimension::Thread,
        Dimension::Errno,
        Dimension::Abi,
        Dimension::File,
        Dimension::Dir,
        Dimension::Socket,
        Dimension::Fd,
    ];

    /// Whether it is about what calls do it to, which takes the whole trace in order of time to know.
    pub fn is_of_names(self) -> bool {
        matches!(self, Dimension::File | Dimension::Dir | Dimension::Socket | Dimension::Fd)
    }

    /// The word that options and outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Syscall => "syscall",
            Dimension::Process => "process",
            Dimension::Thread => "thread",
            Dimension::Errno => "errno",
            Dimension::Abi => "abi",
            Dimension::File => "file",
            Dimension::Dir => "dir",
            Dimension::Socket => "socket",
            Dimension::Fd => "fd",
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
    /// The name, any bytes; `?` for a descriptor of which nothing is known, empty for calls about none.
    pub file: Option<Vec<u8>>,
    /// The directory, any bytes; empty for calls about no path.
    pub dir: Option<Vec<u8>>,
    /// The socket, any bytes; empty for calls about none.
    pub socket: Option<Vec<u8>>,
    /// The descriptor, if the call is about one.
    pub fd: Option<Option<i32>>,
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
        let name = |name: &'_ [u8]| -> Cow<'static, str> {
            if name.is_empty() { "-".into() } else { String::from_utf8_lossy(name).into_owned().into() }
        };
        match dimension {
            Dimension::Syscall => self.syscall.as_deref().map(Cow::Borrowed),
            Dimension::Process => self.process.as_ref().map(who),
            Dimension::Thread => self.thread.as_ref().map(who),
            Dimension::Errno => {
                self.errno.map(|errno| if errno == 0 { "ok".into() } else { errno_name(errno) })
            }
            Dimension::Abi => self.abi.map(crate::outcome::abi_name),
            Dimension::File => self.file.as_deref().map(name),
            Dimension::Dir => self.dir.as_deref().map(name),
            Dimension::Socket => self.socket.as_deref().map(name),
            Dimension::Fd => self.fd.map(|fd| fd.map_or("-".into(), |fd| fd.to_string().into())),
            Dimension::Stack => self.stack.as_deref().map(Cow::Borrowed),
        }
    }
}
