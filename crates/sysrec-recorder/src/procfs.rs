//! What `/proc` tells of a task, at the few moments when the recorder asks (start, exec, attach): proc(5).
//!
//! Every function gives nothing where the task is gone or closed to us: that is no error, it is how tasks are.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;

/// One executable mapping of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExecutableMapping {
    pub address: u64,
    pub length: u64,
    pub file_offset: u64,
    pub path: Vec<u8>,
    pub writable: bool,
    pub private: bool,
}

/// One mapping of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub address: u64,
    pub length: u64,
    pub file_offset: u64,
    pub inode: u64,
    pub path: Vec<u8>,
    pub executable: bool,
    pub writable: bool,
    pub private: bool,
}

/// A `comm` has 15 bytes and a newline; that of a kernel thread may be longer.
const COMM_BYTES_MAX: usize = 64;
/// Arguments beyond this many bytes in all are cut: a trace describes a command, it does not archive it.
const ARGV_BYTES_MAX: usize = 16 * 1024;

fn link(path: String) -> Vec<u8> {
    fs::read_link(path).map(|target| target.into_os_string().into_vec()).unwrap_or_default()
}

/// A file of `/proc` in few system calls: they have no size that could be asked for, and each exec reads three.
fn read(path: &str) -> Vec<u8> {
    const STEP_BYTES: usize = 8192;
    let Ok(mut file) = fs::File::open(path) else { return Vec::new() };
    let mut bytes = Vec::new();
    loop {
        let end = bytes.len();
        bytes.resize(end + STEP_BYTES, 0);
        match file.read(&mut bytes[end..]) {
            Ok(count @ 1..) => bytes.truncate(end + count),
            _ => {
                bytes.truncate(end);
                return bytes;
            }
        }
    }
}

