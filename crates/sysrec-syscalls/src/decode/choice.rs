//! Arguments whose meaning other arguments decide.

use super::Decoder;
use super::list::epoll_event;
use crate::Moment;
use crate::call::{ArgKind, Choice, Shape, Width};
use crate::constants::{self as sets, Set};
use crate::structs::{self, Struct};
use crate::value::Value;

const fn flags(set: &'static Set) -> ArgKind {
    ArgKind::Flags(Width::Word, set)
}

const fn one_of(set: &'static Set) -> ArgKind {
    ArgKind::Enum(Width::Four, set)
}

const fn reads(layout: &'static Struct) -> ArgKind {
    ArgKind::In(Shape::Struct(layout))
}

const fn writes(layout: &'static Struct) -> ArgKind {
    ArgKind::Out(Shape::Struct(layout))
}

static SECCOMP_ACTION: ArgKind = ArgKind::Flags(Width::Four, &sets::SECCOMP_ACTION);
const READS_INT: ArgKind = ArgKind::In(Shape::Number(&ArgKind::Int));
const WRITES_INT: ArgKind = ArgKind::Out(Shape::Number(&ArgKind::Int));

impl Decoder<'_, '_> {
    /// What an argument is in this call.
    pub(crate) fn choose(&self, choice: Choice, at: usize) -> ArgKind {
        let arg = |at: usize| self.args[at] as u32;
        match choice {
            // O_CREAT, or the bit that O_TMPFILE has beside O_DIRECTORY.
            Choice::OpenMode => shown_if(arg(at - 1) & 0o20_000_100 != 0, ArgKind::Mode),
            Choice::MqOpen if arg(1) & 0o100 == 0 => ArgKind::Unused,
            Choice::MqOpen if at == 2 => ArgKind::Mode,
            Choice::MqOpen => reads(&structs::MQ_ATTR),
            Choice::Fcntl => fcntl(arg(1)),
            Choice::Ioctl => ioctl(arg(1)),
            Choice::Prctl => prctl(arg(0), at),
            Choice::ArchPrctl => arch_prctl(arg(0)),
            Choice::Futex => self.futex(at),
            // MREMAP_FIXED or MREMAP_DONTUNMAP
            Choice::Mremap => shown_if(arg(3) & 6 != 0, ArgKind::Ptr),
            Choice::Protocol => match arg(0) {
                2 | 10 => one_of(&sets::IPPROTO),
                16 => one_of(&sets::NETLINK_FAMILY),
                _ => ArgKind::Int,
            },
            Choice::OptionName => match arg(1) {
                0 => one_of(&sets::IP_OPTION),
                1 => one_of(&sets::SOCKET_OPTION),
                6 => one_of(&sets::TCP_OPTION),
                17 => one_of(&sets::UDP_OPTION),
                41 => one_of(&sets::IPV6_OPTION),
                263 => one_of(&sets::PACKET_OPTION),
                270 => one_of(&sets::NETLINK_OPTION),
                _ => ArgKind::Int,
            },
            // PRIO_USER, IOPRIO_WHO_USER
            Choice::PriorityWho => {
                if arg(0) == 2 {
                    ArgKind::Id
                } else {
                    ArgKind::Pid
                }
            }
            Choice::IoprioWho => {
                if arg(0) == 3 {
                    ArgKind::Id
                } else {
                    ArgKind::Pid
                }
            }
            // P_PIDFD
            Choice::WaitidWho => {
                if arg(0) == 3 {
                    ArgKind::Fd
                } else {
                    ArgKind::Pid
                }
            }
            Choice::Shmctl | Choice::Msgctl => ArgKind::Ptr,
            Choice::Semctl => semctl(arg(2)),
            // Its arguments are taken together.
            Choice::Clone => ArgKind::Ptr,
            Choice::Ptrace => ptrace(self.args[0], at),
            Choice::Seccomp => seccomp(arg(0), at),
            Choice::Keyctl => ArgKind::Hex,
            Choice::Quotactl | Choice::Bpf => ArgKind::Ptr,
            // These are results alone.
            Choice::SchedPolicy | Choice::Membarrier => ArgKind::Int,
            // EPOLL_CTL_DEL ignores it.
            Choice::EpollCtl if arg(1) == 2 => ArgKind::Ptr,
            Choice::EpollCtl => ArgKind::In(Shape::EpollEvent),
            Choice::Fsconfig => fsconfig(arg(1)),
            Choice::Landlock => match arg(1) {
                1 => reads(&structs::LANDLOCK_PATH_BENEATH),
                2 => reads(&structs::LANDLOCK_NET_PORT),
                _ => ArgKind::Ptr,
            },
            // KCMP_FILE compares descriptors; KCMP_EPOLL_TFD takes a pointer.
            Choice::KcmpIndex => match (arg(2), at) {
                (0, _) => ArgKind::Ulong,
                (7, 3) => ArgKind::Ulong,
                (7, _) => ArgKind::Ptr,
                _ => ArgKind::Unused,
            },
            Choice::Personality => match arg(0) {
                u32::MAX => ArgKind::Hex32,
                _ => ArgKind::Flags(Width::Four, &sets::PERSONALITY),
            },
            Choice::ModifyLdt => match arg(0) {
                1 | 0x11 => reads(&structs::USER_DESC),
                _ => ArgKind::Ptr,
            },
        }
    }

