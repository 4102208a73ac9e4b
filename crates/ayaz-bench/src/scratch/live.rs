//! Age of the views while vehicles send, the server process of the worker, and the trips of the day
//! and month that the worker sums at each refresh.

use ayaz_energy::Energy;
use ayaz_model::UnixMicroseconds;
use ayaz_store::analytics::trip_sums;
use ayaz_store::{Connection, Role, StoreError};
use jiff::Timestamp;
use tokio_postgres::Statement;

use super::ScratchDatabase;

/// A reader's connection that queries the newest time of buckets and sessions.
#[derive(Debug)]
pub(crate) struct ViewWatch {
    connection: Connection,
    newest: Statement,
    waiting: Statement,
    vehicles: i32,
}

/// The views of an open hour use `energy_bucket` (`hour_energy`, `day_energy`) and `session`
/// (`session_energy`, `trip_energy`). Days and months change in the same transaction. The newest
/// time of a vehicle is the older of both.
const NEWEST: &str = "-- newest_in_views
    select case when p.ended_at is not null then least(p.ended_at, s.ended_at) end
    from generate_series(1, $1::int) v
    left join lateral (
        select max(ended_at) as ended_at from energy_bucket where vehicle_id = v and hour >= $2
    ) p on true
    left join lateral (
        select max(ended_at) as ended_at from session where vehicle_id = v
    ) s on true";

/// Trips per day of a city bus.
const TRIPS_PER_DAY: i32 = 14;

impl ScratchDatabase {
    /// Watches the vehicles from number 1 to this number.
    pub(crate) async fn watch_views(&self, vehicles: i32) -> Result<ViewWatch, StoreError> {
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

    /// Adds trips for each vehicle up to this number, on `days` days, each in three bands, with
    /// their sums: 14 before `before`, on the service day of the hour (UTC, from 03:00), and 14 on
    /// each earlier day, up to a month. Each refresh of a continuing trip sums its day and its
    /// month again. To make this the same work on any date, days of the previous month are moved to
    /// later days of this month.
    pub(crate) async fn fill_trips(
        &self,
        vehicles: i32,
        days: i32,
        before: UnixMicroseconds,
        hour: UnixMicroseconds,
    ) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_driver("fill trips", error);
        let before = before.timestamp().unwrap_or_default();
        let hour = hour.timestamp().unwrap_or_default();
        let columns = Energy::COLUMNS.join(", ");
        let sessions = format!(
            "-- fill_trips
            insert into session (
                vehicle_id, number, started_at, ended_at, kind, block_started_at, service_day,
                drive_cycle, plugged_in_share, intervals, soc_start_percent, soc_end_percent,
                {columns}
            )
            select v, 0, at, at + interval '10 minutes', 'trip', at,
                month + (today - month - day + days) % days, n, 0, 600, 60, 58, {figures}
            from generate_series(1, $1::int) v, generate_series(0, $2::int * {TRIPS_PER_DAY} - 1) n,
                lateral (select n / {TRIPS_PER_DAY} as day, n % {TRIPS_PER_DAY} + 1 as trip) p,
                lateral (
                    select $3::timestamptz - day * interval '1 day' - trip * interval '15 minutes'
                        as at
                ) t,
                lateral (select service_day($4, 'UTC', 3) as today) d,
                lateral (select date_trunc('month', today::timestamp)::date as month) m,
                lateral (select (month + interval '1 month')::date - month as days) l
            where day < days",
            figures = figures(600)
        );
        let bands = format!(
            "-- fill_trip_bands
            insert into trip_band (
                vehicle_id, started_at, number, band, band_celsius, intervals, {columns}
            )
            select vehicle_id, started_at, number, band, -20 + 5 * band, 200, {}
            from session, generate_series(0, 2) band",
            figures(200)
        );
        let client = &self.owner.client;
        client
            .execute(&sessions, &[&vehicles, &days, &before, &hour])
            .await
            .map_err(failed)?;
        client.execute(&bands, &[]).await.map_err(failed)?;
        self.sum_filled_trips().await.map_err(failed)
    }

    /// Writes the sums of days, months and vehicles for these trips.
    async fn sum_filled_trips(&self) -> Result<(), tokio_postgres::Error> {
        let sums: Vec<String> = Energy::COLUMNS
            .iter()
            .map(|column| format!("sum(b.{column})"))
            .collect();
        let bands = format!(
            "-- fill_day_bands
            insert into day_band (
                vehicle_id, service_day, band, band_celsius, trips, intervals, {},
                trip_duration_seconds, trip_seconds, trip_km, trip_odometer_km
            )
            select vehicle_id, s.service_day, b.band, b.band_celsius, count(*), sum(b.intervals), {},
                sum(s.seconds), sum(s.seconds), 0, 0
            from session s
            join trip_band b using (vehicle_id, started_at, number)
            group by vehicle_id, s.service_day, b.band, b.band_celsius",
            Energy::COLUMNS.join(", "),
            sums.join(", ")
        );
        let charges = "-- fill_day_charges
            insert into day_charge (vehicle_id, service_day, soc_drop_percent, net_kwh)
            select vehicle_id, service_day, sum(soc_start_percent - soc_end_percent), sum(net_kwh)
            from session
            group by vehicle_id, service_day";
        let months = trip_sums::add_up_days_statement("true");
        let vehicles = trip_sums::add_up_months_statement("true");
        for statement in [&bands, charges, &months, &vehicles] {
            self.owner.client.execute(statement, &[]).await?;
        }
        Ok(())
    }

    /// The server process of the analytics worker's connection; `None` if it is not connected.
    pub(crate) async fn worker_backend(&self) -> Result<Option<i32>, StoreError> {
        self.owner
            .client
            .query_opt(
                "-- worker_backend
                select pid from pg_stat_activity
                where datname = current_database() and application_name = 'ayaz_analytics'
                -- The younger one only renews its place.
                order by backend_start limit 1",
                &[],
            )
            .await
            .map(|row| row.map(|row| row.get(0)))
            .map_err(|error| StoreError::from_driver("look for the worker's backend", error))
    }
}

/// Figures of a period of this many seconds in which everything was measured; 1 for all other
/// columns.
fn figures(seconds: i32) -> String {
    let seconds = seconds.to_string();
    let is_time = |column: &str| column.ends_with("seconds");
    let figure = |column: &&str| if is_time(column) { &seconds } else { "1" };
    let figures: Vec<&str> = Energy::COLUMNS.iter().map(figure).collect();
    figures.join(", ")
}

impl ViewWatch {
    /// The newest time that the views show for each vehicle, in hours from `since`; `None` if they
    /// show none.
    pub(crate) async fn newest(
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

    /// Hours of vehicles before this one that wait for a refresh.
    pub(crate) async fn waiting(&self, hour: UnixMicroseconds) -> Result<u64, StoreError> {
        let hour = hour.timestamp().unwrap_or_default();
        self.connection
            .client
            .query_one(&self.waiting, &[&hour])
            .await
            .map(|row| row.get::<_, i64>(0).unsigned_abs())
            .map_err(|error| StoreError::from_driver("look at the queue", error))
    }
}
