//! The day of a bus: distance, charging, preheating and positions.

use ayaz_model::{ChargeState, Reading};
use ayaz_sim::{BusConfig, Climate, E12, E18, Fleet};

use crate::{MORNING, at, bus_in, day_at, hours};

fn soc(reading: &Reading) -> f32 {
    reading.measurements.soc_percent.unwrap()
}

/// The last reading before each key-on.
fn before_key_on(readings: &[Reading]) -> Vec<&Reading> {
    readings
        .windows(2)
        .filter(|w| {
            w[0].measurements.drive_cycle.is_none() && w[1].measurements.drive_cycle.is_some()
        })
        .map(|w| &w[0])
        .collect()
}

#[test]
fn a_mild_day_has_the_usual_distance_and_mean_speed() {
    for index in 0..12 {
        let (truth, readings) = day_at(12.0, Fleet::config(3, index));
        assert!(
            (220.0..=285.0).contains(&truth.distance_km),
            "bus {index}: {truth:?}"
        );
        let moving = readings
            .iter()
            .filter(|r| r.measurements.drive_cycle.is_some())
            .count();
        let speed = truth.distance_km / (moving as f64 / 3600.0);
        assert!((17.0..=22.0).contains(&speed), "bus {index}: {speed} km/h");
        let stops = readings
            .windows(2)
            .filter(|w| {
                w[0].measurements.doors_open == Some(false)
                    && w[1].measurements.doors_open == Some(true)
            })
            .count() as f64;
        let per_km = stops / truth.distance_km;
        assert!(
            (1.8..=2.5).contains(&per_km),
            "bus {index}: {per_km} stops/km"
        );
    }
}

#[test]
fn buses_are_fully_charged_in_the_morning_in_deep_cold_too() {
    for (model, temperature) in [(E12, -35.0), (E18, -35.0), (E12, 10.0), (E18, 38.0)] {
        let config = BusConfig {
            model,
            ..BusConfig::new(2, 5)
        };
        let mut bus = bus_in(Climate::constant(temperature), config, MORNING);
        let readings = hours(&mut bus, 72);
        let mornings: Vec<&Reading> = before_key_on(&readings)
            .into_iter()
            .filter(|r| (r.key.recorded_at.0 / 3_600_000_000).rem_euclid(24) < 3)
            .collect();
        assert_eq!(mornings.len(), 3);
        for reading in &mornings[1..] {
            assert!(
                soc(reading) > 90.0,
                "{} at {temperature}: {reading:?}",
                model.name
            );
            let m = &reading.measurements;
            assert!(matches!(
                m.charge_state,
                Some(ChargeState::Charging | ChargeState::Complete)
            ));
            assert!(m.charging_station.is_some());
        }
        let lowest = readings.iter().map(soc).fold(100.0, f32::min);
        assert!(
            lowest > 4.0,
            "{} at {temperature}: down to {lowest} %",
            model.name
        );
    }
}

#[test]
fn the_cabin_is_preheated_from_the_grid_before_pull_out() {
    let (_, readings) = day_at(-15.0, BusConfig::new(2, 0));
    let key_on = before_key_on(&readings)[0];
    let first = &readings[0].measurements;
    let m = &key_on.measurements;
    assert!(m.cabin_temperature_celsius.unwrap() > first.cabin_temperature_celsius.unwrap() + 8.0);
    assert!(m.charger_power_watts.unwrap() > 10_000.0, "{m:?}");
    // The energy comes from the grid, not from the battery.
    assert!(m.battery_power_watts().unwrap() < 1.0);
}

#[test]
fn a_low_bus_charges_at_midday_and_an_empty_one_returns_early() {
    let midday_charge = |readings: &[Reading]| {
        let drives = before_key_on(readings);
        drives.len() > 1 && drives[1].measurements.charge_state != Some(ChargeState::Unplugged)
    };
    assert!(midday_charge(&day_at(-30.0, BusConfig::new(2, 0)).1));
    assert!(!midday_charge(&day_at(15.0, BusConfig::new(2, 0)).1));
    let (cold, mild) = (
        day_at(-35.0, BusConfig::new(2, 0)).0,
        day_at(15.0, BusConfig::new(2, 0)).0,
    );
    assert!(
        cold.distance_km < 0.85 * mild.distance_km,
        "{cold:?} {mild:?}"
    );
}

#[test]
fn positions_and_odometer_show_the_same_distance() {
    let (_, readings) = day_at(0.0, BusConfig::new(2, 1));
    for w in readings.windows(2) {
        let [a, b] = [&w[0].measurements, &w[1].measurements];
        let north = (b.latitude_degrees.unwrap() - a.latitude_degrees.unwrap()) * 111_200.0;
        let east = (b.longitude_degrees.unwrap() - a.longitude_degrees.unwrap()) * 69_870.0;
        let driven = (b.odometer_km.unwrap() - a.odometer_km.unwrap()) * 1e3;
        assert!((0.0..20.0).contains(&driven));
        // Two metres of noise in each direction; the bus turns at the depot and onto its route.
        assert!(
            (north.hypot(east) - driven).abs() < 6.0,
            "at {}",
            w[1].key.recorded_at
        );
    }
}

#[test]
fn a_bus_has_a_plausible_state_at_any_hour_of_start() {
    for (hour, driving) in [(3, true), (11, true), (16, true), (19, false), (23, false)] {
        let start = format!("2025-01-15T{hour:02}:00:00Z");
        let mut bus = bus_in(Climate::new(1), BusConfig::new(1, 2), &start);
        let first = bus.next_reading();
        assert_eq!(first.measurements.drive_cycle.is_some(), driving, "{start}");
        assert!(first.key.recorded_at > at(&start));
        assert!(
            (20.0..=100.0).contains(&soc(&first)),
            "{start}: {}",
            soc(&first)
        );
    }
}

#[test]
fn the_energy_of_a_bus_without_battery_heater_balances() {
    let broken = BusConfig {
        battery_heater_works: false,
        ..BusConfig::new(1, 0)
    };
    let mut bus = bus_in(Climate::constant(-38.0), broken, MORNING);
    let readings = hours(&mut bus, 24 * 5);
    assert!(readings.iter().all(|r| (0.0..=100.0).contains(&soc(r))));
    assert_eq!(bus.truth().regen_kwh, 0.0);
    assert!(
        readings
            .iter()
            .all(|r| r.measurements.alarm_level == Some(2))
    );
}
