//! Variables of the environment that are ours, and those that look as if they were meant to be.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::Program;
use super::{ConfigError, SharedUrl};
use crate::nearest::nearest;

/// How all of ours begin.
const PREFIX: &str = "AYAZ_";

/// Sets a key of a daemon's configuration.
const KEY_PREFIX: &str = "AYAZ__";

/// Between the parts of a key.
const SEPARATOR: &str = "__";

/// Those that set no key: of the commands, of deploy/compose.yaml, and of tests.
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

/// How those of single tests begin.
const TEST_PREFIXES: [&str; 2] = ["AYAZ_TEST_", "AYAZ_LOCAL_TEST_"];

/// All variables whose names begin with `AYAZ_`, in whatever case.
#[derive(Debug, Clone, Default)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Those that this process was started with.
    pub(super) fn of_this_process() -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| begins_as_ours(name)) else {
                continue;
            };
            let value = match value.into_string() {
                Ok(value) => value,
                // It sets nothing.
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

    /// These.
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = variables.iter();
        Self(
            owned
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// An address that is given, and not left empty.
    pub(super) fn url(&self, url: SharedUrl) -> Option<&str> {
        let (name, _) = url.variable_and_key();
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// A sentence on each address that two variables set differently.
    pub(super) fn contradictions(&self, urls: &[SharedUrl]) -> Vec<String> {
        let two = |url: &SharedUrl| {
            let (name, key) = url.variable_and_key();
            let other = variable_of(key);
            let differs = self.0.get(&other)? != self.url(*url)?;
            differs.then(|| {
                format!(
                    "{name} and {other} are set to different addresses: {name} holds, unset one"
                )
            })
        };
        urls.iter().filter_map(two).collect()
    }

    /// What sets keys: name, key and value of each variable.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, String, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let key = name.strip_prefix(KEY_PREFIX)?;
            let key = key.to_ascii_lowercase().replace(SEPARATOR, ".");
            Some((name.as_str(), key, value.as_str()))
        })
    }

    /// Names that are nearly one of ours, and that one.
    fn misspelt(&self) -> Vec<(&str, String)> {
        let known = known();
        let unknown = self.0.keys().filter(|name| {
            // A daemon refuses one that sets a key that it does not know.
            !name.starts_with(KEY_PREFIX)
                && !TEST_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                && !known.contains(*name)
        });
        // All begin alike, which makes no two of them near.
        let rest = |name: &'static String| name.strip_prefix(PREFIX).unwrap_or(name);
        unknown
            .filter_map(|name| {
                let meant = nearest(name.get(PREFIX.len()..)?, known.iter().map(rest))?;
                Some((name.as_str(), format!("{PREFIX}{meant}")))
            })
            .collect()
    }
}

fn begins_as_ours(name: &str) -> bool {
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

/// A sentence on each variable of this process that is probably meant to be one of ours, and is not.
pub fn misspelt_variables() -> Vec<String> {
    // What cannot be read is told by whoever needs it.
    let variables = Variables::of_this_process().unwrap_or_default();
    let misspelt = variables.misspelt().into_iter();
    misspelt
        .map(|(name, meant)| {
            format!(
                "environment variable {name} is not known and changes nothing: did you mean {meant}?"
            )
        })
        .collect()
}

/// Logs them.
pub fn warn_of_misspelt_variables() {
    for sentence in misspelt_variables() {
        tracing::warn!("{sentence}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_variables_for_one_address_are_noticed_where_they_differ() {
        for (short, long, is_told) in [
            ("postgres://a", "postgres://b", true),
            ("postgres://a", "postgres://a", false),
            ("", "postgres://b", false),
        ] {
            let variables = [("AYAZ_DATABASE_URL", short), ("AYAZ__DATABASE__URL", long)];
            let told = Variables::of(&variables).contradictions(&[SharedUrl::Database]);
            assert_eq!(told.len(), usize::from(is_told), "{told:?}");
            assert!(told.iter().all(|told| !told.contains("://")), "{told:?}");
        }
        let one = Variables::of(&[("AYAZ_DATABASE_URL", "x")]);
        assert!(one.contradictions(&[SharedUrl::Database]).is_empty());
    }

    #[test]
    fn a_slip_is_noticed_and_what_others_use_is_not() {
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
