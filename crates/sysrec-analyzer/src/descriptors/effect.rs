//! What a call that succeeded does to the descriptors of its process.

use std::ops::RangeInclusive;
use std::rc::{Rc, Weak};

use rustc_hash::FxHashMap;
use sysrec_format::event::{Capture, Entry};
use sysrec_syscalls::{ArgKind, control_place, message_place, passed_descriptors, socket_address};

use super::object::{Object, ObjectKind};
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
    /// Those of a message that is not on its way yet when the call begins.
    pub(super) arriving: Option<Arrival>,
    pub(super) closed: Option<RangeInclusive<i32>>,
    pub(super) close_on_exec: Option<(RangeInclusive<i32>, bool)>,
    /// The new working directory; `Some(None)` for one that is not known.
    pub(super) moved: Option<Option<Vec<u8>>>,
    /// A table, a directory of its own (`CLONE_FILES`, `CLONE_FS`).
    pub(super) unshared: u64,
}

/// Descriptors of a message that a call waits for.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    socket: Rc<Object>,
    fds: Vec<i32>,
    pub(super) close_on_exec: bool,
}

impl Arrival {
    /// The descriptors with what they are, now that the message is here. A message with another number of them is
    /// not the one, and they stay without names.
    pub(super) fn received(&self) -> Vec<(i32, Option<Rc<Object>>)> {
        let objects = self.socket.receive().filter(|objects| objects.len() == self.fds.len());
        let objects = objects.unwrap_or_else(|| vec![None; self.fds.len()]);
        self.fds.iter().copied().zip(objects).collect()
    }
}

/// What calls met that others need: pipes made so far, which number them, and the sockets of unix(7) with a name.
#[derive(Debug, Default)]
pub(super) struct Met {
    pipes: u64,
    named: FxHashMap<Vec<u8>, Weak<Object>>,
}

/// Names of sockets that are kept; with more, all are forgotten.
const NAMED_MAX: usize = 1 << 16;

/// A call, as far as it matters here.
pub(super) struct Made<'a> {
    pub(super) name: &'a str,
    pub(super) entry: &'a Entry,
    pub(super) ret: i64,
    pub(super) exit_captures: &'a [Capture],
    pub(super) duration_ns: u64,
    pub(super) met: &'a mut Met,
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
        "fsopen" | "fspick" => b"anon_inode:[fscontext]",
        "seccomp" => b"anon_inode:seccomp notify",
        "memfd_secret" => b"/secretmem (deleted)",
        _ => return None,
    })
}

/// What `bpf` makes, by its command (`enum bpf_cmd`, include/uapi/linux/bpf.h); empty for what the command does not tell.
fn of_bpf(command: u64) -> Option<&'static [u8]> {
    Some(match command {
        // BPF_MAP_CREATE, BPF_MAP_GET_FD_BY_ID
        0 | 14 => b"anon_inode:bpf-map",
        // BPF_PROG_LOAD, BPF_PROG_GET_FD_BY_ID
        5 | 13 => b"anon_inode:bpf-prog",
        // BPF_BTF_LOAD, BPF_BTF_GET_FD_BY_ID
        18 | 19 => b"anon_inode:btf",
        // BPF_RAW_TRACEPOINT_OPEN, BPF_LINK_CREATE, BPF_LINK_GET_FD_BY_ID
        17 | 28 | 30 => b"anon_inode:bpf_link",
        // BPF_OBJ_GET, BPF_ENABLE_STATS, BPF_ITER_CREATE, BPF_TOKEN_CREATE
        7 | 32 | 33 | 36 => b"",
        _ => return None,
    })
}

