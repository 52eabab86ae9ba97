//! The tree as JSON: a flat list, parents before children. `docs/json.md` describes every field; a change that takes a
//! field away or changes its meaning raises the number in [`SCHEMA`].

use serde::Serialize;
use sysrec_analyzer::{Mechanism, ProcessNode, Task, Trace};
use sysrec_format::event::TaskEnd;

use super::Answer;
use crate::activity_json::Figures;
use crate::task_json::{self, End};

const SCHEMA: &str = "sysrec-tree/1";

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    path: String,
    complete: bool,
    span_ns: u64,
    total: Figures,
    processes: Vec<Process>,
}

#[derive(Serialize)]
struct Process {
    #[serde(flatten)]
    task: TaskJson,
    pid: i32,
    parent: Option<u32>,
    depth: usize,
    programs: Vec<Program>,
    #[serde(flatten)]
    figures: Figures,
    with_descendants: Figures,
    threads: Vec<Thread>,
}

#[derive(Serialize)]
struct Thread {
    #[serde(flatten)]
    task: TaskJson,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
struct TaskJson {
    task: u32,
    tid: i32,
    name: String,
    origin: &'static str,
    start_ns: Option<u64>,
    end_ns: Option<u64>,
    end: Option<End>,
    mechanisms: Vec<MechanismJson>,
}

#[derive(Serialize)]
struct MechanismJson {
    start_ns: u64,
    mechanism: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Program {
    start_ns: u64,
    exe: String,
    argv: Vec<String>,
    former_task: Option<u32>,
}

/// The whole tree, indented, with a line end.
pub(super) fn text(answer: &Answer<'_>) -> anyhow::Result<String> {
    let (trace, activities) = (answer.trace, answer.activities);
    let nodes = answer.tree.nodes();
    let process = |node: &ProcessNode| {
        let process = trace.tasks().get(node.process)?;
        let threads = trace.tasks().threads_of(process.id);
        Some(Process {
            task: task(trace, process, node.end_ns, node.end),
            pid: process.pid,
            parent: node.parent.map(|parent| nodes[parent].process.0),
            depth: node.depth,
            programs: process.programs.iter().map(|program| self::program(trace, program)).collect(),
            figures: node.own.into(),
            with_descendants: node.with_descendants.into(),
            threads: threads
                .map(|thread| Thread {
                    task: task(trace, thread, thread.end_ns, thread.end),
                    figures: activities.task(thread.id).into(),
                })
                .collect(),
        })
    };
    let document = Document {
        schema: SCHEMA,
        path: trace.path().display().to_string(),
        complete: trace.integrity().is_whole() && activities.damages.is_empty(),
        span_ns: trace.span_ns(),
        total: activities.total().into(),
        processes: nodes.iter().filter_map(process).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn task(trace: &Trace, task: &Task, end_ns: Option<u64>, end: Option<TaskEnd>) -> TaskJson {
    let relative = |time_ns: u64| time_ns.saturating_sub(trace.origin_ns());
    let mechanism = |way: &Mechanism| MechanismJson {
        start_ns: relative(way.from_ns),
        mechanism: String::from_utf8_lossy(&way.name).into_owned(),
        reason: (!way.reason.is_empty()).then(|| String::from_utf8_lossy(&way.reason).into_owned()),
    };
    TaskJson {
        task: task.id.0,
        tid: task.tid,
        name: String::from_utf8_lossy(task.name()).into_owned(),
        origin: task.origin.map_or("unknown", task_json::origin),
        start_ns: task.start_ns.map(relative),
        end_ns: end_ns.map(relative),
        end: end.map(End::from),
        mechanisms: task.mechanisms.iter().map(mechanism).collect(),
    }
}

fn program(trace: &Trace, program: &sysrec_analyzer::Program) -> Program {
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    Program {
        start_ns: program.from_ns.saturating_sub(trace.origin_ns()),
        exe: text(&program.exe),
        argv: program.argv.iter().map(text).collect(),
        former_task: program.former.map(|former| former.0),
    }
}
