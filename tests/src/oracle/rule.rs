//! What a complete recording must agree with, per table and number.
//!
//! The ptrace entry stop comes before seccomp and before `sys_enter`; a call that ends between the two has only a
//! `sys_exit`. It may lack even the stop, when the fatal signal was there first, so that for those calls, and for
//! them alone, the rule is an interval:
//!
//! ```text
//!  entered + first_exec  <=  recorded + recorder's own  <=  entered + first_exec + refused
//! ```
//!
//! The calls that a recorder makes in the tracee are no calls of the program; the kernel counts them all the same.
//! A task that is woken for a signal which another thread takes starts its call again without having left the kernel. A
//! tracer sees a stop for neither, but for the entry of the second; a recorder inside of the program, which sees what comes
//! back to it, sees one call. The kernel counts two entries, and says at the first one's exit that it is to be started
//! again: by so many, and for those numbers alone, such a recorder may have less ([`Allowance::restarts`]).
//!
//! A tracer that refuses a call in its own seccomp stop takes the number away (`orig_rax` becomes -1), so that the
//! kernel counts the refusal under -1: see [`Allowance::renumbered`].

use std::collections::BTreeSet;
use std::fmt;

use sysrec_format::event::Abi;

use super::{Counts, KernelCount, KernelCounts, Restarts};

/// A number whose recorded count the kernel's count does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub abi: Abi,
    /// The number.
    pub nr: i32,
    /// Calls recorded.
    pub recorded: u64,
    /// Calls that the recorder made itself.
    pub recorder_calls: u64,
    /// What the kernel counted.
    pub kernel: KernelCount,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KernelCount { entered, refused, first_exec, .. } = self.kernel;
        let least = entered + first_exec;
        write!(f, "abi {} nr {}: recorded {}, ", self.abi.0, self.nr, self.recorded)?;
        if self.recorder_calls > 0 {
            write!(f, "the recorder's own {}, ", self.recorder_calls)?;
        }
        write!(f, "kernel {least}")?;
        if refused > 0 { write!(f, " to {}", least + refused) } else { Ok(()) }
    }
}

/// Why a kernel's count may be another than that of the calls recorded.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// Calls that the recorder made in the tracee for its own ends.
    pub recorder_calls: Counts,
    /// How many of these may not have been made: the task was killed where it was to make one.
    pub uncertain: u64,
    /// Refused calls that the kernel counted under -1 and not under their own number: of all numbers together, as many
    /// more may be recorded than the kernel has under theirs.
    pub renumbered: u64,
    /// Where calls can start again unseen: those that were recorded with such a result, and so were seen.
    pub restarts: Option<Restarts>,
}

/// restart_syscall(2), by which a call of another number goes on.
const RESTART_SYSCALL: [(Abi, i32); 2] = [(Abi::X86_64, 219), (Abi::I386, 0)];

impl Allowance {
    /// How many calls of each number the kernel may have begun unseen.
    fn unseen(&self, kernel: &KernelCounts) -> Counts {
        let Some(seen) = &self.restarts else { return Counts::new() };
        let mut unseen = Counts::new();
        for (number, count) in kernel {
            let seen = seen.get(number).copied().unwrap_or_default();
            let pairs = count.restarted.iter().zip(seen);
            let kinds: Vec<u64> = pairs.map(|(all, seen)| all.saturating_sub(seen)).collect();
            *unseen.entry(*number).or_default() += kinds.iter().sum::<u64>();
            for number in RESTART_SYSCALL {
                *unseen.entry(number).or_default() += kinds[kinds.len() - 1];
            }
        }
        unseen
    }
}

