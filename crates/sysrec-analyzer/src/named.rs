//! The calls that a selection by names leaves: found once, in order of time, for views that take calls in any order.

use rustc_hash::FxHashMap;
use sysrec_format::event::{Entry, EventBody, TaskId};
use sysrec_syscalls::ArgKind;

use crate::descriptors::{Descriptors, Names};
use crate::selection::{Outcome, Selection};
use crate::timeline::{Item, Timeline, is_selected};
use crate::trace::Trace;

/// The selection of everything.
static EVERYTHING: Selection = Selection {
    filters: Vec::new(),
    pids: Vec::new(),
    tids: Vec::new(),
    since_ns: None,
    until_ns: None,
    duration_ns_min: 0,
    outcome: Outcome::Any,
    errnos: Vec::new(),
    paths: Vec::new(),
    fds: Vec::new(),
};

/// When the selected calls of each task began, ascending. Takes eight bytes a selected call.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedCalls(FxHashMap<TaskId, Vec<u64>>);

impl NamedCalls {
    /// `None` where the selection does not look at names.
    pub(crate) fn of(trace: &Trace, selection: &Selection) -> Option<Self> {
        if !selection.looks_at_names() {
            return None;
        }
        let mut named = Self::default();
        let mut descriptors = Descriptors::new();
        for item in Timeline::new(trace, &EVERYTHING) {
            let Some(names) = descriptors.next(&item) else { continue };
            let Some((task, entry)) = item.entry() else { continue };
            if selection.has_names(entry, &names) {
                named.0.entry(task).or_default().push(entry.time_ns);
            }
        }
        named.0.values_mut().for_each(|starts| starts.sort_unstable());
        Some(named)
    }

    /// Whether a call of the task that began then is selected.
    pub(crate) fn has(&self, task: TaskId, start_ns: u64) -> bool {
        self.0.get(&task).is_some_and(|starts| starts.binary_search(&start_ns).is_ok())
    }
}

/// The selected items of a trace in order of time, calls with the names of their descriptors.
///
/// Walks through the whole trace whatever is selected, since names depend on all that happened before.
pub struct NamedTimeline<'t> {
    trace: &'t Trace,
    selection: &'t Selection,
    items: Timeline<'t>,
    descriptors: Descriptors,
}

impl<'t> NamedTimeline<'t> {
    /// Over all selected tasks together.
    pub fn new(trace: &'t Trace, selection: &'t Selection) -> Self {
        let items = Timeline::new(trace, &EVERYTHING);
        Self { trace, selection, items, descriptors: Descriptors::new() }
    }

    fn is_selected(&self, item: &Item, names: Option<&Names>) -> bool {
        let has_names = |entry| names.is_none_or(|names| self.selection.has_names(entry, names));
        match item {
            Item::Call(call) => {
                self.trace.tasks().get(call.task).is_some_and(|task| self.selection.has_task(task))
                    && self.selection.has_call(self.trace.origin_ns(), call)
                    && has_names(&call.entry)
            }
            Item::Event(event) => {
                let named = match &event.body {
                    EventBody::Unfinished { entry, .. } => has_names(entry),
                    _ => true,
                };
                named && is_selected(self.trace, self.selection, None, None, event)
            }
            Item::Damage(damage) => {
                let task = damage.task.and_then(|task| self.trace.tasks().get(task));
                task.is_none_or(|task| self.selection.has_task(task))
            }
        }
    }
}

impl Iterator for NamedTimeline<'_> {
    type Item = (Item, Option<Names>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let item = self.items.next()?;
            let names = self.descriptors.next(&item);
            if self.is_selected(&item, names.as_ref()) {
                return Some((item, names));
            }
        }
    }
}

impl Selection {
    /// Whether a call is about one of the paths and one of the descriptors, where the selection names any.
    pub fn has_names(&self, entry: &Entry, names: &Names) -> bool {
        let row = sysrec_syscalls::Abi::from_code(entry.abi.0)
            .and_then(|abi| sysrec_syscalls::lookup(abi, entry.nr));
        let Some(row) = row else { return !self.looks_at_names() };
        let fds = || {
            let descriptors = row
                .args
                .iter()
                .zip(entry.args)
                .filter(|(arg, _)| matches!(arg.kind, ArgKind::Fd | ArgKind::DirFd));
            descriptors.map(|(_, fd)| fd as i32)
        };
        let lies_in = |path: &[u8]| {
            self.paths.iter().any(|wanted| {
                let rest = path.strip_prefix(wanted.as_slice());
                rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/' || wanted.ends_with(b"/"))
            })
        };
        let by_path = || {
            names.path(entry).is_some_and(|path| lies_in(&path))
                || fds().any(|fd| names.object(fd).is_some_and(|object| lies_in(&object.name())))
        };
        (self.fds.is_empty() || fds().any(|fd| self.fds.contains(&fd)))
            && (self.paths.is_empty() || by_path())
    }
}
