//! What every daemon shares: [`config`] (one TOML file, environment over it), [`log`],
//! [`metrics`], [`admin`] (`/metrics`, `/healthz`, `/readyz`), [`shutdown`] and [`exit`] codes;
//! [`output`] and [`masked`], for what every program prints, and [`files`], for what every program reads.

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
