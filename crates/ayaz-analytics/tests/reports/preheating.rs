//! Whether a bus was preheated before its pull-out.

use anyhow::Result;
use ayaz_test_db::or_skip;

use super::{Bucket, add_up, fleet, insert};

/// A morning: what the bus did in the last hour before its pull-out at six, and its state then.
struct Morning {
    /// What it did in that hour; `None` is silence.
    parked_hour: Option<u32>,
    plugged_in: bool,
    heating_seconds: f64,
    fuel_litres: Option<f64>,
    exterior_celsius: Option<f64>,
    cabin_celsius: Option<f64>,
}

/// Cold outside and inside, with readings in the hour before, and not heated.
const COLD: Morning = Morning {
    parked_hour: Some(5),
    plugged_in: true,
    heating_seconds: 0.0,
    fuel_litres: None,
    exterior_celsius: Some(-30.0),
    cabin_celsius: Some(3.0),
};

#[tokio::test(flavor = "multi_thread")]
async fn each_pull_out_is_preheated_or_missed_or_not_needed() -> Result<()> {
    let mornings = [
        // While it charged.
        (
            Morning {
                heating_seconds: 1200.0,
                ..COLD
            },
            "done grid 20",
        ),
        (
            Morning {
                plugged_in: false,
                heating_seconds: 600.0,
                ..COLD
            },
            "done battery 10",
        ),
        (
            Morning {
                plugged_in: false,
                heating_seconds: 900.0,
                fuel_litres: Some(1.0),
                ..COLD
            },
            "done fuel 15",
        ),
        // Also if preheating was not needed.
        (
            Morning {
                heating_seconds: 1200.0,
                exterior_celsius: Some(8.0),
                ..COLD
            },
            "done grid 20",
        ),
        // Four minutes are no preheating.
        (
            Morning {
                heating_seconds: 240.0,
                ..COLD
            },
            "missed grid 4",
        ),
        (COLD, "missed 0"),
        // No readings, and it was cold.
        (
            Morning {
                parked_hour: None,
                ..COLD
            },
            "missed 0",
        ),
        // Hours before its pull-out, and cold again.
        (
            Morning {
                parked_hour: Some(2),
                heating_seconds: 1800.0,
                ..COLD
            },
            "missed 0",
        ),
        (
            Morning {
                cabin_celsius: None,
                ..COLD
            },
            "missed 0",
        ),
        (
            Morning {
                exterior_celsius: Some(5.0),
                ..COLD
            },
            "not needed 0",
        ),
        // It stood in a warm hall.
        (
            Morning {
                cabin_celsius: Some(16.0),
                ..COLD
            },
            "not needed 0",
        ),
        (
            Morning {
                parked_hour: None,
                cabin_celsius: Some(16.0),
                ..COLD
            },
            "unknown 0",
        ),
        (
            Morning {
                parked_hour: None,
                cabin_celsius: None,
                ..COLD
            },
            "unknown 0",
        ),
        (
            Morning {
                cabin_celsius: None,
                exterior_celsius: None,
                ..COLD
            },
            "unknown 0",
        ),
    ];
    let (database, reader) = or_skip!(fleet());
    let mut buckets = Vec::new();
    let mut updates = String::new();
    for (index, (morning, _)) in mornings.iter().enumerate() {
        let at = |hour: u32, minute: u32| -> &'static str {
            format!("2026-01-{:02}T{hour:02}:{minute:02}:00Z", index + 10).leak()
        };
        if let Some(hour) = morning.parked_hour {
            updates += &format!(
                "update energy_bucket set cabin_heating_seconds = {}, fuel_litres = {} where piece = {};",
                morning.heating_seconds,
                sql(morning.fuel_litres),
                buckets.len()
            );
            buckets.push(Bucket {
                hour: at(hour, 0),
                drive_cycle: None,
                plugged_in: morning.plugged_in,
                band: None,
                started_at: at(hour, 0),
                ended_at: at(hour, 59),
                km: 0.0,
                ..Bucket::default()
            });
        }
        updates += &format!(
            "update energy_bucket set cabin_start_celsius = {cabin}, cabin_end_celsius = {cabin},
                battery_start_celsius = -7, battery_end_celsius = -7,
                exterior_seconds = case when {exterior}::float8 is null then 0 else 3600 end,
                exterior_kelvin_seconds = coalesce(({exterior}::float8 + 273.15) * 3600, 0)
            where piece = {};",
            buckets.len(),
            cabin = sql(morning.cabin_celsius),
            exterior = sql(morning.exterior_celsius),
        );
        buckets.push(Bucket {
            hour: at(6, 0),
            drive_cycle: i64::try_from(index).ok(),
            started_at: at(6, 0),
            ended_at: at(7, 0),
            ..Bucket::default()
        });
    }
    insert(&database, &buckets).await?;
    database.execute(&updates).await?;
    add_up(&database, &buckets).await?;
    let rows = reader
        .client
        .query(
            "select concat_ws(' ', state, source, heating_minutes), battery_celsius, cabin_celsius
            from preheating order by departed_at",
            &[],
        )
        .await?;
    let found: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    let expected: Vec<&str> = mornings.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(found, expected);
    for (row, (morning, _)) in rows.iter().zip(&mornings) {
        assert_eq!(row.get::<_, f64>(1), -7.0);
        assert_eq!(row.get::<_, Option<f64>>(2), morning.cabin_celsius);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layover_is_no_stay_and_a_move_in_the_depot_is_no_pull_out() -> Result<()> {
    let (database, reader) = or_skip!(fleet());
    let trip = |drive_cycle, hour, started_at, ended_at, km| Bucket {
        drive_cycle: Some(drive_cycle),
        hour,
        started_at,
        ended_at,
        km,
        ..Bucket::default()
    };
    let buckets = [
        trip(
            1,
            "2026-01-10T06:00:00Z",
            "2026-01-10T06:00:00Z",
            "2026-01-10T06:50:00Z",
            20.0,
        ),
        // Half an hour at the terminus.
        trip(
            2,
            "2026-01-10T07:00:00Z",
            "2026-01-10T07:20:00Z",
            "2026-01-10T07:59:00Z",
            20.0,
        ),
        // To the washing hall and back.
        trip(
            3,
            "2026-01-10T12:00:00Z",
            "2026-01-10T12:00:00Z",
            "2026-01-10T12:05:00Z",
            0.4,
        ),
        trip(
            4,
            "2026-01-10T13:00:00Z",
            "2026-01-10T13:00:00Z",
            "2026-01-10T13:50:00Z",
            20.0,
        ),
    ];
    insert(&database, &buckets).await?;
    let row = reader
        .client
        .query_one(
            "select string_agg(
                concat_ws(' ', to_char(departed_at at time zone 'UTC', 'HH24:MI'), parked_seconds), ', '
                order by departed_at
            ) from preheating",
            &[],
        )
        .await?;
    // After five hours and a minute, because the movement between was no trip.
    assert_eq!(row.get::<_, &str>(0), "06:00, 13:00 18060");
    Ok(())
}

fn sql(number: Option<f64>) -> String {
    number.map_or_else(|| "null".to_owned(), |number| number.to_string())
}
