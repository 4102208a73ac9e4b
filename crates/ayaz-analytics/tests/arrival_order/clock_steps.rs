//! Histories in which the clock steps.

use proptest::prelude::*;

use std::collections::BTreeSet;

use ayaz_energy::Sample;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;

use crate::histories::{Readings, sample};
use crate::tables::{same_in_any_order, whole};

/// Where the clock is off, as a share of the readings, and how far, s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    from: f64,
    share: f64,
    seconds: i64,
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![90..600_i64, 600..12_000_i64];
    let parts = (0.02..0.9_f64, 0.0..0.4_f64, seconds, any::<bool>());
    parts.prop_map(|(from, share, seconds, ahead)| Step {
        from,
        share,
        seconds: if ahead { seconds } else { -seconds },
    })
}

/// Readings of one boot, at most so many seconds apart.
pub(crate) fn dense(seconds_max: i64) -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let step = prop_oneof![3 => 1_000..2_000_i64, 1 => 1_000..seconds_max * 1_000];
    let sample = (step, sample()).prop_map(|(milliseconds, (_, mut sample))| {
        sample.boot_id = 1;
        (milliseconds, sample)
    });
    proptest::collection::vec(sample, 120..400)
}

/// Numbers and times the readings, those of the steps with a time that is off. Which those are is the
/// second result.
pub(crate) fn record(samples: Vec<(i64, Sample)>, steps: &[Step]) -> (Readings, BTreeSet<i64>) {
    let count = samples.len() as f64;
    let (mut readings, mut wrong) = (Readings::new(), BTreeSet::new());
    let mut true_at = 50 * HOUR_MICROSECONDS + 50 * 60_000_000;
    for (sequence, (milliseconds, mut sample)) in samples.into_iter().enumerate() {
        true_at += milliseconds * 1000;
        let part = sequence as f64 / count;
        let step = steps
            .iter()
            .find(|step| step.from <= part && part < step.from + step.share);
        let sequence = sequence as i64;
        if step.is_some() {
            wrong.insert(sequence);
        }
        let at = true_at + step.map_or(0, |step| step.seconds * 1_000_000);
        sample.recorded_at = UnixMicroseconds(at);
        sample.sequence = sequence;
        readings.insert((at, sample.boot_id, sequence), sample);
    }
    (readings, wrong)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn readings_of_a_clock_that_is_off_count_as_if_they_had_not_been_made(
        samples in dense(30),
        step in step(),
    ) {
        let (readings, wrong) = record(samples, &[step]);
        // To its end nothing tells which of the two clocks is right.
        prop_assume!(step.from + step.share < 0.95);
        let tables = whole(&readings, PlausibilityConfig::default());
        let mut without = readings.clone();
        without.retain(|key, _| !wrong.contains(&key.2));
        let expected = whole(&without, PlausibilityConfig::default());
        prop_assert!(
            tables.all_buckets() == expected.all_buckets(),
            "{:?} of {} by {:?}: {:#?}", wrong, readings.len(), step, tables.clock_runs
        );
        prop_assert_eq!(&tables.sessions, &expected.sessions);
        prop_assert_eq!(&tables.trip_days, &expected.trip_days);
        prop_assert_eq!(&tables.months, &expected.months);
        let named: i64 = tables
            .flagged_spans
            .values()
            .flatten()
            .filter(|span| span.checks == ["clock_step"])
            .map(|span| span.readings)
            .sum();
        prop_assert_eq!(named, wrong.len() as i64);
    }

    #[test]
    fn any_order_and_any_split_give_the_same_also_if_the_clock_steps(
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
