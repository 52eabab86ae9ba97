//! How tasks were recorded, where a session's backend cannot record all of them alike.

use std::collections::{BTreeMap, BTreeSet};

use crate::tasks::Task;
use crate::trace::Trace;

/// How a task was recorded from some moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mechanism {
    /// Since when, nanoseconds on the trace's clock.
    pub from_ns: u64,
    /// The name of the backend that recorded it, any bytes.
    pub name: Vec<u8>,
    /// Why, a part of a sentence, any bytes; empty where the trace gives no reason.
    pub reason: Vec<u8>,
}

/// A way in which tasks of a trace were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismUse {
    /// The backend's name.
    pub name: Vec<u8>,
    /// Why; empty where the trace gives no reason.
    pub reason: Vec<u8>,
    /// How many tasks were recorded so, if only for a part of their lives.
    pub tasks: u64,
}

impl Trace {
    /// How many tasks were recorded in which way, the most frequent first.
    ///
    /// A task whose way changed is in each; one of which the trace says nothing was recorded by the session's backend,
    /// and is left out where the session is missing.
    pub fn mechanisms(&self) -> Vec<MechanismUse> {
        let backend = self.session().map(|session| session.backend.as_bytes());
        count(self.tasks().iter(), backend)
    }

    /// How many tasks another mechanism than the session's backend recorded, if only for a part of their lives; 0 where
    /// the session is missing.
    pub fn tasks_recorded_otherwise(&self) -> u64 {
        let Some(session) = self.session() else { return 0 };
        let is_other = |way: &Mechanism| way.name != session.backend.as_bytes();
        self.tasks().iter().filter(|task| task.mechanisms.iter().any(is_other)).count() as u64
    }
}

fn count<'a>(tasks: impl Iterator<Item = &'a Task>, backend: Option<&[u8]>) -> Vec<MechanismUse> {
    let mut uses: BTreeMap<(&[u8], &[u8]), u64> = BTreeMap::new();
    let mut unsaid = 0;
    for task in tasks {
        let ways: BTreeSet<(&[u8], &[u8])> =
            task.mechanisms.iter().map(|way| (way.name.as_slice(), way.reason.as_slice())).collect();
        unsaid += u64::from(ways.is_empty());
        ways.into_iter().for_each(|way| *uses.entry(way).or_default() += 1);
    }
    if let Some(backend) = backend.filter(|_| unsaid > 0) {
        *uses.entry((backend, b"")).or_default() += unsaid;
    }
    let mut uses: Vec<MechanismUse> = uses
        .into_iter()
        .map(|((name, reason), tasks)| MechanismUse { name: name.to_vec(), reason: reason.to_vec(), tasks })
        .collect();
    uses.sort_by_key(|way| std::cmp::Reverse(way.tasks));
    uses
}
