//! Energy balances: readings, components, state of charge and truth agree.

use ayaz_model::{Measurements, Reading};
use ayaz_sim::{Bus, BusConfig, Climate, E18, Heating, Truth};

use crate::{MORNING, bus_in, day_at};

fn kinds() -> [BusConfig; 3] {
    [
        BusConfig::new(1, 0),
        BusConfig {
            model: E18,
            ..BusConfig::new(1, 5)
        },
        BusConfig {
            heating: Heating::Fuel,
            ..BusConfig::new(1, 7)
        },
    ]
}

/// The sum of all components less the charger, W.
fn components(m: &Measurements) -> f64 {
    let loads = [
        m.traction_power_watts,
        m.cabin_heater_power_watts,
        m.heat_pump_power_watts,
        m.battery_heater_power_watts,
        m.air_conditioning_power_watts,
        m.auxiliary_power_watts,
    ];
    let loads: f64 = loads
        .into_iter()
        .map(|watts| f64::from(watts.unwrap()))
        .sum();
    loads - f64::from(m.charger_power_watts.unwrap())
}

/// The integral of the readings of drive cycles: net, discharge and regeneration, kWh, and km.
fn integrated(readings: &[Reading]) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for pair in readings.windows(2) {
        let (a, b) = (&pair[0].measurements, &pair[1].measurements);
        if a.drive_cycle.is_none() || a.drive_cycle != b.drive_cycle {
            continue;
        }
        let seconds = pair[1]
            .key
            .recorded_at
            .seconds_since(pair[0].key.recorded_at);
        let [pa, pb] = [a, b].map(|m| m.battery_power_watts().unwrap());
        let kwh = |p: f64, q: f64| (p + q) / 2.0 * seconds / 3.6e6;
        sums[0] += kwh(pa, pb);
        sums[1] += kwh(pa.max(0.0), pb.max(0.0));
        sums[2] += kwh((-pa).max(0.0), (-pb).max(0.0));
        let [va, vb] = [a, b].map(|m| f64::from(m.speed_kmh.unwrap()));
        sums[3] += (va + vb) / 2.0 * seconds / 3600.0;
    }
    sums
}

/// The readings of the next drive, and the truth at its first and its last reading.
fn drive(bus: &mut Bus) -> (Vec<Reading>, Truth, Truth) {
    let mut first = bus.next_reading();
    while first.measurements.drive_cycle.is_none() {
        first = bus.next_reading();
    }
    let (before, mut after) = (*bus.truth(), *bus.truth());
    let mut readings = vec![first];
    loop {
        let reading = bus.next_reading();
        if reading.measurements.drive_cycle.is_none() {
            return (readings, before, after);
        }
        after = *bus.truth();
        readings.push(reading);
    }
}

#[test]
fn components_sum_to_the_power_of_the_battery_in_every_reading() {
    for temperature in [-35.0, 5.0, 33.0] {
        for config in kinds() {
            for reading in day_at(temperature, config).1 {
                let m = &reading.measurements;
                let (sum, pack) = (components(m), m.battery_power_watts().unwrap());
                let tolerance = 1e-6 * (pack.abs() + 4e5) + 0.1;
                assert!(
                    (sum - pack).abs() < tolerance,
                    "{sum} and {pack} W: {reading:?}"
                );
            }
        }
    }
}

#[test]
fn the_integral_of_readings_at_one_second_is_the_truth() {
    for temperature in [-30.0, -5.0, 15.0, 35.0] {
        for config in kinds() {
            let mut bus = bus_in(Climate::constant(temperature), config, MORNING);
            for _ in 0..2 {
                let (readings, before, after) = drive(&mut bus);
                let [net, discharge, regen, km] = integrated(&readings);
                for (what, got, expected) in [
                    ("net", net, after.net_kwh - before.net_kwh),
                    (
                        "discharge",
                        discharge,
                        after.discharge_kwh - before.discharge_kwh,
                    ),
                    ("regen", regen, after.regen_kwh - before.regen_kwh),
                    ("distance", km, after.distance_km - before.distance_km),
                ] {
                    let bound = 0.002 * expected.abs() + 0.05;
                    assert!(
                        (got - expected).abs() < bound,
                        "{what} at {temperature}: {got} instead of {expected}"
                    );
                }
                assert!(km > 30.0, "{km} km");
            }
        }
    }
}

