//! Thresholds are only in `energy_setting`.

use std::path::Path;

use anyhow::Result;
use system_tests::dashboards::dashboard_sql;

use super::directory;

/// Patterns, without blanks, of a second definition of a value in `energy_setting`: how much data is enough,
/// how complete a figure must be, which bands are mild.
const SECOND_DEFINITIONS: [&str; 9] = [
    "trips>=3",
    "trips>2",
    "hours>=1",
    "energy_seconds>=3600",
    "km>=1",
    "in(10,15)",
    "{10,15}",
    ">=0.9",
    "<-10",
];

#[test]
fn thresholds_are_only_in_energy_setting() -> Result<()> {
    let mut texts: Vec<(String, String)> = dashboard_sql(&directory())?
        .into_iter()
        .map(|it| (format!("{}: {}", it.dashboard, it.title), it.sql))
        .collect();
    let views = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/ayaz-store/views");
    for entry in std::fs::read_dir(views)? {
        let path = entry?.path();
        texts.push((path.display().to_string(), std::fs::read_to_string(&path)?));
    }
    assert!(texts.len() > 90, "{} texts", texts.len());
    let mut found = Vec::new();
    for (place, sql) in &texts {
        let code = sql
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default());
        let code: String = code.collect::<String>().split_whitespace().collect();
        let second = SECOND_DEFINITIONS.iter().filter(|it| {
            code.match_indices(**it).any(|(at, it)| {
                // `km>=100` is another number.
                !code[at + it.len()..].starts_with(|next: char| next.is_ascii_digit())
            })
        });
        found.extend(second.map(|it| format!("{place}: {it}")));
    }
    assert!(
        found.is_empty(),
        "read it from energy_setting:\n{}",
        found.join("\n")
    );
    Ok(())
}
