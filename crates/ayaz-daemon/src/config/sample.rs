//! The keys and their types. The shipped sample files define them, with the default of every key.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use toml::{Table, Value};

use super::DaemonConfig;

/// A daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `ayaz-ingest`
    Ingest,
    /// `ayaz-analytics`
    Analytics,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Whole,
    Real,
    Switch,
    List,
}

impl Kind {
    /// The text after "it must be".
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Whole => "a whole number",
            Self::Real => "a number",
            Self::Switch => "true or false",
            Self::List => "a list of texts",
        }
    }
}

static INGEST: LazyLock<Table> =
    LazyLock::new(|| parse(include_str!("../../../../deploy/ingest.example.toml")));
static ANALYTICS: LazyLock<Table> =
    LazyLock::new(|| parse(include_str!("../../../../deploy/analytics.example.toml")));

/// Tests check that the samples parse.
fn parse(sample: &str) -> Table {
    toml::from_str(sample).unwrap_or_default()
}

impl Program {
    pub(super) const ALL: [Self; 2] = [Self::Ingest, Self::Analytics];

    fn sample(self) -> &'static Table {
        match self {
            Self::Ingest => &INGEST,
            Self::Analytics => &ANALYTICS,
        }
    }

    /// Every key, such as `batch.rows_max`.
    pub(super) fn keys(self) -> BTreeMap<String, Kind> {
        let mut keys = BTreeMap::new();
        walk(self.sample(), "", &mut |key, value| {
            let kind = match value {
                Value::Integer(_) => Kind::Whole,
                Value::Float(_) => Kind::Real,
                Value::Boolean(_) => Kind::Switch,
                Value::Array(_) => Kind::List,
                _ => Kind::Text,
            };
            keys.insert(key, kind);
        });
        keys
    }

    /// The default of `admin.listen`.
    pub(super) fn admin_listen(self) -> Option<&'static Value> {
        self.sample().get("admin")?.get("listen")
    }
}

/// Calls `take` for every value that is not a section.
fn walk(table: &Table, section: &str, take: &mut impl FnMut(String, &Value)) {
    for (name, value) in table {
        let key = join(section, name);
        match value {
            Value::Table(inner) => walk(inner, &key, take),
            value => take(key, value),
        }
    }
}

/// The key of a name in a section. The root section has an empty name.
pub(super) fn join(section: &str, name: &str) -> String {
    match section {
        "" => name.to_owned(),
        section => format!("{section}.{name}"),
    }
}

/// Every number of a sample.
pub(super) fn numbers(program: Program) -> Vec<(String, f64)> {
    let mut numbers = Vec::new();
    walk(program.sample(), "", &mut |key, value| match value {
        Value::Integer(number) => numbers.push((key, *number as f64)),
        Value::Float(number) => numbers.push((key, *number)),
        _ => {}
    });
    numbers
}

/// Sets an unknown key in each section: the error of serde lists the known ones.
pub(super) fn keys_without_sample<C: DaemonConfig>() -> Vec<String> {
    const NO_KEY: &str = "?";
    fn ask<C: DaemonConfig>(table: &Table, section: &[&str], missing: &mut Vec<String>) {
        let mut probe: Value = Table::from_iter([(NO_KEY.to_owned(), Value::Boolean(true))]).into();
        for name in section.iter().rev() {
            probe = Table::from_iter([((*name).to_owned(), probe)]).into();
        }
        let answer = C::deserialize(probe)
            .err()
            .map(|error| error.message().to_owned());
        let answer = answer.unwrap_or_default();
        // The first name in backquotes is the unknown key itself.
        let names = answer.split('`').skip(1).step_by(2).skip(1);
        let before = missing.len();
        let mut found = 0;
        for name in names {
            found += 1;
            if !table.contains_key(name) {
                missing.push([section, &[name]].concat().join("."));
            }
        }
        if found == 0 {
            missing.truncate(before);
            missing.push(format!("{}: {answer}", section.join(".")));
        }
        for (name, value) in table {
            if let Value::Table(inner) = value {
                ask::<C>(inner, &[section, &[name.as_str()]].concat(), missing);
            }
        }
    }
    let mut missing = Vec::new();
    ask::<C>(C::PROGRAM.sample(), &[], &mut missing);
    missing
}
