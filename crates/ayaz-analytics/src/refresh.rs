//! The refresh: read the samples of some hours, fold them into buckets, assemble the sessions
//! around them, sum up their days, and queue other hours that are now outdated.
//!
//! The rules are in `ayaz-energy`. The rows are in a [`RefreshStorage`]: the database, or, in tests, memory.

use std::collections::BTreeSet;

use ayaz_energy::clock::Clock;
use ayaz_energy::exterior::{ExteriorChanges, exterior_on_trips};
use ayaz_energy::hours::checkpoint::{Checkpoint, FoldInputs, IncrementalFold};
use ayaz_energy::hours::{Hours, HoursOutcome, Rules};
use ayaz_energy::integrate::Comfort;
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::service_days::{ServiceDayRules, ServiceDays};
use ayaz_energy::sessions::{self, Window};
use ayaz_energy::{Activity, days, trip_days};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::StoreError;
use ayaz_store::analytics::{HourRange, KnownHours, RefreshStorage};
use jiff::civil::Date;

use crate::open_hours::OpenHours;

/// Most passes of a refresh over its hours. It repeats a pass if the clock runs show that it has to
/// exclude other readings for a wrong time.
///
/// This ends after three passes. The excluded readings follow from the clock runs, and the runs
/// follow from the readings; neither depends on what was excluded before. The first pass may start
/// from a checkpoint, which may lack readings that the ledger has not listed yet. The second pass
/// reads all readings. The third one excludes what the runs of the second one show, and has the
/// same runs, because all passes read one snapshot.
///
/// If the third pass shows something else, the refresh writes nothing and fails with an error of
/// that vehicle. The worker then sets the vehicle aside with a warning that names it, tries again
/// after five minutes, and continues with the other vehicles.
pub const CLOCK_PASSES_MAX: usize = 3;

/// Settings that do not depend on the vehicle.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A trip without a number ends after a stop or silence of this length, s.
    pub trip_gap_seconds: u32,
    /// Settings of the checks.
    pub plausibility: PlausibilityConfig,
    /// What counts as near a set-point.
    pub comfort: Comfort,
}

/// What a refresh did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Readings read.
    pub readings: u64,
    /// Buckets written.
    pub buckets: u64,
    /// Whether the fold started from a checkpoint.
    pub is_incremental: bool,
}

/// Refreshes the hours of the storage, and everything that depends on them, and commits.
/// `open_hours` has checkpoints; `now` shows which hours are open.
pub async fn refresh<S: RefreshStorage>(
    storage: S,
    settings: &Settings,
    open_hours: &mut OpenHours,
    now: UnixMicroseconds,
) -> Result<Refreshed, StoreError> {
    let range = storage.range();
    let (clock_from, clock_to) = Clock::needs(range.from, range.count);
    // Sent together, they take as long as one.
    let (known, runs, service_days) = tokio::try_join!(
        storage.known(),
        storage.clock_runs(clock_from, clock_to),
        storage.service_day_rules()
    )?;
    let prepared = Prepared {
        range,
        rules: Rules {
            trip_gap_seconds: settings.trip_gap_seconds,
            plausibility: settings.plausibility,
            service_days: ServiceDays::new(service_days.clone()),
            comfort: settings.comfort,
        },
        service_days,
        known,
        is_kept: range.count == 1
            && OpenHours::is_open(range.from, now)
            && open_hours.has_room(range.vehicle, range.from),
    };
    let clock = Clock::new(range.from, range.count, runs);
    let pass = prepared.fold(&storage, clock, open_hours).await?;
    let refreshed_at = write_hours(&storage, &pass.outcome).await?;
    refresh_sessions(&storage, &prepared.service_days).await?;
    storage.commit().await?;
    if let Some((inputs, checkpoint)) = pass.kept {
        open_hours.keep(range.vehicle, inputs, checkpoint, refreshed_at);
    }
    Ok(Refreshed {
        readings: pass.readings,
        buckets: pass.outcome.buckets.len() as u64,
        is_incremental: pass.is_incremental,
    })
}

/// What is known before the first sample is read.
struct Prepared {
    range: HourRange,
    rules: Rules,
    service_days: ServiceDayRules,
    known: KnownHours,
    /// Whether to make a checkpoint for the next refresh.
    is_kept: bool,
}

/// The outcome of hours, with the right readings excluded.
struct Pass {
    outcome: HoursOutcome,
    kept: Option<(FoldInputs, Checkpoint)>,
    /// Readings read in all passes.
    readings: u64,
    is_incremental: bool,
}

