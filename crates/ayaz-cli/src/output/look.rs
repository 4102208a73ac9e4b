//! Properties of the terminal.

use console::Term;

/// Default width of a terminal, in columns.
const COLUMNS: usize = 80;

/// Settings for the look of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    /// True if a row may be dim.
    pub(crate) has_colours: bool,
    /// Most columns of a line; `None` for no limit.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// The look for standard output. Respects `NO_COLOR` and `CLICOLOR`. Without a terminal, as in
    /// a file or a mail, lines have the default width.
    pub(crate) fn of_output(is_wide: bool) -> Self {
        let size = Term::stdout().size_checked();
        let columns = size.map_or(COLUMNS, |(_, columns)| usize::from(columns));
        Self {
            has_colours: console::colors_enabled(),
            width: (!is_wide).then_some(columns),
        }
    }
}
