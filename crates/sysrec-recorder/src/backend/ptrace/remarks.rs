//! What a person should know about a recording that made a difference to the program.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Programs named in one remark at the most.
const NAMED_MAX: usize = 4;

#[derive(Default)]
pub(super) struct Remarks {
    /// Programs that were refused to trace another.
    refused_tracers: BTreeSet<String>,
    /// Programs that ran without the privileges of their file.
    unprivileged: BTreeSet<String>,
}

impl Remarks {
    /// ptrace(2) failed with EPERM: as a rule because we trace its target already.
    pub(super) fn refused_tracer(&mut self, comm: &[u8]) {
        self.refused_tracers.insert(String::from_utf8_lossy(comm).into_owned());
    }

    /// A new program. Under a tracer without privileges, the kernel ignores set-id bits and file capabilities
    /// (`ptrace_may_access` in `security/commoncap.c`).
    pub(super) fn executed(&mut self, exe: &Path) {
        const SET_ID: u32 = 0o6000;
        if nix::unistd::geteuid().is_root() {
            return;
        }
        if std::fs::metadata(exe).is_ok_and(|metadata| metadata.permissions().mode() & SET_ID != 0) {
            self.unprivileged.insert(exe.display().to_string());
        }
    }

    /// The remarks, a sentence each.
    pub(super) fn into_notes(self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.refused_tracers.is_empty() {
            notes.push(format!(
                "ptrace(2) was refused to {}: a process has one tracer, and here that is sysrec; debuggers and tracers do not work inside a recording",
                names(&self.refused_tracers)
            ));
        }
        if !self.unprivileged.is_empty() {
            notes.push(format!(
                "{} ran without the privileges of a set-id file, as under any tracer that is not root; record as root, with -u for the user",
                names(&self.unprivileged)
            ));
        }
        notes
    }
}

fn names(set: &BTreeSet<String>) -> String {
    let mut text = set.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if set.len() > NAMED_MAX {
        text.push_str(&format!(" and {} more", set.len() - NAMED_MAX));
    }
    text
}
