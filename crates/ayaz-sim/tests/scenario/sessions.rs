//! Sessions have no gaps, their sums are those of the days, and readings show them.

use std::collections::BTreeMap;

use ayaz_model::{Reading, UnixMicroseconds};
use ayaz_sim::{
    Scenario, TruthBus, TruthEnergy, TruthSession, TruthSessionKind as Kind, TruthTotals,
};
use proptest::prelude::*;

use crate::{MONDAY, truth};

fn close(a: &TruthEnergy, b: &TruthEnergy) -> bool {
    let pairs = a.components().into_iter().zip(b.components());
    pairs
        .into_iter()
        .all(|((_, x), (_, y))| (x - y).abs() < 1e-6)
}

/// Checks that sessions have no gap or overlap from start to end, and that their sums are those of the
/// days.
fn check(bus: &TruthBus, start: UnixMicroseconds, end: UnixMicroseconds) {
    let mut at = start;
    let mut days: BTreeMap<_, TruthTotals> = BTreeMap::new();
    for session in &bus.sessions {
        assert_eq!(session.start, at, "{}: {session:?}", bus.vehicle);
        assert!(session.end > session.start);
        let seconds = session.end.seconds_since(session.start);
        assert!((session.totals().seconds - seconds).abs() < 1e-3);
        let short = seconds < 180.0;
        match session.kind {
            Kind::Trip => assert!(session.drive_cycle.is_some() && !session.plugged_in),
            Kind::Charging => assert!(session.plugged_in && !short),
            Kind::Conditioning => assert!(!short),
            Kind::Parking => {}
        }
        assert_eq!(session.drive_cycle.is_some(), session.kind == Kind::Trip);
        for day in &session.days {
            days.entry(day.service_day).or_default().merge(&day.totals);
        }
        at = session.end;
    }
    assert_eq!(at, end, "{}", bus.vehicle);
    assert_eq!(days.len(), bus.days.len());
    for (day, (number, sum)) in bus.days.iter().zip(days) {
        assert_eq!(day.service_day, number);
        let totals = &day.totals;
        assert!(
            close(&totals.unplugged, &sum.unplugged),
            "{totals:?} {sum:?}"
        );
        assert!(
            close(&totals.plugged_in, &sum.plugged_in),
            "{totals:?} {sum:?}"
        );
        assert!((totals.distance_km - sum.distance_km).abs() < 1e-6);
        assert!((totals.fuel_litres - sum.fuel_litres).abs() < 1e-6);
        assert!((totals.seconds - sum.seconds).abs() < 1e-3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn sessions_have_no_gaps_and_their_sums_are_those_of_the_days(
        seed in any::<u64>(),
        kind in 0..3,
        day in 0..3_000_i64,
        days in 1_u32..3,
    ) {
        let first = jiff::civil::date(2022, 1, 1) + jiff::Span::new().days(day);
        let scenario = match kind {
            0 => Scenario::cold_snap(seed, 3, first),
            1 => Scenario::mild_week(seed, 3, first),
            _ => Scenario::summer_week(seed, 3, first),
        }
        .days(days);
        for bus in truth(&scenario) {
            check(&bus, scenario.start(), scenario.end());
        }
    }
}

fn is_charging(reading: &Reading) -> bool {
    let m = &reading.measurements;
    m.is_plugged_in() == Some(true) && m.battery_power_watts().unwrap() < 0.0
}

fn is_conditioning(reading: &Reading) -> bool {
    let m = &reading.measurements;
    let watts = [
        m.cabin_heater_power_watts,
        m.heat_pump_power_watts,
        m.battery_heater_power_watts,
        m.air_conditioning_power_watts,
    ];
    let sum: f32 = watts.into_iter().map(Option::unwrap).sum();
    m.drive_cycle.is_none() && sum > 500.0 && !is_charging(reading)
}

/// Checks that the first and the last reading of a session with a property are at its ends.
fn check_ends(session: &TruthSession, readings: &[Reading], holds: fn(&Reading) -> bool) {
    let within =
        |r: &&Reading| r.key.recorded_at > session.start && r.key.recorded_at <= session.end;
    let mut shown = readings.iter().filter(within).filter(|r| holds(r));
    let first = shown.next().expect("a session is seen in the readings");
    let last = shown.next_back().unwrap_or(first);
    let late = first.key.recorded_at.seconds_since(session.start);
    let early = session.end.seconds_since(last.key.recorded_at);
    assert!(
        late <= 10.0 && early <= 10.0,
        "{late} s and {early} s: {session:?}"
    );
}

#[test]
fn readings_show_sessions_at_the_same_time_as_the_truth() {
    let scenario = Scenario::cold_snap(6, 6, MONDAY).days(4);
    let mut seen: BTreeMap<(Kind, bool), u32> = BTreeMap::new();
    for (index, bus) in truth(&scenario).iter().enumerate() {
        let readings: Vec<Reading> = scenario.true_recording(index).map(|r| r.reading).collect();
        for session in &bus.sessions {
            *seen.entry((session.kind, session.plugged_in)).or_default() += 1;
            match session.kind {
                Kind::Charging => check_ends(session, &readings, is_charging),
                Kind::Conditioning => check_ends(session, &readings, is_conditioning),
                Kind::Trip => {
                    check_ends(session, &readings, |r| r.measurements.drive_cycle.is_some())
                }
                Kind::Parking => {
                    // Readings can show it.
                    let seconds = session.end.seconds_since(session.start);
                    assert!(seconds > 2.0, "{session:?}");
                }
            }
        }
        // Charging or conditioning outside of such a session is shorter than the shortest session.
        let mut stray = 0.0;
        for pair in readings.windows(2) {
            let at = pair[1].key.recorded_at;
            let kind = bus
                .sessions
                .iter()
                .find(|s| s.start < at && at <= s.end)
                .unwrap()
                .kind;
            if is_charging(&pair[1]) && kind != Kind::Charging
                || is_conditioning(&pair[1]) && kind == Kind::Parking
            {
                stray += at.seconds_since(pair[0].key.recorded_at);
            } else if kind != Kind::Parking {
                stray = 0.0;
            }
            assert!(stray < 600.0, "{} at {at}", bus.vehicle);
        }
    }
    println!("{seen:?}");
    for kind in [
        (Kind::Trip, false),
        (Kind::Charging, true),
        (Kind::Conditioning, true),
        (Kind::Conditioning, false),
        (Kind::Parking, false),
        (Kind::Parking, true),
    ] {
        assert!(seen.contains_key(&kind), "{kind:?} in {seen:?}");
    }
}

#[test]
fn the_service_day_in_which_clocks_go_back_has_25_hours() {
    let first = jiff::civil::date(2024, 2, 29);
    let scenario = Scenario::mild_week(1, 2, first).days(2);
    for bus in truth(&scenario) {
        check(&bus, scenario.start(), scenario.end());
        let seconds: Vec<f64> = bus.days.iter().map(|d| d.totals.seconds.round()).collect();
        assert_eq!(seconds, [90_000.0, 86_400.0]);
    }
}
