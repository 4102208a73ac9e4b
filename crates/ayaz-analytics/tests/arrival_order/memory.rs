//! The rows of one bus in memory. They are stored and returned; the refresh has the rules.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ayaz_energy::clock::ClockRun;
use ayaz_energy::days::{DayTime, SessionSpan, Span};
use ayaz_energy::exterior::{ExteriorChanges, Exteriors};
use ayaz_energy::hours::{FlaggedSpan, HourSequence, HourState, HoursOutcome};
use ayaz_energy::service_days::ServiceDayRules;
use ayaz_energy::sessions::{Session, SessionHead};
use ayaz_energy::trip_days::{DayTripBand, TripDay};
use ayaz_energy::{Activity, Bucket, Sample};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::StoreError;
use ayaz_store::analytics::KnownHours;
use ayaz_store::analytics::storage::{HourRange, RefreshStorage, ReplacedHours, SessionHeads};
use jiff::civil::Date;

use crate::histories::Readings;
use crate::trip_days;

/// So few that a window often needs more of them.
const LATER_HEADS_MAX: usize = 3;

/// Rows by hour.
type ByHour<T> = BTreeMap<UnixMicroseconds, Vec<T>>;

/// The rows. Sessions are stored by their key.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) readings: Readings,
    /// Samples for the next reads, like a database without snapshots.
    pub(crate) later_readings: Vec<Readings>,
    /// Queued hours, and from when on they changed; `None`: from their start.
    pub(crate) queue: BTreeMap<UnixMicroseconds, Option<UnixMicroseconds>>,
    pub(crate) states: BTreeMap<UnixMicroseconds, HourState>,
    pub(crate) refreshed_at: BTreeMap<UnixMicroseconds, UnixMicroseconds>,
    pub(crate) buckets: ByHour<Bucket>,
    pub(crate) sequences: ByHour<HourSequence>,
    pub(crate) flagged_spans: ByHour<FlaggedSpan>,
    pub(crate) clock_runs: ByHour<ClockRun>,
    pub(crate) exteriors: Exteriors,
    pub(crate) sessions: BTreeMap<(UnixMicroseconds, i32), Session>,
    pub(crate) days: BTreeMap<Date, DayTime>,
    pub(crate) trip_days: BTreeMap<Date, TripDay>,
    /// Number of refreshes: the clock of this database.
    pub(crate) refreshes: i64,
}

/// The hours of the bus in a refresh.
pub(crate) struct MemoryRefresh<'a> {
    pub(crate) rows: &'a Mutex<Rows>,
    pub(crate) range: HourRange,
}

impl Rows {
    pub(crate) fn all_buckets(&self) -> Vec<&Bucket> {
        self.buckets.values().flatten().collect()
    }

    fn forget(&mut self, hour: UnixMicroseconds) {
        self.queue.remove(&hour);
        self.states.remove(&hour);
        self.refreshed_at.remove(&hour);
        self.buckets.remove(&hour);
        self.sequences.remove(&hour);
        self.flagged_spans.remove(&hour);
        self.clock_runs.remove(&hour);
    }

    fn insert(&mut self, hours: &HoursOutcome) -> UnixMicroseconds {
        self.refreshes += 1;
        let now = UnixMicroseconds(self.refreshes);
        for state in &hours.states {
            self.states.insert(state.hour, *state);
            self.refreshed_at.insert(state.hour, now);
        }
        put(&mut self.buckets, &hours.buckets, |of| of.hour);
        put(&mut self.sequences, &hours.sequences, |of| of.hour);
        put(&mut self.flagged_spans, &hours.flagged_spans, |of| of.hour);
        put(&mut self.clock_runs, &hours.clock_runs, |of| of.hour);
        now
    }

    fn heads(&self) -> impl Iterator<Item = SessionHead> {
        self.sessions.iter().map(|(key, session)| SessionHead {
            started_at: key.0,
            number: key.1,
            ended_at: session.ended_at,
            kind: session.kind,
            block_started_at: session.block_started_at,
            drive_cycle: session.drive_cycle,
        })
    }
}

fn put<T: Clone>(table: &mut ByHour<T>, rows: &[T], hour: impl Fn(&T) -> UnixMicroseconds) {
    for row in rows {
        table.entry(hour(row)).or_default().push(row.clone());
    }
}

impl MemoryRefresh<'_> {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RefreshStorage for MemoryRefresh<'_> {
    fn range(&self) -> HourRange {
        self.range
    }

    async fn known(&self) -> Result<KnownHours, StoreError> {
        let rows = self.rows();
        let HourRange { from, .. } = self.range;
        let around = from.plus(-HOUR_MICROSECONDS)..=self.range.to();
        let states = rows.states.range(around);
        Ok(KnownHours {
            states: states.map(|(_, state)| *state).collect(),
            changed_from: rows.queue.get(&from).copied().flatten(),
            refreshed_at: rows.refreshed_at.get(&from).copied(),
        })
    }

