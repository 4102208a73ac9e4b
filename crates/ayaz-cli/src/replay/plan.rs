//! The mapping applied to one file: finds the positions of its columns in its header.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ayaz_model::{FleetId, Signal, VehicleId};

use super::fault::Fault;
use super::input::Input;
use super::log::Log;
use super::mapping::{Encoding, Mapping, TimeFormat};
use super::origin::{Cache, Origins};
use super::skip::SkipRule;
use super::source::{Progress, STANDARD_INPUT, identity_of_pipe};

mod header;

use header::Header;

/// Values from the command line that override the mapping.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Fleet to publish as.
    pub fleet: Option<FleetId>,
    /// Vehicle to publish as, even if a column has another.
    pub vehicle: Option<VehicleId>,
}

/// How to read one file.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The file's name in messages.
    pub label: String,
    pub(super) delimiter: u8,
    pub(super) encoding: Encoding,
    pub(super) fleet: FleetId,
    pub(super) vehicle: Choice<VehicleId>,
    pub(super) cycle: Choice<String>,
    pub(super) time: TimeColumn,
    pub(super) skips: Vec<(Column, SkipRule)>,
    pub(super) signals: Vec<SignalCell>,
    /// Warnings to show before the file is replayed.
    pub warnings: Vec<String>,
}

/// One value for the whole file, or a column.
#[derive(Debug, Clone)]
pub(super) enum Choice<T> {
    Constant(T),
    Column(Column),
}

/// A column of this file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) position: usize,
    pub(super) name: String,
}

#[derive(Debug, Clone)]
pub(super) struct TimeColumn {
    pub(super) column: Column,
    pub(super) format: TimeFormat,
    pub(super) origins: Option<Origins>,
}

