//! Checks the lines against each other and against stored records. It does not use the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ayaz_model::VehicleKey;
use ayaz_store::context::{
    Attribute, ContextChanges, ContextRecord, Depot, Heater, Model, StoredContext, Vehicle,
};
use jiff::tz::TimeZone;

use super::depot_changes::DepotChanges;
use super::depot_zones::DepotZones;
use super::file::Kind;
use super::line::{DatedRecord, Lines, Placed};
use super::overlap::{self, record_key};
use super::problem::{Place, Problems};
use super::time::End;

/// What an import does to the records of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) new: usize,
    pub(super) changed: usize,
    pub(super) unchanged: usize,
}

impl Counts {
    /// Compares with the stored item of the same key.
    fn add<T: PartialEq>(&mut self, stored: Option<&T>, item: &T) {
        match stored {
            None => self.new += 1,
            Some(stored) if stored == item => self.unchanged += 1,
            Some(_) => self.changed += 1,
        }
    }
}

/// The changes to store, with their counts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Resolved {
    pub(super) changes: ContextChanges,
    pub(super) counts: BTreeMap<Kind, Counts>,
    /// Stored facts about a vehicle's kind that would change for all of its past.
    pub(super) replaced: Problems,
}

/// The changes that the lines ask for. If there are problems, do not store them.
pub(super) fn resolve(
    lines: Lines,
    stored: &StoredContext,
    zones: &BTreeSet<String>,
    problems: &mut Problems,
) -> Resolved {
    let mut resolved = Resolved::default();
    models(&lines.models, stored, problems, &mut resolved);
    depots(&lines.depots, stored, zones, problems, &mut resolved);
    vehicles(&lines, stored, problems, &mut resolved);
    records(lines, stored, problems, &mut resolved);
    resolved
}

fn models(
    lines: &[Placed<Model>],
    stored: &StoredContext,
    problems: &mut Problems,
    resolved: &mut Resolved,
) {
    let mut seen = Seen::default();
    for line in lines {
        if seen.first(&line.item.model, line, "model", &line.item.model, problems) {
            let known = stored.models.iter().find(|m| m.model == line.item.model);
            let heater = known.and_then(|known| known.heater);
            if let Some(before) = heater.filter(|_| line.item.heater != heater) {
                let after = line.item.heater.map_or("nothing", Heater::name);
                let before = Heater::name(before);
                let change = format!("{}: heater {before} becomes {after}", line.item.model);
                resolved.replaced.line(&line.place, change);
            }
            resolved.count(Kind::Models).add(known, &line.item);
            resolved.changes.models.push(line.item.clone());
        }
    }
}

fn depots(
    lines: &[Placed<Depot>],
    stored: &StoredContext,
    zones: &BTreeSet<String>,
    problems: &mut Problems,
    resolved: &mut Resolved,
) {
    let mut seen = Seen::default();
    for line in lines {
        let depot = &line.item;
        if !zones.contains(&depot.zone) {
            let near = nearest(&depot.zone, zones).map_or_else(
                || "such as Asia/Almaty or Europe/Oslo".to_owned(),
                |near| format!("perhaps {near}"),
            );
            let message = format!("is no time zone that the database knows: write one, {near}");
            problems.value(&line.place, "zone", &depot.zone, message);
        } else if TimeZone::get(&depot.zone).is_err() {
            let message = "is a time zone that the database knows and this machine does not: \
                           install its time zone data (tzdata)";
            problems.value(&line.place, "zone", &depot.zone, message);
        }
        if seen.first(&depot.depot, line, "depot", &depot.depot, problems) {
            let known = stored.depots.iter().find(|d| d.depot == depot.depot);
            resolved.count(Kind::Depots).add(known, depot);
            resolved.changes.depots.push(depot.clone());
        }
    }
}

fn vehicles(
    lines: &Lines,
    stored: &StoredContext,
    problems: &mut Problems,
    resolved: &mut Resolved,
) {
    let models: BTreeSet<&str> = stored.models.iter().map(|m| m.model.as_str()).collect();
    let known: BTreeMap<&VehicleKey, &Vehicle> =
        stored.vehicles.iter().map(|v| (&v.key, v)).collect();
    let mut seen = Seen::default();
    for line in &lines.vehicles {
        let vehicle = &line.item;
        if let Some(model) = &vehicle.model
            && !models.contains(model.as_str())
            && !lines.model_names.contains(model)
        {
            let message = "there is no such model: enter it in the same call, in a file with the \
                           header model,length_m,usable_energy_kwh,heater";
            problems.value(&line.place, "model", model, message);
        }
        let name = vehicle.key.to_string();
        if seen.first(&vehicle.key, line, "vehicle", &name, problems) {
            let known = known.get(&vehicle.key).copied();
            let mut entered = vehicle.clone();
            // An empty model keeps the stored one.
            entered.model = entered
                .model
                .or_else(|| known.and_then(|v| v.model.clone()));
            if let Some((before, after)) = known
                .and_then(|known| known.model.as_deref())
                .zip(entered.model.as_deref())
                && before != after
            {
                let change = format!("{name}: model {before} becomes {after}");
                resolved.replaced.line(&line.place, change);
            }
            resolved.count(Kind::Vehicles).add(known, &entered);
            resolved.changes.vehicles.push(entered);
        }
    }
    // A record also adds its vehicle, so that it can exist before its first message.
    for line in &lines.records {
        let key = &line.item.vehicle;
        if !known.contains_key(key) && seen.0.insert(key, &line.place).is_none() {
            let vehicle = Vehicle {
                key: key.clone(),
                model: None,
            };
            resolved.count(Kind::Vehicles).new += 1;
            resolved.changes.vehicles.push(vehicle);
        }
    }
}

