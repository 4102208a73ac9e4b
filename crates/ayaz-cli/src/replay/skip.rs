//! Rows that the mapping leaves out.

use std::fmt;

/// What a cell must hold for its row to be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipRule {
    /// Anything but this text.
    Unless(String),
    /// This text.
    When(String),
}

impl SkipRule {
    /// Whether the row is left out.
    pub fn applies(&self, cell: &[u8]) -> bool {
        match self {
            SkipRule::Unless(text) => cell.trim_ascii() != text.as_bytes(),
            SkipRule::When(text) => cell.trim_ascii() == text.as_bytes(),
        }
    }
}

/// What it says of the cell of a row that is left out, as `is not "ok"`.
impl fmt::Display for SkipRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipRule::Unless(text) => write!(f, "is not {text:?}"),
            SkipRule::When(text) => write!(f, "is {text:?}"),
        }
    }
}
