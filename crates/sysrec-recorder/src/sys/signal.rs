//! The recorder's own signals: what it inherited (and must pass on untouched to the command), what it keeps away
//! from itself while it records, and the poke that gets the tracer thread out of `wait4`.

use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether SIGPIPE was ignored when the program began: Rust's runtime ignores it before `main`, so that this must be
/// asked earlier.
static SIGPIPE_INHERITED_IGNORED: AtomicBool = AtomicBool::new(false);

extern "C" fn look_at_inherited_signals() {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a query, with a live buffer to fill.
    let ignored = unsafe {
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    };
    SIGPIPE_INHERITED_IGNORED.store(ignored, Ordering::Relaxed);
}

// SAFETY: `.init_array` holds pointers to functions that the C runtime calls before main, with arguments that a
// function without parameters ignores; this one calls only sigaction and touches one atomic.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = look_at_inherited_signals;

/// A signal set.
#[derive(Clone, Copy)]
pub(crate) struct SignalSet(pub(super) libc::sigset_t);

impl SignalSet {
    fn of(signals: &[i32]) -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: sigemptyset initialises the set; the numbers are valid signals.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for &signo in signals {
                libc::sigaddset(set.as_mut_ptr(), signo);
            }
            SignalSet(set.assume_init())
        }
    }
}

/// The signals that the control thread takes instead of the recorder dying of them.
const TAKEN: [i32; 4] = [libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGHUP];

/// The signal state that the recorder was started with.
#[derive(Clone, Copy)]
pub(crate) struct Inherited {
    pub(super) mask: SignalSet,
    pub(super) sigpipe_ignored: bool,
    pub(super) sigchld_ignored: bool,
    pub(super) sigxfsz_ignored: bool,
    /// Those of the taken signals that were ignored (`nohup`, background jobs of old shells).
    ignored: SignalSet,
}

fn set_disposition(signo: i32, handler: libc::sighandler_t, flags: i32) -> libc::sighandler_t {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both structures are live; zero is a value of every field. The handlers passed in this module are
    // SIG_DFL, SIG_IGN or async-signal-safe functions.
    unsafe {
        (*action.as_mut_ptr()).sa_sigaction = handler;
        (*action.as_mut_ptr()).sa_flags = flags;
        libc::sigaction(signo, action.as_ptr(), old.as_mut_ptr());
        old.assume_init().sa_sigaction
    }
}

extern "C" fn nothing(_: i32) {}

/// The signal that pokes the tracer thread: one that nobody uses by convention and whose default is to be ignored.
const POKE: i32 = libc::SIGURG;

/// Keeps the terminal's and the user's signals from ending the recorder before its trace is whole.
/// Call before the first thread is made: they inherit the mask.
pub(crate) fn take_over() -> Inherited {
    let taken = SignalSet::of(&TAKEN);
    let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: both sets are live.
    let mask = unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &taken.0, mask.as_mut_ptr());
        SignalSet(mask.assume_init())
    };
    let ignored: Vec<i32> = TAKEN
        .into_iter()
        .filter(|&signo| {
            let mut action = MaybeUninit::<libc::sigaction>::zeroed();
            // SAFETY: a query, with a live buffer to fill.
            unsafe {
                libc::sigaction(signo, std::ptr::null(), action.as_mut_ptr()) == 0
                    && action.assume_init().sa_sigaction == libc::SIG_IGN
            }
        })
        .collect();
    set_disposition(POKE, nothing as *const () as libc::sighandler_t, 0);
    // A recorder that ignores SIGCHLD would never see its children end; and SA_NOCLDSTOP spares a signal a stop.
    let sigchld = set_disposition(libc::SIGCHLD, libc::SIG_DFL, libc::SA_NOCLDSTOP);
    // A file size limit is to make the trace stop growing (EFBIG), not to end the recorder.
    let sigxfsz = set_disposition(libc::SIGXFSZ, libc::SIG_IGN, 0);
    Inherited {
        mask,
        sigpipe_ignored: SIGPIPE_INHERITED_IGNORED.load(Ordering::Relaxed),
        sigchld_ignored: sigchld == libc::SIG_IGN,
        sigxfsz_ignored: sigxfsz == libc::SIG_IGN,
        ignored: SignalSet::of(&ignored),
    }
}

