//! Kinds of input and their ends. In every case, each row is sent or skipped with a reason, or the
//! replay fails.

use std::io::PipeReader;
use std::os::fd::AsRawFd;

use super::*;

const HEAD: &str = "t,speed [km/h],note\n";

/// Rows of [`HEAD`], one second apart.
fn rows(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| format!("{n},{n},a\n")).collect()
}

/// A named pipe, as a shell creates for `<(…)`.
pub(super) struct Pipe {
    pub(super) path: PathBuf,
    _reader: PipeReader,
}

impl Pipe {
    /// Opens a pipe, and returns its writing end.
    pub(super) fn open() -> (Pipe, std::io::PipeWriter) {
        let (reader, writer) = std::io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd()).into();
        let pipe = Pipe {
            path,
            _reader: reader,
        };
        (pipe, writer)
    }

    /// A pipe with these bytes. The first ones arrive one by one.
    fn of(content: Vec<u8>) -> Pipe {
        let (pipe, mut writer) = Pipe::open();
        std::thread::spawn(move || {
            let (first, rest) = content.split_at(content.len().min(50));
            for byte in first {
                writer.write_all(&[*byte])?;
            }
            writer.write_all(rest)
        });
        pipe
    }
}

fn replay_file(content: impl AsRef<[u8]>) -> Replayed {
    let folder = Folder::new();
    replay_plan(
        plan_one(MAPPING, &folder.file("x.csv", content)).unwrap(),
        60,
    )
}

/// The text of a file's fault. Checks that this many readings were sent before.
fn fault_after(content: impl AsRef<[u8]>, readings: u64) -> String {
    let replayed = replay_file(content);
    let text = replayed.fault.expect("a fault").to_string();
    assert_eq!(replayed.counts.readings, readings, "{text}");
    assert_eq!(replayed.sent.len() as u64, readings, "{text}");
    text
}

