//! The database cluster in the cache directory that already has the template.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use ayaz_local::{LocalStack, Options, cache_dir, server_needed};

use crate::server::{print, start_servers};
use crate::template;

/// Clusters of other schemas that stay: other checkouts may use them.
const OTHER_CLUSTERS_MAX: usize = 3;

/// The file that a complete cluster has beside it. Its time is that of the last use.
const COMPLETE: &str = "complete";

/// Starts servers on a copy of the cluster, which is made first if it is not there.
pub(crate) async fn start_on_copy(options: Options) -> Result<LocalStack> {
    let cache = cache_dir().await.with_context(server_needed)?;
    let folder = cache.join("test-db");
    create(&folder).with_context(|| folder.display().to_string())?;
    let home = folder.join(template::hash());
    let options = Options {
        cluster_copied_from: Some(home.join("data")),
        ..options
    };
    let lock_path = folder.join("lock");
    let lock = File::create(&lock_path).with_context(|| lock_path.display().to_string())?;
    // Nobody removes a cluster while it is copied.
    let lock = lock_shared(lock).await?;
    if is_complete(&home) {
        touch(&home)?;
        return start_servers(options).await;
    }
    lock.unlock()?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    // Another process may have made it meanwhile.
    if !is_complete(&home) {
        make(&home).await?;
        remove_old(&folder, &home)?;
    }
    let started = start_servers(options).await?;
    drop(lock);
    Ok(started)
}

/// Creates the folder if it does not exist. The servers' user must be able to enter it, whatever the umask
/// is.
fn create(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o755)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

async fn lock_shared(lock: File) -> Result<File> {
    Ok(tokio::task::spawn_blocking(move || lock.lock_shared().map(|()| lock)).await??)
}

fn is_complete(home: &Path) -> bool {
    home.join(COMPLETE).is_file()
}

fn touch(home: &Path) -> Result<()> {
    let file = File::options().write(true).open(home.join(COMPLETE))?;
    Ok(file.set_modified(SystemTime::now())?)
}

/// Makes the cluster, or completes one that a killed process has left.
async fn make(home: &Path) -> Result<()> {
    print("making the database cluster of the tests");
    let options = Options {
        data_dir: Some(home.join("data")),
        broker: false,
        ..Options::default()
    };
    let stack = start_servers(options).await?;
    let made = template::ensure(&stack.database_url().parse()?).await;
    stack.stop().await?;
    made?;
    File::create(home.join(COMPLETE))?;
    Ok(())
}

/// Removes the clusters of other schemas that were used longest ago.
fn remove_old(folder: &Path, ours: &Path) -> Result<()> {
    let mut others: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let used = path.join(COMPLETE).metadata().and_then(|it| it.modified());
            let is_other = path.is_dir() && path != ours;
            is_other.then(|| (used.unwrap_or(SystemTime::UNIX_EPOCH), path))
        })
        .collect();
    others.sort();
    others.reverse();
    for (_, path) in others.into_iter().skip(OTHER_CLUSTERS_MAX) {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}
