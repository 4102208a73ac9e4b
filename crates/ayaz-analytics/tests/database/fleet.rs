//! A database with readings of buses that all drive alike, and queries.

use std::time::Duration;

use anyhow::{Result, bail};
use ayaz_store::{Connection, DatabaseUrl, Role};
use ayaz_test_db::TestDatabase;
use tokio_postgres::types::ToSql;

/// A bus drives for this many hours from 2026-01-10T05:00:00Z.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drive {
    pub(crate) drive_cycles: bool,
    pub(crate) hours: i32,
    pub(crate) step_milliseconds: i32,
}

/// The worker's tables, and views of them.
const KEPT: [&str; 20] = [
    "energy_bucket",
    "hour_sequence",
    "flagged_span",
    "session",
    "trip_band",
    "service_day_time",
    "day_band",
    "day_charge",
    "month_band",
    "month_charge",
    "vehicle_band",
    "hour_energy",
    "session_energy",
    "trip_energy",
    "trip_band_energy",
    "band_energy",
    "winter_range",
    "bus_day_completeness",
    "day_energy",
    "preheating",
];

pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    connection: Connection,
    _database: TestDatabase,
}

impl Database {
    /// With the current schema.
    pub(crate) async fn create() -> Result<Option<Self>> {
        Self::with(TestDatabase::migrated().await?).await
    }

    pub(crate) async fn create_empty() -> Result<Option<Self>> {
        Self::with(TestDatabase::empty().await?).await
    }

    async fn with(database: Option<TestDatabase>) -> Result<Option<Self>> {
        let Some(database) = database else {
            return Ok(None);
        };
        let url = database.url().clone();
        let connection = Connection::open(&url, Role::Owner).await?;
        Ok(Some(Self {
            url,
            connection,
            _database: database,
        }))
    }

    /// Inserts the readings whose number is `part` modulo `parts`, as one ingest transaction.
    pub(crate) async fn arrive(
        &self,
        vehicle: i32,
        drive: Drive,
        parts: i32,
        part: i32,
    ) -> Result<()> {
        self.insert(vehicle, drive, parts, part, 0, drive.hours)
            .await
    }

    /// The same for one hour.
    pub(crate) async fn arrive_hour(
        &self,
        vehicle: i32,
        drive: Drive,
        parts: i32,
        part: i32,
        hour: i32,
    ) -> Result<()> {
        self.insert(vehicle, drive, parts, part, hour, hour + 1)
            .await
    }

