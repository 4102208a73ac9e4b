//! Exterior temperatures that a fleet contradicts, and their effect on sessions, bands and days.

mod any_order;

use anyhow::Result;
use ayaz_analytics::work::{Candidate, Worker};
use ayaz_energy::plausibility::PlausibilityConfig;

use crate::config;
use crate::fleet::Database;

/// Hours of driving from 2026-01-10T05:00:00Z.
const HOURS: i32 = 5;

/// The last digit of a vehicle's number selects its fault.
const WARM: i32 = 3;
const FROZEN: i32 = 5;

/// Fleet f100 has the vehicles 100 to 199, and so on. The last two digits of a vehicle select what
/// it measures.
async fn enter_fleets(database: &Database, hundreds: &[i32]) -> Result<()> {
    for hundred in hundreds {
        let sql = format!(
            "insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
            select n, 'f{hundred}', 'b' || n % 100 from generate_series({hundred}, {hundred} + 99) n"
        );
        database.execute(&sql).await?;
    }
    Ok(())
}

/// The air cools by 3 K an hour, from −14 °C. The warm sensor reads 12 K too much from the second
/// hour to the fourth, the frozen one shows an autumn day, and bus 6 drives for 20 minutes of each
/// hour.
async fn arrive(
    database: &Database,
    vehicle: i32,
    hours: std::ops::Range<i32>,
    (parts, part): (i32, i32),
) -> Result<()> {
    let (from, to) = (hours.start * 3_600, hours.end * 3_600);
    let sql = format!(
        "with arrived as (
            insert into reading (
                vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical,
                drive_cycle, speed_kmh, soc_percent, pack_voltage_volts, pack_current_amperes,
                exterior_temperature_celsius, route
            )
            select {vehicle}, '2026-01-10 05:00:00+00'::timestamptz + s * interval '1 second', 1, s,
                now(), 0, false, s / 5400, 30 + 10 * sin(s / 60.0 + n), 90 - s / 400.0,
                620 + 10 * sin(s / 50.0), -60 + 30 * sin(s / 70.0 + n),
                case when kind = {FROZEN} then 5.0 else -14 - s / 1200.0 + n / 50.0
                    + case when kind = {WARM} and s between 3600 and 14399 then 12 else 0 end
                end,
                case when s / 2700 % 2 = 0 then '10' else '12' end
            from generate_series({from}, {to} - 1, 20) s,
                (values ({vehicle} % 100, {vehicle} % 10)) v (n, kind)
            where s / 20 % {parts} = {part} and not (kind = 6 and s % 3600 > 1200)
            on conflict do nothing
            returning vehicle_id, date_trunc('hour', recorded_at, 'UTC') as hour
        ), hours as (select distinct vehicle_id, hour from arrived)
        insert into dirty_hours (vehicle_ids, changed_from)
        select array_agg(vehicle_id), array_agg(hour) from hours"
    );
    database.execute(&sql).await
}

async fn worker(database: &Database) -> Result<Worker> {
    let candidate = Candidate::connect(&database.url).await?;
    assert!(candidate.try_become_worker().await?);
    let mut worker = candidate
        .into_worker(config(database).refresh, PlausibilityConfig::default())
        .await?;
    worker.limit_to_stored().await?;
    Ok(worker)
}

async fn refresh_all(worker: &mut Worker) -> Result<()> {
    worker.limit_to_stored().await?;
    while worker.round().await?.more {}
    Ok(())
}

/// Every row that depends on a flag, of vehicles whose number begins with this digit.
async fn tables(database: &Database, hundred: i32) -> Result<String> {
    let mut all = String::new();
    for table in [
        "hour_exterior",
        "exterior_doubt",
        "session",
        "trip_band",
        "day_band",
        "day_charge",
        "month_band",
        "month_charge",
        "vehicle_band",
        "service_day_time",
        "energy_bucket",
    ] {
        let sql = format!(
            "select coalesce(string_agg(row, e'\n' order by row), '') from (
                select (to_jsonb(t) - 'vehicle_id')::text || vehicle_id % 100 as row
                from {table} t where vehicle_id / 100 = {hundred} / 100
            ) t"
        );
        let rows = database.text(&sql).await?;
        assert!(!rows.is_empty(), "{table} is empty");
        all += &format!("{table}\n{rows}\n");
    }
    let sql = format!(
        "select string_agg((to_jsonb(t) - 'fleet')::text, e'\n' order by hour)
        from fleet_hour t where fleet = 'f{hundred}'"
    );
    Ok(all + &database.text(&sql).await?)
}

fn assert_same(found: &str, expected: &str, seed: u64) {
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "seed {seed}");
    }
    assert_eq!(found.len(), expected.len(), "seed {seed}");
}

async fn flagged(database: &Database) -> Result<String> {
    database
        .text(
            "select coalesce(string_agg(vehicle_id || '@' || to_char(hour at time zone 'UTC', 'FMHH24'),
                ' ' order by vehicle_id, hour), '')
            from exterior_doubt",
        )
        .await
}

