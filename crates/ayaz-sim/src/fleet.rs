//! Many healthy buses: every sixth is an E18, the others are E12; every eighth has a fuel heater.

use std::sync::Arc;

use ayaz_model::{UnixMicroseconds, VehicleId};

use crate::bus::{Bus, BusConfig};
use crate::climate::Climate;
use crate::model::{E12, E18, Heating};

/// A fleet in one climate.
#[derive(Debug, Clone, Copy)]
pub struct Fleet;

impl Fleet {
    /// The given number of buses with their names, such as `E12-001` and `E18-001`.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a fleet is a list of buses and has no other data"
    )]
    pub fn new(
        seed: u64,
        buses: usize,
        climate: Arc<Climate>,
        start: UnixMicroseconds,
    ) -> Vec<(VehicleId, Bus)> {
        (0..buses)
            .map(|index| {
                let config = Self::config(seed, index);
                (
                    Self::vehicle(index),
                    Bus::new(config, Arc::clone(&climate), start),
                )
            })
            .collect()
    }

    /// The configuration of a bus: the same in every fleet of the seed.
    pub fn config(seed: u64, index: usize) -> BusConfig {
        let model = if Self::is_articulated(index) {
            E18
        } else {
            E12
        };
        let heating = if index % 8 == 7 {
            Heating::Fuel
        } else {
            Heating::Electric
        };
        BusConfig {
            model,
            heating,
            ..BusConfig::new(seed, index)
        }
    }

    /// The name of a bus: its type, and its number among the buses of that type.
    pub fn vehicle(index: usize) -> VehicleId {
        let (model, number) = if Self::is_articulated(index) {
            (E18.name, index / 6 + 1)
        } else {
            (E12.name, index - index / 6 + 1)
        };
        let name = format!("{model}-{number:03}");
        name.parse()
            .expect("letters, digits and a hyphen make an identifier")
    }

    fn is_articulated(index: usize) -> bool {
        index % 6 == 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_gaps_and_the_mix_is_as_documented() {
        let names: Vec<String> = (0..12).map(|i| Fleet::vehicle(i).to_string()).collect();
        assert_eq!(
            names[..7],
            [
                "E12-001", "E12-002", "E12-003", "E12-004", "E12-005", "E18-001", "E12-006"
            ]
        );
        assert_eq!(names[11], "E18-002");
        let fuel = (0..80)
            .filter(|&i| Fleet::config(1, i).heating == Heating::Fuel)
            .count();
        assert_eq!(fuel, 10);
    }
}
