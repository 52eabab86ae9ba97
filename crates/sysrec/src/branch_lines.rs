//! What the branches of a tree are drawn with.

/// Levels whose branches are drawn at the most; deeper ones are numbered, so that a line does not grow with the tree.
const LEVELS_DRAWN: usize = 24;
/// Columns that a terminal keeps for figures and the beginning of a name: the deepest line must say something, too.
const KEPT: usize = 54;
/// Columns of a level.
const LEVEL_WIDTH: usize = 3;

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
    /// Levels whose branches are drawn.
    levels: usize,
}

impl BranchLines {
    /// For a terminal.
    const BOX: Self =
        Self {
            branch: "├─ ", last: "└─ ", through: "│  ", blank: "   ", exec: "⇒ ", levels: LEVELS_DRAWN
        };
    /// For everything else.
    const ASCII: Self =
        Self { branch: "|- ", last: "`- ", through: "|  ", blank: "   ", exec: "=> ", levels: LEVELS_DRAWN };

    /// Those that fit where the tree goes: a terminal of so many columns, or not a terminal.
    pub(crate) fn of(width: Option<usize>) -> Self {
        let Some(width) = width else { return Self::ASCII };
        Self { levels: (width.saturating_sub(KEPT) / LEVEL_WIDTH).min(LEVELS_DRAWN), ..Self::BOX }
    }

    /// What stands before a branch's own line, and before the lines below it: `level` levels under the roots, under a
    /// branch before whose lower lines `stem` stands.
    pub(crate) fn branch(&self, stem: &str, level: usize, is_last: bool) -> (String, String) {
        if level > self.levels {
            return (format!("{stem}[{level}] "), stem.to_owned());
        }
        let (own, below) = if is_last { (self.last, self.blank) } else { (self.branch, self.through) };
        (stem.to_owned() + own, stem.to_owned() + below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_drawn_as_far_as_a_name_has_room() {
        let front = |width, level| BranchLines::of(width).branch("", level, true).0;
        assert_eq!((front(Some(80), 8), front(Some(80), 9)), ("└─ ".to_owned(), "[9] ".to_owned()));
        assert_eq!((front(Some(300), 24), front(Some(300), 25)), ("└─ ".to_owned(), "[25] ".to_owned()));
        assert_eq!((front(None, 24), front(None, 25)), ("`- ".to_owned(), "[25] ".to_owned()));
        assert_eq!(front(Some(0), 1), "[1] ");
    }
}
