//! Tables and files of reports.

use std::process::Command;

use anyhow::{Result, ensure};
use ayaz_test_db::{Database, or_skip};

use super::TRIPS;

/// Standard output and standard error of the program.
struct Printed {
    output: String,
    message: String,
}

fn report(here: &Database, arguments: &[&str], has_colours: bool) -> Result<Printed> {
    let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .arg("report")
        .args(arguments)
        .env("AYAZ_DATABASE_URL", here.url.expose())
        .env("CLICOLOR_FORCE", if has_colours { "1" } else { "0" })
        .output()?;
    let message = String::from_utf8(output.stderr)?;
    ensure!(output.status.success(), "{arguments:?}: {message}");
    Ok(Printed {
        output: String::from_utf8(output.stdout)?,
        message,
    })
}

const DAYS: &str = "insert into hour_sequence values
    (1, '2026-01-10T06:00:00Z', '2026-01-10', 1, 3600, 0, 0, 1, 3600)";

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_report_names_what_is_missing() -> Result<()> {
    let here = or_skip!(Database::new());
    let reports: [(&[&str], &str); 4] = [
        (&["energy", "--by", "trip"], "no trips"),
        (&["sessions"], "no sessions"),
        (&["completeness"], "no days"),
        (&["winter-range"], "no trips"),
    ];
    for (arguments, none) in reports {
        let message = report(&here, arguments, false)?.message;
        assert!(message.contains(&format!("{none} yet")), "{message}");
    }
    here.owner
        .client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'b1')")
        .await?;
    here.owner.client.batch_execute(TRIPS).await?;
    here.owner.client.batch_execute(DAYS).await?;
    for (arguments, none) in reports {
        let elsewhere = [arguments, &["--fleet", "almaty"]].concat();
        let message = report(&here, &elsewhere, false)?.message;
        assert!(message.contains(&format!("{none} match --")), "{message}");
        let here = report(&here, arguments, false)?;
        assert!(
            here.message.is_empty() && !here.output.is_empty(),
            "{}",
            here.message
        );
    }
    let message = report(&here, &["sessions", "--kind", "parking"], false)?.message;
    assert!(message.contains("no sessions match --kind"), "{message}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn names_do_not_control_a_terminal_or_run_in_a_spreadsheet() -> Result<()> {
    let here = or_skip!(Database::new());
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
        let table = report(&here, &["winter-range", "--wide", "--by", by], false)?.output;
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
async fn incomplete_figures_are_marked_dim_or_left_out() -> Result<()> {
    let here = or_skip!(Database::new());
    let client = &here.owner.client;
    client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'b1')")
        .await?;
    client.batch_execute(TRIPS).await?;
    // The three trips of the first morning.
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
    let below = "All 10 trips are in these sums, including 3 less than 90 % complete";
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
    let message = report(&here, &["winter-range"], false)?.output;
    assert!(message.contains("Left out: 3 of 10 trips"), "{message}");
    Ok(())
}

/// The reports as tables, each with its column of lowest rank.
const TABLES: [(&[&str], &str); 5] = [
    (&["energy", "--by=trip"], "unexplained %"),
    (&["energy", "--by=temperature"], "unexplained %"),
    (&["sessions"], "pack °C"),
    (&["completeness"], "odometer km"),
    (&["winter-range"], "unexplained %"),
];

