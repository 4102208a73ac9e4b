//! The views and the reports on hand-made pieces, against a real TimescaleDB.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};
use ayaz_store::reports::{
    Band, RangeGroup, TripSelection, any_trip, energy_by_band, energy_by_trip, range_by_band,
};
use ayaz_store::{Connection, DatabaseUrl, Role, migrate};
use tokio::sync::OnceCell;

/// A piece with what the tests vary; the rest follows from it.
#[derive(Clone)]
struct Piece {
    vehicle_id: i32,
    hour: &'static str,
    drive_cycle: Option<i64>,
    plugged_in: bool,
    route: Option<&'static str>,
    band: Option<i16>,
    started_at: &'static str,
    ended_at: &'static str,
    seconds: f64,
    km: f64,
    net_kwh: f64,
    heater: Option<(f64, f64)>,
    soc: Option<(f32, f32)>,
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            vehicle_id: 1,
            hour: "2026-01-10T06:00:00Z",
            drive_cycle: Some(1),
            plugged_in: false,
            route: None,
            band: Some(-30),
            started_at: "2026-01-10T06:00:00Z",
            ended_at: "2026-01-10T07:00:00Z",
            seconds: 3600.0,
            km: 20.0,
            net_kwh: 40.0,
            heater: None,
            soc: None,
        }
    }
}

/// One server for the whole binary, a database for each test. The server ends with the process.
async fn database() -> Result<(DatabaseUrl, Connection)> {
    static SERVER: OnceCell<LocalStack> = OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER
        .get_or_try_init(|| async {
            let options = Options {
                database: true,
                broker: false,
                ..Options::default()
            };
            LocalStack::start(options, |line| eprintln!("{line}")).await
        })
        .await?;
    let base = server.database_url();
    let owner = Connection::open(&base.parse()?, Role::Owner).await?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("reports_{}_{number}", std::process::id());
    owner
        .client
        .batch_execute(&format!("create database {name}"))
        .await?;
    let (server, _) = base.rsplit_once('/').context("the URL names a database")?;
    let url: DatabaseUrl = format!("{server}/{name}").parse()?;
    migrate::migrate(&url).await?;
    let owner = Connection::open(&url, Role::Owner).await?;
    owner
        .client
        .batch_execute(
            "insert into vehicle_model values ('E12', 12, 300), ('nameless', 12, null);
            insert into vehicle (fleet, vehicle, model) values
                ('astana', 'b1', 'E12'), ('astana', 'b2', 'nameless'), ('almaty', 'b1', null)",
        )
        .await?;
    Ok((url, owner))
}

async fn insert(owner: &Connection, pieces: &[Piece]) -> Result<()> {
    for (index, piece) in pieces.iter().enumerate() {
        let number = i32::try_from(index)?;
        let (heater, heater_base) = piece.heater.unzip();
        let (soc_start, soc_end) = piece.soc.unzip();
        owner
            .client
            .execute(
                "insert into energy_piece (
                    vehicle_id, hour, piece, drive_cycle, plugged_in, route, band_celsius,
                    started_at, ended_at, intervals, seconds, distance_seconds, km,
                    energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km, paired_net_kwh,
                    heater_kwh, heater_base_kwh, exterior_kelvin_seconds, exterior_seconds,
                    soc_start_percent, soc_start_at, soc_end_percent, soc_end_at
                ) values (
                    $1, $2::text::timestamptz, $3, $4, $5, $6, $7,
                    $8::text::timestamptz, $9::text::timestamptz, 10, $10, $10, $11,
                    $10, $12, $12::double precision + 1, 1, $11, $12,
                    $13, $14, 0, 0,
                    $15, case when $15::real is not null then $8::text::timestamptz end,
                    $16, case when $16::real is not null then $9::text::timestamptz end
                )",
                &[
                    &piece.vehicle_id,
                    &piece.hour,
                    &number,
                    &piece.drive_cycle,
                    &piece.plugged_in,
                    &piece.route,
                    &piece.band,
                    &piece.started_at,
                    &piece.ended_at,
                    &piece.seconds,
                    &piece.km,
                    &piece.net_kwh,
                    &heater,
                    &heater_base,
                    &soc_start,
                    &soc_end,
                ],
            )
            .await?;
    }
    Ok(())
}

