//! What a trace shows to be wasteful. No guesses: every rule has a threshold, counts what it finds, and says what it
//! would save at the prices that the trace itself has.
//!
//! ```text
//!  items in order of time ──► Tally a rule and subject (file, name, process) ──► those over the threshold ──► Hint
//! ```

use rustc_hash::FxHashMap;
use sysrec_format::event::Call;

use crate::descriptors::{Names, ObjectKind};
use crate::named::NamedTimeline;
use crate::outcome::{call_name, error_of};
use crate::selection::Selection;
use crate::timeline::Item;
use crate::trace::Trace;

/// A pattern that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Reads and writes that move at most [`TINY_BYTES`] each, of one file or socket.
    TinyTransfers,
    /// One path opened or asked for again and again.
    RepeatedLookups,
    /// One file name searched for where it is not.
    MissingFiles,
    /// Sleeps that were shorter than [`SHORT_SLEEP_NS`], of one process.
    ShortSleeps,
    /// Calls that found nothing to do: EAGAIN, or a poll without waiting that returned nothing, of one descriptor.
    BusyPolling,
    /// futex calls that did nothing: a wake that woke nobody, a wait that did not wait, of one process.
    IdleFutexes,
    /// fsync after at most [`SYNC_BYTES`] written to the file since the one before.
    SyncAfterLittle,
    /// The time asked for by a real call, which the vDSO answers without one, by one process.
    ClockCalls,
}

/// Bytes of a tiny transfer, at most.
pub const TINY_BYTES: u64 = 64;
/// Bytes that one call could as well move: a page.
pub const BUFFER_BYTES: u64 = 4096;
/// A sleep is short below this, nanoseconds.
pub const SHORT_SLEEP_NS: u64 = 1_000_000;
/// Bytes before an fsync that are few.
pub const SYNC_BYTES: u64 = 4096;
/// Files, names and processes that one rule counts apart; more are not looked at.
const SUBJECTS_MAX: usize = 100_000;
const EAGAIN: u32 = 11;
const ENOENT: u32 = 2;

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 8] = [
        Rule::TinyTransfers,
        Rule::RepeatedLookups,
        Rule::MissingFiles,
        Rule::ShortSleeps,
        Rule::BusyPolling,
        Rule::IdleFutexes,
        Rule::SyncAfterLittle,
        Rule::ClockCalls,
    ];

    /// The word that outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Rule::TinyTransfers => "tiny-transfers",
            Rule::RepeatedLookups => "repeated-lookups",
            Rule::MissingFiles => "missing-files",
            Rule::ShortSleeps => "short-sleeps",
            Rule::BusyPolling => "busy-polling",
            Rule::IdleFutexes => "idle-futexes",
            Rule::SyncAfterLittle => "sync-after-little",
            Rule::ClockCalls => "clock-calls",
        }
    }

    /// Calls of one subject from which on it is worth a hint.
    pub fn calls_min(self) -> u64 {
        match self {
            Rule::RepeatedLookups | Rule::MissingFiles | Rule::SyncAfterLittle => 100,
            _ => 1000,
        }
    }
}

/// Something wasteful that the trace shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Which pattern.
    pub rule: Rule,
    /// The file, name, descriptor or process; any bytes.
    pub subject: Vec<u8>,
    /// Calls that show it.
    pub calls: u64,
    /// Their wall time, nanoseconds.
    pub wall_ns: u64,
    /// Bytes that they moved.
    pub bytes: u64,
    /// Calls that could be spared.
    pub spared_calls: u64,
    /// Their share of the wall time, nanoseconds. A sleep's or a wait's is no time of the CPU.
    pub spared_ns: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    calls: u64,
    wall_ns: u64,
    bytes: u64,
}

/// What a trace shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Selected calls that were looked at.
    pub calls: u64,
    /// Those that would spare most calls first.
    pub hints: Vec<Hint>,
}

/// Looks through the selected calls of a trace.
pub fn hints(trace: &Trace, selection: &Selection) -> Hints {
    let mut search = Search { trace, tallies: FxHashMap::default(), written: FxHashMap::default() };
    let mut calls = 0;
    for (item, names) in NamedTimeline::new(trace, selection) {
        if let (Item::Call(call), Some(names)) = (&item, &names) {
            calls += 1;
            search.call(call, names);
        }
    }
    Hints { calls, hints: search.hints() }
}

struct Search<'t> {
    trace: &'t Trace,
    tallies: FxHashMap<Rule, FxHashMap<Vec<u8>, Tally>>,
    /// Bytes written to a file since it was last synced.
    written: FxHashMap<Vec<u8>, u64>,
}

