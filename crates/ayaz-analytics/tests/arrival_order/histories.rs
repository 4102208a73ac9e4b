//! Generated histories of a bus, with everything that ends an interval, a trip or a session.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_energy::Sample;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{ChargeState, UnixMicroseconds};
use proptest::prelude::*;

/// A sample by its time, boot and number.
pub(crate) type Readings = BTreeMap<(i64, i64, i64), Sample>;

/// Time steps for every rule: within an interval, at its limits, at the limits of a trip.
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

pub(crate) fn sample() -> impl Strategy<Value = (i64, Sample)> {
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

pub(crate) fn readings() -> impl Strategy<Value = Readings> {
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

/// What a bus does for a while: drive cycle, plugged in, moving, number of samples, and minutes
/// between them.
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

/// Weeks of parking and of unchanged drive cycles with few readings, and trips in between.
pub(crate) fn weeks() -> impl Strategy<Value = Readings> {
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

/// Where the clock is wrong, as a share of the readings, and by how much, s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) from: f64,
    pub(crate) share: f64,
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

/// Readings of one boot, at most this many seconds apart.
pub(crate) fn dense(seconds_max: i64) -> impl Strategy<Value = Vec<(i64, Sample)>> {
    let step = prop_oneof![3 => 1_000..2_000_i64, 1 => 1_000..seconds_max * 1_000];
    let sample = (step, sample()).prop_map(|(milliseconds, (_, mut sample))| {
        sample.boot_id = 1;
        (milliseconds, sample)
    });
    proptest::collection::vec(sample, 120..400)
}

/// Gives the readings numbers and times, and those in the steps a wrong time. Also returns the
/// numbers of the latter.
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
