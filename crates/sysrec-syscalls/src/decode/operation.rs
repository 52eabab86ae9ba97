//! What the arguments of one operation are, in calls that stand for many: fcntl, ioctl, prctl, keyctl and their like.

use crate::call::{ArgKind, Count, Shape, Width};
use crate::constants::{self as sets, Set};
use crate::structs::{self, Struct};

pub(super) const fn flags(set: &'static Set) -> ArgKind {
    ArgKind::Flags(Width::Word, set)
}

pub(super) const fn one_of(set: &'static Set) -> ArgKind {
    ArgKind::Enum(Width::Four, set)
}

pub(super) const fn reads(layout: &'static Struct) -> ArgKind {
    ArgKind::In(Shape::Struct(layout))
}

pub(super) const fn writes(layout: &'static Struct) -> ArgKind {
    ArgKind::Out(Shape::Struct(layout))
}

static SIGNAL: ArgKind = ArgKind::Signal;
static TIME_STAMPS: ArgKind = ArgKind::Enum(Width::Four, &sets::PRCTL_TSC);
static INTERFACE_FLAGS: ArgKind = ArgKind::Flags(Width::Two, &sets::IFF);
static SECCOMP_ACTION: ArgKind = ArgKind::Flags(Width::Four, &sets::SECCOMP_ACTION);
const READS_INT: ArgKind = ArgKind::In(Shape::Number(&ArgKind::Int));
const WRITES_INT: ArgKind = ArgKind::Out(Shape::Number(&ArgKind::Int));

pub(super) fn shown_if(is_shown: bool, kind: ArgKind) -> ArgKind {
    if is_shown { kind } else { ArgKind::Unused }
}

/// fcntl(2).
pub(super) fn fcntl(command: u32) -> ArgKind {
    match command {
        // F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_GETLEASE, F_GETPIPE_SZ, F_GET_SEALS
        1 | 3 | 9 | 11 | 1025 | 1032 | 1034 => ArgKind::Unused,
        0 | 1030 => ArgKind::Int,
        2 => flags(&sets::FD),
        4 => flags(&sets::OPEN),
        5 => writes(&structs::FLOCK_OWNER),
        6 | 7 => reads(&structs::FLOCK),
        8 => ArgKind::Pid,
        10 => ArgKind::Signal,
        12 | 36 => writes(&structs::FLOCK64_OWNER),
        13 | 14 | 37 | 38 => reads(&structs::FLOCK64),
        15 => reads(&structs::F_OWNER_EX),
        16 => writes(&structs::F_OWNER_EX),
        1024 => one_of(&sets::LOCK_TYPE),
        1026 => flags(&sets::NOTIFY),
        1027 => ArgKind::Fd,
        1031 => ArgKind::Int,
        1033 => flags(&sets::SEAL),
        1035 | 1037 => ArgKind::Out(Shape::Number(&ArgKind::U64)),
        1036 | 1038 => ArgKind::In(Shape::Number(&ArgKind::U64)),
        _ => ArgKind::Hex,
    }
}

