//! Every session, with its start and end.

use std::fmt::Write as _;

use ayaz_energy::sessions::{SESSION_MICROSECONDS_MIN, Session};
use ayaz_model::UnixMicroseconds;
use ayaz_sim::{DataFaultKind, TruthBus, TruthSession};

use crate::work::Found;

/// Largest error of a start or end, µs.
const TOLERANCE: i64 = 120_000_000;

/// Difference from the limit at which a session may or may not count, µs: two reports of a parked
/// bus.
const AT_THE_LIMIT: i64 = 20_000_000;

pub(crate) fn check(truth: &TruthBus, found: &Found, report: &mut String) {
    let name = &truth.vehicle;
    let doubtful = at_the_limit(truth, found);
    let is_hidden = |start: UnixMicroseconds, end: UnixMicroseconds| {
        let mut doubtful = doubtful.iter();
        is_hidden_by_fault(truth, start, end)
            || doubtful.any(|(from, until)| start <= *until && *from <= end)
    };
    for session in &truth.sessions {
        let (start, end) = (session.start, session.end);
        if is_hidden(start, end) || found.sessions.iter().any(|f| is_same(session, f)) {
            continue;
        }
        let around: Vec<String> = found
            .sessions
            .iter()
            .filter(|found| found.started_at < end && start < found.ended_at)
            .map(line)
            .collect();
        let kind = session.kind.name();
        let _ = writeln!(
            report,
            "{name}: no {kind} from {start} to {end}: {around:#?}"
        );
    }
    for session in &found.sessions {
        let (start, end) = (session.started_at, session.ended_at);
        if !is_hidden(start, end) && !truth.sessions.iter().any(|t| is_same(t, session)) {
            let _ = writeln!(report, "{name}: there was no {}", line(session));
        }
    }
}

/// Charging and conditioning of about the shortest length that counts. Whether they count depends
/// on when the bus reported.
fn at_the_limit(truth: &TruthBus, found: &Found) -> Vec<(UnixMicroseconds, UnixMicroseconds)> {
    let truth = truth
        .sessions
        .iter()
        .map(|t| (t.kind.name(), t.start, t.end));
    let found = found.sessions.iter();
    let found = found.map(|f| (f.kind.name(), f.started_at, f.ended_at));
    truth
        .chain(found)
        .filter(|(kind, start, end)| {
            let over = (end.0 - start.0 - SESSION_MICROSECONDS_MIN).abs();
            ["charging", "conditioning"].contains(kind) && over <= AT_THE_LIMIT
        })
        .map(|(_, start, end)| (start, end))
        .collect()
}

fn line(session: &Session) -> String {
    let (kind, start, end) = (session.kind.name(), session.started_at, session.ended_at);
    format!("{kind} {start} to {end}")
}

fn is_hidden_by_fault(truth: &TruthBus, start: UnixMicroseconds, end: UnixMicroseconds) -> bool {
    truth.data_faults.iter().any(|fault| {
        // Readings that are missing, or excluded for a wrong time.
        let leaves_out = matches!(
            fault.kind,
            DataFaultKind::ClockJump | DataFaultKind::ClockUnset | DataFaultKind::Lost
        );
        leaves_out && start <= fault.until.plus(TOLERANCE) && fault.from.plus(-TOLERANCE) <= end
    })
}

fn is_same(truth: &TruthSession, found: &Session) -> bool {
    let near = |a: UnixMicroseconds, b: UnixMicroseconds| (a.0 - b.0).abs() <= TOLERANCE;
    truth.kind.name() == found.kind.name()
        && near(truth.start, found.started_at)
        && near(truth.end, found.ended_at)
}
