//! Addresses without their passwords, for whatever repeats what a user gave: an address may stand where
//! none is looked for, as a file's name or a key, and then nobody knows that it holds a password.

use std::fmt::Display;

/// How the forms of our own messages begin.
const FORMS: [&str; 2] = ["[user:password", "USER:PASSWORD"];

/// The text, with `***` for what stands between `://` and the last `@` of a word.
pub fn masked(text: impl Display) -> String {
    let mut text = text.to_string();
    // In these it is known where an address ends, even if it has spaces.
    for argument in std::env::args_os() {
        if let Some(login) = argument.to_str().and_then(login) {
            text = text.replace(&format!("://{login}@"), "://***@");
        }
    }
    masked_words(&text)
}

fn login(address: &str) -> Option<&str> {
    let (_, behind) = address.split_once("://")?;
    let (login, _) = behind.rsplit_once('@')?;
    Some(login)
}

fn masked_words(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let word = behind.split(char::is_whitespace).next().unwrap_or_default();
        let line = behind.split('\n').next().unwrap_or_default();
        let end = match word.rfind('@') {
            None if begins_with_password(word) => line.rfind('@'),
            found => found,
        };
        rest = match end {
            Some(at) if !FORMS.iter().any(|form| behind.starts_with(form)) => {
                shown.push_str("***");
                &behind[at..]
            }
            _ => behind,
        };
    }
    shown.push_str(rest);
    shown
}

/// Whether what follows the first `:` is no port, so that it may be the first word of a password.
fn begins_with_password(word: &str) -> bool {
    let authority = word.split('/').next().unwrap_or_default();
    authority
        .split_once(':')
        .is_some_and(|(_, port)| port.starts_with(|c: char| c.is_alphanumeric() && !c.is_numeric()))
}

/// Ends the process as `clap` would for wrong usage, if its words or a hint of ours need more than
/// that: `clap` repeats what it cannot read.
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
    fn what_may_be_a_password_is_masked_wherever_it_stands() {
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
