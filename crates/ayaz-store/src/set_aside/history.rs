//! Vehicles that may send any number of days for a while.

use ayaz_model::VehicleKey;
use jiff::SignedDuration;
use tokio_postgres::Client;

use crate::error::StoreError;

/// Lets the vehicle send any number of days for this duration from now. An earlier announcement that lasts
/// longer stays. Needs the role of an operator, since a vehicle must not raise its own limit.
pub async fn announce_history(
    operator: &Client,
    vehicle: &VehicleKey,
    time: SignedDuration,
) -> Result<(), StoreError> {
    let seconds = time.as_secs_f64();
    operator
        .execute(
            "-- announce_history
            insert into history_announcement as known (fleet, vehicle, ends_at)
            values ($1, $2, now() + make_interval(secs => $3))
            on conflict (fleet, vehicle) do update set
                announced_at = now(),
                ends_at = greatest(known.ends_at, excluded.ends_at)",
            &[&vehicle.fleet.as_str(), &vehicle.vehicle.as_str(), &seconds],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("announce history", error))
}
