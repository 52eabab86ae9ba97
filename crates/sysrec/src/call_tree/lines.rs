//! The tree as lines: figures on the left, where they stand under each other, code on the right.

use sysrec_analyzer::Activity;
use sysrec_analyzer::call_tree::{Node, Step, StepKind};

use super::{CallTree, SHARE_MIN_OF_TEXT};
use crate::branch_lines::BranchLines;
use crate::screen::{HEADING, NAME, QUIET};
use crate::table::{Cell, Column, Table};
use crate::text::{count, counted, duration, printable, share};

/// Columns of a terminal that has room for all figures.
const WIDTH_OF_ALL: usize = 100;

/// A line to be drawn.
enum Line {
    Node(usize),
    /// Nodes that are not shown, and what they have together.
    Rest {
        nodes: usize,
        total: Activity,
    },
}

struct Twig {
    line: Line,
    level: usize,
    front: String,
    stem: String,
}

/// The rows of the tree, for a terminal of so many columns, or for a file.
pub(super) fn table(answer: &CallTree<'_>, width: Option<usize>) -> Table {
    let lines = BranchLines::of(width);
    let share_min = answer.question.share_min.unwrap_or(SHARE_MIN_OF_TEXT);
    let mut table = Table::new(columns(answer, width));
    let mut open: Vec<Twig> = Vec::new();
    let roots = split(answer, share_min, answer.tree.roots());
    for line in roots.into_iter().rev() {
        open.push(Twig { line, level: 0, front: String::new(), stem: String::new() });
    }
    while let Some(twig) = open.pop() {
        match twig.line {
            Line::Node(position) => {
                table.push(row(answer, position, &twig.front));
                let below = split(answer, share_min, answer.tree.children(position));
                let (count, level) = (below.len(), twig.level + 1);
                for (number, line) in below.into_iter().enumerate().rev() {
                    // What is alone under a line stands below it without a branch: a chain of calls, of which there are
                    // many and long ones, does not move to the right. Roots stand alone on their level.
                    let (level, (front, stem)) = if count == 1 && twig.level > 0 {
                        (twig.level, (twig.stem.clone(), twig.stem.clone()))
                    } else {
                        (level, lines.branch(&twig.stem, level, number + 1 == count))
                    };
                    open.push(Twig { line, level, front, stem });
                }
            }
            Line::Rest { nodes, total } => {
                let label = format!("{}+ {}", twig.front, counted(nodes as u64, "more", "more"));
                table.push(cells(answer, &total, None, 0, Cell::styled(label, QUIET)));
            }
        }
    }
    table
}

/// Brothers that are shown, and one line for the rest.
fn split(answer: &CallTree<'_>, share_min: f64, brothers: impl Iterator<Item = usize>) -> Vec<Line> {
    let (mut lines, mut rest, mut total) = (Vec::new(), 0, Activity::default());
    for position in brothers {
        let node = &answer.tree.nodes()[position];
        if answer.is_shown(node, share_min) {
            lines.push(Line::Node(position));
        } else {
            rest += 1;
            total += node.total;
        }
    }
    lines.extend((rest > 0).then_some(Line::Rest { nodes: rest, total }));
    lines
}

/// Figures give way before code is cut.
fn columns(answer: &CallTree<'_>, width: Option<usize>) -> Vec<Column> {
    let narrow = width.is_some_and(|width| width < WIDTH_OF_ALL);
    let optional = |column: Column, order| if narrow { column.gives_way(order) } else { column };
    let mut columns =
        vec![Column::number("calls"), optional(Column::number("errors"), 2), Column::number("total")];
    if answer.is_top_down() {
        columns.push(optional(Column::number("own"), 3));
    }
    columns.extend([Column::number("share"), optional(Column::number("p99"), 1), Column::label("code")]);
    columns
}

fn row(answer: &CallTree<'_>, position: usize, front: &str) -> Vec<Cell> {
    let node = &answer.tree.nodes()[position];
    let step = answer.tree.step(node);
    let outer = node.parent.map(|parent| answer.tree.step(&answer.tree.nodes()[parent]));
    let label = format!("{front}{}", label(step, outer));
    let label = match step.kind {
        StepKind::Call => Cell::styled(label, NAME),
        StepKind::Program | StepKind::Thread | StepKind::File => Cell::styled(label, HEADING),
        StepKind::Gap | StepKind::Address => Cell::styled(label, QUIET),
        StepKind::Function | StepKind::Inlined => label.into(),
    };
    cells(answer, &node.total, Some(node), node.p99_ns, label)
}

fn cells(
    answer: &CallTree<'_>,
    total: &Activity,
    node: Option<&Node>,
    p99_ns: u64,
    label: Cell,
) -> Vec<Cell> {
    let number = |number: u64, text: fn(u64) -> String| match number {
        0 => Cell::styled("-", QUIET),
        number => text(number).into(),
    };
    let calls = match (total.calls, total.unfinished) {
        // They did not return, and so have no time.
        (0, unfinished) => Cell::styled(format!("({})", count(unfinished)), QUIET),
        (calls, _) => count(calls).into(),
    };
    let mut cells = vec![calls, number(total.errors, count), number(total.wall_ns, duration)];
    if answer.is_top_down() {
        cells.push(number(node.map_or(0, |node| node.own.wall_ns), duration));
    }
    let all = answer.paths.total();
    let (part, whole) = match all.wall_ns {
        0 => (total.calls + total.unfinished, all.calls + all.unfinished),
        wall_ns => (total.wall_ns, wall_ns),
    };
    cells.extend([share(part as f64, whole as f64).into(), number(p99_ns, duration), label]);
    cells
}

/// What a step is called, inside another one: the module where that is another.
fn label(step: &Step, outer: Option<&Step>) -> String {
    let name = printable(step.name.as_bytes());
    let mut label = match step.kind {
        StepKind::Call => format!("{name}()"),
        StepKind::Thread => format!("{} {name}", step.tid.unwrap_or(0)),
        StepKind::Program if name.is_empty() => "[program not known]".to_owned(),
        StepKind::File if name.is_empty() => "[no file]".to_owned(),
        StepKind::Program | StepKind::File | StepKind::Gap => name,
        StepKind::Function | StepKind::Inlined | StepKind::Address => {
            let module = printable(step.module.as_bytes());
            let known = outer.is_some_and(|outer| {
                outer.module == step.module || outer.kind == StepKind::Program && outer.name == step.module
            });
            match step.kind {
                StepKind::Address => module + &name,
                _ if known || module.is_empty() => name,
                _ => format!("{module} {name}"),
            }
        }
    };
    if step.kind == StepKind::Inlined {
        label.push_str(" (inlined)");
    }
    if let Some((file, line)) = &step.line {
        let file = file.rsplit('/').next().unwrap_or(file);
        label += &format!(" {}:{line}", printable(file.as_bytes()));
    }
    label
}
