//! A private Mosquitto and TimescaleDB for the demo and the tests, without Docker and without root.
//!
//! The servers are real ones, looked for in this order, each by itself: an address in
//! `AYAZ_DATABASE_URL` / `AYAZ_MQTT_URL`; programs installed on this machine; Debian 13's packages,
//! fetched once with the machine's own `apt-get` into a cache directory. They listen on 127.0.0.1
//! only and end with the process that started them, however that ends.
//!
//! In reading order: [`LocalStack`] (`stack`) decides what to start with `options` and `locate`;
//! `bundle`, `apt` and `unpack` fetch what is missing; `data_dir`, `guardian`, `postgres` and
//! `mosquitto` prepare the data; [`Server`] and `supervisor` run a server; `user` says as whom.
//! [`MosquittoRelease`] is for tests that need more than one Mosquitto, and
//! [`process_database`] is one for all tests of a program.

mod apt;
mod bundle;
mod command;
mod data_dir;
mod error;
mod files;
mod folder;
mod guardian;
mod locate;
mod mosquitto;
mod mqtt_probe;
mod options;
mod port;
mod postgres;
mod process;
mod release;
mod secret;
mod server;
mod shared;
mod stack;
mod supervisor;
mod unpack;
mod user;

pub use error::LocalError;
pub use options::Options;
pub use process::process_database;
pub use release::MosquittoRelease;
pub use server::Server;
pub use shared::shared_dir;
pub use stack::LocalStack;
