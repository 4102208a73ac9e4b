//! What the reader's screen can show.

use console::Term;

/// How a table may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// Whether a row may be dim.
    pub(super) has_colours: bool,
    /// Columns of the terminal; `None` where there is none, as in a file.
    pub(super) width: Option<usize>,
}

impl Look {
    /// Of the standard output. `NO_COLOR` and `CLICOLOR` are heeded.
    pub(super) fn of_output() -> Self {
        let terminal = Term::stdout();
        Self {
            has_colours: console::colors_enabled(),
            width: terminal
                .size_checked()
                .map(|(_, columns)| usize::from(columns)),
        }
    }

    /// Whether lines of so many columns do not break.
    pub(super) fn fits(self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }
}
