//! Configuration: defaults, then one TOML file, then the environment.
//!
//! `AYAZ_DATABASE_URL` and `AYAZ_MQTT_URL` set `database.url` and `mqtt.url`; any other key has
//! the form `AYAZ__SECTION__KEY`. A key that does not exist is an error, so that a typing mistake
//! cannot leave a default in force.

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::files;

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
    /// A key is unknown, missing or of the wrong type.
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

/// Loads the configuration of a daemon that uses these addresses. The variables of others may be
/// set too, as where all programs share one environment.
pub fn load<C: DeserializeOwned>(
    file: Option<&Path>,
    urls: &[SharedUrl],
) -> Result<C, ConfigError> {
    load_from(
        file,
        urls,
        |name| std::env::var(name).ok(),
        Environment::default(),
    )
}

fn load_from<C: DeserializeOwned>(
    file: Option<&Path>,
    urls: &[SharedUrl],
    variable: impl Fn(&str) -> Option<String>,
    environment: Environment,
) -> Result<C, ConfigError> {
    let mut builder = Config::builder();
    if let Some(path) = file {
        let text = files::read_text(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    builder = builder.add_source(
        environment
            .prefix("AYAZ")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true),
    );
    for (name, key) in urls.iter().map(|url| url.variable_and_key()) {
        if let Some(url) = variable(name).filter(|url| !url.is_empty()) {
            builder = builder
                .set_override(key, url)
                .map_err(|error| invalid(file, &error))?;
        }
    }
    builder
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| invalid(file, &error))
}

fn invalid(file: Option<&Path>, error: &config::ConfigError) -> ConfigError {
    let origin = match file {
        Some(path) => format!("configuration {}", path.display()),
        None => "configuration (no file given, only the environment)".to_owned(),
    };
    ConfigError::Invalid(format!(
        "{origin}: {}",
        without_passwords(&error.to_string())
    ))
}

/// A parser quotes what it cannot read, and that may be an address with its password.
fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        shown.push_str(before);
        // Up to the last '@' of the word: a password may hold one.
        let word = after
            .find([' ', '"', '\'', '`', '\n'])
            .unwrap_or(after.len());
        rest = match after[..word].rfind('@') {
            Some(at) => {
                shown.push_str("***");
                &after[at..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::io::Write as _;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        database: Database,
        #[serde(default)]
        batch: Batch,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Database {
        url: String,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Batch {
        rows_max: usize,
    }

    fn load_sample(file: &str, variables: &[(&str, &str)]) -> Result<Sample, ConfigError> {
        let mut on_disk = tempfile::NamedTempFile::new().unwrap();
        on_disk.write_all(file.as_bytes()).unwrap();
        let map: std::collections::HashMap<String, String> = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let environment = Environment::default().source(Some(map.clone()));
        load_from(
            Some(on_disk.path()),
            &[SharedUrl::Database],
            |name| map.get(name).cloned(),
            environment,
        )
    }

    #[test]
    fn the_environment_lies_over_the_file() {
        let loaded = load_sample(
            "[database]\nurl = 'file'\n[batch]\nrows_max = 5\n",
            &[
                ("AYAZ_DATABASE_URL", "env"),
                ("AYAZ_MQTT_URL", "of another program"),
                ("AYAZ__BATCH__ROWS_MAX", "7"),
            ],
        );
        let expected = Sample {
            database: Database {
                url: "env".to_owned(),
            },
            batch: Batch { rows_max: 7 },
        };
        assert_eq!(loaded.unwrap(), expected);
    }

    #[test]
    fn mistakes_are_named() {
        for (file, word) in [
            ("[database]\nurl = 'x'\n[batch]\nrows = 5\n", "rows"),
            ("[batch]\nrows_max = 5\n", "database"),
            (
                "[database]\nurl = 'x'\n[batch]\nrows_max = 'many'\n",
                "rows_max",
            ),
            ("[database\n", "database"),
        ] {
            let error = load_sample(file, &[]).unwrap_err().to_string();
            assert!(error.contains(word), "{error} should name {word}");
        }
        for file in [
            "database = 'postgres://u:hunter2@h/d'\n",
            "[database]\nurl = 'postgres://u:hunter2@h/d\n",
            "[database]\nurl = 'x'\n[batch]\nrows_max = 'postgres://u:hun@ter2@h/d'\n",
        ] {
            let error = load_sample(file, &[]).unwrap_err().to_string();
            assert!(!error.contains("ter2"), "{error}");
        }
        let missing = load::<Sample>(Some(Path::new("does/not/exist.toml")), &[]).unwrap_err();
        assert!(missing.to_string().contains("does/not/exist.toml"));
    }
}
