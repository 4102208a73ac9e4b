//! The models of the demo's buses.

use ayaz_model::VehicleId;
use ayaz_sim::{BusConfig, E12, E18, Heating};

/// Buses of one model in a row. A band needs three trips to show a range. In one week, one bus
/// makes one to three trips in a band.
const IN_A_ROW: usize = 3;

/// Number of models. After the last model, the first follows again.
const MODELS: usize = 3;

/// Buses until the order starts again.
const ROUND: usize = IN_A_ROW * MODELS;

/// The bus at this index: three E12, three E12 with a fuel heater, three E18, and so on.
pub(super) fn bus(seed: u64, index: usize) -> (VehicleId, BusConfig) {
    let (model, heating) = match index % ROUND / IN_A_ROW {
        0 => (E12, Heating::Electric),
        1 => (E12, Heating::Fuel),
        _ => (E18, Heating::Electric),
    };
    // The E18 are last in each round.
    let e18_before = index / ROUND * IN_A_ROW + (index % ROUND).saturating_sub(ROUND - IN_A_ROW);
    let number = match model.name == E18.name {
        true => e18_before + 1,
        false => index - e18_before + 1,
    };
    let config = BusConfig {
        model,
        heating,
        ..BusConfig::new(seed, index)
    };
    (vehicle(model.name, number), config)
}

/// The model's name and the number among the buses with that name, such as `E12-001`.
fn vehicle(model: &str, number: usize) -> VehicleId {
    match format!("{model}-{number:03}").parse() {
        Ok(vehicle) => vehicle,
        Err(error) => unreachable!("letters, digits and a hyphen make an identifier: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::simulated::model_name;

    #[test]
    fn models_come_in_threes_and_no_name_comes_twice() {
        let fleet: Vec<(String, String)> = (0..20)
            .map(|index| bus(1, index))
            .map(|(vehicle, config)| (vehicle.to_string(), model_name(&config)))
            .collect();
        let expected = [
            ("E12-001", "E12"),
            ("E12-003", "E12"),
            ("E12-004", "E12-fuel"),
            ("E12-006", "E12-fuel"),
            ("E18-001", "E18"),
            ("E18-003", "E18"),
            ("E12-007", "E12"),
            ("E18-004", "E18"),
        ];
        for (index, (vehicle, model)) in [0, 2, 3, 5, 6, 8, 9, 15].into_iter().zip(expected) {
            assert_eq!(fleet[index], (vehicle.to_owned(), model.to_owned()));
        }
        let names: HashSet<_> = fleet.iter().map(|(vehicle, _)| vehicle).collect();
        assert_eq!(names.len(), fleet.len());
    }
}
