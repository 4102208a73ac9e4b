//! The directory with the data of the servers.

use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::LocalError;
use crate::files;
use crate::folder::Folder;
use crate::guardian::Guardian;
use crate::user::ServerUser;

/// How long to wait for the lock: servers of a killed process need time to stop.
const LOCK_WAIT: Duration = Duration::from_secs(40);

/// A directory with one subdirectory for each server.
#[derive(Debug)]
pub(crate) struct DataDir {
    folder: Folder,
    /// Removes a temporary directory after the servers have stopped.
    guardian: Option<Guardian>,
    /// This process and each of its servers hold the lock of a kept directory, so that two processes
    /// never run servers on the same data.
    lock: Option<File>,
}

impl DataDir {
    pub(crate) async fn open(
        given: Option<&Path>,
        user: Option<&ServerUser>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        match given {
            None => Self::temporary(user).await,
            Some(path) => Self::kept(path, user, progress).await,
        }
    }

    async fn temporary(user: Option<&ServerUser>) -> Result<Self, LocalError> {
        let parent = std::env::temp_dir();
        check_reachable(&parent, user).await?;
        let created = tempfile::Builder::new()
            .prefix("ayaz-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(LocalError::io("create a directory in", &parent))?;
        let folder = Folder::open(created.path())?;
        folder.make_private(user)?;
        let guardian = Guardian::spawn(&folder, user)?;
        let _ = created.keep();
        Ok(Self {
            folder,
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
        let folder = Folder::open(&path)?;
        if created {
            folder.make_private(user)?;
        }
        let reachable = check_reachable(&path, user).await;
        if reachable.is_err() && created {
            // It is still empty; remove it, because it cannot be used.
            let _ = fs::remove_dir(&path);
        }
        reachable?;
        let lock = folder.append("lock")?;
        take_lock(&lock, &path, progress).await?;
        Ok(Self {
            folder,
            guardian: None,
            lock: Some(lock),
        })
    }

    /// The directory of one server.
    pub(crate) fn server_home(
        &self,
        name: &str,
        user: Option<&ServerUser>,
    ) -> Result<Folder, LocalError> {
        self.folder.folder(name, user)
    }

    /// The lock, for a server to hold too.
    pub(crate) fn lock(&self) -> Result<Option<File>, LocalError> {
        let clone = self.lock.as_ref().map(File::try_clone).transpose();
        clone.map_err(LocalError::io("share the lock of", self.folder.path()))
    }

    /// Removes a temporary directory. Its servers must have stopped.
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
    let mut reported = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(LocalError::io("lock", path)(error)),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                return Err(LocalError::Directory {
                    path: path.to_owned(),
                    reason: "other servers use it; stop them or choose another directory"
                        .to_owned(),
                });
            }
            Err(TryLockError::WouldBlock) => {
                if !reported {
                    progress(&format!(
                        "waiting for the servers in {} to stop",
                        path.display()
                    ));
                    reported = true;
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
                "you are root, so the servers run as user {}, who cannot enter it; choose a \
                 directory outside of root's home",
                user.name
            ),
        }),
        _ => Ok(()),
    }
}
