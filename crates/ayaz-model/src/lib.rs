//! The measurements of a bus: identifiers, instants, signals with units and limits, and readings. No I/O,
//! and no wire or database types.
//!
//! Reading order: [`identity`] (fleet and vehicle), [`instant`] (time), [`signals`] (the list of all
//! signals), [`measurements`] (a value for each), [`reading`] (all of them together);
//! [`temperature_band`] has the bands that energy is grouped by.

pub mod broker_url;
pub mod cells;
pub mod choices;
pub mod identity;
pub mod instant;
pub mod measurements;
pub mod reading;
pub mod signals;
pub mod temperature_band;
pub mod topic;

pub use broker_url::{BrokerUrl, BrokerUrlError};
pub use cells::CellReading;
pub use choices::{ChargeState, Gear, UnknownCode};
pub use identity::{FleetId, IdentityError, VehicleId, VehicleKey, VehicleNumber};
pub use instant::UnixMicroseconds;
pub use measurements::{Invalid, Measurements};
pub use reading::{Reading, ReadingKey, TimeQuality};
pub use signals::{Signal, SignalKind, SignalSet};
pub use topic::{Topic, TopicError, TopicKind};
