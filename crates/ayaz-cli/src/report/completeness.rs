//! `ayaz report completeness`.

use anyhow::Result;
use ayaz_store::reports::{self, CompletenessRow, TripSelection};
use tokio_postgres::Client;

use super::Rendered;
use super::legend::{COMPLETE, Legend};
use super::threshold::{Threshold, completeness};
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::{number, percent};
use crate::output::sheet::{Columns, Sheet};
use crate::output::table::{Table, figure, name, text};

pub(super) async fn report(
    client: &Client,
    selection: &TripSelection,
    threshold: Threshold,
    look: Look,
) -> Result<Rendered> {
    let rows = reports::completeness(client, selection).await?;
    Ok(Rendered {
        sheet: sheet(&rows, threshold),
        table: people(&rows, threshold, look),
    })
}

fn sheet(rows: &[CompletenessRow], threshold: Threshold) -> Sheet {
    Columns::<CompletenessRow>::new()
        .with("fleet", |it| it.fleet.clone())
        .with("vehicle", |it| it.vehicle.clone())
        .with("service_day", |it| it.service_day.to_string())
        .with("completeness", |it| it.completeness)
        .with("is_below_threshold", move |it| {
            threshold.is_missed_by(it.completeness)
        })
        .with("readings", |it| it.readings)
        .with("readings_missing", |it| it.readings_missing)
        .with("readings_flagged", |it| it.readings_flagged)
        .with("readings_out_of_order", |it| it.readings_out_of_order)
        .with("sequence_share", |it| it.sequence_share)
        .with("trip_coverage", |it| it.trip_coverage)
        .with("distance_share", |it| it.distance_share)
        .with("unflagged_share", |it| it.unflagged_share)
        .with("trips", |it| it.trips)
        .with("km", |it| it.km)
        .with("odometer_km", |it| it.odometer_km)
        .with("time_share", |it| it.time_share)
        .with("active_seconds", |it| it.active_seconds)
        .with("still_seconds", |it| it.still_seconds)
        .sheet(rows)
}

fn people(rows: &[CompletenessRow], threshold: Threshold, look: Look) -> String {
    let mut table = Table::new([
        name("vehicle"),
        text("service day", 0),
        figure(COMPLETE, 0),
        figure("readings", 8),
        figure("missing", 7),
        figure("flagged", 6),
        figure("out of order", 9),
        figure("sequence %", 1),
        figure("trips covered %", 5),
        figure("distance %", 3),
        figure("unflagged %", 2),
        figure("day %", 4),
        figure("km", 10),
        figure("odometer km", 11),
    ]);
    for row in rows {
        let cells = [
            format!("{}/{}", row.fleet, row.vehicle),
            row.service_day.to_string(),
            completeness(row.completeness, threshold),
            row.readings.to_string(),
            row.readings_missing.to_string(),
            row.readings_flagged.to_string(),
            row.readings_out_of_order.to_string(),
            percent(row.sequence_share),
            percent(row.trip_coverage),
            percent(row.distance_share),
            percent(row.unflagged_share),
            percent(row.time_share),
            number(row.km, 1),
            number(row.odometer_km, 1),
        ];
        if threshold.is_missed_by(row.completeness) {
            table.add_dim_row(cells);
        } else {
            table.add_row(cells);
        }
    }
    let below = rows
        .iter()
        .filter(|row| threshold.is_missed_by(row.completeness))
        .count();
    let mut legend = Legend::new(&table, look);
    legend.counts(rows.len(), "vehicle day", below, threshold);
    legend.heading(
        COMPLETE,
        "the smallest of sequence %, trips covered %, distance %, unflagged % and day %.",
    );
    for (heading, meaning) in [
        (
            "sequence %",
            "readings that arrived, as a share of the numbered ones.",
        ),
        (
            "trips covered %",
            "share of the trips' time that was measured.",
        ),
        ("distance %", "distance against the odometer."),
        (
            "unflagged %",
            "readings without flags and in the order of their numbers.",
        ),
        (
            "day %",
            "share of the day that was measured, or in which the bus is known to have been stationary.",
        ),
    ] {
        legend.heading(heading, meaning);
    }
    with_notes(&table, legend.into_lines("nothing to compare."), look)
}
