//! Written by tools/generate.rs from tools/constants.txt: change that, not this.

#[rustfmt::skip]
pub(super) static ALL: &[&super::Set] = &[&OPEN, &OPEN_AARCH64, &AT, &AT_STAT, &AT_UNLINK, &AT_ACCESS, &AT_STATX, &AT_HANDLE, &ACCESS, &WHENCE, &PROT, &MAP, &MREMAP, &MSYNC, &MADVISE, &MLOCK, &MLOCKALL, &PKEY, &CLONE, &CLONE3, &UNSHARE, &SETNS, &WAIT, &WAITID, &RUSAGE, &ITIMER, &CLOCK, &TIMER, &TIMERFD_CREATE, &TIMERFD_SETTIME, &SIGMASK_HOW, &SIGACTION, &SIGSTACK, &SIGEV_NOTIFY, &SI_CODE, &CLD_CODE, &FCNTL, &FD, &LOCK_TYPE, &OWNER_TYPE, &SEAL, &NOTIFY, &FLOCK, &FAMILY, &SOCKET_TYPE, &SOCKET_TYPE_PLAIN, &ACCEPT, &IPPROTO, &NETLINK_FAMILY, &MSG, &SHUTDOWN, &SOCKET_LEVEL, &SOCKET_OPTION, &IP_OPTION, &IPV6_OPTION, &TCP_OPTION, &UDP_OPTION, &PACKET_OPTION, &NETLINK_OPTION, &SCM, &EPOLL_CTL, &EPOLL_CREATE, &EPOLL_EVENTS, &POLL, &EVENTFD, &SIGNALFD, &INOTIFY_INIT, &INOTIFY, &FUTEX, &FUTEX2, &PRCTL, &PRCTL_DUMPABLE, &PRCTL_SECCOMP, &PRCTL_VMA, &PRCTL_MM, &PRCTL_AMBIENT, &PRCTL_TSC, &ARCH_PRCTL, &CAPABILITY, &CAP_VERSION, &SECCOMP, &SECCOMP_FILTER, &SECCOMP_ACTION, &PERSONALITY, &PRIORITY, &SCHED_POLICY, &SCHED_ATTR, &RLIMIT, &MOUNT, &UMOUNT, &STATFS, &REBOOT, &REBOOT_MAGIC, &SWAP, &GETRANDOM, &MEMFD, &STATX_MASK, &STATX_ATTR, &RENAME, &FALLOCATE, &FADVISE, &SPLICE, &SYNC_FILE_RANGE, &RWF, &MEMBARRIER, &MEMBARRIER_FLAGS, &BPF, &PERF_EVENT_OPEN, &KEYCTL, &KEYRING, &IOPRIO_WHO, &KCMP, &USERFAULTFD, &PIPE, &DUP3, &PIDFD_OPEN, &PIDFD_SIGNAL, &CLOSE_RANGE, &RESOLVE, &OPEN_TREE, &MOVE_MOUNT, &FSOPEN, &FSMOUNT, &FSPICK, &FSCONFIG, &MOUNT_ATTR, &LANDLOCK_CREATE, &LANDLOCK_RULE, &LANDLOCK_ACCESS, &LANDLOCK_NET, &IO_URING_SETUP, &IO_URING_FEATURES, &IO_URING_ENTER, &IO_URING_REGISTER, &FANOTIFY_INIT, &FANOTIFY_MARK_FLAGS, &FANOTIFY_EVENTS, &XATTR, &IPC_CMD, &MSGCTL, &SEMCTL, &SHMCTL, &IPC_CALL, &IPC_GET, &SHMGET, &SHMAT, &SEMBUF, &MSGRCV, &SYSLOG, &PTRACE, &PTRACE_OPTIONS, &REGSET, &DELETE_MODULE, &INIT_MODULE, &KEXEC, &KEXEC_FILE, &MEMPOLICY, &MBIND, &GET_MEMPOLICY, &MODIFY_LDT, &QUOTA_CMD, &QUOTA_TYPE, &LSM_ATTR, &RSEQ, &FS_MAGIC, &IOCTL, &FILE_TYPE, &SOCKETCALL, &IOCB, &TIMEX, &TIMEX_STATUS, &TIMEX_STATE, &DIRENT_TYPE, &MQ, &TERMIOS_IFLAG, &TERMIOS_OFLAG, &TERMIOS_CFLAG, &TERMIOS_LFLAG, &IFF, &IOPRIO_CLASS, &FUTEX_OP, &FUTEX_CMP, &ETHER_TYPE, &PERF_TYPE, &PERF_SAMPLE, &PERF_FORMAT, &BPF_MAP_TYPE, &BPF_PROG_TYPE, &BPF_ELEM, &QUOTA_FORMAT, &TERMINAL_QUEUE, &TERMINAL_FLOW];

