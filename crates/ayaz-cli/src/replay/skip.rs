//! Rows that the mapping leaves out.

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
