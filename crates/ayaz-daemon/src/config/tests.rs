use std::io::Write as _;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Sample {
    database: Database,
    #[serde(default)]
    batch: Batch,
    mqtt: Option<Mqtt>,
    admin: Option<crate::admin::AdminConfig>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Database {
    url: String,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Batch {
    rows_max: u32,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Mqtt {
    client_id: String,
    fleets: Vec<String>,
}

impl DaemonConfig for Sample {
    const PROGRAM: Program = Program::Ingest;
    const URLS: &'static [SharedUrl] = &[SharedUrl::Database];
    const BOUNDS: &'static [Bounds] = &[bounds("batch.rows_max", 1.0, 10.0)];

    fn check(&self) -> Result<(), String> {
        match self.batch.rows_max {
            9 => Err("batch.rows_max must not be 9".to_owned()),
            _ => Ok(()),
        }
    }
}

fn load_sample(file: &str, variables: &[(&str, &str)]) -> Result<Sample, ConfigError> {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file.as_bytes()).unwrap();
    load_from(Some(on_disk.path()), &Variables::of(variables))
}

#[test]
fn the_environment_overrides_the_file() {
    let loaded = load_sample(
        "[database]\nurl = 'file'\n[batch]\nrows_max = 5\n",
        &[
            ("AYAZ_DATABASE_URL", "env"),
            ("AYAZ_MQTT_URL", "of another program"),
            ("AYAZ__REFRESH__TRIP_GAP_S", "of another program"),
            ("AYAZ__BATCH__ROWS_MAX", "7"),
            ("AYAZ__MQTT__CLIENT_ID", "17"),
            ("AYAZ__MQTT__FLEETS", "astana, oslo"),
            ("AYAZ__ADMIN__ENABLED", "false"),
        ],
    )
    .unwrap();
    assert_eq!(loaded.database.url, "env");
    assert_eq!(loaded.batch.rows_max, 7);
    let mqtt = loaded.mqtt.unwrap();
    assert_eq!((mqtt.client_id.as_str(), mqtt.fleets.len()), ("17", 2));
    let admin = loaded.admin.unwrap();
    assert_eq!(
        (admin.enabled, admin.listen.port()),
        (false, 9464),
        "the port keeps its default"
    );
}

#[test]
fn an_error_names_the_mistake_and_its_place() {
    const DATABASE: &str = "[database]\nurl = 'x'\n";
    let file = |batch: &str| format!("{DATABASE}[batch]\n{batch}\n");
    for (text, variables, words) in [
        (
            file("rows = 5"),
            &[][..],
            &[
                "line 4",
                "no key batch.rows",
                "did you mean batch.rows_max?",
            ][..],
        ),
        (
            file("rows_max = 'many'"),
            &[],
            &["line 4", "rows_max is \"many\"", "a whole number"],
        ),
        (
            file("rows_max = true"),
            &[],
            &["line 4", "is true", "a whole number"],
        ),
        (
            file("rows_max = 1.5"),
            &[],
            &["line 4", "is 1.5", "a whole number"],
        ),
        (
            file("rows_max = 11"),
            &[],
            &["line 4", "rows_max is 11", "1 to 10"],
        ),
        (
            file("rows_max = -1"),
            &[],
            &["line 4", "rows_max is -1", "1 to 10"],
        ),
        (file("rows_max = 9"), &[], &["must not be 9"]),
        (
            "batch = 1\n".to_owned() + DATABASE,
            &[],
            &["line 1", "batch is a section"],
        ),
        (
            "[bach]\n".to_owned() + DATABASE,
            &[],
            &["line 1", "no key bach", "did you mean batch?"],
        ),
        (
            "[admin]\nlisten = '0.0.0.0'\n".to_owned() + DATABASE,
            &[],
            &[
                "line 2",
                "admin.listen is \"0.0.0.0\": write an IP address and a port, such as",
            ],
        ),
        ("[database\n".to_owned(), &[], &["line 1"]),
        (
            String::new(),
            &[],
            &["set AYAZ_DATABASE_URL, or database.url in"],
        ),
    ] {
        check(&load_sample(&text, variables).unwrap_err(), words, &text);
    }
    for (variable, value, words) in [
        (
            "AYAZ__BATCH__ROWS_MAX",
            "true",
            &["is \"true\"", "a whole number"][..],
        ),
        (
            "AYAZ__BATCH__ROWS_MAX",
            "1.5",
            &["is \"1.5\"", "a whole number"],
        ),
        ("AYAZ__BATCH__ROWS_MAX", "", &["is \"\"", "a whole number"]),
        (
            "AYAZ__BATCH__ROWS_MAX",
            "11",
            &["rows_max is 11", "1 to 10"],
        ),
        ("AYAZ__ADMIN__ENABLED", "1", &["is \"1\"", "true or false"]),
        ("AYAZ__ADMIN__LISTEN", "here", &["admin.listen"]),
        (
            "AYAZ__BATCH__ROWSMAX",
            "5",
            &["did you mean AYAZ__BATCH__ROWS_MAX?"],
        ),
        (
            "AYAZ__PLAUSIBILITY__STUCK__ENABLED",
            "true",
            &[
                "is now plausibility.flat_line.enabled",
                "set AYAZ__PLAUSIBILITY__FLAT_LINE__ENABLED",
            ],
        ),
        ("AYAZ__NOTHING__LIKE_IT", "5", &["no key nothing.like_it"]),
    ] {
        let error = load_sample(DATABASE, &[(variable, value)]).unwrap_err();
        let place = format!("environment variable {variable}: ");
        check(&error, &[words, &[place.as_str()]].concat(), variable);
        assert!(
            !error.to_string().contains("/"),
            "{error} should not name the file"
        );
    }
    let missing = load_from::<Sample>(
        Some(Path::new("does/not/exist.toml")),
        &Variables::default(),
    );
    check(&missing.unwrap_err(), &["does/not/exist.toml"], "");
    let endless = load_from::<Sample>(Some(Path::new("/dev/zero")), &Variables::default());
    check(&endless.unwrap_err(), &["/dev/zero", "a device"], "");
    let nothing = load_from::<Sample>(None, &Variables::default());
    check(
        &nothing.unwrap_err(),
        &["set AYAZ_DATABASE_URL, or", "--config"],
        "",
    );
}

fn check(error: &ConfigError, words: &[&str], of: &str) {
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} should hold {word:?} ({of})");
    }
}

#[test]
fn no_error_shows_a_password() {
    for file in [
        "database = 'postgres://u:hunter2@h/d'\n",
        "[database]\nurl = 'postgres://u:hunter2@h/d\n",
        "[database]\nurl = ['postgres://u:hunter2@h/d']\n",
        "[database]\nurl = 'x'\n[batch]\nrows_max = 'postgres://u:hun@ter2@h/d'\n",
    ] {
        let error = load_sample(file, &[]).unwrap_err().to_string();
        assert!(!error.contains("ter2"), "{error}");
    }
}
