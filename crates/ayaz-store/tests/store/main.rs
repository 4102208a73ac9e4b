//! The store on a real TimescaleDB: dead letters, reports, the schema.

mod comments;
mod database;
mod day_bands;
mod dead_letters;
mod functions;
mod identity;
mod reports;
mod rights;
mod schema;
