//! Names for files beside one that the user named.

use std::path::{Path, PathBuf};

/// `trace.bin` and `-3`: `trace-3.bin`.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
