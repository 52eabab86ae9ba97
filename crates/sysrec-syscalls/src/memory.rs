//! Memory of a traced program, as far as a call's arguments point at it: where it comes from, and what is kept.

use std::borrow::Cow;

/// Reads the memory of the task that makes the call, while the task stands still.
pub trait MemorySource {
    /// Copies what stands at `address` into `buffer`.
    ///
    /// Returns how many bytes could be read, counted from the beginning; fewer than asked for where the memory behind
    /// is not readable, 0 where `address` itself is not. Never a fault in the task.
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> usize;
}

/// Which end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// Before the kernel looks at the arguments.
    Entry,
    /// After it, with the result known.
    Exit,
}

/// A run of memory as it was at one end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// Where it began.
    pub address: u64,
    /// How many bytes the call is about; more than [`bytes`](Self::bytes) where the copy was cut.
    pub wanted_bytes: u64,
    /// Why fewer are there.
    pub cut: Cut,
    /// What was there.
    pub bytes: Vec<u8>,
}

/// Why a [`Fragment`] has fewer bytes than the call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cut {
    /// It has them all.
    Whole,
    /// A limit of [`CaptureLimits`](crate::CaptureLimits).
    Limit,
    /// The memory behind cannot be read. For the kernel this is EFAULT.
    Unreadable,
}

/// What is known of a task's memory at the two ends of a call.
///
/// Sparse: everything outside of the fragments is unknown, which is not the same as unreadable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Snapshot<'a> {
    entry: Runs<'a>,
    exit: Runs<'a>,
}

/// A run of memory by reference: where it begins, and its bytes.
pub type Run<'a> = (u64, &'a [u8]);

/// Anything that lists runs, so that a caller need not copy its own.
#[derive(Clone, Copy, Default)]
struct Runs<'a>(&'a [Run<'a>]);

impl std::fmt::Debug for Runs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(address, bytes)| (address, bytes.len()))).finish()
    }
}

impl<'a> Snapshot<'a> {
    /// Nothing is known.
    pub const EMPTY: Snapshot<'static> = Snapshot { entry: Runs(&[]), exit: Runs(&[]) };

    /// The runs that were copied at the entry and at the exit of one call.
    pub fn new(entry: &'a [Run<'a>], exit: &'a [Run<'a>]) -> Self {
        Self { entry: Runs(entry), exit: Runs(exit) }
    }

    /// Up to `bytes` bytes from `address` on as they were at that moment; fewer where no more are known, `None` where
    /// nothing is.
    pub fn read(&self, moment: Moment, address: u64, bytes: usize) -> Option<Cow<'a, [u8]>> {
        let runs = match moment {
            Moment::Entry => self.entry.0,
            Moment::Exit => self.exit.0,
        };
        // The run that knows most from there on.
        let known = |at: u64| {
            runs.iter()
                .filter_map(|(begin, run)| run.get(usize::try_from(at.checked_sub(*begin)?).ok()?..))
                .max_by_key(|rest| rest.len())
                .filter(|rest| !rest.is_empty())
        };
        let first = known(address)?;
        if first.len() >= bytes {
            return Some(Cow::Borrowed(&first[..bytes]));
        }
        let mut all = first.to_vec();
        while all.len() < bytes {
            let Some(next) = address.checked_add(all.len() as u64).and_then(known) else { break };
            all.extend_from_slice(&next[..next.len().min(bytes - all.len())]);
        }
        Some(Cow::Owned(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_touch_are_read_as_one_and_gaps_end_a_read() {
        let entry: [Run<'_>; 3] = [(0x1000, b"abcd"), (0x1004, b"efgh"), (0x1010, b"z")];
        let snapshot = Snapshot::new(&entry, &[]);
        assert_eq!(snapshot.read(Moment::Entry, 0x1002, 4).as_deref(), Some(b"cdef".as_slice()));
        assert_eq!(snapshot.read(Moment::Entry, 0x1006, 99).as_deref(), Some(b"gh".as_slice()));
        assert_eq!(snapshot.read(Moment::Entry, 0x1008, 1), None);
        assert_eq!(snapshot.read(Moment::Entry, 0xfff, 1), None);
        assert_eq!(snapshot.read(Moment::Exit, 0x1000, 1), None);
        let top: [Run<'_>; 1] = [(u64::MAX, b"x")];
        assert_eq!(
            Snapshot::new(&top, &[]).read(Moment::Entry, u64::MAX, 8).as_deref(),
            Some(b"x".as_slice())
        );
    }
}
