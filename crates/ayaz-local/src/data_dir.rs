//! Where the servers keep their data.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::LocalError;
use crate::files;
use crate::guardian::Guardian;
use crate::user::ServerUser;

/// Servers of a process that was killed a moment ago may still be stopping.
const LOCK_WAIT: Duration = Duration::from_secs(40);

/// A directory with one subdirectory for each server.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Removes a temporary directory after the servers have stopped.
    guardian: Option<Guardian>,
    /// Held by this process and by every server in a kept directory, so that two processes never
    /// run servers on the same data.
    lock: Option<File>,
}

impl DataDir {
    pub(crate) async fn open(
        given: Option<&Path>,
        user: Option<&ServerUser>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        match given {
            None => Self::fresh(user).await,
            Some(path) => Self::kept(path, user, progress).await,
        }
    }

    async fn fresh(user: Option<&ServerUser>) -> Result<Self, LocalError> {
        let parent = std::env::temp_dir();
        check_reachable(&parent, user).await?;
        let created = tempfile::Builder::new()
            .prefix("ayaz-")
            .tempdir_in(&parent)
            .map_err(LocalError::io("create a directory in", &parent))?;
        files::give(created.path(), user)?;
        let guardian = Guardian::spawn(created.path(), user)?;
        Ok(Self {
            path: created.keep(),
            guardian: Some(guardian),
            lock: None,
        })
    }

    async fn kept(
        given: &Path,
        user: Option<&ServerUser>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let created = files::create_dir(given, 0o700)?;
        let path = given
            .canonicalize()
            .map_err(LocalError::io("resolve", given))?;
        if created {
            files::give(&path, user)?;
        }
        let reachable = check_reachable(&path, user).await;
        if reachable.is_err() && created {
            // It is still empty; a directory that cannot be used should not stay.
            let _ = fs::remove_dir(&path);
        }
        reachable?;
        let lock_path = path.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(LocalError::io("create", &lock_path))?;
        take_lock(&lock, &path, progress).await?;
        Ok(Self {
            path,
            guardian: None,
            lock: Some(lock),
        })
    }

    /// A server's own directory.
    pub(crate) fn server_home(
        &self,
        name: &str,
        user: Option<&ServerUser>,
    ) -> Result<PathBuf, LocalError> {
        let home = self.path.join(name);
        if files::create_dir(&home, 0o700)? {
            files::give(&home, user)?;
        }
        Ok(home)
    }

    /// The lock, to be held by a server as well.
    pub(crate) fn lock(&self) -> Result<Option<File>, LocalError> {
        let clone = self.lock.as_ref().map(File::try_clone).transpose();
        clone.map_err(LocalError::io("share the lock of", &self.path))
    }

    /// Removes a temporary directory; the servers in it must have stopped.
    pub(crate) async fn remove(self) -> Result<(), LocalError> {
        match self.guardian {
            Some(guardian) => guardian.remove().await,
            None => Ok(()),
        }
    }
}

async fn take_lock(
    lock: &File,
    path: &Path,
    progress: &mut impl FnMut(&str),
) -> Result<(), LocalError> {
    let deadline = Instant::now() + LOCK_WAIT;
    let mut told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(LocalError::io("lock", path)(error)),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                return Err(LocalError::Directory {
                    path: path.to_owned(),
                    reason: "other servers run in it; stop them or choose another directory"
                        .to_owned(),
                });
            }
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress(&format!(
                        "waiting for the servers in {} to stop",
                        path.display()
                    ));
                    told = true;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn check_reachable(path: &Path, user: Option<&ServerUser>) -> Result<(), LocalError> {
    match user {
        Some(user) if !user.can("-x", path).await => Err(LocalError::Directory {
            path: path.to_owned(),
            reason: format!(
                "started as root, the servers run as user {}, who cannot reach it; choose a \
                 directory outside of root's home",
                user.name
            ),
        }),
        _ => Ok(()),
    }
}
