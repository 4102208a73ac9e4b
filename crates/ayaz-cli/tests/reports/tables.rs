//! Tables and files, as people and programs get them.

use std::process::Command;

use anyhow::{Result, ensure};

use super::{Installation, TRIPS};

/// What the program printed, and what it said beside it.
struct Printed {
    output: String,
    told: String,
}

fn report(here: &Installation, arguments: &[&str], has_colours: bool) -> Result<Printed> {
    let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .arg("report")
        .args(arguments)
        .env("AYAZ_DATABASE_URL", here.url.expose())
        .env("CLICOLOR_FORCE", if has_colours { "1" } else { "0" })
        .output()?;
    let told = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "{arguments:?}: {told}");
    Ok(Printed {
        output: String::from_utf8(output.stdout)?,
        told,
    })
}

const DAYS: &str = "insert into hour_sequence values
    (1, '2026-01-10T06:00:00Z', '2026-01-10', 1, 3600, 0, 0, 1, 3600)";

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_report_says_what_it_found_none_of() -> Result<()> {
    let here = Installation::new().await?;
    let reports: [(&[&str], &str); 4] = [
        (&["energy", "--by", "trip"], "no trips"),
        (&["sessions"], "no sessions"),
        (&["completeness"], "no days"),
        (&["winter-range"], "no trips"),
    ];
    for (arguments, none) in reports {
        let told = report(&here, arguments, false)?.told;
        assert!(told.contains(&format!("{none} yet")), "{told}");
    }
    here.owner
        .client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'b1')")
        .await?;
    here.owner.client.batch_execute(TRIPS).await?;
    here.owner.client.batch_execute(DAYS).await?;
    for (arguments, none) in reports {
        let elsewhere = [arguments, &["--fleet", "almaty"]].concat();
        let told = report(&here, &elsewhere, false)?.told;
        assert!(told.contains(&format!("{none} match --")), "{told}");
        let here = report(&here, arguments, false)?;
        assert!(
            here.told.is_empty() && !here.output.is_empty(),
            "{}",
            here.told
        );
    }
    let told = report(&here, &["sessions", "--kind", "parking"], false)?.told;
    assert!(told.contains("no sessions match --kind"), "{told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_neither_move_a_terminal_nor_run_in_a_spreadsheet() -> Result<()> {
    let here = Installation::new().await?;
    let hostile = "=HYPERLINK(\"http://x\")\u{202e}\u{1b}[2J\n\u{ffff}";
    let client = &here.owner.client;
    client
        .execute(
            "insert into vehicle_model values ($1, 12, 300)",
            &[&hostile],
        )
        .await?;
    client
        .execute(
            "insert into vehicle (fleet, vehicle, model) values ('astana', 'b1', $1)",
            &[&hostile],
        )
        .await?;
    client.batch_execute(TRIPS).await?;
    client
        .execute(
            "update session set route = $1, charging_station = $1",
            &[&hostile],
        )
        .await?;
    client
        .execute("update trip_band set route = $1", &[&hostile])
        .await?;
    let shown = "=HYPERLINK(\"http://x\")\\u{202e}\\u{1b}[2J\\n\\u{ffff}";
    for by in ["model", "route"] {
        let table = report(&here, &["winter-range", "--by", by], false)?.output;
        assert!(table.contains(shown), "{table}");
        let strange = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!table.contains(strange), "{table:?}");
        let arguments = ["winter-range", "--by", by, "--format", "svg"];
        let svg = report(&here, &arguments, false)?.output;
        let document = roxmltree::Document::parse(&svg)?;
        let texts = document.descendants().filter_map(|node| node.text());
        let found = texts.map(str::trim).any(|text| text.ends_with(shown));
        assert!(found, "{svg}");
    }
    for arguments in [["sessions", "--kind=trip"], ["energy", "--by=trip"]] {
        let with = |format| [&arguments[..], &["--format", format]].concat();
        let csv = report(&here, &with("csv"), false)?.output;
        assert!(csv.contains(",\"'=HYPERLINK(\"\"http"), "{csv}");
        assert!(!csv.contains(",\"=") && !csv.contains(",="), "{csv}");
        let json = report(&here, &with("json"), false)?.output;
        let rows: serde_json::Value = serde_json::from_str(&json)?;
        assert_eq!(rows[0]["route"], hostile);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_complete_is_marked_dim_or_left_out_as_asked() -> Result<()> {
    let here = Installation::new().await?;
    let client = &here.owner.client;
    client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'b1')")
        .await?;
    client.batch_execute(TRIPS).await?;
    // The first morning's three trips.
    client
        .batch_execute("update session set seconds = 1800 where started_at < '2026-01-11'")
        .await?;
    for arguments in [["energy", "--by=trip"], ["sessions", "--kind=trip"]] {
        let table = report(&here, &arguments, false)?.output;
        assert_eq!(table.matches(" 50* ").count(), 3, "{table}");
        let below = "3 of them (*) less than 90 % complete";
        assert!(table.contains(below), "{table}");
        assert!(!table.contains('\u{1b}'), "{table}");
        let coloured = report(&here, &arguments, true)?.output;
        assert_eq!(coloured.matches("\u{1b}[2m").count(), 3, "{coloured}");
        let lenient = [&arguments[..], &["--min-completeness", "40%"]].concat();
        let lenient = report(&here, &lenient, true)?.output;
        let is_plain = !lenient.contains(" 50* ") && !lenient.contains('\u{1b}');
        assert!(is_plain, "{lenient}");
        let csv = [&arguments[..], &["--format=csv"]].concat();
        let csv = report(&here, &csv, true)?.output;
        assert_eq!(csv.matches(",0.5,true").count(), 3, "{csv}");
    }
    let by_band = report(&here, &["energy", "--by=temperature"], false)?.output;
    let below = "All 10 trips are in these sums, 3 of them less than 90 % complete";
    assert!(by_band.contains(below), "{by_band}");

    let left_out = |arguments: &[&str]| -> Result<Vec<(i64, i64)>> {
        let arguments = [&["winter-range", "--format=json"], arguments].concat();
        let json = report(&here, &arguments, false)?.output;
        let rows: serde_json::Value = serde_json::from_str(&json)?;
        let number = |row: &serde_json::Value, name| row[name].as_i64().unwrap_or(-1);
        let rows = rows.as_array().into_iter().flatten();
        Ok(rows
            .map(|row| (number(row, "trips"), number(row, "trips_left_out")))
            .collect())
    };
    assert_eq!(left_out(&[])?, [(1, 0), (2, 1), (2, 1), (2, 1)]);
    let all = [(1, 0), (3, 0), (3, 0), (3, 0)];
    assert_eq!(left_out(&["--min-completeness=0"])?, all);
    let told = report(&here, &["winter-range"], false)?.output;
    assert!(told.contains("Left out: 3 of 10 trips"), "{told}");
    Ok(())
}
