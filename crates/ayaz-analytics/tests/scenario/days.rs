//! Energy by component, distance and fuel of each bus-day.

use std::fmt::Write as _;

use ayaz_sim::{DataFaultKind, TruthBus, TruthEnergy};
use ayaz_store::analytics::{Energy, Piece};

use crate::work::Found;

/// Of the truth.
const RELATIVE: f64 = 0.01;
/// Less than this is not worth a per cent, kWh, km and l.
const ABSOLUTE: f64 = 0.02;

/// Faults that leave readings or values out, so that their energy is missing, and is said to be.
const LEAVE_OUT: &[DataFaultKind] = &[
    DataFaultKind::ClockJump,
    DataFaultKind::ClockUnset,
    DataFaultKind::Reboot,
    DataFaultKind::Lost,
    DataFaultKind::Stuck,
    DataFaultKind::Ramp,
];

/// Returns how many bus-days were compared.
pub(crate) fn check(truth: &TruthBus, found: &Found, report: &mut String) -> usize {
    let mut compared = 0;
    for day in &truth.days {
        let of_day = || {
            let pieces = found.outcome.pieces.iter();
            pieces.filter(move |piece| piece.service_day == day.service_day)
        };
        let began_at = of_day().map(|piece| piece.started_at).min();
        let ended_at = of_day().map(|piece| piece.ended_at).max();
        let whole = !truth.data_faults.iter().any(|fault| {
            LEAVE_OUT.contains(&fault.kind)
                && began_at.is_some_and(|began_at| began_at <= fault.until)
                && ended_at.is_some_and(|ended_at| fault.from <= ended_at)
        });
        let seconds: f64 = of_day().map(|piece| piece.energy.seconds).sum();
        if !whole {
            // What is left out must show as missing time, and nothing may be counted twice.
            let most = 1.005 * day.totals.seconds;
            if seconds > most {
                let name = &truth.vehicle;
                let _ = writeln!(report, "{name} {}: {seconds} s", day.service_day);
            }
            continue;
        }
        compared += 1;
        let mut compare = |what: &str, found: f64, truth_value: f64| {
            let tolerance = (RELATIVE * truth_value.abs()).max(ABSOLUTE);
            if (found - truth_value).abs() > tolerance {
                let name = &truth.vehicle;
                let day = day.service_day;
                let _ = writeln!(report, "{name} {day} {what}: {found}, not {truth_value}");
            }
        };
        let sum = |figure: fn(&Energy) -> f64, plugged_in: bool| -> f64 {
            of_day()
                .filter(|piece| piece.plugged_in == plugged_in)
                .map(|piece| figure(&piece.energy))
                .sum()
        };
        for (plugged_in, energy) in [
            (false, &day.totals.unplugged),
            (true, &day.totals.plugged_in),
        ] {
            for (what, figure, value) in figures(energy) {
                let what = format!(
                    "{what}, {}",
                    if plugged_in {
                        "plugged in"
                    } else {
                        "unplugged"
                    }
                );
                compare(&what, sum(figure, plugged_in), value);
            }
        }
        let all = |figure: fn(&Piece) -> f64| -> f64 { of_day().map(figure).sum() };
        compare("km", all(|piece| piece.energy.km), day.totals.distance_km);
        let litres = all(|piece| piece.energy.fuel_litres.unwrap_or(0.0));
        compare("litres", litres, day.totals.fuel_litres);
        compare("seconds", seconds, day.totals.seconds);
    }
    compared
}

type Figure = fn(&Energy) -> f64;

fn figures(truth: &TruthEnergy) -> [(&'static str, Figure, f64); 10] {
    [
        ("net", |e| e.net_kwh, truth.net_kwh()),
        ("discharge", |e| e.discharge_kwh, truth.out_of_battery_kwh),
        ("regeneration", |e| e.regen_kwh, truth.into_battery_kwh),
        (
            "traction",
            |e| e.traction_kwh.unwrap_or(0.0),
            truth.traction_kwh,
        ),
        (
            "cabin heater",
            |e| e.heater_kwh.unwrap_or(0.0),
            truth.cabin_heater_kwh,
        ),
        (
            "heat pump",
            |e| e.heat_pump_kwh.unwrap_or(0.0),
            truth.heat_pump_kwh,
        ),
        (
            "battery heater",
            |e| e.battery_heater_kwh.unwrap_or(0.0),
            truth.battery_heater_kwh,
        ),
        (
            "air conditioning",
            |e| e.air_conditioning_kwh.unwrap_or(0.0),
            truth.air_conditioning_kwh,
        ),
        (
            "auxiliaries",
            |e| e.auxiliary_kwh.unwrap_or(0.0),
            truth.auxiliary_kwh,
        ),
        (
            "charger",
            |e| e.charger_kwh.unwrap_or(0.0),
            truth.charger_kwh,
        ),
    ]
}
