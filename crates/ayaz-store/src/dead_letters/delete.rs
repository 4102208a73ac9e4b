//! Letters that nobody needs any more.

use tokio_postgres::Client;

use super::{ChosenDeadLetter, Digest};
use crate::error::StoreError;

/// Letters deleted in one transaction: the daemons wait for them meanwhile.
const DELETED_AT_A_TIME: usize = 1_000;

/// Deletes letters, and returns how many there were. One that was delivered again since it was chosen
/// stays. What was suppressed stays counted, and the quotas of their hours stay used up. Needs the role
/// of an operator.
pub async fn delete_letters(
    operator: &Client,
    letters: &[ChosenDeadLetter],
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for part in letters.chunks(DELETED_AT_A_TIME) {
        let digests: Vec<&Digest> = part.iter().map(|letter| &letter.digest).collect();
        let deliveries: Vec<i64> = part.iter().map(|letter| letter.deliveries).collect();
        deleted += operator
            .execute(
                // Locked in the daemons' order, by digest, so that neither waits for ever.
                "-- delete_dead_letters
                with locked as materialized (
                    select digest from dead_letter
                    where digest = any($1)
                    order by digest
                    for update
                )
                delete from dead_letter
                using unnest($1::bytea[], $2::bigint[]) as chosen (digest, deliveries)
                join locked using (digest)
                where dead_letter.digest = chosen.digest
                    and dead_letter.deliveries = chosen.deliveries",
                &[&digests, &deliveries],
            )
            .await
            .map_err(|error| StoreError::from_driver("delete dead letters", error))?;
    }
    Ok(deleted)
}
