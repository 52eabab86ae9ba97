//! What was found before, in a file a module, so that a large debug file is read once.
//!
//! ```text
//!  sysrec-symbols/1
//!  debug file and module: path, length, time of the last change, each a line
//!  (empty line)
//!  f1a40 0 main server.c 42          kind and address, tab, then for each function:
//!                                    inlined (0 or 1), name, file, line, with tabs between
//! ```
//! A cache is only believed when the files are those that it was made from. It can be anything, and can go at any time.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::image::Image;
use crate::locate::{hex, open};
use crate::{Address, Function, INLINED_MAX};

/// Bytes of one cache file.
const BYTES_MAX: u64 = 32 << 20;
const VERSION: &str = "sysrec-symbols/1";

/// The cache of one module.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    file: Option<PathBuf>,
    head: String,
    known: FxHashMap<Address, Vec<Function>>,
}

impl Cache {
    /// Reads what is there for a module made of these files.
    pub(crate) fn open(folder: &Path, build_id: &[u8], images: &[&Image]) -> Self {
        let mut head = format!("{VERSION}\n");
        for image in images {
            let (bytes, seconds, ns) = image.stamp;
            _ = writeln!(head, "{} {bytes} {seconds} {ns}", clean(&image.path.to_string_lossy()));
        }
        head.push('\n');
        // Modules without a build-id are told apart by their path, which is in the head.
        let name = match build_id {
            [] => format!("path-{:08x}", crc32fast::hash(head.as_bytes())),
            _ => hex(&build_id[..build_id.len().min(64)]),
        };
        let file = folder.join(name);
        let known = read(&file).and_then(|text| parse(text.strip_prefix(&head)?)).unwrap_or_default();
        Self { file: Some(file), head, known }
    }

    pub(crate) fn get(&self, address: Address) -> Option<&Vec<Function>> {
        self.known.get(&address)
    }

    /// Takes what was found, and writes the file anew if that is anything. A reader at the same time sees the old file or
    /// the new one.
    pub(crate) fn add(&mut self, found: FxHashMap<Address, Vec<Function>>) {
        let Some(file) = self.file.as_ref().filter(|_| !found.is_empty()) else { return };
        self.known.extend(found);
        let mut text = self.head.clone();
        for (address, functions) in &self.known {
            if text.len() as u64 > BYTES_MAX / 2 {
                break;
            }
            write(&mut text, *address, functions);
        }
        // Whoever cannot keep it finds it again.
        _ = replace(file, &text);
    }
}

fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let new = file.with_extension(format!("{}.new", std::process::id()));
    let written = std::fs::File::create(&new).and_then(|mut out| out.write_all(text.as_bytes()));
    let replaced = written.and_then(|()| std::fs::rename(&new, file));
    if replaced.is_err() {
        _ = std::fs::remove_file(&new);
    }
    replaced
}

fn read(file: &Path) -> Option<String> {
    let mut text = String::new();
    open(file).ok()?.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Text without what separates fields and lines.
fn clean(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}

fn write(text: &mut String, address: Address, functions: &[Function]) {
    _ = match address {
        Address::InFile(offset) => write!(text, "f{offset:x}"),
        Address::Virtual(address) => write!(text, "v{address:x}"),
    };
    for function in functions {
        let file = function.file.as_deref().unwrap_or_default();
        _ = write!(
            text,
            "\t{}\t{}\t{}\t{}",
            u8::from(function.inlined),
            clean(&function.name),
            clean(file),
            function.line.unwrap_or(0)
        );
    }
    text.push('\n');
}

fn parse(text: &str) -> Option<FxHashMap<Address, Vec<Function>>> {
    let mut known = FxHashMap::default();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (kind, address) = fields.next()?.split_at_checked(1)?;
        let address = u64::from_str_radix(address, 16).ok()?;
        let address = match kind {
            "f" => Address::InFile(address),
            "v" => Address::Virtual(address),
            _ => return None,
        };
        let mut functions = Vec::new();
        while let Some(inlined) = fields.next() {
            let (name, file, line) = (fields.next()?, fields.next()?, fields.next()?);
            let line: u32 = line.parse().ok()?;
            functions.push(Function {
                name: name.to_owned(),
                file: (!file.is_empty()).then(|| file.to_owned()),
                line: (line > 0).then_some(line),
                inlined: inlined == "1",
            });
            if functions.len() > INLINED_MAX {
                return None;
            }
        }
        known.insert(address, functions);
    }
    Some(known)
}
