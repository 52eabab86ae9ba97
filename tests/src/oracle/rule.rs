//! What a complete recording must agree with, per table and number.
//!
//! The ptrace entry stop comes before seccomp and before `sys_enter`; a call that ends between the two has only a
//! `sys_exit`. It may lack even the stop, when the fatal signal was there first, so that for those calls, and for
//! them alone, the rule is an interval:
//!
//! ```text
//!  entered + first_exec  <=  recorded  <=  entered + first_exec + refused
//! ```

use std::collections::BTreeSet;
use std::fmt;

use sysrec_format::event::Abi;

use super::{Counts, KernelCount, KernelCounts};

/// A number whose recorded count the kernel's count does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub abi: Abi,
    /// The number.
    pub nr: i32,
    /// Calls recorded.
    pub recorded: u64,
    /// What the kernel counted.
    pub kernel: KernelCount,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KernelCount { entered, refused, first_exec, .. } = self.kernel;
        let least = entered + first_exec;
        write!(f, "abi {} nr {}: recorded {}, kernel {least}", self.abi.0, self.nr, self.recorded)?;
        if refused > 0 { write!(f, " to {}", least + refused) } else { Ok(()) }
    }
}

/// Every number on which `recorded` breaks the rule: empty for a complete recording.
pub fn compare(recorded: &Counts, kernel: &KernelCounts) -> Vec<Difference> {
    let numbers: BTreeSet<_> = recorded.keys().chain(kernel.keys()).copied().collect();
    let mut differences = Vec::new();
    for (abi, nr) in numbers {
        let recorded = recorded.get(&(abi, nr)).copied().unwrap_or(0);
        let kernel = kernel.get(&(abi, nr)).copied().unwrap_or_default();
        let least = kernel.entered + kernel.first_exec;
        if recorded < least || recorded > least + kernel.refused {
            differences.push(Difference { abi, nr, recorded, kernel });
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(recorded: u64, kernel: KernelCount) -> usize {
        let key = (Abi::X86_64, 39);
        compare(&Counts::from([(key, recorded)]), &KernelCounts::from([(key, kernel)])).len()
    }

    #[test]
    fn one_call_more_or_less_is_a_difference() {
        let kernel = KernelCount { entered: 10, returned: 10, ..KernelCount::default() };
        assert_eq!([judge(9, kernel), judge(10, kernel), judge(11, kernel)], [1, 0, 1]);
    }

    #[test]
    fn refused_calls_may_be_recorded_or_not_and_the_first_exec_must() {
        let kernel = KernelCount { entered: 1, refused: 2, first_exec: 1, ..KernelCount::default() };
        assert_eq!([1, 2, 3, 4, 5].map(|recorded| judge(recorded, kernel)), [1, 0, 0, 0, 1]);
    }

    #[test]
    fn a_number_that_only_one_side_knows_is_a_difference() {
        let kernel = KernelCount { entered: 1, ..KernelCount::default() };
        assert_eq!(compare(&Counts::new(), &KernelCounts::from([((Abi::I386, 1), kernel)])).len(), 1);
        assert_eq!(compare(&Counts::from([((Abi::I386, 1), 1)]), &KernelCounts::new()).len(), 1);
    }
}
