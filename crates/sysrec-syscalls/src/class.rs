//! Classes of calls, as strace's users name them.

use bitflags::bitflags;

bitflags! {
    /// The classes that a call belongs to; a filter's `%name` selects all calls of a class.
    ///
    /// Membership follows the definitions in strace(1), each call judged by its own manual page. Where the result
    /// differs from strace's, `tests/strace.rs` lists the call and says why.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Classes: u32 {
        /// `%file`: takes the name of a file.
        const FILE = 1 << 0;
        /// `%desc`: takes, makes or maps file descriptors, sockets' own calls aside.
        const DESC = 1 << 1;
        /// `%network`: socket calls, and those that pass data through them.
        const NETWORK = 1 << 2;
        /// `%process`: a process's life: creation, exec, signals sent to it, termination, waiting.
        const PROCESS = 1 << 3;
        /// `%signal`: sends, awaits, blocks or handles signals.
        const SIGNAL = 1 << 4;
        /// `%ipc`: System V shared memory, semaphores and message queues.
        const IPC = 1 << 5;
        /// `%memory`: changes or asks about the address space.
        const MEMORY = 1 << 6;
        /// `%creds`: reads or changes user and group identifiers or capabilities.
        const CREDS = 1 << 7;
        /// `%clock`: reads or changes system clocks.
        const CLOCK = 1 << 8;
        /// `%stat`: stat and its variants.
        const STAT = 1 << 9;
        /// `%lstat`: lstat and its variants.
        const LSTAT = 1 << 10;
        /// `%fstat`: fstat, fstatat, statx and their variants.
        const FSTAT = 1 << 11;
        /// `%statfs`: statfs and its variants.
        const STATFS = 1 << 12;
        /// `%fstatfs`: fstatfs and its variants.
        const FSTATFS = 1 << 13;
        /// In `%%statfs` only: other calls that ask about a file system (ustat).
        const STATFS_LIKE = 1 << 14;
        /// `%pure`: takes no arguments and cannot fail.
        const PURE = 1 << 15;
    }
}

/// The words after `%` and what they select; of several for one set, the first is the canonical one.
const WORDS: [(&str, Classes); 19] = [
    ("file", Classes::FILE),
    ("path", Classes::FILE),
    ("desc", Classes::DESC),
    ("network", Classes::NETWORK),
    ("net", Classes::NETWORK),
    ("process", Classes::PROCESS),
    ("signal", Classes::SIGNAL),
    ("ipc", Classes::IPC),
    ("memory", Classes::MEMORY),
    ("creds", Classes::CREDS),
    ("clock", Classes::CLOCK),
    ("stat", Classes::STAT),
    ("lstat", Classes::LSTAT),
    ("fstat", Classes::FSTAT),
    ("%stat", Classes::STAT.union(Classes::LSTAT).union(Classes::FSTAT)),
    ("statfs", Classes::STATFS),
    ("fstatfs", Classes::FSTATFS),
    ("%statfs", Classes::STATFS.union(Classes::FSTATFS).union(Classes::STATFS_LIKE)),
    ("pure", Classes::PURE),
];

impl Classes {
    /// The classes behind a filter's `%word`, given without the first `%`: `file`, `net`, `%stat`.
    ///
    /// A call belongs to the word when it is in any of them.
    pub fn from_word(word: &str) -> Option<Classes> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, classes)| *classes)
    }

    /// Every word that [`from_word`](Classes::from_word) knows with its classes, canonical spellings first.
    pub fn words() -> impl Iterator<Item = (&'static str, Classes)> {
        WORDS.into_iter()
    }
}
