//! The store on a real TimescaleDB: dead letters, reports, the schema.

mod comments;
mod database;
mod day_bands;
mod dead_letters;
mod functions;
mod first_connection;
mod identity;
mod pooler;
mod reports;
mod rights;
mod schema;
mod settings;
