//! Error names and texts against the kernel's headers, the C library and another crate.

use std::collections::BTreeMap;
use std::path::Path;

use sysrec_syscalls::errno;

/// `#define ENAME number` lines; those that define one name by another are left out.
fn header(path: &Path) -> BTreeMap<u32, String> {
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("#define")?.split_whitespace();
            let name = words.next()?;
            Some((words.next()?.parse().ok()?, name.to_owned()))
        })
        .collect()
}

#[test]
fn every_error_of_the_kernel_headers_has_its_name() {
    let files = ["/usr/include/asm-generic/errno-base.h", "/usr/include/asm-generic/errno.h"].map(Path::new);
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        println!("SKIP: there is no {}; install the kernel's headers", missing.display());
        return;
    }
    let theirs: BTreeMap<u32, String> = files.into_iter().flat_map(header).collect();
    let ours: BTreeMap<u32, String> =
        (0..512).filter_map(|n| Some((n, errno::name(n)?.to_owned()))).collect();
    assert!(theirs.len() > 130);
    assert_eq!(ours, theirs);
}

#[test]
fn texts_are_those_of_the_c_library() {
    if !cfg!(target_env = "gnu") {
        println!("SKIP: the texts are glibc's");
        return;
    }
    for number in 1..512 {
        let Some(text) = errno::text(number) else { continue };
        let theirs = std::io::Error::from_raw_os_error(number as i32).to_string();
        assert_eq!(format!("{text} (os error {number})"), theirs);
    }
}

#[test]
fn names_agree_with_the_crate_syscalls() {
    for number in 1..=errno::MAX {
        let theirs = syscalls::Errno::new(number as i32).name();
        // The newest of the kernel's own, from include/linux/errno.h; the crate stops before them.
        let tolerated: [u32; 0] = [];
        if !tolerated.contains(&number) {
            assert_eq!(errno::name(number), theirs, "{number}");
        }
    }
}

#[test]
fn restarts_are_the_four_that_stand_for_an_interrupted_call() {
    let restarts: Vec<_> =
        (0..=errno::MAX).filter(|n| errno::is_restart(*n)).filter_map(errno::name).collect();
    assert_eq!(restarts, ["ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK"]);
}