/// Calls whose new descriptor no argument names: the recorder says what it is.
const UNNAMED: &[&str] = &["fsmount", "open_by_handle_at", "pidfd_getfd"];
/// `ioctl`'s request for the other side of a terminal, TIOCGPTPEER.
const OTHER_SIDE: u64 = 0x5441;
const CLONE_PIDFD: u64 = 0x1000;
const SECCOMP_FILTER_FLAG_NEW_LISTENER: u64 = 8;

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
            "mq_open" => args[1],
            "openat" | "dup3" | "open_tree" | "open_tree_attr" | "open_by_handle_at" | "ioctl" => args[2],
            "accept4" | "signalfd4" => args[3],
            "openat2" => memory(&self.entry.captures, args[2])
                .and_then(|how| how.get(..8)?.try_into().ok())
                .map_or(0, u64::from_le_bytes),
            "epoll_create1" | "inotify_init1" | "userfaultfd" | "memfd_secret" => args[0],
            "eventfd2" => args[1],
            "memfd_create" => return args[1] & 1 != 0,
            "fanotify_init" => return args[0] & 1 != 0,
            "perf_event_open" => return args[4] & 8 != 0,
            // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC, FSPICK_CLOEXEC
            "fsopen" | "fsmount" => return args[usize::from(self.name == "fsmount")] & 1 != 0,
            "fspick" => return args[2] & 1 != 0,
            "pidfd_open" | "pidfd_getfd" | "io_uring_setup" | "bpf" | "seccomp" => return true,
            "landlock_create_ruleset" => return true,
            _ => 0,
        };
        self.name != "accept" && flags & O_CLOEXEC != 0
    }

    /// What the call did.
    pub(super) fn effect(mut self, names: &Names) -> Effect {
        let mut effect = Effect::default();
        let failed = (-4095..=-1).contains(&self.ret);
        if failed && !(self.name == "connect" && self.ret == EINPROGRESS) {
            return effect;
        }
        let (args, result) = (*self.args(), self.ret as i32);
        let close_on_exec = self.closes_on_exec();
        match self.name {
            "open" | "openat" | "openat2" | "creat" | "open_tree" | "open_tree_attr" => {
                let object = names.path(self.entry).map(|path| Object::new(ObjectKind::File, &path));
                effect.opened.push((result, object, close_on_exec));
            }
            "memfd_create" => {
                let name = names.text(self.entry, args[0]).unwrap_or_default();
                let link = [b"/memfd:", name.as_slice(), b" (deleted)"].concat();
                effect.opened.push((result, Some(Object::new(ObjectKind::File, &link)), close_on_exec));
            }
            "mq_open" => {
                let name = names.text(self.entry, args[0]);
                let link = name.map(|name| Object::from_link(&[b"/", name.as_slice()].concat()));
                effect.opened.push((result, link, close_on_exec));
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
            "ioctl" if args[1] as u32 as u64 == OTHER_SIDE => {
                effect.opened.push((result, None, close_on_exec));
            }
            "bpf" => {
                if let Some(link) = of_bpf(args[0]) {
                    let object = (!link.is_empty()).then(|| Object::from_link(link));
                    effect.opened.push((result, object, close_on_exec));
                }
            }
            // SECCOMP_SET_MODE_FILTER
            "seccomp" if args[0] != 1 || args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER == 0 => {}
            "clone" | "clone3" => effect.opened.extend(self.new_pidfd()),
            "pipe" | "pipe2" => {
                if let Some(fds) = self.two_descriptors(0) {
                    self.met.pipes += 1;
                    let link = format!("pipe:[#{}]", self.met.pipes);
                    let pipe = Object::new(ObjectKind::Pipe, link.as_bytes());
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
                let peer = memory(self.exit_captures, args[1]).and_then(socket_address);
                let object = names.object(self.fd(0)).map(|listening| {
                    let connection = Rc::new(listening.accepted(peer));
                    listening.gave(&connection, self.span());
                    connection
                });
                effect.opened.push((result, object, close_on_exec));
            }
            "bind" | "connect" => {
                let told = memory(&self.entry.captures, args[1]).and_then(socket_address);
                if let (Some(socket), Some(told)) = (names.object(self.fd(0)), told) {
                    self.meet(names, &socket, &told);
                    if self.name == "bind" { socket.bind(told) } else { socket.connect(told) }
                }
            }
            "getsockname" | "getpeername" => {
                let told = memory(self.exit_captures, args[1]).and_then(socket_address);
                if let (Some(socket), Some(told)) = (names.object(self.fd(0)), told) {
                    if self.name == "getsockname" { socket.bind(told) } else { socket.connect(told) }
                }
            }
            "sendmsg" | "sendmmsg" => {
                if let Some(socket) = names.object(self.fd(0)) {
                    for rights in self.rights(&self.entry.captures) {
                        socket.send(rights.into_iter().map(|fd| names.object(fd)).collect());
                    }
                }
            }
            "recvmsg" | "recvmmsg" | "recvmmsg_time64" => self.receive(names, &mut effect),
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

    /// When it began and ended, nanoseconds.
    fn span(&self) -> (u64, u64) {
        (self.entry.time_ns, self.entry.time_ns.saturating_add(self.duration_ns))
    }

    /// Sockets of unix(7) meet by their names, which relative paths have from the working directory.
    fn meet(&mut self, names: &Names, socket: &Rc<Object>, told: &[u8]) {
        if !socket.is_socket(b"UNIX") {
            return;
        }
        let name = match told {
            [b'@', ..] => Some(told.to_vec()),
            path => resolve(names.directory().as_deref(), path),
        };
        let Some(name) = name else { return };
        if self.name == "connect" {
            if let Some(listening) = self.met.named.get(&name).and_then(Weak::upgrade) {
                listening.reached_by(socket, self.span());
            }
            return;
        }
        if self.met.named.len() >= NAMED_MAX {
            self.met.named.clear();
        }
        self.met.named.insert(name, Rc::downgrade(socket));
    }

    /// What messages bring: of one that is here already, at once; of one that the call waits for, when it returns.
    fn receive(&self, names: &Names, effect: &mut Effect) {
        // MSG_CMSG_CLOEXEC
        let flags = self.args()[if self.name == "recvmsg" { 2 } else { 3 }];
        let close_on_exec = flags & 0x4000_0000 != 0;
        let all = self.rights(self.exit_captures);
        let Some(socket) = names.object(self.fd(0)) else {
            effect.opened.extend(all.into_iter().flatten().map(|fd| (fd, None, close_on_exec)));
            return;
        };
        for fds in all {
            match socket.receive() {
                Some(objects) if objects.len() == fds.len() => {
                    let opened = fds.into_iter().zip(objects);
                    effect.opened.extend(opened.map(|(fd, object)| (fd, object, close_on_exec)));
                }
                None if effect.arriving.is_none() => {
                    effect.arriving = Some(Arrival { socket: socket.clone(), fds, close_on_exec });
                }
                _ => effect.opened.extend(fds.into_iter().map(|fd| (fd, None, close_on_exec))),
            }
        }
    }

    /// The descriptor of the process that `clone` made, if it was asked for.
    fn new_pidfd(&self) -> Option<(i32, Option<Rc<Object>>, bool)> {
        let args = self.args();
        let place = if self.name == "clone" {
            (args[0] & CLONE_PIDFD != 0).then_some(args[2])?
        } else {
            // `struct clone_args`: flags, then where the descriptor goes, 64 bits each.
            let words = memory(&self.entry.captures, args[0])?;
            let word = |at: usize| Some(u64::from_le_bytes(words.get(at..at + 8)?.try_into().ok()?));
            (word(0)? & CLONE_PIDFD != 0).then_some(word(8)?)?
        };
        let fd = memory(self.exit_captures, place)?.get(..4)?.try_into().ok().map(i32::from_le_bytes)?;
        Some((fd, Some(Object::from_link(b"anon_inode:[pidfd]")), true))
    }

    /// The descriptors in the control data of the messages at the second argument: of each message that has any.
    fn rights(&self, captures: &[Capture]) -> Vec<Vec<i32>> {
        let Some(abi) = sysrec_syscalls::Abi::from_code(self.entry.abi.0) else { return Vec::new() };
        let messages = if self.name.contains("mmsg") { u64::try_from(self.ret).unwrap_or(0) } else { 1 };
        let passed = |index: u64| {
            let header = memory(captures, message_place(abi, self.args()[1], index)?)?;
            let place = control_place(abi, header)?;
            let control = memory(captures, place.address)?;
            let length = usize::try_from(place.length_bytes).unwrap_or(usize::MAX).min(control.len());
            Some(passed_descriptors(abi, &control[..length]))
        };
        (0..messages.min(MESSAGES_MAX)).filter_map(passed).filter(|fds| !fds.is_empty()).collect()
    }
}

/// Messages of one call (`UIO_MAXIOV`, include/uapi/linux/uio.h).
const MESSAGES_MAX: u64 = 1024;

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
