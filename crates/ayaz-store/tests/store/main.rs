//! The store on a real TimescaleDB: dead letters, reports, the schema.

mod comments;
mod data_model;
mod database;
mod day_bands;
mod dead_letters;
mod first_connection;
mod functions;
mod identity;
mod places;
mod pooler;
mod pulse;
mod redelivery;
mod reports;
mod rights;
mod roles;
mod schema;
mod set_aside;
mod settings;
mod views;
