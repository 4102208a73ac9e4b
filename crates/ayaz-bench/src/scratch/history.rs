//! Readings and months of identical buses, made by the database. They are the input for
//! measurements of the worker.

use std::time::{Duration, Instant};

use ayaz_store::analytics::trip_sums;
use ayaz_store::{Connection, Role, StoreError};
use jiff::Timestamp;

use super::ScratchDatabase;

/// A range of readings to create.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    /// Numbers of the first and the last vehicle.
    pub(crate) vehicles: (i32, i32),
    /// Time of the first reading.
    pub(crate) from: Timestamp,
    /// Covered time, s.
    pub(crate) seconds: i64,
    /// Time between two readings, s.
    pub(crate) step_seconds: i64,
}

/// A bus drives from 00:50 to 07:00 and from 09:30 to 17:20 UTC (06 to 22 h in Astana), is parked
/// at midday, and charges, heats and is parked at night. 30 signals change like on the road. The
/// temperature goes from −14 to −26 °C and back within a day.
const FILL: &str = "-- fill_history
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
        drive_cycle, speed_kmh, odometer_km, latitude_degrees, longitude_degrees, position_valid,
        accelerator_percent, doors_open, passenger_count, route, block, soc_percent,
        pack_voltage_volts, pack_current_amperes, cell_voltage_min_volts, cell_voltage_max_volts,
        cell_temperature_min_celsius, cell_temperature_max_celsius, battery_temperature_celsius,
        insulation_resistance_kohm, battery_heater_power_watts, charge_state, charger_power_watts,
        charging_station, exterior_temperature_celsius, cabin_temperature_celsius,
        cabin_heater_power_watts, heat_pump_power_watts, air_conditioning_power_watts,
        auxiliary_power_watts, traction_power_watts, motor_speed_rpm, motor_torque_nm
    )
    select
        v, at, 1, n, at, 0, false,
        case when drives then day * 2 + (of_day > 30000)::int end,
        case when drives then kmh else 0 end,
        100000 + n * 0.005,
        51.1 + 0.05 * sin(n / 900.0), 71.4 + 0.05 * cos(n / 900.0), true,
        case when drives then 30 + 30 * sin(n / 7.0) else 0 end,
        drives and kmh < 1, case when drives then 20 + n / 60 % 20 end,
        case when drives then '10' end, case when drives then '10-01' end,
        90 - of_day / 1200.0,
        545 + 6 * sin(n / 11.0),
        case when drives then -(loads + traction) / 545 when charges then 120 else 0 end,
        3.22, 3.26, 8, 12, 10 + 2 * sin(n / 5000.0), 3900 + n % 50,
        case when of_day % 7200 < 1200 then 6000 else 0 end,
        case when drives or of_day between 25200 and 34200 then 1 when charges then 3 else 4 end,
        case when charges then 66000 when drives then 0 else loads end,
        case when not drives and of_day > 34200 then 'depot-01' end,
        -20 + 6 * sin(of_day / 13750.0) + 0.1 * sin(n * 7.3),
        case when drives then 18 else -5 end + 0.2 * sin(n / 300.0),
        case when drives then 15000 + 1000 * sin(n / 90.0) else 0 end,
        case when drives then 7000 else 0 end, 0, case when drives then 5200 else 400 end,
        case when drives then traction else 0 end,
        case when drives then kmh * 60 else 0 end, case when drives then traction / 60 else 0 end
    from generate_series($1::int, $2::int) v,
        generate_series(0, $4::bigint / $5::bigint - 1) g (n),
        lateral (
            select $3::timestamptz + n * $5::bigint * interval '1 second' as at
        ) t,
        lateral (
            select
                extract(epoch from at)::bigint % 86400 as of_day,
                extract(epoch from at)::bigint / 86400 as day
        ) d,
        lateral (
            select
                of_day between 3000 and 25199 or of_day between 34201 and 62400 as drives,
                of_day between 62401 and 75000 as charges,
                greatest(30 * sin(n / 40.0) + 8 * sin(n / 9.0), 0) as kmh,
                27200 as loads,
                60000 * sin(n / 13.0) + 12000 as traction
        ) x
    on conflict do nothing";

impl ScratchDatabase {
    /// Stores the readings without adding dirty hours. Returns how many are new.
    pub(crate) async fn fill(&self, history: History) -> Result<u64, StoreError> {
        let (first, last) = history.vehicles;
        self.owner
            .client
            .execute(
                FILL,
                &[
                    &first,
                    &last,
                    &history.from,
                    &history.seconds,
                    &history.step_seconds,
                ],
            )
            .await
            .map_err(|error| StoreError::from_driver("fill the run's database", error))
    }

