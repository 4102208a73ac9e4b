//! Sensors that show something else than what is: one signal of single readings or of stretches.

use ayaz_model::{Measurements, Signal, SignalSet, UnixMicroseconds};

use crate::faults::analog::{number, replace};
use crate::faults::data::SpikeValue;
use crate::faults::recording::Recorded;
use crate::faults::{DataFault, DataFaultPlan, FaultLog};

/// A bus that drives evidently, km/h.
const MOVING_KMH: f32 = 15.0;

#[derive(Debug, Clone, Copy)]
enum Phase {
    Waiting,
    /// Until when, and what a stuck signal holds.
    Active(UnixMicroseconds, Option<f64>),
    Over,
}

#[derive(Debug, Clone)]
pub(super) struct Sensors {
    /// Plans with their number and how far they have got.
    plans: Vec<(usize, DataFaultPlan, Phase)>,
}

impl Sensors {
    pub(super) fn new(plans: &[DataFaultPlan]) -> Self {
        let plans = plans.iter().enumerate().filter(|(_, plan)| {
            matches!(
                plan.fault,
                DataFault::Stuck { .. }
                    | DataFault::PositionSpike { .. }
                    | DataFault::Spike { .. }
                    | DataFault::Sentinel { .. }
                    | DataFault::Offset { .. }
            )
        });
        Self {
            plans: plans.map(|(n, plan)| (n, *plan, Phase::Waiting)).collect(),
        }
    }

    /// Changes what the faults of this instant change.
    pub(super) fn disturb(&mut self, recorded: &mut Recorded, log: &mut FaultLog) {
        let at = recorded.taken_at;
        let m = &mut recorded.reading.measurements;
        for (number, plan, phase) in &mut self.plans {
            *phase = next_phase(*phase, plan, at, m);
            let Phase::Active(_, held) = *phase else {
                continue;
            };
            let changed = disturb(&plan.fault, held, m);
            if !changed.is_empty() {
                log.note((*number, plan), recorded.reading.key, at, changed);
            }
            if matches!(
                plan.fault,
                DataFault::PositionSpike { .. } | DataFault::Spike { .. }
            ) {
                *phase = Phase::Over;
            }
        }
    }
}

fn next_phase(phase: Phase, plan: &DataFaultPlan, at: UnixMicroseconds, m: &Measurements) -> Phase {
    match phase {
        Phase::Waiting if at >= plan.from && may_begin(&plan.fault, m) => {
            let held = match plan.fault {
                DataFault::Stuck { signal } => number(m, signal),
                _ => None,
            };
            Phase::Active(at.plus(plan.lasts_seconds * 1_000_000), held)
        }
        Phase::Active(until, _) if at >= until || !may_go_on(&plan.fault, m) => Phase::Over,
        other => other,
    }
}

/// Whether a reading drives for certain.
pub(super) fn is_moving(m: &Measurements) -> bool {
    m.drive_cycle.is_some() && m.speed_kmh.is_some_and(|speed| speed > MOVING_KMH)
}

fn may_begin(fault: &DataFault, m: &Measurements) -> bool {
    match fault {
        DataFault::Sentinel { signal, value } => number(m, *signal)
            .is_some_and(|truth| (truth - value).abs() >= DataFault::SENTINEL_DISTANCE),
        DataFault::Offset { .. } => true,
        _ => is_moving(m),
    }
}

/// A signal is stuck only while the key is on: afterwards it might be true.
fn may_go_on(fault: &DataFault, m: &Measurements) -> bool {
    !matches!(fault, DataFault::Stuck { .. }) || m.drive_cycle.is_some()
}

/// The signals that it changed.
fn disturb(fault: &DataFault, held: Option<f64>, m: &mut Measurements) -> SignalSet {
    let mut changed = SignalSet::EMPTY;
    for (signal, value) in shown(fault, held, m).into_iter().flatten() {
        if replace(m, signal, value) {
            changed.insert(signal);
        }
    }
    changed
}

/// What the sensors show instead, at most two signals.
fn shown(fault: &DataFault, held: Option<f64>, m: &Measurements) -> [Option<(Signal, f64)>; 2] {
    match *fault {
        DataFault::Stuck { signal } => [held.map(|value| (signal, value)), None],
        DataFault::PositionSpike { to: (north, east) } => [
            Some((Signal::latitude_degrees, north)),
            Some((Signal::longitude_degrees, east)),
        ],
        DataFault::Spike {
            signal,
            value: SpikeValue::Exactly(value),
        }
        | DataFault::Sentinel { signal, value } => [Some((signal, value)), None],
        DataFault::Spike {
            signal,
            value: SpikeValue::Above(by),
        }
        | DataFault::Offset { signal, by } => {
            [number(m, signal).map(|truth| (signal, truth + by)), None]
        }
        _ => [None, None],
    }
}
