//! Seccomp filters that the program installs itself. The kernel asks the latest filter first, so that from then on a call
//! may be denied before our net learns of it: tasks with such a filter stop at every call, before any filter is asked.
//!
//! A filter can also be installed in all threads at once (TSYNC). Then the call that does so waits until each of the others
//! has come to a stop of its own and stops at every call: else what they make until they are stopped would be missed.

use super::engine::Engine;
use super::tracee::{InCall, Tracee};
use crate::backend::inline::{Mode, Reason};
use crate::procfs;
use crate::sys::ptrace::SyscallInfo;

/// `SECCOMP_FILTER_FLAG_TSYNC`.
const TSYNC: u64 = 1;
/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`.
const NEW_LISTENER: u64 = 8;

/// A task that is stopped at the entry of a TSYNC, and what is to be gone on with.
#[derive(Debug)]
pub(super) struct HeldCall {
    tid: i32,
    info: SyscallInfo,
    nr: i32,
    args: [u64; 6],
}

impl Reason {
    /// Whether every call of such a task has to be looked at before a filter is asked.
    pub(super) fn is_own_filter(self) -> bool {
        self == Reason::OWN_FILTER || self == Reason::FILTER_TO_COME
    }
}

impl Tracee {
    /// A seccomp filter of the program's own decides before our net does: every call has to be looked at.
    pub(super) fn has_own_filter(&self) -> bool {
        matches!(self.mode, Mode::Ptrace(reason) if reason.is_own_filter())
    }

    /// It is to be taken out of the inline mode at its next stop. A filter says more than any other reason.
    pub(super) fn demote_at_next_stop(&mut self, reason: Reason) {
        if self.demote.is_none_or(|former| !former.is_own_filter()) {
            self.demote = Some(reason);
        }
    }
}

fn is_tsync(args: &[u64; 6]) -> bool {
    args[0] == u64::from(libc::SECCOMP_SET_MODE_FILTER) && args[1] & TSYNC != 0
}

impl Engine<'_> {
    /// At the entry of seccomp(2). `true`: the task is held there until the other threads are ready for the filter.
    pub(super) fn holds_filter_back(
        &mut self,
        tid: i32,
        info: &SyscallInfo,
        nr: i32,
        args: [u64; 6],
    ) -> bool {
        if !is_tsync(&args) {
            return false;
        }
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return false };
        // All of them are told, those that are waited for no more among them: the filter comes to them, too.
        let mut others = Vec::new();
        for (&other, tracee) in &mut self.tasks {
            if other != tid && tracee.pid == pid && !tracee.has_own_filter() {
                tracee.demote_at_next_stop(Reason::FILTER_TO_COME);
                // In a call that the recorder saw enter, it stops by itself when that is over.
                if tracee.call.is_none() {
                    others.push(other);
                }
            }
        }
        if self.others_are_ready(tid) {
            return false;
        }
        others.into_iter().for_each(|other| self.interrupt(other));
        self.held.push(HeldCall { tid, info: *info, nr, args });
        true
    }

    /// Whether every other thread of a task's process stops at its next call, or makes none any more.
    fn others_are_ready(&self, tid: i32) -> bool {
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return true };
        self.tasks.iter().filter(|&(&other, tracee)| other != tid && tracee.pid == pid).all(
            |(&other, tracee)| {
                // A leader that has ended is not waited for before its last thread is.
                let has_ended =
                    || procfs::status_field(other, "State").is_none_or(|state| state.starts_with(['Z', 'X']));
                tracee.has_own_filter() || tracee.call.is_some() || has_ended()
            },
        )
    }

    /// After news of any task: whoever has been waited for long enough goes on.
    pub(super) fn let_filters_through(&mut self) {
        let held = std::mem::take(&mut self.held);
        for HeldCall { tid, info, nr, args } in held {
            if !self.tasks.contains_key(&tid) {
                continue;
            }
            if self.others_are_ready(tid) {
                let next = self.entered(tid, &info, nr, args);
                self.go_on(tid, next);
            } else {
                self.held.push(HeldCall { tid, info, nr, args });
            }
        }
    }

    /// At the exit of a seccomp(2) that installs a filter.
    pub(super) fn left_seccomp(&mut self, tid: i32, call: &InCall, ret: i64) {
        // TSYNC gives the thread that stood in its way.
        let in_the_way = is_tsync(&call.args) && call.args[1] & NEW_LISTENER == 0 && ret > 0;
        if ret < 0 || in_the_way {
            if is_tsync(&call.args) {
                self.filter_did_not_come(tid);
            }
        } else if call.args[0] == u64::from(libc::SECCOMP_SET_MODE_FILTER) {
            self.filtered(tid);
        }
    }

    /// The program has a seccomp filter of its own now, which is asked before our net.
    pub(super) fn filtered(&mut self, tid: i32) {
        self.take_out(tid, Reason::OWN_FILTER);
        if let Some(tracee) = self.tasks.get_mut(&tid) {
            tracee.mode = Mode::Ptrace(Reason::OWN_FILTER);
            self.tell_mechanism(tid);
        }
    }

    /// No filter has come to the other threads, which wait for one: the net is enough for them.
    fn filter_did_not_come(&mut self, tid: i32) {
        let Some(pid) = self.tasks.get(&tid).map(|tracee| tracee.pid) else { return };
        let mut spared = Vec::new();
        for (&other, tracee) in &mut self.tasks {
            if other == tid || tracee.pid != pid {
                continue;
            }
            tracee.demote = tracee.demote.filter(|&reason| reason != Reason::FILTER_TO_COME);
            if matches!(tracee.mode, Mode::Ptrace(Reason::FILTER_TO_COME)) {
                tracee.mode = Mode::Ptrace(Reason::FILTER_REFUSED);
                spared.push(other);
            }
        }
        spared.into_iter().for_each(|other| self.tell_mechanism(other));
    }
}
