//! Compiles guests on demand, with the system's C compiler, into the target directory.
//!
//! The name of a binary holds a hash of all that it is made from, and it appears by a rename: processes that
//! compile the same guest at the same time do not disturb each other, and an unchanged guest is never compiled
//! twice.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs, io};

use crate::Skip;

/// What a source becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Build {
    /// A 64-bit program with libc and threads.
    C64,
    /// A static 64-bit program without libc (`GUEST_FREESTANDING`).
    Freestanding64,
    /// A static 32-bit program without libc: needs no 32-bit libc, only a compiler that knows `-m32`.
    Freestanding32,
    /// A 64-bit C++ program.
    Cpp64,
    /// A 64-bit shared library.
    Shared64,
}

impl Build {
    fn flags(self) -> &'static [&'static str] {
        const BARE: &[&str] =
            &["-std=gnu11", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-nostdlib", "-static"];
        match self {
            Build::C64 => &["-std=gnu11", "-pthread"],
            Build::Cpp64 => &["-std=gnu++17", "-pthread"],
            Build::Shared64 => &["-std=gnu11", "-shared", "-fPIC"],
            Build::Freestanding64 => BARE,
            Build::Freestanding32 => &[
                "-std=gnu11",
                "-m32",
                "-ffreestanding",
                "-fno-pic",
                "-fno-stack-protector",
                "-nostdlib",
                "-static",
            ],
        }
    }
}

const FLAGS: &[&str] = &["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-D_GNU_SOURCE"];

/// The folder with the sources of the guests.
pub fn guests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

/// The compiler of that language and the words it gives as its version.
fn compiler(build: Build) -> Result<&'static (String, String), Skip> {
    type Found = OnceLock<Option<(String, String)>>;
    static C: Found = OnceLock::new();
    static CPP: Found = OnceLock::new();
    let (found, variable, usual) = match build {
        Build::Cpp64 => (&CPP, "CXX", ["c++", "g++", "clang++"]),
        _ => (&C, "CC", ["cc", "gcc", "clang"]),
    };
    found
        .get_or_init(|| {
            let named = env::var(variable).ok();
            let candidates = named.iter().map(String::as_str).chain(usual);
            candidates.map(str::to_owned).find_map(|compiler| {
                let output = Command::new(&compiler).arg("--version").output().ok()?;
                output
                    .status
                    .success()
                    .then(|| (compiler, String::from_utf8_lossy(&output.stdout).into_owned()))
            })
        })
        .as_ref()
        .ok_or_else(|| {
            Skip(format!("no compiler ({} or ${variable}) to build the guest with", usual.join(", ")))
        })
}

/// Where binaries go: beside the test binaries, in the target directory.
fn output_dir() -> io::Result<PathBuf> {
    let exe = env::current_exe()?;
    // target/debug/deps/test-hash, or target/debug/program.
    let dir = exe.parent().ok_or_else(|| io::Error::other("the test binary has no folder"))?;
    let profile = if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir };
    let guests = profile.join("guests");
    fs::create_dir_all(&guests)?;
    Ok(guests)
}

/// The binary of `guests/NAME.c` (or `.cc`), compiled where that has not been done yet.
///
/// # Errors
/// [`Skip`] where the machine has no compiler, or none for 32-bit code.
///
/// # Panics
/// When a guest does not compile, with the compiler's words: that is a bug of the guest.
pub fn compile(name: &str, build: Build) -> Result<PathBuf, Skip> {
    let (compiler, version) = compiler(build)?;
    let extension = if build == Build::Cpp64 { "cc" } else { "c" };
    let source = guests_dir().join(format!("{name}.{extension}"));
    let mut hasher = DefaultHasher::new();
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (read(&source), headers(), version, FLAGS, build.flags()).hash(&mut hasher);
    let dir = output_dir().unwrap_or_else(|error| panic!("no place for the guests: {error}"));
    let binary = dir.join(format!("{name}-{:016x}", hasher.finish()));
    if binary.exists() {
        return Ok(binary);
    }
    if build == Build::Freestanding32 {
        knows_32_bit(compiler, &dir)?;
    }
    let partial =
        tempfile::Builder::new().prefix(name).tempfile_in(&dir).expect("a temporary file").into_temp_path();
    let output = Command::new(compiler)
        .args(FLAGS)
        .args(build.flags())
        .arg(&source)
        .arg("-o")
        .arg(&partial)
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(output.status.success(), "{name}.{extension}:\n{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(&partial, &binary).unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
    Ok(binary)
}

/// All headers that a guest may include.
fn headers() -> Vec<Vec<u8>> {
    let entries = fs::read_dir(guests_dir()).expect("the guests are beside their table");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "h"));
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect()
}

/// Tries the smallest 32-bit program, so that a missing ability and a broken guest are told apart.
fn knows_32_bit(compiler: &str, dir: &Path) -> Result<(), Skip> {
    let probe = tempfile::tempdir_in(dir).expect("a temporary folder");
    let source = probe.path().join("probe.c");
    fs::write(&source, "#include <stdint.h>\nvoid _start(void) { for (;;) ; }\n").expect("a writable folder");
    let output = Command::new(compiler)
        .args(Build::Freestanding32.flags())
        .arg(&source)
        .arg("-o")
        .arg(probe.path().join("probe"))
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    if output.status.success() {
        Ok(())
    } else {
        let words = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        Err(Skip(format!("{compiler} cannot build 32-bit programs: {words}")))
    }
}
