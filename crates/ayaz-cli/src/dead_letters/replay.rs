//! `ayaz dead-letters replay`: publishes the letters' bytes on their own topics again.
//!
//! The letters are chosen once, before publishing, so that letters that come back are not replayed
//! again. They are marked when the broker has acknowledged all of them. An interrupted replay marks
//! none. Replaying again stores nothing twice.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ayaz_daemon::output;
use ayaz_model::{BrokerUrl, BrokerUrlError};
use ayaz_publisher::{Publisher, PublisherOptions};
use ayaz_store::Role;
use ayaz_store::dead_letters::{
    ChosenDeadLetter, DeadLetterInfo, Digest, DigestPrefix, choose_letters, database_time,
    list_letters, load_letters, mark_replayed,
};
use clap::Args;
use tokio_postgres::Client;

use super::list::table_of;
use super::selection::{Filters, one_letter, why_none};
use super::{Database, plural, short};
use crate::exit::BadConfig;
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::progress::Progress;

/// Most letters and bytes that are loaded from the database at a time.
const LOADED_LETTERS_MAX: usize = 500;
const LOADED_BYTES_MAX: u64 = 8 << 20;

/// Most letters that a dry run lists.
const LISTED_MAX: u32 = 50;

/// How long to wait for a daemon's first subscription.
const SUBSCRIBER_WAIT: Duration = Duration::from_secs(60);

/// Publishes letters again on their own topics, after a fix.
///
/// A fix may be a newer daemon or a wider limit in its configuration. Replayed messages are handled
/// like any other message: an accepted one becomes rows, a refused one comes back as the same
/// letter. Readings have a key, so replaying twice stores nothing twice.
///
/// The broker's user must be allowed to write on the vehicles' topics, and the database's user to
/// act as ayaz_operator. A letter with only the start of its payload cannot be replayed.
#[derive(Debug, Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).multiple(true).args([
        "digests", "all", "reason", "fleet", "vehicle", "from", "to", "open"
    ]),
    after_help = "Examples:\n  \
        ayaz dead-letters replay 3f2a91 77b0c4\n  \
        ayaz dead-letters replay --reason readings_too_many --dry-run\n  \
        ayaz dead-letters replay --vehicle b1 --open\n  \
        ayaz dead-letters replay --all"
)]
pub(super) struct ReplayArgs {
    /// The first digits of the letters' digests, instead of filters.
    #[arg(
        value_name = "DIGEST",
        conflicts_with_all = ["all", "reason", "fleet", "vehicle", "from", "to", "open"]
    )]
    digests: Vec<DigestPrefix>,
    /// All letters.
    #[arg(long, conflicts_with_all = ["reason", "fleet", "vehicle", "from", "to"])]
    all: bool,
    #[command(flatten)]
    filters: Filters,
    /// Only shows what would be published.
    #[arg(long)]
    dry_run: bool,
    /// Broker, mqtt://[user:password@]host[:port].
    // A string, because clap prints a value that it cannot parse, and this one contains a password.
    #[arg(
        long,
        value_name = "URL",
        env = "AYAZ_MQTT_URL",
        hide_env_values = true,
        required_unless_present = "dry_run"
    )]
    mqtt_url: Option<String>,
    #[command(flatten)]
    database: Database,
}

pub(super) async fn run(args: ReplayArgs) -> Result<()> {
    let broker: Option<BrokerUrl> = match &args.mqtt_url {
        Some(url) if !args.dry_run => {
            let parsed = url.parse();
            Some(parsed.map_err(|error: BrokerUrlError| BadConfig(error.to_string()))?)
        }
        _ => None,
    };
    let role = match broker {
        Some(_) => Role::Operator,
        None => Role::Reader,
    };
    let connection = args.database.open(role).await?;
    let client = &connection.client;
    let Choice { letters, cut } = choose(client, &args).await?;
    note_statuses(&letters);
    match broker {
        None => dry_run(client, &args, &letters).await?,
        Some(_) if letters.is_empty() => {}
        Some(broker) => replay(client, broker, &letters).await?,
    }
    if cut > 0 {
        bail!(
            "{} not replayed: of payloads larger than the daemon accepts only the start is kept",
            plural(cut, "letter was", "letters were")
        );
    }
    Ok(())
}

/// The letters to publish.
struct Choice {
    letters: Vec<ChosenDeadLetter>,
    /// Chosen letters that cannot be replayed, because they are incomplete.
    cut: u64,
}

async fn choose(client: &Client, args: &ReplayArgs) -> Result<Choice> {
    if !args.digests.is_empty() {
        let letters = by_digest(client, &args.digests).await?;
        let letters = letters.iter().map(ChosenDeadLetter::from).collect();
        return Ok(Choice { letters, cut: 0 });
    }
    let selection = args.filters.selection();
    let chosen = choose_letters(client, &selection).await?;
    if chosen.is_empty() {
        let why = why_none(client, &selection).await?;
        ayaz_daemon::note!("{}", why.nothing_to("replay")?);
    }
    let (cut, letters): (Vec<_>, Vec<_>) = chosen.into_iter().partition(ChosenDeadLetter::is_cut);
    Ok(Choice {
        letters,
        cut: cut.len() as u64,
    })
}

/// The letters with these digests, in the order of arrival. Fails before publishing if a letter is
/// missing or cannot be replayed.
async fn by_digest(client: &Client, prefixes: &[DigestPrefix]) -> Result<Vec<DeadLetterInfo>> {
    let mut letters = Vec::new();
    for prefix in prefixes {
        let letter = one_letter(client, prefix).await?;
        if letter.is_cut() {
            bail!(
                "nothing was replayed: of letter {} only the first {} of {} bytes are kept, since \
                 the payload was larger than the daemon accepts",
                short(&letter.digest),
                letter.kept_bytes,
                letter.payload_bytes
            );
        }
        letters.push(letter);
    }
    letters.sort_by_key(|letter| (letter.first_received_at, letter.digest));
    letters.dedup_by_key(|letter| letter.digest);
    Ok(letters)
}

