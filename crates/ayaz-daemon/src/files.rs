//! Reads files that people write: configurations, mappings, context. Reading ends soon and takes little
//! memory, whatever the path names.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Larger than any configuration or mapping that people write.
pub const TEXT_MAX_BYTES: u64 = 1 << 20;

/// Opens a regular file. Refuses pipes and devices, since reading them may never end.
///
/// # Errors
///
/// The error of the system, or if it is not a regular file.
pub fn open(path: &Path) -> io::Result<File> {
    // Without this flag, opening a pipe waits for a writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        Ok(file)
    } else {
        let what = if kind.is_dir() {
            "a folder"
        } else {
            "a pipe or a device"
        };
        let text = format!("it is {what}: name a regular file");
        Err(io::Error::new(ErrorKind::InvalidInput, text))
    }
}

/// Reads a text of at most [`TEXT_MAX_BYTES`].
///
/// # Errors
///
/// As [`open`]; also if the text is longer or not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One byte more, to detect a longer file: its length in metadata may be wrong.
    open(path)?
        .take(TEXT_MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    let invalid = |text: String| io::Error::new(ErrorKind::InvalidData, text);
    if bytes.len() as u64 > TEXT_MAX_BYTES {
        let max = TEXT_MAX_BYTES >> 20;
        return Err(invalid(format!(
            "it has more than {max} MB: check that it is the right file"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        invalid(format!("line {line} is not UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_short_texts_in_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("text"), "[a]\nb = 1\n").unwrap();
        std::fs::write(path("latin"), b"ok\n\xe9\n").unwrap();
        // A sparse file, which needs no disk space.
        let huge = File::create(path("huge")).unwrap();
        huge.set_len(10 << 30).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(path("pipe"))
            .status();
        assert!(made.unwrap().success());
        let _socket = UnixListener::bind(path("socket")).unwrap();

        assert_eq!(read_text(&path("text")).unwrap(), "[a]\nb = 1\n");
        for (name, word) in [
            ("/dev/zero", "a device"),
            ("pipe", "a pipe"),
            ("", "a folder"),
            ("huge", "more than 1 MB"),
            ("latin", "line 2 is not UTF-8"),
            ("socket", ""),
            ("none", "No such file"),
        ] {
            let error = read_text(&path(name)).unwrap_err().to_string();
            assert!(error.contains(word), "{name}: {error}");
        }
    }
}
