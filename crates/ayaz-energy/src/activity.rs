//! What a bus does: be on a trip, charge, condition, or stand.

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
            /// As it stands in the database.
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
    /// Hangs on a charger and its battery gains energy.
    Charging = "charging",
    /// Stands and heats or cools, from grid or battery, without its battery gaining energy.
    Conditioning = "conditioning",
    /// Stands, and none of that.
    Parking = "parking",
}

/// Into the battery, W: below this a current sensor's zero is not told from a charge.
pub const CHARGING_WATTS_MIN: f64 = 100.0;

/// Of heaters and air conditioning together, W: below this it is a pump or a fan.
pub const CONDITIONING_WATTS_MIN: f64 = 500.0;

/// What the sample shows, if it is of no trip. A charge that only runs heaters is none: the battery
/// must gain energy. Where its power is not measured, the charging port's word is taken.
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
            // The charger feeds the heater, and the battery gets nothing, or gives.
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
