//! Code that all daemons share: [`config`] (one TOML file, overridden by the environment), [`log`],
//! [`metrics`], [`admin`] (`/metrics`, `/healthz`, `/readyz`), [`shutdown`] and [`exit`] codes. All
//! programs share [`output`] and [`masked`] for printing, and [`files`] for reading.

// A closed pipe or a full disk makes `println!` and `eprintln!` panic.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod admin;
pub mod config;
pub mod exit;
pub mod files;
pub mod log;
pub mod masked;
pub mod metrics;
pub mod nearest;
pub mod output;
pub mod shutdown;
