//! Unpacked Debian packages in a cache directory, fetched once and shared by all processes: the servers
//! of Debian 13, and for tests the Mosquitto of other releases.

use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::apt::{Apt, Package, machine_mirror};
use crate::error::LocalError;
use crate::files;
use crate::locate::{MosquittoPrograms, PostgresPrograms};
use crate::unpack::{self, PackageSet};
use crate::user::{ServerUser, is_root};

/// Increment this when the unpacking changes: older caches are then fetched again.
const LAYOUT: u32 = 1;
/// How long to wait for the fetch of another process. Each of its steps has a shorter limit.
const LOCK_WAIT: Duration = Duration::from_secs(1500);
/// The prefix of a fetch in progress. A folder with it is a leftover if nobody holds the lock.
const WORK_PREFIX: &str = "work-";

/// Unpacked packages.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) home: PathBuf,
}

impl Bundle {
    /// The bundle in the cache directory, fetched if it is not there yet.
    pub(crate) async fn ensure(
        package_set: &PackageSet,
        missing: &str,
        user: Option<&ServerUser>,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let cache = open_cache(user).await?;
        let unavailable = |reason| LocalError::Unavailable {
            missing: missing.to_owned(),
            reason,
        };
        if let Some(bundle) = Self::complete(&cache, package_set) {
            return Ok(bundle);
        }
        let _lock = lock(&cache, progress).await?;
        // Another process may have fetched it during the wait.
        if let Some(bundle) = Self::complete(&cache, package_set) {
            return Ok(bundle);
        }
        remove_leftovers(&cache)?;
        let mirror = machine_mirror().await.map_err(unavailable)?;
        Self::fetch(package_set, &cache, &mirror, progress)
            .await
            .map_err(unavailable)
    }

    pub(crate) async fn postgres(&self) -> Option<PostgresPrograms> {
        let bin = self.home.join("usr/lib/postgresql/17/bin");
        PostgresPrograms::at(&bin, &self.home.join("usr/share/postgresql/17")).await
    }

    pub(crate) fn mosquitto(&self) -> MosquittoPrograms {
        MosquittoPrograms {
            broker: self.home.join("usr/sbin/mosquitto"),
            passwd: self.home.join("usr/bin/mosquitto_passwd"),
        }
    }

    /// The bundle, if it is complete: the stamp is written last.
    fn complete(cache: &Path, package_set: &PackageSet) -> Option<Self> {
        let home = cache.join(&package_set.directory);
        let stamp = fs::read_to_string(home.join("stamp")).ok()?;
        (stamp == stamp_text(&home)).then_some(Self { home })
    }

    async fn fetch(
        package_set: &PackageSet,
        cache: &Path,
        mirror: &str,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, String> {
        if !Path::new("/usr/share/zoneinfo/UTC").exists() {
            // The packaged PostgreSQL looks for them only there.
            return Err(
                "time zones are missing in /usr/share/zoneinfo (package tzdata)".to_owned(),
            );
        }
        let started = Instant::now();
        let work = tempfile::Builder::new()
            .prefix(WORK_PREFIX)
            // As root, apt-get downloads as another user.
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in(cache)
            .map_err(|error| format!("{}: {error}", cache.display()))?;
        progress("reading Debian's package lists");
        let apt = Apt::new(work.path(), mirror, &package_set.suite).await?;
        apt.update().await?;
        let mut packages = apt.resolve(package_set.wanted).await?;
        packages.retain(|package| package_set.needs(package));
        progress(&fetching(&packages, cache));
        let (debs, root) = (work.path().join("debs"), work.path().join("root"));
        files::create_dir(&debs, 0o755).map_err(|error| error.to_string())?;
        files::create_dir(&root, 0o755).map_err(|error| error.to_string())?;
        apt.download(&packages, &debs).await?;
        unpack::unpack(&debs, &root).await?;

        let home = cache.join(&package_set.directory);
        unpack::make_runnable(package_set, &root, &home).await?;
        let moved = remove_dir(&home).and_then(|()| fs::rename(&root, &home));
        moved.map_err(|error| format!("{}: {error}", home.display()))?;
        unpack::check(package_set, &home).await?;
        let stamp = home.join("stamp");
        // Every user of this cache must be able to read it, whatever the umask is.
        let stamped = fs::write(&stamp, stamp_text(&home))
            .and_then(|()| fs::set_permissions(&stamp, Permissions::from_mode(0o644)));
        stamped.map_err(|error| format!("{}: {error}", stamp.display()))?;
        progress(&format!(
            "fetched and unpacked in {:.0} s",
            started.elapsed().as_secs_f64()
        ));
        Ok(Self { home })
    }
}

fn fetching(packages: &[Package], cache: &Path) -> String {
    let bytes: u64 = packages.iter().map(|package| package.size_bytes).sum();
    let (count, megabytes) = (packages.len(), bytes / 1_000_000);
    format!(
        "fetching {count} packages ({megabytes} MB) into {}",
        cache.display()
    )
}

/// The programs contain the path that they were unpacked to, so a moved bundle is invalid.
fn stamp_text(home: &Path) -> String {
    format!("layout {LAYOUT} at {}\n", home.display())
}

/// `AYAZ_CACHE_DIR`, else the user's cache directory. Not root's own, which the servers' user cannot read.
fn cache_dir() -> Result<PathBuf, LocalError> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(given) = set("AYAZ_CACHE_DIR") {
        return Ok(given);
    }
    if is_root() {
        return Ok(PathBuf::from("/var/cache/ayaz"));
    }
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    base.map(|base| base.join("ayaz"))
        .ok_or_else(|| LocalError::Directory {
            path: PathBuf::from("~/.cache"),
            reason: "neither HOME nor XDG_CACHE_HOME is set; set AYAZ_CACHE_DIR".to_owned(),
        })
}

