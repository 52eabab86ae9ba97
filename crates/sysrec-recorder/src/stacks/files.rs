//! The files that code comes from, each looked at once a recording, whoever maps it.
//!
//! Only what unwinding needs is read, into memory of our own: a file that is a gigabyte of debug information costs no
//! more than its unwind tables, and one that is changed or cut meanwhile cannot hurt (a mapping of it could, by SIGBUS).

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use object::Endianness;
use object::elf::{
    ELFCLASS64, EM_X86_64, FileHeader64, PF_X, PT_GNU_EH_FRAME, PT_LOAD, PT_NOTE, ProgramHeader64,
    SHF_COMPRESSED, SHT_NOBITS, SectionHeader64,
};
use object::pod::{from_bytes, slice_from_bytes};
use rustc_hash::FxHashMap;

use super::rules::{Rules, Section, Sections};
use crate::elf;
use crate::procfs::Mapping;
use crate::sys::memory;

/// A section or segment that is larger is left: the unwind tables of the largest browsers have some 30 MiB.
const SECTION_BYTES_MAX: u64 = 128 << 20;
/// Tables of program headers, section headers and section names that are larger are left.
const TABLE_BYTES_MAX: u64 = 4 << 20;
/// All sections that are kept. What comes after has no unwind tables.
const ALL_BYTES_MAX: u64 = 1 << 30;

/// Bytes of an ELF file by their place in the file.
pub(super) trait Image {
    /// So many bytes; `None` where they are not all there.
    fn at(&self, offset: u64, bytes: u64) -> Option<Vec<u8>>;
}

impl Image for File {
    fn at(&self, offset: u64, bytes: u64) -> Option<Vec<u8>> {
        let mut buffer = vec![0; usize::try_from(bytes).ok()?];
        self.read_exact_at(&mut buffer, offset).ok()?;
        Some(buffer)
    }
}

/// An ELF file as it is loaded: the vDSO, and files that cannot be opened any more.
pub(super) struct Loaded {
    pub(super) pid: i32,
    /// Where its first page is.
    pub(super) address: u64,
}

impl Image for Loaded {
    fn at(&self, offset: u64, bytes: u64) -> Option<Vec<u8>> {
        let read = |address: u64, bytes: u64| {
            let mut buffer = vec![0; usize::try_from(bytes).ok()?];
            (memory::read(self.pid, address, &mut buffer) == buffer.len()).then_some(buffer)
        };
        // The headers lie in the first page; what is elsewhere is where its segment is.
        if offset.checked_add(bytes)? <= 4096 {
            return read(self.address.checked_add(offset)?, bytes);
        }
        let headers = Headers::read(&|offset, bytes| read(self.address.checked_add(offset)?, bytes))?;
        let first = headers.segments.iter().find(|segment| segment.kind == PT_LOAD)?;
        let bias = self.address.wrapping_sub(first.address.wrapping_sub(first.offset));
        let segment = headers.segments.iter().find(|segment| {
            segment.kind == PT_LOAD
                && offset
                    .checked_sub(segment.offset)
                    .and_then(|inside| inside.checked_add(bytes))
                    .is_some_and(|end| end <= segment.bytes)
        })?;
        read(bias.wrapping_add(segment.address).wrapping_add(offset - segment.offset), bytes)
    }
}

/// A program header, as far as it matters.
#[derive(Clone, Copy, Debug)]
struct Segment {
    kind: u32,
    executable: bool,
    offset: u64,
    address: u64,
    bytes: u64,
    align: u64,
}

/// An ELF file's headers.
struct Headers {
    segments: Vec<Segment>,
    /// Where its section headers are, how many, and which has their names.
    sections: (u64, u64, usize),
}

const LE: Endianness = Endianness::Little;

impl Headers {
    fn read(at: &dyn Fn(u64, u64) -> Option<Vec<u8>>) -> Option<Self> {
        let bytes = at(0, size_of::<FileHeader64<Endianness>>() as u64)?;
        let (header, _) = from_bytes::<FileHeader64<Endianness>>(&bytes).ok()?;
        let ident = &header.e_ident;
        if ident.magic != *b"\x7fELF" || ident.class != ELFCLASS64 || header.e_machine.get(LE) != EM_X86_64 {
            return None;
        }
        let count = u64::from(header.e_phnum.get(LE));
        let size = size_of::<ProgramHeader64<Endianness>>() as u64;
        if u64::from(header.e_phentsize.get(LE)) != size || count * size > TABLE_BYTES_MAX {
            return None;
        }
        let bytes = at(header.e_phoff.get(LE), count * size)?;
        let (list, _) = slice_from_bytes::<ProgramHeader64<Endianness>>(&bytes, count as usize).ok()?;
        let segments = list
            .iter()
            .map(|segment| Segment {
                kind: segment.p_type.get(LE),
                executable: segment.p_flags.get(LE) & PF_X != 0,
                offset: segment.p_offset.get(LE),
                address: segment.p_vaddr.get(LE),
                bytes: segment.p_filesz.get(LE),
                align: segment.p_align.get(LE),
            })
            .collect();
        let sections = (
            header.e_shoff.get(LE),
            u64::from(header.e_shnum.get(LE)),
            usize::from(header.e_shstrndx.get(LE)),
        );
        Some(Headers { segments, sections })
    }
}

