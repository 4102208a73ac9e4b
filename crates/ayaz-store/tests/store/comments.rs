//! Every table, view and column has a comment that explains it.

use anyhow::Result;
use ayaz_test_db::or_skip;

use crate::database::Database;

/// Relations that the role of reports can read, without those of extensions.
const READABLE: &str = "
    from pg_class c
    where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'v', 'm', 'p')
        and (c.relkind in ('v', 'm') or has_any_column_privilege('ayaz_reader', c.oid, 'select'))
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')";

/// Unit that a column's comment must contain, by the end of the column's name. The first match counts.
const UNITS: [(&str, &str); 28] = [
    ("kwh_per_km", "kWh/km"),
    ("kwh_per_litre", "kWh per litre"),
    ("litres_per_km", "l/km"),
    ("litres_per_hour", "l/h"),
    ("kelvin_per_hour", "K/h"),
    ("kelvin_seconds", "K s"),
    ("kelvin", " K"),
    ("kwh", "kWh"),
    ("kmh", "km/h"),
    ("km", "km"),
    ("seconds", ", s"),
    ("hours", ", h"),
    ("celsius", "°C"),
    ("percent", "%"),
    ("share", "0 to 1"),
    ("coverage", "0 to 1"),
    ("completeness", "0 to 1"),
    ("watts", ", W"),
    ("kw", "kW"),
    ("volts", ", V"),
    ("amperes", ", A"),
    ("kohm", "kΩ"),
    ("litres", ", l"),
    ("degrees", "degrees"),
    ("rpm", "rpm"),
    ("nm", "N·m"),
    ("_m", ", m"),
    ("bytes", "bytes"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_readable_column_has_a_comment_with_its_unit() -> Result<()> {
    let database = or_skip!(Database::new());
    let client = &database.owner.client;
    let mut mistakes: Vec<String> = Vec::new();

    let bare = format!(
        "select c.relname::text {READABLE} and obj_description(c.oid, 'pg_class') is null order by 1"
    );
    for row in client.query(&bare, &[]).await? {
        mistakes.push(format!("{} has no comment", row.get::<_, &str>(0)));
    }

    let columns = format!(
        "select c.relname::text, a.attname::text, col_description(c.oid, a.attnum)
        from (select c.oid, c.relname, c.relkind {READABLE}) as c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('v', 'm')
            or has_column_privilege('ayaz_reader', c.oid, a.attnum, 'select')
        order by 1, a.attnum"
    );
    let rows = client.query(&columns, &[]).await?;
    // An empty result would pass the test.
    assert!(rows.len() > 900, "only {} columns", rows.len());
    for row in rows {
        let (relation, column): (&str, &str) = (row.get(0), row.get(1));
        match row.get::<_, Option<&str>>(2) {
            None => mistakes.push(format!("{relation}.{column} has no comment")),
            Some(words) => {
                if let Some(unit) = unit_of(column).filter(|unit| !words.contains(unit)) {
                    mistakes.push(format!(
                        "{relation}.{column} does not name {unit:?}: {words}"
                    ));
                }
            }
        }
    }
    assert!(
        mistakes.is_empty(),
        "write `comment on column …` in the file of the view, or in the migration of the table:\n{}",
        mistakes.join("\n")
    );
    Ok(())
}

fn unit_of(column: &str) -> Option<&'static str> {
    let of_name = UNITS.iter().find(|(end, _)| column.ends_with(end));
    of_name.map(|(_, unit)| *unit)
}

/// The comments that list the names of checks are complete.
#[tokio::test(flavor = "multi_thread")]
async fn the_comments_of_flags_name_every_check() -> Result<()> {
    let database = or_skip!(Database::new());
    let comments = "
        select string_agg(col_description(a.attrelid, a.attnum), ' ')
        from pg_attribute a
        where a.attname = 'checks'
            and a.attrelid in ('flagged_span'::regclass, 'flagged_reading'::regclass)";
    let row = database.owner.client.query_one(comments, &[]).await?;
    let text: String = row.get(0);
    for check in ayaz_energy::plausibility::Check::ALL {
        assert!(text.contains(check.name()), "{} in {text}", check.name());
    }
    Ok(())
}
