//! Which readings are flagged for their time: those of a clock that stepped, and none if the
//! numbers have no order.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use ayaz_energy::Sample;
use ayaz_energy::clock::Clock;
use ayaz_energy::clock::runs::Runs;
use ayaz_energy::hours::HoursOutcome;
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// What a device does for a time: start and end, s; step between readings, s; error of its clock,
/// s.
#[derive(Clone, Copy)]
struct Stay(i64, i64, i64, i64);

/// A reading: boot, number, second by the device's clock.
type Reading = (i64, i64, i64);

/// One boot, numbered from `number`.
fn boot(boot: i64, number: i64, stays: &[Stay]) -> Vec<Reading> {
    let taken = stays.iter().flat_map(|&Stay(from, to, step, offset)| {
        let seconds = (from..to).step_by(usize::try_from(step).unwrap());
        seconds.map(move |second| second + offset)
    });
    let numbered = taken.zip(number..);
    numbered.map(|(at, number)| (boot, number, at)).collect()
}

/// The flagged readings among these.
fn flagged(readings: &[Reading]) -> BTreeSet<Reading> {
    let mut samples: Vec<Sample> = readings
        .iter()
        .map(|&(boot, number, second)| {
            let mut sample = Sample::bare(UnixMicroseconds(second * 1_000_000), boot, None);
            sample.sequence = number;
            sample
        })
        .collect();
    samples.sort_by_key(|sample| (sample.recorded_at, sample.boot_id, sample.sequence));
    let from = samples[0].recorded_at.hour();
    let last = samples[samples.len() - 1].recorded_at.hour();
    let count = (last.0 - from.0) / HOUR_MICROSECONDS + 1;
    let outcome = || {
        let mut runs = Runs::default();
        samples.iter().for_each(|sample| runs.push(sample));
        HoursOutcome {
            clock_runs: runs.finish(),
            ..HoursOutcome::default()
        }
    };
    let mut clock = Clock::new(from, usize::try_from(count).unwrap(), Vec::new());
    let resolved = clock
        .resolve(outcome())
        .or_else(|| clock.resolve(outcome()));
    assert!(resolved.is_some(), "the second pass resolves it");
    let excluded = clock.excluded();
    let flagged = samples
        .iter()
        .filter(|sample| excluded.find(sample).is_some());
    flagged
        .map(|sample| {
            (
                sample.boot_id,
                sample.sequence,
                sample.recorded_at.0 / 1_000_000,
            )
        })
        .collect()
}

/// Checks that exactly the readings of stays with a wrong clock are flagged.
fn check(what: &str, stays: &[Stay]) {
    let readings = boot(7, 100, stays);
    let offsets = stays.iter().flat_map(|&Stay(from, to, step, offset)| {
        (from..to)
            .step_by(usize::try_from(step).unwrap())
            .map(move |_| offset)
    });
    let wrong = readings
        .iter()
        .zip(offsets)
        .filter(|(_, offset)| *offset != 0);
    let expected: BTreeSet<Reading> = wrong.map(|(reading, _)| *reading).collect();
    let found = flagged(&readings);
    let ends = |of: &BTreeSet<Reading>| (of.len(), of.first().copied(), of.last().copied());
    assert!(
        found == expected,
        "{what}: {:?}, not {:?}",
        ends(&found),
        ends(&expected)
    );
}

/// Parked with a reading every 20 s until 06:00, then driving, with a clock that is off by `offset`
/// for a while.
fn morning(at: i64, lasts: i64, offset: i64) -> Vec<Stay> {
    vec![
        Stay(0, 6 * HOUR, 20, 0),
        Stay(6 * HOUR, at, 1, 0),
        Stay(at, at + lasts, 1, offset),
        Stay(at + lasts, 14 * HOUR, 1, 0),
        Stay(14 * HOUR, 30 * HOUR, 20, 0),
    ]
}

