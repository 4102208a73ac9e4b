//! Notes below a table.

use super::look::Look;
use super::table::{Table, letters};

/// A table with notes below it, and a note on omitted columns.
pub(crate) fn with_notes(table: &Table, notes: Vec<String>, look: Look) -> String {
    let notes: Vec<String> = notes.into_iter().chain(table.omitted_note(look)).collect();
    let mut text = table.render(look) + "\n";
    if !notes.is_empty() {
        text += &wrapped(&notes.join("\n"), look);
        text.push('\n');
    }
    text
}

/// Wraps the text at blanks. Each line of the text starts a new line.
pub(crate) fn wrapped(text: &str, look: Look) -> String {
    let Some(limit) = look.width else {
        return text.to_owned();
    };
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && letters(&line) + 1 + letters(word) > limit {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(width: usize) -> Look {
        Look {
            has_colours: false,
            width: Some(width),
        }
    }

    #[test]
    fn lines_of_words_break_between_words() {
        let text = "one two three\nand a line of its own";
        assert_eq!(wrapped(text, Look::default()), text);
        assert_eq!(
            wrapped(text, narrow(12)),
            "one two\nthree\nand a line\nof its own"
        );
        assert_eq!(wrapped("abcdefgh ij", narrow(4)), "abcdefgh\nij");
    }
}
