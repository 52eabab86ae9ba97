//! Which files belong to a module: the file itself, and its debug file.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Search;
use crate::image::Image;
use crate::problem::Problem;

/// `O_NONBLOCK`, the same number on all of Linux's architectures that are supported: a FIFO must not be waited for.
const O_NONBLOCK: i32 = 0o4000;

/// Opens a regular file.
pub(crate) fn open(path: &Path) -> Result<File, Problem> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Problem::Unreadable("it is not a file".to_owned()));
    }
    Ok(file)
}

/// A path below a root.
pub(crate) fn below(root: Option<&Path>, path: &Path) -> PathBuf {
    match root {
        Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        None => path.to_owned(),
    }
}

/// The debug file of a module: by its build-id, else by what its `.gnu_debuglink` says, in the places where gdb looks
/// (gdb manual, "Debugging Information in Separate Files"). `path` is the module's own, `image` the module if it can be
/// used.
pub(crate) fn debug_file(
    search: &Search,
    path: &Path,
    build_id: &[u8],
    image: Option<&Image>,
) -> Option<Image> {
    let root = search.root.as_deref();
    let folders = || search.debug_folders.iter().map(|folder| below(root, folder));
    let build_id =
        if build_id.is_empty() { image.map_or(&[][..], |image| &image.build_id) } else { build_id };
    let hex = hex(build_id);
    if build_id.len() > 1 {
        let (first, rest) = hex.split_at(2);
        for folder in folders() {
            let candidate = folder.join(".build-id").join(first).join(format!("{rest}.debug"));
            if let Some(found) = Image::read(&candidate).ok().filter(|found| found.build_id == build_id) {
                return Some(found);
            }
        }
    }
    let (name, crc) = image?.debug_link()?;
    // A name and not a way to somewhere else.
    let name = Path::new(std::ffi::OsStr::new(std::str::from_utf8(&name).ok()?)).file_name()?.to_owned();
    let beside = below(root, path.parent()?);
    let mut candidates = vec![beside.join(&name), beside.join(".debug").join(&name)];
    for folder in folders() {
        candidates.push(below(Some(&folder), path.parent()?).join(&name));
    }
    candidates.into_iter().find_map(|candidate| {
        let found = Image::read(&candidate).ok()?;
        let is_itself = found.path == below(root, path);
        let matches = match (build_id.is_empty(), found.build_id.is_empty()) {
            // Both have one: that is what counts.
            (false, false) => found.build_id == build_id,
            _ => found.crc() == Some(crc),
        };
        (matches && !is_itself).then_some(found)
    })
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
