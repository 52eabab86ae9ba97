//! A path through code as one line: what flame graphs and comparisons by stack are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sysrec_analyzer::Trace;
use sysrec_analyzer::call_tree::{Path, Paths, Step, StepId, StepKind, Steps};

use crate::text::printable;

/// What lines count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Wall time of finished calls, nanoseconds.
    WallNs,
    /// Calls, those that did not return too.
    Calls,
}

/// What a comparison calls the one program that only its base ran and the one that only its new side ran, which are
/// builds of the same one with names of their own: both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renamed(Option<[String; 2]>);

impl Renamed {
    /// Where each side has exactly one program that the other has not.
    pub(crate) fn between(base: &[Trace], new: &[Trace]) -> Self {
        let (base, new) = (programs(base), programs(new));
        let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            let mut only = one.difference(other);
            only.next().filter(|_| only.next().is_none()).cloned()
        };
        Self(only(&base, &new).zip(only(&new, &base)).map(<[String; 2]>::from))
    }

    fn name(&self, step: &Step) -> String {
        match &self.0 {
            Some([base, new]) if step.kind == StepKind::Program && [base, new].contains(&&step.name) => {
                printable(format!("{base} -> {new}").as_bytes()).replace(';', ":")
            }
            _ => name(step),
        }
    }
}

/// The names of the programs that processes ran.
fn programs(traces: &[Trace]) -> BTreeSet<String> {
    let processes = traces.iter().flat_map(|trace| trace.tasks().processes());
    let programs = processes.flat_map(|process| &process.programs);
    programs.map(|program| String::from_utf8_lossy(program.file_name()).into_owned()).collect()
}

/// Every distinct path as a line (`server;main;log_line;write`), with its weight; lines of the same text are one.
pub(crate) fn folded(
    paths: &Paths<'_>,
    steps: &mut Steps<'_>,
    weight: Weight,
    fold_recursion: bool,
    renamed: &Renamed,
) -> BTreeMap<String, u64> {
    let mut lines = BTreeMap::new();
    let mut way = Vec::new();
    for (path, activity) in paths.iter() {
        let weight = match weight {
            Weight::WallNs => activity.wall_ns,
            Weight::Calls => activity.calls + activity.unfinished,
        };
        if weight == 0 {
            continue;
        }
        steps.path(paths, path, &mut way);
        if fold_recursion {
            fold(&mut way);
        }
        let sum: &mut u64 = lines.entry(line(steps, &way, ";", renamed)).or_default();
        *sum = sum.saturating_add(weight);
    }
    lines
}

/// One path as a line.
pub(crate) fn of_path(paths: &Paths<'_>, steps: &mut Steps<'_>, path: &Path, renamed: &Renamed) -> String {
    let mut way = Vec::new();
    steps.path(paths, path, &mut way);
    line(steps, &way, " ; ", renamed)
}

/// Takes out what lies between a step and its next time.
fn fold(way: &mut Vec<StepId>) {
    let mut kept: Vec<StepId> = Vec::with_capacity(way.len());
    for step in way.iter() {
        match kept.iter().position(|known| known == step) {
            Some(position) => kept.truncate(position + 1),
            None => kept.push(*step),
        }
    }
    *way = kept;
}

fn line(steps: &Steps<'_>, way: &[StepId], between: &str, renamed: &Renamed) -> String {
    let mut line = String::new();
    for (position, step) in way.iter().enumerate() {
        if position > 0 {
            line.push_str(between);
        }
        line.push_str(&renamed.name(steps.get(*step)));
    }
    line
}

/// What a step is called where nothing stands around it; without `;`, which separates steps.
pub(crate) fn name(step: &Step) -> String {
    let mut text = match step.kind {
        StepKind::Thread => format!("{} {}", step.name, step.tid.unwrap_or(0)),
        // Where code lies in memory is another place in every run.
        StepKind::Address if step.module.is_empty() => "[unknown code]".to_owned(),
        StepKind::Address => format!("{}{}", step.module, step.name),
        StepKind::Program if step.name.is_empty() => "[program not known]".to_owned(),
        StepKind::File if step.name.is_empty() => "[no file]".to_owned(),
        StepKind::Call => format!("{}()", step.name),
        _ => step.name.clone(),
    };
    if let Some((file, line)) = &step.line {
        _ = write!(text, " {}:{line}", file.rsplit('/').next().unwrap_or(file));
    }
    printable(text.as_bytes()).replace(';', ":")
}
