//! The Mosquitto of a Debian release, for tests on more than one version.

use std::fs;
use std::path::PathBuf;

use crate::bundle::Bundle;
use crate::error::LocalError;
use crate::unpack::PackageSet;
use crate::user::ServerUser;

/// Mosquitto of a release, with its clients and plugins, unpacked in the cache directory.
#[derive(Debug, Clone)]
pub struct MosquittoRelease {
    suite: String,
    home: PathBuf,
}

impl MosquittoRelease {
    /// The Mosquitto of a suite such as `trixie`, fetched if it is not in the cache.
    ///
    /// # Errors
    ///
    /// [`LocalError::Unavailable`] if it cannot be fetched.
    pub async fn fetch(suite: &str, mut progress: impl FnMut(&str)) -> Result<Self, LocalError> {
        let package_set = PackageSet::mosquitto(suite);
        let missing = format!("Mosquitto of Debian's {suite}");
        let user = ServerUser::needed()?;
        let bundle = Bundle::ensure(&package_set, &missing, user.as_ref(), &mut progress).await?;
        Ok(Self {
            suite: package_set.suite,
            home: bundle.home,
        })
    }

    /// The release's name.
    pub fn suite(&self) -> &str {
        &self.suite
    }

    /// The broker's program.
    pub fn broker(&self) -> PathBuf {
        self.home.join("usr/sbin/mosquitto")
    }

    /// The directory of `mosquitto_pub`, `mosquitto_sub`, `mosquitto_passwd` and `mosquitto_ctrl`.
    pub fn tools(&self) -> PathBuf {
        self.home.join("usr/bin")
    }

    /// A plugin such as `mosquitto_dynamic_security.so`; `None` if the release does not have it.
    pub fn plugin(&self, file: &str) -> Option<PathBuf> {
        let directories = fs::read_dir(self.home.join("usr/lib")).ok()?;
        directories.flatten().find_map(|directory| {
            // Since 2.1, plugins have a folder of their own.
            let below = ["", "mosquitto"].map(|folder| directory.path().join(folder).join(file));
            below.into_iter().find(|path| path.is_file())
        })
    }
}
