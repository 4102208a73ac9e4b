//! What no message may show, and no stranger read.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use toml::{Table, Value};

/// Whoever is neither the owner nor of the group may read.
const OTHERS_READ: u32 = 0o004;

/// A parser quotes what it cannot read, and that may be an address with its password.
pub(super) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        shown.push_str(before);
        // Up to the last '@' of the word: a password may hold one.
        let word = after
            .find([' ', '"', '\'', '`', '\n'])
            .unwrap_or(after.len());
        rest = match after[..word].rfind('@') {
            Some(at) => {
                shown.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

/// Says so if the file holds a password and everybody on this machine can read it, with the command that
/// mends it.
pub(super) fn warn_of_readable_password(path: &Path, table: &Table) {
    let readable = path
        .metadata()
        .is_ok_and(|file| file.mode() & OTHERS_READ != 0);
    if readable && holds_password(table) {
        tracing::warn!(
            "{} holds a password, and every user of this machine can read it: {}",
            path.display(),
            command(path)
        );
    }
}

fn command(path: &Path) -> String {
    let path = path.display().to_string();
    format!("chmod o-rwx '{}'", path.replace('\'', r"'\''"))
}

fn holds_password(table: &Table) -> bool {
    table.values().any(|value| match value {
        Value::Table(inner) => holds_password(inner),
        Value::String(text) => is_address_with_password(text),
        _ => false,
    })
}

/// `SCHEME://USER:PASSWORD@HOST`, or PostgreSQL's `host=… password=…`.
fn is_address_with_password(text: &str) -> bool {
    let user_and_password = text
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    user_and_password.is_some_and(|(user, _)| user.contains(':')) || text.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_told_from_other_addresses() {
        for (text, is_there) in [
            ("postgres://u:p@h/d", true),
            ("mqtt://astana%2Fb1:p@127.0.0.1:1883", true),
            ("host=h user=u password=p", true),
            ("postgres://u@h/d", false),
            ("mqtt://127.0.0.1:1883", false),
            ("ayaz-ingest", false),
        ] {
            assert_eq!(is_address_with_password(text), is_there, "{text}");
        }
    }

    #[test]
    fn the_command_works_whatever_the_file_is_called() {
        assert_eq!(command(Path::new("a b.toml")), "chmod o-rwx 'a b.toml'");
        assert_eq!(command(Path::new("it's")), r"chmod o-rwx 'it'\''s'");
    }
}
