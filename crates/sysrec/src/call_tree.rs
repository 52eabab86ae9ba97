//! The code that makes the calls, as a tree: answered here, put into forms in the modules below.

mod json;
mod lines;

use sysrec_analyzer::call_tree::{Direction, Node, Paths, Root, Shape, Steps, Tree};
use sysrec_analyzer::{Selection, Trace};

use crate::basis;
use crate::open;
use crate::symbols::Symbols;

/// What a tree in text leaves out where nothing else is said: shares of all wall time below it.
const SHARE_MIN_OF_TEXT: f64 = 0.001;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// What paths begin with.
    pub(crate) root: Root,
    /// How they are put together.
    pub(crate) shape: Shape,
    /// Whether lines of source are told apart.
    pub(crate) lines: bool,
    /// Levels that are shown.
    pub(crate) depth: Option<usize>,
    /// The smallest share that is shown, 0 to 1.
    pub(crate) share_min: Option<f64>,
}

/// The answer.
pub(crate) struct CallTree<'a> {
    trace: &'a Trace,
    question: &'a Question,
    selected: bool,
    paths: Paths<'a>,
    tree: Tree,
}

impl<'a> CallTree<'a> {
    /// Reads the calls of a trace, and names the code.
    pub(crate) fn new(
        trace: &'a Trace,
        selection: &Selection,
        question: &'a Question,
        symbols: &mut Symbols,
    ) -> Self {
        let mut paths = Paths::of(trace, selection, question.root);
        open::warn_of_damages(trace, &paths.damages, paths.more_damages);
        let tree = Tree::new(&mut paths, Steps::new(symbols, question.lines), question.shape);
        Self { trace, question, selected: !selection.is_all(), paths, tree }
    }

    /// For people: the tree, and what it rests on.
    pub(crate) fn text(&self, width: Option<usize>, symbols: &Symbols) -> String {
        let taken = basis::Taken {
            calls: self.paths.total().calls,
            unfinished: self.paths.unfinished.clone(),
            selected: self.selected,
            damaged_calls: self.paths.damages.iter().filter_map(|damage| damage.calls).sum(),
        };
        let table = lines::table(self, width).text(width);
        let basis = basis::text(std::slice::from_ref(self.trace), &taken, width);
        format!("{table}\n{}{basis}", symbols.remarks(width))
    }

    /// For programs.
    ///
    /// # Errors
    /// None that is known of: plain data always becomes JSON.
    pub(crate) fn json(&self) -> anyhow::Result<String> {
        json::text(self)
    }

    /// The share of all wall time that a node has; of all calls, where they took no time.
    fn share(&self, node: &Node) -> f64 {
        let total = self.paths.total();
        let (part, whole) = match total.wall_ns {
            0 => (node.total.calls + node.total.unfinished, total.calls + total.unfinished),
            wall_ns => (node.total.wall_ns, wall_ns),
        };
        if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
    }

    fn is_shown(&self, node: &Node, share_min: f64) -> bool {
        self.question.depth.is_none_or(|depth| node.depth < depth.max(1)) && self.share(node) >= share_min
    }

    fn is_top_down(&self) -> bool {
        self.question.shape.direction == Direction::TopDown
    }
}
