//! The store on a real TimescaleDB: dead letters, readings that are set aside, the schema.

mod comments;
mod components;
mod data_model;
mod database;
mod dead_letters;
mod first_connection;
mod functions;
mod identity;
mod places;
mod pooler;
mod pulse;
mod redelivery;
mod rights;
mod roles;
mod schema;
mod set_aside;
mod settings;
mod views;
