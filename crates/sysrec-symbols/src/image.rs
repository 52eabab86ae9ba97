//! One ELF file: what is needed of it, read piece by piece.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object::read::{ReadCache, ReadCacheOps};
use object::{Object, ObjectSection, ObjectSegment};

use crate::locate::open;
use crate::problem::Problem;

/// Bytes of small things: headers' notes, links.
const SMALL_BYTES_MAX: u64 = 64 << 10;
/// Bytes of a file whose CRC is computed, for a debug link without build-ids.
const CRC_BYTES_MAX: u64 = 1 << 30;

/// An opened ELF file.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    file: File,
    pub(crate) build_id: Vec<u8>,
    link: Option<(Vec<u8>, u32)>,
    segments: Vec<Segment>,
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
            link: None,
            segments: Vec::new(),
            stamp,
        };
        let (build_id, link, segments) = image.with(|elf| {
            let small = |name: &str| {
                elf.section_by_name(name).is_none_or(|section| section.size() <= SMALL_BYTES_MAX)
            };
            let build_id = elf.build_id()?.map(<[u8]>::to_vec).unwrap_or_default();
            let link = if small(".gnu_debuglink") { elf.gnu_debuglink()? } else { None };
            let segments = elf.segments().map(|segment| {
                let (file_offset, file_bytes) = segment.file_range();
                Segment { address: segment.address(), file_offset, file_bytes }
            });
            Ok((build_id, link.map(|(name, crc)| (name.to_vec(), crc)), segments.collect()))
        })?;
        (image.build_id, image.link, image.segments) = (build_id, link, segments);
        Ok(image)
    }

    /// Looks at the file as an ELF object.
    pub(crate) fn with<T>(
        &self,
        look: impl FnOnce(&object::File<'_, &ReadCache<Pread<'_>>>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let cache = ReadCache::new(Pread { file: &self.file, at: 0 });
        look(&object::File::parse(&cache)?)
    }

    /// A section's bytes, uncompressed: `None` where it is not there; an error where it has more than `bytes_max`.
    pub(crate) fn section(&self, name: &str, bytes_max: u64) -> Result<Option<Arc<[u8]>>, Problem> {
        let place = self.with(|elf| {
            let Some(section) = elf.section_by_name(name) else { return Ok(None) };
            Ok(Some((section.compressed_file_range()?, elf.is_little_endian())))
        })?;
        let Some((range, _)) = place else { return Ok(None) };
        if range.uncompressed_size > bytes_max || range.compressed_size > bytes_max {
            let bytes = range.uncompressed_size.max(range.compressed_size);
            return Err(Problem::TooLarge { what: "debug sections", bytes });
        }
        if range.offset.checked_add(range.compressed_size).is_none_or(|end| end > self.stamp.0) {
            return Err(Problem::Damaged(format!("{name} goes beyond the end of the file")));
        }
        let mut bytes = vec![0; range.compressed_size as usize];
        self.file.read_exact_at(&mut bytes, range.offset)?;
        let data = object::CompressedData {
            format: range.format,
            data: &bytes,
            uncompressed_size: range.uncompressed_size,
        };
        Ok(Some(data.decompress()?.into()))
    }

    /// A section's size, uncompressed; 0 where it is not there.
    pub(crate) fn section_bytes(&self, name: &str) -> u64 {
        let size = self.with(|elf| match elf.section_by_name(name) {
            Some(section) => Ok(section.compressed_file_range()?.uncompressed_size),
            None => Ok(0),
        });
        size.unwrap_or(0)
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
