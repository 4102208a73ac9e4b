//! How far behind the views are while vehicles send, which server process works for the worker, and
//! the trips of the month that it adds up at each refresh.

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;
use tokio_postgres::Statement;

use super::ScratchDatabase;
use crate::connect::{Connection, Role};
use crate::error::StoreError;

/// A reader's connection that sees how far pieces and sessions have come.
#[derive(Debug)]
pub struct ViewWatch {
    connection: Connection,
    newest: Statement,
    waiting: Statement,
    vehicles: i32,
}

/// The views of a running hour are over `energy_piece` (`hour_energy`, `day_energy`) and `session`
/// (`session_energy`, `trip_energy`); months change in the same transaction. A vehicle is as new as
/// the older of both.
const NEWEST: &str = "-- newest_in_views
    select case when p.ended_at is not null then least(p.ended_at, s.ended_at) end
    from generate_series(1, $1::int) v
    left join lateral (
        select max(ended_at) as ended_at from energy_piece where vehicle_id = v and hour >= $2
    ) p on true
    left join lateral (
        select max(ended_at) as ended_at from session where vehicle_id = v
    ) s on true";

impl ScratchDatabase {
    /// Watches the vehicles from number 1 up to this.
    pub async fn watch_views(&self, vehicles: i32) -> Result<ViewWatch, StoreError> {
        let failed = |error| StoreError::from_driver("watch the views", error);
        let connection = Connection::open(&self.url, Role::Reader).await?;
        let newest = connection.client.prepare(NEWEST).await.map_err(failed)?;
        let waiting = connection
            .client
            .prepare(
                "-- hours_waiting
                select count(*) from refresh_queue where hour < $1",
            )
            .await
            .map_err(failed)?;
        Ok(ViewWatch {
            connection,
            newest,
            waiting,
            vehicles,
        })
    }

    /// Gives each vehicle up to this number a month of trips, in three bands each, in the day before
    /// these hours: a trip that goes on has its whole month added up again at each refresh.
    pub async fn fill_trips(
        &self,
        vehicles: i32,
        trips: i32,
        before: UnixMicroseconds,
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_driver("fill trips", error);
        let before = before.timestamp().unwrap_or_default();
        let columns = crate::analytics::Energy::COLUMNS;
        let figures = vec!["1"; columns.len()].join(", ");
        let columns = columns.join(", ");
        // The month is the one that the trips of the next hours fall in.
        let sessions = format!(
            "-- fill_trips
            insert into session (
                vehicle_id, number, started_at, ended_at, kind, block_started_at, service_day,
                drive_cycle, plugged_in_share, intervals, {columns}
            )
            select v, 0, at, at + interval '10 minutes', 'trip', at,
                date_trunc('month', $3::timestamptz, 'UTC')::date, n, 0, 600, {figures}
            from generate_series(1, $1::int) v, generate_series(1, $2::int) n,
                lateral (select $3::timestamptz - n * interval '15 minutes' as at) t"
        );
        let bands = format!(
            "-- fill_trip_bands
            insert into trip_band (
                vehicle_id, started_at, number, band, band_celsius, intervals, {columns}
            )
            select vehicle_id, started_at, number, band, -20 + 5 * band, 200, {figures}
            from session, generate_series(0, 2) band"
        );
        let client = &self.owner.client;
        client
            .execute(&sessions, &[&vehicles, &trips, &before])
            .await
            .map_err(failed)?;
        client.execute(&bands, &[]).await.map_err(failed)?;
        Ok(())
    }

    /// The server process that the analytics worker is connected to; `None` before it is.
    pub async fn worker_backend(&self) -> Result<Option<i32>, StoreError> {
        self.owner
            .client
            .query_opt(
                "-- worker_backend
                select pid from pg_stat_activity
                where datname = current_database() and application_name = 'ayaz_analytics'",
                &[],
            )
            .await
            .map(|row| row.map(|row| row.get(0)))
            .map_err(|error| StoreError::from_driver("look for the worker's backend", error))
    }
}

impl ViewWatch {
    /// The newest instant that the views show of each vehicle, in hours from `since` on; `None`
    /// where they show none.
    pub async fn newest(
        &self,
        since: UnixMicroseconds,
    ) -> Result<Vec<Option<UnixMicroseconds>>, StoreError> {
        let since = since.timestamp().unwrap_or_default();
        let rows = self
            .connection
            .client
            .query(&self.newest, &[&self.vehicles, &since])
            .await
            .map_err(|error| StoreError::from_driver("look at the views", error))?;
        let newest = |row: &tokio_postgres::Row| row.get::<_, Option<Timestamp>>(0).map(Into::into);
        Ok(rows.iter().map(newest).collect())
    }

    /// Vehicles' hours before this one that wait to be worked out.
    pub async fn waiting(&self, hour: UnixMicroseconds) -> Result<u64, StoreError> {
        let hour = hour.timestamp().unwrap_or_default();
        self.connection
            .client
            .query_one(&self.waiting, &[&hour])
            .await
            .map(|row| row.get::<_, i64>(0).unsigned_abs())
            .map_err(|error| StoreError::from_driver("look at the queue", error))
    }
}
