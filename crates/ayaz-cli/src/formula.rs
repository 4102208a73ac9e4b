//! Texts in CSV files that a spreadsheet would run.
//!
//! A cell that begins with one of a few signs is a formula to a spreadsheet, and a formula can fetch
//! and send. Quotation marks do not help: they are gone when the spreadsheet looks.

use std::borrow::Cow;

/// What a formula begins with, for one spreadsheet or another.
const FIRST: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The text with a `'` before it if a spreadsheet would run it, so that it is text. One that stands
/// for itself in such a place gets a second, so that [`unguarded`] gives back every text.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was [`guarded`].
pub(crate) fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'')
        .filter(|rest| is_formula(rest))
        .unwrap_or(text)
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FIRST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for (text, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("-30", "'-30"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("10", "10"),
            ("a=1", "a=1"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), written);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@a\t-]{0,6}") {
            let written = guarded(&text);
            prop_assert!(!written.starts_with(FIRST), "{}", written);
            prop_assert_eq!(unguarded(&written), &text);
        }
    }
}
