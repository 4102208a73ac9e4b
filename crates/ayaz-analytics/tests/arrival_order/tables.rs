//! The worker's tables and its queue, in memory.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_analytics::open_hours::OpenHours;
use ayaz_energy::clock::{Clock, ClockRun};
use ayaz_energy::days::{DayTime, SessionSpan};
use ayaz_energy::hours::checkpoint::{Checkpoint, FoldInputs, IncrementalFold};
use ayaz_energy::hours::{FlaggedSpan, HourSequence, HourState, Hours, HoursOutcome, Rules};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::service_days::ServiceDayRules;
use ayaz_energy::sessions::{
    self, CUT_REACH_MICROSECONDS, SILENCE_MICROSECONDS_MAX, Session, Window,
};
use ayaz_energy::trip_days::TripDay;
use ayaz_energy::{Activity, Bucket, Sample, days};
use ayaz_model::UnixMicroseconds;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_store::analytics::KnownHours;
use jiff::civil::Date;
use proptest::prelude::*;

use crate::histories::Readings;
use crate::trip_days::{self, Month};

/// As the daemon's default, s.
const TRIP_GAP_SECONDS: u32 = 600;

/// The bus is the only one.
const VEHICLE: i32 = 1;

/// More than any history takes.
const BYTES_MAX: usize = 1_000_000_000;

/// When an hour was worked out: nobody restores this database.
const REFRESHED_AT: UnixMicroseconds = UnixMicroseconds(1);

/// The tables, in memory.
pub(crate) struct Tables {
    readings: Readings,
    /// The ledger: of which readings the queue has not heard.
    touched: Vec<UnixMicroseconds>,
    /// Hours, and from where on they have changed; `None` is from their beginning.
    queue: BTreeMap<i64, Option<UnixMicroseconds>>,
    running: OpenHours,
    /// How often an hour was read on from where it was read before.
    pub(crate) read_on: u64,
    states: BTreeMap<i64, HourState>,
    pub(crate) buckets: BTreeMap<i64, Vec<Bucket>>,
    sequences: BTreeMap<i64, Vec<HourSequence>>,
    pub(crate) flagged_spans: BTreeMap<i64, Vec<FlaggedSpan>>,
    pub(crate) clock_runs: BTreeMap<i64, Vec<ClockRun>>,
    pub(crate) trip_days: BTreeMap<Date, TripDay>,
    pub(crate) months: BTreeMap<Date, Month>,
    days: BTreeMap<Date, DayTime>,
    pub(crate) sessions: Vec<Session>,
    plausibility: PlausibilityConfig,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            readings: Readings::default(),
            touched: Vec::new(),
            queue: BTreeMap::new(),
            running: OpenHours::new(BYTES_MAX),
            read_on: 0,
            states: BTreeMap::new(),
            buckets: BTreeMap::new(),
            sequences: BTreeMap::new(),
            flagged_spans: BTreeMap::new(),
            clock_runs: BTreeMap::new(),
            trip_days: BTreeMap::new(),
            months: BTreeMap::new(),
            days: BTreeMap::new(),
            sessions: Vec::new(),
            plausibility: PlausibilityConfig::default(),
        }
    }
}

fn rules(plausibility: PlausibilityConfig) -> Rules {
    Rules {
        trip_gap_seconds: TRIP_GAP_SECONDS,
        plausibility,
        ..Rules::default()
    }
}

impl Tables {
    fn arrive(&mut self, key: (i64, i64, i64), sample: &Sample) {
        self.touched.push(sample.recorded_at);
        self.readings.insert(key, sample.clone());
    }

    /// As the statement `take_over`, so many touches.
    fn take_over(&mut self, touches: usize) {
        for at in self.touched.drain(..touches) {
            self.queue
                .entry(at.hour().0)
                .and_modify(|from| *from = from.map(|from| from.min(at)))
                .or_insert(Some(at));
        }
    }

