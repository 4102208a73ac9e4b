//! Rules that skip rows.

use std::fmt;

/// The condition for a row to be skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipRule {
    /// Any other text.
    Unless(String),
    /// This text.
    When(String),
}

impl SkipRule {
    /// True if the row is skipped.
    pub fn applies(&self, cell: &[u8]) -> bool {
        match self {
            SkipRule::Unless(text) => cell.trim_ascii() != text.as_bytes(),
            SkipRule::When(text) => cell.trim_ascii() == text.as_bytes(),
        }
    }
}

/// Describes the cell of a skipped row, such as `is not "ok"`.
impl fmt::Display for SkipRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipRule::Unless(text) => write!(f, "is not {text:?}"),
            SkipRule::When(text) => write!(f, "is {text:?}"),
        }
    }
}