#[test]
fn each_reading_of_a_clock_that_is_off_for_a_while_is_found() {
    for (what, at, lasts, offset) in [
        ("two hours back", 8 * HOUR, 40 * MINUTE, -7_800),
        (
            "into the night, when there are fewer readings",
            6 * HOUR + 600,
            40 * MINUTE,
            -7_800,
        ),
        ("back by less than it lasts", 8 * HOUR, 40 * MINUTE, -300),
        (
            "back by less, soon after departure",
            6 * HOUR + 600,
            40 * MINUTE,
            -300,
        ),
        (
            "back within the hour",
            8 * HOUR + 20 * MINUTE,
            10 * MINUTE,
            -300,
        ),
        ("to where an hour begins", 8 * HOUR, 20 * MINUTE, -600),
        ("ahead", 9 * HOUR, 20 * MINUTE, 2_220),
        ("ahead by less than it lasts", 9 * HOUR, 60 * MINUTE, 600),
        (
            "ahead into the night, when there are fewer readings",
            13 * HOUR,
            60 * MINUTE,
            4 * HOUR,
        ),
        ("back by nearly a day", 13 * HOUR, 60 * MINUTE, -13 * HOUR),
        ("a minute of it", 8 * HOUR, 60, -7_800),
        ("one reading", 8 * HOUR, 1, -7_800),
    ] {
        check(what, &morning(at, lasts, offset));
    }
}

#[test]
fn a_sleeping_device_is_no_clock_step() {
    check(
        "sleep",
        &[
            Stay(0, HOUR, 1, 0),
            Stay(8 * HOUR, 9 * HOUR, 1, 0),
            Stay(9 * HOUR + 300, 10 * HOUR, 300, 0),
            Stay(20 * HOUR, 50 * HOUR, 600, 0),
        ],
    );
    check(
        "a step on the way, after a sleep",
        &[
            Stay(0, HOUR, 1, 0),
            Stay(8 * HOUR, 8 * HOUR + 600, 1, 0),
            Stay(8 * HOUR + 600, 9 * HOUR, 1, -300),
            Stay(9 * HOUR, 10 * HOUR, 1, 0),
            Stay(20 * HOUR, 20 * HOUR + 600, 1, 0),
        ],
    );
}

#[test]
fn a_clock_that_is_off_by_nearly_a_day_or_while_the_bus_is_parked_is_found() {
    let on_the_third_day = |offset: i64| {
        let (from, to) = (DAY + 13 * HOUR, DAY + 14 * HOUR);
        [
            Stay(0, from, 10, 0),
            Stay(from, to, 10, offset),
            Stay(to, 4 * DAY, 10, 0),
        ]
    };
    for offset in [-23 * HOUR, -23 * HOUR - 50 * MINUTE, 23 * HOUR, 600 - DAY] {
        check("nearly a day", &on_the_third_day(offset));
    }
    let parked = |offset: i64| {
        [
            Stay(0, 6 * HOUR, 1, 0),
            Stay(6 * HOUR, 9 * HOUR, 600, 0),
            Stay(9 * HOUR, 13 * HOUR, 600, offset),
            Stay(13 * HOUR, 2 * DAY, 600, 0),
        ]
    };
    for offset in [
        -2 * HOUR - 300,
        -8 * HOUR - 300,
        3 * HOUR + 300,
        6 * HOUR - 300,
    ] {
        check("parked", &parked(offset));
    }
}

#[test]
fn several_steps_are_found() {
    let mut stays = Vec::new();
    for hour in 0..20 {
        let at = hour * HOUR;
        let offset = [0, -1_500, 0, 4_000, -9_000][usize::try_from(hour % 5).unwrap()];
        stays.push(Stay(at, at + 20 * MINUTE, 2, 0));
        stays.push(Stay(at + 20 * MINUTE, at + 30 * MINUTE, 2, offset));
        stays.push(Stay(at + 30 * MINUTE, at + HOUR, 2, 0));
    }
    check("twelve steps", &stays);
}