/// What code lies in.
pub(crate) struct ModuleFile {
    /// Path as the kernel shows it, or a name in brackets.
    pub(super) path: Vec<u8>,
    pub(super) build_id: Vec<u8>,
    segments: Vec<Segment>,
    /// Absent where there can be no tables.
    pub(crate) rules: Option<Rules>,
    /// Its number in the trace, once a frame in it was told.
    pub(super) told: Option<u32>,
    /// Code that was made at run time.
    pub(super) is_jit: bool,
}

impl ModuleFile {
    pub(super) fn without_tables(path: &[u8], is_jit: bool) -> Self {
        let rules = (!is_jit).then(|| Rules::new(Sections::default()));
        Self { path: path.to_vec(), build_id: Vec::new(), segments: Vec::new(), rules, told: None, is_jit }
    }

    /// What to subtract from an address in a mapping that begins at `start` and has this part of the file, to get the
    /// address that the module's own tables and symbols have.
    pub(crate) fn bias(&self, start: u64, file_offset: u64, length: u64) -> u64 {
        let covers = |segment: &&Segment| {
            let first = segment.offset & !0xfff;
            segment.kind == PT_LOAD
                && segment.executable
                && first < file_offset.saturating_add(length)
                && file_offset < segment.offset.saturating_add(segment.bytes)
        };
        let inside = match self.segments.iter().find(covers) {
            Some(segment) => file_offset.wrapping_sub(segment.offset).wrapping_add(segment.address),
            None => file_offset,
        };
        start.wrapping_sub(inside)
    }
}

/// Which file: device, inode, time of the last change, bytes.
type Identity = (u64, u64, i64, i64, u64);

/// Places in the list of files.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) list: Vec<ModuleFile>,
    by_identity: FxHashMap<Identity, usize>,
    by_image: FxHashMap<(Vec<u8>, Vec<u8>), usize>,
    jit: Option<usize>,
    /// Bytes of sections that are kept.
    bytes: u64,
}

impl Files {
    /// Code that was made at run time; all of it is one module.
    pub(super) fn jit(&mut self) -> usize {
        *self.jit.get_or_insert_with(|| {
            self.list.push(ModuleFile::without_tables(b"[jit]", true));
            self.list.len() - 1
        })
    }

    /// The file that a process has mapped. `inode` is what the kernel says of it, `first` where its first page is mapped, if it is.
    pub(crate) fn mapped(
        &mut self,
        pid: i32,
        path: &[u8],
        inode: u64,
        range: (u64, u64),
        first: Option<u64>,
    ) -> usize {
        if let Some(file) = open(pid, path, inode, range)
            && let Ok(metadata) = file.metadata()
        {
            let identity =
                (metadata.dev(), metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len());
            if let Some(&known) = self.by_identity.get(&identity) {
                return known;
            }
            let place = self.add(path, &file);
            self.by_identity.insert(identity, place);
            return place;
        }
        match first {
            Some(address) => self.loaded(path, Loaded { pid, address }),
            None => self.image(path, Vec::new(), |_| ModuleFile::without_tables(path, false)),
        }
    }

    /// What is there in memory alone: the vDSO, a file that was deleted.
    pub(super) fn loaded(&mut self, path: &[u8], image: Loaded) -> usize {
        // Its beginning tells it from others of the same name: the headers, and as a rule the build-id.
        let beginning = image.at(0, 4096).unwrap_or_default();
        self.image(path, beginning, |files| files.read(path, &image))
    }

    fn image(
        &mut self,
        path: &[u8],
        beginning: Vec<u8>,
        make: impl FnOnce(&mut Self) -> ModuleFile,
    ) -> usize {
        let key = (path.to_vec(), beginning);
        if let Some(&known) = self.by_image.get(&key) {
            return known;
        }
        let file = make(self);
        self.list.push(file);
        self.by_image.insert(key, self.list.len() - 1);
        self.list.len() - 1
    }

    fn add(&mut self, path: &[u8], image: &impl Image) -> usize {
        let file = self.read(path, image);
        self.list.push(file);
        self.list.len() - 1
    }

    fn read(&mut self, path: &[u8], image: &impl Image) -> ModuleFile {
        let mut file = ModuleFile::without_tables(path, false);
        let Some(headers) = Headers::read(&|offset, bytes| image.at(offset, bytes)) else { return file };
        let notes = headers.segments.iter().filter(|segment| segment.kind == PT_NOTE);
        file.build_id = notes
            .filter(|segment| segment.bytes <= TABLE_BYTES_MAX)
            .find_map(|segment| elf::build_id(&image.at(segment.offset, segment.bytes)?, segment.align == 8))
            .unwrap_or_default();
        let sections = sections(&headers, image);
        let bytes: u64 = [&sections.eh_frame, &sections.eh_frame_hdr, &sections.debug_frame]
            .into_iter()
            .flatten()
            .map(|section| section.bytes.len() as u64)
            .sum();
        if bytes > 0 && self.bytes + bytes <= ALL_BYTES_MAX {
            self.bytes += bytes;
            file.rules = Some(Rules::new(sections));
        }
        file.segments = headers.segments;
        file
    }
}

