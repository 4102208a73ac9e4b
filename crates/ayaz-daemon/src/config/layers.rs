//! Merges file and variables into one table, and records where each value is set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::environment::{Variables, variable_of};
use super::renamed::new_name;
use super::sample::{Kind, Program, join};
use super::secrets::{warn_of_readable_password, without_passwords};
use super::{Bounds, ConfigError, DaemonConfig, SharedUrl};
use crate::files;
use crate::nearest::nearest;

/// The table and its sources.
pub(super) struct Layers {
    program: Program,
    keys: BTreeMap<String, Kind>,
    table: Table,
    file: Option<(PathBuf, String)>,
    /// Keys set by a variable, with the variable's name.
    variables: BTreeMap<String, String>,
}

impl Layers {
    /// Reads the file.
    pub(super) fn new(program: Program, file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut layers = Self {
            program,
            keys: program.keys(),
            table: Table::new(),
            file: None,
            variables: BTreeMap::new(),
        };
        if let Some(path) = file {
            let text = files::read_text(path).map_err(|source| ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            layers.table = toml::from_str(&text).map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                let (line, what) = (line_at(&text, at), error.message());
                ConfigError::Invalid(format!(
                    "{}, line {line}: {}",
                    path.display(),
                    without_passwords(what)
                ))
            })?;
            warn_of_readable_password(path, &layers.table);
            layers.file = Some((path.to_owned(), text));
        }
        Ok(layers)
    }

    /// Sets the keys of all variables. Ignores variables of another program.
    pub(super) fn apply_variables(
        &mut self,
        variables: &Variables,
        urls: &[SharedUrl],
    ) -> Result<(), ConfigError> {
        for (name, key, text) in variables.keys() {
            let Some(kind) = self.keys.get(&key).copied() else {
                if Program::ALL
                    .iter()
                    .any(|program| program.keys().contains_key(&key))
                {
                    continue;
                }
                let text = match new_name(&key) {
                    Some(new) => format!("{key} is now {new}: set {}", variable_of(&new)),
                    None => {
                        let meant = nearest(&key, self.keys.keys().map(String::as_str));
                        let meant = meant.map_or(String::new(), |meant| {
                            format!(", did you mean {}?", variable_of(meant))
                        });
                        format!("there is no key {key}{meant}")
                    }
                };
                return Err(ConfigError::Invalid(format!(
                    "environment variable {name}: {text}"
                )));
            };
            let value = value_of(kind, text).ok_or_else(|| {
                ConfigError::Invalid(format!(
                    "environment variable {name}: {key} is {text:?}, it must be {}",
                    kind.name()
                ))
            })?;
            self.set(&key, value, name)?;
        }
        for sentence in variables.conflicts(urls) {
            tracing::warn!("{sentence}");
        }
        let mut missing = Vec::new();
        for url in urls {
            let (name, key) = url.variable_and_key();
            match variables.url(*url) {
                Some(text) => self.set(key, text.into(), name)?,
                None if self.value(key).is_none() => missing.push((name, key)),
                None => {}
            }
        }
        if !missing.is_empty() {
            let list = |names: Vec<&str>| names.join(" and ");
            return Err(ConfigError::Invalid(format!(
                "set {}, or {} in {}",
                list(missing.iter().map(|(name, _)| *name).collect()),
                list(missing.iter().map(|(_, key)| *key).collect()),
                match &self.file {
                    Some((path, _)) => path.display().to_string(),
                    None => "a file that --config names".to_owned(),
                }
            )));
        }
        // serde cannot supply this default, since it differs between programs.
        if self.table.contains_key("admin")
            && self.value("admin.listen").is_none()
            && let (Some(listen), Some(Value::Table(admin))) =
                (self.program.admin_listen(), self.table.get_mut("admin"))
        {
            admin.insert("listen".to_owned(), listen.clone());
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: Value, variable: &str) -> Result<(), ConfigError> {
        let (sections, name) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &mut self.table;
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            let entry = table.entry(section).or_insert_with(|| Table::new().into());
            let Value::Table(inner) = entry else {
                let text = format!("{}: {section} must be a section", self.place(section));
                return Err(ConfigError::Invalid(text));
            };
            table = inner;
        }
        table.insert(name.to_owned(), value);
        self.variables.insert(key.to_owned(), variable.to_owned());
        Ok(())
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let mut parts = key.split('.');
        let first = self.table.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// Checks that every key is known and its value has the right type. A whole number is valid for any
    /// number.
    pub(super) fn check_types(&mut self) -> Result<(), ConfigError> {
        let mut table = std::mem::take(&mut self.table);
        let checked = self.check_section(&mut table, "");
        self.table = table;
        checked
    }

    fn check_section(&self, table: &mut Table, section: &str) -> Result<(), ConfigError> {
        for (name, value) in table.iter_mut() {
            let key = join(section, name);
            let is_section = self.keys.keys().any(|known| {
                known
                    .strip_prefix(&key)
                    .is_some_and(|rest| rest.starts_with('.'))
            });
            match (value, self.keys.get(&key)) {
                (Value::Table(inner), None) if is_section => self.check_section(inner, &key)?,
                (value, Some(kind)) => {
                    if !fits(*kind, value) {
                        let wrong = match key.ends_with("url") {
                            // The value may hold a password.
                            true => String::new(),
                            false => format!(" is {},", without_passwords(&value.to_string())),
                        };
                        let text = format!("{key}{wrong} it must be {}", kind.name());
                        return Err(self.mistake(&key, &text));
                    }
                }
                (_, None) if is_section => {
                    let text = format!("{key} is a section: write [{key}]");
                    return Err(self.mistake(&key, &text));
                }
                (_, None) => {
                    if let Some(new) = new_name(&key) {
                        return Err(self.mistake(&key, &format!("{key} is now {new}")));
                    }
                    let sections = self.keys.keys().filter_map(|known| known.rsplit_once('.'));
                    let known = sections
                        .map(|(section, _)| section)
                        .chain(self.keys.keys().map(String::as_str));
                    let meant = nearest(&key, known);
                    let meant =
                        meant.map_or(String::new(), |meant| format!(", did you mean {meant}?"));
                    return Err(self.mistake(&key, &format!("there is no key {key}{meant}")));
                }
            }
        }
        Ok(())
    }

    /// Checks that every number is within its bounds.
    pub(super) fn check_bounds(&self, all: &[Bounds]) -> Result<(), ConfigError> {
        for Bounds { key, min, max } in all {
            let number = match self.value(key) {
                Some(Value::Integer(number)) => *number as f64,
                Some(Value::Float(number)) => *number,
                _ => continue,
            };
            if !(*min..=*max).contains(&number) {
                let text = format!("{key} is {number}, it must be {min} to {max}");
                return Err(self.mistake(key, &text));
            }
        }
        Ok(())
    }

    /// Converts the table to the configuration.
    pub(super) fn deserialize<C: DaemonConfig>(self) -> Result<C, ConfigError> {
        serde_path_to_error::deserialize(Value::Table(self.table.clone())).map_err(|error| {
            let key = error.path().to_string();
            let what = without_passwords(error.inner().message());
            let is = match self.value(&key) {
                // A URL may hold a password.
                Some(Value::String(text)) if !key.ends_with("url") => {
                    format!(" is {}", without_passwords(&format!("{text:?}")))
                }
                _ => String::new(),
            };
            self.mistake(&key, &format!("{key}{is}: {what}"))
        })
    }

    fn mistake(&self, key: &str, text: &str) -> ConfigError {
        ConfigError::Invalid(format!("{}: {text}", self.place(key)))
    }

    /// Where the value of a key is set.
    fn place(&self, key: &str) -> String {
        match (self.variables.get(key), &self.file) {
            (Some(variable), _) => format!("environment variable {variable}"),
            (None, Some((path, text))) => match line_of(text, key) {
                Some(line) => format!("{}, line {line}", path.display()),
                None => path.display().to_string(),
            },
            (None, None) => "configuration".to_owned(),
        }
    }
}