#[test]
fn readings_around_a_step_may_be_missing() {
    let all = boot(7, 100, &morning(8 * HOUR, 40 * MINUTE, -7_800));
    let (first, last) = (100 + 1080 + 7200, 100 + 1080 + 7200 + 2399);
    let wrong = |reading: &&Reading| (first..=last).contains(&reading.1);
    let expected: BTreeSet<Reading> = all.iter().filter(wrong).copied().collect();
    // The step has not ended yet.
    let now: Vec<Reading> = all.iter().filter(|r| r.1 <= last).copied().collect();
    assert!(flagged(&now) == expected);
    // Some readings at both ends, and in between, are lost.
    let lossy: Vec<Reading> = all
        .iter()
        .filter(|r| {
            !(first - 200..first + 30).contains(&r.1) && !(last - 500..last - 100).contains(&r.1)
        })
        .copied()
        .collect();
    let lost = |reading: &&Reading| lossy.contains(reading);
    let expected: BTreeSet<Reading> = expected.iter().filter(lost).copied().collect();
    assert!(flagged(&lossy) == expected);
}

#[test]
fn a_clock_that_is_set_back_for_good_flags_the_repeated_time() {
    let stays = [Stay(0, 4 * HOUR, 1, 0), Stay(4 * HOUR, 8 * HOUR, 1, -90)];
    let found = flagged(&boot(1, 0, &stays));
    let seconds: Vec<i64> = found.iter().map(|r| r.2).collect();
    assert_eq!(seconds, (4 * HOUR - 90..4 * HOUR).collect::<Vec<_>>());
    let numbers: Vec<i64> = found.iter().map(|r| r.1).collect();
    assert_eq!(numbers, seconds, "of the clock that was ahead");
}

#[test]
fn numbers_without_order_lose_nothing() {
    let none = BTreeSet::new();
    let day = |number: i64, seconds: i64| boot(0, number, &[Stay(seconds, seconds + DAY, 10, 0)]);
    // All equal; descending; random, with many and with few readings.
    let same: Vec<Reading> = (0..DAY).step_by(7).map(|s| (0, 0, s)).collect();
    let backwards: Vec<Reading> = (0..DAY).step_by(7).map(|s| (0, -s, s)).collect();
    assert_eq!(flagged(&same), none);
    assert_eq!(flagged(&backwards), none);
    for step in [1, 60, 700, 3_600] {
        let random = (0..DAY).step_by(step).map(|s| (0, s * 7_919 % 100_003, s));
        assert_eq!(flagged(&random.collect::<Vec<_>>()), none, "every {step} s");
    }
    // The boot is not known, and the device restarts its count, early or late.
    for first in [0, 100, 5_000, 200_000] {
        let mut restarted = day(first, 0);
        restarted.extend(day(0, DAY));
        assert_eq!(flagged(&restarted), none, "from {first}");
        restarted.truncate(8_640 + 400);
        assert_eq!(flagged(&restarted), none, "from {first}, just now");
    }
    // Two devices without a boot, with the same boot, and with different boots.
    for (boot_id, first) in [(0, 1_000_000), (0, 40), (0, 20_000), (9, 40)] {
        let mut two = day(0, 0);
        two.extend(day(first, 3).into_iter().map(|r| (boot_id, r.1, r.2)));
        assert_eq!(flagged(&two), none, "{boot_id}, from {first}");
    }
    // A number that repeats with another time.
    let mut again = day(0, 0);
    again.push((0, 4_000, 70_003));
    assert_eq!(flagged(&again), none);
}

#[test]
fn extremes_do_no_harm() {
    for (number, second) in [(i64::MIN, 0), (i64::MAX - 50, 0), (i64::MAX, 5 * DAY)] {
        let mut readings = boot(0, 0, &[Stay(DAY, DAY + 2 * HOUR, 1, 0)]);
        readings.push((0, number, second));
        readings.push((0, i64::MIN, DAY + 5));
        readings.push((0, i64::MAX, DAY + 7));
        let found = flagged(&readings);
        assert!(found.len() <= 3, "{number}: {}", found.len());
    }
}
