//! What is known of one system call: its arguments, and what each of them stands for.

use crate::{Classes, Level, constants::Set, structs::Struct};

/// One row of an ABI's table.
#[derive(Debug)]
pub struct Syscall {
    /// The number as the kernel runs it; on x32 with [`X32_BIT`](crate::X32_BIT).
    pub number: u32,
    /// The kernel's name for it, without `sys_`; for i386 that of `syscall_32.tbl`.
    pub name: &'static str,
    /// The arguments in order of their registers, six at most.
    ///
    /// Empty also for numbers that this ABI reserves but does not implement (`tuxcall`, `vserver`).
    pub args: &'static [Arg],
    /// What it returns when it does not fail; [`ArgKind::Long`] where that is a mere number.
    pub returns: ArgKind,
    /// The classes that a filter may name it by.
    pub classes: Classes,
}

/// One argument: a register's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// The name in the kernel's definition of the call (`SYSCALL_DEFINE`), without leading underscores.
    pub name: &'static str,
    /// How to read the register.
    pub kind: ArgKind,
}

/// How to read a number, be it in a register or in memory: its width, its sign, and what it stands for.
///
/// Widths are those of the ABI: [`Long`](ArgKind::Long), [`Ulong`](ArgKind::Ulong),
/// [`Size`](ArgKind::Size) and every pointer have 32 bits on i386; the bits above are not part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgKind {
    /// Signed, 32 bits: the low half of the register.
    Int,
    /// Unsigned, 32 bits.
    Uint,
    /// Signed, as wide as a pointer in kernel terms.
    Long,
    /// Unsigned, as wide as a pointer in kernel terms: counts, opaque values.
    Ulong,
    /// A length in bytes.
    Size,
    /// A signed file offset or length of 64 bits.
    Off,
    /// A file descriptor, signed, 32 bits; also a message queue's.
    Fd,
    /// A descriptor that a relative path starts from; -100 is `AT_FDCWD`.
    DirFd,
    /// The address of a NUL-terminated file name.
    Path,
    /// The address of another NUL-terminated string.
    Str,
    /// A NUL-terminated string that a descriptor or a thread is named by.
    NameStr,
    /// An address whose memory is not looked at.
    Ptr,
    /// Permission bits and file type, 16 bits.
    Mode,
    /// A process, thread or process group, signed, 32 bits.
    Pid,
    /// A user, group or project, 32 bits; -1 leaves it as it is.
    Id,
    /// The same in 16 bits, in the oldest calls of i386.
    Id16,
    /// A signal number.
    Signal,
    /// A set of bits without names, as wide as a pointer.
    Hex,
    /// The same in 32 bits.
    Hex32,
    /// The same in 64 bits on every ABI.
    Hex64,
    /// A file offset in pages of 4,096 bytes; shown in bytes.
    Pages,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    S16,
    /// Unsigned, 64 bits on every ABI.
    U64,
    /// Signed, 64 bits on every ABI.
    S64,
    /// Seconds: `time_t` of the call, 32 bits in the oldest calls of i386.
    Time,
    /// A device, 32 bits.
    Dev,
    /// A device, 64 bits.
    Dev64,
    /// A file's type and permissions by name: `S_IFREG|0644`.
    FileMode,
    /// The same in 16 bits.
    FileMode16,
    /// A resource limit, as wide as a pointer; the largest number is no limit.
    Limit,
    /// The same in 64 bits.
    Limit64,
    /// The address of a signal handler, or what stands for none.
    Handler,
    /// The number of a line, byte order of networks, 16 bits.
    Port,
    /// An address of the Internet, byte order of networks, 32 bits.
    InAddr,
    /// A protocol of Ethernet, byte order of networks, 16 bits.
    EtherType,
    /// A key of System V; 0 is nobody's.
    Key,
    /// Names that can be joined, above the nine bits of permissions.
    ModeFlags(&'static Set),
    /// Names that can be joined.
    Flags(Width, &'static Set),
    /// One name of several.
    Enum(Width, &'static Set),
    /// 64 bits: a register, and on i386 two, the low half first.
    LowHigh,
    /// 64 bits in this register and the next, the high half first.
    HighLow,
    /// The serial number of a key or keyring, signed, 32 bits; negative ones have names.
    Serial,
    /// Class and level of a priority of input and output.
    Ioprio,
    /// A command for quotas with whose they are.
    QuotaCommand,
    /// A register that belongs to the one before, or that the kernel ignores: not shown.
    Unused,
    /// Depends on the other arguments.
    By(Choice),
    /// The address of what the kernel reads.
    In(Shape),
    /// The address of what the kernel writes, where the call succeeds.
    Out(Shape),
    /// The address of what the kernel reads and then changes.
    InOut(Shape),
}

/// How many bytes a number with names has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 8 bits.
    One,
    /// 16 bits.
    Two,
    /// 32 bits.
    Four,
    /// 64 bits.
    Eight,
    /// As wide as a pointer in kernel terms.
    Word,
}

/// What stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A number; the two descriptors of a pipe are an array of them.
    Number(&'static ArgKind),
    /// A struct whose layout follows from its fields.
    Struct(&'static Struct),
    /// One behind the other.
    Array(&'static Shape, Count),
    /// Bytes; shown as a string.
    Bytes(Count),
    /// A file name that the kernel writes, as many bytes as it returns.
    PathBytes(Count),
    /// A NUL-terminated string, here in memory.
    CStr,
    /// The kernel's `struct stat` of this ABI.
    Stat,
    /// `struct stat64` of i386.
    Stat64,
    /// `struct iovec`: as many as that, and the heads of the buffers.
    Iovec(Count),
    /// The same where the buffers are another process's.
    IovecRemote(Count),
    /// `struct msghdr`, with address, buffers and control data.
    Msghdr,
    /// `struct mmsghdr`, as many as that.
    Mmsghdr(Count),
    /// A socket address of that many bytes.
    Sockaddr(Count),
    /// `fd_set` of descriptors below that number.
    FdSet(Count),
    /// A set of signals of that many bytes.
    Sigset(Count),
    /// The set of `pselect6`: a pointer to it, and its size.
    SigsetArg,
    /// `struct sigaction` as the kernel has it, with a set of signals of that many bytes.
    Sigaction(Count),
    /// `struct sigaction` of i386's oldest call.
    OldSigaction,
    /// `siginfo_t`.
    Siginfo,
    /// `struct sigevent`.
    Sigevent,
    /// What `wait` tells of a child's end.
    WaitStatus,
    /// Strings until NULL: the arguments of a program.
    Strings,
    /// Strings until NULL, counted: its environment.
    Environment,
    /// A mask of processors or memory nodes, of that many bytes.
    Mask(Count),
    /// A mask of memory nodes, of that many bits.
    MaskBits(Count),
    /// Entries of a directory, counted.
    Dirents(Count),
    /// `struct pollfd`, as many as that; the exit's go behind the result.
    Pollfds(Count),
    /// `struct epoll_event`, packed on x86.
    EpollEvents(Count),
    /// One of them.
    EpollEvent,
    /// A socket option's value of that many bytes.
    OptionValue(Count),
    /// `struct clone_args` of that many bytes.
    CloneArgs(Count),
    /// `struct msgbuf`: a type, and a text of that many bytes.
    Msgbuf(Count),
    /// The arguments of the call that this one stands for.
    InnerArguments(Count),
    /// A struct of that many bytes, of which a shorter one lacks the end.
    Sized(&'static Struct, Count),
    /// `struct ifreq` with the member of its union that is of this kind, in the field of this name.
    Ifreq(&'static str, &'static ArgKind),
    /// The capabilities of `capget` and `capset`, in as many parts as the version behind the first argument has.
    CapData,
    /// `struct file_handle`.
    FileHandle,
    /// The remaining time of a sleep, which is there when a signal ended it.
    Remaining(&'static Struct),
}

/// How many, or how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Count {
    /// That many.
    Fixed(u16),
    /// As the argument says, counted from 0.
    Arg(u8),
    /// As the number behind the argument says.
    Behind(u8),
    /// As the call returns.
    Returned,
    /// The call's result, which may be more than the argument says: the smaller.
    ReturnedAtMost(u8),
}

/// Arguments whose meaning others decide; `decode/choice.rs` says how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Choice {
    /// The mode of `open`, there where it makes a file.
    OpenMode,
    /// The mode of `mq_open`, and its attributes.
    MqOpen,
    /// `fcntl`'s third argument.
    Fcntl,
    /// `ioctl`'s third argument.
    Ioctl,
    /// `prctl`'s arguments after the first.
    Prctl,
    /// `arch_prctl`'s second argument.
    ArchPrctl,
    /// `futex`'s operation and what follows.
    Futex,
    /// The new address of `mremap`.
    Mremap,
    /// The protocol of a socket.
    Protocol,
    /// The name of a socket option.
    OptionName,
    /// Whose priority.
    PriorityWho,
    /// Whose end `waitid` waits for.
    WaitidWho,
    /// `shmctl`'s third argument.
    Shmctl,
    /// `semctl`'s fourth argument.
    Semctl,
    /// `msgctl`'s third argument.
    Msgctl,
    /// The arguments of `clone` after the stack.
    Clone,
    /// `ptrace`'s arguments after the process.
    Ptrace,
    /// `seccomp`'s arguments after the first.
    Seccomp,
    /// `keyctl`'s arguments after the first.
    Keyctl,
    /// What `quotactl` takes.
    Quotactl,
    /// `epoll_ctl`'s event.
    EpollCtl,
    /// `fsconfig`'s value.
    Fsconfig,
    /// `landlock_add_rule`'s attributes.
    Landlock,
    /// What `kcmp` compares.
    KcmpIndex,
    /// Whose priority of input and output.
    IoprioWho,
    /// `personality`: all bits set asks.
    Personality,
    /// The policy that `sched_getscheduler` returns.
    SchedPolicy,
    /// What `membarrier` returns to a query.
    Membarrier,
    /// `bpf`'s attributes.
    Bpf,
    /// `modify_ldt`'s entry.
    ModifyLdt,
    /// The device of `mknod`, where that makes one.
    Device,
    /// What `io_uring_register` takes.
    IoUringRegister,
}

impl ArgKind {
    /// The first level of capture that copies what the argument points at; [`Level::None`] is never the answer.
    ///
    /// `None` where it points at nothing that is worth copying.
    pub fn level(self) -> Option<Level> {
        match self {
            ArgKind::Path | ArgKind::NameStr => Some(Level::Names),
            ArgKind::Str => Some(Level::All),
            // PR_SET_NAME, CLONE_PIDFD.
            ArgKind::By(Choice::Prctl | Choice::Clone) => Some(Level::Names),
            ArgKind::By(Choice::OpenMode | Choice::Mremap | Choice::Protocol | Choice::OptionName) => None,
            ArgKind::By(Choice::PriorityWho | Choice::WaitidWho | Choice::KcmpIndex | Choice::IoprioWho) => {
                None
            }
            ArgKind::By(Choice::Personality | Choice::Device) => None,
            ArgKind::By(_) => Some(Level::All),
            ArgKind::In(shape) | ArgKind::Out(shape) | ArgKind::InOut(shape) => Some(shape.level()),
            _ => None,
        }
    }
}

impl Shape {
    /// The first level of capture that copies it.
    pub fn level(self) -> Level {
        match self {
            Shape::Sockaddr(_) | Shape::Msghdr | Shape::Mmsghdr(_) | Shape::PathBytes(_) => Level::Names,
            Shape::CloneArgs(_) | Shape::InnerArguments(_) => Level::Names,
            // New descriptors, and the length of a socket's address.
            Shape::Number(ArgKind::Fd) | Shape::Array(Shape::Number(ArgKind::Fd), _) => Level::Names,
            _ => Level::All,
        }
    }
}
