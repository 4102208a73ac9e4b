//! Mistakes in the files: file, line, column, value and what to do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Most problems that are shown for one file.
const SHOWN_PER_FILE_MAX: usize = 20;

/// Longest part of a value that is shown, in characters.
const VALUE_CHARACTERS: usize = 60;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    /// From 1, including the header.
    pub(super) line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Problems of one file.
#[derive(Debug, Default, PartialEq)]
struct FileProblems {
    count: usize,
    /// The first ones, by line, then in the order of detection.
    shown: BTreeMap<(u64, usize), String>,
}

/// All problems.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Problems {
    /// In the order of their first problem.
    files: Vec<(Arc<str>, FileProblems)>,
    count: usize,
}

impl Problems {
    /// Adds a problem of a whole line, or of all lines after it.
    pub(super) fn line(&mut self, place: &Place, message: impl fmt::Display) {
        self.add(place, message.to_string());
    }

    /// Adds a problem of a value: what is wrong, and what to do.
    pub(super) fn value(
        &mut self,
        place: &Place,
        column: &str,
        value: &str,
        message: impl fmt::Display,
    ) {
        let mut shown: String = value.chars().take(VALUE_CHARACTERS).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        self.add(place, format!("{column} {shown:?}: {message}"));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn add(&mut self, place: &Place, text: String) {
        let known = self.files.iter().position(|(file, _)| *file == place.file);
        let index = known.unwrap_or_else(|| {
            self.files
                .push((place.file.clone(), FileProblems::default()));
            self.files.len() - 1
        });
        let in_file = &mut self.files[index].1;
        in_file.shown.insert((place.line, self.count), text);
        in_file.count += 1;
        self.count += 1;
        // All lines of a large file may be wrong.
        if in_file.shown.len() > SHOWN_PER_FILE_MAX {
            in_file.shown.pop_last();
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (file, problems) in &self.files {
            for ((line, _), text) in &problems.shown {
                let separator = if first { "" } else { "\n" };
                write!(f, "{separator}  {file}:{line}: {text}")?;
                first = false;
            }
            let more = problems.count - problems.shown.len();
            if more > 0 {
                write!(f, "\n  {file}: and {more} more")?;
            }
        }
        Ok(())
    }
}