#[test]
fn the_truth_is_the_sum_of_its_components() {
    for temperature in [-30.0, 30.0] {
        for config in kinds() {
            let t = day_at(temperature, config).0;
            let sum = t.traction_kwh
                + t.cabin_heater_kwh
                + t.heat_pump_kwh
                + t.battery_heater_kwh
                + t.air_conditioning_kwh
                + t.auxiliary_kwh;
            assert!((sum - t.net_kwh).abs() < 1e-6 * t.net_kwh, "{t:?}");
            assert!((t.discharge_kwh - t.regen_kwh - t.net_kwh).abs() < 1e-6 * t.net_kwh);
            assert!(
                t.charger_kwh > t.charged_kwh && t.charged_kwh > 0.0,
                "{t:?}"
            );
        }
    }
}

#[test]
fn state_of_charge_follows_the_energy_drawn() {
    for temperature in [-30.0, 15.0] {
        for config in kinds() {
            let usable = config.model.usable_energy_kwh;
            let mut bus = bus_in(Climate::constant(temperature), config, MORNING);
            let (readings, before, after) = drive(&mut bus);
            let soc = |r: &Reading| f64::from(r.measurements.soc_percent.unwrap());
            let used = (soc(&readings[0]) - soc(&readings[readings.len() - 1])) / 100.0;
            let soh = f64::from(readings[0].measurements.soh_percent.unwrap()) / 100.0;
            let drawn =
                (after.net_kwh - before.net_kwh) + after.pack_loss_kwh - before.pack_loss_kwh;
            let expected = drawn / (usable * soh);
            // In the upper half, the voltage is a little above its mean.
            assert!(
                (used - expected).abs() < 0.025 * expected + 0.002,
                "{used} {expected}"
            );
        }
    }
}

#[test]
fn a_cold_pack_accepts_no_regeneration_and_a_warm_one_much() {
    let broken = BusConfig {
        battery_heater_works: false,
        ..BusConfig::new(1, 0)
    };
    let regen_share = |temperature, config: BusConfig| {
        let mut bus = bus_in(Climate::constant(temperature), config, MORNING);
        let (_, before, after) = drive(&mut bus);
        (after.regen_kwh - before.regen_kwh) / (after.discharge_kwh - before.discharge_kwh)
    };
    assert!(regen_share(-25.0, broken.clone()) < 1e-9);
    let heated = regen_share(-25.0, BusConfig::new(1, 0));
    let warm = regen_share(15.0, BusConfig::new(1, 0));
    assert!(
        heated > 0.01 && heated < warm && warm > 0.15,
        "{heated} and {warm}"
    );
}

#[test]
fn changes_of_a_parked_bus_are_between_two_readings_of_one_second() {
    for config in kinds() {
        let readings = day_at(-28.0, config).1;
        let mut switched = 0;
        for pair in readings.windows(2) {
            let [a, b] = [&pair[0].measurements, &pair[1].measurements];
            if a.drive_cycle.is_some() || b.drive_cycle.is_some() {
                continue;
            }
            let at = pair[1].key.recorded_at;
            let seconds = at.seconds_since(pair[0].key.recorded_at);
            let jumps = [
                (a.battery_heater_power_watts, b.battery_heater_power_watts),
                (a.cabin_heater_power_watts, b.cabin_heater_power_watts),
                (a.charger_power_watts, b.charger_power_watts),
            ]
            .iter()
            .any(|(p, q)| (p.unwrap() - q.unwrap()).abs() > 3_000.0);
            switched += u32::from(jumps);
            assert!(!jumps || seconds <= 1.0, "{seconds} s before {at}");
        }
        assert!(switched > 4, "{switched}");
    }
}
