//! What the rules need of a reading.

use std::sync::Arc;

use ayaz_model::{ChargeState, UnixMicroseconds};

/// What the rules need of a reading. A missing value is `None`, and so is one that is not finite.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns of `reading`, described there")]
pub struct Sample {
    pub recorded_at: UnixMicroseconds,
    pub boot_id: i64,
    pub sequence: i64,
    pub drive_cycle: Option<i64>,
    pub route: Option<Arc<str>>,
    /// What the charging port does.
    pub charge_state: Option<ChargeState>,
    pub charging_station: Option<Arc<str>>,
    pub speed_kmh: Option<f64>,
    pub odometer_km: Option<f64>,
    pub soc_percent: Option<f64>,
    pub pack_voltage_volts: Option<f64>,
    pub pack_current_amperes: Option<f64>,
    pub battery_heater_power_watts: Option<f64>,
    pub charger_power_watts: Option<f64>,
    pub exterior_temperature_celsius: Option<f64>,
    pub cabin_temperature_celsius: Option<f64>,
    pub cabin_setpoint_celsius: Option<f64>,
    pub battery_temperature_celsius: Option<f64>,
    pub cabin_heater_power_watts: Option<f64>,
    pub heat_pump_power_watts: Option<f64>,
    pub air_conditioning_power_watts: Option<f64>,
    pub fuel_heater_rate_litres_per_hour: Option<f64>,
    pub auxiliary_power_watts: Option<f64>,
    pub traction_power_watts: Option<f64>,
    pub latitude_degrees: Option<f64>,
    pub longitude_degrees: Option<f64>,
    pub accelerator_percent: Option<f64>,
    pub motor_torque_nm: Option<f64>,
    pub cell_temperature_min_celsius: Option<f64>,
    pub cell_temperature_max_celsius: Option<f64>,
    pub coolant_temperature_celsius: Option<f64>,
}

impl Sample {
    /// A sample without any measurement.
    pub fn bare(recorded_at: UnixMicroseconds, boot_id: i64, drive_cycle: Option<i64>) -> Self {
        Self {
            recorded_at,
            boot_id,
            sequence: 0,
            drive_cycle,
            route: None,
            charge_state: None,
            charging_station: None,
            speed_kmh: None,
            odometer_km: None,
            soc_percent: None,
            pack_voltage_volts: None,
            pack_current_amperes: None,
            battery_heater_power_watts: None,
            charger_power_watts: None,
            exterior_temperature_celsius: None,
            cabin_temperature_celsius: None,
            cabin_setpoint_celsius: None,
            battery_temperature_celsius: None,
            cabin_heater_power_watts: None,
            heat_pump_power_watts: None,
            air_conditioning_power_watts: None,
            fuel_heater_rate_litres_per_hour: None,
            auxiliary_power_watts: None,
            traction_power_watts: None,
            latitude_degrees: None,
            longitude_degrees: None,
            accelerator_percent: None,
            motor_torque_nm: None,
            cell_temperature_min_celsius: None,
            cell_temperature_max_celsius: None,
            coolant_temperature_celsius: None,
        }
    }

    /// Whether the bus hangs on a charger; `false` where it does not say.
    pub fn is_plugged_in(&self) -> bool {
        self.charge_state.is_some_and(ChargeState::is_plugged_in)
    }
}
