//! The options that select calls, the same for every view.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use clap::Args;
use sysrec_analyzer::{Outcome, Selection};
use sysrec_syscalls::Filter;

use crate::text;

/// Which calls a view is about.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which calls")]
pub(crate) struct SelectionArgs {
    /// Only these calls: names, !names, /regex, classes such as %file, %net, %process; as in strace
    #[arg(short = 'e', long = "filter", value_name = "CALLS")]
    filter: Vec<Filter>,

    /// Only calls of these processes
    #[arg(short, long, value_name = "PID", value_delimiter = ',')]
    pid: Vec<i32>,

    /// Only calls of these threads
    #[arg(long, value_name = "TID", value_delimiter = ',')]
    tid: Vec<i32>,

    /// Only calls that started so long after the recording's start, or later (1.5s, 200ms, 2m)
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    since: Option<Duration>,

    /// Only calls that started earlier than so long after the recording's start
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    until: Option<Duration>,

    /// Only calls that took so long, or longer
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration)]
    min_duration: Option<Duration>,

    /// Only calls that succeeded
    #[arg(short = 'z', long, conflicts_with = "failing")]
    successful: bool,

    /// Only calls that returned an error
    #[arg(short = 'Z', long)]
    failing: bool,

    /// Only calls that returned one of these errors: ENOENT, EAGAIN, or numbers
    #[arg(long, value_name = "ERROR", value_delimiter = ',', value_parser = parse_errno)]
    errno: Vec<u32>,

    /// Only calls about this file or directory, or anything below it, by name or by descriptor (not with --capture none)
    #[arg(short = 'P', long = "path", value_name = "PATH")]
    path: Vec<OsString>,

    /// Only calls about these descriptors, by number
    #[arg(long, value_name = "FD", value_delimiter = ',')]
    fd: Vec<i32>,
}

/// A word of `--errno`.
fn parse_errno(text: &str) -> Result<u32, String> {
    let numbers = 1..=sysrec_syscalls::errno::MAX;
    let by_name = || numbers.clone().find(|&number| sysrec_syscalls::errno::name(number) == Some(text));
    match text.parse::<u32>() {
        Ok(number) if numbers.contains(&number) => Ok(number),
        Ok(_) => Err(format!("errors are 1 to {}", sysrec_syscalls::errno::MAX)),
        Err(_) => {
            by_name().ok_or_else(|| "no error has this name; names are as in errno(3): ENOENT".to_owned())
        }
    }
}

impl SelectionArgs {
    /// The selection that the options ask for. Of several -e the last counts, as in strace.
    pub(crate) fn selection(&self) -> Selection {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Selection {
            filters: self.filter.last().cloned().into_iter().collect(),
            pids: self.pid.clone(),
            tids: self.tid.clone(),
            since_ns: self.since.map(ns),
            until_ns: self.until.map(ns),
            duration_ns_min: self.min_duration.map_or(0, ns),
            outcome: match (self.successful, self.failing) {
                (true, _) => Outcome::Successful,
                (_, true) => Outcome::Failing,
                _ => Outcome::Any,
            },
            errnos: self.errno.clone(),
            paths: self.path.iter().map(|path| path.as_bytes().to_vec()).collect(),
            fds: self.fd.clone(),
        }
    }
}
