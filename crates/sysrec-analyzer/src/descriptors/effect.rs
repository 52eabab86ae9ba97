//! What a call that succeeded does to the descriptors of its process.

use std::ops::RangeInclusive;
use std::rc::Rc;

use sysrec_format::event::{Capture, Entry};
use sysrec_syscalls::{ArgKind, control_place, passed_descriptors};

use super::object::{Object, ObjectKind, address};
use super::path::resolve;
use super::{Names, memory};

const O_CLOEXEC: u64 = 0o2_000_000;
const EINPROGRESS: i64 = -115;
const CLOSE_RANGE_UNSHARE: u64 = 2;
const CLOSE_RANGE_CLOEXEC: u64 = 4;
pub(super) const CLONE_FS: u64 = 0x200;
pub(super) const CLONE_FILES: u64 = 0x400;

/// A change of a process's descriptors.
#[derive(Clone, Debug, Default)]
pub(super) struct Effect {
    /// New descriptors and whether execve closes them; `None` for what is not known.
    pub(super) opened: Vec<(i32, Option<Rc<Object>>, bool)>,
    pub(super) closed: Option<RangeInclusive<i32>>,
    pub(super) close_on_exec: Option<(RangeInclusive<i32>, bool)>,
    /// The new working directory; `Some(None)` for one that is not known.
    pub(super) moved: Option<Option<Vec<u8>>>,
    /// A table, a directory of its own (`CLONE_FILES`, `CLONE_FS`).
    pub(super) unshared: u64,
}

/// A call, as far as it matters here.
pub(super) struct Made<'a> {
    pub(super) name: &'a str,
    pub(super) entry: &'a Entry,
    pub(super) ret: i64,
    pub(super) exit_captures: &'a [Capture],
    /// Pipes made so far, which number them.
    pub(super) pipes: &'a mut u64,
}

/// What descriptors without a path are called in `/proc/PID/fd`.
fn nameless(name: &str) -> Option<&'static [u8]> {
    Some(match name {
        "epoll_create" | "epoll_create1" => b"anon_inode:[eventpoll]",
        "eventfd" | "eventfd2" => b"anon_inode:[eventfd]",
        "timerfd_create" => b"anon_inode:[timerfd]",
        "signalfd" | "signalfd4" => b"anon_inode:[signalfd]",
        "inotify_init" | "inotify_init1" => b"anon_inode:inotify",
        "pidfd_open" => b"anon_inode:[pidfd]",
        "io_uring_setup" => b"anon_inode:[io_uring]",
        "perf_event_open" => b"anon_inode:[perf_event]",
        "userfaultfd" => b"anon_inode:[userfaultfd]",
        "fanotify_init" => b"anon_inode:[fanotify]",
        "landlock_create_ruleset" => b"anon_inode:[landlock-ruleset]",
        "memfd_secret" => b"/secretmem (deleted)",
        _ => return None,
    })
}

/// Calls whose new descriptor nothing in the trace names.
const UNNAMED: &[&str] = &["fsmount", "fsopen", "fspick", "mq_open", "open_by_handle_at", "pidfd_getfd"];