/// Row versions of a vehicle's sessions.
async fn versions(database: &Database, vehicle: i32) -> Result<String> {
    let sql = format!(
        "select string_agg(xmin::text, ' ' order by started_at, number) from session
        where vehicle_id = {vehicle}"
    );
    database.text(&sql).await
}

/// The bands of a vehicle's winter range, with km.
async fn bands(database: &Database, vehicle: i32) -> Result<String> {
    let sql = format!(
        "select string_agg(
            coalesce(band_celsius::text, 'unknown') || ':' || round(km::numeric), ' '
            order by band_celsius nulls first
        ) from winter_range where vehicle_id = {vehicle}"
    );
    database.text(&sql).await
}

#[tokio::test]
async fn a_wrong_sensor_puts_no_km_into_a_wrong_band() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    enter_fleets(&database, &[100]).await?;
    for vehicle in 101..=107 {
        arrive(&database, vehicle, 0..HOURS, (1, 0)).await?;
    }
    refresh_all(&mut worker(&database).await?).await?;
    // Six drove for long enough in each hour; 106 did not, and is not flagged.
    assert_eq!(
        flagged(&database).await?,
        "103@6 103@7 103@8 105@5 105@6 105@7 105@8 105@9"
    );
    let healthy = bands(&database, 102).await?;
    assert_eq!(healthy, "-30:9 -28:20 -26:20 -24:20 -22:20 -20:50 -15:11");
    // Of 150 km, 90 are in flagged hours.
    assert_eq!(
        bands(&database, 103).await?,
        "unknown:90 -30:9 -28:20 -26:0 -20:19 -15:10"
    );
    assert_eq!(bands(&database, 105).await?, "unknown:150");
    // Means of sessions leave out flagged hours; the frozen bus has none left.
    let means =
        "select string_agg(coalesce(round(exterior_temperature_mean_celsius::numeric)::text, '-')
            || '/' || coalesce(round(exterior_start_celsius::numeric)::text, '-')
            || '/' || coalesce(round(exterior_end_celsius::numeric)::text, '-'),
            ' ' order by started_at)
        from session_energy where kind = 'trip' and vehicle_id = ";
    let of = async |vehicle: i32| database.text(&format!("{means}{vehicle}")).await;
    assert_eq!(
        of(102).await?,
        "-16/-14/-18 -21/-18/-23 -25/-23/-27 -28/-27/-29"
    );
    assert_eq!(of(103).await?, "-15/-14/-17 -/-/- -27/-26/-27 -28/-27/-29");
    assert_eq!(of(105).await?, "-/-/- -/-/- -/-/- -/-/-");
    // The readings did not change, and each of them appears with its reason.
    let shown =
        "select string_agg(distinct vehicle_id || ' ' || checks::text || doubted_signals::text
            || whole_row, ', ') || ' ' || count(*)
        from flagged_reading where 'exterior_against_fleet' = any (checks)";
    assert_eq!(
        database.text(shown).await?,
        "103 {exterior_against_fleet}{exterior_temperature_celsius}false, \
         105 {exterior_against_fleet}{exterior_temperature_celsius}false 1440"
    );
    let view =
        "select string_agg(vehicle || ' ' || round(exterior_temperature_mean_celsius::numeric)
            || ' ' || round(median_celsius::numeric) || ' ' || vehicles || ' '
            || round(deviation_kelvin::numeric) || ' ' || is_doubted, ', ' order by vehicle)
        from exterior_against_fleet
        where fleet = 'f100' and hour = '2026-01-10 06:00Z' and vehicle_id in (102, 103, 106)";
    assert_eq!(
        database.text(view).await?,
        "b2 -18 -18 6 0 false, b3 -6 -18 6 12 true, b6 -17 -18 6 1 false"
    );
    // Energy does not depend on a thermometer.
    let kwh = "select bool_and(abs(s.kwh / p.kwh - 1) < 1e-9)::text from (
            select vehicle_id, sum(net_kwh) kwh from month_band group by 1
        ) s join (
            select vehicle_id, sum(net_kwh) kwh from energy_bucket group by 1
        ) p using (vehicle_id)";
    assert_eq!(database.text(kwh).await?, "true");
    Ok(())
}

