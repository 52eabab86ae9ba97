//! What replay says of a call, against what strace says of it: argument by argument.
//!
//! The same guest runs under `strace -f -yy` and under `sysrec record --capture all`; the lines of each process are
//! put side by side from the guest's first call on. What changes from run to run is taken out first: addresses,
//! process ids, the folder, inode numbers in the names of pipes and sockets. What differs after that stands in
//! [`DIFFERENCES`], with the reason, and has to differ.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use sysrec_tests::compile::{Build, compile};
use sysrec_tests::{Skip, strace, sysrec};

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Arguments,
    Argument(usize),
    Result,
}

/// Where replay's line is another, and why that stands.
const DIFFERENCES: [(&str, Part, &str); 4] = [
    (
        "rt_sigreturn",
        Part::Arguments,
        "the mask that it restores lies on the signal's stack frame, which no argument points at",
    ),
    (
        "clock_nanosleep",
        Part::Argument(2),
        "tv_nsec is signed in the kernel's header; strace shows -1 as 18446744073709551615",
    ),
    (
        "sendmmsg",
        Part::Argument(1),
        "what was sent of each message is written at the exit, where its buffers are not copied once more",
    ),
    ("close", Part::Argument(0), "that a file is gone is the kernel's knowledge, and in no argument"),
];

/// The same for the 32-bit guest.
const DIFFERENCES_32: [(&str, Part, &str); 4] = [
    ("socket", Part::Result, "the tables of descriptors do not look into socketcall"),
    (
        "utimensat_time64",
        Part::Argument(2),
        "strace adds the date, on the clock of the place where it is read",
    ),
    ("utimensat", Part::Argument(2), "likewise"),
    ("close", Part::Argument(0), "that a file is gone is the kernel's knowledge, and in no argument"),
];

/// The same for the guest of further families.
const DIFFERENCES_MORE: [(&str, Part, &str); 5] = [
    ("socket", Part::Result, "strace asks for the inode of a socket of packets, and finds no protocol"),
    ("close", Part::Argument(0), "that a file is gone is the kernel's knowledge, and in no argument"),
    ("ioctl", Part::Argument(1), "strace names all drivers that have the number: SNDCTL_TMR_START or TCSETS"),
    ("sethostname", Part::Argument(1), "the length is signed; strace shows -1 as 4294967295"),
    ("perf_event_open", Part::Argument(0), "strace names the sizes that the struct had, and shows its bits"),
];

/// What is another in every run, and cannot be compared.
const CHANGING: [(&str, Part); 16] = [
    // Seconds that are left, rounded.
    ("alarm", Part::Result),
    ("getrandom", Part::Argument(0)),
    ("wait4", Part::Argument(3)),
    ("getrusage", Part::Argument(1)),
    ("getppid", Part::Result),
    ("getpgid", Part::Result),
    ("shmget", Part::Result),
    ("shmat", Part::Argument(0)),
    ("shmctl", Part::Argument(0)),
    ("semget", Part::Result),
    ("semtimedop", Part::Argument(0)),
    ("semctl", Part::Argument(0)),
    ("msgget", Part::Result),
    ("msgsnd", Part::Argument(0)),
    ("msgrcv", Part::Argument(0)),
    ("msgctl", Part::Argument(0)),
];

/// One call as a line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: String,
    args: Vec<String>,
    result: String,
}

impl Line {
    /// `name(arg, {a, b}, "c, d") = result`
    fn parse(text: &str) -> Option<Line> {
        let (name, rest) = text.split_once('(')?;
        let (mut args, mut arg) = (Vec::new(), String::new());
        let (mut depth, mut is_quoted, mut is_escaped) = (0, false, false);
        for (at, character) in rest.char_indices() {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                _ if is_quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' if depth == 0 => {
                    if !arg.is_empty() {
                        args.push(arg);
                    }
                    let result = rest[at + 1..].trim_start().strip_prefix("= ")?.trim().to_owned();
                    return Some(Line { name: name.to_owned(), args, result });
                }
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    args.push(std::mem::take(&mut arg));
                    continue;
                }
                ' ' if arg.is_empty() => continue,
                _ => {}
            }
            arg.push(character);
        }
        None
    }
}

/// The lines of every process in the order in which they began, processes in the order in which they appeared.
type Processes = Vec<Vec<Line>>;

