//! Every mistake is reported once, with its place and what to do.

use super::super::import::resolve_files;
use super::{CONTEXT, DEPOTS, MODELS, VEHICLES, files, stored, zones};

/// The lines of the error without the first one.
fn mistakes(files: &[(String, Vec<u8>)]) -> Vec<String> {
    let error = resolve_files(files, &stored(), &zones())
        .unwrap_err()
        .to_string();
    let (first, rest) = error.split_once('\n').unwrap();
    assert!(first.starts_with("nothing was stored"), "{first}");
    rest.lines()
        .map(|line| line.trim_start().to_owned())
        .collect()
}

#[track_caller]
fn check_mistake(texts: &[&str], place: &str, words: &[&str]) {
    let message = mistakes(&files(texts));
    assert_eq!(message.len(), 1, "{message:#?}");
    assert!(
        message[0].starts_with(&format!("{place}: ")),
        "{}",
        message[0]
    );
    for word in words {
        assert!(
            message[0].contains(word),
            "should say {word}: {}",
            message[0]
        );
    }
}

#[test]
fn each_mistake_is_reported_once_with_place_value_and_remedy() {
    let row = |text: &str| format!("{CONTEXT}{text}\n");
    for (texts, place, words) in [
        // Files.
        (
            vec![String::new()],
            "0.csv:1",
            vec!["is empty", "depot,zone,cut_over_hour"],
        ),
        (
            vec!["\n\na,b\n1,2\n".to_owned()],
            "0.csv:3",
            vec!["\"a,b\"", "unknown"],
        ),
        (
            vec!["depot;zone;cut_over_hour\nn;UTC;3\n".to_owned()],
            "0.csv:1",
            vec!["semicolons", "commas"],
        ),
        (
            vec!["depot,zone\nn,UTC\n".to_owned()],
            "0.csv:1",
            vec!["cut_over_hour missing", "depots have the columns"],
        ),
        (
            vec!["model,length,usable_energy_kwh,heater\n".to_owned()],
            "0.csv:1",
            vec!["length_m missing", "\"length\" unknown"],
        ),
        (
            vec![format!("{DEPOTS}\n\nn,UTC\n")],
            "0.csv:4",
            vec!["has 2 values", "has 3"],
        ),
        (
            vec![format!("{MODELS}E18,18,460,5,fuel\n")],
            "0.csv:2",
            vec!["5 values", "point"],
        ),
        (
            vec![format!("{DEPOTS}\"n,UTC,3\nm,UTC,3\n")],
            "0.csv:2",
            vec!["quotation mark"],
        ),
        (
            vec![format!("{DEPOTS}\"n\nm\",UTC,3\n")],
            "0.csv:2",
            vec!["quotation mark"],
        ),
        // Models.
        (
            vec![format!("{MODELS}E18,18,,fuel\n")],
            "0.csv:2",
            vec!["usable_energy_kwh \"\"", "no range"],
        ),
        (
            vec![format!("{MODELS}E18,18,0,fuel\n")],
            "0.csv:2",
            vec!["usable_energy_kwh \"0\""],
        ),
        (
            vec![format!("{MODELS}E18,18,NaN,fuel\n")],
            "0.csv:2",
            vec!["\"NaN\"", "1 to 2000"],
        ),
        (
            vec![format!("{MODELS}E18,18,460,wood\n")],
            "0.csv:2",
            vec!["\"wood\"", "heat_pump"],
        ),
        (
            vec![format!("{MODELS}E18,,460,\nE18,,470,\n")],
            "0.csv:3",
            vec!["E18", "0.csv:2"],
        ),
        // Depots.
        (
            vec![format!("{DEPOTS}south,Almaty,3\n")],
            "0.csv:2",
            vec!["zone \"Almaty\"", "perhaps Asia/Almaty"],
        ),
        (
            vec![format!("{DEPOTS}s,Asia/Qostanai,3\n")],
            "0.csv:2",
            vec!["perhaps Asia/Qostanay"],
        ),
        (
            vec![format!("{DEPOTS}s,UTC+5,3\n")],
            "0.csv:2",
            vec!["\"UTC+5\""],
        ),
        (
            vec![format!("{DEPOTS}s,Test/Only,3\n")],
            "0.csv:2",
            vec!["this machine", "tzdata"],
        ),
        (
            vec![format!("{DEPOTS}s,UTC,24\n")],
            "0.csv:2",
            vec!["cut_over_hour \"24\"", "0 to 23"],
        ),
        // Vehicles.
        (
            vec![format!("{VEHICLES}astana,b2,E19\n")],
            "0.csv:2",
            vec!["model \"E19\"", "no such model"],
        ),
        (
            vec![format!("{VEHICLES}as tana,b2,E12\n")],
            "0.csv:2",
            vec!["fleet \"as tana\""],
        ),
        (
            vec![
                format!("{VEHICLES}astana,b2,E12\n"),
                format!("{VEHICLES}astana,b2,\n"),
            ],
            "1.csv:2",
            vec!["astana/b2", "0.csv:2"],
        ),
        // Context.
        (
            vec![row("astana,b1,tires,summer,,")],
            "0.csv:2",
            vec!["attribute \"tires\"", "cabin_setpoint_celsius"],
        ),
        (
            vec![row("astana,b1,depot,south,,2020-01-01")],
            "0.csv:2",
            vec!["\"south\"", "no such"],
        ),
        (
            vec![row("astana,b1,usable_energy_kwh,3000,,")],
            "0.csv:2",
            vec!["value \"3000\"", "1 to 2000"],
        ),
        (
            vec![row("astana,b1,firmware,4,2025-13-01,")],
            "0.csv:2",
            vec!["valid_from \"2025-13-01\"", "2026-01-31"],
        ),
        (
            vec![row("astana,b1,firmware,4,2025-01-01T03:00:00,")],
            "0.csv:2",
            vec!["valid_from", "+05:00"],
        ),
        (
            vec![row("astana,b1,firmware,4,0205-01-01,")],
            "0.csv:2",
            vec!["1990"],
        ),
        (
            vec![row("astana,b1,firmware,4,2025-02-01,2025-01-01")],
            "0.csv:2",
            vec![
                "valid_to \"2025-01-01\"",
                "ends before it starts",
                "2025-01-31T19:00:00Z",
            ],
        ),
        (
            vec![row("astana,b1,firmware,4,2025-02-01,2025-02-01")],
            "0.csv:2",
            vec!["ends before it starts"],
        ),
        (
            vec![row("astana,b1,tyres,summer,2026-04-01,")],
            "0.csv:2",
            vec![
                "\"summer\"",
                "overlaps the record \"winter\"",
                "which is stored",
                "valid_to 2026-03-31T19:00:00Z",
            ],
        ),
        (
            vec![row("astana,b1,tyres,old,,2025-11-01")],
            "0.csv:2",
            vec!["\"old\"", "overlaps", "valid_to 2025-10-20T00:00:00Z"],
        ),
        (
            vec![row(
                "astana,b2,route,7,2025-01-01,2025-03-01\nastana,b2,route,8,2025-02-01,",
            )],
            "0.csv:3",
            vec!["\"8\"", "in 0.csv:2", "valid_to 2025-02-01T00:00:00Z"],
        ),
        (
            vec![
                row("astana,b2,route,7,2025-01-01,"),
                row("astana,b2,route,8,2025-01-01T00:00:00Z,"),
            ],
            "1.csv:2",
            vec!["same record as 0.csv:2"],
        ),
    ] {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        check_mistake(&texts, place, &words);
    }
}

