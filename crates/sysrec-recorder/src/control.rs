//! What reaches a running recording from outside: signals to the recorder, deadlines, and the poke that makes the
//! tracer thread look up from `wait4`.
//!
//! One thread sleeps in `sigtimedwait` for the signals that would otherwise end the recorder. What they mean depends on
//! what is recorded:
//!
//! | signal | a command that runs | attached processes, or what outlived the command |
//! | --- | --- | --- |
//! | Ctrl-C, Ctrl-\, hangup of the terminal | reaches it by itself | ends the recording |
//! | the same, or TERM, sent to sysrec with kill(1) | is passed on to it | ends the recording |
//!
//! A signal of the first row that sysrec was started to ignore does nothing.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::sys::clock::monotonic_ns;
use crate::sys::signal::{self, Inherited, PokedThread, Taken};
use crate::sys::wait::{self, Waited};

/// Why a recording is to end before what it records has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum StopReason {
    /// The time that was asked for is over.
    Duration = 1,
    /// As many calls as were asked for have been recorded.
    Calls = 2,
    /// The file is as large as was asked for.
    Size = 3,
    /// Ctrl-C or another signal.
    Signal = 4,
    /// The command has ended, and the rest was not to be waited for.
    CommandEnded = 5,
}

impl StopReason {
    fn from_code(code: u8) -> Option<Self> {
        [Self::Duration, Self::Calls, Self::Size, Self::Signal, Self::CommandEnded]
            .into_iter()
            .find(|&reason| reason as u8 == code)
    }
}

/// After Ctrl-C and the end of the command, its remaining processes have this long to end by themselves.
const GRACE: Duration = Duration::from_secs(2);
/// How often a tracer thread that has not looked up yet is poked again: the poke may come just before `wait4`.
const POKE_AGAIN: Duration = Duration::from_millis(5);
/// How often the control thread looks up by itself.
const TICK: Duration = Duration::from_millis(200);

/// The state that the control thread and the tracer thread share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    stop: AtomicU8,
    seen: AtomicBool,
    over: AtomicBool,
    /// The command's pid while it runs, else 0.
    command: AtomicI32,
    interrupted: AtomicBool,
    control: OnceLock<PokedThread>,
    /// The command has ended, and others that it left are recorded on.
    outlived: AtomicBool,
    seizing: Mutex<Seizing>,
    /// Figures for the progress line.
    pub(crate) calls: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) tasks: AtomicU64,
}

/// While the tracer thread is inside PTRACE_SEIZE, which may sleep, the control thread waits in its place.
#[derive(Debug, Default)]
struct Seizing {
    under_way: bool,
    reaped: Vec<(Waited, u64)>,
}

impl Shared {
    fn seizing(&self) -> MutexGuard<'_, Seizing> {
        self.seizing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tracer thread is about to do what may sleep.
    pub(crate) fn begin_seizing(&self) {
        self.seizing().under_way = true;
    }

    /// It is back; takes the news that came meanwhile.
    pub(crate) fn end_seizing(&self) -> Vec<(Waited, u64)> {
        let mut seizing = self.seizing();
        seizing.under_way = false;
        std::mem::take(&mut seizing.reaped)
    }

    /// The control thread's side: waits for tracees while the tracer thread cannot. (A thread may wait for what
    /// another one of its process traces: wait(2), `__WNOTHREAD`.)
    fn reap_while_seizing(&self) {
        let mut seizing = self.seizing();
        while seizing.under_way
            && let Ok(Some(waited)) = wait::poll_any()
        {
            seizing.reaped.push((waited, monotonic_ns()));
        }
    }

    /// The command has ended; signals are for us from now on.
    pub(crate) fn command_ended(&self) {
        self.outlived.store(true, Ordering::Release);
        self.set_command(0);
    }

    fn progress(&self, elapsed: Duration) -> Progress {
        Progress {
            elapsed,
            calls: self.calls.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            tasks: self.tasks.load(Ordering::Relaxed),
            command_ended: self.outlived.load(Ordering::Acquire),
        }
    }

    /// The reason to end, if there is one. The tracer thread's side of the poke.
    pub(crate) fn stop(&self) -> Option<StopReason> {
        let reason = StopReason::from_code(self.stop.load(Ordering::Acquire))?;
        self.seen.store(true, Ordering::Release);
        Some(reason)
    }

