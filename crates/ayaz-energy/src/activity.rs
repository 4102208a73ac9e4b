//! What a bus does: it drives a trip, charges, conditions or is parked.

use ayaz_model::ChargeState;

use crate::integrate::power_watts;
use crate::sample::Sample;

macro_rules! activity {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// What a bus does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Activity {
            $($(#[$doc])+ $name,)+
        }

        impl Activity {
            /// Its name in the database.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The reverse of [`name`](Self::name).
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

activity! {
    /// Is on a trip.
    Trip = "trip",
    /// Is plugged in, and its battery gains energy.
    Charging = "charging",
    /// Is parked and heats or cools, from grid or battery. Its battery gains no energy.
    Conditioning = "conditioning",
    /// Is parked, and nothing of the above.
    Parking = "parking",
}

/// Least power into the battery of a charge, W. Less may be the zero error of a current sensor.
pub const CHARGING_WATTS_MIN: f64 = 100.0;

/// Least power of heaters and air conditioning together, W. Less is a pump or a fan.
pub const CONDITIONING_WATTS_MIN: f64 = 500.0;

/// The activity of a sample outside of trips. A charge must put energy into the battery; one that
/// only runs heaters is none. Where power is not measured, the state of the charging port decides.
pub fn parked(sample: &Sample) -> Activity {
    let charging = sample.is_plugged_in()
        && match power_watts(sample) {
            Some(watts) => -watts >= CHARGING_WATTS_MIN,
            None => sample.charge_state == Some(ChargeState::Charging),
        };
    if charging {
        Activity::Charging
    } else if conditioning_watts(sample) >= CONDITIONING_WATTS_MIN {
        Activity::Conditioning
    } else {
        Activity::Parking
    }
}

fn conditioning_watts(sample: &Sample) -> f64 {
    [
        sample.cabin_heater_power_watts,
        sample.heat_pump_power_watts,
        sample.battery_heater_power_watts,
        sample.air_conditioning_power_watts,
    ]
    .into_iter()
    .flatten()
    .sum()
}

#[cfg(test)]
mod tests {
    use ayaz_model::UnixMicroseconds;

    use super::*;

    #[test]
    fn a_charge_must_reach_the_battery() {
        let plugged = Some(ChargeState::Charging);
        for (charge_state, amperes, heater_watts, expected) in [
            (plugged, Some(100.0), None, Activity::Charging),
            (plugged, Some(100.0), Some(6_000.0), Activity::Charging),
            // The charger feeds the heater, and the battery gains nothing or loses energy.
            (plugged, Some(0.0), Some(6_000.0), Activity::Conditioning),
            (plugged, Some(-1.0), Some(6_000.0), Activity::Conditioning),
            (plugged, Some(0.1), Some(100.0), Activity::Parking),
            (plugged, None, None, Activity::Charging),
            (Some(ChargeState::Complete), None, None, Activity::Parking),
            // A current into the battery without a plug is no charge.
            (
                Some(ChargeState::Unplugged),
                Some(5.0),
                None,
                Activity::Parking,
            ),
            (None, Some(-10.0), Some(501.0), Activity::Conditioning),
        ] {
            let mut sample = Sample::bare(UnixMicroseconds(0), 1, None);
            sample.charge_state = charge_state;
            sample.pack_voltage_volts = Some(540.0);
            sample.pack_current_amperes = amperes;
            sample.battery_heater_power_watts = heater_watts;
            assert_eq!(parked(&sample), expected, "{sample:?}");
        }
    }
}
