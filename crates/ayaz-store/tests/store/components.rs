//! Every view and function with components has all of them.

use anyhow::Result;
use ayaz_store::reports::COMPONENTS;
use ayaz_test_db::or_skip;

use crate::database::Database;

/// Relations and functions with a column of the heater; each must have one for every component. Columns of
/// `reading` are not included: they are signals.
const COLUMNS: &str = "
    select relation, column_name
    from (
        select c.relname::text as relation, a.attname::text as column_name
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
            and not a.attisdropped
        union all
        select p.proname::text, unnest(p.proargnames)
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.proretset
    ) as of";

#[tokio::test(flavor = "multi_thread")]
async fn views_with_components_have_all_of_them() -> Result<()> {
    let database = or_skip!(Database::new());
    let rows = database.owner.client.query(COLUMNS, &[]).await?;
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let has =
        |relation: &str, column: &str| found.iter().any(|(r, c)| r == relation && c == column);
    let mut missing = Vec::new();
    let mut looked_at = 0;
    for (relation, column) in &found {
        let Some(kind) = column.strip_prefix("heater_") else {
            continue;
        };
        // Only heating components have a share.
        if !["kwh", "base_kwh", "kwh_per_km"].contains(&kind) {
            continue;
        }
        looked_at += 1;
        for component in COMPONENTS {
            let wanted = format!("{}_{kind}", component.name);
            if !has(relation, &wanted) {
                missing.push(format!("{relation}.{wanted}"));
            }
        }
    }
    assert!(looked_at > 15, "{looked_at}");
    assert!(missing.is_empty(), "missing: {missing:#?}");
    Ok(())
}
