//! The `ayaz` command. Each command has its own file.

// `println!` and `eprintln!` panic on a closed pipe or a full disk. `ayaz_daemon::output` and
// `ayaz_daemon::note!` do not.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod cli;
pub mod context;
pub mod daemon;
mod database;
pub mod dead_letters;
pub mod demo;
pub mod exit;
mod first_bytes;
mod history;
pub mod local;
pub mod migrate;
mod output;
pub mod readings;
pub mod replay;
pub mod report;
pub mod simulate;
mod simulated;
