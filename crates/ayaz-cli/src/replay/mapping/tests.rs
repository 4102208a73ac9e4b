//! The shipped mapping, and errors of wrong mappings.

use super::*;

const MINIMAL: &str = r#"
identity = { fleet = "f", vehicle = "v" }
[[time]]
column = "t"
format = "rfc3339"
[signals.speed_kmh]
column = "speed"
"#;

#[test]
fn the_shipped_mapping_is_read_and_keeps_signs_and_units() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mappings/bmw_i3.toml");
    let mapping = Mapping::load(&path).unwrap();
    let column = |name: &str| &mapping.signals[name];
    assert_eq!(
        column("pack_current_amperes").scale,
        None,
        "negative is discharge, as with us"
    );
    assert_eq!(
        column("cabin_heater_power_watts").column,
        "Heating Power LIN [W]"
    );
    assert_eq!(column("air_conditioning_power_watts").scale, Some(1_000.0));
    assert!(
        !mapping
            .signals
            .values()
            .any(|signal| signal.column.contains("CAN"))
    );
}

#[test]
fn a_wrong_mapping_is_refused_with_what_and_where() {
    Mapping::parse(MINIMAL).unwrap();
    let with = |text: &str| format!("{text}\n{MINIMAL}");
    let cases = [
        (with("delimeter = ';'"), "unknown field `delimeter`"),
        (
            with("delimiter = ';;'"),
            "delimiter is \";;\": write one character",
        ),
        (
            MINIMAL.replace("speed_kmh", "soc"),
            "[signals.soc]: \"soc\" is not a signal, did you mean \"soc_percent\"?",
        ),
        (with("delimiter = '\"'"), "delimiter"),
        (
            MINIMAL.replace("speed_kmh", "speed_km"),
            "did you mean \"speed_kmh\"?",
        ),
        (
            MINIMAL.replace("speed_kmh", "drive_cycle"),
            "made from [drive_cycle]",
        ),
        (MINIMAL.replace("\"f\"", "\"a/b\""), "only letters"),
        (
            MINIMAL.replace("rfc3339", "seconds_since_origin"),
            "needs [time.origin]",
        ),
        (MINIMAL.replace("rfc3339", "iso"), "unknown variant `iso`"),
        (format!("{MINIMAL}scale = 0.0"), "scale must not be 0"),
        (format!("{MINIMAL}scale = nan"), "finite"),
        (
            MINIMAL.replace("speed_kmh", "gear") + "scale = 2.0",
            "measured values only",
        ),
        (
            format!("{MINIMAL}[[skip]]\ncolumn = 'q'"),
            "needs either `unless` or `when`",
        ),
        (
            MINIMAL.split("[signals").next().unwrap().to_owned(),
            "[signals] is empty or missing",
        ),
        (
            MINIMAL.replace("[[time]]", "[times]"),
            "unknown field `times`",
        ),
        (
            format!("[signals{}", MINIMAL.split("[signals").nth(1).unwrap())
                + "[identity]\nfleet = 'f'",
            "[[time]] is missing",
        ),
        (format!("{MINIMAL}colum = 'x'"), "unknown field `colum`"),
    ];
    for (text, expected) in cases {
        let error = format!("{:#}", Mapping::parse(&text).unwrap_err());
        assert!(
            error.contains(expected),
            "expected {expected:?} in: {error}"
        );
    }
}
