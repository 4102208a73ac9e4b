//! Trapezoids over the readings give the truth of every service day, for each component.

use std::collections::BTreeMap;

use ayaz_model::{Measurements, Reading};
use ayaz_sim::{Scenario, TruthBus};

use crate::{MONDAY, truth};

/// The powers of a reading, W, in the order of `TruthEnergy::components`.
fn powers(m: &Measurements) -> [f64; 9] {
    let out = m.battery_power_watts().unwrap();
    let [traction, heater, pump, battery, air, auxiliary, charger] = [
        m.traction_power_watts,
        m.cabin_heater_power_watts,
        m.heat_pump_power_watts,
        m.battery_heater_power_watts,
        m.air_conditioning_power_watts,
        m.auxiliary_power_watts,
        m.charger_power_watts,
    ]
    .map(|watts| f64::from(watts.unwrap()));
    [
        out.max(0.0),
        (-out).max(0.0),
        traction,
        heater,
        pump,
        battery,
        air,
        auxiliary,
        charger,
    ]
}

/// Sums of a day: kWh unplugged and plugged in, km, litres.
#[derive(Debug, Default)]
struct Day {
    kwh: [[f64; 9]; 2],
    km: f64,
    litres: f64,
}

/// Sums by service day (days since 1970) by the energy rules: an interval joins neighbouring readings of
/// one drive cycle that are at most 60 s apart, and belongs to the first one.
fn integrate(readings: impl Iterator<Item = Reading>) -> BTreeMap<i64, Day> {
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    let mut last: Option<Reading> = None;
    for reading in readings {
        if let Some(before) = last.replace(reading.clone()) {
            let (a, b) = (&before.measurements, &reading.measurements);
            let seconds = reading
                .key
                .recorded_at
                .seconds_since(before.key.recorded_at);
            assert!(seconds > 0.0 && seconds <= 60.0, "{seconds} s");
            if a.drive_cycle != b.drive_cycle {
                continue;
            }
            // UTC+5, cut at 03:00.
            let number = (before.key.recorded_at.0 + 2 * 3_600_000_000).div_euclid(86_400_000_000);
            let day = days.entry(number).or_default();
            let side = usize::from(a.is_plugged_in().unwrap());
            for (sum, (p, q)) in day.kwh[side]
                .iter_mut()
                .zip(powers(a).iter().zip(powers(b)))
            {
                *sum += (p + q) / 2.0 * seconds / 3.6e6;
            }
            let mean = |x: Option<f32>, y: Option<f32>| {
                f64::from(x.unwrap_or(0.0) + y.unwrap_or(0.0)) / 2.0
            };
            day.km += mean(a.speed_kmh, b.speed_kmh) * seconds / 3600.0;
            day.litres += mean(
                a.fuel_heater_rate_litres_per_hour,
                b.fuel_heater_rate_litres_per_hour,
            ) * seconds
                / 3600.0;
        }
    }
    days
}

/// The largest relative error of a sum of more than 100 Wh (or 100 m, or 0.1 l).
fn check(bus: &TruthBus, days: &BTreeMap<i64, Day>) -> (f64, String) {
    let mut worst = (0.0, String::new());
    assert_eq!(bus.days.len(), days.len(), "{}", bus.vehicle);
    for (truth, day) in bus.days.iter().zip(days.values()) {
        let mut check = |what: &str, got: f64, expected: f64| {
            let off = (got - expected).abs();
            let message = format!(
                "{what} of {} on {}: {got} instead of {expected}",
                bus.vehicle, truth.service_day
            );
            assert!(off <= 0.01 * expected.abs() || off <= 0.002, "{message}");
            if expected.abs() > 0.1 && off / expected.abs() > worst.0 {
                worst = (off / expected.abs(), message);
            }
        };
        let sides = [truth.totals.unplugged, truth.totals.plugged_in];
        for (plugged, side) in sides.iter().enumerate() {
            for ((what, kwh), got) in side.components().iter().zip(day.kwh[plugged]) {
                check(&format!("{what} (plugged in: {plugged})"), got, *kwh);
            }
        }
        check("km", day.km, truth.totals.distance_km);
        check("litres", day.litres, truth.totals.fuel_litres);
    }
    worst
}

#[test]
fn the_integral_of_the_readings_is_the_truth_of_every_day_within_a_percent() {
    for scenario in [
        Scenario::mild_week(3, 5, MONDAY).days(3),
        Scenario::cold_snap(4, 6, MONDAY).days(4),
        Scenario::summer_week(5, 3, jiff::civil::date(2025, 7, 7)).days(2),
    ] {
        let truth = truth(&scenario);
        for (index, bus) in truth.iter().enumerate() {
            let days = integrate(scenario.true_recording(index).map(|r| r.reading));
            let (worst, what) = check(bus, &days);
            println!("largest error {:.3} %: {what}", worst * 100.0);
            assert!(worst < 0.005, "half of the analytics' tolerance: {what}");
        }
    }
}

#[test]
fn the_energy_of_each_day_balances() {
    for bus in truth(&Scenario::cold_snap(5, 4, MONDAY).days(2)) {
        for day in &bus.days {
            for side in [day.totals.unplugged, day.totals.plugged_in] {
                let loads: f64 = side.components()[2..8].iter().map(|(_, kwh)| kwh).sum();
                let off = side.net_kwh() - (loads - side.charger_kwh);
                assert!(off.abs() < 1e-6, "{} {day:?}", bus.vehicle);
            }
            assert!((day.totals.seconds - 86_400.0).abs() < 1e-3, "{day:?}");
            assert_eq!(day.totals.unplugged.charger_kwh, 0.0);
            assert_eq!(day.totals.plugged_in.traction_kwh, 0.0);
        }
    }
}
