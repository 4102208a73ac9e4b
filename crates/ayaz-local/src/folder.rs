//! A folder that stays open: its files are opened relative to it, and links are never followed. As root,
//! this process writes in folders of the servers' user. That user could otherwise place a link there and
//! make root write to any file.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::error::LocalError;
use crate::user::ServerUser;

/// Only the owner has access.
const PRIVATE_FOLDER: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// How much of a small file is read, such as one with a port. We write no larger ones.
const SMALL_BYTES: u64 = 4_096;

/// An open folder. Clones share the descriptor.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    descriptor: Arc<OwnedFd>,
}

impl Folder {
    /// Opens a folder. The path must not be a link.
    pub(crate) fn open(path: &Path) -> Result<Self, LocalError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty());
        Ok(Self {
            path: path.to_owned(),
            descriptor: Arc::new(opened.map_err(refused("open", path))?),
        })
    }

    /// The path, for messages and for programs that run as the servers' user.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder private and changes its owner to the servers' user.
    pub(crate) fn make_private(&self, user: Option<&ServerUser>) -> Result<(), LocalError> {
        rustix::fs::fchmod(&self.descriptor, PRIVATE_FOLDER)
            .map_err(refused("set the mode of", &self.path))?;
        match user {
            Some(user) => fchown(&self.descriptor, Some(user.uid), Some(user.gid))
                .map_err(LocalError::io("change the owner of", &self.path)),
            None => Ok(()),
        }
    }

    /// Opens the folder `name` in this one. If it does not exist, creates it, private to the user.
    pub(crate) fn folder(&self, name: &str, user: Option<&ServerUser>) -> Result<Self, LocalError> {
        let path = self.path.join(name);
        let created = match rustix::fs::mkdirat(&self.descriptor, name, PRIVATE_FOLDER) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(refused("create", &path)(error)),
        };
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty());
        let folder = Self {
            descriptor: Arc::new(opened.map_err(refused("open", &path))?),
            path,
        };
        if created {
            folder.make_private(user)?;
        }
        Ok(folder)
    }

    /// Opens a file in the folder to append to or to lock. A new file is private.
    pub(crate) fn append(&self, name: &str) -> Result<File, LocalError> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE;
        self.file(name, flags)
    }

    /// The trimmed text of a small file; `None` if it does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, LocalError> {
        let path = self.path.join(name);
        let Some(file) = self.existing(name)? else {
            return Ok(None);
        };
        let mut text = String::new();
        file.take(SMALL_BYTES)
            .read_to_string(&mut text)
            .map_err(LocalError::io("read", &path))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// The last `bytes_max` bytes of a file, without its first `offset` bytes; empty if it cannot be read.
    pub(crate) fn tail(&self, name: &str, offset: u64, bytes_max: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Ok(Some(mut file)) = self.existing(name) {
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            let start = offset.max(length.saturating_sub(bytes_max));
            if file.seek(SeekFrom::Start(start)).is_ok() {
                // If reading fails, the part before the error is returned.
                let _ = file.take(bytes_max).read_to_end(&mut bytes);
            }
        }
        bytes
    }

    /// Writes a file that only the user can read. Replaces an old one.
    pub(crate) fn write_private(
        &self,
        name: &str,
        text: &str,
        user: Option<&ServerUser>,
    ) -> Result<(), LocalError> {
        let path = self.path.join(name);
        self.remove(name)?;
        let mut file = self.file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
        file.write_all(text.as_bytes())
            .map_err(LocalError::io("write", &path))?;
        match user {
            Some(user) => fchown(&file, Some(user.uid), Some(user.gid))
                .map_err(LocalError::io("change the owner of", &path)),
            None => Ok(()),
        }
    }

    /// Removes a file or link.
    pub(crate) fn remove(&self, name: &str) -> Result<(), LocalError> {
        match rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(refused("remove", &self.path.join(name))(error)),
        }
    }

    fn existing(&self, name: &str) -> Result<Option<File>, LocalError> {
        match self.file(name, OFlags::RDONLY) {
            Ok(file) => Ok(Some(file)),
            Err(LocalError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn file(&self, name: &str, flags: OFlags) -> Result<File, LocalError> {
        let path = self.path.join(name);
        // Opening a pipe must not block.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = rustix::fs::openat(&self.descriptor, name, flags, PRIVATE_FILE);
        let file: File = opened.map_err(refused("open", &path))?.into();
        let metadata = file.metadata().map_err(LocalError::io("open", &path))?;
        match why_foreign(&metadata) {
            Some(reason) => Err(LocalError::io("open", &path)(io::Error::other(reason))),
            None => Ok(file),
        }
    }
}

/// Why we cannot have created this file; `None` if we can.
fn why_foreign(file: &Metadata) -> Option<&'static str> {
    if !file.is_file() {
        Some("it is not a regular file: remove it")
    } else if file.nlink() > 1 {
        Some("it is a hard link, it has another name: remove it")
    } else {
        None
    }
}

fn refused(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> LocalError {
    let path = path.to_owned();
    move |error| {
        let source = match error {
            Errno::NOTDIR => io::Error::other("it is not a folder, or is a link: remove it"),
            Errno::LOOP => io::Error::other("it is a symbolic link: remove it"),
            error => error.into(),
        };
        LocalError::io(action, &path)(source)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("ours")).unwrap();
        fs::create_dir(path("foreign")).unwrap();
        fs::write(path("foreign/file"), "foreign").unwrap();
        let ours = Folder::open(&path("ours")).unwrap();
        symlink(path("foreign"), path("ours/home")).unwrap();
        symlink(path("foreign/file"), path("ours/log")).unwrap();
        symlink(path("foreign/new"), path("ours/new")).unwrap();
        fs::hard_link(path("foreign/file"), path("ours/hard")).unwrap();

        for (refused, word) in [
            (ours.folder("home", None).map(drop), "home"),
            (ours.append("log").map(drop), "a symbolic link"),
            (ours.append("new").map(drop), "a symbolic link"),
            (ours.append("hard").map(drop), "a hard link"),
            (ours.read("log").map(drop), "a symbolic link"),
            (Folder::open(&path("ours/home")).map(drop), "home"),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(ours.tail("log", 0, 100).is_empty());
        // The link is replaced, and its target stays.
        ours.write_private("log", "ours", None).unwrap();
        ours.write_private("hard", "ours", None).unwrap();
        assert_eq!(fs::read_to_string(path("foreign/file")).unwrap(), "foreign");
        assert!(!path("foreign/new").exists());
        assert_eq!(ours.read("log").unwrap().as_deref(), Some("ours"));
        assert_eq!(ours.read("none").unwrap(), None);
    }

    #[test]
    fn a_folder_that_is_replaced_by_a_link_is_still_the_opened_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("ours")).unwrap();
        fs::create_dir(path("foreign")).unwrap();
        let ours = Folder::open(&path("ours")).unwrap();
        fs::rename(path("ours"), path("moved")).unwrap();
        symlink(path("foreign"), path("ours")).unwrap();
        ours.folder("home", None).unwrap();
        ours.write_private("file", "ours", None).unwrap();
        assert_eq!(fs::read_dir(path("foreign")).unwrap().count(), 0);
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("moved/home"), mode("moved/file")), (0o700, 0o600));
    }
}
