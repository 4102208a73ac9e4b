//! Vehicles whose data or settings cannot be used, such as a depot in an unknown time zone. Their
//! hours stay queued, and all others are refreshed. A late figure of a vehicle is better than one
//! with wrong service days.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ayaz_model::VehicleNumber;
use ayaz_store::vehicles;
use ayaz_store::{Connection, StoreError};

/// A vehicle is tried again after this time, because not every correction shows in the ledger: for
/// example new time zone data of the database server.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(300);

/// The vehicles, and why each of them waits.
#[derive(Debug, Default)]
pub(super) struct SetAside {
    waiting: BTreeMap<VehicleNumber, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    cause: String,
    until: Instant,
}

impl SetAside {
    /// Vehicles whose hours are skipped. Those that have waited long enough are removed, and so
    /// tried again.
    pub(super) fn vehicles(&mut self) -> Vec<VehicleNumber> {
        let now = Instant::now();
        self.waiting.retain(|_, waiting| waiting.until > now);
        self.waiting.keys().copied().collect()
    }

    /// Whether the hours of this vehicle are skipped.
    pub(super) fn contains(&self, vehicle: VehicleNumber) -> bool {
        self.waiting.contains_key(&vehicle)
    }

    /// Tries all of them again, because settings or data have changed.
    pub(super) fn try_again(&mut self) {
        self.waiting.clear();
    }

    /// Skips the vehicle's hours for a while, and logs each cause once.
    pub(super) async fn put(
        &mut self,
        connection: &Connection,
        vehicle: VehicleNumber,
        error: &StoreError,
    ) -> Result<(), StoreError> {
        let cause = error.to_string();
        if !self.waiting.values().any(|waiting| waiting.cause == cause) {
            let name = vehicles::name(&connection.client, vehicle).await?;
            tracing::warn!(
                vehicle = name,
                cause,
                "the hours of this vehicle wait, as do those of all others with this cause"
            );
        }
        let until = Instant::now() + TRY_AGAIN_AFTER;
        self.waiting.insert(vehicle, Waiting { cause, until });
        Ok(())
    }
}
