//! The one registry of plausibility checks.
//!
//! A check is one module with its rule, and one line here: name, what it looks at, module and settings. The
//! configuration ([`PlausibilityConfig`]), the names in tables and reports, and the order in which the filter
//! runs the checks of samples all follow this list.

use serde::Deserialize;

use crate::fleet::FleetConfig;
use crate::plausibility::{FlatLineConfig, RampConfig, RateOfChangeConfig, SentinelConfig};

/// What a check looks at to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The vehicle's own readings within [`REACH_BACK_MICROSECONDS`](crate::plausibility::REACH_BACK_MICROSECONDS)
    /// before and [`REACH_ON_MICROSECONDS`](crate::plausibility::REACH_ON_MICROSECONDS) after.
    NeighbouringReadings,
    /// The sequence numbers of a boot within [`HORIZON_MICROSECONDS`](crate::clock::HORIZON_MICROSECONDS) before and
    /// after.
    SequenceNumbers,
    /// The same hour of the fleet's other vehicles.
    OtherVehicles,
}

/// Calls the macro named with every check, as `doc Variant: name, evidence { settings } by Filter;`. The
/// position is the bit in [`Flags`](crate::plausibility::Flags), so new checks go to the end. A filter, of
/// `plausibility`, looks at the samples of one boot.
macro_rules! for_each_check {
    ($callback:ident) => {
        $callback! {
            /// Straight lines of many signals bridge a gap of the logger.
            InterpolatedRamp: interpolated_ramp, NeighbouringReadings { RampConfig } by Ramp;
            /// A value repeats while other signals show that it must change.
            FlatLine: flat_line, NeighbouringReadings { FlatLineConfig } by FlatLine;
            /// The vehicle cannot have reached the value in the time.
            RateOfChange: rate_of_change, NeighbouringReadings { RateOfChangeConfig } by RateOfChange;
            /// A code that stands for "no value".
            Sentinel: sentinel, NeighbouringReadings { SentinelConfig } by Sentinel;
            /// The reading was recorded with a wrong time.
            ClockStep: clock_step, SequenceNumbers {};
            /// The fleet's other vehicles contradict the exterior temperature.
            ExteriorAgainstFleet: exterior_against_fleet, OtherVehicles { FleetConfig };
        }
    };
}

pub(crate) use for_each_check;

macro_rules! checks {
    ($(
        #[doc = $doc:literal]
        $check:ident: $name:ident, $evidence:ident { $($settings:ty)? } $(by $filter:ident)?;
    )+) => {
        /// A check that can flag.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Check {
            $(#[doc = $doc] $check,)+
        }

        impl Check {
            /// Every check, in the order of the bits.
            pub const ALL: &'static [Self] = &[$(Self::$check),+];

            /// Its name in configuration, tables and reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$check => stringify!($name),)+
                }
            }

            /// What it finds, in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$check => $doc.trim_ascii(),)+
                }
            }

            /// What it looks at to decide.
            pub fn evidence(self) -> Evidence {
                match self {
                    $(Self::$check => Evidence::$evidence,)+
                }
            }
        }

        /// Settings of all checks that have any. A configuration whose limits lie outside of what is said
        /// beside them is refused; here they are taken as the nearest one inside, so that nothing reaches
        /// beyond [`REACH_BACK_MICROSECONDS`](crate::plausibility::REACH_BACK_MICROSECONDS) and
        /// [`REACH_ON_MICROSECONDS`](crate::plausibility::REACH_ON_MICROSECONDS).
        #[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct PlausibilityConfig {
            $($(#[doc = $doc] pub $name: $settings,)?)+
        }

        impl PlausibilityConfig {
            /// No check at all, but those without settings.
            pub fn off() -> Self {
                let mut config = Self::default();
                $($(
                    let settings: &mut $settings = &mut config.$name;
                    settings.enabled = false;
                )?)+
                config
            }

            /// Whether a check runs; one without settings always does.
            pub fn is_enabled(&self, check: Check) -> bool {
                match check {
                    $(Check::$check => checks!(@enabled self $name $($settings)?),)+
                }
            }
        }
    };
    (@enabled $config:ident $name:ident $settings:ty) => { $config.$name.enabled };
    (@enabled $config:ident $name:ident) => { true };
}

for_each_check!(checks);

impl PlausibilityConfig {
    /// Whether there is anything to do with a vehicle's own readings.
    pub(crate) fn any_of_readings(&self) -> bool {
        let of_readings = |check: &&Check| check.evidence() == Evidence::NeighbouringReadings;
        Check::ALL
            .iter()
            .filter(of_readings)
            .any(|check| self.is_enabled(*check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_checks_can_be_switched_off_but_those_without_settings() {
        for check in Check::ALL {
            assert!(
                PlausibilityConfig::default().is_enabled(*check),
                "{check:?}"
            );
            assert_eq!(
                PlausibilityConfig::off().is_enabled(*check),
                *check == Check::ClockStep,
                "{check:?}"
            );
        }
        assert!(PlausibilityConfig::default().any_of_readings());
        assert!(!PlausibilityConfig::off().any_of_readings());
    }

    #[test]
    fn names_are_unique_and_descriptions_are_sentences() {
        for (index, check) in Check::ALL.iter().enumerate() {
            assert_eq!(*check as usize, index, "the position is the bit");
            assert!(check.description().ends_with('.'), "{check:?}");
            let same = Check::ALL
                .iter()
                .filter(|other| other.name() == check.name());
            assert_eq!(same.count(), 1, "{check:?}");
        }
    }
}
