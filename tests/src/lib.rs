//! Helpers that start broker, database and the real daemons.
//!
//! [`servers`] are shared by the tests of a process, [`bed`] gives each test a database and a
//! fleet of its own on them, [`program`] runs the workspace's programs, and [`faults`] is the fault
//! harness. [`broker`] is Mosquitto as it is deployed, and [`mqtt`] a client that may misbehave.

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

pub use bed::Bed;
pub use program::Program;
