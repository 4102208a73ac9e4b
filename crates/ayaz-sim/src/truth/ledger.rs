//! Service days and sessions of one bus, collected step by step.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::local_time::service_day;
use crate::truth::parked::ParkedTime;
use crate::truth::session::{TruthSession, TruthSessionKind};
use crate::truth::{Step, TruthTotals};

/// The totals of a service day, or of the part of a session in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruthDay {
    /// The local day from 03:00 to 03:00.
    pub service_day: Date,
    /// Its totals.
    pub totals: TruthTotals,
}

/// The current trip or parked time.
#[derive(Debug, Clone)]
enum Open {
    Trip(TruthSession),
    Parked(ParkedTime),
}

impl Default for Open {
    fn default() -> Self {
        Self::Parked(ParkedTime::default())
    }
}

/// Service days and sessions of a bus. It grows by some kilobytes a day.
#[derive(Debug, Clone, Default)]
pub struct TruthLedger {
    days: BTreeMap<Date, TruthTotals>,
    closed: Vec<TruthSession>,
    open: Open,
}

impl TruthLedger {
    /// The service days up to now, in order. The first and the last may be incomplete.
    pub fn days(&self) -> Vec<TruthDay> {
        self.days
            .iter()
            .map(|(&service_day, &totals)| TruthDay {
                service_day,
                totals,
            })
            .collect()
    }

    /// The sessions up to now, in the order of time. The last one ends at the end of the simulation.
    pub fn sessions(&self) -> Vec<TruthSession> {
        let mut sessions = self.closed.clone();
        match &self.open {
            Open::Trip(trip) => sessions.push(trip.clone()),
            Open::Parked(parked) => sessions.extend(parked.sessions()),
        }
        sessions
    }

    /// Adds a step to the service day in which it begins.
    pub(crate) fn add(&mut self, step: &Step) {
        let day = service_day(step.from);
        self.days.entry(day).or_default().add(step);
        match (&mut self.open, step.drive_cycle) {
            (Open::Trip(trip), Some(_)) if trip.drive_cycle == step.drive_cycle => {
                trip.extend(step, day);
            }
            (Open::Parked(parked), None) => parked.add(step, day),
            (_, Some(_)) => {
                let mut trip = TruthSession::begin(TruthSessionKind::Trip, step);
                trip.extend(step, day);
                self.begin(Open::Trip(trip));
            }
            (_, None) => {
                let mut parked = ParkedTime::default();
                parked.add(step, day);
                self.begin(Open::Parked(parked));
            }
        }
    }

    /// Closes the current trip or parked time and begins the next one.
    fn begin(&mut self, next: Open) {
        match std::mem::replace(&mut self.open, next) {
            Open::Trip(trip) => self.closed.push(trip),
            Open::Parked(parked) => self.closed.extend(parked.sessions()),
        }
    }
}
