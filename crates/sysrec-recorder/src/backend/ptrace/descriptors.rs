//! What descriptors are, where the calls that open them do not say it: those that are not recorded, which the recorder
//! sees all the same, and a few that nothing in a trace names. Each new descriptor, and each new working directory, is
//! told as the event that one is at the start of a recording.

use std::sync::LazyLock;

use sysrec_format::event::{Abi, EventBody};
use sysrec_syscalls::{
    ArgKind, MSGHDR_BYTES_MAX, by_name, control_place, message_place, passed_descriptors, socket_address,
    socket_protocol,
};

use super::engine::Engine;
use super::tracee::InCall;
use crate::procfs;
use crate::sys::{memory, socket};

/// Calls that write two new descriptors where this argument points.
const PAIRS: &[(&str, usize)] = &[("pipe", 0), ("pipe2", 0), ("socketpair", 3)];
/// Calls that change the working directory.
const MOVING: &[&str] = &["chdir", "fchdir"];
/// Commands of fcntl whose result is a new descriptor: F_DUPFD, F_DUPFD_CLOEXEC.
const DUPLICATING: [u64; 2] = [0, 1030];
/// Calls of i386's socketcall whose result is a new descriptor: SYS_SOCKET, SYS_ACCEPT, SYS_ACCEPT4.
const SOCKETCALLS: [u64; 3] = [1, 5, 18];

/// `ioctl`'s request whose result is a new descriptor: TIOCGPTPEER.
const OTHER_SIDE: u64 = 0x5441;
/// Calls of which neither arguments nor memory name what they open: descriptors that came from another process, files
/// by their handle, mounts, the other side of a terminal.
const UNNAMED: &[&str] =
    &["fsmount", "ioctl", "open_by_handle_at", "pidfd_getfd", "recvmmsg", "recvmmsg_time64", "recvmsg"];
/// Those of them that a task may not make by itself: the recorder says what came of them. Messages that may bring
/// descriptors stop for what is copied of them, and `ioctl` is made too often.
const UNNAMED_FOR_THE_RECORDER: &[&str] = &["fsmount", "open_by_handle_at", "pidfd_getfd"];

/// [`UNNAMED`] by ABI and number.
static UNNAMED_NUMBERS: LazyLock<Vec<(u8, i32)>> = LazyLock::new(|| {
    let numbers = |abi: sysrec_syscalls::Abi| {
        let numbers = UNNAMED.iter().filter_map(move |name| by_name(abi, name));
        numbers.map(move |call| (abi.code(), call.number as i32))
    };
    sysrec_syscalls::Abi::ALL.iter().flat_map(|&abi| numbers(abi)).collect()
});

/// [`UNNAMED_FOR_THE_RECORDER`] by number.
pub(crate) fn unnamed_numbers() -> impl Iterator<Item = u32> {
    let abi = sysrec_syscalls::Abi::X86_64;
    UNNAMED_FOR_THE_RECORDER.iter().filter_map(move |name| by_name(abi, name)).map(|call| call.number)
}

/// What a call that succeeded opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// The descriptor that is its result.
    Result,
    /// Two, where this argument points.
    Pair(usize),
    /// Those in the control data of the message at the second argument.
    Message,
    /// Those of as many messages as the result says.
    Messages,
    /// None, but the socket of the first argument has an address from now on.
    First,
    /// None, but the process is somewhere else.
    Moved,
}

fn opened(abi: Abi, nr: i32, args: &[u64; 6]) -> Option<Opened> {
    let call = sysrec_syscalls::lookup(sysrec_syscalls::Abi::from_code(abi.0)?, nr)?;
    let name = call.name.trim_end_matches("64");
    Some(match name {
        _ if call.returns == ArgKind::Fd => Opened::Result,
        _ if MOVING.contains(&name) => Opened::Moved,
        "fcntl" if DUPLICATING.contains(&args[1]) => Opened::Result,
        "socketcall" if SOCKETCALLS.contains(&args[0]) => Opened::Result,
        "ioctl" if args[1] == OTHER_SIDE => Opened::Result,
        _ if ADDRESSING.contains(&name) => Opened::First,
        "recvmsg" => Opened::Message,
        "recvmmsg" | "recvmmsg_time" => Opened::Messages,
        _ => Opened::Pair(PAIRS.iter().find(|(pair, _)| *pair == name)?.1),
    })
}

/// The numbers of all calls that may open descriptors or change the working directory.
pub(crate) fn descriptor_numbers(abi: Abi) -> Vec<u32> {
    let Some(table) = sysrec_syscalls::Abi::from_code(abi.0) else { return Vec::new() };
    let names = MOVING.iter().chain(ADDRESSING).chain(PAIRS.iter().map(|(name, _)| name));
    let names = names.chain(&["fcntl", "fcntl64", "socketcall", "recvmsg", "recvmmsg", "recvmmsg_time64"]);
    let named = names.filter_map(|name| by_name(table, name));
    let opening = sysrec_syscalls::calls(table).iter().filter(|call| call.returns == ArgKind::Fd);
    opening.chain(named).map(|call| call.number).collect()
}

/// Bytes of control messages that are looked through.
const CONTROL_BYTES_MAX: u64 = 4096;

/// Calls that give the socket of their first argument an address.
const ADDRESSING: &[&str] = &["bind", "connect"];

