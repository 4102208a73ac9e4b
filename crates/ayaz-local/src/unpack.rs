//! Turns Debian packages into programs that run from any directory, on any Linux.
//!
//! The packages are newer than the machine may be, so the programs must use the loader and the
//! libraries that came with them. `patchelf`, one of the packages, writes that into each program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::apt::Package;
use crate::command::run;

/// What is asked for; apt adds what these depend on.
pub(crate) const WANTED: [&str; 3] = ["postgresql-17-timescaledb", "mosquitto", "patchelf"];

/// The programs this crate runs, below the unpacked root.
const PROGRAMS: [&str; 5] = [
    "usr/lib/postgresql/17/bin/postgres",
    "usr/lib/postgresql/17/bin/initdb",
    "usr/lib/postgresql/17/bin/psql",
    "usr/sbin/mosquitto",
    "usr/bin/mosquitto_passwd",
];
const PATCHELF: &str = "usr/bin/patchelf";

const UNPACK_LIMIT: Duration = Duration::from_secs(120);

/// Of everything a package manager would install, the programs and the libraries they load.
/// Just-in-time compilation is switched off, which saves LLVM, a third of the whole.
pub(crate) fn is_needed(package: &Package) -> bool {
    let name = package.name.as_str();
    let program =
        WANTED.contains(&name) || ["postgresql-17", "postgresql-client-17"].contains(&name);
    let unused = [
        "libllvm", "libz3", "libperl", "libgdbm", "libpam-", "libsem", "libc-", "libdb5",
    ];
    program
        || (name.starts_with("lib")
            && !name.ends_with("-perl")
            && !unused.iter().any(|prefix| name.starts_with(prefix)))
}

/// Unpacks every package in `packages` into `root`.
pub(crate) async fn unpack(packages: &Path, root: &Path) -> Result<(), String> {
    let entries = fs::read_dir(packages).map_err(|error| error.to_string())?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(
                Command::new("dpkg-deb").arg("-x").arg(&path).arg(root),
                UNPACK_LIMIT,
            )
            .await?;
        }
    }
    Ok(())
}

/// Makes the programs in `root` use the loader and libraries they will have once `root` has been
/// moved to `home`.
pub(crate) async fn make_runnable(root: &Path, home: &Path) -> Result<(), String> {
    let loader = find_loader(root).ok_or("the unpacked packages hold no dynamic loader")?;
    let libraries = loader.parent().unwrap_or(root);
    let moved = |path: &Path| home.join(path.strip_prefix(root).unwrap_or(path));
    for program in PROGRAMS {
        let mut command = Command::new(&loader);
        command
            .arg("--library-path")
            .arg(libraries)
            .arg(root.join(PATCHELF));
        command.arg("--set-interpreter").arg(moved(&loader));
        // Forced: the old form of the search path also serves the libraries' own libraries.
        command
            .arg("--force-rpath")
            .arg("--set-rpath")
            .arg(moved(libraries));
        run(command.arg(root.join(program)), UNPACK_LIMIT).await?;
    }
    Ok(())
}

/// Checks, at their final place, that no program or extension lacks a library.
pub(crate) async fn check(home: &Path) -> Result<(), String> {
    let loader = find_loader(home).ok_or("the unpacked packages hold no dynamic loader")?;
    let libraries = loader.parent().unwrap_or(home);
    let mut files: Vec<PathBuf> = PROGRAMS.iter().map(|program| home.join(program)).collect();
    let extensions = home.join("usr/lib/postgresql/17/lib");
    let entries = fs::read_dir(&extensions).map_err(|error| error.to_string())?;
    files.extend(entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("timescaledb") && name.ends_with(".so")
    }));
    for file in files {
        let mut command = Command::new(&loader);
        command
            .arg("--library-path")
            .arg(libraries)
            .arg("--list")
            .arg(&file);
        let printed = run(&mut command, UNPACK_LIMIT).await?;
        if let Some(line) = printed.lines().find(|line| line.contains("not found")) {
            return Err(format!(
                "{} lacks a library: {}",
                file.display(),
                line.trim()
            ));
        }
    }
    // Starts through the paths written into it; fails where programs may not be run at all.
    run(
        Command::new(home.join(PROGRAMS[0])).arg("--version"),
        UNPACK_LIMIT,
    )
    .await
    .map(drop)
}

/// `usr/lib/<architecture>/ld-linux-<architecture>.so.N`
fn find_loader(root: &Path) -> Option<PathBuf> {
    let dirs = fs::read_dir(root.join("usr/lib")).ok()?;
    dirs.flatten()
        .filter_map(|dir| fs::read_dir(dir.path()).ok())
        .flatten()
        .flatten()
        .find_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name.starts_with("ld-linux") && name.contains(".so.")).then(|| entry.path())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_servers_are_needed_and_maintenance_tools_are_not() {
        for (name, needed) in [
            ("postgresql-17", true),
            ("postgresql-17-timescaledb", true),
            ("libc6", true),
            ("libpam0g", true),
            ("libllvm19", false),
            ("libjson-perl", false),
            ("perl", false),
            ("libc-l10n", false),
            ("passwd", false),
            ("postgresql-common", false),
        ] {
            let package = Package {
                name: name.to_owned(),
                size_bytes: 0,
            };
            assert_eq!(is_needed(&package), needed, "{name}");
        }
    }
}