#[tokio::test(flavor = "multi_thread")]
async fn tables_fit_80_columns_and_say_what_is_left_out() -> Result<()> {
    let here = or_skip!(Database::new());
    let client = &here.owner.client;
    client
        .execute(
            "insert into vehicle (fleet, vehicle) values ('astana', $1)",
            &[&"b".repeat(64)],
        )
        .await?;
    client.batch_execute(TRIPS).await?;
    client.batch_execute(DAYS).await?;
    for (arguments, last) in TABLES {
        let table = report(&here, arguments, false)?.output;
        let widths = table.lines().map(console::measure_text_width);
        assert!(widths.max() <= Some(80), "{table}");
        assert!(
            !table.lines().next().unwrap_or_default().contains(last),
            "{table}"
        );
        let table = table.replace('\n', " ");
        assert!(table.contains("To fit 80 columns, left out:"), "{table}");
        assert!(
            table.contains(last) && table.contains("--wide shows all."),
            "{table}"
        );

        let wide = [arguments, &["--wide"]].concat();
        let wide = report(&here, &wide, false)?.output;
        assert!(
            wide.lines().next().unwrap_or_default().contains(last),
            "{wide}"
        );
        assert!(wide.contains(&"b".repeat(64)) || arguments.contains(&"--by=temperature"));
        assert!(!wide.contains("To fit"), "{wide}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_hours_are_noted_below_tables_and_on_standard_error() -> Result<()> {
    let here = or_skip!(Database::new());
    let client = &here.owner.client;
    client
        .batch_execute("insert into vehicle (fleet, vehicle) values ('astana', 'b1')")
        .await?;
    client.batch_execute(TRIPS).await?;
    client.batch_execute(DAYS).await?;
    let programs = ["--format=csv", "--format=json"];
    let mut before = Vec::new();
    for (arguments, _) in TABLES {
        let printed = report(&here, arguments, false)?;
        assert!(!printed.output.contains("ayaz-analytics") && printed.message.is_empty());
        for format in programs {
            before.push(report(&here, &[arguments, &[format]].concat(), false)?.output);
        }
    }
    // The queue has two hours. Ingest has marked one of them again, and one more hour.
    client
        .batch_execute(
            "insert into refresh_queue (vehicle_id, hour, queued_at) values
                (1, '2026-01-10T06:00:00Z', '2026-01-12T04:10:07Z'),
                (1, '2026-01-10T07:00:00Z', now());
            insert into dirty_hours (vehicle_ids, changed_from) values
                ('{1, 1}', '{2026-01-10T07:12:00Z, 2026-01-10T08:00:00Z}');
            insert into fleet_hour_queue (fleet, hour, queued_at) values
                ('astana', '2026-01-10T06:00:00Z', now()), ('astana', date_trunc('hour', now()), now())",
        )
        .await?;
    let note = "4 hours of readings wait for ayaz-analytics, since 2026-01-12 04:10:07 UTC";
    let mut before = before.into_iter();
    for (arguments, _) in TABLES {
        let printed = report(&here, arguments, false)?;
        assert!(
            printed.output.replace('\n', " ").contains(note),
            "{}",
            printed.output
        );
        assert!(printed.message.is_empty(), "{}", printed.message);
        for format in programs {
            let printed = report(&here, &[arguments, &[format]].concat(), false)?;
            assert_eq!(
                Some(printed.output),
                before.next(),
                "{arguments:?} {format}"
            );
            assert!(printed.message.contains(note), "{}", printed.message);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_buses_with_different_heat_are_marked() -> Result<()> {
    let here = or_skip!(Database::new());
    let client = &here.owner.client;
    client
        .batch_execute(
            "insert into vehicle_model (model, length_m, usable_energy_kwh, heater) values
                ('E12', 12, 350, 'electric'), ('E12-fuel', 12, 350, 'fuel');
            insert into vehicle (fleet, vehicle, model) values
                ('astana', 'b1', 'E12'), ('astana', 'b2', 'E12-fuel')",
        )
        .await?;
    client.batch_execute(TRIPS).await?;
    // The second bus drives at −22 °C, with the same readings.
    client
        .batch_execute(
            "insert into session
            select (jsonb_populate_record(null::session, to_jsonb(s) || '{\"vehicle_id\": 2}')).*
            from session s where exists (
                select from trip_band b
                where (b.vehicle_id, b.started_at, b.number)
                    = (s.vehicle_id, s.started_at, s.number) and b.band_celsius = -22
            );
            insert into trip_band
            select (jsonb_populate_record(null::trip_band, to_jsonb(b) || '{\"vehicle_id\": 2}')).*
            from trip_band b where b.band_celsius = -22",
        )
        .await?;
    for (arguments, marked) in [
        (&["winter-range", "--by=route"][..], vec!["[-22,-20) ‡"]),
        (&["winter-range", "--by=model"], vec![]),
        (&["winter-range", "--by=bus"], vec![]),
        (
            &["energy", "--by=temperature"],
            vec!["[-22,-20) ‡", "total ‡"],
        ),
        (&["energy", "--by=temperature", "--vehicle=b2"], vec![]),
    ] {
        let table = report(&here, arguments, false)?.output;
        let found = table.lines().filter(|line| line.contains(" ‡ ")).count();
        assert_eq!(found, marked.len(), "{table}");
        assert!(marked.iter().all(|band| table.contains(band)), "{table}");
        let is_told = table
            .replace('\n', " ")
            .contains("different sources (electric+fuel)");
        assert_eq!(is_told, !marked.is_empty(), "{table}");
        let csv = [arguments, &["--format=csv"]].concat();
        let csv = report(&here, &csv, false)?.output;
        let mixed = csv
            .lines()
            .filter(|line| line.ends_with(",electric+fuel,true"));
        assert_eq!(mixed.count(), marked.len(), "{csv}");
    }
    // Burnt fuel counts, for any heater of the model.
    client
        .batch_execute(
            "update vehicle_model set heater = 'electric';
            insert into vehicle_band
            select (jsonb_populate_record(null::vehicle_band, to_jsonb(b) || '{\"vehicle_id\": 2,
                \"trips\": 3, \"fuel_litres\": 4.5, \"trip_duration_seconds\": 1, \"trip_seconds\": 1,
                \"trip_km\": 1, \"trip_odometer_km\": 1}')).*
            from trip_band b where b.band_celsius = -22 limit 1",
        )
        .await?;
    let table = report(&here, &["winter-range", "--by=route"], false)?.output;
    assert!(table.contains("[-22,-20) ‡"), "{table}");
    Ok(())
}