#[derive(Debug, Clone)]
pub(super) struct SignalCell {
    pub(super) column: Column,
    pub(super) signal: Signal,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

/// Plans every file, or returns the error of each file that cannot be planned. Counts bytes that
/// are read from pipes.
pub(super) fn plan_all(
    mapping: &Mapping,
    overrides: &Overrides,
    files: &[PathBuf],
    progress: &Progress,
) -> (Vec<(Plan, Input)>, Vec<Fault>) {
    let mut cache = Cache::new();
    let (mut plans, mut faults) = (Vec::new(), Vec::new());
    let mut seen: HashMap<(VehicleId, String), String> = HashMap::new();
    let mut pipes: HashMap<(u64, u64), String> = HashMap::new();
    for path in files {
        let label = label(path);
        let opened = open(mapping, path, &mut pipes, progress);
        let planned = opened.and_then(|log| plan(mapping, overrides, path, log, &mut cache));
        let planned = planned.and_then(|(plan, input)| {
            // Two files with the same name would give their readings the same keys.
            if let (Choice::Constant(vehicle), Choice::Constant(cycle)) =
                (&plan.vehicle, &plan.cycle)
                && let Some(other) = seen.insert((vehicle.clone(), cycle.clone()), label.clone())
            {
                let what = format!("is drive cycle {cycle:?} of {vehicle}, the same as {other}");
                return Err(format!("{what}: replay one, or rename one"));
            }
            Ok((plan, input))
        });
        match planned {
            Ok(plan) => plans.push(plan),
            Err(what) => faults.push(Fault::file(&label, what)),
        }
    }
    (plans, faults)
}

/// Opens a file or a pipe. Refuses a second name of one pipe: two readers would each get only some
/// of its rows.
fn open(
    mapping: &Mapping,
    path: &Path,
    pipes: &mut HashMap<(u64, u64), String>,
    progress: &Progress,
) -> Result<Log, String> {
    let identity = identity_of_pipe(path).map_err(|error| format!("cannot be opened: {error}"))?;
    if let Some(identity) = identity
        && let Some(other) = pipes.insert(identity, label(path))
    {
        return Err(format!(
            "is the same pipe as {other}, which can be read only once: name it once"
        ));
    }
    let progress = match identity {
        Some(_) => progress.clone(),
        // It is read again from its start later, and counted then.
        None => Progress::default(),
    };
    Log::open(path, mapping.delimiter as u8, progress)
}

/// The input's name in messages.
fn label(path: &Path) -> String {
    match path == Path::new(STANDARD_INPUT) {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

fn plan(
    mapping: &Mapping,
    overrides: &Overrides,
    path: &Path,
    log: Log,
    cache: &mut Cache,
) -> Result<(Plan, Input), String> {
    let header = Header::of(log.header(), mapping);
    let cycle = match mapping
        .drive_cycle
        .column
        .as_deref()
        .and_then(|name| header.find(name))
    {
        Some(column) => Choice::Column(column?),
        None => Choice::Constant(stem(path)),
    };
    let time = time_column(mapping, path, &header, cache)?;
    let input = Input::of(path, log);
    let mut warnings = Vec::new();
    if let (Choice::Constant(cycle), Input::Pipe(_)) = (&cycle, &input) {
        warnings.push(format!(
            "{}: its drive cycle is named {cycle:?} after the pipe: under another name the same \
             readings would be stored again; drive_cycle.column in the mapping gives stable \
             names",
            label(path)
        ));
    }
    if let (Choice::Constant(cycle), Some(origins)) = (&cycle, &time.origins) {
        let start = origins.start(cycle)?;
        warnings.extend(
            start
                .warning
                .map(|warning| format!("{}: {warning}", label(path))),
        );
    }
    let plan = Plan {
        label: label(path),
        delimiter: mapping.delimiter as u8,
        encoding: mapping.encoding,
        fleet: overrides
            .fleet
            .clone()
            .unwrap_or_else(|| mapping.identity.fleet.clone()),
        vehicle: vehicle(mapping, overrides, &header)?,
        cycle,
        time,
        skips: skips(mapping, &header)?,
        signals: signals(mapping, &header)?,
        warnings,
    };
    Ok((plan, input))
}

fn vehicle(
    mapping: &Mapping,
    overrides: &Overrides,
    header: &Header,
) -> Result<Choice<VehicleId>, String> {
    if let Some(vehicle) = &overrides.vehicle {
        return Ok(Choice::Constant(vehicle.clone()));
    }
    let identity = &mapping.identity;
    match identity
        .vehicle_column
        .as_deref()
        .and_then(|name| header.find(name))
    {
        Some(column) => Ok(Choice::Column(column?)),
        None => match &identity.vehicle {
            Some(vehicle) => Ok(Choice::Constant(vehicle.clone())),
            None => {
                Err("neither a column nor the mapping names the vehicle: give --vehicle".into())
            }
        },
    }
}

fn time_column(
    mapping: &Mapping,
    path: &Path,
    header: &Header,
    cache: &mut Cache,
) -> Result<TimeColumn, String> {
    for time in &mapping.time {
        if let Some(column) = header.find(&time.column) {
            let load = |origin| Origins::load(origin, path, cache);
            return Ok(TimeColumn {
                column: column?,
                format: time.format,
                origins: time.origin.as_ref().map(load).transpose()?,
            });
        }
    }
    let names = mapping.time.iter().map(|time| time.column.as_str());
    Err(header.missing(names))
}

fn skips(mapping: &Mapping, header: &Header) -> Result<Vec<(Column, SkipRule)>, String> {
    let mut rules = Vec::new();
    for skip in &mapping.skip {
        let Some(column) = header.find_unless_optional(&skip.column, skip.optional)? else {
            continue;
        };
        let unless = skip.unless.clone().map(SkipRule::Unless);
        rules.extend(
            unless
                .or(skip.when.clone().map(SkipRule::When))
                .map(|rule| (column, rule)),
        );
    }
    Ok(rules)
}

fn signals(mapping: &Mapping, header: &Header) -> Result<Vec<SignalCell>, String> {
    let mut cells = Vec::new();
    for (name, source) in &mapping.signals {
        let signal = super::mapping::signal(name)?;
        let Some(column) = header.find_unless_optional(&source.column, source.optional)? else {
            continue;
        };
        let (scale, offset) = (source.scale.unwrap_or(1.0), source.offset.unwrap_or(0.0));
        cells.push(SignalCell {
            column,
            signal,
            scale,
            offset,
        });
    }
    if cells.is_empty() {
        let columns = mapping.signals.values();
        let missing = header.missing(columns.map(|source| source.column.as_str()));
        return Err(format!(
            "the file has none of the mapping's columns, so nothing would be sent: {missing}"
        ));
    }
    Ok(cells)
}

/// The file's name without `.csv` and `.gz`. Standard input always has the same name.
fn stem(path: &Path) -> String {
    if path == Path::new(STANDARD_INPUT) {
        return "stdin".to_owned();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends_with = |name: &str, suffix: &str| name.to_ascii_lowercase().ends_with(suffix);
    let mut stem = &name[..];
    for suffix in [".gz", ".csv"] {
        if ends_with(stem, suffix) {
            stem = &stem[..stem.len() - suffix.len()];
        }
    }
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_drive_cycle_of_its_name() {
        for (path, expected) in [
            ("a/TripA01.csv.gz", "TripA01"),
            ("TripA01.CSV", "TripA01"),
            ("TripA01", "TripA01"),
            ("2019.12.07.csv", "2019.12.07"),
            ("ü.csv.gz", "ü"),
            ("/dev/stdin", "stdin"),
            ("-", "stdin"),
        ] {
            assert_eq!(stem(Path::new(path)), expected);
        }
    }
}
