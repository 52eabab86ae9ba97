//! Calls as other tools see them: pieces of time on a thread, with a name, texts, and the code that made them.

use std::borrow::Cow;

use sysrec_analyzer::call_tree::{Step, StepId, Steps};
use sysrec_analyzer::code::Code;
use sysrec_analyzer::{Item, Selection, Task, Timeline, Trace, call_name, errno_name, error_of};
use sysrec_format::event::{Abi, Call, Entry, TaskId};
use sysrec_syscalls::NoNames;

use super::Request;
use crate::call_text::{self, Arguments, CallText};
use crate::open;
use crate::stack_text;
use crate::symbols::Symbols;
use crate::text::printable;

/// The calls of a trace, one after the other.
pub(super) struct Slices<'a> {
    pub(super) trace: &'a Trace,
    selection: &'a Selection,
    code: Option<Code>,
    steps: Steps<'a>,
    way: Vec<StepId>,
}

/// One call.
pub(super) struct Slice<'a> {
    pub(super) task: TaskId,
    /// From the start of the recording, nanoseconds.
    pub(super) start_ns: u64,
    /// `None` for a call that did not return.
    pub(super) duration_ns: Option<u64>,
    pub(super) abi: Abi,
    pub(super) name: String,
    pub(super) entry: &'a Entry,
    /// The whole call with its result, for a finished one.
    pub(super) call: Option<&'a Call>,
    /// The code that made it, the outermost first; empty where it was not asked for.
    pub(super) code: &'a [StepId],
}

impl Slice<'_> {
    /// `read(3, 0x7ffc1c30, 4096)`.
    pub(super) fn arguments(&self) -> String {
        let mut text = String::new();
        CallText::new(self.entry, self.call, Arguments::Plain).write_call(&mut text, &NoNames);
        text
    }

    /// `ENOENT`, for a call that returned an error.
    pub(super) fn error(&self) -> Option<Cow<'static, str>> {
        error_of(self.abi, self.entry.nr, self.call?.ret).map(errno_name)
    }

    /// What the code that made it is called, the outermost first.
    pub(super) fn stack(&self, steps: &Steps<'_>) -> Vec<String> {
        self.code.iter().map(|step| stack_text::name(steps.get(*step))).collect()
    }

    /// `4096`, `-2 ENOENT`; `?` for a call that did not return.
    pub(super) fn result(&self) -> String {
        self.call.map_or_else(|| "?".to_owned(), |call| call_text::result(call, &NoNames))
    }
}

impl<'a> Slices<'a> {
    pub(super) fn new(request: &Request<'a>, symbols: &'a mut Symbols) -> Self {
        let code = request.stacks.then(|| Code::of(request.trace));
        let (trace, selection) = (request.trace, request.selection);
        Self { trace, selection, code, steps: Steps::new(symbols, true), way: Vec::new() }
    }

    /// The step of a number.
    pub(super) fn step(&self, id: StepId) -> &Step {
        self.steps.get(id)
    }

    /// Every selected call in order of its start. Memory is bounded.
    ///
    /// # Errors
    /// Those of `take`.
    pub(super) fn each(
        &mut self,
        take: impl FnMut(&Steps<'a>, Slice<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let timeline = Timeline::new(self.trace, self.selection);
        self.take_all(timeline, take)
    }

    /// The same of one task.
    ///
    /// # Errors
    /// Those of `take`.
    pub(super) fn each_of(
        &mut self,
        task: TaskId,
        take: impl FnMut(&Steps<'a>, Slice<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let timeline = Timeline::of_task(self.trace, self.selection, task);
        self.take_all(timeline, take)
    }

    /// Only when they began and how long they took, of the same in the same order; without a word about damage, which
    /// [`each_of`](Self::each_of) has.
    pub(super) fn times_of(&self, task: TaskId) -> impl Iterator<Item = (u64, Option<u64>)> + use<'a> {
        let origin_ns = self.trace.origin_ns();
        Timeline::of_task(self.trace, self.selection, task).filter_map(move |item| {
            let (_, entry) = item.entry()?;
            let duration_ns = if let Item::Call(call) = &item { Some(call.duration_ns) } else { None };
            Some((entry.time_ns.saturating_sub(origin_ns), duration_ns))
        })
    }

    fn take_all(
        &mut self,
        timeline: Timeline<'a>,
        mut take: impl FnMut(&Steps<'a>, Slice<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let origin_ns = self.trace.origin_ns();
        for item in timeline {
            if let Item::Damage(damage) = &item {
                open::warn_of_damages(self.trace, std::slice::from_ref(damage), 0);
            }
            let Some((task, entry)) = item.entry() else { continue };
            let call = if let Item::Call(call) = &item { Some(call) } else { None };
            let Some(task) = self.trace.tasks().get(task) else { continue };
            self.way.clear();
            if let Some(code) = &self.code {
                let site = || code.site_at(task.process, entry.ip, entry.time_ns);
                let site = entry.stack.is_none().then(site);
                self.steps.code(code, entry.stack, site, &mut self.way);
            }
            let slice = Slice {
                task: task.id,
                start_ns: entry.time_ns.saturating_sub(origin_ns),
                duration_ns: call.map(|call| call.duration_ns),
                abi: entry.abi,
                name: printable(call_name(entry.abi, entry.nr).as_bytes()),
                entry,
                call,
                code: &self.way,
            };
            take(&self.steps, slice)?;
        }
        Ok(())
    }

    /// Every task, with its process. Selections of calls leave none out.
    pub(super) fn tasks(&self) -> impl Iterator<Item = (&'a Task, &'a Task)> + use<'a> {
        let tasks = self.trace.tasks();
        tasks.iter().map(|task| (task, tasks.process_of(task)))
    }
}

/// A task's name, printable.
pub(super) fn task_name(task: &Task) -> String {
    printable(task.name())
}

/// What a process runs: its last command line, else its name.
pub(super) fn process_name(process: &Task) -> String {
    match process.programs.last().map(|program| program.file_name()) {
        None | Some([]) => task_name(process),
        Some(file) => printable(file),
    }
}