    /// As `Worker::refresh`, `count` hours from `from`.
    fn refresh(&mut self, from: i64, count: usize) {
        let hour = |index: i64| from + index * HOUR_MICROSECONDS;
        let to = hour(count as i64);
        let known: Vec<HourState> = self
            .states
            .range(hour(-1)..=to)
            .map(|(_, state)| *state)
            .collect();
        let (clock_from, clock_to) = Clock::needs(UnixMicroseconds(from), count);
        let runs = self.clock_runs.range(clock_from.0..clock_to.0);
        let runs = runs.flat_map(|(_, runs)| runs.clone()).collect();
        let mut clock = Clock::new(UnixMicroseconds(from), count, runs);
        // The first time it may be read on, of fewer readings.
        let (outcome, kept) = (0..3)
            .find_map(|_| {
                let (outcome, kept) = self.work_out(from, count, &known, &clock);
                Some((clock.resolve(outcome)?, kept))
            })
            .expect("a second time with all readings resolves it");
        for index in 0..count as i64 {
            self.states.remove(&hour(index));
            self.buckets.remove(&hour(index));
            self.sequences.remove(&hour(index));
            self.flagged_spans.remove(&hour(index));
            self.clock_runs.remove(&hour(index));
            self.queue.remove(&hour(index));
        }
        self.states
            .extend(outcome.states.iter().map(|state| (state.hour.0, *state)));
        put(&mut self.buckets, outcome.buckets, |bucket| bucket.hour);
        put(&mut self.sequences, outcome.sequences, |of| of.hour);
        put(&mut self.flagged_spans, outcome.flagged_spans, |of| of.hour);
        put(&mut self.clock_runs, outcome.clock_runs, |of| of.hour);
        let neighbours = outcome.neighbours;
        let mut wrong: Vec<i64> = outcome.clock_changed.iter().map(|hour| hour.0).collect();
        wrong.extend(neighbours.before.then_some(hour(-1)));
        wrong.extend(neighbours.after.then_some(to));
        for hour in wrong {
            if self.states.contains_key(&hour) {
                self.queue.insert(hour, None);
            }
        }
        self.refresh_sessions(UnixMicroseconds(from), UnixMicroseconds(to));
        if let Some((beginning, checkpoint)) = kept {
            self.running
                .keep(VEHICLE, beginning, checkpoint, REFRESHED_AT);
        }
    }

    /// As if all hours still ran.
    fn work_out(
        &mut self,
        from: i64,
        count: usize,
        known: &[HourState],
        clock: &Clock,
    ) -> (HoursOutcome, Option<(FoldInputs, Checkpoint)>) {
        let before = known
            .iter()
            .find(|state| state.hour.0 == from - HOUR_MICROSECONDS);
        let hour = UnixMicroseconds(from);
        let rules = rules(self.plausibility);
        let left_out = clock.left_out().clone();
        let beginning = FoldInputs {
            from: hour,
            count,
            open_trip: before.and_then(|state| state.open_trip),
            service_days: ServiceDayRules::default(),
            left_out: left_out.clone(),
        };
        let known_of_hour = KnownHours {
            states: Vec::new(),
            changed_from: self.queue.get(&from).copied().flatten(),
            refreshed_at: Some(REFRESHED_AT),
        };
        let checkpoint = self.running.take(VEHICLE, &beginning, &known_of_hour);
        self.read_on += u64::from(checkpoint.is_some());
        let checkpoint = checkpoint.unwrap_or_else(|| {
            Checkpoint::nothing(Hours::new(hour, count, before, &rules).without(left_out))
        });
        let (since, until) = (checkpoint.until(), checkpoint.needs_until());
        let mut read_on = IncrementalFold::from(checkpoint, count == 1);
        for (_, sample) in self.between(since, until) {
            read_on.push(sample.clone());
        }
        let (mut hours, kept) = read_on.finish();
        hours.advance(until);
        if let Some(end) = hours.undecided_until() {
            for (_, sample) in self.between(until, end) {
                hours.push(sample.clone());
                if hours.undecided_until().is_none() {
                    break;
                }
            }
            hours.advance(end);
        }
        (
            hours.finish(known),
            kept.map(|checkpoint| (beginning, checkpoint)),
        )
    }

    fn between(
        &self,
        from: UnixMicroseconds,
        to: UnixMicroseconds,
    ) -> impl Iterator<Item = (&(i64, i64, i64), &Sample)> {
        self.readings
            .range((from.0, i64::MIN, 0)..(to.0, i64::MIN, 0))
    }