impl Prepared {
    /// Tries the checkpoint; else reads the hours completely; else reads them again without
    /// readings with a wrong time. [`CLOCK_PASSES_MAX`] explains why this ends.
    async fn fold(
        &self,
        storage: &impl RefreshStorage,
        mut clock: Clock,
        open_hours: &mut OpenHours,
    ) -> Result<Pass, StoreError> {
        let HourRange {
            vehicle,
            from,
            count,
        } = self.range;
        let states = &self.known.states;
        let hour_before = from.plus(-HOUR_MICROSECONDS);
        let before = states.iter().find(|state| state.hour == hour_before);
        let mut readings = 0;
        for _ in 0..CLOCK_PASSES_MAX {
            let inputs = FoldInputs {
                from,
                count,
                open_trip: before.and_then(|state| state.open_trip),
                service_days: self.service_days.clone(),
                excluded: clock.excluded().clone(),
            };
            // A checkpoint can be used once.
            let checkpoint = open_hours.take(vehicle, &inputs, &self.known);
            let is_incremental = checkpoint.is_some();
            let checkpoint = checkpoint.unwrap_or_else(|| {
                let hours = Hours::new(from, count, before, &self.rules);
                Checkpoint::empty(hours.excluding(inputs.excluded.clone()))
            });
            let (read, hours, kept) = read_samples(storage, checkpoint, self.is_kept).await?;
            readings += read;
            if let Some(outcome) = clock.resolve(hours.finish(states)) {
                return Ok(Pass {
                    outcome,
                    kept: kept.map(|checkpoint| (inputs, checkpoint)),
                    readings,
                    is_incremental,
                });
            }
        }
        Err(StoreError::Refused {
            operation: "exclude readings with a wrong time",
            cause: format!(
                "vehicle number {vehicle}, {count} hours from {from}: each of {CLOCK_PASSES_MAX} passes over \
                 the same readings found others with a wrong time"
            ),
        })
    }
}

/// Reads just the readings that the hours need beyond the checkpoint. Returns how many these are,
/// the hours, and the next checkpoint.
async fn read_samples(
    storage: &impl RefreshStorage,
    checkpoint: Checkpoint,
    is_kept: bool,
) -> Result<(u64, Hours, Option<Checkpoint>), StoreError> {
    let (since, until) = (checkpoint.until(), checkpoint.needs_until());
    let mut fold = IncrementalFold::from(checkpoint, is_kept);
    let mut readings = storage
        .read_samples(since, until, |sample| {
            fold.push(sample);
            true
        })
        .await?;
    let (mut hours, kept) = fold.finish();
    hours.advance(until);
    if let Some(end) = hours.undecided_until() {
        readings += storage
            .read_samples(until, end, |sample| {
                hours.push(sample);
                hours.undecided_until().is_some()
            })
            .await?;
        hours.advance(end);
    }
    Ok((readings, hours, kept))
}

/// Writes the outcome, and queues the hours that are now outdated. Returns the time of the refresh.
async fn write_hours(
    storage: &impl RefreshStorage,
    outcome: &HoursOutcome,
) -> Result<UnixMicroseconds, StoreError> {
    let range = storage.range();
    let replaced = storage.replace_hours(outcome).await?;
    let measured = exterior_on_trips(&outcome.buckets);
    let changes = ExteriorChanges::between(&replaced.exteriors, &measured);
    if !changes.is_empty() {
        storage.change_exteriors(&changes).await?;
    }
    let outdated = outcome.outdated_hours(range.from, range.to());
    if !outdated.is_empty() {
        // The readings for which these hours waited made the others outdated, so they have waited
        // as long.
        storage.queue_hours(&outdated, replaced.queued_at).await?;
    }
    Ok(replaced.refreshed_at)
}

/// Assembles the sessions around the hours, and computes the time of their days and the sums of
/// their trips. The buckets must be written before.
pub async fn refresh_sessions(
    storage: &impl RefreshStorage,
    day_rules: &ServiceDayRules,
) -> Result<(), StoreError> {
    let range = storage.range();
    let window = session_window(storage).await?;
    let (from, to) = window.hours(range.from, range.to());
    let buckets = storage.buckets(from, to).await?;
    let sessions = sessions::assemble(&buckets, window);
    let begins = window.begins(range.from, range.to());
    let gone = storage.replace_sessions(begins, &sessions).await?;
    refresh_days(storage, begins, day_rules).await?;
    let trips = sessions
        .iter()
        .filter(|session| session.kind == Activity::Trip);
    let changed: BTreeSet<Date> = trips.map(|trip| trip.service_day).chain(gone).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<Date> = changed.into_iter().collect();
    let trips = storage.day_trips(&changed).await?;
    let sums = trip_days::sum(&trips);
    storage.replace_trip_days(&changed, &sums).await
}

/// The time whose sessions may change. Nearly always the first heads define it.
pub async fn session_window(storage: &impl RefreshStorage) -> Result<Window, StoreError> {
    let range = storage.range();
    let mut read = storage.session_heads(None).await?;
    loop {
        let found = Window::find((range.from, range.to()), &read.heads, read.is_all);
        if let Some(window) = found {
            return Ok(window);
        }
        let more = storage.session_heads(read.heads.last().copied()).await?;
        read.heads.extend(more.heads);
        read.is_all = more.is_all;
    }
}

/// Computes how much of the days in a window is accounted for. Blocks at the window's bounds do not
/// change, nor does the silence around them.
async fn refresh_days(
    storage: &impl RefreshStorage,
    changed: days::Span,
    rules: &ServiceDayRules,
) -> Result<(), StoreError> {
    let whole = days::whole_days(changed, rules);
    let sessions = storage.session_spans(whole).await?;
    let times = days::account(whole, &sessions, rules);
    let last = whole.1.plus(-1);
    let days = (rules.day(whole.0), rules.day(last));
    storage.replace_day_times(days, whole, &times).await
}
