//! Opens traces for a view, and says on stderr what is wrong with them.

use std::path::{Path, PathBuf};

use anyhow::bail;
use sysrec_analyzer::Trace;
use sysrec_format::damage::Damage;
use sysrec_format::frame::ChunkKind;
use sysrec_format::layout::Completeness;

use crate::{rings, screen, text};

/// Damages that are named one by one; the rest is counted.
const DAMAGES_NAMED: usize = 3;

/// Opens every trace, with a warning for each that is not whole.
///
/// # Errors
/// The first one that cannot be opened, or of which nothing can be read.
pub(crate) fn traces(paths: &[PathBuf]) -> anyhow::Result<Vec<Trace>> {
    paths.iter().map(|path| trace(path)).collect()
}

/// Opens one trace, with a warning if it is not whole.
///
/// # Errors
/// When it cannot be opened, or nothing of it can be read.
pub(crate) fn trace(path: &Path) -> anyhow::Result<Trace> {
    let trace = rings::open(path)?;
    let integrity = trace.integrity();
    let content = |kind| matches!(kind, ChunkKind::CALLS | ChunkKind::EVENTS | ChunkKind::SESSION);
    let readable = || {
        let mut frames = trace.layout().frames(trace.file()).filter_map(Result::ok);
        frames.any(|frame| content(frame.header.kind))
    };
    if !integrity.damages.is_empty() && !readable() {
        bail!("{}: nothing in it can be read: {}", path.display(), integrity.damages[0]);
    }
    match integrity.completeness {
        Completeness::Complete => {}
        Completeness::StoppedEarly => screen::warn(&format!(
            "{}: the recording ended before the program did, since the trace could not grow; {} missing",
            path.display(),
            text::counted(integrity.lost_calls(), "call is", "calls are")
        )),
        Completeness::Unfinished => screen::warn(&format!(
            "{}: the recording was not closed (still running, or the recorder was killed); this is what had \
             reached the file",
            path.display()
        )),
    }
    if let Some(rings) = &integrity.rings {
        screen::warn(&format!("{}: {}", path.display(), rings::words(rings)));
    }
    warn_of_damages(&trace, &integrity.damages, integrity.more_damages);
    Ok(trace)
}

/// Whether paths and addresses were recorded.
pub(crate) fn has_names(trace: &Trace) -> bool {
    let options = trace.session().map_or(&[][..], |session| &session.backend_options);
    options.iter().any(|option| option.starts_with("capture="))
}

/// Warns of traces that do not say what calls were about, where that is asked.
pub(crate) fn warn_without_names(traces: &[Trace]) {
    for trace in traces {
        if !has_names(trace) {
            screen::warn(&format!(
                "{}: paths and addresses were not recorded (--capture none), so that few calls can be named",
                trace.path().display()
            ));
        }
    }
}

/// Names damaged parts of a trace.
pub(crate) fn warn_of_damages(trace: &Trace, damages: &[Damage], more: u64) {
    for damage in damages.iter().take(DAMAGES_NAMED) {
        screen::warn(&format!("{}: damaged: {damage}", trace.path().display()));
    }
    let rest = damages.len().saturating_sub(DAMAGES_NAMED) as u64 + more;
    if rest > 0 {
        let rest = text::counted(rest, "more damaged part", "more damaged parts");
        screen::warn(&format!("{}: and {rest}; 'sysrec verify' names them all", trace.path().display()));
    }
}
