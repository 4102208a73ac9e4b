//! A fleet that is mixed even when it is small: every third bus is an E18, every fourth has a fuel heater,
//! and charging windows differ.

use ayaz_model::VehicleId;

use crate::bus::BusConfig;
use crate::charger::ChargingWindow;
use crate::model::{E12, E18, Heating};
use crate::scenario::ScenarioBus;

/// Local hours in which electricity is cheap at the depot.
const WINDOW_HOURS: (f64, f64) = (23.0, 5.0);

pub(super) fn buses(seed: u64, count: usize) -> Vec<ScenarioBus> {
    (0..count)
        .map(|index| ScenarioBus {
            vehicle: vehicle(index),
            config: config(seed, index),
            data_faults: Vec::new(),
        })
        .collect()
}

fn config(seed: u64, index: usize) -> BusConfig {
    let window = |plugged_while_waiting| ChargingWindow {
        from_hour: WINDOW_HOURS.0,
        to_hour: WINDOW_HOURS.1,
        plugged_while_waiting,
    };
    BusConfig {
        model: if is_articulated(index) { E18 } else { E12 },
        heating: if index % 4 == 3 {
            Heating::Fuel
        } else {
            Heating::Electric
        },
        charging_window: match index % 3 {
            0 => Some(window(true)),
            1 => Some(window(false)),
            _ => None,
        },
        preheats_unplugged: index % 2 == 1,
        ..BusConfig::new(seed, index)
    }
}

fn is_articulated(index: usize) -> bool {
    index % 3 == 2
}

/// The type, and the number among the buses of that type.
fn vehicle(index: usize) -> VehicleId {
    let (model, number) = if is_articulated(index) {
        (E18.name, index / 3 + 1)
    } else {
        (E12.name, index - index / 3 + 1)
    };
    let name = format!("{model}-{number:03}");
    name.parse()
        .expect("letters, digits and a hyphen make an identifier")
}
