//! Faults of sensors: wrong values in one reading or for some time.

use ayaz_model::{Measurements, Signal, SignalSet, UnixMicroseconds};

use crate::faults::analog::{number, replace};
use crate::faults::data::SpikeValue;
use crate::faults::recording::Recorded;
use crate::faults::{DataFault, DataFaultPlan, FaultLog};

/// Above this speed a bus counts as driving, km/h.
const MOVING_KMH: f32 = 15.0;

#[derive(Debug, Clone, Copy)]
enum Phase {
    Waiting,
    /// The end, and the repeated value of a stuck signal.
    Active(UnixMicroseconds, Option<f64>),
    Over,
}

#[derive(Debug, Clone)]
pub(super) struct Sensors {
    /// Plans with their number and state.
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

    /// Applies the faults that are active at this instant.
    pub(super) fn apply(&mut self, recorded: &mut Recorded, log: &mut FaultLog) {
        let at = recorded.taken_at;
        let m = &mut recorded.reading.measurements;
        for (number, plan, phase) in &mut self.plans {
            *phase = next_phase(*phase, plan, at, m);
            let Phase::Active(_, held) = *phase else {
                continue;
            };
            let changed = apply(&plan.fault, held, m);
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
        Phase::Active(until, _) if at >= until || !may_continue(&plan.fault, m) => Phase::Over,
        other => other,
    }
}

/// Whether the bus drives in this reading.
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

/// A signal is stuck only while the key is on: later the value may be true.
fn may_continue(fault: &DataFault, m: &Measurements) -> bool {
    !matches!(fault, DataFault::Stuck { .. }) || m.drive_cycle.is_some()
}

/// Applies a fault and returns the changed signals.
fn apply(fault: &DataFault, held: Option<f64>, m: &mut Measurements) -> SignalSet {
    let mut changed = SignalSet::EMPTY;
    for (signal, value) in shown_values(fault, held, m).into_iter().flatten() {
        if replace(m, signal, value) {
            changed.insert(signal);
        }
    }
    changed
}

/// The values that the sensors show, for at most two signals.
fn shown_values(
    fault: &DataFault,
    held: Option<f64>,
    m: &Measurements,
) -> [Option<(Signal, f64)>; 2] {
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
