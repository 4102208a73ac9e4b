//! `deploy/database/logins.sql`, run by psql as an owner who is not a superuser.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use ayaz_local::{LocalStack, Options, skips_server_tests};
use ayaz_store::{Connection, Role};
use ayaz_test_db::or_skip;
use url::Url;

/// Passwords with special characters of SQL, psql and URLs.
const PASSWORDS: [(&str, &str, &str); 3] = [
    ("INGEST_PASSWORD", "ayaz_ingest_login", "in'ge\"st $1 \\ :x"),
    ("ANALYTICS_PASSWORD", "ayaz_analytics_login", "analytics-1"),
    ("READER_PASSWORD", "ayaz_reader_login", "reader-2"),
];

const LOGINS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/database/logins.sql");

/// A server with a database whose owner may only create roles.
struct Site {
    stack: LocalStack,
    server: Connection,
    psql: PathBuf,
    owner_url: Url,
}

impl Site {
    async fn new() -> Result<Option<Self>> {
        let options = Options {
            broker: false,
            ..Options::default()
        };
        if skips_server_tests() {
            return Ok(None);
        }
        // A new server: that of the other tests has roles that this owner may not grant.
        let mut stack = LocalStack::start(options, |_| {}).await?;
        let server = Connection::open(&stack.database_url().parse()?, Role::Owner).await?;
        server
            .client
            .batch_execute("create role landlord login createrole password 'owner'")
            .await?;
        server
            .client
            .batch_execute("create database fleet owner landlord")
            .await?;
        let mut owner_url = Url::parse(stack.database_url())?;
        let set = owner_url.set_username("landlord");
        set.and_then(|()| owner_url.set_password(Some("owner")))
            .ok()
            .context("a URL with a user")?;
        owner_url.set_path("fleet");
        let postmaster = stack.database().and_then(|database| database.pid());
        let postmaster = postmaster.context("the server's process")?;
        let program = std::fs::read_link(format!("/proc/{postmaster}/exe"))?;
        Ok(Some(Self {
            psql: program.with_file_name("psql"),
            stack,
            server,
            owner_url,
        }))
    }

    fn run(&self, passwords: &[(&str, &str)]) -> Result<Output> {
        let mut psql = Command::new(&self.psql);
        psql.args(["--no-psqlrc", "--quiet", "--file", LOGINS])
            .env("PGHOST", "127.0.0.1")
            .env(
                "PGPORT",
                self.owner_url.port().context("a port")?.to_string(),
            )
            .env("PGUSER", "landlord")
            .env("PGPASSWORD", "owner")
            .env("PGDATABASE", "fleet");
        for (variable, ..) in PASSWORDS {
            psql.env_remove(variable);
        }
        psql.envs(passwords.iter().copied());
        psql.output().context("run psql")
    }

    fn expect_error(&self, passwords: &[(&str, &str)]) -> Result<String> {
        let output = self.run(passwords)?;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(!output.status.success(), "psql must fail: {error}");
        ensure!(!error.contains("syntax error"), "{error}");
        Ok(error)
    }

    async fn connect(&self, login: &str, password: &str) -> Result<Connection> {
        let mut url = self.owner_url.clone();
        let set = url.set_username(login);
        set.and_then(|()| url.set_password(Some(password)))
            .ok()
            .context("a URL with a user")?;
        Ok(Connection::open(&url.as_str().parse()?, Role::Owner).await?)
    }
}

#[tokio::test]
async fn an_owner_who_is_not_a_superuser_creates_the_logins() -> Result<()> {
    let site = or_skip!(Site::new());
    let all: Vec<_> = PASSWORDS
        .map(|(variable, _, password)| (variable, password))
        .into();
    let error = site.expect_error(&all)?;
    assert!(error.contains("run `ayaz migrate` first"), "{error}");
    ayaz_store::migrate::migrate(&site.owner_url.as_str().parse()?).await?;

    let error = site.expect_error(&[])?;
    assert!(error.contains("INGEST_PASSWORD"), "{error}");
    let error = site.expect_error(&[all[0], all[2], ("ANALYTICS_PASSWORD", "")])?;
    assert!(error.contains("set ANALYTICS_PASSWORD in"), "{error}");

    // A second run changes nothing.
    for _ in 0..2 {
        let output = site.run(&all)?;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        assert_eq!(error, "");
    }
    for (_, login, password) in PASSWORDS {
        let connection = site.connect(login, password).await?;
        let versions = "select count(*) from ayaz_schema_version";
        connection.client.query_one(versions, &[]).await?;
        assert!(site.connect(login, "another").await.is_err(), "{login}");
    }
    let reader = site.connect("ayaz_reader_login", PASSWORDS[2].2).await?;
    // Our connections set these by themselves; other clients get them from the login.
    let row = reader
        .client
        .query_one(
            "select rolconfig from pg_roles where rolname = 'ayaz_reader_login'",
            &[],
        )
        .await?;
    let settings: Vec<String> = row.get(0);
    for wanted in ["default_transaction_read_only=on", "statement_timeout=30s"] {
        assert!(settings.iter().any(|one| one == wanted), "{settings:?}");
    }
    Ok(site.stack.stop().await?)
}

#[tokio::test]
async fn the_servers_log_has_no_password() -> Result<()> {
    let mut site = or_skip!(Site::new());
    let all: Vec<_> = PASSWORDS
        .map(|(variable, _, password)| (variable, password))
        .into();
    ayaz_store::migrate::migrate(&site.owner_url.as_str().parse()?).await?;
    for change in [
        "alter system set log_statement = 'all'",
        "select pg_reload_conf()",
    ] {
        site.server.client.batch_execute(change).await?;
    }
    system_tests::wait::until("the new setting to be active", 20, async || {
        let row = site
            .server
            .client
            .query_one("show log_statement", &[])
            .await?;
        Ok(row.get::<_, &str>(0) == "all")
    })
    .await?;
    let error = site.expect_error(&all)?;
    let remedy = "grant set on parameter log_statement, log_min_duration_statement, \
                  log_transaction_sample_rate, log_min_error_statement to landlord";
    assert!(error.contains(remedy), "{error}");
    site.server.client.batch_execute(remedy).await?;
    let output = site.run(&all)?;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let log = std::fs::read_to_string(site.stack.database().context("a server")?.log_path())?;
    assert!(
        log.contains("set log_statement"),
        "statements are logged: {log}"
    );
    for (_, _, password) in PASSWORDS {
        assert!(!log.contains(password), "{password}");
    }
    Ok(site.stack.stop().await?)
}

#[test]
fn the_sample_configurations_use_logins_of_the_script() -> Result<()> {
    let script = std::fs::read_to_string(LOGINS)?;
    for sample in ["ingest", "analytics"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
        let text = std::fs::read_to_string(format!("{folder}/{sample}.example.toml"))?;
        let address = text
            .lines()
            .find_map(|line| line.strip_prefix("url = \"postgres://"))
            .context("an address")?;
        let login = address.split([':', '@']).next().unwrap_or_default();
        let made = format!("'{login}'");
        assert!(
            script.contains(&made),
            "{sample}.example.toml names {login}"
        );
    }
    Ok(())
}
