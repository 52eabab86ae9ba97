//! How tasks begin and end, in the words of every JSON output.

use std::borrow::Cow;

use serde::Serialize;
use sysrec_format::event::{Origin, TaskEnd};
use sysrec_syscalls::signal;

/// How a task came under recording.
pub(crate) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::COMMAND => "command",
        Origin::ATTACH => "attach",
        Origin::FORK => "fork",
        Origin::VFORK => "vfork",
        Origin::CLONE => "clone",
        _ => "unknown",
    }
}

/// How a task ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct End {
    how: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    core_dumped: Option<bool>,
}

impl From<TaskEnd> for End {
    fn from(end: TaskEnd) -> Self {
        let plain = |how| End { how, code: None, signal: None, core_dumped: None };
        match end {
            TaskEnd::Exited { code } => End { code: Some(code), ..plain("exited") },
            TaskEnd::Killed { signo, core_dumped } => {
                End { signal: Some(signal::name(signo)), core_dumped: Some(core_dumped), ..plain("killed") }
            }
            TaskEnd::Superseded => plain("superseded"),
            TaskEnd::Detached => plain("detached"),
            TaskEnd::Vanished => plain("vanished"),
            TaskEnd::Unknown { .. } => plain("unknown"),
        }
    }
}
