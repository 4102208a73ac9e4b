//! Readings of a bus that arrive in some order, and refreshes of its queued hours.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use ayaz_analytics::open_hours::OpenHours;
use ayaz_analytics::refresh::{Refreshed, Settings, refresh};
use ayaz_energy::Sample;
use ayaz_energy::integrate::Comfort;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::StoreError;
use ayaz_store::analytics::{HourRange, RefreshStorage};
use proptest::prelude::*;

use crate::histories::Readings;
use crate::memory::{MemoryRefresh, Rows};
use crate::trip_days;

/// The only bus.
pub(crate) const VEHICLE: i32 = 1;

/// More than any history needs.
const BYTES_MAX: usize = 1_000_000_000;

/// Before all histories, so that all of their hours are open.
const NOW: UnixMicroseconds = UnixMicroseconds(0);

/// The defaults of the daemon: every check is on, because a sample's flags may depend on its
/// neighbours too.
pub(crate) fn settings() -> Settings {
    Settings {
        trip_gap_seconds: 600,
        plausibility: PlausibilityConfig::default(),
        comfort: Comfort::default(),
    }
}

/// The bus, its rows, and the worker.
struct Bus {
    rows: Mutex<Rows>,
    /// The ledger: readings that are not in the queue yet.
    touched: Vec<UnixMicroseconds>,
    open_hours: OpenHours,
    /// How many refreshes started from a checkpoint.
    incremental: u64,
    settings: Settings,
}

impl Bus {
    fn new(plausibility: PlausibilityConfig) -> Self {
        Self {
            rows: Mutex::default(),
            touched: Vec::new(),
            open_hours: OpenHours::new(BYTES_MAX),
            incremental: 0,
            settings: Settings {
                plausibility,
                ..settings()
            },
        }
    }

    fn rows(&mut self) -> &mut Rows {
        self.rows.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(&mut self, key: (i64, i64, i64), sample: &Sample) {
        self.touched.push(sample.recorded_at);
        self.rows().readings.insert(key, sample.clone());
    }

    /// Moves this many readings from the ledger to the queue.
    fn take_over(&mut self, rows: usize) {
        let touched: Vec<_> = self.touched.drain(..rows).collect();
        let queue = &mut self.rows().queue;
        for at in touched {
            queue
                .entry(at.hour())
                .and_modify(|from| *from = from.map(|from| from.min(at)))
                .or_insert(Some(at));
        }
    }

    fn refresh(&mut self, from: UnixMicroseconds, count: usize) {
        let range = HourRange {
            vehicle: VEHICLE,
            from,
            count,
        };
        let storage = MemoryRefresh {
            rows: &self.rows,
            range,
        };
        let done = refresh_in(storage, &self.settings, &mut self.open_hours);
        self.incremental += u64::from(done.expect("memory does not fail").is_incremental);
    }

    /// Refreshes all queued hours. `choices` decide how much of the ledger is taken over, which
    /// hour comes first, how many hours are joined, and whether a new worker starts.
    fn refresh_all(&mut self, choices: &[u8]) {
        let mut choices = choices.iter().cycle().copied();
        for rounds in 0.. {
            assert!(rounds < 1000, "the queue does not become empty");
            let choice = usize::from(choices.next().unwrap_or(0));
            self.take_over(self.touched.len() * (choice % 5) / 4);
            if choice % 32 == 31 {
                self.open_hours = OpenHours::new(BYTES_MAX);
            }
            let queue = &self.rows().queue;
            let place = choice % queue.len().max(1);
            let Some(from) = queue.keys().nth(place).copied() else {
                return;
            };
            let is_queued =
                |hours: usize| queue.contains_key(&from.plus(hours as i64 * HOUR_MICROSECONDS));
            let most = 1 + choice / 8 % 4;
            let count = (1..most).find(|hours| !is_queued(*hours)).unwrap_or(most);
            self.refresh(from, count);
        }
    }
}

/// The worker's refresh, in memory.
pub(crate) fn refresh_in(
    storage: impl RefreshStorage,
    settings: &Settings,
    open_hours: &mut OpenHours,
) -> Result<Refreshed, StoreError> {
    let refresh = pin!(refresh(storage, settings, open_hours, NOW));
    match refresh.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("memory never waits"),
    }
}

/// The rows after all readings arrive at once.
pub(crate) fn all_at_once(readings: &Readings, plausibility: PlausibilityConfig) -> Rows {
    let mut bus = Bus::new(plausibility);
    bus.rows().readings = readings.clone();
    let hours = readings.keys().map(|key| UnixMicroseconds(key.0).hour());
    if let (Some(first), Some(last)) = (hours.clone().min(), hours.max()) {
        let count = (last.0 - first.0) / HOUR_MICROSECONDS + 1;
        bus.refresh(first, count as usize);
    }
    std::mem::take(bus.rows())
}

/// Lets the readings arrive in another order, in batches, with refreshes by these choices in
/// between. The rows must equal those of all readings at once.
pub(crate) fn same_in_any_order(
    readings: &Readings,
    order: &[u16],
    batch: usize,
    choices: &[u8],
) -> Result<(), TestCaseError> {
    let mut arrivals: Vec<_> = readings.iter().collect();
    arrivals.sort_by_key(|(key, _)| order[key.2 as usize % order.len()]);
    same(readings, &arrivals, batch, choices).map(drop)
}

/// Lets the readings arrive as they are measured, some of them late by this many seconds. Returns
/// how many refreshes started from a checkpoint.
pub(crate) fn same_if_some_are_late(
    readings: &Readings,
    late_seconds: &[i64],
    batch: usize,
    choices: &[u8],
) -> Result<u64, TestCaseError> {
    let mut arrivals: Vec<_> = readings.iter().collect();
    let late = |key: &(i64, i64, i64)| late_seconds[key.2 as usize % late_seconds.len()];
    arrivals.sort_by_key(|(key, _)| key.0 + late(key) * 1_000_000);
    same(readings, &arrivals, batch, choices)
}

fn same(
    readings: &Readings,
    arrivals: &[(&(i64, i64, i64), &Sample)],
    batch: usize,
    choices: &[u8],
) -> Result<u64, TestCaseError> {
    let mut bus = Bus::new(PlausibilityConfig::default());
    for batch in arrivals.chunks(batch) {
        for (key, sample) in batch {
            bus.arrive(**key, sample);
        }
        bus.refresh_all(choices);
    }
    while !bus.touched.is_empty() {
        bus.take_over(bus.touched.len());
        bus.refresh_all(choices);
    }
    let incremental = bus.incremental;
    let found = bus.rows();
    let expected = all_at_once(readings, PlausibilityConfig::default());
    prop_assert_eq!(found.all_buckets(), expected.all_buckets());
    prop_assert_eq!(&found.states, &expected.states);
    prop_assert_eq!(&found.sequences, &expected.sequences);
    prop_assert_eq!(&found.flagged_spans, &expected.flagged_spans);
    prop_assert_eq!(&found.clock_runs, &expected.clock_runs);
    prop_assert_eq!(&found.exteriors, &expected.exteriors);
    prop_assert_eq!(&found.sessions, &expected.sessions);
    prop_assert_eq!(&found.days, &expected.days);
    prop_assert_eq!(&found.trip_days, &expected.trip_days);
    let months = trip_days::months_of_days(&expected.trip_days);
    prop_assert_eq!(months, trip_days::months_of_trips(&expected.sessions));
    Ok(incremental)
}
