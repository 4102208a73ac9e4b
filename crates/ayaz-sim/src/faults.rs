//! What goes wrong, in two layers that do not know each other.
//!
//! A [`PhysicalFault`] is true of the bus: the model computes with it, and readings and truth both
//! show it. A [`DataFault`] is untrue: a sensor, the logger, the device's clock or the radio turns a
//! true reading into another one, late one or none. [`Recording`] is a bus behind its sensors and
//! its device; what happens on the way from there is in [`delivery`](crate::delivery). Each
//! fault is noted where it changes a reading, with that reading's identity ([`TruthDataFault`]).

mod analog;
mod data;
mod device;
mod log;
mod logger;
mod physical;
mod recording;
mod sensors;

pub use data::{DataFault, DataFaultKind, DataFaultPlan, SpikeValue};
pub(crate) use log::FaultLog;
pub use log::{ReadingRange, TruthDataFault};
pub use physical::{PhysicalFault, PhysicalFaultKind};
pub use recording::{Recorded, Recording};
