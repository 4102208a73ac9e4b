//! An error in a file, with its place.

use std::fmt;

use thiserror::Error;

/// An error that stops the replay of a file. Prints as `FILE, line 7, column "X": what`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Fault {
    /// The file as the user named it.
    pub file: String,
    /// Line of the file, from 1, if known.
    pub line: Option<u64>,
    /// Column of the header, if the error is in one.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    /// An error of the whole file.
    pub fn file(file: &str, what: impl Into<String>) -> Fault {
        Fault {
            file: file.to_owned(),
            line: None,
            column: None,
            what: what.into(),
        }
    }

    /// An error in a line.
    pub fn line(file: &str, line: u64, what: impl Into<String>) -> Fault {
        Fault {
            line: Some(line),
            ..Fault::file(file, what)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        write!(f, ": {}", self.what)
    }
}
