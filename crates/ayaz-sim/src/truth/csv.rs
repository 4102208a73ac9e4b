//! Ground truth as CSV, for comparison with other tools: one line per bus and service day, per session and
//! service day, and per fault. Times are RFC 3339 in UTC.

use std::fmt::{self, Write};

use crate::faults::DataFaultKind;
use crate::truth::{TruthBus, TruthTotals};

/// Writes service days.
pub fn write_days(out: &mut impl Write, buses: &[TruthBus]) -> fmt::Result {
    write!(out, "vehicle,service_day")?;
    write_totals_header(out)?;
    for bus in buses {
        for day in &bus.days {
            write!(out, "{},{}", bus.vehicle, day.service_day)?;
            write_totals(out, &day.totals)?;
        }
    }
    Ok(())
}

/// Writes sessions, one line for each service day of a session.
pub fn write_sessions(out: &mut impl Write, buses: &[TruthBus]) -> fmt::Result {
    write!(
        out,
        "vehicle,kind,started_at,ended_at,plugged_in,drive_cycle,soc_start_percent,\
         soc_end_percent,service_day"
    )?;
    write_totals_header(out)?;
    for bus in buses {
        for session in &bus.sessions {
            let cycle = session
                .drive_cycle
                .map(|cycle| cycle.to_string())
                .unwrap_or_default();
            for day in &session.days {
                write!(
                    out,
                    "{},{},{},{},{},{cycle},{},{},{}",
                    bus.vehicle,
                    session.kind.name(),
                    session.start,
                    session.end,
                    session.plugged_in,
                    session.soc_percent.0,
                    session.soc_percent.1,
                    day.service_day
                )?;
                write_totals(out, &day.totals)?;
            }
        }
    }
    Ok(())
}

/// Writes data faults, one line for each range of readings, and physical faults, one line each.
pub fn write_faults(out: &mut impl Write, buses: &[TruthBus]) -> fmt::Result {
    writeln!(
        out,
        "vehicle,kind,started_at,ended_at,signals,boot_id,sequence_first,sequence_last"
    )?;
    for bus in buses {
        for fault in &bus.physical_faults {
            let (vehicle, kind) = (&bus.vehicle, fault.kind.name());
            writeln!(out, "{vehicle},{kind},{},{},,,,", fault.from, fault.until)?;
        }
        for fault in &bus.data_faults {
            let signals: Vec<&str> = fault.signals.iter().map(|signal| signal.name()).collect();
            let (kind, signals) = (DataFaultKind::name(fault.kind), signals.join(" "));
            for range in &fault.readings {
                writeln!(
                    out,
                    "{},{kind},{},{},{signals},{},{},{}",
                    bus.vehicle, fault.from, fault.until, range.boot_id, range.first, range.last
                )?;
            }
        }
    }
    Ok(())
}

fn write_totals_header(out: &mut impl Write) -> fmt::Result {
    write!(out, ",seconds,distance_km,fuel_litres")?;
    let totals = TruthTotals::default();
    for (name, _) in totals.unplugged.components() {
        write!(out, ",unplugged_{name}")?;
    }
    for (name, _) in totals.plugged_in.components() {
        write!(out, ",plugged_in_{name}")?;
    }
    writeln!(out)
}

fn write_totals(out: &mut impl Write, totals: &TruthTotals) -> fmt::Result {
    let TruthTotals {
        seconds,
        distance_km,
        fuel_litres,
        ..
    } = totals;
    write!(out, ",{seconds},{distance_km},{fuel_litres}")?;
    for side in [totals.unplugged, totals.plugged_in] {
        for (_, kwh) in side.components() {
            write!(out, ",{kwh}")?;
        }
    }
    writeln!(out)
}
