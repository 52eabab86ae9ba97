//! Ring files that recorders left when they were killed. They complete their traces, so they stay for a while; but they
//! are memory, and nobody else removes them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A day.
const AGE_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// The name of a recorder's ring file; a number tells those of one recorder apart.
pub(super) fn name(pid: u32, number: u64) -> String {
    format!("sysrec-{pid}-{number:x}.rings")
}

/// Whose ring file this is, by its name.
fn pid(name: &str) -> Option<u32> {
    let (pid, number) = name.strip_prefix("sysrec-")?.strip_suffix(".rings")?.split_once('-')?;
    u64::from_str_radix(number, 16).ok()?;
    pid.parse().ok()
}

/// Removes those of our user that are older than a day and whose recorder is no more. What cannot be removed stays.
pub(super) fn remove(folder: &Path) {
    let uid = nix::unistd::geteuid().as_raw();
    let now = SystemTime::now();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(pid) else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        let old = metadata.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > AGE_MIN));
        let gone = || !Path::new(&format!("/proc/{pid}")).exists();
        if metadata.is_file() && metadata.uid() == uid && old && gone() {
            _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_ring_files_of_dead_recorders_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // No process has a pid above 2^22 (proc(5), pid_max).
        let (dead, alive) = (5_000_000, std::process::id());
        let two_days_ago = SystemTime::now() - 2 * AGE_MIN;
        let files = [
            (name(dead, 1), true, false),
            (name(dead, 2), false, true),
            (name(alive, 3), true, true),
            (format!("sysrec-{dead}-xyz.rings"), true, true),
            (format!("other-{dead}-1.rings"), true, true),
        ];
        for (name, old, _) in &files {
            let file = fs::File::create(folder.path().join(name)).expect("a file");
            if *old {
                file.set_modified(two_days_ago).expect("its time");
            }
        }
        fs::create_dir(folder.path().join(name(dead, 4))).expect("a folder");
        remove(folder.path());
        for (name, _, stays) in &files {
            assert_eq!(folder.path().join(name).exists(), *stays, "{name}");
        }
        assert!(folder.path().join(name(dead, 4)).exists());
    }
}