#[tokio::test]
async fn late_data_changes_only_sessions_of_vehicles_whose_flag_changes() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    enter_fleets(&database, &[100]).await?;
    let mut worker = worker(&database).await?;
    let others = [101, 102, 104];
    for vehicle in others.into_iter().chain([103]) {
        arrive(&database, vehicle, 0..HOURS, (1, 0)).await?;
    }
    refresh_all(&mut worker).await?;
    assert_eq!(
        flagged(&database).await?,
        "",
        "four vehicles are not enough"
    );
    let believed = bands(&database, 103).await?;
    let mut before = Vec::new();
    for vehicle in others {
        before.push(versions(&database, vehicle).await?);
    }
    // A fifth comes out of a dead zone, with two of the five hours.
    arrive(&database, 107, 1..3, (1, 0)).await?;
    refresh_all(&mut worker).await?;
    assert_eq!(flagged(&database).await?, "103@6 103@7");
    assert_eq!(
        bands(&database, 103).await?,
        "unknown:60 -30:9 -28:20 -26:0 -20:19 -15:41",
        "before: {believed}"
    );
    // Another one that reads like the first: two of six are a climate.
    arrive(&database, 113, 2..3, (2, 0)).await?;
    arrive(&database, 113, 2..3, (2, 1)).await?;
    refresh_all(&mut worker).await?;
    assert_eq!(flagged(&database).await?, "103@6");
    arrive(&database, 113, 1..2, (1, 0)).await?;
    refresh_all(&mut worker).await?;
    assert_eq!(flagged(&database).await?, "");
    assert_eq!(bands(&database, 103).await?, believed);
    for (vehicle, before) in others.into_iter().zip(before) {
        assert_eq!(versions(&database, vehicle).await?, before, "of {vehicle}");
    }
    Ok(())
}

#[tokio::test]
async fn a_vehicle_that_cannot_be_refreshed_does_not_block_its_fleet() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    enter_fleets(&database, &[100, 200]).await?;
    let mut worker = worker(&database).await?;
    for vehicle in [101, 102, 103, 104, 201, 202, 203, 204] {
        arrive(&database, vehicle, 1..2, (1, 0)).await?;
    }
    refresh_all(&mut worker).await?;
    assert_eq!(
        flagged(&database).await?,
        "",
        "four vehicles are not enough"
    );
    let believed = bands(&database, 103).await?;
    assert!(!believed.contains("unknown"), "{believed}");
    // A state that is possible while triggers are off: no hour of 103 is queued for its new depot.
    // For 203, the database refuses the sessions.
    database
        .execute(
            "set session_replication_role = replica;
            insert into depot values ('odd', 'Nowhere/City', 3);
            insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (103, 'depot', 'odd', '-infinity');
            reset session_replication_role;
            create function refuse() returns trigger language plpgsql as $$
                begin raise 'refused' using errcode = 'check_violation'; end
            $$;
            create trigger refuse before insert or update on session
            for each row when (new.vehicle_id = 203) execute function refuse()",
        )
        .await?;
    for vehicle in [105, 106, 107, 205, 206, 207] {
        arrive(&database, vehicle, 1..2, (1, 0)).await?;
    }
    let queued = "select coalesce(string_agg(vehicle_id || '@' || to_char(hour at time zone 'UTC', 'FMHH24'),
            ' ' order by vehicle_id, hour), '')
        from refresh_queue";
    // The second pass tries the two hours that were queued again, and sets the vehicles aside.
    for _ in 0..2 {
        refresh_all(&mut worker).await?;
        assert_eq!(flagged(&database).await?, "103@6 105@6 203@6 205@6");
        assert_eq!(
            database.text(queued).await?,
            "103@6 203@6",
            "they stay queued"
        );
        for hundred in [100, 200] {
            assert_eq!(bands(&database, hundred + 3).await?, believed);
            assert_eq!(bands(&database, hundred + 5).await?, "unknown:29");
        }
        let left = "select count(*)::text from fleet_hour_queue";
        assert_eq!(database.text(left).await?, "0");
    }
    database
        .execute(
            "drop trigger refuse on session;
            update depot set zone = 'UTC' where depot = 'odd'",
        )
        .await?;
    refresh_all(&mut worker).await?;
    assert_eq!(database.text(queued).await?, "");
    for vehicle in [103, 203] {
        assert_eq!(bands(&database, vehicle).await?, "unknown:30");
    }
    Ok(())
}

#[tokio::test]
async fn an_hour_is_judged_when_it_is_over_or_with_all_others() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let waiting =
        "select count(*) filter (where hour > now() - interval '2 hours') || ' of ' || count(*)
        from fleet_hour_queue";
    // The hour before the open one is over some minutes after its end.
    database
        .execute(
            "insert into fleet_hour_queue (fleet, hour)
            select 'f100', date_trunc('hour', now(), 'UTC') - hours * interval '1 hour'
            from generate_series(0, 200) hours where hours <> 1",
        )
        .await?;
    let candidate = Candidate::connect(&database.url).await?;
    assert!(candidate.try_become_worker().await?);
    let mut worker = candidate
        .into_worker(config(&database).refresh, PlausibilityConfig::default())
        .await?;
    let mut rounds = 1;
    while worker.round().await?.more {
        rounds += 1;
    }
    assert!(rounds > 1, "a round is bounded");
    assert_eq!(database.text(waiting).await?, "1 of 1", "the open hour");
    refresh_all(&mut worker).await?;
    assert_eq!(database.text(waiting).await?, "0 of 0");
    Ok(())
}