/// The beginning of a file of `/proc`, in one read.
fn read_start(path: &str, bytes_max: usize) -> Vec<u8> {
    let mut bytes = vec![0; bytes_max];
    let count = fs::File::open(path).and_then(|mut file| file.read(&mut bytes)).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// `/proc/TID/comm`, without its newline.
pub(crate) fn comm(tid: i32) -> Vec<u8> {
    let mut comm = read_start(&format!("/proc/{tid}/comm"), COMM_BYTES_MAX);
    if comm.last() == Some(&b'\n') {
        comm.pop();
    }
    comm
}

/// When a process started, clock ticks after boot: field 22 of `/proc/PID/stat`.
pub(crate) fn started(pid: u32) -> Option<u64> {
    stat_field(i32::try_from(pid).ok()?, 22)
}

/// Where the program found its arguments: the stack pointer that the kernel began it with.
pub(crate) fn stack_start(pid: i32) -> Option<u64> {
    stat_field(pid, 28).filter(|&start| start != 0)
}

/// `/proc/PID/exe`.
pub(crate) fn exe(pid: i32) -> Vec<u8> {
    link(format!("/proc/{pid}/exe"))
}

/// `/proc/PID/cwd`.
pub(crate) fn working_directory(pid: i32) -> Vec<u8> {
    link(format!("/proc/{pid}/cwd"))
}

/// `/proc/PID/fd/N`.
pub(crate) fn descriptor(pid: i32, fd: i32) -> Vec<u8> {
    link(format!("/proc/{pid}/fd/{fd}"))
}

/// `/proc/PID/cmdline`, split at its NULs.
pub(crate) fn argv(pid: i32) -> Vec<Vec<u8>> {
    let mut bytes = read_start(&format!("/proc/{pid}/cmdline"), ARGV_BYTES_MAX);
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.is_empty() { Vec::new() } else { bytes.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect() }
}

/// The open descriptors, in order.
pub(crate) fn descriptors(pid: i32) -> Vec<i32> {
    let mut numbers: Vec<i32> = numeric_entries(&format!("/proc/{pid}/fd"));
    numbers.sort_unstable();
    numbers
}

/// The threads of a process.
pub(crate) fn tasks(pid: i32) -> Vec<i32> {
    numeric_entries(&format!("/proc/{pid}/task"))
}

fn numeric_entries(folder: &str) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A numeric or textual field of `/proc/TID/status`.
pub(crate) fn status_field(tid: i32, field: &str) -> Option<String> {
    let [value] = status_fields(tid, [field]);
    value
}

/// Several of them, of one moment.
pub(crate) fn status_fields<const N: usize>(tid: i32, fields: [&str; N]) -> [Option<String>; N] {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let value = |field| status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    fields.map(|field| value(field).map(|value| value.trim().to_owned()))
}

/// Who traces a task: a tid; 0 for nobody.
pub(crate) fn tracer_of(tid: i32) -> Option<i32> {
    status_field(tid, "TracerPid")?.parse().ok()
}

/// Whether the calling thread traces any process.
pub(crate) fn we_trace_any() -> bool {
    let us = Some(nix::unistd::gettid().as_raw());
    numeric_entries("/proc").into_iter().any(|pid| tracer_of(pid) == us)
}

/// The thread group of a task.
pub(crate) fn thread_group(tid: i32) -> Option<i32> {
    status_field(tid, "Tgid")?.parse().ok()
}

/// A value of the auxiliary vector (getauxval(3)).
pub(crate) fn auxiliary_value(pid: i32, key: u64) -> Option<u64> {
    let vector = read(&format!("/proc/{pid}/auxv"));
    let word = |bytes: &[u8]| bytes.try_into().map(u64::from_ne_bytes).ok();
    vector.chunks_exact(16).find_map(|pair| (word(&pair[..8])? == key).then(|| word(&pair[8..]))?)
}

/// The CPU that a task last ran on (field 39 of `/proc/TID/stat`).
pub(crate) fn last_cpu(tid: i32) -> Option<usize> {
    stat_field(tid, 39)?.try_into().ok()
}

/// How many tasks of the machine run or want to at this moment, the caller among them (`/proc/loadavg`, fourth field).
pub(crate) fn running_tasks() -> Option<u32> {
    let text = read_start("/proc/loadavg", 128);
    std::str::from_utf8(&text).ok()?.split(' ').nth(3)?.split('/').next()?.parse().ok()
}

/// Whether a task may be inside fork, vfork, clone or clone3 (`/proc/TID/syscall`, which says `running` of one that
/// does not sleep).
pub(crate) fn may_be_forking(tid: i32) -> bool {
    let text = read_start(&format!("/proc/{tid}/syscall"), 256);
    let number = String::from_utf8_lossy(&text).split_whitespace().next().map(str::to_owned);
    matches!(number.as_deref(), Some("running" | "56" | "57" | "58" | "435" | "2" | "120" | "190"))
}

/// Where the heap of a process begins (`start_brk`, field 47 of `/proc/PID/stat`).
pub(crate) fn heap_start(pid: i32) -> Option<u64> {
    stat_field(pid, 47)
}

fn stat_field(pid: i32, number: usize) -> Option<u64> {
    let stat = read_start(&format!("/proc/{pid}/stat"), 4096);
    // The name in parentheses may hold anything; the fields behind it are counted from 3.
    let end_of_name = stat.iter().rposition(|&byte| byte == b')')?;
    let fields = std::str::from_utf8(stat.get(end_of_name + 2..)?).ok()?;
    fields.split(' ').nth(number - 3)?.parse().ok()
}

/// Whether the size of a process's address space is limited (RLIMIT_AS).
pub(crate) fn has_memory_limit(pid: i32) -> bool {
    let limits = read_start(&format!("/proc/{pid}/limits"), 4096);
    let limits = String::from_utf8_lossy(&limits);
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max address space"))
        .is_some_and(|rest| rest.split_whitespace().next() != Some("unlimited"))
}

/// The mappings of a process, in order of address.
pub(crate) fn mappings(pid: i32) -> Vec<Mapping> {
    let maps = read(&format!("/proc/{pid}/maps"));
    maps.split(|&byte| byte == b'\n').filter_map(mapping).collect()
}

/// The executable mappings of a process, in order of address.
pub(crate) fn executable_mappings(pid: i32) -> Vec<ExecutableMapping> {
    let executable = |mapping: Mapping| {
        let Mapping { address, length, file_offset, path, writable, private, .. } = mapping;
        mapping.executable.then_some(ExecutableMapping {
            address,
            length,
            file_offset,
            path,
            writable,
            private,
        })
    };
    mappings(pid).into_iter().filter_map(executable).collect()
}

/// `address-end perms offset dev inode    path`
fn mapping(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |&byte| byte == b' ');
    let mut field = || std::str::from_utf8(fields.next()?).ok();
    let (start, end) = field()?.split_once('-')?;
    let permissions = field()?.as_bytes();
    let has = |at, byte| permissions.get(at) == Some(&byte);
    let file_offset = u64::from_str_radix(field()?, 16).ok()?;
    let (_device, inode) = (field()?, field()?.parse().ok()?);
    let address = u64::from_str_radix(start, 16).ok()?;
    let length = u64::from_str_radix(end, 16).ok()?.checked_sub(address)?;
    let path = fields.next().unwrap_or_default().trim_ascii_start().to_vec();
    let (executable, writable, private) = (has(2, b'x'), has(1, b'w'), has(3, b'p'));
    Some(Mapping { address, length, file_offset, inode, path, executable, writable, private })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_maps_is_read_whole() {
        let line = b"7f0e68b1d000-7f0e68c72000 r-xp 00026000 fe:00 1835 /usr/lib/with space/libc.so.6";
        let mapping = super::mapping(line).expect("a mapping");
        assert_eq!(mapping.address, 0x7f0e_68b1_d000);
        assert_eq!(mapping.length, 0x15_5000);
        assert_eq!(mapping.file_offset, 0x26000);
        assert_eq!(mapping.inode, 1835);
        assert!(mapping.private && mapping.executable && !mapping.writable);
        assert_eq!(mapping.path, b"/usr/lib/with space/libc.so.6");
        let data = super::mapping(b"7f0e68b1d000-7f0e68c72000 rw-s 00026000 fe:00 0 ").expect("a mapping");
        assert!(!data.executable && data.writable && !data.private && data.path.is_empty());
        assert_eq!(super::mapping(b"7f0e68b1d000-7f0e68c72000 rw-s"), None);
    }

    #[test]
    fn our_own_process_is_described() {
        let pid = std::process::id() as i32;
        assert!(tasks(pid).contains(&pid));
        assert_eq!(thread_group(pid), Some(pid));
        assert!(!comm(pid).is_empty());
        assert!(executable_mappings(pid).iter().any(|mapping| mapping.path == b"[vdso]"));
        assert_eq!(argv(pid).len(), std::env::args().count());
        assert!(descriptors(pid).iter().any(|&fd| fd == 0 || fd == 1 || fd == 2));
    }
}
