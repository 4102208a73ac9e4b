//! A private PostgreSQL cluster with TimescaleDB.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::command::run;
use crate::error::LocalError;
use crate::folder::Folder;
use crate::locate::PostgresPrograms;
use crate::secret::{self, Secret};
use crate::user::{ServerUser, plain_command};

pub(crate) const NAME: &str = "PostgreSQL";
/// SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one, which recovers on next start.
pub(crate) const STOP_SIGNALS: &[&str] = &["INT", "QUIT", "KILL"];

/// The superuser and the database.
const AYAZ: &str = "ayaz";
const INITDB_LIMIT: Duration = Duration::from_secs(180);
const QUERY_LIMIT: Duration = Duration::from_secs(30);

/// For a machine with a few GB of memory that also runs everything else. Durability stays on:
/// numbers from a database that may lose rows mean nothing here.
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
        shared_buffers_mb: u32,
        progress: &mut impl FnMut(&str),
    ) -> Result<Self, LocalError> {
        let password = Secret::kept_in(home, user)?;
        let home = home.path();
        let data = home.join("data");
        if !data.is_dir() {
            progress(&format!(
                "creating a database cluster in {}",
                data.display()
            ));
            let unfinished = home.join("data.new");
            // As the servers' user, here and below: in what belongs to that user, root follows nothing.
            as_user(user, &["rm", "-rf", "--"], &[&unfinished]).await?;
            let mut initdb = plain_command(programs.bin.join("initdb"), user);
            initdb
                .arg("--pgdata")
                .arg(&unfinished)
                .arg("--pwfile")
                .arg(home.join(secret::FILE));
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
                .current_dir(home);
            let made = run(&mut initdb, INITDB_LIMIT).await;
            made.map_err(|reason| LocalError::Prepare {
                server: NAME,
                reason,
            })?;
            as_user(user, &["mv", "-T", "--"], &[&unfinished, &data]).await?;
        }
        Ok(Self {
            programs,
            data,
            password,
            shared_buffers_mb,
        })
    }

    pub(crate) fn description(&self) -> String {
        format!(
            "PostgreSQL {} with TimescaleDB {}",
            self.programs.version, self.programs.timescaledb_version
        )
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

    /// Whether it answers a query made with its own password, so it is ours and not another
    /// program on the same port. Creates the database the first time.
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

/// Runs one of the system's small programs on these paths.
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
