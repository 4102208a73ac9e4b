//! Directories and private files, given to the user the servers run as.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use crate::error::LocalError;
use crate::user::ServerUser;

/// A server's log is shown from its end, at most this much of it.
const LOG_TAIL_BYTES: u64 = 16 * 1024;
/// … and at most this many lines.
const LOG_TAIL_LINES: usize = 12;

/// Creates `path` and what is missing above it. Returns whether `path` was created; then it has
/// the given mode whatever the process's umask is.
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
    match fs::create_dir(path) {
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

/// Gives `path` to the user the servers run as.
pub(crate) fn give(path: &Path, user: Option<&ServerUser>) -> Result<(), LocalError> {
    match user {
        Some(user) => chown(path, Some(user.uid), Some(user.gid))
            .map_err(LocalError::io("change the owner of", path)),
        None => Ok(()),
    }
}

/// Writes a file that only its owner can read, replacing what was there.
pub(crate) fn write_private(
    path: &Path,
    text: &str,
    user: Option<&ServerUser>,
) -> Result<(), LocalError> {
    remove_if_there(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(LocalError::io("create", path))?;
    file.write_all(text.as_bytes())
        .map_err(LocalError::io("write", path))?;
    give(path, user)
}

pub(crate) fn remove_if_there(path: &Path) -> Result<(), LocalError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LocalError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// The last lines written to a log after its first `offset` bytes.
pub(crate) fn log_tail(path: &Path, offset: u64) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = fs::File::open(path) {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let start = offset.max(length.saturating_sub(LOG_TAIL_BYTES));
        if file.seek(SeekFrom::Start(start)).is_ok() {
            // A log that cannot be read to its end is shown as far as it goes.
            let _ = file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes);
        }
    }
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
    fn a_log_is_shown_from_this_start_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "old\nnew 1\n\nnew 2\n").unwrap();
        assert_eq!(log_tail(&path, 4), "new 1\nnew 2");
        assert_eq!(log_tail(&dir.path().join("none"), 0), "(nothing)");
        fs::write(&path, "line of text\n".repeat(10_000)).unwrap();
        assert_eq!(log_tail(&path, 0).lines().count(), LOG_TAIL_LINES);
    }
}
