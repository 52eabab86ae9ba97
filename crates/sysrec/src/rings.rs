//! Opens traces together with the ring file that a killed recorder left: calls that it had not read yet.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use sysrec_analyzer::{Error, Rings, RingsOutcome, Trace, TraceFile};
use sysrec_format::rings::{Control, FILE_BYTES};

use crate::text::{counted, printable};

/// Where recorders put their ring files. A trace names its own, and a trace can come from anybody: no other file is
/// opened because a trace says so.
const FOLDER: &str = "/dev/shm";

/// Opens a trace, and folds in the calls of its rings where its recorder was killed.
///
/// # Errors
/// As [`Trace::open`].
pub(crate) fn open(path: &Path) -> Result<Trace, Error> {
    let mut trace = Trace::open(path)?;
    let Some(path) = trace.rings_path() else { return Ok(trace) };
    match find(path) {
        Ok(Found::Left(file)) => trace.fold_rings(&file),
        Ok(Found::AtWork) => trace.set_rings_outcome(RingsOutcome::AtWork),
        Err(why) => trace.set_rings_outcome(RingsOutcome::Unread { why }),
    }
    Ok(trace)
}

/// What came of the rings, a sentence for people without its full stop.
pub(crate) fn words(rings: &Rings) -> String {
    let path = printable(rings.path.as_os_str().as_encoded_bytes());
    match &rings.outcome {
        RingsOutcome::Taken { calls, unfinished } => {
            let taken = counted(calls.saturating_add(*unfinished), "call was", "calls were");
            format!("{taken} taken from the rings that the recorder left in {path}")
        }
        RingsOutcome::AtWork => {
            format!("the recorder is at work, and the latest calls are still in its rings ({path})")
        }
        RingsOutcome::Unread { why } => {
            format!(
                "calls of the last moments may be missing: the recorder's rings, {path}: {}",
                printable(why.as_bytes())
            )
        }
    }
}

/// The same for programs; `docs/json.md` describes it.
#[derive(Debug, Serialize)]
pub(crate) struct RingsJson {
    path: String,
    outcome: &'static str,
    calls: u64,
    unfinished: u64,
    why: Option<String>,
}

impl From<&Rings> for RingsJson {
    fn from(rings: &Rings) -> Self {
        let path = rings.path.display().to_string();
        let (outcome, calls, unfinished, why) = match &rings.outcome {
            RingsOutcome::Taken { calls, unfinished } => ("taken", *calls, *unfinished, None),
            RingsOutcome::AtWork => ("at work", 0, 0, None),
            RingsOutcome::Unread { why } => ("unread", 0, 0, Some(why.clone())),
        };
        RingsJson { path, outcome, calls, unfinished, why }
    }
}

enum Found {
    /// The ring file of a recorder that is no more.
    Left(TraceFile),
    /// Its recorder lives.
    AtWork,
}

/// The error is why there is none, a part of a sentence.
fn find(path: &Path) -> Result<Found, String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let ours = name.starts_with("sysrec-") && name.ends_with(".rings");
    if !ours || path != Path::new(FOLDER).join(name) {
        return Err(format!("not a name that a recorder gives ({FOLDER}/sysrec-PID-NUMBER.rings)"));
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "not there (it does not outlive a restart of the machine)".to_owned(),
        _ => format!("it cannot be read ({error})"),
    };
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.size() > FILE_BYTES {
        return Err("it is not a ring file".to_owned());
    }
    let file = TraceFile::from(file);
    let control = Control::read(&file).map_err(|error| error.to_string())?;
    if is_alive(&control) { Ok(Found::AtWork) } else { Ok(Found::Left(file)) }
}

/// Whether that very process lives: its pid with its start (proc_pid_stat(5), fields 3 and 22).
fn is_alive(control: &Control) -> bool {
    let Ok(stat) = fs::read(format!("/proc/{}/stat", control.pid)) else { return false };
    // The name, field 2, can hold anything but ends at the last parenthesis.
    let Some(end) = stat.iter().rposition(|&byte| byte == b')') else { return false };
    let fields = String::from_utf8_lossy(&stat[end + 1..]);
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let dead = matches!(fields.first(), None | Some(&"Z" | &"X"));
    let started = fields.get(22 - 3).and_then(|started| started.parse().ok());
    !dead && started == Some(control.pid_started)
}
