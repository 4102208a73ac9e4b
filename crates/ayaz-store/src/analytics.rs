//! What the worker reads and writes.
//!
//! Reading order: [`lock`] (there is one worker), [`queue`] (which hours are to be worked out),
//! [`samples`] (the readings of these hours), [`pieces`] and [`states`] (what is known of them
//! afterwards), [`refresh`] (all of that in one transaction), [`upkeep`] (what is cleared away).

pub mod lock;
pub mod pieces;
pub mod queue;
pub mod refresh;
pub mod samples;
pub mod states;
pub mod upkeep;

pub use pieces::{Component, Piece};
pub use queue::QueuedHour;
pub use refresh::{Neighbours, Refresh, RefreshStatements};
pub use samples::Sample;
pub use states::{HourState, OpenTrip};

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
