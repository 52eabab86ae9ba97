//! What the recorder copies of a program's memory, and what the analyzer makes of it: the names of descriptors against
//! `/proc/PID/fd`, and pointers that must not be trusted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sysrec_analyzer::descriptors::Descriptors;
use sysrec_analyzer::{Item, Selection, Timeline, Trace};
use sysrec_format::event::{Abi, Call, CaptureCut};
use sysrec_tests::compile::{Build, compile};
use sysrec_tests::sysrec;

const BACKENDS: [&str; 2] = ["ptrace", "inline"];
const FCNTL: i32 = libc::SYS_fcntl as i32;

/// The backends that can be tested, and the guest; says why where there is none.
fn ready(guest: &str) -> Option<(Vec<&'static str>, PathBuf)> {
    let guest = match compile(guest, Build::C64) {
        Ok(guest) => guest,
        Err(skip) => {
            println!("SKIP: {skip}");
            return None;
        }
    };
    let offered = |backend: &&'static str| match sysrec::offers(backend) {
        Ok(()) => true,
        Err(skip) => {
            println!("SKIP: {skip}");
            false
        }
    };
    Some((BACKENDS.into_iter().filter(offered).collect(), guest))
}

/// Records the guest with one argument; its output.
fn record(trace: &Path, options: &[&str], guest: &Path, argument: &Path) -> Vec<u8> {
    let line = sysrec::record_line(trace, options);
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).arg(guest).arg(argument).stdin(Stdio::null());
    let output = command.output().expect("sysrec runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Each `fcntl(fd, F_GETFD)` in order of time: who, which, and what the descriptor is called.
fn looks(trace: &Trace) -> Vec<(i32, i32, Option<String>)> {
    let (mut descriptors, all) = (Descriptors::new(), Selection::default());
    let mut looks = Vec::new();
    for item in Timeline::new(trace, &all) {
        let names = descriptors.next(&item);
        let Item::Call(Call { task, entry, .. }) = &item else { continue };
        if entry.nr == FCNTL && entry.args[1] == libc::F_GETFD as u64 {
            let pid = trace.tasks().get(*task).expect("a task").pid;
            let object = names.expect("a call has names").object(entry.args[0] as i32);
            let name = object.map(|object| String::from_utf8(object.name()).expect("text"));
            looks.push((pid, entry.args[0] as i32, name));
        }
    }
    looks
}

/// What the guest wrote down: as [`looks`].
fn told(log: &Path) -> Vec<(i32, i32, Option<String>)> {
    let text = std::fs::read_to_string(log).expect("the guest's log");
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let mut number = || words.next().expect("a word").parse().expect("a number");
        let (pid, fd) = (number(), number());
        let link = words.next().expect("a link");
        (pid, fd, (link != "-").then(|| link.to_owned()))
    };
    text.lines().map(line).collect()
}

/// Whether the name says what the link says. Pipes and sockets are numbered by the kernel in the link only: which of
/// them is which, is in `same`.
fn agrees(name: &str, link: &str, same: &mut BTreeMap<String, String>) -> bool {
    let kind = |prefix: &str| link.starts_with(prefix);
    // A trace does not follow what becomes of a file's name.
    if name == link || link.strip_suffix(" (deleted)") == Some(name) {
        return true;
    }
    let alike = kind("pipe:[") && name.starts_with("pipe:[#")
        || kind("socket:[") && (name.starts_with("UNIX") || name.starts_with("TCP"));
    // Both ends of a pair have one name.
    alike && same.entry(link.to_owned()).or_insert_with(|| name.to_owned()) == name
}

