//! Days are cut by the depot's clock, and cut again when the depot changes.

use anyhow::Result;
use ayaz_analytics::run::run;

use crate::fleet::Database;
use crate::{NUMBERED, config, work_off};

/// A bus that stands and says so every minute, around the night in which Astana's clock was set back
/// for good: from UTC+6 to UTC+5 at midnight before 2024-03-01.
const NIGHT: &str = "
    insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
    values (1, 'astana', 'b1');
    insert into depot values ('north', 'Asia/Almaty', 3);
    insert into reading (
        vehicle_id, recorded_at, boot_id, sequence, received_at, time_quality, historical, speed_kmh
    )
    select 1, at, 1, extract(epoch from at) / 60, at, 0, true, 0
    from generate_series(
        timestamptz '2024-02-27 12:00Z', '2024-03-02 12:00Z', interval '1 minute'
    ) at;
    insert into dirty_hours (vehicle_ids, changed_from)
    select array_agg(1), array_agg(hour)
    from generate_series(
        timestamptz '2024-02-27 12:00Z', '2024-03-02 12:00Z', interval '1 hour'
    ) hour";

const HOURS: &str = "select string_agg(
        format('%s %s', to_char(service_day, 'MM-DD'), round(seconds::numeric / 3600, 2)),
        ', ' order by service_day
    ) from day_energy";

#[tokio::test]
async fn astanas_leap_day_has_25_hours_once_the_bus_has_its_depot() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    database.execute(NIGHT).await?;
    work_off(&database).await?;
    // Without a depot: UTC, from 03:00 on.
    let utc = "02-27 15.00, 02-28 24.00, 02-29 24.00, 03-01 24.00, 03-02 9.00";
    assert_eq!(database.text(HOURS).await?, utc);

    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'depot', 'north', '-infinity')",
        )
        .await?;
    work_off(&database).await?;
    let astana = "02-27 9.00, 02-28 24.00, 02-29 25.00, 03-01 24.00, 03-02 14.00";
    assert_eq!(database.text(HOURS).await?, astana);
    // An hour that a cut-over parts belongs to both days: none does here, one in Kathmandu.
    database
        .execute("update depot set zone = 'Asia/Kathmandu' where depot = 'north'")
        .await?;
    work_off(&database).await?;
    let kathmandu = "02-27 9.25, 02-28 24.00, 02-29 24.00, 03-01 24.00, 03-02 14.75";
    assert_eq!(database.text(HOURS).await?, kathmandu);
    // A zone in which it begins on the day before, and back: nothing of it is left.
    let times = database.rows_of("service_day_time", 1).await?;
    for zone in ["Pacific/Honolulu", "Asia/Kathmandu"] {
        let sql = format!("update depot set zone = '{zone}' where depot = 'north'");
        database.execute(&sql).await?;
        work_off(&database).await?;
    }
    assert_eq!(database.rows_of("service_day_time", 1).await?, times);
    Ok(())
}

#[tokio::test]
async fn trips_that_move_to_another_day_leave_nothing_behind() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    let days = "select string_agg(distinct to_char(service_day, 'MM-DD'), ' ') from day_band";
    let months = "select string_agg(distinct to_char(month, 'MM'), ' ') from (
            select month from month_band union all select month from month_charge
        ) m";
    database.arrive(1, NUMBERED, 1, 0).await?;
    // To the first of February.
    database
        .execute(
            "create temp table moved as select * from reading;
            update moved set recorded_at = recorded_at + interval '22 days';
            delete from reading;
            insert into reading select * from moved;
            update dirty_hours set changed_from = (
                select array_agg(at + interval '22 days') from unnest(changed_from) at
            )",
        )
        .await?;
    work_off(&database).await?;
    assert_eq!(database.text(days).await?, "02-01");
    assert_eq!(database.text(months).await?, "02");
    let rows = database.rows(1).await?;
    let season = database.rows_of("vehicle_band", 1).await?;
    // Where it is seven in the evening of the day before.
    database
        .execute(
            "insert into depot values ('west', 'Pacific/Honolulu', 3);
            insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'depot', 'west', '-infinity')",
        )
        .await?;
    work_off(&database).await?;
    assert_eq!(database.text(days).await?, "01-31");
    assert_eq!(database.text(months).await?, "01");
    assert_eq!(database.rows_of("vehicle_band", 1).await?, season);
    database.execute("delete from vehicle_context").await?;
    work_off(&database).await?;
    assert_eq!(database.rows(1).await?, rows);
    Ok(())
}

