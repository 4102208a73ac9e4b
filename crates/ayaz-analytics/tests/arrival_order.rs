//! What an hour comes to depends on the readings alone: on neither the order in which they arrive
//! nor on which hours are worked out together. The worker's queue is played here in memory, so that
//! many histories can be tried; and the sums are compared with a plain integration of the whole
//! series.

#[path = "arrival_order/clock_steps.rs"]
mod clock_steps;
#[path = "arrival_order/months.rs"]
mod months;

use std::collections::{BTreeMap, BTreeSet};

use ayaz_analytics::clock::Clock;
use ayaz_analytics::hours::{Hours, Rules};
use ayaz_analytics::plausibility::PlausibilityConfig;
use ayaz_analytics::sessions::{self, LONG_MICROSECONDS, SILENCE_MICROSECONDS_MAX};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{ChargeState, UnixMicroseconds};
use ayaz_store::analytics::sessions::CUT_REACH_MICROSECONDS;
use ayaz_store::analytics::{
    Activity, ClockRun, DoubtedStretch, Energy, HourSequence, HourState, HoursOutcome, Month,
    Piece, Sample, Session, Window,
};
use jiff::civil::Date;
use proptest::prelude::*;

const TRIP_GAP_SECONDS: u32 = 600;

/// A sample and its place in the order of its boot.
type Readings = BTreeMap<(i64, i64, i64), Sample>;

/// The tables, in memory.
#[derive(Default)]
struct Tables {
    readings: Readings,
    queue: BTreeSet<i64>,
    states: BTreeMap<i64, HourState>,
    pieces: BTreeMap<i64, Vec<Piece>>,
    sequences: BTreeMap<i64, Vec<HourSequence>>,
    stretches: BTreeMap<i64, Vec<DoubtedStretch>>,
    clock_runs: BTreeMap<i64, Vec<ClockRun>>,
    months: BTreeMap<Date, Month>,
    sessions: Vec<Session>,
    plausibility: PlausibilityConfig,
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
        self.queue.insert(sample.recorded_at.hour().0);
        self.readings.insert(key, sample.clone());
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
        let outcome = self.work_out(from, count, &known, &clock);
        let outcome = clock.settle(outcome).or_else(|| {
            let outcome = self.work_out(from, count, &known, &clock);
            clock.settle(outcome)
        });
        let outcome = outcome.expect("a second time settles it");
        for index in 0..count as i64 {
            self.states.remove(&hour(index));
            self.pieces.remove(&hour(index));
            self.sequences.remove(&hour(index));
            self.stretches.remove(&hour(index));
            self.clock_runs.remove(&hour(index));
            self.queue.remove(&hour(index));
        }
        self.states
            .extend(outcome.states.iter().map(|state| (state.hour.0, *state)));
        put(&mut self.pieces, outcome.pieces, |piece| piece.hour);
        put(&mut self.sequences, outcome.sequences, |of| of.hour);
        put(&mut self.stretches, outcome.stretches, |of| of.hour);
        put(&mut self.clock_runs, outcome.clock_runs, |of| of.hour);
        let neighbours = outcome.neighbours;
        let mut wrong: Vec<i64> = outcome.clock_changed.iter().map(|hour| hour.0).collect();
        wrong.extend(neighbours.before.then_some(hour(-1)));
        wrong.extend(neighbours.after.then_some(to));
        for hour in wrong {
            if self.states.contains_key(&hour) {
                self.queue.insert(hour);
            }
        }
        self.refresh_sessions(UnixMicroseconds(from), UnixMicroseconds(to));
    }

    fn work_out(
        &self,
        from: i64,
        count: usize,
        known: &[HourState],
        clock: &Clock,
    ) -> HoursOutcome {
        let before = known
            .iter()
            .find(|state| state.hour.0 == from - HOUR_MICROSECONDS);
        let mut hours = Hours::new(
            UnixMicroseconds(from),
            count,
            before,
            &rules(self.plausibility),
        )
        .without(clock.left_out().clone());
        let (since, until) = (hours.since(), hours.until());
        for (_, sample) in self.between(since, until) {
            hours.push(sample.clone());
        }
        hours.advance(until);
        if let Some(end) = hours.unsettled_until() {
            for (_, sample) in self.between(until, end) {
                hours.push(sample.clone());
                if hours.unsettled_until().is_none() {
                    break;
                }
            }
            hours.advance(end);
        }
        hours.finish(known)
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
        let pieces: Vec<Piece> = self
            .pieces
            .range(first.0..end.0)
            .flat_map(|(_, pieces)| pieces.clone())
            .collect();
        let (first, end) = (window.from.unwrap_or(first), window.to.unwrap_or(end));
        let stays = |s: &Session| s.started_at < first || s.started_at > end;
        let gone = self.sessions.iter().filter(|s| !stays(s));
        let mut changed = months::of(gone);
        self.sessions.retain(stays);
        let found = sessions::assemble(&pieces, window);
        changed.extend(months::of(&found));
        self.sessions.extend(found);
        self.sessions
            .sort_by_key(|s| (s.started_at, s.kind, s.ended_at));
        for month in changed {
            let sum = months::sum(&self.sessions, month);
            self.months.insert(month, sum);
        }
    }

    /// Works the queue off, choosing by `choices` where to begin and how many hours to take.
    fn work_off(&mut self, choices: &[u8]) {
        let mut choices = choices.iter().cycle().copied();
        for rounds in 0.. {
            assert!(rounds < 1000, "the queue does not come to rest");
            let choice = usize::from(choices.next().unwrap_or(0));
            let Some(from) = self
                .queue
                .iter()
                .nth(choice % self.queue.len().max(1))
                .copied()
            else {
                return;
            };
            let mut count = 1;
            while count < 1 + choice / 8 % 4
                && self
                    .queue
                    .contains(&(from + count as i64 * HOUR_MICROSECONDS))
            {
                count += 1;
            }
            self.refresh(from, count);
        }
    }

    /// A month whose trips are all gone has no rows.
    fn all_months(&self) -> Vec<(&Date, &Month)> {
        let has_rows = |month: &Month| *month != Month::default();
        self.months
            .iter()
            .filter(|(_, month)| has_rows(month))
            .collect()
    }

    fn all_pieces(&self) -> Vec<&Piece> {
        self.pieces.values().flatten().collect()
    }
}

