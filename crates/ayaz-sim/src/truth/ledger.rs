//! Service days and sessions of one bus, written up step by step.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::local_time::service_day;
use crate::truth::session::{TruthSession, TruthSessionKind};
use crate::truth::stay::Stay;
use crate::truth::{Step, TruthTotals};

/// What a bus did on a service day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruthDay {
    /// The local day, cut at 03:00.
    pub service_day: Date,
    /// What happened in it.
    pub totals: TruthTotals,
}

/// What the bus is at.
#[derive(Debug, Clone)]
enum Open {
    Trip(TruthSession),
    Stay(Stay),
}

impl Default for Open {
    fn default() -> Self {
        Self::Stay(Stay::default())
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
    /// The service days so far, in their order; the first and the last may not be whole.
    pub fn days(&self) -> Vec<TruthDay> {
        self.days
            .iter()
            .map(|(&service_day, &totals)| TruthDay {
                service_day,
                totals,
            })
            .collect()
    }

    /// The sessions so far, in the order of time. The last one ends where the simulation does.
    pub fn sessions(&self) -> Vec<TruthSession> {
        let mut sessions = self.closed.clone();
        match &self.open {
            Open::Trip(trip) => sessions.push(trip.clone()),
            Open::Stay(stay) => sessions.extend(stay.sessions()),
        }
        sessions
    }

    /// Adds a step, which belongs to the service day of its beginning.
    pub(crate) fn add(&mut self, step: &Step) {
        let day = service_day(step.from);
        self.days.entry(day).or_default().add(step);
        match (&mut self.open, step.drive_cycle) {
            (Open::Trip(trip), Some(_)) if trip.drive_cycle == step.drive_cycle => {
                trip.extend(step, day);
            }
            (Open::Stay(stay), None) => stay.add(step, day),
            (_, Some(_)) => {
                let mut trip = TruthSession::begin(TruthSessionKind::Trip, step);
                trip.extend(step, day);
                self.follow(Open::Trip(trip));
            }
            (_, None) => {
                let mut stay = Stay::default();
                stay.add(step, day);
                self.follow(Open::Stay(stay));
            }
        }
    }

    fn follow(&mut self, next: Open) {
        match std::mem::replace(&mut self.open, next) {
            Open::Trip(trip) => self.closed.push(trip),
            Open::Stay(stay) => self.closed.extend(stay.sessions()),
        }
    }
}
