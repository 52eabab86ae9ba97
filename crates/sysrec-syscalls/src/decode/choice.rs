//! Arguments whose meaning other arguments decide.

use super::Decoder;
use super::list::epoll_event;
use super::number::ioprio;
use super::operation::*;
use crate::Moment;
use crate::call::{ArgKind, Choice, Shape, Width};
use crate::constants::{self as sets, Set};
use crate::structs;
use crate::value::Value;

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
                17 => ArgKind::EtherType,
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
            Choice::Keyctl => keyctl(arg(0), at),
            Choice::Quotactl => quotactl(arg(usize::from(self.row.name == "quotactl_fd")) >> 8, at),
            Choice::Bpf => bpf(arg(0)),
            Choice::IoUringRegister => io_uring_register(arg(1)),
            // Of mknod: S_IFCHR and S_IFBLK.
            Choice::Device => {
                shown_if(matches!(arg(at - 1) & 0o170_000, 0o020_000 | 0o060_000), ArgKind::Dev)
            }
            // These are results alone.
            Choice::SchedPolicy | Choice::Membarrier => ArgKind::Int,
            // EPOLL_CTL_DEL ignores it.
            Choice::EpollCtl if arg(1) == 2 => ArgKind::Ptr,
            Choice::EpollCtl => ArgKind::In(Shape::EpollEvent),
            // The descriptor of FSCONFIG_SET_FD, the directory of FSCONFIG_SET_PATH and FSCONFIG_SET_PATH_EMPTY.
            Choice::Fsconfig if at == 4 => match arg(1) {
                5 => ArgKind::Fd,
                3 | 4 => ArgKind::DirFd,
                _ => ArgKind::Int,
            },
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
                11 if self.ret.is_some_and(|ret| ret > 0) => ArgKind::Signal,
                1025 => {
                    _ = self.explained(&sets::LOCK_TYPE, false);
                    ArgKind::Hex
                }
                1034 => self.explained(&sets::SEAL, true),
                _ => ArgKind::Long,
            },
            Choice::Personality => {
                _ = self.explained(&sets::PERSONALITY, false);
                ArgKind::Hex
            }
            // TIOCGPTPEER
            Choice::Ioctl if self.args[1] as u32 == 0x5441 => ArgKind::Fd,
            // SECCOMP_SET_MODE_FILTER with SECCOMP_FILTER_FLAG_NEW_LISTENER
            Choice::Seccomp if first == 1 && self.args[1] & 8 != 0 => ArgKind::Fd,
            // Those that make or find a map, a program, a link or what else is open then.
            Choice::Bpf if matches!(first, 0 | 5 | 7 | 13 | 14 | 17..=19 | 28 | 30 | 32 | 33 | 36) => {
                ArgKind::Fd
            }
            Choice::IoprioWho => {
                if let Some(priority) = self.ret.and_then(|ret| u64::try_from(ret).ok()) {
                    self.remarks.push(("", ioprio(priority)));
                }
                ArgKind::Long
            }
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
        let label = match set.name {
            "membarrier" => "",
            "seal" => "seals",
            _ if are_flags => "flags",
            _ => "",
        };
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
            (5, 5) => ArgKind::By(Choice::Futex),
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
        // FUTEX_WAKE_OP
        if at == 5 && self.args[1] as u32 & 0x7f == 5 {
            return wake_op(value);
        }
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

/// What FUTEX_WAKE_OP does to its second word, in four fields (`include/uapi/linux/futex.h`): `FUTEX_OP_SET<<28|0x3<<12|...`.
fn wake_op(value: u32) -> Value {
    let field = |shift: u32, mask: u32| u64::from(value >> shift & mask);
    let shifted = if value >> 31 == 0 { "" } else { "FUTEX_OP_OPARG_SHIFT<<28|" };
    Value::name(format!(
        "{shifted}{}<<28|{:#x}<<12|{}<<24|{:#x}",
        sets::FUTEX_OP.one(field(28, 7), 32),
        field(12, 0xfff),
        sets::FUTEX_CMP.one(field(24, 15), 32),
        field(0, 0xfff)
    ))
}
