//! Tests of `ayaz context` with a real TimescaleDB.

use std::io::Write as _;
#[path = "context/usage.rs"]
mod usage;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use ayaz_store::{Connection, Role};
use ayaz_test_db::{TestDatabase, or_skip};

const CONTEXT: &str = "fleet,vehicle,attribute,value,valid_from,valid_to\n";

/// All imported facts as one text.
const EVERYTHING: &str = "select jsonb_build_array(
    (select jsonb_agg(to_jsonb(m) order by m) from vehicle_model m),
    (select jsonb_agg(to_jsonb(d) order by d) from depot d),
    (select jsonb_agg(to_jsonb(v) order by v) from vehicle v),
    (select jsonb_agg(to_jsonb(c) order by c) from vehicle_context c),
    (select jsonb_agg(to_jsonb(t) order by t) from touched_context t)
)::text";

/// A database, and a folder for files.
struct Installation {
    url: String,
    owner: Connection,
    folder: tempfile::TempDir,
    _database: TestDatabase,
}

impl Installation {
    async fn new() -> Result<Option<Self>> {
        let Some(database) = TestDatabase::migrated().await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            owner: Connection::open(database.url(), Role::Owner).await?,
            url: database.url().expose().to_owned(),
            folder: tempfile::tempdir()?,
            _database: database,
        }))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ayaz"));
        command
            .arg("context")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AYAZ_DATABASE_URL", &self.url)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments).output()?)
    }

    /// Runs the command and returns its output.
    fn good(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments)?;
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{arguments:?}: {message}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.path().join(name), text)?)
    }

    async fn everything(&self) -> Result<String> {
        Ok(self.owner.client.query_one(EVERYTHING, &[]).await?.get(0))
    }

    async fn records(&self) -> Result<i64> {
        let sql = "select count(*) from vehicle_context";
        Ok(self.owner.client.query_one(sql, &[]).await?.get(0))
    }
}