#[tokio::test]
async fn a_zone_that_nobody_knows_costs_the_vehicles_of_its_depot_and_no_other() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    for vehicle in [1, 2] {
        database.arrive(vehicle, NUMBERED, 1, 0).await?;
    }
    work_off(&database).await?;
    let expected = database.rows(2).await?;
    // As whoever switches triggers off may leave it, or a database server that lost time zone data.
    database
        .execute(
            "set session_replication_role = replica;
            insert into depot values ('odd', 'Nowhere/City', 3);
            reset session_replication_role;
            insert into vehicle_context (vehicle_id, attribute, value) values (1, 'depot', 'odd')",
        )
        .await?;
    database.arrive(3, NUMBERED, 1, 0).await?;
    let work = work_off(&database).await?;
    assert_eq!(work.hours, 5, "those of vehicle 3 alone");
    assert_eq!(database.rows(3).await?, expected);
    let waiting = "select string_agg(distinct vehicle_id::text, ' ') from refresh_queue";
    assert_eq!(database.text(waiting).await?, "1");

    // A worker that goes on for ever takes it up as soon as it is corrected.
    let worker = tokio::spawn(run(config(&database), std::future::pending()));
    database.arrive(4, NUMBERED, 1, 0).await?;
    let others_are_done = "select not exists (select from dirty_hours)
        and not exists (select from refresh_queue where vehicle_id <> 1)";
    database.until(others_are_done, &[]).await?;
    assert_eq!(database.rows(4).await?, expected);
    assert!(!worker.is_finished(), "it works on");
    database
        .execute("update depot set zone = 'UTC' where depot = 'odd'")
        .await?;
    database.until_nothing_is_pending().await?;
    let buckets = database.rows_of("energy_bucket", 1).await?;
    assert_eq!(buckets, database.rows_of("energy_bucket", 2).await?);
    worker.abort();
    Ok(())
}

#[tokio::test]
async fn a_zone_whose_offsets_cannot_be_understood_costs_the_vehicles_of_its_depot_and_no_other()
-> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    // As a database server may answer that has a zone's name and no data of it.
    database
        .execute(
            "alter function zone_offsets(text) rename to whole_zone_offsets;
            create function zone_offsets(zone text)
            returns table (since timestamptz, offset_seconds integer)
            language sql stable as $$
                select * from public.whole_zone_offsets(zone) where zone <> 'Asia/Tokyo'
            $$;
            insert into vehicle (vehicle_id, fleet, vehicle) overriding system value
            values (1, 'test', 'bus-1');
            insert into depot values ('odd', 'Asia/Tokyo', 3);
            insert into vehicle_context (vehicle_id, attribute, value) values (1, 'depot', 'odd')",
        )
        .await?;
    for vehicle in [1, 2] {
        database.arrive(vehicle, NUMBERED, 1, 0).await?;
    }
    assert_eq!(work_off(&database).await?.hours, 5, "those of vehicle 2");
    assert_eq!(database.queued_vehicles().await?, [1]);
    database
        .execute("update depot set zone = 'UTC' where depot = 'odd'")
        .await?;
    work_off(&database).await?;
    let buckets = database.rows_of("energy_bucket", 1).await?;
    assert_eq!(buckets, database.rows_of("energy_bucket", 2).await?);
    Ok(())
}
