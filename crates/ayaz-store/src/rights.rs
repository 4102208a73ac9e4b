//! Rights that PostgreSQL and TimescaleDB give to everybody and that Ayaz does not need: temporary tables,
//! large objects, background jobs. With the first two, a read-only user could fill the disk; with the third,
//! keep the server busy.
//!
//! Each migration run revokes them, since an update of the extension may grant them again. An owner without
//! superuser rights cannot revoke rights on objects of the server; the run returns these statements for a
//! superuser.

use tokio_postgres::Client;

use crate::error::StoreError;

/// Rights of `public` that the reader, the weakest role, can use.
const EXCESSIVE: &str = "
    select 1 as number, format('revoke temporary on database %I from public', current_database())
        as statement
    where has_database_privilege('ayaz_reader', current_database(), 'temporary')
    union all
    select 2, 'revoke create on schema public from public'
    where has_schema_privilege('ayaz_reader', 'public', 'create')
    union all
    select 3, format(
        'revoke execute on function %s from public',
        string_agg(p.oid::regprocedure::text, ', ' order by p.oid::regprocedure::text)
    )
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where p.prokind = 'f'
        and (
            n.nspname = 'pg_catalog' and p.proname in (
                'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_truncate', 'lo_truncate64',
                'lo_unlink', 'lowrite'
            )
            or (
                p.proname in ('add_job', 'alter_job', 'delete_job')
                or p.proname ~ '^add_.*_policy$'
            ) and exists (
                select from pg_depend d
                join pg_extension e on e.oid = d.refobjid
                where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                    and d.refclassid = 'pg_extension'::regclass and e.extname = 'timescaledb'
            )
        )
        and has_function_privilege('ayaz_reader', p.oid, 'execute')
    having count(*) > 0
    order by number";

/// Revokes the rights that this login may revoke, and returns the statements that need a superuser.
pub(crate) async fn revoke_excessive(client: &Client) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::from_driver("revoke rights of public", error);
    let listed = format!("-- excessive_rights\n{EXCESSIVE}");
    for row in client.query(&listed, &[]).await.map_err(failed)? {
        let statement: String = row.get(1);
        // An owner who may not revoke only gets a warning; the next check finds the right again.
        client.batch_execute(&statement).await.map_err(failed)?;
    }
    let left = client.query(&listed, &[]).await.map_err(failed)?;
    Ok(left.iter().map(|row| row.get(1)).collect())
}
