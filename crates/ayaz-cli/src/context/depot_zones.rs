//! Where a vehicle's midnights are, so that a date is an instant.

use std::collections::BTreeMap;

use ayaz_model::VehicleKey;
use ayaz_store::context::{Attribute, ContextRecord, Depot, StoredContext};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::time::When;

/// In which zone a vehicle's midnights are.
pub(super) struct DepotZones {
    by_depot: BTreeMap<String, TimeZone>,
    /// By beginning.
    assigned: BTreeMap<VehicleKey, BTreeMap<Option<Timestamp>, String>>,
    default: TimeZone,
}

impl DepotZones {
    pub(super) fn new(stored: &StoredContext, entered: &[Depot]) -> Self {
        let zone = |name: &str| TimeZone::get(name).unwrap_or(TimeZone::UTC);
        // What is entered replaces what is stored.
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

    /// Notes that the record's depot is the vehicle's from then on.
    pub(super) fn assign(&mut self, record: &ContextRecord) {
        let periods = self.assigned.entry(record.vehicle.clone()).or_default();
        periods.insert(record.valid_from, record.value.clone());
    }

    /// The zone of a depot; of one that nobody knows, the default.
    pub(super) fn of_depot(&self, name: &str) -> TimeZone {
        self.by_depot.get(name).unwrap_or(&self.default).clone()
    }

    /// The zone of the depot that has begun at that midnight, else of the vehicle's first depot,
    /// else the default.
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