/// The cache directory, created if it is not there.
pub(crate) async fn open_cache(user: Option<&ServerUser>) -> Result<PathBuf, LocalError> {
    let cache = cache_dir()?;
    let created = files::create_dir(&cache, 0o755)?;
    let cache = cache
        .canonicalize()
        .map_err(LocalError::io("resolve", &cache))?;
    if let Some(user) = user {
        let readable = check_readable(&cache, user).await;
        if readable.is_err() && created {
            // It is still empty; remove it, because it cannot be used.
            let _ = fs::remove_dir(&cache);
        }
        readable?;
    }
    Ok(cache)
}

async fn check_readable(cache: &Path, user: &ServerUser) -> Result<(), LocalError> {
    if user.can("-x", cache).await {
        return Ok(());
    }
    Err(LocalError::Directory {
        path: cache.to_owned(),
        reason: format!(
            "you are root, so the servers run as user {}, who cannot read this cache directory; \
             set AYAZ_CACHE_DIR to a directory that every user can read",
            user.name
        ),
    })
}

/// The lock of the fetching process. The kernel releases it if the process dies.
async fn lock(cache: &Path, progress: &mut impl FnMut(&str)) -> Result<File, LocalError> {
    let path = cache.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o644)
        .open(&path)
        .map_err(LocalError::io("create", &path))?;
    let deadline = Instant::now() + LOCK_WAIT;
    let mut reported = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                if !reported {
                    progress("waiting for another process to fetch the servers");
                    reported = true;
                }
                sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(LocalError::io("lock", &path)(error.into())),
        }
    }
}

/// Removes what killed processes have left. The caller must hold the lock.
fn remove_leftovers(cache: &Path) -> Result<(), LocalError> {
    let entries = fs::read_dir(cache).map_err(LocalError::io("list", cache))?;
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(WORK_PREFIX) {
            // The apt-get of the killed process may still write there; the next fetch tries again.
            let _ = remove_dir(&entry.path());
        }
    }
    Ok(())
}

fn remove_dir(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_unreachable_mirror_gives_the_error_of_apt_soon_and_leaves_no_files() {
        let cache = tempfile::tempdir().unwrap();
        let started = Instant::now();
        // Nobody listens on the discard port.
        let result = Bundle::fetch(
            &PackageSet::servers(),
            cache.path(),
            "http://127.0.0.1:9/debian",
            &mut |_| {},
        )
        .await;
        let reason = result.unwrap_err();
        assert!(reason.contains("127.0.0.1"), "{reason}");
        assert!(reason.lines().count() < 10, "{reason}");
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_bundle_without_a_stamp_or_at_another_path_is_invalid() {
        let cache = tempfile::tempdir().unwrap();
        let servers = PackageSet::servers();
        let home = cache.path().join(&servers.directory);
        fs::create_dir(&home).unwrap();
        assert!(Bundle::complete(cache.path(), &servers).is_none());
        fs::write(home.join("stamp"), stamp_text(Path::new("/elsewhere"))).unwrap();
        assert!(Bundle::complete(cache.path(), &servers).is_none());
        fs::write(home.join("stamp"), stamp_text(&home)).unwrap();
        assert!(Bundle::complete(cache.path(), &servers).is_some());
    }

    #[tokio::test]
    async fn one_process_fetches_and_the_others_wait() {
        let cache = tempfile::tempdir().unwrap();
        let first = lock(cache.path(), &mut |_| {}).await.unwrap();
        let mut reported = Vec::new();
        let mut progress = |line: &str| reported.push(line.to_owned());
        let waiting = lock(cache.path(), &mut progress);
        assert!(
            tokio::time::timeout(Duration::from_millis(500), waiting)
                .await
                .is_err()
        );
        assert_eq!(
            reported,
            ["waiting for another process to fetch the servers"]
        );
        drop(first);
        lock(cache.path(), &mut |_| {}).await.unwrap();
    }

    #[test]
    fn leftovers_of_a_killed_fetch_are_removed_and_the_rest_stays() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(cache.path().join("work-abc/root")).unwrap();
        fs::create_dir_all(cache.path().join("debian-13")).unwrap();
        remove_leftovers(cache.path()).unwrap();
        assert!(!cache.path().join("work-abc").exists());
        assert!(cache.path().join("debian-13").exists());
    }
}
