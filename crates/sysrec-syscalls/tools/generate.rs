//! Writes the rows of `src/table/` from `tools/calls.txt`, and `src/constants/sets.rs` from `tools/constants.txt`.
//!
//! `cargo run -p sysrec-syscalls --example generate_tables`; a test compares the two, so neither can go stale.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sysrec_syscalls::Classes;

/// The columns of `calls.txt` before the classes: the module to write, and what its numbers carry.
const COLUMNS: [(&str, &str, u32); 4] =
    [("x86_64", "x86-64", 0), ("x32", "x32", 0x4000_0000), ("i386", "i386", 0), ("aarch64", "aarch64", 0)];

/// Kinds of one word, and what the tables call them.
const KINDS: [(&str, &str); 42] = [
    ("int", "Int"),
    ("uint", "Uint"),
    ("long", "Long"),
    ("ulong", "Ulong"),
    ("size", "Size"),
    ("off", "Off"),
    ("fd", "Fd"),
    ("dirfd", "DirFd"),
    ("path", "Path"),
    ("str", "Str"),
    ("name_str", "NameStr"),
    ("ptr", "Ptr"),
    ("mode", "Mode"),
    ("filemode", "FileMode"),
    ("pid", "Pid"),
    ("id", "Id"),
    ("signal", "Signal"),
    ("hex", "Hex"),
    ("hex32", "Hex32"),
    ("hex64", "Hex64"),
    ("u8", "U8"),
    ("u16", "U16"),
    ("s16", "S16"),
    ("u64", "U64"),
    ("s64", "S64"),
    ("off_word", "Long"),
    ("sockaddr_len", "Int"),
    ("time", "Time"),
    ("dev", "Dev"),
    ("dev64", "Dev64"),
    ("limit", "Limit"),
    ("limit64", "Limit64"),
    ("handler", "Handler"),
    ("key", "Key"),
    ("pages", "Pages"),
    ("id16", "Id16"),
    ("low_high", "LowHigh"),
    ("high_low", "HighLow"),
    ("unused", "Unused"),
    ("serial", "Serial"),
    ("ioprio", "Ioprio"),
    ("quota_command", "QuotaCommand"),
];

/// Shapes that are no struct of `src/structs.rs`; those with `true` take a count.
const SHAPES: [(&str, &str, bool); 31] = [
    ("bytes", "Bytes", true),
    ("path_bytes", "PathBytes", true),
    ("cstr", "CStr", false),
    ("stat", "Stat", false),
    ("stat64", "Stat64", false),
    ("iovec", "Iovec", true),
    ("iovec_remote", "IovecRemote", true),
    ("msghdr", "Msghdr", false),
    ("mmsghdr", "Mmsghdr", true),
    ("sockaddr", "Sockaddr", true),
    ("fd_set", "FdSet", true),
    ("sigset", "Sigset", true),
    ("sigset_arg", "SigsetArg", false),
    ("sigaction", "Sigaction", true),
    ("old_sigaction", "OldSigaction", false),
    ("siginfo", "Siginfo", false),
    ("sigevent", "Sigevent", false),
    ("wait_status", "WaitStatus", false),
    ("strings", "Strings", false),
    ("environment", "Environment", false),
    ("mask", "Mask", true),
    ("mask_bits", "MaskBits", true),
    ("dirents", "Dirents", true),
    ("pollfds", "Pollfds", true),
    ("epoll_events", "EpollEvents", true),
    ("option_value", "OptionValue", true),
    ("clone_args", "CloneArgs", true),
    ("msgbuf", "Msgbuf", true),
    ("cap_data", "CapData", false),
    ("file_handle", "FileHandle", false),
    ("inner_arguments", "InnerArguments", true),
];

/// What makes a number one of a set, and how wide it is.
const NAMED: [(&str, &str); 6] = [
    ("flags64", "Flags(Eight, "),
    ("flags", "Flags(Four, "),
    ("flagsl", "Flags(Word, "),
    ("enum", "Enum(Four, "),
    ("enuml", "Enum(Word, "),
    ("mode_flags", "ModeFlags("),
];

#[allow(dead_code, reason = "the test that includes this file has its own entry point")]
fn main() {
    match generate() {
        Ok(files) => {
            for (path, text) in files {
                std::fs::write(&path, text)
                    .unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
            }
        }
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(1);
        }
    }
}

