//! Readings that were recorded with a wrong time.

mod run;

pub use run::ClockRun;
