//! What the branches of a tree are drawn with.

/// Levels whose branches are drawn; deeper ones are numbered, so that a line does not grow with the tree.
const LEVELS_DRAWN: usize = 24;

/// The pieces, each as wide as the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BranchLines {
    branch: &'static str,
    last: &'static str,
    /// Beside something that goes on below.
    pub(crate) through: &'static str,
    /// Beside nothing.
    pub(crate) blank: &'static str,
    /// Before a further program of a process.
    pub(crate) exec: &'static str,
}

impl BranchLines {
    /// For a terminal.
    const BOX: Self =
        Self { branch: "├─ ", last: "└─ ", through: "│  ", blank: "   ", exec: "⇒ " };
    /// For everything else.
    const ASCII: Self = Self { branch: "|- ", last: "`- ", through: "|  ", blank: "   ", exec: "=> " };

    /// Those that fit where the tree goes: a terminal of so many columns, or not a terminal.
    pub(crate) fn of(width: Option<usize>) -> Self {
        if width.is_some() { Self::BOX } else { Self::ASCII }
    }

    /// What stands before a branch's own line, and before the lines below it: `level` levels under the roots, under a
    /// branch before whose lower lines `stem` stands.
    pub(crate) fn branch(&self, stem: &str, level: usize, is_last: bool) -> (String, String) {
        if level > LEVELS_DRAWN {
            return (format!("{stem}[{level}] "), stem.to_owned());
        }
        let (own, below) = if is_last { (self.last, self.blank) } else { (self.branch, self.through) };
        (stem.to_owned() + own, stem.to_owned() + below)
    }
}
