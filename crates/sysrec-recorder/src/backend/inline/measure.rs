//! What the stub itself costs here, now: a child of our own makes the cheapest call there is, bare and through the stub,
//! with the same kind of net.

use std::io;

use sysrec_format::block::Overhead;

use super::Inline;
use super::layout::*;
use crate::backend::measure::{self, Sample};
use crate::sys::child::bare_call;
use crate::sys::clock::tsc;
use crate::sys::seccomp::{Program, Stops};
use crate::sys::stub::trial;

/// Calls through the stub; no more than a ring holds.
const CALLS: usize = 450;
/// The first ones warm caches and are not counted.
const WARM_UP: usize = 150;
/// The call that [`trial`] makes.
const NR: i64 = libc::SYS_getppid;

/// Trials, until bare calls take the same before and behind one.
const TRIALS_MAX: usize = 4;

/// Measures; all zero where that fails (it is no reason not to record).
pub(crate) fn overhead(inline: &mut Inline) -> Overhead {
    let (calls, bare_ns) = steady_trial(inline);
    let clock = &inline.clock;
    let sample = |call: &RingCall| Sample { start_ns: clock.ns(call.start), end_ns: clock.ns(call.end) };
    let samples: Vec<Sample> = calls.iter().skip(WARM_UP).map(sample).collect();
    let without = if inline.numbers.has_stack(NR as u32) { ", without their stacks," } else { "" };
    let method = format!("{CALLS} calls of getppid through the stub in a child{without}, against bare ones");
    measure::overhead(Inline::NAME, method, &samples, bare_ns)
}

/// A trial that nothing else disturbed, as far as bare calls before and behind it tell; else the last one, against the
/// faster of these calls: the figure is to be too high rather than too low.
fn steady_trial(inline: &mut Inline) -> (Vec<RingCall>, u64) {
    let mut last = (Vec::new(), 0);
    for _ in 0..TRIALS_MAX {
        let Ok((calls, before_ns)) = trial_calls(inline) else { break };
        let behind_ns = inline.clock.span_ns(bare_call(tsc));
        last = (calls, before_ns.min(behind_ns));
        if before_ns.abs_diff(behind_ns) <= last.1 / 8 {
            break;
        }
    }
    last
}

/// The calls as the stub recorded them, and what a bare one takes, nanoseconds.
fn trial_calls(inline: &mut Inline) -> io::Result<(Vec<RingCall>, u64)> {
    let mut ring = inline.rings.allot(None).ok_or(io::ErrorKind::OutOfMemory)?;
    let none = Stops::default();
    let net = Program::new(&none, &none, &none, Some(super::open_addresses()));
    // Of the child nothing is known: its stacks would end in a net that nobody serves.
    let mut page = inline.page.clone();
    let numbers = inline.numbers.clone().without_stack(NR);
    page[NUMBER_TABLE..NUMBER_TABLE + NUMBERS].copy_from_slice(numbers.bytes());
    let ended = trial(&page, inline.rings.path(), ring.address(), &net, CALLS);
    inline.clock.settle();
    inline.anchor();
    let next = || {
        let call = inline.rings.next(&mut ring)?;
        inline.rings.advance(&mut ring);
        Some(call)
    };
    let calls: Vec<RingCall> = std::iter::from_fn(next).collect();
    inline.rings.take_back(ring);
    let bare_ticks = ended?;
    Ok((calls, inline.clock.span_ns(bare_ticks)))
}

const _: () = assert!(cfg!(loom) || (CALLS as u64) < SLOTS);