impl Inherited {
    /// Gives a fresh child what the recorder was started with. Async-signal-safe.
    pub(super) fn restore_in_child(&self) {
        let disposition = |ignored| if ignored { libc::SIG_IGN } else { libc::SIG_DFL };
        set_disposition(POKE, libc::SIG_DFL, 0);
        set_disposition(libc::SIGPIPE, disposition(self.sigpipe_ignored), 0);
        set_disposition(libc::SIGCHLD, disposition(self.sigchld_ignored), 0);
        set_disposition(libc::SIGXFSZ, disposition(self.sigxfsz_ignored), 0);
        // SAFETY: the set is live.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.mask.0, null_mut()) };
    }

    /// Whether the recorder was told to ignore this signal when it was started.
    pub(crate) fn ignores(&self, signo: i32) -> bool {
        // SAFETY: the set is live and the number a signal's.
        unsafe { libc::sigismember(&self.ignored.0, signo) == 1 }
    }
}

/// A signal that the control thread took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub signo: i32,
    /// Sent by the kernel (a terminal's Ctrl-C, a hangup), which reaches the command by itself.
    pub from_kernel: bool,
}

/// Sleeps until one of the taken signals comes, at most for `timeout`.
pub(crate) fn wait_taken(timeout: Duration) -> Option<Taken> {
    let set = SignalSet::of(&TAKEN);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let timeout =
        libc::timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
    // SAFETY: all three are live; zero is a value of siginfo_t.
    let signo = unsafe { libc::sigtimedwait(&set.0, info.as_mut_ptr(), &timeout) };
    // SAFETY: as above; filled by the kernel where a signal came.
    let from_kernel = unsafe { info.assume_init() }.si_code == libc::SI_KERNEL;
    (signo > 0).then_some(Taken { signo, from_kernel })
}

/// A thread that can be poked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PokedThread {
    pid: i32,
    tid: i32,
}

/// The calling thread.
pub(crate) fn this_thread() -> PokedThread {
    // SAFETY: neither call takes arguments nor touches memory.
    unsafe { PokedThread { pid: libc::getpid(), tid: libc::gettid() } }
}

impl PokedThread {
    /// Makes a blocking call of the thread return EINTR, if it is in one.
    pub(crate) fn poke(self) {
        // SAFETY: no memory is touched; the handler of POKE does nothing.
        unsafe { libc::syscall(libc::SYS_tgkill, self.pid, self.tid, POKE) };
    }
}

/// Sends a signal to a process that is our child or tracee.
pub(crate) fn send(pid: i32, signo: i32) -> io::Result<()> {
    // SAFETY: no memory is touched.
    match unsafe { libc::kill(pid, signo) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sends a signal to one task that is our tracee.
pub(crate) fn send_to_task(pid: i32, tid: i32, signo: i32) {
    // SAFETY: no memory is touched.
    unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, signo) };
}

/// Pokes the thread that made it at regular intervals. A poke that comes just before a blocking call is followed by
/// another.
#[derive(Debug)]
pub(crate) struct Ticker(libc::timer_t);

impl Ticker {
    /// Silent at first.
    pub(crate) fn new() -> io::Result<Self> {
        let mut event = MaybeUninit::<libc::sigevent>::zeroed();
        let mut timer = MaybeUninit::<libc::timer_t>::zeroed();
        // SAFETY: both structures are live; zero is a value of every field; gettid touches no memory.
        unsafe {
            let event = event.assume_init_mut();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = POKE;
            event.sigev_notify_thread_id = libc::gettid();
            if libc::timer_create(libc::CLOCK_MONOTONIC, event, timer.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Ticker(timer.assume_init()))
        }
    }

    /// Sets the interval; the first poke comes after one. Zero: silent again.
    pub(crate) fn every(&self, interval: Duration) {
        let interval =
            libc::timespec { tv_sec: interval.as_secs() as i64, tv_nsec: i64::from(interval.subsec_nanos()) };
        let setting = libc::itimerspec { it_interval: interval, it_value: interval };
        // SAFETY: the timer is ours and the setting live.
        unsafe { libc::timer_settime(self.0, 0, &setting, null_mut()) };
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // SAFETY: the timer is ours, and nobody uses it afterwards.
        unsafe { libc::timer_delete(self.0) };
    }
}

/// Ends this process by the signal that ended the command, so that whoever waits sees the same; without a second core
/// dump. Comes back only where the signal does not kill (it is then one that never ended the command).
pub fn die_by(signo: i32) {
    let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is live; no other memory is touched.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &limit) };
    if signo != libc::SIGKILL {
        set_disposition(signo, libc::SIG_DFL, 0);
    }
    let set = SignalSet::of(&[signo]);
    // SAFETY: the set is live; raise touches no memory.
    unsafe {
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set.0, null_mut());
        libc::raise(signo);
    }
}
