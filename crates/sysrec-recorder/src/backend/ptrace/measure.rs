//! What the mechanism itself costs here, now: a child of our own makes the cheapest call there is, bare and traced.

use sysrec_format::block::Overhead;

use super::Ptrace;
use crate::StackOptions;
use crate::backend::measure::{self, Sample};
use crate::stacks::Stacks;
use crate::sys::child::{bare_call, fork_stopped, null_call};
use crate::sys::clock::monotonic_ns;
use crate::sys::ptrace::{self, Resume};
use crate::sys::sched::{self, CpuSet};
use crate::sys::signal;
use crate::sys::wait::{self, WaitStatus, Waited};

/// Traced calls; about a millisecond.
const CALLS: usize = 80;
/// The first ones warm caches and are not counted.
const WARM_UP: usize = 16;
const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;

/// Measures, with the stack of each call where the recording has them; all zero where that fails (it is no reason not to
/// record).
pub(super) fn overhead(placement: bool, stacks: Option<&StackOptions>) -> Overhead {
    // Where slow calls alone have a stack, the others cost nothing more.
    let stacks = stacks.filter(|stacks| stacks.duration_min.is_none());
    let own = sched::affinity(0).ok().filter(|cpus| placement && cpus.len() > 1);
    if let (Some(_), Some(cpu)) = (&own, sched::current_cpu()) {
        _ = sched::set_affinity(0, &CpuSet::single(cpu));
    }
    let bare_ns = bare_call(monotonic_ns);
    let samples = traced_calls(stacks.map(Stacks::new)).unwrap_or_default();
    if let Some(own) = own {
        _ = sched::set_affinity(0, &own);
    }
    let with = if stacks.is_some() { ", with their stacks," } else { "," };
    let method = format!("{CALLS} calls of getppid in a traced child{with} against bare ones");
    measure::overhead(Ptrace::NAME, method, samples.get(WARM_UP..).unwrap_or_default(), bare_ns)
}

fn traced_calls(mut stacks: Option<Stacks>) -> Option<Vec<Sample>> {
    let mut child = fork_stopped(|| {
        for _ in 0..CALLS {
            null_call();
        }
    })
    .ok()?;
    let pid = child.pid;
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
                let info = ptrace::syscall_info(pid);
                match start.take() {
                    // This one child does nothing but enter and leave.
                    Some(start_ns) => samples.push(Sample { start_ns, end_ns }),
                    None => {
                        if let (Some(stacks), Ok(info)) = (&mut stacks, info)
                            && let Ok(registers) = ptrace::registers(pid)
                        {
                            _ = stacks.take((pid, pid), info.ip, &registers, |_| ());
                        }
                        start = Some(monotonic_ns());
                    }
                }
                _ = ptrace::resume(pid, Resume::ToSyscall, 0);
            }
            WaitStatus::Stopped { signo, event: 0 } => _ = ptrace::resume(pid, Resume::ToSyscall, signo),
            WaitStatus::Stopped { .. } => _ = ptrace::resume(pid, Resume::ToSyscall, 0),
            WaitStatus::Exited { .. } | WaitStatus::Killed { .. } => {
                child.ended = true;
                return Some(samples);
            }
            WaitStatus::Continued => {}
        }
    }
}
