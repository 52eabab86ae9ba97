//! The tree as JSON: a flat list, parents before children. `docs/json.md` describes every field; a change that takes a
//! field away or changes its meaning raises the number in [`SCHEMA`].

use serde::Serialize;
use sysrec_analyzer::call_tree::StepKind;

use super::CallTree;
use crate::activity_json::Figures;

const SCHEMA: &str = "sysrec-call-tree/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    path: String,
    complete: bool,
    span_ns: u64,
    direction: &'static str,
    has_stacks: bool,
    total: Figures,
    nodes: Vec<NodeJson<'a>>,
}

#[derive(Serialize)]
struct NodeJson<'a> {
    parent: Option<usize>,
    depth: usize,
    kind: &'static str,
    name: &'a str,
    module: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    tid: Option<i32>,
    #[serde(flatten)]
    figures: Figures,
    own: Option<Figures>,
    share: f64,
    p99_ns: u64,
}

/// The whole tree, indented, with a line end. What is not shown is left out with all below it.
pub(super) fn text(answer: &CallTree<'_>) -> anyhow::Result<String> {
    let nodes = answer.tree.nodes();
    let share_min = answer.question.share_min.unwrap_or(0.0);
    // Positions in the list that is printed.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
    let mut list = Vec::new();
    for node in nodes {
        let parent = node.parent.map(|parent| places[parent]);
        if parent == Some(None) || !answer.is_shown(node, share_min) {
            places.push(None);
            continue;
        }
        places.push(Some(list.len()));
        let step = answer.tree.step(node);
        list.push(NodeJson {
            parent: parent.flatten(),
            depth: node.depth,
            kind: kind(step.kind),
            name: &step.name,
            module: (!step.module.is_empty()).then_some(step.module.as_str()),
            file: step.line.as_ref().map(|(file, _)| file.as_str()),
            line: step.line.as_ref().map(|(_, line)| *line),
            tid: step.tid,
            figures: node.total.into(),
            own: answer.is_top_down().then(|| node.own.into()),
            share: answer.share(node),
            p99_ns: node.p99_ns,
        });
    }
    let document = Document {
        schema: SCHEMA,
        path: answer.trace.path().display().to_string(),
        complete: answer.trace.integrity().is_whole() && answer.paths.damages.is_empty(),
        span_ns: answer.trace.span_ns(),
        direction: if answer.is_top_down() { "top-down" } else { "bottom-up" },
        has_stacks: !answer.paths.code().stacks().is_empty(),
        total: answer.paths.total().into(),
        nodes: list,
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// What a step is, in a word.
pub(crate) fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Program => "program",
        StepKind::Thread => "thread",
        StepKind::File => "file",
        StepKind::Function => "function",
        StepKind::Inlined => "inlined",
        StepKind::Address => "address",
        StepKind::Gap => "gap",
        StepKind::Call => "call",
    }
}
