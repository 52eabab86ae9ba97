//! Where the tracer runs.
//!
//! A stop is a switch from the tracee to us and back. On one CPU that is two context switches, some 3 us each; from one
//! CPU to another it is a wake-up of an idle CPU, which on a virtual machine leaves the guest: measured three to ten
//! times as much. The scheduler, left alone, spreads us and the tracee over idle CPUs, and always pays the higher price.
//!
//! So we hold ourselves and the tasks on one CPU while that makes them faster, and let them spread where it does not:
//!
//! - A single task and its tracer never run at the same time. Together on one CPU they lose nothing.
//! - Several tasks could run at the same time. Which way is faster depends on the machine and on how much they do
//!   between calls, so it is tried: the rate of stops is the program's own progress. They stay together unless they are
//!   clearly faster apart, and it is tried again from time to time.
//! - Tasks that seldom stop are left alone, a single one among them: on our CPU it would wait for whoever else runs
//!   there. They are watched for it by the clock, since nobody tells us that nothing happens.
//!
//! What the program is told stays true to itself: around its own sched_getaffinity and sched_setaffinity the task has
//! its own CPUs back ([`Placement::lend`]), and children inherit them in our table.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::tracee::Tracee;
use crate::sys::clock::monotonic_ns;
use crate::sys::guardian::Guardian;
use crate::sys::sched::{self, CpuSet};
use crate::sys::signal::Ticker;

/// How long the rate of stops is measured at a time.
const WINDOW_NS: u64 = Duration::from_millis(20).as_nanos() as u64;
/// The same where tasks record their own calls: few stops show sooner what they are about. Threads that wake each other
/// settle in these first moments on the CPUs where they will stay.
const INLINE_WINDOW_NS: u64 = Duration::from_millis(5).as_nanos() as u64;
/// The same while a task alone records calls as fast as we can read them.
const PRESSING_WINDOW_NS: u64 = Duration::from_millis(1).as_nanos() as u64;
/// How long a decision stands before the other way is tried again; doubled each time it is confirmed.
const STAND_NS_MIN: u64 = Duration::from_millis(500).as_nanos() as u64;
const STAND_NS_MAX: u64 = Duration::from_secs(8).as_nanos() as u64;
/// The first decision, for together, stands this long: most commands have ended by then.
const FIRST_STAND_NS: u64 = Duration::from_millis(100).as_nanos() as u64;
/// Below this rate, stops cost the program little wherever they happen.
const SELDOM_STOPS_PER_S: f64 = 1000.0;
/// So many stops of tasks that seldom stopped are a reason to look at their rate before its time: each is a costly one.
const STOPS_AGAIN: u64 = 8;
/// How much better the rate apart must be than the rate together, for the tasks to be let apart, and to stay so. Rates
/// are noisy, since programs have phases; and a program that gains from a second CPU while it makes calls gains much.
const APART_IS_BETTER: f64 = 1.5;

/// Beside us, whose look is counted: above the number of CPUs by this, no CPU is idle for us.
const SOME_WAIT: f64 = 0.1;
/// How much of the mean of running tasks the newest look is.
const NEW_SHARE: f64 = 0.125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// We and all tasks on this CPU.
    Together(usize),
    /// Everybody where the scheduler puts them.
    Spread,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Stops are seldom, and everybody is spread.
    Idle,
    /// The present way stands until then.
    Standing { until_ns: u64, for_ns: u64 },
    /// The present way is on trial against one that had this rate of stops.
    Trial { before: Way, rate_before: f64, stood_ns: u64 },
}

/// The task that alone records its own calls at the moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    pub tid: i32,
    /// Its ring fills so fast that we look again and again.
    pub pressing: bool,
}

