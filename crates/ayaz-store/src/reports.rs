//! Queries of the reports: sessions, energy by trip and by temperature, range by temperature, and
//! completeness.
//!
//! The database sums buckets exactly. A figure that was not measured is `None`, never zero.

mod bands;
mod completeness;
mod components;
mod heat;
mod incomplete;
mod selection;
mod sessions;
mod settings;
mod sums;
mod trip_ranges;
mod trips;
mod whole_trips;
mod winter;

pub use bands::{Band, BandEnergy, energy_by_band};
pub use completeness::{CompletenessRow, completeness};
pub use components::{COMPONENTS, Component, ComponentColumns};
pub use heat::HeatSources;
pub use incomplete::{IncompleteTrips, incomplete_trips};
pub use selection::{Subject, TripSelection, any};
pub use sessions::{SessionRow, sessions};
pub use settings::{FigureSettings, figure_settings, statement_timeout};
pub use sums::{EnergySums, Split};
pub use trip_ranges::{TripRange, range_by_trip};
pub use trips::{TripEnergy, energy_by_trip};
pub use winter::{RangeBand, RangeGroup, range_by_band};