impl Made<'_> {
    fn args(&self) -> &[u64; 6] {
        &self.entry.args
    }

    fn fd(&self, argument: usize) -> i32 {
        self.args()[argument] as i32
    }

    fn two_descriptors(&self, argument: usize) -> Option<[i32; 2]> {
        let bytes = memory(self.exit_captures, self.args()[argument])?;
        let fd = |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some([fd(0)?, fd(4)?])
    }

    /// Whether its new descriptors are closed by execve.
    fn closes_on_exec(&self) -> bool {
        let args = self.args();
        let flags = match self.name {
            "open" | "pipe2" | "timerfd_create" | "accept" => args[1],
            "socket" | "socketpair" => args[1],
            "openat" | "dup3" => args[2],
            "accept4" | "signalfd4" => args[3],
            "openat2" => memory(&self.entry.captures, args[2])
                .and_then(|how| how.get(..8)?.try_into().ok())
                .map_or(0, u64::from_le_bytes),
            "epoll_create1" | "inotify_init1" => args[0],
            "eventfd2" => args[1],
            "memfd_create" => return args[1] & 1 != 0,
            "fanotify_init" => return args[0] & 1 != 0,
            "perf_event_open" => return args[4] & 8 != 0,
            "pidfd_open" | "io_uring_setup" => return true,
            _ => 0,
        };
        self.name != "accept" && flags & O_CLOEXEC != 0
    }

    /// What the call did.
    pub(super) fn effect(self, names: &Names) -> Effect {
        let mut effect = Effect::default();
        let failed = (-4095..=-1).contains(&self.ret);
        if failed && !(self.name == "connect" && self.ret == EINPROGRESS) {
            return effect;
        }
        let (args, result) = (*self.args(), self.ret as i32);
        let close_on_exec = self.closes_on_exec();
        match self.name {
            "open" | "openat" | "openat2" | "creat" | "open_tree" => {
                let object = names.path(self.entry).map(|path| Object::new(ObjectKind::File, &path));
                effect.opened.push((result, object, close_on_exec));
            }
            "memfd_create" => {
                let name = names.text(self.entry, args[0]).unwrap_or_default();
                let link = [b"/memfd:", name.as_slice(), b" (deleted)"].concat();
                effect.opened.push((result, Some(Object::new(ObjectKind::File, &link)), close_on_exec));
            }
            "dup" | "dup2" | "dup3" => {
                if self.name == "dup" || self.fd(0) != result {
                    effect.opened.push((result, names.object(self.fd(0)), close_on_exec));
                }
            }
            "fcntl" | "fcntl64" => match args[1] {
                0 | 1030 => effect.opened.push((result, names.object(self.fd(0)), args[1] == 1030)),
                2 => effect.close_on_exec = Some((self.fd(0)..=self.fd(0), args[2] & 1 != 0)),
                _ => {}
            },
            // FIONCLEX, FIOCLEX
            "ioctl" if matches!(args[1], 0x5450 | 0x5451) => {
                effect.close_on_exec = Some((self.fd(0)..=self.fd(0), args[1] == 0x5451));
            }
            "pipe" | "pipe2" => {
                if let Some(fds) = self.two_descriptors(0) {
                    *self.pipes += 1;
                    let pipe = Object::new(ObjectKind::Pipe, format!("pipe:[#{}]", self.pipes).as_bytes());
                    effect.opened.extend(fds.map(|fd| (fd, Some(pipe.clone()), close_on_exec)));
                }
            }
            "socketpair" => {
                if let Some(fds) = self.two_descriptors(3) {
                    let pair = Object::pair(args[0], args[1]);
                    let both = fds.into_iter().zip(pair);
                    effect.opened.extend(both.map(|(fd, socket)| (fd, Some(socket), close_on_exec)));
                }
            }
            "socket" => effect.opened.push((result, Some(Object::socket(args[0], args[1])), close_on_exec)),
            "accept" | "accept4" => {
                let peer = memory(self.exit_captures, args[1]).and_then(address);
                let object = names.object(self.fd(0)).map(|listening| listening.accepted(peer));
                effect.opened.push((result, object, close_on_exec));
            }
            "bind" | "connect" => {
                let told = memory(&self.entry.captures, args[1]).and_then(address);
                if let (Some(socket), Some(told)) = (names.object(self.fd(0)), told) {
                    if self.name == "bind" { socket.bind(told) } else { socket.connect(told) }
                }
            }
            "getsockname" | "getpeername" => {
                let told = memory(self.exit_captures, args[1]).and_then(address);
                if let (Some(socket), Some(told)) = (names.object(self.fd(0)), told) {
                    if self.name == "getsockname" { socket.bind(told) } else { socket.connect(told) }
                }
            }
            "sendmsg" => {
                let rights = self.rights(&self.entry.captures);
                if let Some(socket) = names.object(self.fd(0)).filter(|_| !rights.is_empty()) {
                    socket.send(rights.into_iter().map(|fd| names.object(fd)).collect());
                }
            }
            "recvmsg" => {
                let rights = self.rights(self.exit_captures);
                if !rights.is_empty() {
                    let socket = names.object(self.fd(0));
                    let mut objects = socket.map_or(Vec::new(), |socket| socket.receive()).into_iter();
                    // MSG_CMSG_CLOEXEC
                    let close_on_exec = args[2] & 0x4000_0000 != 0;
                    effect.opened =
                        rights.into_iter().map(|fd| (fd, objects.next().flatten(), close_on_exec)).collect();
                }
            }
            "close" => effect.closed = Some(self.fd(0)..=self.fd(0)),
            "close_range" => {
                let last = i32::try_from(args[1] as u32).unwrap_or(i32::MAX);
                let fds = i32::try_from(args[0] as u32).unwrap_or(i32::MAX)..=last;
                if args[2] & CLOSE_RANGE_UNSHARE != 0 {
                    effect.unshared = CLONE_FILES;
                }
                if args[2] & CLOSE_RANGE_CLOEXEC == 0 {
                    effect.closed = Some(fds);
                } else {
                    effect.close_on_exec = Some((fds, true));
                }
            }
            "chdir" => effect.moved = Some(names.path(self.entry)),
            "fchdir" => effect.moved = Some(names.object(self.fd(0)).map(|directory| directory.name())),
            "unshare" => effect.unshared = args[0] & (CLONE_FILES | CLONE_FS),
            // A signalfd that is there already is changed.
            "signalfd" | "signalfd4" if self.fd(0) >= 0 => {}
            name if UNNAMED.contains(&name) => effect.opened.push((result, None, close_on_exec)),
            name => {
                if let Some(link) = nameless(name) {
                    effect.opened.push((result, Some(Object::from_link(link)), close_on_exec));
                }
            }
        }
        effect
    }

    /// The descriptors in the control data of the message header at the second argument.
    fn rights(&self, captures: &[Capture]) -> Vec<i32> {
        let found = || {
            let abi = sysrec_syscalls::Abi::from_code(self.entry.abi.0)?;
            let place = control_place(abi, memory(captures, self.args()[1])?)?;
            let control = memory(captures, place.address)?;
            let length = usize::try_from(place.length_bytes).unwrap_or(usize::MAX).min(control.len());
            Some(passed_descriptors(abi, &control[..length]))
        };
        found().unwrap_or_default()
    }
}

