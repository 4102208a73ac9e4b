//! What the worker clears away, since ingest may not delete anything, and what it watches.

use tokio_postgres::GenericClient;

use crate::error::StoreError;

/// Removes the quotas of dead letters of hours that ended a week ago and more, and returns how many
/// there were. A quota counts for the open hour by a daemon's clock; the week is for clocks that
/// are wrong, and for people who look. What was suppressed stays counted.
pub async fn forget_quotas(client: &impl GenericClient) -> Result<u64, StoreError> {
    client
        .execute(
            "-- forget_dead_letter_quotas
            delete from dead_letter_quota where hour < now() - interval '7 days 1 hour'",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("forget old quotas of dead letters", error))
}

/// Removes what is known of the days that vehicles sent in hours that ended a week ago and more, and
/// returns how many vehicles' hours there were.
pub async fn forget_days(client: &impl GenericClient) -> Result<u64, StoreError> {
    client
        .execute(
            "-- forget_reading_day_quotas
            delete from reading_day_quota where hour < now() - interval '7 days 1 hour'",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("forget old days of vehicles", error))
}

/// Logins that may only read, and whose own settings no longer keep them from holding the database for
/// long. PostgreSQL lets every login change its own settings; who may do more than read is left to those
/// who gave him that.
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
        .map_err(|error| StoreError::from_driver("look at the logins that read", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
