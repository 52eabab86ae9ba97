//! What a descriptor stands for: the open file description, shared by all descriptors that refer to it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use sysrec_syscalls::socket_protocol;

/// What sort of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// Something with a path.
    File,
    /// A socket.
    Socket,
    /// A pipe, one end of it.
    Pipe,
    /// What the kernel makes without a name in any directory: epoll, eventfd, timers.
    Other,
}

/// Messages with descriptors that wait in a socket; more are forgotten.
const MAILBOX_MESSAGES_MAX: usize = 1024;

/// An open file description.
#[derive(Debug)]
pub struct Object {
    kind: ObjectKind,
    /// A path, a link of `/proc/PID/fd`, or of a socket the word for its protocol.
    name: Vec<u8>,
    socket: RefCell<Socket>,
}

#[derive(Debug, Default)]
struct Socket {
    local: Option<Vec<u8>>,
    peer: Option<Vec<u8>>,
    /// The other end, where it is in the trace.
    other: Weak<Object>,
    /// Descriptors on the way to it.
    mailbox: VecDeque<Passed>,
    /// Of a listening socket: the ends of connections whose other end nobody knows yet.
    waiting: Waiting,
}

/// Descriptors that one message passes.
type Passed = Vec<Option<Rc<Object>>>;

/// Ends of connections to a listening socket, by the call that made them: sockets that connected, sockets that accept
/// gave, and when that call began and ended.
#[derive(Debug, Default)]
struct Waiting {
    connected: Vec<(Weak<Object>, Span)>,
    accepted: Vec<(Weak<Object>, Span)>,
}

/// When a call began and ended, nanoseconds.
pub(super) type Span = (u64, u64);

/// What a call's time may be off by, where one task's was taken by itself and another's by the recorder.
const OFF_NS: u64 = 200_000;

/// Ends of connections that wait for their other end; more are forgotten.
const WAITING_MAX: usize = 64;

impl Object {
    /// By what `/proc/PID/fd` shows, or would show; or of a socket by its protocol and addresses.
    pub(super) fn from_link(link: &[u8]) -> Rc<Self> {
        if let Some(socket) = Self::described_socket(link) {
            return Rc::new(socket);
        }
        let kind = match link {
            [b'/', ..] => ObjectKind::File,
            _ if link.starts_with(b"socket:") => ObjectKind::Socket,
            _ if link.starts_with(b"pipe:") => ObjectKind::Pipe,
            _ => ObjectKind::Other,
        };
        Self::new(kind, link)
    }

