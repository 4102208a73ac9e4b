//! The queries of the Grafana dashboards: SQL as Grafana sends it, and Prometheus expressions.

use std::fs;
use std::iter;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;

/// An SQL statement of a dashboard, of a panel or of a template variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardSql {
    /// File name of the dashboard, such as `fleet-now.json`.
    pub dashboard: String,
    /// The panel's title, or `variable NAME`.
    pub title: String,
    /// The text in the dashboard, with macros and variables.
    pub sql: String,
}

/// A Prometheus expression of a dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardExpression {
    /// File name of the dashboard, such as `ingest.json`.
    pub dashboard: String,
    /// The panel's title.
    pub title: String,
    /// The text in the dashboard, with Grafana's variables.
    pub expression: String,
}

/// Every SQL statement of the dashboards in a directory, by file and position.
pub fn dashboard_sql(directory: &Path) -> Result<Vec<DashboardSql>> {
    let mut found = Vec::new();
    for (name, dashboard) in dashboards(directory)? {
        let variables = list(&dashboard["templating"]["list"]).iter();
        // Only variables of this type have SQL.
        let variables = variables.filter(|variable| variable["type"] == "query");
        let variables = variables.filter_map(|variable| {
            let name = variable["name"].as_str().unwrap_or_default();
            Some((format!("variable {name}"), variable["query"].as_str()?))
        });
        for (title, sql) in variables.chain(targets(&dashboard, "rawSql")) {
            found.push(DashboardSql {
                dashboard: name.clone(),
                title,
                sql: sql.to_owned(),
            });
        }
    }
    Ok(found)
}

/// Every Prometheus expression of the dashboards in a directory, by file and position.
pub fn dashboard_expressions(directory: &Path) -> Result<Vec<DashboardExpression>> {
    let mut found = Vec::new();
    for (name, dashboard) in dashboards(directory)? {
        for (title, expression) in targets(&dashboard, "expr") {
            found.push(DashboardExpression {
                dashboard: name.clone(),
                title,
                expression: expression.to_owned(),
            });
        }
    }
    Ok(found)
}

fn dashboards(directory: &Path) -> Result<Vec<(String, Value)>> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .with_context(|| format!("list {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let parsed = files.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(path).with_context(|| name.to_string())?;
        let dashboard = serde_json::from_str(&text).with_context(|| name.to_string())?;
        Ok((name.into_owned(), dashboard))
    });
    parsed.collect()
}