fn put<T>(table: &mut BTreeMap<i64, Vec<T>>, rows: Vec<T>, hour: impl Fn(&T) -> UnixMicroseconds) {
    for row in rows {
        table.entry(hour(&row).0).or_default().push(row);
    }
}

/// Everything at once.
fn whole(readings: &Readings, plausibility: PlausibilityConfig) -> Tables {
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
fn same_in_any_order(
    readings: &Readings,
    order: &[u16],
    batch: usize,
    choices: &[u8],
) -> Result<(), TestCaseError> {
    let mut arrivals: Vec<_> = readings.iter().collect();
    arrivals.sort_by_key(|(key, _)| order[key.2 as usize % order.len()]);
    // With every check on: what is doubted of a sample may depend on its neighbours too.
    let mut tables = Tables::default();
    for batch in arrivals.chunks(batch) {
        for (key, sample) in batch {
            tables.arrive(**key, sample);
        }
        tables.work_off(choices);
    }
    let expected = whole(readings, PlausibilityConfig::default());
    prop_assert_eq!(tables.all_pieces(), expected.all_pieces());
    prop_assert_eq!(&tables.states, &expected.states);
    prop_assert_eq!(&tables.sessions, &expected.sessions);
    prop_assert_eq!(&tables.sequences, &expected.sequences);
    prop_assert_eq!(&tables.stretches, &expected.stretches);
    prop_assert_eq!(&tables.clock_runs, &expected.clock_runs);
    prop_assert_eq!(tables.all_months(), expected.all_months());
    Ok(())
}

/// Steps of time that meet every rule: within the interval, at its limits, at those of a trip.
fn step_milliseconds() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 1..2_000_i64,
        6 => 1_000..60_000_i64,
        1 => Just(0),
        2 => Just(60_000),
        1 => Just(60_001),
        2 => 60_000..600_000_i64,
        1 => Just(600_000),
        1 => 600_000..5_000_000_i64,
    ]
}

