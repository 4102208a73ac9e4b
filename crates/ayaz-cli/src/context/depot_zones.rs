//! Time zones of vehicles, to convert a date to an instant.

use std::collections::BTreeMap;

use ayaz_model::VehicleKey;
use ayaz_store::context::{Attribute, ContextRecord, Depot, StoredContext};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::time::When;

/// The time zone of each vehicle's midnights.
pub(super) struct DepotZones {
    by_depot: BTreeMap<String, TimeZone>,
    /// By start time.
    assigned: BTreeMap<VehicleKey, BTreeMap<Option<Timestamp>, String>>,
    default: TimeZone,
}

impl DepotZones {
    pub(super) fn new(stored: &StoredContext, entered: &[Depot]) -> Self {
        let zone = |name: &str| TimeZone::get(name).unwrap_or(TimeZone::UTC);
        // Entered depots override stored ones.
        let depots = stored.depots.iter().chain(entered);
        let mut zones = Self {
            by_depot: depots.map(|d| (d.depot.clone(), zone(&d.zone))).collect(),
            assigned: BTreeMap::new(),
            default: zone(&stored.default_zone),
        };
        let depot_records = stored
            .records
            .iter()
            .filter(|r| r.attribute == Attribute::Depot);
        depot_records.for_each(|record| zones.assign(record));
        zones
    }

    pub(super) fn knows(&self, depot: &str) -> bool {
        self.by_depot.contains_key(depot)
    }

    /// Stores the depot of the vehicle from the record's start.
    pub(super) fn assign(&mut self, record: &ContextRecord) {
        let periods = self.assigned.entry(record.vehicle.clone()).or_default();
        periods.insert(record.valid_from, record.value.clone());
    }

    /// The zone of a depot; the default zone for an unknown depot.
    pub(super) fn of_depot(&self, name: &str) -> TimeZone {
        self.by_depot.get(name).unwrap_or(&self.default).clone()
    }

    /// The zone of the depot at that midnight; else of the vehicle's first depot; else the default.
    pub(super) fn at(&self, vehicle: &VehicleKey, when: When) -> TimeZone {
        let Some(periods) = self.assigned.get(vehicle) else {
            return self.default.clone();
        };
        let has_begun = |(from, name): &(&Option<Timestamp>, &String)| {
            **from <= when.instant(&self.of_depot(name))
        };
        let last = periods.iter().rev().find(has_begun);
        let found = last.or_else(|| periods.iter().next());
        found.map_or_else(|| self.default.clone(), |(_, name)| self.of_depot(name))
    }
}
