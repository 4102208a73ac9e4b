//! Every fault of the data, flagged or counted.

use std::fmt::Write as _;

use ayaz_model::Signal;
use ayaz_sim::{DataFaultKind, TruthBus, TruthDataFault};

use crate::work::Found;

/// A known gap: what stands still for minutes in a healthy bus too is not known to be stuck. Another
/// is coolant, which enters no figure and is not looked at.
const STANDS_STILL: &[Signal] = &[Signal::exterior_temperature_celsius, Signal::soc_percent];

pub(crate) fn check(truth: &TruthBus, found: &Found, report: &mut String) {
    for fault in &truth.data_faults {
        let is_known_gap = match fault.kind {
            DataFaultKind::Stuck => fault
                .signals
                .iter()
                .all(|signal| STANDS_STILL.contains(&signal)),
            DataFaultKind::Sentinel => fault.signals.contains(Signal::coolant_temperature_celsius),
            _ => false,
        };
        if is_known_gap {
            continue;
        }
        let seen = match fault.kind {
            // Only delivery differs: the key makes it one, and the order of arrival does not matter.
            DataFaultKind::Blackout | DataFaultKind::Duplicates | DataFaultKind::Reboot => continue,
            // A day later it lies in the past; `time_quality` marks it, and `work_out` left it out.
            DataFaultKind::ClockUnset => continue,
            // By its fleet, not by itself: the view exterior_against_fleet.
            DataFaultKind::Offset => continue,
            DataFaultKind::Lost => readings_missing(found, fault) >= readings(fault),
            // Ahead of the daemon's clock they are marked and left out; else they are out of order.
            DataFaultKind::ClockJump => {
                readings_missing(found, fault) >= readings(fault)
                    || readings_out_of_order(found, fault) > 0
            }
            DataFaultKind::Ramp => is_doubted(found, fault, "interpolated_ramp"),
            DataFaultKind::Stuck => is_doubted(found, fault, "stuck"),
            DataFaultKind::Spike => is_doubted(found, fault, "impossible_jump"),
            DataFaultKind::Sentinel => is_doubted(found, fault, "sentinel"),
        };
        if !seen {
            let (name, kind) = (&truth.vehicle, fault.kind.name());
            let signals: Vec<_> = fault.signals.iter().map(Signal::name).collect();
            let (from, until) = (fault.from, fault.until);
            let _ = writeln!(
                report,
                "{name}: {kind} of {signals:?} {from} to {until} is not seen"
            );
        }
    }
}

/// Whether some of it is doubted by that check, or by any: a spike to an error code is as well one
/// as the other.
fn is_doubted(found: &Found, fault: &TruthDataFault, check: &str) -> bool {
    found.outcome.stretches.iter().any(|stretch| {
        stretch.started_at <= fault.until
            && fault.from <= stretch.ended_at
            && (stretch.whole_row
                || fault
                    .signals
                    .iter()
                    .any(|s| stretch.signals.contains(&s.name())))
            && (stretch.checks.contains(&check) || !stretch.whole_row)
    })
}

/// How many the fault concerns.
fn readings(fault: &TruthDataFault) -> i64 {
    let ranges = fault.readings.iter();
    let counts = ranges.map(|range| i64::try_from(range.last - range.first + 1).unwrap());
    counts.sum()
}

/// Of the fault's boots.
fn readings_out_of_order(found: &Found, fault: &TruthDataFault) -> i64 {
    let of = found.outcome.sequences.iter();
    of.filter(|of| {
        let mut boots = fault.readings.iter().map(|range| i64::from(range.boot_id));
        boots.any(|boot| boot == of.boot_id)
    })
    .map(|of| of.readings_out_of_order)
    .sum()
}

/// Numbers of the fault's boots that are missing.
fn readings_missing(found: &Found, fault: &TruthDataFault) -> i64 {
    fault
        .readings
        .iter()
        .map(|range| {
            let boot = i64::from(range.boot_id);
            let of_boot = || {
                let sequences = found.outcome.sequences.iter();
                sequences.filter(move |of| of.boot_id == boot)
            };
            let first = of_boot().map(|of| of.sequence_min).min();
            let last = of_boot().map(|of| of.sequence_max).max();
            let held: i64 = of_boot().map(|of| of.readings).sum();
            first
                .zip(last)
                .map_or(0, |(first, last)| last - first + 1 - held)
        })
        .sum()
}