    /// Asks for the end; the first reason stays.
    pub(crate) fn request_stop(&self, reason: StopReason) {
        _ = self.stop.compare_exchange(0, reason as u8, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Tells who the signals are for: the pid of the command while it runs, 0 afterwards.
    pub(crate) fn set_command(&self, pid: i32) {
        self.command.store(pid, Ordering::Release);
    }
}

/// How far a recording is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Finished calls.
    pub calls: u64,
    /// What the trace would take now.
    pub bytes: u64,
    /// Tasks that are being recorded at this moment.
    pub tasks: u64,
    /// The command has ended; what is recorded has outlived it.
    pub command_ended: bool,
}

/// What is told of the progress, about five times a second, from a thread of its own.
pub type Watch = Box<dyn FnMut(&Progress) + Send>;

/// The control thread, ended by [`Control::end`].
pub(crate) struct Control {
    pub(crate) shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

impl Control {
    /// Starts the control thread; the calling thread is the one it pokes.
    pub(crate) fn start(
        inherited: Inherited,
        deadline: Option<Instant>,
        watch: Option<Watch>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let watcher = Watcher {
            shared: Arc::clone(&shared),
            tracer: signal::this_thread(),
            inherited,
            deadline,
            grace_until: None,
            started: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("control".into()).spawn(move || watcher.run(watch))?;
        Ok(Control { shared, thread })
    }

    /// Ends the control thread; its progress line is cleared away by then.
    pub(crate) fn end(self) {
        self.shared.over.store(true, Ordering::Release);
        while !self.thread.is_finished() {
            // The poke may come just before it sleeps: hence again.
            if let Some(thread) = self.shared.control.get() {
                thread.poke();
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        _ = self.thread.join();
    }
}

struct Watcher {
    shared: Arc<Shared>,
    tracer: PokedThread,
    inherited: Inherited,
    deadline: Option<Instant>,
    grace_until: Option<Instant>,
    started: Instant,
}

impl Watcher {
    fn run(mut self, mut watch: Option<Watch>) {
        _ = self.shared.control.set(signal::this_thread());
        while !self.shared.over.load(Ordering::Acquire) {
            if let Some(taken) = signal::wait_taken(self.timeout()) {
                self.take(taken);
            }
            self.shared.reap_while_seizing();
            let now = Instant::now();
            if self.deadline.is_some_and(|deadline| now >= deadline) {
                self.shared.request_stop(StopReason::Duration);
            }
            if self.shared.interrupted.load(Ordering::Acquire)
                && self.shared.command.load(Ordering::Acquire) == 0
            {
                let until = *self.grace_until.get_or_insert(now + GRACE);
                if now >= until {
                    self.shared.request_stop(StopReason::Signal);
                }
            }
            if self.shared.stop.load(Ordering::Acquire) != 0 && !self.shared.seen.load(Ordering::Acquire) {
                self.tracer.poke();
            }
            if let Some(watch) = &mut watch {
                watch(&self.shared.progress(self.started.elapsed()));
            }
        }
    }

    fn timeout(&self) -> Duration {
        if self.shared.stop.load(Ordering::Acquire) != 0 && !self.shared.seen.load(Ordering::Acquire) {
            return POKE_AGAIN;
        }
        if self.shared.seizing().under_way {
            return POKE_AGAIN;
        }
        let until = |at: Option<Instant>| at.map_or(TICK, |at| at.saturating_duration_since(Instant::now()));
        if self.shared.seen.load(Ordering::Acquire) {
            return TICK;
        }
        TICK.min(until(self.deadline)).max(Duration::from_millis(1))
    }

    fn take(&mut self, taken: Taken) {
        // `nohup` and scripts have background jobs ignore a terminal's signals, not those that somebody sends on purpose.
        if taken.from_kernel && self.inherited.ignores(taken.signo) {
            return;
        }
        let command = self.shared.command.load(Ordering::Acquire);
        if command == 0 {
            self.shared.request_stop(StopReason::Signal);
            return;
        }
        self.shared.interrupted.store(true, Ordering::Release);
        if !taken.from_kernel {
            _ = signal::send(command, taken.signo);
        }
    }
}
