//! Tests of `ayaz report winter-range --format svg` with a real database.

use std::process::{Command, Output};

use anyhow::{Context, Result};
use ayaz_test_db::{Database, or_skip};
use roxmltree::Document;

use super::TRIPS;

/// A model may have any name.
const MODEL: &str = "<&\">";

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
async fn a_chart_is_written_to_standard_output_or_an_error_explains_why_not() -> Result<()> {
    let here = or_skip!(Database::new());
    let url = here.url.expose();

    let empty = chart(url, &[]);
    assert_eq!(empty.status.code(), Some(1));
    assert!(empty.stdout.is_empty(), "no empty chart");
    let error = text(&empty.stderr);
    assert!(error.contains("no trips yet"), "{error}");

    let owner = &here.owner;
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
    owner.client.batch_execute(TRIPS).await?;

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
    // Three bands with three trips and three hours, and one with one trip and no range.
    assert_eq!((count("3"), count("(1)")), (6, 2), "{texts:?}");
    // 300 kWh over 123 kWh in 60 km; over 63 kWh in mild weather: 1 - 63 / 123.
    assert_eq!((count("146"), count("49")), (1, 1), "{texts:?}");
    let basis = "Based on 10 trips of 1 model (1 bus): 200 km in 10 h; 100 % of the trips' time";
    assert!(
        svg.contains(basis) || svg.contains(&basis.replace('\'', "&apos;")),
        "{svg}"
    );
    let dots = document
        .descendants()
        .filter(|node| node.has_tag_name("circle") && number(node.attribute("r")) == 3.0);
    // Ten trips, and two in the legend.
    assert_eq!(dots.count(), 12);

    let strict = chart(url, &["--min-completeness", "100%"]);
    assert!(strict.status.success(), "{}", text(&strict.stderr));
    owner
        .client
        .batch_execute("update session set seconds = 1800 where started_at < '2026-01-11'")
        .await?;
    let left_out = text(&chart(url, &[]).stdout);
    assert!(left_out.contains("Left out: 3 of 10 trips"), "{left_out}");
    assert!(left_out.contains("(3 for missing time)"), "{left_out}");
    let all = text(&chart(url, &["--min-completeness", "0"]).stdout);
    assert!(!all.contains("eft out"), "{all}");

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