    /// What a call returns whose result depends on its arguments.
    pub(crate) fn chosen_result(&mut self, choice: Choice) -> ArgKind {
        let first = self.args[0] as u32;
        match choice {
            // PR_GET_DUMPABLE
            Choice::Prctl if first == 3 => self.explained(&sets::PRCTL_DUMPABLE, false),
            // PR_GET_SECCOMP
            Choice::Prctl if first == 21 => self.explained(&sets::PRCTL_SECCOMP, false),
            Choice::Fcntl => match self.args[1] as u32 {
                // F_DUPFD, F_DUPFD_CLOEXEC
                0 | 1030 => ArgKind::Fd,
                1 => self.explained(&sets::FD, true),
                3 => self.explained(&sets::OPEN, true),
                // F_GETSIG, F_GETLEASE, F_GET_SEALS
                11 => ArgKind::Signal,
                1025 => self.explained(&sets::LOCK_TYPE, false),
                1034 => self.explained(&sets::SEAL, true),
                _ => ArgKind::Long,
            },
            Choice::Personality => self.explained(&sets::PERSONALITY, false),
            Choice::SchedPolicy => self.explained(&sets::SCHED_POLICY, false),
            // MEMBARRIER_CMD_QUERY
            Choice::Membarrier if first == 0 => self.explained(&sets::MEMBARRIER, true),
            _ => ArgKind::Long,
        }
    }

    /// Adds the name of a result, and leaves its number as it is.
    fn explained(&mut self, set: &'static Set, are_flags: bool) -> ArgKind {
        let Some(ret) = self.ret.and_then(|ret| u64::try_from(ret).ok()) else { return ArgKind::Long };
        if are_flags && ret == 0 {
            return ArgKind::Long;
        }
        let is_joined = are_flags || matches!(set.name, "personality" | "sched_policy");
        let name = if is_joined { set.joined(ret) } else { set.one(ret, 32) };
        // `fcntl` says in front of its flags that they are some.
        let label = if are_flags && set.name != "membarrier" { "flags" } else { "" };
        self.remarks.push((label, Value::name(name)));
        if are_flags { ArgKind::Hex } else { ArgKind::Long }
    }

    /// futex(2): the operation says what its other arguments are, and whether they are there.
    fn futex(&self, at: usize) -> ArgKind {
        if at == 1 {
            return ArgKind::By(Choice::Futex);
        }
        let timeout = match self.row.name {
            "futex_time64" => reads(&structs::TIMESPEC64),
            _ => reads(&structs::TIMESPEC),
        };
        let (uint, int, ptr, hex, none) =
            (ArgKind::Uint, ArgKind::Int, ArgKind::Ptr, ArgKind::Hex32, ArgKind::Unused);
        // Without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME.
        match (self.args[1] as u32 & 0x7f, at) {
            // WAIT
            (0, 2) => uint,
            (0, 3) => timeout,
            // WAKE, FD, UNLOCK_PI, TRYLOCK_PI
            (1 | 2, 2) => int,
            (7 | 8, _) | (0..=2, _) => none,
            // REQUEUE
            (3, 2) => int,
            (3, 3) => int,
            (3, 4) => ptr,
            (3, _) => none,
            // CMP_REQUEUE, WAKE_OP, CMP_REQUEUE_PI
            (4 | 5 | 12, 2 | 3) => int,
            (4 | 5 | 12, 4) => ptr,
            (4 | 12, 5) => uint,
            (5, 5) => hex,
            // LOCK_PI, LOCK_PI2
            (6 | 13, 3) => timeout,
            (6 | 13, _) => none,
            // WAIT_BITSET, WAKE_BITSET
            (9, 2) => uint,
            (9, 3) => timeout,
            (10, 2) => int,
            (9 | 10, 5) => ArgKind::By(Choice::Futex),
            (9 | 10, _) => none,
            // WAIT_REQUEUE_PI
            (11, 2) => uint,
            (11, 3) => timeout,
            (11, 4) => ptr,
            (11, _) => none,
            _ if at == 2 || at == 5 => hex,
            _ => ptr,
        }
    }

