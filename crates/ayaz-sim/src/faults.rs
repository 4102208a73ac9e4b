//! What breaks in a bus: the model computes with it, and readings and truth both show it.

mod physical;

pub use physical::{PhysicalFault, PhysicalFaultKind};
