//! One ELF file: what is needed of it, read piece by piece.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object::read::{CompressedFileRange, ReadCache, ReadCacheOps, ReadRef};
use object::{CompressionFormat, Object, ObjectSection, ObjectSegment};

use crate::SYMBOL_BYTES_MAX;
use crate::locate::open;
use crate::problem::Problem;

/// Bytes of small things: headers' notes, links.
const SMALL_BYTES_MAX: u64 = 64 << 10;
/// Bytes of a file whose CRC is computed, for a debug link without build-ids.
const CRC_BYTES_MAX: u64 = 1 << 30;

/// Sections that are looked at: of programs with more than some dozens none is known.
const SECTIONS_MAX: usize = 1 << 16;

/// An opened ELF file.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    file: File,
    pub(crate) build_id: Vec<u8>,
    pub(crate) is_little_endian: bool,
    link: Option<(Vec<u8>, u32)>,
    segments: Vec<Segment>,
    /// Where its sections are, by name; so that the file is not taken apart again for each.
    sections: BTreeMap<Vec<u8>, CompressedFileRange>,
    /// Tells this state of the file from another: length, time of the last change.
    pub(crate) stamp: (u64, i64, i64),
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    address: u64,
    file_offset: u64,
    file_bytes: u64,
}

impl Image {
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let file = open(path)?;
        let metadata = file.metadata()?;
        let stamp = (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        let mut image = Self {
            path: path.to_owned(),
            file,
            build_id: Vec::new(),
            is_little_endian: true,
            link: None,
            segments: Vec::new(),
            sections: BTreeMap::new(),
            stamp,
        };
        let (build_id, link, segments, sections, is_little_endian) = image.with(|elf| {
            let small = |name: &str| {
                elf.section_by_name(name).is_none_or(|section| section.size() <= SMALL_BYTES_MAX)
            };
            let build_id = elf.build_id()?.map(<[u8]>::to_vec).unwrap_or_default();
            let link = if small(".gnu_debuglink") { elf.gnu_debuglink()? } else { None };
            let link = link.map(|(name, crc)| (name.to_vec(), crc));
            let segments = elf.segments().map(|segment| {
                let (file_offset, file_bytes) = segment.file_range();
                Segment { address: segment.address(), file_offset, file_bytes }
            });
            Ok((build_id, link, segments.collect(), sections(elf), elf.is_little_endian()))
        })?;
        (image.build_id, image.link, image.segments) = (build_id, link, segments);
        (image.sections, image.is_little_endian) = (sections, is_little_endian);
        Ok(image)
    }

    /// Looks at the file as an ELF object.
    pub(crate) fn with<T>(
        &self,
        look: impl FnOnce(&object::File<'_, Bounded<'_, '_>>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let cache = ReadCache::new(Pread { file: &self.file, at: 0 });
        let refused = Cell::new(0);
        let bounded = Bounded { cache: &cache, refused: &refused };
        let found = object::File::parse(bounded).map_err(Problem::from).and_then(|elf| look(&elf));
        match refused.get() {
            0 => found,
            bytes => found.map_err(|_| Problem::TooLarge { what: "tables", bytes }),
        }
    }

    /// A section's bytes, uncompressed: `None` where it is not there; an error where it has more than `bytes_max`.
    pub(crate) fn section(&self, name: &str, bytes_max: u64) -> Result<Option<Arc<[u8]>>, Problem> {
        let Some(range) = self.sections.get(name.as_bytes()) else { return Ok(None) };
        if range.uncompressed_size > bytes_max || range.compressed_size > bytes_max {
            let bytes = range.uncompressed_size.max(range.compressed_size);
            return Err(Problem::TooLarge { what: "debug sections", bytes });
        }
        if range.offset.checked_add(range.compressed_size).is_none_or(|end| end > self.stamp.0) {
            return Err(Problem::Damaged(format!("{name} goes beyond the end of the file")));
        }
        // Made where it stays, as it can be large.
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, range.compressed_size as usize).collect();
        if let Some(bytes) = Arc::get_mut(&mut bytes) {
            self.file.read_exact_at(bytes, range.offset)?;
        }
        if range.format == CompressionFormat::None {
            return Ok(Some(bytes));
        }
        let data = object::CompressedData {
            format: range.format,
            data: &bytes,
            uncompressed_size: range.uncompressed_size,
        };
        Ok(Some(data.decompress()?.into()))
    }

