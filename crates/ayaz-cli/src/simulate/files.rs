//! The truth and the context of a scenario, as CSV.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ayaz_model::FleetId;
use ayaz_sim::truth::csv;
use ayaz_sim::{Heating, Scenario, ScenarioBus, TruthBus};

/// Where the fleet spends its nights.
const DEPOT: &str = "astana-1,Asia/Almaty,3";

/// What really happened.
pub(super) fn write_truth(directory: &Path, truth: &[TruthBus]) -> Result<()> {
    type Write = fn(&mut String, &[TruthBus]) -> fmt::Result;
    let writes: [(&str, Write); 3] = [
        ("truth_days.csv", csv::write_days),
        ("truth_sessions.csv", csv::write_sessions),
        ("truth_faults.csv", csv::write_faults),
    ];
    for (name, write_csv) in writes {
        let mut text = String::new();
        write_csv(&mut text, truth)?;
        write(directory, name, &text)?;
    }
    Ok(())
}

/// What an operator would know of the buses, as `ayaz context import` takes it.
pub(super) fn write_context(directory: &Path, fleet: &FleetId, scenario: &Scenario) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("create {}", directory.display()))?;
    let buses = scenario.buses();
    let mut models: Vec<String> = buses
        .iter()
        .map(|bus| {
            let model = &bus.config.model;
            let heater = match bus.config.heating {
                Heating::Fuel => "fuel",
                Heating::Electric => "electric",
            };
            format!(
                "{},{},{},{heater}\n",
                model_name(bus),
                model.length_m,
                model.usable_energy_kwh
            )
        })
        .collect();
    models.sort_unstable();
    models.dedup();
    let lines = |line: &dyn Fn(&ScenarioBus) -> String| buses.iter().map(line).collect::<String>();
    let vehicles = lines(&|bus| format!("{fleet},{},{}\n", bus.vehicle, model_name(bus)));
    let context = lines(&|bus| format!("{fleet},{},depot,astana-1,,\n", bus.vehicle));
    for (name, text) in [
        (
            "models.csv",
            format!(
                "model,length_m,usable_energy_kwh,heater\n{}",
                models.concat()
            ),
        ),
        ("depots.csv", format!("depot,zone,cut_over_hour\n{DEPOT}\n")),
        ("vehicles.csv", format!("fleet,vehicle,model\n{vehicles}")),
        (
            "context.csv",
            format!("fleet,vehicle,attribute,value,valid_from,valid_to\n{context}"),
        ),
    ] {
        write(directory, name, &text)?;
    }
    Ok(())
}

/// A bus with a fuel heater is another model.
fn model_name(bus: &ScenarioBus) -> String {
    let name = bus.config.model.name;
    match bus.config.heating {
        Heating::Fuel => format!("{name}-fuel"),
        Heating::Electric => name.to_owned(),
    }
}

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}
