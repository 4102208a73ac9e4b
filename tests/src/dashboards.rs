//! The SQL of the Grafana dashboards, as Grafana would send it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;

/// A statement of a dashboard: a panel's, or the one behind a template variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DashboardSql {
    /// File name of the dashboard, such as `fleet-now.json`.
    pub dashboard: String,
    /// The panel's title, or `variable NAME`.
    pub title: String,
    /// What the dashboard holds, macros and variables included.
    pub sql: String,
}

/// Every SQL statement of the dashboards in a directory, by file and position.
pub fn dashboard_sql(directory: &Path) -> Result<Vec<DashboardSql>> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .with_context(|| format!("list {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).with_context(|| name.clone())?;
        let dashboard: Value = serde_json::from_str(&text).with_context(|| name.clone())?;
        for (title, sql) in statements(&dashboard) {
            found.push(DashboardSql {
                dashboard: name.clone(),
                title,
                sql,
            });
        }
    }
    Ok(found)
}

fn statements(dashboard: &Value) -> Vec<(String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for variable in list(&dashboard["templating"]["list"]) {
        if let Some(sql) = variable["query"].as_str() {
            found.push((
                format!("variable {}", text(&variable["name"])),
                sql.to_owned(),
            ));
        }
    }
    for panel in list(&dashboard["panels"]) {
        for target in list(&panel["targets"]) {
            if let Some(sql) = target["rawSql"].as_str() {
                found.push((text(&panel["title"]), sql.to_owned()));
            }
        }
    }
    found
}

/// Replaces what Grafana replaces: the macros `$__timeFilter(column)`, `$__timeFrom()` and
/// `$__timeTo()`, and each variable written `${name:sqlstring}`, whose values become a list of
/// quoted strings. Anything else that begins with `$` stays, and PostgreSQL refuses it.
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
    fn every_statement_needs_no_other_macro_or_variable() {
        let statements = dashboard_sql(&directory()).unwrap();
        assert!(statements.len() > 10, "{statements:#?}");
        let now = Timestamp::UNIX_EPOCH;
        for statement in statements {
            let sql = substitute(
                &statement.sql,
                now,
                now,
                &[("fleet", &["f"]), ("vehicle", &[])],
            );
            assert!(!sql.contains('$'), "{}: {sql}", statement.title);
        }
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
