//! The pure part of the worker, over one bus's readings as the database holds them.

use std::collections::{BTreeMap, BTreeSet};

use ayaz_energy::Sample;
use ayaz_energy::clock::{Clock, Excluded};
use ayaz_energy::exterior::{VehicleExterior, exterior_on_trips};
use ayaz_energy::fleet::{FleetConfig, judge};
use ayaz_energy::hours::{Hours, HoursOutcome, Rules};
use ayaz_energy::plausibility::PlausibilityConfig;
use ayaz_energy::service_days::{ServiceDayRule, ServiceDayRules, ServiceDays};
use ayaz_energy::sessions::{Session, Window, assemble};
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{Reading, UnixMicroseconds, VehicleId};
use ayaz_sim::{Scenario, TruthBus};
use jiff::tz::TimeZone;

use crate::days::is_excluded;
use crate::simulation::sample;

/// The defaults of ingest: earlier times are marked as ancient, times this much later as future.
const ANCIENT: UnixMicroseconds = UnixMicroseconds(1_420_070_400_000_000);
const FUTURE_MICROSECONDS: i64 = 300_000_000;

/// Time, boot and number.
type Key = (i64, i64, i64);

pub(crate) struct Found {
    pub(crate) outcome: HoursOutcome,
    pub(crate) sessions: Vec<Session>,
    /// The readings of the result.
    pub(crate) stored: Vec<Key>,
    /// Hours whose exterior temperature the fleet contradicts.
    pub(crate) contradicted_hours: BTreeSet<UnixMicroseconds>,
}

impl Found {
    pub(crate) fn readings(&self) -> i64 {
        self.outcome.sequences.iter().map(|of| of.readings).sum()
    }

    pub(crate) fn readings_flagged(&self) -> i64 {
        let of = self.outcome.sequences.iter();
        of.map(|of| of.readings_flagged).sum()
    }

    /// The same condition as in the view `flagged_reading`.
    pub(crate) fn has_wrong_time(&self, (at, boot_id, sequence): Key) -> bool {
        self.outcome.flagged_spans.iter().any(|span| {
            span.checks.contains(&"clock_step")
                && span.boot_id == boot_id
                && (span.started_at.0..=span.ended_at.0).contains(&at)
                && (span.sequence_min..=span.sequence_max).contains(&sequence)
        })
    }
}

/// The worker's result for the delivered readings.
pub(crate) fn refresh(scenario: &Scenario, vehicle: &VehicleId) -> Found {
    let deliveries = scenario.deliveries().filter(|of| of.vehicle == *vehicle);
    let stored = deliveries.flat_map(|delivery| {
        let latest = delivery.arrives_at.plus(FUTURE_MICROSECONDS);
        let readings = delivery.readings.into_iter();
        readings.filter(move |reading| (ANCIENT..=latest).contains(&reading.key.recorded_at))
    });
    found(stored)
}

/// The worker's result for the other readings, without faults.
pub(crate) fn refresh_others(scenario: &Scenario, index: usize, truth: &TruthBus) -> Found {
    let recording = scenario.true_recording(index);
    let others = recording.filter(|recorded| !is_excluded(truth, recorded.taken_at));
    found(others.map(|recorded| recorded.reading))
}

fn found(readings: impl Iterator<Item = Reading>) -> Found {
    // By key, so a reading that is delivered twice counts once. Only good times count.
    let samples = readings.map(|reading| {
        let mut sample = sample(&reading);
        sample.sequence = i64::try_from(reading.key.sequence).unwrap();
        let at = sample.recorded_at.0;
        ((at, sample.boot_id, sample.sequence), sample)
    });
    let samples: BTreeMap<Key, Sample> = samples.collect();
    let from = UnixMicroseconds(samples.keys().next().unwrap().0).hour();
    let last = UnixMicroseconds(samples.keys().last().unwrap().0).hour();
    let count = usize::try_from((last.0 - from.0) / HOUR_MICROSECONDS + 1).unwrap();
    let mut clock = Clock::new(from, count, Vec::new());
    let first = refresh_hours(&samples, from, count, clock.excluded());
    let outcome = clock.resolve(first).unwrap_or_else(|| {
        let again = refresh_hours(&samples, from, count, clock.excluded());
        clock.resolve(again).unwrap()
    });
    let sessions = assemble(&outcome.buckets, Window::default());
    Found {
        outcome,
        sessions,
        stored: samples.into_keys().collect(),
        contradicted_hours: BTreeSet::new(),
    }
}

fn refresh_hours(
    samples: &BTreeMap<Key, Sample>,
    from: UnixMicroseconds,
    count: usize,
    excluded: &Excluded,
) -> HoursOutcome {
    let rules = Rules {
        trip_gap_seconds: 600,
        plausibility: PlausibilityConfig::default(),
        service_days: ServiceDays::new(astana()),
        ..Rules::default()
    };
    let mut hours = Hours::new(from, count, None, &rules).excluding(excluded.clone());
    samples
        .values()
        .for_each(|sample| hours.push(sample.clone()));
    hours.advance(hours.until().plus(HOUR_MICROSECONDS));
    hours.finish(&[])
}

/// Compares the buses of a fleet, hour by hour. Returns the number of hours with enough buses.
pub(crate) fn compare(fleet: &mut [&mut Found], config: &FleetConfig) -> usize {
    let mut hours: BTreeMap<UnixMicroseconds, Vec<VehicleExterior>> = BTreeMap::new();
    for (vehicle, found) in (0..).zip(fleet.iter()) {
        for (hour, exterior) in exterior_on_trips(&found.outcome.buckets) {
            let of = VehicleExterior { vehicle, exterior };
            hours.entry(hour).or_default().push(of);
        }
    }
    let mut compared = 0;
    for (hour, vehicles) in hours {
        let judgement = judge(&vehicles, config);
        let fleet_size = judgement.fleet.map_or(0, |of| of.vehicles);
        compared += usize::from(fleet_size >= config.vehicles_min as i64);
        for flag in judgement.flags {
            let index = usize::try_from(flag.vehicle).unwrap();
            fleet[index].contradicted_hours.insert(hour);
        }
    }
    for found in fleet {
        for bucket in &mut found.outcome.buckets {
            if found.contradicted_hours.contains(&bucket.hour) {
                bucket.flag_exterior();
            }
        }
        found.sessions = assemble(&found.outcome.buckets, Window::default());
    }
    compared
}

fn astana() -> ServiceDayRules {
    ServiceDayRules::new(vec![ServiceDayRule {
        from: None,
        to: None,
        depot: None,
        zone: TimeZone::get("Asia/Almaty").unwrap(),
        cut_over_hour: 3,
    }])
    .unwrap()
}
