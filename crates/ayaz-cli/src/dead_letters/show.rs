//! `ayaz dead-letters show`.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::{DeadLetterInfo, DigestPrefix, load_payload};
use clap::Args;

use super::hexdump::hexdump;
use super::payload::{Decoded, decode};
use super::selection::one_letter;
use super::{Database, instant, plural};
use crate::output::printable::printable;

/// Bytes of the payload to show.
const BYTES_SHOWN: usize = 256;

/// Shows one letter: reason, times, bytes, and their decodable part.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ayaz dead-letters show 3f2a91")]
pub(super) struct ShowArgs {
    /// The first digits of the letter's digest. They must match no other letter.
    digest: DigestPrefix,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ShowArgs) -> Result<()> {
    let connection = args.database.open(Role::Reader).await?;
    let client = &connection.client;
    let letter = one_letter(client, &args.digest).await?;
    let payload = load_payload(client, &letter.digest)
        .await?
        .context("the letter was deleted just now")?;
    output::write(text_of(&letter, &payload))?;
    Ok(())
}

fn text_of(letter: &DeadLetterInfo, payload: &[u8]) -> String {
    let mut text = String::new();
    for (name, value) in facts(letter) {
        let _ = writeln!(text, "{name:<14}{value}");
    }
    let _ = match decode(&letter.topic, payload) {
        Some(decoded) => write!(text, "\n{}", decoded_text(&decoded, letter.is_cut())),
        None => writeln!(text, "\nnot decoded: no message belongs on this topic"),
    };
    let shown = payload.len().min(BYTES_SHOWN);
    let _ = match shown {
        0 => writeln!(text, "\nno payload"),
        _ if shown == letter.payload_bytes.unsigned_abs() as usize => {
            writeln!(text, "\nthe payload")
        }
        _ => writeln!(text, "\nthe first {shown} bytes of the payload"),
    };
    text + &hexdump(&payload[..shown])
}

fn facts(letter: &DeadLetterInfo) -> [(&'static str, String); 9] {
    [
        ("digest", letter.digest.to_string()),
        ("topic", printable(&letter.topic).into_owned()),
        ("reason", letter.reason.clone()),
        ("detail", printable(&letter.detail).into_owned()),
        (
            "refused by",
            format!("ayaz-ingest {}", letter.daemon_version),
        ),
        (
            "received",
            format!(
                "{}, first {} UTC, last {} UTC",
                plural(letter.deliveries.unsigned_abs(), "time", "times"),
                instant(letter.first_received_at),
                instant(letter.last_received_at)
            ),
        ),
        (
            "replayed",
            match letter.replayed_at {
                None => "never".to_owned(),
                Some(at) => format!(
                    "{} UTC; {}",
                    instant(at),
                    if letter.came_back == Some(true) {
                        "it came back"
                    } else {
                        "it did not come back"
                    }
                ),
            },
        ),
        ("payload bytes", letter.payload_bytes.to_string()),
        (
            "kept bytes",
            if letter.is_cut() {
                format!(
                    "{}: only the start, since the payload was larger than accepted; it cannot be \
                     replayed",
                    letter.kept_bytes
                )
            } else {
                format!("{}: all", letter.kept_bytes)
            },
        ),
    ]
}

fn decoded_text(decoded: &Decoded, is_cut: bool) -> String {
    let mut text = match (&decoded.broken, is_cut) {
        (None, false) => format!("decoded as {}\n", decoded.message),
        (None, true) => format!("the kept part, decoded as {}\n", decoded.message),
        (Some(_), _) => format!("decoded as {}, up to the first error\n", decoded.message),
    };
    for (name, value) in &decoded.fields {
        let _ = writeln!(text, "  {name:<14}{value}");
    }
    if let Some(broken) = &decoded.broken {
        let _ = writeln!(text, "  {broken}");
    }
    text
}
