//! Names of code that a program makes at run time, as far as it writes them down: `/tmp/perf-PID.map`, and jitdump.
//!
//! Both are files that live as long as the program cares for them; so names go into the trace with the frames.
//! Formats: `tools/perf/Documentation/jit-interface.txt` and `jitdump-specification.txt` of Linux.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::procfs;

/// The files are looked at this often at the most.
const LOOK_NS: u64 = 20_000_000;
/// Bytes that are read at one look.
const STEP_BYTES: u64 = 16 << 20;
/// Functions that are kept of one process.
const FUNCTIONS_MAX: usize = 1 << 20;
/// A longer name is cut.
const NAME_BYTES_MAX: usize = 1024;

/// Functions by their first address: the address behind, and the name.
#[derive(Debug, Default)]
struct Functions(BTreeMap<u64, (u64, Vec<u8>)>);

impl Functions {
    fn add(&mut self, start: u64, bytes: u64, name: &[u8]) {
        if self.0.len() < FUNCTIONS_MAX {
            let name = name[..name.len().min(NAME_BYTES_MAX)].to_vec();
            self.0.insert(start, (start.saturating_add(bytes), name));
        }
    }

    fn find(&self, address: u64) -> Option<&[u8]> {
        let (_, (end, name)) = self.0.range(..=address).next_back()?;
        (address < *end).then_some(name)
    }

    /// Takes in whole lines `START SIZE name`; how many bytes they were.
    fn lines(&mut self, bytes: &[u8]) -> usize {
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        for line in bytes[..whole].split(|&byte| byte == b'\n') {
            let mut fields = line.splitn(3, |&byte| byte == b' ');
            let mut number = || {
                let text = std::str::from_utf8(fields.next()?).ok()?;
                u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
            };
            if let (Some(start), Some(bytes)) = (number(), number())
                && let Some(name) = fields.next()
            {
                self.add(start, bytes, name);
            }
        }
        whole
    }