/// The common requests; the argument of all others is a number in hexadecimal.
pub(super) fn ioctl(request: u32) -> ArgKind {
    match request {
        0x5401 => writes(&structs::TERMIOS),
        0x5402..=0x5404 => reads(&structs::TERMIOS),
        // TIOCGPGRP, TIOCOUTQ, FIONREAD, TIOCGETD, TIOCGSID, TIOCGPTN, TIOCGPKT, TIOCGPTLCK, TIOCGEXCL
        0x540f | 0x5411 | 0x541b | 0x5424 | 0x5429 | 0x8004_5430 | 0x8004_5438..=0x8004_5440 => WRITES_INT,
        // TIOCSPGRP, TIOCPKT, FIONBIO, TIOCSETD, FIOASYNC, TIOCSPTLCK
        0x5410 | 0x5420 | 0x5421 | 0x5423 | 0x5452 | 0x4004_5431 => READS_INT,
        // TCSBRK, TCSBRKP
        0x5409 | 0x5425 => ArgKind::Int,
        // TCXONC, TCFLSH
        0x540a => one_of(&sets::TERMINAL_FLOW),
        0x540b => one_of(&sets::TERMINAL_QUEUE),
        // TIOCGPTPEER
        0x5441 => flags(&sets::OPEN),
        0x5413 => writes(&structs::WINSIZE),
        0x5414 => reads(&structs::WINSIZE),
        // FIONCLEX, FIOCLEX, TIOCNOTTY, TIOCEXCL, TIOCNXCL
        0x5450 | 0x5451 | 0x5422 | 0x540c | 0x540d => ArgKind::Unused,
        // FICLONE
        0x4004_9409 => ArgKind::Fd,
        // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, as wide as an int whatever the number says
        0x8008_6601 => ArgKind::Out(Shape::Number(&ArgKind::Hex32)),
        0x4008_6602 => ArgKind::In(Shape::Number(&ArgKind::Hex32)),
        // BLKGETSIZE64
        0x8008_1272 => ArgKind::Out(Shape::Number(&ArgKind::U64)),
        // SIOCGIF*: FLAGS, ADDR, DSTADDR, BRDADDR, NETMASK, METRIC, MTU, HWADDR, INDEX
        0x8913 => interface("ifr_flags", &INTERFACE_FLAGS),
        0x8915 => interface("ifr_addr", &ArgKind::Unused),
        0x8917 => interface("ifr_dstaddr", &ArgKind::Unused),
        0x8919 => interface("ifr_broadaddr", &ArgKind::Unused),
        0x891b => interface("ifr_netmask", &ArgKind::Unused),
        0x891d => interface("ifr_metric", &ArgKind::Int),
        0x8921 => interface("ifr_mtu", &ArgKind::Int),
        0x8927 => interface("ifr_hwaddr", &ArgKind::Unused),
        0x8933 => interface("ifr_ifindex", &ArgKind::Int),
        _ => ArgKind::Hex,
    }
}

/// netdevice(7); `Unused` stands for a socket address.
fn interface(field: &'static str, kind: &'static ArgKind) -> ArgKind {
    ArgKind::InOut(Shape::Ifreq(field, kind))
}

/// prctl(2).
pub(super) fn prctl(option: u32, at: usize) -> ArgKind {
    let only = |kind: ArgKind| shown_if(at == 1, kind);
    match option {
        1 => only(ArgKind::Signal),
        2 => only(ArgKind::Out(Shape::Number(&SIGNAL))),
        19 | 37 => only(WRITES_INT),
        40 => only(ArgKind::Out(Shape::Number(&ArgKind::Ptr))),
        // PR_GET_DUMPABLE, KEEPCAPS, TIMING, SECCOMP, SECUREBITS, TIMERSLACK, TASK_PERF_EVENTS, MCE_KILL_GET
        3 | 7 | 13 | 21 | 27 | 30 | 31 | 32 | 34 => ArgKind::Unused,
        4 => only(one_of(&sets::PRCTL_DUMPABLE)),
        8 | 14 | 29 | 36 => only(ArgKind::Ulong),
        15 => only(ArgKind::NameStr),
        16 => only(ArgKind::Out(Shape::CStr)),
        // PR_SET_SECCOMP
        22 => match at {
            1 => one_of(&sets::PRCTL_SECCOMP),
            2 => reads(&structs::SECCOMP_PROG),
            _ => ArgKind::Unused,
        },
        23 | 24 => only(one_of(&sets::CAPABILITY)),
        25 => only(ArgKind::Out(Shape::Number(&TIME_STAMPS))),
        26 => only(one_of(&sets::PRCTL_TSC)),
        28 => only(ArgKind::Hex),
        35 if at == 1 => one_of(&sets::PRCTL_MM),
        // PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, THP_DISABLE: the kernel wants zeros.
        38 => ArgKind::Ulong,
        39 | 42 => ArgKind::Ulong,
        41 => ArgKind::Ulong,
        // PR_CAP_AMBIENT
        47 => match at {
            1 => one_of(&sets::PRCTL_AMBIENT),
            2 => one_of(&sets::CAPABILITY),
            _ => ArgKind::Ulong,
        },
        // PR_SET_VMA
        0x5356_4d41 => match at {
            1 => one_of(&sets::PRCTL_VMA),
            2 => ArgKind::Ptr,
            3 => ArgKind::Size,
            _ => ArgKind::Str,
        },
        0x5961_6d61 => only(ArgKind::Pid),
        _ => ArgKind::Hex,
    }
}

