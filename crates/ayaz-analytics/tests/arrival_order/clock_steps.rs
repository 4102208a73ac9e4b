//! Histories in which the clock steps.

use ayaz_energy::plausibility::PlausibilityConfig;
use proptest::prelude::*;

use crate::arrivals::{all_at_once, same_in_any_order};
use crate::histories::{dense, record, step};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn readings_of_a_wrong_clock_change_no_result(
        samples in dense(30),
        step in step(),
    ) {
        let (readings, wrong) = record(samples, &[step]);
        // At its end, nothing shows which of the two clocks is right.
        prop_assume!(step.from + step.share < 0.95);
        let rows = all_at_once(&readings, PlausibilityConfig::default());
        let mut without = readings.clone();
        without.retain(|key, _| !wrong.contains(&key.2));
        let expected = all_at_once(&without, PlausibilityConfig::default());
        prop_assert!(
            rows.all_buckets() == expected.all_buckets(),
            "{:?} of {} by {:?}: {:#?}", wrong, readings.len(), step, rows.clock_runs
        );
        prop_assert_eq!(&rows.sessions, &expected.sessions);
        prop_assert_eq!(&rows.trip_days, &expected.trip_days);
        let named: i64 = rows
            .flagged_spans
            .values()
            .flatten()
            .filter(|span| span.checks == ["clock_step"])
            .map(|span| span.readings)
            .sum();
        prop_assert_eq!(named, wrong.len() as i64);
    }

    #[test]
    fn any_order_and_any_split_give_the_same_if_the_clock_steps(
        samples in dense(400),
        steps in proptest::collection::vec(step(), 1..4),
        order in proptest::collection::vec(any::<u16>(), 400),
        batch in 1..120_usize,
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let (readings, _) = record(samples, &steps);
        same_in_any_order(&readings, &order, batch, &choices)?;
    }
}
