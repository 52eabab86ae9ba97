//! The steps that paths are made of, by name.

use std::path::Path as FilePath;

use rustc_hash::FxHashMap;
use sysrec_format::event::FrameFlags;
use sysrec_format::event::StackId;
use sysrec_format::stacks::Frame;

use super::path::Path;
use super::paths::Paths;
use crate::code::{Address, Code, Place, Site};
use crate::outcome::call_name;

/// A function that code belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Function {
    /// Its name, as people write it.
    pub name: String,
    /// Source file; `None` where it is not known.
    pub file: Option<String>,
    /// Line in it, from 1; `None` where it is not known.
    pub line: Option<u32>,
    /// Whether the compiler put it into the function around it.
    pub inlined: bool,
}

/// Who knows the names of functions.
pub trait Names {
    /// The functions that a place belongs to: the outermost first, then those inlined into it one in the other. None
    /// where they are not known.
    fn functions(&mut self, place: &Place<'_>) -> Vec<Function>;
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A program that processes ran.
    Program,
    /// A thread.
    Thread,
    /// A file that calls are about.
    File,
    /// A function.
    Function,
    /// A function that was inlined into the one around it.
    Inlined,
    /// Code of which no name is known: its address.
    Address,
    /// Where a stack is not whole.
    Gap,
    /// A system call.
    Call,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// Its name; of a program or thread any bytes that it chose, not UTF-8 replaced; of a file likewise, empty for calls
    /// about none and `?` for one of which the trace tells nothing.
    pub name: String,
    /// File name of the module that code lies in, `[vdso]` and the like included; empty where there is none.
    pub module: String,
    /// Source file and line, where lines are told apart.
    pub line: Option<(String, u32)>,
    /// The thread's id, for a thread.
    pub tid: Option<i32>,
}

impl Step {
    fn new(kind: StepKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), module: String::new(), line: None, tid: None }
    }
}

/// Number of a [`Step`] in [`Steps`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepId(pub(super) u32);

/// All distinct steps, and what each place came to.
pub struct Steps<'n> {
    names: &'n mut dyn Names,
    lines: bool,
    steps: Vec<Step>,
    numbers: FxHashMap<Step, StepId>,
    of_node: FxHashMap<StackId, Box<[StepId]>>,
    of_site: FxHashMap<Site, Box<[StepId]>>,
}

impl<'n> Steps<'n> {
    /// None yet. With `lines`, the same function at two lines is two steps.
    pub fn new(names: &'n mut dyn Names, lines: bool) -> Self {
        Self {
            names,
            lines,
            steps: Vec::new(),
            numbers: FxHashMap::default(),
            of_node: FxHashMap::default(),
            of_site: FxHashMap::default(),
        }
    }

    /// The step of a number.
    pub fn get(&self, id: StepId) -> &Step {
        &self.steps[id.0 as usize]
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    fn number(&mut self, step: Step) -> StepId {
        if let Some(id) = self.numbers.get(&step) {
            return *id;
        }
        let id = StepId(self.steps.len() as u32);
        self.steps.push(step.clone());
        self.numbers.insert(step, id);
        id
    }

    /// What a path begins with.
    pub fn root(&mut self, paths: &Paths<'_>, path: &Path) -> StepId {
        let name = String::from_utf8_lossy(paths.root_name(path)).into_owned();
        let step = match paths.thread(path) {
            Some(thread) => Step { tid: Some(thread.tid), ..Step::new(StepKind::Thread, name) },
            None => Step::new(StepKind::Program, name),
        };
        self.number(step)
    }

    /// The file that stands outside of all else, where files are told apart.
    pub fn file(&mut self, paths: &Paths<'_>, path: &Path) -> Option<StepId> {
        let name = String::from_utf8_lossy(paths.file(path)?);
        Some(self.number(Step::new(StepKind::File, name)))
    }

    /// The call that a path ends with.
    pub fn call(&mut self, path: &Path) -> StepId {
        self.number(Step::new(StepKind::Call, call_name(path.abi, path.nr)))
    }

    /// All steps of a path from its root to its call, in place of what is in `out`.
    pub fn path(&mut self, paths: &Paths<'_>, path: &Path, out: &mut Vec<StepId>) {
        out.clear();
        out.extend(self.file(paths, path));
        out.push(self.root(paths, path));
        self.code(paths.code(), path.stack, path.site, out);
        out.push(self.call(path));
    }

    /// Appends the code that made a call, the outermost first: that of its stack, or of its site where it has none.
    pub fn code(&mut self, code: &Code, stack: Option<StackId>, site: Option<Site>, out: &mut Vec<StepId>) {
        if let Some(stack) = stack {
            let begin = out.len();
            for frame in code.stacks().frames(stack) {
                out.extend(self.frame(code, &frame).iter().rev());
            }
            out[begin..].reverse();
            if out.len() == begin {
                out.push(self.number(Step::new(StepKind::Gap, "[stack missing from the trace]")));
            }
        }
        if let Some(site) = site {
            if !code.stacks().is_empty() {
                out.push(self.number(Step::new(StepKind::Gap, "[no stack recorded]")));
            }
            out.extend_from_slice(&self.site(code, site));
        }
    }

    fn frame(&mut self, code: &Code, frame: &Frame<'_>) -> Box<[StepId]> {
        if let Some(steps) = self.of_node.get(&frame.node) {
            return steps.clone();
        }
        let mut steps = Vec::new();
        if frame.flags.has(FrameFlags::DEEP) {
            steps.push(self.number(Step::new(StepKind::Gap, "[more frames]")));
        } else if frame.flags.has(FrameFlags::CUT) {
            steps.push(self.number(Step::new(StepKind::Gap, "[stack cut]")));
        }
        steps.extend(self.place(&code.frame(frame)));
        let steps = steps.into_boxed_slice();
        self.of_node.insert(frame.node, steps.clone());
        steps
    }

    fn site(&mut self, code: &Code, site: Site) -> Box<[StepId]> {
        if let Some(steps) = self.of_site.get(&site) {
            return steps.clone();
        }
        let steps: Box<[StepId]> = self.place(&code.site(site)).into();
        self.of_site.insert(site, steps.clone());
        steps
    }

    /// What a place is called: its functions, else its address.
    fn place(&mut self, place: &Place<'_>) -> Vec<StepId> {
        let module = place.module.map_or(String::new(), |module| file_name(&module.path));
        let mut functions = if place.name.is_empty() { self.names.functions(place) } else { Vec::new() };
        if !place.name.is_empty() {
            let name = String::from_utf8_lossy(place.name).into_owned();
            functions.push(Function { name, ..Function::default() });
        }
        if functions.is_empty() {
            let sign = match place.address {
                Address::InFile(_) => "@",
                Address::InModule(_) => "+",
                Address::InMemory(_) => "",
            };
            let name = format!("{sign}{:#x}", place.address.number());
            return vec![self.number(Step { module, ..Step::new(StepKind::Address, name) })];
        }
        let step = |function: Function| {
            let kind = if function.inlined { StepKind::Inlined } else { StepKind::Function };
            let line = function.file.zip(function.line).filter(|_| self.lines);
            Step { module: module.clone(), line, ..Step::new(kind, function.name) }
        };
        let steps: Vec<Step> = functions.into_iter().map(step).collect();
        steps.into_iter().map(|step| self.number(step)).collect()
    }
}

/// The last part of a module's path.
fn file_name(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    FilePath::new(text.as_ref())
        .file_name()
        .map_or_else(|| text.to_string(), |name| name.to_string_lossy().into_owned())
}
