//! Vehicles of which something is known that cannot be used, such as a depot in a time zone that nobody
//! knows. Their hours stay in the queue, and all others are worked out meanwhile: figures of a vehicle that
//! wait are better than figures cut by days that are not its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ayaz_model::VehicleNumber;
use ayaz_store::vehicles;
use ayaz_store::{Connection, StoreError};

/// After so long a vehicle is tried again, since not every correction leaves a note: the time zone data of
/// the database server may be new.
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
    /// Vehicles whose hours are left alone. Those that have waited long enough are forgotten, and so
    /// tried again.
    pub(super) fn vehicles(&mut self) -> Vec<VehicleNumber> {
        let now = Instant::now();
        self.waiting.retain(|_, waiting| waiting.until > now);
        self.waiting.keys().copied().collect()
    }

    /// Whether the hours of this one are left alone.
    pub(super) fn holds(&self, vehicle: VehicleNumber) -> bool {
        self.waiting.contains_key(&vehicle)
    }

    /// Something that is known has changed, so that any of them may be right now.
    pub(super) fn try_again(&mut self) {
        self.waiting.clear();
    }

    /// Leaves the vehicle's hours alone for a while, and says so, once for a cause.
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
                "the hours of this vehicle wait, and those of any other with this cause"
            );
        }
        let until = Instant::now() + TRY_AGAIN_AFTER;
        self.waiting.insert(vehicle, Waiting { cause, until });
        Ok(())
    }
}
