//! Error numbers: names, texts, and which return values are errors.
//!
//! The numbers are those of `include/uapi/asm-generic/errno.h` and `errno-base.h`, which x86 and aarch64 share, and
//! of the kernel's own `include/linux/errno.h`. The latter never reach a program, but a tracer sees them at a
//! syscall-exit stop: 512 to 514 and 516 stand for a call that a signal interrupted and that the kernel
//! is about to restart or to turn into `EINTR`.

/// The largest value that the kernel returns negated as an error (`MAX_ERRNO`, include/linux/err.h).
pub const MAX: u32 = 4095;

/// The error in a return value: `Some(2)` for -2, `None` unless `ret` lies in -4095..=-1.
///
/// Addresses that mmap(2) or brk(2) return are not errors, however large: those of user space never reach that range.
/// An i386 task's return value has 32 bits: sign-extend it first (`value as u32 as i32 as i64`).
/// Nor do other calls return one of that range on success: getpriority(2), whose result may be negative, gives
/// 20 minus it.
pub const fn from_return(ret: i64) -> Option<u32> {
    if ret < 0 && ret >= -(MAX as i64) { Some(-ret as u32) } else { None }
}

/// The name, `ENOENT` for 2. Where two names share a number, the older one: `EAGAIN`, `EDEADLK`, `EOPNOTSUPP`.
pub fn name(errno: u32) -> Option<&'static str> {
    find(errno).map(|(_, name, _)| *name)
}

/// The usual text, `No such file or directory` for 2.
pub fn text(errno: u32) -> Option<&'static str> {
    find(errno).map(|(_, _, text)| *text)
}

/// The number of a name, aliases such as `EWOULDBLOCK` among them.
pub fn from_name(name: &str) -> Option<u32> {
    let name = match name {
        "EWOULDBLOCK" => "EAGAIN",
        "EDEADLOCK" => "EDEADLK",
        "ENOTSUP" => "EOPNOTSUPP",
        name => name,
    };
    ERRORS.iter().find(|(_, known, _)| *known == name).map(|(errno, _, _)| *errno)
}

/// Whether it is one of the kernel's own that stand for an interrupted call: `ERESTARTSYS`, `ERESTARTNOINTR`,
/// `ERESTARTNOHAND`, `ERESTART_RESTARTBLOCK`. The program sees a restarted call or `EINTR` instead.
pub const fn is_restart(errno: u32) -> bool {
    matches!(errno, 512..=514 | 516)
}

fn find(errno: u32) -> Option<&'static (u32, &'static str, &'static str)> {
    ERRORS.binary_search_by_key(&errno, |(number, _, _)| *number).ok().map(|position| &ERRORS[position])
}

