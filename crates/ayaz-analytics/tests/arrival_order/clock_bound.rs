//! Hours whose clock runs change each time they are read.

use std::sync::Mutex;

use ayaz_analytics::open_hours::OpenHours;
use ayaz_analytics::refresh::CLOCK_PASSES_MAX;
use ayaz_energy::Sample;
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::analytics::HourRange;

use crate::arrivals::{VEHICLE, refresh_in, settings};
use crate::histories::Readings;
use crate::memory::{MemoryRefresh, Rows};

const FROM: UnixMicroseconds = UnixMicroseconds(50 * HOUR_MICROSECONDS);

/// Two hours, a reading every 10 s, in one drive cycle. From the reading with this number, the
/// clock is half an hour behind for ten minutes.
fn stepped(number: i64) -> Readings {
    let reading = |sequence: i64| {
        let is_off = (number..number + 60).contains(&sequence);
        let seconds = 10 * sequence - if is_off { 1_800 } else { 0 };
        let at = FROM.plus(seconds * 1_000_000);
        let sample = Sample {
            sequence,
            speed_kmh: Some(30.0),
            ..Sample::bare(at, 1, Some(7))
        };
        ((at.0, 1, sequence), sample)
    };
    (0..720).map(reading).collect()
}

#[test]
fn hours_whose_clock_runs_keep_changing_fail_and_write_nothing() {
    // Readings that do not change; that change once; that change each time.
    for (later, is_done) in [(0, true), (1, true), (CLOCK_PASSES_MAX, false)] {
        let later_readings = [stepped(400), stepped(250)].into_iter().cycle().take(later);
        let rows = Mutex::new(Rows {
            readings: stepped(250),
            later_readings: later_readings.collect(),
            queue: [(FROM, None)].into(),
            ..Rows::default()
        });
        let storage = MemoryRefresh {
            rows: &rows,
            range: HourRange {
                vehicle: VEHICLE,
                from: FROM,
                count: 2,
            },
        };
        let done = refresh_in(storage, &settings(), &mut OpenHours::new(0));
        let rows = rows.into_inner().unwrap();
        assert_eq!(done.is_ok(), is_done, "{later} times: {done:?}");
        assert_eq!(rows.queue.is_empty(), is_done);
        assert_eq!(rows.states.len(), if is_done { 2 } else { 0 });
        if let Err(error) = done {
            assert!(
                error.affects_one_vehicle(),
                "it affects no other vehicle: {error:?}"
            );
            let message = error.to_string();
            assert!(
                message.contains("vehicle number 1, 2 hours from 1970-01-03T02:00:00Z"),
                "{message}"
            );
            assert!(message.contains("each of 3 passes"), "{message}");
        }
    }
}
