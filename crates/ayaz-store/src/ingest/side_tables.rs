//! Statuses of a batch.

use tokio_postgres::Transaction;

use super::rows::RowPlan;
use crate::error::StoreError;

/// Stores connection statuses. Retained statuses arrive again at each connect, so only a change counts.
pub(super) async fn write_statuses(
    transaction: &Transaction<'_>,
    plan: &RowPlan<'_>,
) -> Result<(), StoreError> {
    if plan.statuses.is_empty() {
        return Ok(());
    }
    let (mut vehicles, mut online, mut boots, mut times) = (vec![], vec![], vec![], vec![]);
    for (vehicle, status) in &plan.statuses {
        vehicles.push(*vehicle);
        online.push(status.online);
        boots.push(i64::from(status.boot_id));
        times.push(status.received_at.timestamp().unwrap_or_default());
    }
    transaction
        .execute(
            "-- upsert_vehicle_statuses
            insert into vehicle_status (vehicle_id, online, boot_id, changed_at)
            select * from unnest($1::integer[], $2::boolean[], $3::bigint[], $4::timestamptz[])
            on conflict (vehicle_id) do update set
                online = excluded.online,
                boot_id = excluded.boot_id,
                changed_at = excluded.changed_at
            where (vehicle_status.online, vehicle_status.boot_id)
                is distinct from (excluded.online, excluded.boot_id)",
            &[&vehicles, &online, &boots, &times],
        )
        .await
        .map(drop)
        .map_err(|error| StoreError::from_driver("write vehicles' statuses", error))
}
