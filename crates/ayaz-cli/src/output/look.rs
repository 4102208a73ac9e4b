//! What the reader's screen can show.

use console::Term;

/// Columns of a terminal that nobody has made wider.
const COLUMNS: usize = 80;

/// How a table may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    /// Whether a row may be dim.
    pub(crate) has_colours: bool,
    /// Columns that a line may take; `None` for as many as it needs.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// Of the standard output; `NO_COLOR` and `CLICOLOR` are heeded. Where there is no terminal, as in
    /// a file or a mail, lines are as for a narrow one.
    pub(crate) fn of_output(is_wide: bool) -> Self {
        let size = Term::stdout().size_checked();
        let columns = size.map_or(COLUMNS, |(_, columns)| usize::from(columns));
        Self {
            has_colours: console::colors_enabled(),
            width: (!is_wide).then_some(columns),
        }
    }
}