#[test]
fn descriptors_have_the_names_that_proc_shows() {
    let Some((backends, guest)) = ready("descriptors") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (trace, log) = (dir.path().join("trace"), dir.path().join("log"));
        record(&trace, &["--backend", backend, "--capture", "names"], &guest, &log);
        let trace = sysrec::open(&trace).expect("a trace");
        sysrec::whole(&trace).expect("whole");
        let (looks, told) = (looks(&trace), told(&log));
        assert_eq!((looks.len(), told.len()), (8 * 32, 8 * 32), "{backend}");
        let mut same = BTreeMap::new();
        for ((pid, fd, name), (its_pid, its_fd, link)) in looks.iter().zip(&told) {
            assert_eq!((pid, fd), (its_pid, its_fd), "{backend}: the looks are in order");
            let agree = match (name, link) {
                (Some(name), Some(link)) => agrees(name, link, &mut same),
                (None, None) => true,
                _ => false,
            };
            assert!(agree, "{backend}: {pid} has {fd} as {link:?}, the trace says {name:?}");
        }
        assert!(same.len() >= 4, "pipes and sockets were compared: {same:?}");
    }
}

/// The names of descriptors that come from elsewhere, in the lines of the calls that bring them and afterwards.
#[test]
fn descriptors_that_another_process_passed_have_the_names_that_proc_shows() {
    let Some((backends, guest)) = ready("descriptors_passed") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (trace, log) = (dir.path().join("trace"), dir.path().join("log"));
        record(&trace, &["--backend", backend, "--capture", "names"], &guest, &log);
        let opened = sysrec::open(&trace).expect("a trace");
        sysrec::whole(&opened).expect("whole");
        let (looks, told) = (looks(&opened), told(&log));
        assert_eq!((looks.len(), told.len()), (5 * 32, 5 * 32), "{backend}");
        let (mut same, mut compared) = (BTreeMap::new(), 0);
        for ((pid, fd, name), (_, its_fd, link)) in looks.iter().zip(&told) {
            assert_eq!(fd, its_fd, "{backend}: the looks are in order");
            let (name, link) = match (name, link) {
                (Some(name), Some(link)) => (name, link),
                (None, None) => continue,
                // A task that makes its calls itself does not stop for each ioctl to have its result looked at.
                (None, Some(link)) if backend == "inline" && link.starts_with("/dev/pts/") => continue,
                _ => panic!("{backend}: {pid} has {fd} as {link:?}, the trace says {name:?}"),
            };
            assert!(agrees(name, link, &mut same), "{backend}: {fd} is {link}, the trace says {name}");
            compared += 1;
        }
        assert!(compared > 50, "{compared}");
        // The message that was there already has the name in its own line.
        let replay =
            Command::new(sysrec::binary()).args(["replay", "-e", "%net,%process"]).arg(&trace).output();
        let replay = String::from_utf8(replay.expect("sysrec runs").stdout).expect("text");
        assert!(replay.contains("</dev/zero>]"), "{replay}");
    }
}

#[test]
fn descriptors_have_names_where_the_calls_that_open_them_are_not_recorded() {
    let Some((backends, guest)) = ready("descriptors") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (trace, log) = (dir.path().join("trace"), dir.path().join("log"));
        record(&trace, &["--backend", backend, "--capture", "names", "-e", "fcntl"], &guest, &log);
        let trace = sysrec::open(&trace).expect("a trace");
        let (looks, told) = (looks(&trace), told(&log));
        assert_eq!((looks.len(), told.len()), (8 * 32, 8 * 32), "{backend}");
        let mut compared = 0;
        for ((pid, fd, name), (_, _, link)) in looks.iter().zip(&told) {
            // A number that was closed keeps its name: such a call is of no interest.
            let Some(link) = link else { continue };
            // Shared by another process than a thread, which only the flags of the clone tell.
            if name.is_none() && link == "/dev/full" {
                continue;
            }
            // Of a socket the recorder tells more than its number.
            let is_socket = link.starts_with("socket:[")
                && name.as_ref().is_some_and(|name| name.starts_with("UNIX-STREAM") || name == "TCP");
            assert!(
                is_socket || name.as_ref() == Some(link),
                "{backend}: {pid} has {fd} as {link}, not {name:?}"
            );
            compared += 1;
        }
        assert!(compared > 60, "{compared}");
    }
}

