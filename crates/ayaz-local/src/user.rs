//! The user that the servers run as. PostgreSQL refuses to run as root, so root uses another user.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::error::LocalError;

/// The user the servers run as when this process is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUser {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl ServerUser {
    /// `None` if this process is not root: its own user runs the servers.
    pub(crate) fn needed() -> Result<Option<Self>, LocalError> {
        if !is_root() {
            return Ok(None);
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(LocalError::io("read", path))?;
        match find(&passwd, "postgres").or_else(|| find(&passwd, "nobody")) {
            Some(user) => Ok(Some(user)),
            None => Err(LocalError::Prepare {
                server: "PostgreSQL",
                reason: "it cannot run as root, and there is no user `postgres` or `nobody`"
                    .to_owned(),
            }),
        }
    }

    /// Whether `test CHECK path` (such as `-x`) succeeds for this user. It runs as that user, because the
    /// rights on all parent directories matter too.
    pub(crate) async fn can(&self, check: &str, path: &Path) -> bool {
        let mut command = plain_command("/bin/sh", Some(self));
        command
            .args(["-c", "test \"$1\" \"$2\"", "sh", check])
            .arg(path)
            .current_dir("/");
        command.status().await.is_ok_and(|status| status.success())
    }
}

/// A command that runs as `user`. Of our environment it gets only the search path: variables such as
/// `PGDATA` or `LD_LIBRARY_PATH` would change the private servers.
pub(crate) fn plain_command(program: impl AsRef<OsStr>, user: Option<&ServerUser>) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Whether the effective user of this process is root.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_uid(&status) == Some(0)
}

/// From the line `Uid: real effective saved filesystem`.
fn effective_uid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn find(passwd: &str, name: &str) -> Option<ServerUser> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let mut ids = fields.skip(1).map(|field| field.parse().ok());
        let (uid, gid) = (ids.next()??, ids.next()??);
        (uid != 0).then(|| ServerUser {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:8::/:/bin/sh\nnobody:x:65534:65533:n:/:/x\n";
        assert_eq!(find(passwd, "postgres"), None);
        assert_eq!(find(passwd, "root"), None, "servers never run as root");
        let nobody = find(passwd, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
    }

    #[test]
    fn the_effective_user_id_is_the_second_number() {
        assert_eq!(
            effective_uid("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n"),
            Some(0)
        );
        assert_eq!(effective_uid("Name:\tx\n"), None);
    }
}
