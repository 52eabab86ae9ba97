//! Which calls the seccomp net lets stop, from the filter that the user gave.

use std::ops::RangeInclusive;

use sysrec_syscalls::filter::Filter;
use sysrec_syscalls::{Abi, NUMBER_LIMIT};

use super::Ptrace;
use super::descriptors::descriptor_numbers;
use crate::backend::inline::{self, Inline};
use crate::sys::seccomp::{Conditional, Program, Stops, X32_BIT};

/// Calls that the recorder itself must see, whatever the filter: new code mappings, new names, the CPUs that a task
/// asks for while we hold it on one, children that would escape, and tracers that fail because of us.
struct Needed {
    mmap: u32,
    prctl: u32,
    clone: u32,
    clone3: u32,
    sched_setaffinity: u32,
    sched_getaffinity: u32,
    ptrace: u32,
}

const X86_64: Needed = Needed {
    mmap: 9,
    prctl: 157,
    clone: 56,
    clone3: 435,
    sched_setaffinity: 203,
    sched_getaffinity: 204,
    ptrace: 101,
};
const I386: Needed = Needed {
    mmap: 192,
    prctl: 172,
    clone: 120,
    clone3: 435,
    sched_setaffinity: 241,
    sched_getaffinity: 242,
    ptrace: 26,
};

const PROT_EXEC: u32 = 4;
const PR_SET_NAME: u32 = 15;
const CLONE_UNTRACED: u32 = 0x0080_0000;

const X32: Needed = Needed {
    mmap: X32_BIT | 9,
    prctl: X32_BIT | 157,
    clone: X32_BIT | 56,
    clone3: X32_BIT | 435,
    sched_setaffinity: X32_BIT | 203,
    sched_getaffinity: X32_BIT | 204,
    ptrace: X32_BIT | 521,
};

/// The program for a filter. With `inline`, the stub's calls are let through, and those that it leaves to us stop.
pub(super) fn program(config: &Ptrace, inline: Option<&Inline>) -> Program {
    let opening = |abi| if config.name_descriptors { descriptor_numbers(abi) } else { Vec::new() };
    let mut more = opening(sysrec_format::event::Abi::X86_64);
    if inline.is_some() {
        more.extend(inline::numbers::numbers_for_the_recorder());
    }
    let filter = &config.filter;
    Program::new(
        &stops(filter, Abi::X86_64, 0, X86_64, &more),
        &stops(filter, Abi::X32, X32_BIT, X32, &opening(sysrec_format::event::Abi::X32)),
        &stops(filter, Abi::I386, 0, I386, &opening(sysrec_format::event::Abi::I386)),
        inline.map(|_| inline::open_addresses()),
    )
}

fn stops(filter: &Filter, abi: Abi, first: u32, needed: Needed, more: &[u32]) -> Stops {
    let mut numbers: Vec<u32> = filter.numbers(abi).collect();
    numbers.extend(more);
    let always = [needed.clone3, needed.sched_setaffinity, needed.sched_getaffinity, needed.ptrace];
    numbers.extend(always);
    numbers.sort_unstable();
    numbers.dedup();
    let mut ranges = ranges_of(&numbers);
    if filter.unknown_selected(abi) {
        ranges.push(first + NUMBER_LIMIT..=u32::MAX);
    }
    let selected = |nr: u32| ranges.iter().any(|range| range.contains(&nr));
    let conditionals = [
        Conditional { nr: needed.mmap, argument: 2, mask: PROT_EXEC, equals: 0 },
        Conditional { nr: needed.prctl, argument: 0, mask: 0, equals: PR_SET_NAME },
        Conditional { nr: needed.clone, argument: 0, mask: CLONE_UNTRACED, equals: 0 },
    ];
    let conditionals = conditionals.into_iter().filter(|conditional| !selected(conditional.nr)).collect();
    Stops { ranges, conditionals }
}

fn ranges_of(numbers: &[u32]) -> Vec<RangeInclusive<u32>> {
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for &nr in numbers {
        match ranges.last_mut() {
            Some(last) if *last.end() + 1 == nr => *last = *last.start()..=nr,
            _ => ranges.push(nr..=nr),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_one_call_stops_and_unknown_numbers_too() {
        let filter = Filter::parse("!read").expect("a filter");
        let stops = stops(&filter, Abi::X86_64, 0, X86_64, &[]);
        let stops_at = |nr: u32| stops.ranges.iter().any(|range| range.contains(&nr));
        assert!(!stops_at(0));
        assert!(stops_at(1) && stops_at(59) && stops_at(400) && stops_at(100_000) && stops_at(u32::MAX));
        assert!(stops.ranges.windows(2).all(|pair| pair[0].end() < pair[1].start()));
        assert!(stops.conditionals.is_empty());
    }

    #[test]
    fn one_call_stops_and_what_we_need() {
        let filter = Filter::parse("openat").expect("a filter");
        let stops = stops(&filter, Abi::I386, 0, I386, &[]);
        let numbers: Vec<u32> = stops.ranges.iter().cloned().flatten().collect();
        assert_eq!(numbers, [26, 241, 242, 295, 435]);
        assert_eq!(stops.conditionals.len(), 3);
    }
}
