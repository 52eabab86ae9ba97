//! What a tracee's socket is, which `/proc/PID/fd` gives the number of alone: the kernel is asked through a descriptor
//! of our own, for as long as that takes (`pidfd_getfd(2)`, Linux 5.6).

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What the kernel knows of a socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Socket {
    /// `AF_INET` and the like.
    pub(crate) family: i32,
    /// `SOCK_STREAM` and the like.
    pub(crate) kind: i32,
    /// Its own address, `struct sockaddr`; empty where it has none.
    pub(crate) local: Vec<u8>,
    /// That of the other end.
    pub(crate) peer: Vec<u8>,
}

/// A new descriptor, as a system call returned it.
fn owned(fd: i64) -> Option<OwnedFd> {
    let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0)?;
    // SAFETY: the call that returned it made it for us, and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn option(socket: &OwnedFd, name: i32) -> Option<i32> {
    let (mut value, mut bytes) = (0_i32, size_of::<i32>() as libc::socklen_t);
    let place = (&raw mut value).cast();
    // SAFETY: `place` has room for `bytes` bytes, and both live on this stack.
    let failed = unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, place, &mut bytes) };
    (failed == 0).then_some(value)
}

type Ask = unsafe extern "C" fn(i32, *mut libc::sockaddr, *mut libc::socklen_t) -> i32;

fn address(socket: &OwnedFd, ask: Ask) -> Vec<u8> {
    let mut room = [0_u8; 128];
    let mut bytes = room.len() as libc::socklen_t;
    // SAFETY: `room` has room for `bytes` bytes; the kernel writes no more, and no address needs an alignment there.
    let failed = unsafe { ask(socket.as_raw_fd(), room.as_mut_ptr().cast(), &mut bytes) };
    if failed == 0 { room[..room.len().min(bytes as usize)].to_vec() } else { Vec::new() }
}

/// What the socket is; `None` where it is none, is gone, or may not be looked at.
pub(crate) fn of(pid: i32, fd: i32) -> Option<Socket> {
    // SAFETY: plain numbers.
    let process = owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: plain numbers.
    let socket = owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) })?;
    Some(Socket {
        family: option(&socket, libc::SO_DOMAIN)?,
        kind: option(&socket, libc::SO_TYPE)?,
        local: address(&socket, libc::getsockname),
        peer: address(&socket, libc::getpeername),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_what_it_was_made_as() {
        let listening = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = std::process::id() as i32;
        let socket = of(own, listening.as_raw_fd()).expect("a socket");
        assert_eq!((socket.family, socket.kind, socket.peer.len()), (libc::AF_INET, libc::SOCK_STREAM, 0));
        let port = listening.local_addr().expect("an address").port();
        assert_eq!(socket.local[2..8], [&port.to_be_bytes()[..], &[127, 0, 0, 1]].concat());
        assert_eq!(of(own, -1), None);
        let (end, _other) = std::io::pipe().expect("a pipe");
        assert_eq!(of(own, end.as_raw_fd()), None, "no socket");
    }
}
