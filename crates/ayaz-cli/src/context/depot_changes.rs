//! Changes of depot on a date.
//!
//! The date means midnight at a depot. If two depots have different zones, the date means two
//! instants. The bus would then have no depot, or two depots, for some hours. A change must be one
//! instant: it is midnight at the new depot.

use std::collections::BTreeMap;

use ayaz_model::VehicleKey;
use ayaz_store::context::{Attribute, ContextRecord};
use jiff::Timestamp;
use jiff::civil::Date;

use super::depot_zones::DepotZones;
use super::line::{DatedRecord, Placed};
use super::time::When;

/// The instants at which vehicles change to a depot, by date.
#[derive(Default)]
pub(super) struct DepotChanges(BTreeMap<(VehicleKey, Date), Timestamp>);

impl DepotChanges {
    /// Uses the stored records and the depot lines. The lines override the records.
    pub(super) fn new(
        stored: &[ContextRecord],
        lines: &[Placed<DatedRecord>],
        zones: &DepotZones,
    ) -> Self {
        let mut changes = Self::default();
        for record in stored.iter().filter(|r| r.attribute == Attribute::Depot) {
            if let Some(at) = record.valid_from {
                let there = zones.of_depot(&record.value).to_datetime(at);
                // The store keeps only instants. A midnight there was a date before.
                if there.time() == jiff::civil::Time::midnight() {
                    changes.add(&record.vehicle, there.date(), at);
                }
            }
        }
        for line in lines.iter().map(|line| &line.item) {
            if line.attribute == Attribute::Depot
                && let When::Midnight(date) = line.from
                && let Some(at) = line.from.instant(&zones.of_depot(&line.value))
            {
                changes.add(&line.vehicle, date, at);
            }
        }
        changes
    }

    fn add(&mut self, vehicle: &VehicleKey, date: Date, at: Timestamp) {
        self.0.insert((vehicle.clone(), date), at);
    }

    /// The end of a depot record. If the next depot begins on the same date, it is that beginning.
    pub(super) fn end(&self, record: &DatedRecord) -> When {
        let When::Midnight(date) = record.to else {
            return record.to;
        };
        self.0
            .get(&(record.vehicle.clone(), date))
            .map_or(record.to, |at| When::Instant(*at))
    }
}
