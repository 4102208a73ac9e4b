//! Hides passwords of URLs in every text that repeats user input. A user may write a URL in a wrong place,
//! such as a file name or a key, so all texts are searched.

use std::fmt::Display;

/// The placeholders in our own messages, which are not passwords.
const PLACEHOLDERS: [&str; 2] = ["[user:password", "USER:PASSWORD"];

/// Replaces the text between `://` and the last `@` of each word with `***`.
pub fn masked(text: impl Display) -> String {
    let mut text = text.to_string();
    // An argument shows where its URL ends, even if the URL has spaces.
    for argument in std::env::args_os() {
        if let Some(login) = argument.to_str().and_then(login) {
            text = text.replace(&format!("://{login}@"), "://***@");
        }
    }
    masked_words(&text)
}

fn login(address: &str) -> Option<&str> {
    let (_, after) = address.split_once("://")?;
    let (login, _) = after.rsplit_once('@')?;
    Some(login)
}

fn masked_words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let word = after.split(char::is_whitespace).next().unwrap_or_default();
        let line = after.split('\n').next().unwrap_or_default();
        let end = match word.rfind('@') {
            None if begins_with_password(word) => line.rfind('@'),
            found => found,
        };
        rest = match end {
            Some(at)
                if !PLACEHOLDERS
                    .iter()
                    .any(|placeholder| after.starts_with(placeholder)) =>
            {
                shown.push_str("***");
                &after[at..]
            }
            _ => after,
        };
    }
    shown.push_str(rest);
    shown
}

/// Whether the text after the first `:` is not a port, so that it may begin a password.
fn begins_with_password(word: &str) -> bool {
    let authority = word.split('/').next().unwrap_or_default();
    authority
        .split_once(':')
        .is_some_and(|(_, port)| port.starts_with(|c: char| c.is_alphanumeric() && !c.is_numeric()))
}

/// Ends the process for wrong usage if `clap`'s message holds a password, which this hides, or if there
/// is a hint. Otherwise the caller lets `clap` print its message.
pub fn end_if_it_shows_secrets(usage_error: impl Display, hint: Option<&str>, code: i32) {
    let text = usage_error.to_string();
    let shown = masked(&text);
    if shown == text && hint.is_none() {
        return;
    }
    let shown = shown.trim_end();
    match hint {
        Some(hint) => crate::output::note(format_args!("{shown}\n\n{hint}")),
        None => crate::output::note(shown),
    }
    std::process::exit(code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_in_every_place() {
        for (text, expected) in [
            (
                "unexpected argument 'postgres://a:s3cr3tA@h' found",
                "unexpected argument 'postgres://***@h' found",
            ),
            ("mqtt://a:b@c@h: no file", "mqtt://***@h: no file"),
            (
                "\"mqtt://a:b/c@h\", mqtt://d:e@h",
                "\"mqtt://***@h\", mqtt://***@h",
            ),
            ("key 'postgres://a:b c@h'", "key 'postgres://***@h'"),
            ("mqtt://h:1883 as a@b", "mqtt://h:1883 as a@b"),
            (
                "https://h/x: timed out (a@b)",
                "https://h/x: timed out (a@b)",
            ),
            ("postgres://u@h/d", "postgres://***@h/d"),
            (
                "mqtt://[user:password@]host, postgres://USER:PASSWORD@HOST",
                "mqtt://[user:password@]host, postgres://USER:PASSWORD@HOST",
            ),
            ("a: b", "a: b"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