impl Search<'_> {
    fn call(&mut self, call: &Call, names: &Names) {
        let name = call_name(call.entry.abi, call.entry.nr);
        let errno = error_of(call.entry.abi, call.entry.nr, call.ret);
        let moved = if errno.is_none() { u64::try_from(call.ret).unwrap_or(0) } else { 0 };
        match &*name {
            "read" | "write" | "pread64" | "pwrite64" | "recvfrom" | "sendto" | "readv" | "writev"
            | "recvmsg" | "sendmsg" => {
                let object = Names::descriptor_of(&call.entry).and_then(|fd| names.object(fd));
                let Some(object) = object else { return };
                if errno == Some(EAGAIN) {
                    self.count(Rule::BusyPolling, object.name(), call, 0);
                } else if (1..=TINY_BYTES).contains(&moved) && object.kind() != ObjectKind::Other {
                    self.count(Rule::TinyTransfers, object.name(), call, moved);
                }
                if moved > 0 && name.contains("write") && object.kind() == ObjectKind::File {
                    let file = object.name();
                    if self.written.len() < SUBJECTS_MAX || self.written.contains_key(&file) {
                        *self.written.entry(file).or_default() += moved;
                    }
                }
            }
            "accept" | "accept4" | "recvmmsg" if errno == Some(EAGAIN) => {
                let object = Names::descriptor_of(&call.entry).and_then(|fd| names.object(fd));
                object.into_iter().for_each(|object| self.count(Rule::BusyPolling, object.name(), call, 0));
            }
            "poll" if call.ret == 0 && call.entry.args[2] as i32 == 0 => {
                self.by_process(Rule::BusyPolling, call)
            }
            "epoll_wait" | "epoll_pwait" if call.ret == 0 && call.entry.args[3] as i32 == 0 => {
                self.by_process(Rule::BusyPolling, call);
            }
            "fsync" | "fdatasync" => {
                let object = Names::descriptor_of(&call.entry).and_then(|fd| names.object(fd));
                let Some(object) = object else { return };
                let bytes = self.written.remove(&object.name()).unwrap_or(0);
                if bytes <= SYNC_BYTES {
                    self.count(Rule::SyncAfterLittle, object.name(), call, bytes);
                }
            }
            "nanosleep" | "clock_nanosleep" if call.duration_ns < SHORT_SLEEP_NS => {
                self.by_process(Rule::ShortSleeps, call);
            }
            "futex" => {
                // FUTEX_WAIT, WAKE, WAIT_BITSET, WAKE_BITSET without the private and clock bits.
                let idle = match call.entry.args[1] & 0x7f {
                    0 | 9 => errno == Some(EAGAIN),
                    1 | 10 => call.ret == 0,
                    _ => false,
                };
                if idle {
                    self.by_process(Rule::IdleFutexes, call);
                }
            }
            "clock_gettime" | "gettimeofday" | "time" | "clock_gettime64" => {
                self.by_process(Rule::ClockCalls, call);
            }
            "open" | "openat" | "openat2" | "stat" | "lstat" | "newfstatat" | "statx" | "access"
            | "faccessat" | "faccessat2" | "readlink" | "readlinkat" | "stat64" | "lstat64" | "fstatat64" => {
                let Some(path) = names.path(&call.entry) else { return };
                match errno {
                    None => self.count(Rule::RepeatedLookups, path, call, 0),
                    Some(ENOENT) => {
                        let file = path.rsplit(|&byte| byte == b'/').next().unwrap_or(&path).to_vec();
                        self.count(Rule::MissingFiles, file, call, 0);
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }

    fn by_process(&mut self, rule: Rule, call: &Call) {
        let tasks = self.trace.tasks();
        let process = tasks.get(call.task).map(|task| tasks.process_of(task));
        let subject =
            process.map(|process| [process.name(), b" ", process.pid.to_string().as_bytes()].concat());
        self.count(rule, subject.unwrap_or_default(), call, 0);
    }

    fn count(&mut self, rule: Rule, subject: Vec<u8>, call: &Call, bytes: u64) {
        let subjects = self.tallies.entry(rule).or_default();
        if subjects.len() >= SUBJECTS_MAX && !subjects.contains_key(&subject) {
            return;
        }
        let tally = subjects.entry(subject).or_default();
        tally.calls += 1;
        tally.wall_ns = tally.wall_ns.saturating_add(call.duration_ns);
        tally.bytes = tally.bytes.saturating_add(bytes);
    }

    fn hints(self) -> Vec<Hint> {
        let mut hints = Vec::new();
        for (rule, subjects) in self.tallies {
            for (subject, Tally { calls, wall_ns, bytes }) in subjects {
                if calls < rule.calls_min() {
                    continue;
                }
                let needed = match rule {
                    Rule::TinyTransfers => bytes.div_ceil(BUFFER_BYTES),
                    Rule::SyncAfterLittle => bytes.div_ceil(SYNC_BYTES).max(1),
                    Rule::RepeatedLookups => 1,
                    _ => 0,
                };
                let spared_calls = calls.saturating_sub(needed);
                let spared_ns = (u128::from(wall_ns) * u128::from(spared_calls) / u128::from(calls)) as u64;
                hints.push(Hint { rule, subject, calls, wall_ns, bytes, spared_calls, spared_ns });
            }
        }
        hints.sort_by(|hint, other| {
            let rank = |hint: &Hint| (hint.spared_calls, hint.spared_ns);
            rank(other)
                .cmp(&rank(hint))
                .then_with(|| (hint.rule, &hint.subject).cmp(&(other.rule, &other.subject)))
        });
        hints
    }
}