fn records(lines: Lines, stored: &StoredContext, problems: &mut Problems, resolved: &mut Resolved) {
    let mut zones = DepotZones::new(stored, &resolved.changes.depots);
    let (depots, others): (Vec<_>, Vec<_>) = lines
        .records
        .into_iter()
        .partition(|line| line.item.attribute == Attribute::Depot);
    let changes = DepotChanges::new(&stored.records, &depots, &zones);
    let mut dated = Vec::new();
    // Depots first: they give the time zones of the others.
    for mut line in depots {
        let name = &line.item.value;
        if !zones.knows(name) && !lines.depot_names.contains(name) {
            let message = "there is no such depot: enter it in the same call, in a file with the \
                           header depot,zone,cut_over_hour";
            problems.value(&line.place, "value", name, message);
        }
        let zone = zones.of_depot(name);
        line.item.to = changes.end(&line.item);
        if let Some(record) = date(line, &zone, &zone, problems) {
            zones.assign(&record.item);
            dated.push(record);
        }
    }
    for line in others {
        let from = zones.at(&line.item.vehicle, line.item.from);
        let to = zones.at(&line.item.vehicle, line.item.to);
        dated.extend(date(line, &from, &to, problems));
    }

    let known: BTreeMap<_, _> = stored.records.iter().map(|r| (record_key(r), r)).collect();
    let mut entered: Vec<&Placed<ContextRecord>> = Vec::new();
    let mut seen = Seen::default();
    for line in &dated {
        let key = record_key(&line.item);
        let from = End(key.2, "no start").to_string();
        if seen.first(key, line, "valid_from", &from, problems) {
            let known = known.get(&key).copied();
            resolved.count(Kind::Context).add(known, &line.item);
            entered.push(line);
        }
    }
    overlap::check(&entered, &stored.records, problems);
    resolved.changes.records = entered.into_iter().map(|line| line.item.clone()).collect();
}

/// Converts the dates to instants. Reports a record that does not end after its start.
fn date(
    line: Placed<DatedRecord>,
    from_zone: &TimeZone,
    to_zone: &TimeZone,
    problems: &mut Problems,
) -> Option<Placed<ContextRecord>> {
    let Placed { place, item } = line;
    let valid_from = item.from.instant(from_zone);
    let valid_to = item.to.instant(to_zone);
    if let Some((from, to)) = valid_from.zip(valid_to)
        && from >= to
    {
        let message = format!(
            "ends before it starts, or with it: valid_from is {from}, valid_to is {to}; write a \
             later valid_to, or none"
        );
        problems.value(&place, "valid_to", &item.to_text, message);
        return None;
    }
    Some(Placed {
        place,
        item: ContextRecord {
            vehicle: item.vehicle,
            attribute: item.attribute,
            valid_from,
            valid_to,
            value: item.value,
        },
    })
}

/// Keys, with the line where each appears first.
struct Seen<'a, K>(BTreeMap<K, &'a Place>);

impl<K> Default for Seen<'_, K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'a, K: Ord> Seen<'a, K> {
    /// True for the first line with its key; otherwise reports a problem.
    fn first<T>(
        &mut self,
        key: K,
        line: &'a Placed<T>,
        column: &str,
        value: &str,
        problems: &mut Problems,
    ) -> bool {
        use std::collections::btree_map::Entry;
        match self.0.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(&line.place);
                true
            }
            Entry::Occupied(entry) => {
                let message = format!("is the same record as {}: keep one", entry.get());
                problems.value(&line.place, column, value, message);
                false
            }
        }
    }
}

impl Resolved {
    fn count(&mut self, kind: Kind) -> &mut Counts {
        self.counts.entry(kind).or_default()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} new, {} changed, {} as before",
            self.new, self.changed, self.unchanged
        )
    }
}

/// The most similar zone name, if it is similar enough.
fn nearest<'a>(name: &str, zones: &'a BTreeSet<String>) -> Option<&'a str> {
    // "Almaty" means Asia/Almaty, at any distance.
    let city = |zone: &&String| {
        zone.rsplit('/')
            .next()
            .is_some_and(|city| city.eq_ignore_ascii_case(name))
    };
    if let Some(zone) = zones.iter().find(city) {
        return Some(zone);
    }
    let lower = name.to_lowercase();
    zones
        .iter()
        .map(|zone| (strsim::osa_distance(&zone.to_lowercase(), &lower), zone))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, zone)| zone.as_str())
}
