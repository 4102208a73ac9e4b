//! Removes a temporary directory when its owner is done with it, also when the owner is killed.
//!
//! As with a server's supervisor, a small shell script (`guardian.sh`) reads from a pipe whose
//! other end this process holds.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin};

use crate::error::LocalError;
use crate::folder::Folder;
use crate::user::{ServerUser, plain_command};

const SCRIPT: &str = include_str!("guardian.sh");
const SCRIPT_NAME: &str = "guardian.sh";
/// The servers have stopped by then; what is left is to remove a few thousand files.
const REMOVE_LIMIT: Duration = Duration::from_secs(120);

/// A temporary directory that is sure to go. Dropped, it goes a moment later.
#[derive(Debug)]
pub(crate) struct Guardian {
    path: PathBuf,
    process: Child,
    owner_end: Option<ChildStdin>,
}

impl Guardian {
    /// For the directory, which `user` owns.
    pub(crate) fn spawn(folder: &Folder, user: Option<&ServerUser>) -> Result<Self, LocalError> {
        // A file, because as an argument the whole script would fill the screen of `ps`.
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

    /// Removes the directory and waits until it has gone.
    pub(crate) async fn remove(mut self) -> Result<(), LocalError> {
        drop(self.owner_end.take());
        let ended = tokio::time::timeout(REMOVE_LIMIT, self.process.wait()).await;
        if matches!(ended, Ok(Ok(status)) if status.success()) {
            return Ok(());
        }
        Err(LocalError::Directory {
            path: self.path,
            reason: "its files could not all be removed; remove it by hand".to_owned(),
        })
    }
}