    /// Adds the vehicles' hours to the ledger, as ingest does.
    pub(crate) async fn touch(&self, history: History) -> Result<(), StoreError> {
        let (first, last) = history.vehicles;
        self.owner
            .client
            .execute(
                "-- touch_history
                insert into dirty_hours (vehicle_ids, changed_from)
                select array_agg(v), array_agg(hour)
                from generate_series($1::int, $2::int) v,
                    generate_series(
                        date_trunc('hour', $3::timestamptz, 'UTC'),
                        $3::timestamptz + ($4::bigint - 1) * interval '1 second',
                        interval '1 hour'
                    ) hour",
                &[&first, &last, &history.from, &history.seconds],
            )
            .await
            .map(drop)
            .map_err(|error| StoreError::from_driver("mark hours as dirty", error))
    }

    /// Stores months of a winter for this many vehicles, one row per band and month.
    pub(crate) async fn fill_months(&self, vehicles: i32) -> Result<u64, StoreError> {
        let failed = |error| StoreError::from_driver("fill months", error);
        let client = &self.owner.client;
        client
            .execute(
                "-- fill_month_vehicles
                insert into vehicle (fleet, vehicle)
                select 'season', 'bus-' || v from generate_series(1, $1::int) v",
                &[&vehicles],
            )
            .await
            .map_err(failed)?;
        client
            .execute(
                "-- fill_month_charges
                insert into month_charge (vehicle_id, month, soc_drop_percent, net_kwh)
                select vehicle_id, month, 500, 1700
                from vehicle,
                    generate_series(date '2025-10-01', '2026-04-01', interval '1 month') month
                where fleet = 'season'",
                &[],
            )
            .await
            .map_err(failed)?;
        // Every tenth vehicle has a new battery.
        client
            .execute(
                "-- fill_month_batteries
                insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
                select vehicle_id, 'usable_energy_kwh', kwh, valid_from, valid_to
                from vehicle, (
                    values ('310', timestamptz '-infinity', timestamptz '2026-01-01Z'),
                        ('350', timestamptz '2026-01-01Z', timestamptz 'infinity')
                ) as battery (kwh, valid_from, valid_to)
                where fleet = 'season' and vehicle_id % 10 = 0",
                &[],
            )
            .await
            .map_err(failed)?;
        let columns = ayaz_energy::Energy::COLUMNS;
        let figures: Vec<String> = columns
            .iter()
            .map(|_| "1000 * random() + 1".to_owned())
            .collect();
        client
            .execute(
                &format!(
                    "-- fill_months
                    insert into month_band (
                        vehicle_id, month, band, band_celsius, trips, intervals, {},
                        trip_duration_seconds, trip_seconds, trip_km, trip_odometer_km
                    )
                    select vehicle_id, month, band, case when band < 11 then -42 + 2 * band
                        else -20 + 5 * (band - 11) end, 20, 70000, {}, 80000, 79000, 400,
                        401
                    from vehicle, generate_series(0, 17) band,
                        generate_series(date '2025-10-01', '2026-04-01', interval '1 month') month
                    where fleet = 'season'",
                    columns.join(", "),
                    figures.join(", ")
                ),
                &[],
            )
            .await
            .map_err(failed)?;
        client
            .execute(
                // Only for this fleet. The worker has computed the sums of other vehicles.
                &trip_sums::add_up_months_statement(
                    "vehicle_id in (select vehicle_id from vehicle where fleet = 'season')",
                ),
                &[],
            )
            .await
            .map_err(failed)
    }

    /// Reads a view of the whole season completely, as a user's login would.
    pub(crate) async fn read_winter_range(&self) -> Result<(u64, Duration), StoreError> {
        let connection = Connection::open(&self.url, Role::Reader).await?;
        let started = Instant::now();
        let rows = connection
            .client
            .query("-- read_winter_range\nselect * from winter_range", &[])
            .await
            .map_err(|error| StoreError::from_driver("read the winter range", error))?;
        Ok((rows.len() as u64, started.elapsed()))
    }

    /// Updates statistics and makes a checkpoint, so that a run does not pay for it.
    pub(crate) async fn analyze(&self) -> Result<(), StoreError> {
        self.owner
            .client
            .batch_execute("-- analyze_history\nanalyze; checkpoint")
            .await
            .map_err(|error| StoreError::from_driver("analyze the run's database", error))
    }
}
