//! Help and wrong arguments of `ayaz dead-letters`.

use std::process::{Command, Output};

fn dead_letters(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ayaz"))
        .arg("dead-letters")
        .args(arguments)
        .env_remove("AYAZ_DATABASE_URL")
        .env_remove("AYAZ_MQTT_URL")
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_explains_the_commands() {
    for (arguments, words) in [
        (
            ["--help"].as_slice(),
            ["list --letters", "show 3f2a91", "--dry-run", "suppressed"].as_slice(),
        ),
        (
            &["list", "--help"],
            &["--reason", "--open", "--limit", "csv"],
        ),
        (&["show", "--help"], &["show 3f2a91", "digits"]),
        (
            &["replay", "--help"],
            &["--all", "ayaz_operator", "replaying twice", "--vehicle b1"],
        ),
        (
            &["delete", "--help"],
            &[
                "--older-than 90d",
                "--dry-run",
                "ayaz_operator",
                "suppressed messages stay",
            ],
        ),
    ] {
        let output = dead_letters(arguments);
        assert!(output.status.success(), "{arguments:?}");
        let help = text(&output.stdout);
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(
                help.contains(word),
                "{arguments:?} should say {word}: {help}"
            );
        }
    }
}

#[test]
fn wrong_usage_exits_2() {
    let database = ["--database-url", "postgres://u@127.0.0.1:9/d"];
    let broker = ["--mqtt-url", "mqtt://127.0.0.1:9"];
    for arguments in [
        // Nothing is selected, or in two ways.
        ["replay"].as_slice(),
        &["replay", "ab", "--all"],
        &["replay", "ab", "--reason", "x"],
        &["replay", "--all", "--vehicle", "b1"],
        &["replay", "no-digest"],
        &["delete"],
        &["delete", "--all", "--reason", "x"],
        &["delete", "--older-than", "90"],
        &["show"],
        &["show", "xyz"],
        &["show", ""],
        &["list", "--limit", "0"],
        &["list", "--format", "svg"],
        &["list", "--from", "yesterday"],
    ] {
        let servers: &[&str] = if arguments[0] == "replay" {
            &broker
        } else {
            &[]
        };
        let output = dead_letters(&[arguments, &database, servers].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    }
    for arguments in [
        ["list"].as_slice(),
        &["replay", "--all", "--database-url", "postgres://u@h/d"],
    ] {
        let output = dead_letters(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("-url"), "{error}");
    }
}

#[test]
fn bad_addresses_exit_64_and_show_no_password() {
    let bad = "postgres://u:hunter2@h:port/d";
    let good = "postgres://u:hunter2@127.0.0.1:9/d";
    for arguments in [
        ["list", "--database-url", bad].as_slice(),
        &["show", "ab", "--database-url", bad],
        &["replay", "--all", "--dry-run", "--database-url", bad],
        &[
            "replay",
            "--all",
            "--database-url",
            good,
            "--mqtt-url",
            "mqtts://u:hunter2@h",
        ],
    ] {
        let output = dead_letters(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let output = dead_letters(&["list", "--database-url", good]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("127.0.0.1:9") && !error.contains("hunter2"),
        "{error}"
    );
}
