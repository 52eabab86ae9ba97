//! One module: its files, what they tell, and what was asked before.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::cache::Cache;
use crate::dwarf::{self, Dwarf};
use crate::image::Image;
use crate::locate::{below, debug_file, hex};
use crate::problem::Problem;
use crate::symbols::Symbols;
use crate::{Address, Function, Search, vdso};

/// A module whose files have been looked for.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    /// With the file that each is about: the module's own or its debug file.
    pub(crate) problems: Vec<(PathBuf, Problem)>,
    search: Search,
    /// The file, if it is the build that was recorded.
    image: Option<Image>,
    debug: Option<Image>,
    cache: Cache,
    /// Read when the first address is asked for that the cache does not have.
    tables: Option<Tables>,
    answers: FxHashMap<Address, Vec<Function>>,
}

/// What a module's files tell.
#[derive(Debug, Default)]
struct Tables {
    dwarf: Vec<Dwarf>,
    symbols: Symbols,
}

impl Module {
    /// Looks for the files of a module; reads no more than their headers.
    pub(crate) fn find(search: &Search, path: &[u8], build_id: &[u8]) -> Self {
        let path = Path::new(OsStr::from_bytes(path));
        let mut module = Self {
            path: path.to_owned(),
            problems: Vec::new(),
            search: search.clone(),
            image: None,
            debug: None,
            cache: Cache::default(),
            tables: None,
            answers: FxHashMap::default(),
        };
        if !path.is_absolute() {
            // No file: `[vdso]`, `[jit]`, memory without a name.
            if path == Path::new("[vdso]")
                && let Some(symbols) = vdso::symbols(build_id)
            {
                module.tables = Some(Tables { dwarf: Vec::new(), symbols });
            }
            return module;
        }
        let problem = match Image::read(&below(search.root.as_deref(), path)) {
            Ok(image) if build_id.is_empty() || image.build_id == build_id => {
                if build_id.is_empty() {
                    module.problems.push((path.to_owned(), Problem::Unproven));
                }
                module.image = Some(image);
                None
            }
            Ok(image) => {
                let found = if image.build_id.is_empty() { "none".to_owned() } else { hex(&image.build_id) };
                Some(Problem::Changed { wanted: hex(build_id), found })
            }
            Err(problem) => Some(problem),
        };
        module.debug = debug_file(search, path, build_id, module.image.as_ref());
        // A debug file of the right build tells all that is needed.
        if module.debug.is_none() || matches!(problem, Some(Problem::Changed { .. })) {
            module.problems.extend(problem.map(|problem| (path.to_owned(), problem)));
        }
        let images: Vec<&Image> = module.images().collect();
        if let (Some(folder), false) = (&search.cache, images.is_empty()) {
            module.cache = Cache::open(folder, build_id, &images);
        }
        module
    }

    fn images(&self) -> impl Iterator<Item = &Image> {
        self.debug.iter().chain(&self.image)
    }

    /// See [`Symbolizer::functions`](crate::Symbolizer::functions).
    pub(crate) fn functions(&mut self, address: Address, budget_bytes: &mut u64) -> Vec<Function> {
        if let Some(known) = self.answers.get(&address).or_else(|| self.cache.get(address)) {
            return known.clone();
        }
        let functions = self.find_functions(address, budget_bytes);
        self.answers.insert(address, functions.clone());
        functions
    }

    fn find_functions(&mut self, address: Address, budget_bytes: &mut u64) -> Vec<Function> {
        let has_files = self.images().next().is_some();
        if self.tables.is_none() && has_files {
            let tables = self.read(budget_bytes);
            self.tables = Some(tables);
        }
        let Some(tables) = &self.tables else { return Vec::new() };
        let address = match address {
            Address::Virtual(address) => Some(address),
            // Of the vDSO, which lies in memory as it lies in its image.
            Address::InFile(offset) if !has_files => Some(offset),
            // A debug file's own segments may have moved in the file.
            Address::InFile(offset) => {
                self.image.iter().chain(&self.debug).find_map(|image| image.address_of(offset))
            }
        };
        address.map_or_else(Vec::new, |address| tables.functions(address))
    }

    fn read(&mut self, budget_bytes: &mut u64) -> Tables {
        let mut tables = Tables::default();
        let mut problems = Vec::new();
        for image in self.debug.iter().chain(&self.image) {
            if tables.dwarf.is_empty() && dwarf::is_in(image) {
                match Dwarf::read(image, &self.search, budget_bytes) {
                    Ok(dwarf) => tables.dwarf.push(dwarf),
                    Err(problem) => problems.push((image.path.clone(), problem)),
                }
            }
            if let Err(problem) = tables.symbols.read(image) {
                problems.push((image.path.clone(), problem));
            }
        }
        tables.symbols.sort();
        if problems.is_empty() && tables.dwarf.is_empty() && !tables.symbols.is_whole {
            problems.push((self.path.clone(), Problem::Stripped));
        }
        self.problems.extend(problems);
        tables
    }

    /// Puts what was found into the cache.
    pub(crate) fn save(&mut self) {
        let found = std::mem::take(&mut self.answers);
        self.cache.add(found);
    }
}

impl Tables {
    fn functions(&self, address: u64) -> Vec<Function> {
        let mut functions = self.dwarf.first().map_or_else(Vec::new, |dwarf| dwarf.functions(address));
        // Assembly has lines and no functions.
        if functions.first().is_none_or(|outermost| outermost.name.is_empty())
            && let Some(name) = self.symbols.name(address)
        {
            match functions.first_mut() {
                Some(outermost) => outermost.name = name,
                None => functions.push(Function { name, ..Function::default() }),
            }
        }
        functions.retain(|function| !function.name.is_empty());
        functions
    }
}
