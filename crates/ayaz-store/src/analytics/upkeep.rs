//! Deletes old rows, since ingest may not delete anything, and checks logins.

use tokio_postgres::GenericClient;

use crate::error::StoreError;

/// Deletes quotas of dead letters of hours that ended at least a week ago, and returns their number. A quota
/// counts in the open hour of a daemon's clock; the week allows for wrong clocks and for people who
/// investigate. Counts of suppressed messages stay.
pub async fn forget_quotas(client: &impl GenericClient) -> Result<u64, StoreError> {
    client
        .execute(
            "-- forget_dead_letter_quotas
            delete from dead_letter_quota where hour < now() - interval '7 days 1 hour'",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("delete old quotas of dead letters", error))
}

/// Deletes counted days of vehicles of hours that ended at least a week ago, and returns the number of rows.
pub async fn forget_days(client: &impl GenericClient) -> Result<u64, StoreError> {
    client
        .execute(
            "-- forget_reading_day_quotas
            delete from reading_day_quota where hour < now() - interval '7 days 1 hour'",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("delete old days of vehicles", error))
}

/// Read-only logins without the settings that limit how long they may use the database. PostgreSQL lets every
/// login change its own settings. Logins with more rights are the operator's responsibility.
pub async fn unbounded_readers(client: &impl GenericClient) -> Result<Vec<String>, StoreError> {
    let rows = client
        .query(
            "-- unbounded_readers
            select r.rolname
            from pg_roles r
            left join lateral (
                select
                    max(split_part(setting, '=', 2))
                        filter (where setting like 'statement_timeout=%') as statement_timeout,
                    max(split_part(setting, '=', 2))
                        filter (where setting like 'default_transaction_read_only=%') as read_only
                from pg_db_role_setting s, unnest(s.setconfig) as setting
                where s.setrole = r.oid
                    and s.setdatabase in (
                        0, (select oid from pg_database where datname = current_database())
                    )
            ) s on true
            where r.rolcanlogin and not r.rolsuper
                and pg_has_role(r.oid, 'ayaz_reader', 'member')
                and not pg_has_role(r.oid, 'ayaz_operator', 'member')
                and not pg_has_role(r.oid, 'ayaz_analytics', 'member')
                and has_database_privilege(r.oid, current_database(), 'connect')
                and (
                    coalesce(s.statement_timeout, '0') in ('0', '0ms', '0s')
                    or coalesce(s.read_only, 'off') <> 'on'
                )
            order by r.rolname",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("read the settings of read-only logins", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