    /// Takes in whole records of a jitdump file; how many bytes they were.
    fn records(&mut self, bytes: &[u8]) -> usize {
        const PREFIX: usize = 16;
        let mut at = 0;
        while let Some(prefix) = bytes.get(at..at + PREFIX) {
            let total = u32_at(prefix, 4) as usize;
            let Some(record) = at.checked_add(total).and_then(|end| bytes.get(at..end)) else { break };
            let Some(body) = record.get(PREFIX..) else { break };
            match u32_at(prefix, 0) {
                // JIT_CODE_LOAD: pid, tid, vma, address, size, index, name.
                0 if body.len() >= 40 => {
                    let name = body[40..].split(|&byte| byte == 0).next().unwrap_or_default();
                    self.add(u64_at(body, 16), u64_at(body, 24), name);
                }
                // JIT_CODE_MOVE: pid, tid, vma, old address, new address, size, index.
                1 if body.len() >= 48 => {
                    if let Some((_, name)) = self.0.remove(&u64_at(body, 16)) {
                        self.add(u64_at(body, 24), u64_at(body, 32), &name);
                    }
                }
                _ => {}
            }
            at += total;
        }
        at
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// A file that grows, and how much of it was read.
#[derive(Debug, Default)]
struct Source {
    path: PathBuf,
    read: u64,
}

impl Source {
    fn more(&mut self, owner: u32, take: impl FnOnce(u64, &[u8]) -> usize) {
        // It lies where everybody may write: it must be an ordinary file of the program's user.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let Ok(file) = File::options().read(true).custom_flags(flags).open(&self.path) else { return };
        let Ok(metadata) = file.metadata() else { return };
        if !metadata.is_file() || !(metadata.uid() == owner || metadata.uid() == 0) {
            return;
        }
        let mut bytes = vec![0; metadata.len().saturating_sub(self.read).min(STEP_BYTES) as usize];
        if file.read_exact_at(&mut bytes, self.read).is_ok() {
            self.read += take(self.read, &bytes) as u64;
        }
    }
}

/// The names of one process.
#[derive(Debug, Default)]
pub(super) struct JitNames {
    functions: Functions,
    owner: u32,
    map: Source,
    dump: Option<Source>,
    looked_ns: u64,
}

impl JitNames {
    /// `dump`: the jitdump file that the process has mapped, as runtimes do so that it is found.
    pub(super) fn new(pid: i32, dump: Option<&Path>) -> Self {
        // The number that the program has for itself is in the name.
        let own = procfs::status_field(pid, "NSpid").unwrap_or_default();
        let own = own.split_whitespace().last().map_or_else(|| pid.to_string(), str::to_owned);
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        let in_root = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        JitNames {
            functions: Functions::default(),
            owner: std::fs::metadata(format!("/proc/{pid}")).map_or(0, |metadata| metadata.uid()),
            map: Source { path: in_root(Path::new(&format!("/tmp/perf-{own}.map"))), read: 0 },
            dump: dump.map(|path| Source { path: in_root(path), read: 0 }),
            looked_ns: 0,
        }
    }

    /// The function around an address; empty where nobody says.
    pub(super) fn name(&mut self, address: u64, now_ns: u64) -> &[u8] {
        if self.functions.find(address).is_none() && now_ns >= self.looked_ns.saturating_add(LOOK_NS) {
            self.looked_ns = now_ns;
            let Self { functions, owner, map, dump, .. } = self;
            map.more(*owner, |_, bytes| functions.lines(bytes));
            if let Some(dump) = dump {
                dump.more(*owner, |at, bytes| dump_part(functions, at, bytes));
            }
        }
        self.functions.find(address).unwrap_or_default()
    }

    /// Whether a function without a name at this moment may have one a moment later: there are files, and they were not
    /// looked at just now.
    pub(super) fn may_come(&self, now_ns: u64) -> bool {
        let read = self.map.read > 0 || self.dump.as_ref().is_some_and(|dump| dump.read > 0);
        read && self.looked_ns != now_ns
    }
}

/// A part of a jitdump file, which begins with a header.
fn dump_part(functions: &mut Functions, at: u64, bytes: &[u8]) -> usize {
    const MAGIC: u32 = 0x4a69_5444;
    if at > 0 {
        return functions.records(bytes);
    }
    if bytes.len() < 40 || u32_at(bytes, 0) != MAGIC {
        return 0;
    }
    let header = u32_at(bytes, 8) as usize;
    bytes.get(header..).map_or(0, |records| header + functions.records(records))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_functions_and_later_ones_replace_earlier_ones() {
        let mut functions = Functions::default();
        let text = b"1000 20 first\n0x1020 10 of several words\nnonsense\n1000 8 again\n2000 10 not whole";
        assert_eq!(functions.lines(text), text.len() - "2000 10 not whole".len());
        assert_eq!(functions.find(0x1007), Some(&b"again"[..]));
        assert_eq!(functions.find(0x1008), None);
        assert_eq!(functions.find(0x102f), Some(&b"of several words"[..]));
        assert_eq!((functions.find(0x1030), functions.find(0xfff)), (None, None));
    }

    #[test]
    fn what_has_no_name_yet_has_one_at_the_next_look() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("map");
        std::fs::write(&path, "1000 20 first\n").expect("a file");
        let owner = std::fs::metadata(&path).expect("a file").uid();
        let mut names =
            JitNames { owner, map: Source { path: path.clone(), read: 0 }, ..JitNames::default() };
        let mut now_ns = LOOK_NS;
        assert_eq!(names.name(0x2000, now_ns), b"");
        assert!(!names.may_come(now_ns), "the file does not have it");
        std::fs::write(&path, "1000 20 first\n2000 20 second\n").expect("a file");
        now_ns += 1;
        assert_eq!(names.name(0x2000, now_ns), b"");
        assert!(names.may_come(now_ns), "nobody has looked since");
        now_ns += LOOK_NS;
        assert_eq!(names.name(0x2000, now_ns), b"second");
        let mut none = JitNames { owner, ..JitNames::default() };
        assert_eq!(none.name(0x2000, LOOK_NS), b"");
        assert!(!none.may_come(LOOK_NS + 1), "the program writes no names");
    }

    #[test]
    fn records_of_jitdump_name_functions_and_move_them() {
        let record = |id: u32, numbers: &[u64], name: &[u8]| {
            let total = 16 + 8 + 8 * numbers.len() + name.len();
            let mut bytes = [id.to_le_bytes(), (total as u32).to_le_bytes()].concat();
            bytes.extend([0; 16]);
            numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            bytes.extend(name);
            bytes
        };
        let mut bytes = MAGIC_AND_HEADER.to_vec();
        bytes.extend(record(0, &[0, 0x1000, 0x20, 1], b"loaded\0code"));
        bytes.extend(record(1, &[0, 0x1000, 0x5000, 0x20, 1], b""));
        let whole = bytes.len();
        bytes.extend(&record(0, &[0, 0x2000, 0x20, 2], b"cut\0")[..30]);
        let mut functions = Functions::default();
        assert_eq!(dump_part(&mut functions, 0, &bytes), whole);
        assert_eq!((functions.find(0x5010), functions.find(0x1000)), (Some(&b"loaded"[..]), None));
        // Lengths that lie.
        for length in [0_u32, 1, 15, u32::MAX] {
            let mut bytes = record(0, &[0, 1, 2, 3], b"x\0");
            bytes[4..8].copy_from_slice(&length.to_le_bytes());
            assert_eq!(functions.records(&bytes), 0);
        }
    }

    const MAGIC_AND_HEADER: [u8; 40] = {
        let mut bytes = [0; 40];
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[8]) = (0x44, 0x54, 0x69, 0x4a, 40);
        bytes
    };
}