/// Bytes of a mapped file, by their addresses where it is mapped: as they are in the file, whatever became of them in
/// memory. The mapping is that of the first page of them.
pub(crate) fn original(pid: i32, mapping: &Mapping, range: std::ops::Range<u64>) -> Option<Vec<u8>> {
    let Mapping { address, length, file_offset, inode, path, .. } = mapping;
    let file = open(pid, path, *inode, (*address, address + length))?;
    file.at(file_offset.checked_add(range.start.checked_sub(*address)?)?, range.end.checked_sub(range.start)?)
}

/// Opens a mapped file, in the way that is sure to give the very one that is mapped.
fn open(pid: i32, path: &[u8], inode: u64, (start, end): (u64, u64)) -> Option<File> {
    // Through the process's own root, which may be another one. Only an ordinary file is opened: a device or a FIFO may
    // block or have an effect.
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let in_root = Path::new(&format!("/proc/{pid}/root")).join(path.strip_prefix("/").ok()?);
    let by_range = Path::new(&format!("/proc/{pid}/map_files/{start:x}-{end:x}")).to_path_buf();
    [in_root, path.to_path_buf(), by_range].into_iter().find_map(|path| {
        let metadata = std::fs::metadata(&path).ok()?;
        if !metadata.is_file() || metadata.ino() != inode {
            return None;
        }
        let file = File::open(&path).ok()?;
        // It may have been exchanged in between.
        (file.metadata().ok()?.ino() == inode).then_some(file)
    })
}

/// The sections that unwinding needs: by name where the file says where they are, else by its segments, which a loaded
/// image has, too.
fn sections(headers: &Headers, image: &impl Image) -> Sections {
    let mut sections = Sections::default();
    named(headers, image, &mut sections);
    if sections.eh_frame.is_none() {
        _ = by_segment(headers, image, &mut sections);
    }
    sections
}

fn named(headers: &Headers, image: &impl Image, sections: &mut Sections) -> Option<()> {
    let (offset, count, names) = headers.sections;
    let size = size_of::<SectionHeader64<Endianness>>() as u64;
    if count == 0 || count * size > TABLE_BYTES_MAX {
        return None;
    }
    let bytes = image.at(offset, count * size)?;
    let (list, _) = slice_from_bytes::<SectionHeader64<Endianness>>(&bytes, count as usize).ok()?;
    let read = |header: &SectionHeader64<Endianness>, most: u64| {
        let bytes = header.sh_size.get(LE);
        let plain =
            header.sh_type.get(LE) != SHT_NOBITS && header.sh_flags.get(LE) & u64::from(SHF_COMPRESSED) == 0;
        if plain && bytes <= most { image.at(header.sh_offset.get(LE), bytes) } else { None }
    };
    let names = read(list.get(names)?, TABLE_BYTES_MAX)?;
    for header in list {
        let name = names.get(header.sh_name.get(LE) as usize..).unwrap_or_default();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        let address = header.sh_addr.get(LE);
        let section = || Some(Section { address, bytes: read(header, SECTION_BYTES_MAX)? });
        match name {
            b".eh_frame" => sections.eh_frame = section(),
            b".eh_frame_hdr" => sections.eh_frame_hdr = section(),
            b".debug_frame" => sections.debug_frame = section(),
            b".text" => sections.text = address,
            b".got" => sections.got = address,
            _ => {}
        }
    }
    Some(())
}

fn by_segment(headers: &Headers, image: &impl Image, sections: &mut Sections) -> Option<()> {
    let segment = headers.segments.iter().find(|segment| segment.kind == PT_GNU_EH_FRAME)?;
    let header = Section {
        address: segment.address,
        bytes: image.at(segment.offset, Some(segment.bytes).filter(|&bytes| bytes <= SECTION_BYTES_MAX)?)?,
    };
    let bases = gimli::BaseAddresses::default().set_eh_frame_hdr(header.address);
    let parsed = gimli::EhFrameHdr::new(&header.bytes, gimli::LittleEndian).parse(&bases, 8).ok()?;
    let gimli::Pointer::Direct(address) = parsed.eh_frame_ptr() else { return None };
    let inside = |segment: &&Segment| {
        segment.kind == PT_LOAD && address.checked_sub(segment.address).is_some_and(|at| at < segment.bytes)
    };
    let around = headers.segments.iter().find(inside)?;
    let skipped = address - around.address;
    let bytes = (around.bytes - skipped).min(SECTION_BYTES_MAX);
    let frame = Section { address, bytes: image.at(around.offset.checked_add(skipped)?, bytes)? };
    (sections.eh_frame, sections.eh_frame_hdr) = (Some(frame), Some(header));
    Some(())
}

#[cfg(test)]
mod tests;
