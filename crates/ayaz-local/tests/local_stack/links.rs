//! The access rights of the servers' files, and links among them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use ayaz_local::{LocalStack, Options, skips_server_tests};

use crate::owner::{Owner, kill, wait_until_gone};
use crate::{only_database, reachable_tempdir};

#[tokio::test]
async fn other_users_can_read_no_file_whatever_the_umask_is() {
    if skips_server_tests() {
        return;
    }
    let dir = reachable_tempdir();
    let kept = dir.path().join("kept");
    for data_dir in [None, Some(kept.as_path())] {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "umask 000; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap());
        let mut owner = Owner::spawn_by(command, "wait", data_dir);
        let mut seen = 0;
        check_private(owner.data_dir(), &mut seen);
        assert!(seen > 100, "{seen} files and folders");
        kill(owner.process.id());
        owner.process.wait().unwrap();
        wait_until_gone(&owner.servers).await;
    }
}

fn check_private(path: &Path, seen: &mut usize) {
    // A server may have removed the file meanwhile.
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return;
    };
    *seen += 1;
    let mode = metadata.permissions().mode();
    assert_eq!(mode & 0o077, 0, "{} has the mode {mode:o}", path.display());
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            check_private(&entry.path(), seen);
        }
    }
}

#[tokio::test]
async fn root_follows_no_link_of_the_servers_user() {
    if skips_server_tests() {
        return;
    }
    let Some((uid, gid)) = user_of_root() else {
        println!("skipped: only root runs the servers as another user");
        return;
    };
    for link in [
        "lock",
        "postgres",
        "postgres/port",
        "postgres/password",
        "postgres/server.log",
    ] {
        let dir = reachable_tempdir();
        let (data, foreign) = (dir.path().join("data"), dir.path().join("foreign"));
        let file = foreign.join("file");
        fs::create_dir(&foreign).unwrap();
        fs::write(&file, "17").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        for folder in [data.clone(), data.join("postgres")] {
            if folder != data.join(link) {
                fs::create_dir(&folder).unwrap();
                chown(&folder, Some(uid), Some(gid)).unwrap();
            }
        }
        let target = if link == "postgres" { &foreign } else { &file };
        symlink(target, data.join(link)).unwrap();

        let options = Options {
            data_dir: Some(data),
            ..only_database()
        };
        let started = LocalStack::start(options, |_| {}).await;
        let error = started.map(drop).unwrap_err().to_string();
        assert!(
            error.contains(link) && error.contains("link"),
            "{link}: {error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "17", "{link}");
        for path in [&foreign, &file] {
            let metadata = fs::metadata(path).unwrap();
            assert_eq!(
                (metadata.uid(), metadata.gid()),
                (0, 0),
                "{link}: {}",
                path.display()
            );
        }
        assert_eq!(fs::read_dir(&foreign).unwrap().count(), 1, "{link}");
    }
}

/// The user that the servers run as if this process is root.
fn user_of_root() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = passwd
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        Some((ids.next()?, ids.next()?))
    };
    user("postgres").or_else(|| user("nobody"))
}