/// `PID  line` of strace; calls that another task interrupted are put together again.
fn of_strace(text: &str, folder: &str) -> Processes {
    let mut order: Vec<&str> = Vec::new();
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let Some((pid, rest)) = line.trim_start().split_once(' ') else { continue };
        let rest = rest.trim_start();
        if !order.contains(&pid) {
            order.push(pid);
        }
        let own = lines.entry(pid).or_default();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let rest = resumed.split_once("resumed>").map_or("", |(_, rest)| rest);
            if let Some(begun) = own.last_mut() {
                begun.push_str(rest.trim_start());
            }
        } else if !rest.starts_with("---") && !rest.starts_with("+++") {
            own.push(rest.strip_suffix("<unfinished ...>").map_or(rest, str::trim_end).to_owned());
        }
    }
    gather(&order, lines, folder)
}

/// `SECONDS  PID/TID NAME  line <DURATION>` of replay.
fn of_replay(text: &str, folder: &str) -> Processes {
    let mut order: Vec<&str> = Vec::new();
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, rest)) = line.trim_start().split_once("  ") else { continue };
        let Some((pid, rest)) = rest.split_once('/') else { continue };
        let call = rest.split_once("  ").map_or("", |(_, call)| call.trim_start());
        if !order.contains(&pid) {
            order.push(pid);
        }
        let call = call.rsplit_once(" <").map_or(call, |(call, _)| call);
        let call = call.strip_prefix("[i386] ").unwrap_or(call);
        lines.entry(pid).or_default().push(call.to_owned());
    }
    gather(&order, lines, folder)
}

fn gather(order: &[&str], lines: BTreeMap<&str, Vec<String>>, folder: &str) -> Processes {
    let normalise = |text: &String| Line::parse(&normalised(text, order, folder));
    order.iter().map(|pid| lines.get(pid).into_iter().flatten().filter_map(normalise).collect()).collect()
}

/// Takes out what is another in every run.
fn normalised(text: &str, pids: &[&str], folder: &str) -> String {
    let text = text.replace(folder, "FOLDER");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let word: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        if word.is_empty() {
            // `<pipe:[4711]>`, `<UNIX-STREAM:[1->2]>`, `</dev/null<char 1:3>>`: what it is, no more.
            if let Some((name, behind)) = descriptor_name(rest) {
                out.push_str(&name);
                rest = behind;
                continue;
            }
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = &rest[word.len()..];
        let is_address = word.strip_prefix("0x").is_some_and(|digits| digits.len() >= 8);
        match pids.iter().position(|pid| *pid == word) {
            Some(position) => out.push_str(&format!("PID{position}")),
            None if is_address => out.push_str("ADDRESS"),
            None => out.push_str(&word),
        }
    }
    out
}

