//! Helpers that start broker, database and the real daemons.
//!
//! The tests of a process share [`servers`]. [`bed`] gives each test a database and a fleet on them,
//! [`program`] runs the workspace's programs, and [`faults`] is the fault harness. [`broker`] is Mosquitto
//! with the deployed files, and [`mqtt`] is a client that may break the protocol's rules.

pub mod bed;
pub mod broker;
pub mod dashboards;
pub mod faults;
pub mod mqtt;
pub mod private_broker;
pub mod processes;
pub mod program;
pub mod servers;
pub mod truth;
pub mod wait;

pub use bed::TestBed;
pub use program::Program;
