//! Physical faults show in the readings while they are active, and only then.

use std::sync::Arc;

use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{
    Bus, BusConfig, ChargingWindow, Climate, Heating, PhysicalFault, PhysicalFaultKind as Kind,
    TruthSessionKind,
};

/// 2025-01-05T22:00:00Z, which is 03:00 on Monday.
const START: UnixMicroseconds = UnixMicroseconds(1_736_114_400_000_000);

/// Hours since midnight on the local clock, at UTC+5.
fn local_hour(at: UnixMicroseconds) -> f64 {
    (at.0 as f64 / 3.6e9 + 5.0).rem_euclid(24.0)
}

fn after(hours: f64) -> UnixMicroseconds {
    START.plus((hours * 3.6e9) as i64)
}

fn fault(kind: Kind, from_hours: f64, until_hours: f64) -> PhysicalFault {
    PhysicalFault {
        kind,
        from: after(from_hours),
        until: after(until_hours),
    }
}

/// Runs a bus for some hours at a temperature.
fn run(config: BusConfig, celsius: f32, hours: f64) -> (Bus, Vec<Reading>) {
    let mut bus = Bus::new(config, Arc::new(Climate::constant(celsius)), START).with_ledger();
    let mut readings = Vec::new();
    while bus.now() < after(hours) {
        readings.push(bus.next_reading());
    }
    (bus, readings)
}

fn broken(faults: Vec<PhysicalFault>) -> BusConfig {
    BusConfig {
        faults,
        ..BusConfig::new(2, 0)
    }
}

/// Readings from one to another hour after the start.
fn between(readings: &[Reading], from: f64, to: f64) -> impl Iterator<Item = &Reading> {
    let (from, to) = (after(from), after(to));
    readings
        .iter()
        .filter(move |r| (from..to).contains(&r.key.recorded_at))
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let values: Vec<f32> = values.collect();
    values.iter().sum::<f32>() / values.len() as f32
}

#[test]
fn with_a_failed_cabin_heater_the_cabin_is_cold_until_the_repair() {
    for heating in [Heating::Electric, Heating::Fuel] {
        let config = BusConfig {
            heating,
            ..broken(vec![fault(Kind::CabinHeaterFailed, 7.0, 26.0)])
        };
        let (_, readings) = run(config, -25.0, 34.0);
        let cabin = |from, to| {
            mean(
                between(&readings, from, to)
                    .map(|r| r.measurements.cabin_temperature_celsius.unwrap()),
            )
        };
        assert!(cabin(6.0, 7.0) > 12.0, "{}", cabin(6.0, 7.0));
        assert!(cabin(8.0, 9.0) < 5.0, "{}", cabin(8.0, 9.0));
        assert!(cabin(29.0, 32.0) > 12.0, "{}", cabin(29.0, 32.0));
        for reading in between(&readings, 7.01, 26.0) {
            let m = &reading.measurements;
            assert_eq!(m.cabin_heater_power_watts, Some(0.0));
            assert!(m.fuel_heater_on != Some(true));
            assert_eq!(m.fault_codes.as_deref().map(<[u32]>::len), Some(1));
        }
        assert!(between(&readings, 0.0, 7.0).all(|r| r.measurements.fault_codes.is_none()));
    }
}

#[test]
fn preheating_is_missed_only_on_the_planned_morning() {
    let (bus, readings) = run(
        broken(vec![fault(Kind::PreheatMissed, 24.0, 28.0)]),
        -15.0,
        28.0,
    );
    let at_key_on = |from: f64| {
        let pair = readings.windows(2).find(|w| {
            w[1].key.recorded_at > after(from)
                && w[0].measurements.drive_cycle.is_none()
                && w[1].measurements.drive_cycle.is_some()
        });
        pair.unwrap()[0]
            .measurements
            .cabin_temperature_celsius
            .unwrap()
    };
    assert!(at_key_on(0.0) > 0.0, "{}", at_key_on(0.0));
    assert!(at_key_on(24.0) < -5.0, "{}", at_key_on(24.0));
    let conditioned = |from, to| {
        let sessions = bus.ledger().unwrap().sessions();
        sessions.iter().any(|s| {
            s.kind == TruthSessionKind::Conditioning
                && s.end > after(from)
                && s.start < after(to)
                && s.totals().plugged_in.cabin_heater_kwh > 1.0
        })
    };
    assert!(conditioned(1.5, 4.0) && !conditioned(24.5, 28.0));
}

#[test]
fn the_insulation_falls_for_days_and_is_healthy_after_the_repair() {
    let (_, readings) = run(
        broken(vec![fault(Kind::InsulationFalling, 0.0, 60.0)]),
        0.0,
        64.0,
    );
    let kohm = |from| {
        mean(
            between(&readings, from, from + 1.0)
                .map(|r| r.measurements.insulation_resistance_kohm.unwrap()),
        )
    };
    let hours = [0.0, 12.0, 24.0, 36.0, 48.0, 59.0].map(kohm);
    assert!(hours.windows(2).all(|w| w[1] < 0.7 * w[0]), "{hours:?}");
    assert!(hours[0] > 3_500.0 && hours[5] < 150.0 && kohm(61.0) > 3_500.0);
    let alarm = |from| {
        between(&readings, from, from + 1.0)
            .all(|r| r.measurements.alarm_flags.unwrap() & 1 << 11 != 0)
    };
    assert!(!alarm(0.0) && alarm(58.0) && !alarm(61.0));
}

