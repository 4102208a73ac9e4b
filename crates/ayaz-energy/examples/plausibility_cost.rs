//! Measures what the plausibility checks cost for each sample: on simulated buses at one reading a
//! second, on the same data at ten readings a second, and on their worst cases.
//!
//! ```sh
//! cargo run --release -p ayaz-energy --example plausibility_cost
//! ```

#![allow(clippy::unwrap_used, reason = "an example may panic")]

use std::sync::Arc;
use std::time::Instant;

use ayaz_energy::Sample;
use ayaz_energy::plausibility::{Plausibility, PlausibilityConfig};
use ayaz_model::UnixMicroseconds;
use ayaz_sim::{Climate, Fleet};

/// Each series is timed this often, and the best time counts, because the machine may do other
/// work.
const ROUNDS: usize = 5;

fn main() {
    let buses: Vec<Vec<Sample>> = simulated(6);
    let quick: Vec<Vec<Sample>> = buses.iter().map(|bus| at_period(bus, 100_000)).collect();
    let ramp = vec![straight(200_000, 1_000_000)];
    let ramp_quick = vec![straight(200_000, 10_000)];
    let wild = vec![jumping(200_000, 1_000_000)];
    let wild_quick = vec![jumping(50_000, 10_000)];
    let off = PlausibilityConfig::off();
    let mut ramp_only = off;
    ramp_only.interpolated_ramp.enabled = true;
    let mut flat_line_only = off;
    flat_line_only.flat_line.enabled = true;
    let mut rate_of_change_only = off;
    rate_of_change_only.rate_of_change.enabled = true;
    let mut sentinel_only = off;
    sentinel_only.sentinel.enabled = true;
    let all = PlausibilityConfig::default();
    for (name, config, series) in [
        ("1 Hz, simulated buses, all checks", all, &buses),
        ("1 Hz, simulated buses, no check", off, &buses),
        ("1 Hz, simulated buses, ramp only", ramp_only, &buses),
        (
            "1 Hz, simulated buses, flat line only",
            flat_line_only,
            &buses,
        ),
        (
            "1 Hz, simulated buses, rate of change only",
            rate_of_change_only,
            &buses,
        ),
        (
            "1 Hz, simulated buses, sentinel only",
            sentinel_only,
            &buses,
        ),
        ("10 Hz, the same samples, all checks", all, &quick),
        ("1 Hz, one endless ramp", all, &ramp),
        ("100 Hz, one endless ramp", all, &ramp_quick),
        ("1 Hz, every sample jumps", all, &wild),
        ("100 Hz, every sample jumps", all, &wild_quick),
    ] {
        report(name, config, series);
    }
}

fn report(name: &str, config: PlausibilityConfig, series: &[Vec<Sample>]) {
    let samples: usize = series.iter().map(Vec::len).sum();
    let mut best = f64::INFINITY;
    let mut flagged = 0_usize;
    for _ in 0..ROUNDS {
        let mut input = series.to_vec();
        flagged = 0;
        let began = Instant::now();
        for samples in &mut input {
            let mut filter = Plausibility::new(config);
            for sample in samples.drain(..) {
                filter.push(sample, |out| flagged += usize::from(!out.flags.is_none()));
            }
            filter.finish(|out| flagged += usize::from(!out.flags.is_none()));
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    println!(
        "{name}: {:.0} ns a sample ({samples} samples, {flagged} flagged)",
        best / samples as f64 * 1e9
    );
}

fn simulated(buses: usize) -> Vec<Vec<Sample>> {
    let start: jiff::Timestamp = "2024-01-16T20:00:00Z".parse().unwrap();
    let start = UnixMicroseconds::from(start);
    let climate = Arc::new(Climate::constant(-20.0));
    let fleet = Fleet::new(7, buses, climate, start);
    fleet
        .into_iter()
        .map(|(_, mut bus)| {
            let mut samples = Vec::new();
            while bus.now() < start.plus(86_400_000_000) {
                let reading = bus.next_reading();
                let m = &reading.measurements;
                let mut s = Sample::bare(reading.key.recorded_at, 1, m.drive_cycle.map(i64::from));
                s.speed_kmh = m.speed_kmh.map(f64::from);
                s.odometer_km = m.odometer_km;
                s.latitude_degrees = m.latitude_degrees;
                s.longitude_degrees = m.longitude_degrees;
                s.soc_percent = m.soc_percent.map(f64::from);
                s.accelerator_percent = m.accelerator_percent.map(f64::from);
                s.motor_torque_nm = m.motor_torque_nm.map(f64::from);
                s.traction_power_watts = m.traction_power_watts.map(f64::from);
                s.pack_voltage_volts = m.pack_voltage_volts.map(f64::from);
                s.pack_current_amperes = m.pack_current_amperes.map(f64::from);
                s.cabin_heater_power_watts = m.cabin_heater_power_watts.map(f64::from);
                s.auxiliary_power_watts = m.auxiliary_power_watts.map(f64::from);
                s.battery_heater_power_watts = m.battery_heater_power_watts.map(f64::from);
                s.exterior_temperature_celsius = m.exterior_temperature_celsius.map(f64::from);
                s.cabin_temperature_celsius = m.cabin_temperature_celsius.map(f64::from);
                s.battery_temperature_celsius = m.battery_temperature_celsius.map(f64::from);
                s.cell_temperature_min_celsius = m.cell_temperature_min_celsius.map(f64::from);
                s.cell_temperature_max_celsius = m.cell_temperature_max_celsius.map(f64::from);
                s.coolant_temperature_celsius = m.coolant_temperature_celsius.map(f64::from);
                samples.push(s);
            }
            samples
        })
        .collect()
}

/// The same samples at that period, µs.
fn at_period(samples: &[Sample], period: i64) -> Vec<Sample> {
    let mut samples = samples.to_vec();
    for (index, sample) in samples.iter_mut().enumerate() {
        sample.recorded_at = UnixMicroseconds(index as i64 * period);
    }
    samples
}

/// Endless straight lines: every window is checked completely.
fn straight(samples: i64, period: i64) -> Vec<Sample> {
    let sample = |number: i64| {
        let mut s = Sample::bare(UnixMicroseconds(number * period), 1, None);
        let seconds = number as f64 * period as f64 / 1e6;
        s.speed_kmh = Some(seconds * 0.2);
        s.pack_current_amperes = Some(seconds * -0.7);
        s.pack_voltage_volts = Some(600.0 - seconds * 0.1);
        s.accelerator_percent = Some(seconds * 0.2);
        s
    };
    (0..samples).map(sample).collect()
}

/// No two neighbours agree in any signal.
fn jumping(samples: i64, period: i64) -> Vec<Sample> {
    let sample = |number: i64| {
        let mut s = Sample::bare(UnixMicroseconds(number * period), 1, None);
        let level = (number * 7_919 % 13) as f64;
        s.speed_kmh = Some(level * 15.0);
        s.soc_percent = Some(level * 7.0);
        s.exterior_temperature_celsius = Some(level * 10.0 - 60.0);
        s.cabin_temperature_celsius = Some(level * 10.0 - 60.0);
        s.odometer_km = Some(level * 1_000.0);
        s.pack_voltage_volts = Some(level * 100.0);
        s.latitude_degrees = Some(level);
        s.longitude_degrees = Some(level);
        s
    };
    (0..samples).map(sample).collect()
}
