//! Hides passwords in messages, and warns of a readable file with a password.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use toml::{Table, Value};

/// The file mode bit that lets every user read.
const OTHERS_READ: u32 = 0o004;

/// Hides URLs in the quoted parts of a parser's message, since a URL may hold a password. The parser
/// quotes a line of the file, or text in quotes; our own text is in neither.
pub(super) fn without_passwords(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once('|') {
        // A line of the file, such as `2 | url = 'postgres://…`.
        Some((number, quoted)) if number.trim().parse::<usize>().is_ok() => {
            let kept = match quoted.split_once('=') {
                Some((key, _)) if may_be_secret(quoted) && !may_be_secret(key) => {
                    format!("{key}= ***")
                }
                _ if may_be_secret(quoted) => " ***".to_owned(),
                _ => quoted.to_owned(),
            };
            format!("{number}|{kept}")
        }
        _ => without_quoted(line),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn may_be_secret(text: &str) -> bool {
    text.contains("://") || text.contains('@')
}

/// Hides URLs in quotes. A quote within quotes has a backslash.
fn without_quoted(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(['"', '`', '\'']) {
        let quote = &rest[start..=start];
        let (before, quoted) = rest.split_at(start + 1);
        shown.push_str(before);
        let mut escaped = false;
        let end = quoted.find(|character: char| {
            let ends = quote.starts_with(character) && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        });
        let (inside, after) = quoted.split_at(end.unwrap_or(quoted.len()));
        shown.push_str(if may_be_secret(inside) { "***" } else { inside });
        let closing = after.len().min(1);
        shown.push_str(&after[..closing]);
        rest = &after[closing..];
    }
    shown.push_str(rest);
    shown
}

/// Warns if the file holds a password and every user can read it, with the command that corrects this.
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
    fn a_quoted_url_is_hidden_and_our_own_text_is_not() {
        let hint = "mqtt url must look like mqtt://[user:password@]host[:port]: no host";
        for (text, expected) in [
            (hint, hint),
            (
                r#"invalid type: string "postgres://u:a \"b\" c@h/d", expected usize"#,
                r#"invalid type: string "***", expected usize"#,
            ),
            (
                "it is 'mqtt://u:a b@h', must be 1 to 5",
                "it is '***', must be 1 to 5",
            ),
            ("2 | url = 'postgres://u:a b = c", "2 | url = ***"),
            ("12 | 'postgres://u:a = c@h/d'", "12 | ***"),
            ("3 | rows = 5", "3 | rows = 5"),
        ] {
            assert_eq!(without_passwords(text), expected);
        }
    }

    #[test]
    fn urls_with_and_without_password_are_distinguished() {
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
    fn the_command_is_right_for_every_file_name() {
        assert_eq!(command(Path::new("a b.toml")), "chmod o-rwx 'a b.toml'");
        assert_eq!(command(Path::new("it's")), r"chmod o-rwx 'it'\''s'");
    }
}