/// A socket that a program was given has its name, although no call of the recording made it.
#[test]
fn sockets_that_were_there_before_have_their_addresses() {
    let Some((backends, guest)) = ready("paths_loop") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let trace = dir.path().join("trace");
        let listening = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listening.local_addr().expect("an address");
        let line = sysrec::record_line(&trace, &["--backend", backend]);
        let socket = std::os::fd::OwnedFd::from(listening);
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).arg(&guest).arg("1").stdin(socket).stdout(Stdio::null());
        assert!(command.status().expect("sysrec runs").success());
        let trace = sysrec::open(&trace).expect("a trace");
        let (mut descriptors, all) = (Descriptors::new(), Selection::default());
        let names = Timeline::new(&trace, &all).filter_map(|item| descriptors.next(&item)).last();
        let object = names.expect("a call").object(0).expect("a descriptor");
        assert_eq!(String::from_utf8(object.name()).expect("text"), format!("TCP:[{address}]"), "{backend}");
    }
}

/// A file of the tree, and the calls under it by name: calls and errors.
type FileCalls = BTreeMap<String, BTreeMap<String, (u64, u64)>>;

/// What `sysrec tree --by file --json` has of files below these folders.
fn tree_by_file(trace: &Path, options: &[&str]) -> FileCalls {
    let mut command = Command::new(sysrec::binary());
    command.args(["tree", "--by", "file", "--json"]).args(options).arg(trace);
    let output = command.output().expect("sysrec runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let nodes = document["nodes"].as_array().expect("nodes");
    let (mut files, mut file) = (FileCalls::new(), "");
    for node in nodes {
        let name = node["name"].as_str().expect("a name");
        match node["kind"].as_str().expect("a kind") {
            "file" => file = name,
            "call" => {
                let number = |field: &str| node[field].as_u64().expect("a number");
                let calls = files.entry(file.to_owned()).or_default().entry(name.to_owned()).or_default();
                calls.0 += number("calls");
                calls.1 += number("errors");
            }
            _ => {}
        }
    }
    files
}

/// The guest asks five times for each of its files, by path, and closes one by its descriptor.
#[test]
fn a_tree_by_file_has_the_calls_of_each_file() {
    let Some((backends, guest)) = ready("paths_loop") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let trace = dir.path().join("trace");
        record(&trace, &["--backend", backend, "--capture", "names"], &guest, "5".as_ref());
        let files = tree_by_file(&trace, &[]);
        let of = |file: &str, name: &str| files[file].get(name).copied();
        assert_eq!(of("/dev/null", "openat"), Some((5, 0)), "{backend}: {files:?}");
        assert_eq!(of("/dev/null", "close"), Some((5, 0)), "{backend}: {files:?}");
        assert_eq!(of("/dev/null", "faccessat"), Some((5, 0)), "{backend}: {files:?}");
        assert_eq!(of("/dev/zero", "newfstatat"), Some((5, 0)), "{backend}: {files:?}");
        assert_eq!(of("/dev/none", "newfstatat"), Some((5, 5)), "{backend}: {files:?}");
        assert_eq!(of("/etc/none/conf", "openat"), Some((5, 5)), "{backend}: {files:?}");
        let failed = tree_by_file(&trace, &["-Z", "-P", "/dev"]);
        assert_eq!(failed, FileCalls::from([("/dev/none".into(), [("newfstatat".into(), (5, 5))].into())]));
    }
}

/// The captures of the calls of one number at entry, call by call: address, bytes, cut.
fn captured(trace: &Trace, nr: i64) -> Vec<Vec<(Vec<u8>, CaptureCut, u64)>> {
    let all = Selection::default();
    let calls = Timeline::new(trace, &all).filter_map(|item| match item {
        Item::Call(call) if i64::from(call.entry.nr) == nr => Some(call),
        _ => None,
    });
    calls
        .map(|call| {
            let captures = call.entry.captures.iter();
            captures.map(|capture| (capture.bytes.to_vec(), capture.cut, capture.wanted_bytes)).collect()
        })
        .collect()
}