/// A field of every target, with the title of its panel. A collapsed row contains its panels.
fn targets<'a>(dashboard: &'a Value, field: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    let panels = list(&dashboard["panels"]).iter();
    let panels = panels.flat_map(|panel| iter::once(panel).chain(list(&panel["panels"])));
    panels.flat_map(move |panel| {
        let title = panel["title"].as_str().unwrap_or_default();
        let texts = list(&panel["targets"]).iter();
        texts.filter_map(move |target| Some((title.to_owned(), target[field].as_str()?)))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The metrics that a Prometheus expression reads: all names but functions, keywords, and those in label
/// matchers, ranges and lists of labels.
pub fn metric_names(expression: &str) -> Vec<String> {
    const WORDS: [&str; 7] = ["and", "or", "unless", "by", "without", "offset", "bool"];
    const BEFORE_LABELS: [&str; 6] = [
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    ];
    let mut names = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let closing = match first {
            '{' => Some('}'),
            '[' => Some(']'),
            _ => None,
        };
        if let Some(closing) = closing {
            rest = rest.split_once(closing).map_or("", |(_, after)| after);
            continue;
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if length == 0 {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        rest = after.trim_start();
        if BEFORE_LABELS.contains(&word) && rest.starts_with('(') {
            rest = rest.split_once(')').map_or("", |(_, after)| after);
        } else if !is_function(rest) && !WORDS.contains(&word) && !first.is_ascii_digit() {
            names.push(word.to_owned());
        }
    }
    names
}

/// Whether arguments follow a name, directly or after the labels of an aggregation.
fn is_function(after: &str) -> bool {
    ["(", "by ", "by(", "without ", "without("]
        .iter()
        .any(|start| after.starts_with(start))
}

/// Replaces the macros `$__timeFilter(column)`, `$__timeFrom()` and `$__timeTo()`, and each variable
/// `${name:sqlstring}` by a list of quoted strings, as Grafana does. Any other `$` stays and is an error in
/// PostgreSQL.
pub fn substitute(
    sql: &str,
    from: Timestamp,
    to: Timestamp,
    variables: &[(&str, &[&str])],
) -> String {
    let (from, to) = (quoted(&from.to_string()), quoted(&to.to_string()));
    let mut text = time_filters(sql, &from, &to);
    text = text
        .replace("$__timeFrom()", &from)
        .replace("$__timeTo()", &to);
    for (name, values) in variables {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        text = text.replace(&format!("${{{name}:sqlstring}}"), &values.join(","));
    }
    text
}

fn time_filters(sql: &str, from: &str, to: &str) -> String {
    const MACRO: &str = "$__timeFilter(";
    let mut text = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(MACRO) {
        let Some((column, after)) = after.split_once(')') else {
            break;
        };
        text.push_str(&format!("{before}{column} BETWEEN {from} AND {to}"));
        rest = after;
    }
    text + rest
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/grafana/dashboards")
    }

    #[test]
    fn macros_and_variables_are_replaced_as_grafana_does() {
        let sql = "select 1 where $__timeFilter(hour) and $__timeFilter(t.at) and a > $__timeFrom() \
                   and fleet = any(array[${fleet:sqlstring}]::text[])";
        let from = "2026-01-01T00:00:00Z".parse().unwrap();
        let to = "2026-02-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            substitute(sql, from, to, &[("fleet", &["astana", "o'hare"])]),
            "select 1 where hour BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' \
             and t.at BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' \
             and a > '2026-01-01T00:00:00Z' \
             and fleet = any(array['astana','o''hare']::text[])"
        );
    }

    #[test]
    fn metric_names_are_not_functions_labels_or_keywords() {
        let cases: [(&str, &[&str]); 5] = [
            ("time() - max(last_write)", &["last_write"]),
            ("min(up{job=\"ayaz-ingest\"})", &["up"]),
            (
                "histogram_quantile(0.5, sum by (le) (rate(a_bucket[$__rate_interval])))",
                &["a_bucket"],
            ),
            (
                "sum(increase(a_total[$__range])) or vector(0)",
                &["a_total"],
            ),
            (
                "a / on (qos) group_left (reason) b unless c offset 5m",
                &["a", "b", "c"],
            ),
        ];
        for (expression, names) in cases {
            assert_eq!(metric_names(expression), names, "{expression}");
        }
    }

    #[test]
    fn no_statement_has_other_macros_or_variables() {
        let statements = dashboard_sql(&directory()).unwrap();
        assert!(statements.len() > 10, "{statements:#?}");
        let now = Timestamp::UNIX_EPOCH;
        for statement in statements {
            let sql = substitute(
                &statement.sql,
                now,
                now,
                &[("fleet", &["f"]), ("vehicle", &[]), ("least", &["0.9"])],
            );
            assert!(!sql.contains('$'), "{}: {sql}", statement.title);
        }
    }

    /// There may be years of thousands of buses, and no panel may read all of them.
    #[test]
    fn every_panel_of_bus_days_is_bounded_by_time_and_buses() {
        let statements = dashboard_sql(&directory()).unwrap();
        let of_bus_days = statements
            .iter()
            .filter(|statement| statement.dashboard == "bus-days.json")
            .filter(|statement| !statement.title.starts_with("variable "));
        let mut panels = 0;
        for DashboardSql { title, sql, .. } in of_bus_days {
            panels += 1;
            for bound in ["${fleet:sqlstring}", "${vehicle:sqlstring}", "$__time"] {
                assert!(sql.contains(bound), "{title} without {bound}: {sql}");
            }
            // `days_shown` limits buses and days.
            let is_limited = sql.contains("limit ") || sql.contains("from days_shown(");
            assert!(is_limited, "{title} without a limit: {sql}");
        }
        assert!(panels > 8, "{panels}");
    }

    #[test]
    fn every_panel_that_shows_a_number_has_a_unit() {
        for file in fs::read_dir(directory()).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            let dashboard: Value = serde_json::from_str(&text).unwrap();
            for panel in dashboard["panels"].as_array().unwrap() {
                let config = &panel["fieldConfig"];
                let in_overrides = config["overrides"].to_string().contains("\"unit\"");
                let has_unit = config["defaults"]["unit"].is_string() || in_overrides;
                assert!(has_unit, "{} has no unit", panel["title"]);
            }
        }
    }
}
