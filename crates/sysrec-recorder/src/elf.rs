//! The build-id of a mapped file: the name by which symbols are found later, on another machine.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use object::Endianness;
use object::elf::{FileHeader32, FileHeader64, NT_GNU_BUILD_ID, PT_NOTE};
use object::read::elf::{FileHeader, ProgramHeader};
use rustc_hash::FxHashMap;

/// Note segments larger than this are not read: a build-id note has 36 bytes.
const NOTES_BYTES_MAX: u64 = 64 * 1024;
/// An ELF header with a table of program headers behind it lies within this.
const HEADERS_BYTES: usize = 4096;

/// Build-ids by file, so that each file is read once a recording.
#[derive(Default)]
pub(crate) struct BuildIds(FxHashMap<(u64, u64, i64), Vec<u8>>);

impl BuildIds {
    /// The same for a path as the kernel shows it.
    pub(crate) fn of_path(&mut self, path: &[u8]) -> Vec<u8> {
        if path.first() == Some(&b'/') { self.of(Path::new(OsStr::from_bytes(path))) } else { Vec::new() }
    }

    /// The build-id of the file; empty where it has none or cannot be read.
    pub(crate) fn of(&mut self, path: &Path) -> Vec<u8> {
        // Opening a device or a FIFO may block or have an effect: ordinary files only.
        let Ok(metadata) = std::fs::metadata(path) else { return Vec::new() };
        if !metadata.is_file() {
            return Vec::new();
        }
        let key = (metadata.dev(), metadata.ino(), metadata.mtime_nsec() ^ metadata.mtime());
        self.0.entry(key).or_insert_with(|| File::open(path).ok().and_then(read).unwrap_or_default()).clone()
    }
}

fn read(mut file: File) -> Option<Vec<u8>> {
    let mut headers = Vec::with_capacity(HEADERS_BYTES);
    file.by_ref().take(HEADERS_BYTES as u64).read_to_end(&mut headers).ok()?;
    match object::FileKind::parse(&*headers).ok()? {
        object::FileKind::Elf64 => find::<FileHeader64<Endianness>>(&file, &headers),
        object::FileKind::Elf32 => find::<FileHeader32<Endianness>>(&file, &headers),
        _ => None,
    }
}

fn find<H: FileHeader<Endian = Endianness>>(file: &File, headers: &[u8]) -> Option<Vec<u8>> {
    let header = H::parse(headers).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, headers).ok()? {
        let size: u64 = segment.p_filesz(endian).into();
        if segment.p_type(endian) != PT_NOTE || size > NOTES_BYTES_MAX {
            continue;
        }
        // The notes may lie behind what was read: they are fetched by themselves and parsed in place.
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, segment.p_offset(endian).into()).ok()?;
        if let Some(id) = build_id(&bytes, segment.p_align(endian).into() == 8) {
            return Some(id);
        }
    }
    None
}

/// Walks ELF notes: namesz, descsz, type, name, desc, each padded to the segment's alignment (elf(5)).
pub(crate) fn build_id(mut notes: &[u8], align_8: bool) -> Option<Vec<u8>> {
    let align = |n: usize| if align_8 { n.next_multiple_of(8) } else { n.next_multiple_of(4) };
    loop {
        let (header, rest) = notes.split_at_checked(12)?;
        let word =
            |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (name_bytes, desc_bytes) = (word(0) as usize, word(4) as usize);
        let desc_start = align(12 + name_bytes) - 12;
        let desc = rest.get(desc_start..desc_start.checked_add(desc_bytes)?)?;
        if word(8) == NT_GNU_BUILD_ID && rest.get(..name_bytes)? == b"GNU\0" {
            return Some(desc.to_vec());
        }
        notes = notes.get(align(12 + align(name_bytes) + desc_bytes)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_id_of_a_program_is_what_readelf_says() {
        let path = Path::new("/bin/ls");
        let Ok(output) = std::process::Command::new("readelf").args(["-n", "/bin/ls"]).output() else {
            println!("SKIP: no readelf to compare with");
            return;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some(expected) = text.lines().find_map(|line| line.trim().strip_prefix("Build ID: ")) else {
            println!("SKIP: readelf shows no build-id of /bin/ls");
            return;
        };
        let hex: String = BuildIds::default().of(path).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected);
    }

    #[test]
    fn cut_notes_and_devices_give_nothing() {
        assert_eq!(build_id(&[4, 0, 0, 0, 255, 255, 255, 255, 3, 0, 0, 0, 1], false), None);
        assert!(BuildIds::default().of(Path::new("/dev/zero")).is_empty());
        assert!(BuildIds::default().of(Path::new("/")).is_empty());
    }
}