    async fn insert(
        &self,
        vehicle: i32,
        drive: Drive,
        parts: i32,
        part: i32,
        from_hour: i32,
        to_hour: i32,
    ) -> Result<()> {
        // Half an hour of driving with short stops, then a stop of 12 minutes. The air cools; the
        // device restarts once; one minute in 37 has no current.
        let inserted = self
            .connection
            .client
            .execute(
                "with named as (
                    insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
                    values ($1::int4, 'test', 'bus-' || $1::int4)
                    on conflict do nothing
                ), arrived as (
                    insert into reading (
                        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality,
                        historical, drive_cycle, speed_kmh, soc_percent, pack_voltage_volts,
                        pack_current_amperes, exterior_temperature_celsius,
                        cabin_heater_power_watts, route
                    )
                    select $1, '2026-01-10 05:00:00+00'::timestamptz + s * interval '1 second',
                        case when s > 9000 then 2 else 1 end, n, now(), 0, false,
                        case when $7 then i / 2520 end,
                        case when i % 2520 < 1800 and i % 300 > 45 then 30 + 20 * sin(s / 37)
                            else 0 end,
                        90 - s / 400, 620 + 10 * sin(s / 11),
                        case when i / 60 % 37 <> 5 then -60 + 120 * sin(s / 23) end,
                        -20 - s / 1500, 8000 + 1000 * sin(s / 90),
                        case when i % 5040 < 2520 then '12' else '7' end
                    from generate_series($5 * 3600000 / $2, $6 * 3600000 / $2) g (n),
                        lateral (
                            select n * ($2::int / 1000.0::float8) as s, n * $2::int / 1000 as i
                        ) x
                    where n % $3 = $4 and s >= $5 * 3600 and s < $6 * 3600
                    on conflict do nothing
                    returning vehicle_id, recorded_at
                ), hours as (
                    select vehicle_id, min(recorded_at) as changed_from from arrived
                    group by vehicle_id, date_trunc('hour', recorded_at, 'UTC')
                )
                insert into dirty_hours (vehicle_ids, changed_from)
                select array_agg(vehicle_id), array_agg(changed_from) from hours",
                &[
                    &vehicle,
                    &drive.step_milliseconds,
                    &parts,
                    &part,
                    &from_hour,
                    &to_hour,
                    &drive.drive_cycles,
                ],
            )
            .await?;
        anyhow::ensure!(inserted == 1, "nothing was inserted");
        Ok(())
    }

    /// Every row that the worker writes for the vehicle and every row of the views, as text with
    /// every bit.
    pub(crate) async fn rows(&self, vehicle: i32) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for relation in KEPT {
            let rows = self.rows_of(relation, vehicle).await?;
            all.extend(rows.iter().map(|row| format!("{relation} {row}")));
        }
        Ok(all)
    }

    /// The same for one table or view.
    pub(crate) async fn rows_of(&self, relation: &str, vehicle: i32) -> Result<Vec<String>> {
        let statement = format!(
            "select (to_jsonb(r) - '{{vehicle_id,vehicle}}'::text[])::text
            from {relation} r where vehicle_id = $1 order by 1"
        );
        let rows = self
            .connection
            .client
            .query(&statement, &[&vehicle])
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Net kWh, km and seconds over all buckets.
    pub(crate) async fn bucket_sums(&self, vehicle: i32) -> Result<(f64, f64, f64)> {
        let row = self
            .connection
            .client
            .query_one(
                "select sum(net_kwh), sum(km), sum(seconds) from energy_bucket where vehicle_id = $1",
                &[&vehicle],
            )
            .await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }

    /// The same, from the readings.
    pub(crate) async fn plain_sums(&self, vehicle: i32) -> Result<(f64, f64, f64)> {
        let row = self
            .connection
            .client
            .query_one(
                "with i as (
                    select extract(epoch from lead(recorded_at) over w - recorded_at)::float8 as dt,
                        -pack_voltage_volts::float8 * pack_current_amperes as p0,
                        lead(-pack_voltage_volts::float8 * pack_current_amperes) over w as p1,
                        speed_kmh::float8 as v0, lead(speed_kmh::float8) over w as v1,
                        lead(drive_cycle) over w is not distinct from drive_cycle as counts
                    from reading where vehicle_id = $1
                    window w as (partition by boot_id order by recorded_at, sequence)
                )
                select sum((p0 + p1) / 2 * dt) / 3.6e6, sum((v0 + v1) / 2 * dt) / 3600, sum(dt)
                from i where counts and dt > 0 and dt <= 60",
                &[&vehicle],
            )
            .await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }

    /// Vehicles of the fleet `test`.
    pub(crate) async fn enter_vehicles(&self, vehicles: &[i32]) -> Result<()> {
        let sql = "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
            select n, 'test', 'bus-' || n from unnest($1::int4[]) n";
        self.connection.client.execute(sql, &[&vehicles]).await?;
        Ok(())
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<()> {
        Ok(self.connection.client.batch_execute(sql).await?)
    }

    /// The text of the only row.
    pub(crate) async fn text(&self, sql: &str) -> Result<String> {
        Ok(self.connection.client.query_one(sql, &[]).await?.get(0))
    }

    /// For a vehicle's only day: readings, missing ones, and those out of order.
    pub(crate) async fn missing(&self, vehicle: i32) -> Result<(i64, i64, i64)> {
        let sql = "select readings, readings_missing, readings_out_of_order
            from bus_day_completeness where vehicle_id = $1";
        let row = self.connection.client.query_one(sql, &[&vehicle]).await?;
        Ok((row.get(0), row.get(1), row.get(2)))
    }

    pub(crate) async fn queue_everything(&self) -> Result<()> {
        let sql = "insert into refresh_queue (vehicle_id, hour)
            select vehicle_id, hour from refreshed_hour
            on conflict (vehicle_id, hour) do update set changed_from = '-infinity'";
        Ok(self.connection.client.batch_execute(sql).await?)
    }

    /// Queues an hour of a vehicle that began this many hours before the open one, with new
    /// readings that were stored this long ago.
    pub(crate) async fn queue(&self, vehicle: i32, hours_ago: i32, waits_s: i32) -> Result<()> {
        let sql = "insert into refresh_queue (vehicle_id, hour, queued_at)
            select $1, date_trunc('hour', now(), 'UTC') - make_interval(hours => $2),
                now() - make_interval(secs => $3::int)
            on conflict do nothing";
        let parameters: [&(dyn ToSql + Sync); 3] = [&vehicle, &hours_ago, &waits_s];
        self.connection.client.execute(sql, &parameters).await?;
        Ok(())
    }

    /// Lists the open hour in the ledger, as ingest does.
    pub(crate) async fn touch_open_hour(&self, vehicle: i32) -> Result<()> {
        let sql = "insert into dirty_hours (vehicle_ids, changed_from)
            values (array[$1::int], array[date_trunc('hour', now(), 'UTC')])";
        self.connection.client.execute(sql, &[&vehicle]).await?;
        Ok(())
    }

    /// Quotas of dead letters, one of them a year old.
    pub(crate) async fn enter_quotas(&self) -> Result<()> {
        let sql = "insert into dead_letter_quota
            values ('astana/bus', now() - interval '1 year', 1), ('astana/bus', now(), 1)";
        Ok(self.connection.client.batch_execute(sql).await?)
    }

    pub(crate) async fn quotas(&self) -> Result<i64> {
        let sql = "select count(*) from dead_letter_quota";
        Ok(self.connection.client.query_one(sql, &[]).await?.get(0))
    }

    /// Vehicles that have hours in the queue.
    pub(crate) async fn queued_vehicles(&self) -> Result<Vec<i32>> {
        let sql = "select distinct vehicle_id from refresh_queue order by 1";
        let rows = self.connection.client.query(sql, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Trips without a number that have buckets in more than one hour.
    pub(crate) async fn trips_in_several_hours(&self, vehicle: i32) -> Result<i64> {
        let sql = "select count(*) from (
                select from energy_bucket where vehicle_id = $1 and trip_started_at is not null
                group by trip_started_at having count(distinct hour) > 1
            ) t";
        Ok(self
            .connection
            .client
            .query_one(sql, &[&vehicle])
            .await?
            .get(0))
    }

    /// Hours that have a state and no buckets.
    pub(crate) async fn hours_without_buckets(&self) -> Result<i64> {
        let sql = "select count(*) from refreshed_hour r
            where not exists (
                select from energy_bucket p
                where (p.vehicle_id, p.hour) = (r.vehicle_id, r.hour)
            )";
        Ok(self.connection.client.query_one(sql, &[]).await?.get(0))
    }

    /// Marks the time of the vehicle's readings as implausible.
    pub(crate) async fn flag(&self, vehicle: i32) -> Result<()> {
        let sql = "update reading set time_quality = 1 where vehicle_id = $1";
        self.connection.client.execute(sql, &[&vehicle]).await?;
        Ok(())
    }

    pub(crate) async fn until_workers_are_connected(&self, workers: i64) -> Result<()> {
        let sql = "select count(*) = $1 from pg_stat_activity
            where datname = current_database() and application_name like 'ayaz-analytics %'";
        self.until(sql, &[&workers]).await
    }

    pub(crate) async fn terminate_workers(&self) -> Result<()> {
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name like 'ayaz%analytics%'";
        Ok(self.connection.client.batch_execute(sql).await?)
    }

    pub(crate) async fn until_nothing_is_pending(&self) -> Result<()> {
        let sql = "select not exists (select from dirty_hours)
            and not exists (select from refresh_queue)";
        self.until(sql, &[]).await
    }

    pub(crate) async fn until(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<()> {
        for _ in 0..600 {
            if self
                .connection
                .client
                .query_one(sql, parameters)
                .await?
                .get(0)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("not within half a minute: {sql}")
    }
}