fn value(range: std::ops::Range<f64>) -> impl Strategy<Value = Option<f64>> {
    prop_oneof![9 => range.prop_map(Some), 1 => Just(None)]
}

fn sample() -> impl Strategy<Value = (i64, Sample)> {
    let head = (
        step_milliseconds(),
        prop_oneof![6 => Just(1_i64), 1 => Just(2)],
        prop_oneof![4 => Just(None), 1 => Just(Some(7_i64)), 1 => Just(Some(8))],
        prop_oneof![12 => Just(false), 1 => Just(true)],
        prop_oneof![3 => Just(None), 1 => Just(Some("a"))],
        prop_oneof![3 => Just(Some(0.0)), 3 => (1.0..80.0).prop_map(Some), 1 => Just(Some(-4.0)),
            1 => Just(None)],
    );
    let values = (
        value(300.0..400.0),
        value(-200.0..200.0),
        value(-12.0..4.0),
        value(0.0..1e4),
        value(20.0..90.0),
    );
    (head, values).prop_map(|(head, values)| {
        let (milliseconds, boot_id, drive_cycle, plugged_in, route, speed_kmh) = head;
        let mut sample = Sample::bare(UnixMicroseconds(0), boot_id, drive_cycle);
        sample.charge_state = plugged_in.then_some(ChargeState::Plugged);
        sample.route = route.map(Into::into);
        sample.speed_kmh = speed_kmh;
        sample.pack_voltage_volts = values.0;
        sample.pack_current_amperes = values.1;
        sample.exterior_temperature_celsius = values.2;
        sample.cabin_heater_power_watts = values.3;
        sample.soc_percent = values.4;
        (milliseconds, sample)
    })
}

fn readings() -> impl Strategy<Value = Readings> {
    proptest::collection::vec(sample(), 1..150).prop_map(|samples| {
        let mut at = 55 * 60_000_000_i64;
        let mut readings = Readings::new();
        for (sequence, (milliseconds, mut sample)) in samples.into_iter().enumerate() {
            at += milliseconds * 1000;
            sample.recorded_at = UnixMicroseconds(at);
            sample.sequence = sequence as i64;
            readings.insert((at, sample.boot_id, sequence as i64), sample);
        }
        readings
    })
}

/// What a bus does for a while: a drive cycle or none, on a plug or not, moving or not, with how many
/// samples and how far apart, min.
type Stay = (Option<i64>, bool, bool, usize, i64);

fn stay() -> impl Strategy<Value = Stay> {
    (
        prop_oneof![5 => Just(None), 4 => Just(Some(7_i64)), 1 => Just(Some(8))],
        any::<bool>(),
        prop_oneof![4 => Just(false), 1 => Just(true)],
        1..14_usize,
        prop_oneof![
            2 => Just(1_i64), 2 => 1..60_i64, 4 => 60..700_i64, 2 => 700..1_440_i64,
            1 => Just(1_440), 1 => 1_440..1_460_i64,
        ],
    )
}

/// Weeks of parking and of drive cycles that do not change, seldom reported, with trips in between.
fn weeks() -> impl Strategy<Value = Readings> {
    let jumps = proptest::collection::vec(prop_oneof![30 => Just(0.0), 1 => Just(1.0)], 14);
    proptest::collection::vec((stay(), jumps), 1..12).prop_map(|stays| {
        let mut at = 55 * 60_000_000_i64;
        let mut odometer_km = 0.0;
        let mut readings = Readings::new();
        for ((drive_cycle, plugged_in, moves, count, minutes), jumps) in stays {
            for jump_km in jumps.iter().take(count) {
                at += minutes * 60_000_000;
                odometer_km += jump_km;
                let mut sample = Sample::bare(UnixMicroseconds(at), 1, drive_cycle);
                sample.charge_state = plugged_in.then_some(ChargeState::Charging);
                sample.speed_kmh = Some(if moves { 20.0 } else { 0.0 });
                sample.odometer_km = Some(odometer_km);
                sample.soc_percent = Some(50.0);
                readings.insert((at, 1, readings.len() as i64), sample);
            }
        }
        readings
    })
}

