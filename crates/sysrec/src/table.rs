//! Rows and columns: aligned for a terminal, as narrow as it is; or as Markdown.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::screen::{HEADING, styled};

/// Columns between columns.
const GAP: usize = 2;
/// What the first columns are cut to at least, when nothing else is left to leave out.
const LABEL_WIDTH_MIN: usize = 12;

/// Before a remark under a row.
const REMARK_INDENT: &str = "  ";

/// On which side the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// One column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    align: Align,
    /// In which order columns give way on a narrow terminal, 1 first; 0 stays.
    gives_way: u8,
    /// Whether labels are cut before it gives way.
    cut_first: bool,
}

impl Column {
    /// Names, on the left; cut when there is no other way.
    pub(crate) fn label(heading: &'static str) -> Self {
        Self { heading, align: Align::Left, gives_way: 0, cut_first: false }
    }

    /// Numbers, on the right.
    pub(crate) fn number(heading: &'static str) -> Self {
        Self { heading, align: Align::Right, gives_way: 0, cut_first: false }
    }

    /// Left out on a narrow terminal, those with lower numbers first.
    pub(crate) fn gives_way(self, order: u8) -> Self {
        Self { gives_way: order, ..self }
    }

    /// Left out only when cutting names is not enough.
    pub(crate) fn last_resort(self) -> Self {
        Self { gives_way: u8::MAX, cut_first: true, ..self }
    }
}

/// One cell: text without control characters, and how it looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// Remarks across all columns, each with the number of rows above it. Ascending.
    remarks: Vec<(usize, Cell)>,
}

impl Table {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new(), remarks: Vec::new() }
    }

    /// Adds a row with one cell a column.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// Adds a remark on the rows above, on lines of its own. Markdown's tables cannot have any.
    pub(crate) fn remark(&mut self, remark: Cell) {
        self.remarks.push((self.rows.len(), remark));
    }

    /// How many columns of a terminal it takes where nothing is left out or cut.
    pub(crate) fn width(&self) -> usize {
        let (shown, widths) = self.fit(usize::MAX);
        total(&shown, &widths)
    }

    /// Lines for a terminal of so many columns, or of any width.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let (shown, widths) = self.fit(width.unwrap_or(usize::MAX));
        let mut text = String::new();
        let heading = |column: &Column| Cell::styled(column.heading, HEADING);
        let headings: Vec<Cell> = self.columns.iter().map(heading).collect();
        let mut remarks = self.remarks.iter().peekable();
        for (position, row) in std::iter::once(&headings).chain(&self.rows).enumerate() {
            let mut line = String::new();
            // Blanks are written when something follows, so that no line ends in them.
            let mut blanks = 0;
            for column in &shown {
                let (cell, width) = (&row[*column], widths[*column]);
                let fitted = fit(&cell.text, width);
                let missing = width - fitted.width();
                let (before, after) = match self.columns[*column].align {
                    Align::Left => (0, missing),
                    Align::Right => (missing, 0),
                };
                if !fitted.is_empty() {
                    line.push_str(&" ".repeat(blanks + before));
                    line.push_str(&styled(cell.style, &fitted));
                    blanks = after + GAP;
                } else {
                    blanks += width + GAP;
                }
            }
            text.push_str(&line);
            text.push('\n');
            while let Some((_, remark)) = remarks.next_if(|(above, _)| *above == position) {
                let wrapped =
                    wrap(&remark.text, width.unwrap_or(usize::MAX).saturating_sub(REMARK_INDENT.len()));
                text.push_str(REMARK_INDENT);
                text.push_str(&styled(remark.style, &wrapped));
                text.push('\n');
            }
        }
        text
    }

    /// Which columns are shown, and how wide each is.
    fn fit(&self, width: usize) -> (Vec<usize>, Vec<usize>) {
        let widest = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].text.width()).max().unwrap_or(0);
            cells.max(self.columns[column].heading.width())
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        for cut_first in [false, true] {
            while total(&shown, &widths) > width {
                let giving = |column: &Column| column.gives_way > 0 && (cut_first || !column.cut_first);
                let next = shown.iter().copied().filter(|column| giving(&self.columns[*column]));
                match next.min_by_key(|column| self.columns[*column].gives_way) {
                    Some(gone) => shown.retain(|column| *column != gone),
                    None => break,
                }
            }
            while total(&shown, &widths) > width {
                let labels =
                    shown.iter().copied().filter(|column| self.columns[*column].align == Align::Left);
                match labels.max_by_key(|column| widths[*column]) {
                    Some(widest) if widths[widest] > LABEL_WIDTH_MIN => widths[widest] -= 1,
                    _ => break,
                }
            }
        }
        (shown, widths)
    }

    /// Markdown, or lines for a terminal.
    pub(crate) fn render(&self, markdown: bool, width: Option<usize>) -> String {
        if markdown { self.markdown() } else { self.text(width) }
    }

    /// A table of GitHub's Markdown, with every column.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escape = |text: &str| {
            text.replace('\\', "\\\\").replace('|', "\\|").replace('`', "\\`").replace('<', "&lt;")
        };
        let mut text = line(self.columns.iter().map(|column| column.heading.to_owned()).collect());
        let rule = |column: &Column| if column.align == Align::Right { "---:" } else { "---" }.to_owned();
        text.push_str(&line(self.columns.iter().map(rule).collect()));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(|cell| escape(&cell.text)).collect()));
        }
        text
    }
}

