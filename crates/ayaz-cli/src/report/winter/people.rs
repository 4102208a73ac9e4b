//! The range report as a table for people.

use ayaz_store::reports::RangeBand;

use super::super::legend::{COMPLETE, Legend};
use super::super::threshold::completeness;
use super::super::{cold, heat, split};
use super::Ranges;
use crate::output::look::Look;
use crate::output::notes::with_notes;
use crate::output::number::{NOTHING, number, percent};
use crate::output::table::{Table, figure, name, text};

/// Replaces the range of a band with too little data.
const TOO_LITTLE: &str = "not enough data";

pub(super) fn table_of(ranges: &Ranges, look: Look) -> String {
    let table = draw(ranges);
    with_notes(&table, notes(ranges, &table, look), look)
}

fn draw(ranges: &Ranges) -> Table {
    let has_left_out = ranges.left_out.incomplete > 0;
    let mut columns = vec![
        name(ranges.by.name()),
        text("outside °C", 0),
        figure("range km", 0),
        figure("lost %", 1),
        figure("kWh/km", 4),
    ];
    columns.extend(split::COLUMNS);
    columns.push(figure("trips", 2));
    columns.extend(has_left_out.then_some(figure("left out", 5)));
    columns.extend([figure("hours", 7), figure("km", 6), figure(COMPLETE, 3)]);
    let mut table = Table::new(columns);
    let mut previous = "";
    for band in &ranges.rows {
        let energy = &band.energy;
        let is_first = band.group != previous;
        previous = &band.group;
        let (range, loss) = if band.trips == 0 {
            ("all left out".to_owned(), NOTHING.to_owned())
        } else if !band.has_enough_data {
            (TOO_LITTLE.to_owned(), NOTHING.to_owned())
        } else {
            let range = number(band.range_km, 0) + cold::mark(energy);
            (range, percent(band.range_loss_share))
        };
        let mut cells = vec![
            if is_first {
                band.group.clone()
            } else {
                String::new()
            },
            format!("{}{}", band.band, heat::mark(&band.heat_sources)),
            range,
            loss,
            number(energy.kwh_per_km, 2) + cold::mark(energy),
        ];
        cells.extend(split::cells(energy));
        cells.push(band.trips.to_string());
        cells.extend(has_left_out.then(|| band.trips_left_out.to_string()));
        cells.extend([
            number(Some(energy.seconds / 3600.0), 1),
            number(energy.km, 1),
            completeness(band.completeness, ranges.threshold),
        ]);
        // Bands with too little data are dim, too. Their range cell explains it.
        if !band.has_enough_data || ranges.threshold.is_missed_by(band.completeness) {
            table.add_dim_row(cells);
        } else {
            table.add_row(cells);
        }
    }
    table
}

fn notes(ranges: &Ranges, table: &Table, look: Look) -> Vec<String> {
    let by = ranges.by.name();
    let rows = &ranges.rows;
    let settings = &ranges.settings;
    let (from, to) = (settings.mild_from_celsius, settings.mild_to_celsius);
    let states = |is_stated: fn(&RangeBand) -> bool| {
        let mut with_data = rows.iter().filter(|row| row.has_enough_data);
        with_data.any(is_stated)
    };
    let mut legend = Legend::new(table, look);
    if states(|row| row.range_km.is_some()) {
        legend.heading(
            "range km",
            "from full to empty at the measured consumption.",
        );
    }
    if states(|row| row.range_loss_share.is_some()) {
        let mild = format!("against the same {by} between {from} and {to} °C outside.");
        legend.heading("lost %", &mild);
    }
    legend.bands();
    legend.heading(
        COMPLETE,
        "the smallest of: time measured, time without flags and distance against the odometer, of the \
         trips that are not left out.",
    );
    legend.mark("*", format!("less than {} complete.", ranges.threshold));
    legend.too_little(TOO_LITTLE, settings, "; nothing is extrapolated");
    legend.lines(cold::note(rows.iter().map(|row| &row.energy)));
    legend.lines(ranges.left_out_note());
    legend.lines(heat::note(
        rows.iter().map(|row| &row.heat_sources),
        "--by bus",
    ));
    let energies = rows.iter().map(|row| &row.energy);
    legend.lines(split::notes(table, look, energies));
    if states(|row| row.range_km.is_none()) {
        legend.line(
            "No range where no usable energy is known: enter it in vehicle_model, or wait until \
             trips have used 40 points of the state of charge.",
        );
    }
    let is_estimated = |row: &RangeBand| {
        let source = row.usable_energy_source.as_deref();
        source.is_some_and(|source| matches!(source, "soc" | "mixed"))
    };
    if rows.iter().any(is_estimated) {
        legend.line(
            "Usable energy is estimated from the state of charge where vehicle_model has none.",
        );
    }
    if states(|row| row.range_loss_share.is_none()) && table.shows(look, "lost %") {
        legend.line(format!(
            "No loss where the {by} has not driven enough in mild weather to compare with."
        ));
    }
    if rows.iter().any(|row| row.energy.fuel_litres.is_some()) {
        legend.line("Some buses burn fuel for heat, so they go further in the cold: fuel is in no figure above (see --format csv).");
    }
    legend.into_lines("not known.")
}