/// A plain integration of the whole series: the drive cycle, the trip, net and discharge and regen
/// in joules, km, heater in joules.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Plain {
    intervals: i64,
    net: f64,
    discharge: f64,
    regen: f64,
    km: f64,
    heater: f64,
}

type Trip = (Option<i64>, Option<i64>);

fn plain(readings: &Readings) -> BTreeMap<Trip, Plain> {
    let trips = plain_trips(readings);
    let samples: Vec<&Sample> = readings.values().collect();
    let mut sums: BTreeMap<Trip, Plain> = BTreeMap::new();
    for (index, a) in samples.iter().enumerate() {
        let next = samples[index + 1..]
            .iter()
            .find(|b| b.boot_id == a.boot_id)
            .filter(|b| b.drive_cycle == a.drive_cycle);
        let Some(b) = next else { continue };
        let dt = (b.recorded_at.0 - a.recorded_at.0) as f64 / 1e6;
        if dt <= 0.0 || dt > 60.0 {
            continue;
        }
        let trip = trips
            .iter()
            .find(|(first, last)| *first <= a.recorded_at.0 && a.recorded_at.0 < *last)
            .filter(|_| a.drive_cycle.is_none())
            .map(|(first, _)| *first);
        let sum = sums.entry((a.drive_cycle, trip)).or_default();
        sum.intervals += 1;
        let pair = |x: Option<f64>, y: Option<f64>| Some((x?, y?));
        let watts = |s: &Sample| Some(-s.pack_voltage_volts? * s.pack_current_amperes?);
        if let Some((p, q)) = pair(watts(a), watts(b)) {
            sum.net += (p + q) * dt / 2.0;
            sum.discharge += (p.max(0.0) + q.max(0.0)) * dt / 2.0;
            sum.regen -= (p.min(0.0) + q.min(0.0)) * dt / 2.0;
        }
        if let Some((v, w)) = pair(a.speed_kmh, b.speed_kmh) {
            sum.km += (v.abs() + w.abs()) * dt / 7200.0;
        }
        if let Some((p, q)) = pair(a.cabin_heater_power_watts, b.cabin_heater_power_watts) {
            sum.heater += (p + q) * dt / 2.0;
        }
    }
    sums
}

/// First and last moving instant of each trip without a number.
fn plain_trips(readings: &Readings) -> Vec<(i64, i64)> {
    let mut trips: Vec<(i64, i64)> = Vec::new();
    let mut broken = true;
    for sample in readings
        .values()
        .filter(|sample| sample.drive_cycle.is_none())
    {
        let at = sample.recorded_at.0;
        if sample.is_plugged_in() {
            broken = true;
        } else if sample.speed_kmh.is_some_and(|kmh| kmh.abs() >= 1.0) {
            match trips.last_mut() {
                Some(trip) if !broken && at - trip.1 < 600_000_000 => trip.1 = at,
                _ => trips.push((at, at)),
            }
            broken = false;
        }
    }
    trips
}