/// Every number on which `recorded` breaks the rule: empty for a complete recording.
pub fn compare(recorded: &Counts, allowance: &Allowance, kernel: &KernelCounts) -> Vec<Difference> {
    let own = &allowance.recorder_calls;
    let numbers: BTreeSet<_> = recorded.keys().chain(own.keys()).chain(kernel.keys()).copied().collect();
    let mut renumbered = allowance.renumbered + allowance.uncertain;
    let mut differences = Vec::new();
    let unseen = allowance.unseen(kernel);
    for number in numbers {
        let [recorded, recorder_calls] = [recorded, own].map(|of| of.get(&number).copied().unwrap_or(0));
        let kernel = kernel.get(&number).copied().unwrap_or_default();
        let least = kernel.entered + kernel.first_exec;
        let (found, most) = (recorded + recorder_calls, least + kernel.refused);
        let over = found.saturating_sub(most);
        let unseen = unseen.get(&number).copied().unwrap_or(0);
        if found + unseen < least || over > renumbered {
            let (abi, nr) = number;
            differences.push(Difference { abi, nr, recorded, recorder_calls, kernel });
        } else {
            renumbered -= over;
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(recorded: u64, kernel: KernelCount) -> usize {
        let key = (Abi::X86_64, 39);
        let recorded = Counts::from([(key, recorded)]);
        compare(&recorded, &Allowance::default(), &KernelCounts::from([(key, kernel)])).len()
    }

    fn entered(entered: u64) -> KernelCount {
        KernelCount { entered, ..KernelCount::default() }
    }

    #[test]
    fn the_recorders_own_calls_are_the_kernels_as_well() {
        let (mmap, close) = ((Abi::X86_64, 9), (Abi::X86_64, 3));
        let kernel = KernelCounts::from([(mmap, entered(5)), (close, entered(2))]);
        let judge = |recorded: [u64; 2], own: [u64; 2]| {
            let counts = |[mmaps, closes]: [u64; 2]| Counts::from([(mmap, mmaps), (close, closes)]);
            let allowance = Allowance { recorder_calls: counts(own), ..Allowance::default() };
            compare(&counts(recorded), &allowance, &kernel).len()
        };
        assert_eq!([judge([5, 2], [0, 0]), judge([3, 1], [2, 1]), judge([0, 0], [5, 2])], [0; 3]);
        assert_eq!([judge([5, 2], [1, 0]), judge([4, 2], [0, 0]), judge([3, 2], [1, 1])], [1, 1, 2]);
        let allowance = Allowance { recorder_calls: Counts::from([(mmap, 2)]), ..Allowance::default() };
        let found = compare(&Counts::new(), &allowance, &KernelCounts::new());
        assert_eq!(found.len(), 1, "a number of the recorder's that the kernel does not know");
        assert_eq!(found[0].to_string(), "abi 1 nr 9: recorded 0, the recorder's own 2, kernel 0");
    }

    #[test]
    fn refusals_counted_under_minus_one_are_each_used_once() {
        let (getppid, getpid) = ((Abi::X86_64, 110), (Abi::X86_64, 39));
        let kernel = KernelCounts::from([(getppid, entered(1)), (getpid, entered(1))]);
        let judge = |recorded: [u64; 2], renumbered: u64| {
            let recorded = Counts::from([(getppid, recorded[0]), (getpid, recorded[1])]);
            let allowance = Allowance { renumbered, ..Allowance::default() };
            compare(&recorded, &allowance, &kernel).len()
        };
        assert_eq!([judge([101, 1], 100), judge([51, 51], 100), judge([1, 1], 100)], [0; 3]);
        assert_eq!([judge([101, 1], 0), judge([101, 2], 100), judge([102, 1], 100)], [1; 3]);
        assert_eq!(judge([0, 1], 100), 1, "what began is there, whatever was refused");
    }

    #[test]
    fn one_call_more_or_less_is_a_difference() {
        let kernel = KernelCount { entered: 10, returned: 10, ..KernelCount::default() };
        assert_eq!([judge(9, kernel), judge(10, kernel), judge(11, kernel)], [1, 0, 1]);
    }

    #[test]
    fn calls_that_start_again_unseen_are_missing_where_the_kernel_says_so_and_nowhere_else() {
        let (futex, restart) = ((Abi::X86_64, 202), (Abi::X86_64, 219));
        let kernel = KernelCounts::from([
            (futex, KernelCount { entered: 10, restarted: [3, 0, 0, 1], ..KernelCount::default() }),
            (restart, entered(1)),
        ]);
        let judge = |recorded: [u64; 2], restarts: Option<[u64; 4]>| {
            let recorded = Counts::from([(futex, recorded[0]), (restart, recorded[1])]);
            let restarts = restarts.map(|seen| Restarts::from([(futex, seen)]));
            compare(&recorded, &Allowance { restarts, ..Allowance::default() }, &kernel).len()
        };
        assert_eq!([judge([10, 1], None), judge([9, 1], None), judge([10, 0], None)], [0, 1, 1]);
        let nothing = Some([0; 4]);
        assert_eq!([judge([10, 1], nothing), judge([6, 0], nothing), judge([5, 0], nothing)], [0, 0, 1]);
        assert_eq!([judge([8, 1], Some([1, 0, 0, 1])), judge([7, 1], Some([1, 0, 0, 1]))], [0, 1]);
        assert_eq!(judge([10, 0], Some([1, 9, 9, 1])), 1, "this one was seen to end for its restart");
        assert_eq!(judge([11, 1], nothing), 1, "more than there were");
    }

    #[test]
    fn refused_calls_may_be_recorded_or_not_and_the_first_exec_must() {
        let kernel = KernelCount { entered: 1, refused: 2, first_exec: 1, ..KernelCount::default() };
        assert_eq!([1, 2, 3, 4, 5].map(|recorded| judge(recorded, kernel)), [1, 0, 0, 0, 1]);
    }

    #[test]
    fn a_number_that_only_one_side_knows_is_a_difference() {
        let kernel = KernelCount { entered: 1, ..KernelCount::default() };
        let number = (Abi::I386, 1);
        let judge =
            |recorded: &Counts, kernel: &KernelCounts| compare(recorded, &Allowance::default(), kernel).len();
        assert_eq!(judge(&Counts::new(), &KernelCounts::from([(number, kernel)])), 1);
        assert_eq!(judge(&Counts::from([(number, 1)]), &KernelCounts::new()), 1);
    }
}
