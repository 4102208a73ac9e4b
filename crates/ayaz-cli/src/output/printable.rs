//! Makes names and texts of buses safe to show.
//!
//! Routes, models, stations and firmware are free text. Some characters are invisible but change
//! the text around them: a terminal executes an escape sequence, and a character that reverses the
//! writing direction makes one bus look like another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with such characters escaped, as `\n` or `\u{202e}`. Other characters do not change.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_deceptive(character) {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, marks of writing direction, line breaks, and invisible characters that do
/// not join letters. Also noncharacters, which XML does not allow.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_others_do_not_change() {
        for (text, shown) in [
            ("маршрут 10 «Қала»", "маршрут 10 «Қала»"),
            // Letters that need a joiner, and spaces of other widths.
            (
                "می\u{200c}روم 1\u{2009}000\u{a0}km",
                "می\u{200c}روم 1\u{2009}000\u{a0}km",
            ),
            ("10\n\u{1b}[2Jb1", "10\\n\\u{1b}[2Jb1"),
            ("E12\u{202e}21E", "E12\\u{202e}21E"),
            (
                "a\u{2066}b\u{2069}\u{200f}\u{feff}",
                "a\\u{2066}b\\u{2069}\\u{200f}\\u{feff}",
            ),
            ("\u{9b}31m\u{2028}\u{ffff}", "\\u{9b}31m\\u{2028}\\u{ffff}"),
            ("", ""),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