    /// As the statement `session_window` finds it.
    fn window(&self, from: UnixMicroseconds, to: UnixMicroseconds) -> Window {
        let block_before = |at: UnixMicroseconds| {
            let last = self.sessions.iter().rfind(|s| s.started_at < at);
            last.map(|s| s.block_started_at)
        };
        let last = block_before(from);
        let first = last.map(|at| {
            let session = self
                .sessions
                .iter()
                .find(|s| s.started_at == at)
                .expect("the window begins with a session");
            let on_plug = session.kind != Activity::Trip && session.drive_cycle.is_some();
            block_before(at).filter(|_| on_plug).unwrap_or(at)
        });
        let ends = self.sessions.iter().filter(|s| s.ended_at >= to);
        let next = ends.clone().min_by_key(|s| s.ended_at).and_then(|of| {
            let later = |s: &&Session| s.started_at >= of.block_started_at;
            let later: Vec<&Session> = self.sessions.iter().filter(later).collect();
            let mut ended_before = UnixMicroseconds(i64::MIN);
            let mut trip_ended_before = UnixMicroseconds(i64::MIN);
            later.windows(2).find_map(|pair| {
                let [before, next] = [pair[0], pair[1]];
                ended_before = ended_before.max(before.ended_at);
                if before.kind == Activity::Trip {
                    trip_ended_before = trip_ended_before.max(before.ended_at);
                }
                let (at, is_cut) = (next.started_at, ended_before >= next.started_at);
                let stays = if is_cut {
                    let on_trip = next.kind == Activity::Trip && before.kind == Activity::Trip;
                    at >= to.plus(CUT_REACH_MICROSECONDS)
                        && (on_trip || trip_ended_before < at.plus(-SILENCE_MICROSECONDS_MAX))
                } else {
                    next.kind != Activity::Trip
                        || next.drive_cycle.is_none()
                        || at > to.plus(SILENCE_MICROSECONDS_MAX)
                };
                let begins = next.block_started_at > before.block_started_at;
                (begins && ended_before >= to && stays).then_some((at, is_cut))
            })
        });
        Window {
            from: first,
            is_on_trip: first.zip(last).is_some_and(|(first, last)| {
                let mut before = self.sessions.iter();
                before.any(|s| {
                    first <= s.started_at && s.started_at < last && s.kind == Activity::Trip
                })
            }),
            is_cut_before: first.is_some_and(|at| {
                let mut sessions = self.sessions.iter();
                sessions.any(|s| s.ended_at == at && s.block_started_at < at)
            }),
            to: next
                .map(|(at, _)| at.plus(-1))
                .or(ends.map(|s| s.ended_at).max()),
            goes_on_at: next.filter(|(_, is_cut)| *is_cut).map(|(at, _)| at),
        }
    }

    fn refresh_sessions(&mut self, from: UnixMicroseconds, to: UnixMicroseconds) {
        let window = self.window(from, to);
        let (first, end) = window.hours(from, to);
        let buckets: Vec<Bucket> = self
            .buckets
            .range(first.0..end.0)
            .flat_map(|(_, buckets)| buckets.clone())
            .collect();
        let (first, end) = (window.from.unwrap_or(first), window.to.unwrap_or(end));
        let stays = |s: &Session| s.started_at < first || s.started_at > end;
        let gone = self.sessions.iter().filter(|s| !stays(s));
        let mut changed = trip_days::of(gone);
        self.sessions.retain(stays);
        let found = sessions::assemble(&buckets, window);
        changed.extend(trip_days::of(&found));
        self.sessions.extend(found);
        self.sessions
            .sort_by_key(|s| (s.started_at, s.kind, s.ended_at));
        self.refresh_trip_days(&changed);
        self.refresh_days((first, end));
    }

    /// As `replace_trip_days` of the store.
    fn refresh_trip_days(&mut self, changed: &BTreeSet<Date>) {
        let sums = trip_days::sum(&self.sessions, |day| changed.contains(&day));
        self.trip_days.retain(|day, _| !changed.contains(day));
        self.trip_days
            .extend(sums.into_iter().map(|sum| (sum.service_day, sum)));
        let months: BTreeSet<Date> = changed.iter().map(|day| day.first_of_month()).collect();
        for month in months {
            self.months.remove(&month);
            let days = self.trip_days.range(month..=month.last_of_month());
            let sum = Month::of_days(days.map(|(_, day)| day));
            self.months.extend(sum.map(|sum| (month, sum)));
        }
    }

    /// As `refresh_days` of the worker.
    fn refresh_days(&mut self, changed: days::Span) {
        let rules = ServiceDayRules::default();
        let whole = days::whole(changed, &rules);
        let times = days::account(whole, &self.session_spans(whole), &rules);
        self.days
            .retain(|_, time| time.started_at >= whole.1 || time.ended_at <= whole.0);
        self.days
            .extend(times.into_iter().map(|time| (time.service_day, time)));
    }

