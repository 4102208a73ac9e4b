//! Configuration: defaults, then one TOML file, then the environment.
//!
//! `AYAZ_DATABASE_URL` and `AYAZ_MQTT_URL` set `database.url` and `mqtt.url`; any other key has
//! the form `AYAZ__SECTION__KEY`. A key that does not exist is an error, so that a typing mistake
//! cannot leave a default in force, and every error says where the value came from.
//!
//! Reading order: `sample` (which keys there are, and of what kind), `environment` (variables), `layers`
//! (file and variables in one table), `renamed` (old names of keys), `secrets` (what no message may show).

mod environment;
mod layers;
mod renamed;
mod sample;
mod secrets;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

pub use environment::{misspelt_variables, warn_of_misspelt_variables};
pub use sample::Program;

use environment::Variables;
use layers::Layers;

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key is unknown or missing, or its value cannot be.
    #[error("{0}")]
    Invalid(String),
}

/// An address that all programs take from the same variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedUrl {
    /// `AYAZ_DATABASE_URL`, for `database.url`.
    Database,
    /// `AYAZ_MQTT_URL`, for `mqtt.url`.
    Mqtt,
}

impl SharedUrl {
    fn variable_and_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Database => ("AYAZ_DATABASE_URL", "database.url"),
            Self::Mqtt => ("AYAZ_MQTT_URL", "mqtt.url"),
        }
    }
}

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The number's key, such as `batch.rows_max`.
    pub key: &'static str,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// The number of this key must be `min` to `max`.
pub const fn bounds(key: &'static str, min: f64, max: f64) -> Bounds {
    Bounds { key, min, max }
}

/// The configuration of a daemon.
pub trait DaemonConfig: DeserializeOwned {
    /// Whose it is.
    const PROGRAM: Program;
    /// The addresses without which the daemon cannot work.
    const URLS: &'static [SharedUrl];
    /// Of every number.
    const BOUNDS: &'static [Bounds];

    /// What values cannot be together.
    ///
    /// # Errors
    ///
    /// The mistake, with its keys.
    fn check(&self) -> Result<(), String>;
}

/// Loads the configuration of a daemon from a file, if one is given, with the environment over it. The
/// variables of other programs may be set too, as where all share one environment.
///
/// # Errors
///
/// For a file that cannot be read, and for the first mistake in it or in the environment.
pub fn load<C: DaemonConfig>(file: Option<&Path>) -> Result<C, ConfigError> {
    load_from(file, &Variables::of_this_process()?)
}

fn load_from<C: DaemonConfig>(
    file: Option<&Path>,
    variables: &Variables,
) -> Result<C, ConfigError> {
    let mut layers = Layers::new(C::PROGRAM, file)?;
    layers.lay_over(variables, C::URLS)?;
    layers.check_kinds()?;
    layers.check_bounds(C::BOUNDS)?;
    let config: C = layers.deserialize()?;
    config
        .check()
        .map_err(|mistake| ConfigError::Invalid(format!("configuration: {mistake}")))?;
    Ok(config)
}

/// What a test of a daemon's configuration needs to know of it.
#[doc(hidden)]
pub mod testing {
    use super::{ConfigError, DaemonConfig, Variables, load_from, sample};

    /// Loads these variables alone.
    pub fn load_variables<C: DaemonConfig>(variables: &[(&str, &str)]) -> Result<C, ConfigError> {
        load_from(None, &Variables::of(variables))
    }

    /// Numbers of the sample that have no bounds, or lie outside of them.
    pub fn numbers_out_of_bounds<C: DaemonConfig>() -> Vec<String> {
        let numbers = sample::numbers(C::PROGRAM);
        let inside = |(key, number): &(String, f64)| {
            let bounds = C::BOUNDS.iter().find(|bounds| bounds.key == key);
            bounds.is_some_and(|bounds| (bounds.min..=bounds.max).contains(number))
        };
        let outside = numbers.into_iter().filter(|number| !inside(number));
        outside.map(|(key, _)| key).collect()
    }

    /// Keys that the configuration knows and the sample does not show.
    pub fn keys_without_sample<C: DaemonConfig>() -> Vec<String> {
        sample::keys_without_sample::<C>()
    }
}

#[cfg(test)]
mod tests;
