//! Removes a temporary directory when its owner ends, even if the owner is killed.
//!
//! As with a server's supervisor, a small shell script (`guardian.sh`) reads from a pipe, and this
//! process holds the other end.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin};

use crate::error::LocalError;
use crate::folder::Folder;
use crate::user::{ServerUser, plain_command};

const SCRIPT: &str = include_str!("guardian.sh");
const SCRIPT_NAME: &str = "guardian.sh";
/// The servers have stopped before, so the script only removes a few thousand files.
const REMOVE_LIMIT: Duration = Duration::from_secs(120);

/// Removes a temporary directory. When dropped, it does so a moment later.
#[derive(Debug)]
pub(crate) struct Guardian {
    path: PathBuf,
    process: Child,
    owner_end: Option<ChildStdin>,
}

impl Guardian {
    /// Starts the guardian of a directory that `user` owns.
    pub(crate) fn spawn(folder: &Folder, user: Option<&ServerUser>) -> Result<Self, LocalError> {
        // A file, because as an argument `ps` would print the whole script.
        folder.write_private(SCRIPT_NAME, SCRIPT, user)?;
        let path = folder.path();
        let mut process = plain_command("/bin/sh", user)
            .arg(path.join(SCRIPT_NAME))
            .arg(path)
            .current_dir(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to its whole process group.
            .process_group(0)
            .spawn()
            .map_err(LocalError::io("run", Path::new("/bin/sh")))?;
        let owner_end = process.stdin.take();
        Ok(Self {
            path: path.to_owned(),
            process,
            owner_end,
        })
    }

    /// Removes the directory and waits for it.
    pub(crate) async fn remove(mut self) -> Result<(), LocalError> {
        drop(self.owner_end.take());
        let ended = tokio::time::timeout(REMOVE_LIMIT, self.process.wait()).await;
        if matches!(ended, Ok(Ok(status)) if status.success()) {
            return Ok(());
        }
        Err(LocalError::Directory {
            path: self.path,
            reason: "some of its files could not be removed; remove it by hand".to_owned(),
        })
    }
}
