//! What the worker clears away, since ingest may not delete anything.

use tokio_postgres::Client;

use crate::error::StoreError;

/// Removes the quotas of dead letters of hours that ended a week ago and more, and returns how many
/// there were. A quota counts for the hour that runs by a daemon's clock; the week is for clocks that
/// are wrong, and for people who look. What was suppressed stays counted.
pub async fn forget_quotas(client: &Client) -> Result<u64, StoreError> {
    client
        .execute(
            "-- forget_dead_letter_quotas
            delete from dead_letter_quota where hour < now() - interval '7 days 1 hour'",
            &[],
        )
        .await
        .map_err(|error| StoreError::from_driver("forget old quotas of dead letters", error))
}
