//! A change of service days queues exactly the hours that it affects.

use anyhow::Result;
use ayaz_store::context::take_over_context;
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;

use crate::database::Database;

/// Refreshed hours: for each bus noon of each first day of a month of 2025, and the hours around midnight
/// before May.
const WORKED_OUT: &str = "
    insert into refreshed_hour (
        vehicle_id, hour, readings, readings_before, readings_after, open_trip_continued
    )
    select vehicle_id, hour, 1, 0, 0, false
    from unnest(array[1, 2]) as vehicle_id, (
        select generate_series(timestamptz '2025-01-01 12:00Z', '2025-12-01 12:00Z', '1 month')
        union all values ('2025-04-30 23:00Z'::timestamptz), ('2025-05-01 00:00Z')
    ) as h (hour)";

struct Queue {
    database: Database,
    worker: Connection,
}

impl Queue {
    async fn new() -> Result<Option<Self>> {
        let Some(database) = Database::new().await? else {
            return Ok(None);
        };
        database.execute(WORKED_OUT).await?;
        let worker = database.role(Role::Analytics).await?;
        Ok(Some(Self { database, worker }))
    }

    /// Hours that the statement of the operator queues: for each bus, as month-day-hour.
    async fn after(&self, sql: &str) -> Result<String> {
        let operator = self.database.role(Role::Operator).await?;
        operator.client.batch_execute(sql).await?;
        while take_over_context(&self.worker.client, 2).await? > 0 {}
        let queued = self
            .database
            .one(
                "select coalesce(string_agg(bus, '; '), '') from (
                    select vehicle_id || ': ' || string_agg(
                        to_char(hour at time zone 'UTC', 'MMDDHH24'), ' ' order by hour) as bus
                    from refresh_queue
                    group by vehicle_id order by vehicle_id
                ) as bus",
            )
            .await?;
        self.database.execute("delete from refresh_queue").await?;
        assert_eq!(
            self.database
                .one::<i64>("select count(*) from touched_context")
                .await?,
            0
        );
        Ok(queued)
    }
}

const ALL: &str = "010112 020112 030112 040112 043023 050100 050112 060112 070112 080112 090112 \
                   100112 110112 120112";

#[tokio::test(flavor = "multi_thread")]
async fn a_depot_record_queues_the_hours_of_its_period() -> Result<()> {
    let queue = or_skip!(Queue::new());
    let entered = queue
        .after(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
            values (1, 'depot', 'north', '2025-05-01Z', '2025-07-01Z')",
        )
        .await?;
    assert_eq!(
        entered, "1: 050100 050112 060112",
        "the period is half-open"
    );
    // A part of an hour is enough.
    let begun_earlier = queue
        .after("update vehicle_context set valid_from = '2025-04-30 23:59Z'")
        .await?;
    assert_eq!(begun_earlier, "1: 043023", "only what differs");
    let prolonged = queue
        .after("update vehicle_context set valid_to = '2025-09-01Z'")
        .await?;
    assert_eq!(prolonged, "1: 070112 080112", "only what differs");
    let other_depot = queue
        .after("update vehicle_context set value = 'oslo'")
        .await?;
    assert_eq!(other_depot, "1: 043023 050100 050112 060112 070112 080112");
    let same = queue
        .after("update vehicle_context set value = 'oslo'")
        .await?;
    assert_eq!(same, "");
    let taken_away = queue.after("delete from vehicle_context").await?;
    assert_eq!(taken_away, "1: 043023 050100 050112 060112 070112 080112");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_change_queues_the_vehicles_of_its_depot() -> Result<()> {
    let queue = or_skip!(Queue::new());
    queue
        .after(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (1, 'depot', 'north', '2025-06-01Z')",
        )
        .await?;
    let zone = "update depot set zone = 'Asia/Qostanay' where depot = 'north'";
    assert_eq!(
        queue.after(zone).await?,
        "1: 060112 070112 080112 090112 100112 110112 120112"
    );
    let hour = "update depot set cut_over_hour = 2 where depot = 'oslo'";
    assert_eq!(
        queue.after(hour).await?,
        "",
        "the depot has no vehicle then"
    );
    let default = "update service_day_default set cut_over_hour = 4";
    assert_eq!(
        queue.after(default).await?,
        format!("1: 010112 020112 030112 040112 043023 050100 050112; 2: {ALL}")
    );
    assert_eq!(queue.after(default).await?, "", "nothing changes");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_other_than_depot_queue_nothing() -> Result<()> {
    let queue = or_skip!(Queue::new());
    let others = queue
        .after(
            "insert into vehicle_context (vehicle_id, attribute, value)
            values (1, 'tyres', 'winter'), (1, 'firmware', '4.2'), (1, 'route', '7'),
                (1, 'cabin_setpoint_celsius', '18'), (1, 'usable_energy_kwh', '300');
            update vehicle_model set usable_energy_kwh = 320;
            insert into depot values ('south', 'UTC')",
        )
        .await?;
    assert_eq!(others, "");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_under_refresh_during_the_change_is_queued() -> Result<()> {
    let queue = or_skip!(Queue::new());
    let mut operator = queue.database.role(Role::Operator).await?;
    let change = operator.client.transaction().await?;
    change
        .batch_execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
            values (2, 'depot', 'north', '2025-12-01Z')",
        )
        .await?;
    // The worker does not see the change, and refreshes an hour by the old rule.
    assert_eq!(take_over_context(&queue.worker.client, 10).await?, 0);
    queue
        .worker
        .client
        .batch_execute(
            "insert into refreshed_hour
                (vehicle_id, hour, readings, readings_before, readings_after, open_trip_continued)
            values (2, '2025-12-24 12:00Z', 1, 0, 0, false)",
        )
        .await?;
    change.commit().await?;
    assert_eq!(queue.after("select").await?, "2: 120112 122412");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicle_added_during_a_depot_change_is_queued() -> Result<()> {
    let queue = or_skip!(Queue::new());
    let mut first = queue.database.role(Role::Operator).await?;
    let zone = first.client.transaction().await?;
    zone.batch_execute("update depot set cut_over_hour = 5 where depot = 'north'")
        .await?;
    let arrival = "insert into vehicle_context (vehicle_id, attribute, value, valid_from)
        values (1, 'depot', 'north', '2025-11-15Z')";
    assert_eq!(queue.after(arrival).await?, "1: 120112");
    zone.commit().await?;
    assert_eq!(queue.after("select").await?, "1: 120112");
    Ok(())
}
