//! Where code lies: what an address of a process, or a frame of a stack, points at.
//!
//! ```text
//!  call at 0x7f93a96fe1c0 of process 3 at 12:00  --spaces-->  libc.so.6, byte 0xe91c0 of the file
//!  frame 17 of a stack                           --stacks-->  server, address 0x1a40 of its own
//! ```
//! Names of functions are not in a trace, as a rule: they are the caller's business
//! ([`call_tree::Names`](crate::call_tree::Names)).

mod spaces;

use rustc_hash::FxHashMap;
use sysrec_format::event::{EventBody, StackId, TaskId};
use sysrec_format::frame::ChunkKind;
use sysrec_format::stacks::{Frame, Module, StackTable};

use spaces::Spaces;
pub use spaces::{CHANGES_MAX, Site};

use crate::trace::Trace;

/// How an address is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// Bytes from the beginning of the module's file.
    InFile(u64),
    /// As the module's own symbols have it: an ELF virtual address.
    InModule(u64),
    /// In the memory of the process; nothing is known of what lies there.
    InMemory(u64),
}

impl Address {
    /// The number.
    pub fn number(self) -> u64 {
        match self {
            Self::InFile(number) | Self::InModule(number) | Self::InMemory(number) => number,
        }
    }
}

/// One place in code: an address inside an instruction, so that what is looked up there is the instruction's own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What the code lies in.
    pub module: Option<&'a Module>,
    /// Where in it.
    pub address: Address,
    /// The function's name, where the recorder alone could know it (code made at run time); else empty.
    pub name: &'a [u8],
}

/// All that a trace tells of code. Memory grows with mappings and distinct stacks, not with calls.
#[derive(Debug, Default)]
pub struct Code {
    spaces: Spaces,
    /// The modules of mappings.
    mapped: Vec<Module>,
    stacks: StackTable,
}

impl Code {
    /// Reads the events of a trace.
    pub fn of(trace: &Trace) -> Self {
        let mut code = Self::default();
        let mut known: FxHashMap<(Vec<u8>, Vec<u8>), u32> = FxHashMap::default();
        let mut buffer = Vec::new();
        let layout = trace.layout();
        let frames = layout.frames(trace.file()).filter_map(Result::ok);
        // Damage was found when the trace was opened.
        for frame in frames.filter(|frame| frame.header.kind == ChunkKind::EVENTS) {
            let Ok(events) = layout.events(trace.file(), &frame, &mut buffer) else { continue };
            for event in events.map_while(Result::ok) {
                code.stacks.add(&event.body);
                let Some(task) = event.task.and_then(|id| trace.tasks().get(id)) else { continue };
                match event.body {
                    EventBody::TaskStart { .. } if task.is_process() => {
                        let parent = trace.tasks().parent_process_of(task);
                        code.spaces.start(task.id, parent.map(|parent| parent.id), event.time_ns);
                    }
                    EventBody::Exec { .. } => code.spaces.exec(task.process, event.time_ns),
                    EventBody::Mapping { address, length, file_offset, path, build_id } => {
                        let next = code.mapped.len() as u32;
                        let module = *known.entry((path.clone(), build_id.clone())).or_insert(next);
                        if module == next {
                            code.mapped.push(Module { path, build_id });
                        }
                        code.spaces.map(task.process, event.time_ns, address, length, file_offset, module);
                    }
                    _ => {}
                }
            }
        }
        code
    }

    /// Where the call behind `ip` was made, in a process at a moment.
    pub fn site_at(&self, process: TaskId, ip: u64, time_ns: u64) -> Site {
        self.spaces.at(process, ip, time_ns)
    }

    /// Whether anything was mapped or executed in a process after the first of two moments, up to the second.
    pub fn changed(&self, process: TaskId, from_ns: u64, to_ns: u64) -> bool {
        self.spaces.changed(process, from_ns, to_ns)
    }

    /// The place of a site.
    pub fn site(&self, site: Site) -> Place<'_> {
        let module = site.module.and_then(|module| self.mapped.get(module as usize));
        let address = site.address.saturating_sub(1);
        let address = if module.is_some() { Address::InFile(address) } else { Address::InMemory(address) };
        Place { module, address, name: &[] }
    }

    /// All stacks.
    pub fn stacks(&self) -> &StackTable {
        &self.stacks
    }

    /// The place of a frame.
    pub fn frame<'a>(&'a self, frame: &Frame<'a>) -> Place<'a> {
        let module = frame.module.and_then(|module| self.stacks.module(module));
        let inside = frame.offset_inside();
        let address = if module.is_some() { Address::InModule(inside) } else { Address::InMemory(inside) };
        Place { module, address, name: frame.name }
    }

    /// The places of a stack, the innermost first; none where the trace does not have it.
    pub fn stack(&self, stack: StackId) -> impl Iterator<Item = Place<'_>> {
        self.stacks.frames(stack).map(|frame| self.frame(&frame))
    }

    /// Every module that a mapping or a stack names; one that both name, twice.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.mapped.iter().chain(self.stacks.modules().map(|(_, module)| module))
    }
}
