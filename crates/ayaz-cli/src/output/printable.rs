//! Names and texts of buses as people can read them.
//!
//! Routes, models, stations and firmware are free text. Some characters do not show and change what
//! stands around them instead: a terminal obeys an escape sequence, and a sign that turns the writing
//! around makes one bus look like another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with such characters written out, as `\n` or `\u{202e}`. All else stays as it is.
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

/// Controls, marks of the writing's direction, breaks of lines, and what neither shows nor joins
/// letters; and the code points that are no characters, which XML does not admit.
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
    fn what_would_deceive_is_written_out_and_the_rest_stays() {
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
