//! Our environment variables, and variables that are probably misspelt.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::Program;
use super::{ConfigError, SharedUrl};
use crate::nearest::nearest;

/// The prefix of all our variables.
const PREFIX: &str = "AYAZ_";

/// The prefix of variables that set a configuration key.
const KEY_PREFIX: &str = "AYAZ__";

/// Separates the parts of a key.
const SEPARATOR: &str = "__";

/// Variables that set no key: of the commands, of deploy/compose.yaml, and of tests.
const OTHERS: [&str; 8] = [
    "AYAZ_LOG_FORMAT",
    "AYAZ_CACHE_DIR",
    "AYAZ_DATABASE_ADDRESS",
    "AYAZ_DATABASE_NAME",
    "AYAZ_READER_USER",
    "AYAZ_READER_PASSWORD",
    "AYAZ_PROMETHEUS_URL",
    "AYAZ_SHARED",
];

/// Prefixes of variables of single tests.
const TEST_PREFIXES: [&str; 2] = ["AYAZ_TEST_", "AYAZ_LOCAL_TEST_"];

/// All variables whose names begin with `AYAZ_`, in any case.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The variables of this process.
    pub(super) fn of_this_process() -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| has_our_prefix(name)) else {
                continue;
            };
            let value = match value.into_string() {
                Ok(value) => value,
                // A variable in another case sets no key.
                Err(_) if !name.starts_with(PREFIX) => continue,
                Err(_) => {
                    let text = format!("environment variable {name}: it is not UTF-8");
                    return Err(ConfigError::Invalid(text));
                }
            };
            variables.insert(name.to_owned(), value);
        }
        Ok(Self(variables))
    }

    /// The given variables.
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = variables.iter();
        Self(
            owned
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// The value of a URL variable, if it is not empty.
    pub(super) fn url(&self, url: SharedUrl) -> Option<&str> {
        let (name, _) = url.variable_and_key();
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// A sentence for each URL that two variables set to different values.
    pub(super) fn conflicts(&self, urls: &[SharedUrl]) -> Vec<String> {
        let conflict = |url: &SharedUrl| {
            let (name, key) = url.variable_and_key();
            let other = variable_of(key);
            let differs = self.0.get(&other)? != self.url(*url)?;
            differs.then(|| {
                format!(
                    "{name} and {other} are set to different URLs: {name} is used; unset one of them"
                )
            })
        };
        urls.iter().filter_map(conflict).collect()
    }

    /// Name, key and value of each variable that sets a key.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, String, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let key = name.strip_prefix(KEY_PREFIX)?;
            let key = key.to_ascii_lowercase().replace(SEPARATOR, ".");
            Some((name.as_str(), key, value.as_str()))
        })
    }

    /// Names that are similar to one of ours, with ours.
    fn misspelt(&self) -> Vec<(&str, String)> {
        let known = known();
        let unknown = self.0.keys().filter(|name| {
            // The configuration reports unknown keys itself.
            !name.starts_with(KEY_PREFIX)
                && !TEST_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                && !known.contains(*name)
        });
        // The common prefix does not make two names similar.
        let rest = |name: &'static String| name.strip_prefix(PREFIX).unwrap_or(name);
        unknown
            .filter_map(|name| {
                let meant = nearest(name.get(PREFIX.len()..)?, known.iter().map(rest))?;
                Some((name.as_str(), format!("{PREFIX}{meant}")))
            })
            .collect()
    }
}

fn has_our_prefix(name: &str) -> bool {
    let prefix = name.get(..PREFIX.len());
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

/// The variable that sets a key.
pub(super) fn variable_of(key: &str) -> String {
    let name = key.to_ascii_uppercase().replace('.', SEPARATOR);
    format!("{KEY_PREFIX}{name}")
}

fn known() -> &'static BTreeSet<String> {
    static KNOWN: std::sync::LazyLock<BTreeSet<String>> = std::sync::LazyLock::new(|| {
        let keys = Program::ALL.into_iter().flat_map(Program::keys);
        let urls = [SharedUrl::Database, SharedUrl::Mqtt].map(|url| url.variable_and_key().0);
        keys.map(|(key, _)| variable_of(&key))
            .chain(urls.map(str::to_owned))
            .chain(OTHERS.map(str::to_owned))
            .collect()
    });
    &KNOWN
}

/// A sentence for each variable of this process that is probably a misspelt name of ours.
pub fn misspelt_variables() -> Vec<String> {
    // The code that needs a variable reports its errors.
    let variables = Variables::of_this_process().unwrap_or_default();
    let misspelt = variables.misspelt().into_iter();
    misspelt
        .map(|(name, meant)| {
            format!(
                "environment variable {name} is not known and has no effect: did you mean {meant}?"
            )
        })
        .collect()
}

/// Logs a warning for each misspelt variable.
pub fn warn_of_misspelt_variables() {
    for sentence in misspelt_variables() {
        tracing::warn!("{sentence}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_variables_with_different_urls_are_reported() {
        for (short, long, is_reported) in [
            ("postgres://a", "postgres://b", true),
            ("postgres://a", "postgres://a", false),
            ("", "postgres://b", false),
        ] {
            let variables = [("AYAZ_DATABASE_URL", short), ("AYAZ__DATABASE__URL", long)];
            let sentences = Variables::of(&variables).conflicts(&[SharedUrl::Database]);
            assert_eq!(sentences.len(), usize::from(is_reported), "{sentences:?}");
            assert!(
                sentences.iter().all(|text| !text.contains("://")),
                "{sentences:?}"
            );
        }
        let one = Variables::of(&[("AYAZ_DATABASE_URL", "x")]);
        assert!(one.conflicts(&[SharedUrl::Database]).is_empty());
    }

    #[test]
    fn a_misspelt_variable_is_found_and_a_foreign_one_is_not() {
        for (name, meant) in [
            ("AYAZ_DATABSE_URL", Some("AYAZ_DATABASE_URL")),
            ("AYAZ_DATABASE_URI", Some("AYAZ_DATABASE_URL")),
            ("AYAZ_DB_URL", None),
            ("AYAZ_MQTT_ULR", Some("AYAZ_MQTT_URL")),
            ("AYAZ_LOG_FORMAT", None),
            ("AYAZ_LOGFORMAT", Some("AYAZ_LOG_FORMAT")),
            ("AYAZ_ADMIN_LISTEN", Some("AYAZ__ADMIN__LISTEN")),
            ("AYAZ_MQTT__CLIENT_ID", Some("AYAZ__MQTT__CLIENT_ID")),
            ("AYAZ_SHARED", None),
            ("AYAZ_DATABASE_NAME", None),
            ("AYAZ_TEST_FUZZ_S", None),
            ("AYAZ_BIN", None),
            ("ayaz__batch__rows_max", Some("AYAZ__BATCH__ROWS_MAX")),
            ("Ayaz_Database_Url", Some("AYAZ_DATABASE_URL")),
            ("ayaz_bin", None),
        ] {
            let variables = Variables::of(&[(name, "x")]);
            let found = variables.misspelt();
            let found = found.first().map(|(_, meant)| meant.as_str());
            assert_eq!(found, meant, "{name}");
        }
    }
}
