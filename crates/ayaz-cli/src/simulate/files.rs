//! Writes the truth and the context of a scenario as CSV.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ayaz_model::FleetId;
use ayaz_sim::truth::csv;
use ayaz_sim::{Scenario, ScenarioBus, TruthBus};
use ayaz_store::context::Heater;

use crate::simulated::{model_name, models};

/// The depot of the fleet.
const DEPOT: &str = "astana-1,Asia/Almaty,3";

/// The description of each column of the truth files.
const TRUTH_README: (&str, &str) = ("truth_README.md", include_str!("truth_README.md"));

/// Writes the true values and the description of their columns.
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
    let (name, text) = TRUTH_README;
    write(directory, name, text)
}

/// Writes what an operator knows about the buses, as input of `ayaz context import`.
pub(super) fn write_context(directory: &Path, fleet: &FleetId, scenario: &Scenario) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("create {}", directory.display()))?;
    let buses = scenario.buses();
    let models: String = models(buses.iter().map(|bus| &bus.config))
        .iter()
        .map(|model| {
            let number =
                |value: Option<f32>| value.map_or(String::new(), |value| value.to_string());
            format!(
                "{},{},{},{}\n",
                model.model,
                number(model.length_m),
                number(model.usable_energy_kwh),
                model.heater.map_or("", Heater::name)
            )
        })
        .collect();
    let lines = |line: &dyn Fn(&ScenarioBus) -> String| buses.iter().map(line).collect::<String>();
    let vehicles = lines(&|bus| format!("{fleet},{},{}\n", bus.vehicle, model_name(&bus.config)));
    let context = lines(&|bus| format!("{fleet},{},depot,astana-1,,\n", bus.vehicle));
    for (name, text) in [
        (
            "models.csv",
            format!("model,length_m,usable_energy_kwh,heater\n{models}"),
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

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_truth_readme_explains_every_column_and_every_fault() {
        // The smallest scenario with every fault of the catalogue.
        let mut deliveries = Scenario::cold_snap(1, 5, date(2025, 1, 6))
            .days(4)
            .deliveries();
        assert!(deliveries.by_ref().count() > 0);
        let folder = tempfile::tempdir().unwrap();
        write_truth(folder.path(), &deliveries.truth()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let readme = read("truth_README.md");
        for name in ["truth_days.csv", "truth_sessions.csv", "truth_faults.csv"] {
            assert!(readme.contains(name), "{name}");
            for column in read(name).lines().next().unwrap().split(',') {
                assert!(readme.contains(&format!("`{column}`")), "{name}: {column}");
            }
        }
        for line in read("truth_faults.csv").lines().skip(1) {
            let kind = line.split(',').nth(1).unwrap();
            assert!(readme.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
