//! The service day of an instant: SQL and the worker must agree.

use anyhow::Result;
use ayaz_energy::service_days::ServiceDayRule;
use ayaz_model::UnixMicroseconds;
use ayaz_store::Role;
use ayaz_store::context::service_day_rules;
use ayaz_test_db::or_skip;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;
use tokio_postgres::Client;

use crate::database::Database;

const ZONES: [&str; 9] = [
    "Asia/Almaty",
    "Asia/Qostanay",
    "Europe/Oslo",
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
];

/// Instants near unusual days: Astana's change of zone, summer time in Europe, and others.
const ODD: [&str; 6] = [
    "2024-02-29T18:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2025-11-02T06:00:00Z",
    "2025-10-04T15:30:00Z",
    "2011-12-30T10:00:00Z",
];

type Case = (&'static str, i8, i64);

fn cases() -> impl Strategy<Value = Vec<Case>> {
    let odd: Vec<i64> = ODD
        .map(|text| {
            text.parse::<Timestamp>()
                .expect("an instant")
                .as_microsecond()
        })
        .into();
    let day = 86_400_000_000_i64;
    let instant = prop_oneof![
        (prop::sample::select(odd), -2 * day..2 * day).prop_map(|(at, offset)| at + offset),
        // 1995 to 2035.
        788_918_400_000_000_i64..2_051_222_400_000_000,
    ];
    let one = (prop::sample::select(&ZONES[..]), 0_i8..24, instant);
    prop::collection::vec(one, 300)
}

fn rule(zone: &str, cut_over_hour: i8) -> ServiceDayRule {
    ServiceDayRule {
        from: None,
        to: None,
        depot: None,
        zone: TimeZone::get(zone).expect("a time zone"),
        cut_over_hour,
    }
}

/// The days of these instants, by SQL.
async fn sql_days(client: &Client, cases: &[(&str, i8, i64)]) -> Vec<Date> {
    let zones: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let hours: Vec<i32> = cases.iter().map(|case| case.1.into()).collect();
    let instants: Vec<Timestamp> = cases
        .iter()
        .map(|case| Timestamp::from_microsecond(case.2).expect("an instant"))
        .collect();
    let rows = client
        .query(
            "select service_day(at, zone, hour)
            from unnest($1::text[], $2::int[], $3::timestamptz[])
                with ordinality as t (zone, hour, at, place)
            order by place",
            &[&zones, &hours, &instants],
        )
        .await
        .expect("the database answers");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_and_worker_cut_days_at_the_same_instants() -> Result<()> {
    let database = or_skip!(Database::new());
    let reader = database.role(Role::Reader).await?;
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    });
    runner.run(&cases(), |cases| {
        // Each instant, and both sides of the next cut-over.
        let mut asked = Vec::new();
        for (zone, hour, at) in &cases {
            let next = rule(zone, *hour)
                .next_cut_over(UnixMicroseconds(*at))
                .unwrap()
                .0;
            asked.extend([*at, next - 1, next].map(|at| (*zone, *hour, at)));
        }
        let days = tokio::task::block_in_place(|| {
            Handle::current().block_on(sql_days(&reader.client, &asked))
        });
        prop_assert_eq!(days.len(), asked.len());
        for ((zone, hour, at), day) in asked.iter().zip(&days) {
            let found = rule(zone, *hour).day(UnixMicroseconds(*at));
            prop_assert_eq!(found, *day, "{} {} {}", zone, hour, UnixMicroseconds(*at));
        }
        for (days, (zone, _, _)) in days.chunks(3).zip(&cases) {
            prop_assert_eq!(days[0], days[1]);
            prop_assert!(days[1] < days[2]);
            // Samoa skipped a date.
            let follows = days[1].tomorrow().unwrap() == days[2];
            prop_assert!(follows || *zone == "Pacific/Apia");
        }
        Ok(())
    })?;
    Ok(())
}

