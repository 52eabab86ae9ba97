//! What recording costs, from the calls of a trial.

use sysrec_format::block::Overhead;

/// A call of a trial, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// When the recorder says that it began.
    pub start_ns: u64,
    /// When it says that it ended.
    pub end_ns: u64,
}

/// The figures of calls that were made one behind the other, against what a bare one takes; all zero without calls.
pub(crate) fn overhead(mechanism: &str, method: String, samples: &[Sample], bare_ns: u64) -> Overhead {
    let mut whole: Vec<u64> =
        samples.windows(2).map(|pair| pair[1].start_ns.saturating_sub(pair[0].start_ns)).collect();
    let mut inside: Vec<u64> =
        samples.iter().map(|sample| sample.end_ns.saturating_sub(sample.start_ns)).collect();
    whole.sort_unstable();
    inside.sort_unstable();
    let added = |sorted: &[u64], share: f64| {
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share) as usize).copied().unwrap_or(0).saturating_sub(bare_ns)
    };
    Overhead {
        mechanism: mechanism.to_owned(),
        method,
        samples: whole.len() as u64,
        call_ns_median: added(&whole, 0.5),
        call_ns_p99: added(&whole, 0.99),
        inside_ns_median: added(&inside, 0.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_takes_is_from_start_to_start_and_less_the_bare_one() {
        // 100 calls of 60 ns, one every 200 ns; the last pair is 5,000 ns apart.
        let mut samples: Vec<Sample> =
            (0..100).map(|n| Sample { start_ns: 200 * n, end_ns: 200 * n + 60 }).collect();
        samples[99].start_ns += 4800;
        samples[99].end_ns += 4800;
        let overhead = overhead("m", String::new(), &samples, 50);
        assert_eq!((overhead.samples, overhead.call_ns_median, overhead.inside_ns_median), (99, 150, 10));
        assert_eq!(overhead.call_ns_p99, 150, "the one slow call is the slowest hundredth");
        let none = super::overhead("m", String::new(), &[], 50);
        assert_eq!((none.samples, none.call_ns_median, none.call_ns_p99), (0, 0, 0));
    }
}
