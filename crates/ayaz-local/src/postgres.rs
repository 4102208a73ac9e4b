//! A private PostgreSQL cluster with TimescaleDB.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::run;
use crate::error::LocalError;
use crate::folder::Folder;
use crate::locate::PostgresPrograms;
use crate::options::Options;
use crate::secret::{self, Secret};
use crate::user::{ServerUser, plain_command};

pub(crate) const NAME: &str = "PostgreSQL";
/// SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one, which recovers on next start.
pub(crate) const STOP_SIGNALS: &[&str] = &["INT", "QUIT", "KILL"];

/// The superuser and the database.
const AYAZ: &str = "ayaz";
/// A cluster that is being made.
const UNFINISHED: &str = "data.new";
/// The file that says which versions made the cluster.
const MADE_BY: &str = "made_by";
const INITDB_LIMIT: Duration = Duration::from_secs(180);
const QUERY_LIMIT: Duration = Duration::from_secs(30);

/// For a machine with a few GB of memory that also runs the other programs. Durability stays on:
/// measurements without it would mean nothing.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=100",
    "shared_preload_libraries=timescaledb",
    "timescaledb.telemetry_level=off",
    "timescaledb.max_background_workers=8",
    "max_worker_processes=16",
    "max_parallel_workers=2",
    "max_locks_per_transaction=256",
    "jit=off",
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "maintenance_work_mem=128MB",
    "work_mem=16MB",
    "max_wal_size=4GB",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] ",
    "logging_collector=off",
    "log_destination=stderr",
];

/// A cluster in `home`: its data in `data`, its superuser's password in `password`.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: PostgresPrograms,
    data: PathBuf,
    password: Secret,
    shared_buffers_mb: u32,
}

impl Cluster {
    /// Opens the cluster in `home`, or makes a new one.
    pub(crate) async fn open(
        programs: PostgresPrograms,
        home: &Folder,
        user: Option<&ServerUser>,
        options: &Options,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let data = home.path().join("data");
        let is_new = !data.is_dir();
        let source = options.cluster_copied_from.as_deref();
        let copied = match source.filter(|_| is_new) {
            Some(source) => copy(source, &programs, home, user).await?,
            None => false,
        };
        let password = Secret::kept_in(home, user)?;
        if is_new && !copied {
            progress(&format!(
                "creating a database cluster in {}",
                data.display()
            ));
            create(&programs, home, user).await?;
        }
        Ok(Self {
            programs,
            data,
            password,
            shared_buffers_mb: options.shared_buffers_mb,
        })
    }

    pub(crate) fn description(&self) -> String {
        description(&self.programs)
    }

    pub(crate) fn url(&self, port: u16) -> Secret {
        Secret(format!(
            "postgres://{AYAZ}:{}@127.0.0.1:{port}/{AYAZ}",
            self.password.0
        ))
    }

    pub(crate) fn command(&self, port: u16) -> Vec<OsString> {
        let mut command = vec![self.programs.bin.join("postgres").into_os_string()];
        command.extend(["-D".into(), self.data.clone().into_os_string()]);
        command.extend(["-p".into(), port.to_string().into()]);
        for setting in SETTINGS {
            command.extend(["-c".into(), setting.into()]);
        }
        let shared_buffers = format!("shared_buffers={}MB", self.shared_buffers_mb);
        command.extend(["-c".into(), shared_buffers.into()]);
        command
    }

    /// Whether it answers a query with its own password: another program may listen on the same port.
    /// Creates the database the first time.
    pub(crate) async fn is_ready(&self, port: u16) -> Result<(), String> {
        let exists = format!("select count(*) from pg_database where datname = '{AYAZ}'");
        match self.query(port, &exists).await?.trim() {
            "0" => self
                .query(port, &format!("create database {AYAZ}"))
                .await
                .map(drop),
            _ => Ok(()),
        }
    }

    async fn query(&self, port: u16, sql: &str) -> Result<String, String> {
        let mut psql = plain_command(self.programs.bin.join("psql"), None);
        psql.env("PGPASSWORD", &self.password.0)
            .env("PGCONNECT_TIMEOUT", "5");
        psql.env("PGSSLMODE", "disable")
            .env("PGGSSENCMODE", "disable");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--no-password",
        ]);
        psql.args([
            "--host",
            "127.0.0.1",
            "--username",
            AYAZ,
            "--dbname",
            "postgres",
        ]);
        psql.arg("--port")
            .arg(port.to_string())
            .arg("--command")
            .arg(sql);
        run(&mut psql, QUERY_LIMIT).await
    }
}

fn description(programs: &PostgresPrograms) -> String {
    format!(
        "PostgreSQL {} with TimescaleDB {}",
        programs.version, programs.timescaledb_version
    )
}

/// Makes a new cluster in `home`, whose password file is there.
async fn create(
    programs: &PostgresPrograms,
    home: &Folder,
    user: Option<&ServerUser>,
) -> Result<(), LocalError> {
    let path = home.path();
    let unfinished = path.join(UNFINISHED);
    // As the servers' user, here and below: root must not follow links in that user's folders.
    as_user(user, &["rm", "-rf", "--"], &[&unfinished]).await?;
    let mut initdb = plain_command(programs.bin.join("initdb"), user);
    initdb
        .arg("--pgdata")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(path.join(secret::FILE));
    initdb.args([
        "--username",
        AYAZ,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
    ]);
    initdb
        .args(["--no-locale", "--no-instructions"])
        .current_dir(path);
    let made = run(&mut initdb, INITDB_LIMIT).await;
    made.map_err(|reason| LocalError::Prepare {
        server: NAME,
        reason,
    })?;
    home.write_private(MADE_BY, &description(programs), user)?;
    as_user(
        user,
        &["mv", "-T", "--"],
        &[&unfinished, &path.join("data")],
    )
    .await
}

/// Copies the cluster in the data directory `source`, with its password. Returns whether it did: other
/// versions of the programs cannot use that cluster.
async fn copy(
    source: &Path,
    programs: &PostgresPrograms,
    home: &Folder,
    user: Option<&ServerUser>,
) -> Result<bool, LocalError> {
    let source = Folder::open(&source.join("postgres"))?;
    let made_by = description(programs);
    let (Some(password), Some(found)) = (source.read(secret::FILE)?, source.read(MADE_BY)?) else {
        return Ok(false);
    };
    if found != made_by {
        return Ok(false);
    }
    let path = home.path();
    let unfinished = path.join(UNFINISHED);
    as_user(user, &["rm", "-rf", "--"], &[&unfinished]).await?;
    let from = source.path().join("data");
    let copy = ["cp", "-a", "--reflink=auto", "-T", "--"];
    as_user(user, &copy, &[&from, &unfinished]).await?;
    home.write_private(secret::FILE, &password, user)?;
    home.write_private(MADE_BY, &made_by, user)?;
    as_user(
        user,
        &["mv", "-T", "--"],
        &[&unfinished, &path.join("data")],
    )
    .await?;
    Ok(true)
}

/// Runs a system program on these paths as the servers' user.
async fn as_user(
    user: Option<&ServerUser>,
    program: &[&str],
    paths: &[&PathBuf],
) -> Result<(), LocalError> {
    let mut command = plain_command(program[0], user);
    command.args(&program[1..]).args(paths).current_dir("/");
    run(&mut command, INITDB_LIMIT)
        .await
        .map(drop)
        .map_err(|reason| LocalError::Prepare {
            server: NAME,
            reason,
        })
}