/// Every clock change of these zones from 1971 to 2099, and the second before, by this machine's data. The
/// worker's conversion of the database's data must give the same as SQL.
#[tokio::test(flavor = "multi_thread")]
async fn the_workers_zones_are_those_of_the_database_to_the_second() -> Result<()> {
    let database = or_skip!(Database::new());
    let worker = database.role(Role::Analytics).await?;
    for zone in ZONES {
        database
            .execute(&format!("update service_day_default set zone = '{zone}'"))
            .await?;
        let rules = service_day_rules(&worker.client, 99).await?;
        let rule = &rules.rules()[0];
        let ends = |year: i16| TimeZone::UTC.to_timestamp(date(year, 1, 1).at(0, 0, 0, 0));
        let (from, to) = (ends(1971)?, ends(2100)?);
        let machine = TimeZone::get(zone)?;
        let changes = machine.following(from).map(|change| change.timestamp());
        let changes = changes.take_while(|at| *at < to);
        let instants: Vec<Timestamp> = changes
            .flat_map(|at| [at, at - 1.second(), at - 1.hour(), at + 1.hour()])
            .chain([from, to])
            .collect();
        let rows = worker
            .client
            .query(
                "select extract(epoch from (at at time zone $1) - (at at time zone 'UTC'))::integer
                from unnest($2::timestamptz[]) with ordinality as t (at, place) order by place",
                &[&zone, &instants],
            )
            .await?;
        for (at, row) in instants.iter().zip(&rows) {
            let found = rule.zone.to_offset(*at).seconds();
            assert_eq!(found, row.get::<_, i32>(0), "{zone} {at}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn astanas_leap_day_of_2024_has_25_hours_in_sql() -> Result<()> {
    let database = or_skip!(Database::new());
    let hours: String = database
        .one(
            "select string_agg(day || ':' || hours, ' ' order by day) from (
                select service_day(hour, 'Asia/Almaty', 3) as day, count(*) as hours
                from generate_series(timestamptz '2024-02-27 21:00Z', '2024-03-02 21:00Z',
                    '1 hour') as hour
                group by 1
            ) as day",
        )
        .await?;
    assert_eq!(
        hours,
        "2024-02-28:24 2024-02-29:25 2024-03-01:24 2024-03-02:24"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicles_rules_leave_no_gap_and_follow_its_depots() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
            values (1, 'depot', 'north', '2024-01-01Z', '2025-01-01Z'),
                (1, 'depot', 'oslo', '2025-01-01Z', '2026-01-01Z'),
                (1, 'tyres', 'winter', '2024-01-01Z', '2025-01-01Z')",
        )
        .await?;
    let worker = database.role(Role::Analytics).await?;
    let rules = service_day_rules(&worker.client, 1).await?;
    let found: Vec<String> = rules
        .rules()
        .iter()
        .map(|rule| {
            let end = |end: Option<UnixMicroseconds>| {
                end.map_or("…".to_owned(), |end| end.to_string()[..10].to_owned())
            };
            let depot = rule.depot.as_deref().unwrap_or("default");
            let zone = rule.zone.iana_name().unwrap_or("?");
            format!(
                "{depot} {zone} {} {} {}",
                rule.cut_over_hour,
                end(rule.from),
                end(rule.to)
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "default UTC 3 … 2024-01-01",
            "north Asia/Almaty 3 2024-01-01 2025-01-01",
            "oslo Europe/Oslo 4 2025-01-01 2026-01-01",
            "default UTC 3 2026-01-01 …",
        ]
    );

    // Without a depot, and with the default.
    database
        .execute("update service_day_default set zone = 'Asia/Qostanay'")
        .await?;
    let rules = service_day_rules(&worker.client, 2).await?;
    assert_eq!(rules.rules().len(), 1);
    assert_eq!(rules.rules()[0].zone.iana_name(), Some("Asia/Qostanay"));
    // Readings of a deleted vehicle have the same rule; they must not stop the worker.
    assert_eq!(service_day_rules(&worker.client, 99).await?, rules);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_has_the_context_of_an_instant() -> Result<()> {
    let database = or_skip!(Database::new());
    database
        .execute(
            "insert into vehicle_context (vehicle_id, attribute, value, valid_from, valid_to)
            values (1, 'depot', 'north', '-infinity', 'infinity'),
                (1, 'tyres', 'all-season', '2025-04-01Z', '2025-10-20Z'),
                (1, 'tyres', 'winter', '2025-10-20Z', 'infinity'),
                (1, 'firmware', '4.2', '2025-04-01Z', 'infinity'),
                (1, 'cabin_setpoint_celsius', '18.5', '2025-04-01Z', 'infinity'),
                (1, 'route', '10', '2025-04-01Z', '2025-12-01Z'),
                (1, 'usable_energy_kwh', '301.5', '2025-12-01Z', 'infinity')",
        )
        .await?;
    let reader = database.role(Role::Reader).await?;
    let at = async |vehicle: i32, at: &str| {
        let sql = "select concat_ws('|', depot, zone, cut_over_hour, service_day, tyres, firmware,
                cabin_setpoint_celsius, route, usable_energy_kwh, usable_energy_source)
            from vehicle_context_at($1, $2::text::timestamptz)";
        let row = reader.client.query_one(sql, &[&vehicle, &at]).await?;
        anyhow::Ok(row.get::<_, String>(0))
    };
    for (vehicle, instant, expected) in [
        (1, "2020-01-01Z", "north|Asia/Almaty|3|2020-01-01|330|model"),
        // The instant of the change belongs to the new tyres.
        (
            1,
            "2025-10-19 23:59:59Z",
            "north|Asia/Almaty|3|2025-10-20|all-season|4.2|18.5|10|330|model",
        ),
        (
            1,
            "2025-10-20Z",
            "north|Asia/Almaty|3|2025-10-20|winter|4.2|18.5|10|330|model",
        ),
        (
            1,
            "2025-12-01Z",
            "north|Asia/Almaty|3|2025-12-01|winter|4.2|18.5|301.5|vehicle",
        ),
        (2, "2025-12-01Z", "UTC|3|2025-11-30"),
    ] {
        assert_eq!(at(vehicle, instant).await?, expected, "{vehicle} {instant}");
    }
    Ok(())
}
