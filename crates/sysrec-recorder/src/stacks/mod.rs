//! The stacks of calls: from a stopped task to the frames that called.
//!
//! ```text
//!  stop ─► registers, a copy of the stack ─► known? ── yes ─────────────────────────────► number
//!                                              └ no ─► walk ─► frames ─► modules, trie ──► number
//!                                                      │ files' unwind tables, each read once
//!                                                      └ mappings of the process
//! ```
//! The task waits meanwhile, so that what is read is what was. A stack that cannot be followed is kept as far as it
//! goes, and says so; nothing that a program does to its stack, its files or its mappings makes a walk endless or fail.
//!
//! framehop, which unwinds for profilers, was tried on paper and not taken: it recovers three registers, so that it loses
//! the way at realigned stacks, signals and the dynamic linker, and it bounds no DWARF expression, so that a hostile file
//! could hold the recorder for ever. gimli does the parsing here, too.
//!
//! Of 32-bit code there is the site alone.

mod expression;
pub(crate) mod files;
mod jit;
mod known;
mod memory;
mod registers;
pub(crate) mod rules;
mod space;
mod trie;
mod walk;

use std::path::PathBuf;
use std::time::Duration;

use gimli::UnwindContext;
use rustc_hash::FxHashMap;
use sysrec_format::event::{Abi, EventBody, FrameFlags, ModuleId, StackId, UserRegisters};
use sysrec_format::limits::{MODULES_MAX, STACK_FRAMES_MAX};
use sysrec_syscalls::filter::Filter;

use crate::selected::Selected;
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::register::{CS, RIP};
use files::Files;
use jit::JitNames;
use known::{KnownStacks, Read, Reading};
use memory::Copies;
use registers::Registers;
use rules::Rule;
use space::Space;
use trie::Trie;
use walk::{Code, RawFrame};

/// Selector of 64-bit code (`__USER_CS`).
const CODE_64: u64 = 0x33;

/// Which calls get a stack, and how much of it.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// The calls, of those that are recorded.
    pub filter: Filter,
    /// Only calls that took at least this long. Their stack is taken when they return, so that all others cost nothing.
    pub duration_min: Option<Duration>,
    /// Frames of a stack at the most, from 1 to [`StackOptions::DEPTH_MAX`]; the innermost are kept.
    pub depth: usize,
}

impl StackOptions {
    /// The most frames of a stack that a trace can have.
    pub const DEPTH_MAX: usize = STACK_FRAMES_MAX as usize;
    /// Frames of a stack, where nothing else is asked for.
    pub const DEPTH: usize = 128;
}

impl Default for StackOptions {
    fn default() -> Self {
        StackOptions { filter: Filter::all(), duration_min: None, depth: Self::DEPTH }
    }
}

/// When the stack of a call is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Entry,
    /// At its exit, if it took at least so many nanoseconds.
    Exit(u64),
}

/// The stack that was taken last, and what alone decides that it is this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walked<'a> {
    pub(crate) stack: StackId,
    /// The state of the address space.
    pub(crate) serial: u64,
    pub(crate) reads: &'a [Read],
}

/// What is known of a process.
struct Process {
    space: Space,
    names: Option<JitNames>,
}

/// The stacks of a recording.
pub(crate) struct Stacks {
    options: StackOptions,
    all: bool,
    processes: FxHashMap<i32, Process>,
    files: Files,
    trie: Trie,
    known: KnownStacks,
    /// Modules that were told.
    modules: u32,
    /// The last number given to a state of an address space.
    serials: u64,
    copies: Copies,
    context: Box<UnwindContext<usize>>,
    frames: Vec<RawFrame>,
    reads: Vec<Read>,
    /// The last stack that was taken and the state of its address space, where `reads` decides what it is.
    walked: Option<(StackId, u64)>,
    /// A frame of the stack that is being told has no name yet, and may have one the next time.
    unnamed: bool,
}

impl Stacks {
    pub(crate) fn new(options: &StackOptions) -> Self {
        Stacks {
            options: options.clone(),
            all: options.filter.is_all(),
            processes: FxHashMap::default(),
            files: Files::default(),
            trie: Trie::default(),
            known: KnownStacks::default(),
            modules: 0,
            serials: 0,
            copies: Copies::default(),
            context: Box::default(),
            frames: Vec::new(),
            reads: Vec::new(),
            walked: None,
            unnamed: false,
        }
    }

    /// Whether a call gets a stack, and when.
    pub(crate) fn moment(&self, abi: Abi, nr: i32) -> Option<Moment> {
        let selected = Selected { all: self.all, filter: &self.options.filter };
        let moment = match self.options.duration_min {
            None => Moment::Entry,
            Some(least) => Moment::Exit(u64::try_from(least.as_nanos()).unwrap_or(u64::MAX)),
        };
        selected.has(abi, nr).then_some(moment)
    }

