//! The worker's pure part over one bus's readings, as the database would hold them.

use std::collections::BTreeMap;

use ayaz_analytics::hours::{Hours, Rules};
use ayaz_analytics::plausibility::PlausibilityConfig;
use ayaz_analytics::service_days::ServiceDays;
use ayaz_analytics::sessions::assemble;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{UnixMicroseconds, VehicleId};
use ayaz_sim::Scenario;
use ayaz_store::analytics::{HoursOutcome, Sample, Session, Window};
use ayaz_store::context::{ServiceDayRule, ServiceDayRules};
use jiff::tz::TimeZone;

use crate::simulation::sample;

/// The daemon's defaults: earlier is marked as ancient, so much later as from the future.
const ANCIENT: UnixMicroseconds = UnixMicroseconds(1_420_070_400_000_000);
const FUTURE_MICROSECONDS: i64 = 300_000_000;

pub(crate) struct Found {
    pub(crate) outcome: HoursOutcome,
    pub(crate) sessions: Vec<Session>,
}

impl Found {
    pub(crate) fn readings(&self) -> i64 {
        self.outcome.sequences.iter().map(|of| of.readings).sum()
    }

    pub(crate) fn readings_doubted(&self) -> i64 {
        let of = self.outcome.sequences.iter();
        of.map(|of| of.readings_doubted).sum()
    }
}

pub(crate) fn work_out(scenario: &Scenario, vehicle: &VehicleId) -> Found {
    // By key, so that what is delivered twice is one; only good times enter aggregates.
    let mut samples: BTreeMap<(i64, i64, i64), Sample> = BTreeMap::new();
    for delivery in scenario.deliveries() {
        if delivery.vehicle != *vehicle {
            continue;
        }
        for reading in &delivery.readings {
            let key = reading.key;
            let at = key.recorded_at;
            if at < ANCIENT || at > delivery.arrives_at.plus(FUTURE_MICROSECONDS) {
                continue;
            }
            let mut sample = sample(reading);
            sample.sequence = i64::try_from(key.sequence).unwrap();
            samples.insert((at.0, i64::from(key.boot_id), sample.sequence), sample);
        }
    }
    let from = UnixMicroseconds(samples.keys().next().unwrap().0).hour();
    let last = UnixMicroseconds(samples.keys().last().unwrap().0).hour();
    let count = (last.0 - from.0) / HOUR_MICROSECONDS + 1;
    let rules = Rules {
        trip_gap_seconds: 600,
        plausibility: PlausibilityConfig::default(),
        service_days: ServiceDays::new(astana()),
    };
    let mut hours = Hours::new(from, usize::try_from(count).unwrap(), None, &rules);
    samples.into_values().for_each(|sample| hours.push(sample));
    hours.advance(hours.until().plus(HOUR_MICROSECONDS));
    let outcome = hours.finish(&[]);
    let sessions = assemble(&outcome.pieces, Window::default());
    Found { outcome, sessions }
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
