//! The one registry of plausibility checks.
//!
//! A check is one module with its rule, and one line here: name, evidence, settings and filter. The
//! configuration ([`PlausibilityConfig`]), the names in tables and reports, and the order of the
//! checks in the filter follow this list.

use serde::Deserialize;

use crate::fleet::FleetConfig;
use crate::plausibility::{FlatLineConfig, RampConfig, RateOfChangeConfig, SentinelConfig};

/// The data that a check decides by.
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

/// Calls the macro named with every check, as `doc Variant: name, evidence { settings } by
/// Filter;`. The position is the bit in [`Flags`](crate::plausibility::Flags), so new checks go to
/// the end. A filter is a type of `plausibility`; it checks the samples of one boot.
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

            /// The data that it decides by.
            pub fn evidence(self) -> Evidence {
                match self {
                    $(Self::$check => Evidence::$evidence,)+
                }
            }
        }

        /// Settings of all checks that have any. The documented limits are enforced twice: a
        /// configuration outside of them is refused, and here such a value is replaced by the
        /// nearest limit. So no check looks further than
        /// [`REACH_BACK_MICROSECONDS`](crate::plausibility::REACH_BACK_MICROSECONDS) and
        /// [`REACH_ON_MICROSECONDS`](crate::plausibility::REACH_ON_MICROSECONDS).
        #[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct PlausibilityConfig {
            $($(#[doc = $doc] pub $name: $settings,)?)+
        }

        impl PlausibilityConfig {
            /// Switches off every check that has settings.
            pub fn off() -> Self {
                let mut config = Self::default();
                $($(
                    let settings: &mut $settings = &mut config.$name;
                    settings.enabled = false;
                )?)+
                config
            }

            /// Whether a check runs. One without settings always runs.
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
    /// Whether any check of the vehicle's own readings runs.
    pub(crate) fn any_on_own_readings(&self) -> bool {
        let on_own_readings = |check: &&Check| check.evidence() == Evidence::NeighbouringReadings;
        Check::ALL
            .iter()
            .filter(on_own_readings)
            .any(|check| self.is_enabled(*check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_disables_every_check_with_settings() {
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
        assert!(PlausibilityConfig::default().any_on_own_readings());
        assert!(!PlausibilityConfig::off().any_on_own_readings());
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
