//! `ayaz report completeness`.

use anyhow::Result;
use ayaz_store::reports::{CompletenessRow, TripSelection, completeness};
use tokio_postgres::Client;

use super::Rendered;
use super::sheet::{Cell, Sheet};
use super::table::{NOTHING, number, percent, table};

/// A day less complete than this is marked, 0 to 1.
const COMPLETE_SHARE_MIN: f64 = 0.9;

pub(super) async fn report(client: &Client, selection: &TripSelection) -> Result<Rendered> {
    let rows = completeness(client, selection).await?;
    Ok(Rendered {
        sheet: sheet(&rows),
        table: people(&rows),
    })
}

fn is_thin(row: &CompletenessRow) -> bool {
    row.completeness
        .is_none_or(|share| share < COMPLETE_SHARE_MIN)
}

fn sheet(rows: &[CompletenessRow]) -> Sheet {
    let columns = vec![
        "fleet",
        "vehicle",
        "service_day",
        "completeness",
        "is_below_threshold",
        "readings",
        "readings_missing",
        "readings_doubted",
        "readings_out_of_order",
        "sequence_share",
        "trip_coverage",
        "distance_share",
        "trusted_share",
        "trips",
        "km",
        "odometer_km",
    ];
    let row = |row: &CompletenessRow| -> Vec<Cell> {
        vec![
            row.fleet.clone().into(),
            row.vehicle.clone().into(),
            row.service_day.to_string().into(),
            row.completeness.into(),
            is_thin(row).into(),
            row.readings.into(),
            row.readings_missing.into(),
            row.readings_doubted.into(),
            row.readings_out_of_order.into(),
            row.sequence_share.into(),
            row.trip_coverage.into(),
            row.distance_share.into(),
            row.trusted_share.into(),
            row.trips.into(),
            row.km.into(),
            row.odometer_km.into(),
        ]
    };
    Sheet {
        columns,
        rows: rows.iter().map(row).collect(),
    }
}

fn people(rows: &[CompletenessRow]) -> String {
    let mut table = table(
        &[
            "vehicle",
            "service day",
            "complete %",
            "readings",
            "missing",
            "doubted",
            "out of order",
            "sequence %",
            "trips covered %",
            "distance %",
            "trusted %",
            "km",
            "odometer km",
        ],
        2,
    );
    for row in rows {
        let mark = if is_thin(row) { "*" } else { "" };
        table.add_row([
            format!("{}/{}", row.fleet, row.vehicle),
            row.service_day.to_string(),
            format!("{}{mark}", percent(row.completeness)),
            row.readings.to_string(),
            row.readings_missing.to_string(),
            row.readings_doubted.to_string(),
            row.readings_out_of_order.to_string(),
            percent(row.sequence_share),
            percent(row.trip_coverage),
            percent(row.distance_share),
            percent(row.trusted_share),
            number(row.km, 1),
            number(row.odometer_km, 1),
        ]);
    }
    let thin = rows.iter().filter(|row| is_thin(row)).count();
    format!(
        "{table}\n{} days of vehicles, {thin} of them (*) below {:.0} %. complete %: the worst of \
         readings present of those that were numbered, trips' time covered, distance against the \
         odometer, and readings that are trusted: not doubted, and in the order of their numbers \
         (else the device's clock stepped). {NOTHING}: nothing to compare.\n",
        rows.len(),
        100.0 * COMPLETE_SHARE_MIN
    )
}
