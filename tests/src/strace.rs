//! strace as an independent recorder: what the guests, their logs and the kernel's count are tried on.
//!
//! Run with `-f -n -e raw=all -o FILE`: `PID  [ nr] name(0x1, 0x2) = 0x3`, calls that another task interrupts in
//! two lines. strace shows as many arguments as a call has, some cut to 32 bits, and no ABI: that follows from
//! number and name by the kernel's headers.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use sysrec_format::event::Abi;

use crate::Skip;
use crate::conform::{Arguments, RecordedCall};

/// The command line that runs a command under strace and leaves its text in `output`.
pub fn command_line(output: &Path) -> Vec<OsString> {
    let words = ["strace", "-f", "-n", "-e", "raw=all", "-o"].map(OsString::from);
    words.into_iter().chain([output.into(), "--".into()]).collect()
}

/// Whether strace is there and may be used.
pub fn available() -> Result<(), Skip> {
    let version = std::process::Command::new("strace").arg("-V").output();
    version.map(drop).map_err(|error| Skip(format!("strace does not run: {error}")))
}

/// Names and numbers, from the kernel's headers of this machine.
struct Tables {
    numbers_64: HashMap<String, i32>,
    numbers_32: HashMap<String, i32>,
    errors: HashMap<String, i64>,
}

impl Tables {
    fn load() -> io::Result<Tables> {
        let defines = |paths: &[&str], prefix: &str| -> io::Result<HashMap<String, i32>> {
            let text = paths.iter().map(|path| header(path)).collect::<io::Result<String>>()?;
            Ok(text
                .lines()
                .filter_map(|line| {
                    let mut words = line.strip_prefix("#define")?.split_ascii_whitespace();
                    let name = words.next()?.strip_prefix(prefix)?;
                    Some((name.to_owned(), words.next()?.parse().ok()?))
                })
                .collect())
        };
        let errors = defines(&["asm-generic/errno-base.h", "asm-generic/errno.h"], "E")?;
        let mut errors: HashMap<_, _> =
            errors.into_iter().map(|(name, number)| (format!("E{name}"), -i64::from(number))).collect();
        // Not in the exported headers: include/linux/errno.h.
        for (name, number) in [("SYS", -512), ("NOINTR", -513), ("NOHAND", -514), ("_RESTARTBLOCK", -516)] {
            errors.insert(format!("ERESTART{name}"), number);
        }
        Ok(Tables {
            numbers_64: defines(&["asm/unistd_64.h"], "__NR_")?,
            numbers_32: defines(&["asm/unistd_32.h"], "__NR_")?,
            errors,
        })
    }
}

fn header(name: &str) -> io::Result<String> {
    let places = ["/usr/include", "/usr/include/x86_64-linux-gnu"];
    let read = places.iter().map(|place| fs::read_to_string(Path::new(place).join(name)));
    read.reduce(|found, next| found.or(next)).expect("two places")
}

/// The calls of each task in order of entry, in the order of the file.
pub fn read(output: &Path) -> io::Result<Vec<RecordedCall>> {
    let tables = Tables::load()?;
    let text = fs::read_to_string(output)?;
    let mut calls: Vec<RecordedCall> = Vec::new();
    let mut pending: BTreeMap<i32, usize> = BTreeMap::new();
    let mut tasks: BTreeMap<i32, u32> = BTreeMap::new();
    let mut abis: BTreeMap<u32, Abi> = BTreeMap::new();
    let mut next_task = 0;
    for line in text.lines() {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, format!("strace wrote: {line}"));
        let (pid, rest) = line.trim_start().split_once(' ').ok_or_else(broken)?;
        let tid: i32 = pid.parse().map_err(|_| broken())?;
        let (number, rest) =
            rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("] ")).ok_or_else(broken)?;
        if rest.starts_with("---") {
            continue;
        }
        if rest.starts_with("+++") {
            // Ended, or gone on under the leader's tid: the next call of this tid is another task's.
            if !rest.contains("superseded") {
                tasks.remove(&tid);
            }
            pending.remove(&tid);
            continue;
        }
        if rest.starts_with("<...") {
            let result = rest.rsplit_once(" = ").map(|(_, result)| result);
            if let Some(index) = pending.remove(&tid) {
                let abi = calls[index].abi;
                calls[index].ret = result.and_then(|result| parse_result(result, abi, &tables));
            }
            continue;
        }
        let (name, rest) = rest.split_once('(').ok_or_else(broken)?;
        let task = *tasks.entry(tid).or_insert_with(|| {
            next_task += 1;
            next_task - 1
        });
        // Of a number that is in no table strace says it in the name alone.
        let nr = match name.strip_prefix("syscall_0x") {
            Some(digits) => u64::from_str_radix(digits, 16).map_err(|_| broken())? as i32,
            None => number.trim().parse().map_err(|_| broken())?,
        };
        let abi = match (tables.numbers_64.get(name) == Some(&nr), tables.numbers_32.get(name) == Some(&nr)) {
            (true, false) => Abi::X86_64,
            (false, true) => Abi::I386,
            _ => abis.get(&task).copied().unwrap_or(Abi::X86_64),
        };
        abis.insert(task, abi);
        let is_x32 = abi == Abi::X86_64 && nr >= 0 && nr & 0x4000_0000 != 0;
        let unfinished = rest.contains("<unfinished ...>");
        let shown = rest.split(['<', ')']).next().unwrap_or_default();
        let args = shown.split(", ").map_while(|word| parse_number(word.trim())).collect();
        let result = rest.rsplit_once(" = ").map(|(_, result)| result);
        calls.push(RecordedCall {
            task,
            tid,
            abi: if is_x32 { Abi::X32 } else { abi },
            nr,
            args: Arguments::Shown(args),
            ret: result.and_then(|result| parse_result(result, abi, &tables)),
        });
        if unfinished {
            pending.insert(tid, calls.len() - 1);
        }
    }
    Ok(calls)
}

fn parse_number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse::<i64>().map(|number| number as u64).ok(),
    }
}

fn parse_result(result: &str, abi: Abi, tables: &Tables) -> Option<i64> {
    let mut words = result.split_ascii_whitespace();
    match (words.next()?, words.next()) {
        ("-1" | "?", Some(error)) => tables.errors.get(error).copied(),
        (number, _) => {
            let number = parse_number(number)? as i64;
            // Of 32-bit calls strace shows the register without its sign.
            Some(if abi == Abi::I386 { i64::from(number as i32) } else { number })
        }
    }
}