pub(super) struct Placement {
    /// The CPUs that we were given ourselves; `None` where there is nothing to place.
    own: Option<CpuSet>,
    way: Way,
    phase: Phase,
    window_start_ns: u64,
    window_stops: u64,
    /// Tasks record their own calls, while we read what they recorded: that goes on at the same time.
    inline: bool,
    /// We keep off the CPU of a task, or on it.
    bound: bool,
    /// When we look where we are to read again. To ask where a task runs costs some ten microseconds.
    reader_due_ns: u64,
    /// How many tasks of the machine ran or wanted to, of late.
    running: f64,
    /// Gives tasks their CPUs back should we die.
    guardian: Option<Guardian>,
    /// Wakes us while we hold tasks. Where tasks record their own calls, something else does.
    ticker: Option<Ticker>,
}

type Tasks = FxHashMap<i32, Tracee>;

impl Placement {
    pub(super) fn new(enabled: bool, inline: bool) -> Self {
        let own = sched::affinity(0).ok().filter(|cpus| enabled && cpus.len() > 1);
        Placement {
            own,
            way: Way::Spread,
            phase: Phase::Standing { until_ns: 0, for_ns: STAND_NS_MIN },
            window_start_ns: 0,
            window_stops: 0,
            inline,
            bound: false,
            reader_due_ns: 0,
            running: 0.0,
            guardian: None,
            ticker: None,
        }
    }

    /// Before anything is traced. `survivors`: the tasks live on if we are killed, and must get their CPUs back then.
    pub(super) fn begin(&mut self, survivors: bool, tasks: &mut Tasks) {
        if self.own.is_none() {
            return;
        }
        if survivors {
            self.guardian = Guardian::start().ok();
            if self.guardian.is_none() {
                self.own = None;
                return;
            }
        }
        self.begin_together(monotonic_ns(), tasks);
    }

    /// CPUs that there are at this moment for the tasks and us.
    pub(super) fn cpus(&self) -> usize {
        match self.way {
            Way::Together(_) => 1,
            Way::Spread => self.own.as_ref().map_or(1, CpuSet::len),
        }
    }

    /// The stop was none that being together makes cheaper in the end: a ring was full, since we read it too slowly.
    pub(super) fn forgive_stop(&mut self) {
        self.window_stops = self.window_stops.saturating_sub(1);
    }

    /// One task alone is busy recording its own calls. If it makes them faster than we can do without a CPU of our own,
    /// we read them on another CPU than its own. If not, and no CPU is idle, we read them on its own, whose cache has
    /// them: anywhere else we would take as much time from somebody, and more of it.
    fn for_one(&mut self, busy: Busy) {
        let (Way::Spread, Some(own)) = (self.way, &self.own) else { return };
        let crowded = self.running > own.len() as f64 + SOME_WAIT;
        if !busy.pressing && !crowded {
            return self.anywhere();
        }
        let (Some(ours), Some(its)) = (sched::current_cpu(), crate::procfs::last_cpu(busy.tid)) else {
            return;
        };
        let wanted = if busy.pressing { own.without(its) } else { CpuSet::single(its) };
        if own.contains(its) && !wanted.contains(ours) {
            _ = sched::set_affinity(0, &wanted);
            self.bound = true;
        }
    }

    /// Several tasks are busy, or none: we run wherever there is room.
    fn anywhere(&mut self) {
        if let (true, Way::Spread, Some(own)) = (std::mem::take(&mut self.bound), self.way, &self.own) {
            _ = sched::set_affinity(0, own);
        }
    }

    /// Now and then, where stops are not what happens most: decides likewise.
    pub(super) fn on_time(&mut self, now_ns: u64, tasks: &mut Tasks) {
        if self.is_due(now_ns, false) {
            self.decide(now_ns, tasks);
        }
    }

    /// Whether the rate of stops has been measured for long enough. `pressing`: see [`Busy`].
    fn is_due(&self, now_ns: u64, pressing: bool) -> bool {
        let window_ns = match self.way {
            // Who makes so many calls by himself has begun long ago.
            Way::Together(_) if self.inline && pressing => PRESSING_WINDOW_NS,
            _ => self.window_ns(),
        };
        self.own.is_some() && now_ns.saturating_sub(self.window_start_ns) >= window_ns
    }

