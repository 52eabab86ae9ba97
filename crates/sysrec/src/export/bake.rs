//! `sysrec export --symbols`: the trace with the names of its code, for machines that do not have the programs.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use rustc_hash::FxHashMap;
use sysrec_analyzer::call_tree::{Function, Names, Paths, Root};
use sysrec_analyzer::code::{Address, Place};
use sysrec_analyzer::{Selection, Trace};
use sysrec_format::block::{SymbolFunction, SymbolModule, SymbolPlace, Symbols as Block};
use sysrec_format::layout::Completeness;
use sysrec_format::names::with_symbols;

use crate::symbols::{SymbolArgs, Symbols};
use crate::{open, screen, text};

/// Bytes of a block after which another one is begun, by a rough count: well below the format's limit.
const BLOCK_BYTES_AIM: usize = 1 << 20;

/// Writes the copy. It gets its name when it is whole.
///
/// # Errors
/// A trace that was not closed or is damaged, or an output that cannot be written.
pub(super) fn run(path: &Path, out: &Path, args: &SymbolArgs) -> anyhow::Result<ExitCode> {
    let trace = open::trace(path)?;
    let closed = trace.integrity().completeness != Completeness::Unfinished;
    if !closed || !trace.integrity().damages.is_empty() {
        bail!("{}: names can only be put into a trace that was closed and is not damaged", path.display());
    }
    if let (Ok(one), Ok(other)) = (out.canonicalize(), path.canonicalize())
        && one == other
    {
        bail!("{}: it is the trace itself; write the copy elsewhere", out.display());
    }
    let mut symbols = Symbols::new(args, &trace);
    let (blocks, named, all) = blocks(&trace, &mut symbols);
    let failed = || format!("{}: cannot be written", out.display());
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = out.with_file_name(name);
    let written = (|| -> anyhow::Result<()> {
        let mut file = BufWriter::new(std::fs::File::create(&new).with_context(failed)?);
        with_symbols(trace.file(), &blocks, &mut file)?;
        file.flush().with_context(failed)?;
        std::fs::rename(&new, out).with_context(failed)
    })();
    if written.is_err() {
        _ = std::fs::remove_file(&new);
    }
    written?;
    symbols.warn();
    screen::say(&format!(
        "{} of {} have names in {}",
        text::count(named),
        text::counted(all, "place in code", "places in code"),
        text::printable(out.as_os_str().as_encoded_bytes())
    ));
    Ok(ExitCode::SUCCESS)
}

/// The names of all code of a trace; how many places have one, and how many there are.
fn blocks(trace: &Trace, symbols: &mut Symbols) -> (Vec<Block>, u64, u64) {
    let paths = Paths::of(trace, &Selection::default(), Root::Program);
    let code = paths.code();
    let mut building = Building::default();
    let (mut named, mut all) = (0, 0);
    let frames = code.stacks().nodes().map(|frame| code.frame(&frame));
    let sites = paths.iter().filter_map(|(path, _)| path.site).map(|site| code.site(site));
    for place in frames.chain(sites).filter(|place| place.name.is_empty()) {
        if !building.is_new(&place) {
            continue;
        }
        all += 1;
        let functions = symbols.functions(&place);
        if !functions.is_empty() {
            named += 1;
            building.add(&place, functions);
        }
    }
    (building.finish(), named, all)
}

type ModuleKey = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct Building {
    seen: FxHashMap<ModuleKey, FxHashMap<Address, ()>>,
    done: Vec<Block>,
    block: Block,
    texts: FxHashMap<String, u32>,
    modules: FxHashMap<ModuleKey, usize>,
    bytes: usize,
}

fn key(place: &Place<'_>) -> ModuleKey {
    place.module.map_or_else(Default::default, |module| (module.path.clone(), module.build_id.clone()))
}

impl Building {
    fn is_new(&mut self, place: &Place<'_>) -> bool {
        place.module.is_some() && self.seen.entry(key(place)).or_default().insert(place.address, ()).is_none()
    }

    fn text(&mut self, text: String) -> u32 {
        if let Some(number) = self.texts.get(&text) {
            return *number;
        }
        let number = self.block.texts.len() as u32;
        self.bytes += 8 + text.len();
        self.block.texts.push(text.clone());
        self.texts.insert(text, number);
        number
    }

    fn add(&mut self, place: &Place<'_>, functions: Vec<Function>) {
        if self.bytes > BLOCK_BYTES_AIM {
            self.end_block();
        }
        let functions: Vec<SymbolFunction> = functions
            .into_iter()
            .map(|function| SymbolFunction {
                name: self.text(function.name),
                file: function.file.map(|file| self.text(file)),
                line: function.line.unwrap_or(0),
                inlined: function.inlined,
            })
            .collect();
        let key = key(place);
        self.bytes += 32 + 16 * functions.len();
        let next = self.block.modules.len();
        let module = *self.modules.entry(key.clone()).or_insert(next);
        if module == next {
            let (path, build_id) = key;
            self.bytes += 32 + path.len() + build_id.len();
            self.block.modules.push(SymbolModule { path, build_id, places: Vec::new() });
        }
        let (address, in_file) = (place.address.number(), matches!(place.address, Address::InFile(_)));
        self.block.modules[module].places.push(SymbolPlace { address, in_file, functions });
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        if !block.modules.is_empty() {
            self.done.push(block);
        }
        self.texts.clear();
        self.modules.clear();
        self.bytes = 0;
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_block();
        self.done
    }
}
