//! Structs that the kernel and programs share, as lists of fields: offsets follow from widths and alignment.
//!
//! The source of each is the kernel's `include/uapi/linux/` (Linux 6.18) header of the same name unless it says
//! otherwise. Structs whose meaning is more than their fields are in `decode/`.

use crate::call::{ArgKind, Width};
use crate::constants::{self as sets, Set};

/// A struct in memory.
#[derive(Debug, PartialEq, Eq)]
pub struct Struct {
    /// What the tables call it.
    pub name: &'static str,
    /// Its fields in order.
    pub fields: &'static [Field],
}

/// One field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the header.
    pub name: &'static str,
    /// How wide it is, and what it stands for.
    pub kind: FieldKind,
    /// Whether it is shown.
    pub shown: Shown,
}

/// What a field holds.
#[derive(Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A number or an address.
    Number(ArgKind),
    /// A struct within.
    Struct(&'static Struct),
    /// That many numbers.
    Numbers(u16, ArgKind),
    /// A NUL-terminated string in that many bytes.
    Text(u16),
    /// That many bytes, shown in hexadecimal.
    Bytes(u16),
}

/// Whether a field is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Always.
    Yes,
    /// Where it is not zero.
    NotZero,
    /// Never, but `...` stands for it.
    More,
    /// Never: padding, and what is reserved.
    No,
}

