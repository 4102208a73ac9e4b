//! What a session is. This is the one definition; analytics are tested against it.
//!
//! Sessions of a bus tile its time: each begins where the one before ends.
//!
//! - **trip**: from key-on to key-off. It ends whatever was before it.
//! - **charging**: plugged in, and the battery gains energy: from the first to the last instant at
//!   which the charger gives more than the bus's loads take ([`CHARGING_MIN_WATTS`]). A charger
//!   that only feeds heaters does not charge.
//! - **conditioning**: key off, and cabin heater, heat pump, battery heater and air conditioning
//!   together take more than [`CONDITIONING_MIN_WATTS`] while the battery is not being charged.
//!   From the grid while plugged in, else from the battery.
//! - **parking**: all other time with the key off.
//!
//! Of the time between two trips, charging is looked for first, conditioning in what is left:
//!
//! 1. Stretches of the same kind with a pause of less than [`PAUSE_MAX_SECONDS`] between them are
//!    one session, the pause included, if the plug did not change meanwhile (and, for
//!    conditioning, no charging session lies between).
//! 2. A session of charging or conditioning that is then shorter than [`SESSION_MIN_SECONDS`]
//!    counts as parking.
//! 3. Parking on both sides of a change of the plug is one session.

use ayaz_model::UnixMicroseconds;
use jiff::civil::Date;

use crate::truth::Step;
use crate::truth::TruthTotals;

/// The battery is charged while more than this goes into it from the charger, W.
pub const CHARGING_MIN_WATTS: f64 = 0.0;

/// A parked bus is conditioned while heaters and air conditioning take more than this, W.
pub const CONDITIONING_MIN_WATTS: f64 = 500.0;

/// A shorter pause does not end a session, s.
pub const PAUSE_MAX_SECONDS: f64 = 900.0;

/// What is shorter counts as parking, s.
pub const SESSION_MIN_SECONDS: f64 = 180.0;

/// What a bus was at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TruthSessionKind {
    /// Key on.
    Trip,
    /// The battery gained energy.
    Charging,
    /// Heated or cooled while parked.
    Conditioning,
    /// Nothing else.
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

/// The share of a session that lies in one service day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruthPiece {
    /// The local day, cut at 03:00.
    pub service_day: Date,
    /// What happened in it.
    pub totals: TruthTotals,
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthSession {
    /// What the bus was at.
    pub kind: TruthSessionKind,
    /// Where it begins.
    pub start: UnixMicroseconds,
    /// Where it ends, and the next one begins; for the last one, the end of the simulation.
    pub end: UnixMicroseconds,
    /// Whether the bus hung on a charger when it began. Of charging and conditioning it holds for
    /// all of the session: energy comes from the grid, or from the battery.
    pub plugged_in: bool,
    /// Number of the drive cycle of a trip.
    pub drive_cycle: Option<u32>,
    /// State of charge at start and end, %.
    pub soc_percent: (f64, f64),
    /// What happened, by service day, in the order of the days.
    pub pieces: Vec<TruthPiece>,
}

impl TruthSession {
    /// The sum over its service days.
    pub fn totals(&self) -> TruthTotals {
        let mut sum = TruthTotals::default();
        for piece in &self.pieces {
            sum.merge(&piece.totals);
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
            pieces: Vec::new(),
        }
    }

    /// Adds the next step.
    pub(crate) fn extend(&mut self, step: &Step, service_day: Date) {
        self.end = step.until();
        self.soc_percent.1 = step.soc.1 * 100.0;
        self.piece(service_day).add(step);
    }

    /// Adds the session that follows at once; the kind stays.
    pub(crate) fn append(&mut self, next: &TruthSession) {
        self.end = next.end;
        self.soc_percent.1 = next.soc_percent.1;
        for piece in &next.pieces {
            self.piece(piece.service_day).merge(&piece.totals);
        }
    }

    fn piece(&mut self, service_day: Date) -> &mut TruthTotals {
        if self.pieces.last().map(|piece| piece.service_day) != Some(service_day) {
            self.pieces.push(TruthPiece {
                service_day,
                totals: TruthTotals::default(),
            });
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last].totals
    }
}