    async fn clock_runs(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Vec<ClockRun>, StoreError> {
        let rows = self.rows();
        let runs = rows.clock_runs.range(from..to);
        Ok(runs.flat_map(|(_, runs)| runs.clone()).collect())
    }

    async fn service_day_rules(&self) -> Result<ServiceDayRules, StoreError> {
        Ok(ServiceDayRules::default())
    }

    async fn read_samples(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
        mut take: impl FnMut(Sample) -> bool + Send,
    ) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        let mut readings = 0;
        let time = (from.0, i64::MIN, i64::MIN)..(to.0, i64::MIN, i64::MIN);
        for (_, sample) in rows.readings.range(time) {
            readings += 1;
            if !take(sample.clone()) {
                break;
            }
        }
        if let Some(later) = rows.later_readings.pop() {
            rows.readings = later;
        }
        Ok(readings)
    }

    async fn replace_hours(&self, hours: &HoursOutcome) -> Result<ReplacedHours, StoreError> {
        let mut rows = self.rows();
        self.range.hours().for_each(|hour| rows.forget(hour));
        let exteriors = rows.exteriors.range(self.range.from..self.range.to());
        Ok(ReplacedHours {
            exteriors: exteriors.map(|(hour, of)| (*hour, *of)).collect(),
            refreshed_at: rows.insert(hours),
            queued_at: None,
        })
    }

    async fn change_exteriors(&self, changes: &ExteriorChanges) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.exteriors
            .retain(|hour, _| !changes.gone.contains(hour));
        rows.exteriors.extend(&changes.changed);
        Ok(())
    }

    async fn queue_hours(
        &self,
        hours: &[UnixMicroseconds],
        _queued_at: Option<UnixMicroseconds>,
    ) -> Result<(), StoreError> {
        let mut rows = self.rows();
        for hour in hours {
            if rows.states.contains_key(hour) {
                rows.queue.insert(*hour, None);
            }
        }
        Ok(())
    }

    async fn session_heads(&self, after: Option<SessionHead>) -> Result<SessionHeads, StoreError> {
        let rows = self.rows();
        let key = |head: &SessionHead| (head.started_at, head.number);
        let is_next = |head: &SessionHead| after.is_none_or(|after| key(head) > key(&after));
        let (earlier, later): (Vec<_>, Vec<_>) = rows
            .heads()
            .filter(is_next)
            .partition(|head| head.started_at < self.range.to());
        let is_all = later.len() <= LATER_HEADS_MAX;
        let some = later.into_iter().take(LATER_HEADS_MAX);
        Ok(SessionHeads {
            heads: earlier.into_iter().chain(some).collect(),
            is_all,
        })
    }

    async fn buckets(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> Result<Vec<Bucket>, StoreError> {
        let rows = self.rows();
        let buckets = rows.buckets.range(from..to);
        Ok(buckets.flat_map(|(_, buckets)| buckets.clone()).collect())
    }

    async fn replace_sessions(
        &self,
        (first, last): Span,
        sessions: &[Session],
    ) -> Result<Vec<Date>, StoreError> {
        let mut rows = self.rows();
        let is_gone = |at: UnixMicroseconds| first <= at && at <= last;
        let gone = rows.sessions.iter().filter(|(key, _)| is_gone(key.0));
        let trips = gone.filter(|(_, session)| session.kind == Activity::Trip);
        let days: Vec<Date> = trips.map(|(_, trip)| trip.service_day).collect();
        rows.sessions.retain(|key, _| !is_gone(key.0));
        for session in sessions {
            let at = session.started_at;
            let number = rows.sessions.range((at, 0)..=(at, i32::MAX)).count();
            rows.sessions.insert((at, number as i32), session.clone());
        }
        Ok(days)
    }

    async fn session_spans(&self, _time: Span) -> Result<Vec<SessionSpan>, StoreError> {
        let rows = self.rows();
        let span = |session: &Session| SessionSpan {
            kind: session.kind,
            started_at: session.started_at,
            ended_at: session.ended_at,
            seconds: session.energy.seconds,
            odometer_start_km: session.ends.odometer_km.first_value(),
            odometer_end_km: session.ends.odometer_km.last_value(),
        };
        Ok(rows.sessions.values().map(span).collect())
    }

    async fn replace_day_times(
        &self,
        (first, last): (Date, Date),
        (from, to): Span,
        times: &[DayTime],
    ) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.days.retain(|day, time| {
            !(first..=last).contains(day) && (time.started_at >= to || time.ended_at <= from)
        });
        let times = times.iter().map(|time| (time.service_day, time.clone()));
        rows.days.extend(times);
        Ok(())
    }

    async fn day_trips(&self, service_days: &[Date]) -> Result<Vec<DayTripBand>, StoreError> {
        let rows = self.rows();
        let mut trips = trip_days::rows(&rows.sessions);
        trips.retain(|trip| service_days.contains(&trip.service_day));
        trips.sort_by_key(|trip| trip.service_day);
        Ok(trips)
    }

    async fn replace_trip_days(
        &self,
        service_days: &[Date],
        sums: &[TripDay],
    ) -> Result<(), StoreError> {
        let mut rows = self.rows();
        rows.trip_days.retain(|day, _| !service_days.contains(day));
        let sums = sums.iter().map(|sum| (sum.service_day, sum.clone()));
        rows.trip_days.extend(sums);
        Ok(())
    }

    async fn commit(self) -> Result<(), StoreError> {
        Ok(())
    }
}