/// The files to write and their text; on a bad row, its line and what is wrong with it.
pub(crate) fn generate() -> Result<Vec<(PathBuf, String)>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("tools/calls.txt");
    let text = std::fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    let mut tables: [Vec<(u32, String)>; 4] = Default::default();
    for (line_index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (numbers, row) =
            parse_row(line).map_err(|what| format!("{}:{}: {what}", source.display(), line_index + 1))?;
        for (table, number) in tables.iter_mut().zip(numbers) {
            let Some(number) = number else { continue };
            if let Some((_, other)) = table.iter().find(|(taken, _)| *taken == number) {
                return Err(format!("{}:{}: {number} is taken by {other}", source.display(), line_index + 1));
            }
            table.push((number, row.clone()));
        }
    }
    let mut files: Vec<(PathBuf, String)> = COLUMNS
        .iter()
        .zip(tables)
        .map(|((module, abi, bit), mut rows)| {
            rows.sort();
            (root.join(format!("src/table/{module}.rs")), table(abi, *bit, &rows))
        })
        .collect();
    files.push(constants(root)?);
    Ok(files)
}

fn table(abi: &str, bit: u32, rows: &[(u32, String)]) -> String {
    let mut text = format!(
        "//! The calls of {abi}. Written by tools/generate.rs from tools/calls.txt: change that, not this.\n\n\
         use super::words::*;\n\n\
         rows! {{\n"
    );
    for (number, row) in rows {
        match bit {
            0 => writeln!(text, "    {number} {row};"),
            _ => writeln!(text, "    {:#x} {row};", number | bit),
        }
        .expect("a String takes any text");
    }
    text.push_str("}\n");
    text
}

/// One row's number on each ABI, and its text in the macro's form.
fn parse_row(line: &str) -> Result<([Option<u32>; 4], String), String> {
    let (head, call) = line.split_once('(').ok_or("no '('")?;
    let (call, returns) = match call.split_once(" -> ") {
        Some((call, returns)) => (call, Some(returns.trim_end())),
        None => (call, None),
    };
    let args = call.trim_end().strip_suffix(')').ok_or("the row does not end in ')'")?;
    let names: Vec<&str> = args.split(", ").filter_map(|arg| Some(arg.split_once(": ")?.0)).collect();
    let head: Vec<&str> = head.split_whitespace().collect();
    let [columns @ .., classes, name] = head.as_slice() else {
        return Err("a row has four numbers, classes and a call".to_owned());
    };
    let columns: &[&str; 4] = columns.try_into().map_err(|_| "a row has four numbers before its classes")?;
    let mut numbers = [None; 4];
    for (number, column) in numbers.iter_mut().zip(columns) {
        if *column != "-" {
            *number = Some(column.parse().map_err(|_| format!("'{column}' is neither a number nor '-'"))?);
        }
    }
    let mut row = format!("{name}(");
    for (position, arg) in args.split(", ").filter(|arg| !arg.is_empty()).enumerate() {
        let (arg, kind) = arg.split_once(": ").ok_or_else(|| format!("'{arg}' is not 'name: kind'"))?;
        let kind = kind_of(kind, &names)?;
        let comma = if position == 0 { "" } else { ", " };
        write!(row, "{comma}{arg}: {kind}").expect("a String takes any text");
    }
    row.push(')');
    write!(row, " -> {}, [", kind_of(returns.unwrap_or("long"), &names)?).expect("a String takes any text");
    let mut space = "";
    for class in classes.split(',').filter(|class| *class != "-") {
        let class = class.to_uppercase();
        Classes::from_name(&class).ok_or_else(|| format!("no class '{class}'"))?;
        write!(row, "{space}{class}").expect("a String takes any text");
        space = " ";
    }
    row.push(']');
    Ok((numbers, row))
}

/// `in(timespec)`, `flags(open)`, `fd`: as the tables write it. `names` are those of the call's arguments.
fn kind_of(text: &str, names: &[&str]) -> Result<String, String> {
    let Some((outer, inner)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return KINDS
            .iter()
            .find(|(known, _)| *known == text)
            .map(|(_, kind)| (*kind).to_owned())
            .ok_or_else(|| format!("no argument kind '{text}'"));
    };
    let direction = match outer {
        "in" => "In",
        "out" => "Out",
        "inout" => "InOut",
        "by" => return Ok(format!("By(Choice::{})", camel_case(inner))),
        _ => {
            let (_, kind) = NAMED
                .iter()
                .find(|(known, _)| *known == outer)
                .ok_or_else(|| format!("no argument kind '{outer}(...)'"))?;
            return Ok(format!("{kind}&sets::{})", inner.to_uppercase()));
        }
    };
    Ok(format!("{direction}({})", shape_of(inner, names)?))
}

