//! Ticks of the time stamp counter into nanoseconds of CLOCK_MONOTONIC.
//!
//! The kernel makes CLOCK_MONOTONIC itself from the same counter (`tsc` clocksource), with a rate that NTP corrects a
//! little now and then. So two readings of both clocks at once give the line between them, exact to the readings'
//! own noise of some 20 ns; and the recorder takes such an anchor each time before it reads the rings.

use sysrec_format::rings::Line;

use crate::sys::clock::{monotonic_ns, tsc};

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    tsc: u64,
    ns: u64,
}

impl Anchor {
    /// The best of a few readings: the one that was disturbed least.
    fn take() -> Self {
        let mut best = (u64::MAX, Anchor { tsc: 0, ns: 0 });
        for _ in 0..3 {
            let before = tsc();
            let ns = monotonic_ns();
            let width = tsc().wrapping_sub(before);
            if width < best.0 {
                best = (width, Anchor { tsc: before.wrapping_add(width / 2), ns });
            }
        }
        best.1
    }
}

/// Anchors nearer than this to each other say too little about the rate.
const SPAN_NS_MIN: u64 = 1_000_000;

/// The conversion.
#[derive(Clone, Debug)]
pub(crate) struct TscClock {
    /// The anchor that the present line starts from.
    from: Anchor,
    /// The latest one.
    latest: Anchor,
    /// Nanoseconds a tick; 0 until [`settle`](TscClock::settle).
    rate: f64,
}

impl TscClock {
    /// Begins to measure the rate.
    pub(crate) fn new() -> Self {
        let from = Anchor::take();
        TscClock { from, latest: from, rate: 0.0 }
    }

    /// Knows the rate, from now on; before, nothing can be converted. That takes two milliseconds from the beginning,
    /// which the caller may have used otherwise.
    pub(crate) fn settle(&mut self) {
        if self.rate > 0.0 {
            return;
        }
        while monotonic_ns() < self.from.ns + 2 * SPAN_NS_MIN {
            std::hint::spin_loop();
        }
        self.latest = Anchor::take();
        self.rate = self.rate_to(self.latest);
    }

    fn rate_to(&self, anchor: Anchor) -> f64 {
        (anchor.ns - self.from.ns) as f64 / (anchor.tsc.wrapping_sub(self.from.tsc)).max(1) as f64
    }

    /// Takes an anchor. What is converted next lies, as a rule, between the last one and this.
    pub(crate) fn anchor(&mut self) {
        let anchor = Anchor::take();
        // The line starts anew only after a span that is long against the noise of a reading.
        if anchor.ns >= self.from.ns + SPAN_NS_MIN {
            self.rate = self.rate_to(anchor);
            if self.latest.ns >= self.from.ns + SPAN_NS_MIN {
                self.from = self.latest;
            }
        }
        self.latest = anchor;
    }

    /// The present line.
    #[inline]
    pub(crate) fn line(&self) -> Line {
        Line { tsc: self.from.tsc, ns: self.from.ns, rate: self.rate }
    }

    /// CLOCK_MONOTONIC at this tick, nanoseconds.
    #[inline]
    pub(crate) fn ns(&self, ticks: u64) -> u64 {
        self.line().ns(ticks)
    }

    /// A span of ticks, nanoseconds.
    pub(crate) fn span_ns(&self, ticks: u64) -> u64 {
        (ticks as f64 * self.rate) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_agree_with_the_kernels_clock() {
        let mut clock = TscClock::new();
        clock.settle();
        for _ in 0..1000 {
            let before = monotonic_ns();
            let ticks = tsc();
            let after = monotonic_ns();
            clock.anchor();
            let ns = clock.ns(ticks);
            assert!(ns + 1000 >= before && ns <= after + 1000, "{ns} is not between {before} and {after}");
        }
    }

    #[test]
    fn later_ticks_are_later() {
        let mut clock = TscClock::new();
        clock.settle();
        let at = tsc();
        assert!(clock.ns(at) < clock.ns(at + 1_000_000));
        assert!(clock.ns(at.wrapping_sub(1_000_000_000)) < clock.ns(at));
    }

    /// A clock of 4 ticks a nanosecond from an anchor on.
    fn clock(tsc: u64, ns: u64) -> TscClock {
        let from = Anchor { tsc, ns };
        TscClock { from, latest: from, rate: 0.25 }
    }

    #[test]
    fn ticks_become_nanoseconds_on_both_sides_of_the_anchor() {
        let clock = clock(1_000_000, 500);
        assert_eq!([1_000_000, 1_000_400, 999_600].map(|ticks| clock.ns(ticks)), [500, 600, 400]);
        assert_eq!(clock.span_ns(400), 100);
        // Before the beginning of time, and over the counter's end.
        assert_eq!(clock.ns(0), 0);
        let late = self::clock(u64::MAX - 3, 500);
        assert_eq!(late.ns(396), 600);
    }

    #[test]
    fn the_rate_is_that_of_the_two_anchors() {
        let clock = clock(u64::MAX - 999, 2_000);
        assert_eq!(clock.rate_to(Anchor { tsc: 3_000, ns: 4_000 }), 0.5);
        assert_eq!(clock.rate_to(clock.from), 0.0, "no span, no rate, and no division by it");
    }
}
