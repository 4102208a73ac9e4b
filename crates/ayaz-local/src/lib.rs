//! A private Mosquitto and TimescaleDB for the demo and the tests, without Docker and without root.
//!
//! The servers are real. Each of the two is looked for in this order: an address in
//! `AYAZ_DATABASE_URL` or `AYAZ_MQTT_URL`; programs installed on this machine; Debian 13's packages,
//! fetched once with the machine's own `apt-get` into a cache directory. Servers listen on 127.0.0.1
//! only. They end with the process that started them, even if it is killed.
//!
//! In reading order: [`LocalStack`] (`stack`) decides what to start with `options` and `locate`;
//! `bundle`, `apt` and `unpack` fetch missing programs; `data_dir`, `guardian`, `postgres` and
//! `mosquitto` prepare the data; [`Server`] and `supervisor` run a server; `user` chooses the user that
//! it runs as. [`MosquittoRelease`] is for tests that need more than one version of Mosquitto;
//! `for_tests` has other helpers for tests.

mod apt;
mod bundle;
mod command;
mod data_dir;
mod error;
mod files;
mod folder;
mod for_tests;
mod guardian;
mod locate;
mod mosquitto;
mod mqtt_probe;
mod options;
mod port;
mod postgres;
mod release;
mod secret;
mod server;
mod shared;
mod stack;
mod supervisor;
mod unpack;
mod user;

pub use error::LocalError;
pub use for_tests::{cache_dir, server_needed, skips_server_tests};
pub use options::Options;
pub use release::MosquittoRelease;
pub use server::Server;
pub use shared::shared_dir;
pub use stack::LocalStack;
