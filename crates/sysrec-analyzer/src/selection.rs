//! Which calls a question is about.

use sysrec_format::event::{Abi, Call, Entry, Event, EventBody};
use sysrec_syscalls::Filter;

use crate::outcome::error_of;
use crate::tasks::Task;

/// Conditions on calls; a call is selected when it meets all of them. The default selects everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Expressions of `-e`: the call is in every one of them.
    pub filters: Vec<Filter>,
    /// Process ids; empty for all.
    pub pids: Vec<i32>,
    /// Thread ids; empty for all. With `pids` both must hold.
    pub tids: Vec<i32>,
    /// The call started at least so long after the trace began, nanoseconds.
    pub since_ns: Option<u64>,
    /// The call started less than so long after the trace began, nanoseconds.
    pub until_ns: Option<u64>,
    /// The call took at least so long, nanoseconds.
    pub duration_ns_min: u64,
    /// What the call returned.
    pub outcome: Outcome,
    /// The call returned one of these errors; empty for all.
    pub errnos: Vec<u32>,
    /// The call is about one of these paths, or something below it, by a name or by a descriptor; empty for all.
    pub paths: Vec<Vec<u8>>,
    /// One of the call's arguments is one of these descriptors; empty for all.
    pub fds: Vec<i32>,
}

/// A condition on the return value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Any.
    #[default]
    Any,
    /// Not an error (`-z`).
    Successful,
    /// An error (`-Z`).
    Failing,
}

impl Selection {
    /// Whether every call is selected.
    pub fn is_all(&self) -> bool {
        self.filters.iter().all(Filter::is_all)
            && self.pids.is_empty()
            && self.tids.is_empty()
            && !self.looks_at_times()
            && !self.looks_at_values()
            && !self.looks_at_names()
    }

    /// Whether it says which calls of a task: by name, duration or outcome, not only whose and when.
    pub fn chooses_calls(&self) -> bool {
        !self.filters.iter().all(Filter::is_all) || self.looks_at_values() || self.looks_at_names()
    }

    /// Whether calls of this task can be selected.
    pub fn has_task(&self, task: &Task) -> bool {
        (self.pids.is_empty() || self.pids.contains(&task.pid))
            && (self.tids.is_empty() || self.tids.contains(&task.tid))
    }

    /// Whether calls of this number can be selected. An ABI that this version does not know is in no filter
    /// but `all`.
    pub fn has_number(&self, abi: Abi, nr: i32) -> bool {
        self.filters.iter().all(|filter| match sysrec_syscalls::Abi::from_code(abi.0) {
            Some(abi) => filter.matches(abi, nr),
            None => filter.is_all(),
        })
    }

    /// Whether a moment is inside `since` and `until`, for a trace that began at `origin_ns`.
    pub fn has_time(&self, origin_ns: u64, time_ns: u64) -> bool {
        let (from_ns, to_ns) = self.times(origin_ns);
        from_ns <= time_ns && time_ns < to_ns
    }

    /// Whether a finished call is selected, its task and names aside, in a trace that began at `origin_ns`.
    pub fn has_call(&self, origin_ns: u64, call: &Call) -> bool {
        self.has_number(call.entry.abi, call.entry.nr)
            && self.has_time(origin_ns, call.entry.time_ns)
            && self
                .has_values(call.duration_ns, error_of(call.entry.abi, call.entry.nr, call.ret).unwrap_or(0))
    }

    /// Whether a call that did not return can be selected by its duration and outcome: it has neither.
    pub fn has_unfinished(&self) -> bool {
        !self.looks_at_values()
    }

    /// The entry of a call that did not return, where its number is selected.
    pub(crate) fn unfinished<'e>(&self, event: &'e Event) -> Option<&'e Entry> {
        match &event.body {
            EventBody::Unfinished { entry, .. } if self.has_number(entry.abi, entry.nr) => Some(entry),
            _ => None,
        }
    }

    /// `errno` is 0 where the call returned no error.
    pub(crate) fn has_values(&self, duration_ns: u64, errno: u32) -> bool {
        duration_ns >= self.duration_ns_min
            && match self.outcome {
                Outcome::Any => true,
                Outcome::Successful => errno == 0,
                Outcome::Failing => errno != 0,
            }
            && (self.errnos.is_empty() || self.errnos.contains(&errno))
    }

    pub(crate) fn looks_at_times(&self) -> bool {
        self.since_ns.is_some() || self.until_ns.is_some()
    }

    pub(crate) fn looks_at_values(&self) -> bool {
        self.duration_ns_min > 0 || self.outcome != Outcome::Any || !self.errnos.is_empty()
    }

    /// Whether it asks what calls are about, which takes the whole trace in order of time to know.
    pub fn looks_at_names(&self) -> bool {
        !self.paths.is_empty() || !self.fds.is_empty()
    }

    /// The half-open range of selected moments on the trace's clock.
    pub(crate) fn times(&self, origin_ns: u64) -> (u64, u64) {
        let from_ns = self.since_ns.map_or(0, |since| origin_ns.saturating_add(since));
        let to_ns = self.until_ns.map_or(u64::MAX, |until| origin_ns.saturating_add(until));
        (from_ns, to_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_half_open_and_relative_to_the_beginning() {
        let selection = Selection { since_ns: Some(10), until_ns: Some(20), ..Selection::default() };
        let selected: Vec<u64> =
            [109, 110, 119, 120].into_iter().filter(|t| selection.has_time(100, *t)).collect();
        assert_eq!(selected, [110, 119]);
    }

    #[test]
    fn an_unknown_abi_is_only_in_the_filter_of_all() {
        let all = Selection { filters: vec![Filter::all()], ..Selection::default() };
        assert!(all.has_number(Abi(99), 1));
        let some = Selection { filters: vec![Filter::parse("!read").unwrap()], ..Selection::default() };
        assert!(!some.has_number(Abi(99), 1));
        assert!(some.has_number(Abi::X86_64, 1) && !some.has_number(Abi::X86_64, 0));
    }

    #[test]
    fn several_filters_must_all_match() {
        let parse = |text| Filter::parse(text).unwrap();
        let selection =
            Selection { filters: vec![parse("read,write"), parse("write,close")], ..Selection::default() };
        let selected: Vec<i32> = (0..4).filter(|nr| selection.has_number(Abi::X86_64, *nr)).collect();
        assert_eq!(selected, [1]);
        assert!(!selection.is_all());
        assert!(Selection::default().is_all());
    }
}
