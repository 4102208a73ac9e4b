//! Every data fault is flagged or counted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ayaz_energy::hours::FlaggedSpan;
use ayaz_model::instant::HOUR_MICROSECONDS;
use ayaz_model::{Signal, UnixMicroseconds};
use ayaz_sim::{DataFaultKind, TruthBus, TruthDataFault};

use crate::work::Found;

/// How much of a longer fault must be flagged, s. A fault of a quarter of an hour is longer than
/// the reach of any check, so its middle is not flagged.
const FLAGGED_SECONDS_MIN: f64 = 30.0;

/// Signals that the simulator's spikes set to a code.
const SPIKES_TO_CODES: &[Signal] = &[
    Signal::soc_percent,
    Signal::latitude_degrees,
    Signal::longitude_degrees,
];

/// Twelve degrees for this long raise the mean of an hour by more than eight.
const CONTRADICTED_SECONDS_MIN: f64 = 2_700.0;

pub(crate) fn check(truth: &TruthBus, found: &Found, report: &mut String) {
    check_clock(truth, found, report);
    for fault in &truth.data_faults {
        let seen = match fault.kind {
            // Only delivery differs: the key removes duplicates, and the order of arrival does not
            // matter.
            DataFaultKind::Blackout | DataFaultKind::Duplicates | DataFaultKind::Reboot => continue,
            // Its time is a day late. `time_quality` marks it, and `refresh` excluded it.
            DataFaultKind::ClockUnset => continue,
            DataFaultKind::ClockJump => continue, // `check_clock`
            DataFaultKind::Offset => is_contradicted(found, fault),
            DataFaultKind::Lost => readings_missing(found, fault) >= readings(fault),
            DataFaultKind::Ramp => is_flagged(found, fault, &["interpolated_ramp"]),
            DataFaultKind::Stuck => is_flagged(found, fault, &["flat_line"]),
            DataFaultKind::Sentinel => is_flagged(found, fault, &["sentinel"]),
            // A spike is a single reading, which must be flagged. A spike to a code (no charge, no
            // fix) may count as either.
            DataFaultKind::Spike if fault.signals.iter().any(|s| SPIKES_TO_CODES.contains(&s)) => {
                is_flagged(found, fault, &["rate_of_change", "sentinel"])
            }
            DataFaultKind::Spike => is_flagged(found, fault, &["rate_of_change"]),
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

/// Checks that every unmarked reading with a wrong time is flagged, and no other reading.
fn check_clock(truth: &TruthBus, found: &Found, report: &mut String) {
    let of_kind = |fault: &&TruthDataFault| fault.kind == DataFaultKind::ClockJump;
    let ranges = truth.data_faults.iter().filter(of_kind);
    let ranges: Vec<_> = ranges.flat_map(|fault| &fault.readings).collect();
    let is_wrong = |(boot_id, sequence): (i64, i64)| {
        ranges.iter().any(|range| {
            i64::from(range.boot_id) == boot_id
                && (range.first..=range.last).contains(&sequence.unsigned_abs())
        })
    };
    let wrong = found.stored.iter().filter(|key| is_wrong((key.1, key.2)));
    let flagged = found
        .stored
        .iter()
        .filter(|key| found.has_wrong_time(**key));
    let (wrong, flagged): (BTreeSet<_>, BTreeSet<_>) = (wrong.collect(), flagged.collect());
    if wrong != flagged {
        let name = &truth.vehicle;
        let missed = wrong.difference(&flagged).count();
        let more = flagged.difference(&wrong).count();
        let _ = writeln!(
            report,
            "{name}: of {} readings of a wrong time {missed} are not flagged, and {more} others are",
            wrong.len()
        );
    }
}

/// Whether the fleet contradicts every hour that the fault nearly fills, and there is one.
fn is_contradicted(found: &Found, fault: &TruthDataFault) -> bool {
    let mut hours = hours(fault)
        .filter(|hour| seconds_within(fault, *hour) >= CONTRADICTED_SECONDS_MIN)
        .peekable();
    hours.peek().is_some() && hours.all(|hour| found.contradicted_hours.contains(&hour))
}

/// Checks that the fleet contradicts no hour with a true exterior temperature.
pub(crate) fn check_fleet(truth: &TruthBus, found: &Found, report: &mut String) {
    let of_exterior = |fault: &&TruthDataFault| {
        fault.signals.contains(Signal::exterior_temperature_celsius)
            || fault.kind == DataFaultKind::ClockJump
    };
    let wrong: Vec<_> = truth.data_faults.iter().filter(of_exterior).collect();
    for hour in &found.contradicted_hours {
        if !wrong.iter().any(|fault| seconds_within(fault, *hour) > 0.0) {
            let name = &truth.vehicle;
            let _ = writeln!(
                report,
                "{name}: the fleet contradicts {hour} without a reason"
            );
        }
    }
}

/// Hours that the fault touches.
fn hours(fault: &TruthDataFault) -> impl Iterator<Item = UnixMicroseconds> {
    let until = fault.until;
    let first = Some(fault.from.hour());
    std::iter::successors(first, |hour| Some(hour.plus(HOUR_MICROSECONDS)))
        .take_while(move |hour| *hour <= until)
}

fn seconds_within(fault: &TruthDataFault, hour: UnixMicroseconds) -> f64 {
    let end = fault.until.min(hour.plus(HOUR_MICROSECONDS));
    end.seconds_since(fault.from.max(hour)).max(0.0)
}

/// Whether one of these checks flags the faulty signals or the whole row, for at least half of the
/// fault or [`FLAGGED_SECONDS_MIN`]; for a spike, its one reading.
fn is_flagged(found: &Found, fault: &TruthDataFault, checks: &[&str]) -> bool {
    let boots = fault.readings.iter().map(|range| i64::from(range.boot_id));
    let boots: Vec<i64> = boots.collect();
    // A ramp flags the whole row; every other check names its signals.
    let is_wrong = |of: &FlaggedSpan| match fault.kind {
        DataFaultKind::Ramp => of.whole_row,
        _ => fault.signals.iter().all(|s| of.signals.contains(&s.name())),
    };
    let seconds = |from: UnixMicroseconds, until: UnixMicroseconds| until.seconds_since(from) + 1.0;
    let spans = found.outcome.flagged_spans.iter().filter(|of| {
        boots.contains(&of.boot_id)
            && of.started_at <= fault.until
            && fault.from <= of.ended_at
            && of.checks.iter().any(|check| checks.contains(check))
            && is_wrong(of)
    });
    let flagged: f64 = spans
        .map(|of| seconds(of.started_at.max(fault.from), of.ended_at.min(fault.until)))
        .sum();
    flagged >= (seconds(fault.from, fault.until) / 2.0).min(FLAGGED_SECONDS_MIN)
}

/// Number of readings in the fault.
fn readings(fault: &TruthDataFault) -> i64 {
    let ranges = fault.readings.iter();
    let counts = ranges.map(|range| i64::try_from(range.last - range.first + 1).unwrap());
    counts.sum()
}

/// Number of readings of the fault's boots that are missing.
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
