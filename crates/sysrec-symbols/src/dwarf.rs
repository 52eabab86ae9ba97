//! Debug information: functions, those inlined into them, and lines.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gimli::{EndianArcSlice, RunTimeEndian, SectionId};
use object::Object;

use crate::demangle::demangle;
use crate::image::Image;
use crate::locate::{below, hex};
use crate::problem::Problem;
use crate::{DEBUG_BYTES_MAX, Function, INLINED_MAX, NAME_BYTES_MAX, Search};

type Reader = EndianArcSlice<RunTimeEndian>;

/// The sections that are read.
const SECTIONS: [SectionId; 12] = [
    SectionId::DebugInfo,
    SectionId::DebugAbbrev,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugTypes,
    SectionId::DebugLoc,
];

/// The debug information of one file.
pub(crate) struct Dwarf {
    context: addr2line::Context<Reader>,
}

impl fmt::Debug for Dwarf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dwarf").finish_non_exhaustive()
    }
}

/// Whether a file has debug information.
pub(crate) fn is_in(image: &Image) -> bool {
    image.section_bytes(SectionId::DebugInfo.name()) > 0
}

impl Dwarf {
    /// Reads a file's debug information, and that of the file that it shares parts with (dwz).
    pub(crate) fn read(image: &Image, search: &Search, budget_bytes: &mut u64) -> Result<Self, Problem> {
        let mut dwarf = load(image, budget_bytes)?;
        if let Some(shared) = shared(image, search) {
            dwarf.set_sup(load(&shared, budget_bytes)?);
        }
        Ok(Self { context: addr2line::Context::from_dwarf(dwarf)? })
    }

    /// The functions at an address, the outermost first. One without a name has an empty one.
    pub(crate) fn functions(&self, address: u64) -> Vec<Function> {
        let mut functions = Vec::new();
        let Ok(mut frames) = self.context.find_frames(address).skip_all_loads() else { return functions };
        while let Ok(Some(frame)) = frames.next() {
            if functions.len() == INLINED_MAX {
                break;
            }
            let name =
                frame.function.as_ref().and_then(|name| name.raw_name().ok().map(|name| name.into_owned()));
            let location = frame.location.as_ref();
            functions.push(Function {
                name: name.map_or(String::new(), |name| demangle(name.as_bytes())),
                file: location.and_then(|location| location.file).map(cut),
                line: location.and_then(|location| location.line).filter(|line| *line > 0),
                // All but the outermost, which comes last here.
                inlined: true,
            });
        }
        functions.reverse();
        if let Some(outermost) = functions.first_mut() {
            outermost.inlined = false;
        }
        functions
    }
}

fn cut(text: &str) -> String {
    let room = text.len().min(NAME_BYTES_MAX);
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].to_owned()
}

fn load(image: &Image, budget_bytes: &mut u64) -> Result<gimli::Dwarf<Reader>, Problem> {
    let sizes = SECTIONS.iter().map(|section| image.section_bytes(section.name()));
    let bytes = sizes.fold(0, u64::saturating_add);
    if bytes > DEBUG_BYTES_MAX.min(*budget_bytes) {
        return Err(Problem::TooLarge { what: "debug sections", bytes });
    }
    *budget_bytes -= bytes;
    let endian = if image.is_little_endian { RunTimeEndian::Little } else { RunTimeEndian::Big };
    gimli::Dwarf::load(|section| {
        let wanted = SECTIONS.contains(&section);
        let bytes = if wanted { image.section(section.name(), DEBUG_BYTES_MAX)? } else { None };
        Ok(EndianArcSlice::new(bytes.unwrap_or_else(|| Arc::from([])), endian))
    })
}

/// The file that `.gnu_debugaltlink` names: parts of debug information that several files have in common.
fn shared(image: &Image, search: &Search) -> Option<Image> {
    let link = image
        .with(|elf| Ok(elf.gnu_debugaltlink()?.map(|(name, build_id)| (name.to_vec(), build_id.to_vec()))));
    let (name, build_id) = link.ok().flatten()?;
    let root = search.root.as_deref();
    let mut candidates: Vec<PathBuf> = Vec::new();
    if build_id.len() > 1 {
        let hex = hex(&build_id);
        for folder in &search.debug_folders {
            let file = format!(".build-id/{}/{}.debug", &hex[..2], &hex[2..]);
            candidates.push(below(root, folder).join(file));
        }
    }
    if let Ok(name) = std::str::from_utf8(&name) {
        let name = Path::new(name);
        candidates.push(if name.is_absolute() { below(root, name) } else { image.path.parent()?.join(name) });
    }
    candidates.into_iter().find_map(|path| Image::read(&path).ok().filter(|found| found.build_id == build_id))
}