/// What these columns and the gaps between them take together.
fn total(shown: &[usize], widths: &[usize]) -> usize {
    shown.iter().map(|column| widths[*column]).sum::<usize>() + GAP * shown.len().saturating_sub(1)
}

/// Text broken between words into lines of at most so many columns; lines behind the first are indented.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    const INDENT: &str = "  ";
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.width() > width {
            lines.push('\n');
            lines.push_str(INDENT);
            used = INDENT.len();
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += word.width();
    }
    lines
}

/// Text that takes at most so many columns, cut with an ellipsis.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let mut fitted = String::new();
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        fitted.push(character);
    }
    if width > 0 {
        fitted.push('…');
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec![
            Column::label("name"),
            Column::number("calls"),
            Column::number("p90").gives_way(1),
            Column::number("max").gives_way(2),
        ]);
        table.push(vec!["漢字漢字".into(), "12".into(), "1.00 µs".into(), "2.00 µs".into()]);
        table.push(vec!["a name that is long".into(), "3".into(), "".into(), "".into()]);
        table
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let expected = "\
name                 calls      p90      max
漢字漢字                12  1.00 µs  2.00 µs
a name that is long      3
";
        assert_eq!(plain(&table().text(None)), expected);
    }

    #[test]
    fn a_narrow_terminal_drops_columns_and_then_cuts_names() {
        let expected = "\
name                 calls      max
漢字漢字                12  2.00 µs
a name that is long      3
";
        assert_eq!(plain(&table().text(Some(36))), expected);
        let expected = "\
name           calls
漢字漢字          12
a name that …      3
";
        assert_eq!(plain(&table().text(Some(20))), expected);
    }

    #[test]
    fn remarks_go_under_their_rows_and_are_broken_between_words() {
        let mut table = Table::new(vec![Column::label("name"), Column::number("calls")]);
        table.push(vec!["read".into(), "1".into()]);
        table.remark("it takes longer".into());
        table.push(vec!["write".into(), "2".into()]);
        let expected = "\
name   calls
read       1
  it takes
  longer
write      2
";
        assert_eq!((plain(&table.text(Some(12))).as_str(), table.width()), (expected, 12));
    }

    #[test]
    fn markdown_escapes_what_would_break_its_table() {
        let mut table = Table::new(vec![Column::label("name"), Column::number("calls")]);
        table.push(vec!["a|b".into(), "1".into()]);
        assert_eq!(table.markdown(), "| name | calls |\n| --- | ---: |\n| a\\|b | 1 |\n");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three four", 9), "one two\n  three\n  four");
        assert_eq!(wrap("unbreakable", 4), "unbreakable");
        assert_eq!(wrap("a b", usize::MAX), "a b");
    }

    #[test]
    fn cutting_respects_wide_characters() {
        assert_eq!(fit("漢字漢字", 4), "漢…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abc", 0), "");
    }
}