    /// The name of a `futex` operation with its two flags; the mask that matches all.
    pub(crate) fn futex_word(&self, at: usize, value: u64) -> Value {
        let value = value as u32;
        if at == 5 {
            return if value == u32::MAX {
                Value::name("FUTEX_BITSET_MATCH_ANY")
            } else {
                Value::Hex(value.into())
            };
        }
        let operation = u64::from(value & 0x7f);
        let mut name = sets::FUTEX.one(operation, 32);
        if sets::FUTEX.name_of(operation, 32).is_none() {
            return Value::name(sets::FUTEX.one(value.into(), 32));
        }
        if value & 0x80 != 0 {
            name.push_str("_PRIVATE");
        }
        if value & 0x100 != 0 {
            name.push_str("|FUTEX_CLOCK_REALTIME");
        }
        if value & !0x1ff != 0 {
            name.push_str(&format!("|{:#x}", value & !0x1ff));
        }
        Value::name(name)
    }

    /// One event of `epoll_ctl`, without the brackets of an array.
    pub(crate) fn one_epoll_event(&mut self, address: u64) -> Option<Value> {
        let size = self.epoll_event_bytes();
        let bytes = self.read(Moment::Entry, address, size as u64, size);
        (bytes.len() == size).then(|| epoll_event(&bytes))
    }
}

fn shown_if(is_shown: bool, kind: ArgKind) -> ArgKind {
    if is_shown { kind } else { ArgKind::Unused }
}

/// fcntl(2).
fn fcntl(command: u32) -> ArgKind {
    match command {
        // F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_GETLEASE, F_GETPIPE_SZ, F_GET_SEALS
        1 | 3 | 9 | 11 | 1025 | 1032 | 1034 => ArgKind::Unused,
        0 | 1030 => ArgKind::Int,
        2 => flags(&sets::FD),
        4 => flags(&sets::OPEN),
        5 => ArgKind::InOut(Shape::Struct(&structs::FLOCK)),
        6 | 7 => reads(&structs::FLOCK),
        8 => ArgKind::Pid,
        10 => ArgKind::Signal,
        12 | 36 => ArgKind::InOut(Shape::Struct(&structs::FLOCK64)),
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
fn ioctl(request: u32) -> ArgKind {
    match request {
        0x5401 => writes(&structs::TERMIOS),
        0x5402..=0x5404 => reads(&structs::TERMIOS),
        // TIOCGPGRP, TIOCOUTQ, FIONREAD, TIOCGSID, TIOCGPTN
        0x540f | 0x5411 | 0x541b | 0x5429 | 0x8004_5430 => WRITES_INT,
        // TIOCSPGRP, FIONBIO, FIOASYNC, TIOCSPTLCK
        0x5410 | 0x5421 | 0x5452 | 0x4004_5431 => READS_INT,
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
        // SIOCGIF*: the interface's name
        0x8913 | 0x8915 | 0x8917 | 0x8919 | 0x891b | 0x8921 | 0x8927 | 0x8933 => reads(&structs::IFREQ_NAME),
        _ => ArgKind::Hex,
    }
}

/// prctl(2).
fn prctl(option: u32, at: usize) -> ArgKind {
    let only = |kind: ArgKind| shown_if(at == 1, kind);
    match option {
        1 => only(ArgKind::Signal),
        2 | 19 | 37 | 40 => only(WRITES_INT),
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
        25 => only(WRITES_INT),
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
fn arch_prctl(option: u32) -> ArgKind {
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
fn semctl(command: u32) -> ArgKind {
    // IPC_64 may be set.
    match command & !0x100 {
        // SETVAL
        16 => ArgKind::Int,
        _ => ArgKind::Ptr,
    }
}

/// ptrace(2).
fn ptrace(request: u64, at: usize) -> ArgKind {
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
fn seccomp(operation: u32, at: usize) -> ArgKind {
    match (operation, at) {
        (1, 1) => ArgKind::Flags(Width::Four, &sets::SECCOMP_FILTER),
        (1, 2) => reads(&structs::SECCOMP_PROG),
        (2, 2) => ArgKind::In(Shape::Number(&SECCOMP_ACTION)),
        (3, 2) => writes(&structs::SECCOMP_NOTIF_SIZES),
        (_, 1) => ArgKind::Hex32,
        _ => ArgKind::Ptr,
    }
}

/// fsconfig(2).
fn fsconfig(command: u32) -> ArgKind {
    match command {
        // FSCONFIG_SET_STRING, FSCONFIG_SET_PATH
        1 => ArgKind::Str,
        3 | 4 => ArgKind::Path,
        _ => ArgKind::Ptr,
    }
}
