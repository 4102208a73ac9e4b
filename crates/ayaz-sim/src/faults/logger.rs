//! A logger that sleeps for some time and fills the gap by linear interpolation.

use std::collections::VecDeque;

use ayaz_model::{Measurements, Signal, UnixMicroseconds};

use crate::faults::analog::{differences, number, replace};
use crate::faults::recording::Recorded;
use crate::faults::sensors::is_moving;
use crate::faults::{DataFault, DataFaultPlan, FaultLog};

/// The current gap.
#[derive(Debug, Clone)]
struct Gap {
    plan: (usize, DataFaultPlan),
    until: UnixMicroseconds,
    /// The last reading before the gap, and those in it.
    readings: Vec<Recorded>,
}

#[derive(Debug, Clone)]
pub(super) struct Logger {
    /// Planned gaps with the number of their plan, the next one last.
    plans: Vec<(usize, DataFaultPlan)>,
    gap: Option<Gap>,
}

impl Logger {
    pub(super) fn new(plans: &[DataFaultPlan]) -> Self {
        let ramps = plans.iter().copied().enumerate();
        let mut plans: Vec<_> = ramps.filter(|(_, p)| p.fault == DataFault::Ramp).collect();
        plans.sort_by_key(|(_, plan)| std::cmp::Reverse(plan.from));
        Self { plans, gap: None }
    }

    /// Takes a reading. Readings in a gap become ready when the gap is over.
    pub(super) fn pass(
        &mut self,
        recorded: Recorded,
        log: &mut FaultLog,
        ready: &mut VecDeque<Recorded>,
    ) {
        if let Some(gap) = &mut self.gap {
            let last = &gap.readings[gap.readings.len() - 1].reading;
            let cycle = |m: &Measurements| m.drive_cycle;
            let continues = cycle(&last.measurements) == cycle(&recorded.reading.measurements)
                && last.key.boot_id == recorded.reading.key.boot_id;
            if continues {
                let ends = recorded.taken_at >= gap.until;
                gap.readings.push(recorded);
                if ends {
                    self.finish(log, ready);
                }
                return;
            }
            self.finish(log, ready);
        }
        let at = recorded.taken_at;
        let begins = |(_, plan): &&(usize, DataFaultPlan)| plan.from <= at;
        if self.plans.last().filter(begins).is_some() && is_moving(&recorded.reading.measurements) {
            if let Some(plan) = self.plans.pop() {
                self.gap = Some(Gap {
                    until: at.plus(plan.1.lasts_seconds * 1_000_000),
                    plan,
                    readings: vec![recorded],
                });
            }
        } else {
            ready.push_back(recorded);
        }
    }

    /// Ends the current gap, if there is one, at its last reading.
    pub(super) fn finish(&mut self, log: &mut FaultLog, ready: &mut VecDeque<Recorded>) {
        let Some(Gap { plan, readings, .. }) = self.gap.take() else {
            return;
        };
        let (first, last) = (readings[0].clone(), readings[readings.len() - 1].clone());
        for mut recorded in readings {
            let interior = first.taken_at < recorded.taken_at && recorded.taken_at < last.taken_at;
            if interior {
                let shown = interpolate(&first, &last, recorded.taken_at);
                let changed = differences(&shown, &recorded.reading.measurements);
                recorded.reading.measurements = shown;
                recorded.ready_at = last.ready_at;
                if !changed.is_empty() {
                    log.note(
                        (plan.0, &plan.1),
                        recorded.reading.key,
                        recorded.taken_at,
                        changed,
                    );
                }
            }
            ready.push_back(recorded);
        }
    }
}

/// The interpolated measurements at an instant.
fn interpolate(first: &Recorded, last: &Recorded, at: UnixMicroseconds) -> Measurements {
    let mut m = first.reading.measurements.clone();
    let share = at.seconds_since(first.taken_at) / last.taken_at.seconds_since(first.taken_at);
    for &signal in Signal::ALL {
        let ends = (
            number(&first.reading.measurements, signal),
            number(&last.reading.measurements, signal),
        );
        if let (Some(from), Some(to)) = ends {
            replace(&mut m, signal, from + (to - from) * share);
        }
    }
    m
}
