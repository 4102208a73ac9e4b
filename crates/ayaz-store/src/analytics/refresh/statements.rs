//! Statements of a refresh.

use tokio_postgres::{Client, Error, Statement};

use super::super::lease::Lease;
use super::super::rows::CopyIn;
use super::super::{
    buckets, clock, days, exterior, quality, sessions, states, trip_days, trip_sums,
};
use crate::context::{SERVICE_DAY_RULES, Zones};
use crate::error::StoreError;

/// The statements of a refresh, prepared once per connection, and a cache of time zones.
#[derive(Debug, Clone)]
pub struct RefreshStatements {
    pub(super) states: Statement,
    pub(super) forget: Statement,
    pub(super) remember: Statement,
    pub(super) clock_runs: Statement,
    pub(super) insert_clock_runs: Statement,
    pub(super) queue: Statement,
    pub(super) change_exteriors: Statement,
    pub(super) service_day_rules: Statement,
    pub(super) zones: Zones,
    pub(super) lease: Option<Lease>,
    pub(super) read_buckets: Statement,
    pub(super) insert_buckets: CopyIn,
    pub(super) quality: quality::Statements,
    pub(super) sessions: sessions::Statements,
    pub(super) days: days::Statements,
    pub(super) trip_days: trip_days::Statements,
    pub(super) trip_sums: trip_sums::Statements,
}

impl RefreshStatements {
    /// Prepares the statements.
    pub async fn prepare(client: &Client) -> Result<Self, StoreError> {
        Self::prepare_all(client)
            .await
            .map_err(|error| StoreError::from_driver("prepare the refresh", error))
    }

    /// The same, but commits only while this lease is held.
    pub fn under(self, lease: Lease) -> Self {
        Self {
            lease: Some(lease),
            ..self
        }
    }

    async fn prepare_all(client: &Client) -> Result<Self, Error> {
        Ok(Self {
            states: client.prepare(states::READ).await?,
            forget: client.prepare(FORGET).await?,
            remember: client.prepare(states::INSERT).await?,
            clock_runs: client.prepare(clock::READ).await?,
            insert_clock_runs: client.prepare(clock::INSERT).await?,
            queue: client.prepare(QUEUE).await?,
            change_exteriors: client.prepare(exterior::CHANGE).await?,
            service_day_rules: client.prepare(SERVICE_DAY_RULES).await?,
            zones: Zones::default(),
            lease: None,
            read_buckets: client.prepare(&buckets::read_statement()).await?,
            insert_buckets: buckets::prepare_insert(client).await?,
            quality: quality::Statements::prepare(client).await?,
            sessions: sessions::Statements::prepare(client).await?,
            days: days::Statements {
                spans: client.prepare(days::SPANS).await?,
                replace: client.prepare(days::REPLACE).await?,
            },
            trip_days: trip_days::Statements::prepare(client).await?,
            trip_sums: trip_sums::Statements::prepare(client).await?,
        })
    }
}

/// $4 are the hours, since an index begins with them. Returns the previous exterior temperatures of the
/// hours.
const FORGET: &str = "-- forget_hours
    with buckets as (
        delete from energy_bucket where vehicle_id = $1 and hour >= $2 and hour < $3
    ), sequences as (
        delete from hour_sequence where vehicle_id = $1 and hour >= $2 and hour < $3
    ), spans as (
        delete from flagged_span where vehicle_id = $1 and hour >= $2 and hour < $3
    ), runs as (
        delete from clock_run where vehicle_id = $1 and hour >= $2 and hour < $3
    ), queued as (
        delete from refresh_queue where vehicle_id = $1 and hour >= $2 and hour < $3
        returning queued_at
    ), states as (
        delete from refreshed_hour where vehicle_id = $1 and hour >= $2 and hour < $3
    )
    select (select min(queued_at) from queued),
        coalesce(array_agg(hour), '{}'),
        coalesce(array_agg(kelvin_seconds), '{}'),
        coalesce(array_agg(seconds), '{}'),
        now()
    from hour_exterior where hour = any ($4) and vehicle_id = $1";

/// An hour that was never refreshed has no readings, or waits in the queue anyway. The same readings that
/// made the refreshed hours dirty affect this one, so it has waited as long.
const QUEUE: &str = "-- queue_others
    insert into refresh_queue as q (vehicle_id, hour, queued_at)
    select vehicle_id, hour, coalesce($3, now())
    from refreshed_hour where vehicle_id = $1 and hour = any ($2)
    on conflict (vehicle_id, hour) do update
        set queued_at = least(q.queued_at, excluded.queued_at), changed_from = '-infinity'
        where q.queued_at > excluded.queued_at or q.changed_from > '-infinity'";