fn fits(kind: Kind, value: &mut Value) -> bool {
    match (kind, &*value) {
        (Kind::Real, Value::Integer(number)) => *value = Value::Float(*number as f64),
        // TOML allows an instant without quotes.
        (Kind::Text, Value::Datetime(instant)) => *value = Value::String(instant.to_string()),
        _ => {}
    }
    matches!(
        (kind, value),
        (Kind::Text, Value::String(_))
            | (Kind::Whole, Value::Integer(_))
            | (Kind::Real, Value::Float(_))
            | (Kind::Switch, Value::Boolean(_))
            | (Kind::List, Value::Array(_))
    )
}

/// Parses a variable's text as a value of this type.
fn value_of(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text => Some(text.into()),
        Kind::Whole => text.trim().parse::<i64>().ok().map(Value::Integer),
        Kind::Real => text.trim().parse::<f64>().ok().map(Value::Float),
        Kind::Switch => text.trim().parse::<bool>().ok().map(Value::Boolean),
        Kind::List => {
            let items = text.split(',').map(str::trim);
            let items = items.filter(|item| !item.is_empty());
            Some(items.map(Value::from).collect::<Vec<_>>().into())
        }
    }
}

/// The line of a key, or of its section.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let parsed = DeTable::parse(text).ok()?;
    let mut table = parsed.get_ref();
    let mut line = None;
    for part in key.split('.') {
        let found = table.iter().find(|(name, _)| name.get_ref() == part);
        let Some((name, value)) = found else {
            break;
        };
        line = Some(line_at(text, name.span().start));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    line
}

fn line_at(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
