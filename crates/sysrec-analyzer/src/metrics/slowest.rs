//! The single calls that took longest.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use sysrec_format::damage::Damage;
use sysrec_format::error::Error as FormatError;
use sysrec_format::event::Call;

use crate::pass::{self, Pass, SelectedChunk};
use crate::selection::Selection;
use crate::trace::Trace;

/// One of the longest calls.
#[derive(Clone, Debug)]
pub struct Slow {
    /// Position of its trace among those asked.
    pub trace: usize,
    /// The call with its arguments; `call.task` is a number of that trace.
    pub call: Call,
}

impl Slow {
    /// Longest first, then earliest, so that the same trace always gives the same answer.
    fn rank(&self) -> (u64, Reverse<usize>, Reverse<u64>, Reverse<u32>) {
        let start_ns = self.call.entry.time_ns;
        (self.call.duration_ns, Reverse(self.trace), Reverse(start_ns), Reverse(self.call.task.0))
    }
}

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Slow {}

impl PartialOrd for Slow {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slow {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The `count` longest selected calls of the traces, the longest first; and the chunks that could not be read.
pub fn slowest(traces: &[Trace], selection: &Selection, count: usize) -> (Vec<Slow>, Vec<Damage>) {
    let mut all = BinaryHeap::new();
    let mut damages = Vec::new();
    let threshold_ns = AtomicU64::new(0);
    for (position, trace) in traces.iter().enumerate().filter(|_| count > 0) {
        let passed = pass::run(trace, selection, &Search { position, count, threshold_ns: &threshold_ns });
        damages.extend(passed.damages);
        for slow in passed.partials.into_iter().flatten() {
            keep(&mut all, slow.0, count);
        }
    }
    let mut slowest: Vec<Slow> = all.into_iter().map(|Reverse(slow)| slow).collect();
    slowest.sort_by(|slow, other| other.cmp(slow));
    (slowest, damages)
}

/// The longest so far, the shortest of them on top.
type Longest = BinaryHeap<Reverse<Slow>>;

fn keep(longest: &mut Longest, slow: Slow, count: usize) {
    if longest.len() < count {
        longest.push(Reverse(slow));
    } else if let Some(mut shortest) = longest.peek_mut()
        && slow > shortest.0
    {
        *shortest = Reverse(slow);
    }
}

struct Search<'a> {
    position: usize,
    count: usize,
    /// A duration that `count` calls are known to reach. Workers share it, so that few chunks are decoded whole.
    threshold_ns: &'a AtomicU64,
}

impl Pass for Search<'_> {
    type Partial = Longest;

    fn begin(&self) -> Longest {
        BinaryHeap::new()
    }

    fn calls(&self, longest: &mut Longest, chunk: &SelectedChunk<'_>) -> Result<(), FormatError> {
        // Relaxed: a stale threshold only costs time.
        let threshold_ns = self.threshold_ns.load(Memory::Relaxed);
        let max = chunk.groups().filter_map(|group| group.durations.iter().copied().max()).max();
        if max.is_none_or(|max| max < threshold_ns) {
            return Ok(());
        }
        for call in chunk.whole.calls()? {
            if call.duration_ns >= threshold_ns && chunk.has_call(&call) {
                keep(longest, Slow { trace: self.position, call }, self.count);
            }
        }
        if longest.len() == self.count
            && let Some(shortest) = longest.peek()
        {
            self.threshold_ns.fetch_max(shortest.0.call.duration_ns, Memory::Relaxed);
        }
        Ok(())
    }
}