#[test]
fn hostile_pointers_change_nothing_and_are_shown_as_what_they_are() {
    let Some((backends, guest)) = ready("hostile_pointers") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (path, file) = (dir.path().join("trace"), dir.path().join("file"));
        let bare =
            Command::new(&guest).arg(&file).stdin(Stdio::null()).output().expect("the guest runs").stdout;
        assert!(bare.starts_with(b"null -14\n"));
        for level in ["none", "names", "all"] {
            _ = std::fs::remove_file(&path);
            let said = record(&path, &["--backend", backend, "--capture", level], &guest, &file);
            assert_eq!(String::from_utf8_lossy(&said), String::from_utf8_lossy(&bare), "{backend}, {level}");
            assert!(std::fs::metadata(&path).expect("a trace").len() < 100_000, "{backend}, {level}");
            let trace = sysrec::open(&path).expect("a trace");
            sysrec::whole(&trace).expect("whole");
            let opened = captured(&trace, libc::SYS_openat);
            if level == "none" {
                assert!(opened.iter().all(Vec::is_empty));
                continue;
            }
            // Those of the loader and the file come before.
            let [null, hole, kernel, wrapped, crossing, endless, long, escapes] = &opened[opened.len() - 8..]
            else {
                panic!("eight of the guest's own")
            };
            assert!(null.is_empty(), "{null:?}");
            for nowhere in [hole, kernel, wrapped] {
                assert!(
                    matches!(&nowhere[..], [(bytes, CaptureCut::UNREADABLE, _)] if bytes.is_empty()),
                    "{nowhere:?}"
                );
            }
            let whole = |bytes: &[u8]| vec![(bytes.to_vec(), CaptureCut::WHOLE, bytes.len() as u64)];
            assert_eq!(*crossing, whole(b"/dev/null\0"), "{backend}");
            assert_eq!(*escapes, whole(b"/nonexistent/\x1b[31m\x07\n\xff\0"), "{backend}");
            assert_eq!(
                (&endless[0].0, endless[0].1),
                (&vec![b'e'; 300], CaptureCut::UNREADABLE),
                "{backend}"
            );
            // Of PATH_MAX bytes the last one is looked at for the NUL alone.
            assert!(long[0].0.len() == 4095 && long[0].0.iter().all(|&byte| byte == b'l'), "{backend}");
            assert_eq!(long[0].1, CaptureCut::LIMIT, "{backend}");
            let written = captured(&trace, libc::SYS_write);
            let huge = written.iter().flatten().find(|(_, _, wanted)| *wanted >= 1 << 32);
            if level == "all" {
                let (bytes, cut, _) = huge.expect("the head of 4 GiB");
                assert_eq!((bytes.len(), *cut), (32, CaptureCut::LIMIT), "{backend}");
                let vectors = captured(&trace, libc::SYS_writev);
                let most = vectors.iter().map(Vec::len).max();
                assert_eq!(
                    most,
                    Some(1 + 32),
                    "{backend}: the vector, and the heads of the first of a thousand parts"
                );
            } else {
                assert!(huge.is_none());
            }
        }
    }
}

