//! Names of functions for a view: those baked into the trace, else those of the files on this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use rustc_hash::FxHashMap;
use sysrec_analyzer::Trace;
use sysrec_analyzer::call_tree::{Function, Names};
use sysrec_analyzer::code::{self, Address};
use sysrec_format::block;
use sysrec_symbols::{Problem, Search, Symbolizer};

use crate::screen::{QUIET, styled};
use crate::table::wrap;
use crate::text::{counted, printable};

/// Files that are named in one line.
const FILES_NAMED: usize = 4;

/// Where names of functions come from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Names of functions")]
pub(crate) struct SymbolArgs {
    /// Look for debug files in this folder too, as in /usr/lib/debug
    #[arg(long, value_name = "DIR")]
    debug_dir: Vec<PathBuf>,

    /// Look for the recorded programs and their debug files below this folder instead of /
    #[arg(long, value_name = "DIR")]
    sysroot: Option<PathBuf>,

    /// Name nothing: show addresses
    #[arg(long)]
    no_symbols: bool,
}

/// What names of functions there are.
pub(crate) struct Symbols {
    baked: Baked,
    symbolizer: Option<Symbolizer>,
}

/// Path and build-id of a module, and a place in it.
type Place = (Vec<u8>, Vec<u8>, Address);

/// The names in a trace itself.
#[derive(Default)]
struct Baked {
    functions: FxHashMap<Place, Vec<Function>>,
}

impl Baked {
    fn add(&mut self, block: &block::Symbols) {
        let text = |place: u32| block.texts.get(place as usize).cloned();
        for module in &block.modules {
            for place in &module.places {
                let function = |function: &block::SymbolFunction| {
                    Some(Function {
                        name: text(function.name)?,
                        file: function.file.and_then(text),
                        line: (function.line > 0).then_some(function.line),
                        inlined: function.inlined,
                    })
                };
                let functions: Vec<Function> = place.functions.iter().filter_map(function).collect();
                let address = match place.in_file {
                    true => Address::InFile(place.address),
                    false => Address::InModule(place.address),
                };
                self.functions.insert((module.path.clone(), module.build_id.clone(), address), functions);
            }
        }
    }
}

impl Symbols {
    /// For code of a trace.
    pub(crate) fn new(args: &SymbolArgs, trace: &Trace) -> Self {
        let mut baked = Baked::default();
        for block in trace.layout().symbols(trace.file()) {
            match block {
                Ok(block) if !args.no_symbols => baked.add(&block),
                Ok(_) => {}
                Err(error) => {
                    let path = printable(trace.path().as_os_str().as_encoded_bytes());
                    crate::screen::warn(&format!("{path}: names in it cannot be read: {error}"));
                }
            }
        }
        let mut search = Search::default();
        search.debug_folders.extend(args.debug_dir.iter().cloned());
        search.root.clone_from(&args.sysroot);
        Self { baked, symbolizer: (!args.no_symbols).then(|| Symbolizer::new(search)) }
    }

    /// What could not be named and why, a line a reason; empty where there is nothing to say.
    pub(crate) fn remarks(&self, width: Option<usize>) -> String {
        let styled = |line: String| styled(QUIET, &wrap(&line, width.unwrap_or(usize::MAX))) + "\n";
        self.sentences().into_iter().map(styled).collect()
    }

    /// The same on stderr.
    pub(crate) fn warn(&self) {
        self.sentences().iter().for_each(|line| crate::screen::say(line));
    }

    fn sentences(&self) -> Vec<String> {
        let mut files: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (path, problem) in self.symbolizer.iter().flat_map(Symbolizer::problems) {
            let path = printable(path.as_os_str().as_encoded_bytes());
            let (what, path) = match problem {
                Problem::Missing => ("Not here, so without names", path),
                Problem::Changed { .. } => ("Another build than the recorded one, so not used", path),
                Problem::Unproven => ("Without a build-id, taken for the recorded ones", path),
                Problem::Stripped => {
                    ("Stripped and without a debug file here, so named by what they export", path)
                }
                other => ("Not used", format!("{path} ({other})")),
            };
            files.entry(what).or_default().push(path);
        }
        let sentence = |(what, files): (&str, Vec<String>)| {
            let more = files.len().saturating_sub(FILES_NAMED);
            let mut named: Vec<String> = files.into_iter().take(FILES_NAMED).collect();
            if more > 0 {
                named.push(counted(more as u64, "more file", "more files"));
            }
            format!("{what}: {}.", named.join(", "))
        };
        files.into_iter().map(sentence).collect()
    }
}

impl Names for Symbols {
    fn functions(&mut self, place: &code::Place<'_>) -> Vec<Function> {
        let (Some(symbolizer), Some(module)) = (&mut self.symbolizer, place.module) else {
            return Vec::new();
        };
        if !self.baked.functions.is_empty() {
            let key = (module.path.clone(), module.build_id.clone(), place.address);
            if let Some(functions) = self.baked.functions.get(&key) {
                return functions.clone();
            }
        }
        let address = match place.address {
            Address::InFile(offset) => sysrec_symbols::Address::InFile(offset),
            Address::InModule(address) => sysrec_symbols::Address::Virtual(address),
            Address::InMemory(_) => return Vec::new(),
        };
        let functions = symbolizer.functions(&module.path, &module.build_id, address);
        functions
            .into_iter()
            .map(|function| Function {
                name: function.name,
                file: function.file,
                line: function.line,
                inlined: function.inlined,
            })
            .collect()
    }
}