fn samples() -> Vec<String> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/context");
    ["context", "depots", "models", "vehicles"]
        .map(|name| folder.join(format!("{name}.csv")).display().to_string())
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_imported_shown_exported_and_change_nothing_the_second_time() -> Result<()> {
    let here = or_skip!(Installation::new());
    let samples = samples();
    let mut import = vec!["import"];
    import.extend(samples.iter().map(String::as_str));
    let empty = here.everything().await?;

    let mut dry = import.clone();
    dry.push("--dry-run");
    let message = here.good(&dry)?;
    assert!(
        message.contains("context   15 new, 0 changed, 0 as before"),
        "{message}"
    );
    assert!(message.contains("nothing is stored"), "{message}");
    assert_eq!(here.everything().await?, empty);

    assert!(here.good(&import)?.contains("vehicles  4 new"));
    let entered = here.everything().await?;
    let message = here.good(&import)?;
    assert!(
        message.contains("context   0 new, 0 changed, 15 as before"),
        "{message}"
    );
    assert_eq!(here.everything().await?, entered);

    let table = here.good(&["list", "--vehicle", "bus-1", "--attribute", "tyres"])?;
    assert!(
        table.contains(" 2025-10-20 ") && table.contains("depot: Asia/Almaty."),
        "{table}"
    );
    assert!(
        table.contains("no end") && !table.contains("bus-2"),
        "{table}"
    );
    let depots = here.good(&["list", "depots", "--format", "csv"])?;
    assert_eq!(
        depots,
        "depot,zone,cut_over_hour\nexample-north,Asia/Almaty,3\n"
    );

    here.good(&["export", "now"])?;
    let again = ["models", "depots", "vehicles", "context"].map(|name| format!("now/{name}.csv"));
    let mut import = vec!["import"];
    import.extend(again.iter().map(String::as_str));
    let message = here.good(&import)?;
    assert_eq!(message.matches("0 new, 0 changed").count(), 4, "{message}");
    assert_eq!(here.everything().await?, entered);
    // An export does not overwrite edited files.
    let output = here.run(&["export", "now"])?;
    assert_eq!(output.status.code(), Some(1));

    // A change replaces the record with the same key.
    here.write(
        "tyres.csv",
        &format!(
            "{CONTEXT}example,bus-1,tyres,winter,2025-10-20,2026-04-10\n\
             example,bus-1,tyres,all-season,2026-04-10,\n"
        ),
    )?;
    let message = here.good(&["import", "tyres.csv"])?;
    assert!(
        message.contains("1 new, 1 changed, 0 as before"),
        "{message}"
    );
    assert_eq!(here.records().await?, 16);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vehicle_gets_another_model_and_a_model_another_heater_only_on_request() -> Result<()> {
    let here = or_skip!(Installation::new());
    here.write(
        "models.csv",
        "model,length_m,usable_energy_kwh,heater\n\
         E12,12,350,electric\nE12-fuel,12,350,fuel\nE18,18,600,\n",
    )?;
    let vehicles = "fleet,vehicle,model\nastana,E12-003,E12-fuel\nastana,E12-004,\n";
    here.write("vehicles.csv", vehicles)?;
    here.good(&["import", "models.csv", "vehicles.csv"])?;
    let before = here.everything().await?;

    // Samples name no simulated bus.
    let samples = samples();
    let mut import = vec!["import"];
    import.extend(samples.iter().map(String::as_str));
    here.good(&import)?;
    let with_samples = here.everything().await?;
    assert_ne!(with_samples, before);

    here.write(
        "others.csv",
        "model,length_m,usable_energy_kwh,heater\n\
         E12,12,350,electric\nE12-fuel,12,350,heat_pump\nE18,18,600,electric\nU12,12,300,none\n",
    )?;
    here.write(
        "wrong.csv",
        "fleet,vehicle,model\nastana,E12-003,E12\nastana,E12-004,E12\n",
    )?;
    for import in [
        vec!["import", "others.csv", "wrong.csv"],
        vec!["import", "--dry-run", "others.csv", "wrong.csv"],
    ] {
        let output = here.run(&import)?;
        let message = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{message}");
        for words in [
            "nothing was stored",
            "others.csv:3: E12-fuel: heater fuel becomes heat_pump",
            "wrong.csv:2: astana/E12-003: model E12-fuel becomes E12",
            "--replace",
        ] {
            assert!(message.contains(words), "{words:?} in: {message}");
        }
        // Filling an empty value or repeating a value is no such change.
        assert!(
            !message.contains("E18") && !message.contains("E12-004"),
            "{message}"
        );
        assert_eq!(here.everything().await?, with_samples);
    }
    here.write(
        "empty.csv",
        "model,length_m,usable_energy_kwh,heater\nE12,12,350,\n",
    )?;
    let output = here.run(&["import", "empty.csv"])?;
    let message = String::from_utf8(output.stderr)?;
    assert!(
        message.contains("E12: heater electric becomes nothing"),
        "{message}"
    );

    let message = here.good(&["import", "--replace", "others.csv", "wrong.csv"])?;
    assert!(
        message.contains("heater fuel becomes heat_pump"),
        "{message}"
    );
    let models = here.good(&["list", "models", "--format", "csv"])?;
    assert!(models.contains("E12-fuel,12,350,heat_pump\n"), "{models}");
    let vehicles = here.good(&["list", "vehicles", "--format", "csv"])?;
    assert!(
        vehicles.contains("E12-003,E12\n") && vehicles.contains("E12-004,E12\n"),
        "{vehicles}"
    );
    // Once stored, these values can be imported again.
    here.good(&["import", "others.csv", "wrong.csv"])?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_reported_and_no_file_is_stored() -> Result<()> {
    let here = or_skip!(Installation::new());
    let samples = samples();
    let mut import = vec!["import"];
    import.extend(samples.iter().map(String::as_str));
    here.good(&import)?;
    let before = here.everything().await?;
    here.write(
        "good.csv",
        "depot,zone,cut_over_hour\nsouth,Asia/Qostanay,4\n",
    )?;
    for (bad, words) in [
        (
            format!("{CONTEXT}example,bus-1,route,11,2026-02-01,2026-01-01\n"),
            [
                "bad.csv:2: valid_to \"2026-01-01\"",
                "ends before it starts",
            ],
        ),
        (
            format!("{CONTEXT}example,bus-1,tyres,summer,2026-04-01,\n"),
            [
                "bad.csv:2: value \"summer\"",
                "overlaps the record \"winter\"",
            ],
        ),
        (
            format!(
                "{CONTEXT}astana,X,route,1,2026-01-01,2026-03-01\n\
                 astana,X,route,2,2026-02-01,\n"
            ),
            ["bad.csv:3: value \"2\"", "bad.csv:2"],
        ),
        (
            "depot,zone,cut_over_hour\nnorth,Asia/Astana,3\n".to_owned(),
            ["bad.csv:2: zone \"Asia/Astana\"", "no time zone"],
        ),
        (
            "model,length_m,usable_energy_kwh,heater\nU12,12,,electric\n".to_owned(),
            [
                "bad.csv:2: usable_energy_kwh \"\"",
                "a model needs its usable energy",
            ],
        ),
        (
            "depot;zone;cut_over_hour\n".to_owned(),
            ["bad.csv:1: header", "semicolons"],
        ),
    ] {
        here.write("bad.csv", &bad)?;
        let output = here.run(&["import", "good.csv", "bad.csv"])?;
        let message = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("nothing was stored"), "{message}");
        for word in words {
            assert!(message.contains(word), "should say {word}: {message}");
        }
        assert_eq!(here.everything().await?, before, "{bad}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_a_size_limit_and_may_come_from_standard_input() -> Result<()> {
    let here = or_skip!(Installation::new());
    // A sparse file, which uses no disk space.
    std::fs::File::create(here.folder.path().join("long.csv"))?.set_len(65 << 20)?;
    for (file, word) in [
        ("/dev/zero", "name a regular file"),
        ("long.csv", "more than 64 MB"),
    ] {
        let refused = here.run(&["import", file])?;
        let message = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(1), "{message}");
        let named = format!("read {file}");
        assert!(
            message.contains(&named) && message.contains(word),
            "{message}"
        );
    }
    let twice = here.run(&["import", "-", "-"])?;
    let message = String::from_utf8(twice.stderr)?;
    assert!(message.contains("can be read once"), "{message}");

    let mut child = here
        .command(&["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let rows = format!("{CONTEXT}astana,b1,firmware,'=2+3,,\n");
    let mut input = child.stdin.take().context("a pipe")?;
    input.write_all(rows.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let message = String::from_utf8(output.stdout)?;
    assert!(
        output.status.success() && message.contains("1 new"),
        "{message}"
    );
    // Shown unchanged, and exported so that no spreadsheet runs it.
    let table = here.good(&["list"])?;
    assert!(table.contains(" =2+3 "), "{table}");
    let csv = here.good(&["list", "--format", "csv"])?;
    assert!(csv.contains(",firmware,'=2+3,"), "{csv}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_contradicting_concurrent_imports_is_refused() -> Result<()> {
    let here = or_skip!(Installation::new());
    for round in 0_i64..5 {
        let mut children = Vec::new();
        for side in ["a", "b"] {
            let name = format!("{side}.csv");
            // The same new bus, with overlapping times.
            let row =
                |day: &str| format!("astana,n{round},route,{side},2026-01-{day},2026-02-01\n");
            let day = if side == "a" { "05" } else { "06" };
            here.write(&name, &format!("{CONTEXT}{}", row(day)))?;
            let mut command = here.command(&["import", &name]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            children.push(command.spawn()?);
        }
        let mut stored = 0;
        for child in children {
            let output = child.wait_with_output()?;
            if output.status.success() {
                stored += 1;
            } else {
                let message = String::from_utf8(output.stderr)?;
                assert!(message.contains("overlaps the record"), "{message}");
            }
        }
        assert_eq!(stored, 1, "round {round}");
        assert_eq!(here.records().await?, round + 1);
    }
    Ok(())
}
