//! The inline mechanism: tasks record their own calls.
//!
//! A call site of the program is changed into a jump to the *stub* (`sys/stub.rs`), which writes the call into the
//! task's own *ring*, makes it, and writes its end. The recorder reads the rings. ptrace stays in control of all else:
//! a seccomp *net* lets calls through that the stub makes and stops every other one, so that none is missed, wherever
//! it is made; each stop in the net is at the same time the chance to change one more site.
//!
//! ```text
//!  site ──► landing ──► trampoline ──► stub ──► slot of the ring ──► recorder: read, converted, told
//!    │                                  │ └► syscall (the net lets it through)
//!    └ not changed yet ────────────────►│ number, gs or ring say no
//!                                       └► syscall (the net stops it) ──► ptrace engine
//! ```
//! Here are the parts that know nothing of the engine; its side are the `inline_*` modules of `backend/ptrace`.

pub(crate) mod clock;
pub(crate) mod functions;
#[cfg_attr(loom, allow(dead_code))]
pub(crate) mod known_stacks;
pub(crate) mod layout;
pub(crate) mod measure;
pub(crate) mod normalise;
pub(crate) mod numbers;
pub(crate) mod patch;
pub(crate) mod patcher;
pub(crate) mod remote;
#[cfg(all(test, loom))]
mod ring_model;
pub(crate) mod rings;
pub(crate) mod space;
mod stale;
#[cfg(test)]
mod stub_twin;

use std::cell::RefCell;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use clock::TscClock;
use functions::Functions;
use layout::*;
use numbers::Numbers;
use rings::{Ring, Rings};
use rustc_hash::FxHashMap;
use space::Space;
use sysrec_format::event::{Abi, Capture};

use crate::capture::{CallAt, CapturePlan};
use crate::sys::processor;
use crate::sys::stub::{self, Places};

/// Which ways of getting a call into the stub are used. For tests, and for those who want less to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlineClasses {
    /// One byte of a site is changed, so that it jumps to an implied address.
    pub p1: bool,
    /// Five bytes before a site are, so that they jump to a chosen address.
    pub p2: bool,
    /// Five bytes are, so that it jumps to a chosen address.
    pub p3: bool,
    /// A stopped task is redirected into the stub; nothing is changed.
    pub p4: bool,
}

impl std::str::FromStr for InlineClasses {
    type Err = String;

    /// Names, comma-separated: `p1`, `p2`, `p3`, `p4`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut classes = InlineClasses { p1: false, p2: false, p3: false, p4: false };
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name.to_ascii_lowercase().as_str() {
                "p1" => classes.p1 = true,
                "p2" => classes.p2 = true,
                "p3" => classes.p3 = true,
                "p4" => classes.p4 = true,
                _ => return Err(format!("{name} is no class; there are p1, p2, p3 and p4")),
            }
        }
        Ok(classes)
    }
}

impl std::fmt::Display for InlineClasses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [("p1", self.p1), ("p2", self.p2), ("p3", self.p3), ("p4", self.p4)];
        let used: Vec<&str> = names.iter().filter(|(_, used)| *used).map(|&(name, _)| name).collect();
        f.write_str(&used.join(","))
    }
}

impl Default for InlineClasses {
    fn default() -> Self {
        InlineClasses { p1: true, p2: true, p3: true, p4: true }
    }
}

/// Why a task is recorded by ptrace in an inline recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reason(pub &'static str);

impl Reason {
    pub(crate) const NOT_STARTED: Reason = Reason("it has not come to its execve yet");
    pub(crate) const BITS_32: Reason = Reason("it runs 32-bit code");
    pub(crate) const GS_IN_USE: Reason = Reason("it uses the gs register itself");
    pub(crate) const OWN_FILTER: Reason = Reason("it has a seccomp filter of its own");
    pub(crate) const FILTER_TO_COME: Reason =
        Reason("it has a seccomp filter of its own, which another of its threads installed");
    pub(crate) const FILTER_REFUSED: Reason = Reason("a seccomp filter was refused to its process");
    pub(crate) const STRICT: Reason = Reason("it is in seccomp's strict mode");
    pub(crate) const MEMORY_LIMIT: Reason = Reason("its address space is limited or locked");
    pub(crate) const REGION_TOUCHED: Reason = Reason("it unmapped or replaced our part of its address space");
    pub(crate) const NO_RING: Reason = Reason("there is no ring left for it");
    pub(crate) const NO_TSC: Reason = Reason("it gave up the time stamp counter");
    pub(crate) const DISPATCH: Reason = Reason("it dispatches its own system calls");
    pub(crate) const GONE: Reason = Reason("it vanished");
}