/// arch_prctl(2).
pub(super) fn arch_prctl(option: u32) -> ArgKind {
    match option {
        // ARCH_SET_GS, ARCH_SET_FS
        0x1001 | 0x1002 => ArgKind::Ptr,
        // ARCH_GET_FS, ARCH_GET_GS
        0x1003 | 0x1004 => ArgKind::Out(Shape::Number(&ArgKind::Ptr)),
        0x1011 => ArgKind::Unused,
        0x1012 => ArgKind::Ulong,
        0x1021 | 0x1022 | 0x1024 => ArgKind::Out(Shape::Number(&ArgKind::Hex64)),
        0x1023 | 0x1025 => ArgKind::Ulong,
        _ => ArgKind::Hex,
    }
}

/// semctl(2): a number, an array, or nothing that is looked at.
pub(super) fn semctl(command: u32) -> ArgKind {
    // IPC_64 may be set.
    match command & !0x100 {
        // SETVAL
        16 => ArgKind::Int,
        _ => ArgKind::Ptr,
    }
}

/// ptrace(2).
pub(super) fn ptrace(request: u64, at: usize) -> ArgKind {
    let is_address = at == 2;
    match request {
        // TRACEME takes nothing; strace users see its zeros all the same.
        0 => ArgKind::Unused,
        // PEEK*: the result goes to the data's address.
        1..=3 if is_address => ArgKind::Ptr,
        1..=3 => ArgKind::Out(Shape::Number(&ArgKind::Hex)),
        // CONT, SINGLESTEP, DETACH, SYSCALL, LISTEN
        7 | 9 | 17 | 24 if !is_address => ArgKind::Signal,
        0x4200 | 0x4206 if !is_address => flags(&sets::PTRACE_OPTIONS),
        0x4201 if !is_address => ArgKind::Out(Shape::Number(&ArgKind::Ulong)),
        0x4202 if !is_address => ArgKind::Out(Shape::Siginfo),
        0x4203 if !is_address => ArgKind::In(Shape::Siginfo),
        0x4204 | 0x4205 if is_address => one_of(&sets::REGSET),
        _ => ArgKind::Ptr,
    }
}

/// seccomp(2).
pub(super) fn seccomp(operation: u32, at: usize) -> ArgKind {
    match (operation, at) {
        (1, 1) => ArgKind::Flags(Width::Four, &sets::SECCOMP_FILTER),
        (1, 2) => reads(&structs::SECCOMP_PROG),
        (2, 2) => ArgKind::In(Shape::Number(&SECCOMP_ACTION)),
        (3, 2) => writes(&structs::SECCOMP_NOTIF_SIZES),
        (_, 1) => ArgKind::Hex32,
        _ => ArgKind::Ptr,
    }
}

/// keyctl(2).
pub(super) fn keyctl(operation: u32, at: usize) -> ArgKind {
    let (serial, buffer, size) =
        (ArgKind::Serial, ArgKind::Out(Shape::Bytes(Count::ReturnedAtMost(3))), ArgKind::Size);
    let payload = ArgKind::In(Shape::Bytes(Count::Arg(3)));
    // The second to the fifth argument.
    let kinds: &[ArgKind] = match operation {
        // GET_KEYRING_ID
        0 => &[serial, ArgKind::Int],
        // JOIN_SESSION_KEYRING
        1 => &[ArgKind::Str],
        // UPDATE
        2 => &[serial, payload, size],
        // REVOKE, CLEAR, ASSUME_AUTHORITY, INVALIDATE
        3 | 7 | 16 | 21 => &[serial],
        // CHOWN
        4 => &[serial, ArgKind::Id, ArgKind::Id],
        // SETPERM
        5 => &[serial, ArgKind::Hex32],
        // DESCRIBE, GET_SECURITY
        6 | 17 => &[serial, ArgKind::Out(Shape::CStr), size],
        // READ
        11 => &[serial, buffer, size],
        // LINK, UNLINK
        8 | 9 => &[serial, serial],
        // SEARCH
        10 => &[serial, ArgKind::Str, ArgKind::Str, serial],
        // INSTANTIATE
        12 => &[serial, payload, size, serial],
        // NEGATE
        13 => &[serial, ArgKind::Uint, serial],
        // SET_REQKEY_KEYRING
        14 => &[ArgKind::Int],
        // SET_TIMEOUT
        15 => &[serial, ArgKind::Uint],
        // SESSION_TO_PARENT
        18 => &[],
        // REJECT
        19 => &[serial, ArgKind::Uint, ArgKind::Uint, serial],
        // GET_PERSISTENT
        22 => &[ArgKind::Id, serial],
        // RESTRICT_KEYRING
        29 => &[serial, ArgKind::Str, ArgKind::Str],
        // CAPABILITIES
        31 => &[ArgKind::Out(Shape::Bytes(Count::ReturnedAtMost(2))), size],
        _ => &[ArgKind::Hex; 4],
    };
    kinds.get(at - 1).copied().unwrap_or(ArgKind::Unused)
}