    /// As [`on_time`](Self::on_time), where tasks record their own calls. `busy`: the task that alone does at present.
    pub(super) fn on_reading(&mut self, now_ns: u64, tasks: &mut Tasks, busy: Option<Busy>) {
        if self.is_due(now_ns, busy.is_some_and(|busy| busy.pressing)) {
            self.decide(now_ns, tasks);
        }
        if self.own.is_none() || now_ns < self.reader_due_ns {
            return;
        }
        self.reader_due_ns = now_ns + WINDOW_NS;
        if let Some(running) = crate::procfs::running_tasks() {
            self.running += (running as f64 - self.running) * NEW_SHARE;
        }
        match busy {
            Some(busy) => self.for_one(busy),
            None => self.anywhere(),
        }
    }

    fn window_ns(&self) -> u64 {
        match self.way {
            Way::Together(_) if self.inline => INLINE_WINDOW_NS,
            _ => WINDOW_NS,
        }
    }

    /// For how long at most nobody need look at the clock.
    pub(super) fn patience_ns(&self) -> u64 {
        match self.way {
            Way::Together(_) => self.window_ns(),
            Way::Spread => u64::MAX,
        }
    }

    /// At each stop; decides now and then.
    #[inline]
    pub(super) fn on_stop(&mut self, now_ns: u64, tasks: &mut Tasks) {
        self.window_stops += 1;
        let again = self.window_stops >= STOPS_AGAIN && matches!(self.phase, Phase::Idle);
        if again && self.own.is_some() || self.is_due(now_ns, false) {
            self.decide(now_ns, tasks);
        }
    }

    fn begin_together(&mut self, now_ns: u64, tasks: &mut Tasks) {
        (self.window_start_ns, self.window_stops) = (now_ns, 0);
        self.phase = Phase::Standing { until_ns: now_ns + FIRST_STAND_NS, for_ns: STAND_NS_MIN };
        self.together(tasks);
    }

    fn decide(&mut self, now_ns: u64, tasks: &mut Tasks) {
        let rate = self.window_stops as f64 * 1e9 / (now_ns - self.window_start_ns).max(1) as f64;
        self.window_start_ns = now_ns;
        self.window_stops = 0;
        match self.phase {
            _ if rate < SELDOM_STOPS_PER_S => {
                self.phase = Phase::Idle;
                self.spread(tasks);
            }
            Phase::Idle => self.begin_together(now_ns, tasks),
            _ if tasks.len() < 2 => {
                self.phase = Phase::Standing { until_ns: now_ns, for_ns: STAND_NS_MIN };
                if self.way == Way::Spread {
                    self.together(tasks);
                }
            }
            Phase::Standing { until_ns, for_ns } if now_ns >= until_ns => {
                self.phase = Phase::Trial { before: self.way, rate_before: rate, stood_ns: for_ns };
                self.turn(tasks);
            }
            Phase::Standing { .. } => {}
            Phase::Trial { before, rate_before, stood_ns } => {
                let taken = match before {
                    Way::Together(_) => rate > rate_before * APART_IS_BETTER,
                    Way::Spread => rate * APART_IS_BETTER >= rate_before,
                };
                let for_ns = if taken {
                    STAND_NS_MIN
                } else {
                    self.turn_to(before, tasks);
                    (stood_ns * 2).min(STAND_NS_MAX)
                };
                self.phase = Phase::Standing { until_ns: now_ns + for_ns, for_ns };
            }
        }
    }

    fn turn(&mut self, tasks: &mut Tasks) {
        match self.way {
            Way::Together(_) => self.spread(tasks),
            Way::Spread => self.together(tasks),
        }
    }

    fn turn_to(&mut self, way: Way, tasks: &mut Tasks) {
        match way {
            Way::Together(_) => self.together(tasks),
            Way::Spread => self.spread(tasks),
        }
    }

