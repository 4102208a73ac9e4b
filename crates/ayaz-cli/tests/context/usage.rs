//! Help and wrong arguments of `ayaz context`, which need no database.

use std::process::Command;

#[test]
fn help_explains_the_files() {
    for (arguments, words) in [
        (
            ["--help"].as_slice(),
            [
                "model,length_m,usable_energy_kwh,heater",
                "deploy/context/",
                "--dry-run",
            ]
            .as_slice(),
        ),
        (
            &["import", "--help"],
            &[
                "fleet,vehicle,attribute,value,valid_from,valid_to",
                "midnight",
                "no end",
                "ayaz_operator",
                "may not overlap",
                "one instant",
                "64 MB",
            ],
        ),
        (&["list", "--help"], &["--at", "csv"]),
        (&["export", "--help"], &["--overwrite", "models.csv"]),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
            .arg("context")
            .args(arguments)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{arguments:?}");
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
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
    for arguments in [
        ["import"].as_slice(),
        &["list", "buses"],
        &["list", "--attribute", "tires"],
        &["export"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ayaz"))
            .arg("context")
            .args(arguments)
            .env("AYAZ_DATABASE_URL", "postgres://u@127.0.0.1:9/d")
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
