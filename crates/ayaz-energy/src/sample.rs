//! The part of a reading that the rules use.

use std::sync::Arc;

use ayaz_model::{ChargeState, Signal, UnixMicroseconds};

use crate::plausibility::Flags;

/// Calls the macro named with every measured signal that the rules read, separated by spaces. The
/// reader of the table, [`Sample`] and the tests use this list. Types and limits are those of
/// [`for_each_signal!`](ayaz_model::for_each_signal).
#[macro_export]
macro_rules! for_each_sample_signal {
    ($callback:ident) => {
        $callback! {
            speed_kmh odometer_km soc_percent pack_voltage_volts pack_current_amperes
            battery_heater_power_watts charger_power_watts exterior_temperature_celsius
            cabin_temperature_celsius cabin_setpoint_celsius battery_temperature_celsius
            cabin_heater_power_watts heat_pump_power_watts air_conditioning_power_watts
            fuel_heater_rate_litres_per_hour auxiliary_power_watts traction_power_watts
            latitude_degrees longitude_degrees accelerator_percent motor_torque_nm
            cell_temperature_min_celsius cell_temperature_max_celsius coolant_temperature_celsius
        }
    };
}

macro_rules! sample {
    ($($signal:ident)+) => {
        /// The part of a reading that the rules use. A missing or non-finite value is `None`.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "the columns of `reading`, described there")]
        pub struct Sample {
            pub recorded_at: UnixMicroseconds,
            pub boot_id: i64,
            pub sequence: i64,
            pub drive_cycle: Option<i64>,
            pub route: Option<Arc<str>>,
            /// State of the charging port.
            pub charge_state: Option<ChargeState>,
            pub charging_station: Option<Arc<str>>,
            $(pub $signal: Option<f64>,)+
        }

        impl Sample {
            /// A sample without any measurement.
            pub fn bare(
                recorded_at: UnixMicroseconds,
                boot_id: i64,
                drive_cycle: Option<i64>,
            ) -> Self {
                Self {
                    recorded_at,
                    boot_id,
                    sequence: 0,
                    drive_cycle,
                    route: None,
                    charge_state: None,
                    charging_station: None,
                    $($signal: None,)+
                }
            }

            /// Removes the values that these flags mark, so that they enter no sum. Route, drive
            /// cycle and plug are not measurements and stay.
            pub(crate) fn clear(&mut self, flags: Flags) {
                $(if flags.marks(Signal::$signal) {
                    self.$signal = None;
                })+
            }
        }
    };
}

for_each_sample_signal!(sample);

impl Sample {
    /// Whether the bus is plugged in; `false` where this is not known.
    pub fn is_plugged_in(&self) -> bool {
        self.charge_state.is_some_and(ChargeState::is_plugged_in)
    }
}