/// What a descriptor is: what `/proc/PID/fd` says, and of a socket more than its number: `TCP:[127.0.0.1:80]`.
pub(super) fn target(pid: i32, fd: i32) -> Vec<u8> {
    let link = procfs::descriptor(pid, fd);
    if !link.starts_with(b"socket:[") {
        return link;
    }
    let Some(socket) = socket::of(pid, fd) else { return link };
    let name = socket_protocol(socket.family as u64, socket.kind as u64).as_bytes();
    // One that has no address says that it has port 0 of any.
    let has_none =
        matches!(socket.family, libc::AF_INET | libc::AF_INET6) && socket.local.get(2..4) == Some(&[0, 0]);
    let local = if has_none { None } else { socket_address(&socket.local) };
    match (local, socket_address(&socket.peer)) {
        (None, None) => name.to_vec(),
        (local, None) => [name, b":[", &local.unwrap_or_default(), b"]"].concat(),
        (local, Some(peer)) => [name, b":[", &local.unwrap_or_default(), b"->", &peer, b"]"].concat(),
    }
}

/// Messages of one call (`UIO_MAXIOV`, include/uapi/linux/uio.h).
const MESSAGES_MAX: u64 = 1024;

/// The descriptors that so many received messages brought.
fn received(tid: i32, abi: Abi, headers: u64, messages: u64) -> Vec<i32> {
    let Some(abi) = sysrec_syscalls::Abi::from_code(abi.0) else { return Vec::new() };
    let brought = |index: u64| {
        let mut bytes = [0; MSGHDR_BYTES_MAX];
        let known = memory::read_pages(tid, message_place(abi, headers, index)?, &mut bytes);
        let place = control_place(abi, &bytes[..known])?;
        let mut control = vec![0; place.length_bytes.min(CONTROL_BYTES_MAX) as usize];
        let known = memory::read_pages(tid, place.address, &mut control);
        Some(passed_descriptors(abi, &control[..known]))
    };
    (0..messages.min(MESSAGES_MAX)).filter_map(brought).flatten().collect()
}

impl Engine<'_> {
    /// Whether a call that is not recorded is watched for what it opens.
    pub(super) fn watches(&self, abi: Abi, nr: i32, args: &[u64; 6]) -> bool {
        self.config.name_descriptors && !self.ending && opened(abi, nr, args).is_some()
    }

    /// A call succeeded: what it opened is told, if the trace does not say it anyway.
    pub(super) fn tell_opened(&mut self, tid: i32, call: &InCall, ret: i64, time_ns: u64) {
        let told = match call.recorded {
            true => !self.config.capture.is_empty() && UNNAMED_NUMBERS.contains(&(call.abi.0, call.nr)),
            false => self.config.name_descriptors,
        };
        let Some(tracee) = self.tasks.get(&tid).filter(|_| told) else { return };
        let (pid, process) = (tracee.pid, tracee.process);
        let fds = match opened(call.abi, call.nr, &call.args) {
            Some(Opened::Result) => vec![ret as i32],
            Some(Opened::First) => vec![call.args[0] as i32],
            Some(Opened::Pair(argument)) => memory::read_word(tid, call.args[argument])
                .map_or(Vec::new(), |pair| vec![pair as i32, (pair >> 32) as i32]),
            Some(Opened::Message) => received(tid, call.abi, call.args[1], 1),
            Some(Opened::Messages) => received(tid, call.abi, call.args[1], u64::try_from(ret).unwrap_or(0)),
            Some(Opened::Moved) => {
                let path = procfs::working_directory(pid);
                self.recording.event(process, time_ns, EventBody::WorkingDirectory { path });
                return;
            }
            None => return,
        };
        for fd in fds {
            let target = target(pid, fd);
            if !target.is_empty() {
                self.recording.event(process, time_ns, EventBody::Descriptor { fd, target });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_is_known_in_every_table() {
        let args = [0, 1, 0, 0, 0, 0];
        for (abi, open, pipe) in
            [(Abi::X86_64, 2, 22), (Abi::X32, 0x4000_0002, 0x4000_0016), (Abi::I386, 5, 42)]
        {
            assert_eq!(opened(abi, open, &args), Some(Opened::Result));
            assert_eq!(opened(abi, pipe, &args), Some(Opened::Pair(0)));
            assert!(descriptor_numbers(abi).contains(&(open as u32)));
        }
        assert_eq!(opened(Abi::X86_64, 0, &args), None);
        // accept, dup3, perf_event_open, pidfd_getfd, open_tree_attr
        for nr in [43, 292, 298, 438, 467] {
            assert_eq!(opened(Abi::X86_64, nr, &args), Some(Opened::Result), "{nr}");
        }
        assert_eq!(opened(Abi::X86_64, 72, &[3, 0, 0, 0, 0, 0]), Some(Opened::Result));
        assert_eq!(opened(Abi::X86_64, 72, &[3, 2, 0, 0, 0, 0]), None);
        assert_eq!(opened(Abi::X86_64, 16, &[3, OTHER_SIDE, 0, 0, 0, 0]), Some(Opened::Result));
        assert_eq!(opened(Abi::X86_64, 16, &[3, 0x5401, 0, 0, 0, 0]), None);
        for nr in [16, 47, 299, 304, 438] {
            assert!(UNNAMED_NUMBERS.contains(&(Abi::X86_64.0, nr)), "{nr}");
        }
        assert_eq!(unnamed_numbers().collect::<Vec<_>>(), [432, 304, 438]);
        // Every name is one of some table.
        let known = |name: &&str| {
            [1, 3].iter().any(|&code| {
                sysrec_syscalls::Abi::from_code(code).is_some_and(|abi| by_name(abi, name).is_some())
            })
        };
        let named = MOVING.iter().chain(PAIRS.iter().map(|(name, _)| name)).chain(UNNAMED);
        assert!(named.into_iter().all(known));
    }
}