fn note_statuses(letters: &[ChosenDeadLetter]) {
    let statuses = letters.iter().filter(|letter| letter.is_status).count();
    if statuses > 0 {
        ayaz_daemon::note!(
            "note: {} among them; a vehicle has the old status until it sends the next one",
            plural(statuses as u64, "status is", "statuses are")
        );
    }
}

async fn dry_run(client: &Client, args: &ReplayArgs, letters: &[ChosenDeadLetter]) -> Result<()> {
    if letters.is_empty() {
        return Ok(());
    }
    let listed = if args.digests.is_empty() {
        list_letters(client, &args.filters.selection(), LISTED_MAX)
            .await?
            .letters
    } else {
        by_digest(client, &args.digests).await?
    };
    let whole: Vec<DeadLetterInfo> = listed
        .into_iter()
        .filter(|letter| !letter.is_cut())
        .collect();
    let bytes: u64 = letters.iter().map(bytes_of).sum();
    output::write(format_args!(
        "{}{} with {bytes} bytes would be published again{}\n",
        with_notes(&table_of(&whole), Vec::new(), Look::of_output(false)),
        plural(letters.len() as u64, "letter", "letters"),
        if whole.len() < letters.len() {
            format!(", {} are shown", whole.len())
        } else {
            String::new()
        }
    ))?;
    Ok(())
}

fn bytes_of(letter: &ChosenDeadLetter) -> u64 {
    u64::from(letter.kept_bytes.unsigned_abs())
}

/// Publishes, waits for all acknowledgements, marks the letters, and prints the result.
async fn replay(client: &Client, broker: BrokerUrl, letters: &[ChosenDeadLetter]) -> Result<()> {
    let client_id = format!("ayaz-dead-letters-{:08x}", rand::random::<u32>());
    let mut options = PublisherOptions::new(broker, client_id);
    options.subscriber_wait = Some(SUBSCRIBER_WAIT);
    let publisher = Publisher::connect(options).await?;
    // Taken before sending, so that a letter that comes back has a later time.
    let at = database_time(client).await?;
    let mut progress = Progress::new("letters replayed", letters.len() as u64);
    let mut published: HashSet<Digest> = HashSet::with_capacity(letters.len());
    let mut altered = 0;
    for part in parts(letters) {
        let digests: Vec<Digest> = part.iter().map(|letter| letter.digest).collect();
        for letter in load_letters(client, &digests).await? {
            if !letter.is_as_it_arrived() {
                altered += 1;
                continue;
            }
            publisher
                .publish(letter.topic, letter.payload.into())
                .await
                .context(NONE_MARKED)?;
            published.insert(letter.digest);
            progress.set(publisher.acknowledged());
        }
    }
    let counts = publisher.finish().await.context(NONE_MARKED)?;
    progress.finish();
    let marked: Vec<ChosenDeadLetter> = letters
        .iter()
        .filter(|letter| published.contains(&letter.digest))
        .copied()
        .collect();
    mark_replayed(client, &marked, at).await.with_context(|| {
        format!(
            "{} published and acknowledged, but not all are marked as replayed",
            plural(counts.messages, "letter was", "letters were")
        )
    })?;
    output::line(format_args!(
        "{} replayed, all acknowledged by the broker; `ayaz dead-letters list --open` shows what \
         is still open",
        plural(counts.messages, "letter", "letters")
    ))?;
    let gone = letters.len() - published.len() - altered;
    if gone > 0 {
        ayaz_daemon::note!("{gone} of the letters were deleted during the replay");
    }
    if altered > 0 {
        bail!(
            "{} not replayed: the topic was not valid UTF-8, so the original topic is unknown",
            plural(altered as u64, "letter was", "letters were")
        );
    }
    Ok(())
}

const NONE_MARKED: &str = "the replay was interrupted and no letter is marked as replayed; replay again: \
                           nothing is stored twice";

/// Splits the letters into parts that fit into memory.
fn parts(letters: &[ChosenDeadLetter]) -> impl Iterator<Item = &[ChosenDeadLetter]> {
    let mut rest = letters;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |letter: &&ChosenDeadLetter| {
            bytes += bytes_of(letter);
            bytes <= LOADED_BYTES_MAX
        };
        let count = rest
            .iter()
            .take(LOADED_LETTERS_MAX)
            .take_while(fits)
            .count();
        // A letter that is larger than a part is a separate part.
        let (part, later) = rest.split_at(count.max(1).min(rest.len()));
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_letter_once_and_stay_small() {
        let letter = |n: u32, kept_bytes: i32| ChosenDeadLetter {
            digest: Digest::of(b"", &n.to_be_bytes()),
            payload_bytes: kept_bytes,
            kept_bytes,
            deliveries: 1,
            is_status: false,
        };
        let sizes = |n: u32| match n {
            0..1_200 => 10,
            1_200 => 20 << 20,
            _ => 3 << 20,
        };
        let letters: Vec<ChosenDeadLetter> = (0..1_210).map(|n| letter(n, sizes(n))).collect();
        let counts: Vec<usize> = parts(&letters).map(<[_]>::len).collect();
        assert_eq!(counts, [500, 500, 200, 1, 2, 2, 2, 2, 1]);
        assert_eq!(parts(&letters).flatten().count(), letters.len());
        assert_eq!(parts(&[]).count(), 0);
    }
}