    /// The stack of a task that is stopped in a call made before `ip`; `None` where there are too many. What is new of it
    /// is told first.
    pub(crate) fn take(
        &mut self,
        (tid, pid): (i32, i32),
        ip: u64,
        all: &UserRegisters,
        mut tell: impl FnMut(EventBody),
    ) -> Option<StackId> {
        let now_ns = monotonic_ns();
        let mut all = *all;
        all[RIP] = ip;
        self.walked = None;
        let Self { processes, files, serials, known, copies, context, frames, reads, walked, .. } = self;
        let process = processes.entry(pid).or_insert_with(|| Process { space: Space::new(), names: None });
        process.space.freshen(pid, files, serials, now_ns);
        if all[CS] != CODE_64 {
            frames.clear();
            frames.push(RawFrame { address: ip, flags: FrameFlags::CUT });
            return self.tell(pid, now_ns, &mut tell);
        }
        let values = Registers::values(&all);
        let sp = values[usize::from(registers::RSP)];
        let place = (process.space.serial, ip, sp);
        copies.begin(tid, sp, known.bytes_needed(place));
        reads.clear();
        if let Some((stack, same)) = known.find(place, &values, copies) {
            reads.extend_from_slice(same);
            *walked = Some((stack, place.0));
            return Some(stack);
        }
        let mut reading = Reading { words: copies, reads, failed: false };
        let space = &mut process.space;
        let mut code = ProcessCode { tid, pid, space, files, serials, context, now_ns };
        walk::walk(Registers::of(&values), self.options.depth, &mut code, &mut reading, frames);
        let failed = reading.failed;
        if copies.cut
            && let Some(last) = frames.last_mut()
            && last.flags.has(FrameFlags::CUT)
        {
            last.flags = FrameFlags(last.flags.0 & !FrameFlags::CUT.0).with(FrameFlags::DEEP);
        }
        // The walk may have looked at the mappings anew.
        let place = (process.space.serial, ip, sp);
        let stack = self.tell(pid, now_ns, &mut tell)?;
        if !failed && !self.unnamed {
            self.known.keep(place, &self.reads, stack);
            self.walked = Some((stack, place.0));
        }
        Some(stack)
    }

    /// The stack that was taken last; `None` where another walk could find another one though all that was read is the
    /// same.
    pub(crate) fn walked(&self) -> Option<Walked<'_>> {
        let (stack, serial) = self.walked?;
        Some(Walked { stack, serial, reads: &self.reads })
    }

    /// The stack that a task says a call of it has, which lasted so long; `None` as well where it says what cannot be.
    pub(crate) fn of_task(&self, number: u64, lasted_ns: Option<u64>) -> Option<StackId> {
        let least_ns = self.options.duration_min.map(|least| least.as_nanos());
        let selected = match (least_ns, lasted_ns) {
            (None, _) => true,
            (Some(least_ns), Some(lasted_ns)) => u128::from(lasted_ns) >= least_ns,
            (Some(_), None) => false,
        };
        let number = number.checked_sub(1).filter(|&number| selected && number < self.trie.len() as u64)?;
        Some(StackId(number as u32))
    }

    /// The number of the stack in `frames`.
    fn tell(&mut self, pid: i32, now_ns: u64, tell: &mut impl FnMut(EventBody)) -> Option<StackId> {
        let Self { processes, files, serials, trie, frames, unnamed, .. } = self;
        let process = processes.get_mut(&pid)?;
        *unnamed = false;
        let mut parent = None;
        for frame in frames.iter().rev() {
            let exact = frame.flags.has(FrameFlags::INTERRUPTED);
            let inside = if exact { frame.address } else { frame.address.wrapping_sub(1) };
            let area =
                process.space.find(inside, pid, files, serials, now_ns).map(|area| (area.file, area.bias));
            let (mut module, mut offset, mut name) = (None, frame.address, Vec::new());
            if let Some((place, bias)) = area
                && self.modules < MODULES_MAX
            {
                let file = &mut files.list[place];
                let number = *file.told.get_or_insert_with(|| {
                    let number = self.modules;
                    self.modules += 1;
                    let (path, build_id) = (file.path.clone(), file.build_id.clone());
                    tell(EventBody::Module { module: ModuleId(number), path, build_id });
                    number
                });
                (module, offset) = (Some(ModuleId(number)), frame.address.wrapping_sub(bias));
                if file.is_jit {
                    let names = process.names.get_or_insert_with(|| {
                        JitNames::new(pid, process.space.jitdump().map(PathBuf::from).as_deref())
                    });
                    name = names.name(inside, now_ns).to_vec();
                    *unnamed |= name.is_empty() && names.may_come(now_ns);
                }
            }
            parent = Some(trie.node(parent, module, offset, frame.flags, &name, &mut *tell)?);
        }
        parent
    }

    /// The process has a new program, or has ended.
    pub(crate) fn forget(&mut self, pid: i32) {
        self.processes.remove(&pid);
    }

    /// What may be run in the process has changed.
    pub(crate) fn code_changed(&mut self, pid: i32) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.space.is_changed();
        }
    }

    /// A part of the process's address space was changed. Whether code lay there.
    pub(crate) fn memory_changed(&mut self, pid: i32, start: u64, bytes: u64) -> bool {
        let Some(process) = self.processes.get_mut(&pid) else { return false };
        let overlaps = process.space.overlaps(start, bytes);
        if overlaps {
            process.space.is_changed();
        }
        overlaps
    }

    /// A sentence for people, where calls are without a stack since there were too many.
    pub(crate) fn note(&self) -> Option<String> {
        self.trie.full.then(|| {
            format!(
                "the stacks have more than {} different frames; calls from others after that have no stack",
                trie::NODES_MAX
            )
        })
    }
}

