//! When a bus goes from one depot to another on a date.
//!
//! The date is a midnight at either depot, and in two zones these are two instants: hours would be left
//! in which the bus has no depot, or has both. A change is one instant, so it is the midnight of the
//! depot that the bus comes to, where it stands from then on.

use std::collections::BTreeMap;

use ayaz_model::VehicleKey;
use ayaz_store::context::{Attribute, ContextRecord};
use jiff::Timestamp;
use jiff::civil::Date;

use super::depot_zones::DepotZones;
use super::line::{DatedRecord, Placed};
use super::time::When;

/// When vehicles come to depots, by the dates that say so.
#[derive(Default)]
pub(super) struct DepotChanges(BTreeMap<(VehicleKey, Date), Timestamp>);

impl DepotChanges {
    /// Of the stored records and the depots among the lines, which say more.
    pub(super) fn new(
        stored: &[ContextRecord],
        lines: &[Placed<DatedRecord>],
        zones: &DepotZones,
    ) -> Self {
        let mut changes = Self::default();
        for record in stored.iter().filter(|r| r.attribute == Attribute::Depot) {
            if let Some(at) = record.valid_from {
                let there = zones.of_depot(&record.value).to_datetime(at);
                // An instant is all that is stored: a midnight there is what a date became.
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

    /// When a depot's record ends that ends so: with the beginning of the next, if that is of the
    /// same date.
    pub(super) fn end(&self, record: &DatedRecord) -> When {
        let When::Midnight(date) = record.to else {
            return record.to;
        };
        self.0
            .get(&(record.vehicle.clone(), date))
            .map_or(record.to, |at| When::Instant(*at))
    }
}
