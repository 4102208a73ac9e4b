//! Energy by component, distance and fuel of each vehicle and day.

use std::fmt::Write as _;

use ayaz_energy::{Bucket, Energy};
use ayaz_model::UnixMicroseconds;
use ayaz_sim::{DataFaultKind, TruthBus, TruthEnergy, TruthTotals};

use crate::work::Found;

/// Relative tolerance.
const RELATIVE: f64 = 0.01;
/// Absolute tolerance, kWh, km and l.
const ABSOLUTE: f64 = 0.02;

/// Faults that remove readings, or give them a wrong time.
const REMOVES_READINGS: &[DataFaultKind] = &[
    DataFaultKind::ClockJump,
    DataFaultKind::ClockUnset,
    DataFaultKind::Lost,
];
/// Faults that remove values or, at a boot, the time between two readings. Their energy is missing,
/// and the result shows it.
const REMOVES_VALUES: &[DataFaultKind] = &[
    DataFaultKind::Reboot,
    DataFaultKind::Stuck,
    DataFaultKind::Ramp,
];

/// Whether a reading that was taken then is missing or has a wrong time.
pub(crate) fn is_excluded(truth: &TruthBus, taken_at: UnixMicroseconds) -> bool {
    truth.data_faults.iter().any(|fault| {
        REMOVES_READINGS.contains(&fault.kind) && (fault.from..=fault.until).contains(&taken_at)
    })
}

/// Compares with the truth; for days with missing readings, with the result of the other readings
/// without faults. Returns how many days were compared, and how many of them were incomplete.
pub(crate) fn check(
    truth: &TruthBus,
    others: &Found,
    found: &Found,
    report: &mut String,
) -> (usize, usize) {
    let (mut compared, mut parts) = (0, 0);
    for day in &truth.days {
        let of_day = || {
            let buckets = found.outcome.buckets.iter();
            buckets.filter(move |bucket| bucket.service_day == day.service_day)
        };
        let began_at = of_day().map(|bucket| bucket.started_at).min();
        let ended_at = of_day().map(|bucket| bucket.ended_at).max();
        let has = |kinds: &[DataFaultKind]| {
            truth.data_faults.iter().any(|fault| {
                kinds.contains(&fault.kind)
                    && began_at.is_some_and(|began_at| began_at <= fault.until)
                    && ended_at.is_some_and(|ended_at| fault.from <= ended_at)
            })
        };
        let seconds: f64 = of_day().map(|bucket| bucket.energy.seconds).sum();
        // Excluded readings must show as missing time, and nothing may count twice.
        let most = 1.005 * day.totals.seconds;
        if seconds > most {
            let name = &truth.vehicle;
            let _ = writeln!(report, "{name} {}: {seconds} s", day.service_day);
        }
        if has(REMOVES_VALUES) {
            continue;
        }
        compared += 1;
        let expected = if has(REMOVES_READINGS) {
            parts += 1;
            let buckets = others.outcome.buckets.iter();
            sums(buckets.filter(|bucket| bucket.service_day == day.service_day))
        } else {
            true_sums(&day.totals)
        };
        for ((what, found), (_, expected)) in sums(of_day()).into_iter().zip(expected) {
            let tolerance = (RELATIVE * expected.abs()).max(ABSOLUTE);
            if (found - expected).abs() > tolerance {
                let name = &truth.vehicle;
                let day = day.service_day;
                let _ = writeln!(report, "{name} {day} {what}: {found}, not {expected}");
            }
        }
    }
    (compared, parts)
}

/// Every value of a day, with its name.
fn sums<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Vec<(String, f64)> {
    let buckets: Vec<&Bucket> = buckets.collect();
    let all = |figure: Figure| -> f64 { buckets.iter().map(|bucket| figure(&bucket.energy)).sum() };
    let mut sums = Vec::new();
    for plugged_in in [false, true] {
        for (what, figure, _) in figures(&TruthEnergy::default()) {
            let of = buckets
                .iter()
                .filter(|bucket| bucket.plugged_in == plugged_in);
            let sum = of.map(|bucket| figure(&bucket.energy)).sum();
            sums.push((format!("{what}, plugged in: {plugged_in}"), sum));
        }
    }
    sums.push(("km".to_owned(), all(|e| e.km)));
    sums.push(("litres".to_owned(), all(|e| e.fuel_litres.unwrap_or(0.0))));
    sums.push(("seconds".to_owned(), all(|e| e.seconds)));
    sums
}

/// The same values of the truth, in the same order.
fn true_sums(totals: &TruthTotals) -> Vec<(String, f64)> {
    let sides = [&totals.unplugged, &totals.plugged_in];
    let energies = sides.into_iter().flat_map(figures);
    let mut sums: Vec<_> = energies
        .map(|(what, _, value)| (what.to_owned(), value))
        .collect();
    sums.push(("km".to_owned(), totals.distance_km));
    sums.push(("litres".to_owned(), totals.fuel_litres));
    sums.push(("seconds".to_owned(), totals.seconds));
    sums
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
