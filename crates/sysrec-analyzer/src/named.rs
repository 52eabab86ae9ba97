//! The calls that a selection by names leaves: found once, in order of time, for views that take calls in any order.

use rustc_hash::FxHashMap;
use sysrec_format::event::{Entry, EventBody, TaskId};
use sysrec_syscalls::ArgKind;

use crate::descriptors::{Descriptors, Names};
use crate::selection::Selection;
use crate::timeline::{Item, Timeline};
use crate::trace::Trace;

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
        let everything = Selection::default();
        for item in Timeline::new(trace, &everything) {
            let Some(names) = descriptors.next(&item) else { continue };
            let (task, entry) = match &item {
                Item::Call(call) => (call.task, &call.entry),
                Item::Event(event) => match (&event.body, event.task) {
                    (EventBody::Unfinished { entry, .. }, Some(task)) => (task, entry),
                    _ => continue,
                },
                Item::Damage(_) => continue,
            };
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
