//! Faults, in two independent layers.
//!
//! A [`PhysicalFault`] is a fault of the bus. The model computes with it, so readings and truth both show
//! it. A [`DataFault`] is a fault of sensors, logger, device clock or network: it changes, delays,
//! repeats or loses true readings. [`Recording`] is a bus with its sensors and its device;
//! [`delivery`](crate::delivery) is the way from the device to the receiver. For each fault the truth
//! lists the readings that it changed ([`TruthDataFault`]).

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
