//! The values of names against the C headers of this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use sysrec_syscalls::Set;

const HEADERS: &[&str] = &[
    "sys/types.h",
    "sys/ioctl.h",
    "sys/socket.h",
    "linux/if.h",
    "netinet/in.h",
    "linux/tcp.h",
    "linux/udp.h",
    "linux/if_packet.h",
    "linux/netlink.h",
    "sys/stat.h",
    "sys/mman.h",
    "sys/wait.h",
    "sys/resource.h",
    "sys/time.h",
    "time.h",
    "signal.h",
    "fcntl.h",
    "unistd.h",
    "poll.h",
    "sched.h",
    "dirent.h",
    "sys/epoll.h",
    "sys/eventfd.h",
    "sys/signalfd.h",
    "sys/timerfd.h",
    "sys/inotify.h",
    "sys/fanotify.h",
    "sys/prctl.h",
    "asm/prctl.h",
    "sys/personality.h",
    "sys/mount.h",
    "sys/statvfs.h",
    "sys/swap.h",
    "sys/random.h",
    "sys/ipc.h",
    "sys/msg.h",
    "sys/sem.h",
    "sys/shm.h",
    "sys/ptrace.h",
    "sys/timex.h",
    "sys/quota.h",
    "sys/file.h",
    "linux/openat2.h",
    "linux/futex.h",
    "linux/capability.h",
    "linux/seccomp.h",
    "linux/reboot.h",
    "linux/membarrier.h",
    "linux/bpf.h",
    "linux/perf_event.h",
    "linux/keyctl.h",
    "linux/kcmp.h",
    "linux/userfaultfd.h",
    "linux/close_range.h",
    "linux/landlock.h",
    "linux/io_uring.h",
    "linux/xattr.h",
    "linux/module.h",
    "linux/kexec.h",
    "linux/mempolicy.h",
    "linux/rseq.h",
    "linux/magic.h",
    "linux/fs.h",
    "linux/fiemap.h",
    "linux/sockios.h",
    "linux/loop.h",
    "linux/if_tun.h",
    "linux/kvm.h",
    "linux/nsfs.h",
    "linux/rtc.h",
    "linux/random.h",
    "linux/vhost.h",
    "linux/input.h",
    "linux/aio_abi.h",
    "linux/falloc.h",
    "linux/memfd.h",
    "linux/stat.h",
    "linux/mount.h",
    "sys/un.h",
    "termios.h",
    "linux/if_ether.h",
    "linux/ioprio.h",
];

/// Where the headers' value is another one, and why ours stands.
const TOLERATED: [(&str, &str, &str); 4] = [
    ("open", "O_LARGEFILE", "glibc says 0 to 64-bit programs; the kernel sets and shows its own bit"),
    ("fcntl", "F_GETLK64", "glibc makes it F_GETLK for 64-bit programs; i386 has a number of its own"),
    ("fcntl", "F_SETLK64", "likewise"),
    ("fcntl", "F_SETLKW64", "likewise"),
];

/// The compiler's words about a program that prints the names, or the program's output.
fn run(folder: &Path, headers: &[&str], names: &[&str]) -> Result<String, String> {
    let mut source = "#define _GNU_SOURCE\n".to_owned();
    headers.iter().for_each(|header| source.push_str(&format!("#include <{header}>\n")));
    source.push_str("#include <stdio.h>\nint main(void) {\n");
    for name in names {
        source.push_str(&format!("printf(\"%s %lld\\n\", \"{name}\", (long long)({name}));\n"));
    }
    source.push_str("return 0; }\n");
    std::fs::write(folder.join("names.c"), source).unwrap();
    let program = folder.join("names");
    let built = Command::new("cc")
        .args(["-w", "-fmax-errors=0", "-o"])
        .arg(&program)
        .arg(folder.join("names.c"))
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    if !built.status.success() {
        return Err(String::from_utf8_lossy(&built.stderr).into_owned());
    }
    Ok(String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap())
}

/// What stands in quotes in front of `undeclared`, and the names that a complaint about a line shows.
fn unknown_names(complaints: &str) -> Vec<&str> {
    let undeclared = complaints.lines().filter(|line| line.contains("undeclared"));
    let incomplete =
        complaints.lines().filter_map(|line| line.split_once("(long long)(")?.1.split(')').next());
    undeclared.filter_map(|line| line.split('\'').nth(1)).chain(incomplete).collect()
}

#[test]
fn the_values_of_names_are_those_of_the_headers() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        println!("SKIP: the sets have the values of x86-64");
        return;
    }
    if !Command::new("cc").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("SKIP: cc is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let headers: Vec<&str> =
        HEADERS.iter().copied().filter(|header| run(folder.path(), &[header], &[]).is_ok()).collect();
    if headers.len() < HEADERS.len() / 2 {
        println!("SKIP: only {} of {} headers are here", headers.len(), HEADERS.len());
        return;
    }
    let sets: Vec<&&Set> = Set::all().iter().filter(|set| set.name != "open_aarch64").collect();
    let mut names: Vec<&str> = sets.iter().flat_map(|set| set.names.iter().map(|name| name.name)).collect();
    let total = names.len();
    let output = loop {
        match run(folder.path(), &headers, &names) {
            Ok(output) => break output,
            Err(complaints) => {
                let before = names.len();
                let unknown = unknown_names(&complaints);
                names.retain(|name| !unknown.contains(name));
                assert!(names.len() < before, "{complaints}");
            }
        }
    };
    let values: BTreeMap<&str, u64> = output
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, value)| (name, value.parse::<i64>().unwrap() as u64))
        .collect();
    assert!(names.len() * 10 > total * 8, "the headers know only {} of {total} names", names.len());
    let mut different = Vec::new();
    for set in sets {
        for name in set.names {
            // Some macros are unsigned where the set has them signed.
            let theirs = values.get(name.name).copied();
            if theirs.is_some_and(|theirs| theirs != name.value && theirs as u32 as u64 != name.value) {
                different.push((set.name, name.name));
            }
        }
    }
    let tolerated: Vec<_> = TOLERATED.iter().map(|(set, name, _)| (*set, *name)).collect();
    assert_eq!(different, tolerated, "set and name: another value in the headers");
}