fn all() -> TripSelection {
    TripSelection::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trip_over_midnight_is_one_row_and_charging_is_none() -> Result<()> {
    let (url, owner) = database().await?;
    insert(
        &owner,
        &[
            Piece {
                hour: "2026-01-10T23:00:00Z",
                started_at: "2026-01-10T23:30:00Z",
                ended_at: "2026-01-11T00:00:01Z",
                seconds: 1700.0,
                soc: Some((90.0, 80.0)),
                heater: Some((10.0, 40.0)),
                route: Some("10"),
                ..Piece::default()
            },
            Piece {
                hour: "2026-01-11T00:00:00Z",
                band: Some(-35),
                started_at: "2026-01-11T00:00:01Z",
                ended_at: "2026-01-11T00:30:00Z",
                seconds: 1000.0,
                soc: Some((80.0, 71.0)),
                ..Piece::default()
            },
            Piece {
                drive_cycle: Some(2),
                plugged_in: true,
                net_kwh: -30.0,
                ..Piece::default()
            },
            // Key off and no trip: standing.
            Piece {
                drive_cycle: None,
                ..Piece::default()
            },
        ],
    )
    .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let trips = energy_by_trip(&reader.client, &all()).await?;
    assert_eq!(trips.len(), 1, "{trips:#?}");
    let trip = &trips[0];
    assert_eq!(trip.started_at.to_string(), "2026-01-10T23:30:00Z");
    assert_eq!(trip.ended_at.to_string(), "2026-01-11T00:30:00Z");
    assert_eq!(
        (trip.soc_start_percent, trip.soc_end_percent),
        (Some(90.0), Some(71.0))
    );
    assert_eq!(trip.route.as_deref(), Some("10"));
    assert_eq!(trip.coverage, Some(2700.0 / 3600.0));
    assert_eq!(trip.energy.net_kwh, Some(80.0));
    assert_eq!(trip.energy.kwh_per_km, Some(2.0));
    // The heater was metered in one of the two pieces: its share is of that one.
    assert_eq!(trip.energy.heater.share(), Some(0.25));
    assert_eq!(trip.energy.auxiliary.kwh, None);
    assert_eq!(trip.energy.exterior_temperature_mean_celsius, None);

    // A time range takes whole trips, by their start.
    let after_midnight = TripSelection {
        from: Some("2026-01-11T00:00:00Z".parse()?),
        ..all()
    };
    assert!(
        energy_by_trip(&reader.client, &after_midnight)
            .await?
            .is_empty()
    );
    assert!(
        energy_by_band(&reader.client, &after_midnight)
            .await?
            .is_empty()
    );
    let before_midnight = TripSelection {
        to: Some("2026-01-11T00:00:00Z".parse()?),
        ..all()
    };
    let total = energy_by_band(&reader.client, &before_midnight)
        .await?
        .pop()
        .context("total")?;
    assert_eq!(total.energy.net_kwh, Some(80.0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bands_are_ordered_and_the_total_counts_a_trip_once() -> Result<()> {
    let (url, owner) = database().await?;
    let trip = |drive_cycle, band, heater| Piece {
        drive_cycle: Some(drive_cycle),
        band,
        heater,
        ..Piece::default()
    };
    insert(
        &owner,
        &[
            trip(1, None, None),
            trip(1, Some(-5), Some((8.0, 40.0))),
            trip(1, Some(-40), None),
            trip(2, Some(-5), Some((0.0, 40.0))),
            Piece {
                vehicle_id: 3,
                ..trip(1, Some(-5), None)
            },
        ],
    )
    .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let bands = energy_by_band(&reader.client, &all()).await?;
    let shape: Vec<(Band, i64, Option<f64>)> = bands
        .iter()
        .map(|row| (row.band, row.trips, row.energy.heater.kwh))
        .collect();
    assert_eq!(
        shape,
        [
            (Band::From(-40), 1, None),
            (Band::From(-5), 3, Some(8.0)),
            (Band::Unknown, 1, None),
            (Band::Total, 3, Some(8.0)),
        ]
    );
    assert_eq!(bands[3].energy.net_kwh, Some(200.0));
    assert_eq!(bands[3].energy.heater.share(), Some(0.1));
    let one_fleet = TripSelection {
        fleet: Some("almaty".to_owned()),
        ..all()
    };
    let bands = energy_by_band(&reader.client, &one_fleet).await?;
    assert_eq!(
        bands.len(),
        2,
        "no unknown band where there is none: {bands:#?}"
    );

    // The views say the same as the report.
    let row = reader
        .client
        .query_one(
            "select sum(trips)::bigint, sum(net_kwh), sum(heater_kwh), count(heater_kwh)
            from band_energy where band_celsius = -5",
            &[],
        )
        .await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, f64>(1)), (3, 120.0));
    assert_eq!((row.get::<_, f64>(2), row.get::<_, i64>(3)), (8.0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn range_rests_on_the_model_or_on_the_state_of_charge_or_is_unknown() -> Result<()> {
    let (url, owner) = database().await?;
    let cycle = |vehicle_id, drive_cycle, soc| Piece {
        vehicle_id,
        drive_cycle: Some(drive_cycle),
        route: Some("10"),
        soc,
        ..Piece::default()
    };
    insert(
        &owner,
        &[
            cycle(1, 1, None),
            // 80 kWh for 40 points: 200 kWh.
            cycle(2, 1, Some((90.0, 70.0))),
            cycle(2, 2, Some((70.0, 50.0))),
            // A trip that was half missed would make the battery look small.
            Piece {
                seconds: 1800.0,
                ..cycle(2, 3, Some((50.0, 10.0)))
            },
            // Only 39 points.
            cycle(3, 1, Some((90.0, 51.0))),
        ],
    )
    .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let by_bus = range_by_band(&reader.client, RangeGroup::Bus, &all()).await?;
    let shape: Vec<_> = by_bus
        .iter()
        .map(|row| {
            (
                row.group.as_str(),
                row.range_km,
                row.usable_energy_source.as_deref(),
                row.trips,
            )
        })
        .collect();
    assert_eq!(
        shape,
        [
            ("almaty/b1", None, None, 1),
            ("astana/b1", Some(150.0), Some("model"), 1),
            ("astana/b2", Some(100.0), Some("soc"), 3),
        ]
    );
    assert_eq!(by_bus[2].coverage, Some(2.5 / 3.0));
    let by_route = range_by_band(&reader.client, RangeGroup::Route, &all()).await?;
    let route = by_route
        .iter()
        .find(|row| row.group == "astana/10")
        .context("route")?;
    assert_eq!(
        (route.vehicles, route.range_vehicles, route.trips),
        (2, 2, 4)
    );
    assert_eq!(route.usable_energy_source.as_deref(), Some("mixed"));
    // (300 · 20 km + 200 · 60 km) over 160 kWh.
    assert_eq!(route.range_km, Some(112.5));

    let from_view = reader
        .client
        .query_one(
            "select range_km from winter_range where vehicle = 'b2'",
            &[],
        )
        .await?;
    assert_eq!(from_view.get::<_, f64>(0), 100.0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_keeps_driving_and_charging_apart() -> Result<()> {
    let (url, owner) = database().await?;
    insert(
        &owner,
        &[
            Piece {
                seconds: 1200.0,
                ..Piece::default()
            },
            Piece {
                plugged_in: true,
                seconds: 600.0,
                km: 0.0,
                net_kwh: -30.0,
                ..Piece::default()
            },
        ],
    )
    .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let row = reader
        .client
        .query_one(
            "select net_kwh, charged_kwh, coverage, plugged_seconds, heater_kwh from hour_energy",
            &[],
        )
        .await?;
    let figures = [0, 1, 2, 3].map(|column| row.get::<_, f64>(column));
    assert_eq!(figures, [40.0, 30.0, 0.5, 600.0]);
    assert_eq!(row.get::<_, Option<f64>>(4), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_known_state_ignores_bad_clocks_and_backfill() -> Result<()> {
    let (url, owner) = database().await?;
    owner
        .client
        .batch_execute(
            "insert into reading (vehicle_id, recorded_at, boot_id, sequence, received_at,
                time_quality, historical, soc_percent, charge_state, cabin_temperature_celsius)
            values
                (1, '2026-01-10T05:00:00Z', 1, 1, now(), 0, false, 55, 2, 4),
                (1, '2026-01-10T05:59:40Z', 1, 2, now(), 0, false, 54, 3, null),
                (1, '2026-01-10T06:00:00Z', 1, 3, now(), 0, false, null, null, 0),
                (1, '2036-01-10T06:00:00Z', 1, 4, now(), 1, false, 99, 1, 20),
                (1, '2026-01-10T07:00:00Z', 1, 5, now(), 0, true, 98, 1, 20);
            insert into vehicle_status values (1, false, 1, now())",
        )
        .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let rows = reader
        .client
        .query(
            "select vehicle_id, soc_percent, charge_state, plugged_in, cabin_temperature_celsius,
                online, to_char(recorded_at at time zone 'UTC', 'HH24:MI'), samples
            from vehicle_now order by vehicle_id",
            &[],
        )
        .await?;
    assert_eq!(
        rows.len(),
        3,
        "a vehicle that never sent anything is listed too"
    );
    let row = &rows[0];
    assert_eq!(
        row.get::<_, Option<f32>>(1),
        Some(54.0),
        "within the last minute"
    );
    assert_eq!(row.get::<_, Option<&str>>(2), Some("charging"));
    assert_eq!(row.get::<_, Option<bool>>(3), Some(true));
    assert_eq!(row.get::<_, Option<f32>>(4), Some(0.0), "0 °C is a value");
    assert_eq!(row.get::<_, Option<bool>>(5), Some(false));
    assert_eq!(row.get::<_, Option<&str>>(6), Some("06:00"));
    assert_eq!(row.get::<_, Option<i64>>(7), Some(2));
    assert_eq!(rows[1].get::<_, Option<bool>>(5), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_gives_empty_reports() -> Result<()> {
    let (url, _owner) = database().await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    assert!(!any_trip(&reader.client).await?);
    assert!(energy_by_trip(&reader.client, &all()).await?.is_empty());
    assert!(energy_by_band(&reader.client, &all()).await?.is_empty());
    for group in [RangeGroup::Bus, RangeGroup::Model, RangeGroup::Route] {
        assert!(
            range_by_band(&reader.client, group, &all())
                .await?
                .is_empty()
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_starts_over_makes_new_trips() -> Result<()> {
    let (url, owner) = database().await?;
    let part = |hour, ended_at| Piece {
        hour,
        started_at: hour,
        ended_at,
        ..Piece::default()
    };
    insert(
        &owner,
        &[
            part("2024-01-10T06:00:00Z", "2024-01-10T07:00:00Z"),
            // Two pieces from the same instant on, and a pause of less than a day.
            part("2026-01-10T06:00:00Z", "2026-01-10T07:00:00Z"),
            part("2026-01-10T06:00:00Z", "2026-01-10T06:30:00Z"),
            part("2026-01-11T06:00:00Z", "2026-01-11T07:00:00Z"),
            // More than a day after the end of all before.
            part("2026-01-12T08:00:00Z", "2026-01-12T09:00:00Z"),
        ],
    )
    .await?;
    let reader = Connection::open(&url, Role::Reader).await?;
    let began = async |selection: &TripSelection| -> Result<Vec<String>> {
        let trips = energy_by_trip(&reader.client, selection).await?;
        let total = energy_by_band(&reader.client, selection).await?.pop();
        assert_eq!(total.map_or(0, |total| total.trips), trips.len() as i64);
        Ok(trips.iter().map(|t| t.started_at.to_string()).collect())
    };
    let (first, second, third) = (
        "2024-01-10T06:00:00Z",
        "2026-01-10T06:00:00Z",
        "2026-01-12T08:00:00Z",
    );
    assert_eq!(began(&all()).await?, [first, second, third]);
    let selection = |from: &str, to: &str| -> Result<TripSelection> {
        Ok(TripSelection {
            from: Some(from.parse()?),
            to: Some(to.parse()?),
            ..all()
        })
    };
    let of_2026 = selection("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z")?;
    assert_eq!(began(&of_2026).await?, [second]);
    let trips = energy_by_trip(&reader.client, &of_2026).await?;
    assert_eq!(trips[0].energy.km, Some(60.0), "with its part after --to");
    // What began before is not taken for a trip of its own.
    let later = selection("2026-01-11T00:00:00Z", "2026-02-01T00:00:00Z")?;
    assert_eq!(began(&later).await?, [third]);

    let views = reader.client.query(
        "select km, coverage, (select sum(trips) from band_energy)::bigint from trip_energy
        order by started_at",
        &[],
    );
    let views: Vec<(f64, f64, i64)> = views
        .await?
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let reports: Vec<(f64, f64, i64)> = energy_by_trip(&reader.client, &all())
        .await?
        .iter()
        .map(|t| (t.energy.km.unwrap_or(0.0), t.coverage.unwrap_or(0.0), 3))
        .collect();
    assert_eq!(views, reports);
    Ok(())
}
