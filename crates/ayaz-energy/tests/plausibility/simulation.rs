//! Simulated buses, as the worker would read them.

use std::sync::Arc;

use ayaz_energy::Sample;
use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{Climate, Fleet};

pub(crate) const SEED: u64 = 11;

pub(crate) fn sample(reading: &Reading) -> Sample {
    let m = &reading.measurements;
    let mut s = Sample::bare(
        reading.key.recorded_at,
        i64::from(reading.key.boot_id),
        m.drive_cycle.map(i64::from),
    );
    s.charge_state = m.charge_state;
    s.charging_station = m.charging_station.as_deref().map(Into::into);
    s.route = m.route.as_deref().map(Into::into);
    s.odometer_km = m.odometer_km;
    s.latitude_degrees = m.latitude_degrees;
    s.longitude_degrees = m.longitude_degrees;
    s.speed_kmh = m.speed_kmh.map(f64::from);
    s.accelerator_percent = m.accelerator_percent.map(f64::from);
    s.motor_torque_nm = m.motor_torque_nm.map(f64::from);
    s.traction_power_watts = m.traction_power_watts.map(f64::from);
    s.pack_voltage_volts = m.pack_voltage_volts.map(f64::from);
    s.pack_current_amperes = m.pack_current_amperes.map(f64::from);
    s.soc_percent = m.soc_percent.map(f64::from);
    s.battery_heater_power_watts = m.battery_heater_power_watts.map(f64::from);
    s.charger_power_watts = m.charger_power_watts.map(f64::from);
    s.exterior_temperature_celsius = m.exterior_temperature_celsius.map(f64::from);
    s.cabin_temperature_celsius = m.cabin_temperature_celsius.map(f64::from);
    s.battery_temperature_celsius = m.battery_temperature_celsius.map(f64::from);
    s.cell_temperature_min_celsius = m.cell_temperature_min_celsius.map(f64::from);
    s.cell_temperature_max_celsius = m.cell_temperature_max_celsius.map(f64::from);
    s.coolant_temperature_celsius = m.coolant_temperature_celsius.map(f64::from);
    s.cabin_heater_power_watts = m.cabin_heater_power_watts.map(f64::from);
    s.heat_pump_power_watts = m.heat_pump_power_watts.map(f64::from);
    s.air_conditioning_power_watts = m.air_conditioning_power_watts.map(f64::from);
    s.fuel_heater_rate_litres_per_hour = m.fuel_heater_rate_litres_per_hour.map(f64::from);
    s.auxiliary_power_watts = m.auxiliary_power_watts.map(f64::from);
    s
}

/// A day of so many buses, from before the first leaves.
pub(crate) fn days(celsius: f32, buses: usize) -> Vec<(String, Vec<Sample>)> {
    let start: jiff::Timestamp = "2024-01-16T20:00:00Z".parse().unwrap();
    let start = UnixMicroseconds::from(start);
    let climate = Arc::new(Climate::constant(celsius));
    Fleet::new(SEED, buses, climate, start)
        .into_iter()
        .map(|(name, mut bus)| {
            let end = start.plus(86_400_000_000);
            let mut samples = Vec::new();
            while bus.now() < end {
                samples.push(sample(&bus.next_reading()));
            }
            (name.to_string(), samples)
        })
        .collect()
}
