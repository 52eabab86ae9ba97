//! CPU affinity.

use std::io;
use std::mem::{MaybeUninit, size_of};

/// A set of CPUs, as the kernel takes it.
#[derive(Clone, Copy)]
pub(crate) struct CpuSet(libc::cpu_set_t);

impl CpuSet {
    /// Just one CPU.
    pub(crate) fn single(cpu: usize) -> Self {
        // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
        let mut set: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
        if cpu < libc::CPU_SETSIZE as usize {
            // SAFETY: `cpu` is below the size of the set.
            unsafe { libc::CPU_SET(cpu, &mut set) };
        }
        CpuSet(set)
    }

    /// All but one CPU.
    pub(crate) fn without(mut self, cpu: usize) -> Self {
        if cpu < libc::CPU_SETSIZE as usize {
            // SAFETY: `cpu` is below the size of the set.
            unsafe { libc::CPU_CLR(cpu, &mut self.0) };
        }
        self
    }

    /// Whether the CPU is in it.
    pub(crate) fn contains(&self, cpu: usize) -> bool {
        // SAFETY: `cpu` is below the size of the set.
        cpu < libc::CPU_SETSIZE as usize && unsafe { libc::CPU_ISSET(cpu, &self.0) }
    }

    /// How many CPUs it has.
    pub(crate) fn len(&self) -> usize {
        // SAFETY: CPU_COUNT only reads the set.
        unsafe { libc::CPU_COUNT(&self.0) as usize }
    }
}

impl std::fmt::Debug for CpuSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries((0..libc::CPU_SETSIZE as usize).filter(|&cpu| self.contains(cpu))).finish()
    }
}

/// The set of a task; 0 is the calling thread.
pub(crate) fn affinity(tid: i32) -> io::Result<CpuSet> {
    let mut set = CpuSet::single(usize::MAX);
    // SAFETY: `set.0` is live and as large as we say.
    match unsafe { libc::sched_getaffinity(tid, size_of::<libc::cpu_set_t>(), &mut set.0) } {
        0 => Ok(set),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sets the set of a task; 0 is the calling thread.
pub(crate) fn set_affinity(tid: i32, set: &CpuSet) -> io::Result<()> {
    // SAFETY: `set.0` is live and as large as we say.
    match unsafe { libc::sched_setaffinity(tid, size_of::<libc::cpu_set_t>(), &set.0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The CPU that the calling thread runs on.
pub(crate) fn current_cpu() -> Option<usize> {
    // SAFETY: no arguments, no memory.
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}
