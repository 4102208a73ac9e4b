//! The definition of a session. Tests compare the analytics with it.
//!
//! Sessions of a bus have no gaps: each begins where the previous one ends.
//!
//! - **trip**: from key-on to key-off. It ends any other session.
//! - **charging**: plugged in, and the battery gains energy: from the first to the last instant at
//!   which the charger gives more than the loads of the bus take ([`CHARGING_MIN_WATTS`]). A charger
//!   that only supplies heaters does not charge.
//! - **conditioning**: key off, and cabin heater, heat pump, battery heater and air conditioning
//!   together take more than [`CONDITIONING_MIN_WATTS`] while the battery is not charged. The energy comes
//!   from the grid while plugged in, else from the battery.
//! - **parking**: all other time with the key off.
//!
//! In the time between two trips, charging is found first, then conditioning in the rest:
//!
//! 1. Segments of the same kind with a pause of less than [`PAUSE_MAX_SECONDS`] between them are one
//!    session, with the pause, if the plug does not change in between (and, for conditioning, if no
//!    charging session is in between).
//! 2. A session of charging or conditioning that is then shorter than [`SESSION_MIN_SECONDS`]
//!    counts as parking.
//! 3. Parking before and after a change of the plug is one session.

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::truth::{Step, TruthDay, TruthTotals};

/// The battery is charged while it gains more than this from the charger, W.
pub const CHARGING_MIN_WATTS: f64 = 0.0;

/// A parked bus is conditioned while heaters and air conditioning take more than this, W.
pub const CONDITIONING_MIN_WATTS: f64 = 500.0;

/// A shorter pause does not end a session, s.
pub const PAUSE_MAX_SECONDS: f64 = 900.0;

/// A shorter session counts as parking, s.
pub const SESSION_MIN_SECONDS: f64 = 180.0;

/// A kind of session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TruthSessionKind {
    /// Key on.
    Trip,
    /// The battery gains energy.
    Charging,
    /// Heated or cooled while parked.
    Conditioning,
    /// Neither of these.
    Parking,
}

impl TruthSessionKind {
    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trip => "trip",
            Self::Charging => "charging",
            Self::Conditioning => "conditioning",
            Self::Parking => "parking",
        }
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthSession {
    /// Its kind.
    pub kind: TruthSessionKind,
    /// When it begins.
    pub start: UnixMicroseconds,
    /// When it ends and the next one begins; for the last one, the end of the simulation.
    pub end: UnixMicroseconds,
    /// Whether the bus is plugged in at the start. Charging and conditioning sessions do not change it, so
    /// their energy comes either from the grid or from the battery.
    pub plugged_in: bool,
    /// Number of the drive cycle of a trip.
    pub drive_cycle: Option<u32>,
    /// State of charge at start and end, %.
    pub soc_percent: (f64, f64),
    /// The totals of each of its service days, in order.
    pub days: Vec<TruthDay>,
}

impl TruthSession {
    /// The sum over its service days.
    pub fn totals(&self) -> TruthTotals {
        let mut sum = TruthTotals::default();
        for day in &self.days {
            sum.merge(&day.totals);
        }
        sum
    }

    pub(crate) fn begin(kind: TruthSessionKind, step: &Step) -> Self {
        Self {
            kind,
            start: step.from,
            end: step.from,
            plugged_in: step.plugged_in,
            drive_cycle: step.drive_cycle,
            soc_percent: (step.soc.0 * 100.0, step.soc.0 * 100.0),
            days: Vec::new(),
        }
    }

    /// Adds the next step.
    pub(crate) fn extend(&mut self, step: &Step, service_day: Date) {
        self.end = step.until();
        self.soc_percent.1 = step.soc.1 * 100.0;
        self.day(service_day).add(step);
    }

    /// Appends the next session. The kind does not change.
    pub(crate) fn append(&mut self, next: &TruthSession) {
        self.end = next.end;
        self.soc_percent.1 = next.soc_percent.1;
        for day in &next.days {
            self.day(day.service_day).merge(&day.totals);
        }
    }

    fn day(&mut self, service_day: Date) -> &mut TruthTotals {
        if self.days.last().map(|day| day.service_day) != Some(service_day) {
            self.days.push(TruthDay {
                service_day,
                totals: TruthTotals::default(),
            });
        }
        let last = self.days.len() - 1;
        &mut self.days[last].totals
    }
}