set! { OPEN "open" "O_"
    O_RDONLY 0x0 0x3
    O_WRONLY 0x1 0x3
    O_RDWR 0x2 0x3
    O_ACCMODE 0x3 0x3
    O_CREAT 0x40 0x40
    O_EXCL 0x80 0x80
    O_NOCTTY 0x100 0x100
    O_TRUNC 0x200 0x200
    O_APPEND 0x400 0x400
    O_NONBLOCK 0x800 0x800
    O_SYNC 0x101000 0x101000
    O_DSYNC 0x1000 0x1000
    O_DIRECT 0x4000 0x4000
    O_LARGEFILE 0x8000 0x8000
    O_NOFOLLOW 0x20000 0x20000
    O_NOATIME 0x40000 0x40000
    O_CLOEXEC 0x80000 0x80000
    O_PATH 0x200000 0x200000
    O_TMPFILE 0x410000 0x410000
    O_DIRECTORY 0x10000 0x10000
    FASYNC 0x2000 0x2000
}
set! { OPEN_AARCH64 "open_aarch64" "O_"
    O_RDONLY 0x0 0x3
    O_WRONLY 0x1 0x3
    O_RDWR 0x2 0x3
    O_ACCMODE 0x3 0x3
    O_CREAT 0x40 0x40
    O_EXCL 0x80 0x80
    O_NOCTTY 0x100 0x100
    O_TRUNC 0x200 0x200
    O_APPEND 0x400 0x400
    O_NONBLOCK 0x800 0x800
    O_SYNC 0x101000 0x101000
    O_DSYNC 0x1000 0x1000
    O_DIRECT 0x10000 0x10000
    O_LARGEFILE 0x20000 0x20000
    O_NOFOLLOW 0x8000 0x8000
    O_NOATIME 0x40000 0x40000
    O_CLOEXEC 0x80000 0x80000
    O_PATH 0x200000 0x200000
    O_TMPFILE 0x404000 0x404000
    O_DIRECTORY 0x4000 0x4000
    FASYNC 0x2000 0x2000
}
set! { AT "at" "AT_"
    AT_SYMLINK_NOFOLLOW 0x100 0x100
    AT_REMOVEDIR 0x200 0x200
    AT_SYMLINK_FOLLOW 0x400 0x400
    AT_NO_AUTOMOUNT 0x800 0x800
    AT_EMPTY_PATH 0x1000 0x1000
    AT_RECURSIVE 0x8000 0x8000
}
set! { AT_STAT "at_stat" "AT_"
    AT_SYMLINK_NOFOLLOW 0x100 0x100
    AT_NO_AUTOMOUNT 0x800 0x800
    AT_EMPTY_PATH 0x1000 0x1000
}
set! { AT_UNLINK "at_unlink" "AT_"
    AT_REMOVEDIR 0x200 0x200
}
set! { AT_ACCESS "at_access" "AT_"
    AT_SYMLINK_NOFOLLOW 0x100 0x100
    AT_EACCESS 0x200 0x200
    AT_EMPTY_PATH 0x1000 0x1000
}
set! { AT_STATX "at_statx" "AT_"
    AT_STATX_SYNC_AS_STAT 0x0 0x6000
    AT_STATX_FORCE_SYNC 0x2000 0x6000
    AT_STATX_DONT_SYNC 0x4000 0x6000
    AT_SYMLINK_NOFOLLOW 0x100 0x100
    AT_NO_AUTOMOUNT 0x800 0x800
    AT_EMPTY_PATH 0x1000 0x1000
}
set! { AT_HANDLE "at_handle" "AT_"
    AT_SYMLINK_FOLLOW 0x400 0x400
    AT_EMPTY_PATH 0x1000 0x1000
    AT_HANDLE_FID 0x200 0x200
    AT_HANDLE_MNT_ID_UNIQUE 0x1 0x1
    AT_HANDLE_CONNECTABLE 0x2 0x2
}
set! { ACCESS "access" "[FRWX]_"
    F_OK 0x0 0x0
    R_OK 0x4 0x4
    W_OK 0x2 0x2
    X_OK 0x1 0x1
}
set! { WHENCE "whence" "SEEK_"
    SEEK_SET 0x0 0xffffffffffffffff
    SEEK_CUR 0x1 0xffffffffffffffff
    SEEK_END 0x2 0xffffffffffffffff
    SEEK_DATA 0x3 0xffffffffffffffff
    SEEK_HOLE 0x4 0xffffffffffffffff
}
set! { PROT "prot" "PROT_"
    PROT_NONE 0x0 0x0
    PROT_READ 0x1 0x1
    PROT_WRITE 0x2 0x2
    PROT_EXEC 0x4 0x4
    PROT_SEM 0x8 0x8
    PROT_GROWSDOWN 0x1000000 0x1000000
    PROT_GROWSUP 0x2000000 0x2000000
}
set! { MAP "map" "MAP_"
    MAP_FILE 0x0 0xf
    MAP_SHARED 0x1 0xf
    MAP_PRIVATE 0x2 0xf
    MAP_SHARED_VALIDATE 0x3 0xf
    MAP_DROPPABLE 0x8 0xf
    MAP_FIXED 0x10 0x10
    MAP_FIXED_NOREPLACE 0x100000 0x100000
    MAP_ANONYMOUS 0x20 0x20
    MAP_32BIT 0x40 0x40
    MAP_NORESERVE 0x4000 0x4000
    MAP_POPULATE 0x8000 0x8000
    MAP_NONBLOCK 0x10000 0x10000
    MAP_GROWSDOWN 0x100 0x100
    MAP_DENYWRITE 0x800 0x800
    MAP_EXECUTABLE 0x1000 0x1000
    MAP_LOCKED 0x2000 0x2000
    MAP_STACK 0x20000 0x20000
    MAP_HUGETLB 0x40000 0x40000
    MAP_SYNC 0x80000 0x80000
}
set! { MREMAP "mremap" "MREMAP_"
    MREMAP_MAYMOVE 0x1 0x1
    MREMAP_FIXED 0x2 0x2
    MREMAP_DONTUNMAP 0x4 0x4
}
set! { MSYNC "msync" "MS_"
    MS_SYNC 0x4 0x4
    MS_ASYNC 0x1 0x1
    MS_INVALIDATE 0x2 0x2
}
set! { MADVISE "madvise" "MADV_"
    MADV_NORMAL 0x0 0xffffffffffffffff
    MADV_RANDOM 0x1 0xffffffffffffffff
    MADV_SEQUENTIAL 0x2 0xffffffffffffffff
    MADV_WILLNEED 0x3 0xffffffffffffffff
    MADV_DONTNEED 0x4 0xffffffffffffffff
    MADV_FREE 0x8 0xffffffffffffffff
    MADV_REMOVE 0x9 0xffffffffffffffff
    MADV_DONTFORK 0xa 0xffffffffffffffff
    MADV_DOFORK 0xb 0xffffffffffffffff
    MADV_MERGEABLE 0xc 0xffffffffffffffff
    MADV_UNMERGEABLE 0xd 0xffffffffffffffff
    MADV_HUGEPAGE 0xe 0xffffffffffffffff
    MADV_NOHUGEPAGE 0xf 0xffffffffffffffff
    MADV_DONTDUMP 0x10 0xffffffffffffffff
    MADV_DODUMP 0x11 0xffffffffffffffff
    MADV_WIPEONFORK 0x12 0xffffffffffffffff
    MADV_KEEPONFORK 0x13 0xffffffffffffffff
    MADV_COLD 0x14 0xffffffffffffffff
    MADV_PAGEOUT 0x15 0xffffffffffffffff
    MADV_POPULATE_READ 0x16 0xffffffffffffffff
    MADV_POPULATE_WRITE 0x17 0xffffffffffffffff
    MADV_DONTNEED_LOCKED 0x18 0xffffffffffffffff
    MADV_COLLAPSE 0x19 0xffffffffffffffff
    MADV_HWPOISON 0x64 0xffffffffffffffff
    MADV_SOFT_OFFLINE 0x65 0xffffffffffffffff
    MADV_GUARD_INSTALL 0x66 0xffffffffffffffff
    MADV_GUARD_REMOVE 0x67 0xffffffffffffffff
}
set! { MLOCK "mlock" "MLOCK_"
    MLOCK_ONFAULT 0x1 0x1
}
set! { MLOCKALL "mlockall" "MCL_"
    MCL_CURRENT 0x1 0x1
    MCL_FUTURE 0x2 0x2
    MCL_ONFAULT 0x4 0x4
}
set! { PKEY "pkey" "PKEY_"
    PKEY_DISABLE_ACCESS 0x1 0x1
    PKEY_DISABLE_WRITE 0x2 0x2
}
set! { CLONE "clone" "CLONE_"
    CLONE_VM 0x100 0x100
    CLONE_FS 0x200 0x200
    CLONE_FILES 0x400 0x400
    CLONE_SIGHAND 0x800 0x800
    CLONE_PIDFD 0x1000 0x1000
    CLONE_PTRACE 0x2000 0x2000
    CLONE_VFORK 0x4000 0x4000
    CLONE_PARENT 0x8000 0x8000
    CLONE_THREAD 0x10000 0x10000
    CLONE_NEWNS 0x20000 0x20000
    CLONE_SYSVSEM 0x40000 0x40000
    CLONE_SETTLS 0x80000 0x80000
    CLONE_PARENT_SETTID 0x100000 0x100000
    CLONE_CHILD_CLEARTID 0x200000 0x200000
    CLONE_DETACHED 0x400000 0x400000
    CLONE_UNTRACED 0x800000 0x800000
    CLONE_CHILD_SETTID 0x1000000 0x1000000
    CLONE_NEWCGROUP 0x2000000 0x2000000
    CLONE_NEWUTS 0x4000000 0x4000000
    CLONE_NEWIPC 0x8000000 0x8000000
    CLONE_NEWUSER 0x10000000 0x10000000
    CLONE_NEWPID 0x20000000 0x20000000
    CLONE_NEWNET 0x40000000 0x40000000
    CLONE_IO 0x80000000 0x80000000
}
set! { CLONE3 "clone3" "CLONE_"
    CLONE_VM 0x100 0x100
    CLONE_FS 0x200 0x200
    CLONE_FILES 0x400 0x400
    CLONE_SIGHAND 0x800 0x800
    CLONE_PIDFD 0x1000 0x1000
    CLONE_PTRACE 0x2000 0x2000
    CLONE_VFORK 0x4000 0x4000
    CLONE_PARENT 0x8000 0x8000
    CLONE_THREAD 0x10000 0x10000
    CLONE_NEWNS 0x20000 0x20000
    CLONE_SYSVSEM 0x40000 0x40000
    CLONE_SETTLS 0x80000 0x80000
    CLONE_PARENT_SETTID 0x100000 0x100000
    CLONE_CHILD_CLEARTID 0x200000 0x200000
    CLONE_DETACHED 0x400000 0x400000
    CLONE_UNTRACED 0x800000 0x800000
    CLONE_CHILD_SETTID 0x1000000 0x1000000
    CLONE_NEWCGROUP 0x2000000 0x2000000
    CLONE_NEWUTS 0x4000000 0x4000000
    CLONE_NEWIPC 0x8000000 0x8000000
    CLONE_NEWUSER 0x10000000 0x10000000
    CLONE_NEWPID 0x20000000 0x20000000
    CLONE_NEWNET 0x40000000 0x40000000
    CLONE_IO 0x80000000 0x80000000
    CLONE_NEWTIME 0x80 0x80
    CLONE_CLEAR_SIGHAND 0x100000000 0x100000000
    CLONE_INTO_CGROUP 0x200000000 0x200000000
}
set! { UNSHARE "unshare" "CLONE_"
    CLONE_VM 0x100 0x100
    CLONE_FS 0x200 0x200
    CLONE_FILES 0x400 0x400
    CLONE_SIGHAND 0x800 0x800
    CLONE_THREAD 0x10000 0x10000
    CLONE_NEWNS 0x20000 0x20000
    CLONE_SYSVSEM 0x40000 0x40000
    CLONE_NEWCGROUP 0x2000000 0x2000000
    CLONE_NEWUTS 0x4000000 0x4000000
    CLONE_NEWIPC 0x8000000 0x8000000
    CLONE_NEWUSER 0x10000000 0x10000000
    CLONE_NEWPID 0x20000000 0x20000000
    CLONE_NEWNET 0x40000000 0x40000000
    CLONE_NEWTIME 0x80 0x80
}
set! { SETNS "setns" "CLONE_"
    CLONE_NEWNS 0x20000 0x20000
    CLONE_NEWCGROUP 0x2000000 0x2000000
    CLONE_NEWUTS 0x4000000 0x4000000
    CLONE_NEWIPC 0x8000000 0x8000000
    CLONE_NEWUSER 0x10000000 0x10000000
    CLONE_NEWPID 0x20000000 0x20000000
    CLONE_NEWNET 0x40000000 0x40000000
    CLONE_NEWTIME 0x80 0x80
}
set! { WAIT "wait" "W"
    WNOHANG 0x1 0x1
    WEXITED 0x4 0x4
    WSTOPPED 0x2 0x2
    WCONTINUED 0x8 0x8
    WNOWAIT 0x1000000 0x1000000
    __WCLONE 0x80000000 0x80000000
    __WALL 0x40000000 0x40000000
    __WNOTHREAD 0x20000000 0x20000000
}
set! { WAITID "waitid" "P_"
    P_ALL 0x0 0xffffffffffffffff
    P_PID 0x1 0xffffffffffffffff
    P_PGID 0x2 0xffffffffffffffff
    P_PIDFD 0x3 0xffffffffffffffff
}
set! { RUSAGE "rusage" "RUSAGE_"
    RUSAGE_SELF 0x0 0xffffffffffffffff
    RUSAGE_CHILDREN 0xffffffffffffffff 0xffffffffffffffff
    RUSAGE_THREAD 0x1 0xffffffffffffffff
    RUSAGE_BOTH 0xfffffffffffffffe 0xffffffffffffffff
}
set! { ITIMER "itimer" "ITIMER_"
    ITIMER_REAL 0x0 0xffffffffffffffff
    ITIMER_VIRTUAL 0x1 0xffffffffffffffff
    ITIMER_PROF 0x2 0xffffffffffffffff
}
set! { CLOCK "clock" "CLOCK_"
    CLOCK_REALTIME 0x0 0xffffffffffffffff
    CLOCK_MONOTONIC 0x1 0xffffffffffffffff
    CLOCK_PROCESS_CPUTIME_ID 0x2 0xffffffffffffffff
    CLOCK_THREAD_CPUTIME_ID 0x3 0xffffffffffffffff
    CLOCK_MONOTONIC_RAW 0x4 0xffffffffffffffff
    CLOCK_REALTIME_COARSE 0x5 0xffffffffffffffff
    CLOCK_MONOTONIC_COARSE 0x6 0xffffffffffffffff
    CLOCK_BOOTTIME 0x7 0xffffffffffffffff
    CLOCK_REALTIME_ALARM 0x8 0xffffffffffffffff
    CLOCK_BOOTTIME_ALARM 0x9 0xffffffffffffffff
    CLOCK_TAI 0xb 0xffffffffffffffff
}
set! { TIMER "timer" "TIMER_"
    TIMER_ABSTIME 0x1 0x1
}
set! { TIMERFD_CREATE "timerfd_create" "TFD_"
    TFD_CLOEXEC 0x80000 0x80000
    TFD_NONBLOCK 0x800 0x800
}
set! { TIMERFD_SETTIME "timerfd_settime" "TFD_"
    TFD_TIMER_ABSTIME 0x1 0x1
    TFD_TIMER_CANCEL_ON_SET 0x2 0x2
}
set! { SIGMASK_HOW "sigmask_how" "SIG_"
    SIG_BLOCK 0x0 0xffffffffffffffff
    SIG_UNBLOCK 0x1 0xffffffffffffffff
    SIG_SETMASK 0x2 0xffffffffffffffff
}
set! { SIGACTION "sigaction" "SA_"
    SA_RESTORER 0x4000000 0x4000000
    SA_ONSTACK 0x8000000 0x8000000
    SA_RESTART 0x10000000 0x10000000
    SA_INTERRUPT 0x20000000 0x20000000
    SA_NODEFER 0x40000000 0x40000000
    SA_RESETHAND 0x80000000 0x80000000
    SA_SIGINFO 0x4 0x4
    SA_NOCLDSTOP 0x1 0x1
    SA_NOCLDWAIT 0x2 0x2
    SA_EXPOSE_TAGBITS 0x800 0x800
}
set! { SIGSTACK "sigstack" "SS_"
    SS_ONSTACK 0x1 0x1
    SS_DISABLE 0x2 0x2
    SS_AUTODISARM 0x80000000 0x80000000
}
set! { SIGEV_NOTIFY "sigev_notify" "SIGEV_"
    SIGEV_SIGNAL 0x0 0xffffffffffffffff
    SIGEV_NONE 0x1 0xffffffffffffffff
    SIGEV_THREAD 0x2 0xffffffffffffffff
    SIGEV_THREAD_ID 0x4 0xffffffffffffffff
}
set! { SI_CODE "si_code" "SI_"
    SI_USER 0x0 0xffffffffffffffff
    SI_KERNEL 0x80 0xffffffffffffffff
    SI_QUEUE 0xffffffffffffffff 0xffffffffffffffff
    SI_TIMER 0xfffffffffffffffe 0xffffffffffffffff
    SI_MESGQ 0xfffffffffffffffd 0xffffffffffffffff
    SI_ASYNCIO 0xfffffffffffffffc 0xffffffffffffffff
    SI_SIGIO 0xfffffffffffffffb 0xffffffffffffffff
    SI_TKILL 0xfffffffffffffffa 0xffffffffffffffff
}
set! { CLD_CODE "cld_code" "CLD_"
    CLD_EXITED 0x1 0xffffffffffffffff
    CLD_KILLED 0x2 0xffffffffffffffff
    CLD_DUMPED 0x3 0xffffffffffffffff
    CLD_TRAPPED 0x4 0xffffffffffffffff
    CLD_STOPPED 0x5 0xffffffffffffffff
    CLD_CONTINUED 0x6 0xffffffffffffffff
}
set! { FCNTL "fcntl" "F_"
    F_DUPFD 0x0 0xffffffffffffffff
    F_GETFD 0x1 0xffffffffffffffff
    F_SETFD 0x2 0xffffffffffffffff
    F_GETFL 0x3 0xffffffffffffffff
    F_SETFL 0x4 0xffffffffffffffff
    F_GETLK 0x5 0xffffffffffffffff
    F_SETLK 0x6 0xffffffffffffffff
    F_SETLKW 0x7 0xffffffffffffffff
    F_SETOWN 0x8 0xffffffffffffffff
    F_GETOWN 0x9 0xffffffffffffffff
    F_SETSIG 0xa 0xffffffffffffffff
    F_GETSIG 0xb 0xffffffffffffffff
    F_GETLK64 0xc 0xffffffffffffffff
    F_SETLK64 0xd 0xffffffffffffffff
    F_SETLKW64 0xe 0xffffffffffffffff
    F_SETOWN_EX 0xf 0xffffffffffffffff
    F_GETOWN_EX 0x10 0xffffffffffffffff
    F_GETOWNER_UIDS 0x11 0xffffffffffffffff
    F_OFD_GETLK 0x24 0xffffffffffffffff
    F_OFD_SETLK 0x25 0xffffffffffffffff
    F_OFD_SETLKW 0x26 0xffffffffffffffff
    F_SETLEASE 0x400 0xffffffffffffffff
    F_GETLEASE 0x401 0xffffffffffffffff
    F_NOTIFY 0x402 0xffffffffffffffff
    F_DUPFD_QUERY 0x403 0xffffffffffffffff
    F_CREATED_QUERY 0x404 0xffffffffffffffff
    F_CANCELLK 0x405 0xffffffffffffffff
    F_DUPFD_CLOEXEC 0x406 0xffffffffffffffff
    F_SETPIPE_SZ 0x407 0xffffffffffffffff
    F_GETPIPE_SZ 0x408 0xffffffffffffffff
    F_ADD_SEALS 0x409 0xffffffffffffffff
    F_GET_SEALS 0x40a 0xffffffffffffffff
    F_GET_RW_HINT 0x40b 0xffffffffffffffff
    F_SET_RW_HINT 0x40c 0xffffffffffffffff
    F_GET_FILE_RW_HINT 0x40d 0xffffffffffffffff
    F_SET_FILE_RW_HINT 0x40e 0xffffffffffffffff
    F_GETDELEG 0x40f 0xffffffffffffffff
    F_SETDELEG 0x410 0xffffffffffffffff
}
set! { FD "fd" "FD_"
    FD_CLOEXEC 0x1 0x1
}
set! { LOCK_TYPE "lock_type" "F_"
    F_RDLCK 0x0 0xffffffffffffffff
    F_WRLCK 0x1 0xffffffffffffffff
    F_UNLCK 0x2 0xffffffffffffffff
}
set! { OWNER_TYPE "owner_type" "F_OWNER_"
    F_OWNER_TID 0x0 0xffffffffffffffff
    F_OWNER_PID 0x1 0xffffffffffffffff
    F_OWNER_PGRP 0x2 0xffffffffffffffff
}
set! { SEAL "seal" "F_SEAL_"
    F_SEAL_SEAL 0x1 0x1
    F_SEAL_SHRINK 0x2 0x2
    F_SEAL_GROW 0x4 0x4
    F_SEAL_WRITE 0x8 0x8
    F_SEAL_FUTURE_WRITE 0x10 0x10
    F_SEAL_EXEC 0x20 0x20
}
set! { NOTIFY "notify" "DN_"
    DN_ACCESS 0x1 0x1
    DN_MODIFY 0x2 0x2
    DN_CREATE 0x4 0x4
    DN_DELETE 0x8 0x8
    DN_RENAME 0x10 0x10
    DN_ATTRIB 0x20 0x20
    DN_MULTISHOT 0x80000000 0x80000000
}
set! { FLOCK "flock" "LOCK_"
    LOCK_SH 0x1 0x1
    LOCK_EX 0x2 0x2
    LOCK_UN 0x8 0x8
    LOCK_NB 0x4 0x4
    LOCK_MAND 0x20 0x20
}
set! { FAMILY "family" "AF_"
    AF_UNSPEC 0x0 0xffffffffffffffff
    AF_UNIX 0x1 0xffffffffffffffff
    AF_INET 0x2 0xffffffffffffffff
    AF_AX25 0x3 0xffffffffffffffff
    AF_IPX 0x4 0xffffffffffffffff
    AF_APPLETALK 0x5 0xffffffffffffffff
    AF_NETROM 0x6 0xffffffffffffffff
    AF_BRIDGE 0x7 0xffffffffffffffff
    AF_ATMPVC 0x8 0xffffffffffffffff
    AF_X25 0x9 0xffffffffffffffff
    AF_INET6 0xa 0xffffffffffffffff
    AF_ROSE 0xb 0xffffffffffffffff
    AF_DECnet 0xc 0xffffffffffffffff
    AF_NETBEUI 0xd 0xffffffffffffffff
    AF_SECURITY 0xe 0xffffffffffffffff
    AF_KEY 0xf 0xffffffffffffffff
    AF_NETLINK 0x10 0xffffffffffffffff
    AF_PACKET 0x11 0xffffffffffffffff
    AF_ASH 0x12 0xffffffffffffffff
    AF_ECONET 0x13 0xffffffffffffffff
    AF_ATMSVC 0x14 0xffffffffffffffff
    AF_RDS 0x15 0xffffffffffffffff
    AF_SNA 0x16 0xffffffffffffffff
    AF_IRDA 0x17 0xffffffffffffffff
    AF_PPPOX 0x18 0xffffffffffffffff
    AF_WANPIPE 0x19 0xffffffffffffffff
    AF_LLC 0x1a 0xffffffffffffffff
    AF_IB 0x1b 0xffffffffffffffff
    AF_MPLS 0x1c 0xffffffffffffffff
    AF_CAN 0x1d 0xffffffffffffffff
    AF_TIPC 0x1e 0xffffffffffffffff
    AF_BLUETOOTH 0x1f 0xffffffffffffffff
    AF_IUCV 0x20 0xffffffffffffffff
    AF_RXRPC 0x21 0xffffffffffffffff
    AF_ISDN 0x22 0xffffffffffffffff
    AF_PHONET 0x23 0xffffffffffffffff
    AF_IEEE802154 0x24 0xffffffffffffffff
    AF_CAIF 0x25 0xffffffffffffffff
    AF_ALG 0x26 0xffffffffffffffff
    AF_NFC 0x27 0xffffffffffffffff
    AF_VSOCK 0x28 0xffffffffffffffff
    AF_KCM 0x29 0xffffffffffffffff
    AF_QIPCRTR 0x2a 0xffffffffffffffff
    AF_SMC 0x2b 0xffffffffffffffff
    AF_XDP 0x2c 0xffffffffffffffff
    AF_MCTP 0x2d 0xffffffffffffffff
}
set! { SOCKET_TYPE "socket_type" "SOCK_"
    SOCK_STREAM 0x1 0xf
    SOCK_DGRAM 0x2 0xf
    SOCK_RAW 0x3 0xf
    SOCK_RDM 0x4 0xf
    SOCK_SEQPACKET 0x5 0xf
    SOCK_DCCP 0x6 0xf
    SOCK_PACKET 0xa 0xf
    SOCK_CLOEXEC 0x80000 0x80000
    SOCK_NONBLOCK 0x800 0x800
}
set! { SOCKET_TYPE_PLAIN "socket_type_plain" "SOCK_"
    SOCK_STREAM 0x1 0xffffffffffffffff
    SOCK_DGRAM 0x2 0xffffffffffffffff
    SOCK_RAW 0x3 0xffffffffffffffff
    SOCK_RDM 0x4 0xffffffffffffffff
    SOCK_SEQPACKET 0x5 0xffffffffffffffff
    SOCK_DCCP 0x6 0xffffffffffffffff
    SOCK_PACKET 0xa 0xffffffffffffffff
}
set! { ACCEPT "accept" "SOCK_"
    SOCK_CLOEXEC 0x80000 0x80000
    SOCK_NONBLOCK 0x800 0x800
}
set! { IPPROTO "ipproto" "IPPROTO_"
    IPPROTO_IP 0x0 0xffffffffffffffff
    IPPROTO_ICMP 0x1 0xffffffffffffffff
    IPPROTO_IGMP 0x2 0xffffffffffffffff
    IPPROTO_IPIP 0x4 0xffffffffffffffff
    IPPROTO_TCP 0x6 0xffffffffffffffff
    IPPROTO_EGP 0x8 0xffffffffffffffff
    IPPROTO_PUP 0xc 0xffffffffffffffff
    IPPROTO_UDP 0x11 0xffffffffffffffff
    IPPROTO_IDP 0x16 0xffffffffffffffff
    IPPROTO_TP 0x1d 0xffffffffffffffff
    IPPROTO_DCCP 0x21 0xffffffffffffffff
    IPPROTO_IPV6 0x29 0xffffffffffffffff
    IPPROTO_RSVP 0x2e 0xffffffffffffffff
    IPPROTO_GRE 0x2f 0xffffffffffffffff
    IPPROTO_ESP 0x32 0xffffffffffffffff
    IPPROTO_AH 0x33 0xffffffffffffffff
    IPPROTO_ICMPV6 0x3a 0xffffffffffffffff
    IPPROTO_MTP 0x5c 0xffffffffffffffff
    IPPROTO_BEETPH 0x5e 0xffffffffffffffff
    IPPROTO_ENCAP 0x62 0xffffffffffffffff
    IPPROTO_PIM 0x67 0xffffffffffffffff
    IPPROTO_COMP 0x6c 0xffffffffffffffff
    IPPROTO_SCTP 0x84 0xffffffffffffffff
    IPPROTO_UDPLITE 0x88 0xffffffffffffffff
    IPPROTO_MPLS 0x89 0xffffffffffffffff
    IPPROTO_ETHERNET 0x8f 0xffffffffffffffff
    IPPROTO_RAW 0xff 0xffffffffffffffff
    IPPROTO_MPTCP 0x106 0xffffffffffffffff
}
set! { NETLINK_FAMILY "netlink_family" "NETLINK_"
    NETLINK_ROUTE 0x0 0xffffffffffffffff
    NETLINK_USERSOCK 0x2 0xffffffffffffffff
    NETLINK_FIREWALL 0x3 0xffffffffffffffff
    NETLINK_SOCK_DIAG 0x4 0xffffffffffffffff
    NETLINK_NFLOG 0x5 0xffffffffffffffff
    NETLINK_XFRM 0x6 0xffffffffffffffff
    NETLINK_SELINUX 0x7 0xffffffffffffffff
    NETLINK_ISCSI 0x8 0xffffffffffffffff
    NETLINK_AUDIT 0x9 0xffffffffffffffff
    NETLINK_FIB_LOOKUP 0xa 0xffffffffffffffff
    NETLINK_CONNECTOR 0xb 0xffffffffffffffff
    NETLINK_NETFILTER 0xc 0xffffffffffffffff
    NETLINK_IP6_FW 0xd 0xffffffffffffffff
    NETLINK_DNRTMSG 0xe 0xffffffffffffffff
    NETLINK_KOBJECT_UEVENT 0xf 0xffffffffffffffff
    NETLINK_GENERIC 0x10 0xffffffffffffffff
    NETLINK_SCSITRANSPORT 0x12 0xffffffffffffffff
    NETLINK_ECRYPTFS 0x13 0xffffffffffffffff
    NETLINK_RDMA 0x14 0xffffffffffffffff
    NETLINK_CRYPTO 0x15 0xffffffffffffffff
    NETLINK_SMC 0x16 0xffffffffffffffff
}
set! { MSG "msg" "MSG_"
    MSG_OOB 0x1 0x1
    MSG_PEEK 0x2 0x2
    MSG_DONTROUTE 0x4 0x4
    MSG_CTRUNC 0x8 0x8
    MSG_PROXY 0x10 0x10
    MSG_TRUNC 0x20 0x20
    MSG_DONTWAIT 0x40 0x40
    MSG_EOR 0x80 0x80
    MSG_WAITALL 0x100 0x100
    MSG_FIN 0x200 0x200
    MSG_SYN 0x400 0x400
    MSG_CONFIRM 0x800 0x800
    MSG_RST 0x1000 0x1000
    MSG_ERRQUEUE 0x2000 0x2000
    MSG_NOSIGNAL 0x4000 0x4000
    MSG_MORE 0x8000 0x8000
    MSG_WAITFORONE 0x10000 0x10000
    MSG_BATCH 0x40000 0x40000
    MSG_ZEROCOPY 0x4000000 0x4000000
    MSG_FASTOPEN 0x20000000 0x20000000
    MSG_CMSG_CLOEXEC 0x40000000 0x40000000
}
set! { SHUTDOWN "shutdown" "SHUT_"
    SHUT_RD 0x0 0xffffffffffffffff
    SHUT_WR 0x1 0xffffffffffffffff
    SHUT_RDWR 0x2 0xffffffffffffffff
}
set! { SOCKET_LEVEL "socket_level" "SOL_"
    SOL_IP 0x0 0xffffffffffffffff
    SOL_SOCKET 0x1 0xffffffffffffffff
    SOL_TCP 0x6 0xffffffffffffffff
    SOL_UDP 0x11 0xffffffffffffffff
    SOL_IPV6 0x29 0xffffffffffffffff
    SOL_ICMPV6 0x3a 0xffffffffffffffff
    SOL_SCTP 0x84 0xffffffffffffffff
    SOL_UDPLITE 0x88 0xffffffffffffffff
    SOL_RAW 0xff 0xffffffffffffffff
    SOL_PACKET 0x107 0xffffffffffffffff
    SOL_ATM 0x108 0xffffffffffffffff
    SOL_NETLINK 0x10e 0xffffffffffffffff
    SOL_TIPC 0x10f 0xffffffffffffffff
    SOL_ALG 0x117 0xffffffffffffffff
    SOL_KCM 0x119 0xffffffffffffffff
    SOL_TLS 0x11a 0xffffffffffffffff
    SOL_XDP 0x11b 0xffffffffffffffff
    SOL_MPTCP 0x11c 0xffffffffffffffff
    SOL_VSOCK 0x11f 0xffffffffffffffff
}
set! { SOCKET_OPTION "socket_option" "SO_"
    SO_DEBUG 0x1 0xffffffffffffffff
    SO_REUSEADDR 0x2 0xffffffffffffffff
    SO_TYPE 0x3 0xffffffffffffffff
    SO_ERROR 0x4 0xffffffffffffffff
    SO_DONTROUTE 0x5 0xffffffffffffffff
    SO_BROADCAST 0x6 0xffffffffffffffff
    SO_SNDBUF 0x7 0xffffffffffffffff
    SO_RCVBUF 0x8 0xffffffffffffffff
    SO_KEEPALIVE 0x9 0xffffffffffffffff
    SO_OOBINLINE 0xa 0xffffffffffffffff
    SO_NO_CHECK 0xb 0xffffffffffffffff
    SO_PRIORITY 0xc 0xffffffffffffffff
    SO_LINGER 0xd 0xffffffffffffffff
    SO_BSDCOMPAT 0xe 0xffffffffffffffff
    SO_REUSEPORT 0xf 0xffffffffffffffff
    SO_PASSCRED 0x10 0xffffffffffffffff
    SO_PEERCRED 0x11 0xffffffffffffffff
    SO_RCVLOWAT 0x12 0xffffffffffffffff
    SO_SNDLOWAT 0x13 0xffffffffffffffff
    SO_RCVTIMEO_OLD 0x14 0xffffffffffffffff
    SO_SNDTIMEO_OLD 0x15 0xffffffffffffffff
    SO_BINDTODEVICE 0x19 0xffffffffffffffff
    SO_ATTACH_FILTER 0x1a 0xffffffffffffffff
    SO_DETACH_FILTER 0x1b 0xffffffffffffffff
    SO_PEERNAME 0x1c 0xffffffffffffffff
    SO_TIMESTAMP_OLD 0x1d 0xffffffffffffffff
    SO_ACCEPTCONN 0x1e 0xffffffffffffffff
    SO_PEERSEC 0x1f 0xffffffffffffffff
    SO_SNDBUFFORCE 0x20 0xffffffffffffffff
    SO_RCVBUFFORCE 0x21 0xffffffffffffffff
    SO_PASSSEC 0x22 0xffffffffffffffff
    SO_TIMESTAMPNS_OLD 0x23 0xffffffffffffffff
    SO_MARK 0x24 0xffffffffffffffff
    SO_TIMESTAMPING_OLD 0x25 0xffffffffffffffff
    SO_PROTOCOL 0x26 0xffffffffffffffff
    SO_DOMAIN 0x27 0xffffffffffffffff
    SO_RXQ_OVFL 0x28 0xffffffffffffffff
    SO_WIFI_STATUS 0x29 0xffffffffffffffff
    SO_PEEK_OFF 0x2a 0xffffffffffffffff
    SO_NOFCS 0x2b 0xffffffffffffffff
    SO_LOCK_FILTER 0x2c 0xffffffffffffffff
    SO_SELECT_ERR_QUEUE 0x2d 0xffffffffffffffff
    SO_BUSY_POLL 0x2e 0xffffffffffffffff
    SO_MAX_PACING_RATE 0x2f 0xffffffffffffffff
    SO_BPF_EXTENSIONS 0x30 0xffffffffffffffff
    SO_INCOMING_CPU 0x31 0xffffffffffffffff
    SO_ATTACH_BPF 0x32 0xffffffffffffffff
    SO_ATTACH_REUSEPORT_CBPF 0x33 0xffffffffffffffff
    SO_ATTACH_REUSEPORT_EBPF 0x34 0xffffffffffffffff
    SO_CNX_ADVICE 0x35 0xffffffffffffffff
    SO_MEMINFO 0x37 0xffffffffffffffff
    SO_INCOMING_NAPI_ID 0x38 0xffffffffffffffff
    SO_COOKIE 0x39 0xffffffffffffffff
    SO_PEERGROUPS 0x3b 0xffffffffffffffff
    SO_ZEROCOPY 0x3c 0xffffffffffffffff
    SO_TXTIME 0x3d 0xffffffffffffffff
    SO_BINDTOIFINDEX 0x3e 0xffffffffffffffff
    SO_TIMESTAMP_NEW 0x3f 0xffffffffffffffff
    SO_TIMESTAMPNS_NEW 0x40 0xffffffffffffffff
    SO_TIMESTAMPING_NEW 0x41 0xffffffffffffffff
    SO_RCVTIMEO_NEW 0x42 0xffffffffffffffff
    SO_SNDTIMEO_NEW 0x43 0xffffffffffffffff
    SO_DETACH_REUSEPORT_BPF 0x44 0xffffffffffffffff
    SO_PREFER_BUSY_POLL 0x45 0xffffffffffffffff
    SO_BUSY_POLL_BUDGET 0x46 0xffffffffffffffff
    SO_NETNS_COOKIE 0x47 0xffffffffffffffff
    SO_BUF_LOCK 0x48 0xffffffffffffffff
    SO_RESERVE_MEM 0x49 0xffffffffffffffff
    SO_TXREHASH 0x4a 0xffffffffffffffff
    SO_RCVMARK 0x4b 0xffffffffffffffff
    SO_PASSPIDFD 0x4c 0xffffffffffffffff
    SO_PEERPIDFD 0x4d 0xffffffffffffffff
}
set! { IP_OPTION "ip_option" "IP_"
    IP_TOS 0x1 0xffffffffffffffff
    IP_TTL 0x2 0xffffffffffffffff
    IP_HDRINCL 0x3 0xffffffffffffffff
    IP_OPTIONS 0x4 0xffffffffffffffff
    IP_ROUTER_ALERT 0x5 0xffffffffffffffff
    IP_RECVOPTS 0x6 0xffffffffffffffff
    IP_RETOPTS 0x7 0xffffffffffffffff
    IP_PKTINFO 0x8 0xffffffffffffffff
    IP_PKTOPTIONS 0x9 0xffffffffffffffff
    IP_MTU_DISCOVER 0xa 0xffffffffffffffff
    IP_RECVERR 0xb 0xffffffffffffffff
    IP_RECVTTL 0xc 0xffffffffffffffff
    IP_RECVTOS 0xd 0xffffffffffffffff
    IP_MTU 0xe 0xffffffffffffffff
    IP_FREEBIND 0xf 0xffffffffffffffff
    IP_IPSEC_POLICY 0x10 0xffffffffffffffff
    IP_XFRM_POLICY 0x11 0xffffffffffffffff
    IP_PASSSEC 0x12 0xffffffffffffffff
    IP_TRANSPARENT 0x13 0xffffffffffffffff
    IP_ORIGDSTADDR 0x14 0xffffffffffffffff
    IP_MINTTL 0x15 0xffffffffffffffff
    IP_NODEFRAG 0x16 0xffffffffffffffff
    IP_CHECKSUM 0x17 0xffffffffffffffff
    IP_BIND_ADDRESS_NO_PORT 0x18 0xffffffffffffffff
    IP_RECVFRAGSIZE 0x19 0xffffffffffffffff
    IP_RECVERR_RFC4884 0x1a 0xffffffffffffffff
    IP_MULTICAST_IF 0x20 0xffffffffffffffff
    IP_MULTICAST_TTL 0x21 0xffffffffffffffff
    IP_MULTICAST_LOOP 0x22 0xffffffffffffffff
    IP_ADD_MEMBERSHIP 0x23 0xffffffffffffffff
    IP_DROP_MEMBERSHIP 0x24 0xffffffffffffffff
    IP_UNBLOCK_SOURCE 0x25 0xffffffffffffffff
    IP_BLOCK_SOURCE 0x26 0xffffffffffffffff
    IP_ADD_SOURCE_MEMBERSHIP 0x27 0xffffffffffffffff
    IP_DROP_SOURCE_MEMBERSHIP 0x28 0xffffffffffffffff
    IP_MSFILTER 0x29 0xffffffffffffffff
    MCAST_JOIN_GROUP 0x2a 0xffffffffffffffff
    IP_MULTICAST_ALL 0x31 0xffffffffffffffff
    IP_UNICAST_IF 0x32 0xffffffffffffffff
    IP_LOCAL_PORT_RANGE 0x33 0xffffffffffffffff
}
set! { IPV6_OPTION "ipv6_option" "IPV6_"
    IPV6_ADDRFORM 0x1 0xffffffffffffffff
    IPV6_2292PKTINFO 0x2 0xffffffffffffffff
    IPV6_2292HOPOPTS 0x3 0xffffffffffffffff
    IPV6_2292DSTOPTS 0x4 0xffffffffffffffff
    IPV6_2292RTHDR 0x5 0xffffffffffffffff
    IPV6_2292PKTOPTIONS 0x6 0xffffffffffffffff
    IPV6_CHECKSUM 0x7 0xffffffffffffffff
    IPV6_2292HOPLIMIT 0x8 0xffffffffffffffff
    IPV6_NEXTHOP 0x9 0xffffffffffffffff
    IPV6_AUTHHDR 0xa 0xffffffffffffffff
    IPV6_FLOWINFO 0xb 0xffffffffffffffff
    IPV6_UNICAST_HOPS 0x10 0xffffffffffffffff
    IPV6_MULTICAST_IF 0x11 0xffffffffffffffff
    IPV6_MULTICAST_HOPS 0x12 0xffffffffffffffff
    IPV6_MULTICAST_LOOP 0x13 0xffffffffffffffff
    IPV6_ADD_MEMBERSHIP 0x14 0xffffffffffffffff
    IPV6_DROP_MEMBERSHIP 0x15 0xffffffffffffffff
    IPV6_ROUTER_ALERT 0x16 0xffffffffffffffff
    IPV6_MTU_DISCOVER 0x17 0xffffffffffffffff
    IPV6_MTU 0x18 0xffffffffffffffff
    IPV6_RECVERR 0x19 0xffffffffffffffff
    IPV6_V6ONLY 0x1a 0xffffffffffffffff
    IPV6_JOIN_ANYCAST 0x1b 0xffffffffffffffff
    IPV6_LEAVE_ANYCAST 0x1c 0xffffffffffffffff
    IPV6_MULTICAST_ALL 0x1d 0xffffffffffffffff
    IPV6_ROUTER_ALERT_ISOLATE 0x1e 0xffffffffffffffff
    IPV6_RECVERR_RFC4884 0x1f 0xffffffffffffffff
    IPV6_HDRINCL 0x24 0xffffffffffffffff
    IPV6_RECVPKTINFO 0x31 0xffffffffffffffff
    IPV6_PKTINFO 0x32 0xffffffffffffffff
    IPV6_RECVHOPLIMIT 0x33 0xffffffffffffffff
    IPV6_HOPLIMIT 0x34 0xffffffffffffffff
    IPV6_RECVHOPOPTS 0x35 0xffffffffffffffff
    IPV6_HOPOPTS 0x36 0xffffffffffffffff
    IPV6_RTHDRDSTOPTS 0x37 0xffffffffffffffff
    IPV6_RECVRTHDR 0x38 0xffffffffffffffff
    IPV6_RTHDR 0x39 0xffffffffffffffff
    IPV6_RECVDSTOPTS 0x3a 0xffffffffffffffff
    IPV6_DSTOPTS 0x3b 0xffffffffffffffff
    IPV6_RECVPATHMTU 0x3c 0xffffffffffffffff
    IPV6_PATHMTU 0x3d 0xffffffffffffffff
    IPV6_DONTFRAG 0x3e 0xffffffffffffffff
    IPV6_RECVTCLASS 0x42 0xffffffffffffffff
    IPV6_TCLASS 0x43 0xffffffffffffffff
    IPV6_AUTOFLOWLABEL 0x46 0xffffffffffffffff
    IPV6_ADDR_PREFERENCES 0x48 0xffffffffffffffff
    IPV6_MINHOPCOUNT 0x49 0xffffffffffffffff
    IPV6_ORIGDSTADDR 0x4a 0xffffffffffffffff
    IPV6_TRANSPARENT 0x4b 0xffffffffffffffff
    IPV6_UNICAST_IF 0x4c 0xffffffffffffffff
    IPV6_RECVFRAGSIZE 0x4d 0xffffffffffffffff
    IPV6_FREEBIND 0x4e 0xffffffffffffffff
}
set! { TCP_OPTION "tcp_option" "TCP_"
    TCP_NODELAY 0x1 0xffffffffffffffff
    TCP_MAXSEG 0x2 0xffffffffffffffff
    TCP_CORK 0x3 0xffffffffffffffff
    TCP_KEEPIDLE 0x4 0xffffffffffffffff
    TCP_KEEPINTVL 0x5 0xffffffffffffffff
    TCP_KEEPCNT 0x6 0xffffffffffffffff
    TCP_SYNCNT 0x7 0xffffffffffffffff
    TCP_LINGER2 0x8 0xffffffffffffffff
    TCP_DEFER_ACCEPT 0x9 0xffffffffffffffff
    TCP_WINDOW_CLAMP 0xa 0xffffffffffffffff
    TCP_INFO 0xb 0xffffffffffffffff
    TCP_QUICKACK 0xc 0xffffffffffffffff
    TCP_CONGESTION 0xd 0xffffffffffffffff
    TCP_MD5SIG 0xe 0xffffffffffffffff
    TCP_COOKIE_TRANSACTIONS 0xf 0xffffffffffffffff
    TCP_THIN_LINEAR_TIMEOUTS 0x10 0xffffffffffffffff
    TCP_THIN_DUPACK 0x11 0xffffffffffffffff
    TCP_USER_TIMEOUT 0x12 0xffffffffffffffff
    TCP_REPAIR 0x13 0xffffffffffffffff
    TCP_REPAIR_QUEUE 0x14 0xffffffffffffffff
    TCP_QUEUE_SEQ 0x15 0xffffffffffffffff
    TCP_REPAIR_OPTIONS 0x16 0xffffffffffffffff
    TCP_FASTOPEN 0x17 0xffffffffffffffff
    TCP_TIMESTAMP 0x18 0xffffffffffffffff
    TCP_NOTSENT_LOWAT 0x19 0xffffffffffffffff
    TCP_CC_INFO 0x1a 0xffffffffffffffff
    TCP_SAVE_SYN 0x1b 0xffffffffffffffff
    TCP_SAVED_SYN 0x1c 0xffffffffffffffff
    TCP_REPAIR_WINDOW 0x1d 0xffffffffffffffff
    TCP_FASTOPEN_CONNECT 0x1e 0xffffffffffffffff
    TCP_ULP 0x1f 0xffffffffffffffff
    TCP_MD5SIG_EXT 0x20 0xffffffffffffffff
    TCP_FASTOPEN_KEY 0x21 0xffffffffffffffff
    TCP_FASTOPEN_NO_COOKIE 0x22 0xffffffffffffffff
    TCP_ZEROCOPY_RECEIVE 0x23 0xffffffffffffffff
    TCP_INQ 0x24 0xffffffffffffffff
    TCP_TX_DELAY 0x25 0xffffffffffffffff
}
set! { UDP_OPTION "udp_option" "UDP_"
    UDP_CORK 0x1 0xffffffffffffffff
    UDP_ENCAP 0x64 0xffffffffffffffff
    UDP_NO_CHECK6_TX 0x65 0xffffffffffffffff
    UDP_NO_CHECK6_RX 0x66 0xffffffffffffffff
    UDP_SEGMENT 0x67 0xffffffffffffffff
    UDP_GRO 0x68 0xffffffffffffffff
}
set! { PACKET_OPTION "packet_option" "PACKET_"
    PACKET_ADD_MEMBERSHIP 0x1 0xffffffffffffffff
    PACKET_DROP_MEMBERSHIP 0x2 0xffffffffffffffff
    PACKET_RECV_OUTPUT 0x3 0xffffffffffffffff
    PACKET_RX_RING 0x5 0xffffffffffffffff
    PACKET_STATISTICS 0x6 0xffffffffffffffff
    PACKET_COPY_THRESH 0x7 0xffffffffffffffff
    PACKET_AUXDATA 0x8 0xffffffffffffffff
    PACKET_ORIGDEV 0x9 0xffffffffffffffff
    PACKET_VERSION 0xa 0xffffffffffffffff
    PACKET_HDRLEN 0xb 0xffffffffffffffff
    PACKET_RESERVE 0xc 0xffffffffffffffff
    PACKET_TX_RING 0xd 0xffffffffffffffff
    PACKET_LOSS 0xe 0xffffffffffffffff
    PACKET_VNET_HDR 0xf 0xffffffffffffffff
    PACKET_TX_TIMESTAMP 0x10 0xffffffffffffffff
    PACKET_TIMESTAMP 0x11 0xffffffffffffffff
    PACKET_FANOUT 0x12 0xffffffffffffffff
    PACKET_TX_HAS_OFF 0x13 0xffffffffffffffff
    PACKET_QDISC_BYPASS 0x14 0xffffffffffffffff
    PACKET_ROLLOVER_STATS 0x15 0xffffffffffffffff
    PACKET_FANOUT_DATA 0x16 0xffffffffffffffff
}
set! { NETLINK_OPTION "netlink_option" "NETLINK_"
    NETLINK_ADD_MEMBERSHIP 0x1 0xffffffffffffffff
    NETLINK_DROP_MEMBERSHIP 0x2 0xffffffffffffffff
    NETLINK_PKTINFO 0x3 0xffffffffffffffff
    NETLINK_BROADCAST_ERROR 0x4 0xffffffffffffffff
    NETLINK_NO_ENOBUFS 0x5 0xffffffffffffffff
    NETLINK_LISTEN_ALL_NSID 0x8 0xffffffffffffffff
    NETLINK_LIST_MEMBERSHIPS 0x9 0xffffffffffffffff
    NETLINK_CAP_ACK 0xa 0xffffffffffffffff
    NETLINK_EXT_ACK 0xb 0xffffffffffffffff
    NETLINK_GET_STRICT_CHK 0xc 0xffffffffffffffff
}
set! { SCM "scm" "SCM_"
    SCM_RIGHTS 0x1 0xffffffffffffffff
    SCM_CREDENTIALS 0x2 0xffffffffffffffff
    SCM_SECURITY 0x3 0xffffffffffffffff
    SCM_PIDFD 0x4 0xffffffffffffffff
}
set! { EPOLL_CTL "epoll_ctl" "EPOLL_CTL_"
    EPOLL_CTL_ADD 0x1 0xffffffffffffffff
    EPOLL_CTL_DEL 0x2 0xffffffffffffffff
    EPOLL_CTL_MOD 0x3 0xffffffffffffffff
}
set! { EPOLL_CREATE "epoll_create" "EPOLL_"
    EPOLL_CLOEXEC 0x80000 0x80000
}
set! { EPOLL_EVENTS "epoll_events" "EPOLL"
    EPOLLIN 0x1 0x1
    EPOLLPRI 0x2 0x2
    EPOLLOUT 0x4 0x4
    EPOLLRDNORM 0x40 0x40
    EPOLLRDBAND 0x80 0x80
    EPOLLWRNORM 0x100 0x100
    EPOLLWRBAND 0x200 0x200
    EPOLLMSG 0x400 0x400
    EPOLLERR 0x8 0x8
    EPOLLHUP 0x10 0x10
    EPOLLRDHUP 0x2000 0x2000
    EPOLLEXCLUSIVE 0x10000000 0x10000000
    EPOLLWAKEUP 0x20000000 0x20000000
    EPOLLONESHOT 0x40000000 0x40000000
    EPOLLET 0x80000000 0x80000000
}
set! { POLL "poll" "POLL"
    POLLIN 0x1 0x1
    POLLPRI 0x2 0x2
    POLLOUT 0x4 0x4
    POLLERR 0x8 0x8
    POLLHUP 0x10 0x10
    POLLNVAL 0x20 0x20
    POLLRDNORM 0x40 0x40
    POLLRDBAND 0x80 0x80
    POLLWRNORM 0x100 0x100
    POLLWRBAND 0x200 0x200
    POLLMSG 0x400 0x400
    POLLREMOVE 0x1000 0x1000
    POLLRDHUP 0x2000 0x2000
}
set! { EVENTFD "eventfd" "EFD_"
    EFD_SEMAPHORE 0x1 0x1
    EFD_CLOEXEC 0x80000 0x80000
    EFD_NONBLOCK 0x800 0x800
}
set! { SIGNALFD "signalfd" "SFD_"
    SFD_CLOEXEC 0x80000 0x80000
    SFD_NONBLOCK 0x800 0x800
}
set! { INOTIFY_INIT "inotify_init" "IN_"
    IN_NONBLOCK 0x800 0x800
    IN_CLOEXEC 0x80000 0x80000
}
set! { INOTIFY "inotify" "IN_"
    IN_ACCESS 0x1 0x1
    IN_MODIFY 0x2 0x2
    IN_ATTRIB 0x4 0x4
    IN_CLOSE_WRITE 0x8 0x8
    IN_CLOSE_NOWRITE 0x10 0x10
    IN_OPEN 0x20 0x20
    IN_MOVED_FROM 0x40 0x40
    IN_MOVED_TO 0x80 0x80
    IN_CREATE 0x100 0x100
    IN_DELETE 0x200 0x200
    IN_DELETE_SELF 0x400 0x400
    IN_MOVE_SELF 0x800 0x800
    IN_UNMOUNT 0x2000 0x2000
    IN_Q_OVERFLOW 0x4000 0x4000
    IN_IGNORED 0x8000 0x8000
    IN_ONLYDIR 0x1000000 0x1000000
    IN_DONT_FOLLOW 0x2000000 0x2000000
    IN_EXCL_UNLINK 0x4000000 0x4000000
    IN_MASK_CREATE 0x10000000 0x10000000
    IN_MASK_ADD 0x20000000 0x20000000
    IN_ISDIR 0x40000000 0x40000000
    IN_ONESHOT 0x80000000 0x80000000
}
set! { FUTEX "futex" "FUTEX_"
    FUTEX_WAIT 0x0 0xffffffffffffffff
    FUTEX_WAKE 0x1 0xffffffffffffffff
    FUTEX_FD 0x2 0xffffffffffffffff
    FUTEX_REQUEUE 0x3 0xffffffffffffffff
    FUTEX_CMP_REQUEUE 0x4 0xffffffffffffffff
    FUTEX_WAKE_OP 0x5 0xffffffffffffffff
    FUTEX_LOCK_PI 0x6 0xffffffffffffffff
    FUTEX_UNLOCK_PI 0x7 0xffffffffffffffff
    FUTEX_TRYLOCK_PI 0x8 0xffffffffffffffff
    FUTEX_WAIT_BITSET 0x9 0xffffffffffffffff
    FUTEX_WAKE_BITSET 0xa 0xffffffffffffffff
    FUTEX_WAIT_REQUEUE_PI 0xb 0xffffffffffffffff
    FUTEX_CMP_REQUEUE_PI 0xc 0xffffffffffffffff
    FUTEX_LOCK_PI2 0xd 0xffffffffffffffff
}
set! { FUTEX2 "futex2" "FUTEX2_"
    FUTEX2_SIZE_U8 0x0 0x3
    FUTEX2_SIZE_U16 0x1 0x3
    FUTEX2_SIZE_U32 0x2 0x3
    FUTEX2_SIZE_U64 0x3 0x3
    FUTEX2_NUMA 0x4 0x4
    FUTEX2_MPOL 0x8 0x8
    FUTEX2_PRIVATE 0x80 0x80
}
set! { PRCTL "prctl" "PR_"
    PR_SET_PDEATHSIG 0x1 0xffffffffffffffff
    PR_GET_PDEATHSIG 0x2 0xffffffffffffffff
    PR_GET_DUMPABLE 0x3 0xffffffffffffffff
    PR_SET_DUMPABLE 0x4 0xffffffffffffffff
    PR_GET_UNALIGN 0x5 0xffffffffffffffff
    PR_SET_UNALIGN 0x6 0xffffffffffffffff
    PR_GET_KEEPCAPS 0x7 0xffffffffffffffff
    PR_SET_KEEPCAPS 0x8 0xffffffffffffffff
    PR_GET_FPEMU 0x9 0xffffffffffffffff
    PR_SET_FPEMU 0xa 0xffffffffffffffff
    PR_GET_FPEXC 0xb 0xffffffffffffffff
    PR_SET_FPEXC 0xc 0xffffffffffffffff
    PR_GET_TIMING 0xd 0xffffffffffffffff
    PR_SET_TIMING 0xe 0xffffffffffffffff
    PR_SET_NAME 0xf 0xffffffffffffffff
    PR_GET_NAME 0x10 0xffffffffffffffff
    PR_GET_ENDIAN 0x13 0xffffffffffffffff
    PR_SET_ENDIAN 0x14 0xffffffffffffffff
    PR_GET_SECCOMP 0x15 0xffffffffffffffff
    PR_SET_SECCOMP 0x16 0xffffffffffffffff
    PR_CAPBSET_READ 0x17 0xffffffffffffffff
    PR_CAPBSET_DROP 0x18 0xffffffffffffffff
    PR_GET_TSC 0x19 0xffffffffffffffff
    PR_SET_TSC 0x1a 0xffffffffffffffff
    PR_GET_SECUREBITS 0x1b 0xffffffffffffffff
    PR_SET_SECUREBITS 0x1c 0xffffffffffffffff
    PR_SET_TIMERSLACK 0x1d 0xffffffffffffffff
    PR_GET_TIMERSLACK 0x1e 0xffffffffffffffff
    PR_TASK_PERF_EVENTS_DISABLE 0x1f 0xffffffffffffffff
    PR_TASK_PERF_EVENTS_ENABLE 0x20 0xffffffffffffffff
    PR_MCE_KILL 0x21 0xffffffffffffffff
    PR_MCE_KILL_GET 0x22 0xffffffffffffffff
    PR_SET_MM 0x23 0xffffffffffffffff
    PR_SET_CHILD_SUBREAPER 0x24 0xffffffffffffffff
    PR_GET_CHILD_SUBREAPER 0x25 0xffffffffffffffff
    PR_SET_NO_NEW_PRIVS 0x26 0xffffffffffffffff
    PR_GET_NO_NEW_PRIVS 0x27 0xffffffffffffffff
    PR_GET_TID_ADDRESS 0x28 0xffffffffffffffff
    PR_SET_THP_DISABLE 0x29 0xffffffffffffffff
    PR_GET_THP_DISABLE 0x2a 0xffffffffffffffff
    PR_MPX_ENABLE_MANAGEMENT 0x2b 0xffffffffffffffff
    PR_MPX_DISABLE_MANAGEMENT 0x2c 0xffffffffffffffff
    PR_SET_FP_MODE 0x2d 0xffffffffffffffff
    PR_GET_FP_MODE 0x2e 0xffffffffffffffff
    PR_CAP_AMBIENT 0x2f 0xffffffffffffffff
    PR_SVE_SET_VL 0x32 0xffffffffffffffff
    PR_SVE_GET_VL 0x33 0xffffffffffffffff
    PR_GET_SPECULATION_CTRL 0x34 0xffffffffffffffff
    PR_SET_SPECULATION_CTRL 0x35 0xffffffffffffffff
    PR_PAC_RESET_KEYS 0x36 0xffffffffffffffff
    PR_SET_TAGGED_ADDR_CTRL 0x37 0xffffffffffffffff
    PR_GET_TAGGED_ADDR_CTRL 0x38 0xffffffffffffffff
    PR_SET_IO_FLUSHER 0x39 0xffffffffffffffff
    PR_GET_IO_FLUSHER 0x3a 0xffffffffffffffff
    PR_SET_SYSCALL_USER_DISPATCH 0x3b 0xffffffffffffffff
    PR_PAC_SET_ENABLED_KEYS 0x3c 0xffffffffffffffff
    PR_PAC_GET_ENABLED_KEYS 0x3d 0xffffffffffffffff
    PR_SCHED_CORE 0x3e 0xffffffffffffffff
    PR_SME_SET_VL 0x3f 0xffffffffffffffff
    PR_SME_GET_VL 0x40 0xffffffffffffffff
    PR_SET_MDWE 0x41 0xffffffffffffffff
    PR_GET_MDWE 0x42 0xffffffffffffffff
    PR_SET_MEMORY_MERGE 0x43 0xffffffffffffffff
    PR_GET_MEMORY_MERGE 0x44 0xffffffffffffffff
    PR_RISCV_V_SET_CONTROL 0x45 0xffffffffffffffff
    PR_RISCV_V_GET_CONTROL 0x46 0xffffffffffffffff
    PR_PPC_GET_DEXCR 0x48 0xffffffffffffffff
    PR_PPC_SET_DEXCR 0x49 0xffffffffffffffff
    PR_GET_SHADOW_STACK_STATUS 0x4a 0xffffffffffffffff
    PR_SET_SHADOW_STACK_STATUS 0x4b 0xffffffffffffffff
    PR_LOCK_SHADOW_STACK_STATUS 0x4c 0xffffffffffffffff
    PR_TIMER_CREATE_RESTORE_IDS 0x4d 0xffffffffffffffff
    PR_FUTEX_HASH 0x4e 0xffffffffffffffff
    PR_SET_PTRACER 0x59616d61 0xffffffffffffffff
    PR_SET_VMA 0x53564d41 0xffffffffffffffff
    PR_GET_AUXV 0x41555856 0xffffffffffffffff
}
set! { PRCTL_DUMPABLE "prctl_dumpable" "SUID_DUMP_"
    SUID_DUMP_DISABLE 0x0 0xffffffffffffffff
    SUID_DUMP_USER 0x1 0xffffffffffffffff
    SUID_DUMP_ROOT 0x2 0xffffffffffffffff
}
set! { PRCTL_SECCOMP "prctl_seccomp" "SECCOMP_MODE_"
    SECCOMP_MODE_DISABLED 0x0 0xffffffffffffffff
    SECCOMP_MODE_STRICT 0x1 0xffffffffffffffff
    SECCOMP_MODE_FILTER 0x2 0xffffffffffffffff
}
set! { PRCTL_VMA "prctl_vma" "PR_SET_VMA_"
    PR_SET_VMA_ANON_NAME 0x0 0xffffffffffffffff
}
set! { PRCTL_MM "prctl_mm" "PR_SET_MM_"
    PR_SET_MM_START_CODE 0x1 0xffffffffffffffff
    PR_SET_MM_END_CODE 0x2 0xffffffffffffffff
    PR_SET_MM_START_DATA 0x3 0xffffffffffffffff
    PR_SET_MM_END_DATA 0x4 0xffffffffffffffff
    PR_SET_MM_START_STACK 0x5 0xffffffffffffffff
    PR_SET_MM_START_BRK 0x6 0xffffffffffffffff
    PR_SET_MM_BRK 0x7 0xffffffffffffffff
    PR_SET_MM_ARG_START 0x8 0xffffffffffffffff
    PR_SET_MM_ARG_END 0x9 0xffffffffffffffff
    PR_SET_MM_ENV_START 0xa 0xffffffffffffffff
    PR_SET_MM_ENV_END 0xb 0xffffffffffffffff
    PR_SET_MM_AUXV 0xc 0xffffffffffffffff
    PR_SET_MM_EXE_FILE 0xd 0xffffffffffffffff
    PR_SET_MM_MAP 0xe 0xffffffffffffffff
    PR_SET_MM_MAP_SIZE 0xf 0xffffffffffffffff
}
set! { PRCTL_AMBIENT "prctl_ambient" "PR_CAP_AMBIENT_"
    PR_CAP_AMBIENT_IS_SET 0x1 0xffffffffffffffff
    PR_CAP_AMBIENT_RAISE 0x2 0xffffffffffffffff
    PR_CAP_AMBIENT_LOWER 0x3 0xffffffffffffffff
    PR_CAP_AMBIENT_CLEAR_ALL 0x4 0xffffffffffffffff
}
set! { PRCTL_TSC "prctl_tsc" "PR_TSC_"
    PR_TSC_ENABLE 0x1 0xffffffffffffffff
    PR_TSC_SIGSEGV 0x2 0xffffffffffffffff
}
set! { ARCH_PRCTL "arch_prctl" "ARCH_"
    ARCH_SET_GS 0x1001 0xffffffffffffffff
    ARCH_SET_FS 0x1002 0xffffffffffffffff
    ARCH_GET_FS 0x1003 0xffffffffffffffff
    ARCH_GET_GS 0x1004 0xffffffffffffffff
    ARCH_GET_CPUID 0x1011 0xffffffffffffffff
    ARCH_SET_CPUID 0x1012 0xffffffffffffffff
    ARCH_GET_XCOMP_SUPP 0x1021 0xffffffffffffffff
    ARCH_GET_XCOMP_PERM 0x1022 0xffffffffffffffff
    ARCH_REQ_XCOMP_PERM 0x1023 0xffffffffffffffff
    ARCH_GET_XCOMP_GUEST_PERM 0x1024 0xffffffffffffffff
    ARCH_REQ_XCOMP_GUEST_PERM 0x1025 0xffffffffffffffff
    ARCH_MAP_VDSO_X32 0x2001 0xffffffffffffffff
    ARCH_MAP_VDSO_32 0x2002 0xffffffffffffffff
    ARCH_MAP_VDSO_64 0x2003 0xffffffffffffffff
    ARCH_GET_UNTAG_MASK 0x4001 0xffffffffffffffff
    ARCH_ENABLE_TAGGED_ADDR 0x4002 0xffffffffffffffff
    ARCH_GET_MAX_TAG_BITS 0x4003 0xffffffffffffffff
    ARCH_FORCE_TAGGED_SVA 0x4004 0xffffffffffffffff
    ARCH_SHSTK_ENABLE 0x5001 0xffffffffffffffff
    ARCH_SHSTK_DISABLE 0x5002 0xffffffffffffffff
    ARCH_SHSTK_LOCK 0x5003 0xffffffffffffffff
    ARCH_SHSTK_UNLOCK 0x5004 0xffffffffffffffff
    ARCH_SHSTK_STATUS 0x5005 0xffffffffffffffff
}
set! { CAPABILITY "capability" "CAP_"
    CAP_CHOWN 0x0 0xffffffffffffffff
    CAP_DAC_OVERRIDE 0x1 0xffffffffffffffff
    CAP_DAC_READ_SEARCH 0x2 0xffffffffffffffff
    CAP_FOWNER 0x3 0xffffffffffffffff
    CAP_FSETID 0x4 0xffffffffffffffff
    CAP_KILL 0x5 0xffffffffffffffff
    CAP_SETGID 0x6 0xffffffffffffffff
    CAP_SETUID 0x7 0xffffffffffffffff
    CAP_SETPCAP 0x8 0xffffffffffffffff
    CAP_LINUX_IMMUTABLE 0x9 0xffffffffffffffff
    CAP_NET_BIND_SERVICE 0xa 0xffffffffffffffff
    CAP_NET_BROADCAST 0xb 0xffffffffffffffff
    CAP_NET_ADMIN 0xc 0xffffffffffffffff
    CAP_NET_RAW 0xd 0xffffffffffffffff
    CAP_IPC_LOCK 0xe 0xffffffffffffffff
    CAP_IPC_OWNER 0xf 0xffffffffffffffff
    CAP_SYS_MODULE 0x10 0xffffffffffffffff
    CAP_SYS_RAWIO 0x11 0xffffffffffffffff
    CAP_SYS_CHROOT 0x12 0xffffffffffffffff
    CAP_SYS_PTRACE 0x13 0xffffffffffffffff
    CAP_SYS_PACCT 0x14 0xffffffffffffffff
    CAP_SYS_ADMIN 0x15 0xffffffffffffffff
    CAP_SYS_BOOT 0x16 0xffffffffffffffff
    CAP_SYS_NICE 0x17 0xffffffffffffffff
    CAP_SYS_RESOURCE 0x18 0xffffffffffffffff
    CAP_SYS_TIME 0x19 0xffffffffffffffff
    CAP_SYS_TTY_CONFIG 0x1a 0xffffffffffffffff
    CAP_MKNOD 0x1b 0xffffffffffffffff
    CAP_LEASE 0x1c 0xffffffffffffffff
    CAP_AUDIT_WRITE 0x1d 0xffffffffffffffff
    CAP_AUDIT_CONTROL 0x1e 0xffffffffffffffff
    CAP_SETFCAP 0x1f 0xffffffffffffffff
    CAP_MAC_OVERRIDE 0x20 0xffffffffffffffff
    CAP_MAC_ADMIN 0x21 0xffffffffffffffff
    CAP_SYSLOG 0x22 0xffffffffffffffff
    CAP_WAKE_ALARM 0x23 0xffffffffffffffff
    CAP_BLOCK_SUSPEND 0x24 0xffffffffffffffff
    CAP_AUDIT_READ 0x25 0xffffffffffffffff
    CAP_PERFMON 0x26 0xffffffffffffffff
    CAP_BPF 0x27 0xffffffffffffffff
    CAP_CHECKPOINT_RESTORE 0x28 0xffffffffffffffff
}
set! { CAP_VERSION "cap_version" "_LINUX_CAPABILITY_VERSION_"
    _LINUX_CAPABILITY_VERSION_1 0x19980330 0xffffffffffffffff
    _LINUX_CAPABILITY_VERSION_2 0x20071026 0xffffffffffffffff
    _LINUX_CAPABILITY_VERSION_3 0x20080522 0xffffffffffffffff
}
set! { SECCOMP "seccomp" "SECCOMP_"
    SECCOMP_SET_MODE_STRICT 0x0 0xffffffffffffffff
    SECCOMP_SET_MODE_FILTER 0x1 0xffffffffffffffff
    SECCOMP_GET_ACTION_AVAIL 0x2 0xffffffffffffffff
    SECCOMP_GET_NOTIF_SIZES 0x3 0xffffffffffffffff
}
set! { SECCOMP_FILTER "seccomp_filter" "SECCOMP_FILTER_FLAG_"
    SECCOMP_FILTER_FLAG_TSYNC 0x1 0x1
    SECCOMP_FILTER_FLAG_LOG 0x2 0x2
    SECCOMP_FILTER_FLAG_SPEC_ALLOW 0x4 0x4
    SECCOMP_FILTER_FLAG_NEW_LISTENER 0x8 0x8
    SECCOMP_FILTER_FLAG_TSYNC_ESRCH 0x10 0x10
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 0x20 0x20
}
set! { SECCOMP_ACTION "seccomp_action" "SECCOMP_RET_"
    SECCOMP_RET_KILL_PROCESS 0x80000000 0xffff0000
    SECCOMP_RET_KILL_THREAD 0x0 0xffff0000
    SECCOMP_RET_TRAP 0x30000 0xffff0000
    SECCOMP_RET_ERRNO 0x50000 0xffff0000
    SECCOMP_RET_USER_NOTIF 0x7fc00000 0xffff0000
    SECCOMP_RET_TRACE 0x7ff00000 0xffff0000
    SECCOMP_RET_LOG 0x7ffc0000 0xffff0000
    SECCOMP_RET_ALLOW 0x7fff0000 0xffff0000
}
set! { PERSONALITY "personality" "PER_"
    PER_LINUX 0x0 0xff
    PER_BSD 0x6 0xff
    PER_LINUX32 0x8 0xff
    UNAME26 0x20000 0x20000
    ADDR_NO_RANDOMIZE 0x40000 0x40000
    FDPIC_FUNCPTRS 0x80000 0x80000
    MMAP_PAGE_ZERO 0x100000 0x100000
    ADDR_COMPAT_LAYOUT 0x200000 0x200000
    READ_IMPLIES_EXEC 0x400000 0x400000
    ADDR_LIMIT_32BIT 0x800000 0x800000
    SHORT_INODE 0x1000000 0x1000000
    WHOLE_SECONDS 0x2000000 0x2000000
    STICKY_TIMEOUTS 0x4000000 0x4000000
    ADDR_LIMIT_3GB 0x8000000 0x8000000
}
set! { PRIORITY "priority" "PRIO_"
    PRIO_PROCESS 0x0 0xffffffffffffffff
    PRIO_PGRP 0x1 0xffffffffffffffff
    PRIO_USER 0x2 0xffffffffffffffff
}
set! { SCHED_POLICY "sched_policy" "SCHED_"
    SCHED_OTHER 0x0 0xfffffff
    SCHED_FIFO 0x1 0xfffffff
    SCHED_RR 0x2 0xfffffff
    SCHED_BATCH 0x3 0xfffffff
    SCHED_ISO 0x4 0xfffffff
    SCHED_IDLE 0x5 0xfffffff
    SCHED_DEADLINE 0x6 0xfffffff
    SCHED_EXT 0x7 0xfffffff
    SCHED_RESET_ON_FORK 0x40000000 0x40000000
}
set! { SCHED_ATTR "sched_attr" "SCHED_FLAG_"
    SCHED_FLAG_RESET_ON_FORK 0x1 0x1
    SCHED_FLAG_RECLAIM 0x2 0x2
    SCHED_FLAG_DL_OVERRUN 0x4 0x4
    SCHED_FLAG_KEEP_POLICY 0x8 0x8
    SCHED_FLAG_KEEP_PARAMS 0x10 0x10
    SCHED_FLAG_UTIL_CLAMP_MIN 0x20 0x20
    SCHED_FLAG_UTIL_CLAMP_MAX 0x40 0x40
}
set! { RLIMIT "rlimit" "RLIMIT_"
    RLIMIT_CPU 0x0 0xffffffffffffffff
    RLIMIT_FSIZE 0x1 0xffffffffffffffff
    RLIMIT_DATA 0x2 0xffffffffffffffff
    RLIMIT_STACK 0x3 0xffffffffffffffff
    RLIMIT_CORE 0x4 0xffffffffffffffff
    RLIMIT_RSS 0x5 0xffffffffffffffff
    RLIMIT_NPROC 0x6 0xffffffffffffffff
    RLIMIT_NOFILE 0x7 0xffffffffffffffff
    RLIMIT_MEMLOCK 0x8 0xffffffffffffffff
    RLIMIT_AS 0x9 0xffffffffffffffff
    RLIMIT_LOCKS 0xa 0xffffffffffffffff
    RLIMIT_SIGPENDING 0xb 0xffffffffffffffff
    RLIMIT_MSGQUEUE 0xc 0xffffffffffffffff
    RLIMIT_NICE 0xd 0xffffffffffffffff
    RLIMIT_RTPRIO 0xe 0xffffffffffffffff
    RLIMIT_RTTIME 0xf 0xffffffffffffffff
}
set! { MOUNT "mount" "MS_"
    MS_RDONLY 0x1 0x1
    MS_NOSUID 0x2 0x2
    MS_NODEV 0x4 0x4
    MS_NOEXEC 0x8 0x8
    MS_SYNCHRONOUS 0x10 0x10
    MS_REMOUNT 0x20 0x20
    MS_MANDLOCK 0x40 0x40
    MS_DIRSYNC 0x80 0x80
    MS_NOSYMFOLLOW 0x100 0x100
    MS_NOATIME 0x400 0x400
    MS_NODIRATIME 0x800 0x800
    MS_BIND 0x1000 0x1000
    MS_MOVE 0x2000 0x2000
    MS_REC 0x4000 0x4000
    MS_SILENT 0x8000 0x8000
    MS_POSIXACL 0x10000 0x10000
    MS_UNBINDABLE 0x20000 0x20000
    MS_PRIVATE 0x40000 0x40000
    MS_SLAVE 0x80000 0x80000
    MS_SHARED 0x100000 0x100000
    MS_RELATIME 0x200000 0x200000
    MS_KERNMOUNT 0x400000 0x400000
    MS_I_VERSION 0x800000 0x800000
    MS_STRICTATIME 0x1000000 0x1000000
    MS_LAZYTIME 0x2000000 0x2000000
}
set! { UMOUNT "umount" "MNT_"
    MNT_FORCE 0x1 0x1
    MNT_DETACH 0x2 0x2
    MNT_EXPIRE 0x4 0x4
    UMOUNT_NOFOLLOW 0x8 0x8
}
set! { STATFS "statfs" "ST_"
    ST_VALID 0x20 0x20
    ST_RDONLY 0x1 0x1
    ST_NOSUID 0x2 0x2
    ST_NODEV 0x4 0x4
    ST_NOEXEC 0x8 0x8
    ST_SYNCHRONOUS 0x10 0x10
    ST_MANDLOCK 0x40 0x40
    ST_NOATIME 0x400 0x400
    ST_NODIRATIME 0x800 0x800
    ST_RELATIME 0x1000 0x1000
    ST_NOSYMFOLLOW 0x2000 0x2000
}
set! { REBOOT "reboot" "LINUX_REBOOT_CMD_"
    LINUX_REBOOT_CMD_CAD_OFF 0x0 0xffffffffffffffff
    LINUX_REBOOT_CMD_RESTART 0x1234567 0xffffffffffffffff
    LINUX_REBOOT_CMD_HALT 0xcdef0123 0xffffffffffffffff
    LINUX_REBOOT_CMD_CAD_ON 0x89abcdef 0xffffffffffffffff
    LINUX_REBOOT_CMD_POWER_OFF 0x4321fedc 0xffffffffffffffff
    LINUX_REBOOT_CMD_RESTART2 0xa1b2c3d4 0xffffffffffffffff
    LINUX_REBOOT_CMD_SW_SUSPEND 0xd000fce2 0xffffffffffffffff
    LINUX_REBOOT_CMD_KEXEC 0x45584543 0xffffffffffffffff
}
set! { REBOOT_MAGIC "reboot_magic" "LINUX_REBOOT_MAGIC"
    LINUX_REBOOT_MAGIC1 0xfee1dead 0xffffffffffffffff
    LINUX_REBOOT_MAGIC2 0x28121969 0xffffffffffffffff
    LINUX_REBOOT_MAGIC2A 0x5121996 0xffffffffffffffff
    LINUX_REBOOT_MAGIC2B 0x16041998 0xffffffffffffffff
    LINUX_REBOOT_MAGIC2C 0x20112000 0xffffffffffffffff
}
set! { SWAP "swap" "SWAP_FLAG_"
    SWAP_FLAG_PREFER 0x8000 0x8000
    SWAP_FLAG_DISCARD 0x10000 0x10000
    SWAP_FLAG_DISCARD_ONCE 0x20000 0x20000
    SWAP_FLAG_DISCARD_PAGES 0x40000 0x40000
}
set! { GETRANDOM "getrandom" "GRND_"
    GRND_NONBLOCK 0x1 0x1
    GRND_RANDOM 0x2 0x2
    GRND_INSECURE 0x4 0x4
}
set! { MEMFD "memfd" "MFD_"
    MFD_CLOEXEC 0x1 0x1
    MFD_ALLOW_SEALING 0x2 0x2
    MFD_HUGETLB 0x4 0x4
    MFD_NOEXEC_SEAL 0x8 0x8
    MFD_EXEC 0x10 0x10
    MFD_HUGE_64KB 0x40000000 0xfc000000
    MFD_HUGE_512KB 0x4c000000 0xfc000000
    MFD_HUGE_1MB 0x50000000 0xfc000000
    MFD_HUGE_2MB 0x54000000 0xfc000000
    MFD_HUGE_8MB 0x5c000000 0xfc000000
    MFD_HUGE_16MB 0x60000000 0xfc000000
    MFD_HUGE_32MB 0x64000000 0xfc000000
    MFD_HUGE_256MB 0x70000000 0xfc000000
    MFD_HUGE_512MB 0x74000000 0xfc000000
    MFD_HUGE_1GB 0x78000000 0xfc000000
    MFD_HUGE_2GB 0x7c000000 0xfc000000
    MFD_HUGE_16GB 0x88000000 0xfc000000
}
set! { STATX_MASK "statx_mask" "STATX_"
    STATX_ALL 0xfff 0xfff
    STATX_BASIC_STATS 0x7ff 0x7ff
    STATX_TYPE 0x1 0x1
    STATX_MODE 0x2 0x2
    STATX_NLINK 0x4 0x4
    STATX_UID 0x8 0x8
    STATX_GID 0x10 0x10
    STATX_ATIME 0x20 0x20
    STATX_MTIME 0x40 0x40
    STATX_CTIME 0x80 0x80
    STATX_INO 0x100 0x100
    STATX_SIZE 0x200 0x200
    STATX_BLOCKS 0x400 0x400
    STATX_BTIME 0x800 0x800
    STATX_MNT_ID 0x1000 0x1000
    STATX_DIOALIGN 0x2000 0x2000
    STATX_MNT_ID_UNIQUE 0x4000 0x4000
    STATX_SUBVOL 0x8000 0x8000
    STATX_WRITE_ATOMIC 0x10000 0x10000
    STATX_DIO_READ_ALIGN 0x20000 0x20000
}
set! { STATX_ATTR "statx_attr" "STATX_ATTR_"
    STATX_ATTR_COMPRESSED 0x4 0x4
    STATX_ATTR_IMMUTABLE 0x10 0x10
    STATX_ATTR_APPEND 0x20 0x20
    STATX_ATTR_NODUMP 0x40 0x40
    STATX_ATTR_ENCRYPTED 0x800 0x800
    STATX_ATTR_AUTOMOUNT 0x1000 0x1000
    STATX_ATTR_MOUNT_ROOT 0x2000 0x2000
    STATX_ATTR_VERITY 0x100000 0x100000
    STATX_ATTR_DAX 0x200000 0x200000
    STATX_ATTR_WRITE_ATOMIC 0x400000 0x400000
}
set! { RENAME "rename" "RENAME_"
    RENAME_NOREPLACE 0x1 0x1
    RENAME_EXCHANGE 0x2 0x2
    RENAME_WHITEOUT 0x4 0x4
}
set! { FALLOCATE "fallocate" "FALLOC_FL_"
    FALLOC_FL_KEEP_SIZE 0x1 0x1
    FALLOC_FL_PUNCH_HOLE 0x2 0x2
    FALLOC_FL_NO_HIDE_STALE 0x4 0x4
    FALLOC_FL_COLLAPSE_RANGE 0x8 0x8
    FALLOC_FL_ZERO_RANGE 0x10 0x10
    FALLOC_FL_INSERT_RANGE 0x20 0x20
    FALLOC_FL_UNSHARE_RANGE 0x40 0x40
    FALLOC_FL_WRITE_ZEROES 0x80 0x80
}
set! { FADVISE "fadvise" "POSIX_FADV_"
    POSIX_FADV_NORMAL 0x0 0xffffffffffffffff
    POSIX_FADV_RANDOM 0x1 0xffffffffffffffff
    POSIX_FADV_SEQUENTIAL 0x2 0xffffffffffffffff
    POSIX_FADV_WILLNEED 0x3 0xffffffffffffffff
    POSIX_FADV_DONTNEED 0x4 0xffffffffffffffff
    POSIX_FADV_NOREUSE 0x5 0xffffffffffffffff
}
set! { SPLICE "splice" "SPLICE_F_"
    SPLICE_F_MOVE 0x1 0x1
    SPLICE_F_NONBLOCK 0x2 0x2
    SPLICE_F_MORE 0x4 0x4
    SPLICE_F_GIFT 0x8 0x8
}
set! { SYNC_FILE_RANGE "sync_file_range" "SYNC_FILE_RANGE_"
    SYNC_FILE_RANGE_WAIT_BEFORE 0x1 0x1
    SYNC_FILE_RANGE_WRITE 0x2 0x2
    SYNC_FILE_RANGE_WAIT_AFTER 0x4 0x4
}
set! { RWF "rwf" "RWF_"
    RWF_HIPRI 0x1 0x1
    RWF_DSYNC 0x2 0x2
    RWF_SYNC 0x4 0x4
    RWF_NOWAIT 0x8 0x8
    RWF_APPEND 0x10 0x10
    RWF_NOAPPEND 0x20 0x20
    RWF_ATOMIC 0x40 0x40
    RWF_DONTCACHE 0x80 0x80
}
set! { MEMBARRIER "membarrier" "MEMBARRIER_CMD_"
    MEMBARRIER_CMD_QUERY 0x0 0x0
    MEMBARRIER_CMD_GLOBAL 0x1 0x1
    MEMBARRIER_CMD_GLOBAL_EXPEDITED 0x2 0x2
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED 0x4 0x4
    MEMBARRIER_CMD_PRIVATE_EXPEDITED 0x8 0x8
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED 0x10 0x10
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE 0x20 0x20
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE 0x40 0x40
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ 0x80 0x80
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ 0x100 0x100
    MEMBARRIER_CMD_GET_REGISTRATIONS 0x200 0x200
}
set! { MEMBARRIER_FLAGS "membarrier_flags" "MEMBARRIER_CMD_FLAG_"
    MEMBARRIER_CMD_FLAG_CPU 0x1 0x1
}
set! { BPF "bpf" "BPF_"
    BPF_MAP_CREATE 0x0 0xffffffffffffffff
    BPF_MAP_LOOKUP_ELEM 0x1 0xffffffffffffffff
    BPF_MAP_UPDATE_ELEM 0x2 0xffffffffffffffff
    BPF_MAP_DELETE_ELEM 0x3 0xffffffffffffffff
    BPF_MAP_GET_NEXT_KEY 0x4 0xffffffffffffffff
    BPF_PROG_LOAD 0x5 0xffffffffffffffff
    BPF_OBJ_PIN 0x6 0xffffffffffffffff
    BPF_OBJ_GET 0x7 0xffffffffffffffff
    BPF_PROG_ATTACH 0x8 0xffffffffffffffff
    BPF_PROG_DETACH 0x9 0xffffffffffffffff
    BPF_PROG_TEST_RUN 0xa 0xffffffffffffffff
    BPF_PROG_GET_NEXT_ID 0xb 0xffffffffffffffff
    BPF_MAP_GET_NEXT_ID 0xc 0xffffffffffffffff
    BPF_PROG_GET_FD_BY_ID 0xd 0xffffffffffffffff
    BPF_MAP_GET_FD_BY_ID 0xe 0xffffffffffffffff
    BPF_OBJ_GET_INFO_BY_FD 0xf 0xffffffffffffffff
    BPF_PROG_QUERY 0x10 0xffffffffffffffff
    BPF_RAW_TRACEPOINT_OPEN 0x11 0xffffffffffffffff
    BPF_BTF_LOAD 0x12 0xffffffffffffffff
    BPF_BTF_GET_FD_BY_ID 0x13 0xffffffffffffffff
    BPF_TASK_FD_QUERY 0x14 0xffffffffffffffff
    BPF_MAP_LOOKUP_AND_DELETE_ELEM 0x15 0xffffffffffffffff
    BPF_MAP_FREEZE 0x16 0xffffffffffffffff
    BPF_BTF_GET_NEXT_ID 0x17 0xffffffffffffffff
    BPF_MAP_LOOKUP_BATCH 0x18 0xffffffffffffffff
    BPF_MAP_LOOKUP_AND_DELETE_BATCH 0x19 0xffffffffffffffff
    BPF_MAP_UPDATE_BATCH 0x1a 0xffffffffffffffff
    BPF_MAP_DELETE_BATCH 0x1b 0xffffffffffffffff
    BPF_LINK_CREATE 0x1c 0xffffffffffffffff
    BPF_LINK_UPDATE 0x1d 0xffffffffffffffff
    BPF_LINK_GET_FD_BY_ID 0x1e 0xffffffffffffffff
    BPF_LINK_GET_NEXT_ID 0x1f 0xffffffffffffffff
    BPF_ENABLE_STATS 0x20 0xffffffffffffffff
    BPF_ITER_CREATE 0x21 0xffffffffffffffff
    BPF_LINK_DETACH 0x22 0xffffffffffffffff
    BPF_PROG_BIND_MAP 0x23 0xffffffffffffffff
    BPF_TOKEN_CREATE 0x24 0xffffffffffffffff
}
set! { PERF_EVENT_OPEN "perf_event_open" "PERF_FLAG_"
    PERF_FLAG_FD_NO_GROUP 0x1 0x1
    PERF_FLAG_FD_OUTPUT 0x2 0x2
    PERF_FLAG_PID_CGROUP 0x4 0x4
    PERF_FLAG_FD_CLOEXEC 0x8 0x8
}
set! { KEYCTL "keyctl" "KEYCTL_"
    KEYCTL_GET_KEYRING_ID 0x0 0xffffffffffffffff
    KEYCTL_JOIN_SESSION_KEYRING 0x1 0xffffffffffffffff
    KEYCTL_UPDATE 0x2 0xffffffffffffffff
    KEYCTL_REVOKE 0x3 0xffffffffffffffff
    KEYCTL_CHOWN 0x4 0xffffffffffffffff
    KEYCTL_SETPERM 0x5 0xffffffffffffffff
    KEYCTL_DESCRIBE 0x6 0xffffffffffffffff
    KEYCTL_CLEAR 0x7 0xffffffffffffffff
    KEYCTL_LINK 0x8 0xffffffffffffffff
    KEYCTL_UNLINK 0x9 0xffffffffffffffff
    KEYCTL_SEARCH 0xa 0xffffffffffffffff
    KEYCTL_READ 0xb 0xffffffffffffffff
    KEYCTL_INSTANTIATE 0xc 0xffffffffffffffff
    KEYCTL_NEGATE 0xd 0xffffffffffffffff
    KEYCTL_SET_REQKEY_KEYRING 0xe 0xffffffffffffffff
    KEYCTL_SET_TIMEOUT 0xf 0xffffffffffffffff
    KEYCTL_ASSUME_AUTHORITY 0x10 0xffffffffffffffff
    KEYCTL_GET_SECURITY 0x11 0xffffffffffffffff
    KEYCTL_SESSION_TO_PARENT 0x12 0xffffffffffffffff
    KEYCTL_REJECT 0x13 0xffffffffffffffff
    KEYCTL_INSTANTIATE_IOV 0x14 0xffffffffffffffff
    KEYCTL_INVALIDATE 0x15 0xffffffffffffffff
    KEYCTL_GET_PERSISTENT 0x16 0xffffffffffffffff
    KEYCTL_DH_COMPUTE 0x17 0xffffffffffffffff
    KEYCTL_PKEY_QUERY 0x18 0xffffffffffffffff
    KEYCTL_PKEY_ENCRYPT 0x19 0xffffffffffffffff
    KEYCTL_PKEY_DECRYPT 0x1a 0xffffffffffffffff
    KEYCTL_PKEY_SIGN 0x1b 0xffffffffffffffff
    KEYCTL_PKEY_VERIFY 0x1c 0xffffffffffffffff
    KEYCTL_RESTRICT_KEYRING 0x1d 0xffffffffffffffff
    KEYCTL_MOVE 0x1e 0xffffffffffffffff
    KEYCTL_CAPABILITIES 0x1f 0xffffffffffffffff
    KEYCTL_WATCH_KEY 0x20 0xffffffffffffffff
}
set! { KEYRING "keyring" "KEY_SPEC_"
    KEY_SPEC_THREAD_KEYRING 0xffffffffffffffff 0xffffffffffffffff
    KEY_SPEC_PROCESS_KEYRING 0xfffffffffffffffe 0xffffffffffffffff
    KEY_SPEC_SESSION_KEYRING 0xfffffffffffffffd 0xffffffffffffffff
    KEY_SPEC_USER_KEYRING 0xfffffffffffffffc 0xffffffffffffffff
    KEY_SPEC_USER_SESSION_KEYRING 0xfffffffffffffffb 0xffffffffffffffff
    KEY_SPEC_GROUP_KEYRING 0xfffffffffffffffa 0xffffffffffffffff
    KEY_SPEC_REQKEY_AUTH_KEY 0xfffffffffffffff9 0xffffffffffffffff
    KEY_SPEC_REQUESTOR_KEYRING 0xfffffffffffffff8 0xffffffffffffffff
}
set! { IOPRIO_WHO "ioprio_who" "IOPRIO_WHO_"
    IOPRIO_WHO_PROCESS 0x1 0xffffffffffffffff
    IOPRIO_WHO_PGRP 0x2 0xffffffffffffffff
    IOPRIO_WHO_USER 0x3 0xffffffffffffffff
}
set! { KCMP "kcmp" "KCMP_"
    KCMP_FILE 0x0 0xffffffffffffffff
    KCMP_VM 0x1 0xffffffffffffffff
    KCMP_FILES 0x2 0xffffffffffffffff
    KCMP_FS 0x3 0xffffffffffffffff
    KCMP_SIGHAND 0x4 0xffffffffffffffff
    KCMP_IO 0x5 0xffffffffffffffff
    KCMP_SYSVSEM 0x6 0xffffffffffffffff
    KCMP_EPOLL_TFD 0x7 0xffffffffffffffff
}
set! { USERFAULTFD "userfaultfd" "UFFD_"
    UFFD_USER_MODE_ONLY 0x1 0x1
    O_NONBLOCK 0x800 0x800
    O_CLOEXEC 0x80000 0x80000
}
set! { PIPE "pipe" "O_"
    O_DIRECT 0x4000 0x4000
    O_NONBLOCK 0x800 0x800
    O_CLOEXEC 0x80000 0x80000
    O_NOTIFICATION_PIPE 0x80 0x80
}
set! { DUP3 "dup3" "O_"
    O_CLOEXEC 0x80000 0x80000
}
set! { PIDFD_OPEN "pidfd_open" "PIDFD_"
    PIDFD_NONBLOCK 0x800 0x800
    PIDFD_THREAD 0x80 0x80
}
set! { PIDFD_SIGNAL "pidfd_signal" "PIDFD_SIGNAL_"
    PIDFD_SIGNAL_THREAD 0x1 0x1
    PIDFD_SIGNAL_THREAD_GROUP 0x2 0x2
    PIDFD_SIGNAL_PROCESS_GROUP 0x4 0x4
}
set! { CLOSE_RANGE "close_range" "CLOSE_RANGE_"
    CLOSE_RANGE_UNSHARE 0x2 0x2
    CLOSE_RANGE_CLOEXEC 0x4 0x4
}
set! { RESOLVE "resolve" "RESOLVE_"
    RESOLVE_NO_XDEV 0x1 0x1
    RESOLVE_NO_MAGICLINKS 0x2 0x2
    RESOLVE_NO_SYMLINKS 0x4 0x4
    RESOLVE_BENEATH 0x8 0x8
    RESOLVE_IN_ROOT 0x10 0x10
    RESOLVE_CACHED 0x20 0x20
}
set! { OPEN_TREE "open_tree" "OPEN_TREE_"
    OPEN_TREE_CLONE 0x1 0x1
    OPEN_TREE_CLOEXEC 0x80000 0x80000
    AT_SYMLINK_NOFOLLOW 0x100 0x100
    AT_NO_AUTOMOUNT 0x800 0x800
    AT_EMPTY_PATH 0x1000 0x1000
    AT_RECURSIVE 0x8000 0x8000
}
set! { MOVE_MOUNT "move_mount" "MOVE_MOUNT_"
    MOVE_MOUNT_F_SYMLINKS 0x1 0x1
    MOVE_MOUNT_F_AUTOMOUNTS 0x2 0x2
    MOVE_MOUNT_F_EMPTY_PATH 0x4 0x4
    MOVE_MOUNT_T_SYMLINKS 0x10 0x10
    MOVE_MOUNT_T_AUTOMOUNTS 0x20 0x20
    MOVE_MOUNT_T_EMPTY_PATH 0x40 0x40
    MOVE_MOUNT_SET_GROUP 0x100 0x100
    MOVE_MOUNT_BENEATH 0x200 0x200
}
set! { FSOPEN "fsopen" "FSOPEN_"
    FSOPEN_CLOEXEC 0x1 0x1
}
set! { FSMOUNT "fsmount" "FSMOUNT_"
    FSMOUNT_CLOEXEC 0x1 0x1
}
set! { FSPICK "fspick" "FSPICK_"
    FSPICK_CLOEXEC 0x1 0x1
    FSPICK_SYMLINK_NOFOLLOW 0x2 0x2
    FSPICK_NO_AUTOMOUNT 0x4 0x4
    FSPICK_EMPTY_PATH 0x8 0x8
}
set! { FSCONFIG "fsconfig" "FSCONFIG_"
    FSCONFIG_SET_FLAG 0x0 0xffffffffffffffff
    FSCONFIG_SET_STRING 0x1 0xffffffffffffffff
    FSCONFIG_SET_BINARY 0x2 0xffffffffffffffff
    FSCONFIG_SET_PATH 0x3 0xffffffffffffffff
    FSCONFIG_SET_PATH_EMPTY 0x4 0xffffffffffffffff
    FSCONFIG_SET_FD 0x5 0xffffffffffffffff
    FSCONFIG_CMD_CREATE 0x6 0xffffffffffffffff
    FSCONFIG_CMD_RECONFIGURE 0x7 0xffffffffffffffff
    FSCONFIG_CMD_CREATE_EXCL 0x8 0xffffffffffffffff
}
set! { MOUNT_ATTR "mount_attr" "MOUNT_ATTR_"
    MOUNT_ATTR_RDONLY 0x1 0x1
    MOUNT_ATTR_NOSUID 0x2 0x2
    MOUNT_ATTR_NODEV 0x4 0x4
    MOUNT_ATTR_NOEXEC 0x8 0x8
    MOUNT_ATTR_NOATIME 0x10 0x70
    MOUNT_ATTR_STRICTATIME 0x20 0x70
    MOUNT_ATTR_NODIRATIME 0x80 0x80
    MOUNT_ATTR_IDMAP 0x100000 0x100000
    MOUNT_ATTR_NOSYMFOLLOW 0x200000 0x200000
}
set! { LANDLOCK_CREATE "landlock_create" "LANDLOCK_CREATE_RULESET_"
    LANDLOCK_CREATE_RULESET_VERSION 0x1 0x1
    LANDLOCK_CREATE_RULESET_ERRATA 0x2 0x2
}
set! { LANDLOCK_RULE "landlock_rule" "LANDLOCK_RULE_"
    LANDLOCK_RULE_PATH_BENEATH 0x1 0xffffffffffffffff
    LANDLOCK_RULE_NET_PORT 0x2 0xffffffffffffffff
}
set! { LANDLOCK_ACCESS "landlock_access" "LANDLOCK_ACCESS_FS_"
    LANDLOCK_ACCESS_FS_EXECUTE 0x1 0x1
    LANDLOCK_ACCESS_FS_WRITE_FILE 0x2 0x2
    LANDLOCK_ACCESS_FS_READ_FILE 0x4 0x4
    LANDLOCK_ACCESS_FS_READ_DIR 0x8 0x8
    LANDLOCK_ACCESS_FS_REMOVE_DIR 0x10 0x10
    LANDLOCK_ACCESS_FS_REMOVE_FILE 0x20 0x20
    LANDLOCK_ACCESS_FS_MAKE_CHAR 0x40 0x40
    LANDLOCK_ACCESS_FS_MAKE_DIR 0x80 0x80
    LANDLOCK_ACCESS_FS_MAKE_REG 0x100 0x100
    LANDLOCK_ACCESS_FS_MAKE_SOCK 0x200 0x200
    LANDLOCK_ACCESS_FS_MAKE_FIFO 0x400 0x400
    LANDLOCK_ACCESS_FS_MAKE_BLOCK 0x800 0x800
    LANDLOCK_ACCESS_FS_MAKE_SYM 0x1000 0x1000
    LANDLOCK_ACCESS_FS_REFER 0x2000 0x2000
    LANDLOCK_ACCESS_FS_TRUNCATE 0x4000 0x4000
    LANDLOCK_ACCESS_FS_IOCTL_DEV 0x8000 0x8000
}
set! { LANDLOCK_NET "landlock_net" "LANDLOCK_ACCESS_NET_"
    LANDLOCK_ACCESS_NET_BIND_TCP 0x1 0x1
    LANDLOCK_ACCESS_NET_CONNECT_TCP 0x2 0x2
}
set! { IO_URING_SETUP "io_uring_setup" "IORING_SETUP_"
    IORING_SETUP_IOPOLL 0x1 0x1
    IORING_SETUP_SQPOLL 0x2 0x2
    IORING_SETUP_SQ_AFF 0x4 0x4
    IORING_SETUP_CQSIZE 0x8 0x8
    IORING_SETUP_CLAMP 0x10 0x10
    IORING_SETUP_ATTACH_WQ 0x20 0x20
    IORING_SETUP_R_DISABLED 0x40 0x40
    IORING_SETUP_SUBMIT_ALL 0x80 0x80
    IORING_SETUP_COOP_TASKRUN 0x100 0x100
    IORING_SETUP_TASKRUN_FLAG 0x200 0x200
    IORING_SETUP_SQE128 0x400 0x400
    IORING_SETUP_CQE32 0x800 0x800
    IORING_SETUP_SINGLE_ISSUER 0x1000 0x1000
    IORING_SETUP_DEFER_TASKRUN 0x2000 0x2000
    IORING_SETUP_NO_MMAP 0x4000 0x4000
    IORING_SETUP_REGISTERED_FD_ONLY 0x8000 0x8000
    IORING_SETUP_NO_SQARRAY 0x10000 0x10000
}
set! { IO_URING_FEATURES "io_uring_features" "IORING_FEAT_"
    IORING_FEAT_SINGLE_MMAP 0x1 0x1
    IORING_FEAT_NODROP 0x2 0x2
    IORING_FEAT_SUBMIT_STABLE 0x4 0x4
    IORING_FEAT_RW_CUR_POS 0x8 0x8
    IORING_FEAT_CUR_PERSONALITY 0x10 0x10
    IORING_FEAT_FAST_POLL 0x20 0x20
    IORING_FEAT_POLL_32BITS 0x40 0x40
    IORING_FEAT_SQPOLL_NONFIXED 0x80 0x80
    IORING_FEAT_EXT_ARG 0x100 0x100
    IORING_FEAT_NATIVE_WORKERS 0x200 0x200
    IORING_FEAT_RSRC_TAGS 0x400 0x400
    IORING_FEAT_CQE_SKIP 0x800 0x800
    IORING_FEAT_LINKED_FILE 0x1000 0x1000
    IORING_FEAT_REG_REG_RING 0x2000 0x2000
    IORING_FEAT_RECVSEND_BUNDLE 0x4000 0x4000
    IORING_FEAT_MIN_TIMEOUT 0x8000 0x8000
    IORING_FEAT_RW_ATTR 0x10000 0x10000
    IORING_FEAT_NO_IOWAIT 0x20000 0x20000
}
set! { IO_URING_ENTER "io_uring_enter" "IORING_ENTER_"
    IORING_ENTER_GETEVENTS 0x1 0x1
    IORING_ENTER_SQ_WAKEUP 0x2 0x2
    IORING_ENTER_SQ_WAIT 0x4 0x4
    IORING_ENTER_EXT_ARG 0x8 0x8
    IORING_ENTER_REGISTERED_RING 0x10 0x10
    IORING_ENTER_ABS_TIMER 0x20 0x20
    IORING_ENTER_EXT_ARG_REG 0x40 0x40
    IORING_ENTER_NO_IOWAIT 0x80 0x80
}
set! { IO_URING_REGISTER "io_uring_register" "IORING_"
    IORING_REGISTER_BUFFERS 0x0 0xffffffffffffffff
    IORING_UNREGISTER_BUFFERS 0x1 0xffffffffffffffff
    IORING_REGISTER_FILES 0x2 0xffffffffffffffff
    IORING_UNREGISTER_FILES 0x3 0xffffffffffffffff
    IORING_REGISTER_EVENTFD 0x4 0xffffffffffffffff
    IORING_UNREGISTER_EVENTFD 0x5 0xffffffffffffffff
    IORING_REGISTER_FILES_UPDATE 0x6 0xffffffffffffffff
    IORING_REGISTER_EVENTFD_ASYNC 0x7 0xffffffffffffffff
    IORING_REGISTER_PROBE 0x8 0xffffffffffffffff
    IORING_REGISTER_PERSONALITY 0x9 0xffffffffffffffff
    IORING_UNREGISTER_PERSONALITY 0xa 0xffffffffffffffff
    IORING_REGISTER_RESTRICTIONS 0xb 0xffffffffffffffff
    IORING_REGISTER_ENABLE_RINGS 0xc 0xffffffffffffffff
    IORING_REGISTER_FILES2 0xd 0xffffffffffffffff
    IORING_REGISTER_FILES_UPDATE2 0xe 0xffffffffffffffff
    IORING_REGISTER_BUFFERS2 0xf 0xffffffffffffffff
    IORING_REGISTER_BUFFERS_UPDATE 0x10 0xffffffffffffffff
    IORING_REGISTER_IOWQ_AFF 0x11 0xffffffffffffffff
    IORING_UNREGISTER_IOWQ_AFF 0x12 0xffffffffffffffff
    IORING_REGISTER_IOWQ_MAX_WORKERS 0x13 0xffffffffffffffff
    IORING_REGISTER_RING_FDS 0x14 0xffffffffffffffff
    IORING_UNREGISTER_RING_FDS 0x15 0xffffffffffffffff
    IORING_REGISTER_PBUF_RING 0x16 0xffffffffffffffff
    IORING_UNREGISTER_PBUF_RING 0x17 0xffffffffffffffff
    IORING_REGISTER_SYNC_CANCEL 0x18 0xffffffffffffffff
    IORING_REGISTER_FILE_ALLOC_RANGE 0x19 0xffffffffffffffff
}
set! { FANOTIFY_INIT "fanotify_init" "FAN_"
    FAN_CLASS_NOTIF 0x0 0xc
    FAN_CLASS_CONTENT 0x4 0xc
    FAN_CLASS_PRE_CONTENT 0x8 0xc
    FAN_CLOEXEC 0x1 0x1
    FAN_NONBLOCK 0x2 0x2
    FAN_UNLIMITED_QUEUE 0x10 0x10
    FAN_UNLIMITED_MARKS 0x20 0x20
    FAN_ENABLE_AUDIT 0x40 0x40
    FAN_REPORT_PIDFD 0x80 0x80
    FAN_REPORT_TID 0x100 0x100
    FAN_REPORT_FID 0x200 0x200
    FAN_REPORT_DIR_FID 0x400 0x400
    FAN_REPORT_NAME 0x800 0x800
    FAN_REPORT_TARGET_FID 0x1000 0x1000
    FAN_REPORT_FD_ERROR 0x2000 0x2000
}
set! { FANOTIFY_MARK_FLAGS "fanotify_mark_flags" "FAN_MARK_"
    FAN_MARK_ADD 0x1 0x1
    FAN_MARK_REMOVE 0x2 0x2
    FAN_MARK_FLUSH 0x80 0x80
    FAN_MARK_INODE 0x0 0x110
    FAN_MARK_MOUNT 0x10 0x110
    FAN_MARK_FILESYSTEM 0x100 0x110
    FAN_MARK_DONT_FOLLOW 0x4 0x4
    FAN_MARK_ONLYDIR 0x8 0x8
    FAN_MARK_IGNORED_MASK 0x20 0x20
    FAN_MARK_IGNORED_SURV_MODIFY 0x40 0x40
    FAN_MARK_EVICTABLE 0x200 0x200
    FAN_MARK_IGNORE 0x400 0x400
}
set! { FANOTIFY_EVENTS "fanotify_events" "FAN_"
    FAN_ACCESS 0x1 0x1
    FAN_MODIFY 0x2 0x2
    FAN_ATTRIB 0x4 0x4
    FAN_CLOSE_WRITE 0x8 0x8
    FAN_CLOSE_NOWRITE 0x10 0x10
    FAN_OPEN 0x20 0x20
    FAN_MOVED_FROM 0x40 0x40
    FAN_MOVED_TO 0x80 0x80
    FAN_CREATE 0x100 0x100
    FAN_DELETE 0x200 0x200
    FAN_DELETE_SELF 0x400 0x400
    FAN_MOVE_SELF 0x800 0x800
    FAN_OPEN_EXEC 0x1000 0x1000
    FAN_Q_OVERFLOW 0x4000 0x4000
    FAN_FS_ERROR 0x8000 0x8000
    FAN_OPEN_PERM 0x10000 0x10000
    FAN_ACCESS_PERM 0x20000 0x20000
    FAN_OPEN_EXEC_PERM 0x40000 0x40000
    FAN_EVENT_ON_CHILD 0x8000000 0x8000000
    FAN_RENAME 0x10000000 0x10000000
    FAN_ONDIR 0x40000000 0x40000000
    FAN_PRE_ACCESS 0x100000 0x100000
    FAN_MNT_ATTACH 0x1000000 0x1000000
    FAN_MNT_DETACH 0x2000000 0x2000000
}
set! { XATTR "xattr" "XATTR_"
    XATTR_CREATE 0x1 0x1
    XATTR_REPLACE 0x2 0x2
}
set! { IPC_CMD "ipc_cmd" "IPC_"
    IPC_RMID 0x0 0xffffffffffffffff
    IPC_SET 0x1 0xffffffffffffffff
    IPC_STAT 0x2 0xffffffffffffffff
    IPC_INFO 0x3 0xffffffffffffffff
}
set! { MSGCTL "msgctl" "IPC_"
    IPC_RMID 0x0 0xffffffffffffffff
    IPC_SET 0x1 0xffffffffffffffff
    IPC_STAT 0x2 0xffffffffffffffff
    IPC_INFO 0x3 0xffffffffffffffff
    MSG_STAT 0xb 0xffffffffffffffff
    MSG_INFO 0xc 0xffffffffffffffff
    MSG_STAT_ANY 0xd 0xffffffffffffffff
}
set! { SEMCTL "semctl" "IPC_"
    IPC_RMID 0x0 0xffffffffffffffff
    IPC_SET 0x1 0xffffffffffffffff
    IPC_STAT 0x2 0xffffffffffffffff
    IPC_INFO 0x3 0xffffffffffffffff
    SEM_STAT 0x12 0xffffffffffffffff
    SEM_INFO 0x13 0xffffffffffffffff
    SEM_STAT_ANY 0x14 0xffffffffffffffff
    GETPID 0xb 0xffffffffffffffff
    GETVAL 0xc 0xffffffffffffffff
    GETALL 0xd 0xffffffffffffffff
    GETNCNT 0xe 0xffffffffffffffff
    GETZCNT 0xf 0xffffffffffffffff
    SETVAL 0x10 0xffffffffffffffff
    SETALL 0x11 0xffffffffffffffff
}
set! { SHMCTL "shmctl" "IPC_"
    IPC_RMID 0x0 0xffffffffffffffff
    IPC_SET 0x1 0xffffffffffffffff
    IPC_STAT 0x2 0xffffffffffffffff
    IPC_INFO 0x3 0xffffffffffffffff
    SHM_STAT 0xd 0xffffffffffffffff
    SHM_INFO 0xe 0xffffffffffffffff
    SHM_STAT_ANY 0xf 0xffffffffffffffff
    SHM_LOCK 0xb 0xffffffffffffffff
    SHM_UNLOCK 0xc 0xffffffffffffffff
}
set! { IPC_CALL "ipc_call" "IPCOP_"
    SEMOP 0x1 0xffffffffffffffff
    SEMGET 0x2 0xffffffffffffffff
    SEMCTL 0x3 0xffffffffffffffff
    SEMTIMEDOP 0x4 0xffffffffffffffff
    MSGSND 0xb 0xffffffffffffffff
    MSGRCV 0xc 0xffffffffffffffff
    MSGGET 0xd 0xffffffffffffffff
    MSGCTL 0xe 0xffffffffffffffff
    SHMAT 0x15 0xffffffffffffffff
    SHMDT 0x16 0xffffffffffffffff
    SHMGET 0x17 0xffffffffffffffff
    SHMCTL 0x18 0xffffffffffffffff
}
set! { IPC_GET "ipc_get" "IPC_"
    IPC_CREAT 0x200 0x200
    IPC_EXCL 0x400 0x400
    IPC_NOWAIT 0x800 0x800
}
set! { SHMGET "shmget" "IPC_"
    IPC_CREAT 0x200 0x200
    IPC_EXCL 0x400 0x400
    SHM_HUGETLB 0x800 0x800
    SHM_NORESERVE 0x1000 0x1000
}
set! { SHMAT "shmat" "SHM_"
    SHM_RDONLY 0x1000 0x1000
    SHM_RND 0x2000 0x2000
    SHM_REMAP 0x4000 0x4000
    SHM_EXEC 0x8000 0x8000
}
set! { SEMBUF "sembuf" "SEM_"
    SEM_UNDO 0x1000 0x1000
    IPC_NOWAIT 0x800 0x800
}
set! { MSGRCV "msgrcv" "MSG_"
    MSG_NOERROR 0x1000 0x1000
    MSG_EXCEPT 0x2000 0x2000
    MSG_COPY 0x4000 0x4000
    IPC_NOWAIT 0x800 0x800
}
set! { SYSLOG "syslog" "SYSLOG_ACTION_"
    SYSLOG_ACTION_CLOSE 0x0 0xffffffffffffffff
    SYSLOG_ACTION_OPEN 0x1 0xffffffffffffffff
    SYSLOG_ACTION_READ 0x2 0xffffffffffffffff
    SYSLOG_ACTION_READ_ALL 0x3 0xffffffffffffffff
    SYSLOG_ACTION_READ_CLEAR 0x4 0xffffffffffffffff
    SYSLOG_ACTION_CLEAR 0x5 0xffffffffffffffff
    SYSLOG_ACTION_CONSOLE_OFF 0x6 0xffffffffffffffff
    SYSLOG_ACTION_CONSOLE_ON 0x7 0xffffffffffffffff
    SYSLOG_ACTION_CONSOLE_LEVEL 0x8 0xffffffffffffffff
    SYSLOG_ACTION_SIZE_UNREAD 0x9 0xffffffffffffffff
    SYSLOG_ACTION_SIZE_BUFFER 0xa 0xffffffffffffffff
}
set! { PTRACE "ptrace" "PTRACE_"
    PTRACE_TRACEME 0x0 0xffffffffffffffff
    PTRACE_PEEKTEXT 0x1 0xffffffffffffffff
    PTRACE_PEEKDATA 0x2 0xffffffffffffffff
    PTRACE_PEEKUSER 0x3 0xffffffffffffffff
    PTRACE_POKETEXT 0x4 0xffffffffffffffff
    PTRACE_POKEDATA 0x5 0xffffffffffffffff
    PTRACE_POKEUSER 0x6 0xffffffffffffffff
    PTRACE_CONT 0x7 0xffffffffffffffff
    PTRACE_KILL 0x8 0xffffffffffffffff
    PTRACE_SINGLESTEP 0x9 0xffffffffffffffff
    PTRACE_GETREGS 0xc 0xffffffffffffffff
    PTRACE_SETREGS 0xd 0xffffffffffffffff
    PTRACE_GETFPREGS 0xe 0xffffffffffffffff
    PTRACE_SETFPREGS 0xf 0xffffffffffffffff
    PTRACE_ATTACH 0x10 0xffffffffffffffff
    PTRACE_DETACH 0x11 0xffffffffffffffff
    PTRACE_GETFPXREGS 0x12 0xffffffffffffffff
    PTRACE_SETFPXREGS 0x13 0xffffffffffffffff
    PTRACE_SYSCALL 0x18 0xffffffffffffffff
    PTRACE_GET_THREAD_AREA 0x19 0xffffffffffffffff
    PTRACE_SET_THREAD_AREA 0x1a 0xffffffffffffffff
    PTRACE_ARCH_PRCTL 0x1e 0xffffffffffffffff
    PTRACE_SYSEMU 0x1f 0xffffffffffffffff
    PTRACE_SYSEMU_SINGLESTEP 0x20 0xffffffffffffffff
    PTRACE_SINGLEBLOCK 0x21 0xffffffffffffffff
    PTRACE_SETOPTIONS 0x4200 0xffffffffffffffff
    PTRACE_GETEVENTMSG 0x4201 0xffffffffffffffff
    PTRACE_GETSIGINFO 0x4202 0xffffffffffffffff
    PTRACE_SETSIGINFO 0x4203 0xffffffffffffffff
    PTRACE_GETREGSET 0x4204 0xffffffffffffffff
    PTRACE_SETREGSET 0x4205 0xffffffffffffffff
    PTRACE_SEIZE 0x4206 0xffffffffffffffff
    PTRACE_INTERRUPT 0x4207 0xffffffffffffffff
    PTRACE_LISTEN 0x4208 0xffffffffffffffff
    PTRACE_PEEKSIGINFO 0x4209 0xffffffffffffffff
    PTRACE_GETSIGMASK 0x420a 0xffffffffffffffff
    PTRACE_SETSIGMASK 0x420b 0xffffffffffffffff
    PTRACE_SECCOMP_GET_FILTER 0x420c 0xffffffffffffffff
    PTRACE_SECCOMP_GET_METADATA 0x420d 0xffffffffffffffff
    PTRACE_GET_SYSCALL_INFO 0x420e 0xffffffffffffffff
    PTRACE_GET_RSEQ_CONFIGURATION 0x420f 0xffffffffffffffff
    PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG 0x4210 0xffffffffffffffff
    PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211 0xffffffffffffffff
    PTRACE_SET_SYSCALL_INFO 0x4212 0xffffffffffffffff
}
set! { PTRACE_OPTIONS "ptrace_options" "PTRACE_O_"
    PTRACE_O_TRACESYSGOOD 0x1 0x1
    PTRACE_O_TRACEFORK 0x2 0x2
    PTRACE_O_TRACEVFORK 0x4 0x4
    PTRACE_O_TRACECLONE 0x8 0x8
    PTRACE_O_TRACEEXEC 0x10 0x10
    PTRACE_O_TRACEVFORKDONE 0x20 0x20
    PTRACE_O_TRACEEXIT 0x40 0x40
    PTRACE_O_TRACESECCOMP 0x80 0x80
    PTRACE_O_EXITKILL 0x100000 0x100000
    PTRACE_O_SUSPEND_SECCOMP 0x200000 0x200000
}
set! { REGSET "regset" "NT_"
    NT_PRSTATUS 0x1 0xffffffffffffffff
    NT_PRFPREG 0x2 0xffffffffffffffff
    NT_386_TLS 0x200 0xffffffffffffffff
    NT_386_IOPERM 0x201 0xffffffffffffffff
    NT_X86_XSTATE 0x202 0xffffffffffffffff
    NT_ARM_TLS 0x401 0xffffffffffffffff
    NT_ARM_HW_BREAK 0x402 0xffffffffffffffff
    NT_ARM_HW_WATCH 0x403 0xffffffffffffffff
    NT_ARM_SYSTEM_CALL 0x404 0xffffffffffffffff
}
set! { DELETE_MODULE "delete_module" "O_"
    O_NONBLOCK 0x800 0x800
    O_TRUNC 0x200 0x200
}
set! { INIT_MODULE "init_module" "MODULE_INIT_"
    MODULE_INIT_IGNORE_MODVERSIONS 0x1 0x1
    MODULE_INIT_IGNORE_VERMAGIC 0x2 0x2
    MODULE_INIT_COMPRESSED_FILE 0x4 0x4
}
set! { KEXEC "kexec" "KEXEC_"
    KEXEC_ARCH_DEFAULT 0x0 0xffff0000
    KEXEC_ON_CRASH 0x1 0x1
    KEXEC_PRESERVE_CONTEXT 0x2 0x2
}
set! { KEXEC_FILE "kexec_file" "KEXEC_FILE_"
    KEXEC_FILE_UNLOAD 0x1 0x1
    KEXEC_FILE_ON_CRASH 0x2 0x2
    KEXEC_FILE_NO_INITRAMFS 0x4 0x4
    KEXEC_FILE_DEBUG 0x8 0x8
}
set! { MEMPOLICY "mempolicy" "MPOL_"
    MPOL_DEFAULT 0x0 0xfff
    MPOL_PREFERRED 0x1 0xfff
    MPOL_BIND 0x2 0xfff
    MPOL_INTERLEAVE 0x3 0xfff
    MPOL_LOCAL 0x4 0xfff
    MPOL_PREFERRED_MANY 0x5 0xfff
    MPOL_WEIGHTED_INTERLEAVE 0x6 0xfff
    MPOL_F_STATIC_NODES 0x8000 0x8000
    MPOL_F_RELATIVE_NODES 0x4000 0x4000
    MPOL_F_NUMA_BALANCING 0x2000 0x2000
}
set! { MBIND "mbind" "MPOL_MF_"
    MPOL_MF_STRICT 0x1 0x1
    MPOL_MF_MOVE 0x2 0x2
    MPOL_MF_MOVE_ALL 0x4 0x4
}
set! { GET_MEMPOLICY "get_mempolicy" "MPOL_F_"
    MPOL_F_NODE 0x1 0x1
    MPOL_F_ADDR 0x2 0x2
    MPOL_F_MEMS_ALLOWED 0x4 0x4
}
set! { MODIFY_LDT "modify_ldt" "MODIFY_LDT_"
    read_ldt 0x0 0xffffffffffffffff
    write_ldt_old 0x1 0xffffffffffffffff
    read_default_ldt 0x2 0xffffffffffffffff
    write_ldt 0x11 0xffffffffffffffff
}
set! { QUOTA_CMD "quota_cmd" "Q_"
    Q_SYNC 0x800001 0xffffffffffffffff
    Q_QUOTAON 0x800002 0xffffffffffffffff
    Q_QUOTAOFF 0x800003 0xffffffffffffffff
    Q_GETFMT 0x800004 0xffffffffffffffff
    Q_GETINFO 0x800005 0xffffffffffffffff
    Q_SETINFO 0x800006 0xffffffffffffffff
    Q_GETQUOTA 0x800007 0xffffffffffffffff
    Q_SETQUOTA 0x800008 0xffffffffffffffff
    Q_GETNEXTQUOTA 0x800009 0xffffffffffffffff
    Q_XQUOTAON 0x5801 0xffffffffffffffff
    Q_XQUOTAOFF 0x5802 0xffffffffffffffff
    Q_XGETQUOTA 0x5803 0xffffffffffffffff
    Q_XSETQLIM 0x5804 0xffffffffffffffff
    Q_XGETQSTAT 0x5805 0xffffffffffffffff
    Q_XQUOTARM 0x5806 0xffffffffffffffff
    Q_XQUOTASYNC 0x5807 0xffffffffffffffff
    Q_XGETQSTATV 0x5808 0xffffffffffffffff
    Q_XGETNEXTQUOTA 0x5809 0xffffffffffffffff
}
set! { QUOTA_TYPE "quota_type" "QUOTA"
    USRQUOTA 0x0 0xffffffffffffffff
    GRPQUOTA 0x1 0xffffffffffffffff
    PRJQUOTA 0x2 0xffffffffffffffff
}
set! { LSM_ATTR "lsm_attr" "LSM_ATTR_"
    LSM_ATTR_UNDEF 0x0 0xffffffffffffffff
    LSM_ATTR_CURRENT 0x64 0xffffffffffffffff
    LSM_ATTR_EXEC 0x65 0xffffffffffffffff
    LSM_ATTR_FSCREATE 0x66 0xffffffffffffffff
    LSM_ATTR_KEYCREATE 0x67 0xffffffffffffffff
    LSM_ATTR_PREV 0x68 0xffffffffffffffff
    LSM_ATTR_SOCKCREATE 0x69 0xffffffffffffffff
}
set! { RSEQ "rseq" "RSEQ_FLAG_"
    RSEQ_FLAG_UNREGISTER 0x1 0x1
}
set! { FS_MAGIC "fs_magic" "_SUPER_MAGIC"
    ADFS_SUPER_MAGIC 0xadf5 0xffffffffffffffff
    AFFS_SUPER_MAGIC 0xadff 0xffffffffffffffff
    AFS_SUPER_MAGIC 0x5346414f 0xffffffffffffffff
    ANON_INODE_FS_MAGIC 0x9041934 0xffffffffffffffff
    AUTOFS_SUPER_MAGIC 0x187 0xffffffffffffffff
    BDEVFS_MAGIC 0x62646576 0xffffffffffffffff
    BINDERFS_SUPER_MAGIC 0x6c6f6f70 0xffffffffffffffff
    BINFMTFS_MAGIC 0x42494e4d 0xffffffffffffffff
    BPF_FS_MAGIC 0xcafe4a11 0xffffffffffffffff
    BTRFS_SUPER_MAGIC 0x9123683e 0xffffffffffffffff
    CEPH_SUPER_MAGIC 0xc36400 0xffffffffffffffff
    CGROUP_SUPER_MAGIC 0x27e0eb 0xffffffffffffffff
    CGROUP2_SUPER_MAGIC 0x63677270 0xffffffffffffffff
    CRAMFS_MAGIC 0x28cd3d45 0xffffffffffffffff
    DEBUGFS_MAGIC 0x64626720 0xffffffffffffffff
    DEVPTS_SUPER_MAGIC 0x1cd1 0xffffffffffffffff
    ECRYPTFS_SUPER_MAGIC 0xf15f 0xffffffffffffffff
    EFIVARFS_MAGIC 0xde5e81e4 0xffffffffffffffff
    EROFS_SUPER_MAGIC_V1 0xe0f5e1e2 0xffffffffffffffff
    EXFAT_SUPER_MAGIC 0x2011bab0 0xffffffffffffffff
    EXT2_SUPER_MAGIC 0xef53 0xffffffffffffffff
    F2FS_SUPER_MAGIC 0xf2f52010 0xffffffffffffffff
    FUSE_SUPER_MAGIC 0x65735546 0xffffffffffffffff
    HUGETLBFS_MAGIC 0x958458f6 0xffffffffffffffff
    ISOFS_SUPER_MAGIC 0x9660 0xffffffffffffffff
    JFFS2_SUPER_MAGIC 0x72b6 0xffffffffffffffff
    MINIX_SUPER_MAGIC 0x137f 0xffffffffffffffff
    MSDOS_SUPER_MAGIC 0x4d44 0xffffffffffffffff
    MTD_INODE_FS_MAGIC 0x11307854 0xffffffffffffffff
    NFS_SUPER_MAGIC 0x6969 0xffffffffffffffff
    NILFS_SUPER_MAGIC 0x3434 0xffffffffffffffff
    NSFS_MAGIC 0x6e736673 0xffffffffffffffff
    OCFS2_SUPER_MAGIC 0x7461636f 0xffffffffffffffff
    OVERLAYFS_SUPER_MAGIC 0x794c7630 0xffffffffffffffff
    PIPEFS_MAGIC 0x50495045 0xffffffffffffffff
    PROC_SUPER_MAGIC 0x9fa0 0xffffffffffffffff
    PSTOREFS_MAGIC 0x6165676c 0xffffffffffffffff
    RAMFS_MAGIC 0x858458f6 0xffffffffffffffff
    REISERFS_SUPER_MAGIC 0x52654973 0xffffffffffffffff
    SECURITYFS_MAGIC 0x73636673 0xffffffffffffffff
    SELINUX_MAGIC 0xf97cff8c 0xffffffffffffffff
    SMACK_MAGIC 0x43415d53 0xffffffffffffffff
    SMB2_SUPER_MAGIC 0xfe534d42 0xffffffffffffffff
    SMB_SUPER_MAGIC 0x517b 0xffffffffffffffff
    SOCKFS_MAGIC 0x534f434b 0xffffffffffffffff
    SQUASHFS_MAGIC 0x73717368 0xffffffffffffffff
    SYSFS_MAGIC 0x62656572 0xffffffffffffffff
    TMPFS_MAGIC 0x1021994 0xffffffffffffffff
    TRACEFS_MAGIC 0x74726163 0xffffffffffffffff
    UDF_SUPER_MAGIC 0x15013346 0xffffffffffffffff
    V9FS_MAGIC 0x1021997 0xffffffffffffffff
    XFS_SUPER_MAGIC 0x58465342 0xffffffffffffffff
    ZONEFS_MAGIC 0x5a4f4653 0xffffffffffffffff
}
set! { IOCTL "ioctl" "_IO"
    TCGETS 0x5401 0xffffffffffffffff
    TCSETS 0x5402 0xffffffffffffffff
    TCSETSW 0x5403 0xffffffffffffffff
    TCSETSF 0x5404 0xffffffffffffffff
    TCGETA 0x5405 0xffffffffffffffff
    TCSETA 0x5406 0xffffffffffffffff
    TCSETAW 0x5407 0xffffffffffffffff
    TCSETAF 0x5408 0xffffffffffffffff
    TCSBRK 0x5409 0xffffffffffffffff
    TCXONC 0x540a 0xffffffffffffffff
    TCFLSH 0x540b 0xffffffffffffffff
    TIOCEXCL 0x540c 0xffffffffffffffff
    TIOCNXCL 0x540d 0xffffffffffffffff
    TIOCSCTTY 0x540e 0xffffffffffffffff
    TIOCGPGRP 0x540f 0xffffffffffffffff
    TIOCSPGRP 0x5410 0xffffffffffffffff
    TIOCOUTQ 0x5411 0xffffffffffffffff
    TIOCSTI 0x5412 0xffffffffffffffff
    TIOCGWINSZ 0x5413 0xffffffffffffffff
    TIOCSWINSZ 0x5414 0xffffffffffffffff
    TIOCMGET 0x5415 0xffffffffffffffff
    TIOCMBIS 0x5416 0xffffffffffffffff
    TIOCMBIC 0x5417 0xffffffffffffffff
    TIOCMSET 0x5418 0xffffffffffffffff
    TIOCGSOFTCAR 0x5419 0xffffffffffffffff
    TIOCSSOFTCAR 0x541a 0xffffffffffffffff
    FIONREAD 0x541b 0xffffffffffffffff
    TIOCLINUX 0x541c 0xffffffffffffffff
    TIOCCONS 0x541d 0xffffffffffffffff
    TIOCGSERIAL 0x541e 0xffffffffffffffff
    TIOCSSERIAL 0x541f 0xffffffffffffffff
    TIOCPKT 0x5420 0xffffffffffffffff
    FIONBIO 0x5421 0xffffffffffffffff
    TIOCNOTTY 0x5422 0xffffffffffffffff
    TIOCSETD 0x5423 0xffffffffffffffff
    TIOCGETD 0x5424 0xffffffffffffffff
    TCSBRKP 0x5425 0xffffffffffffffff
    TIOCSBRK 0x5427 0xffffffffffffffff
    TIOCCBRK 0x5428 0xffffffffffffffff
    TIOCGSID 0x5429 0xffffffffffffffff
    TCGETS2 0x802c542a 0xffffffffffffffff
    TCSETS2 0x402c542b 0xffffffffffffffff
    TCSETSW2 0x402c542c 0xffffffffffffffff
    TCSETSF2 0x402c542d 0xffffffffffffffff
    TIOCGPTN 0x80045430 0xffffffffffffffff
    TIOCSPTLCK 0x40045431 0xffffffffffffffff
    TIOCGDEV 0x80045432 0xffffffffffffffff
    TIOCSIG 0x40045436 0xffffffffffffffff
    TIOCVHANGUP 0x5437 0xffffffffffffffff
    TIOCGPKT 0x80045438 0xffffffffffffffff
    TIOCGPTLCK 0x80045439 0xffffffffffffffff
    TIOCGEXCL 0x80045440 0xffffffffffffffff
    TIOCGPTPEER 0x5441 0xffffffffffffffff
    FIONCLEX 0x5450 0xffffffffffffffff
    FIOCLEX 0x5451 0xffffffffffffffff
    FIOASYNC 0x5452 0xffffffffffffffff
    FIOQSIZE 0x5460 0xffffffffffffffff
    SIOCSPGRP 0x8902 0xffffffffffffffff
    FIOSETOWN 0x8901 0xffffffffffffffff
    SIOCGPGRP 0x8904 0xffffffffffffffff
    FIOGETOWN 0x8903 0xffffffffffffffff
    SIOCATMARK 0x8905 0xffffffffffffffff
    SIOCADDRT 0x890b 0xffffffffffffffff
    SIOCDELRT 0x890c 0xffffffffffffffff
    SIOCGIFNAME 0x8910 0xffffffffffffffff
    SIOCSIFLINK 0x8911 0xffffffffffffffff
    SIOCGIFCONF 0x8912 0xffffffffffffffff
    SIOCGIFFLAGS 0x8913 0xffffffffffffffff
    SIOCSIFFLAGS 0x8914 0xffffffffffffffff
    SIOCGIFADDR 0x8915 0xffffffffffffffff
    SIOCSIFADDR 0x8916 0xffffffffffffffff
    SIOCGIFDSTADDR 0x8917 0xffffffffffffffff
    SIOCSIFDSTADDR 0x8918 0xffffffffffffffff
    SIOCGIFBRDADDR 0x8919 0xffffffffffffffff
    SIOCSIFBRDADDR 0x891a 0xffffffffffffffff
    SIOCGIFNETMASK 0x891b 0xffffffffffffffff
    SIOCSIFNETMASK 0x891c 0xffffffffffffffff
    SIOCGIFMETRIC 0x891d 0xffffffffffffffff
    SIOCSIFMETRIC 0x891e 0xffffffffffffffff
    SIOCGIFMTU 0x8921 0xffffffffffffffff
    SIOCSIFMTU 0x8922 0xffffffffffffffff
    SIOCSIFNAME 0x8923 0xffffffffffffffff
    SIOCSIFHWADDR 0x8924 0xffffffffffffffff
    SIOCGIFHWADDR 0x8927 0xffffffffffffffff
    SIOCGIFINDEX 0x8933 0xffffffffffffffff
    SIOCGIFTXQLEN 0x8942 0xffffffffffffffff
    SIOCSIFTXQLEN 0x8943 0xffffffffffffffff
    SIOCETHTOOL 0x8946 0xffffffffffffffff
    SIOCGMIIPHY 0x8947 0xffffffffffffffff
    SIOCGARP 0x8954 0xffffffffffffffff
    SIOCSARP 0x8955 0xffffffffffffffff
    SIOCDARP 0x8953 0xffffffffffffffff
    SIOCGIFMAP 0x8970 0xffffffffffffffff
    SIOCSIFMAP 0x8971 0xffffffffffffffff
    SIOCBRADDBR 0x89a0 0xffffffffffffffff
    SIOCBRDELBR 0x89a1 0xffffffffffffffff
    FIBMAP 0x1 0xffffffffffffffff
    FIGETBSZ 0x2 0xffffffffffffffff
    FIFREEZE 0xc0045877 0xffffffffffffffff
    FITHAW 0xc0045878 0xffffffffffffffff
    FITRIM 0xc0185879 0xffffffffffffffff
    FICLONE 0x40049409 0xffffffffffffffff
    FICLONERANGE 0x4020940d 0xffffffffffffffff
    FIDEDUPERANGE 0xc0189436 0xffffffffffffffff
    FS_IOC_GETFLAGS 0x80086601 0xffffffffffffffff
    FS_IOC_SETFLAGS 0x40086602 0xffffffffffffffff
    FS_IOC_GETVERSION 0x80087601 0xffffffffffffffff
    FS_IOC_SETVERSION 0x40087602 0xffffffffffffffff
    FS_IOC_FIEMAP 0xc020660b 0xffffffffffffffff
    FS_IOC_FSGETXATTR 0x801c581f 0xffffffffffffffff
    FS_IOC_FSSETXATTR 0x401c5820 0xffffffffffffffff
    FS_IOC_GETFSLABEL 0x81009431 0xffffffffffffffff
    FS_IOC_SETFSLABEL 0x41009432 0xffffffffffffffff
    BLKROSET 0x125d 0xffffffffffffffff
    BLKROGET 0x125e 0xffffffffffffffff
    BLKRRPART 0x125f 0xffffffffffffffff
    BLKGETSIZE 0x1260 0xffffffffffffffff
    BLKFLSBUF 0x1261 0xffffffffffffffff
    BLKRASET 0x1262 0xffffffffffffffff
    BLKRAGET 0x1263 0xffffffffffffffff
    BLKSSZGET 0x1268 0xffffffffffffffff
    BLKBSZGET 0x80081270 0xffffffffffffffff
    BLKBSZSET 0x40081271 0xffffffffffffffff
    BLKGETSIZE64 0x80081272 0xffffffffffffffff
    BLKDISCARD 0x1277 0xffffffffffffffff
    BLKIOMIN 0x1278 0xffffffffffffffff
    BLKIOOPT 0x1279 0xffffffffffffffff
    BLKALIGNOFF 0x127a 0xffffffffffffffff
    BLKPBSZGET 0x127b 0xffffffffffffffff
    BLKDISCARDZEROES 0x127c 0xffffffffffffffff
    BLKSECDISCARD 0x127d 0xffffffffffffffff
    BLKROTATIONAL 0x127e 0xffffffffffffffff
    BLKZEROOUT 0x127f 0xffffffffffffffff
    LOOP_SET_FD 0x4c00 0xffffffffffffffff
    LOOP_CLR_FD 0x4c01 0xffffffffffffffff
    LOOP_SET_STATUS 0x4c02 0xffffffffffffffff
    LOOP_GET_STATUS 0x4c03 0xffffffffffffffff
    LOOP_SET_STATUS64 0x4c04 0xffffffffffffffff
    LOOP_GET_STATUS64 0x4c05 0xffffffffffffffff
    LOOP_CHANGE_FD 0x4c06 0xffffffffffffffff
    LOOP_SET_CAPACITY 0x4c07 0xffffffffffffffff
    LOOP_SET_DIRECT_IO 0x4c08 0xffffffffffffffff
    LOOP_SET_BLOCK_SIZE 0x4c09 0xffffffffffffffff
    LOOP_CONFIGURE 0x4c0a 0xffffffffffffffff
    LOOP_CTL_ADD 0x4c80 0xffffffffffffffff
    LOOP_CTL_REMOVE 0x4c81 0xffffffffffffffff
    LOOP_CTL_GET_FREE 0x4c82 0xffffffffffffffff
    TUNSETIFF 0x400454ca 0xffffffffffffffff
    TUNGETIFF 0x800454d2 0xffffffffffffffff
    TUNSETPERSIST 0x400454cb 0xffffffffffffffff
    TUNSETOWNER 0x400454cc 0xffffffffffffffff
    TUNSETGROUP 0x400454ce 0xffffffffffffffff
    TUNGETFEATURES 0x800454cf 0xffffffffffffffff
    TUNSETOFFLOAD 0x400454d0 0xffffffffffffffff
    TUNSETVNETHDRSZ 0x400454d8 0xffffffffffffffff
    TUNSETQUEUE 0x400454d9 0xffffffffffffffff
    KVM_GET_API_VERSION 0xae00 0xffffffffffffffff
    KVM_CREATE_VM 0xae01 0xffffffffffffffff
    KVM_CHECK_EXTENSION 0xae03 0xffffffffffffffff
    KVM_GET_VCPU_MMAP_SIZE 0xae04 0xffffffffffffffff
    KVM_CREATE_VCPU 0xae41 0xffffffffffffffff
    KVM_RUN 0xae80 0xffffffffffffffff
    KVM_GET_REGS 0x8090ae81 0xffffffffffffffff
    KVM_SET_REGS 0x4090ae82 0xffffffffffffffff
    KVM_GET_SREGS 0x8138ae83 0xffffffffffffffff
    KVM_SET_SREGS 0x4138ae84 0xffffffffffffffff
    KVM_SET_USER_MEMORY_REGION 0x4020ae46 0xffffffffffffffff
    PERF_EVENT_IOC_ENABLE 0x2400 0xffffffffffffffff
    PERF_EVENT_IOC_DISABLE 0x2401 0xffffffffffffffff
    PERF_EVENT_IOC_REFRESH 0x2402 0xffffffffffffffff
    PERF_EVENT_IOC_RESET 0x2403 0xffffffffffffffff
    PERF_EVENT_IOC_PERIOD 0x40082404 0xffffffffffffffff
    PERF_EVENT_IOC_SET_OUTPUT 0x2405 0xffffffffffffffff
    PERF_EVENT_IOC_SET_FILTER 0x40082406 0xffffffffffffffff
    PERF_EVENT_IOC_ID 0x80082407 0xffffffffffffffff
    PERF_EVENT_IOC_SET_BPF 0x40042408 0xffffffffffffffff
    PERF_EVENT_IOC_PAUSE_OUTPUT 0x40042409 0xffffffffffffffff
    UFFDIO_API 0xc018aa3f 0xffffffffffffffff
    UFFDIO_REGISTER 0xc020aa00 0xffffffffffffffff
    UFFDIO_UNREGISTER 0x8010aa01 0xffffffffffffffff
    UFFDIO_WAKE 0x8010aa02 0xffffffffffffffff
    UFFDIO_COPY 0xc028aa03 0xffffffffffffffff
    UFFDIO_ZEROPAGE 0xc020aa04 0xffffffffffffffff
    UFFDIO_WRITEPROTECT 0xc018aa06 0xffffffffffffffff
    NS_GET_USERNS 0xb701 0xffffffffffffffff
    NS_GET_PARENT 0xb702 0xffffffffffffffff
    NS_GET_NSTYPE 0xb703 0xffffffffffffffff
    NS_GET_OWNER_UID 0xb704 0xffffffffffffffff
    RTC_RD_TIME 0x80247009 0xffffffffffffffff
    RTC_SET_TIME 0x4024700a 0xffffffffffffffff
    RTC_ALM_READ 0x80247008 0xffffffffffffffff
    RTC_ALM_SET 0x40247007 0xffffffffffffffff
    RNDGETENTCNT 0x80045200 0xffffffffffffffff
    RNDADDTOENTCNT 0x40045201 0xffffffffffffffff
    RNDADDENTROPY 0x40085203 0xffffffffffffffff
    RNDRESEEDCRNG 0x5207 0xffffffffffffffff
    VHOST_SET_OWNER 0xaf01 0xffffffffffffffff
    EVIOCGVERSION 0x80044501 0xffffffffffffffff
    EVIOCGID 0x80084502 0xffffffffffffffff
    EVIOCGRAB 0x40044590 0xffffffffffffffff
    DRM_IOCTL_VERSION 0xc0406400 0xffffffffffffffff
    SECCOMP_IOCTL_NOTIF_RECV 0xc0502100 0xffffffffffffffff
    SECCOMP_IOCTL_NOTIF_SEND 0xc0182101 0xffffffffffffffff
    SECCOMP_IOCTL_NOTIF_ID_VALID 0x40082102 0xffffffffffffffff
    SECCOMP_IOCTL_NOTIF_ADDFD 0x40182103 0xffffffffffffffff
}
set! { FILE_TYPE "file_type" "S_IF"
    S_IFSOCK 0xc000 0xffffffffffffffff
    S_IFLNK 0xa000 0xffffffffffffffff
    S_IFREG 0x8000 0xffffffffffffffff
    S_IFBLK 0x6000 0xffffffffffffffff
    S_IFDIR 0x4000 0xffffffffffffffff
    S_IFCHR 0x2000 0xffffffffffffffff
    S_IFIFO 0x1000 0xffffffffffffffff
}
set! { SOCKETCALL "socketcall" "SYS_"
    SYS_SOCKET 0x1 0xffffffffffffffff
    SYS_BIND 0x2 0xffffffffffffffff
    SYS_CONNECT 0x3 0xffffffffffffffff
    SYS_LISTEN 0x4 0xffffffffffffffff
    SYS_ACCEPT 0x5 0xffffffffffffffff
    SYS_GETSOCKNAME 0x6 0xffffffffffffffff
    SYS_GETPEERNAME 0x7 0xffffffffffffffff
    SYS_SOCKETPAIR 0x8 0xffffffffffffffff
    SYS_SEND 0x9 0xffffffffffffffff
    SYS_RECV 0xa 0xffffffffffffffff
    SYS_SENDTO 0xb 0xffffffffffffffff
    SYS_RECVFROM 0xc 0xffffffffffffffff
    SYS_SHUTDOWN 0xd 0xffffffffffffffff
    SYS_SETSOCKOPT 0xe 0xffffffffffffffff
    SYS_GETSOCKOPT 0xf 0xffffffffffffffff
    SYS_SENDMSG 0x10 0xffffffffffffffff
    SYS_RECVMSG 0x11 0xffffffffffffffff
    SYS_ACCEPT4 0x12 0xffffffffffffffff
    SYS_RECVMMSG 0x13 0xffffffffffffffff
    SYS_SENDMMSG 0x14 0xffffffffffffffff
}
set! { IOCB "iocb" "IOCB_CMD_"
    IOCB_CMD_PREAD 0x0 0xffffffffffffffff
    IOCB_CMD_PWRITE 0x1 0xffffffffffffffff
    IOCB_CMD_FSYNC 0x2 0xffffffffffffffff
    IOCB_CMD_FDSYNC 0x3 0xffffffffffffffff
    IOCB_CMD_POLL 0x5 0xffffffffffffffff
    IOCB_CMD_NOOP 0x6 0xffffffffffffffff
    IOCB_CMD_PREADV 0x7 0xffffffffffffffff
    IOCB_CMD_PWRITEV 0x8 0xffffffffffffffff
}
set! { TIMEX "timex" "ADJ_"
    ADJ_OFFSET 0x1 0x1
    ADJ_FREQUENCY 0x2 0x2
    ADJ_MAXERROR 0x4 0x4
    ADJ_ESTERROR 0x8 0x8
    ADJ_STATUS 0x10 0x10
    ADJ_TIMECONST 0x20 0x20
    ADJ_TAI 0x80 0x80
    ADJ_SETOFFSET 0x100 0x100
    ADJ_MICRO 0x1000 0x1000
    ADJ_NANO 0x2000 0x2000
    ADJ_TICK 0x4000 0x4000
}
set! { TIMEX_STATUS "timex_status" "STA_"
    STA_PLL 0x1 0x1
    STA_PPSFREQ 0x2 0x2
    STA_PPSTIME 0x4 0x4
    STA_FLL 0x8 0x8
    STA_INS 0x10 0x10
    STA_DEL 0x20 0x20
    STA_UNSYNC 0x40 0x40
    STA_FREQHOLD 0x80 0x80
    STA_PPSSIGNAL 0x100 0x100
    STA_PPSJITTER 0x200 0x200
    STA_PPSWANDER 0x400 0x400
    STA_PPSERROR 0x800 0x800
    STA_CLOCKERR 0x1000 0x1000
    STA_NANO 0x2000 0x2000
    STA_MODE 0x4000 0x4000
    STA_CLK 0x8000 0x8000
}
set! { TIMEX_STATE "timex_state" "TIME_"
    TIME_OK 0x0 0xffffffffffffffff
    TIME_INS 0x1 0xffffffffffffffff
    TIME_DEL 0x2 0xffffffffffffffff
    TIME_OOP 0x3 0xffffffffffffffff
    TIME_WAIT 0x4 0xffffffffffffffff
    TIME_ERROR 0x5 0xffffffffffffffff
}
set! { DIRENT_TYPE "dirent_type" "DT_"
    DT_UNKNOWN 0x0 0xffffffffffffffff
    DT_FIFO 0x1 0xffffffffffffffff
    DT_CHR 0x2 0xffffffffffffffff
    DT_DIR 0x4 0xffffffffffffffff
    DT_BLK 0x6 0xffffffffffffffff
    DT_REG 0x8 0xffffffffffffffff
    DT_LNK 0xa 0xffffffffffffffff
    DT_SOCK 0xc 0xffffffffffffffff
    DT_WHT 0xe 0xffffffffffffffff
}
set! { MQ "mq" "O_"
    O_NONBLOCK 0x800 0x800
}
set! { TERMIOS_IFLAG "termios_iflag" "I"
    IGNBRK 0x1 0x1
    BRKINT 0x2 0x2
    IGNPAR 0x4 0x4
    PARMRK 0x8 0x8
    INPCK 0x10 0x10
    ISTRIP 0x20 0x20
    INLCR 0x40 0x40
    IGNCR 0x80 0x80
    ICRNL 0x100 0x100
    IUCLC 0x200 0x200
    IXON 0x400 0x400
    IXANY 0x800 0x800
    IXOFF 0x1000 0x1000
    IMAXBEL 0x2000 0x2000
    IUTF8 0x4000 0x4000
}
set! { TERMIOS_OFLAG "termios_oflag" "O"
    NL0 0x0 0x100
    NL1 0x100 0x100
    CR0 0x0 0x600
    CR1 0x200 0x600
    CR2 0x400 0x600
    CR3 0x600 0x600
    TAB0 0x0 0x1800
    TAB1 0x800 0x1800
    TAB2 0x1000 0x1800
    TAB3 0x1800 0x1800
    BS0 0x0 0x2000
    BS1 0x2000 0x2000
    VT0 0x0 0x4000
    VT1 0x4000 0x4000
    FF0 0x0 0x8000
    FF1 0x8000 0x8000
    OPOST 0x1 0x1
    OLCUC 0x2 0x2
    ONLCR 0x4 0x4
    OCRNL 0x8 0x8
    ONOCR 0x10 0x10
    ONLRET 0x20 0x20
    OFILL 0x40 0x40
    OFDEL 0x80 0x80
}
set! { TERMIOS_CFLAG "termios_cflag" "C"
    B0 0x0 0x100f
    B50 0x1 0x100f
    B75 0x2 0x100f
    B110 0x3 0x100f
    B134 0x4 0x100f
    B150 0x5 0x100f
    B200 0x6 0x100f
    B300 0x7 0x100f
    B600 0x8 0x100f
    B1200 0x9 0x100f
    B1800 0xa 0x100f
    B2400 0xb 0x100f
    B4800 0xc 0x100f
    B9600 0xd 0x100f
    B19200 0xe 0x100f
    B38400 0xf 0x100f
    B57600 0x1001 0x100f
    B115200 0x1002 0x100f
    B230400 0x1003 0x100f
    B460800 0x1004 0x100f
    B921600 0x1007 0x100f
    CS5 0x0 0x30
    CS6 0x10 0x30
    CS7 0x20 0x30
    CS8 0x30 0x30
    CSTOPB 0x40 0x40
    CREAD 0x80 0x80
    PARENB 0x100 0x100
    PARODD 0x200 0x200
    HUPCL 0x400 0x400
    CLOCAL 0x800 0x800
    CMSPAR 0x40000000 0x40000000
    CRTSCTS 0x80000000 0x80000000
}
set! { TERMIOS_LFLAG "termios_lflag" "I"
    ISIG 0x1 0x1
    ICANON 0x2 0x2
    XCASE 0x4 0x4
    ECHO 0x8 0x8
    ECHOE 0x10 0x10
    ECHOK 0x20 0x20
    ECHONL 0x40 0x40
    NOFLSH 0x80 0x80
    TOSTOP 0x100 0x100
    IEXTEN 0x8000 0x8000
    ECHOCTL 0x200 0x200
    ECHOPRT 0x400 0x400
    ECHOKE 0x800 0x800
    FLUSHO 0x1000 0x1000
    PENDIN 0x4000 0x4000
    EXTPROC 0x10000 0x10000
}
set! { IFF "iff" "IFF_"
    IFF_UP 0x1 0x1
    IFF_BROADCAST 0x2 0x2
    IFF_DEBUG 0x4 0x4
    IFF_LOOPBACK 0x8 0x8
    IFF_POINTOPOINT 0x10 0x10
    IFF_NOTRAILERS 0x20 0x20
    IFF_RUNNING 0x40 0x40
    IFF_NOARP 0x80 0x80
    IFF_PROMISC 0x100 0x100
    IFF_ALLMULTI 0x200 0x200
    IFF_MASTER 0x400 0x400
    IFF_SLAVE 0x800 0x800
    IFF_MULTICAST 0x1000 0x1000
    IFF_PORTSEL 0x2000 0x2000
    IFF_AUTOMEDIA 0x4000 0x4000
    IFF_DYNAMIC 0x8000 0x8000
}
set! { IOPRIO_CLASS "ioprio_class" "IOPRIO_CLASS_"
    IOPRIO_CLASS_NONE 0x0 0xffffffffffffffff
    IOPRIO_CLASS_RT 0x1 0xffffffffffffffff
    IOPRIO_CLASS_BE 0x2 0xffffffffffffffff
    IOPRIO_CLASS_IDLE 0x3 0xffffffffffffffff
}
set! { FUTEX_OP "futex_op" "FUTEX_OP_"
    FUTEX_OP_SET 0x0 0xffffffffffffffff
    FUTEX_OP_ADD 0x1 0xffffffffffffffff
    FUTEX_OP_OR 0x2 0xffffffffffffffff
    FUTEX_OP_ANDN 0x3 0xffffffffffffffff
    FUTEX_OP_XOR 0x4 0xffffffffffffffff
}
set! { FUTEX_CMP "futex_cmp" "FUTEX_OP_CMP_"
    FUTEX_OP_CMP_EQ 0x0 0xffffffffffffffff
    FUTEX_OP_CMP_NE 0x1 0xffffffffffffffff
    FUTEX_OP_CMP_LT 0x2 0xffffffffffffffff
    FUTEX_OP_CMP_LE 0x3 0xffffffffffffffff
    FUTEX_OP_CMP_GT 0x4 0xffffffffffffffff
    FUTEX_OP_CMP_GE 0x5 0xffffffffffffffff
}
set! { ETHER_TYPE "ether_type" "ETH_P_"
    ETH_P_ALL 0x3 0xffffffffffffffff
    ETH_P_IP 0x800 0xffffffffffffffff
    ETH_P_ARP 0x806 0xffffffffffffffff
    ETH_P_8021Q 0x8100 0xffffffffffffffff
    ETH_P_IPV6 0x86dd 0xffffffffffffffff
    ETH_P_LOOP 0x60 0xffffffffffffffff
    ETH_P_PAE 0x888e 0xffffffffffffffff
    ETH_P_LLDP 0x88cc 0xffffffffffffffff
}
set! { PERF_TYPE "perf_type" "PERF_TYPE_"
    PERF_TYPE_HARDWARE 0x0 0xffffffffffffffff
    PERF_TYPE_SOFTWARE 0x1 0xffffffffffffffff
    PERF_TYPE_TRACEPOINT 0x2 0xffffffffffffffff
    PERF_TYPE_HW_CACHE 0x3 0xffffffffffffffff
    PERF_TYPE_RAW 0x4 0xffffffffffffffff
    PERF_TYPE_BREAKPOINT 0x5 0xffffffffffffffff
}
set! { PERF_SAMPLE "perf_sample" "PERF_SAMPLE_"
    PERF_SAMPLE_IP 0x1 0x1
    PERF_SAMPLE_TID 0x2 0x2
    PERF_SAMPLE_TIME 0x4 0x4
    PERF_SAMPLE_ADDR 0x8 0x8
    PERF_SAMPLE_READ 0x10 0x10
    PERF_SAMPLE_CALLCHAIN 0x20 0x20
    PERF_SAMPLE_ID 0x40 0x40
    PERF_SAMPLE_CPU 0x80 0x80
    PERF_SAMPLE_PERIOD 0x100 0x100
    PERF_SAMPLE_STREAM_ID 0x200 0x200
    PERF_SAMPLE_RAW 0x400 0x400
    PERF_SAMPLE_BRANCH_STACK 0x800 0x800
    PERF_SAMPLE_REGS_USER 0x1000 0x1000
    PERF_SAMPLE_STACK_USER 0x2000 0x2000
    PERF_SAMPLE_WEIGHT 0x4000 0x4000
    PERF_SAMPLE_DATA_SRC 0x8000 0x8000
    PERF_SAMPLE_IDENTIFIER 0x10000 0x10000
    PERF_SAMPLE_TRANSACTION 0x20000 0x20000
    PERF_SAMPLE_REGS_INTR 0x40000 0x40000
    PERF_SAMPLE_PHYS_ADDR 0x80000 0x80000
    PERF_SAMPLE_AUX 0x100000 0x100000
    PERF_SAMPLE_CGROUP 0x200000 0x200000
    PERF_SAMPLE_DATA_PAGE_SIZE 0x400000 0x400000
    PERF_SAMPLE_CODE_PAGE_SIZE 0x800000 0x800000
    PERF_SAMPLE_WEIGHT_STRUCT 0x1000000 0x1000000
}
set! { PERF_FORMAT "perf_format" "PERF_FORMAT_"
    PERF_FORMAT_TOTAL_TIME_ENABLED 0x1 0x1
    PERF_FORMAT_TOTAL_TIME_RUNNING 0x2 0x2
    PERF_FORMAT_ID 0x4 0x4
    PERF_FORMAT_GROUP 0x8 0x8
    PERF_FORMAT_LOST 0x10 0x10
}
set! { BPF_MAP_TYPE "bpf_map_type" "BPF_MAP_TYPE_"
    BPF_MAP_TYPE_UNSPEC 0x0 0xffffffffffffffff
    BPF_MAP_TYPE_HASH 0x1 0xffffffffffffffff
    BPF_MAP_TYPE_ARRAY 0x2 0xffffffffffffffff
    BPF_MAP_TYPE_PROG_ARRAY 0x3 0xffffffffffffffff
    BPF_MAP_TYPE_PERF_EVENT_ARRAY 0x4 0xffffffffffffffff
    BPF_MAP_TYPE_PERCPU_HASH 0x5 0xffffffffffffffff
    BPF_MAP_TYPE_PERCPU_ARRAY 0x6 0xffffffffffffffff
    BPF_MAP_TYPE_STACK_TRACE 0x7 0xffffffffffffffff
    BPF_MAP_TYPE_CGROUP_ARRAY 0x8 0xffffffffffffffff
    BPF_MAP_TYPE_LRU_HASH 0x9 0xffffffffffffffff
    BPF_MAP_TYPE_LRU_PERCPU_HASH 0xa 0xffffffffffffffff
    BPF_MAP_TYPE_LPM_TRIE 0xb 0xffffffffffffffff
    BPF_MAP_TYPE_ARRAY_OF_MAPS 0xc 0xffffffffffffffff
    BPF_MAP_TYPE_HASH_OF_MAPS 0xd 0xffffffffffffffff
    BPF_MAP_TYPE_DEVMAP 0xe 0xffffffffffffffff
    BPF_MAP_TYPE_SOCKMAP 0xf 0xffffffffffffffff
    BPF_MAP_TYPE_CPUMAP 0x10 0xffffffffffffffff
    BPF_MAP_TYPE_XSKMAP 0x11 0xffffffffffffffff
    BPF_MAP_TYPE_SOCKHASH 0x12 0xffffffffffffffff
    BPF_MAP_TYPE_QUEUE 0x16 0xffffffffffffffff
    BPF_MAP_TYPE_STACK 0x17 0xffffffffffffffff
    BPF_MAP_TYPE_SK_STORAGE 0x18 0xffffffffffffffff
    BPF_MAP_TYPE_DEVMAP_HASH 0x19 0xffffffffffffffff
    BPF_MAP_TYPE_STRUCT_OPS 0x1a 0xffffffffffffffff
    BPF_MAP_TYPE_RINGBUF 0x1b 0xffffffffffffffff
    BPF_MAP_TYPE_INODE_STORAGE 0x1c 0xffffffffffffffff
    BPF_MAP_TYPE_TASK_STORAGE 0x1d 0xffffffffffffffff
    BPF_MAP_TYPE_BLOOM_FILTER 0x1e 0xffffffffffffffff
}
set! { BPF_PROG_TYPE "bpf_prog_type" "BPF_PROG_TYPE_"
    BPF_PROG_TYPE_UNSPEC 0x0 0xffffffffffffffff
    BPF_PROG_TYPE_SOCKET_FILTER 0x1 0xffffffffffffffff
    BPF_PROG_TYPE_KPROBE 0x2 0xffffffffffffffff
    BPF_PROG_TYPE_SCHED_CLS 0x3 0xffffffffffffffff
    BPF_PROG_TYPE_SCHED_ACT 0x4 0xffffffffffffffff
    BPF_PROG_TYPE_TRACEPOINT 0x5 0xffffffffffffffff
    BPF_PROG_TYPE_XDP 0x6 0xffffffffffffffff
    BPF_PROG_TYPE_PERF_EVENT 0x7 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_SKB 0x8 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_SOCK 0x9 0xffffffffffffffff
    BPF_PROG_TYPE_LWT_IN 0xa 0xffffffffffffffff
    BPF_PROG_TYPE_LWT_OUT 0xb 0xffffffffffffffff
    BPF_PROG_TYPE_LWT_XMIT 0xc 0xffffffffffffffff
    BPF_PROG_TYPE_SOCK_OPS 0xd 0xffffffffffffffff
    BPF_PROG_TYPE_SK_SKB 0xe 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_DEVICE 0xf 0xffffffffffffffff
    BPF_PROG_TYPE_SK_MSG 0x10 0xffffffffffffffff
    BPF_PROG_TYPE_RAW_TRACEPOINT 0x11 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_SOCK_ADDR 0x12 0xffffffffffffffff
    BPF_PROG_TYPE_LWT_SEG6LOCAL 0x13 0xffffffffffffffff
    BPF_PROG_TYPE_LIRC_MODE2 0x14 0xffffffffffffffff
    BPF_PROG_TYPE_SK_REUSEPORT 0x15 0xffffffffffffffff
    BPF_PROG_TYPE_FLOW_DISSECTOR 0x16 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_SYSCTL 0x17 0xffffffffffffffff
    BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE 0x18 0xffffffffffffffff
    BPF_PROG_TYPE_CGROUP_SOCKOPT 0x19 0xffffffffffffffff
    BPF_PROG_TYPE_TRACING 0x1a 0xffffffffffffffff
    BPF_PROG_TYPE_STRUCT_OPS 0x1b 0xffffffffffffffff
    BPF_PROG_TYPE_EXT 0x1c 0xffffffffffffffff
    BPF_PROG_TYPE_LSM 0x1d 0xffffffffffffffff
    BPF_PROG_TYPE_SK_LOOKUP 0x1e 0xffffffffffffffff
    BPF_PROG_TYPE_SYSCALL 0x1f 0xffffffffffffffff
}
set! { BPF_ELEM "bpf_elem" "BPF_"
    BPF_ANY 0x0 0xffffffffffffffff
    BPF_NOEXIST 0x1 0xffffffffffffffff
    BPF_EXIST 0x2 0xffffffffffffffff
    BPF_F_LOCK 0x4 0xffffffffffffffff
}
set! { QUOTA_FORMAT "quota_format" "QFMT_"
    QFMT_VFS_OLD 0x1 0xffffffffffffffff
    QFMT_VFS_V0 0x2 0xffffffffffffffff
    QFMT_OCFS2 0x3 0xffffffffffffffff
    QFMT_VFS_V1 0x4 0xffffffffffffffff
}
set! { TERMINAL_QUEUE "terminal_queue" "TC"
    TCIFLUSH 0x0 0xffffffffffffffff
    TCOFLUSH 0x1 0xffffffffffffffff
    TCIOFLUSH 0x2 0xffffffffffffffff
}
set! { TERMINAL_FLOW "terminal_flow" "TC"
    TCOOFF 0x0 0xffffffffffffffff
    TCOON 0x1 0xffffffffffffffff
    TCIOFF 0x2 0xffffffffffffffff
    TCION 0x3 0xffffffffffffffff
}
