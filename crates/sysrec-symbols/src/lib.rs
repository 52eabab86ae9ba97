//! Names of functions and lines of source behind addresses of ELF files: offline, and in bounds.
//!
//! ```text
//!  (module, address) --Symbolizer--> cache on disk?  --no--> the file, if its build-id is the one wanted
//!                                                            its debug file: by build-id, by .gnu_debuglink
//!                                                            DWARF: functions, those inlined into them, lines
//!                                                            else the symbol that has the address, or is nearest before it
//! ```
//! Knows nothing of traces. Files can be anything: what is too large, damaged or not the wanted build is not used, and
//! listed ([`Symbolizer::problems`]). Nothing panics, and sizes are looked at before they are believed.

#![forbid(unsafe_code)]

mod cache;
mod demangle;
mod dwarf;
mod image;
mod locate;
mod module;
mod plt;
mod problem;
mod symbols;
mod vdso;

use std::path::PathBuf;

use rustc_hash::FxHashMap;

pub use demangle::demangle;
pub use problem::Problem;

use module::Module;

/// Bytes of debug sections (uncompressed) of one file that are read; beyond that only its symbol table is used.
pub const DEBUG_BYTES_MAX: u64 = 512 << 20;
/// Bytes of debug sections of all files together.
pub const DEBUG_BYTES_OF_ALL_MAX: u64 = 1 << 30;
/// Bytes of a symbol table with its names that are read; beyond that it is not used.
pub const SYMBOL_BYTES_MAX: u64 = 256 << 20;
/// Bytes of one name; what is longer is cut.
pub const NAME_BYTES_MAX: usize = 4096;
/// Functions of one address: one and those inlined into it.
pub const INLINED_MAX: usize = 256;

/// How an address is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// Bytes from the beginning of the file.
    InFile(u64),
    /// As the file's symbols have it.
    Virtual(u64),
}

/// A function that an address belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Its name, demangled. Of code without a symbol of its own that of the symbol before it with the distance:
    /// `write+0x1a0`.
    pub name: String,
    /// Source file, as the compiler was told it.
    pub file: Option<String>,
    /// Line in it, from 1.
    pub line: Option<u32>,
    /// Whether it was inlined into the function before it in the list.
    pub inlined: bool,
}

/// Where to look for files, and what to keep.
#[derive(Clone, Debug)]
pub struct Search {
    /// Folders like `/usr/lib/debug`: with `.build-id/NN/REST.debug`, and the paths of programs below them.
    pub debug_folders: Vec<PathBuf>,
    /// A folder to put before every path: the root of another machine's files.
    pub root: Option<PathBuf>,
    /// Where results are kept from one run to the next; nothing is kept without.
    pub cache: Option<PathBuf>,
}

impl Default for Search {
    /// `/usr/lib/debug`; `$XDG_CACHE_HOME/sysrec/symbols`, or `~/.cache/sysrec/symbols`.
    fn default() -> Self {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
        Self {
            debug_folders: vec!["/usr/lib/debug".into()],
            root: None,
            cache: cache.map(|folder| folder.join("sysrec/symbols")),
        }
    }
}

/// Answers what lies at addresses of files. Files are read when the first address in them is asked for.
#[derive(Debug)]
pub struct Symbolizer {
    search: Search,
    modules: FxHashMap<(Vec<u8>, Vec<u8>), Module>,
    /// Bytes of debug sections that may still be read.
    budget_bytes: u64,
}

impl Symbolizer {
    /// Has looked at nothing yet.
    pub fn new(search: Search) -> Self {
        Self { search, modules: FxHashMap::default(), budget_bytes: DEBUG_BYTES_OF_ALL_MAX }
    }

    /// The functions at an address inside an instruction, the outermost first; none where nothing is known.
    ///
    /// `path` is what the kernel called the file (`[vdso]` too), `build_id` its ELF note when it was mapped, empty where
    /// there was none.
    pub fn functions(&mut self, path: &[u8], build_id: &[u8], address: Address) -> Vec<Function> {
        let key = (path.to_vec(), build_id.to_vec());
        let search = &self.search;
        let module = self.modules.entry(key).or_insert_with(|| Module::find(search, path, build_id));
        module.functions(address, &mut self.budget_bytes)
    }

    /// What could not be used so far, and why; in order of the files' names.
    pub fn problems(&self) -> Vec<(PathBuf, Problem)> {
        let all = self.modules.values();
        let mut problems: Vec<_> = all.flat_map(|module| module.problems.iter().cloned()).collect();
        problems.sort_by(|one, other| one.0.cmp(&other.0));
        problems
    }

    /// Keeps what was found for the next run. Without a word where that is not possible: it is only a cache.
    pub fn save(&mut self) {
        for module in self.modules.values_mut() {
            module.save();
        }
    }
}

impl Drop for Symbolizer {
    fn drop(&mut self) {
        self.save();
    }
}
