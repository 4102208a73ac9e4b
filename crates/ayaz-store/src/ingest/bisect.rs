//! Halving a batch that the database refuses, until the message that it refuses is alone.

use super::Written;
use crate::error::StoreError;

/// Who writes the parts of a batch.
pub(super) trait PartWriter<T> {
    /// Writes these in one transaction, or none of them.
    async fn write_part(&mut self, part: &[T]) -> Result<Written, StoreError>;

    /// Enters one that the database refuses as a dead letter.
    async fn bury(&mut self, culprit: &T, cause: String) -> Result<Written, StoreError>;
}

/// Writes everything but what is refused, which is buried. Ends at the first error that is not
/// about the data; parts before it are written.
pub(super) async fn write_bisecting<T>(
    writer: &mut impl PartWriter<T>,
    batch: &[T],
) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        match (writer.write_part(part).await, part) {
            (Ok(done), _) => written.add(done),
            (Err(StoreError::Refused { cause, .. }), [culprit]) => {
                written.add(writer.bury(culprit, cause).await?);
            }
            (Err(StoreError::Refused { .. }), _) => {
                // The earlier half first: messages are settled in the order of arrival.
                let (earlier, later) = part.split_at(part.len() / 2);
                parts.extend([later, earlier]);
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Refuses what holds a culprit, and is away at one of its attempts.
    struct Fake {
        culprits: BTreeSet<usize>,
        away_at: Option<usize>,
        attempts: usize,
        stored: Vec<usize>,
        buried: Vec<usize>,
    }

    impl PartWriter<usize> for Fake {
        async fn write_part(&mut self, part: &[usize]) -> Result<Written, StoreError> {
            self.attempts += 1;
            if self.away_at == Some(self.attempts) {
                return Err(StoreError::Transient {
                    operation: "write",
                    cause: "away".to_owned(),
                });
            }
            if part.iter().any(|message| self.culprits.contains(message)) {
                return Err(StoreError::Refused {
                    operation: "write",
                    cause: "no".to_owned(),
                });
            }
            self.stored.extend(part);
            Ok(Written {
                readings_new: part.len() as u64,
                ..Written::default()
            })
        }

        async fn bury(&mut self, culprit: &usize, _: String) -> Result<Written, StoreError> {
            self.buried.push(*culprit);
            Ok(Written {
                messages_refused: 1,
                ..Written::default()
            })
        }
    }

    proptest! {
        #[test]
        fn every_message_is_stored_or_buried_once_and_in_order(
            length in 1..300_usize,
            culprits in proptest::collection::btree_set(0..300_usize, 0..6),
            away_at in proptest::option::of(1..40_usize),
        ) {
            let batch: Vec<usize> = (0..length).collect();
            let culprits: BTreeSet<usize> = culprits.into_iter().filter(|c| *c < length).collect();
            let mut fake = Fake {
                culprits: culprits.clone(),
                away_at,
                attempts: 0,
                stored: Vec::new(),
                buried: Vec::new(),
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let outcome = runtime.block_on(write_bisecting(&mut fake, &batch));
            prop_assert!(fake.stored.is_sorted() && fake.buried.is_sorted());
            prop_assert!(fake.stored.iter().all(|message| !culprits.contains(message)));
            prop_assert!(fake.buried.iter().all(|message| culprits.contains(message)));
            // Each culprit costs about two attempts for each halving.
            prop_assert!(fake.attempts <= 1 + culprits.len() * 2 * 10);
            match outcome {
                Ok(written) => {
                    prop_assert_eq!(fake.stored.len() + fake.buried.len(), length);
                    prop_assert_eq!(fake.buried.len(), culprits.len());
                    prop_assert_eq!(written.readings_new as usize, fake.stored.len());
                    prop_assert_eq!(written.messages_refused as usize, fake.buried.len());
                }
                Err(error) => prop_assert!(error.is_transient() && away_at.is_some()),
            }
        }
    }
}
