//! Halves a batch: to isolate a message that the database refuses, and to make a transaction small enough for
//! the server.

use super::Written;
use crate::error::StoreError;

/// Writes parts of a batch.
pub(super) trait PartWriter<T> {
    /// Writes all of these in one transaction, or none.
    async fn write_part(&mut self, part: &[T]) -> Result<Written, StoreError>;

    /// Stores a message that the database refuses as a dead letter.
    async fn store_dead_letter(
        &mut self,
        message: &T,
        cause: String,
    ) -> Result<Written, StoreError>;

    /// Two halves of a message that is too large; `None` if it cannot be divided.
    fn halve(whole: &T) -> Option<[T; 2]>;
}

/// Content of one transaction.
enum Part<'a, T> {
    Messages(&'a [T]),
    /// A part of one message. The message is acknowledged when all its parts are written. Otherwise it is
    /// delivered again, and its stored readings are duplicates.
    Fragment(T),
}

impl<T> Part<'_, T> {
    fn messages(&self) -> &[T] {
        match self {
            Self::Messages(messages) => messages,
            Self::Fragment(fragment) => std::slice::from_ref(fragment),
        }
    }
}

/// Writes all messages except refused ones, which become dead letters. Stops at the first error that is not
/// caused by the data; earlier parts stay written.
pub(super) async fn write_bisecting<T, W: PartWriter<T>>(
    writer: &mut W,
    batch: &[T],
) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let mut parts = vec![Part::Messages(batch)];
    while let Some(part) = parts.pop() {
        let error = match writer.write_part(part.messages()).await {
            Ok(done) => {
                written.add(done);
                continue;
            }
            Err(error) => error,
        };
        // The earlier half first: deliveries are settled in the order of receipt.
        match (error, part) {
            (
                StoreError::Refused { .. } | StoreError::TooLarge { .. },
                Part::Messages(several @ [_, _, ..]),
            ) => {
                let (earlier, later) = several.split_at(several.len() / 2);
                parts.extend([later, earlier].map(Part::Messages));
            }
            (StoreError::Refused { cause, .. }, single) => {
                for message in single.messages() {
                    written.add(writer.store_dead_letter(message, cause.clone()).await?);
                }
            }
            (error @ StoreError::TooLarge { .. }, single) => {
                let halves = single.messages().first().and_then(W::halve);
                let [earlier, later] = halves.ok_or(error)?;
                parts.extend([later, earlier].map(Part::Fragment));
            }
            (error, _) => return Err(error),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// A message, or a part of one.
    #[derive(Debug, Clone)]
    struct Item {
        number: usize,
        rows: usize,
    }

    /// Refuses parts with a bad message, accepts a limited number of rows, and fails once at a chosen
    /// attempt.
    struct Fake {
        refused: BTreeSet<usize>,
        rows_max: usize,
        away_at: Option<usize>,
        attempts: usize,
        stored: Vec<Item>,
        dead_letters: Vec<usize>,
        parts_done: usize,
    }

    impl PartWriter<Item> for Fake {
        async fn write_part(&mut self, part: &[Item]) -> Result<Written, StoreError> {
            self.attempts += 1;
            let (operation, cause) = ("write", String::new());
            if self.away_at == Some(self.attempts) {
                return Err(StoreError::Transient { operation, cause });
            }
            let rows: usize = part.iter().map(|item| item.rows).sum();
            if rows > self.rows_max {
                return Err(StoreError::TooLarge { operation, cause });
            }
            if part.iter().any(|item| self.refused.contains(&item.number)) {
                return Err(StoreError::Refused { operation, cause });
            }
            self.stored.extend(part.iter().cloned());
            self.parts_done += 1;
            Ok(Written {
                readings_new: rows as u64,
                ..Written::default()
            })
        }

        async fn store_dead_letter(
            &mut self,
            item: &Item,
            _: String,
        ) -> Result<Written, StoreError> {
            self.dead_letters.push(item.number);
            self.parts_done += 1;
            Ok(Written {
                messages_refused: 1,
                ..Written::default()
            })
        }

        fn halve(whole: &Item) -> Option<[Item; 2]> {
            let Item { number, rows } = *whole;
            let earlier = rows / 2;
            let half = |rows| Item { number, rows };
            (earlier > 0).then(|| [half(earlier), half(rows - earlier)])
        }
    }

    fn write(fake: &mut Fake, batch: &[Item]) -> Result<Written, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(write_bisecting(fake, batch))
    }

    proptest! {
        #[test]
        fn every_message_is_stored_or_becomes_a_dead_letter_in_order(
            rows in proptest::collection::vec(1..30_usize, 1..300),
            refused in proptest::collection::btree_set(0..300_usize, 0..6),
            rows_max in prop_oneof![Just(usize::MAX), 1..200_usize],
            away_at in proptest::option::of(1..40_usize),
        ) {
            let batch: Vec<Item> =
                rows.iter().enumerate().map(|(number, &rows)| Item { number, rows }).collect();
            let refused: BTreeSet<usize> =
                refused.into_iter().filter(|number| *number < batch.len()).collect();
            let mut fake = Fake {
                refused: refused.clone(),
                rows_max,
                away_at,
                attempts: 0,
                stored: Vec::new(),
                dead_letters: Vec::new(),
                parts_done: 0,
            };
            let outcome = write(&mut fake, &batch);
            let numbers: Vec<usize> = fake.stored.iter().map(|item| item.number).collect();
            prop_assert!(numbers.is_sorted() && fake.dead_letters.is_sorted());
            prop_assert!(numbers.iter().all(|number| !refused.contains(number)));
            prop_assert!(fake.dead_letters.iter().all(|number| refused.contains(number)));
            if rows_max == usize::MAX {
                // Each bad message costs about two attempts per halving.
                prop_assert!(fake.attempts <= 1 + refused.len() * 2 * 10);
            }
            match outcome {
                Ok(written) => {
                    // Halving is a tree: no part is tried twice.
                    prop_assert_eq!(fake.attempts, 2 * fake.parts_done - 1);
                    let mut stored: BTreeMap<usize, usize> = BTreeMap::new();
                    for item in &fake.stored {
                        *stored.entry(item.number).or_default() += item.rows;
                    }
                    let expected = rows.iter().copied().enumerate();
                    let expected = expected.filter(|(number, _)| !refused.contains(number));
                    prop_assert_eq!(written.readings_new as usize, stored.values().sum::<usize>());
                    prop_assert_eq!(stored, expected.collect());
                    // A message that is refused in two parts is still one dead letter.
                    let dead_letters: BTreeSet<usize> = fake.dead_letters.iter().copied().collect();
                    prop_assert_eq!(written.messages_refused as usize, fake.dead_letters.len());
                    prop_assert_eq!(dead_letters, refused);
                }
                Err(error) => {
                    let is_away = matches!(error, StoreError::Transient { .. });
                    prop_assert!(is_away && away_at.is_some());
                }
            }
        }
    }

    #[test]
    fn a_part_that_is_too_large_and_cannot_be_divided_is_an_error() {
        let mut fake = Fake {
            refused: BTreeSet::new(),
            rows_max: 0,
            away_at: None,
            attempts: 0,
            stored: Vec::new(),
            dead_letters: Vec::new(),
            parts_done: 0,
        };
        let batch = vec![Item { number: 0, rows: 1 }; 64];
        let error = write(&mut fake, &batch).unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert_eq!(fake.attempts, 7, "the others are not tried");
    }
}
