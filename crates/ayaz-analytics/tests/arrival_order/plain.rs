//! A plain integration of the whole series, for comparison.

use std::collections::BTreeMap;

use ayaz_energy::Sample;

use crate::histories::Readings;

/// Sums of a drive cycle, or of a trip without one: net and discharge and regen
/// in joules, km, heater in joules.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Plain {
    pub(crate) intervals: i64,
    pub(crate) net: f64,
    pub(crate) discharge: f64,
    pub(crate) regen: f64,
    pub(crate) km: f64,
    pub(crate) heater: f64,
}

pub(crate) type Trip = (Option<i64>, Option<i64>);

pub(crate) fn plain(readings: &Readings) -> BTreeMap<Trip, Plain> {
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

/// Step of the grid of energy and distance, kWh and km.
pub(crate) const STEP: f64 = 1.0 / 16_777_216.0;

pub(crate) fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}