/// The name of a descriptor at the beginning of a text, made comparable; and what is behind it.
fn descriptor_name(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('<')?;
    let known = ["/", "pipe:", "UNIX", "TCP", "UDP", "FOLDER", "anon_inode:", "socket:"];
    let kind = known.into_iter().find(|kind| inner.starts_with(kind))?;
    let mut depth = 1;
    let bytes = inner.as_bytes();
    let end = (0..bytes.len()).find(|at| {
        match bytes[*at] {
            b'<' => depth += 1,
            // `->` between the ends of a connection
            b'>' if *at > 0 && bytes[*at - 1] == b'-' => {}
            b'>' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let name = match kind {
        "/" | "FOLDER" | "anon_inode:" => inner[..end].split('<').next().unwrap_or_default(),
        kind => kind,
    };
    Some((format!("<{name}>"), &inner[end + 1..]))
}

/// The lines from the guest's own first call on.
fn from_the_first_call(lines: &[Line]) -> &[Line] {
    let first = lines.iter().position(|line| line.args.iter().any(|arg| arg == "\"file\""));
    &lines[first.unwrap_or(0)..]
}

fn is_changing(name: &str, part: Part) -> bool {
    CHANGING.contains(&(name, part))
}

/// Every part in which two lines differ.
fn differences(theirs: &Line, ours: &Line) -> Vec<Part> {
    if theirs.args.len() != ours.args.len() {
        return vec![Part::Arguments];
    }
    let pairs = theirs.args.iter().zip(&ours.args).enumerate();
    let mut parts: Vec<Part> =
        pairs.filter(|(_, (theirs, ours))| theirs != ours).map(|(at, _)| Part::Argument(at)).collect();
    // Why a call did not return is said by replay alone.
    let is_unfinished = theirs.result == "?" && ours.result.starts_with("? (");
    if theirs.result != ours.result && !is_unfinished {
        parts.push(Part::Result);
    }
    parts.retain(|part| !is_changing(&ours.name, *part));
    parts
}

/// Runs a command in a folder of its own, with nothing on its standard streams.
fn run(folder: &Path, line: impl IntoIterator<Item = std::ffi::OsString>) -> bool {
    let mut words = line.into_iter();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).current_dir(folder).env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn replay(trace: &Path, options: &[&str]) -> String {
    let output = Command::new(sysrec::binary()).arg("replay").args(options).arg(trace).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder to run in, by the name that the kernel has for it.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let name = fs::canonicalize(folder.path()).unwrap().to_str().unwrap().to_owned();
    (folder, name)
}

/// What has to hold of a guest's lines.
struct Expected {
    guest: &'static str,
    build: Build,
    differences: &'static [(&'static str, Part, &'static str)],
    /// Calls of that many names succeed, and of that many fail.
    names_min: [usize; 2],
}

const CALLS_64: Expected =
    Expected { guest: "decoded_calls", build: Build::C64, differences: &DIFFERENCES, names_min: [60, 60] };

const CALLS_32: Expected = Expected {
    guest: "decoded_calls_32",
    build: Build::Freestanding32,
    differences: &DIFFERENCES_32,
    names_min: [40, 15],
};

const CALLS_MORE: Expected = Expected {
    guest: "decoded_more",
    build: Build::C64,
    differences: &DIFFERENCES_MORE,
    names_min: [28, 16],
};

/// What strace writes changes from version to version; the lists here are about this one.
const STRACE_VERSION: &str = "6.1";

fn is_the_known_strace() -> Result<(), Skip> {
    strace::available()?;
    let output = Command::new("strace").arg("-V").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    match version {
        STRACE_VERSION => Ok(()),
        _ => Err(Skip(format!("strace is {version}; what is compared is the notation of {STRACE_VERSION}"))),
    }
}

fn compare(expected: &Expected, backend: &str) -> Result<(), Skip> {
    is_the_known_strace()?;
    let guest = compile(expected.guest, expected.build)?;
    let (at, name) = folder();
    let outside = tempfile::tempdir().unwrap();
    let output = outside.path().join("strace");
    let words = ["strace", "-f", "-yy", "-o"].map(Into::into);
    let line = words.into_iter().chain([output.clone().into(), guest.clone().into()]);
    if !run(at.path(), line) {
        return Err(Skip("strace cannot trace here".to_owned()));
    }
    let theirs = of_strace(&String::from_utf8_lossy(&fs::read(output).unwrap()), &name);
    let (at, name) = folder();
    let trace = outside.path().join("trace.bin");
    let line = sysrec::record_line(&trace, &["--capture", "all", "--backend", backend]);
    if !run(at.path(), line.into_iter().chain([guest.into()])) {
        return Err(Skip(format!("the {backend} backend does not work here")));
    }
    let ours = of_replay(&replay(&trace, &["--calls"]), &name);

    assert_eq!(ours.len(), theirs.len(), "processes");
    let (mut found, mut unexpected) = (BTreeSet::new(), Vec::new());
    let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        let (theirs, ours) = (from_the_first_call(theirs), from_the_first_call(ours));
        let names = |lines: &[Line]| lines.iter().map(|line| line.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(ours), names(theirs));
        for (theirs, ours) in theirs.iter().zip(ours) {
            let kind = if ours.result.starts_with("-1 ") { &mut failed } else { &mut succeeded };
            kind.insert(ours.name.clone());
            for part in differences(theirs, ours) {
                match expected
                    .differences
                    .iter()
                    .find(|(name, known, _)| *name == ours.name && *known == part)
                {
                    Some((name, known, _)) => drop(found.insert((*name, *known))),
                    None => unexpected.push(format!("{part:?}\n  strace: {theirs:?}\n  replay: {ours:?}")),
                }
            }
        }
    }
    assert!(unexpected.is_empty(), "{} differences:\n{}", unexpected.len(), unexpected.join("\n"));
    let listed: BTreeSet<_> = expected.differences.iter().map(|(name, part, _)| (*name, *part)).collect();
    assert_eq!(found, listed, "differences that are listed and are none");
    let names = [succeeded.len(), failed.len()];
    assert!(names.iter().zip(expected.names_min).all(|(names, least)| *names >= least), "{names:?}");
    Ok(())
}

#[test]
fn replay_and_strace_say_the_same_of_calls_recorded_by_ptrace() {
    if let Err(skip) = compare(&CALLS_64, "ptrace") {
        println!("{skip}");
    }
}

#[test]
fn replay_and_strace_say_the_same_of_calls_recorded_inline() {
    if let Err(skip) = compare(&CALLS_64, "inline") {
        println!("{skip}");
    }
}

#[test]
fn replay_and_strace_say_the_same_of_further_families() {
    for backend in ["ptrace", "inline"] {
        if let Err(skip) = compare(&CALLS_MORE, backend) {
            println!("{skip}");
        }
    }
}

#[test]
fn replay_and_strace_say_the_same_of_a_32_bit_program() {
    if let Err(skip) = compare(&CALLS_32, "ptrace") {
        println!("{skip}");
    }
}

/// Records the guest that passes pointers and lengths that no program means well.
fn record_hostile(options: &[&str]) -> Result<(tempfile::TempDir, std::path::PathBuf), Skip> {
    let guest = compile("decoded_calls", Build::C64)?;
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.bin");
    let line = sysrec::record_line(&trace, options);
    let words = [guest.into(), "hostile".into()];
    if !run(folder.path(), line.into_iter().chain(words)) {
        return Err(Skip("nothing can be recorded here".to_owned()));
    }
    Ok((folder, trace))
}

#[test]
fn hostile_pointers_are_bounded_and_shown_safely() {
    let (_folder, trace) = match record_hostile(&["--capture", "all"]) {
        Ok(recorded) => recorded,
        Err(skip) => return println!("{skip}"),
    };
    assert!(
        fs::metadata(&trace).unwrap().len() < 4 << 20,
        "the trace of 40 calls is {:?}",
        fs::metadata(&trace)
    );
    let text = replay(&trace, &["--calls"]);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    // The guest's own: what comes after the heap for its path.
    let begin = lines.iter().position(|line| line.contains(r#"open("xxx"#)).expect("the guest ran");
    let lines = &lines[begin..];
    for line in lines {
        assert!(line.len() < 64 << 10, "a line of {} bytes: {}", line.len(), &line[..200]);
        let is_plain = |character: char| matches!(character, ' '..='~' | 'µ');
        assert!(line.chars().all(is_plain), "{line:?}");
    }
    let find = |part: &str| {
        lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part} in\n{lines:#?}"))
    };
    find(r#"open("xxxxxxxxxxxxxxxxxxxx"#);
    assert!(find(r#"open("xxxxxxxxxxxxxxxxxxxx"#).contains(r#"xxx"..., O_RDONLY)"#), "a path without end");
    assert!(find("open(0xffffffffffffffff, O_RDONLY)").contains(" = -1 EFAULT (Bad address)"));
    find(r#"open("a\nb\33]0;title\7\302\233\342\200\256", O_RDONLY)"#);
    find(r#"write(-1, "four gigabytes"#);
    find("writev(-1, [{iov_base=");
    find(
        "sendmsg(-1, {msg_name=0x10, msg_namelen=-1, msg_iov=0x10, msg_iovlen=18446744073709551615, msg_control=0x10",
    );
    find(r#"execve("./missing", ["xxxxxxxx"#);
    find("prctl(PR_SET_NAME, 0x10)");
    // The same as JSON, where every line has to be one object.
    for line in replay(&trace, &["--calls", "--json"]).lines() {
        assert!(line.len() < 256 << 10, "an object of {} bytes", line.len());
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        if object["syscall"] == "writev" && object["args"][2] == "0x400" {
            assert_eq!(object["arguments"][1]["value"]["more"], true, "{line}");
        }
    }
}

#[test]
fn registers_alone_still_have_names() {
    let (_folder, trace) = match record_hostile(&["--capture", "none"]) {
        Ok(recorded) => recorded,
        Err(skip) => return println!("{skip}"),
    };
    let text = replay(&trace, &["--calls"]);
    assert!(text.contains("setsockopt(-1, SOL_SOCKET, SO_LINGER, 0x"), "{text}");
    assert!(text.contains("open(0x"), "nothing was captured: {text}");
    let raw = replay(&trace, &["--calls", "--raw"]);
    assert!(raw.contains("setsockopt(0xffffffff, 0x1, 0xd, 0x"), "{raw}");
}