/// The code of a process, as the walk asks for it.
struct ProcessCode<'a> {
    tid: i32,
    pid: i32,
    space: &'a mut Space,
    files: &'a mut Files,
    serials: &'a mut u64,
    context: &'a mut UnwindContext<usize>,
    now_ns: u64,
}

impl Code for ProcessCode<'_> {
    fn rule(&mut self, inside: u64, address: u64) -> Option<Rule> {
        /// `mov $15, %rax; syscall`: rt_sigreturn. Debuggers know it by these bytes, too.
        const SIGRETURN: [u8; 9] = [0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05];
        let area = self.space.find(inside, self.pid, self.files, self.serials, self.now_ns)?;
        let (file, own) = (area.file, inside.wrapping_sub(area.bias));
        let Some(rules) = &mut self.files.list[file].rules else { return Some(Rule::Unknown) };
        let is_signal = || {
            let mut bytes = [0; SIGRETURN.len()];
            crate::sys::memory::read(self.tid, address, &mut bytes) == bytes.len() && bytes == SIGRETURN
        };
        Some(rules.rule(own, self.context, is_signal))
    }

    fn is_code(&mut self, address: u64) -> bool {
        self.space.find(address, self.pid, self.files, self.serials, self.now_ns).is_some()
    }

    fn stack_start(&self) -> Option<u64> {
        self.space.stack_start
    }

    fn is_behind_call(&mut self, address: u64) -> bool {
        if let Some(&known) = self.space.behind_calls.get(&address) {
            return known;
        }
        if !self.is_code(address.wrapping_sub(1)) {
            return false;
        }
        let mut bytes = [0; 7];
        let start = address.wrapping_sub(bytes.len() as u64);
        let is_call =
            crate::sys::memory::read(self.tid, start, &mut bytes) == bytes.len() && ends_in_call(bytes);
        self.space.remember_call(address, is_call);
        is_call
    }
}

/// Whether these bytes end in a call: E8 with 32 bits, or FF /2 with any of its operands (Intel SDM, volume 2, CALL).
fn ends_in_call(bytes: [u8; 7]) -> bool {
    let indirect = |length: usize| {
        let [opcode, modrm] = [bytes[7 - length], bytes[8 - length]];
        let with_sib = modrm & 7 == 4;
        let operand = match (modrm >> 6, modrm & 7) {
            (3, _) => 0,
            (0, 5) => 4,
            (0, _) => usize::from(with_sib),
            (1, _) => 1 + usize::from(with_sib),
            _ => 4 + usize::from(with_sib),
        };
        opcode == 0xff && modrm >> 3 & 7 == 2 && length == 2 + operand
    };
    bytes[2] == 0xe8 || (2..=7).any(indirect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_what_only_looks_like_them() {
        let ends = |tail: &[u8]| {
            let mut bytes = [0x90; 7];
            bytes[7 - tail.len()..].copy_from_slice(tail);
            ends_in_call(bytes)
        };
        // call rel32; call *%rax; call *0x8(%rbx); call *0x0(%rip); call *0x8(%rsp); call *0x100(%r12,%rcx,8)
        for call in [
            &[0xe8, 1, 2, 3, 4][..],
            &[0xff, 0xd0],
            &[0xff, 0x53, 8],
            &[0xff, 0x15, 0, 0, 0, 0],
            &[0xff, 0x54, 0x24, 8],
            &[0xff, 0x94, 0xcc, 0, 1, 0, 0],
        ] {
            assert!(ends(call), "{call:x?}");
        }
        // jmp *%rax; a call that is longer or shorter than its operand; nothing.
        for other in [&[0xff, 0xe0][..], &[0xff, 0x53], &[0xff, 0xd0, 0x90], &[0xff, 0x15, 0, 0], &[0x90]] {
            assert!(!ends(other), "{other:x?}");
        }
    }
}
