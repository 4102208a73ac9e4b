//! The outcome of an hour depends on the readings alone: neither on their order of arrival nor on
//! which hours are refreshed together. The worker's refresh runs on rows in memory, so that many
//! histories can be tested. The sums are compared with a plain integration of the whole series.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arrivals;
mod clock_bound;
mod clock_steps;
mod histories;
mod memory;
mod open_hours;
mod plain;
mod trip_days;

use std::collections::BTreeMap;

use ayaz_energy::Energy;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::sessions::{LONG_MICROSECONDS, SILENCE_MICROSECONDS_MAX};
use ayaz_model::instant::HOUR_MICROSECONDS;
use proptest::prelude::*;

use arrivals::{all_at_once, same_in_any_order};
use histories::{Readings, readings, weeks};
use plain::{Plain, STEP, Trip, close, plain};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_arrival_order_and_any_split_give_the_same_buckets_to_the_last_bit(
        readings in readings(),
        order in proptest::collection::vec(any::<u16>(), 150),
        batch in 1..40_usize,
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        same_in_any_order(&readings, &order, batch, &choices)?;
    }

    #[test]
    fn weeks_of_parking_give_the_same_sessions_in_any_order(
        readings in weeks(),
        order in proptest::collection::vec(any::<u16>(), 160),
        batch in 1..40_usize,
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        same_in_any_order(&readings, &order, batch, &choices)?;
        let expected = all_at_once(&readings, PlausibilityConfig::default());
        let mut blocks: BTreeMap<i64, i64> = BTreeMap::new();
        for session in expected.sessions.values() {
            let end = blocks.entry(session.block_started_at.0).or_default();
            *end = session.ended_at.0.max(*end);
        }
        // Three whole days, the day on which it began, and a silence.
        let longest = LONG_MICROSECONDS + 2 * SILENCE_MICROSECONDS_MAX;
        for (start, end) in &blocks {
            prop_assert!(end - start <= longest, "{} h", (end - start) / HOUR_MICROSECONDS);
        }
        // One after the other.
        prop_assert!(blocks.iter().zip(blocks.iter().skip(1)).all(|(a, b)| a.1 <= b.0));
    }

    #[test]
    fn every_interval_of_a_bucket_belongs_to_one_session(readings in readings()) {
        let rows = all_at_once(&readings, PlausibilityConfig::off());
        let buckets = rows.all_buckets();
        let of_buckets: i64 = buckets.iter().map(|bucket| bucket.intervals).sum();
        let of_sessions: i64 = rows.sessions.values().map(|session| session.intervals).sum();
        prop_assert_eq!(of_sessions, of_buckets);
        let sum = |figure: fn(&Energy) -> f64| -> (f64, f64) {
            (
                rows.sessions.values().map(|session| figure(&session.energy)).sum(),
                buckets.iter().map(|bucket| figure(&bucket.energy)).sum(),
            )
        };
        for (of_sessions, of_buckets) in [
            sum(|energy| energy.seconds), sum(|energy| energy.net_kwh), sum(|energy| energy.km),
            sum(|energy| energy.heater_kwh.unwrap_or(0.0)),
        ] {
            // Equal to the bit, because the values lie on a grid.
            prop_assert_eq!(of_sessions, of_buckets);
        }
    }

    #[test]
    fn no_time_of_a_boot_is_counted_twice(readings in readings()) {
        let boot = 1;
        let readings: Readings =
            readings.into_iter().filter(|(_, sample)| sample.boot_id == boot).collect();
        let Some((first, last)) = readings.keys().next().zip(readings.keys().last()) else {
            return Ok(());
        };
        let elapsed = (last.0 - first.0) as f64 / 1e6;
        let rows = all_at_once(&readings, PlausibilityConfig::off());
        let seconds: f64 = rows.sessions.values().map(|session| session.energy.seconds).sum();
        // Each bucket differs by at most half a step of its grid.
        let rounding = rows.all_buckets().len() as f64 / 2_048.0;
        prop_assert!(seconds <= elapsed + rounding, "{} s in {} s", seconds, elapsed);
        for session in rows.sessions.values() {
            let duration = session.ended_at.seconds_since(session.started_at);
            // Its first interval may begin before it, and its last one may end after it.
            prop_assert!(session.energy.seconds <= duration + 120.0 + rounding, "{:?}", session);
        }
    }

    #[test]
    fn the_sums_of_all_buckets_are_those_of_the_whole_series(readings in readings()) {
        let rows = all_at_once(&readings, PlausibilityConfig::off());
        let mut found: BTreeMap<Trip, Plain> = BTreeMap::new();
        let mut buckets: BTreeMap<Trip, f64> = BTreeMap::new();
        for bucket in rows.all_buckets().iter().filter(|bucket| bucket.intervals > 0) {
            let trip = (bucket.drive_cycle, bucket.trip_started_at.map(|at| at.0));
            let sum = found.entry(trip).or_default();
            sum.intervals += bucket.intervals;
            sum.net += bucket.energy.net_kwh * 3.6e6;
            sum.discharge += bucket.energy.discharge_kwh * 3.6e6;
            sum.regen += bucket.energy.regen_kwh * 3.6e6;
            sum.km += bucket.energy.km;
            sum.heater += bucket.energy.heater_kwh.unwrap_or(0.0) * 3.6e6;
            let parts = bucket.energy.discharge_kwh - bucket.energy.regen_kwh;
            prop_assert!((bucket.energy.net_kwh - parts).abs() <= 2.0 * STEP);
            *buckets.entry(trip).or_default() += 1.0;
        }
        let expected = plain(&readings);
        prop_assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (trip, sum) in &expected {
            let found = found[trip];
            prop_assert_eq!(found.intervals, sum.intervals);
            // Each bucket differs by at most half a step of its grid.
            let steps = buckets[trip] * STEP;
            for (a, b, steps) in [(found.net, sum.net, 3.6e6 * steps),
                (found.discharge, sum.discharge, 3.6e6 * steps),
                (found.regen, sum.regen, 3.6e6 * steps), (found.km, sum.km, steps),
                (found.heater, sum.heater, 3.6e6 * steps)]
            {
                prop_assert!(close(a, b) || (a - b).abs() <= steps, "{:?}: {} and {}", trip, a, b);
            }
        }
    }

    #[test]
    fn every_hour_with_readings_has_buckets_that_cover_them(readings in readings()) {
        let rows = all_at_once(&readings, PlausibilityConfig::off());
        for sample in readings.values() {
            let at = sample.recorded_at;
            let covered = rows.buckets[&at.hour()].iter().any(|bucket| {
                bucket.started_at <= at && at <= bucket.ended_at
                    && bucket.drive_cycle == sample.drive_cycle
                    && bucket.plugged_in == sample.is_plugged_in()
            });
            prop_assert!(covered, "{}", at);
        }
    }
}