/// `timespec`, `timeval 2`, `bytes count`, `remaining timespec`, `flags mempolicy`.
fn shape_of(text: &str, names: &[&str]) -> Result<String, String> {
    let (shape, count) = match text.split_once(' ') {
        Some(("remaining", shape)) => return Ok(format!("Remaining(&structs::{})", shape.to_uppercase())),
        Some(("flags", set)) => return Ok(format!("Number(&Flags(Four, &sets::{}))", set.to_uppercase())),
        Some((shape, count)) => (shape, Some(count_of(count, names)?)),
        None => (text, None),
    };
    if let Some((_, name, counted)) = SHAPES.iter().find(|(known, ..)| *known == shape) {
        return match (counted, count) {
            (true, Some(count)) => Ok(format!("{name}({count})")),
            (false, None) => Ok((*name).to_owned()),
            (true, None) => Err(format!("'{shape}' needs to know how many")),
            (false, Some(_)) => Err(format!("'{shape}' takes no count")),
        };
    }
    let one = match KINDS.iter().find(|(known, _)| *known == shape) {
        Some((_, kind)) => format!("Number(&{kind})"),
        None => format!("Struct(&structs::{})", shape.to_uppercase()),
    };
    Ok(match count {
        Some(count) => format!("Array(&{one}, {count})"),
        None => one,
    })
}

/// `2`, `count`, `*addrlen`, `ret`, `ret<size`.
fn count_of(text: &str, names: &[&str]) -> Result<String, String> {
    let argument = |name: &str| {
        names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| format!("the call has no argument '{name}' to count by"))
    };
    if text == "ret" {
        return Ok("Returned".to_owned());
    }
    if let Some(name) = text.strip_prefix("ret<") {
        return Ok(format!("ReturnedAtMost({})", argument(name)?));
    }
    if let Some(name) = text.strip_prefix('*') {
        return Ok(format!("Behind({})", argument(name)?));
    }
    match text.parse::<u16>() {
        Ok(number) => Ok(format!("Fixed({number})")),
        Err(_) => Ok(format!("Count::Arg({})", argument(text)?)),
    }
}

fn camel_case(text: &str) -> String {
    text.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        })
        .map(Option::unwrap_or_default)
        .collect()
}

/// The names of numbers, as Rust: one constant a set of `tools/constants.txt`.
fn constants(root: &Path) -> Result<(PathBuf, String), String> {
    let source = root.join("tools/constants.txt");
    let text = std::fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    let mut rows = String::new();
    let mut sets = Vec::new();
    let mut is_flags = false;
    let whole = "a String takes any text";
    for (line_index, line) in text.lines().enumerate() {
        let wrong = |what: &str| format!("{}:{}: {what}", source.display(), line_index + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            [kind @ ("flags" | "enum"), name, prefix] => {
                is_flags = *kind == "flags";
                if !sets.is_empty() {
                    rows.push_str("}\n");
                }
                sets.push(name.to_uppercase());
                writeln!(rows, "set! {{ {} {name:?} {prefix:?}", name.to_uppercase()).expect(whole);
            }
            [name, value, mask @ ..] if !sets.is_empty() && mask.len() <= 1 => {
                let value = number(value).ok_or_else(|| wrong("the value is no number"))?;
                let mask = match mask {
                    [mask] => number(mask).ok_or_else(|| wrong("the mask is no number"))?,
                    _ if is_flags => value,
                    _ => -1,
                };
                writeln!(rows, "    {name} {value:#x} {mask:#x}").expect(whole);
            }
            _ => return Err(wrong("a line has a name and a value, or begins a set")),
        }
    }
    rows.push_str("}\n");
    let text = format!(
        "//! Written by tools/generate.rs from tools/constants.txt: change that, not this.\n\n\
         #[rustfmt::skip]\npub(super) static ALL: &[&super::Set] = &[{}];\n\n{rows}",
        sets.iter().map(|set| format!("&{set}")).collect::<Vec<_>>().join(", ")
    );
    Ok((root.join("src/constants/sets.rs"), text))
}

/// Decimal or hexadecimal, also negative.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
