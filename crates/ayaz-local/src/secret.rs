//! Passwords, and addresses with a password.

use std::fmt;

use rand::distr::{Alphanumeric, SampleString};

use crate::error::LocalError;
use crate::folder::Folder;
use crate::user::ServerUser;

/// The file with a password.
pub(crate) const FILE: &str = "password";

/// Text that `Debug` does not show.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    /// The password in the folder. If there is none, writes a new random one that only the servers' user
    /// can read.
    pub(crate) fn kept_in(home: &Folder, user: Option<&ServerUser>) -> Result<Self, LocalError> {
        if let Some(password) = home.read(FILE)?.filter(|text| !text.is_empty()) {
            return Ok(Self(password));
        }
        let password = Alphanumeric.sample_string(&mut rand::rng(), 32);
        home.write_private(FILE, &format!("{password}\n"), user)?;
        Ok(Self(password))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_password_is_private_and_stays_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let home = Folder::open(dir.path()).unwrap();
        let path = dir.path().join(FILE);
        let first = Secret::kept_in(&home, None).unwrap();
        let second = Secret::kept_in(&home, None).unwrap();
        assert_eq!(first.0, second.0);
        assert_eq!(first.0.len(), 32);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(!format!("{first:?}").contains(&first.0));
    }
}
