//! Under which conditions recordings were made, and where two sides do not agree.

use std::collections::BTreeSet;

use sysrec_format::rings::RINGS_OPTION;

use crate::trace::Trace;

/// What options begin with that make no difference: why a backend was chosen, once it was; where its rings were, which is
/// another place in every recording.
const NO_CONDITIONS: [&str; 2] = ["chosen=", RINGS_OPTION];

/// Something that must be the same on both sides for a comparison to be about the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Release and version of the kernel.
    Kernel,
    /// Model and number of CPUs.
    Cpu,
    /// Name and architecture of the machine.
    Host,
    /// The mechanism that recorded, and what it was told: whether to follow children, where to run.
    Backend,
    /// The filter that was applied while recording.
    Filter,
    /// How much of the registers was recorded, which costs time.
    Registers,
    /// Name and version of the recorder.
    Recorder,
}

impl Condition {
    /// All of them.
    pub const ALL: [Condition; 7] = [
        Condition::Kernel,
        Condition::Cpu,
        Condition::Host,
        Condition::Backend,
        Condition::Filter,
        Condition::Registers,
        Condition::Recorder,
    ];

    /// The word that outputs use.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Kernel => "kernel",
            Condition::Cpu => "CPU",
            Condition::Host => "host",
            Condition::Backend => "backend",
            Condition::Filter => "filter",
            Condition::Registers => "registers",
            Condition::Recorder => "recorder",
        }
    }

    /// What a trace says about it, as the recorder wrote it; `None` where that part of the trace is missing.
    pub fn of(self, trace: &Trace) -> Option<String> {
        let session = trace.session()?;
        let host = &session.host;
        Some(match self {
            Condition::Kernel => format!("{} {} {}", host.system, host.release, host.version),
            Condition::Cpu => format!("{} x {}", host.cpus, host.cpu_model),
            Condition::Host => format!("{} ({})", host.name, host.machine),
            Condition::Backend => {
                let is_condition = |option: &&str| !NO_CONDITIONS.iter().any(|kind| option.starts_with(kind));
                let told = session.backend_options.iter().map(String::as_str);
                let told: Vec<&str> = told.filter(is_condition).collect();
                if told.is_empty() {
                    session.backend.clone()
                } else {
                    format!("{} ({})", session.backend, told.join(", "))
                }
            }
            Condition::Filter => session.filter.clone().unwrap_or_else(|| "none".to_owned()),
            Condition::Registers => if session.all_registers { "all" } else { "call" }.to_owned(),
            Condition::Recorder => session.recorder.clone(),
        })
    }
}

/// A condition that is not the same in all recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which.
    pub condition: Condition,
    /// What the recordings of the base say, each value once, sorted.
    pub base: Vec<String>,
    /// What the recordings of the new side say.
    pub new: Vec<String>,
}

/// The conditions that are not the same in all recordings. A recording that says nothing agrees with every other.
pub fn mismatches(base: &[Trace], new: &[Trace]) -> Vec<Mismatch> {
    let mismatch = |condition: Condition| {
        let said = |side: &[Trace]| -> BTreeSet<String> {
            side.iter().filter_map(|trace| condition.of(trace)).collect()
        };
        let (base, new) = (said(base), said(new));
        let distinct = base.union(&new).count();
        let list = |side: BTreeSet<String>| side.into_iter().collect();
        (distinct > 1).then(|| Mismatch { condition, base: list(base), new: list(new) })
    };
    Condition::ALL.into_iter().filter_map(mismatch).collect()
}