    /// As the statement `session_spans` finds them.
    fn session_spans(&self, (from, to): days::Span) -> Vec<SessionSpan> {
        let before = self.sessions.iter().rfind(|s| s.started_at < from);
        let first = before.map_or(from, |session| session.block_started_at);
        let after = self.sessions.iter().find(|s| s.started_at > to);
        let last = after.map_or(to, |session| session.started_at);
        let within = |s: &&Session| first <= s.started_at && s.started_at <= last;
        let span = |session: &Session| SessionSpan {
            kind: session.kind,
            started_at: session.started_at,
            ended_at: session.ended_at,
            seconds: session.energy.seconds,
            odometer_start_km: session.ends.odometer_km.first_value(),
            odometer_end_km: session.ends.odometer_km.last_value(),
        };
        self.sessions.iter().filter(within).map(span).collect()
    }

    /// Works the queue off, choosing by `choices` how much of the ledger it hears of, where to begin, how
    /// many hours to take, and whether the worker is another one.
    fn work_off(&mut self, choices: &[u8]) {
        let mut choices = choices.iter().cycle().copied();
        for rounds in 0.. {
            assert!(rounds < 1000, "the queue does not come to rest");
            let choice = usize::from(choices.next().unwrap_or(0));
            self.take_over(self.touched.len() * (choice % 5) / 4);
            if choice % 32 == 31 {
                self.running = OpenHours::new(BYTES_MAX);
            }
            let place = choice % self.queue.len().max(1);
            let Some(from) = self.queue.keys().nth(place).copied() else {
                return;
            };
            let mut count = 1;
            while count < 1 + choice / 8 % 4
                && self
                    .queue
                    .contains_key(&(from + count as i64 * HOUR_MICROSECONDS))
            {
                count += 1;
            }
            self.refresh(from, count);
        }
    }

    pub(crate) fn all_buckets(&self) -> Vec<&Bucket> {
        self.buckets.values().flatten().collect()
    }
}

fn put<T>(table: &mut BTreeMap<i64, Vec<T>>, rows: Vec<T>, hour: impl Fn(&T) -> UnixMicroseconds) {
    for row in rows {
        table.entry(hour(&row).0).or_default().push(row);
    }
}

/// Everything at once.
pub(crate) fn whole(readings: &Readings, plausibility: PlausibilityConfig) -> Tables {
    let mut tables = Tables {
        readings: readings.clone(),
        plausibility,
        ..Tables::default()
    };
    let first = readings
        .keys()
        .next()
        .map_or(0, |key| key.0)
        .div_euclid(HOUR_MICROSECONDS);
    let last = readings
        .keys()
        .last()
        .map_or(0, |key| key.0)
        .div_euclid(HOUR_MICROSECONDS);
    tables.refresh(first * HOUR_MICROSECONDS, (last - first + 1) as usize);
    tables
}

/// Has the readings arrive in another order, in batches, and the queue worked off by these choices in
/// between; then all tables are those of everything at once.
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

/// Has the readings arrive as they are measured, but for some that are late by so many seconds. Returns
/// how often an hour was read on from where it was read before.
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
    // With every check on: what is flagged of a sample may depend on its neighbours too.
    let mut tables = Tables::default();
    for batch in arrivals.chunks(batch) {
        for (key, sample) in batch {
            tables.arrive(**key, sample);
        }
        tables.work_off(choices);
    }
    while !tables.touched.is_empty() {
        tables.take_over(tables.touched.len());
        tables.work_off(choices);
    }
    let expected = whole(readings, PlausibilityConfig::default());
    prop_assert_eq!(tables.all_buckets(), expected.all_buckets());
    prop_assert_eq!(&tables.states, &expected.states);
    prop_assert_eq!(&tables.sessions, &expected.sessions);
    prop_assert_eq!(&tables.sequences, &expected.sequences);
    prop_assert_eq!(&tables.flagged_spans, &expected.flagged_spans);
    prop_assert_eq!(&tables.clock_runs, &expected.clock_runs);
    prop_assert_eq!(&tables.trip_days, &expected.trip_days);
    prop_assert_eq!(&tables.months, &expected.months);
    prop_assert_eq!(&expected.months, &trip_days::months(&expected.sessions));
    prop_assert_eq!(&tables.days, &expected.days);
    Ok(tables.read_on)
}