/// Writes structs as lists of `name: kind`, with `?` where zero is not shown, `...` for what is left out in words,
/// and `_` for padding.
macro_rules! structs {
    ($($(#[$doc:meta])* $name:ident { $($rest:tt)* })*) => {
        $(
            $(#[$doc])*
            pub(crate) static $name: Struct =
                Struct { name: stringify!($name), fields: fields!([] $($rest)*) };
        )*
    };
}

/// The fields of one struct.
macro_rules! fields {
    ([$($done:expr,)*]) => { &[$($done),*] };
    ([$($done:expr,)*] $(,)? ? $field:ident: $kind:expr $(, $($rest:tt)*)?) => {
        fields!([$($done,)* Field { name: stringify!($field), kind: $kind, shown: Shown::NotZero },] $($($rest)*)?)
    };
    ([$($done:expr,)*] $(,)? - $field:ident: $kind:expr $(, $($rest:tt)*)?) => {
        fields!([$($done,)* Field { name: stringify!($field), kind: $kind, shown: Shown::More },] $($($rest)*)?)
    };
    ([$($done:expr,)*] $(,)? _: $kind:expr $(, $($rest:tt)*)?) => {
        fields!([$($done,)* Field { name: "", kind: $kind, shown: Shown::No },] $($($rest)*)?)
    };
    ([$($done:expr,)*] $(,)? $field:ident: $kind:expr $(, $($rest:tt)*)?) => {
        fields!([$($done,)* Field { name: stringify!($field), kind: $kind, shown: Shown::Yes },] $($($rest)*)?)
    };
}

const INT: FieldKind = FieldKind::Number(ArgKind::Int);
const UINT: FieldKind = FieldKind::Number(ArgKind::Uint);
const LONG: FieldKind = FieldKind::Number(ArgKind::Long);
const ULONG: FieldKind = FieldKind::Number(ArgKind::Ulong);
const PTR: FieldKind = FieldKind::Number(ArgKind::Ptr);
const HEX: FieldKind = FieldKind::Number(ArgKind::Hex);
const HEX32: FieldKind = FieldKind::Number(ArgKind::Hex32);
const HEX64: FieldKind = FieldKind::Number(ArgKind::Hex64);
const U8: FieldKind = FieldKind::Number(ArgKind::U8);
const U16: FieldKind = FieldKind::Number(ArgKind::U16);
const S16: FieldKind = FieldKind::Number(ArgKind::S16);
const U64: FieldKind = FieldKind::Number(ArgKind::U64);
const S64: FieldKind = FieldKind::Number(ArgKind::S64);
const TIME: FieldKind = FieldKind::Number(ArgKind::Time);
const IN_ADDR: FieldKind = FieldKind::Number(ArgKind::InAddr);
const FD: FieldKind = FieldKind::Number(ArgKind::Fd);
const PID: FieldKind = FieldKind::Number(ArgKind::Pid);
const ID: FieldKind = FieldKind::Number(ArgKind::Id);
const LIMIT: FieldKind = FieldKind::Number(ArgKind::Limit);
const LIMIT64: FieldKind = FieldKind::Number(ArgKind::Limit64);
const DEV64: FieldKind = FieldKind::Number(ArgKind::Dev64);
const FILE_MODE: FieldKind = FieldKind::Number(ArgKind::FileMode);
const FILE_MODE16: FieldKind = FieldKind::Number(ArgKind::FileMode16);

const fn flags(width: Width, set: &'static Set) -> FieldKind {
    FieldKind::Number(ArgKind::Flags(width, set))
}

const fn one_of(width: Width, set: &'static Set) -> FieldKind {
    FieldKind::Number(ArgKind::Enum(width, set))
}

structs! {
    TIMESPEC { tv_sec: TIME, tv_nsec: LONG }
    /// The one that is the same on every ABI.
    TIMESPEC64 { tv_sec: S64, tv_nsec: S64 }
    /// `utimensat`'s, whose nanoseconds may be a wish.
    UTIMESPEC { tv_sec: TIME, tv_nsec: LONG }
    UTIMESPEC64 { tv_sec: S64, tv_nsec: S64 }
    TIMEVAL { tv_sec: TIME, tv_usec: LONG }
    TIMEZONE { tz_minuteswest: INT, tz_dsttime: INT }
    ITIMERVAL { it_interval: FieldKind::Struct(&TIMEVAL), it_value: FieldKind::Struct(&TIMEVAL) }
    ITIMERSPEC { it_interval: FieldKind::Struct(&TIMESPEC), it_value: FieldKind::Struct(&TIMESPEC) }
    ITIMERSPEC64 { it_interval: FieldKind::Struct(&TIMESPEC64), it_value: FieldKind::Struct(&TIMESPEC64) }
    UTIMBUF { actime: TIME, modtime: TIME }
    TMS { tms_utime: LONG, tms_stime: LONG, tms_cutime: LONG, tms_cstime: LONG }
    RLIMIT { rlim_cur: LIMIT, rlim_max: LIMIT }
    RLIMIT64 { rlim_cur: LIMIT64, rlim_max: LIMIT64 }
    RUSAGE {
        ru_utime: FieldKind::Struct(&TIMEVAL), ru_stime: FieldKind::Struct(&TIMEVAL),
        -ru_maxrss: LONG, -ru_ixrss: LONG, -ru_idrss: LONG, -ru_isrss: LONG, -ru_minflt: LONG, -ru_majflt: LONG,
        -ru_nswap: LONG, -ru_inblock: LONG, -ru_oublock: LONG, -ru_msgsnd: LONG, -ru_msgrcv: LONG,
        -ru_nsignals: LONG, -ru_nvcsw: LONG, -ru_nivcsw: LONG
    }
    /// `include/uapi/linux/utsname.h`.
    UTSNAME {
        sysname: FieldKind::Text(65), nodename: FieldKind::Text(65), -release: FieldKind::Text(65),
        -version: FieldKind::Text(65), -machine: FieldKind::Text(65), -domainname: FieldKind::Text(65)
    }
    SYSINFO {
        uptime: LONG, loads: FieldKind::Numbers(3, ArgKind::Ulong), totalram: ULONG, freeram: ULONG,
        sharedram: ULONG, bufferram: ULONG, totalswap: ULONG, freeswap: ULONG, procs: U16, _: U16,
        totalhigh: ULONG, freehigh: ULONG, mem_unit: UINT
    }
    /// `arch/x86/include/uapi/asm/stat.h`, x86-64.
    STAT_X86_64 {
        st_dev: DEV64, st_ino: U64, st_nlink: U64, st_mode: FILE_MODE, st_uid: ID, st_gid: ID, _: INT,
        st_rdev: DEV64, st_size: S64, st_blksize: S64, st_blocks: S64, st_atime: S64, st_atime_nsec: S64,
        st_mtime: S64, st_mtime_nsec: S64, st_ctime: S64, st_ctime_nsec: S64
    }
    /// The same header, i386.
    STAT_I386 {
        st_dev: FieldKind::Number(ArgKind::Dev), st_ino: ULONG, st_mode: FILE_MODE16, st_nlink: U16, st_uid: U16,
        st_gid: U16, st_rdev: FieldKind::Number(ArgKind::Dev), st_size: ULONG, st_blksize: ULONG,
        st_blocks: ULONG, st_atime: ULONG, st_atime_nsec: ULONG, st_mtime: ULONG, st_mtime_nsec: ULONG,
        st_ctime: ULONG, st_ctime_nsec: ULONG
    }
    /// The same header, `struct stat64` of i386.
    STAT64_I386 {
        st_dev: DEV64, _: UINT, _: UINT, st_mode: FILE_MODE, st_nlink: UINT, st_uid: ID, st_gid: ID,
        st_rdev: DEV64, _: UINT, st_size: S64, st_blksize: ULONG, st_blocks: U64, st_atime: ULONG,
        st_atime_nsec: ULONG, st_mtime: ULONG, st_mtime_nsec: ULONG, st_ctime: ULONG, st_ctime_nsec: ULONG,
        st_ino: U64
    }
    /// `include/uapi/asm-generic/stat.h`.
    STAT_AARCH64 {
        st_dev: DEV64, st_ino: U64, st_mode: FILE_MODE, st_nlink: UINT, st_uid: ID, st_gid: ID, st_rdev: DEV64,
        _: U64, st_size: S64, st_blksize: INT, _: INT, st_blocks: S64, st_atime: S64, st_atime_nsec: S64,
        st_mtime: S64, st_mtime_nsec: S64, st_ctime: S64, st_ctime_nsec: S64
    }
    STATX_TIMESTAMP { tv_sec: S64, tv_nsec: UINT, _: INT }
    STATX {
        stx_mask: flags(Width::Four, &sets::STATX_MASK), -stx_blksize: UINT,
        stx_attributes: flags(Width::Eight, &sets::STATX_ATTR), -stx_nlink: UINT, -stx_uid: ID, -stx_gid: ID,
        stx_mode: FILE_MODE16, _: U16, -stx_ino: U64, stx_size: U64, -stx_blocks: U64,
        -stx_attributes_mask: flags(Width::Eight, &sets::STATX_ATTR),
        -stx_atime: FieldKind::Struct(&STATX_TIMESTAMP), -stx_btime: FieldKind::Struct(&STATX_TIMESTAMP),
        -stx_ctime: FieldKind::Struct(&STATX_TIMESTAMP), -stx_mtime: FieldKind::Struct(&STATX_TIMESTAMP),
        -stx_rdev_major: UINT, -stx_rdev_minor: UINT, -stx_dev_major: UINT, -stx_dev_minor: UINT
    }
    FSID { val: FieldKind::Numbers(2, ArgKind::Hex32) }
    STATFS {
        f_type: one_of(Width::Word, &sets::FS_MAGIC), f_bsize: LONG, f_blocks: ULONG, f_bfree: ULONG, f_bavail: ULONG,
        f_files: ULONG, f_ffree: ULONG, f_fsid: FieldKind::Struct(&FSID), f_namelen: LONG, f_frsize: LONG,
        f_flags: flags(Width::Word, &sets::STATFS)
    }
    /// Packed on x86 (`compat_statfs64`, `arch/x86/include/uapi/asm/statfs.h`), which its alignment gives already.
    STATFS64 {
        f_type: one_of(Width::Four, &sets::FS_MAGIC), f_bsize: UINT, f_blocks: U64, f_bfree: U64, f_bavail: U64,
        f_files: U64, f_ffree: U64, f_fsid: FieldKind::Struct(&FSID), f_namelen: UINT, f_frsize: UINT,
        f_flags: flags(Width::Four, &sets::STATFS)
    }
    SEMBUF { sem_num: U16, sem_op: S16, sem_flg: flags(Width::Two, &sets::SEMBUF) }
    SCHED_ATTR {
        size: UINT, sched_policy: flags(Width::Four, &sets::SCHED_POLICY),
        sched_flags: flags(Width::Eight, &sets::SCHED_ATTR), sched_nice: INT, sched_priority: UINT,
        sched_runtime: U64, sched_deadline: U64, sched_period: U64, ?sched_util_min: UINT, ?sched_util_max: UINT
    }
    CAP_HEADER { version: one_of(Width::Four, &sets::CAP_VERSION), pid: PID }
    SIGSTACK {
        ss_sp: PTR, ss_flags: flags(Width::Four, &sets::SIGSTACK),
        ss_size: FieldKind::Number(ArgKind::Size)
    }
    MQ_ATTR { mq_flags: flags(Width::Word, &sets::MQ), mq_maxmsg: LONG, mq_msgsize: LONG, mq_curmsgs: LONG }
    TIMEX {
        modes: flags(Width::Four, &sets::TIMEX), offset: LONG, freq: LONG, maxerror: LONG,
        esterror: LONG, status: flags(Width::Four, &sets::TIMEX_STATUS), constant: LONG, precision: LONG,
        tolerance: LONG, time: FieldKind::Struct(&TIMEVAL), tick: LONG, ppsfreq: LONG, jitter: LONG, shift: INT,
        stabil: LONG, jitcnt: LONG, calcnt: LONG, errcnt: LONG, stbcnt: LONG, tai: INT
    }
    TIMEVAL64 { tv_sec: S64, tv_usec: S64 }
    TIMEX64 {
        modes: flags(Width::Four, &sets::TIMEX), _: INT, offset: S64, freq: S64, maxerror: S64,
        esterror: S64, status: flags(Width::Four, &sets::TIMEX_STATUS), _: INT, constant: S64, precision: S64,
        tolerance: S64, time: FieldKind::Struct(&TIMEVAL64), tick: S64, ppsfreq: S64, jitter: S64, shift: INT,
        _: INT, stabil: S64, jitcnt: S64, calcnt: S64, errcnt: S64, stbcnt: S64, tai: INT
    }
    /// `include/uapi/linux/aio_abi.h`, little-endian.
    IO_EVENT { data: HEX64, obj: HEX64, res: S64, res2: S64 }
    IOCB {
        aio_data: HEX64, _: UINT, _: INT, aio_lio_opcode: one_of(Width::Two, &sets::IOCB),
        aio_reqprio: S16, aio_fildes: FD, aio_buf: HEX64, aio_nbytes: U64, aio_offset: S64
    }
    /// `arch/x86/include/uapi/asm/ldt.h`; its bit fields as one number.
    USER_DESC { entry_number: INT, base_addr: HEX32, limit: HEX32, flags: HEX32 }
    KEXEC_SEGMENT {
        buf: PTR, bufsz: FieldKind::Number(ArgKind::Size), mem: HEX, memsz: FieldKind::Number(ArgKind::Size)
    }
    /// The beginning of `struct perf_event_attr`.
    PERF_ATTR {
        r#type: one_of(Width::Four, &sets::PERF_TYPE), size: UINT, config: HEX64, sample_period: U64,
        sample_type: flags(Width::Eight, &sets::PERF_SAMPLE), read_format: flags(Width::Eight, &sets::PERF_FORMAT),
        -bits: HEX64
    }
    /// `union bpf_attr`, by command.
    BPF_MAP {
        map_type: one_of(Width::Four, &sets::BPF_MAP_TYPE), key_size: UINT, value_size: UINT, max_entries: UINT,
        map_flags: HEX32, inner_map_fd: FD, ?numa_node: UINT, map_name: FieldKind::Text(16), map_ifindex: UINT,
        btf_fd: FD, btf_key_type_id: UINT, btf_value_type_id: UINT, -btf_vmlinux_value_type_id: UINT
    }
    BPF_ELEM { map_fd: FD, _: UINT, key: HEX64, value: HEX64, flags: one_of(Width::Eight, &sets::BPF_ELEM) }
    BPF_KEY { map_fd: FD, _: UINT, key: HEX64 }
    BPF_NEXT_KEY { map_fd: FD, _: UINT, key: HEX64, next_key: HEX64 }
    BPF_PROG {
        prog_type: one_of(Width::Four, &sets::BPF_PROG_TYPE), insn_cnt: UINT, insns: HEX64, license: HEX64,
        log_level: UINT, log_size: UINT, log_buf: HEX64, kern_version: HEX32, prog_flags: HEX32,
        prog_name: FieldKind::Text(16), prog_ifindex: UINT, -expected_attach_type: UINT
    }
    BPF_OBJECT { pathname: HEX64, bpf_fd: FD, file_flags: HEX32 }
    BPF_ATTACH { target_fd: FD, attach_bpf_fd: FD, attach_type: UINT, attach_flags: HEX32 }
    BPF_NEXT_ID { start_id: UINT, next_id: UINT, open_flags: HEX32 }
    BPF_INFO { bpf_fd: FD, info_len: UINT, info: HEX64 }
    IO_URING_PARAMS {
        sq_entries: UINT, cq_entries: UINT, flags: flags(Width::Four, &sets::IO_URING_SETUP), sq_thread_cpu: UINT,
        sq_thread_idle: UINT, features: flags(Width::Four, &sets::IO_URING_FEATURES), ?wq_fd: FD,
        _: FieldKind::Numbers(3, ArgKind::Uint), -sq_off: U64
    }
    MOUNT_ATTR {
        attr_set: flags(Width::Eight, &sets::MOUNT_ATTR),
        attr_clr: flags(Width::Eight, &sets::MOUNT_ATTR),
        propagation: flags(Width::Eight, &sets::MOUNT), userns_fd: U64
    }
    OPEN_HOW {
        flags: flags(Width::Eight, &sets::OPEN), ?mode: FieldKind::Number(ArgKind::Mode), _: UINT,
        resolve: flags(Width::Eight, &sets::RESOLVE)
    }
    LANDLOCK_RULESET {
        handled_access_fs: flags(Width::Eight, &sets::LANDLOCK_ACCESS),
        ?handled_access_net: flags(Width::Eight, &sets::LANDLOCK_NET)
    }
    /// Packed, which its alignment gives already.
    LANDLOCK_PATH_BENEATH { allowed_access: flags(Width::Eight, &sets::LANDLOCK_ACCESS), parent_fd: FD }
    LANDLOCK_NET_PORT { allowed_access: flags(Width::Eight, &sets::LANDLOCK_NET), port: U64 }
    FUTEX_WAITV { val: U64, uaddr: HEX64, flags: flags(Width::Four, &sets::FUTEX2), _: UINT }
    CACHESTAT_RANGE { off: U64, len: U64 }
    CACHESTAT {
        nr_cache: U64, nr_dirty: U64, nr_writeback: U64, nr_evicted: U64, nr_recently_evicted: U64
    }
    MNT_ID_REQ { size: UINT, _: UINT, mnt_id: HEX64, param: HEX64, ?mnt_ns_id: HEX64 }
    XATTR_ARGS { value: HEX64, size: UINT, flags: flags(Width::Four, &sets::XATTR) }
    FILE_ATTR {
        fa_xflags: HEX64, fa_extsize: UINT, fa_nextents: UINT, fa_projid: UINT, fa_cowextsize: UINT
    }
    /// Without the process, which the kernel ignores where it is asked for a lock.
    FLOCK {
        l_type: one_of(Width::Two, &sets::LOCK_TYPE), l_whence: one_of(Width::Two, &sets::WHENCE), l_start: LONG,
        l_len: LONG
    }
    FLOCK64 {
        l_type: one_of(Width::Two, &sets::LOCK_TYPE), l_whence: one_of(Width::Two, &sets::WHENCE), l_start: S64,
        l_len: S64
    }
    /// With the process that has it.
    FLOCK_OWNER {
        l_type: one_of(Width::Two, &sets::LOCK_TYPE), l_whence: one_of(Width::Two, &sets::WHENCE), l_start: LONG,
        l_len: LONG, l_pid: PID
    }
    FLOCK64_OWNER {
        l_type: one_of(Width::Two, &sets::LOCK_TYPE), l_whence: one_of(Width::Two, &sets::WHENCE), l_start: S64,
        l_len: S64, l_pid: PID
    }
    F_OWNER_EX { r#type: one_of(Width::Four, &sets::OWNER_TYPE), pid: PID }
    WINSIZE { ws_row: U16, ws_col: U16, ws_xpixel: U16, ws_ypixel: U16 }
    /// `struct termios` of the kernel (`include/uapi/asm-generic/termbits.h`).
    TERMIOS {
        c_iflag: flags(Width::Four, &sets::TERMIOS_IFLAG), c_oflag: flags(Width::Four, &sets::TERMIOS_OFLAG),
        c_cflag: flags(Width::Four, &sets::TERMIOS_CFLAG), c_lflag: flags(Width::Four, &sets::TERMIOS_LFLAG),
        -c_line: U8
    }
    /// `include/uapi/linux/in.h`.
    IP_MREQ { imr_multiaddr: IN_ADDR, imr_interface: IN_ADDR }
    LINGER { l_onoff: INT, l_linger: INT }
    UCRED { pid: PID, uid: ID, gid: ID }
    SECCOMP_PROG { len: U16, filter: PTR }
    SECCOMP_NOTIF_SIZES { seccomp_notif: U16, seccomp_notif_resp: U16, seccomp_data: U16 }
}
