//! What the mechanism itself costs here, now: a child of our own makes the cheapest call there is, bare and traced.

use sysrec_format::block::Overhead;

use super::Ptrace;
use crate::sys::child::{fork_stopped, null_call};
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::{self, Resume};
use crate::sys::sched::{self, CpuSet};
use crate::sys::signal;
use crate::sys::wait::{self, WaitStatus, Waited};

/// Traced calls; about a millisecond.
const CALLS: usize = 80;
/// The first ones warm caches and are not counted.
const WARM_UP: usize = 16;
/// Bare calls, measured together.
const BARE_CALLS: u32 = 500;
const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;

/// Measures; all zero where that fails (it is no reason not to record).
pub(super) fn overhead(placement: bool) -> Overhead {
    let own = sched::affinity(0).ok().filter(|cpus| placement && cpus.len() > 1);
    if let (Some(_), Some(cpu)) = (&own, sched::current_cpu()) {
        _ = sched::set_affinity(0, &CpuSet::single(cpu));
    }
    let bare_ns = bare_call_ns();
    let samples = traced_calls().unwrap_or_default();
    if let Some(own) = own {
        _ = sched::set_affinity(0, &own);
    }
    let counted = samples.get(WARM_UP..).unwrap_or_default();
    let mut whole: Vec<u64> = counted.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let mut inside: Vec<u64> = counted.iter().map(|&(start, end)| end - start).collect();
    whole.sort_unstable();
    inside.sort_unstable();
    let at = |sorted: &[u64], share: f64| {
        let last = sorted.len().saturating_sub(1);
        sorted.get((last as f64 * share) as usize).copied().unwrap_or(0)
    };
    Overhead {
        mechanism: Ptrace::NAME.to_owned(),
        method: format!("{CALLS} calls of getppid in a traced child, against {BARE_CALLS} bare ones"),
        samples: whole.len() as u64,
        call_ns_median: at(&whole, 0.5).saturating_sub(bare_ns),
        call_ns_p99: at(&whole, 0.99).saturating_sub(bare_ns),
        inside_ns_median: at(&inside, 0.5).saturating_sub(bare_ns),
    }
}

fn bare_call_ns() -> u64 {
    let start = monotonic_ns();
    for _ in 0..BARE_CALLS {
        null_call();
    }
    (monotonic_ns() - start) / u64::from(BARE_CALLS)
}

/// (start, end) of each traced call, nanoseconds.
fn traced_calls() -> Option<Vec<(u64, u64)>> {
    let pid = fork_stopped(|| {
        for _ in 0..CALLS {
            null_call();
        }
    })
    .ok()?;
    let mut samples = Vec::with_capacity(CALLS);
    let mut start = None;
    wait::wait_stopped(pid).ok()?;
    ptrace::seize(pid, libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL).ok()?;
    signal::send(pid, libc::SIGCONT).ok()?;
    loop {
        let status = match wait::wait_for(pid) {
            Ok(Some(Waited { status, .. })) => status,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            _ => return None,
        };
        match status {
            WaitStatus::Stopped { signo: SYSCALL_STOP, .. } => {
                let end_ns = monotonic_ns();
                _ = ptrace::syscall_info(pid);
                match start.take() {
                    // This one child does nothing but enter and leave.
                    Some(start_ns) => samples.push((start_ns, end_ns)),
                    None => start = Some(monotonic_ns()),
                }
                _ = ptrace::resume(pid, Resume::ToSyscall, 0);
            }
            WaitStatus::Stopped { signo, event: 0 } => _ = ptrace::resume(pid, Resume::ToSyscall, signo),
            WaitStatus::Stopped { .. } => _ = ptrace::resume(pid, Resume::ToSyscall, 0),
            WaitStatus::Exited { .. } | WaitStatus::Killed { .. } => return Some(samples),
            WaitStatus::Continued => {}
        }
    }
}
