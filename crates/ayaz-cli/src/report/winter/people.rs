//! The range report for people.

use ayaz_store::reports::EnergySums;

use super::super::table::{NOTHING, TRIPS_MIN, number, percent, table};
use super::{By, KM_MIN, Row, mild_celsius};

/// Bases that agree so far are of the same intervals: sums in another order differ in the last bits.
const BASE_TOLERANCE: f64 = 1e-6;

/// Electric cabin heat: resistive heater and heat pump. Shares of different energies do not add (a
/// route may be served by buses with and without a heat pump): then there is none.
fn cabin_heat_share(energy: &EnergySums) -> Option<f64> {
    let (heater, heat_pump) = (&energy.heater, &energy.heat_pump);
    match (heater.share(), heat_pump.share()) {
        (Some(heater_share), Some(heat_pump_share)) => {
            let (a, b) = heater.base_kwh.zip(heat_pump.base_kwh)?;
            let agree = (a - b).abs() <= BASE_TOLERANCE * a.abs().max(b.abs());
            agree.then_some(heater_share + heat_pump_share)
        }
        (heater, heat_pump) => heater.or(heat_pump),
    }
}

/// Whether both shares are known and still do not add.
fn has_two_bases(energy: &EnergySums) -> bool {
    let shares = energy.heater.share().zip(energy.heat_pump.share());
    shares.is_some() && cabin_heat_share(energy).is_none()
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
    let (from, to) = mild_celsius();
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
            .is_some_and(|s| matches!(s, "soc" | "mixed"))
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
    if rows.iter().any(|row| has_two_bases(&row.band.energy)) {
        notes.push(format!(
            "cabin heat {NOTHING}: heater and heat pump were not metered over the same driving, so \
             their shares do not add: see both in --format csv."
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

#[cfg(test)]
mod tests {
    use ayaz_store::reports::Component;

    use super::*;

    #[test]
    fn shares_add_only_if_they_are_of_the_same_energy() {
        let part = |kwh, base_kwh| Component {
            kwh: Some(kwh),
            base_kwh: Some(base_kwh),
        };
        let none = Component::default();
        for (heater, heat_pump, share) in [
            (part(20.0, 100.0), part(10.0, 100.0), Some(0.3)),
            (part(20.0, 100.0), part(10.0, 100.000_01), Some(0.3)),
            // Half of the buses have no heat pump.
            (part(20.0, 100.0), part(10.0, 50.0), None),
            (part(20.0, 100.0), none, Some(0.2)),
            (none, part(10.0, 50.0), Some(0.2)),
            (none, none, None),
        ] {
            let energy = EnergySums {
                heater,
                heat_pump,
                ..EnergySums::default()
            };
            let found = cabin_heat_share(&energy);
            let close = |(a, b): (f64, f64)| (a - b).abs() < 1e-6;
            assert_eq!(found.is_some(), share.is_some(), "{heater:?} {heat_pump:?}");
            assert!(found.zip(share).is_none_or(close), "{found:?}");
            assert_eq!(has_two_bases(&energy), share.is_none() && heater != none);
        }
    }
}