    /// A section's size, uncompressed; 0 where it is not there.
    pub(crate) fn section_bytes(&self, name: &str) -> u64 {
        self.sections.get(name.as_bytes()).map_or(0, |range| range.uncompressed_size)
    }

    /// The address of a byte of the file, in the file's own terms.
    pub(crate) fn address_of(&self, file_offset: u64) -> Option<u64> {
        self.segments.iter().find_map(|segment| {
            let inside = file_offset.checked_sub(segment.file_offset)?;
            (inside < segment.file_bytes).then(|| segment.address.wrapping_add(inside))
        })
    }

    /// What `.gnu_debuglink` says: a file's name and its CRC.
    pub(crate) fn debug_link(&self) -> Option<(Vec<u8>, u32)> {
        self.link.clone()
    }

    /// CRC-32 of the whole file, as `.gnu_debuglink` has it.
    pub(crate) fn crc(&self) -> Option<u32> {
        if self.stamp.0 > CRC_BYTES_MAX {
            return None;
        }
        let mut crc = crc32fast::Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        let mut offset = 0;
        loop {
            match self.file.read_at(&mut buffer, offset).ok()? {
                0 => return Some(crc.finalize()),
                bytes => {
                    crc.update(&buffer[..bytes]);
                    offset += bytes as u64;
                }
            }
        }
    }
}

/// The places of all sections, of the first of each name; the older form of compression has another.
fn sections<'d, R: ReadRef<'d>>(elf: &object::File<'d, R>) -> BTreeMap<Vec<u8>, CompressedFileRange> {
    let mut places = BTreeMap::new();
    for section in elf.sections().take(SECTIONS_MAX) {
        let (Ok(name), Ok(range)) = (section.name_bytes(), section.compressed_file_range()) else { continue };
        let name = match name.strip_prefix(b".zdebug_") {
            Some(rest) => [b".debug_", rest].concat(),
            None => name.to_vec(),
        };
        places.entry(name).or_insert(range);
    }
    places
}

/// Reads no piece that is larger than any that is needed: a table's size is only what the file says, and a file can be
/// a hole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounded<'c, 'f> {
    cache: &'c ReadCache<Pread<'f>>,
    /// Bytes of a piece that was not read.
    refused: &'c Cell<u64>,
}

impl<'c> ReadRef<'c> for Bounded<'c, '_> {
    fn len(self) -> Result<u64, ()> {
        self.cache.len()
    }

    fn read_bytes_at(self, offset: u64, bytes: u64) -> Result<&'c [u8], ()> {
        if bytes > SYMBOL_BYTES_MAX {
            self.refused.set(bytes);
            return Err(());
        }
        self.cache.read_bytes_at(offset, bytes)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'c [u8], ()> {
        self.cache.read_bytes_at_until(range, delimiter)
    }
}

/// Reads a file at a place of its own, so that one open file serves several readers.
#[derive(Debug)]
pub(crate) struct Pread<'f> {
    file: &'f File,
    at: u64,
}

impl ReadCacheOps for Pread<'_> {
    fn len(&mut self) -> Result<u64, ()> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|_| ())
    }

    fn seek(&mut self, at: u64) -> Result<u64, ()> {
        self.at = at;
        Ok(at)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ()> {
        let bytes = self.file.read_at(buffer, self.at).map_err(|_| ())?;
        self.at += bytes as u64;
        Ok(bytes)
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), ()> {
        self.file.read_exact_at(buffer, self.at).map_err(|_| ())?;
        self.at += buffer.len() as u64;
        Ok(())
    }
}
