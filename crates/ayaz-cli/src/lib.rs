//! The `ayaz` command: what people type. One file a command.

pub mod bench;
pub mod cli;
pub mod daemon;
pub mod demo;
pub mod local;
pub mod migrate;
pub mod progress;
pub mod replay;
pub mod report;
