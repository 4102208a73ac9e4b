//! Tables of the worker. This module reads and writes the types of `ayaz-energy`; it contains no rules.
//!
//! Reading order: [`lease`] (only one worker), [`queue`] (hours to refresh), `samples` (readings of these
//! hours); results: `energy` (common columns), `buckets`, `states`, `clock`, `quality`, `exterior`,
//! `sessions`, `days`, `trip_days`, `trip_sums`; [`storage`] and [`refresh`] (all of these in one
//! transaction), [`fleet_hours`] (comparison within a fleet), [`upkeep`] (deletes old rows).

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

/// The instant as a type of the driver. Instants come from the database, whose queue accepts only years 1 to
/// 9999, so it never saturates.
fn timestamp(at: UnixMicroseconds) -> Timestamp {
    at.timestamp().unwrap_or(if at.0 < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
