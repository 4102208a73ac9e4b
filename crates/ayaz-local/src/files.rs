//! Creates directories and reads the end of logs.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::error::LocalError;
use crate::folder::Folder;

/// Errors show at most this much of the end of a server's log.
const LOG_TAIL_BYTES: u64 = 16 * 1024;
/// Errors show at most this many lines of it.
const LOG_TAIL_LINES: usize = 12;

/// Creates `path` and its missing parents. Returns whether `path` was created; a new directory has the
/// given mode, whatever the umask is.
pub(crate) fn create_dir(path: &Path, mode: u32) -> Result<bool, LocalError> {
    if path.is_dir() {
        return Ok(false);
    }
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        create_dir(parent, 0o755)?;
    }
    // Never a wider mode, not even for a moment. The umask may make it narrower, so it is set below.
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => {
            return Ok(false);
        }
        Err(error) => return Err(LocalError::io("create", path)(error)),
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(LocalError::io("set the mode of", path))?;
    Ok(true)
}

/// The last lines written to a log after its first `offset` bytes.
pub(crate) fn log_tail(home: &Folder, name: &str, offset: u64) -> String {
    let bytes = home.tail(name, offset, LOG_TAIL_BYTES);
    last_lines(&String::from_utf8_lossy(&bytes), LOG_TAIL_LINES)
}

pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    match lines.len() {
        0 => "(nothing)".to_owned(),
        total => lines[total.saturating_sub(count)..].join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_after_the_offset_are_shown() {
        let dir = tempfile::tempdir().unwrap();
        let home = Folder::open(dir.path()).unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "old\nnew 1\n\nnew 2\n").unwrap();
        assert_eq!(log_tail(&home, "log", 4), "new 1\nnew 2");
        assert_eq!(log_tail(&home, "none", 0), "(nothing)");
        fs::write(&path, "line of text\n".repeat(10_000)).unwrap();
        assert_eq!(log_tail(&home, "log", 0).lines().count(), LOG_TAIL_LINES);
    }
}
