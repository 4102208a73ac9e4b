//! Configuration: defaults, then one TOML file, then the environment.
//!
//! `AYAZ_DATABASE_URL` and `AYAZ_MQTT_URL` set `database.url` and `mqtt.url`. Every other key has a
//! variable `AYAZ__SECTION__KEY`. An unknown key is an error, since a typing mistake would leave the
//! default. Every error says where the value is set.
//!
//! Reading order: `sample` (keys and their types), `environment` (variables), `layers` (file and
//! variables in one table), `renamed` (old names of keys), `secrets` (hides passwords).

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

/// An invalid configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A key is unknown or missing, or its value is invalid.
    #[error("{0}")]
    Invalid(String),
}

/// A URL that all programs read from the same variable.
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

/// The limits of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The number's key, such as `batch.rows_max`.
    pub key: &'static str,
    /// Minimum.
    pub min: f64,
    /// Maximum.
    pub max: f64,
}

/// Limits the number of this key to `min..=max`.
pub const fn bounds(key: &'static str, min: f64, max: f64) -> Bounds {
    Bounds { key, min, max }
}

/// The configuration of a daemon.
pub trait DaemonConfig: DeserializeOwned {
    /// The daemon.
    const PROGRAM: Program;
    /// The URLs that the daemon needs.
    const URLS: &'static [SharedUrl];
    /// The limits of every number.
    const BOUNDS: &'static [Bounds];

    /// Checks values that depend on each other.
    ///
    /// # Errors
    ///
    /// Describes the mistake, with the keys.
    fn check(&self) -> Result<(), String>;
}

/// Loads the configuration of a daemon from the file, if there is one, and the environment, which
/// overrides the file. Variables of other programs are allowed, since programs may share an environment.
///
/// # Errors
///
/// If the file cannot be read, or for the first mistake in the file or the environment.
pub fn load<C: DaemonConfig>(file: Option<&Path>) -> Result<C, ConfigError> {
    load_from(file, &Variables::of_this_process()?)
}

fn load_from<C: DaemonConfig>(
    file: Option<&Path>,
    variables: &Variables,
) -> Result<C, ConfigError> {
    let mut layers = Layers::new(C::PROGRAM, file)?;
    layers.apply_variables(variables, C::URLS)?;
    layers.check_types()?;
    layers.check_bounds(C::BOUNDS)?;
    let config: C = layers.deserialize()?;
    config
        .check()
        .map_err(|mistake| ConfigError::Invalid(format!("configuration: {mistake}")))?;
    Ok(config)
}

/// Functions for tests of a daemon's configuration.
#[doc(hidden)]
pub mod testing {
    use super::{ConfigError, DaemonConfig, Variables, load_from, sample};

    /// Loads a configuration from these variables only.
    pub fn load_variables<C: DaemonConfig>(variables: &[(&str, &str)]) -> Result<C, ConfigError> {
        load_from(None, &Variables::of(variables))
    }

    /// Numbers of the sample that have no bounds or are outside of them.
    pub fn numbers_out_of_bounds<C: DaemonConfig>() -> Vec<String> {
        let numbers = sample::numbers(C::PROGRAM);
        let inside = |(key, number): &(String, f64)| {
            let bounds = C::BOUNDS.iter().find(|bounds| bounds.key == key);
            bounds.is_some_and(|bounds| (bounds.min..=bounds.max).contains(number))
        };
        let outside = numbers.into_iter().filter(|number| !inside(number));
        outside.map(|(key, _)| key).collect()
    }

    /// Keys of the configuration that the sample does not show.
    pub fn keys_without_sample<C: DaemonConfig>() -> Vec<String> {
        sample::keys_without_sample::<C>()
    }
}

#[cfg(test)]
mod tests;
