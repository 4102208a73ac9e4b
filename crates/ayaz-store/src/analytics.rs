//! What the worker reads and writes.
//!
//! Reading order: [`lease`] (there is one worker), [`queue`] (which hours are to be worked out),
//! [`samples`] (the readings of these hours); what they come to: [`energy`] and [`ends`] (what all
//! tables have in common), [`pieces`], [`states`], [`clock`], [`quality`], [`exterior`], [`sessions`],
//! [`days`], [`trip_days`], `trip_sums`; [`refresh`] (all of that in one transaction), [`fleet_hours`]
//! (vehicles held against each other), [`upkeep`] (what is cleared away).

pub mod clock;
pub mod days;
pub mod ends;
pub mod energy;
pub mod exterior;
pub mod fleet_hours;
pub mod lease;
pub mod pieces;
pub mod quality;
pub mod queue;
pub mod refresh;
mod rows;
pub mod samples;
pub mod sessions;
pub mod states;
pub mod trip_days;
pub(crate) mod trip_sums;
pub mod upkeep;

pub use clock::ClockRun;
pub use days::{DayTime, SessionSpan};
pub use ends::{Ends, FirstLast};
pub use energy::Energy;
pub use exterior::{Exterior, exterior_on_trips};
pub use fleet_hours::{ExteriorDoubt, FleetExterior, FleetHour, FleetStatements, VehicleExterior};
pub use lease::Lease;
pub use pieces::{Activity, Piece};
pub use quality::{DoubtedStretch, HourSequence};
pub use queue::QueuedHour;
pub use refresh::{HoursOutcome, Neighbours, Refresh, RefreshStatements};
pub use samples::Sample;
pub use sessions::{Session, TripBand, Window};
pub use states::{HourState, KnownHours, OpenTrip};
pub use trip_days::{DayBand, DayTripBand, TripDay};

use ayaz_model::UnixMicroseconds;
use jiff::Timestamp;

/// The instant as the driver takes it. Instants come from the database, where the queue admits only
/// years 1 to 9999, so that nothing is ever cut off here.
fn timestamp(at: UnixMicroseconds) -> Timestamp {
    at.timestamp().unwrap_or(if at.0 < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
