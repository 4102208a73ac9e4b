//! The range report for people.

use ayaz_store::reports::{Band, EnergySums};

use super::super::table::{NOTHING, TRIPS_MIN, number, percent, table};
use super::{By, KM_MIN, MILD_CELSIUS, Row};

/// Electric cabin heat: resistive heater and heat pump. Their shares add, each being of the energy
/// while it was metered.
fn cabin_heat_share(energy: &EnergySums) -> Option<f64> {
    match (energy.heater.share(), energy.heat_pump.share()) {
        (None, None) => None,
        (heater, heat_pump) => Some(heater.unwrap_or(0.0) + heat_pump.unwrap_or(0.0)),
    }
}

pub(super) fn table_of(by: By, rows: &[Row]) -> String {
    let mut table = table(
        &[
            by.name(),
            "outside °C",
            "range km",
            "lost %",
            "kWh/km",
            "traction %",
            "cabin heat %",
            "battery heat %",
            "auxiliary %",
            "trips",
            "hours",
            "km",
            "coverage %",
        ],
        2,
    );
    let mut previous = "";
    for row in rows {
        let (band, energy) = (&row.band, &row.band.energy);
        let is_first = band.group != previous;
        previous = &band.group;
        let (range, loss) = if row.is_thin {
            ("not enough data".to_owned(), NOTHING.to_owned())
        } else {
            (number(band.range_km, 0), percent(row.range_loss))
        };
        table.add_row([
            if is_first {
                band.group.clone()
            } else {
                String::new()
            },
            band.band.to_string(),
            range,
            loss,
            number(energy.kwh_per_km, 2),
            percent(energy.traction.share()),
            percent(cabin_heat_share(energy)),
            percent(energy.battery_heater.share()),
            percent(energy.auxiliary.share()),
            band.trips.to_string(),
            number(Some(energy.seconds / 3600.0), 1),
            number(energy.km, 1),
            percent(band.coverage),
        ]);
    }
    format!("{table}\n{}", notes(by, rows))
}

fn notes(by: By, rows: &[Row]) -> String {
    let by = by.name();
    let (from, to) = (MILD_CELSIUS[0], MILD_CELSIUS[1] + Band::WIDTH_CELSIUS);
    let mut notes = vec![
        "range: from full to empty at the measured consumption.".to_owned(),
        format!("lost: against the same {by} between {from} and {to} °C outside."),
        "Shares are of the net energy while that part was metered. coverage: of the trips' time \
         that was measured."
            .to_owned(),
        format!(
            "not enough data: under {TRIPS_MIN} trips, 1 h or {KM_MIN} km. Nothing is extrapolated. \
             {NOTHING}: not known."
        ),
    ];
    if rows.iter().any(|row| row.band.range_km.is_none()) {
        notes.push(
            "No range where no usable energy is known: enter it in vehicle_model, or wait until \
             trips have used 40 points of the state of charge."
                .to_owned(),
        );
    }
    if rows.iter().any(|row| {
        row.band
            .usable_energy_source
            .as_deref()
            .is_some_and(|s| s != "model")
    }) {
        notes.push(
            "Usable energy is estimated from the state of charge where vehicle_model has none."
                .to_owned(),
        );
    }
    if rows
        .iter()
        .any(|row| row.range_loss.is_none() && !row.is_thin)
    {
        notes.push(format!(
            "No loss where the {by} has not driven enough in mild weather to compare with."
        ));
    }
    if rows.iter().any(|row| row.band.energy.fuel_litres.is_some()) {
        notes.push(
            "Some burn fuel for heat, which is in no figure above: see fuel_litres in --format csv."
                .to_owned(),
        );
    }
    notes.join("\n") + "\n"
}