    /// `TCP`, `TCP:[127.0.0.1:80]`, `TCP:[127.0.0.1:80->127.0.0.1:4567]`.
    fn described_socket(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|&byte| byte == b':').unwrap_or(text.len());
        let (name, behind) = text.split_at(end);
        if !sysrec_syscalls::SOCKET_PROTOCOLS.iter().any(|known| known.as_bytes() == name) {
            return None;
        }
        let ends = behind.strip_prefix(b":[").and_then(|ends| ends.strip_suffix(b"]")).unwrap_or_default();
        let arrow = ends.windows(2).position(|two| two == b"->");
        let (local, peer) = match arrow {
            Some(arrow) => (&ends[..arrow], &ends[arrow + 2..]),
            None => (ends, &[][..]),
        };
        let known = |address: &[u8]| (!address.is_empty()).then(|| address.to_vec());
        let socket = Socket { local: known(local), peer: known(peer), ..Socket::default() };
        Some(Self { kind: ObjectKind::Socket, name: name.to_vec(), socket: RefCell::new(socket) })
    }

    pub(super) fn new(kind: ObjectKind, name: &[u8]) -> Rc<Self> {
        Rc::new(Self { kind, name: name.to_vec(), socket: RefCell::default() })
    }

    /// A socket of that family, type and protocol (socket(2)).
    pub(super) fn socket(family: u64, kind: u64) -> Rc<Self> {
        Self::new(ObjectKind::Socket, socket_protocol(family, kind & 0xf).as_bytes())
    }

    /// Two sockets that are connected to each other.
    pub(super) fn pair(family: u64, kind: u64) -> [Rc<Self>; 2] {
        let pair = [(); 2].map(|()| Self::socket(family, kind));
        for (one, other) in [(0, 1), (1, 0)] {
            pair[one].socket.borrow_mut().other = Rc::downgrade(&pair[other]);
        }
        pair
    }

    /// A connection that a listening socket accepted.
    pub(super) fn accepted(&self, peer: Option<Vec<u8>>) -> Self {
        let local = self.socket.borrow().local.clone();
        let socket = Socket { local, peer, ..Socket::default() };
        Self { kind: ObjectKind::Socket, name: self.name.clone(), socket: RefCell::new(socket) }
    }

    pub(super) fn bind(&self, local: Vec<u8>) {
        self.socket.borrow_mut().local = Some(local);
    }

    pub(super) fn connect(&self, peer: Vec<u8>) {
        self.socket.borrow_mut().peer = Some(peer);
    }

    /// Whether it is a socket of that name: `UNIX-STREAM`.
    pub(super) fn is_socket(&self, protocol: &[u8]) -> bool {
        self.kind == ObjectKind::Socket && self.name.starts_with(protocol)
    }

    /// A socket connected to this one, which listens; or to this one itself, where it takes messages from anybody.
    pub(super) fn reached_by(self: &Rc<Self>, connector: &Rc<Object>, span: Span) {
        if self.is_socket(b"UNIX-DGRAM") {
            connector.socket.borrow_mut().other = Rc::downgrade(self);
            return;
        }
        let mut socket = self.socket.borrow_mut();
        let Waiting { connected, accepted } = &mut socket.waiting;
        // What accept gave before the connection was begun is another's.
        let begun_ns = span.0.saturating_sub(OFF_NS);
        accepted.retain(|(end, (_, ended_ns))| *ended_ns >= begun_ns && end.strong_count() > 0);
        if let Some(other) = only(accepted) {
            join(connector, &other);
        } else if connected.len() < WAITING_MAX {
            connected.push((Rc::downgrade(connector), span));
        }
    }

    /// `connection` is what accept gave of this listening socket.
    pub(super) fn gave(&self, connection: &Rc<Object>, span: Span) {
        let mut socket = self.socket.borrow_mut();
        let Waiting { connected, accepted } = &mut socket.waiting;
        connected.retain(|(end, _)| end.strong_count() > 0);
        // Those that began after it ended have their turn to come.
        let ended_ns = span.1.saturating_add(OFF_NS);
        if connected.iter().all(|(_, (began_ns, _))| *began_ns <= ended_ns)
            && let Some(other) = only(connected)
        {
            join(connection, &other);
        } else if accepted.len() < WAITING_MAX {
            accepted.push((Rc::downgrade(connection), span));
        }
    }

    /// Descriptors leave for the other end.
    pub(super) fn send(&self, objects: Passed) {
        if let Some(other) = self.socket.borrow().other.upgrade()
            && let Ok(mut other) = other.socket.try_borrow_mut()
            && other.mailbox.len() < MAILBOX_MESSAGES_MAX
        {
            other.mailbox.push_back(objects);
        }
    }

    /// The descriptors of the message that comes next, if it is here already.
    pub(super) fn receive(&self) -> Option<Passed> {
        self.socket.borrow_mut().mailbox.pop_front()
    }

    /// What sort of thing it is.
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// Its name as it is now: a path, `pipe:[123]`, `TCP:[127.0.0.1:80->127.0.0.1:4567]`. Any bytes.
    pub fn name(&self) -> Vec<u8> {
        let socket = self.socket.borrow();
        let (local, peer) = (socket.local.as_deref(), socket.peer.as_deref());
        let (local, arrow, peer): (&[u8], &[u8], &[u8]) = match (local, peer) {
            (None, None) => return self.name.clone(),
            (Some(local), None) => (local, b"", b""),
            (local, Some(peer)) => (local.unwrap_or_default(), b"->", peer),
        };
        [&self.name, b":[".as_slice(), local, arrow, peer, b"]"].concat()
    }
}

/// The one that is waiting; which of several it is, nobody can tell, so that none is.
fn only(waiting: &mut Vec<(Weak<Object>, Span)>) -> Option<Rc<Object>> {
    let found = if waiting.len() == 1 { waiting[0].0.upgrade() } else { None };
    waiting.clear();
    found
}

/// Two ends of one connection.
fn join(one: &Rc<Object>, other: &Rc<Object>) {
    for (end, far) in [(one, other), (other, one)] {
        // A listening socket that is an end of its own would be a trace that nobody recorded.
        if let Ok(mut end) = end.socket.try_borrow_mut() {
            end.other = Rc::downgrade(far);
        }
    }
}
