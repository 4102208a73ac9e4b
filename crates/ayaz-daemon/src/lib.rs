//! What every daemon shares: [`config`] (one TOML file, environment over it), [`log`],
//! [`metrics`], [`admin`] (`/metrics`, `/healthz`, `/readyz`), [`shutdown`] and [`exit`] codes.

pub mod admin;
pub mod config;
pub mod exit;
pub mod log;
pub mod metrics;
pub mod shutdown;
