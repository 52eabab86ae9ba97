//! Moments of a trace on the wall clock. UTC, since the zone of the machine that it was recorded on is not in it.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use sysrec_analyzer::Trace;

/// Turns moments into text; the text of a second is made once.
#[derive(Clone, Debug)]
pub(crate) struct WallClock {
    /// What is added to the trace's clock, nanoseconds.
    offset_ns: u64,
    second: u64,
    text: String,
}

impl WallClock {
    /// The trace's; `None` when its wall clock is missing.
    pub(crate) fn of(trace: &Trace) -> Option<Self> {
        let session = trace.session()?;
        let offset_ns = session.started_realtime_ns.checked_sub(session.started_ns)?;
        (session.started_realtime_ns > 0).then(|| Self { offset_ns, second: u64::MAX, text: String::new() })
    }

    /// Nanoseconds since 1970 of a moment on the trace's clock.
    pub(crate) fn realtime_ns(&self, time_ns: u64) -> u64 {
        time_ns.saturating_add(self.offset_ns)
    }

    /// Appends a moment on the trace's clock: `2026-03-01 12:34:56.123456789`.
    pub(crate) fn write(&mut self, text: &mut String, time_ns: u64) {
        let realtime_ns = self.realtime_ns(time_ns);
        let second = realtime_ns / 1_000_000_000;
        if second != self.second {
            self.second = second;
            self.text = self::second(second);
        }
        _ = write!(text, "{}.{:09}", self.text, realtime_ns % 1_000_000_000);
    }
}

/// A second since 1970: `2026-03-01 12:34:56`.
pub(crate) fn second(seconds: u64) -> String {
    let moment = UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(moment).to_string().trim_end_matches('Z').replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_its_second_and_nine_digits() {
        let mut clock =
            WallClock { offset_ns: 1_700_000_000_000_000_000, second: u64::MAX, text: String::new() };
        let mut text = String::new();
        for time_ns in [42, 999_999_999, 1_000_000_000, u64::MAX] {
            clock.write(&mut text, time_ns);
            text.push('\n');
        }
        // The last is as far as 64 bits of nanoseconds reach.
        let expected = "2023-11-14 22:13:20.000000042\n2023-11-14 22:13:20.999999999\n2023-11-14 22:13:21.000000000\n\
            2554-07-21 23:34:33.709551615\n";
        assert_eq!(text, expected);
    }
}
