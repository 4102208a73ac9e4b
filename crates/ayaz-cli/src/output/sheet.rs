//! A report for programs: named columns with typed cells, written as CSV or JSON.

use anyhow::Result;
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::formula::guarded;

/// Decimals in the output. The database computes sums with full precision before.
const DECIMALS: usize = 6;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(f64),
    Count(i64),
    Flag(bool),
    Instant(Timestamp),
    /// Not measured.
    Empty,
}

/// Columns for rows of one type. Each column has its name and the function for its cell, so that
/// they stay together.
pub(crate) struct Columns<'a, R>(Vec<Column<'a, R>>);

struct Column<'a, R> {
    name: &'static str,
    cell: Box<dyn Fn(&R) -> Cell + 'a>,
}

impl<'a, R> Columns<'a, R> {
    /// No columns.
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a column.
    pub(crate) fn with<C: Into<Cell>>(
        mut self,
        name: &'static str,
        cell: impl Fn(&R) -> C + 'a,
    ) -> Self {
        let cell = Box::new(move |row: &R| cell(row).into());
        self.0.push(Column { name, cell });
        self
    }

    /// Converts each row to cells.
    pub(crate) fn sheet(&self, rows: &[R]) -> Sheet {
        let cells = |row: &R| self.0.iter().map(|column| (column.cell)(row)).collect();
        Sheet {
            columns: self.0.iter().map(|column| column.name).collect(),
            rows: rows.iter().map(cells).collect(),
        }
    }
}

/// Column names, and rows with one cell per column.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// Its rows, each with one cell per column.
    pub(crate) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    pub(crate) fn to_csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::to_text))?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        let rows: Vec<NamedRow<'_>> = self
            .rows
            .iter()
            .map(|row| NamedRow {
                columns: &self.columns,
                row,
            })
            .collect();
        Ok(serde_json::to_string_pretty(&rows)? + "\n")
    }
}

/// A row as an object with keys in the order of the columns.
struct NamedRow<'a> {
    columns: &'a [&'static str],
    row: &'a [Cell],
}

impl Serialize for NamedRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (column, cell) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column, cell)?;
        }
        map.end()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => {
                let rounded = decimal(*number).parse().unwrap_or(*number);
                serializer.serialize_f64(rounded)
            }
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Instant(instant) => serializer.collect_str(instant),
            Self::Empty => serializer.serialize_none(),
        }
    }
}

impl Cell {
    fn to_text(&self) -> String {
        match self {
            // The guard stops a spreadsheet from running it. Programs remove the guard.
            Self::Text(text) => guarded(text).into_owned(),
            Self::Number(number) => decimal(*number),
            Self::Count(count) => count.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Instant(instant) => instant.to_string(),
            Self::Empty => String::new(),
        }
    }
}

/// Up to six decimals, without trailing zeros or a negative zero.
fn decimal(number: f64) -> String {
    let text = format!("{number:.DECIMALS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<f32> for Cell {
    /// Uses the shortest decimal of this value: 86.9, not 86.900002.
    fn from(number: f32) -> Self {
        Self::Number(number.to_string().parse().unwrap_or(f64::from(number)))
    }
}

impl From<i64> for Cell {
    fn from(count: i64) -> Self {
        Self::Count(count)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Cell {
    fn from(instant: Timestamp) -> Self {
        Self::Instant(instant)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_up_to_six_decimals() {
        for (number, expected) in [
            (12.595851, "12.595851"),
            (12.5, "12.5"),
            (40.0, "40"),
            (0.1 + 0.2, "0.3"),
            (-0.0000001, "0"),
            (1e9, "1000000000"),
        ] {
            assert_eq!(decimal(number), expected);
        }
    }

    #[test]
    fn a_formula_is_text_in_csv_and_a_number_stays_a_number() {
        let columns = Columns::<(&str, f64)>::new()
            .with("route", |row| row.0)
            .with("net_kwh", |row| row.1);
        let sheet = columns.sheet(&[("=1+1", -2.5)]);
        assert_eq!(sheet.to_csv().unwrap(), "route,net_kwh\n'=1+1,-2.5\n");
        let json: serde_json::Value = serde_json::from_str(&sheet.to_json().unwrap()).unwrap();
        assert_eq!(json[0]["route"], "=1+1");
    }

    #[test]
    fn a_value_that_was_not_measured_is_empty_in_csv_and_null_in_json() {
        let started_at: Timestamp = "2019-06-25T13:21:14+02:00".parse().unwrap();
        let columns = Columns::<()>::new()
            .with("band", |()| "[-5,0)")
            .with("started_at", |()| started_at)
            .with("heater_kwh", |()| None::<f64>)
            .with("soc", |()| 86.9_f32);
        let sheet = columns.sheet(&[()]);
        assert_eq!(
            sheet.to_csv().unwrap(),
            "band,started_at,heater_kwh,soc\n\"[-5,0)\",2019-06-25T11:21:14Z,,86.9\n"
        );
        let json = sheet.to_json().unwrap();
        let columns: Vec<usize> = sheet
            .columns
            .iter()
            .map(|name| json.find(name).unwrap())
            .collect();
        assert!(columns.is_sorted(), "{json}");
        let row = &serde_json::from_str::<serde_json::Value>(&json).unwrap()[0];
        assert!(row["heater_kwh"].is_null());
        assert_eq!(row["soc"], 86.9);
    }
}
