//! The range report for people.

use ayaz_store::reports::RangeBand;

use super::super::look::Look;
use super::super::table::{
    BANDS_NOTE, NOTHING, Table, completeness, figure, name, number, percent, text, with_notes,
};
use super::super::{cold, heat, split};
use super::Ranges;

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
    columns.extend([figure("hours", 7), figure("km", 6), figure("complete %", 3)]);
    let mut table = Table::new(columns);
    let mut previous = "";
    for band in &ranges.rows {
        let energy = &band.energy;
        let is_first = band.group != previous;
        previous = &band.group;
        let (range, loss) = if band.trips == 0 {
            ("all left out".to_owned(), NOTHING.to_owned())
        } else if !band.has_enough_data {
            ("not enough data".to_owned(), NOTHING.to_owned())
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
        // What is too little is dim too: it says so in its range.
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
    let mut notes = vec![
        "range: from full to empty at the measured consumption.".to_owned(),
        format!("lost: against the same {by} between {from} and {to} °C outside."),
        format!(
            "complete % (* below {}): the least of time measured, time without flags, and distance \
             against the odometer, of the trips that touch the band and are not left out.",
            ranges.threshold
        ),
        format!(
            "not enough data: under {} trips, {} h or {} km. Nothing is extrapolated. {NOTHING}: not \
             known.",
            settings.band_trips_min, settings.band_hours_min, settings.band_km_min
        ),
    ];
    notes.push(BANDS_NOTE.to_owned());
    notes.extend(cold::note(rows.iter().map(|row| &row.energy)));
    notes.extend(ranges.what_is_left_out());
    notes.extend(heat::note(
        rows.iter().map(|row| &row.heat_sources),
        "--by bus",
    ));
    notes.extend(split::notes(
        split::is_shown(table, look),
        rows.iter().map(|row| &row.energy),
    ));
    let without_range = |row: &&RangeBand| row.range_km.is_none() && row.trips > 0;
    if rows.iter().find(without_range).is_some() {
        notes.push(
            "No range where no usable energy is known: enter it in vehicle_model, or wait until \
             trips have used 40 points of the state of charge."
                .to_owned(),
        );
    }
    if rows.iter().any(|row| {
        row.usable_energy_source
            .as_deref()
            .is_some_and(|s| matches!(s, "soc" | "mixed"))
    }) {
        notes.push(
            "Usable energy is estimated from the state of charge where vehicle_model has none."
                .to_owned(),
        );
    }
    if rows
        .iter()
        .any(|row| row.range_loss_share.is_none() && row.has_enough_data)
    {
        notes.push(format!(
            "No loss where the {by} has not driven enough in mild weather to compare with."
        ));
    }
    if rows.iter().any(|row| row.energy.fuel_litres.is_some()) {
        notes.push(
            "Some burn fuel for heat, which is in no figure above: see fuel_heat_kwh in --format csv."
                .to_owned(),
        );
    }
    notes
}
