//! Models of simulated buses, for `ayaz demo` and `ayaz simulate`.

use ayaz_sim::{BusConfig, Heating};
use ayaz_store::context::{Heater, Model};

/// The model's name. A bus with a fuel heater is a separate model, because its battery does not
/// heat the cabin.
pub(crate) fn model_name(bus: &BusConfig) -> String {
    let name = bus.model.name;
    match bus.heating {
        Heating::Fuel => format!("{name}-fuel"),
        Heating::Electric => name.to_owned(),
    }
}

/// The models of these buses, without duplicates, sorted by name.
pub(crate) fn models<'a>(buses: impl IntoIterator<Item = &'a BusConfig>) -> Vec<Model> {
    let mut models: Vec<Model> = buses.into_iter().map(model).collect();
    models.sort_by(|a, b| a.model.cmp(&b.model));
    models.dedup_by(|a, b| a.model == b.model);
    models
}

fn model(bus: &BusConfig) -> Model {
    Model {
        model: model_name(bus),
        length_m: Some(bus.model.length_m as f32),
        usable_energy_kwh: Some(bus.model.usable_energy_kwh as f32),
        heater: Some(match bus.heating {
            Heating::Fuel => Heater::Fuel,
            Heating::Electric => Heater::Electric,
        }),
    }
}

#[cfg(test)]
mod tests {
    use ayaz_sim::Fleet;

    use super::*;

    #[test]
    fn a_model_is_heated_in_one_way() {
        let buses: Vec<BusConfig> = (0..24).map(|index| Fleet::config(1, index)).collect();
        let models = models(&buses);
        let names: Vec<&str> = models.iter().map(|model| model.model.as_str()).collect();
        assert_eq!(names, ["E12", "E12-fuel", "E18", "E18-fuel"]);
        for bus in &buses {
            let model = models.iter().find(|model| model.model == model_name(bus));
            let burns_fuel = bus.heating == Heating::Fuel;
            assert_eq!(model.unwrap().heater == Some(Heater::Fuel), burns_fuel);
        }
    }
}