impl Names {
    /// The string that the argument points at, as the recording has it.
    fn text(&self, entry: &Entry, address: u64) -> Option<Vec<u8>> {
        let bytes = memory(&entry.captures, address)?;
        Some(bytes.split(|&byte| byte == 0).next().unwrap_or_default().to_vec())
    }

    /// The first path that the call names, from the root. `None` where it names none, or it is not known.
    pub fn path(&self, entry: &Entry) -> Option<Vec<u8>> {
        let row = sysrec_syscalls::lookup(sysrec_syscalls::Abi::from_code(entry.abi.0)?, entry.nr)?;
        let place = row.args.iter().position(|arg| arg.kind == ArgKind::Path)?;
        let path = self.text(entry, *entry.args.get(place)?)?;
        let before = place.checked_sub(1).and_then(|before| row.args.get(before)).map(|arg| arg.kind);
        let directory = match before {
            Some(ArgKind::DirFd) if entry.args[place - 1] as i32 != AT_FDCWD => {
                self.object(entry.args[place - 1] as i32).map(|directory| directory.name())
            }
            _ => self.directory(),
        };
        if path.is_empty() {
            // AT_EMPTY_PATH: the directory's own descriptor.
            return directory.filter(|_| before == Some(ArgKind::DirFd));
        }
        resolve(directory.as_deref(), &path)
    }
}

const AT_FDCWD: i32 = -100;
