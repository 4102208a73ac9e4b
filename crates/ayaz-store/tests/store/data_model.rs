//! `docs/data-model.md` has the comments of the database.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use ayaz_test_db::or_skip;
use tokio_postgres::Client;

use crate::database::Database;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data-model.md");

/// Set this variable to write the file again.
const UPDATE: &str = "AYAZ_UPDATE_DOCS";

const HEAD: &str = "# Data model

Every table and view of the schema, with what the database itself says of them (`\\d+ NAME` in psql shows the same).
This file is generated: change the comments in `crates/ayaz-store/migrations` (until the release) or
`crates/ayaz-store/views`, then run
`AYAZ_UPDATE_DOCS=1 cargo test -p ayaz-store --test store data_model`.

People and dashboards read the views. Tables are for the programs; `reading` and `vehicle` are the ones to read, too.
";

/// Tables or views of the schema, without those of extensions.
const RELATIONS: &str = "
    select c.oid, c.relname::text, obj_description(c.oid, 'pg_class')
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
        and c.relkind = any ($1)
        and c.relname <> 'refinery_schema_history'
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 2";

const COLUMNS: &str = "
    select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
    from pg_attribute
    where attrelid = $1 and attnum > 0 and not attisdropped
    order by attnum";

#[tokio::test(flavor = "multi_thread")]
async fn the_document_matches_the_comments() -> Result<()> {
    let database = or_skip!(Database::new());
    let client = &database.owner.client;
    let mut text = HEAD.to_owned();
    for (title, kinds) in [("Views", ["v", "m"]), ("Tables", ["r", "p"])] {
        writeln!(text, "\n## {title}")?;
        relations(client, &kinds, &mut text).await?;
    }
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(PATH, &text)?;
    }
    let written = std::fs::read_to_string(Path::new(PATH))?;
    let first = written
        .lines()
        .zip(text.lines())
        .find(|(written, now)| written != now);
    ensure!(
        written == text,
        "docs/data-model.md is not what the database says: run this test with {UPDATE}=1; first \
         difference: {first:?}"
    );
    Ok(())
}

async fn relations(client: &Client, kinds: &[&str], text: &mut String) -> Result<()> {
    // The catalogue's type "char".
    let kinds: Vec<i8> = kinds.iter().map(|kind| kind.as_bytes()[0] as i8).collect();
    for relation in client.query(RELATIONS, &[&kinds]).await? {
        let (oid, name): (u32, &str) = (relation.get(0), relation.get(1));
        let comment: Option<&str> = relation.get(2);
        writeln!(text, "\n### `{name}`\n")?;
        writeln!(text, "{}\n", comment.unwrap_or("For the programs."))?;
        writeln!(text, "| Column | Type | Meaning |\n|---|---|---|")?;
        for column in client.query(COLUMNS, &[&oid]).await? {
            let meaning: Option<&str> = column.get(2);
            let meaning = meaning.unwrap_or_default().replace('|', "\\|");
            let (column, kind): (&str, &str) = (column.get(0), column.get(1));
            writeln!(text, "| `{column}` | {kind} | {} |", meaning.trim())?;
        }
    }
    Ok(())
}
