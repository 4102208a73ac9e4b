//! Settings of the checks of samples; [`checks`](crate::checks) lists all checks.

use serde::Deserialize;

/// Straight lines across many signals.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RampConfig {
    /// Whether it runs.
    pub enabled: bool,
    /// How long all signals must be straight lines, 10 to 60 s.
    pub window_seconds: f64,
    /// How many of them must clearly rise or fall, at least 2.
    pub sloped_signals_min: usize,
}

impl Default for RampConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            window_seconds: 15.0,
            sloped_signals_min: 3,
        }
    }
}

/// Values that repeat.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlatLineConfig {
    /// Whether it runs.
    pub enabled: bool,
    /// How long a value must repeat, 20 to 40 s.
    pub window_seconds: f64,
    /// How far power must swing in that time, kW.
    pub power_swing_kw: f64,
    /// How far current must swing while the voltage repeats, A.
    pub current_swing_amperes: f64,
    /// How far speed must rise as well as fall while current or voltage repeats, km/h.
    pub speed_swing_kmh: f64,
    /// Usable energy of the fleet's largest battery, 50 to 2,000 kWh. A state of charge in tenths
    /// may repeat while two tenths of it are consumed.
    pub battery_energy_max_kwh: f64,
    /// How long a lively exterior temperature must repeat while driving, 60 to 300 s.
    pub exterior_seconds: f64,
}

impl Default for FlatLineConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            window_seconds: 30.0,
            power_swing_kw: 30.0,
            current_swing_amperes: 80.0,
            speed_swing_kmh: 10.0,
            battery_energy_max_kwh: 600.0,
            exterior_seconds: 120.0,
        }
    }
}

/// Jumps and spikes. Each limit is the allowed change at once; an allowance for the elapsed time is
/// added.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateOfChangeConfig {
    /// Whether it runs.
    pub enabled: bool,
    /// Speed, km/h.
    pub speed_kmh: f64,
    /// State of charge, %.
    pub soc_percent: f64,
    /// Exterior, battery and cell temperatures, K.
    pub temperature_kelvin: f64,
    /// Cabin temperature, which doors change, K.
    pub cabin_temperature_kelvin: f64,
    /// Coolant of the heating circuit, which a starting pump changes at once, K.
    pub coolant_temperature_kelvin: f64,
    /// Position, m.
    pub position_m: f64,
}

impl Default for RateOfChangeConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            speed_kmh: 8.0,
            soc_percent: 3.0,
            temperature_kelvin: 5.0,
            cabin_temperature_kelvin: 8.0,
            coolant_temperature_kelvin: 30.0,
            position_m: 200.0,
        }
    }
}

/// Codes for "no value".
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SentinelConfig {
    /// Whether it runs.
    pub enabled: bool,
}

impl Default for SentinelConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}