#[test]
fn bytes_that_are_not_utf8_are_reported_with_their_line() {
    let mut bytes = format!("{VEHICLES}astana,b1,E12\nastana,b2,").into_bytes();
    bytes.extend(b"\xc012\n");
    let message = mistakes(&[("bus.csv".to_owned(), bytes)]);
    assert_eq!(message.len(), 1, "{message:?}");
    assert!(
        message[0].starts_with("bus.csv:3: is not UTF-8"),
        "{}",
        message[0]
    );
}

#[test]
fn other_formats_of_spreadsheets_are_named() {
    for (bytes, expected) in [
        (&b"\xff\xfef\0l\0"[..], "it is UTF-16: save it as UTF-8"),
        (b"PK\x03\x04\x14\0", "it is a zip file"),
    ] {
        let message = mistakes(&[("bus.csv".to_owned(), bytes.to_vec())]);
        assert_eq!(message.len(), 1, "{message:?}");
        assert!(message[0].contains(expected), "{message:?}");
    }
}

#[test]
fn at_most_twenty_mistakes_of_a_file_are_shown() {
    let rows: String = (0..30)
        .map(|n| format!("astana,b{n},tyres,,{n},\n"))
        .collect();
    let message = mistakes(&files(&[
        &format!("{CONTEXT}{rows}"),
        &format!("{DEPOTS}s,Mars,99\n"),
    ]));
    assert_eq!(message.len(), 20 + 1 + 1, "{message:#?}");
    assert!(message[0].starts_with("0.csv:2: value"), "{}", message[0]);
    assert!(
        message[1].starts_with("0.csv:2: valid_from"),
        "{}",
        message[1]
    );
    assert_eq!(message[20], "0.csv: and 40 more");
    // A line with a mistake gets no zone check.
    assert!(
        message[21].starts_with("1.csv:2: cut_over_hour"),
        "{}",
        message[21]
    );
}

#[test]
fn a_reference_to_a_wrong_record_is_no_second_mistake() {
    let message = mistakes(&files(&[
        &format!("{MODELS}E18,18,,\n"),
        &format!("{VEHICLES}astana,b9,E18\n"),
        &format!("{DEPOTS}south,UTC,99\n"),
        &format!("{CONTEXT}astana,b9,depot,south,,\n"),
    ]));
    assert_eq!(message.len(), 2, "{message:#?}");
}