/// Number, name and text, in the order of the numbers.
#[rustfmt::skip]
static ERRORS: &[(u32, &str, &str)] = &[
    (1, "EPERM", "Operation not permitted"),
    (2, "ENOENT", "No such file or directory"),
    (3, "ESRCH", "No such process"),
    (4, "EINTR", "Interrupted system call"),
    (5, "EIO", "Input/output error"),
    (6, "ENXIO", "No such device or address"),
    (7, "E2BIG", "Argument list too long"),
    (8, "ENOEXEC", "Exec format error"),
    (9, "EBADF", "Bad file descriptor"),
    (10, "ECHILD", "No child processes"),
    (11, "EAGAIN", "Resource temporarily unavailable"),
    (12, "ENOMEM", "Cannot allocate memory"),
    (13, "EACCES", "Permission denied"),
    (14, "EFAULT", "Bad address"),
    (15, "ENOTBLK", "Block device required"),
    (16, "EBUSY", "Device or resource busy"),
    (17, "EEXIST", "File exists"),
    (18, "EXDEV", "Invalid cross-device link"),
    (19, "ENODEV", "No such device"),
    (20, "ENOTDIR", "Not a directory"),
    (21, "EISDIR", "Is a directory"),
    (22, "EINVAL", "Invalid argument"),
    (23, "ENFILE", "Too many open files in system"),
    (24, "EMFILE", "Too many open files"),
    (25, "ENOTTY", "Inappropriate ioctl for device"),
    (26, "ETXTBSY", "Text file busy"),
    (27, "EFBIG", "File too large"),
    (28, "ENOSPC", "No space left on device"),
    (29, "ESPIPE", "Illegal seek"),
    (30, "EROFS", "Read-only file system"),
    (31, "EMLINK", "Too many links"),
    (32, "EPIPE", "Broken pipe"),
    (33, "EDOM", "Numerical argument out of domain"),
    (34, "ERANGE", "Numerical result out of range"),
    (35, "EDEADLK", "Resource deadlock avoided"),
    (36, "ENAMETOOLONG", "File name too long"),
    (37, "ENOLCK", "No locks available"),
    (38, "ENOSYS", "Function not implemented"),
    (39, "ENOTEMPTY", "Directory not empty"),
    (40, "ELOOP", "Too many levels of symbolic links"),
    (42, "ENOMSG", "No message of desired type"),
    (43, "EIDRM", "Identifier removed"),
    (44, "ECHRNG", "Channel number out of range"),
    (45, "EL2NSYNC", "Level 2 not synchronized"),
    (46, "EL3HLT", "Level 3 halted"),
    (47, "EL3RST", "Level 3 reset"),
    (48, "ELNRNG", "Link number out of range"),
    (49, "EUNATCH", "Protocol driver not attached"),
    (50, "ENOCSI", "No CSI structure available"),
    (51, "EL2HLT", "Level 2 halted"),
    (52, "EBADE", "Invalid exchange"),
    (53, "EBADR", "Invalid request descriptor"),
    (54, "EXFULL", "Exchange full"),
    (55, "ENOANO", "No anode"),
    (56, "EBADRQC", "Invalid request code"),
    (57, "EBADSLT", "Invalid slot"),
    (59, "EBFONT", "Bad font file format"),
    (60, "ENOSTR", "Device not a stream"),
    (61, "ENODATA", "No data available"),
    (62, "ETIME", "Timer expired"),
    (63, "ENOSR", "Out of streams resources"),
    (64, "ENONET", "Machine is not on the network"),
    (65, "ENOPKG", "Package not installed"),
    (66, "EREMOTE", "Object is remote"),
    (67, "ENOLINK", "Link has been severed"),
    (68, "EADV", "Advertise error"),
    (69, "ESRMNT", "Srmount error"),
    (70, "ECOMM", "Communication error on send"),
    (71, "EPROTO", "Protocol error"),
    (72, "EMULTIHOP", "Multihop attempted"),
    (73, "EDOTDOT", "RFS specific error"),
    (74, "EBADMSG", "Bad message"),
    (75, "EOVERFLOW", "Value too large for defined data type"),
    (76, "ENOTUNIQ", "Name not unique on network"),
    (77, "EBADFD", "File descriptor in bad state"),
    (78, "EREMCHG", "Remote address changed"),
    (79, "ELIBACC", "Can not access a needed shared library"),
    (80, "ELIBBAD", "Accessing a corrupted shared library"),
    (81, "ELIBSCN", ".lib section in a.out corrupted"),
    (82, "ELIBMAX", "Attempting to link in too many shared libraries"),
    (83, "ELIBEXEC", "Cannot exec a shared library directly"),
    (84, "EILSEQ", "Invalid or incomplete multibyte or wide character"),
    (85, "ERESTART", "Interrupted system call should be restarted"),
    (86, "ESTRPIPE", "Streams pipe error"),
    (87, "EUSERS", "Too many users"),
    (88, "ENOTSOCK", "Socket operation on non-socket"),
    (89, "EDESTADDRREQ", "Destination address required"),
    (90, "EMSGSIZE", "Message too long"),
    (91, "EPROTOTYPE", "Protocol wrong type for socket"),
    (92, "ENOPROTOOPT", "Protocol not available"),
    (93, "EPROTONOSUPPORT", "Protocol not supported"),
    (94, "ESOCKTNOSUPPORT", "Socket type not supported"),
    (95, "EOPNOTSUPP", "Operation not supported"),
    (96, "EPFNOSUPPORT", "Protocol family not supported"),
    (97, "EAFNOSUPPORT", "Address family not supported by protocol"),
    (98, "EADDRINUSE", "Address already in use"),
    (99, "EADDRNOTAVAIL", "Cannot assign requested address"),
    (100, "ENETDOWN", "Network is down"),
    (101, "ENETUNREACH", "Network is unreachable"),
    (102, "ENETRESET", "Network dropped connection on reset"),
    (103, "ECONNABORTED", "Software caused connection abort"),
    (104, "ECONNRESET", "Connection reset by peer"),
    (105, "ENOBUFS", "No buffer space available"),
    (106, "EISCONN", "Transport endpoint is already connected"),
    (107, "ENOTCONN", "Transport endpoint is not connected"),
    (108, "ESHUTDOWN", "Cannot send after transport endpoint shutdown"),
    (109, "ETOOMANYREFS", "Too many references: cannot splice"),
    (110, "ETIMEDOUT", "Connection timed out"),
    (111, "ECONNREFUSED", "Connection refused"),
    (112, "EHOSTDOWN", "Host is down"),
    (113, "EHOSTUNREACH", "No route to host"),
    (114, "EALREADY", "Operation already in progress"),
    (115, "EINPROGRESS", "Operation now in progress"),
    (116, "ESTALE", "Stale file handle"),
    (117, "EUCLEAN", "Structure needs cleaning"),
    (118, "ENOTNAM", "Not a XENIX named type file"),
    (119, "ENAVAIL", "No XENIX semaphores available"),
    (120, "EISNAM", "Is a named type file"),
    (121, "EREMOTEIO", "Remote I/O error"),
    (122, "EDQUOT", "Disk quota exceeded"),
    (123, "ENOMEDIUM", "No medium found"),
    (124, "EMEDIUMTYPE", "Wrong medium type"),
    (125, "ECANCELED", "Operation canceled"),
    (126, "ENOKEY", "Required key not available"),
    (127, "EKEYEXPIRED", "Key has expired"),
    (128, "EKEYREVOKED", "Key has been revoked"),
    (129, "EKEYREJECTED", "Key was rejected by service"),
    (130, "EOWNERDEAD", "Owner died"),
    (131, "ENOTRECOVERABLE", "State not recoverable"),
    (132, "ERFKILL", "Operation not possible due to RF-kill"),
    (133, "EHWPOISON", "Memory page has hardware error"),
    (512, "ERESTARTSYS", "To be restarted if SA_RESTART is set"),
    (513, "ERESTARTNOINTR", "To be restarted"),
    (514, "ERESTARTNOHAND", "To be restarted if no handler"),
    (515, "ENOIOCTLCMD", "ioctl command not known to the driver"),
    (516, "ERESTART_RESTARTBLOCK", "Interrupted by signal, to be continued by restart_syscall"),
    (517, "EPROBE_DEFER", "Driver to be probed later"),
    (518, "EOPENSTALE", "Directory entry went stale during open"),
    (519, "ENOPARAM", "Mount parameter not known"),
    (521, "EBADHANDLE", "NFS file handle is not valid"),
    (522, "ENOTSYNC", "NFS update is out of step"),
    (523, "EBADCOOKIE", "Directory cookie went stale"),
    (524, "ENOTSUPP", "Operation not supported by the driver"),
    (525, "ETOOSMALL", "NFS buffer or request is too small"),
    (526, "ESERVERFAULT", "NFS server failed without a known reason"),
    (527, "EBADTYPE", "NFS server does not know the file type"),
    (528, "EJUKEBOX", "NFS request was started and will take long"),
    (529, "EIOCBQUEUED", "Request queued, to be completed later"),
    (530, "ERECALLCONFLICT", "Delegation is being recalled"),
    (531, "ENOGRACE", "NFS lock cannot be reclaimed now"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_top_4095_values_are_errors() {
        assert_eq!(from_return(-1), Some(1));
        assert_eq!(from_return(-4095), Some(4095));
        assert_eq!(from_return(-4096), None);
        assert_eq!(from_return(0), None);
        assert_eq!(from_return(i64::MIN), None);
        assert_eq!(from_return(i64::MAX), None);
        assert_eq!(from_return(0x7fff_ffff_f000), None);
        // What i386 leaves in the register for -2, without and with the caller's sign extension.
        assert_eq!(from_return(0xffff_fffe), None);
        assert_eq!(from_return(i64::from(0xffff_fffe_u32 as i32)), Some(2));
    }

    #[test]
    fn rows_are_in_order_and_lead_back_from_their_names() {
        assert!(ERRORS.is_sorted_by(|a, b| a.0 < b.0));
        for (errno, name, _) in ERRORS {
            assert_eq!(from_name(name), Some(*errno));
        }
        assert_eq!(from_name("EWOULDBLOCK"), from_name("EAGAIN"));
        assert_eq!(from_name("ENONSENSE"), None);
        assert_eq!(name(41), None, "a gap in the kernel's numbers");
        assert_eq!(text(4095), None);
    }
}
