//! Rows and columns: aligned for a terminal, as narrow as it is; or as Markdown.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::screen::{HEADING, styled};

/// Columns between columns.
const GAP: usize = 2;
/// What the first columns are cut to at least, when nothing else is left to leave out.
const LABEL_WIDTH_MIN: usize = 12;
/// What names of files are cut to at least, before columns give way that say more than [`SPARE`]: a part of the width.
const PATH_WIDTH_PART: usize = 3;
/// Columns that give way before names of files are cut.
const SPARE: u8 = 5;

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
    /// Whether it holds names of files, which differ in what they end with.
    keeps_end: bool,
}

impl Column {
    /// Names, on the left; cut when there is no other way.
    pub(crate) fn label(heading: &'static str) -> Self {
        Self { heading, align: Align::Left, gives_way: 0, cut_first: false, keeps_end: false }
    }

    /// Names of files, and stacks, on the left; cut in front, and before figures are left out that say much.
    pub(crate) fn path(heading: &'static str) -> Self {
        Self { keeps_end: true, ..Self::label(heading) }
    }

    /// Numbers, on the right.
    pub(crate) fn number(heading: &'static str) -> Self {
        Self { align: Align::Right, ..Self::label(heading) }
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
                let is_path = position > 0 && self.columns[*column].keeps_end;
                let fitted = if is_path { fit_end(&cell.text, width) } else { fit(&cell.text, width) };
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
        let is_spare = |column: &Column| column.gives_way <= SPARE;
        let is_path = |column: &Column| column.keeps_end;
        let path_width = (width / PATH_WIDTH_PART).max(LABEL_WIDTH_MIN);
        // What says least goes first; names are cut before what says most.
        self.leave_out(&mut shown, &widths, width, is_spare);
        self.cut(&shown, &mut widths, width, path_width, is_path);
        self.leave_out(&mut shown, &widths, width, |column| !column.cut_first);
        self.cut(&shown, &mut widths, width, LABEL_WIDTH_MIN, |_| true);
        self.leave_out(&mut shown, &widths, width, |_| true);
        self.cut(&shown, &mut widths, width, LABEL_WIDTH_MIN, |_| true);
        (shown, widths)
    }

    /// Leaves columns out until the rest fits, of those that give way and `may`.
    fn leave_out(
        &self,
        shown: &mut Vec<usize>,
        widths: &[usize],
        width: usize,
        may: impl Fn(&Column) -> bool,
    ) {
        while total(shown, widths) > width {
            let giving = |column: &usize| self.columns[*column].gives_way > 0 && may(&self.columns[*column]);
            let next = shown.iter().copied().filter(giving);
            match next.min_by_key(|column| self.columns[*column].gives_way) {
                Some(gone) => shown.retain(|column| *column != gone),
                None => break,
            }
        }
    }

    /// Makes labels narrower until all fits, the widest first, those that `may`.
    fn cut(
        &self,
        shown: &[usize],
        widths: &mut [usize],
        width: usize,
        least: usize,
        may: impl Fn(&Column) -> bool,
    ) {
        while total(shown, widths) > width {
            let cut =
                |column: &usize| self.columns[*column].align == Align::Left && may(&self.columns[*column]);
            match shown.iter().copied().filter(cut).max_by_key(|column| widths[*column]) {
                Some(widest) if widths[widest] > least => widths[widest] -= 1,
                _ => break,
            }
        }
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

/// The same for the name of a file, of which the end is kept: `…/site-packages/numpy`.
fn fit_end(text: &str, width: usize) -> String {
    let between = match text {
        path if path.starts_with('/') => "/",
        stack if stack.contains(" ; ") => " ; ",
        // Names of other things, such as totals and `anon_inode:[eventfd]`, are told by how they begin.
        _ => return fit(text, width),
    };
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let mut begin = text.len();
    for (position, character) in text.char_indices().rev() {
        let wide = character.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        begin = position;
    }
    let end = &text[begin..];
    // A whole name, if one that is not much shorter begins here.
    let name =
        end.find(between).filter(|skipped| *skipped * 3 < end.len()).map_or(end, |skipped| &end[skipped..]);
    if width > 0 { format!("…{name}") } else { String::new() }
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
    fn names_of_files_are_cut_in_front_and_before_figures_that_say_much() {
        let mut table = Table::new(vec![
            Column::path("file"),
            Column::number("calls"),
            Column::number("p90").gives_way(1),
            Column::number("read/s").gives_way(SPARE + 1),
            Column::number("errors by name").last_resort(),
        ]);
        let row =
            |file: &str| vec![file.into(), "12".into(), "1 µs".into(), "1 B/s".into(), "12 ENOENT".into()];
        table.push(row("/usr/lib/python3/dist-packages/漢字/one"));
        table.push(row("/usr/lib/python3/dist-packages/漢字/two"));
        table.push(row("anon_inode:[eventpoll]"));
        let expected = "\
file                      calls  read/s  errors by name
…/dist-packages/漢字/one     12   1 B/s       12 ENOENT
…/dist-packages/漢字/two     12   1 B/s       12 ENOENT
anon_inode:[eventpoll]       12   1 B/s       12 ENOENT
";
        assert_eq!(plain(&table.text(Some(55))), expected);
        let expected = "\
file          calls  errors by name
…/漢字/one       12       12 ENOENT
…/漢字/two       12       12 ENOENT
anon_inode:…     12       12 ENOENT
";
        assert_eq!(plain(&table.text(Some(38))), expected);
        assert_eq!(fit_end("/a/bcdef", 5), "…cdef");
        assert_eq!(fit_end("/abcdef/ghijkl", 9), "…/ghijkl", "a whole name");
        assert_eq!(fit_end("/ab", 0), "");
        assert_eq!(fit_end("a ; bc ; write()", 12), "… ; write()", "a stack is told by where it ends");
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