#[test]
fn a_weak_group_of_cells_is_visible_under_load_and_at_low_charge() {
    let spread = |config: BusConfig, wanted: fn(&Reading) -> bool| {
        let (_, readings) = run(config, -10.0, 19.0);
        mean(readings.iter().filter(|r| wanted(r)).map(|r| {
            r.measurements.cell_voltage_max_volts.unwrap()
                - r.measurements.cell_voltage_min_volts.unwrap()
        }))
    };
    let weak = || broken(vec![fault(Kind::CellGroupWeak, 0.0, 48.0)]);
    let loaded: fn(&Reading) -> bool = |r| r.measurements.pack_current_amperes.unwrap() < -150.0;
    let rested: fn(&Reading) -> bool =
        |r| r.measurements.pack_current_amperes.unwrap().abs() < 20.0;
    assert!(spread(weak(), loaded) > spread(weak(), rested) + 0.05);
    assert!(spread(weak(), rested) > spread(BusConfig::new(2, 0), rested) + 0.01);
    assert!(spread(BusConfig::new(2, 0), loaded) < 0.05);
}

/// Whether the pack is charged by the depot charger.
fn charges_at_depot(reading: &Reading) -> bool {
    let m = &reading.measurements;
    let at_depot = m
        .charging_station
        .as_deref()
        .is_some_and(|s| s != "depot-fast");
    at_depot && m.battery_power_watts().unwrap() < 0.0
}

#[test]
fn a_bus_waits_for_its_charging_window_with_or_without_a_plug() {
    for plugged_while_waiting in [true, false] {
        let config = BusConfig {
            charging_window: Some(ChargingWindow {
                from_hour: 23.0,
                to_hour: 5.0,
                plugged_while_waiting,
            }),
            ..BusConfig::new(2, 0)
        };
        let (_, readings) = run(config, -20.0, 28.0);
        for reading in readings.iter().filter(|r| charges_at_depot(r)) {
            // A reading shows the mean of the ten seconds before.
            let hour = local_hour(reading.key.recorded_at.plus(-10_000_000));
            assert!(!(5.0..22.99).contains(&hour), "charges at {hour}");
        }
        let waiting: Vec<&Reading> = between(&readings, 19.0, 19.95)
            .filter(|r| r.measurements.drive_cycle.is_none())
            .collect();
        assert!(!waiting.is_empty());
        for reading in waiting {
            let m = &reading.measurements;
            assert_eq!(m.is_plugged_in(), Some(plugged_while_waiting));
            // Heaters may run, but the battery is not charged.
            assert!(m.battery_power_watts().unwrap() >= 0.0);
        }
        let begins = readings
            .iter()
            .find(|r| r.key.recorded_at > after(12.0) && charges_at_depot(r))
            .unwrap();
        let hour = local_hour(begins.key.recorded_at);
        assert!((23.0..23.01).contains(&hour), "begins at {hour}");
        let morning = between(&readings, 26.0, 26.1).next().unwrap();
        assert!(
            morning.measurements.soc_percent.unwrap() > 85.0,
            "{morning:?}"
        );
    }
}

#[test]
fn a_charger_waits_until_a_cold_pack_is_heated() {
    // The heater is repaired at night, when the pack is cold.
    let (bus, _) = run(
        broken(vec![fault(Kind::BatteryHeaterFailed, 0.0, 21.5)]),
        -35.0,
        27.0,
    );
    let sessions = bus.ledger().unwrap().sessions();
    let heated = sessions.windows(2).find(|w| {
        w[0].start >= after(20.0)
            && w[0].kind == TruthSessionKind::Conditioning
            && w[1].kind == TruthSessionKind::Charging
    });
    let heated = &heated.unwrap_or_else(|| panic!("{sessions:?}"))[0];
    let minutes = heated.end.seconds_since(heated.start) / 60.0;
    assert!((10.0..300.0).contains(&minutes), "{minutes}");
    assert!(heated.totals().plugged_in.battery_heater_kwh > 1.0);
}

#[test]
fn a_dusty_condenser_takes_more_power() {
    let kwh = |condenser_fouling| {
        let config = BusConfig {
            condenser_fouling,
            ..BusConfig::new(2, 0)
        };
        run(config, 37.0, 20.0).0.truth().air_conditioning_kwh
    };
    let (clean, dusty) = (kwh(0.0), kwh(0.12));
    assert!(
        (1.08..1.16).contains(&(dusty / clean)),
        "{clean} and {dusty}"
    );
}
