//! Deletes readings that nobody needs.

use tokio_postgres::Client;

use super::SetAsideSelection;
use super::selection::{Parameters, SELECTED};
use crate::error::StoreError;

/// Readings deleted by one statement. Daemons that receive the same readings wait for it.
const DELETED_AT_A_TIME: i64 = 20_000;

/// Deletes the selected readings, and returns their number. Needs the role of an operator. If a reading is
/// sent again, it is set aside again.
pub async fn clear(operator: &Client, selection: &SetAsideSelection) -> Result<u64, StoreError> {
    let mut cleared = 0;
    for table in ["reading_set_aside", "cell_reading_set_aside"] {
        let statement = format!(
            "-- clear_set_aside
            delete from {table}
            where (vehicle_id, recorded_at, boot_id, sequence) in (
                select s.vehicle_id, recorded_at, boot_id, sequence
                from {table} s
                join vehicle v using (vehicle_id)
                where {SELECTED}
                order by s.vehicle_id, recorded_at, boot_id, sequence
                limit $10
            )"
        );
        let parameters = Parameters::of(selection);
        let parameters: Vec<_> = parameters
            .list()
            .into_iter()
            .chain([&DELETED_AT_A_TIME as _])
            .collect();
        loop {
            let deleted = operator
                .execute(&statement, &parameters)
                .await
                .map_err(|error| {
                    StoreError::from_driver("clear readings that are set aside", error)
                })?;
            cleared += deleted;
            if deleted == 0 {
                break;
            }
        }
    }
    Ok(cleared)
}
