//! Finds PostgreSQL with TimescaleDB, and Mosquitto, installed on this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::command::run;

/// The major versions of PostgreSQL that Ayaz supports.
const POSTGRES_MAJOR: std::ops::RangeInclusive<u32> = 15..=18;
/// The oldest TimescaleDB the schema needs.
const TIMESCALEDB_OLDEST: (u32, u32) = (2, 19);
const ASK_LIMIT: Duration = Duration::from_secs(20);

/// A PostgreSQL that can load TimescaleDB.
#[derive(Debug, Clone)]
pub(crate) struct PostgresPrograms {
    /// The directory with `postgres`, `initdb` and `psql`.
    pub(crate) bin: PathBuf,
    /// Such as `17.5`.
    pub(crate) version: String,
    /// Such as `2.19.3`.
    pub(crate) timescaledb_version: String,
}

impl PostgresPrograms {
    /// Checks one installation; `None` if something is missing or too old.
    pub(crate) async fn at(bin: &Path, share: &Path) -> Option<Self> {
        if !["postgres", "initdb", "psql"]
            .iter()
            .all(|name| bin.join(name).is_file())
        {
            return None;
        }
        let control = fs::read_to_string(share.join("extension/timescaledb.control")).ok()?;
        let timescaledb_version = default_version(&control)?;
        if leading_numbers(&timescaledb_version)? < TIMESCALEDB_OLDEST {
            return None;
        }
        let printed = ask(bin.join("postgres"), "--version").await?;
        let version = printed.split_whitespace().nth(2)?.to_owned();
        let (major, _) = leading_numbers(&version)?;
        let bin = bin.to_owned();
        POSTGRES_MAJOR.contains(&major).then_some(Self {
            bin,
            version,
            timescaledb_version,
        })
    }
}

/// A Mosquitto broker and its password tool.
#[derive(Debug, Clone)]
pub(crate) struct MosquittoPrograms {
    pub(crate) broker: PathBuf,
    pub(crate) passwd: PathBuf,
}

/// The newest suitable PostgreSQL installed here.
pub(crate) async fn postgres() -> Option<PostgresPrograms> {
    let mut found: Vec<(u32, PostgresPrograms)> = Vec::new();
    for bin in postgres_bin_dirs().await {
        let Some(share) = ask(bin.join("pg_config"), "--sharedir").await else {
            continue;
        };
        if let Some(programs) = PostgresPrograms::at(&bin, Path::new(share.trim())).await {
            found.push((
                leading_numbers(&programs.version).map_or(0, |(major, _)| major),
                programs,
            ));
        }
    }
    found
        .into_iter()
        .max_by_key(|(major, _)| *major)
        .map(|(_, programs)| programs)
}

async fn postgres_bin_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for version in POSTGRES_MAJOR {
        dirs.push(PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
        dirs.push(PathBuf::from(format!("/usr/pgsql-{version}/bin")));
    }
    if let Some(bin) = ask("pg_config", "--bindir").await {
        dirs.push(PathBuf::from(bin.trim()));
    }
    dirs.retain(|dir| dir.join("pg_config").is_file());
    dirs
}

/// The Mosquitto installed here.
pub(crate) async fn mosquitto() -> Option<MosquittoPrograms> {
    let broker = on_path("mosquitto")?;
    let passwd = on_path("mosquitto_passwd")?;
    // It has no option that prints the version and succeeds: `-h` exits with 3.
    let output = Command::new(&broker).arg("-h").output().await.ok()?;
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = help.lines().next()?.split_whitespace().nth(2)?.to_owned();
    (leading_numbers(&version)?.0 == 2).then_some(MosquittoPrograms { broker, passwd })
}

/// A program on the search path, or in the directories of Debian's servers, which are not on the search
/// path of ordinary users.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|program| program.is_absolute() && program.is_file())
}

async fn ask(program: impl AsRef<OsStr>, question: &str) -> Option<String> {
    run(Command::new(program).arg(question), ASK_LIMIT)
        .await
        .ok()
}

/// `default_version = '2.19.3'` in an extension's control file.
fn default_version(control: &str) -> Option<String> {
    let line = control
        .lines()
        .find(|line| line.trim_start().starts_with("default_version"))?;
    Some(line.split('\'').nth(1)?.to_owned())
}

/// The first two numbers of a version: `(17, 5)` of `17.5 (Debian)`, `(18, 0)` of `18beta1`.
fn leading_numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| {
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        part[..end].parse::<u32>().ok()
    });
    let major = parts.next()??;
    Some((major, parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_numbers() {
        for (text, numbers) in [
            ("17.5 (Debian 17.5-1)", Some((17, 5))),
            ("18beta1", Some((18, 0))),
            ("2.19.3", Some((2, 19))),
            ("2.9.3", Some((2, 9))),
            ("devel", None),
        ] {
            assert_eq!(leading_numbers(text), numbers, "{text}");
        }
        assert!(leading_numbers("2.9.3") < Some(TIMESCALEDB_OLDEST));
    }

    #[test]
    fn the_extension_version_is_read_from_the_control_file() {
        let control = "# timescaledb\ncomment = 'x'\ndefault_version = '2.19.3'\n";
        assert_eq!(default_version(control).as_deref(), Some("2.19.3"));
    }

    #[tokio::test]
    async fn a_postgresql_without_timescaledb_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["postgres", "initdb", "psql"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        assert!(PostgresPrograms::at(dir.path(), dir.path()).await.is_none());
    }
}