/// Each path comes with its own call, whatever interrupts the copying of it.
#[test]
fn paths_of_every_length_are_whole_while_signals_come() {
    let Some((backends, guest)) = ready("paths") else { return };
    let classes: &[&[&str]] = &[
        &[],
        &["--inline-classes", "p1"],
        &["--inline-classes", "p2"],
        &["--inline-classes", "p3"],
        &["--inline-classes", "p4"],
    ];
    for backend in backends {
        for classes in classes.iter().filter(|classes| backend == "inline" || classes.is_empty()) {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let path = dir.path().join("trace");
            let options = [&["--backend", backend][..], classes].concat();
            let said = record(&path, &options, &guest, Path::new("unused"));
            let said = String::from_utf8(said).expect("text");
            let (calls, signals) = said.trim().split_once(' ').expect("two numbers");
            let (calls, signals): (usize, usize) =
                (calls.parse().expect("calls"), signals.parse().expect("signals"));
            let trace = sysrec::open(&path).expect("a trace");
            sysrec::whole(&trace).expect("whole");
            let all = Selection::default();
            let mut own = Vec::new();
            let mut handlers = 0;
            for item in Timeline::new(&trace, &all) {
                let Item::Call(call) = item else { continue };
                if ![libc::SYS_access, libc::SYS_faccessat].contains(&i64::from(call.entry.nr)) {
                    continue;
                }
                let [capture] = &call.entry.captures[..] else {
                    // At address 0 there is nothing to copy.
                    assert_eq!(call.entry.args[0], 0, "{options:?}");
                    continue;
                };
                if capture.bytes[..] == *b"/handler\0" {
                    handlers += 1;
                } else if !capture.bytes.starts_with(b"/etc") {
                    own.push((capture.bytes.to_vec(), capture.cut));
                }
            }
            assert_eq!((own.len(), handlers), (calls + 3, signals), "{options:?}");
            let (own, nowhere) = own.split_at(calls);
            for (n, (bytes, cut)) in own.iter().enumerate() {
                let (nul, text) = bytes.split_last().expect("a NUL");
                assert_eq!(
                    (*nul, text.len(), *cut),
                    (0, n % 500, CaptureCut::WHOLE),
                    "{options:?}, call {n}"
                );
                assert!(text.iter().all(|&byte| byte == b'p'), "{options:?}, call {n}");
            }
            assert!(nowhere.iter().all(|(bytes, cut)| bytes.is_empty() && *cut == CaptureCut::UNREADABLE));
        }
    }
}

#[test]
fn calls_of_the_other_tables_are_captured_too() {
    let Some((backends, guest)) = ready("foreign_opens") else { return };
    match Command::new(&guest).stdin(Stdio::null()).status().expect("the guest runs").code() {
        Some(0) => {}
        code => return println!("SKIP: this kernel has no 32-bit calls (the guest ended with {code:?})"),
    }
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("trace");
        record(&path, &["--backend", backend, "--capture", "names"], &guest, Path::new("unused"));
        let trace = sysrec::open(&path).expect("a trace");
        let (mut descriptors, all) = (Descriptors::new(), Selection::default());
        let mut seen = Vec::new();
        for item in Timeline::new(&trace, &all) {
            let names = descriptors.next(&item);
            let (Item::Call(call), Some(names)) = (&item, names) else { continue };
            if call.entry.abi != Abi::X86_64 {
                let path = names.path(&call.entry).map(|path| String::from_utf8(path).expect("text"));
                let pipe = names.object_after(4).map(|object| object.name());
                seen.push((call.entry.abi, path, names.object(3).is_some(), pipe.is_some()));
            }
        }
        let path = |path: &str| Some(path.to_owned());
        let expected = [
            (Abi::I386, path("/dev/null"), false, false),
            // A kernel that knows x32 opens 4 here.
            (Abi::X32, path("/dev/zero"), true, seen[1].3),
            (Abi::I386, None, true, true),
            (Abi::I386, None, true, true),
        ];
        assert_eq!(seen, expected, "{backend}");
    }
}

/// Descriptors have their names among the slowest calls, though the calls that opened them are not selected.
#[test]
fn the_slowest_calls_have_the_names_of_their_descriptors() {
    let Some((backends, guest)) = ready("paths_loop") else { return };
    for backend in backends {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let trace = dir.path().join("trace");
        record(&trace, &["--backend", backend, "--capture", "names"], &guest, "5".as_ref());
        let mut command = Command::new(sysrec::binary());
        command.args(["report", "--slowest", "100", "--csv", "-e", "close", "-P", "/dev/null"]).arg(&trace);
        let output = command.output().expect("sysrec runs");
        let text = String::from_utf8(output.stdout).expect("text");
        let closes: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(closes.len(), 5, "{backend}: {text}");
        assert!(closes.iter().all(|line| line.contains("close(3</dev/null>)")), "{backend}: {text}");
    }
}
