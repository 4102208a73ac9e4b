//! What the worker reads and writes.
//!
//! The types of `ayaz-energy` are read and written here, and nothing else is done with them.
//!
//! Reading order: [`lease`] (there is one worker), [`queue`] (which hours are to be worked out),
//! `samples` (the readings of these hours); what they come to: `energy` (what all tables have in
//! common), `buckets`, `states`, `clock`, `quality`, `exterior`, `sessions`, `days`, `trip_days`,
//! `trip_sums`; [`storage`] and [`refresh`] (all of that in one transaction), [`fleet_hours`] (vehicles held against each
//! other), [`upkeep`] (what is cleared away).

mod buckets;
mod clock;
mod days;
mod energy;
mod exterior;
pub mod fleet_hours;
pub mod lease;
mod quality;
pub mod queue;
pub mod refresh;
mod rows;
mod samples;
mod sessions;
mod states;
pub mod storage;
mod trip_days;
pub mod trip_sums;
pub mod upkeep;

pub use fleet_hours::{FleetHour, FleetStatements};
pub use lease::Lease;
pub use queue::QueuedHour;
pub use refresh::{Refresh, RefreshStatements};
pub use states::KnownHours;
pub use storage::{HourRange, RefreshStorage};

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
