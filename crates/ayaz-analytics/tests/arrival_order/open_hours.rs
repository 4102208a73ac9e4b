//! Open hours that are refreshed again while they grow, from checkpoints.

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::arrivals::same_if_some_are_late;
use crate::histories::{dense, record, step};

/// Most readings arrive at once, or a few seconds late; some after a dead zone.
fn late_seconds() -> impl Strategy<Value = i64> {
    prop_oneof![40 => Just(0_i64), 4 => 0..10_i64, 1 => 10..300_i64, 1 => 300..8_000_i64]
}

#[test]
fn an_hour_from_checkpoints_equals_the_hour_read_completely() {
    let histories = (
        dense(30),
        proptest::collection::vec(step(), 0..2),
        proptest::collection::vec(late_seconds(), 97),
        2..40_usize,
        proptest::collection::vec(any::<u8>(), 1..40),
    );
    let incremental = AtomicU64::new(0);
    TestRunner::new(Config::with_cases(500))
        .run(&histories, |(samples, steps, late, batch, choices)| {
            let (readings, _) = record(samples, &steps);
            let times = same_if_some_are_late(&readings, &late, batch, &choices)?;
            incremental.fetch_add(times, Ordering::Relaxed);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    // Otherwise nothing was tested.
    let incremental = incremental.into_inner();
    assert!(incremental > 5_000, "{incremental} times");
}
