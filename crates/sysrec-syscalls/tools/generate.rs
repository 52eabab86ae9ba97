//! Writes the rows of `src/table/` from `tools/calls.txt`.
//!
//! `cargo run -p sysrec-syscalls --example generate_tables`; a test compares the two, so neither can go stale.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sysrec_syscalls::Classes;

/// The columns of `calls.txt` before the classes: the module to write, and what its numbers carry.
const COLUMNS: [(&str, &str, u32); 4] =
    [("x86_64", "x86-64", 0), ("x32", "x32", 0x4000_0000), ("i386", "i386", 0), ("aarch64", "aarch64", 0)];

const KINDS: [(&str, &str); 15] = [
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
    ("ptr", "Ptr"),
    ("mode", "Mode"),
    ("pid", "Pid"),
    ("id", "Id"),
    ("signal", "Signal"),
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
    Ok(COLUMNS
        .iter()
        .zip(tables)
        .map(|((module, abi, bit), mut rows)| {
            rows.sort();
            (root.join(format!("src/table/{module}.rs")), table(abi, *bit, &rows))
        })
        .collect())
}

fn table(abi: &str, bit: u32, rows: &[(u32, String)]) -> String {
    let mut text = format!(
        "//! The calls of {abi}. Written by tools/generate.rs from tools/calls.txt: change that, not this.\n\n\
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
    let args = call.trim_end().strip_suffix(')').ok_or("the row does not end in ')'")?;
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
        let (_, kind) = KINDS
            .iter()
            .find(|(known, _)| *known == kind)
            .ok_or_else(|| format!("no argument kind '{kind}'"))?;
        let comma = if position == 0 { "" } else { ", " };
        write!(row, "{comma}{arg}: {kind}").expect("a String takes any text");
    }
    row.push(')');
    for class in classes.split(',').filter(|class| *class != "-") {
        let class = class.to_uppercase();
        Classes::from_name(&class).ok_or_else(|| format!("no class '{class}'"))?;
        write!(row, " {class}").expect("a String takes any text");
    }
    Ok((numbers, row))
}
