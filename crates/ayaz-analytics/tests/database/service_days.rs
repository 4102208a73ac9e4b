//! The depot's clock defines service days, and a change of the depot changes them.

use anyhow::Result;
use ayaz_analytics::run::run;

use crate::fleet::Database;
use crate::{NUMBERED, config, refresh_all};

/// A bus that stands with a reading every minute, around the night in which Astana's clock was set
/// back for good: from UTC+6 to UTC+5 at midnight before 2024-03-01.
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
    refresh_all(&database).await?;
    // Without a depot: UTC, from 03:00.
    let utc = "02-27 15.00, 02-28 24.00, 02-29 24.00, 03-01 24.00, 03-02 9.00";
    assert_eq!(database.text(HOURS).await?, utc);

    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'depot', 'north', '-infinity')",
        )
        .await?;
    refresh_all(&database).await?;
    let astana = "02-27 9.00, 02-28 24.00, 02-29 25.00, 03-01 24.00, 03-02 14.00";
    assert_eq!(database.text(HOURS).await?, astana);
    // An hour with a cut-over in it belongs to both days. There is none here, and one in Kathmandu.
    database
        .execute("update depot set zone = 'Asia/Kathmandu' where depot = 'north'")
        .await?;
    refresh_all(&database).await?;
    let kathmandu = "02-27 9.25, 02-28 24.00, 02-29 24.00, 03-01 24.00, 03-02 14.75";
    assert_eq!(database.text(HOURS).await?, kathmandu);
    // A zone in which the day begins on the date before, and back: no row of it is left.
    let times = database.rows_of("service_day_time", 1).await?;
    for zone in ["Pacific/Honolulu", "Asia/Kathmandu"] {
        let sql = format!("update depot set zone = '{zone}' where depot = 'north'");
        database.execute(&sql).await?;
        refresh_all(&database).await?;
    }
    assert_eq!(database.rows_of("service_day_time", 1).await?, times);
    Ok(())
}

#[tokio::test]
async fn trips_that_move_to_another_day_leave_no_rows() -> Result<()> {
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
    refresh_all(&database).await?;
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
    refresh_all(&database).await?;
    assert_eq!(database.text(days).await?, "01-31");
    assert_eq!(database.text(months).await?, "01");
    assert_eq!(database.rows_of("vehicle_band", 1).await?, season);
    database.execute("delete from vehicle_context").await?;
    refresh_all(&database).await?;
    assert_eq!(database.rows(1).await?, rows);
    Ok(())
}

#[tokio::test]
async fn an_unknown_zone_affects_only_the_vehicles_of_its_depot() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    for vehicle in [1, 2] {
        database.arrive(vehicle, NUMBERED, 1, 0).await?;
    }
    refresh_all(&database).await?;
    let expected = database.rows(2).await?;
    // A state that is possible while triggers are off, or after a database server lost time zone
    // data.
    database
        .execute(
            "set session_replication_role = replica;
            insert into depot values ('odd', 'Nowhere/City', 3);
            reset session_replication_role;
            insert into vehicle_context (vehicle_id, attribute, value) values (1, 'depot', 'odd')",
        )
        .await?;
    database.arrive(3, NUMBERED, 1, 0).await?;
    let work = refresh_all(&database).await?;
    assert_eq!(work.hours, 5, "only those of vehicle 3");
    assert_eq!(database.rows(3).await?, expected);
    let waiting = "select string_agg(distinct vehicle_id::text, ' ') from refresh_queue";
    assert_eq!(database.text(waiting).await?, "1");

    // A continuous worker refreshes it soon after the correction.
    let worker = tokio::spawn(run(config(&database), std::future::pending()));
    database.arrive(4, NUMBERED, 1, 0).await?;
    let others_are_done = "select not exists (select from dirty_hours)
        and not exists (select from refresh_queue where vehicle_id <> 1)";
    database.until(others_are_done, &[]).await?;
    assert_eq!(database.rows(4).await?, expected);
    assert!(!worker.is_finished(), "it keeps working");
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
async fn a_zone_with_invalid_offsets_affects_only_the_vehicles_of_its_depot() -> Result<()> {
    let Some(database) = Database::create().await? else {
        return Ok(());
    };
    // The answer of a database server that knows a zone's name and has no data of it.
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
    assert_eq!(refresh_all(&database).await?.hours, 5, "those of vehicle 2");
    assert_eq!(database.queued_vehicles().await?, [1]);
    database
        .execute("update depot set zone = 'UTC' where depot = 'odd'")
        .await?;
    refresh_all(&database).await?;
    let buckets = database.rows_of("energy_bucket", 1).await?;
    assert_eq!(buckets, database.rows_of("energy_bucket", 2).await?);
    Ok(())
}
