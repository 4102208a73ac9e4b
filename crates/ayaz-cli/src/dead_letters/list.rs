//! `ayaz dead-letters list`.

use anyhow::Result;
use ayaz_daemon::output;
use ayaz_store::Role;
use ayaz_store::dead_letters::{
    DeadLetterGroup, DeadLetterInfo, DeadLetterPage, DeadLetterSummary, list_letters,
    summarize_letters,
};
use clap::{Args, ValueEnum};

use super::selection::{Filters, why_none};
use super::{Database, instant, plural, short};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::NOTHING;
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

/// Longest detail in a table, in characters; CSV and JSON hold all of it.
const DETAIL_CHARACTERS: usize = 60;

/// Fewest letters of a detail and of a topic that are shown.
const DETAIL_LETTERS: usize = 20;
const TOPIC_LETTERS: usize = 24;

/// Shows letters by reason and vehicle, the latest first. With --letters, shows each letter.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ayaz dead-letters list --from 2026-01-31\n  \
    ayaz dead-letters list --letters --reason payload_undecodable --limit 200\n  \
    ayaz dead-letters list --letters --format csv > letters.csv")]
pub(super) struct ListArgs {
    /// One row per letter, instead of one row per reason and vehicle.
    #[arg(long)]
    letters: bool,
    #[command(flatten)]
    filters: Filters,
    /// Most rows to show.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    limit: u32,
    /// For people (table) or for programs (csv, json).
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A table with all columns, for any width of the terminal.
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns, with long details shortened.
    Table,
    /// Comma-separated values with a header. Texts that start like a formula have a ' before them.
    Csv,
    /// An array of objects.
    Json,
}

pub(super) async fn run(args: ListArgs) -> Result<()> {
    let connection = args.database.open(Role::Reader).await?;
    let client = &connection.client;
    let selection = args.filters.selection();
    let look = Look::of_output(args.wide);
    let (sheet, table, total) = if args.letters {
        let page = list_letters(client, &selection, args.limit).await?;
        (
            letter_sheet(&page.letters),
            letter_table(&page, look),
            page.total,
        )
    } else {
        let summary = summarize_letters(client, &selection, args.limit).await?;
        let total = summary.groups_total;
        (group_sheet(&summary), group_table(&summary, look), total)
    };
    let shown = sheet.rows().len() as u64;
    output::write(match args.format {
        Format::Table if shown == 0 => String::new(),
        Format::Table => table,
        Format::Csv => sheet.to_csv()?,
        Format::Json => sheet.to_json()?,
    })?;
    // To standard error, so that programs read only rows.
    if shown == 0 {
        ayaz_daemon::note!("{}", why_none(client, &selection).await?);
    } else if shown < total {
        ayaz_daemon::note!("{shown} of {total} rows shown: --limit {total} shows all");
    }
    Ok(())
}

fn group_sheet(summary: &DeadLetterSummary) -> Sheet {
    Columns::<DeadLetterGroup>::new()
        .with("reason", |it| it.reason.clone())
        .with("fleet", |it| it.fleet.clone())
        .with("vehicle", |it| it.vehicle.clone())
        .with("letters", |it| it.letters)
        .with("deliveries", |it| it.deliveries)
        .with("suppressed", |it| it.suppressed)
        .with("replayed", |it| it.replayed)
        .with("came_back", |it| it.came_back)
        .with("first_received_at", |it| it.first_received_at)
        .with("last_received_at", |it| it.last_received_at)
        .with("detail", |it| it.detail.clone())
        .sheet(&summary.groups)
}

fn group_table(summary: &DeadLetterSummary, look: Look) -> String {
    let mut table = Table::new([
        text("reason", 0),
        name("vehicle"),
        figure("letters", 0),
        figure("deliveries", 6),
        figure("suppressed", 2),
        figure("replayed", 5),
        figure("came back", 4),
        figure("first (UTC)", 7),
        figure("last (UTC)", 3),
        text("the last one's detail", 1).cut_to(DETAIL_LETTERS),
    ]);
    for group in &summary.groups {
        table.add_row([
            group.reason.clone(),
            vehicle(group.fleet.as_deref(), group.vehicle.as_deref()),
            group.letters.to_string(),
            group.deliveries.to_string(),
            group.suppressed.to_string(),
            group.replayed.to_string(),
            group.came_back.to_string(),
            instant(group.first_received_at),
            instant(group.last_received_at),
            group.detail.as_deref().map_or(NOTHING.to_owned(), cut),
        ]);
    }
    let mut note = plural(summary.letters_total, "letter", "letters");
    if summary.suppressed_total > 0 {
        note += &format!(
            ", and {} suppressed: over the limit of new letters per vehicle and hour, counted and \
             not kept",
            plural(summary.suppressed_total, "message", "messages")
        );
    }
    note += ". --letters shows them one by one.";
    with_notes(&table, vec![note], look)
}

fn vehicle(fleet: Option<&str>, vehicle: Option<&str>) -> String {
    match (fleet, vehicle) {
        (Some(fleet), Some(vehicle)) => format!("{fleet}/{vehicle}"),
        _ => "(none in the topic)".to_owned(),
    }
}

