//! The vDSO: code that the kernel puts into every process. It has no file; this process has one of its own.

use std::fs::File;
use std::os::unix::fs::FileExt;

use object::Object;

use crate::symbols::Symbols;

/// Bytes of a vDSO.
const BYTES_MAX: u64 = 1 << 20;

/// The symbols of this kernel's vDSO, if it is the one with that build-id.
pub(crate) fn symbols(build_id: &[u8]) -> Option<Symbols> {
    let image = own()?;
    let elf = object::File::parse(image.as_slice()).ok()?;
    let is_it = !build_id.is_empty() && elf.build_id().ok().flatten() == Some(build_id);
    is_it.then(|| Symbols::of_memory(&elf))
}

/// The bytes of this process's vDSO (vdso(7)).
fn own() -> Option<Vec<u8>> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("[vdso]"))?;
    let (begin, end) = line.split_whitespace().next()?.split_once('-')?;
    let (begin, end) = (u64::from_str_radix(begin, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    let mut image = vec![0; usize::try_from(end.checked_sub(begin)?.min(BYTES_MAX)).ok()?];
    File::open("/proc/self/mem").ok()?.read_exact_at(&mut image, begin).ok()?;
    Some(image)
}