/// Of the grid of energy and distance, kWh and km.
const STEP: f64 = 1.0 / 16_777_216.0;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_arrival_order_and_any_split_give_the_same_pieces_to_the_last_bit(
        readings in readings(),
        order in proptest::collection::vec(any::<u16>(), 150),
        batch in 1..40_usize,
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        same_in_any_order(&readings, &order, batch, &choices)?;
    }

    #[test]
    fn weeks_of_parking_give_the_same_sessions_in_whatever_order_they_arrive(
        readings in weeks(),
        order in proptest::collection::vec(any::<u16>(), 160),
        batch in 1..40_usize,
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        same_in_any_order(&readings, &order, batch, &choices)?;
        let expected = whole(&readings, PlausibilityConfig::default());
        let mut blocks: BTreeMap<i64, i64> = BTreeMap::new();
        for session in &expected.sessions {
            let end = blocks.entry(session.block_started_at.0).or_default();
            *end = session.ended_at.0.max(*end);
        }
        // Three whole days, the one that was begun, and a silence.
        let longest = LONG_MICROSECONDS + 2 * SILENCE_MICROSECONDS_MAX;
        for (start, end) in &blocks {
            prop_assert!(end - start <= longest, "{} h", (end - start) / HOUR_MICROSECONDS);
        }
        // One after the other.
        prop_assert!(blocks.iter().zip(blocks.iter().skip(1)).all(|(a, b)| a.1 <= b.0));
    }

    #[test]
    fn every_interval_of_a_piece_belongs_to_one_session(readings in readings()) {
        let tables = whole(&readings, PlausibilityConfig::off());
        let pieces = tables.all_pieces();
        let of_pieces: i64 = pieces.iter().map(|piece| piece.intervals).sum();
        let of_sessions: i64 = tables.sessions.iter().map(|session| session.intervals).sum();
        prop_assert_eq!(of_sessions, of_pieces);
        let sum = |figure: fn(&Energy) -> f64| -> (f64, f64) {
            (
                tables.sessions.iter().map(|session| figure(&session.energy)).sum(),
                pieces.iter().map(|piece| figure(&piece.energy)).sum(),
            )
        };
        for (of_sessions, of_pieces) in [
            sum(|energy| energy.seconds), sum(|energy| energy.net_kwh), sum(|energy| energy.km),
            sum(|energy| energy.heater_kwh.unwrap_or(0.0)),
        ] {
            // To the bit, since figures lie on a grid.
            prop_assert_eq!(of_sessions, of_pieces);
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
        let tables = whole(&readings, PlausibilityConfig::off());
        let seconds: f64 = tables.sessions.iter().map(|session| session.energy.seconds).sum();
        // Each piece is off by half a step of its grid at most.
        let rounding = tables.all_pieces().len() as f64 / 2_048.0;
        prop_assert!(seconds <= elapsed + rounding, "{} s in {} s", seconds, elapsed);
        for session in &tables.sessions {
            let duration = session.ended_at.seconds_since(session.started_at);
            // Its first interval may lead into it, and its last one out of it.
            prop_assert!(session.energy.seconds <= duration + 120.0 + rounding, "{:?}", session);
        }
    }

    #[test]
    fn the_sums_of_all_pieces_are_those_of_the_whole_series(readings in readings()) {
        let tables = whole(&readings, PlausibilityConfig::off());
        let mut found: BTreeMap<Trip, Plain> = BTreeMap::new();
        let mut pieces: BTreeMap<Trip, f64> = BTreeMap::new();
        for piece in tables.all_pieces().iter().filter(|piece| piece.intervals > 0) {
            let trip = (piece.drive_cycle, piece.trip_started_at.map(|at| at.0));
            let sum = found.entry(trip).or_default();
            sum.intervals += piece.intervals;
            sum.net += piece.energy.net_kwh * 3.6e6;
            sum.discharge += piece.energy.discharge_kwh * 3.6e6;
            sum.regen += piece.energy.regen_kwh * 3.6e6;
            sum.km += piece.energy.km;
            sum.heater += piece.energy.heater_kwh.unwrap_or(0.0) * 3.6e6;
            let parts = piece.energy.discharge_kwh - piece.energy.regen_kwh;
            prop_assert!((piece.energy.net_kwh - parts).abs() <= 2.0 * STEP);
            *pieces.entry(trip).or_default() += 1.0;
        }
        let expected = plain(&readings);
        prop_assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (trip, sum) in &expected {
            let found = found[trip];
            prop_assert_eq!(found.intervals, sum.intervals);
            // Each piece is off by half a step of its grid at most.
            let steps = pieces[trip] * STEP;
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
    fn every_hour_with_readings_has_pieces_that_cover_them(readings in readings()) {
        let tables = whole(&readings, PlausibilityConfig::off());
        for sample in readings.values() {
            let at = sample.recorded_at;
            let covered = tables.pieces[&at.hour().0].iter().any(|piece| {
                piece.started_at <= at && at <= piece.ended_at
                    && piece.drive_cycle == sample.drive_cycle
                    && piece.plugged_in == sample.is_plugged_in()
            });
            prop_assert!(covered, "{}", at);
        }
    }
}