fn letter_sheet(letters: &[DeadLetterInfo]) -> Sheet {
    Columns::<DeadLetterInfo>::new()
        .with("digest", |it| it.digest.to_string())
        .with("last_received_at", |it| it.last_received_at)
        .with("topic", |it| it.topic.clone())
        .with("reason", |it| it.reason.clone())
        .with("detail", |it| it.detail.clone())
        .with("payload_bytes", |it| i64::from(it.payload_bytes))
        .with("kept_bytes", |it| i64::from(it.kept_bytes))
        .with("deliveries", |it| it.deliveries)
        .with("first_received_at", |it| it.first_received_at)
        .with("daemon_version", |it| it.daemon_version.clone())
        .with("replayed_at", |it| it.replayed_at)
        .with("came_back", |it| it.came_back)
        .sheet(letters)
}

fn letter_table(page: &DeadLetterPage, look: Look) -> String {
    let note = format!(
        "{}. `ayaz dead-letters show DIGEST` shows one.",
        plural(page.total, "letter", "letters")
    );
    with_notes(&table_of(&page.letters), vec![note], look)
}

/// The letters as aligned columns.
pub(super) fn table_of(letters: &[DeadLetterInfo]) -> Table {
    let mut table = Table::new([
        text("digest", 0),
        text("last (UTC)", 2),
        text("topic", 0).cut_to(TOPIC_LETTERS),
        text("reason", 0),
        figure("bytes", 4),
        figure("deliveries", 5),
        text("replay", 3),
        text("detail", 1).cut_to(DETAIL_LETTERS),
    ]);
    for letter in letters {
        table.add_row([
            short(&letter.digest),
            instant(letter.last_received_at),
            letter.topic.clone(),
            letter.reason.clone(),
            if letter.is_cut() {
                format!("{}, cut", letter.payload_bytes)
            } else {
                letter.payload_bytes.to_string()
            },
            letter.deliveries.to_string(),
            match letter.came_back {
                None => NOTHING.to_owned(),
                Some(false) => "replayed".to_owned(),
                Some(true) => "came back".to_owned(),
            },
            cut(&letter.detail),
        ]);
    }
    table
}

fn cut(text: &str) -> String {
    let mut characters = text.chars();
    let mut shown: String = characters.by_ref().take(DETAIL_CHARACTERS).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use ayaz_store::dead_letters::{DeadLetterGroup, Digest};

    use super::*;

    fn letter(came_back: Option<bool>) -> DeadLetterInfo {
        let at = "2026-01-31T03:00:00Z".parse().unwrap();
        DeadLetterInfo {
            digest: Digest::of(b"t", b"p"),
            topic: "ayaz/v1/astana/b1/telemetry".to_owned(),
            reason: "payload_too_large".to_owned(),
            detail: "я".repeat(100),
            daemon_version: "0.1.0".to_owned(),
            payload_bytes: 300_000,
            kept_bytes: 65_536,
            deliveries: 2,
            first_received_at: at,
            last_received_at: at,
            replayed_at: came_back.map(|_| at),
            came_back,
        }
    }

    #[test]
    fn tables_show_the_start_of_a_detail_and_csv_all_of_it() {
        let letters = [letter(None), letter(Some(false)), letter(Some(true))];
        let table = table_of(&letters).render(Look::default());
        let digest = letters[0].digest.to_string();
        assert!(table.contains(&digest[..12]) && !table.contains(&digest));
        for text in ["300000, cut", "replayed", "came back"] {
            assert!(table.contains(text), "{text}: {table}");
        }
        assert!(table.contains(&format!("{}…", "я".repeat(60))), "{table}");
        let csv = letter_sheet(&letters).to_csv().unwrap();
        let row = csv.lines().nth(1).unwrap();
        assert!(row.starts_with(&digest));
        assert!(row.contains(&"я".repeat(100)));
        assert!(row.ends_with(",300000,65536,2,2026-01-31T03:00:00Z,0.1.0,,"));
        let last = csv.lines().last().unwrap();
        assert!(last.ends_with(",2026-01-31T03:00:00Z,true"), "{last}");
    }

    #[test]
    fn suppressed_messages_are_shown_even_without_letters() {
        let at = "2026-01-31T03:00:00Z".parse().unwrap();
        let summary = DeadLetterSummary {
            groups: vec![DeadLetterGroup {
                reason: "topic_unknown".to_owned(),
                fleet: None,
                vehicle: None,
                letters: 0,
                deliveries: 0,
                suppressed: 7,
                replayed: 0,
                came_back: 0,
                first_received_at: at,
                last_received_at: at,
                detail: None,
            }],
            groups_total: 1,
            letters_total: 0,
            suppressed_total: 7,
        };
        let table = group_table(&summary, Look::default());
        assert!(table.contains("(none in the topic)"), "{table}");
        assert!(
            table.contains("0 letters, and 7 messages suppressed"),
            "{table}"
        );
    }
}