/// A task that records its own calls.
#[derive(Debug)]
pub(crate) struct InlineTask {
    pub ring: Ring,
    /// The start of the call that it is in, as it was converted when first seen: (ticks, nanoseconds).
    pub entered: Option<(u64, u64)>,
    /// The latest time told of it.
    pub last_ns: u64,
    /// When its ring was read last, it had no room for a call.
    pub was_full: bool,
}

impl InlineTask {
    pub(crate) fn new(ring: Ring) -> Self {
        InlineTask { ring, entered: None, last_ns: 0, was_full: false }
    }
}

/// How a task is recorded.
#[derive(Debug)]
pub(crate) enum Mode {
    /// By ptrace, for this reason.
    Ptrace(Reason),
    /// A new task, whose first stop is still to come. The gs base that it inherits from an inline parent.
    Waiting(u64),
    Inline(InlineTask),
}

/// An address space, shared by the tasks that live in it.
pub(crate) type SharedSpace = Rc<RefCell<Space>>;

/// What all tasks of a recording share.
pub(crate) struct Inline {
    pub rings: Rings,
    pub clock: TscClock,
    pub places: Places,
    pub page: Box<[u8; STUB_BYTES]>,
    pub classes: InlineClasses,
    pub functions: Functions,
    pub numbers: Numbers,
    capture: CapturePlan,
    /// The address space of the task that last had the ring at this address.
    pub owners: FxHashMap<u64, SharedSpace>,
}

impl Inline {
    /// Its name in traces.
    pub(crate) const NAME: &'static str = "inline";

    /// Makes the ring file, owned by the user that the command runs as, where that is another one. `stacks`: of some calls
    /// the stack is told. The error is the reason why it cannot work here, a part of a sentence.
    pub(crate) fn new(
        classes: InlineClasses,
        owner: Option<(u32, u32)>,
        numbers: Numbers,
        capture: CapturePlan,
        stacks: bool,
    ) -> Result<Self, String> {
        processor::suitable()?;
        let rings = Rings::create(owner)
            .map_err(|error| format!("inline needs a file in /dev/shm ({})", crate::error::plain(&error)))?;
        let rings = if stacks { rings.with_lists() } else { rings };
        let mut page = Box::new(stub::page());
        page[NUMBER_TABLE..NUMBER_TABLE + NUMBERS].copy_from_slice(numbers.bytes());
        let path = rings.path().as_os_str().as_bytes();
        page[PATH..PATH + path.len()].copy_from_slice(path);
        Ok(Inline {
            rings,
            clock: TscClock::new(),
            places: stub::places(),
            page,
            classes,
            functions: Functions::default(),
            numbers,
            capture,
            owners: FxHashMap::default(),
        })
    }

    /// The rings belong to this trace from now on.
    pub(crate) fn belong_to(&mut self, trace_id: [u8; 16]) {
        self.clock.settle();
        self.rings.belong_to(trace_id, &self.clock.line());
    }

    /// Takes an anchor of the clocks, for what is read from the rings next, or by others should we die.
    pub(crate) fn anchor(&mut self) {
        self.clock.anchor();
        self.rings.tell_line(&self.clock.line());
    }

    /// What the stub copied for a call that was read from the task's ring.
    pub(crate) fn captures(&self, task: &mut InlineTask, call: &RingCall) -> Vec<Capture> {
        let Some(path) = task.ring.take_path().filter(|_| self.numbers.has_path(call.nr)) else {
            return Vec::new();
        };
        let at = CallAt { tid: 0, abi: Abi::X86_64, nr: call.nr as i32, args: &call.args };
        self.capture.of_path(at, path.address, path.bytes)
    }
}

/// The addresses of instructions whose calls the net lets through.
pub(crate) fn open_addresses() -> std::ops::Range<u32> {
    let start = STUB_ADDRESS as u32;
    start..start + STUB_OPEN_BYTES as u32
}
