//! `ayaz report winter-range --format svg` against a real database.

use std::process::{Command, Output};

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options};
use ayaz_store::{Connection, Role, migrate};
use roxmltree::Document;

/// A model may be called anything.
const MODEL: &str = "<&\">";

/// Three hours on three mornings each in the cold, in between and in mild weather; and a trip that is
/// alone in its band.
const PIECES: &str = "
    with trip as (
        select
            timestamptz '2026-01-10T06:00:00Z' + nth * interval '1 day'
                + place * interval '2 hours' as at,
            band,
            kwh + nth as kwh
        from (values (0, -22, 40.0), (1, -20, 35.0), (2, 15, 20.0)) as weather (place, band, kwh),
            generate_series(0, 2) as nth
        union all
        select timestamptz '2026-01-20T06:00:00Z', -30, 50.0
    ), sessions as (
        insert into session (
            vehicle_id, started_at, number, ended_at, kind, block_started_at, service_day,
            plugged_in_share, intervals, seconds, doubted_seconds, distance_seconds, km,
            energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km, paired_net_kwh,
            standing_seconds, standing_net_kwh, exterior_kelvin_seconds, exterior_seconds
        )
        select
            1, at, 0, at + interval '1 hour', 'trip', at, at::date, 0, 3600, 3600, 0, 3600, 20,
            3600, kwh, kwh + 1, 1, 20, kwh, 0, 0, (band + 1 + 273.15) * 3600, 3600
        from trip
    )
    insert into trip_band (
        vehicle_id, started_at, number, band, band_celsius, intervals, seconds, doubted_seconds,
        distance_seconds, km, energy_seconds, net_kwh, discharge_kwh, regen_kwh, paired_km,
        paired_net_kwh, standing_seconds, standing_net_kwh, exterior_kelvin_seconds,
        exterior_seconds
    )
    select
        1, at, 0, 0, band, 3600, 3600, 0, 3600, 20, 3600, kwh, kwh + 1, 1, 20, kwh, 0, 0,
        (band + 1 + 273.15) * 3600, 3600
    from trip";

fn chart(database_url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .args(["report", "winter-range", "--format", "svg"])
        .args(arguments)
        .env("AYAZ_DATABASE_URL", database_url)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_goes_to_the_standard_output_or_an_error_says_why_not() -> Result<()> {
    let options = Options {
        database: true,
        broker: false,
        ..Options::default()
    };
    let server = LocalStack::start(options, |line| eprintln!("{line}")).await?;
    let url = server.database_url();
    migrate::migrate(&url.parse()?).await?;

    let empty = chart(url, &[]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(empty.stdout.is_empty(), "no empty chart");
    let error = text(&empty.stderr);
    assert!(error.contains("no trips yet"), "{error}");

    let owner = Connection::open(&url.parse()?, Role::Owner).await?;
    owner
        .client
        .execute("insert into vehicle_model values ($1, 12, 300)", &[&MODEL])
        .await?;
    owner
        .client
        .execute(
            "insert into vehicle (fleet, vehicle, model) values ('astana', 'b1', $1)",
            &[&MODEL],
        )
        .await?;
    owner.client.batch_execute(PIECES).await?;

    let drawn = chart(url, &["--by", "model"]);
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    assert!(drawn.stderr.is_empty(), "{}", text(&drawn.stderr));
    let svg = text(&drawn.stdout);
    let document = Document::parse(&svg)?;
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .map(str::trim)
        .collect();
    let count = |wanted: &str| texts.iter().filter(|text| **text == wanted).count();
    assert_eq!(count(MODEL), 2, "legend and figures: {texts:?}");
    // Three bands of three trips and three hours, and one of one and one that states no range.
    assert_eq!((count("3"), count("(1)")), (6, 2), "{texts:?}");
    // 300 kWh over 123 kWh in 60 km; over 63 kWh in mild weather: 1 - 63 / 123.
    assert_eq!((count("146"), count("49")), (1, 1), "{texts:?}");
    let rests_on = "Rests on 10 trips of 1 model (1 bus): 200 km in 10 h; 100 % of the trips' time";
    assert!(
        svg.contains(rests_on) || svg.contains(&rests_on.replace('\'', "&apos;")),
        "{svg}"
    );
    let dots = document
        .descendants()
        .filter(|node| node.has_tag_name("circle") && number(node.attribute("r")) == 3.0);
    // Ten trips, and two in the legend.
    assert_eq!(dots.count(), 12);

    let filtered = chart(url, &["--fleet", "almaty"]);
    assert_eq!(filtered.status.code(), Some(1));
    assert!(text(&filtered.stderr).contains("no trips match"));

    owner
        .client
        .batch_execute("update vehicle_model set usable_energy_kwh = null")
        .await?;
    let without = chart(url, &[]);
    assert_eq!(without.status.code(), Some(1));
    assert!(without.stdout.is_empty());
    let error = text(&without.stderr);
    assert!(error.contains("no usable energy is"), "{error}");
    Ok(())
}

fn number(attribute: Option<&str>) -> f64 {
    attribute
        .context("attribute")
        .and_then(|text| Ok(text.parse()?))
        .unwrap_or(f64::NAN)
}