/// quotactl(2): whose, and where to or from.
pub(super) fn quotactl(command: u32, at: usize) -> ArgKind {
    let is_id = at == 2;
    match command {
        // Q_SYNC, Q_QUOTAOFF
        0x80_0001 | 0x80_0003 => ArgKind::Unused,
        // Q_QUOTAON: the format, and the file
        0x80_0002 => {
            if is_id {
                one_of(&sets::QUOTA_FORMAT)
            } else {
                ArgKind::Path
            }
        }
        // Q_GETFMT, Q_GETINFO, Q_SETINFO, Q_XGETQSTAT, Q_XGETQSTATV
        0x80_0004..=0x80_0006 | 0x5805 | 0x5808 if is_id => ArgKind::Unused,
        _ => {
            if is_id {
                ArgKind::Id
            } else {
                ArgKind::Ptr
            }
        }
    }
}

/// bpf(2): the members of `union bpf_attr` that the command has, as many bytes as the call says.
pub(super) fn bpf(command: u32) -> ArgKind {
    let layout = match command {
        // MAP_CREATE
        0 => &structs::BPF_MAP,
        // MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_LOOKUP_AND_DELETE_ELEM
        1 | 2 | 21 => &structs::BPF_ELEM,
        // MAP_DELETE_ELEM
        3 => &structs::BPF_KEY,
        // MAP_GET_NEXT_KEY
        4 => &structs::BPF_NEXT_KEY,
        // PROG_LOAD
        5 => &structs::BPF_PROG,
        // OBJ_PIN, OBJ_GET
        6 | 7 => &structs::BPF_OBJECT,
        // PROG_ATTACH, PROG_DETACH
        8 | 9 => &structs::BPF_ATTACH,
        // PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, and those of BTF and links
        11..=14 | 19 | 23 | 30 | 31 => &structs::BPF_NEXT_ID,
        // OBJ_GET_INFO_BY_FD
        15 => &structs::BPF_INFO,
        _ => return ArgKind::Ptr,
    };
    ArgKind::In(Shape::Sized(layout, Count::Arg(2)))
}

/// io_uring_register(2).
pub(super) fn io_uring_register(operation: u32) -> ArgKind {
    const FILES: Shape = Shape::Array(&Shape::Number(&ArgKind::Fd), Count::Arg(3));
    match operation {
        // IORING_REGISTER_BUFFERS
        0 => ArgKind::In(Shape::Iovec(Count::Arg(3))),
        // IORING_REGISTER_FILES, IORING_REGISTER_EVENTFD, IORING_REGISTER_EVENTFD_ASYNC
        2 | 4 | 7 => ArgKind::In(FILES),
        _ => ArgKind::Ptr,
    }
}

/// fsconfig(2).
pub(super) fn fsconfig(command: u32) -> ArgKind {
    match command {
        // FSCONFIG_SET_BINARY
        2 => ArgKind::In(Shape::Bytes(Count::Arg(4))),
        // FSCONFIG_SET_STRING, FSCONFIG_SET_PATH
        1 => ArgKind::Str,
        3 | 4 => ArgKind::Path,
        _ => ArgKind::Ptr,
    }
}
