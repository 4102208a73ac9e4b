//! Turns Debian packages into programs that run from any directory, on any Linux.
//!
//! The packages may be newer than the machine, so the programs must use the loader and the libraries of
//! the packages. `patchelf`, one of the packages, writes their paths into each program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::apt::Package;
use crate::command::run;

const PATCHELF: &str = "usr/bin/patchelf";

const UNPACK_LIMIT: Duration = Duration::from_secs(120);

/// The packages to fetch, and their release.
#[derive(Debug)]
pub(crate) struct PackageSet {
    /// Its name in the cache directory.
    pub(crate) directory: String,
    /// Debian's name of the release.
    pub(crate) suite: String,
    /// The requested packages. apt adds their dependencies.
    pub(crate) wanted: &'static [&'static str],
    /// The paths of the programs, relative to the unpacked root. The check asks the first for its version.
    programs: &'static [&'static str],
}

impl PackageSet {
    /// PostgreSQL with TimescaleDB, and Mosquitto.
    pub(crate) fn servers() -> Self {
        Self {
            directory: "debian-13".to_owned(),
            suite: "trixie".to_owned(),
            wanted: &["postgresql-17-timescaledb", "mosquitto", "patchelf"],
            programs: &[
                "usr/lib/postgresql/17/bin/postgres",
                "usr/lib/postgresql/17/bin/initdb",
                "usr/lib/postgresql/17/bin/psql",
                "usr/sbin/mosquitto",
                "usr/bin/mosquitto_passwd",
            ],
        }
    }

    /// Mosquitto of a release, with its clients.
    pub(crate) fn mosquitto(suite: &str) -> Self {
        Self {
            directory: format!("mosquitto-{suite}"),
            suite: suite.to_owned(),
            wanted: &["mosquitto", "mosquitto-clients", "patchelf"],
            programs: &[
                "usr/bin/mosquitto_sub",
                "usr/bin/mosquitto_pub",
                "usr/bin/mosquitto_passwd",
                "usr/bin/mosquitto_ctrl",
                "usr/sbin/mosquitto",
            ],
        }
    }

    /// Whether a package has one of the programs or a library that they load. Just-in-time compilation is
    /// off, so LLVM, a third of the size, is not needed.
    pub(crate) fn needs(&self, package: &Package) -> bool {
        let name = package.name.as_str();
        let program = self.wanted.contains(&name)
            || ["postgresql-17", "postgresql-client-17"].contains(&name);
        let unused = [
            "libllvm", "libz3", "libperl", "libgdbm", "libpam-", "libsem", "libc-", "libdb5",
        ];
        program
            || (name.starts_with("lib")
                && !name.ends_with("-perl")
                && !unused.iter().any(|prefix| name.starts_with(prefix)))
    }
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
    let old = root.join("lib");
    if old.is_dir() && !old.is_symlink() {
        // Before Debian 13, the loader and some libraries are there.
        let into = root.join("usr/lib");
        let mut copy = Command::new("cp");
        run(copy.arg("-a").arg(old.join(".")).arg(into), UNPACK_LIMIT).await?;
    }
    Ok(())
}

/// Makes the programs in `root` use the loader and libraries in `home`, where `root` is moved later.
pub(crate) async fn make_runnable(
    package_set: &PackageSet,
    root: &Path,
    home: &Path,
) -> Result<(), String> {
    let loader = find_loader(root).ok_or("the unpacked packages hold no dynamic loader")?;
    let libraries = loader.parent().unwrap_or(root);
    link_libraries(libraries).map_err(|error| format!("{}: {error}", libraries.display()))?;
    let moved = |path: &Path| home.join(path.strip_prefix(root).unwrap_or(path));
    for program in package_set.programs {
        let mut command = Command::new(&loader);
        command
            .arg("--library-path")
            .arg(libraries)
            .arg(root.join(PATCHELF));
        command.arg("--set-interpreter").arg(moved(&loader));
        // The old form of the search path is needed: libraries search it for their own libraries too.
        command
            .arg("--force-rpath")
            .arg("--set-rpath")
            .arg(moved(libraries));
        run(command.arg(root.join(program)), UNPACK_LIMIT).await?;
    }
    Ok(())
}

/// Checks in the final directory that no program or extension lacks a library.
pub(crate) async fn check(package_set: &PackageSet, home: &Path) -> Result<(), String> {
    let loader = find_loader(home).ok_or("the unpacked packages hold no dynamic loader")?;
    let libraries = loader.parent().unwrap_or(home);
    let programs = package_set.programs.iter();
    let mut files: Vec<PathBuf> = programs.map(|program| home.join(program)).collect();
    // Without PostgreSQL among the programs, there is no such folder.
    let extensions = fs::read_dir(home.join("usr/lib/postgresql/17/lib"));
    let entries = extensions.into_iter().flatten().flatten();
    files.extend(entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("timescaledb") && name.ends_with(".so")
    }));
    for file in &files {
        let mut command = Command::new(&loader);
        command
            .arg("--library-path")
            .arg(libraries)
            .arg("--list")
            .arg(file);
        let printed = run(&mut command, UNPACK_LIMIT).await?;
        if let Some(line) = printed.lines().find(|line| line.contains("not found")) {
            return Err(format!(
                "{} lacks a library: {}",
                file.display(),
                line.trim()
            ));
        }
    }
    // The start uses the paths in the program. It fails where the file system forbids programs.
    let mut version = Command::new(&files[0]);
    match run(version.arg("--version"), UNPACK_LIMIT).await {
        // Mosquitto's programs print their version and fail.
        Err(printed) if !printed.contains(" version ") => Err(printed),
        _ => Ok(()),
    }
}

/// Adds the links that programs use to find a library, such as `libx.so.1` for `libx.so.1.2`. Some
/// packages let a system trigger create them.
fn link_libraries(libraries: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(libraries)? {
        let file = entry?.file_name();
        let name = file.to_string_lossy();
        let Some((stem, version)) = name.split_once(".so.") else {
            continue;
        };
        let major = version.split('.').next().unwrap_or(version);
        let link = libraries.join(format!("{stem}.so.{major}"));
        if !link.exists() {
            std::os::unix::fs::symlink(&file, link)?;
        }
    }
    Ok(())
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
    fn servers_and_libraries_are_needed_and_maintenance_tools_are_not() {
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
            assert_eq!(PackageSet::servers().needs(&package), needed, "{name}");
        }
    }
}
