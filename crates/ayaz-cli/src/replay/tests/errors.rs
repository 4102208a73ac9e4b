//! Errors of wrong files.

use super::*;

const GOOD: &str = "at,speed [km/h]\n2019-06-25T11:00:00Z,1\n";

#[test]
fn a_wrong_header_is_found_before_publishing() {
    let cases: [(&[u8], &str); 14] = [
        (b"", "the file is empty"),
        (
            b"at;speed [km/h]\n",
            "looks `;`-separated: set delimiter = \";\"",
        ),
        (b"at\tspeed [km/h]\n", "looks tab-separated"),
        (
            b"time,speed [km/h]\n",
            "none of the columns [\"at\", \"t\"]",
        ),
        (
            b"at,Speed [km/h]\n",
            "no column \"speed [km/h]\", did you mean \"Speed [km/h]\"?",
        ),
        (b"at,v\n", "no column \"speed [km/h]\""),
        (
            b"at,speed [km/h],speed [km/h]\n",
            "column \"speed [km/h]\" twice",
        ),
        (b"at,speed \xb0\n", "not UTF-8: set encoding = \"latin-1\""),
        (b"\xff\xfea\0t\0", "it is UTF-16: save it as UTF-8"),
        (&gzip(b"a\0t\0,\0"), "it is UTF-16: save it as UTF-8"),
        (b"\x28\xb5\x2f\xfd\x04\t\t", "`zstdcat FILE | ayaz replay"),
        (b"PK\x03\x04\x14\0\t\t", "it is a zip file"),
        (&[0x1f, 0x8b, 8, 0], "truncated"),
        (&gzip(GOOD)[..14], "truncated"),
    ];
    let folder = Folder::new();
    for (content, expected) in cases {
        let error = plan_one(MAPPING, &folder.file("x.csv", content)).unwrap_err();
        assert!(
            error.contains(expected) && error.contains("x.csv"),
            "{expected:?} in: {error}"
        );
    }
    let optional = MAPPING.replace("speed [km/h]\"", "speed [km/h]\"\noptional = true");
    let error = plan_one(&optional, &folder.file("x.csv", "at,v\n")).unwrap_err();
    assert!(
        error.contains("the file has none of the mapping's columns"),
        "{error}"
    );
    for (path, expected) in [("missing.csv", "cannot be opened"), ("", "it is a folder")] {
        let error = plan_one(MAPPING, &folder.0.path().join(path)).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn all_wrong_files_are_named_together() {
    let folder = Folder::new();
    let mapping = folder.file("mapping.toml", MAPPING);
    let files = [
        folder.file("good.csv", GOOD),
        folder.file("a.csv", "x\n"),
        folder.file("b.csv", ""),
        folder.file("other/good.csv.gz", GOOD),
    ];
    let error = prepare(
        &mapping,
        &Overrides::default(),
        &files,
        &Progress::default(),
    )
    .unwrap_err()
    .to_string();
    assert!(error.starts_with("nothing was published:"), "{error}");
    for expected in [
        "a.csv",
        "b.csv",
        "is drive cycle \"good\" of v, the same as",
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_malformed_row_is_reported_and_the_rows_before_it_are_sent() {
    let head = "vehicle,at,speed [km/h],gear,note\nv,2019-06-25T11:00:00Z,1,,\n";
    let cases: [(&[u8], &str); 11] = [
        (
            b"v,9999-12-31T23:59:59Z,1,,",
            "\"9999-12-31T23:59:59Z\" is too late",
        ),
        (
            b"v,2019-06-25T11:00:01Z,fast,,",
            "line 3, column \"speed [km/h]\": \"fast\"",
        ),
        (b"v,2019-06-25T11:00:01Z,\"1,5\",,", "write decimal points"),
        (
            b"v,2019-06-25T11:00:01Z,1,fifth,",
            "column \"gear\": \"fifth\" cannot be gear: write its number, or one of [\"park\"",
        ),
        (
            b"v,2019-06-25T11:00:01Z,1,-3,",
            "-3 cannot be gear: it must be a whole number, 0 or more",
        ),
        (b"v,2019-06-25 11:00:01,1,,", "column \"at\""),
        (b"v,,1,,", "column \"at\": the cell is blank"),
        (
            b"v/w,2019-06-25T11:00:01Z,1,,",
            "column \"vehicle\": \"v/w\" is not a vehicle name",
        ),
        (
            b"v,2019-06-25T11:00:01Z,1",
            "line 3: the row has 3 fields and the header 5",
        ),
        (
            b"v,2019-06-25T11:00:01Z,1,,,",
            "line 3: the row has 6 fields and the header 5",
        ),
        (b"v,2019-06-25T11:00:01Z,\xff,,", "is not UTF-8"),
    ];
    let folder = Folder::new();
    for (row, expected) in cases {
        let content = [head.as_bytes(), row, b"\nv,2019-06-25T11:00:02Z,2,,\n"].concat();
        let replayed = replay_plan(
            plan_one(MAPPING, &folder.file("x.csv", content)).unwrap(),
            60,
        );
        let text = replayed.fault.expect(expected).to_string();
        assert!(
            text.contains(expected) && text.contains("x.csv"),
            "{expected:?} in: {text}"
        );
        assert_eq!(
            (replayed.counts.readings, replayed.sent.len()),
            (1, 1),
            "{text}"
        );
    }
    // A wrong value in an unused column does no harm.
    let content = [head.as_bytes(), b"v,2019-06-25T11:00:01Z,2,,\xff\n"].concat();
    let replayed = replay_plan(
        plan_one(MAPPING, &folder.file("x.csv", content)).unwrap(),
        60,
    );
    assert_eq!((replayed.fault, replayed.counts.readings), (None, 2));
}

#[test]
fn an_impossible_value_is_reported_with_the_possible_ones() {
    let folder = Folder::new();
    let path = folder.file("x.csv", "t,v\n0,50\n");
    for (signal, expected) in [
        ("doors_open]", "50 cannot be doors_open: write 0 or 1"),
        (
            "passenger_count]\nscale = -1.5",
            "50 * -1.5 = -75 cannot be passenger_count: it must be a whole number, 0 or more",
        ),
        (
            "passenger_count]\nscale = 1e9\noffset = 1",
            "50 * 1000000000 + 1 = 50000000001 cannot be passenger_count: it must be 4294967295 at \
             most",
        ),
    ] {
        let mapping = MAPPING.split("[signals").next().unwrap();
        let mapping = format!("{mapping}[signals.{signal}\ncolumn = 'v'\n");
        let fault = replay_plan(plan_one(&mapping, &path).unwrap(), 60).fault;
        let text = fault.expect(expected).to_string();
        assert!(text.contains(expected), "{expected:?} in: {text}");
    }
}

#[test]
fn a_relative_time_that_is_not_a_number_is_refused() {
    let folder = Folder::new();
    for time in ["NaN", "inf", "-inf", "1e300", "0:01", "1,5"] {
        let path = folder.file("x.csv", format!("t,speed [km/h]\n\"{time}\",1\n"));
        let fault = replay_plan(plan_one(MAPPING, &path).unwrap(), 60).fault;
        let text = fault.expect(time).to_string();
        assert!(
            text.contains("line 2, column \"t\"") && text.contains("not a number"),
            "{text}"
        );
    }
}

#[test]
fn a_truncated_file_is_reported() {
    let folder = Folder::new();
    let rows: String = (0..5_000)
        .map(|n| format!("{}.{},{}\n", n / 10, n % 10, n * 7919 % 131))
        .collect();
    let mut packed = gzip(format!("t,speed [km/h]\n{rows}"));
    packed.truncate(packed.len() / 2);
    let replayed = replay_plan(
        plan_one(MAPPING, &folder.file("x.csv.gz", packed)).unwrap(),
        60,
    );
    let text = replayed.fault.unwrap().to_string();
    assert!(
        text.contains("truncated") && text.contains("line"),
        "{text}"
    );
    assert_eq!(replayed.sent.len() as u64, replayed.counts.readings);
    assert!(replayed.counts.readings > 1_000, "{:?}", replayed.counts);
}

#[test]
fn an_unclosed_quote_does_not_load_the_file_into_memory() {
    let folder = Folder::new();
    let rest = "0.1,1\n".repeat(500_000);
    let path = folder.file("x.csv.gz", gzip(format!("t,speed [km/h]\n0,\"1\n{rest}")));
    let text = replay_plan(plan_one(MAPPING, &path).unwrap(), 60)
        .fault
        .unwrap()
        .to_string();
    assert!(
        text.contains("longer than 1 MiB") && text.contains("line 2"),
        "{text}"
    );
}

#[test]
fn a_wrong_index_is_named() {
    let folder = Folder::new();
    let path = folder.file("D1.csv", "t,speed [km/h]\n0,1\n");
    for (index, expected) in [
        ("name,begin\n", "no column \"start\""),
        (
            "name,start\nD1,yesterday\n",
            "\"yesterday\", which is not an RFC 3339 time",
        ),
        ("name,start\nD1\n", "found record with 1 fields"),
        (
            "name,start\nD1,2020-01-01T00:00:00Z\nD1,2021-01-01T00:00:00Z\n",
            "twice",
        ),
    ] {
        folder.file("starts.csv", index);
        let error = plan_one(MAPPING, &path).unwrap_err();
        assert!(
            error.contains(expected) && error.contains("starts.csv"),
            "{error}"
        );
    }
}