#[test]
fn all_rows_of_a_pipe_are_read_once() {
    let text = format!("{HEAD}{}", rows(0..3_000));
    let whole = replay_file(&text);
    for content in [text.clone().into_bytes(), gzip(&text)] {
        let pipe = Pipe::of(content);
        let replayed = replay_plan(plan_one(MAPPING, &pipe.path).unwrap(), 60);
        assert_eq!(replayed.fault, None);
        assert_eq!(
            (replayed.counts.rows, replayed.counts.readings),
            (3_000, 3_000)
        );
        let times = |replayed: &Replayed| -> Vec<_> {
            let sent = replayed.sent.iter();
            sent.map(|sent| (sent.sequence, sent.reading.speed_kmh))
                .collect()
        };
        assert_eq!(times(&replayed), times(&whole));
        let warnings = replayed.warnings.join(" ");
        assert!(warnings.contains("after the pipe"), "{warnings}");
    }
    assert_eq!(whole.counts.rows, 3_000);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_header() {
    let text = format!("\u{feff}{HEAD}{}", rows(0..100));
    let whole = replay_file(format!("{HEAD}{}", rows(0..100)));
    let folder = Folder::new();
    let pipe = Pipe::of(text.clone().into_bytes());
    for path in [
        folder.file("plain.csv", &text),
        folder.file("packed.csv.gz", gzip(&text)),
        pipe.path.clone(),
    ] {
        let replayed = replay_plan(plan_one(MAPPING, &path).unwrap(), 60);
        assert_eq!(
            (replayed.fault, replayed.counts),
            (None, whole.counts.clone())
        );
    }
}

#[test]
fn a_pipe_under_two_names_is_refused() {
    let (pipe, writer) = Pipe::open();
    drop(writer);
    let folder = Folder::new();
    let link = folder.0.path().join("link.csv");
    std::os::unix::fs::symlink(&pipe.path, &link).unwrap();
    let mapping = Mapping::parse(MAPPING).unwrap();
    let files = [pipe.path.clone(), link];
    let (plans, faults) = plan::plan_all(
        &mapping,
        &Overrides::default(),
        &files,
        &Progress::default(),
    );
    assert!(plans.is_empty());
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    assert!(texts[0].contains("the file is empty"), "{texts:?}");
    assert!(
        texts[1].contains("is the same pipe as /proc/self/fd/"),
        "{texts:?}"
    );
}

#[test]
fn gzip_is_read_to_its_last_member_or_reports_an_error() {
    let head = gzip(format!("{HEAD}{}", rows(0..2_000)));
    let rest = gzip(rows(2_000..3_000));
    let replayed = replay_file([&head[..], &rest].concat());
    assert_eq!((replayed.fault, replayed.counts.rows), (None, 3_000));

    for behind in [&b"log of the night"[..], b"xy"] {
        let text = fault_after([&head[..], &rest, behind].concat(), 3_000);
        assert!(
            text.contains("gzip data end, and other data follow"),
            "{text}"
        );
    }
    let text = fault_after([&head[..], &rest[..rest.len() - 8]].concat(), 3_000);
    assert!(text.contains("truncated"), "{text}");
    let text = fault_after([&head[..], &rest[..5]].concat(), 2_000);
    assert!(text.contains("truncated"), "{text}");

    let mut damaged = gzip(format!("{HEAD}{}", rows(0..100)));
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    let text = fault_after(damaged, 100);
    assert!(text.contains("damaged"), "{text}");
}

#[test]
fn a_stray_quote_does_not_hide_rows_in_a_field() {
    let (before, after) = (rows(0..100), rows(101..3_000));
    let file = |stray: &str| format!("{HEAD}{before}{stray}\n{after}");
    for never_closed in ["100,100,\"a", "100,\"100,a", "\"100,100,a"] {
        let text = fault_after(file(never_closed), 100);
        assert!(
            text.contains("line 102: a quote in this line is never closed"),
            "{text}"
        );
    }
    // With and without a line end after it, as the only mistake.
    for (end, readings) in [("100,100,\"a", 100), ("100,100,\"a\n", 100)] {
        let text = fault_after(format!("{HEAD}{before}{end}"), readings);
        assert!(text.contains("line 102: a quote in this"), "{text}");
    }
    // Closed by the next quote, one row or thousands of rows later.
    for rows_within in [0, 1, 2_000] {
        let within = rows(200..200 + rows_within);
        for (opens, closes) in [
            ("100,100,\"a", "101,101,a\""),
            ("100,\"100,a", "101,101\",a"),
            ("\"100,100,a", "101\",101,a"),
        ] {
            let text = fault_after(
                format!("{HEAD}{before}{opens}\n{within}{closes}\n{after}"),
                100,
            );
            let lines = rows_within + 2;
            assert!(
                text.contains(&format!(
                    "line 102: a quoted field makes {lines} lines one row"
                )),
                "{text}"
            );
        }
    }
    let text = plan_one(
        MAPPING,
        &Folder::new().file("x.csv", format!("t,speed [km/h],\"note\n{before}")),
    )
    .unwrap_err();
    assert!(text.contains("line 1: a quote in this line"), "{text}");
}

#[test]
fn a_text_with_several_lines_is_one_field_of_one_row() {
    let note = "checked at the depot\n".repeat(5_000);
    let text = format!("{HEAD}0,0,a\n1,1,\"{note}\"\n2,2,\"say \"\"so\"\"\nat once\"\n3,x,a\n");
    let replayed = replay_file(text);
    assert_eq!((replayed.counts.rows, replayed.sent.len()), (3, 3));
    let fault = replayed.fault.unwrap().to_string();
    assert!(fault.contains("line 5006, column"), "{fault}");
}

#[test]
fn lines_are_counted_the_same_with_both_line_ends() {
    for line_end in ["\n", "\r\n"] {
        for (lines, line) in [
            (vec!["0,0,a", "1,x,a"], 3),
            (vec!["0,0,a", "", "", "1,x,a"], 5),
            (vec!["0,0,\"a", "b\"", "1,x,a"], 4),
            (vec!["x,0,a"], 2),
        ] {
            let text = format!("{HEAD}{}\n", lines.join("\n")).replace('\n', line_end);
            let fault = replay_file(text).fault.unwrap().to_string();
            assert!(fault.contains(&format!("line {line}, column")), "{fault}");
        }
    }
}

#[test]
fn a_last_line_without_line_end_is_sent_with_a_warning() {
    for line_end in ["\n", "\r\n"] {
        let text = format!("{HEAD}{}2,2,", rows(0..2)).replace('\n', line_end);
        let replayed = replay_file(&text);
        assert_eq!((replayed.fault, replayed.counts.rows), (None, 3));
        let warning = &replayed.warnings[replayed.warnings.len() - 1];
        assert!(
            warning.contains("line 4, the last one, has no line end"),
            "{warning}"
        );
        let ended = replay_file(text + line_end);
        assert_eq!((ended.fault, &ended.sent), (None, &replayed.sent));
        assert!(!ended.warnings.join(" ").contains("has no line end"));
    }
    let cut = fault_after(format!("{HEAD}{}2,2", rows(0..2)), 2);
    assert!(
        cut.contains("line 4: the row has 2 fields and the header 3"),
        "{cut}"
    );
}

#[test]
fn a_header_without_rows_gives_a_warning() {
    for text in [HEAD, HEAD.trim_end(), &format!("{HEAD}\n\n")] {
        let replayed = replay_file(text);
        assert_eq!((replayed.fault, replayed.counts.rows), (None, 0));
        let warnings = replayed.warnings.join(" ");
        assert!(warnings.contains("a header but no rows"), "{warnings}");
    }
}

#[test]
fn a_nul_in_a_drive_cycle_name_or_text_does_not_end_a_replay() {
    let folder = Folder::new();
    let log = "t,trip,speed [km/h],route\n1,a\0b,10,1\0\n2,a\0b,11,12\n";
    let plan = plan_one(MAPPING, &folder.file("x.csv", log)).unwrap();
    let replayed = replay_plan(plan, 60);
    assert_eq!((replayed.fault, replayed.counts.readings), (None, 2));
}

#[test]
fn damage_after_a_crash_is_reported() {
    // A file system that has written the length but not the data.
    let text = fault_after(format!("{HEAD}{}{}", rows(0..2), "\0".repeat(600)), 2);
    assert!(
        text.contains("the row has 1 field and the header 3"),
        "{text}"
    );
    let text = fault_after(format!("{HEAD}{}\0\0002,2,a\n", rows(0..2)), 2);
    assert!(text.contains("line 4, column \"t\""), "{text}");
    let text = fault_after(format!("{HEAD}{}2,2\0,a\n", rows(0..2)), 2);
    assert!(text.contains("line 4, column \"speed [km/h]\""), "{text}");
    // A log with the end mark does not end early.
    let mark = "\0end of input\0\n";
    let text = fault_after(format!("{HEAD}{}{mark}{}", rows(0..2), rows(2..4)), 2);
    assert!(text.contains("line 4: it contains the text"), "{text}");
}

/// Replays a file with 30,000 rows, which is more than is read ahead. Changes the file after the
/// first message.
fn replay_while(change: impl Fn(&Path)) -> (Replayed, String) {
    let folder = Folder::new();
    let path = folder.file("x.csv", format!("{HEAD}{}", rows(0..30_000)));
    let (plan, input) = plan_one(MAPPING, &path).unwrap();
    let mut replayed = Replayed::default();
    let (counts, fault) = file::read(&plan, input, 60, Progress::default(), |event| {
        if let FileEvent::Message(message) = event {
            if replayed.sent.is_empty() {
                change(&path);
            }
            replayed.take(&message);
        }
        true
    });
    replayed.counts = counts;
    (replayed, fault.expect("a fault").to_string())
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let open = |path: &Path| std::fs::OpenOptions::new().append(true).open(path).unwrap();
    // The new row is incomplete, so it must not be sent: its truncated value would stay stored.
    let (replayed, fault) = replay_while(|path| open(path).write_all(b"30000,30000,").unwrap());
    assert!(fault.contains("changed from"), "{fault}");
    assert_eq!(
        (replayed.counts.rows, replayed.sent.len()),
        (30_000, 30_000)
    );
    let (replayed, fault) = replay_while(|path| open(path).set_len(200_000).unwrap());
    assert!(
        fault.contains("to 200000 bytes while it was read"),
        "{fault}"
    );
    assert_eq!(replayed.sent.len() as u64, replayed.counts.rows);
    assert!(replayed.counts.rows < 30_000);
}

#[test]
fn a_file_that_was_replaced_after_planning_is_an_error() {
    let folder = Folder::new();
    let path = folder.file("x.csv", format!("{HEAD}{}", rows(0..3)));
    let (plan, input) = plan_one(MAPPING, &path).unwrap();
    folder.file("x.csv", "speed [km/h],t,note\n0,0,a\n");
    let replayed = replay_plan((plan, input), 60);
    let fault = replayed.fault.unwrap().to_string();
    assert!(fault.contains("header has changed"), "{fault}");
    assert_eq!(replayed.sent, []);
}