    fn together(&mut self, tasks: &mut Tasks) {
        let Some(cpu) = sched::current_cpu() else { return };
        if sched::set_affinity(0, &CpuSet::single(cpu)).is_err() {
            return;
        }
        self.way = Way::Together(cpu);
        self.watch();
        for (&tid, tracee) in tasks.iter_mut() {
            self.hold(tid, tracee);
        }
    }

    fn spread(&mut self, tasks: &mut Tasks) {
        if self.way == Way::Spread {
            return;
        }
        self.way = Way::Spread;
        self.reader_due_ns = 0;
        self.watch();
        for (&tid, tracee) in tasks.iter_mut() {
            self.give_back(tid, tracee);
        }
        if let Some(own) = &self.own {
            _ = sched::set_affinity(0, own);
        }
    }

    /// Has us woken while tasks are held.
    fn watch(&mut self) {
        if self.inline {
            return;
        }
        if self.ticker.is_none() {
            self.ticker = Ticker::new().ok();
        }
        if let Some(ticker) = &self.ticker {
            let held = matches!(self.way, Way::Together(_));
            ticker.every(Duration::from_nanos(if held { WINDOW_NS } else { 0 }));
        }
    }

    /// Holds one task on our CPU, where its own set allows that.
    fn hold(&mut self, tid: i32, tracee: &mut Tracee) {
        let Way::Together(cpu) = self.way else { return };
        let own = match tracee.own_cpus {
            Some(own) => own,
            None => match sched::affinity(tid) {
                Ok(own) => *tracee.own_cpus.insert(own),
                Err(_) => return,
            },
        };
        if own.len() < 2 || !own.contains(cpu) {
            return;
        }
        if let Some(guardian) = &mut self.guardian
            && !guardian.note(tid, &own)
        {
            return;
        }
        _ = sched::set_affinity(tid, &CpuSet::single(cpu));
    }

    fn give_back(&mut self, tid: i32, tracee: &Tracee) {
        if let Some(own) = &tracee.own_cpus {
            _ = sched::set_affinity(tid, own);
        }
        if let Some(guardian) = &mut self.guardian {
            guardian.forget(tid);
        }
    }

    /// A new task that inherited its CPUs from its parent: the one that we hold it on, where its own set is known.
    pub(super) fn born(&mut self, tid: i32, tracee: &Tracee) {
        if let (Way::Together(cpu), Some(own)) = (self.way, &tracee.own_cpus)
            && own.contains(cpu)
            && let Some(guardian) = &mut self.guardian
            && !guardian.note(tid, own)
        {
            _ = sched::set_affinity(tid, own);
        }
    }

    /// A task that was just attached to.
    pub(super) fn arrived(&mut self, tid: i32, tasks: &mut Tasks) {
        if let Some(tracee) = tasks.get_mut(&tid) {
            self.hold(tid, tracee);
        }
    }

    /// Before a call of the program that reads or sets the CPUs of `target`: it has its own back. Tells whether that
    /// was needed; then [`Self::take_back`] follows.
    pub(super) fn lend(&mut self, target: i32, tasks: &Tasks) -> bool {
        let held = matches!(self.way, Way::Together(_));
        match tasks.get(&target) {
            Some(tracee) if held => {
                self.give_back(target, tracee);
                true
            }
            _ => false,
        }
    }

    /// After that call: what the task has now is its own.
    pub(super) fn take_back(&mut self, target: i32, tasks: &mut Tasks) {
        if let Some(tracee) = tasks.get_mut(&target) {
            tracee.own_cpus = sched::affinity(target).ok();
            self.hold(target, tracee);
        }
    }

    /// A task is let go: it gets its own CPUs back.
    pub(super) fn release(&mut self, tid: i32, tracee: &Tracee) {
        if self.own.is_some() {
            self.give_back(tid, tracee);
        }
    }

    /// A task has ended.
    pub(super) fn ended(&mut self, tid: i32) {
        if let Some(guardian) = &mut self.guardian {
            guardian.forget(tid);
        }
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            _ = sched::set_affinity(0, own);
        }
    }
}
